/* coding.c - bodies in gzip: what a call sends, what it receives, and servers that do not read the first. */
#include "call/call.h"

/* ---- sending ---- */

/* An answer in gzip hides where a stream was cut. */
static bool asks(const claude_call_t *call)
{
    return !call->request.stream && cl_call_option(call, CL_OPT_COMPRESSION_RESPONSES) != 0;
}

static bool is_set_by_program(const claude_call_t *call, cl_str name)
{
    return cl_headers_find(&call->request.headers, name) || cl_headers_find(&call->client->config->headers, name);
}

/* What a server has refused is not tried again, but for a request that says so itself. */
static uint32_t refuses(const claude_call_t *call)
{
    if (cl_options_is_set(call->request.options, CL_OPT_COMPRESSION_ENABLED))
        return 0;
    return atomic_load_explicit(cl_client_refuses(call->client, call->target), memory_order_relaxed);
}

/* A form is a file to be uploaded, which has its own format. */
static bool may_pack(const claude_call_t *call, const cl_body *body)
{
    if (cl_call_option(call, CL_OPT_COMPRESSION_ENABLED) == 0 || call->coding.plain || body->len == 0 ||
        call->request.form_type)
        return false;
    return cl_call_option(call, CL_OPT_COMPRESSION_LEVEL) > 0 &&
           body->len >= (size_t)cl_call_option(call, CL_OPT_COMPRESSION_MIN_SIZE) &&
           !(refuses(call) & CL_REFUSES_GZIP) && !is_set_by_program(call, CL_STR("content-encoding"));
}

claude_code_t cl_coding_pack(claude_call_t *call, cl_body *body, cl_pack **pack, cl_err *err)
{
    cl_body packed = {.blob = NULL};
    int32_t rc;

    call->coding.packed = call->coding.by_chunks = false;
    call->coding.asked = asks(call);
    if (!may_pack(call, body) || (body->len > CL_PACK_AHEAD && (refuses(call) & CL_REFUSES_CHUNKS)))
        return CLAUDE_OK;
    rc = cl_pack_body(body, (int32_t)cl_call_option(call, CL_OPT_COMPRESSION_LEVEL), &packed, pack, err);
    if (rc <= 0)
        return rc;
    call->coding.packed = true;
    call->coding.by_chunks = *pack != NULL;
    cl_body_free(body);
    *body = packed;
    return CLAUDE_OK;
}

/* ---- receiving ---- */

static bool is_good(const claude_call_t *call)
{
    int32_t status = cl_transfer_status(call->transfer);

    return status >= 200 && status <= 299;
}

claude_code_t cl_coding_head(claude_call_t *call, cl_err *err)
{
    const cl_header *found = cl_headers_find(cl_transfer_headers(call->transfer), CL_STR("content-encoding"));
    cl_str name = found ? cl_str_of(found->value) : CL_STR("");
    cl_option limit = is_good(call) ? CL_OPT_LIMIT_MESSAGE : CL_OPT_LIMIT_ERROR_BODY;
    claude_code_t rc;

    if (call->mode != CL_MODE_BODY || call->coding.unpack ||
        !(cl_str_eq_nocase(name, CL_STR("gzip")) || cl_str_eq_nocase(name, CL_STR("x-gzip"))))
        return CLAUDE_OK;
    rc = cl_unpack_new(CLAUDE_E_PROTOCOL, &call->coding.unpack, err);
    if (rc < 0)
        return rc;
    call->coding.body = CL_BUF_INIT((size_t)cl_call_option(call, limit));
    call->coding.unpacks = true;
    return CLAUDE_OK;
}

/* The error matters more than that its body is cut, damaged or too long. */
static claude_code_t forgive(claude_call_t *call, claude_code_t rc, cl_err *err)
{
    if (rc >= 0 || rc == CLAUDE_E_NOMEM || is_good(call))
        return rc;
    call->coding.spoilt = true;
    cl_err_clear(err);
    return CLAUDE_OK;
}

claude_code_t cl_coding_receive(claude_call_t *call, cl_err *err)
{
    cl_coding *coding = &call->coding;
    size_t len = 0;
    const char *bytes = cl_transfer_bytes(call->transfer, &len);
    claude_code_t rc = CLAUDE_OK;

    if (len > 0 && !coding->spoilt) {
        const char *limit = is_good(call) ? "limit.message_bytes" : "limit.error_bytes";
        rc = cl_unpack_push(coding->unpack, cl_str_n(bytes, len), &coding->body, limit, err);
        rc = forgive(call, rc, err);
        coding->any = true;
    }
    cl_transfer_consume(call->transfer, len);
    if (rc < 0 || !call->over || call->cut || !coding->any || coding->spoilt)
        return rc;
    return forgive(call, cl_unpack_end(coding->unpack, err), err);
}

