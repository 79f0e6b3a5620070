#include "base/error.h"

#include <stdlib.h>

/* Reporting that memory ran out must not need memory. */
static struct claude_error out_of_memory = {
    .handle = {.magic = CL_MAGIC_ERROR, .refs = 1},
    .is_static = true,
    .info = {.code = CLAUDE_E_NOMEM, .retryable = -1, .retry_after_ms = -1, .message = "out of memory"},
};

claude_error_t *cl_error_new(cl_err *err)
{
    struct claude_error *error = err->made;

    if (error) {
        cl_err_init(err);
        return error;
    }
    if (err->code != CLAUDE_E_NOMEM || err->response.ptr || err->report.ptr || err->cause)
        error = malloc(sizeof *error);
    if (!error) {
        cl_err_clear(err);
        return &out_of_memory;
    }
    cl_handle_init(&error->handle, CL_MAGIC_ERROR);
    error->is_static = false;
    error->info = *err;
    atomic_init(&error->json, NULL);
    cl_err_init(err);
    return error;
}

const cl_err *cl_error_info(const claude_error_t *error)
{
    return &error->info;
}

claude_code_t cl_fail_with(cl_err *err, claude_error_t *made)
{
    if (!err || err->code != CLAUDE_OK)
        return err ? err->code : made->info.code;
    err->code = made->info.code;
    err->made = cl_error_ref(made);
    return err->code;
}

claude_error_t *cl_error_ref(claude_error_t *error)
{
    if (error && !error->is_static)
        cl_handle_ref(&error->handle);
    return error;
}

void cl_error_unref(claude_error_t *error)
{
    if (!error || error->is_static || !cl_handle_unref(&error->handle))
        return;
    cl_err_clear(&error->info);
    free(error->json);
    free(error);
}
