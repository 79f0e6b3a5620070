#include "message/draft.h"

#include <stdlib.h>

/* Bodies below this are copied when something must be put into them: one piece of memory is one packet. */
enum { FLATTEN_BELOW = 64 * 1024, USER_ID_MAX = 256 };

typedef struct endpoint_row {
    const char *name;
    const char *alias;
    const char *method;
    const char *path;
    bool has_body;
    bool streams;
    bool needs_max_tokens;
} endpoint_row;

static const endpoint_row endpoints[] = {
    {"messages.create", "messages", "POST", "/v1/messages", true, true, true},
    {"messages.count_tokens", NULL, "POST", "/v1/messages/count_tokens", true, false, false},
    {"models.list", NULL, "GET", "/v1/models", false, false, false},
};

struct claude_request {
    cl_handle handle;
    const endpoint_row *endpoint;
    cl_draft draft;
    cl_headers headers;
    cl_options *options;
    cl_hook *on_event;
    cl_err error; /* of the first setter that failed */
};

/* ---- life ---- */

static const endpoint_row *find_endpoint(const char *name)
{
    for (size_t i = 0; name && i < sizeof endpoints / sizeof endpoints[0]; i++) {
        if (strcmp(name, endpoints[i].name) == 0 || (endpoints[i].alias && strcmp(name, endpoints[i].alias) == 0))
            return &endpoints[i];
    }
    return NULL;
}

claude_code_t cl_request_new(const char *endpoint, claude_request_t **out, cl_err *err)
{
    const endpoint_row *found = find_endpoint(endpoint);
    claude_request_t *request;

    if (!found)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "endpoint \"%.64s\" is not known; known are messages.create, messages.count_tokens, models.list",
                       endpoint ? endpoint : "(null)");
    request = calloc(1, sizeof *request);
    if (!request)
        return cl_fail_nomem(err);
    cl_handle_init(&request->handle, CL_MAGIC_REQUEST);
    request->endpoint = found;
    cl_draft_init(&request->draft);
    cl_err_init(&request->error);
    *out = request;
    return CLAUDE_OK;
}

claude_request_t *cl_request_ref(claude_request_t *request)
{
    if (request)
        cl_handle_ref(&request->handle);
    return request;
}

void cl_request_unref(claude_request_t *request)
{
    if (!request || !cl_handle_unref(&request->handle))
        return;
    cl_draft_free(&request->draft);
    cl_headers_free(&request->headers);
    cl_options_free(request->options);
    cl_hook_unref(request->on_event);
    cl_err_clear(&request->error);
    free(request);
}

/* ---- what setters share ---- */

/* Ends a setter: the first failure is kept for the snapshot. */
static claude_code_t finish(claude_request_t *request, cl_err *mine, cl_err *err)
{
    if (mine->code == CLAUDE_OK)
        return CLAUDE_OK;
    if (request->error.code == CLAUDE_OK)
        cl_err_copy(&request->error, mine, NULL);
    if (err && err->code == CLAUDE_OK)
        cl_err_copy(err, mine, NULL);
    return mine->code;
}

static claude_code_t check_body(const claude_request_t *request, const char *field, cl_err *err)
{
    if (request->endpoint->has_body)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "%s: %s is sent without a body, so that nothing can be set in it", field,
                   request->endpoint->name);
}

static claude_code_t check_text(const char *field, cl_str text, bool may_be_empty, cl_err *err)
{
    size_t valid = cl_utf8_valid(text);

    if (text.len == 0 && !may_be_empty)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is empty; it needs at least one character", field);
    if (valid != text.len)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is not valid UTF-8 at offset %zu; convert it to UTF-8 first", field,
                       valid);
    return CLAUDE_OK;
}

static claude_code_t fail_body(int buf_result, cl_err *err)
{
    if (buf_result == CL_BUF_NOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_INVALID, "the body would have more than %zu bytes", CL_DRAFT_MAX);
}