cl_str cl_coding_body(const claude_call_t *call)
{
    size_t len = 0;
    const char *bytes;

    if (CL_FEATURE_COMPRESSION && call->coding.unpacks)
        return cl_buf_str(&call->coding.body);
    bytes = cl_transfer_bytes(call->transfer, &len);
    return cl_str_n(bytes ? bytes : "", len);
}

char *cl_coding_steal(claude_call_t *call, size_t *len)
{
    if (CL_FEATURE_COMPRESSION && call->coding.unpacks)
        return cl_buf_steal_exact(&call->coding.body, len);
    return cl_transfer_steal(call->transfer, len);
}

void cl_coding_rewind(claude_call_t *call)
{
    cl_unpack_free(call->coding.unpack);
    cl_buf_free(&call->coding.body);
    call->coding.unpack = NULL;
    call->coding.unpacks = call->coding.spoilt = call->coding.any = false;
}

/* ---- servers that do not read compressed bodies ---- */

static bool has_word(cl_str text, cl_str word)
{
    for (size_t i = 0; i + word.len <= text.len; i++) {
        if (cl_str_starts_nocase(cl_str_n(text.ptr + i, text.len - i), word))
            return true;
    }
    return false;
}

/*
 * Many read the compressed bytes as if they were JSON, and say that they are none. The JSON that the library sends is
 * valid, so that a complaint about that means the compression. A wrong guess costs one more request that is refused.
 */
static bool names_coding(cl_str body)
{
    static const char *const words[] = {"encoding",         "gzip",         "compress",         "valid json",
                                        "json decode",      "json_invalid", "in json",          "decode json",
                                        "parse json",       "json parse",   "provided json",    "\\x1f",
                                        "parsing the body", "u001f",        "unexpected token", "utf-8"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (has_word(body, cl_str_of(words[i])))
            return true;
    }
    return false;
}

/* What the server refuses, CL_REFUSES_*; 0: it has said nothing of the kind. These statuses mean that nothing was done
 * with the request. */
static uint32_t refused(const claude_call_t *call)
{
    int32_t status = call->transfer ? cl_transfer_status(call->transfer) : 0;

    switch (status) {
    case 411:
        return call->coding.by_chunks ? CL_REFUSES_CHUNKS : 0;
    case 415:
        return CL_REFUSES_GZIP;
    case 400:
    case 422:
        return names_coding(cl_coding_body(call)) ? CL_REFUSES_GZIP : 0;
    default:
        return 0;
    }
}

bool cl_coding_goes_on(claude_call_t *call, cl_err *err)
{
    uint32_t what = refused(call);

    if (what == 0 || err->code == CLAUDE_E_CANCELED || err->code == CLAUDE_E_NOMEM ||
        cl_call_option(call, CL_OPT_COMPRESSION_RESEND) == 0)
        return false;
    if (cl_finish_error(call, err) < 0) {
        cl_err_clear(err);
        cl_fail_nomem(err);
        return false;
    }
    call->coding.again = true;
    cl_call_settle(call, err);
    cl_err_clear(err);
    call->coding.plain = true;
    call->coding.guessed = what;
    call->coding.guessed_at = call->target;
    call->report->resends++;
    cl_metrics_count(call->client->metrics, CL_COUNT_RESENDS, 1);
    cl_call_rewind(call);
    call->timer.due_at = cl_now_ms();
    return true;
}

/* That it was the compression is certain once the same body is taken as it is. */
void cl_coding_settle(claude_call_t *call, const cl_err *err)
{
    _Atomic uint32_t *refuses = cl_client_refuses(call->client, call->target);
    uint32_t taken = CL_REFUSES_GZIP | (call->coding.by_chunks ? (uint32_t)CL_REFUSES_CHUNKS : 0);

    if (err)
        return;
    if (call->coding.packed)
        atomic_fetch_and_explicit(refuses, ~taken, memory_order_relaxed);
    else if (call->coding.guessed_at == call->target)
        atomic_fetch_or_explicit(refuses, call->coding.guessed, memory_order_relaxed);
    call->coding.guessed = 0;
}
