#include <claude/response.h>

#include <errno.h>

#include "border.h"
#include "message/message.h"

/* Accessors of immutable objects: anything but a live response is answered like an absent value. */
static bool check(const claude_response_t *response)
{
    return cl_is(response, CL_MAGIC_RESPONSE);
}

static const char *lend(const char *text, size_t len_of_text, size_t *len)
{
    if (len)
        *len = text ? len_of_text : 0;
    return text;
}

int32_t claude_response_status(const claude_response_t *response)
{
    return check(response) ? cl_response_status(response) : 0;
}

const char *claude_response_header(const claude_response_t *response, const char *name)
{
    return check(response) && name ? cl_response_header(response, name) : NULL;
}

int32_t claude_response_header_at(const claude_response_t *response, size_t index, const char **name,
                                  const char **value)
{
    const cl_headers *headers = check(response) ? cl_response_headers(response) : NULL;

    if (!headers || index >= headers->count)
        return 0;
    if (name)
        *name = headers->items[index].name;
    if (value)
        *value = headers->items[index].value;
    return 1;
}

const char *claude_response_json(const claude_response_t *response, size_t *len)
{
    cl_str body = check(response) ? cl_response_body(response) : CL_STR("");

    return lend(body.ptr, body.len, len);
}

const char *claude_response_text(const claude_response_t *response, size_t *len)
{
    int saved = errno;
    size_t n = 0;
    const char *text = check(response) ? cl_response_text(response, &n) : "";

    errno = saved;
    return lend(text, n, len);
}

const char *claude_response_string(const claude_response_t *response, const char *pointer, size_t *len)
{
    int saved = errno;
    size_t n = 0;
    const char *text = check(response) && pointer ? cl_response_string(response, pointer, &n) : NULL;

    errno = saved;
    return lend(text, n, len);
}

int32_t claude_response_slice(const claude_response_t *response, const char *pointer, const char **json, size_t *len)
{
    cl_json value;

    if (!check(response) || !pointer)
        return 0;
    value = cl_json_at(cl_response_root(response), cl_str_of(pointer));
    if (value.type == CLAUDE_JSON_NONE)
        return 0;
    if (json)
        *json = value.ptr;
    if (len)
        *len = value.len;
    return 1;
}

const char *claude_response_request_id(const claude_response_t *response)
{
    int saved = errno;
    const char *value = check(response) ? cl_response_request_id(response) : NULL;

    errno = saved;
    return value;
}

const char *claude_response_stop_reason(const claude_response_t *response)
{
    int saved = errno;
    const char *value = check(response) ? cl_response_stop_reason(response) : NULL;

    errno = saved;
    return value;
}

const char *claude_response_model(const claude_response_t *response)
{
    int saved = errno;
    const char *value = check(response) ? cl_response_model(response) : NULL;

    errno = saved;
    return value;
}

const char *claude_response_id(const claude_response_t *response)
{
    int saved = errno;
    const char *value = check(response) ? cl_response_id(response) : NULL;

    errno = saved;
    return value;
}

int64_t claude_response_rate_limit(const claude_response_t *response, const char *what, int32_t which)
{
    int saved = errno;
    int64_t value = check(response) && what ? cl_response_rate_limit(response, what, which) : -1;

    errno = saved;
    return value;
}

int64_t claude_response_usage(const claude_response_t *response, const char *counter)
{
    int saved = errno;
    int64_t value = check(response) && counter ? cl_response_usage(response, counter) : -1;

    errno = saved;
    return value;
}

int32_t claude_response_type(const claude_response_t *response, const char *pointer)
{
    int saved = errno;
    int32_t value = check(response) && pointer ? cl_response_type(response, pointer) : CLAUDE_JSON_NONE;

    errno = saved;
    return value;
}

size_t claude_response_count(const claude_response_t *response, const char *pointer)
{
    int saved = errno;
    size_t value = check(response) && pointer ? cl_response_count(response, pointer) : 0;

    errno = saved;
    return value;
}

int64_t claude_response_int(const claude_response_t *response, const char *pointer, int64_t fallback)
{
    int saved = errno;
    int64_t value = check(response) && pointer ? cl_response_int(response, pointer, fallback) : fallback;

    errno = saved;
    return value;
}

double claude_response_double(const claude_response_t *response, const char *pointer, double fallback)
{
    int saved = errno;
    double value = check(response) && pointer ? cl_response_double(response, pointer, fallback) : fallback;

    errno = saved;
    return value;
}

int32_t claude_response_bool(const claude_response_t *response, const char *pointer, int32_t fallback)
{
    int saved = errno;
    int32_t value = check(response) && pointer ? cl_response_bool(response, pointer, fallback) : fallback;

    errno = saved;
    return value;
}

claude_response_t *claude_response_ref(claude_response_t *response)
{
    return check(response) ? cl_response_ref(response) : NULL;
}

void claude_response_unref(claude_response_t *response)
{
    int saved = errno;

    if (check(response))
        cl_response_unref(response);
    errno = saved;
}

claude_code_t claude_response_parse(const char *json, size_t len, claude_response_t **out, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, json, len, "json", &text) && border_pointer(&b, out, "out"))
        rc = cl_response_parse(text, CL_JSON_DEPTH_DEFAULT, out, &b.err);
    return border_leave(&b, rc, err);
}
