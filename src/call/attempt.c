#include "call/call.h"
#include "call/log.h"

#include <stdlib.h>

enum {
    AUTH_HEADER_MAX = 8192,
    OWN_HEADERS_MAX = 8, /* the library's */
    BETAS_MAX = 8192,
    HASH_BLOCK = 4096,
};

/* False: a file cannot be read; sending it will say why. What is compressed while it is sent is so twice. */
static bool hash_body(const claude_sign_t *sign, cl_sha256 *sha)
{
    cl_body_reader reader = CL_BODY_READER_INIT;
    cl_pack *pack = NULL;
    char block[HASH_BLOCK];
    size_t got = 0;
    bool ok = true;

    if (CL_FEATURE_COMPRESSION && sign->pack)
        ok = cl_pack_again(sign->pack, &pack, NULL) >= 0;
    do {
        if (CL_FEATURE_COMPRESSION && pack)
            ok = cl_pack_read(pack, block, sizeof block, &got, NULL) >= 0;
        else if (ok)
            ok = cl_body_reader_read(&reader, sign->body, block, sizeof block, &got, NULL) >= 0;
        if (ok)
            cl_sha256_update(sha, block, got);
    } while (ok && got > 0);
    cl_body_reader_free(&reader);
    if (CL_FEATURE_COMPRESSION)
        cl_pack_free(pack);
    return ok;
}

const char *cl_sign_body_sha256(claude_sign_t *sign)
{
    unsigned char digest[32];
    cl_sha256 sha;

    if (sign->body_sha256[0] == '\0') {
        cl_sha256_init(&sha);
        if (!hash_body(sign, &sha))
            return "";
        cl_sha256_final(&sha, digest);
        cl_hex(digest, sizeof digest, sign->body_sha256);
    }
    return sign->body_sha256;
}

static const char *text(const claude_call_t *call, cl_option option)
{
    return cl_option_text(call->request.options, call->client->config->options, option);
}

static const cl_target *target_of(const claude_call_t *call)
{
    return &call->client->targets[call->target];
}

/* Any header may hold what only the server of base_url is to see, so another one gets those that cannot. */
static bool may_go_anywhere(cl_str name)
{
    static const cl_str names[] = {
        {"traceparent", 11}, {"tracestate", 10},   {"baggage", 7}, {"anthropic-beta", 14}, {"anthropic-version", 17},
        {"user-agent", 10},  {"content-type", 12}, {"accept", 6},  {"accept-encoding", 15}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (cl_str_eq_nocase(name, names[i]))
            return true;
    }
    return false;
}

static void put_all(cl_headers *headers, const cl_headers *more, bool is_own)
{
    for (size_t i = 0; i < more->count; i++) {
        if (is_own || may_go_anywhere(cl_str_of(more->items[i].name)))
            cl_headers_lend(headers, more->items[i].name, more->items[i].value);
    }
}

