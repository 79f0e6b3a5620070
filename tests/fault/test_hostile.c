/*
 * HTTP/1.1 done wrong, and answers that are meant to exhaust: framing that contradicts itself, heads and bodies without
 * end, compression bombs, streams of nothing. Each case runs in a process of its own, on a small stack, and its memory
 * is measured.
 */
#include "driver.h"

#include <zlib.h>

enum {
    LIMIT_MS = 15000, /* generous */
    USUAL_KIB = 2048, /* what a call may add where it need not hold much */
    /* What one look at a socket brings: libcurl reads 100 times 32 KiB, into a buffer that grows by doubling and is
     * copied then. */
    ROUND_KIB = 14 * 1024,
    H2_KIB = 1024, /* more for TLS, frames and their reordering */
    CODES_MAX = 4,
};

/* A code that stands for success, in a list that ends with 0. */
#define SUCCESS 1

struct hostile {
    const char *name;
    const char *head; /* all of it */
    const char *body; /* then this, and this so often, and this */
    const char *pattern;
    size_t pattern_len; /* 0: up to its NUL */
    uint64_t count;
    const char *tail;
    size_t bomb; /* MiB of one byte, compressed; twice if `twice` */
    bool twice;
    bool stream;  /* ends with the whole stream of wire.h */
    bool open;    /* the connection stays open; else it ends with a FIN */
    bool used_up; /* leaves bytes on the connection that belong to nothing: no request follows */
    bool plain;   /* a call that does not ask for a stream */
    const char *option;
    const char *value;
    claude_code_t codes[CODES_MAX];
    size_t kib;
};

#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
#define MESSAGE                                                                                                        \
    "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\","   \
    "\"text\":\"Hello\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,"          \
    "\"output_tokens\":1}}"
#define START                                                                                                          \
    "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","     \
    "\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,"        \
    "\"output_tokens\":1}}}\n\n"
#define BLOCK                                                                                                          \
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
#define DELTA                                                                                                          \
    "data: "                                                                                                           \
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"abcdefgh\"}}\n\n"

/* ---- framing ---- */

