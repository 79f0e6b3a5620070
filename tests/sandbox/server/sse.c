#include "sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sse_event(struct buf *out, const char *name, const char *data, size_t len)
{
    if (name != NULL) {
        buf_str(out, "event: ");
        buf_str(out, name);
        buf_str(out, "\n");
    }
    for (;;) {
        const char *lf = len > 0 ? memchr(data, '\n', len) : NULL;
        size_t line = lf != NULL ? (size_t)(lf - data) : len;

        buf_str(out, "data: ");
        buf_add(out, data, line);
        buf_str(out, "\n");
        if (lf == NULL)
            break;
        data += line + 1;
        len -= line + 1;
    }
    buf_str(out, "\n");
}

static const struct {
    const char *before;
    const char *after;
} delta_texts[] = {
    [DELTA_TEXT] = {"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                    "\"delta\":{\"type\":\"text_delta\",\"text\":\"",
                    "\"}}\n\n"},
    [DELTA_THINKING] = {"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                        "\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"",
                        "\"}}\n\n"},
    [DELTA_INPUT_JSON] = {"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                          "\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"",
                          "\"}}\n\n"},
    [DELTA_REORDERED] = {"event: content_block_delta\ndata: {\"delta\":{\"text\":\"",
                         "\",\"type\":\"text_delta\"},\"index\":0,\"type\":\"content_block_delta\"}\n\n"},
};

size_t generate_min_bytes(const struct generate *g)
{
    return strlen(delta_texts[g->kind].before) + (g->stamp ? STAMP_DIGITS : 0) + strlen(delta_texts[g->kind].after);
}

/* Text of the event: its number within the block, then letters; so lost or swapped events show. */
static void generated_text(struct buf *out, unsigned number, size_t len)
{
    char digits[16];
    char *to = buf_room(out, len);
    size_t n = 0;

    if (len >= 3) {
        snprintf(digits, sizeof digits, "%03u", number);
        memcpy(to, digits, 3);
        n = 3;
    }
    for (; n < len; n++)
        to[n] = (char)('a' + n % 26);
    out->len += len;
}

/* A divisor of 1000, so that chunk_events of 1, 10, 100 ... always fits and the total is a round number of blocks. */
static unsigned block_events(size_t event_bytes)
{
    static const unsigned choices[] = {1000, 500, 250, 200, 125, 100, 50, 40, 25, 20, 10, 8, 5, 4, 2};

    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (choices[i] * event_bytes <= BLOCK_BYTES)
            return choices[i];
    }
    return 1;
}

bool generate_events(struct body *body, const struct generate *g)
{
    unsigned per_block = block_events(g->event_bytes);
    unsigned per_chunk = g->each ? 1 : g->chunk_events;
    size_t before_len = strlen(delta_texts[g->kind].before);
    size_t text_len = g->event_bytes - before_len - strlen(delta_texts[g->kind].after);
    struct buf block = {0};
    struct run run = {.len = g->event_bytes,
                      .spaced = g->each,
                      .wait_us = g->interval_us,
                      .stagger_us = g->stagger_us,
                      .stamp_at = g->stamp ? before_len : 0,
                      .events = 1};

    if (per_chunk != 0 && (per_block % per_chunk != 0 || g->events % per_chunk != 0))
        return false;
    for (unsigned i = 0; i < per_block; i++) {
        buf_str(&block, delta_texts[g->kind].before);
        generated_text(&block, i, text_len);
        buf_str(&block, delta_texts[g->kind].after);
    }
    run.frame = per_chunk * g->event_bytes;
    body_run(body, block.data, per_block, g->events, &run);
    buf_free(&block);
    return true;
}

bool generate_lines(struct body *body, uint64_t lines, size_t bytes)
{
    static const char before[] =
        "\",\"result\":{\"type\":\"succeeded\",\"message\":{\"id\":\"msg_01Sandbox0000000000000001\","
        "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-opus-5\","
        "\"content\":[{\"type\":\"text\",\"text\":\"";
    static const char after[] = "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
                                "\"usage\":{\"input_tokens\":12,\"output_tokens\":345}}}}\n";
    static const char id[] = "{\"custom_id\":\"line-000";
    size_t empty = sizeof id - 1 + sizeof before - 1 + sizeof after - 1;
    unsigned per_block = block_events(bytes);
    struct run run = {.len = bytes};
    struct buf block = {0};

    if (bytes < empty)
        return false;
    for (unsigned i = 0; i < per_block; i++) {
        buf_printf(&block, "{\"custom_id\":\"line-%03u", i);
        buf_str(&block, before);
        generated_text(&block, i, bytes - empty);
        buf_str(&block, after);
    }
    body_run(body, block.data, per_block, lines, &run);
    buf_free(&block);
    return true;
}

void sse_put(struct body *body, const char *name, const char *data, size_t len)
{
    struct buf text = {0};

    sse_event(&text, name, data, len == SIZE_MAX ? strlen(data) : len);
    body_bytes(body, text.data, text.len, 1, false);
    buf_free(&text);
}

static void put_text(struct body *body, const char *name, const char *data)
{
    sse_put(body, name, data, SIZE_MAX);
}

void sse_message_begin(struct body *body, enum delta_kind kind)
{
    static const char *const starts[] = {
        [DELTA_TEXT] = "{\"type\":\"text\",\"text\":\"\"}",
        [DELTA_THINKING] = "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
        [DELTA_INPUT_JSON] =
            "{\"type\":\"tool_use\",\"id\":\"toolu_01Sandbox0000000001\",\"name\":\"record\",\"input\":{}}",
        [DELTA_REORDERED] = "{\"type\":\"text\",\"text\":\"\"}",
    };
    struct buf start = {0};

    put_text(body, "message_start",
             "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_01Sandbox0000000000000001\",\"type\":\"message\","
             "\"role\":\"assistant\",\"model\":\"claude-opus-5\",\"content\":[],\"stop_reason\":null,"
             "\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"cache_creation_input_tokens\":0,"
             "\"cache_read_input_tokens\":0,\"output_tokens\":1,\"service_tier\":\"standard\"}}}");
    put_text(body, "ping", "{\"type\":\"ping\"}");
    buf_printf(&start, "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":%s}", starts[kind]);
    put_text(body, "content_block_start", start.data);
    buf_free(&start);
    if (kind == DELTA_INPUT_JSON)
        put_text(body, "content_block_delta",
                 "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\","
                 "\"partial_json\":\"{\\\"text\\\":\\\"\"}}");
}

void sse_message_end(struct body *body, enum delta_kind kind, uint64_t output_tokens)
{
    struct buf text = {0};

    if (kind == DELTA_INPUT_JSON)
        put_text(body, "content_block_delta",
                 "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\","
                 "\"partial_json\":\"\\\"}\"}}");
    put_text(body, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}");
    buf_printf(&text,
               "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\",\"stop_sequence\":null},"
               "\"usage\":{\"output_tokens\":%llu}}",
               kind == DELTA_INPUT_JSON ? "tool_use" : "end_turn", (unsigned long long)output_tokens);
    put_text(body, "message_delta", text.data);
    put_text(body, "message_stop", "{\"type\":\"message_stop\"}");
    buf_free(&text);
}
