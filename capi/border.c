#include "border.h"

#include <errno.h>

#include <claude/types.h>

void border_enter(border *b)
{
    b->saved_errno = errno;
    cl_err_init(&b->err);
}

claude_code_t border_leave(border *b, claude_code_t rc, claude_error_t **err)
{
    if (rc < 0 && err)
        *err = cl_error_new(&b->err);
    else if (b->err.code != CLAUDE_OK)
        cl_err_clear(&b->err);
    errno = b->saved_errno;
    return rc;
}

bool border_handle(border *b, const void *handle, uint32_t magic, const char *name)
{
    if (cl_is(handle, magic))
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID, handle ? "%s is a handle of another kind" : "%s is NULL", name);
    return false;
}

bool border_pointer(border *b, const void *pointer, const char *name)
{
    if (pointer)
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID, "%s is NULL", name);
    return false;
}

bool border_text(border *b, const char *text, size_t len, const char *name, cl_str *out)
{
    if (!text && (len == CLAUDE_NTS || len > 0)) {
        cl_fail(&b->err, CLAUDE_E_INVALID, "%s is NULL", name);
        return false;
    }
    if (len == CLAUDE_NTS)
        len = strlen(text);
    if (len > PTRDIFF_MAX) {
        cl_fail(&b->err, CLAUDE_E_INVALID, "%s has a length of %zu bytes, which no object can have", name, len);
        return false;
    }
    *out = cl_str_n(len ? text : "", len);
    return true;
}

claude_code_t border_hook(border *b, const claude_config_t *config, void (*fn)(void), void *user_data,
                          claude_destroy_fn destroy, cl_hook **out)
{
    bool is_config = border_handle(b, config, CL_MAGIC_CONFIG, "config");

    if (is_config && fn)
        return cl_hook_new(fn, user_data, destroy, out, &b->err);
    if (destroy)
        destroy(user_data);
    return is_config ? CLAUDE_OK : CLAUDE_E_INVALID;
}

void border_note_failure(const border *b, claude_request_t *request)
{
    if (cl_is(request, CL_MAGIC_REQUEST))
        cl_request_note_failure(request, &b->err);
}

void border_replace_hook(cl_hook **slot, cl_hook *hook)
{
    cl_hook *old = *slot;

    *slot = hook;
    cl_hook_unref(old);
}

claude_code_t border_keep(border *b, cl_hook **slot, void *object, void (*unref)(void *object))
{
    cl_hook *keeper = NULL;
    claude_code_t rc = object ? cl_hook_new(NULL, object, unref, &keeper, &b->err) : CLAUDE_OK;

    if (rc >= 0)
        border_replace_hook(slot, keeper);
    return rc;
}
