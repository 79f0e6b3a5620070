#include "codec/codec.h"

#include <zlib.h>

const char *cl_codec_library(void)
{
    return zlibVersion();
}
