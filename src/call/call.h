/* call.h - the door of the room for calls: attempts driven from start to end, and their events handed out. */
#ifndef CL_CALL_H
#define CL_CALL_H

#include <claude/call.h>

#include "base/base.h"
#include "call/pipeline.h"
#include "client/client.h"
#include "codec/unpack.h"
#include "http/http.h"
#include "message/answer.h"
#include "message/completion.h"
#include "message/message.h"
#include "reliability/report.h"
#include "sse/sse.h"

/* What the request to be signed is; lent to the hook. */
struct claude_sign {
    cl_handle handle;
    const char *method;
    const char *url;
    cl_headers *headers;
    const cl_body *body;
    const cl_pack *pack;  /* what is sent in place of `body`; NULL: that is */
    char body_sha256[65]; /* empty until asked for */
};

const char *cl_sign_body_sha256(claude_sign_t *sign);

/* What a credential provider fills; lent to it. */
struct claude_credential {
    cl_handle handle;
    int32_t reason; /* CLAUDE_CREDENTIAL_* */
    claude_secret_t *secret;
};

/* The same numbers as CLAUDE_ATTEMPT_* of observe.h of the interface. */
enum { CL_ATTEMPT_STARTS = 1, CL_ATTEMPT_ENDS = 2 };

/* What the observer of attempts is told; lent to it. */
struct claude_attempt {
    cl_handle handle;
    claude_call_t *call;
    int32_t phase;             /* CL_ATTEMPT_* */
    int32_t number;            /* 1, 2, ... within its call */
    int32_t endpoint;          /* index; 0: base_url, or the first of the failover's */
    const char *url;           /* whole */
    const char *method;        /* "POST" */
    const char *endpoint_name; /* "messages.create" */
    const char *model;         /* NULL: unknown, or none */
    cl_headers *headers;       /* of the request, without the one that carries the key; NULL when it ends */
    claude_code_t code;        /* and what follows: when it ends */
    int32_t http_status;       /* 0: none */
    int64_t duration_ms;
    int64_t first_ms; /* to the first event; -1: none came */
    int64_t limiter_ms;
    int64_t backoff_ms;
    int64_t input_tokens;   /* those of the cache included; -1: unknown */
    int64_t output_tokens;  /* -1: unknown */
    const char *request_id; /* NULL or "": none */
};

/* Puts a header into the request of an attempt that starts. A list that only borrows its texts is copied first. */
claude_code_t cl_attempt_set_header(claude_attempt_t *attempt, const char *name, const char *value, cl_err *err);
/* NULL: there is none, or it may carry a key. */
const char *cl_attempt_header(const claude_attempt_t *attempt, const char *name);

enum cl_call_mode {
    CL_MODE_HEAD,   /* the response's head has not arrived */
    CL_MODE_EVENTS, /* a stream of events */
    CL_MODE_LINES,  /* a stream of lines */
    CL_MODE_BYTES,  /* a stream of bytes */
    CL_MODE_BODY,   /* everything else: collected, judged at its end */
};

/* Events kept while a call is paused (kept.c): a ring. */
typedef struct cl_kept {
    claude_event_t **events;
    size_t first;
    size_t count;
    size_t cap;
    size_t bytes;
    size_t max_events;
    size_t max_bytes;
} cl_kept;

/* Bodies in gzip (coding.c). */
typedef struct cl_coding {
    bool packed;       /* the attempt's body is */
    bool by_chunks;    /* and its length is not known */
    bool plain;        /* no attempt's body will be: the server has refused it */
    uint32_t guessed;  /* CL_REFUSES_*, if the same body is taken as it is */
    size_t guessed_at; /* by which target */
    bool again;        /* the attempt takes the place of the one that was refused */
    bool asked;        /* for an answer that is */
    bool unpacks;      /* the answer is */
    bool any;          /* some of it has come */
    bool spoilt;       /* the body of an error could not be read to its end */
    cl_unpack *unpack;
    cl_buf body; /* what was in the answer */
} cl_coding;

