#include "message/message.h"

enum { MESSAGE_MAX = 800, HOST_MAX = 200 };

/* What a body says, in the shapes that the API and its imitators use. */
typedef struct answer {
    cl_json type;
    cl_json message;
    cl_json error_code;
    cl_json request_id;
} answer;

typedef struct type_row {
    cl_str type;
    claude_code_t code;
} type_row;

static claude_code_t code_of_type(cl_json type)
{
    static const type_row rows[] = {
        {{"invalid_request_error", 21}, CLAUDE_E_BAD_REQUEST},
        {{"authentication_error", 20}, CLAUDE_E_AUTH},
        {{"billing_error", 13}, CLAUDE_E_BILLING},
        {{"permission_error", 16}, CLAUDE_E_PERMISSION},
        {{"not_found_error", 15}, CLAUDE_E_NOT_FOUND},
        {{"conflict_error", 14}, CLAUDE_E_CONFLICT},
        {{"memory_precondition_failed_error", 32}, CLAUDE_E_CONFLICT},
        {{"memory_path_conflict_error", 26}, CLAUDE_E_CONFLICT},
        {{"request_too_large", 17}, CLAUDE_E_REQUEST_TOO_LARGE},
        {{"rate_limit_error", 16}, CLAUDE_E_RATE_LIMIT},
        {{"timeout_error", 13}, CLAUDE_E_API_TIMEOUT},
        {{"api_error", 9}, CLAUDE_E_SERVER},
        {{"overloaded_error", 16}, CLAUDE_E_OVERLOADED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (cl_json_string_is(type, rows[i].type))
            return rows[i].code;
    }
    return CLAUDE_OK;
}

static claude_code_t code_of_status(int32_t status)
{
    switch (status) {
    case 400:
    case 422:
    case 431:
        return CLAUDE_E_BAD_REQUEST;
    case 401:
        return CLAUDE_E_AUTH;
    case 402:
        return CLAUDE_E_BILLING;
    case 403:
        return CLAUDE_E_PERMISSION;
    case 404:
        return CLAUDE_E_NOT_FOUND;
    case 407:
        return CLAUDE_E_PROXY;
    case 408:
    case 504:
        return CLAUDE_E_API_TIMEOUT;
    case 409:
    case 412:
        return CLAUDE_E_CONFLICT;
    case 413:
        return CLAUDE_E_REQUEST_TOO_LARGE;
    case 429:
        return CLAUDE_E_RATE_LIMIT;
    case 529:
        return CLAUDE_E_OVERLOADED;
    default:
        return status >= 500 ? CLAUDE_E_SERVER : CLAUDE_E_API;
    }
}

/* ---- reading the body ---- */

static cl_json string_member(cl_json object, cl_str name)
{
    cl_json value = cl_json_member(object, name);

    return value.type == CLAUDE_JSON_STRING && value.len > 2 ? value : (cl_json){NULL, 0, CLAUDE_JSON_NONE};
}

/*
 * The envelope {"type":"error","error":{...}}, the inner object alone, or an imitation: {"error":"text"},
 * {"message":"text"}, {"detail":"text"}.
 */
static answer read_body(cl_str body)
{
    answer found = {.type = {NULL, 0, CLAUDE_JSON_NONE}};
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json error;

    if (cl_json_validate(body, CL_JSON_DEPTH_DEFAULT, &root, NULL) < 0 || root.type != CLAUDE_JSON_OBJECT)
        return found;
    error = cl_json_member(root, CL_STR("error"));
    found.request_id = string_member(root, CL_STR("request_id"));
    if (error.type == CLAUDE_JSON_STRING)
        found.message = string_member(root, CL_STR("error"));
    if (error.type != CLAUDE_JSON_OBJECT)
        error = root;
    found.type = string_member(error, CL_STR("type"));
    if (cl_json_string_is(found.type, CL_STR("error")))
        found.type = (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    if (found.message.type == CLAUDE_JSON_NONE)
        found.message = string_member(error, CL_STR("message"));
    if (found.message.type == CLAUDE_JSON_NONE)
        found.message = string_member(error, CL_STR("detail"));
    found.error_code = string_member(cl_json_member(error, CL_STR("details")), CL_STR("error_code"));
    return found;
}

/* ---- texts ---- */

void cl_quote(cl_str text, char out[CL_QUOTE_MAX + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < text.len && n < CL_QUOTE_MAX; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c > ' ' && c != 0x7f)
            out[n++] = (char)c;
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* Host of a URL; a reference without a host gives nothing. Path, query and credentials may hold secrets. */
static cl_str host_of(cl_str location)
{
    static const cl_str none = {"", 0};
    cl_str host = location;

    for (size_t i = 0; i + 1 < location.len; i++) {
        char c = location.ptr[i];
        if (c == '/' && location.ptr[i + 1] == '/') {
            host = cl_str_n(location.ptr + i + 2, location.len - i - 2);
            break;
        }
        if (c == '/' || c == '?' || c == '#')
            return none;
    }
    if (host.ptr == location.ptr)
        return none;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (c == '/' || c == '?' || c == '#' || c == '\\')
            host.len = i;
    }
    for (size_t i = host.len; i > 0; i--) {
        if (host.ptr[i - 1] == '@') {
            host = cl_str_n(host.ptr + i, host.len - i);
            break;
        }
    }
    host.len = host.len > HOST_MAX ? HOST_MAX : host.len;
    return host;
}

static claude_code_t fail_redirect(int32_t status, const cl_headers *headers, cl_err *err)
{
    const cl_header *location = headers ? cl_headers_find(headers, CL_STR("location")) : NULL;
    cl_str host = location ? host_of(cl_str_of(location->value)) : CL_STR("");

    if (host.len == 0)
        return cl_fail(err, CLAUDE_E_REDIRECT,
                       "HTTP %d: the server redirects to another path of its own; redirects are never followed, set "
                       "base_url to the address of the API itself",
                       (int)status);
    return cl_fail(
        err, CLAUDE_E_REDIRECT,
        "HTTP %d: the server redirects to %.*s; redirects are never followed, set base_url to the address of "
        "the API itself",
        (int)status, (int)host.len, host.ptr);
}

static claude_code_t fail_api(int32_t status, const answer *found, cl_str body, cl_err *err)
{
    claude_code_t code = code_of_type(found->type);
    char type[64];
    char text[MESSAGE_MAX];

    if (code == CLAUDE_OK)
        code = code_of_status(status);
    cl_json_copy_text(found->type, type, sizeof type);
    cl_json_copy_text(found->message, text, sizeof text);
    if (type[0] != '\0')
        return cl_fail(err, code, "%s (HTTP %d): %s", type, (int)status, text[0] != '\0' ? text : "without a message");
    if (text[0] != '\0')
        return cl_fail(err, code, "HTTP %d: %s", (int)status, text);
    cl_quote(body, text);
    if (text[0] != '\0')
        return cl_fail(err, code, "HTTP %d with a body that is not the API's: %s", (int)status, text);
    return cl_fail(err, code, "HTTP %d with an empty body", (int)status);
}

/* ---- the rest of the error ---- */

static void copy_field(char *out, size_t size, cl_json value)
{
    char text[256];

    cl_json_copy_text(value, text, sizeof text);
    cl_err_copy_text(out, size, cl_str_of(text));
}

static void fill_retryable(int32_t status, const answer *found, const cl_headers *headers, cl_err *err)
{
    const cl_header *advice = headers ? cl_headers_find(headers, CL_STR("x-should-retry")) : NULL;
    cl_str value = advice ? cl_str_trim(cl_str_of(advice->value)) : CL_STR("");

    /* A precondition that does not hold will not hold the next time, nor will the proxy let us through. */
    if (status == 407 || status == 412 || cl_json_string_is(found->type, CL_STR("memory_precondition_failed_error")))
        err->retryable = 0;
    if (cl_str_eq_nocase(value, CL_STR("true")))
        err->retryable = 1;
    else if (cl_str_eq_nocase(value, CL_STR("false")))
        err->retryable = 0;
}

claude_code_t cl_api_error(int32_t status, const cl_headers *headers, cl_str body, cl_err *err)
{
    answer found = read_body(body);
    const cl_header *request_id = headers ? cl_headers_find(headers, CL_STR("request-id")) : NULL;
    bool first = err && err->code == CLAUDE_OK;
    claude_code_t code =
        status >= 300 && status < 400 ? fail_redirect(status, headers, err) : fail_api(status, &found, body, err);

    if (!first)
        return code;
    err->http_status = status;
    copy_field(err->api_type, sizeof err->api_type, found.type);
    copy_field(err->error_code, sizeof err->error_code, found.error_code);
    if (request_id && request_id->value)
        cl_err_copy_text(err->request_id, sizeof err->request_id, cl_str_of(request_id->value));
    else
        copy_field(err->request_id, sizeof err->request_id, found.request_id);
    err->retry_after_ms = cl_retry_after_ms(headers, cl_wall_ms());
    fill_retryable(status, &found, headers, err);
    return code;
}
