#include "witness.h"

#include <stdio.h>
#include <string.h>

#define EVENT(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"" rest "}\n\n"

static const char first_part[] =
    EVENT("message_start", ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\","
                           "\"content\":[],\"usage\":{\"input_tokens\":12}}")
        EVENT("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
            EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}");
static const char last_part[] =
    EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}")
        EVENT("content_block_stop", ",\"index\":0")
            EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}")
                EVENT("message_stop", "");
static const char whole[] = "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\","
                            "\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}],\"stop_reason\":\"end_turn\","
                            "\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"output_tokens\":5}}";

struct exchange *exchange_find(struct connection *connection, uint32_t stream)
{
    for (size_t i = 0; i < EXCHANGES_MAX; i++) {
        if (connection->exchanges[i].used && connection->exchanges[i].stream == stream)
            return &connection->exchanges[i];
    }
    return NULL;
}

struct exchange *exchange_new(struct connection *connection, uint32_t stream)
{
    for (size_t i = 0; i < EXCHANGES_MAX; i++) {
        struct exchange *exchange = &connection->exchanges[i];
        if (exchange->used)
            continue;
        *exchange = (struct exchange){.used = true, .stream = stream, .number = ++connection->requests};
        return exchange;
    }
    return NULL;
}

void exchange_add(struct exchange *exchange, const char *bytes, size_t len)
{
    if (len > BODY_MAX - 1 - exchange->body_len)
        len = BODY_MAX - 1 - exchange->body_len;
    memcpy(exchange->body + exchange->body_len, bytes, len);
    exchange->body_len += len;
    exchange->body[exchange->body_len] = '\0';
}

static void head(struct connection *connection, const struct exchange *exchange)
{
    if (connection->http2)
        http2_head(connection, exchange);
    else
        http1_head(connection, exchange, sizeof whole - 1);
}

static void body(struct connection *connection, const struct exchange *exchange, const char *text, bool last)
{
    if (connection->http2)
        http2_body(connection, exchange, text, last);
    else
        http1_body(connection, exchange, text, last);
}

void exchange_answer(struct connection *connection, struct exchange *exchange)
{
    static const char *const tags[] = {[HOLD_HEAD] = "[head]", [HOLD_MIDDLE] = "[middle]", [HOLD_EVER] = "[ever]"};

    exchange->streaming = strstr(exchange->body, "\"stream\":true") || strstr(exchange->body, "\"stream\": true");
    for (enum hold hold = HOLD_HEAD; hold <= HOLD_EVER; hold++) {
        if (strstr(exchange->body, tags[hold]))
            exchange->hold = hold;
    }
    exchange->held = exchange->hold != HOLD_NOTHING;
    if (exchange->hold == HOLD_MIDDLE || exchange->hold == HOLD_EVER) {
        head(connection, exchange);
        body(connection, exchange, first_part, false);
    }
    if (!exchange->held)
        exchange_release(connection, exchange);
}

void exchange_release(struct connection *connection, struct exchange *exchange)
{
    bool begun = exchange->hold == HOLD_MIDDLE;

    if (!begun)
        head(connection, exchange);
    if (!begun && exchange->streaming)
        body(connection, exchange, first_part, false);
    body(connection, exchange, exchange->streaming ? last_part : whole, true);
    exchange->used = false;
    exchange->held = false;
}
