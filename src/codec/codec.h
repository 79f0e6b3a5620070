/* codec.h - the door of the room for compression, the only one that knows zlib. */
#ifndef CL_CODEC_H
#define CL_CODEC_H

/* "1.2.13"; static. */
const char *cl_codec_library(void);

#endif
