#include "wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <claude/claude.h>

/* ---- bytes ---- */

void bytes_add(struct bytes *to, const void *from, size_t len)
{
    if (to->len + len > to->cap) {
        size_t cap = (to->len + len) * 2;
        char *larger = realloc(to->ptr, cap);
        if (!larger) {
            fputs("out of memory\n", stderr);
            exit(1);
        }
        to->ptr = larger;
        to->cap = cap;
    }
    if (len > 0)
        memcpy(to->ptr + to->len, from, len);
    to->len += len;
}

void bytes_text(struct bytes *to, const char *text)
{
    bytes_add(to, text, strlen(text));
}

void bytes_format(struct bytes *to, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bytes_text(to, text);
}

void bytes_repeat(struct bytes *to, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes_text(to, text);
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->ptr);
    *bytes = (struct bytes){NULL, 0, 0};
}

/* ---- the stream ---- */

#define DELTA(index, type, member, text)                                                                               \
    "{\"type\":\"content_block_delta\",\"index\":" #index ",\"delta\":{\"type\":\"" type "\",\"" member "\":\"" text   \
    "\"}}"
#define PING "{\"type\": \"ping\"}"

const struct expected_event stream_events[STREAM_EVENTS] = {
    {CLAUDE_EVENT_MESSAGE_START, -1, "message_start",
     "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_f\",\"type\":\"message\",\"role\":\"assistant\","
     "\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
     "\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}",
     NULL},
    {CLAUDE_EVENT_PING, -1, "ping", PING, NULL},
    {CLAUDE_EVENT_BLOCK_START, 0, "content_block_start",
     "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\","
     "\"signature\":\"\"}}",
     NULL},
    {CLAUDE_EVENT_THINKING_DELTA, 0, "content_block_delta", DELTA(0, "thinking_delta", "thinking", "Let me "),
     "Let me "},
    {CLAUDE_EVENT_THINKING_DELTA, 0, "content_block_delta", DELTA(0, "thinking_delta", "thinking", "think\\n\\u2026"),
     "think\n\xe2\x80\xa6"},
    {CLAUDE_EVENT_SIGNATURE_DELTA, 0, "content_block_delta", DELTA(0, "signature_delta", "signature", "EqQB+/c=="),
     "EqQB+/c=="},
    {CLAUDE_EVENT_BLOCK_STOP, 0, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}", NULL},
    {CLAUDE_EVENT_BLOCK_START, 1, "content_block_start",
     "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}", NULL},
    {CLAUDE_EVENT_TEXT_DELTA, 1, "content_block_delta", DELTA(1, "text_delta", "text", "Caf\\u00e9 "), "Caf\xc3\xa9 "},
    {CLAUDE_EVENT_TEXT_DELTA, 1, "content_block_delta",
     DELTA(1, "text_delta", "text", "\xf0\x9f\x98\x80 \\ud83d\\ude00"), "\xf0\x9f\x98\x80 \xf0\x9f\x98\x80"},
    {CLAUDE_EVENT_PING, -1, "ping", PING, NULL},
    {CLAUDE_EVENT_TEXT_DELTA, 1, "content_block_delta",
     "{ \"delta\": { \"text\": \" and more\", \"type\": \"text_delta\" }, \"index\": 1, \"type\": "
     "\"content_block_delta\" }",
     " and more"},
    {CLAUDE_EVENT_BLOCK_STOP, 1, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":1}", NULL},
    {CLAUDE_EVENT_BLOCK_START, 2, "content_block_start",
     "{\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\","
     "\"name\":\"get_weather\",\"input\":{}}}",
     NULL},
    {CLAUDE_EVENT_INPUT_JSON_DELTA, 2, "content_block_delta", DELTA(2, "input_json_delta", "partial_json", ""), ""},
    {CLAUDE_EVENT_INPUT_JSON_DELTA, 2, "content_block_delta",
     DELTA(2, "input_json_delta", "partial_json", "{\\\"n\\\":12345678901234567890,\\\"city\\\":\\\"Z\\\\u00"),
     "{\"n\":12345678901234567890,\"city\":\"Z\\u00"},
    {CLAUDE_EVENT_INPUT_JSON_DELTA, 2, "content_block_delta",
     DELTA(2, "input_json_delta", "partial_json", "fcrich\\\"}"), "fcrich\"}"},
    {CLAUDE_EVENT_BLOCK_STOP, 2, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":2}", NULL},
    {CLAUDE_EVENT_MESSAGE_DELTA, -1, "message_delta",
     "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},"
     "\"usage\":{\"output_tokens\":87}}",
     NULL},
    {CLAUDE_EVENT_MESSAGE_STOP, -1, "message_stop", "{\"type\":\"message_stop\"}", NULL},
};

