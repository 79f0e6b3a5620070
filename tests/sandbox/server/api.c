#include "api.h"
#include "sse.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    JSON_DEPTH = 512,
    MAX_MESSAGES = 100000,
    DELTA_BYTES = 16,
    BYTES_PER_TOKEN = 4,
};

struct call {
    const struct request *request;
    const char *request_id;
    struct json_object *body;
    struct buf decoded;
    struct step *refusal;
    size_t input_bytes;
};

static struct step *refuse(struct call *call, int status, const char *type, const char *message)
{
    if (call->refusal == NULL)
        call->refusal = step_error(status, type, message, call->request_id);
    return call->refusal;
}

static bool invalid(struct call *call, const char *message)
{
    refuse(call, 400, "invalid_request_error", message);
    return false;
}

/* ---- reading the request ---- */

static bool decode_gzip(struct call *call)
{
    z_stream z = {0};
    int rc = inflateInit2(&z, 15 + 16);

    z.next_in = (unsigned char *)call->request->body.data;
    z.avail_in = (unsigned)call->request->body.len;
    while (rc == Z_OK && call->decoded.len <= API_MAX_BODY) {
        size_t room = 64 * 1024;

        z.next_out = (unsigned char *)buf_room(&call->decoded, room);
        z.avail_out = (unsigned)room;
        rc = inflate(&z, Z_NO_FLUSH);
        call->decoded.len += room - z.avail_out;
    }
    inflateEnd(&z);
    if (call->decoded.len > API_MAX_BODY) {
        refuse(call, 413, "request_too_large", "Request body is too large after decoding");
        return false;
    }
    return rc == Z_STREAM_END || invalid(call, "Request body is not valid gzip");
}

/* One for all requests: making one costs more than parsing a small body. */
static struct json_tokener *shared_tokener(void)
{
    static struct json_tokener *tokener;

    if (tokener == NULL) {
        tokener = json_tokener_new_ex(JSON_DEPTH);
        if (tokener != NULL)
            json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    }
    if (tokener != NULL)
        json_tokener_reset(tokener);
    return tokener;
}

static bool read_json(struct call *call)
{
    struct slice encoding = http_header(call->request, "content-encoding");
    struct slice text = {call->request->body.data, call->request->body.len};
    struct json_tokener *tokener;

    if (call->request->body_length > API_MAX_BODY) {
        refuse(call, 413, "request_too_large", "Request exceeds the maximum size");
        return false;
    }
    if (encoding.len != 0 && !slice_is_nocase(encoding, "identity")) {
        if (!slice_is_nocase(encoding, "gzip"))
            return invalid(call, "Unsupported content-encoding");
        if (!decode_gzip(call))
            return false;
        text = (struct slice){call->decoded.data, call->decoded.len};
    }
    call->input_bytes = text.len;
    if (text.len == 0)
        return invalid(call, "The request body is empty");
    tokener = shared_tokener();
    if (tokener == NULL)
        return invalid(call, "The request body cannot be parsed");
    call->body = json_tokener_parse_ex(tokener, text.data, (int)text.len);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        json_object_put(call->body);
        call->body = NULL;
    }
    return json_object_is_type(call->body, json_type_object) ||
           invalid(call, "The request body is not a valid JSON object");
}

static struct json_object *member(struct json_object *object, const char *name)
{
    return json_object_is_type(object, json_type_object) ? json_object_object_get(object, name) : NULL;
}

static bool check_message(struct call *call, struct json_object *message, size_t index)
{
    struct json_object *role = member(message, "role");
    struct json_object *content = member(message, "content");
    struct buf text = {0};
    const char *problem = NULL;

    if (!json_object_is_type(message, json_type_object))
        problem = "Input should be an object";
    else if (!json_object_is_type(role, json_type_string))
        problem = "role: Field required";
    else if (strcmp(json_object_get_string(role), "user") != 0 &&
             strcmp(json_object_get_string(role), "assistant") != 0 &&
             strcmp(json_object_get_string(role), "system") != 0)
        problem = "role: Input should be 'user', 'assistant' or 'system'";
    else if (!json_object_is_type(content, json_type_string) && !json_object_is_type(content, json_type_array))
        problem = "content: Field required";
    if (problem == NULL)
        return true;
    buf_printf(&text, "messages.%zu.%s", index, problem);
    invalid(call, text.data);
    buf_free(&text);
    return false;
}

