#include "witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void http1_read(struct connection *connection)
{
    for (;;) {
        struct exchange *exchange;
        const char *length;
        size_t body_len = 0;
        size_t head_len;
        char *head_end;

        connection->input[connection->input_len] = '\0';
        head_end = strstr(connection->input, "\r\n\r\n");
        if (!head_end)
            return;
        head_len = (size_t)(head_end + 4 - connection->input);
        *head_end = '\0';
        length = strcasestr(connection->input, "\r\ncontent-length:");
        if (length)
            body_len = strtoul(strchr(length, ':') + 1, NULL, 10);
        *head_end = '\r';
        if (connection->input_len - head_len < body_len)
            return;
        exchange = exchange_new(connection, 0);
        if (exchange) {
            exchange_add(exchange, connection->input + head_len, body_len);
            exchange_answer(connection, exchange);
        }
        connection->input_len -= head_len + body_len;
        memmove(connection->input, connection->input + head_len + body_len, connection->input_len);
    }
}

void http1_head(struct connection *connection, const struct exchange *exchange, size_t length)
{
    char text[256];
    int n =
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nrequest-id: %d-%d\r\n", connection->number, exchange->number);

    if (exchange->streaming)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    else
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "content-type: application/json\r\ncontent-length: %zu\r\n\r\n", length);
    put(connection, text, (size_t)n);
}

void http1_body(struct connection *connection, const struct exchange *exchange, const char *text, bool last)
{
    char size[32];

    if (exchange->streaming)
        put(connection, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", strlen(text)));
    put(connection, text, strlen(text));
    if (exchange->streaming)
        put(connection, "\r\n0\r\n\r\n", last ? 7 : 2);
}
