#include "base/error.h"

#include <errno.h>

#include <claude/response.h>

#include "json/json.h"

const char *claude_code_name(claude_code_t code)
{
    const cl_code_row *row = cl_code_row_of(code);

    if (code == CLAUDE_OK)
        return "CLAUDE_OK";
    if (code == CLAUDE_DONE)
        return "CLAUDE_DONE";
    return row ? row->name : "CLAUDE_E_UNKNOWN";
}

const char *claude_code_text(claude_code_t code)
{
    const cl_code_row *row = cl_code_row_of(code);

    if (code >= 0)
        return "success";
    return row ? row->text : "an error that this version does not know";
}

int32_t claude_code_category(claude_code_t code)
{
    const cl_code_row *row = cl_code_row_of(code);

    return row ? row->category : CLAUDE_CATEGORY_NONE;
}

claude_code_t claude_code_at(size_t index)
{
    const cl_code_row *row = cl_code_row_at(index);

    return row ? row->code : 0;
}

const char *claude_category_name(int32_t category)
{
    static const char *const names[] = {"None",           "Api",      "Http", "Network", "Timeout", "InvalidArgument",
                                        "Authentication", "RateLimit"};

    return category > 0 && (size_t)category < sizeof names / sizeof names[0] ? names[category] : names[0];
}

/* NULL for anything but a live error, which is then answered like no error. */
static const cl_err *info_of(const claude_error_t *error)
{
    return cl_is(error, CL_MAGIC_ERROR) ? &error->info : NULL;
}

claude_code_t claude_error_code(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->code : CLAUDE_OK;
}

int32_t claude_error_category(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    if (!info)
        return CLAUDE_CATEGORY_NONE;
    return info->category ? info->category : claude_code_category(info->code);
}

const char *claude_error_message(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->message : "";
}

int32_t claude_error_is_retryable(const claude_error_t *error)
{
    const cl_err *info = info_of(error);
    const cl_code_row *row = info ? cl_code_row_of(info->code) : NULL;

    if (info && info->retryable >= 0)
        return info->retryable;
    return row && row->retryable ? 1 : 0;
}

int32_t claude_error_http_status(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->http_status : 0;
}

static const char *text_or_null(const char *text)
{
    return text[0] ? text : NULL;
}

const char *claude_error_api_type(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? text_or_null(info->api_type) : NULL;
}

const char *claude_error_error_code(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? text_or_null(info->error_code) : NULL;
}

const char *claude_error_request_id(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? text_or_null(info->request_id) : NULL;
}

int64_t claude_error_retry_after_ms(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->retry_after_ms : -1;
}

int32_t claude_error_attempts(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->attempts : 0;
}

int32_t claude_error_user_code(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->user_code : 0;
}

const char *claude_error_feature(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->feature : NULL;
}

const claude_error_t *claude_error_cause(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->cause : NULL;
}

const claude_response_t *claude_error_response(const claude_error_t *error)
{
    const cl_err *info = info_of(error);

    return info ? info->response.ptr : NULL;
}

int64_t claude_error_rate_limit(const claude_error_t *error, const char *what, int32_t which)
{
    return claude_response_rate_limit(claude_error_response(error), what, which);
}

int64_t claude_error_quota(const claude_error_t *error, const char *what)
{
    const cl_err *info = info_of(error);
    const struct {
        const char *name;
        int64_t value;
    } all[] = {
        {"limit", info ? info->quota.limit : 0},
        {"used", info ? info->quota.used : 0},
        {"reserved", info ? info->quota.reserved : 0},
        {"needed", info ? info->quota.needed : 0},
        {"reset_at_ms", info ? info->quota.reset_at_ms : 0},
        {"per_model", info ? info->quota.per_model : 0},
    };

    for (size_t i = 0; info && info->quota.limit > 0 && what && i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(what, all[i].name) == 0)
            return all[i].value;
    }
    return -1;
}