/* Makes a finished text the value of a field, or frees it. */
static claude_code_t adopt(claude_request_t *request, cl_str field, int written, cl_buf *fresh, cl_err *err)
{
    cl_buf *value = NULL;
    claude_code_t rc = written == CL_BUF_OK ? CLAUDE_OK : fail_body(written, err);

    if (rc >= 0)
        rc = cl_draft_edit(&request->draft, field, &value, err);
    if (rc >= 0) {
        cl_buf old = *value;
        *value = *fresh;
        *fresh = old;
    }
    cl_buf_free(fresh);
    return rc;
}

static claude_code_t set_raw(claude_request_t *request, cl_str field, cl_str json, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    int written = cl_buf_append_str(&fresh, json);

    return adopt(request, field, written, &fresh, err);
}

static claude_code_t set_string(claude_request_t *request, cl_str field, cl_str text, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    int written = cl_json_write_string(&fresh, text);

    return adopt(request, field, written, &fresh, err);
}

static claude_code_t set_int(claude_request_t *request, const char *field, int64_t number, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc = check_body(request, field, err);

    if (rc >= 0 && number < 0)
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s is %lld; it must be 0 or more", field, (long long)number);
    return rc < 0 ? rc : adopt(request, cl_str_of(field), cl_buf_append_int(&fresh, number), &fresh, err);
}

static claude_code_t set_share(claude_request_t *request, const char *field, double number, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc = check_body(request, field, err);

    /* Written so that NaN is refused too. */
    if (rc >= 0 && !(number >= 0.0 && number <= 1.0))
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s is out of range; it must be between 0.0 and 1.0", field);
    return rc < 0 ? rc : adopt(request, cl_str_of(field), cl_json_write_double(&fresh, number), &fresh, err);
}

/*
 * Opens an array for one more element, in place, so that a long conversation is built in linear time. `*end` is where
 * the elements so far end; close_element() needs it to take everything back.
 */
static int open_element(cl_buf *array, size_t *end)
{
    size_t at = array->len;

    *end = 0;
    if (at == 0)
        return cl_buf_append_char(array, '[');
    at--;
    while (array->ptr[at - 1] == ' ' || array->ptr[at - 1] == '\n' || array->ptr[at - 1] == '\r' ||
           array->ptr[at - 1] == '\t')
        at--;
    *end = at;
    array->len = at;
    return array->ptr[at - 1] == '[' ? CL_BUF_OK : cl_buf_append_char(array, ',');
}

static int close_element(cl_buf *array, size_t end, int written)
{
    if (written == CL_BUF_OK)
        written = cl_buf_append_char(array, ']');
    if (written == CL_BUF_OK || !array->ptr)
        return written;
    /* There was room for the bracket before. */
    array->len = end;
    if (end > 0)
        array->ptr[array->len++] = ']';
    array->ptr[array->len] = '\0';
    return written;
}

static claude_code_t edit_array(claude_request_t *request, const char *field, cl_buf **out, cl_err *err)
{
    claude_code_t rc = cl_draft_edit(&request->draft, cl_str_of(field), out, err);

    if (rc >= 0 && (*out)->len > 0 && (*out)->ptr[0] != '[')
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s in the body is not an array, so that nothing can be appended", field);
    return rc;
}

/* ---- setters ---- */

static uint32_t depth_limit(const claude_request_t *request)
{
    return (uint32_t)cl_option_int(request->options, NULL, CL_OPT_LIMIT_DEPTH);
}

claude_code_t cl_request_set_json(claude_request_t *request, cl_str json, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (check_body(request, "JSON", &mine) >= 0)
        cl_draft_set_whole(&request->draft, json, depth_limit(request), &mine);
    return finish(request, &mine, err);
}

