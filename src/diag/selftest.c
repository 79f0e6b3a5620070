/* selftest.c - the requests of a self-test, one after the other on an engine of its own, on the calling thread. */
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "diag/diag.h"
#include "message/date.h"

enum {
    AUTH_HEADER_MAX = 8192,
    OWN_HEADERS = 3,
    SOCKETS_PER_TURN = 64,
    BODY_MAX = 1024 * 1024,
    JSON_MAX = 64 * 1024,
    TIMEOUT_MAX = 86400000,
};

typedef struct run {
    claude_client_t *client;
    cl_engine *engine;
    uint32_t generation; /* of the process that began it */
    int64_t until;
    cl_checked what;
} run;

/* ---- one request ---- */

/* Of cl_engine_collect(). */
static void stir(void *owner, void *user)
{
    (void)user;
    *(bool *)owner = true;
}

static int64_t date_of(cl_transfer *transfer)
{
    const cl_header *date = cl_headers_find(cl_transfer_headers(transfer), CL_STR("date"));
    int64_t seconds;

    return date && cl_date_http(cl_str_of(date->value), cl_wall_ms(), &seconds) ? seconds * 1000 : -1;
}

/* Up to its end, or to the end of the time. */
static int32_t drive(const run *r, cl_transfer *transfer, bool *stirred, cl_err *why)
{
    int32_t rc = CL_HTTP_QUIET;

    while (rc != CL_HTTP_END && rc >= 0 && cl_now_ms() < r->until) {
        cl_engine_turn(r->engine, r->until, SOCKETS_PER_TURN);
        cl_engine_collect(r->engine, stir, NULL);
        if (!*stirred)
            continue;
        *stirred = false;
        rc = cl_transfer_take(transfer, why);
    }
    return rc;
}

/* What is wrong on this side says nothing about the way. */
static bool is_ours(claude_code_t code)
{
    return code == CLAUDE_E_NOMEM || code == CLAUDE_E_LIMIT;
}

static claude_code_t send(const run *r, cl_http_request *request, cl_probed *out, cl_err *err)
{
    cl_transfer *transfer = NULL;
    bool stirred = false;
    cl_err why;
    int32_t rc;

    *out = (cl_probed){.server_ms = -1, .timings = CL_HTTP_TIMINGS_NONE};
    if (r->generation != cl_fork_generation())
        return cl_fail(err, CLAUDE_E_FORKED, "the self-test was begun by the parent process; make another one here");
    request->stream = false;
    request->connect_ms = INT32_MAX; /* there is one clock, ours */
    request->total_ms = 0;
    request->attempt_ms = 0;
    request->max_header_bytes = (size_t)cl_option_int(NULL, r->client->config->options, CL_OPT_LIMIT_HEADER);
    request->max_body_bytes = request->max_error_bytes = BODY_MAX;
    request->started_at = cl_now_ms();
    rc = cl_transfer_new(r->engine, request, &stirred, &transfer, err);
    if (rc < 0)
        return rc;
    cl_err_init(&why);
    rc = drive(r, transfer, &stirred, &why);
    out->took_ms = cl_now_ms() - request->started_at;
    out->status = cl_transfer_status(transfer);
    out->server_ms = date_of(transfer);
    cl_transfer_timings(transfer, &out->timings);
    out->late = out->status == 0 && rc >= 0 && rc != CL_HTTP_END;
    out->code = rc < 0 ? rc : out->late ? CLAUDE_E_TIMEOUT : CLAUDE_OK;
    if (out->late)
        snprintf(out->message, sizeof out->message, "nothing came within the %lld ms of the self-test",
                 (long long)r->what.timeout_ms);
    else
        cl_err_copy_text(out->message, sizeof out->message,
                         cl_str_of(rc < 0 ? why.message : "the connection ended before an answer came"));
    rc = rc < 0 && is_ours(rc) ? cl_fail(err, rc, "the self-test could not be made: %s", why.message) : CLAUDE_OK;
    cl_err_clear(&why);
    cl_transfer_free(&transfer);
    return rc;
}

/* Without a key, and without the program's own headers, which may hold one. */
static claude_code_t send_first(const run *r, cl_probed *out, cl_err *err)
{
    static const cl_body no_body;
    cl_headers headers = {NULL, 0, 0};
    cl_http_request request = {.method = "HEAD", .url = r->what.base_url, .headers = &headers, .body = &no_body};
    claude_code_t rc = cl_headers_reserve(&headers, OWN_HEADERS, 0, err);

    if (rc < 0)
        return rc;
    cl_headers_lend(&headers, "accept", "*/*");
    cl_headers_lend(&headers, "user-agent", cl_buf_str(&r->client->user_agent).ptr);
    cl_headers_lend(&headers, "accept-encoding", "identity");
    rc = send(r, &request, out, err);
    cl_headers_free(&headers);
    return rc;
}

