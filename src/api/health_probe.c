/*
 * health_probe.c - health checks on the wire. Each has an engine of its own, on the calling thread: nothing goes on
 * when it has ended, and its time is that of a fresh connection.
 */
#include "api/health.h"

#include <stdio.h>

enum {
    URL_MAX = 4096,
    AUTH_HEADER_MAX = 8192,
    OWN_HEADERS = 4,
    SOCKETS_PER_TURN = 64,
    BODY_MAX = 65536, /* of an answer; its head is what counts */
};

/* ---- what is sent ---- */

/* The program's own headers may hold a key: they are for the client's server alone, and where keys are sent at all. */
static claude_code_t make_headers(const claude_client_t *client, int32_t strategy, const char *url, cl_headers *headers,
                                  cl_err *err)
{
    const cl_headers *configured = &client->config->headers;
    bool keyed = strategy == CL_HEALTH_MODELS;
    bool is_own = cl_url_same_server(cl_str_of(url), cl_buf_str(&client->base_url));

    if (cl_headers_reserve(headers, OWN_HEADERS + configured->count, 0, err) < 0)
        return CLAUDE_E_NOMEM;
    cl_headers_lend(headers, "accept", keyed ? "application/json" : "*/*");
    cl_headers_lend(headers, "user-agent", cl_buf_str(&client->user_agent).ptr);
    cl_headers_lend(headers, "accept-encoding", "identity");
    if (!keyed)
        return CLAUDE_OK;
    cl_headers_lend(headers, "anthropic-version", cl_option_text(NULL, client->config->options, CL_OPT_API_VERSION));
    for (size_t i = 0; is_own && i < configured->count; i++)
        cl_headers_lend(headers, configured->items[i].name, configured->items[i].value);
    cl_headers_drop_removed(headers);
    return CLAUDE_OK;
}

static bool sends_key(const claude_client_t *client, int32_t strategy, const cl_probe *probe)
{
    return strategy == CL_HEALTH_MODELS && probe->secret && cl_client_auth_header(client).len > 0;
}

static claude_code_t make_url(const cl_probe *probe, int32_t strategy, cl_buf *url, cl_err *err)
{
    static const char *const paths[] = {"", "/v1/messages", "/v1/models?limit=1"};
    int written = cl_buf_append_text(url, probe->url);

    if (written == CL_BUF_OK)
        written = cl_buf_append_text(url, paths[strategy]);
    return written == CL_BUF_OK ? CLAUDE_OK : cl_fail_buf(err, written, "the URL of the endpoint");
}

static claude_code_t begin(claude_client_t *client, int32_t strategy, cl_engine *engine, uint32_t generation,
                           cl_probe *probe, cl_err *err)
{
    static const char *const methods[] = {"HEAD", "OPTIONS", "GET"};
    static const cl_body no_body;
    cl_headers headers = {NULL, 0, 0};
    cl_buf url = CL_BUF_INIT(URL_MAX);
    cl_buf auth = CL_BUF_INIT(AUTH_HEADER_MAX);
    cl_http_request request = {.method = methods[strategy], .headers = &headers, .body = &no_body};
    claude_code_t rc;

    if ((rc = make_url(probe, strategy, &url, err)) < 0 ||
        (rc = make_headers(client, strategy, probe->url, &headers, err)) < 0)
        goto out;
    if (sends_key(client, strategy, probe) && (rc = cl_client_auth_line(client, probe->secret, &auth, err)) < 0)
        goto out;
    if (generation != cl_fork_generation()) {
        rc = cl_fail(err, CLAUDE_E_FORKED, "the health check was begun by the parent process; make another one here");
        goto out;
    }
    request.url = url.ptr;
    request.auth_header = cl_buf_str(&auth);
    request.connect_ms = INT32_MAX; /* there is one clock for all, ours */
    request.max_header_bytes = (size_t)cl_option_int(NULL, client->config->options, CL_OPT_LIMIT_HEADER);
    request.max_body_bytes = BODY_MAX;
    request.max_error_bytes = BODY_MAX;
    probe->started_at = cl_now_ms();
    request.started_at = probe->started_at;
    rc = cl_transfer_new(engine, &request, probe, &probe->transfer, err);
out:
    if (auth.ptr)
        cl_wipe(auth.ptr, auth.cap);
    cl_buf_free(&auth);
    cl_buf_free(&url);
    cl_headers_free(&headers);
    return rc;
}