/* How many retries came before, for servers that want to know. */
static void put_count(const claude_call_t *call, cl_headers *headers)
{
    static const char *const numbers[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"};
    const char *name = text(call, CL_OPT_RETRY_COUNT_HEADER);
    int32_t retries = call->report->retries;

    if (CL_FEATURE_RETRY && call->pipeline && *name && retries < (int32_t)(sizeof numbers / sizeof numbers[0]))
        cl_headers_lend(headers, name, numbers[retries]);
}

/* The request's own names, then the options', then what the endpoint needs. */
static claude_code_t make_betas(const claude_call_t *call, cl_buf *betas, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    if (call->request.betas)
        rc = cl_betas_add(betas, cl_str_of(call->request.betas), err);
    if (rc >= 0)
        rc = cl_betas_add(betas, cl_str_of(text(call, CL_OPT_BETA)), err);
    return rc < 0 ? rc : cl_betas_add(betas, cl_str_of(call->request.endpoint->beta), err);
}

static const char *accept_of(const cl_endpoint *endpoint)
{
    return cl_endpoint_gives_pieces(endpoint) ? "application/binary" : "application/json";
}

/*
 * `betas` keeps a text that the list borrows. The program's own headers: those of the request win over the
 * configuration's, which win over the library's.
 */
static claude_code_t make_headers(const claude_call_t *call, cl_headers *headers, cl_buf *betas, cl_err *err)
{
    const cl_headers *configured = &call->client->config->headers;
    const cl_headers *own = &call->request.headers;
    claude_code_t rc = make_betas(call, betas, err);

    if (rc < 0)
        return rc;
    if (cl_headers_reserve(headers, OWN_HEADERS_MAX + configured->count + own->count, 0, err) < 0)
        return CLAUDE_E_NOMEM;
    cl_headers_lend(headers, "accept", accept_of(call->request.endpoint));
    if (call->request.body.count > 0)
        cl_headers_lend(headers, "content-type",
                        call->request.form_type ? call->request.form_type : "application/json");
    cl_headers_lend(headers, "anthropic-version", text(call, CL_OPT_API_VERSION));
    if (betas->len > 0)
        cl_headers_lend(headers, "anthropic-beta", betas->ptr);
    cl_headers_lend(headers, "user-agent", cl_buf_str(&call->client->user_agent).ptr);
    /* A compressed stream hides truncation, and a bomb hides in a compressed body. */
    cl_headers_lend(headers, "accept-encoding", call->coding.asked ? "gzip" : "identity");
    if (call->coding.packed)
        cl_headers_lend(headers, "content-encoding", "gzip");
    put_count(call, headers);
    put_all(headers, configured, target_of(call)->is_own);
    put_all(headers, own, target_of(call)->is_own);
    cl_headers_drop_removed(headers);
    return CLAUDE_OK;
}

static claude_code_t check_expiry(const claude_call_t *call, const claude_secret_t *secret, cl_err *err)
{
    int64_t expires_at = cl_secret_expires_at(secret);

    if (expires_at == INT64_MAX || cl_call_option(call, CL_OPT_AUTH_REFUSE_EXPIRED) == 0 || cl_wall_ms() < expires_at)
        return CLAUDE_OK;
    return cl_fail(
        err, CLAUDE_E_NO_KEY,
        "the key with the fingerprint %s has expired %lld ms ago, and auth.refuse_expired is set; replace it "
        "with claude_client_rotate_secret()",
        cl_secret_fingerprint(secret), (long long)(cl_wall_ms() - expires_at));
}

/* Length 0: the attempt sends no key. A header that the signing hook has written itself is not written twice. */
static cl_str key_header(const claude_call_t *call, const cl_headers *headers)
{
    cl_str name = cl_client_auth_header(call->client);

    if (call->request.endpoint->keyless || cl_headers_find(headers, name))
        name.len = 0;
    return name;
}

static claude_code_t make_auth(claude_call_t *call, const cl_headers *headers, cl_buf *line, cl_err *err)
{
    claude_secret_t *secret;
    claude_code_t rc;

    call->key_generation = 0;
    if (key_header(call, headers).len == 0)
        return CLAUDE_OK;
    secret = cl_key_get(target_of(call)->key, &call->key_generation);
    if (!secret)
        return CLAUDE_OK;
    /* The callbacks of the secret may know the call where a signing hook made it begin late. */
    call->in_callback = true;
    rc = check_expiry(call, secret, err);
    if (rc >= 0)
        rc = cl_client_auth_line(call->client, secret, line, err);
    cl_secret_unref(secret);
    call->in_callback = false;
    return rc;
}

/* What is sent. */
typedef struct payload {
    cl_body body;
    cl_pack *pack; /* in its place; NULL: the body as it is */
    cl_body plain; /* before it was compressed, for the log; empty where nobody listens */
} payload;

static claude_code_t ask_hook(claude_call_t *call, cl_hook *hook, const char *url, cl_headers *headers,
                              const payload *sent, cl_err *err)
{
    claude_sign_t view = {.method = call->request.endpoint->method,
                          .url = url,
                          .headers = headers,
                          .body = &sent->body,
                          .pack = sent->pack};
    claude_sign_fn fn;
    int32_t answer;

    fn = (claude_sign_fn)cl_hook_fn(hook);
    cl_handle_init(&view.handle, CL_MAGIC_SIGN);
    call->in_callback = true;
    answer = fn(&view, cl_hook_data(hook));
    call->in_callback = false;
    view.handle.magic = CL_MAGIC_DEAD;
    /* What the hook has cancelled, or let go of, must not be sent. */
    if (answer == 0 && (atomic_load(&call->cancel_asked) || cl_call_is_abandoned(call)))
        return cl_fail(err, CLAUDE_E_CANCELED, CL_CANCELLED_TEXT);
    if (answer == 0)
        return CLAUDE_OK;
    cl_fail(err, CLAUDE_E_CALLBACK, "the signing callback returned %d", (int)answer);
    err->user_code = answer;
    err->feature = "sign";
    return err->code;
}

/* The observer and the signing hook may replace headers and add some: in a list that owns its texts. */
static claude_code_t ask_program(claude_call_t *call, const char *url, cl_headers *headers, const payload *sent,
                                 cl_err *err)
{
    cl_hook *sign = call->client->config->sign;
    cl_headers own = {NULL, 0, 0};
    claude_code_t rc;

    if (!cl_call_begins_with_callback(call))
        return CLAUDE_OK;
    if (cl_headers_copy(headers, &own, err) < 0)
        return CLAUDE_E_NOMEM;
    cl_headers_free(headers);
    *headers = own;
    rc = cl_observe_start(call, url, headers, err);
    return CL_FEATURE_AUTHENTICATION && rc >= 0 && sign ? ask_hook(call, sign, url, headers, sent, err) : rc;
}

static cl_http_request http_request_of(const claude_call_t *call, const char *url, const cl_headers *headers,
                                       const payload *sent)
{
    bool stream = call->request.stream;

    return (cl_http_request){
        .method = call->request.endpoint->method,
        .url = url,
        .headers = headers,
        .body = &sent->body,
        .pack = sent->pack,
        .stream = stream,
        .connect_ms = cl_call_option(call, CL_OPT_TIMEOUT_CONNECT),
        .first_byte_ms = cl_call_option(call, CL_OPT_TIMEOUT_FIRST_BYTE),
        .idle_ms = cl_call_option(call, CL_OPT_TIMEOUT_IDLE),
        .progress_ms = cl_call_option(call, CL_OPT_TIMEOUT_PROGRESS),
        .total_ms = cl_call_option(call, stream ? CL_OPT_TIMEOUT_STREAM_TOTAL : CL_OPT_TIMEOUT_TOTAL),
        .started_at = call->started_at,
        .attempt_ms = call->pipeline ? call->pipeline->attempt_timeout_ms : 0,
        .max_header_bytes = (size_t)cl_call_option(call, CL_OPT_LIMIT_HEADER),
        .max_body_bytes = (size_t)cl_call_option(call, CL_OPT_LIMIT_MESSAGE),
        .max_error_bytes = (size_t)cl_call_option(call, CL_OPT_LIMIT_ERROR_BODY),
        .high_water = (size_t)cl_call_option(call, CL_OPT_STREAM_HIGH_WATER),
        .low_water = (size_t)cl_call_option(call, CL_OPT_STREAM_LOW_WATER),
    };
}

/* A signing hook may have written an authorization. A list that has not been signed has borrowed its texts. */
static void wipe(cl_headers *headers)
{
    for (size_t i = 0; headers->cap > 0 && i < headers->count; i++) {
        if (headers->items[i].value)
            cl_wipe(headers->items[i].value, strlen(headers->items[i].value));
    }
}

claude_code_t cl_call_url(const claude_call_t *call, cl_buf *url, cl_err *err)
{
    const cl_snapshot *request = &call->request;
    int written = CL_BUF_OK;

    if (request->is_url && !cl_url_same_server(cl_str_of(request->target), cl_buf_str(&call->client->base_url)))
        return cl_fail(err, CLAUDE_E_INVALID,
                       "the URL of the request is not on the server of base_url, to which alone the key may be sent");
    if (!request->is_url)
        written = cl_buf_append_text(url, target_of(call)->base_url);
    if (written == CL_BUF_OK)
        written = cl_buf_append_text(url, request->target);
    return written == CL_BUF_OK ? CLAUDE_OK : cl_fail_buf(err, written, "the URL of the request");
}

/* The body, for another model where the endpoint has it under another name. */
static claude_code_t find_body_elsewhere(const claude_call_t *call, cl_body *out, cl_err *err)
{
    const cl_snapshot *request = &call->request;
    cl_str model = cl_str_n(request->model.ptr + 1, request->model.len - 2);
    cl_str other = cl_failover_model(call->client->failover, call->target - 1, model);

    if (other.len > 0)
        return cl_body_replace(&request->body, model, other, out, err);
    *out = cl_body_copy(&request->body);
    return CLAUDE_OK;
}

static inline claude_code_t find_body(const claude_call_t *call, cl_body *out, cl_err *err)
{
    if (CL_FEATURE_FAILOVER && call->target > 0 && call->request.model.len > 2)
        return find_body_elsewhere(call, out, err);
    *out = cl_body_copy(&call->request.body);
    return CLAUDE_OK;
}

static claude_code_t make_body(claude_call_t *call, payload *out, cl_err *err)
{
    claude_code_t rc = find_body(call, &out->body, err);

    if (rc >= 0 && cl_call_logs(call))
        out->plain = cl_body_copy(&out->body);
    return rc >= 0 && cl_coding_may_be_on(call) ? cl_coding_pack(call, &out->body, &out->pack, err) : rc;
}

/* Builds the request for the wire and gives it to the engine. Runs the observer and the signing hook. */
static claude_code_t send_off(claude_call_t *call, cl_err *err)
{
    cl_headers headers = {NULL, 0, 0};
    cl_buf url = CL_BUF_INIT(CL_CALL_URL_MAX);
    cl_buf auth = CL_BUF_INIT(AUTH_HEADER_MAX);
    cl_buf betas = CL_BUF_INIT(BETAS_MAX);
    payload sent = {.pack = NULL};
    cl_http_request request;
    claude_code_t rc;

    if ((rc = cl_call_url(call, &url, err)) < 0 || (rc = make_body(call, &sent, err)) < 0 ||
        (rc = make_headers(call, &headers, &betas, err)) < 0 ||
        (rc = ask_program(call, url.ptr, &headers, &sent, err)) < 0 || (rc = make_auth(call, &headers, &auth, err)) < 0)
        goto out;
    if (cl_call_logs(call))
        cl_log_attempt_begins(call, url.ptr, &headers, &sent.plain);
    request = http_request_of(call, url.ptr, &headers, &sent);
    request.auth_header = cl_buf_str(&auth);
    sent.pack = NULL;
    rc = cl_transfer_new(call->engine, &request, call, &call->transfer, err);
out:
    if (auth.ptr)
        cl_wipe(auth.ptr, auth.cap);
    cl_buf_free(&auth);
    cl_buf_free(&url);
    cl_buf_free(&betas);
    cl_body_free(&sent.body);
    if (cl_call_logs(call))
        cl_body_free(&sent.plain);
    if (CL_FEATURE_COMPRESSION && sent.pack)
        cl_pack_free(sent.pack);
    wipe(&headers);
    cl_headers_free(&headers);
    return rc;
}

/* What another thread has asked for just before there was a transfer to tell it to. */
static void catch_up(claude_call_t *call)
{
    if (atomic_load(&call->cancel_asked))
        cl_transfer_abort(call->engine, &call->transfer);
    if (atomic_load(&call->paused))
        cl_transfer_stop_clocks(call->engine, &call->transfer, true);
}

int32_t cl_call_begin(claude_call_t *call, cl_err *err)
{
    int32_t rc = cl_call_credentials(call, err);

    /* The same once more has the turn, and the permit, of what was refused. */
    if (rc > 0 && call->pipeline && !call->coding.again)
        rc = cl_pipeline_admit(call, err);
    if (rc <= 0)
        return rc;
    call->begun = true;
    call->coding.again = false;
    cl_call_attempt_begins(call);
    rc = send_off(call, err);
    if (rc < 0)
        return rc;
    catch_up(call);
    return 1;
}

/* ---- without sending it ---- */

/* There is one, or a provider that will bring it. */
static bool has_key(const claude_call_t *call)
{
    uint64_t generation;
    claude_secret_t *secret = cl_key_get(target_of(call)->key, &generation);
    bool has = secret || (call->client->config->credentials && target_of(call)->key);

    cl_secret_unref(secret);
    return has;
}

claude_code_t cl_call_sketch(claude_client_t *client, cl_snapshot *request, cl_sketch **out, cl_err *err)
{
    cl_sketch *sketch = calloc(1, sizeof *sketch);
    payload sent = {.pack = NULL}; /* a body is shown as it is, not compressed */
    claude_call_t *call;
    claude_code_t rc;

    if (!sketch) {
        cl_snapshot_free(request);
        return cl_fail_nomem(err);
    }
    call = &sketch->call;
    call->client = client;
    call->request = *request;
    *request = (cl_snapshot){.endpoint = NULL};
    call->report = &sketch->report;
    call->pipeline = call->request.features ? &sketch->pipeline : NULL;
    sketch->url = CL_BUF_INIT(CL_CALL_URL_MAX);
    sketch->betas = CL_BUF_INIT(BETAS_MAX);
    rc = cl_call_url(call, &sketch->url, err);
    if (rc >= 0)
        rc = find_body(call, &sketch->body, err);
    if (rc >= 0)
        rc = make_headers(call, &sketch->headers, &sketch->betas, err);
    if (rc < 0) {
        cl_sketch_free(sketch);
        return rc;
    }
    if (has_key(call))
        sketch->key_header = key_header(call, &sketch->headers);
    sent.body = sketch->body;
    sketch->http = http_request_of(call, sketch->url.ptr, &sketch->headers, &sent);
    sketch->http.body = &sketch->body;
    *out = sketch;
    return CLAUDE_OK;
}

void cl_sketch_free(cl_sketch *sketch)
{
    if (!sketch)
        return;
    cl_headers_free(&sketch->headers);
    cl_body_free(&sketch->body);
    cl_buf_free(&sketch->url);
    cl_buf_free(&sketch->betas);
    cl_snapshot_free(&sketch->call.request);
    free(sketch);
}