static const struct hostile framing[] = {
    /* chunks */
    {.name = "a chunk of Z bytes",
     .head = EVENTS CHUNKED,
     .body = "Z\r\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "a chunk of -1 bytes",
     .head = EVENTS CHUNKED,
     .body = "-1\r\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "a chunk of 2^68 bytes",
     .head = EVENTS CHUNKED,
     .body = "FFFFFFFFFFFFFFFFF\r\nabc",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "a chunk of 2^63 bytes",
     .head = EVENTS CHUNKED,
     .body = "8000000000000000\r\nabc",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "a chunk of 2^62 bytes",
     .head = EVENTS CHUNKED,
     .body = "4000000000000000\r\n:\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "a chunk that is longer than told",
     .head = EVENTS CHUNKED,
     .body = "2\r\n: comment\n\n\r\n0\r\n\r\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "an extension of 1 MiB",
     .head = EVENTS CHUNKED,
     .body = "2;",
     .pattern = "x",
     .count = 1 << 20,
     .tail = "\r\n:\n\r\n0\r\n\r\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED, CLAUDE_E_TOO_LARGE}},
    {.name = "an extension without end",
     .head = EVENTS CHUNKED,
     .body = "2;",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = 1 << 21,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED, CLAUDE_E_TOO_LARGE}},
    {.name = "a trailer of 32 MiB",
     .head = EVENTS CHUNKED,
     .body = "0\r\nx: ",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = 1 << 21,
     .tail = "\r\n\r\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED, CLAUDE_E_TOO_LARGE}},
    {.name = "trailers without end",
     .head = EVENTS CHUNKED,
     .body = "0\r\n",
     .pattern = "name: value\r\n",
     .count = 1 << 21,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED, CLAUDE_E_TOO_LARGE}},
    /* lengths */
    {.name = "a negative length",
     .head = EVENTS "Content-Length: -5\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE, SUCCESS}},
    {.name = "a length of letters",
     .head = EVENTS "Content-Length: abc\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE, SUCCESS}},
    {.name = "a length of 2^80",
     .head = EVENTS "Content-Length: 1208925819614629174706176\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE, SUCCESS}},
    {.name = "two lengths",
     .head = EVENTS "Content-Length: 10\r\nContent-Length: 20\r\n\r\n",
     .stream = true,
     .used_up = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "a length and chunks",
     .head = EVENTS "Content-Length: 10\r\n" CHUNKED,
     .body = "2\r\n:\n\r\n0\r\n\r\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "gzip and chunks",
     .head = EVENTS "Transfer-Encoding: gzip, chunked\r\n\r\n",
     .body = "2\r\n:\n\r\n0\r\n\r\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED}},
    {.name = "an unknown transfer encoding",
     .head = EVENTS "Transfer-Encoding: whatever\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TRUNCATED, SUCCESS}},
    /* status lines */
    {.name = "no reason",
     .head = "HTTP/1.1 200\r\nContent-Type: text/event-stream\r\n\r\n",
     .stream = true,
     .codes = {SUCCESS}},
    {.name = "a status of 2 digits",
     .head = "HTTP/1.1 20 OK\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_CLOSED}},
    {.name = "a status of 4 digits",
     .head = "HTTP/1.1 2000 OK\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_CLOSED}},
    {.name = "status 999",
     .head = "HTTP/1.1 999 OK\r\nContent-Type: text/event-stream\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_SERVER}},
    {.name = "HTTP/2.0 in letters",
     .head = "HTTP/2.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_CLOSED, SUCCESS}},
    {.name = "HTTP/9.9",
     .head = "HTTP/9.9 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_CLOSED}},
    {.name = "HTTP/0.9", .head = "", .stream = true, .codes = {CLAUDE_E_PROTOCOL}},
    {.name = "another protocol", .head = "SSH-2.0-OpenSSH_9.2\r\n", .codes = {CLAUDE_E_PROTOCOL}},
    {.name = "a status line without end",
     .head = "HTTP/1.1 200 ",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = 1 << 21,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    {.name = "letters without end",
     .head = "",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = 1 << 21,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    {.name = "empty lines without end",
     .head = "",
     .pattern = "\r\n\r\n\r\n\r\n",
     .count = 1 << 21,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    /* statuses that answer nothing */
    {.name = "status 204", .head = "HTTP/1.1 204 No Content\r\n\r\n", .codes = {CLAUDE_E_PROTOCOL}},
    {.name = "status 205",
     .head = "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
     .codes = {CLAUDE_E_PROTOCOL}},
    {.name = "status 206",
     .head = "HTTP/1.1 206 Partial\r\nContent-Type: text/event-stream\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL}},
    {.name = "status 304",
     .head = "HTTP/1.1 304 Not Modified\r\n\r\n",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_REDIRECT}},
    {.name = "HTTP/1.0",
     .head = "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
     .stream = true,
     .codes = {SUCCESS}},
    {.name = "an empty body",
     .head = EVENTS "Content-Length: 0\r\n\r\n",
     .codes = {CLAUDE_E_TRUNCATED, CLAUDE_E_PROTOCOL}},
};

/* ---- heads ---- */

static const struct hostile heads[] = {
    {.name = "a header line of 50 MB",
     .head = EVENTS "x: ",
     .pattern = "xxxxxxxxxx",
     .count = 5000000,
     .tail = "\r\n\r\n",
     .codes = {CLAUDE_E_TOO_LARGE}},
    {.name = "200,000 headers",
     .head = EVENTS,
     .pattern = "name: value\r\n",
     .count = 200000,
     .tail = "\r\n",
     .stream = true,
     .codes = {CLAUDE_E_TOO_LARGE}},
    {.name = "headers without end",
     .head = EVENTS,
     .pattern = "name: value\r\n",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_TOO_LARGE}},
    {.name = "a header name without end",
     .head = EVENTS,
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_TOO_LARGE}},
    {.name = "as many headers as are allowed",
     .head = EVENTS,
     .pattern = "name: value\r\n",
     .count = 15000,
     .tail = "\r\n",
     .stream = true,
     .codes = {SUCCESS},
     .kib = 6144},
    {.name = "headers over a small limit",
     .head = EVENTS,
     .pattern = "name: value\r\n",
     .count = 200,
     .tail = "\r\n",
     .stream = true,
     .option = "limit.header_bytes",
     .value = "2048",
     .codes = {CLAUDE_E_TOO_LARGE}},
    {.name = "a header without colon",
     .head = EVENTS "whatever\r\n\r\n",
     .stream = true,
     .codes = {SUCCESS, CLAUDE_E_PROTOCOL}},
    {.name = "a header without name",
     .head = EVENTS ": value\r\n\r\n",
     .stream = true,
     .codes = {SUCCESS, CLAUDE_E_PROTOCOL}},
    {.name = "a folded header",
     .head = EVENTS "x: a\r\n b\r\n\tc\r\n\r\n",
     .stream = true,
     .codes = {SUCCESS, CLAUDE_E_PROTOCOL}},
    {.name = "folded lines without end",
     .head = EVENTS "x: a\r\n",
     .pattern = " folded\r\n",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_TOO_LARGE, CLAUDE_E_PROTOCOL}},
    {.name = "103 without end",
     .head = "",
     .pattern = "HTTP/1.1 103 Early Hints\r\nretry-after: 999\r\n\r\n",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_TOO_LARGE, CLAUDE_E_PROTOCOL}},
    {.name = "100 without end",
     .head = "",
     .pattern = "HTTP/1.1 100 Continue\r\n\r\n",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_TOO_LARGE, CLAUDE_E_PROTOCOL}},
    {.name = "199 without end",
     .head = "",
     .pattern = "HTTP/1.1 199 What\r\n\r\n",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_TOO_LARGE, CLAUDE_E_PROTOCOL}},
    {.name = "a million times 103, then a reply",
     .head = "",
     .pattern = "HTTP/1.1 103 Early Hints\r\n\r\n",
     .count = 1 << 20,
     .tail = EVENTS "\r\n",
     .stream = true,
     .codes = {CLAUDE_E_TOO_LARGE, CLAUDE_E_PROTOCOL}},
    {.name = "100 times 103, then a reply",
     .head = "",
     .pattern = "HTTP/1.1 103 Early Hints\r\n\r\n",
     .count = 100,
     .tail = EVENTS "\r\n",
     .stream = true,
     .codes = {SUCCESS}},
    {.name = "101",
     .head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL}},
    {.name = "103 and the end",
     .head = "HTTP/1.1 103 Early Hints\r\n\r\n",
     .codes = {CLAUDE_E_CLOSED, CLAUDE_E_PROTOCOL}},
};

/* ---- compression, that nobody asked for and that somebody did ---- */

static const struct hostile bombs[] = {
    {.name = "200 MiB in gzip, a stream",
     .head = EVENTS "Content-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    {.name = "200 MiB in gzip twice, a stream",
     .head = EVENTS "Content-Encoding: gzip, gzip\r\n\r\n",
     .bomb = 200,
     .twice = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    {.name = "200 MiB in gzip, JSON",
     .head = JSON "Content-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .plain = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    {.name = "200 MiB in gzip twice, JSON",
     .head = JSON "Content-Encoding: gzip, gzip\r\n\r\n",
     .bomb = 200,
     .twice = true,
     .plain = true,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    {.name = "200 MiB in gzip, nobody says so",
     .head = EVENTS "\r\n",
     .bomb = 200,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE, CLAUDE_E_TRUNCATED}},
    {.name = "200 MiB in gzip as transfer encoding, a stream",
     .head = EVENTS "Transfer-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE},
     .kib = 2 * 16384 + ROUND_KIB},
    {.name = "the same, with a limit of 1 MiB",
     .head = EVENTS "Transfer-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .option = "limit.event_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE},
     .kib = 2 * 1024 + ROUND_KIB},
    {.name = "200 MiB in gzip as transfer encoding, JSON",
     .head = JSON "Transfer-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .plain = true,
     .option = "limit.message_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE},
     .kib = 6144},
    {.name = "200 MiB in gzip as transfer encoding, an error",
     .head = "HTTP/1.1 500 Oops\r\nTransfer-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .plain = true,
     .codes = {CLAUDE_E_SERVER, CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    {.name = "200 MiB in gzip, an error",
     .head = "HTTP/1.1 500 Oops\r\nContent-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .plain = true,
     .codes = {CLAUDE_E_SERVER, CLAUDE_E_PROTOCOL, CLAUDE_E_TOO_LARGE}},
    {.name = "five times gzip",
     .head = EVENTS "Content-Encoding: gzip, gzip, gzip, gzip, gzip\r\n\r\n",
     .bomb = 1,
     .codes = {CLAUDE_E_PROTOCOL}},
    {.name = "brotli",
     .head = EVENTS "Content-Encoding: br\r\n\r\n",
     .stream = true,
     .codes = {CLAUDE_E_PROTOCOL, SUCCESS}},
    {.name = "200 MiB in gzip, asked for",
     .head = JSON "Content-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .plain = true,
     .option = "compression.responses",
     .value = "true",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 65536 + ROUND_KIB},
    {.name = "200 MiB in gzip twice, asked for",
     .head = JSON "Content-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .twice = true,
     .plain = true,
     .option = "compression.responses",
     .value = "true",
     .codes = {CLAUDE_E_PROTOCOL}},
    {.name = "an error with 200 MiB in gzip, asked for",
     .head = "HTTP/1.1 500 Oops\r\nContent-Encoding: gzip\r\n\r\n",
     .bomb = 200,
     .plain = true,
     .option = "compression.responses",
     .value = "true",
     .codes = {CLAUDE_E_SERVER}},
};

/* ---- streams and bodies without end ---- */

static const struct hostile endless[] = {
    {.name = "a line of data without end",
     .head = EVENTS "\r\n",
     .body = "data: {\"a\":\"",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 16384 + ROUND_KIB},
    {.name = "the same, with a limit of 1 MiB",
     .head = EVENTS "\r\n",
     .body = "data: {\"a\":\"",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .option = "limit.event_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 1024 + ROUND_KIB},
    {.name = "lines of data without end",
     .head = EVENTS "\r\n",
     .pattern = "data: xxxxxxxxxx\n",
     .count = FOR_EVER,
     .open = true,
     .option = "limit.event_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 3 * 1024 + ROUND_KIB},
    {.name = "a comment without end",
     .head = EVENTS "\r\n",
     .body = ": ",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .option = "limit.event_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 1024 + ROUND_KIB},
    {.name = "an event's name without end",
     .head = EVENTS "\r\n",
     .body = "event: ",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .option = "limit.event_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 1024 + ROUND_KIB},
    {.name = "an id without end",
     .head = EVENTS "\r\n",
     .body = "id: ",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .option = "limit.event_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 1024 + ROUND_KIB},
    {.name = "64 MiB of empty lines",
     .head = EVENTS "\r\n",
     .pattern = "\n\n\n\n\n\n\n\n",
     .count = 1 << 23,
     .codes = {CLAUDE_E_TRUNCATED},
     .kib = ROUND_KIB},
    {.name = "64 MiB of comments",
     .head = EVENTS "\r\n",
     .pattern = ": hello\n",
     .count = 1 << 23,
     .codes = {CLAUDE_E_TRUNCATED},
     .kib = ROUND_KIB},
    {.name = "64 MiB of pings",
     .head = EVENTS "\r\n",
     .pattern = "event: ping\ndata: {\"type\":\"ping\"}\n\n",
     .count = 1 << 21,
     .codes = {CLAUDE_E_TRUNCATED},
     .kib = ROUND_KIB},
    {.name = "a text without end",
     .head = EVENTS "\r\n",
     .body = START BLOCK,
     .pattern = DELTA,
     .count = FOR_EVER,
     .open = true,
     .option = "limit.message_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 3 * 1024 + ROUND_KIB},
    {.name = "blocks without end",
     .head = EVENTS "\r\n",
     .body = START,
     .pattern = NULL,
     .count = 20000,
     .open = true,
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 12288},
    {.name = "a body without end",
     .head = JSON "\r\n",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .plain = true,
     .option = "limit.message_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 1024 + 2048},
    {.name = "the same where a stream was asked for",
     .head = JSON "\r\n",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .option = "limit.message_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 1024 + ROUND_KIB},
    {.name = "a body that says it has 10^15 bytes",
     .head = JSON "Content-Length: 1000000000000000\r\n\r\n",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .plain = true,
     .option = "limit.message_bytes",
     .value = "1048576",
     .codes = {CLAUDE_E_TOO_LARGE},
     .kib = 2 * 1024 + 2048},
    {.name = "an error without end",
     .head = "HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n\r\n",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_SERVER}},
    {.name = "a redirect without end",
     .head = "HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
     .pattern = "xxxxxxxxxxxxxxxx",
     .count = FOR_EVER,
     .open = true,
     .codes = {CLAUDE_E_REDIRECT}},
};

/* ---- running ---- */

static void deflate_bytes(const char *from, size_t len, size_t count, struct bytes *to)
{
    z_stream z = {.zalloc = NULL};
    unsigned char buffer[16 * 1024];

    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        exit(1);
    for (size_t i = 0; i < count; i++) {
        z.next_in = (unsigned char *)(uintptr_t)from;
        z.avail_in = (unsigned)len;
        do {
            z.next_out = buffer;
            z.avail_out = sizeof buffer;
            (void)deflate(&z, i + 1 == count ? Z_FINISH : Z_NO_FLUSH);
            bytes_add(to, buffer, sizeof buffer - z.avail_out);
        } while (z.avail_out == 0);
    }
    deflateEnd(&z);
}

/* Made once: every case is a process that inherits it. */
static struct bytes bomb_of(size_t mebibytes, bool twice)
{
    static struct bytes made[2];
    static size_t size;
    struct bytes letters = {NULL, 0, 0};

    if (size != mebibytes) {
        bytes_free(&made[0]);
        bytes_free(&made[1]);
        bytes_repeat(&letters, "xxxxxxxxxxxxxxxx", 1 << 16);
        deflate_bytes(letters.ptr, letters.len, mebibytes, &made[0]);
        deflate_bytes(made[0].ptr, made[0].len, 1, &made[1]);
        bytes_free(&letters);
        size = mebibytes;
    }
    return made[twice ? 1 : 0];
}

static void add_blocks(struct script *script, uint64_t count)
{
    struct bytes text = {NULL, 0, 0};

    for (uint64_t i = 0; i < count; i++)
        bytes_format(&text,
                     "data: {\"type\":\"content_block_start\",\"index\":%llu,\"content_block\":{\"type\":\"text\","
                     "\"text\":\"\"}}\n\ndata: {\"type\":\"content_block_stop\",\"index\":%llu}\n\n",
                     (unsigned long long)i, (unsigned long long)i);
    script_send(script, text.ptr, text.len);
    bytes_free(&text);
}

static struct script make_script(const struct hostile *h)
{
    struct script script = SCRIPT_INIT;
    struct bytes body = {NULL, 0, 0};

    script_step(&script, STEP_WAIT_REQUEST);
    script_send(&script, h->head, strlen(h->head));
    if (h->body)
        script_send(&script, h->body, strlen(h->body));
    if (h->pattern)
        script_repeat(&script, h->pattern, h->pattern_len ? h->pattern_len : strlen(h->pattern), h->count);
    else if (h->count > 0)
        add_blocks(&script, h->count);
    if (h->tail)
        script_send(&script, h->tail, strlen(h->tail));
    if (h->bomb > 0) {
        struct bytes bomb = bomb_of(h->bomb, h->twice);
        script_send(&script, bomb.ptr, bomb.len);
    }
    stream_body(&body);
    if (h->stream)
        script_send(&script, body.ptr, body.len);
    script_step(&script, h->open ? STEP_HOLD : STEP_FIN);
    bytes_free(&body);
    return script;
}

/* The same in HTTP/2, by whose windows a server can send 32 MiB before it is asked for more. */
static struct script make_h2_script(const struct hostile *h)
{
    struct script script = SCRIPT_INIT;
    struct bytes frames = {NULL, 0, 0};
    struct bytes data = {NULL, 0, 0};
    const char *head = strstr(h->head, " 500 ") ? "\x8e" : strstr(h->head, "json") ? H2_STATUS_200 H2_JSON : NULL;

    if (head)
        frame_add(&frames, H2_HEADERS, H2_END_HEADERS, H2_THIS, head, strlen(head));
    else
        frame_head(&frames, H2_END_HEADERS);
    if (h->body)
        frame_add(&frames, H2_DATA, 0, H2_THIS, h->body, strlen(h->body));
    script_begin_h2(&script);
    script_send(&script, frames.ptr, frames.len);
    while (data.len + strlen(h->pattern) <= 16384)
        bytes_text(&data, h->pattern);
    frames.len = 0;
    frame_add(&frames, H2_DATA, 0, H2_THIS, data.ptr, data.len);
    script_repeat(&script, frames.ptr, frames.len, FOR_EVER);
    script_step(&script, STEP_NEXT);
    bytes_free(&frames);
    bytes_free(&data);
    return script;
}

static bool is_among(claude_code_t code, const claude_code_t *codes)
{
    for (size_t i = 0; i < CODES_MAX && codes[i] != 0; i++) {
        if (codes[i] == (code == CLAUDE_OK ? SUCCESS : code))
            return true;
    }
    return false;
}

/* How a case is run. */
struct job {
    const struct hostile *h;
    bool h2; /* in TLS */
};

static void run_case(void *arg)
{
    const struct job *job = arg;
    const struct hostile *h = job->h;
    struct script script = job->h2 ? make_h2_script(h) : make_script(h);
    struct client client;
    struct outcome o;

    for (int way = 0; way < WAYS; way++) {
        bool only = h->plain || (!is_long() && way != BY_NEXT && !getenv("CLAUDE_FAULT_WAY"));
        client_open(&client, job->h2 ? TLS : PLAIN, job->h2, h->option, h->value, NULL);
        if ((only && way > 0) || !way_wanted((enum way)way)) {
            client_close(&client);
            continue;
        }
        check_goes_on(&client, (enum way)way, "nothing");
        client_trim(&client);
        server_play(&server, &script);
        memory_counts_from_here();
        if (h->plain)
            run_body(&client, &o);
        else
            run_stream(&client, (enum way)way, &o);
        check(is_among(o.code, h->codes), "%s: %s (%s)", h->name, claude_code_name(o.code), o.message);
        check(o.code != CLAUDE_OK || o.right_events == STREAM_EVENTS, "%s: %zu events", h->name, o.right_events);
        check(o.report.requests == 1 && o.attempts == 1, "%s: %d attempts, the server has %llu", h->name,
              (int)o.attempts, (unsigned long long)o.report.requests);
        check(o.elapsed_ms < (is_instrumented() ? 4 * LIMIT_MS : LIMIT_MS), "%s: took %lld ms", h->name,
              (long long)o.elapsed_ms);
        check(!strstr(o.message, "CANARY"), "%s: the key is in the message", h->name);
        outcome_free(&o);
        if (!h->used_up)
            check_goes_on(&client, (enum way)way, h->name);
        client_close(&client);
    }
    script_free(&script);
}

static void run_cases(const struct hostile *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct job job = {&cases[i], false};
        if (cases[i].bomb > 0)
            (void)bomb_of(cases[i].bomb, false);
        run_forked(run_case, &job, cases[i].name, cases[i].kib ? cases[i].kib : USUAL_KIB);
    }
    finish_checks();
}

static void framing_that_is_wrong(void **state)
{
    (void)state;
    run_cases(framing, COUNT_OF(framing));
}

static void heads_that_are_wrong(void **state)
{
    (void)state;
    run_cases(heads, COUNT_OF(heads));
}

static void bombs_do_not_explode(void **state)
{
    (void)state;
    run_cases(bombs, COUNT_OF(bombs));
}

static void nothing_is_endless(void **state)
{
    (void)state;
    run_cases(endless, COUNT_OF(endless));
}

static void nothing_is_endless_in_h2(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(endless); i++) {
        struct job job = {&endless[i], true};
        char name[128];
        if (endless[i].count != FOR_EVER || strstr(endless[i].head, "307"))
            continue;
        (void)snprintf(name, sizeof name, "%s, HTTP/2", endless[i].name);
        run_forked(run_case, &job, name, (endless[i].kib ? endless[i].kib : USUAL_KIB) + H2_KIB);
    }
    finish_checks();
}

/* ---- answers to no question ---- */

/* On a connection that waits for its next request: a whole answer, with a text of its own. */
static void run_unasked(void *arg)
{
    static const char answer[] =
        EVENTS "Content-Length: 50\r\n\r\nevent: ping\ndata: {\"type\":\"ping\",\"x\":12345678}\n\n";
    enum transport transport = *(enum transport *)arg;
    struct client client;

    client_open(&client, transport, false, NULL);
    for (int way = 0; way < WAYS; way++) {
        struct script script = SCRIPT_INIT;
        if (!way_wanted((enum way)way))
            continue;
        client_trim(&client);
        check_goes_on(&client, (enum way)way, "nothing");
        script.unasked = true;
        script_send(&script, answer, sizeof answer - 1);
        script_step(&script, STEP_NEXT);
        server_play(&server, &script);
        check(server_report(&server).bytes == sizeof answer - 1, "the server has said nothing");
        check_goes_on(&client, (enum way)way, "an answer to nothing");
        script_free(&script);
    }
    client_close(&client);
}

static void unasked_answers_are_not_believed(void **state)
{
    enum transport transports[] = {PLAIN, TLS};

    (void)state;
    run_small(run_unasked, &transports[0]);
    run_small(run_unasked, &transports[1]);
    finish_checks();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_that_is_wrong),    cmocka_unit_test(heads_that_are_wrong),
        cmocka_unit_test(bombs_do_not_explode),     cmocka_unit_test(nothing_is_endless),
        cmocka_unit_test(nothing_is_endless_in_h2), cmocka_unit_test(unasked_answers_are_not_believed),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("hostile", tests, start_all, stop_all);
}