void stream_body(struct bytes *out)
{
    static const char *const line_ends[] = {"\n", "\n", "\r\n", "\n", "\r"};

    bytes_text(out, "\xef\xbb\xbf: the beginning\n\n");
    for (size_t i = 0; i < STREAM_EVENTS; i++) {
        const char *eol = line_ends[i % 5];
        if (i % 7 == 3)
            bytes_format(out, ": a comment%s", eol);
        if (i % 6 == 4)
            bytes_format(out, "id: %zu%s", i, eol);
        bytes_format(out, "event: %s%sdata: ", stream_events[i].name, eol);
        bytes_text(out, stream_events[i].json);
        bytes_format(out, "%s%s", eol, eol);
    }
    bytes_text(out, ": the end\n\n");
}

size_t complete_events(const char *body, size_t len)
{
    size_t events = 0;
    size_t line = 0; /* bytes of the current line, not counting a byte order mark */
    bool data = false;
    bool after_cr = false;

    for (size_t i = len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; i < len; i++) {
        bool lf_of_cr = after_cr && body[i] == '\n';
        after_cr = body[i] == '\r';
        if (lf_of_cr)
            continue;
        if (body[i] != '\n' && body[i] != '\r') {
            line++;
            continue;
        }
        if (line >= 5 && memcmp(body + i - line, "data:", 5) == 0)
            data = true;
        if (line == 0 && data) {
            events++;
            data = false;
        }
        line = 0;
    }
    return events;
}

void expected_text(size_t count, int32_t type, struct bytes *out)
{
    for (size_t i = 0; i < count; i++) {
        if (stream_events[i].type == type)
            bytes_text(out, stream_events[i].text);
    }
    bytes_add(out, "", 1);
}

/* ---- replies ---- */

const char *const framing_names[FRAMINGS] = {"length", "chunks", "close", "h2"};

enum { PIECE = 113 }; /* bytes in a chunk or a DATA frame: no multiple of anything in the stream */

/* Adds bytes and notes for each whether it belongs to the body. */
static void put(struct reply *reply, const void *bytes, size_t len, bool body)
{
    size_t at = reply->raw.len;
    uint32_t *map;

    bytes_add(&reply->raw, bytes, len);
    map = realloc(reply->body_at, (reply->raw.len + 1) * sizeof *map);
    if (!map) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    reply->body_at = map;
    if (at == 0)
        map[0] = 0;
    for (size_t i = at; i < reply->raw.len; i++)
        map[i + 1] = map[i] + (body ? 1 : 0);
}

static void put_frame(struct reply *reply, int type, int flags, const void *payload, size_t len, bool body)
{
    struct bytes frame = {NULL, 0, 0};

    frame_add(&frame, type, flags, H2_THIS, payload, len);
    put(reply, frame.ptr, H2_FRAME_HEAD, false);
    put(reply, frame.ptr + H2_FRAME_HEAD, len, body);
    bytes_free(&frame);
}

