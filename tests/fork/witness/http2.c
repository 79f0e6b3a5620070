#include "witness.h"

#include <stdio.h>
#include <string.h>

/* As much of HTTP/2 as one client needs: what its headers say is never looked at, only where requests end. */
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { FRAME_HEAD = 9 };
enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, WINDOW_UPDATE = 8 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };

static void frame(struct connection *connection, int type, int flags, uint32_t stream, const void *bytes, size_t len)
{
    unsigned char head[FRAME_HEAD] = {
        (unsigned char)(len >> 16),    (unsigned char)(len >> 8),    (unsigned char)len,
        (unsigned char)type,           (unsigned char)flags,         (unsigned char)(stream >> 24),
        (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream};

    put(connection, head, sizeof head);
    if (len > 0)
        put(connection, bytes, len);
}

static void window_update(struct connection *connection, size_t len)
{
    unsigned char bytes[4] = {0, 0, (unsigned char)(len >> 8), (unsigned char)len};

    if (len > 0)
        frame(connection, WINDOW_UPDATE, 0, 0, bytes, sizeof bytes);
}

static void take(struct connection *connection, int type, int flags, uint32_t stream, const char *bytes, size_t len)
{
    struct exchange *exchange = exchange_find(connection, stream);

    if (type == SETTINGS && !(flags & ACK))
        frame(connection, SETTINGS, ACK, 0, NULL, 0);
    if (type == PING && !(flags & ACK))
        frame(connection, PING, ACK, 0, bytes, len);
    if (type == RST_STREAM && exchange)
        exchange->used = exchange->held = false;
    if (type == HEADERS && !exchange)
        exchange = exchange_new(connection, stream);
    if (type == DATA) {
        window_update(connection, len);
        if (exchange && !(flags & PADDED))
            exchange_add(exchange, bytes, len);
    }
    if ((type == DATA || type == HEADERS) && exchange && (flags & END_STREAM))
        exchange_answer(connection, exchange);
}

void http2_read(struct connection *connection)
{
    const unsigned char *head = (const unsigned char *)connection->input;
    size_t len;

    if (!connection->greeted) {
        if (connection->input_len < strlen(PREFACE))
            return;
        if (memcmp(connection->input, PREFACE, strlen(PREFACE)) != 0) {
            end(connection, STATE_BROKEN);
            return;
        }
        connection->greeted = true;
        connection->input_len -= strlen(PREFACE);
        memmove(connection->input, connection->input + strlen(PREFACE), connection->input_len);
        frame(connection, SETTINGS, 0, 0, NULL, 0);
    }
    while (connection->fd >= 0 && connection->input_len >= FRAME_HEAD) {
        len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        if (len > INPUT_MAX - FRAME_HEAD - 1) {
            end(connection, STATE_BROKEN);
            return;
        }
        if (connection->input_len < FRAME_HEAD + len)
            return;
        take(connection, head[3], head[4],
             (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8],
             connection->input + FRAME_HEAD, len);
        connection->input_len -= FRAME_HEAD + len;
        memmove(connection->input, connection->input + FRAME_HEAD + len, connection->input_len);
    }
}

/* A header of HPACK that is added to no table; `name` is what stands for its name. */
static size_t literal(unsigned char *out, const char *name, size_t name_len, const char *value)
{
    memcpy(out, name, name_len);
    out[name_len] = (unsigned char)strlen(value);
    memcpy(out + name_len + 1, value, strlen(value));
    return name_len + 1 + strlen(value);
}

void http2_head(struct connection *connection, const struct exchange *exchange)
{
    unsigned char block[128] = {0x88}; /* :status 200 */
    char id[32];
    size_t len = 1;

    snprintf(id, sizeof id, "%d-%d", connection->number, exchange->number);
    /* 31 of the static table is content-type; 0 is followed by the name. */
    len += literal(block + len, "\x0f\x10", 2, exchange->streaming ? "text/event-stream" : "application/json");
    len += literal(block + len, "\0\x0arequest-id", 12, id);
    frame(connection, HEADERS, END_HEADERS, exchange->stream, block, len);
}

void http2_body(struct connection *connection, const struct exchange *exchange, const char *text, bool last)
{
    frame(connection, DATA, last ? END_STREAM : 0, exchange->stream, text, strlen(text));
}