/* ---- what comes back ---- */

/* Of cl_engine_collect(). */
static void stir(void *owner, void *user)
{
    (void)user;
    ((cl_probe *)owner)->stirred = true;
}

/* What is wrong on this side says nothing about the endpoint. */
static bool is_ours(int32_t code)
{
    return code == CLAUDE_E_NOMEM || code == CLAUDE_E_LIMIT;
}

/* The head of an answer is enough, whatever becomes of its body. */
static claude_code_t look(const cl_health_settings *settings, cl_probe *probe, int64_t now, cl_err *err)
{
    CL_UNINITIALIZED cl_err why;
    int32_t status;
    int32_t rc;

    cl_err_init(&why);
    probe->stirred = false;
    rc = cl_transfer_take(probe->transfer, &why);
    status = cl_transfer_status(probe->transfer);
    if (status > 0)
        probe->result = cl_health_answered(settings, status, now - probe->started_at);
    else if (is_ours(rc))
        rc = cl_fail(err, rc, "the health check could not be made: %s", why.message);
    else if (rc < 0)
        probe->result = cl_health_silent(cl_str_of(why.message));
    else if (rc == CL_HTTP_END)
        probe->result = cl_health_silent(CL_STR("the connection ended before the head of the answer did"));
    if (status > 0 || (rc != CL_HTTP_QUIET && rc != CL_HTTP_NEWS))
        cl_transfer_free(&probe->transfer);
    cl_err_clear(&why);
    return status == 0 && is_ours(rc) ? rc : CLAUDE_OK;
}

/* Those that were stirred; *left is how many have no end yet. */
static claude_code_t look_at_all(const cl_health_settings *settings, cl_probe *probes, size_t count, size_t *left,
                                 cl_err *err)
{
    int64_t now = cl_now_ms();
    claude_code_t rc = CLAUDE_OK;

    *left = 0;
    for (size_t i = 0; i < count && rc >= 0; i++) {
        if (probes[i].transfer && probes[i].stirred)
            rc = look(settings, &probes[i], now, err);
        *left += probes[i].transfer != NULL;
    }
    return rc;
}

static claude_code_t begin_all(claude_client_t *client, const cl_health_settings *settings, cl_engine *engine,
                               cl_probe *probes, size_t count, cl_err *err)
{
    uint32_t generation = cl_fork_generation();
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = begin(client, settings->strategy, engine, generation, &probes[i], err);
    return rc;
}

static void end_all(const cl_health_settings *settings, cl_probe *probes, size_t count)
{
    char text[128];

    snprintf(text, sizeof text, "no answer within %lld ms (health.timeout_ms)", (long long)settings->timeout_ms);
    for (size_t i = 0; i < count; i++) {
        if (!probes[i].transfer)
            continue;
        probes[i].result = cl_health_silent(cl_str_of(text));
        cl_transfer_free(&probes[i].transfer);
    }
}

claude_code_t cl_probes_run(claude_client_t *client, const cl_health_settings *settings, cl_probe *probes, size_t count,
                            cl_err *err)
{
    int64_t until = cl_until(settings->timeout_ms);
    cl_engine *engine = NULL;
    size_t left = count;
    claude_code_t rc = cl_engine_new_for_loop(&client->http, &engine, err);

    if (rc >= 0)
        rc = begin_all(client, settings, engine, probes, count, err);
    while (rc >= 0 && left > 0 && cl_now_ms() < until) {
        cl_engine_turn(engine, until, SOCKETS_PER_TURN);
        cl_engine_collect(engine, stir, NULL);
        rc = look_at_all(settings, probes, count, &left, err);
    }
    end_all(settings, probes, count);
    cl_engine_unref(engine);
    return rc;
}
