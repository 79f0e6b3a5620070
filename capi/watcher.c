#include <claude/watcher.h>

#include <errno.h>

#include "api/watcher.h"
#include "base/error.h"
#include "border.h"

#if CL_FEATURE_DYNAMIC_CONFIG

static bool check(border *b, const claude_watcher_t *watcher)
{
    return border_handle(b, watcher, CL_MAGIC_WATCHER, "watcher");
}

claude_code_t claude_watcher_new(const char *path, const char *initial, size_t len, claude_watcher_t **out,
                                 claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    cl_str text = CL_STR("{}");
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, path, "path") && border_pointer(&b, out, "out") &&
        (!initial || border_text(&b, initial, len, "initial", &text)))
        rc = cl_watcher_new(path, text, out, &b.err);
    return border_leave(&b, rc, err);
}

typedef claude_code_t (*with_client)(claude_watcher_t *watcher, claude_client_t *client, const char *name, cl_err *err);

static claude_code_t connect_client(claude_watcher_t *watcher, claude_client_t *client, const char *name,
                                    with_client what, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, watcher) && border_handle(&b, client, CL_MAGIC_CLIENT, "client"))
        rc = what(watcher, client, name ? name : "", &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_watcher_attach(claude_watcher_t *watcher, claude_client_t *client, const char *name,
                                    claude_error_t **err)
{
    return connect_client(watcher, client, name, cl_watcher_attach, err);
}

claude_code_t claude_watcher_detach(claude_watcher_t *watcher, claude_client_t *client, const char *name,
                                    claude_error_t **err)
{
    return connect_client(watcher, client, name, cl_watcher_detach, err);
}

claude_code_t claude_watcher_allow_server(claude_watcher_t *watcher, const char *base_url, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, watcher) && border_pointer(&b, base_url, "base_url"))
        rc = cl_watcher_allow_server(watcher, base_url, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_watcher_on_change(claude_watcher_t *watcher, claude_watcher_fn fn, void *user_data,
                                       claude_destroy_fn destroy, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    cl_hook *hook = NULL;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, watcher))
        rc = CLAUDE_OK;
    if (rc >= 0 && fn)
        rc = cl_hook_new((void (*)(void))fn, user_data, destroy, &hook, &b.err);
    else if (destroy)
        destroy(user_data);
    if (rc >= 0)
        cl_watcher_on_change(watcher, hook);
    return border_leave(&b, rc, err);
}

claude_code_t claude_watcher_poll(claude_watcher_t *watcher, int32_t *changed, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    bool news = false;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, watcher))
        rc = cl_watcher_poll(watcher, &news, &b.err);
    if (rc >= 0 && changed)
        *changed = news ? 1 : 0;
    return border_leave(&b, rc, err);
}

claude_code_t claude_watcher_reload(claude_watcher_t *watcher, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, watcher))
        rc = cl_watcher_reload(watcher, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_watcher_update(claude_watcher_t *watcher, const char *json, size_t len, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, watcher) && border_text(&b, json, len, "json", &text))
        rc = cl_watcher_update(watcher, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_watcher_config(claude_watcher_t *watcher, claude_config_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, watcher) && border_pointer(&b, out, "out"))
        rc = cl_watcher_config(watcher, out, &b.err);
    return border_leave(&b, rc, err);
}

int64_t claude_watcher_generation(claude_watcher_t *watcher)
{
    return cl_is(watcher, CL_MAGIC_WATCHER) ? cl_watcher_generation(watcher) : 0;
}

claude_code_t claude_watcher_error(claude_watcher_t *watcher, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_error_t *trouble = NULL;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (!check(&b, watcher))
        return border_leave(&b, rc, err);
    trouble = cl_watcher_trouble(watcher);
    if (!trouble)
        return border_leave(&b, CLAUDE_OK, err);
    rc = cl_error_info(trouble)->code;
    if (err)
        *err = trouble;
    else
        cl_error_unref(trouble);
    return border_leave(&b, rc, NULL);
}

int32_t claude_watcher_fd(claude_watcher_t *watcher)
{
    int saved = errno;
    int32_t fd = cl_is(watcher, CL_MAGIC_WATCHER) ? cl_watcher_fd(watcher) : -1;

    errno = saved;
    return fd;
}

int32_t claude_watcher_is_notified(claude_watcher_t *watcher)
{
    int saved = errno;
    int32_t notified = cl_is(watcher, CL_MAGIC_WATCHER) && cl_watcher_is_notified(watcher) ? 1 : 0;

    errno = saved;
    return notified;
}

claude_watcher_t *claude_watcher_ref(claude_watcher_t *watcher)
{
    return cl_is(watcher, CL_MAGIC_WATCHER) ? cl_watcher_ref(watcher) : NULL;
}

void claude_watcher_unref(claude_watcher_t *watcher)
{
    int saved = errno;

    if (cl_is(watcher, CL_MAGIC_WATCHER))
        cl_watcher_unref(watcher);
    errno = saved;
}

#endif