const char *cl_request_json(claude_request_t *request, size_t *len)
{
    size_t brace;
    cl_blob *blob = request->endpoint->has_body ? cl_draft_blob(&request->draft, &brace) : NULL;
    const char *text = NULL;

    if (!blob)
        return NULL;
    if (len)
        *len = blob->len;
    text = blob->bytes;
    /* The draft keeps its own reference until it is changed. */
    cl_blob_unref(blob);
    return text;
}

/* Splits "/a/b/c" into the member's name "a" and "/b/c". */
static claude_code_t first_token(const char *pointer, cl_buf *name, cl_str *rest, cl_err *err)
{
    cl_str whole = cl_str_of(pointer);
    size_t valid = cl_utf8_valid(whole);
    int rc = CL_BUF_OK;
    size_t i;

    if (whole.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer is empty; claude_request_set_json() sets the whole body");
    if (whole.ptr[0] != '/')
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer \"%.200s\" must begin with /", pointer);
    if (valid != whole.len)
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer is not valid UTF-8 at offset %zu", valid);
    for (i = 1; i < whole.len && whole.ptr[i] != '/' && rc == CL_BUF_OK; i++) {
        char c = whole.ptr[i];
        if (c == '~') {
            c = whole.ptr[++i];
            if (c != '0' && c != '1')
                return cl_fail(err, CLAUDE_E_INVALID, "field pointer \"%.200s\" has a ~ that is neither ~0 nor ~1",
                               pointer);
            c = c == '0' ? '~' : '/';
        }
        rc = cl_buf_append_char(name, c);
    }
    if (rc != CL_BUF_OK)
        return cl_fail_buf(err, rc, "the name of a field");
    *rest = cl_str_n(whole.ptr + i, whole.len - i);
    return CLAUDE_OK;
}

/* Checks a value for a pointer, whose every step is a level of nesting around it; drops the space around it. */
static claude_code_t check_value(const claude_request_t *request, const char *pointer, cl_str *json, cl_err *err)
{
    uint32_t limit = depth_limit(request);
    cl_str path = cl_str_of(pointer);
    uint32_t steps = 0;
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    cl_err syntax;

    for (size_t i = 0; i < path.len; i++)
        steps += path.ptr[i] == '/';
    if (steps > limit)
        return cl_fail(err, CLAUDE_E_INVALID, "field pointer has %u steps; limit.json_depth allows %u", steps, limit);
    cl_err_init(&syntax);
    if (cl_json_validate(*json, limit - steps, &root, &syntax) < 0)
        return cl_fail(err, CLAUDE_E_INVALID, "value for %.200s: %s", pointer, syntax.message);
    *json = cl_str_n(root.ptr, root.len);
    return CLAUDE_OK;
}

static claude_code_t set_field(claude_request_t *request, const char *pointer, cl_str json, cl_err *err)
{
    cl_buf name = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_blob *lent = cl_draft_hold(&request->draft);
    cl_buf *value = NULL;
    cl_str rest = {"", 0};
    claude_code_t rc = check_body(request, pointer ? pointer : "", err);

    if (rc >= 0)
        rc = first_token(pointer, &name, &rest, err);
    if (rc >= 0)
        rc = check_value(request, pointer, &json, err);
    if (rc < 0)
        goto out;
    if (rest.len == 0) {
        rc = set_raw(request, cl_buf_str(&name), json, err);
        goto out;
    }
    rc = cl_draft_edit(&request->draft, cl_buf_str(&name), &value, err);
    if (rc >= 0)
        rc = cl_json_set(value, rest, json, err);
out:
    cl_blob_unref(lent);
    cl_buf_free(&name);
    return rc;
}

