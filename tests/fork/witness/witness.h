/*
 * A small server of the Messages API that watches how connections end: in the open, by a close_notify, by an end of
 * file without one, or with something that is not TLS. Plain HTTP/1.1, and TLS with HTTP/1.1 or HTTP/2 as the client
 * likes.
 *
 * What a request's body says decides when it is answered: [head] holds everything back until the command `go`, [middle]
 * holds back the rest of a stream, [ever] the rest of a stream for ever; all else is answered at once. Each answer says
 * which connection it came over, in the header request-id: "C-N", connection and number of the request on it.
 *
 * Commands on standard input, a line each; the answers are on standard output:
 *
 *     held        number of requests held back
 *     go [C]      lets them go on (those on connection C), but not [ever]: "ok"
 *     report      "connection C requests N STATE" for each, STATE being open, notify, eof or broken; then "done"
 *     reset       closes and forgets all connections; numbers begin at 1 again: "ok"
 *
 * It ends with its standard input.
 */
#ifndef FORK_WITNESS_H
#define FORK_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum { EXCHANGES_MAX = 64, INPUT_MAX = 65536, BODY_MAX = 2048 };

enum hold { HOLD_NOTHING, HOLD_HEAD, HOLD_MIDDLE, HOLD_EVER };
enum state { STATE_OPEN, STATE_NOTIFY, STATE_EOF, STATE_BROKEN };

/* A request and its answer. */
struct exchange {
    bool used;
    bool held;
    bool streaming;
    enum hold hold;
    uint32_t stream; /* HTTP/2's number of it; 0 in HTTP/1.1 */
    int number;
    char body[BODY_MAX]; /* NUL-terminated */
    size_t body_len;
};

struct connection {
    int number;
    int fd; /* -1 once it has ended */
    SSL *ssl;
    bool shaken; /* the TLS handshake is over */
    bool http2;
    bool greeted; /* HTTP/2: its preface has come, and ours been sent */
    int requests;
    char input[INPUT_MAX];
    size_t input_len;
    struct exchange exchanges[EXCHANGES_MAX];
};

/* tls.c: a context with a certificate of its own for 127.0.0.1, which is also written to a file for clients to trust.
 */
SSL_CTX *witness_tls(const char *certificate_file);

/* main.c */
void put(struct connection *connection, const void *bytes, size_t len);
void end(struct connection *connection, enum state state);

/* http1.c, http2.c: take whole requests out of the input, and send the parts of an answer. */
void http1_read(struct connection *connection);
void http1_head(struct connection *connection, const struct exchange *exchange, size_t length);
void http1_body(struct connection *connection, const struct exchange *exchange, const char *text, bool last);
void http2_read(struct connection *connection);
void http2_head(struct connection *connection, const struct exchange *exchange);
void http2_body(struct connection *connection, const struct exchange *exchange, const char *text, bool last);

/* reply.c */
struct exchange *exchange_new(struct connection *connection, uint32_t stream);
struct exchange *exchange_find(struct connection *connection, uint32_t stream);
void exchange_add(struct exchange *exchange, const char *bytes, size_t len);
/* The request is complete: answers it, as far as it is not held back. */
void exchange_answer(struct connection *connection, struct exchange *exchange);
/* Sends the rest of what is held back. */
void exchange_release(struct connection *connection, struct exchange *exchange);

#endif
