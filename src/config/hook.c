#include "config/config.h"

#include <stdlib.h>

struct cl_hook {
    _Atomic uint32_t refs;
    void (*fn)(void);
    void *user_data;
    claude_destroy_fn destroy;
};

claude_code_t cl_hook_new(void (*fn)(void), void *user_data, claude_destroy_fn destroy, cl_hook **out, cl_err *err)
{
    cl_hook *hook = malloc(sizeof *hook);

    if (!hook) {
        if (destroy)
            destroy(user_data);
        return cl_fail_nomem(err);
    }
    atomic_init(&hook->refs, 1);
    hook->fn = fn;
    hook->user_data = user_data;
    hook->destroy = destroy;
    *out = hook;
    return CLAUDE_OK;
}

cl_hook *cl_hook_ref(cl_hook *hook)
{
    if (hook)
        atomic_fetch_add_explicit(&hook->refs, 1, memory_order_relaxed);
    return hook;
}

void cl_hook_unref(cl_hook *hook)
{
    if (!hook || atomic_fetch_sub_explicit(&hook->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (hook->destroy)
        hook->destroy(hook->user_data);
    free(hook);
}

void (*cl_hook_fn(const cl_hook *hook))(void)
{
    return hook->fn;
}

void *cl_hook_data(const cl_hook *hook)
{
    return hook->user_data;
}