claude_code_t cl_request_set_field(claude_request_t *request, const char *pointer, cl_str json, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_field(request, pointer, json, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_model(claude_request_t *request, const char *model, cl_err *err)
{
    cl_str text = cl_str_of(model);
    cl_err mine;

    cl_err_init(&mine);
    if (check_body(request, "model", &mine) >= 0 && check_text("model", text, false, &mine) >= 0)
        set_string(request, CL_STR("model"), text, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_max_tokens(claude_request_t *request, int64_t max_tokens, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_int(request, "max_tokens", max_tokens, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_system(claude_request_t *request, cl_str text, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (check_body(request, "system", &mine) >= 0 && check_text("system", text, true, &mine) >= 0)
        set_string(request, CL_STR("system"), text, &mine);
    return finish(request, &mine, err);
}

static claude_code_t check_role(cl_str role, cl_err *err)
{
    if (role.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "message role is empty; it must be user, assistant or system");
    if (cl_str_eq(role, CL_STR("user")) || cl_str_eq(role, CL_STR("assistant")) || cl_str_eq(role, CL_STR("system")))
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "message role \"%.*s\" is not known; it must be user, assistant or system",
                   (int)(role.len < 64 ? role.len : 64), role.ptr);
}

static claude_code_t add_message(claude_request_t *request, cl_str role, cl_str text, cl_err *err)
{
    cl_blob *lent = cl_draft_hold(&request->draft);
    cl_buf *messages = NULL;
    size_t end;
    int written;
    claude_code_t rc = edit_array(request, "messages", &messages, err);

    if (rc < 0)
        goto out;
    written = open_element(messages, &end);
    if (written == CL_BUF_OK)
        written = cl_buf_append_text(messages, "{\"role\":");
    if (written == CL_BUF_OK)
        written = cl_json_write_string(messages, role);
    if (written == CL_BUF_OK)
        written = cl_buf_append_text(messages, ",\"content\":");
    if (written == CL_BUF_OK)
        written = cl_json_write_string(messages, text);
    if (written == CL_BUF_OK)
        written = cl_buf_append_char(messages, '}');
    written = close_element(messages, end, written);
    rc = written == CL_BUF_OK ? CLAUDE_OK : fail_body(written, err);
out:
    cl_blob_unref(lent);
    return rc;
}

claude_code_t cl_request_add_message(claude_request_t *request, const char *role, cl_str text, cl_err *err)
{
    cl_str name = cl_str_of(role);
    cl_err mine;

    cl_err_init(&mine);
    if (check_body(request, "messages", &mine) >= 0 && check_role(name, &mine) >= 0 &&
        check_text("message text", text, false, &mine) >= 0)
        add_message(request, name, text, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_temperature(claude_request_t *request, double temperature, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_share(request, "temperature", temperature, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_top_p(claude_request_t *request, double top_p, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_share(request, "top_p", top_p, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_top_k(claude_request_t *request, int64_t top_k, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_int(request, "top_k", top_k, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_add_stop_sequence(claude_request_t *request, cl_str text, cl_err *err)
{
    cl_blob *lent = cl_draft_hold(&request->draft);
    cl_buf *sequences = NULL;
    cl_err mine;

    cl_err_init(&mine);
    if (check_body(request, "stop_sequences", &mine) >= 0 && check_text("stop sequence", text, false, &mine) >= 0 &&
        edit_array(request, "stop_sequences", &sequences, &mine) >= 0) {
        size_t end;
        int written = open_element(sequences, &end);
        if (written == CL_BUF_OK)
            written = cl_json_write_string(sequences, text);
        written = close_element(sequences, end, written);
        if (written != CL_BUF_OK)
            fail_body(written, &mine);
    }
    cl_blob_unref(lent);
    return finish(request, &mine, err);
}

static claude_code_t set_user_id(claude_request_t *request, cl_str user_id, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_buf *metadata = NULL;
    size_t characters = 0;
    int written;
    claude_code_t rc;

    for (size_t i = 0; i < user_id.len; i++)
        characters += ((unsigned char)user_id.ptr[i] & 0xc0) != 0x80;
    if (characters > USER_ID_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "metadata.user_id has %zu characters; at most %d are allowed", characters,
                       USER_ID_MAX);
    written = cl_json_write_string(&text, user_id);
    rc = written == CL_BUF_OK ? cl_draft_edit(&request->draft, CL_STR("metadata"), &metadata, err)
                              : fail_body(written, err);
    if (rc >= 0)
        rc = cl_json_set(metadata, CL_STR("/user_id"), cl_buf_str(&text), err);
    cl_buf_free(&text);
    return rc;
}

claude_code_t cl_request_set_user_id(claude_request_t *request, cl_str user_id, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (check_body(request, "metadata.user_id", &mine) >= 0 &&
        check_text("metadata.user_id", user_id, true, &mine) >= 0)
        set_user_id(request, user_id, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_stream(claude_request_t *request, bool stream, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (check_body(request, "stream", &mine) >= 0) {
        if (stream && !request->endpoint->streams)
            cl_fail(&mine, CLAUDE_E_INVALID, "stream: %s does not stream", request->endpoint->name);
        else
            set_raw(request, CL_STR("stream"), stream ? CL_STR("true") : CL_STR("false"), &mine);
    }
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_header(claude_request_t *request, const char *name, const char *value, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    cl_headers_set(&request->headers, name, value, &mine);
    return finish(request, &mine, err);
}

claude_code_t cl_request_set_option(claude_request_t *request, const char *key, const char *value, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_options_own(&request->options, &mine) >= 0)
        cl_options_set(request->options, key, value, true, &mine);
    return finish(request, &mine, err);
}

void cl_request_set_hook(claude_request_t *request, cl_hook *on_event)
{
    cl_hook *old = request->on_event;

    request->on_event = on_event;
    cl_hook_unref(old);
}

/* ---- snapshots ---- */

static claude_code_t missing(const char *field, const char *setter, cl_err *err)
{
    return cl_fail(err, CLAUDE_E_INVALID, "%s is missing; set it with %s() or in the JSON body", field, setter);
}

static bool is_empty_array(cl_json value)
{
    cl_json_iter iter = cl_json_iter_of(value);
    cl_json first;

    return !cl_json_next(&iter, NULL, &first);
}

static claude_code_t check_required(const claude_request_t *request, cl_err *err)
{
    cl_json model = cl_draft_field(&request->draft, CL_FIELD_MODEL);
    cl_json max_tokens = cl_draft_field(&request->draft, CL_FIELD_MAX_TOKENS);
    cl_json messages = cl_draft_field(&request->draft, CL_FIELD_MESSAGES);
    int64_t number;

    if (!request->endpoint->has_body)
        return CLAUDE_OK;
    if (model.type == CLAUDE_JSON_NONE)
        return missing("model", "claude_request_set_model", err);
    if (model.type != CLAUDE_JSON_STRING || model.len == 2)
        return cl_fail(err, CLAUDE_E_INVALID, "model must be a string that is not empty");
    if (max_tokens.type == CLAUDE_JSON_NONE && request->endpoint->needs_max_tokens)
        return missing("max_tokens", "claude_request_set_max_tokens", err);
    if (max_tokens.type != CLAUDE_JSON_NONE && (!cl_json_to_int(max_tokens, &number) || number < 0))
        return cl_fail(err, CLAUDE_E_INVALID, "max_tokens must be an integer of 0 or more");
    if (messages.type == CLAUDE_JSON_NONE)
        return missing("messages", "claude_request_add_user_text", err);
    if (messages.type != CLAUDE_JSON_ARRAY || is_empty_array(messages))
        return cl_fail(err, CLAUDE_E_INVALID, "messages must be an array of at least one message");
    return CLAUDE_OK;
}

/* Decides whether the call streams, and whether the body must be told. */
static claude_code_t check_stream(const claude_request_t *request, bool force, bool *stream, bool *splice, cl_err *err)
{
    cl_json value = cl_draft_field(&request->draft, CL_FIELD_STREAM);
    bool says_true = value.type == CLAUDE_JSON_BOOLEAN && value.ptr[0] == 't';

    *splice = false;
    *stream = false;
    if (force && !request->endpoint->streams)
        return cl_fail(err, CLAUDE_E_INVALID, "stream: %s does not stream; start it without CLAUDE_STREAM",
                       request->endpoint->name);
    if (value.type != CLAUDE_JSON_NONE && value.type != CLAUDE_JSON_BOOLEAN)
        return cl_fail(err, CLAUDE_E_INVALID, "stream must be true or false");
    if (force && value.type != CLAUDE_JSON_NONE && !says_true)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "stream is false in the body, but a stream was asked for; remove it from the body");
    *splice = force && value.type == CLAUDE_JSON_NONE;
    *stream = request->endpoint->streams && (force || says_true);
    return CLAUDE_OK;
}

/* A copy of the blob with the text at `at`. */
static cl_blob *flatten(const cl_blob *blob, size_t at, cl_str text)
{
    cl_blob *flat = malloc(sizeof *flat + blob->len + text.len + 1);

    if (!flat)
        return NULL;
    atomic_init(&flat->refs, 1);
    flat->len = blob->len + text.len;
    memcpy(flat->bytes, blob->bytes, at);
    memcpy(flat->bytes + at, text.ptr, text.len);
    memcpy(flat->bytes + at + text.len, blob->bytes + at, blob->len - at + 1);
    return flat;
}

static bool is_empty_object(const cl_blob *blob, size_t brace)
{
    for (size_t i = brace + 1; i < blob->len; i++) {
        char c = blob->bytes[i];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return c == '}';
    }
    return true;
}

static claude_code_t make_body(const claude_request_t *request, bool splice, cl_body *out, cl_err *err)
{
    size_t brace;
    cl_blob *blob = cl_draft_blob(&request->draft, &brace);
    cl_str text;

    if (!blob)
        return cl_fail_nomem(err);
    text = is_empty_object(blob, brace) ? CL_STR("\"stream\":true") : CL_STR("\"stream\":true,");
    if (splice && blob->len < FLATTEN_BELOW) {
        cl_blob *flat = flatten(blob, brace + 1, text);
        cl_blob_unref(blob);
        if (!flat)
            return cl_fail_nomem(err);
        blob = flat;
        splice = false;
    }
    *out = cl_body_of(blob);
    if (splice)
        cl_body_splice(out, brace + 1, text);
    return CLAUDE_OK;
}

claude_code_t cl_request_snapshot(const claude_request_t *request, bool force_stream, cl_snapshot *out, cl_err *err)
{
    cl_snapshot snapshot = {
        .method = request->endpoint->method, .path = request->endpoint->path, .endpoint = request->endpoint->name};
    bool splice;
    claude_code_t rc;

    if (request->error.code != CLAUDE_OK) {
        if (err && err->code == CLAUDE_OK)
            cl_err_copy(err, &request->error, NULL);
        return request->error.code;
    }
    rc = check_stream(request, force_stream, &snapshot.stream, &splice, err);
    if (rc >= 0)
        rc = check_required(request, err);
    if (rc >= 0 && request->endpoint->has_body)
        rc = make_body(request, splice, &snapshot.body, err);
    if (rc >= 0)
        rc = cl_headers_pack(&request->headers, &snapshot.headers, err);
    snapshot.options = cl_options_share(request->options);
    if (rc < 0) {
        cl_snapshot_free(&snapshot);
        return rc;
    }
    snapshot.on_event = cl_hook_ref(request->on_event);
    *out = snapshot;
    return CLAUDE_OK;
}

void cl_snapshot_free(cl_snapshot *snapshot)
{
    cl_body_free(&snapshot->body);
    cl_headers_free(&snapshot->headers);
    cl_options_free(snapshot->options);
    cl_hook_unref(snapshot->on_event);
    *snapshot = (cl_snapshot){.method = NULL};
}
