/* version.h - the library's version as text. */
#ifndef CL_BASE_VERSION_H
#define CL_BASE_VERSION_H

#include <claude/types.h>

#define CL_TEXT_OF(x) #x
#define CL_VERSION_OF(major, minor, patch) CL_TEXT_OF(major) "." CL_TEXT_OF(minor) "." CL_TEXT_OF(patch)
#define CL_VERSION CL_VERSION_OF(CLAUDE_VERSION_MAJOR, CLAUDE_VERSION_MINOR, CLAUDE_VERSION_PATCH)

#endif
