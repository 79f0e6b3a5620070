/* error.h - the struct behind claude_error_t. Only base/ and capi/ look inside. */
#ifndef CL_BASE_ERROR_H
#define CL_BASE_ERROR_H

#include <stdatomic.h>

#include "base/base.h"

struct claude_error {
    cl_handle handle;
    bool is_static; /* the out-of-memory object: never counted, never freed */
    cl_err info;
    _Atomic(char *) json; /* built when first asked for */
};

#endif
