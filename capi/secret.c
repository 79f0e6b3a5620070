#include <claude/secret.h>

#include <errno.h>

#include "auth/auth.h"
#include "border.h"

static claude_code_t new_secret(const char *text, size_t len, bool checked, claude_secret_t **out, claude_error_t **err)
{
    border b;
    cl_str key;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, text, len, "text", &key) && border_pointer(&b, out, "out"))
        rc = cl_secret_new(key, checked, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_secret_new(const char *text, size_t len, claude_secret_t **out, claude_error_t **err)
{
    return new_secret(text, len, true, out, err);
}

claude_code_t claude_secret_new_unchecked(const char *text, size_t len, claude_secret_t **out, claude_error_t **err)
{
    return new_secret(text, len, false, out, err);
}

#if CL_FEATURE_AUTHENTICATION

claude_code_t claude_secret_from_file(const char *path, claude_secret_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, path, "path") && border_pointer(&b, out, "out"))
        rc = cl_secret_from_file(path, out, &b.err);
    return border_leave(&b, rc, err);
}

#endif

claude_code_t claude_secret_from_env(const char *name, claude_secret_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_secret_from_env(name, out, &b.err);
    return border_leave(&b, rc, err);
}

#if CL_FEATURE_AUTHENTICATION

claude_code_t claude_secret_from_workspace(const char *name, claude_secret_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, out, "out"))
        rc = cl_secret_from_workspace(name, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_secret_load_with_precedence(const char *name, claude_secret_t *runtime, claude_secret_t **out,
                                                 claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if ((!runtime || border_handle(&b, runtime, CL_MAGIC_SECRET, "runtime")) && border_pointer(&b, out, "out"))
        rc = cl_secret_load_with_precedence(name, runtime, out, &b.err);
    return border_leave(&b, rc, err);
}

#endif

const char *claude_secret_source(const claude_secret_t *secret)
{
    return cl_is(secret, CL_MAGIC_SECRET) ? cl_secret_source(secret) : "";
}

const char *claude_secret_fingerprint(const claude_secret_t *secret)
{
    return cl_is(secret, CL_MAGIC_SECRET) ? cl_secret_fingerprint(secret) : "";
}

const char *claude_secret_expose(claude_secret_t *secret, size_t *len)
{
    int saved = errno;
    cl_str text;

    if (!cl_is(secret, CL_MAGIC_SECRET))
        return NULL;
    text = cl_secret_use(secret, "expose");
    if (len)
        *len = text.len;
    errno = saved;
    return text.ptr;
}

uint64_t claude_secret_exposures(void)
{
    return cl_secret_exposures();
}

#if CL_FEATURE_AUTHENTICATION

claude_code_t claude_secret_on_audit(claude_secret_t *secret, claude_secret_audit_fn fn, void *user_data,
                                     claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, secret, CL_MAGIC_SECRET, "secret") && border_pointer(&b, (const void *)(uintptr_t)fn, "fn"))
        rc = cl_secret_on_audit(secret, fn, user_data, destroy, &b.err);
    else if (destroy)
        destroy(user_data);
    return border_leave(&b, rc, err);
}

claude_code_t claude_secret_on_expiry(claude_secret_t *secret, int64_t lead_ms, claude_secret_expiry_fn fn,
                                      void *user_data, claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, secret, CL_MAGIC_SECRET, "secret") && border_pointer(&b, (const void *)(uintptr_t)fn, "fn"))
        rc = cl_secret_on_expiry(secret, lead_ms, fn, user_data, destroy, &b.err);
    else if (destroy)
        destroy(user_data);
    return border_leave(&b, rc, err);
}

#endif

claude_code_t claude_secret_set_expiry(claude_secret_t *secret, int64_t expires_at_ms, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, secret, CL_MAGIC_SECRET, "secret")) {
        cl_secret_set_expiry(secret, expires_at_ms < 0 ? INT64_MAX : expires_at_ms);
        rc = CLAUDE_OK;
    }
    return border_leave(&b, rc, err);
}

int64_t claude_secret_expires_at(const claude_secret_t *secret)
{
    int64_t at = cl_is(secret, CL_MAGIC_SECRET) ? cl_secret_expires_at(secret) : INT64_MAX;

    return at == INT64_MAX ? -1 : at;
}

claude_secret_t *claude_secret_ref(claude_secret_t *secret)
{
    return cl_is(secret, CL_MAGIC_SECRET) ? cl_secret_ref(secret) : NULL;
}

void claude_secret_unref(claude_secret_t *secret)
{
    int saved = errno;

    if (cl_is(secret, CL_MAGIC_SECRET))
        cl_secret_unref(secret);
    errno = saved;
}
