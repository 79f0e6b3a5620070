#include "handlers.h"
#include "sse.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_MESSAGES = 100000,
    DELTA_BYTES = 16,
};

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

bool message_check(struct call *call, bool needs_max_tokens)
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
        *text = text_of(content);
        return true;
    }
    for (size_t i = json_object_array_length(content); i-- > 0;) {
        struct json_object *block = json_object_array_get_idx(content, i);
        struct json_object *value = member(block, "text");

        if (json_object_is_type(value, json_type_string)) {
            *text = text_of(value);
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

size_t utf8_cut(const char *text, size_t len, size_t at)
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

static void put_message(struct buf *out, const struct answer *answer)
{
    put_message_head(out, answer);
    buf_str(out, ",\"content\":[");
    if (answer->text.len > 0) {
        buf_str(out, "{\"type\":\"text\",\"text\":");
        buf_json(out, answer->text.data, answer->text.len);
        buf_str(out, ",\"citations\":null}");
    }
    buf_printf(out, "],\"stop_reason\":\"%s\",\"stop_sequence\":null", answer->stop_reason);
    put_usage(out, answer, answer->output_tokens);
}

void message_put(struct call *call, struct buf *out)
{
    struct answer answer = {0};

    make_answer(call, &answer);
    put_message(out, &answer);
    buf_free(&answer.text);
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
        sse_put(body, "content_block_delta", data.data, data.len);
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
    sse_put(body, "message_start", data.data, data.len);
    sse_put(body, "ping", "{\"type\":\"ping\"}", SIZE_MAX);
    if (answer->text.len > 0) {
        sse_put(body, "content_block_start",
                "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
                SIZE_MAX);
        put_deltas(body, answer);
        sse_put(body, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}", SIZE_MAX);
    }
    data.len = 0;
    buf_printf(&data,
               "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\",\"stop_sequence\":null},"
               "\"usage\":{\"output_tokens\":%zu}}",
               answer->stop_reason, answer->output_tokens);
    sse_put(body, "message_delta", data.data, data.len);
    sse_put(body, "message_stop", "{\"type\":\"message_stop\"}", SIZE_MAX);
    buf_free(&data);
    return step;
}

struct step *messages_create(struct call *call)
{
    struct answer answer = {0};
    struct json_object *stream;
    struct buf out = {0};
    struct step *step;

    if (!read_json(call) || !message_check(call, true))
        return call->refusal;
    stream = member(call->body, "stream");
    if (stream != NULL && !json_object_is_type(stream, json_type_boolean))
        return refuse(call, 400, "invalid_request_error", "stream: Input should be a valid boolean");
    if (!json_object_get_boolean(stream)) {
        message_put(call, &out);
        return answer_json(&out);
    }
    make_answer(call, &answer);
    step = streamed_message(&answer);
    buf_free(&answer.text);
    return step;
}

struct step *messages_count_tokens(struct call *call)
{
    struct buf out = {0};

    if (!read_json(call) || !message_check(call, false))
        return call->refusal;
    buf_printf(&out, "{\"input_tokens\":%zu}", call->input_bytes / BYTES_PER_TOKEN + 1);
    return answer_json(&out);
}
