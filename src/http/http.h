/*
 * http.h - the door of the room for HTTP, the only one that knows libcurl.
 *
 * An engine is one libcurl multi handle behind one epoll set; a transfer is one attempt on the wire. libcurl's
 * callbacks only copy bytes and set flags: a transfer's owner looks at them after libcurl has returned, so nothing that
 * the program or a parser does can meet libcurl on the stack.
 *
 * Everything of libcurl happens under the engine's lock, which no callback of the program ever meets. A transfer has
 * one owner at a time, who alone calls its functions; only cl_transfer_abort() and cl_transfer_stop_clocks() are for
 * others.
 */
#ifndef CL_HTTP_H
#define CL_HTTP_H

#include "base/base.h"

typedef struct cl_engine cl_engine;
typedef struct cl_transfer cl_transfer;
typedef struct cl_engines cl_engines;

enum { CL_HTTP_VERSION_AUTO = 0, CL_HTTP_VERSION_1_1 = 1, CL_HTTP_VERSION_2 = 2 };
enum { CL_HTTP_TLS_1_2 = 0, CL_HTTP_TLS_1_3 = 1 };

/* What is the same for all transfers of an engine. The texts live as long as the engine does. */
typedef struct cl_http_settings {
    const char *ca_file; /* "" is the system's */
    const char *ca_path; /* "" is none */
    const char *client_cert;
    const char *client_key; /* "": in the same file as the certificate */
    const char *proxy;      /* "" is none, whatever the environment says */
    const char *no_proxy;   /* hosts, separated by commas */
    int32_t tls_min_version;
    int32_t http_version;
    size_t streams_per_connection; /* of HTTP/2 */
    uint32_t quirks;               /* of the libcurl that was loaded */
    size_t max_buffered;           /* unread bytes of all transfers above which those that have any get no more */
} cl_http_settings;

/* What to send, and within which bounds. Everything is copied, except what `body` shares by count. */
typedef struct cl_http_request {
    const char *method; /* static: "GET", "HEAD", "OPTIONS", "POST" or "DELETE" */
    const char *url;    /* with a scheme and a host that were checked; each may be on another server */
    const cl_headers *headers;
    cl_str auth_header; /* "x-api-key: ...", wiped by the transfer when it is over; the caller wipes its own copy */
    const cl_body *body;
    bool stream;           /* judge first byte, idle time and progress; bytes are taken away as they come */
    int64_t connect_ms;    /* > 0 */
    int64_t first_byte_ms; /* streams; 0: no limit */
    int64_t idle_ms;       /* streams; 0: no limit */
    int64_t progress_ms;   /* streams; 0: no limit */
    int64_t total_ms;      /* 0: no limit */
    int64_t started_at;    /* cl_now_ms() from which the total counts */
    int64_t attempt_ms;    /* of this transfer alone, of streams up to the first byte; 0: no limit */
    size_t max_header_bytes;
    size_t max_body_bytes;  /* held at once, of a response that is not streamed */
    size_t max_error_bytes; /* kept of the body of a response whose status is not 2xx; more ends the transfer */
    size_t high_water;      /* streams: unread bytes above which no more are received */
    size_t low_water;       /* and at which receiving goes on */
} cl_http_request;

/* ---- engines ---- */

/* The engines that a client's blocking and pull calls share. Copies the settings, not their texts. */
cl_engines *cl_engines_new(size_t max, const cl_http_settings *settings);
/* In a forked child the parent's engines are abandoned untouched. */
void cl_engines_free(cl_engines *engines);
/* One with nothing to do if there is one, a new one up to the maximum, else the one with least to do. It counts as busy
 * until cl_engine_done(), which comes before the unref. */
claude_code_t cl_engines_pick(cl_engines *engines, cl_engine **out, cl_err *err);
void cl_engine_done(cl_engine *engine);
/* Closes what is idle. Engines that are at work are left to their transfers and not picked again. */
void cl_engines_trim(cl_engines *engines);

/* An engine behind a descriptor to be polled, for an event loop. */
claude_code_t cl_engine_new_for_loop(const cl_http_settings *settings, cl_engine **out, cl_err *err);
/* Closes connections and descriptors of an engine that has no transfers and gets none any more, before the last
 * reference is gone. */
void cl_engine_close(cl_engine *engine);
cl_engine *cl_engine_ref(cl_engine *engine);
/* In a forked child it is abandoned untouched. */
void cl_engine_unref(cl_engine *engine);
/* Readable whenever cl_engine_turn() has something to do. */
int cl_engine_fd(const cl_engine *engine);
/* Lets libcurl work: waits until there is something or `until_ms` (cl_now_ms() clock), then looks at about
 * `max_sockets` sockets; what is left makes the descriptor readable. */
void cl_engine_turn(cl_engine *engine, int64_t until_ms, size_t max_sockets);
/* Owners of all transfers that something has happened to, appended by `add`; each once. */
void cl_engine_collect(cl_engine *engine, void (*add)(void *owner, void *user), void *user);
/* The descriptor is also readable from then on; INT64_MAX: no more. */
void cl_engine_set_alarm(cl_engine *engine, int64_t at);
/* Tells the loop that something changed which is no transfer's matter. Any thread. */
void cl_engine_stir(cl_engine *engine);
/* Whether somebody did since it was last asked. */
bool cl_engine_was_stirred(cl_engine *engine);
/* Since the last turn the program was busy with what it had been handed: idle time and progress do not count that. */
void cl_engine_was_away(cl_engine *engine);
/* Makes the descriptor readable, or takes that back. Any thread may poke. */
void cl_engine_poke(cl_engine *engine);
void cl_engine_unpoke(cl_engine *engine);