/* How often to look at the clock: a look costs as much as an event, so the quicker the events, the fewer looks. */
typedef struct cl_pace {
    int64_t looked_at;
    uint32_t stride; /* events from one look to the next */
    uint32_t left;
} cl_pace;

/* The attempt that is being made, or waited for. */
typedef struct cl_attempt {
    bool open; /* it has begun and was not settled */
    int64_t began_at;
    int64_t limiter_from; /* since when it waits for its turn; 0: it does not */
    cl_report_attempt row;
    cl_usage usage; /* while it is settled, for those who ask */
} cl_attempt;

struct claude_call {
    cl_handle handle;        /* the program's references */
    _Atomic uint32_t holds;  /* one for all of the program's, one for each thread inside, one for the loop */
    claude_client_t *client; /* a snapshot */
    cl_engine *engine;
    cl_transfer *transfer; /* changes under the engine's lock */
    cl_snapshot request;
    uint32_t generation; /* of the process that made it */
    _Atomic int32_t state;
    _Atomic bool cancel_asked;
    _Atomic bool paused;
    _Atomic bool abandoned;   /* the program holds it no more */
    cl_nap nap;               /* of the thread that waits for the next attempt */
    _Atomic uint64_t dropped; /* events */
    _Atomic size_t buffered;  /* events */
    enum cl_call_mode mode;
    bool in_callback;
    bool begun;
    bool counted;    /* as one of those that run */
    bool busy;       /* counted by the engine */
    bool over;       /* the transfer has ended */
    bool cut;        /* and failed */
    bool held;       /* the transfer knows that the call is paused */
    bool lingering;  /* complete, but for the end of the HTTP response */
    bool delivered;  /* an event other than ping was understood: nothing may be retried */
    bool progressed; /* the same, since bytes were last received */
    bool strict;
    bool skip_malformed;
    bool buffers; /* keeps events while it is paused, rather than hold them back */
    cl_coding coding;
    uint32_t max_depth;
    int32_t attempts; /* on the wire, of the attempts that are over */
    int64_t started_at;
    int64_t total_at;        /* when timeout.stream_total_ms runs out; INT64_MAX: never */
    int64_t deadline_at;     /* when the time of the call runs out, streaming or not */
    cl_pipeline *pipeline;   /* NULL: one attempt, without features */
    size_t target;           /* where it goes: index into the client's targets */
    uint64_t key_generation; /* of the key that the attempt was sent with; 0: it had none */
    uint64_t refused_key;    /* that the server has refused; 0: none */
    bool starting;           /* no callback may run */
    bool renewed;            /* it was sent again with another key */
    int64_t token_from;      /* since when it waits for a token; 0: it does not */
    claude_error_t *refused; /* what the server said to the key before */
    cl_attempt attempt;
    claude_report_t *report;
    uint64_t log_number; /* which call of its client, in log lines; 0: none heard of it */
    cl_timer timer;      /* when the next attempt may begin */
    cl_pace pace;
    cl_sse sse;
    cl_buf text;                 /* decoded text of the current event */
    cl_buf line;                 /* the beginning of a line that has not come whole */
    cl_str unread;               /* of the bytes that were handed out last: what claude_call_read() had no room for */
    cl_accumulator *accumulator; /* of a message */
    cl_completion *completion;   /* of an old text completion; both NULL: the events are neither's */
    cl_kept kept;
    claude_event_t *handed_out; /* a kept event that `event` is a view of */
    claude_event_t event;
    claude_response_t *response; /* once done */
    claude_error_t *error;       /* once failed */
    /* ---- of an event loop (loop.c) ---- */
    claude_loop_t *loop; /* NULL: none, or no more */
    bool in_loop;        /* it was made for one */
    bool queued;         /* in one of the loop's lists */
    uint64_t tag;
    claude_call_t *loop_prev;
    claude_call_t *loop_next;
    claude_call_t *queue_next;
};

/* The request's own value of an option, else the client's. */
static inline int64_t cl_call_option(const claude_call_t *call, cl_option option)
{
    return cl_option_int(call->request.options, call->client->config->options, option);
}