/* No call would send it. */
static bool is_refused_here(const claude_client_t *client, const claude_secret_t *secret)
{
    return cl_option_int(NULL, client->config->options, CL_OPT_AUTH_REFUSE_EXPIRED) != 0 &&
           cl_wall_ms() >= cl_secret_expires_at(secret);
}

static claude_code_t put_key(run *r, cl_buf *auth, cl_err *err)
{
    claude_code_t rc = cl_credentials_ready(r->client, &r->until, err);
    claude_secret_t *secret = rc < 0 ? NULL : cl_client_secret(r->client, -1);

    if (secret && is_refused_here(r->client, secret))
        rc = cl_fail(err, CLAUDE_E_NO_KEY, "the key has expired, and auth.refuse_expired is set");
    else if (secret)
        rc = cl_client_auth_line(r->client, secret, auth, err);
    cl_secret_unref(secret);
    return rc;
}

/* What a call of the same would send, but for the hooks. */
static claude_code_t send_keyed(run *r, const char *endpoint, const char *model, cl_probed *out, cl_err *err)
{
    claude_request_t *request = NULL;
    cl_sketch *sketch = NULL;
    cl_buf auth = CL_BUF_INIT(AUTH_HEADER_MAX);
    cl_snapshot snapshot;
    claude_code_t rc = cl_request_new(cl_endpoint_find(endpoint), &request, err);

    if (rc >= 0)
        rc = model ? cl_request_set_path(request, "model_id", model, err)
                   : cl_request_add_query(request, "limit", "1", err);
    if (rc >= 0)
        rc = cl_request_snapshot(request, false, &snapshot, err);
    if (rc >= 0)
        rc = cl_call_sketch(r->client, &snapshot, &sketch, err);
    if (rc >= 0 && sketch->key_header.len > 0)
        rc = put_key(r, &auth, err);
    if (rc >= 0) {
        sketch->http.auth_header = cl_buf_str(&auth);
        rc = send(r, &sketch->http, out, err);
    }
    if (auth.ptr)
        cl_wipe(auth.ptr, auth.cap);
    cl_buf_free(&auth);
    cl_sketch_free(sketch);
    cl_request_unref(request);
    return rc;
}

/* ---- all of them ---- */

static void skip(cl_check *check, const char *why)
{
    cl_check_set(check, CLAUDE_SELFTEST_SKIPPED, "", "%s", why);
    check->ms = -1;
}

/* That there is no key to send is a finding, and no failure of the self-test. */
static bool is_finding(claude_code_t code, cl_err *err, cl_check *check)
{
    const char *fix = code == CLAUDE_E_CALLBACK  ? "look at the program's credential provider, and at what it asks"
                      : code == CLAUDE_E_TIMEOUT ? "look at what the program's credential provider waits for"
                      : code == CLAUDE_E_NO_KEY  ? "replace it with claude_client_rotate_secret()"
                                                 : NULL;

    if (!fix)
        return false;
    cl_check_set(check, CLAUDE_SELFTEST_FAIL, fix, "%s", err->message);
    check->ms = -1;
    cl_err_clear(err);
    return true;
}

static claude_code_t check_keyed(run *r, cl_check *checks, cl_err *err)
{
    cl_probed probed;
    claude_code_t rc;

    if (!r->what.keyed) {
        skip(&checks[CL_CHECK_KEY], "not asked for (CLAUDE_SELFTEST_KEY)");
        skip(&checks[CL_CHECK_MODEL], "not asked for (CLAUDE_SELFTEST_KEY and a model)");
        return CLAUDE_OK;
    }
    rc = send_keyed(r, "models.list", NULL, &probed, err);
    if (rc >= 0)
        cl_verdict_key(&r->what, &probed, &checks[CL_CHECK_KEY]);
    else if (!is_finding(rc, err, &checks[CL_CHECK_KEY]))
        return rc;
    if (!r->what.model || checks[CL_CHECK_KEY].status == CLAUDE_SELFTEST_FAIL) {
        skip(&checks[CL_CHECK_MODEL], r->what.model ? "what comes before it has failed" : "no model was named");
        return CLAUDE_OK;
    }
    rc = send_keyed(r, "models.retrieve", r->what.model, &probed, err);
    if (rc < 0)
        return is_finding(rc, err, &checks[CL_CHECK_MODEL]) ? CLAUDE_OK : rc;
    cl_verdict_model(&r->what, &probed, &checks[CL_CHECK_MODEL]);
    return CLAUDE_OK;
}

static claude_code_t check_all(run *r, cl_check *checks, cl_err *err)
{
    cl_probed probed;
    claude_code_t rc = send_first(r, &probed, err);

    if (rc < 0)
        return rc;
    if (cl_verdict_first(&r->what, &probed, cl_wall_ms(), checks))
        return check_keyed(r, checks, err);
    skip(&checks[CL_CHECK_KEY], "what comes before it has failed");
    skip(&checks[CL_CHECK_MODEL], "what comes before it has failed");
    return CLAUDE_OK;
}

