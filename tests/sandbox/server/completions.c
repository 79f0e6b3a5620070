/* POST /v1/complete: the old text completions. */
#include "handlers.h"
#include "sse.h"

#include <string.h>

enum { PIECE_BYTES = 16 };

struct completion {
    const char *id_suffix;
    struct slice model;
    struct buf text;
    const char *stop_reason;
};

static bool check(struct call *call)
{
    struct json_object *max = member(call->body, "max_tokens_to_sample");
    struct json_object *stream = member(call->body, "stream");

    if (!json_object_is_type(member(call->body, "model"), json_type_string))
        return invalid(call, "model: Field required");
    if (!json_object_is_type(member(call->body, "prompt"), json_type_string))
        return invalid(call, "prompt: Field required");
    if (!json_object_is_type(max, json_type_int) || json_object_get_int64(max) < 1)
        return invalid(call, "max_tokens_to_sample: Input should be a valid integer greater than or equal to 1");
    return stream == NULL || json_object_is_type(stream, json_type_boolean) ||
           invalid(call, "stream: Input should be a valid boolean");
}

/* What stands between the last "\n\nHuman:" and the "\n\nAssistant:" after it. */
static struct slice last_turn(struct slice prompt)
{
    static const char human[] = "\n\nHuman:";
    static const char assistant[] = "\n\nAssistant:";
    const char *at;

    while ((at = memmem(prompt.data, prompt.len, human, sizeof human - 1)) != NULL) {
        prompt.len -= (size_t)(at - prompt.data) + sizeof human - 1;
        prompt.data = at + sizeof human - 1;
    }
    at = memmem(prompt.data, prompt.len, assistant, sizeof assistant - 1);
    if (at != NULL)
        prompt.len = (size_t)(at - prompt.data);
    while (prompt.len > 0 && prompt.data[0] == ' ') {
        prompt.data++;
        prompt.len--;
    }
    return prompt;
}

static void complete(struct call *call, struct completion *c)
{
    struct slice text = last_turn(text_of(member(call->body, "prompt")));
    uint64_t max = (uint64_t)json_object_get_int64(member(call->body, "max_tokens_to_sample"));

    c->id_suffix = call->request_id + strlen("req_");
    c->model = text_of(member(call->body, "model"));
    c->stop_reason = "stop_sequence";
    buf_str(&c->text, " Echo: ");
    buf_add(&c->text, text.data, text.len);
    if (max < c->text.len / BYTES_PER_TOKEN + 1) {
        c->text.len = utf8_cut(c->text.data, c->text.len, (size_t)max * BYTES_PER_TOKEN);
        c->stop_reason = "max_tokens";
    }
}

static void put_completion(struct buf *out, const struct completion *c, size_t from, size_t to, bool last)
{
    buf_printf(out, "{\"type\":\"completion\",\"id\":\"compl_%s\",\"completion\":", c->id_suffix);
    buf_json(out, c->text.data + from, to - from);
    buf_str(out, ",\"model\":");
    buf_json(out, c->model.data, c->model.len);
    buf_printf(out, ",\"log_id\":\"compl_%s\"", c->id_suffix);
    if (last)
        buf_printf(out, ",\"stop_reason\":\"%s\",\"stop\":%s}", c->stop_reason,
                   strcmp(c->stop_reason, "stop_sequence") == 0 ? "\"\\n\\nHuman:\"" : "null");
    else
        buf_str(out, ",\"stop_reason\":null,\"stop\":null}");
}

static struct step *stream_completion(const struct completion *c)
{
    struct step *step = step_new(200);
    struct body *body = step->events = xcalloc(1, sizeof *body);
    struct buf data = {0};

    body->sse = true;
    for (size_t at = 0; at < c->text.len;) {
        size_t end = at + utf8_cut(c->text.data + at, c->text.len - at, PIECE_BYTES);

        data.len = 0;
        put_completion(&data, c, at, end, false);
        sse_put(body, "completion", data.data, data.len);
        if (at == 0)
            sse_put(body, "ping", "{\"type\":\"ping\"}", SIZE_MAX);
        at = end;
    }
    data.len = 0;
    put_completion(&data, c, c->text.len, c->text.len, true);
    sse_put(body, "completion", data.data, data.len);
    buf_free(&data);
    return step;
}

struct step *completions_create(struct call *call)
{
    struct completion c = {0};
    struct buf out = {0};
    struct step *step;

    if (!slice_is(http_header(call->request, "anthropic-version"), "2023-06-01"))
        return not_found(call);
    if (!read_json(call) || !check(call))
        return call->refusal;
    complete(call, &c);
    if (json_object_get_boolean(member(call->body, "stream"))) {
        step = stream_completion(&c);
    } else {
        put_completion(&out, &c, 0, c.text.len, true);
        step = answer_json(&out);
    }
    buf_free(&c.text);
    return step;
}