/* Asked with a constant, so that a build without streams drops the code for them. */
static inline bool cl_call_streams(const claude_call_t *call, enum cl_call_mode mode)
{
    return CL_FEATURE_STREAMING && call->mode == mode;
}

/* ---- prepare.c ---- */

/* ---- all clients here are snapshots, but for that of cl_call_open() ---- */

/* Which features the flags ask for, CLAUDE_WITH_*, all of them enabled. */
claude_code_t cl_call_check_flags(const claude_client_t *client, uint32_t flags, uint32_t *features, cl_err *err);
/* Checks flags and request as far as the options ask for it, and takes the snapshot. */
claude_code_t cl_call_check(claude_client_t *client, const claude_request_t *request, uint32_t flags, cl_snapshot *out,
                            cl_err *err);
/* The same, and runs the deprecation callback. */
claude_code_t cl_call_prepare(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                              cl_snapshot *out, cl_err *err);

/* Starts a call as the client is now: chooses its snapshot, prepares the request, and gets it going. */
claude_code_t cl_call_open(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                           claude_call_t **out, cl_err *err);

/* ---- call.c: life and control ---- */

/* Makes a call that has not begun. Takes over the snapshot, also on failure; shares the engine, NULL: one of the
 * client's. */
claude_code_t cl_call_new(claude_client_t *client, cl_snapshot *request, cl_engine *engine, claude_call_t **out,
                          cl_err *err);
/* Of one that could not begin: the error gets its report; releases it. */
void cl_call_give_up(claude_call_t *call, claude_code_t code, cl_err *err);
/* Makes one and gets it going. Takes over the snapshot, also on failure. */
claude_code_t cl_call_start(claude_client_t *client, cl_snapshot *request, claude_call_t **out, cl_err *err);
void cl_call_cancel(claude_call_t *call);
void cl_call_pause(claude_call_t *call, bool on);
int32_t cl_call_state(const claude_call_t *call);
bool cl_call_is_cancelled(const claude_call_t *call);
size_t cl_call_buffered(const claude_call_t *call);
uint64_t cl_call_dropped(const claude_call_t *call);
int32_t cl_call_http_status(const claude_call_t *call);
/* Of the answer; empty while there is none. */
const cl_headers *cl_call_headers(const claude_call_t *call);
const char *cl_call_header(const claude_call_t *call, const char *name);
int32_t cl_call_attempts(const claude_call_t *call);
uint64_t cl_call_anomalies(const claude_call_t *call);
claude_call_t *cl_call_ref(claude_call_t *call);
void cl_call_unref(claude_call_t *call);
/* Inside the library: the call stays in memory. */
void cl_call_hold(claude_call_t *call);
void cl_call_let_go(claude_call_t *call);
bool cl_call_is_over(const claude_call_t *call);
/* The program holds it no more: whoever is inside should stop. */
bool cl_call_is_abandoned(const claude_call_t *call);
/* Gives the transfer back. */
void cl_call_end_transfer(claude_call_t *call);
/* And the engine. */
void cl_call_end_work(claude_call_t *call);
/* After an attempt: as it was before it. */
void cl_call_rewind(claude_call_t *call);
/* A callback runs when an attempt begins: only where callbacks may. */
bool cl_call_begins_with_callback(const claude_call_t *call);
/* The end of it: what went wrong stays in the call; returns its code. */
claude_code_t cl_call_fail(claude_call_t *call, cl_err *err);

/* ---- drive.c: from bytes to events ---- */

/* As in call.h of the interface. */
claude_code_t cl_call_next(claude_call_t *call, int64_t timeout_ms, const claude_event_t **event, cl_err *err);
claude_code_t cl_call_wait(claude_call_t *call, int64_t timeout_ms, cl_err *err);
claude_code_t cl_call_result(claude_call_t *call, claude_response_t **out, cl_err *err);
/*
 * Goes on as far as to the next event. 1: call->event; 0: nothing in time (event loops: nothing without another turn);
 * CLAUDE_DONE; negative: the call has failed, `err` says why. Terminal results are final.
 */
