/* utf8.h - is it well-formed UTF-8? Text that is plain ASCII costs a vector compare. */
#ifndef CL_BASE_UTF8_H
#define CL_BASE_UTF8_H

#include "base/str.h"

/* Length of the well-formed UTF-8 character at text whose first byte is 0x80 or above; 0 if there is none.
 * Unicode, table 3-7. */
static inline size_t cl_utf8_length(const char *text, const char *end)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t rest = (size_t)(end - text);

    if (p[0] < 0xe0)
        return p[0] >= 0xc2 && rest > 1 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
    if (p[0] < 0xf0) {
        if (rest < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
            return 0;
        return (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ? 0 : 3;
    }
    if (p[0] > 0xf4 || rest < 4 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 || (p[3] & 0xc0) != 0x80)
        return 0;
    return (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

/* Offset of the first byte of the first sequence that is not well-formed UTF-8 (overlong, surrogate, above U+10FFFF,
 * cut off), or text.len. */
size_t cl_utf8_valid(cl_str text);

#endif