/* ---- transfers ---- */

enum { CL_HTTP_QUIET = 0, CL_HTTP_NEWS = 1, CL_HTTP_END = 2 };

/* Starts a transfer, without waiting for the network. `owner` is what cl_engine_collect() reports. `*slot` is written
 * under the engine's lock. */
claude_code_t cl_transfer_new(cl_engine *engine, const cl_http_request *request, void *owner, cl_transfer **slot,
                              cl_err *err);
/*
 * Waits until there is something new or `until_ms` (INT64_MAX = as long as the deadlines allow), driving the engine
 * unless another thread does. CL_HTTP_NEWS: the head or more bytes have arrived; CL_HTTP_END: the response is complete
 * as far as HTTP can tell; CL_HTTP_QUIET: nothing within the time, or it was nudged; negative: the transfer failed, and
 * cl_transfer_failure() says so again. Bytes that had arrived before a failure can still be read.
 */
int32_t cl_transfer_wait(cl_transfer *transfer, int64_t until_ms, cl_err *err);
/* The same without waiting and without driving: for event loops. */
int32_t cl_transfer_take(cl_transfer *transfer, cl_err *err);
/* CLAUDE_OK if it has not failed. */
claude_code_t cl_transfer_failure(cl_transfer *transfer, cl_err *err);
/* Ends it at once, on the wire too, and makes its wait return, or its event loop look. Any thread; `*slot` may be NULL
 * or become so meanwhile. */
void cl_transfer_abort(cl_engine *engine, cl_transfer **slot);
/* Until they may go on, only the clock of the total runs; its wait returns, or its event loop looks. Any thread, as
 * above. */
void cl_transfer_stop_clocks(cl_engine *engine, cl_transfer **slot, bool stop);
/* While held, only a failure counts as news. */
void cl_transfer_hold(cl_transfer *transfer, bool on);
/* Something has come that holds off the clock of progress. */
void cl_transfer_progress(cl_transfer *transfer);
/* From now on the response may take this long to end; it is CL_HTTP_END after that in any case. */
void cl_transfer_linger(cl_transfer *transfer, int64_t ms);
/* Status of the final response, 0 while its head is not complete. */
int32_t cl_transfer_status(const cl_transfer *transfer);
/* Headers of the final response; the caller may take them over (leaving an empty list). */
cl_headers *cl_transfer_headers(cl_transfer *transfer);
/* Bytes received and not consumed: writable, valid until the next wait or take. */
char *cl_transfer_bytes(cl_transfer *transfer, size_t *len);
void cl_transfer_consume(cl_transfer *transfer, size_t len);
/* Hands over all unconsumed bytes as a malloc'd, NUL-terminated text; NULL when out of memory. */
char *cl_transfer_steal(cl_transfer *transfer, size_t *len);
/* Requests that reached the wire. */
int32_t cl_transfer_attempts(const cl_transfer *transfer);
/* Ends the transfer and sets *slot to NULL; an unfinished one closes its connection or stream. Returns its attempts, of
 * which there will be no more. In a forked child the parent's is released without touching the engine. */
int32_t cl_transfer_free(cl_transfer **slot);

/* ---- times and counts (timings.c) ---- */

/* Microseconds; -1: it did not come so far. The first three are 0 on a connection that stood already. */
typedef struct cl_http_timings {
    int64_t dns_us;
    int64_t connect_us;
    int64_t tls_us; /* through a proxy its tunnel as well; -1 also without TLS */
    int64_t first_byte_us;
    int64_t total_us;
    int32_t connections; /* opened for it; -1: nothing is known */
    bool is_connected;   /* TCP; libcurl takes that time only when TLS is done as well */
} cl_http_timings;

#define CL_HTTP_TIMINGS_NONE ((cl_http_timings){-1, -1, -1, -1, -1, -1, false})

/* As far as it has come. */
void cl_transfer_timings(cl_transfer *transfer, cl_http_timings *out);

typedef struct cl_http_counts {
    size_t engines;
    size_t transfers;
    size_t queued; /* of those, not given to libcurl yet */
    size_t connections;
    size_t unread_bytes;
} cl_http_counts;

/* Of all engines together. In a forked child those of the parent do not count. */
void cl_engines_counts(cl_engines *engines, cl_http_counts *out);

/* Names of what libcurl was built with; false after the last one. Static. */
bool cl_http_feature_at(size_t index, const char **name);

/* ---- the head of a response (head.c) ---- */

/* Keeps a line as received, in a form of its own. Lines without a name (status line, obsolete folding) are left out.
 * CL_BUF_* */
int cl_head_add(cl_buf *head, cl_str line);
/* What was kept, into an empty list. */
claude_code_t cl_head_take(const cl_buf *head, cl_headers *out, cl_err *err);

/* ---- libcurl's own faults (quirks.c) ---- */

enum {
    /* Pausing does not work: a stream that is not read ends with CLAUDE_E_LIMIT at the settings' max_buffered. */
    CL_QUIRK_PAUSE = 1,
    /* HTTP/2 without TLS: the second request on a connection fails, so each gets its own. */
    CL_QUIRK_H2C_REUSE = 2
};
/* By version, 0xMMmmpp. */
uint32_t cl_quirks_of(uint32_t curl_version);
/* Of one; "" for what is none. Static. */
const char *cl_quirk_name(uint32_t quirk);

/* "libcurl/7.88.1", "OpenSSL/3.0.19"; static. */
const char *cl_http_library(void);
uint32_t cl_http_library_number(void);
const char *cl_http_tls_library(void);
bool cl_http_has_http2(void);

#endif