static void build_h2(struct reply *reply, const char *body, size_t len)
{
    struct bytes frames = {NULL, 0, 0};

    frame_opening(&frames);
    put(reply, frames.ptr, frames.len, false);
    reply->opening = frames.len;
    reply->settings = frames.len - H2_FRAME_HEAD;
    frames.len = 0;
    frame_head(&frames, H2_END_HEADERS);
    put(reply, frames.ptr, frames.len, false);
    bytes_free(&frames);
    reply->head_end = reply->raw.len;
    for (size_t at = 0; at < len; at += PIECE)
        put_frame(reply, H2_DATA, 0, body + at, len - at < PIECE ? len - at : PIECE, true);
    put_frame(reply, H2_DATA, H2_END_STREAM, "", 0, false);
}

static void build_h1(struct reply *reply, enum framing framing, const char *body, size_t len)
{
    struct bytes text = {NULL, 0, 0};

    bytes_text(&text, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nrequest-id: req_f\r\n");
    if (framing == BY_LENGTH)
        bytes_format(&text, "Content-Length: %zu\r\n\r\n", len);
    else
        bytes_text(&text, framing == BY_CHUNKS ? "Transfer-Encoding: chunked\r\n\r\n" : "Connection: close\r\n\r\n");
    put(reply, text.ptr, text.len, false);
    reply->head_end = reply->raw.len;
    for (size_t at = 0; at < len; at += PIECE) {
        size_t piece = len - at < PIECE ? len - at : PIECE;
        text.len = 0;
        bytes_format(&text, "%zx\r\n", piece);
        if (framing == BY_CHUNKS)
            put(reply, text.ptr, text.len, false);
        put(reply, body + at, piece, true);
        if (framing == BY_CHUNKS)
            put(reply, "\r\n", 2, false);
    }
    if (framing == BY_CHUNKS)
        put(reply, "0\r\n\r\n", 5, false);
    bytes_free(&text);
}

void reply_build(struct reply *reply, enum framing framing, const char *body, size_t len)
{
    *reply = (struct reply){.opening = 0};
    if (framing == BY_H2)
        build_h2(reply, body, len);
    else
        build_h1(reply, framing, body, len);
}

void reply_free(struct reply *reply)
{
    bytes_free(&reply->raw);
    free(reply->body_at);
    *reply = (struct reply){.opening = 0};
}

/* ---- HTTP/2 frames ---- */

static void big_endian(unsigned char *to, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(value >> 8 * (size - 1 - i));
}

void frame_add(struct bytes *to, int type, int flags, uint32_t stream, const void *payload, size_t len)
{
    unsigned char head[H2_FRAME_HEAD];

    big_endian(head, (uint32_t)len, 3);
    head[3] = (unsigned char)type;
    head[4] = (unsigned char)flags;
    big_endian(head + 5, stream, 4);
    bytes_add(to, head, sizeof head);
    bytes_add(to, payload, len);
}

void frame_number(struct bytes *to, int type, uint32_t stream, uint32_t value)
{
    unsigned char payload[4];

    big_endian(payload, value, 4);
    frame_add(to, type, 0, stream, payload, sizeof payload);
}

void frame_goaway(struct bytes *to, uint32_t last_stream, uint32_t code)
{
    unsigned char payload[8];

    big_endian(payload, last_stream, 4);
    big_endian(payload + 4, code, 4);
    frame_add(to, H2_GOAWAY, 0, 0, payload, sizeof payload);
}

void frame_setting(struct bytes *to, uint16_t name, uint32_t value)
{
    unsigned char payload[6];

    big_endian(payload, name, 2);
    big_endian(payload + 2, value, 4);
    frame_add(to, H2_SETTINGS, 0, 0, payload, sizeof payload);
}

void frame_head(struct bytes *to, int flags)
{
    static const char head[] = H2_STATUS_200 H2_EVENT_STREAM;

    frame_add(to, H2_HEADERS, flags, H2_THIS, head, sizeof head - 1);
}

void frame_opening(struct bytes *to)
{
    frame_setting(to, 3, 100); /* concurrent streams */
    frame_add(to, H2_SETTINGS, H2_ACK, 0, "", 0);
}