static bool check_body(struct call *call, bool needs_max_tokens)
{
    struct json_object *model = member(call->body, "model");
    struct json_object *max_tokens = member(call->body, "max_tokens");
    struct json_object *messages = member(call->body, "messages");
    size_t count;

    if (model == NULL)
        return invalid(call, "model: Field required");
    if (!json_object_is_type(model, json_type_string) || json_object_get_string_len(model) == 0)
        return invalid(call, "model: Input should be a valid string");
    if (needs_max_tokens && max_tokens == NULL)
        return invalid(call, "max_tokens: Field required");
    if (needs_max_tokens && (!json_object_is_type(max_tokens, json_type_int) || json_object_get_int64(max_tokens) < 0))
        return invalid(call, "max_tokens: Input should be a valid integer greater than or equal to 0");
    if (messages == NULL)
        return invalid(call, "messages: Field required");
    if (!json_object_is_type(messages, json_type_array))
        return invalid(call, "messages: Input should be a valid list");
    count = json_object_array_length(messages);
    if (count == 0 || count > MAX_MESSAGES)
        return invalid(call, "messages: at least one message is required, and at most 100000");
    for (size_t i = 0; i < count; i++) {
        if (!check_message(call, json_object_array_get_idx(messages, i), i))
            return false;
    }
    return true;
}

static bool last_text_of(struct json_object *content, struct slice *text)
{
    if (json_object_is_type(content, json_type_string)) {
        *text = (struct slice){json_object_get_string(content), (size_t)json_object_get_string_len(content)};
        return true;
    }
    for (size_t i = json_object_array_length(content); i-- > 0;) {
        struct json_object *block = json_object_array_get_idx(content, i);
        struct json_object *value = member(block, "text");

        if (json_object_is_type(value, json_type_string)) {
            *text = (struct slice){json_object_get_string(value), (size_t)json_object_get_string_len(value)};
            return true;
        }
    }
    return false;
}

static struct slice last_user_text(struct json_object *messages)
{
    struct slice text = {"(no text)", 9};

    for (size_t i = json_object_array_length(messages); i-- > 0;) {
        struct json_object *message = json_object_array_get_idx(messages, i);

        if (strcmp(json_object_get_string(member(message, "role")), "user") == 0 &&
            last_text_of(member(message, "content"), &text))
            break;
    }
    return text;
}

/* ---- POST /v1/messages ---- */

struct answer {
    struct buf text;
    struct slice model;
    const char *id_suffix;
    const char *stop_reason;
    size_t input_tokens;
    size_t output_tokens;
};

