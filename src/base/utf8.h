/* utf8.h - is it well-formed UTF-8? Text that is plain ASCII costs a vector compare. */
#ifndef CL_BASE_UTF8_H
#define CL_BASE_UTF8_H

#include "base/str.h"

/* Offset of the first byte of the first sequence that is not well-formed UTF-8 (overlong, surrogate, above U+10FFFF,
 * cut off), or text.len. */
size_t cl_utf8_valid(cl_str text);

#endif