/* "https://host:port/path": the host, without brackets. */
static cl_str host_of(const char *url)
{
    const char *start = strstr(url, "://");
    size_t len;

    start = start ? start + 3 : url;
    if (*start == '[')
        return cl_str_n(start + 1, strcspn(start + 1, "]"));
    len = strcspn(start, ":/?#");
    return cl_str_n(start, len);
}

static cl_checked checked_of(const claude_client_t *client, uint32_t flags, const char *model, int64_t timeout_ms)
{
    cl_str base = cl_buf_str(&client->base_url);

    return (cl_checked){
        .base_url = base.ptr,
        .https = !cl_url_is_http(base),
        .is_loopback = cl_url_is_loopback(base),
        .by_proxy =
            client->http.proxy[0] != '\0' && !cl_host_is_spared(host_of(base.ptr), cl_str_of(client->http.no_proxy)),
        .keyed = (flags & CLAUDE_SELFTEST_KEY) != 0,
        .model = model,
        .timeout_ms = timeout_ms,
    };
}

/* ---- as JSON ---- */

static bool put_check(cl_buf *out, const char *name, const cl_check *check)
{
    return cl_json_put_char(out, '{') && cl_json_put_text(out, "name", name) &&
           cl_json_put_text(out, "status", cl_selftest_status_name(check->status)) &&
           cl_json_put_text(out, "text", check->text) && cl_json_put_text(out, "fix", check->fix) &&
           cl_json_put_int(out, "ms", check->ms) && cl_json_put_char(out, '}');
}

/* There is room for all of it: every text has its limit. */
static claude_code_t make_json(claude_selftest_t *test, cl_err *err)
{
    cl_buf *out = &test->json;
    bool ok = cl_json_put_char(out, '{') && cl_json_put_text(out, "url", test->url) &&
              cl_json_put_text(out, "worst", cl_selftest_status_name(cl_selftest_worst(test))) &&
              cl_json_put_key(out, "checks") && cl_json_put_char(out, '[');

    for (size_t i = 0; i < CL_CHECKS && ok; i++)
        ok = (i == 0 || cl_json_put_char(out, ',')) && put_check(out, cl_check_name(i), &test->checks[i]);
    ok = ok && cl_json_put_char(out, ']') && cl_json_put_char(out, '}');
    return ok ? CLAUDE_OK : cl_fail_nomem(err);
}

/* ---- the interface ---- */

int32_t cl_selftest_worst(const claude_selftest_t *test)
{
    int32_t worst = CLAUDE_SELFTEST_OK;

    for (size_t i = 0; i < CL_CHECKS; i++) {
        int32_t status = test->checks[i].status;
        if (status != CLAUDE_SELFTEST_SKIPPED && status > worst)
            worst = status;
    }
    return worst;
}

static claude_code_t check_arguments(uint32_t flags, const char *model, int64_t timeout_ms, cl_err *err)
{
    if (flags & ~(uint32_t)CLAUDE_SELFTEST_KEY)
        return cl_fail(err, CLAUDE_E_INVALID, "flags has unknown bits: %u", flags & ~(uint32_t)CLAUDE_SELFTEST_KEY);
    if (timeout_ms < 1 || timeout_ms > TIMEOUT_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "timeout_ms is out of range: 1 to %d ms are allowed", TIMEOUT_MAX);
    if (model && (*model == '\0' || strlen(model) > CL_MODEL_ID_MAX))
        return cl_fail(err, CLAUDE_E_INVALID, "model must have 1 to %d characters", CL_MODEL_ID_MAX);
    return CLAUDE_OK;
}

claude_code_t cl_selftest_run(claude_client_t *client, uint32_t flags, const char *model, int64_t timeout_ms,
                              claude_selftest_t **out, cl_err *err)
{
    claude_selftest_t *test = NULL;
    run r = {.client = client, .generation = cl_fork_generation(), .until = cl_until(timeout_ms)};
    claude_code_t rc = check_arguments(flags, model, timeout_ms, err);

    if (rc < 0)
        return rc;
    r.what = checked_of(client, flags, model, timeout_ms);
    test = calloc(1, sizeof *test);
    if (!test)
        return cl_fail_nomem(err);
    cl_handle_init(&test->handle, CL_MAGIC_SELFTEST);
    test->json = CL_BUF_INIT(JSON_MAX);
    test->url = strdup(r.what.base_url);
    rc = test->url ? cl_engine_new_for_loop(&client->http, &r.engine, err) : cl_fail_nomem(err);
    if (rc >= 0)
        rc = check_all(&r, test->checks, err);
    if (rc >= 0)
        rc = make_json(test, err);
    cl_engine_unref(r.engine);
    if (rc < 0) {
        cl_selftest_unref(test);
        return rc;
    }
    *out = test;
    return CLAUDE_OK;
}

claude_selftest_t *cl_selftest_ref(claude_selftest_t *test)
{
    cl_handle_ref(&test->handle);
    return test;
}

void cl_selftest_unref(claude_selftest_t *test)
{
    if (!test || !cl_handle_unref(&test->handle))
        return;
    cl_buf_free(&test->json);
    free(test->url);
    free(test);
}