int32_t cl_call_advance(claude_call_t *call, int64_t until_ms, cl_err *err);
/* The same for an event loop whose turn it is: begins an attempt, or ends the call. 0: not before call->timer.due_at.
 */
int32_t cl_call_begin_due(claude_call_t *call, cl_err *err);
/* Hands call->event to the request's callback. Negative: that ended the call. */
claude_code_t cl_call_deliver(claude_call_t *call, cl_err *err);

#define CL_CANCELLED_TEXT "the call was cancelled"
#define CL_TRUNCATED_TEXT "the stream ended before %s; the partial message is kept"

/* ---- story.c: what a stream of events tells in all ---- */

/* Makes what the answer's events are put together in. */
claude_code_t cl_call_begin_story(claude_call_t *call, cl_err *err);
/* Takes in call->event. */
claude_code_t cl_call_add_to_story(claude_call_t *call, cl_err *err);
void cl_call_count_anomaly(claude_call_t *call);
/* It has an end of its own: a stream that ends without it was cut. */
bool cl_call_has_story(const claude_call_t *call);
bool cl_call_story_begun(const claude_call_t *call);
bool cl_call_story_done(const claude_call_t *call);
claude_code_t cl_call_story_json(const claude_call_t *call, cl_buf *out, cl_err *err);
/* The name of that end. */
const char *cl_call_story_end(const claude_call_t *call);
void cl_call_free_story(claude_call_t *call);

/* ---- pieces.c: answers that are no events: lines, and bytes ---- */

/* 1: call->event is the next line or bytes; 0: nothing has come whole; negative: an error. */
int32_t cl_call_take_line(claude_call_t *call, cl_err *err);
int32_t cl_call_take_bytes(claude_call_t *call);
/* As in call.h of the interface. */
claude_code_t cl_call_read(claude_call_t *call, void *out, size_t size, int64_t timeout_ms, size_t *got, cl_err *err);

/* ---- kept.c: events of a paused call ---- */

/* Keeps a copy of call->event, and drops the oldest where the limits ask for it. */
claude_code_t cl_call_keep_event(claude_call_t *call, cl_err *err);
/* Puts the oldest kept event into call->event; false if there is none. */
bool cl_call_take_kept(claude_call_t *call);
/* The event that was taken last is no longer looked at. */
void cl_call_done_with_event(claude_call_t *call);
void cl_call_drop_kept(claude_call_t *call);

/* ---- settle.c ---- */

void cl_call_attempt_begins(claude_call_t *call);
/* Nothing is tried again from now on. */
void cl_call_commit(claude_call_t *call);
/* The attempt is over, if there was one; NULL: it went well. */
void cl_call_settle(claude_call_t *call, const cl_err *err);
void cl_call_close_report(claude_call_t *call, claude_code_t code);

/* ---- quota.c: of calls with quotas alone ---- */

/* Takes room for the whole call, once. */
claude_code_t cl_call_reserve(claude_call_t *call, cl_err *err);
/* An attempt is over, and its row is filled; NULL: it went well. */
void cl_call_spend(claude_call_t *call, const cl_err *err);
/* The call is over: what it used is counted, or its room given back. Again does nothing. */
void cl_call_settle_quota(claude_call_t *call);

/* ---- observe.c ---- */

/* Tells the observer, who may set headers. */
claude_code_t cl_observe_start(claude_call_t *call, const char *url, cl_headers *headers, cl_err *err);
/* Only where there is one. */
void cl_observe_end(claude_call_t *call);

/* ---- credentials.c ---- */

/* Whether the key is there that the next attempt needs: 1: it is; 0: not before call->timer.due_at; negative: never.
 * Runs the credential provider. */
int32_t cl_call_credentials(claude_call_t *call, cl_err *err);
/* The same for what sends the client's key without a call. Waits up to *until, to which it adds the time that the
 * provider takes. CLAUDE_E_CALLBACK, CLAUDE_E_TIMEOUT; CLAUDE_E_BUSY: called by the provider itself */
