/*
 * http.h - the door of the room for HTTP, the only one that knows libcurl.
 *
 * An engine is one libcurl multi handle behind one epoll set; a transfer is one attempt on the wire. libcurl's
 * callbacks only copy bytes and set flags: whoever polls the transfer looks at them after libcurl has returned, so
 * nothing that the program or a parser does can meet libcurl on the stack.
 */
#ifndef CL_HTTP_H
#define CL_HTTP_H

#include "base/base.h"

typedef struct cl_engine cl_engine;
typedef struct cl_transfer cl_transfer;
typedef struct cl_engine_pool cl_engine_pool;

enum { CL_HTTP_VERSION_AUTO = 0, CL_HTTP_VERSION_1_1 = 1, CL_HTTP_VERSION_2 = 2 };
enum { CL_HTTP_TLS_1_2 = 0, CL_HTTP_TLS_1_3 = 1 };

/* What to send, and within which bounds. Everything is copied, except what `body` shares by count. */
typedef struct cl_http_request {
    const char *method; /* "GET" or "POST" */
    const char *url;
    const cl_headers *headers;
    cl_str auth_header; /* "x-api-key: ...", wiped by the transfer when it is over; the caller wipes its own copy */
    const cl_body *body;
    /* From here to http_version: the same for all requests of one pool. */
    const char *ca_file;  /* "" is the system's */
    const char *ca_path;  /* "" is none */
    const char *client_cert;
    const char *client_key; /* "": in the same file as the certificate */
    int32_t tls_min_version;
    const char *proxy;    /* "" is none, whatever the environment says */
    const char *no_proxy; /* hosts, separated by commas */
    int32_t http_version;
    bool stream;           /* judge first byte and idle time; bytes are taken away as they come */
    int64_t connect_ms;    /* > 0 */
    int64_t first_byte_ms; /* streams; 0: no limit */
    int64_t idle_ms;       /* streams; 0: no limit */
    int64_t total_ms;      /* 0: no limit */
    int64_t started_at;    /* cl_now_ms() from which first byte and total count */
    size_t max_header_bytes;
    size_t max_body_bytes;  /* held at once */
    size_t max_error_bytes; /* kept of the body of a response whose status is not 2xx; more ends the transfer */
} cl_http_request;

/* ---- engines ---- */

cl_engine_pool *cl_engine_pool_new(void);
/* All engines must have been given back. In a forked child the parent's engines are abandoned untouched. */
void cl_engine_pool_free(cl_engine_pool *pool);
/* An idle engine, the one used last first, or a new one. */
claude_code_t cl_engine_take(cl_engine_pool *pool, cl_engine **out, cl_err *err);
/* Gives it back with its connections, or frees it where it cannot be used again. */
void cl_engine_give(cl_engine_pool *pool, cl_engine *engine);
/* Frees all idle engines. */
void cl_engine_pool_trim(cl_engine_pool *pool);
/* Makes the thread that waits in the engine look around. Any thread. */
void cl_engine_wake(cl_engine *engine);

/* ---- transfers ---- */

enum { CL_HTTP_QUIET = 0, CL_HTTP_NEWS = 1, CL_HTTP_END = 2 };

/* Starts a transfer on an engine that has none, without waiting for the network. */
claude_code_t cl_transfer_new(cl_engine *engine, const cl_http_request *request, cl_transfer **out, cl_err *err);
/*
 * Drives the engine until there is something new or `until_ms` (cl_now_ms() clock; INT64_MAX = as long as the deadlines
 * allow). CL_HTTP_NEWS: the head or more bytes have arrived; CL_HTTP_END: the response is complete as far as HTTP can
 * tell; CL_HTTP_QUIET: nothing within the time, or the engine was woken; negative: the transfer failed. Bytes that had
 * arrived before a failure can still be read.
 */
int32_t cl_transfer_poll(cl_transfer *transfer, int64_t until_ms, cl_err *err);
/* Status of the final response, 0 while its head is not complete. */
int32_t cl_transfer_status(const cl_transfer *transfer);
/* Headers of the final response; the caller may take them over (leaving an empty list). */
cl_headers *cl_transfer_headers(cl_transfer *transfer);
/* Bytes received and not consumed: writable, valid until the next poll. */
char *cl_transfer_bytes(cl_transfer *transfer, size_t *len);
void cl_transfer_consume(cl_transfer *transfer, size_t len);
/* Hands over all unconsumed bytes as a malloc'd, NUL-terminated text; NULL when out of memory. */
char *cl_transfer_steal(cl_transfer *transfer, size_t *len);
/* Requests that reached the wire. */
int32_t cl_transfer_attempts(const cl_transfer *transfer);
/* Ends the transfer; an unfinished one closes its connection. The engine is free for another. */
void cl_transfer_free(cl_transfer *transfer);

/* "libcurl/7.88.1", "OpenSSL/3.0.19"; static. */
const char *cl_http_library(void);
const char *cl_http_tls_library(void);
bool cl_http_has_http2(void);

#endif