int32_t claude_error_equal(const claude_error_t *a, const claude_error_t *b)
{
    const cl_err *x = info_of(a);
    const cl_err *y = info_of(b);

    if (x == y)
        return 1;
    if (!x || !y)
        return 0;
    return x->code == y->code && claude_error_category(a) == claude_error_category(b) &&
           x->http_status == y->http_status && strcmp(x->api_type, y->api_type) == 0 &&
           strcmp(x->error_code, y->error_code) == 0 && strcmp(x->message, y->message) == 0;
}

/* ---- as JSON ---- */

enum { JSON_MAX = 64 * 1024 };

static bool put_quota(cl_buf *out, const cl_err_quota *quota)
{
    if (quota->limit == 0)
        return true;
    return cl_json_put_key(out, "quota") && cl_json_put_char(out, '{') && cl_json_put_int(out, "limit", quota->limit) &&
           cl_json_put_int(out, "used", quota->used) && cl_json_put_int(out, "reserved", quota->reserved) &&
           cl_json_put_int(out, "needed", quota->needed) && cl_json_put_int(out, "reset_at_ms", quota->reset_at_ms) &&
           cl_json_put_int(out, "per_model", quota->per_model) && cl_json_put_char(out, '}');
}

static bool put_error(cl_buf *out, const claude_error_t *error)
{
    const claude_error_t *cause = claude_error_cause(error);

    if (!cl_json_put_char(out, '{') || !cl_json_put_int(out, "code", error->info.code) ||
        !cl_json_put_text(out, "name", claude_code_name(error->info.code)) ||
        !cl_json_put_text(out, "category", claude_category_name(claude_error_category(error))) ||
        !cl_json_put_text(out, "message", error->info.message) || !cl_json_put_key(out, "retryable") ||
        cl_buf_append_text(out, claude_error_is_retryable(error) ? "true" : "false") != CL_BUF_OK ||
        !cl_json_put_int(out, "http_status", error->info.http_status) ||
        !cl_json_put_text(out, "api_type", claude_error_api_type(error)) ||
        !cl_json_put_text(out, "error_code", claude_error_error_code(error)) ||
        !cl_json_put_text(out, "request_id", claude_error_request_id(error)) ||
        !cl_json_put_int(out, "retry_after_ms", error->info.retry_after_ms) ||
        !cl_json_put_int(out, "attempts", error->info.attempts) ||
        !cl_json_put_int(out, "user_code", error->info.user_code) ||
        !cl_json_put_text(out, "feature", error->info.feature) || !put_quota(out, &error->info.quota) ||
        !cl_json_put_key(out, "cause"))
        return false;
    /* Chains are two long at most; the buffer's cap ends any other. */
    if (!(cause ? put_error(out, cause) : cl_buf_append_text(out, "null") == CL_BUF_OK))
        return false;
    return cl_json_put_char(out, '}');
}

const char *claude_error_json(const claude_error_t *error, size_t *len)
{
    static const char null_text[] = "null";
    /* The object is immutable for its users; the text is a cache that several threads may race to fill. */
    struct claude_error *cache = (struct claude_error *)(uintptr_t)error;
    cl_buf out = CL_BUF_INIT(JSON_MAX);
    const char *json = null_text;
    int saved = errno;
    const char *text;

    if (!info_of(error))
        goto out;
    text = atomic_load(&cache->json);
    if (!text && put_error(&out, error))
        text = cl_buf_publish(&out, &cache->json);
    cl_buf_free(&out);
    json = text ? text : "{\"code\":-2,\"name\":\"CLAUDE_E_NOMEM\",\"message\":\"out of memory\"}";
out:
    if (len)
        *len = strlen(json);
    errno = saved;
    return json;
}

claude_error_t *claude_error_ref(claude_error_t *error)
{
    return info_of(error) ? cl_error_ref(error) : NULL;
}

void claude_error_unref(claude_error_t *error)
{
    int saved = errno;

    if (info_of(error))
        cl_error_unref(error);
    errno = saved;
}
