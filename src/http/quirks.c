/*
 * quirks.c - what particular versions of libcurl get wrong, and what is done about it. The version is that of the
 * library that was loaded, which need not be the one compiled against.
 */
#include "http/engine.h"

/* Versions as libcurl writes them: 0xMMmmpp. */
static const struct {
    uint32_t first;
    uint32_t last;
    uint32_t quirks;
} table[] = {
    /* A paused transfer is woken again and again (curl 19334, 21547, 21643, 21671, 21960). */
    {0x081000, 0x0814ff, CL_QUIRK_PAUSE},
    /* HTTP/2 is set up a second time (curl 10643). */
    {0x075700, 0x0758ff, CL_QUIRK_H2C_REUSE},
};

uint32_t cl_quirks_of(uint32_t curl_version)
{
    uint32_t quirks = 0;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (curl_version >= table[i].first && curl_version <= table[i].last)
            quirks |= table[i].quirks;
    }
    return quirks;
}
