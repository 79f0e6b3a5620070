#include <claude/diag.h>

#include <errno.h>

#include "border.h"
#include "diag/diag.h"

#if CL_FEATURE_CURL_DIAGNOSTICS || CL_FEATURE_GENERAL_DIAGNOSTICS

static const char *lend(const cl_buf *text, size_t *len)
{
    cl_str str = text ? cl_buf_str(text) : CL_STR("");

    if (len)
        *len = str.len;
    return str.ptr;
}

#endif

/* ---- the curl command ---- */

#if CL_FEATURE_CURL_DIAGNOSTICS

claude_code_t claude_curl_command(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                                  const char *body_file, claude_curl_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_client_t *now = NULL;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") &&
        border_handle(&b, request, CL_MAGIC_REQUEST, "request") && border_pointer(&b, out, "out")) {
        rc = cl_client_choose(client, request, &now, &b.err);
        if (rc >= 0)
            rc = cl_curl_command(now, request, flags, body_file, out, &b.err);
        cl_client_unref(now);
    }
    return border_leave(&b, rc, err);
}

const char *claude_curl_text(const claude_curl_t *curl, size_t *len)
{
    return lend(cl_is(curl, CL_MAGIC_CURL) ? &curl->text : NULL, len);
}

const void *claude_curl_body(const claude_curl_t *curl, size_t *len)
{
    bool has_body = cl_is(curl, CL_MAGIC_CURL) && curl->has_body;
    const char *bytes = lend(has_body ? &curl->body : NULL, len);

    return has_body ? bytes : NULL;
}

claude_curl_t *claude_curl_ref(claude_curl_t *curl)
{
    return cl_is(curl, CL_MAGIC_CURL) ? cl_curl_ref(curl) : NULL;
}

void claude_curl_unref(claude_curl_t *curl)
{
    int saved = errno;

    if (cl_is(curl, CL_MAGIC_CURL))
        cl_curl_unref(curl);
    errno = saved;
}

#endif

/* ---- levels and states ---- */

const char *claude_log_level_name(int32_t level)
{
    static const char *const names[] = {"", "error", "warn", "info", "debug", "trace"};

    return level >= CLAUDE_LOG_ERROR && level <= CLAUDE_LOG_TRACE ? names[level] : "";
}

const char *claude_selftest_status_name(int32_t status)
{
    return cl_selftest_status_name(status);
}

#if CL_FEATURE_GENERAL_DIAGNOSTICS

/* ---- the report ---- */

claude_code_t claude_client_diagnostics(claude_client_t *client, claude_diagnostics_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") && border_pointer(&b, out, "out"))
        rc = cl_diagnostics_new(client, cl_str_of(claude_build_info()), out, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_diagnostics_json(const claude_diagnostics_t *diagnostics, size_t *len)
{
    return lend(cl_is(diagnostics, CL_MAGIC_DIAGNOSTICS) ? &diagnostics->json : NULL, len);
}

claude_diagnostics_t *claude_diagnostics_ref(claude_diagnostics_t *diagnostics)
{
    return cl_is(diagnostics, CL_MAGIC_DIAGNOSTICS) ? cl_diagnostics_ref(diagnostics) : NULL;
}

void claude_diagnostics_unref(claude_diagnostics_t *diagnostics)
{
    int saved = errno;

    if (cl_is(diagnostics, CL_MAGIC_DIAGNOSTICS))
        cl_diagnostics_unref(diagnostics);
    errno = saved;
}

/* ---- log lines ---- */

claude_code_t claude_config_on_log(claude_config_t *config, int32_t level, claude_log_fn fn, void *user_data,
                                   claude_destroy_fn destroy, claude_error_t **err)
{
    border b;
    cl_hook *hook = NULL;
    claude_code_t rc;

    border_enter(&b);
    rc = border_hook(&b, config, (void (*)(void))fn, user_data, destroy, &hook);
    if (rc >= 0 && fn && claude_log_level_name(level)[0] == '\0') {
        rc = cl_fail(&b.err, CLAUDE_E_INVALID, "level is %d; use CLAUDE_LOG_ERROR to CLAUDE_LOG_TRACE", (int)level);
        cl_hook_unref(hook);
    } else if (rc >= 0) {
        config->log_level = level;
        border_replace_hook(&config->log, hook);
    }
    return border_leave(&b, rc, err);
}

/* ---- the self-test ---- */

claude_code_t claude_selftest_run(claude_client_t *client, uint32_t flags, const char *model, int64_t timeout_ms,
                                  claude_selftest_t **out, claude_error_t **err)
{
    claude_client_t *now = NULL;
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") && border_pointer(&b, out, "out")) {
        now = cl_client_current(client);
        rc = cl_selftest_run(now, flags, model, timeout_ms, out, &b.err);
        cl_client_unref(now);
    }
    return border_leave(&b, rc, err);
}

/* NULL after the last one. */
static const cl_check *check_at(const claude_selftest_t *selftest, size_t index)
{
    return cl_is(selftest, CL_MAGIC_SELFTEST) && index < CL_CHECKS ? &selftest->checks[index] : NULL;
}

int32_t claude_selftest_worst(const claude_selftest_t *selftest)
{
    return cl_is(selftest, CL_MAGIC_SELFTEST) ? cl_selftest_worst(selftest) : 0;
}

size_t claude_selftest_count(const claude_selftest_t *selftest)
{
    return cl_is(selftest, CL_MAGIC_SELFTEST) ? CL_CHECKS : 0;
}

const char *claude_selftest_name(const claude_selftest_t *selftest, size_t index)
{
    return check_at(selftest, index) ? cl_check_name(index) : NULL;
}

int32_t claude_selftest_status(const claude_selftest_t *selftest, size_t index)
{
    const cl_check *check = check_at(selftest, index);

    return check ? check->status : 0;
}

const char *claude_selftest_text(const claude_selftest_t *selftest, size_t index)
{
    const cl_check *check = check_at(selftest, index);

    return check ? check->text : NULL;
}

const char *claude_selftest_fix(const claude_selftest_t *selftest, size_t index)
{
    const cl_check *check = check_at(selftest, index);

    return check ? check->fix : NULL;
}

int64_t claude_selftest_ms(const claude_selftest_t *selftest, size_t index)
{
    const cl_check *check = check_at(selftest, index);

    return check ? check->ms : -1;
}

const char *claude_selftest_json(const claude_selftest_t *selftest, size_t *len)
{
    return lend(cl_is(selftest, CL_MAGIC_SELFTEST) ? &selftest->json : NULL, len);
}

claude_selftest_t *claude_selftest_ref(claude_selftest_t *selftest)
{
    return cl_is(selftest, CL_MAGIC_SELFTEST) ? cl_selftest_ref(selftest) : NULL;
}

void claude_selftest_unref(claude_selftest_t *selftest)
{
    int saved = errno;

    if (cl_is(selftest, CL_MAGIC_SELFTEST))
        cl_selftest_unref(selftest);
    errno = saved;
}

#endif