claude_code_t cl_credentials_ready(const claude_client_t *client, int64_t *until, cl_err *err);
/* After a failure: whether to send it once more, with another key. */
bool cl_call_renews_key(const claude_call_t *call, const cl_err *err);
/* Takes over the error. */
void cl_call_renew_key(claude_call_t *call, cl_err *err);

/* ---- coding.c: bodies in gzip, where the options ask for it ---- */

/* The client may ask for it, or a request for itself. */
static inline bool cl_coding_may_be_on(const claude_call_t *call)
{
    const cl_options *own = call->request.options;

    return CL_FEATURE_COMPRESSION && ((call->client->features & CL_FEATURE_OF_COMPRESSION) ||
                                      (own && (cl_options_is_set(own, CL_OPT_COMPRESSION_ENABLED) ||
                                               cl_options_is_set(own, CL_OPT_COMPRESSION_RESPONSES))));
}

/* What the attempt sends for a body: changes it, or makes *pack, which takes its place. */
claude_code_t cl_coding_pack(claude_call_t *call, cl_body *body, cl_pack **pack, cl_err *err);
/* The head of the answer is there. */
claude_code_t cl_coding_head(claude_call_t *call, cl_err *err);
/* More of its body may be there, or the end. */
claude_code_t cl_coding_receive(claude_call_t *call, cl_err *err);
/* The body that has come, lent; or as a malloc'd, NUL-terminated text, NULL when out of memory. */
cl_str cl_coding_body(const claude_call_t *call);
char *cl_coding_steal(claude_call_t *call, size_t *len);
void cl_coding_rewind(claude_call_t *call);
/* As if nothing had come. */
static inline void cl_coding_forget(claude_call_t *call)
{
    if (CL_FEATURE_COMPRESSION && call->coding.unpack)
        cl_coding_rewind(call);
}
/* After a failure: true if the server does not read compressed bodies, and the same is sent once more as it is. */
bool cl_coding_goes_on(claude_call_t *call, cl_err *err);
/* An attempt is over; NULL: it went well. */
void cl_coding_settle(claude_call_t *call, const cl_err *err);

/* ---- attempt.c ---- */

/* Begins the next attempt. 1: done; 0: not before call->timer.due_at; negative: there will be none. */
int32_t cl_call_begin(claude_call_t *call, cl_err *err);
/*
 * What the first attempt of a call would send to base_url, made without a call, and without asking the observer and the
 * signing hook.
 */
typedef struct cl_sketch {
    claude_call_t call; /* as far as the making of a request looks at it */
    claude_report_t report;
    cl_pipeline pipeline;
    cl_buf url;
    cl_buf betas;
    cl_headers headers; /* without the one that carries the key */
    cl_str key_header;  /* its name; length 0: no key is sent */
    cl_body body;
    cl_http_request http;
} cl_sketch;

/* Takes over the snapshot, also on failure. The client outlives the sketch. */
claude_code_t cl_call_sketch(claude_client_t *client, cl_snapshot *request, cl_sketch **out, cl_err *err);
void cl_sketch_free(cl_sketch *sketch);

enum { CL_CALL_URL_MAX = 16384 };
/* Appends the whole URL that the attempt goes to. */
claude_code_t cl_call_url(const claude_call_t *call, cl_buf *url, cl_err *err);

/* ---- finish.c: what a response is, once it is over ---- */

enum cl_call_mode cl_call_mode_of(const claude_call_t *call);
/* Makes call->response, or says what is wrong with what arrived. */
claude_code_t cl_finish_events(claude_call_t *call, cl_err *err);
claude_code_t cl_finish_pieces(claude_call_t *call, cl_err *err);
claude_code_t cl_finish_body(claude_call_t *call, cl_err *err);
/* Adds to an error what is known of the call: status, request id, the partial answer. CLAUDE_E_NOMEM if there is no
 * memory for that. */
claude_code_t cl_finish_error(claude_call_t *call, cl_err *err);

#endif