static size_t utf8_cut(const char *text, size_t len, size_t at)
{
    if (at >= len)
        return len;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static void make_answer(struct call *call, struct answer *answer)
{
    struct slice text = last_user_text(member(call->body, "messages"));
    uint64_t max_tokens = (uint64_t)json_object_get_int64(member(call->body, "max_tokens"));
    struct json_object *model = member(call->body, "model");

    answer->model = (struct slice){json_object_get_string(model), (size_t)json_object_get_string_len(model)};
    answer->id_suffix = call->request_id + strlen("req_");
    answer->stop_reason = "end_turn";
    answer->input_tokens = call->input_bytes / BYTES_PER_TOKEN + 1;
    buf_str(&answer->text, "Echo: ");
    buf_add(&answer->text, text.data, text.len);
    if (max_tokens < answer->text.len / BYTES_PER_TOKEN + 1) {
        answer->text.len = utf8_cut(answer->text.data, answer->text.len, (size_t)max_tokens * BYTES_PER_TOKEN);
        answer->stop_reason = "max_tokens";
    }
    answer->output_tokens = (answer->text.len + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
}

static void put_message_head(struct buf *out, const struct answer *answer)
{
    buf_printf(out, "{\"id\":\"msg_%s\",\"type\":\"message\",\"role\":\"assistant\",\"model\":", answer->id_suffix);
    buf_json(out, answer->model.data, answer->model.len);
}

static void put_usage(struct buf *out, const struct answer *answer, size_t output_tokens)
{
    buf_printf(out,
               ",\"usage\":{\"input_tokens\":%zu,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
               "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":0},"
               "\"output_tokens\":%zu,\"service_tier\":\"standard\"}}",
               answer->input_tokens, output_tokens);
}

static struct step *whole_message(const struct answer *answer)
{
    struct buf out = {0};
    struct step *step;

    put_message_head(&out, answer);
    buf_str(&out, ",\"content\":[");
    if (answer->text.len > 0) {
        buf_str(&out, "{\"type\":\"text\",\"text\":");
        buf_json(&out, answer->text.data, answer->text.len);
        buf_str(&out, ",\"citations\":null}");
    }
    buf_printf(&out, "],\"stop_reason\":\"%s\",\"stop_sequence\":null", answer->stop_reason);
    put_usage(&out, answer, answer->output_tokens);
    step = step_text(200, "application/json", &out);
    buf_free(&out);
    return step;
}

static void put_sse(struct body *body, const char *name, const struct buf *data)
{
    struct buf event = {0};

    sse_event(&event, name, data->data, data->len);
    body_bytes(body, event.data, event.len, 1, false);
    buf_free(&event);
}

static void put_sse_text(struct body *body, const char *name, const char *data)
{
    struct buf text = {0};

    buf_str(&text, data);
    put_sse(body, name, &text);
    buf_free(&text);
}

static void put_deltas(struct body *body, const struct answer *answer)
{
    struct buf data = {0};

    for (size_t at = 0; at < answer->text.len;) {
        size_t end = at + utf8_cut(answer->text.data + at, answer->text.len - at, DELTA_BYTES);

        data.len = 0;
        buf_str(&data, "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":");
        buf_json(&data, answer->text.data + at, end - at);
        buf_str(&data, "}}");
        put_sse(body, "content_block_delta", &data);
        at = end;
    }
    buf_free(&data);
}

static struct step *streamed_message(const struct answer *answer)
{
    struct step *step = step_new(200);
    struct body *body = step->events = xcalloc(1, sizeof *body);
    struct buf data = {0};

    body->sse = true;
    buf_str(&data, "{\"type\":\"message_start\",\"message\":");
    put_message_head(&data, answer);
    buf_str(&data, ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null");
    put_usage(&data, answer, 1);
    buf_str(&data, "}");
    put_sse(body, "message_start", &data);
    put_sse_text(body, "ping", "{\"type\":\"ping\"}");
    if (answer->text.len > 0) {
        put_sse_text(
            body, "content_block_start",
            "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
        put_deltas(body, answer);
        put_sse_text(body, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}");
    }
    data.len = 0;
    buf_printf(&data,
               "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\",\"stop_sequence\":null},"
               "\"usage\":{\"output_tokens\":%zu}}",
               answer->stop_reason, answer->output_tokens);
    put_sse(body, "message_delta", &data);
    put_sse_text(body, "message_stop", "{\"type\":\"message_stop\"}");
    buf_free(&data);
    return step;
}

static struct step *messages(struct call *call)
{
    struct answer answer = {0};
    struct json_object *stream;
    struct step *step;

    if (!read_json(call) || !check_body(call, true))
        return call->refusal;
    stream = member(call->body, "stream");
    if (stream != NULL && !json_object_is_type(stream, json_type_boolean))
        return refuse(call, 400, "invalid_request_error", "stream: Input should be a valid boolean");
    make_answer(call, &answer);
    step = json_object_get_boolean(stream) ? streamed_message(&answer) : whole_message(&answer);
    buf_free(&answer.text);
    return step;
}

static struct step *count_tokens(struct call *call)
{
    struct buf out = {0};
    struct step *step;

    if (!read_json(call) || !check_body(call, false))
        return call->refusal;
    buf_printf(&out, "{\"input_tokens\":%zu}", call->input_bytes / BYTES_PER_TOKEN + 1);
    step = step_text(200, "application/json", &out);
    buf_free(&out);
    return step;
}

/* ---- GET /v1/models ---- */

struct model {
    const char *id;
    const char *name;
    const char *created;
    const char *line;
    unsigned max_input;
    unsigned max_output;
};

static const struct model models[] = {
    {"claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-07T00:00:00Z", "haiku", 1000000, 128000},
    {"claude-opus-5-5", "Claude Opus 5.5", "2026-09-15T00:00:00Z", "opus", 1000000, 128000},
    {"claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-10T00:00:00Z", "sonnet", 1000000, 128000},
    {"claude-opus-5", "Claude Opus 5", "2026-07-24T00:00:00Z", "opus", 1000000, 128000},
    {"claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-24T00:00:00Z", "opus", 200000, 64000},
    {"claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-15T00:00:00Z", "haiku", 200000, 64000},
    {"claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z", "sonnet", 200000, 64000},
};

enum { MODEL_COUNT = sizeof models / sizeof models[0] };

static void put_model(struct buf *out, const struct model *model)
{
    buf_printf(out,
               "{\"type\":\"model\",\"id\":\"%s\",\"display_name\":\"%s\",\"created_at\":\"%s\",\"line\":\"%s\","
               "\"max_input_tokens\":%u,\"max_tokens\":%u,\"lifecycle\":\"active\",\"deprecated_at\":null,"
               "\"retires_at\":null}",
               model->id, model->name, model->created, model->line, model->max_input, model->max_output);
}

/* An exact id, or an alias: the id without its date. */
static const struct model *find_model(struct slice id)
{
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        size_t len = strlen(models[i].id);

        if (slice_is(id, models[i].id))
            return &models[i];
        if (len > 9 && id.len == len - 9 && strncmp(models[i].id + len - 9, "-20", 3) == 0 &&
            memcmp(models[i].id, id.data, id.len) == 0)
            return &models[i];
    }
    return NULL;
}

static bool query_value(struct slice query, const char *name, struct slice *value)
{
    size_t name_len = strlen(name);

    while (query.len > 0) {
        const char *amp = memchr(query.data, '&', query.len);
        size_t len = amp != NULL ? (size_t)(amp - query.data) : query.len;

        if (len > name_len && memcmp(query.data, name, name_len) == 0 && query.data[name_len] == '=') {
            *value = (struct slice){query.data + name_len + 1, len - name_len - 1};
            return true;
        }
        len = amp != NULL ? len + 1 : len;
        query.data += len;
        query.len -= len;
    }
    return false;
}

static size_t query_limit(struct slice query)
{
    struct slice value;
    size_t n = 0;

    if (!query_value(query, "limit", &value))
        return 20;
    for (size_t i = 0; i < value.len && value.data[i] >= '0' && value.data[i] <= '9' && n <= 1000; i++)
        n = n * 10 + (size_t)(value.data[i] - '0');
    return n;
}

static struct step *list_models(struct call *call, struct slice query)
{
    size_t limit = query_limit(query);
    size_t from = 0;
    size_t to = MODEL_COUNT;
    struct slice id;
    struct buf out = {0};
    struct step *step;

    if (limit == 0 || limit > 1000)
        return refuse(call, 400, "invalid_request_error", "limit: Input should be 1 to 1000");
    if (query_value(query, "after_id", &id) && find_model(id) != NULL)
        from = (size_t)(find_model(id) - models) + 1;
    if (query_value(query, "before_id", &id) && find_model(id) != NULL) {
        to = (size_t)(find_model(id) - models);
        from = to > limit ? to - limit : 0;
    }
    to = to - from > limit ? from + limit : to;
    buf_str(&out, "{\"data\":[");
    for (size_t i = from; i < to; i++) {
        buf_str(&out, i > from ? "," : "");
        put_model(&out, &models[i]);
    }
    if (from < to)
        buf_printf(&out, "],\"has_more\":%s,\"first_id\":\"%s\",\"last_id\":\"%s\"}",
                   (query_value(query, "before_id", &id) ? from > 0 : to < MODEL_COUNT) ? "true" : "false",
                   models[from].id, models[to - 1].id);
    else
        buf_str(&out, "],\"has_more\":false,\"first_id\":null,\"last_id\":null}");
    step = step_text(200, "application/json", &out);
    buf_free(&out);
    return step;
}

static struct step *one_model(struct call *call, struct slice id)
{
    const struct model *model = find_model(id);
    struct buf out = {0};
    struct step *step;

    if (model == NULL) {
        buf_printf(&out, "model: %.*s", (int)(id.len < 200 ? id.len : 200), id.data);
        step = refuse(call, 404, "not_found_error", utf8_valid(out.data, out.len) ? out.data : "model");
    } else {
        put_model(&out, model);
        step = step_text(200, "application/json", &out);
    }
    buf_free(&out);
    return step;
}

/* ---- routing ---- */

static bool check_caller(struct call *call)
{
    struct slice key = http_header(call->request, "x-api-key");
    struct slice bearer = http_header(call->request, "authorization");
    bool has_bearer = bearer.len > 7 && strncmp(bearer.data, "Bearer ", 7) == 0;

    if (key.len == 0 && !has_bearer) {
        refuse(call, 401, "authentication_error", "x-api-key header is required");
        return false;
    }
    return http_header(call->request, "anthropic-version").len != 0 ||
           invalid(call, "anthropic-version: header is required");
}

static struct step *route(struct call *call)
{
    static const char models_prefix[] = "/v1/models/";
    const struct request *request = call->request;
    struct slice path = request->target;
    struct slice query = {"", 0};
    const char *mark = memchr(path.data, '?', path.len);
    bool get = slice_is(request->method, "GET") || slice_is(request->method, "HEAD");
    bool post = slice_is(request->method, "POST");

    if (mark != NULL) {
        path.len = (size_t)(mark - path.data);
        query = (struct slice){mark + 1, request->target.len - path.len - 1};
    }
    if (slice_is(request->method, "OPTIONS")) {
        struct step *step = step_new(204);

        fields_add(&step->headers, "allow", "GET, HEAD, OPTIONS, POST");
        return step;
    }
    if (post && slice_is(path, "/v1/messages"))
        return check_caller(call) ? messages(call) : call->refusal;
    if (post && slice_is(path, "/v1/messages/count_tokens"))
        return check_caller(call) ? count_tokens(call) : call->refusal;
    if (get && slice_is(path, "/v1/models"))
        return check_caller(call) ? list_models(call, query) : call->refusal;
    if (get && path.len > sizeof models_prefix - 1 && memcmp(path.data, models_prefix, sizeof models_prefix - 1) == 0) {
        path.data += sizeof models_prefix - 1;
        path.len -= sizeof models_prefix - 1;
        return check_caller(call) ? one_model(call, path) : call->refusal;
    }
    return refuse(call, 404, "not_found_error", "Not found");
}

struct step *api_reply(const struct request *request, const char *request_id)
{
    struct call call = {.request = request, .request_id = request_id};
    struct step *step = route(&call);

    json_object_put(call.body);
    buf_free(&call.decoded);
    return step;
}

bool api_wants_stream(const struct request *request)
{
    struct call call = {.request = request, .request_id = "req_"};
    bool stream = read_json(&call) && json_object_get_boolean(member(call.body, "stream"));

    step_unref(call.refusal);
    json_object_put(call.body);
    buf_free(&call.decoded);
    return stream;
}
