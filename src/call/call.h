/* call.h - the door of the room for calls: one attempt driven from start to end, and its events handed out. */
#ifndef CL_CALL_H
#define CL_CALL_H

#include <pthread.h>

#include <claude/call.h>

#include "base/base.h"
#include "client/client.h"
#include "http/http.h"
#include "message/message.h"
#include "sse/sse.h"

/* What the request to be signed is; lent to the hook. */
struct claude_sign {
    cl_handle handle;
    const char *method;
    const char *url;
    cl_headers *headers;
    const cl_body *body;
    char body_sha256[65]; /* empty until asked for */
};

const char *cl_sign_body_sha256(claude_sign_t *sign);

enum cl_call_mode {
    CL_MODE_HEAD,   /* the response's head has not arrived */
    CL_MODE_EVENTS, /* a stream of events */
    CL_MODE_BODY,   /* everything else: collected, judged at its end */
};

struct claude_call {
    cl_handle handle;
    claude_client_t *client;
    cl_snapshot request;
    uint32_t generation; /* of the process that made it */
    _Atomic int32_t state;
    _Atomic bool cancel_asked;
    pthread_mutex_t lock; /* guards `engine` against cancel from another thread; never held while driving */
    cl_engine *engine;
    cl_transfer *transfer;
    enum cl_call_mode mode;
    bool in_callback;
    bool begun;
    bool over;      /* the transfer has ended; its failure, if any, is in transfer_error */
    bool delivered; /* an event other than ping was handed out: nothing may be retried */
    bool strict;
    bool skip_malformed;
    uint32_t max_depth;
    int32_t attempts;
    int64_t started_at;
    cl_sse sse;
    cl_buf text; /* decoded text of the current event */
    cl_accumulator *accumulator;
    claude_event_t event;
    claude_response_t *response; /* once done */
    cl_err transfer_error;
    cl_err error; /* once failed */
};

/* Takes over the snapshot, also on failure. */
claude_code_t cl_call_start(claude_client_t *client, cl_snapshot *request, claude_call_t **out, cl_err *err);
/* As in call.h of the interface. A failure's details stay in call->error. */
claude_code_t cl_call_next(claude_call_t *call, int64_t timeout_ms, const claude_event_t **event, cl_err *err);
claude_code_t cl_call_wait(claude_call_t *call, int64_t timeout_ms, cl_err *err);
claude_code_t cl_call_result(claude_call_t *call, claude_response_t **out, cl_err *err);
void cl_call_cancel(claude_call_t *call);
void cl_call_pause(claude_call_t *call, bool on);
int32_t cl_call_state(const claude_call_t *call);
size_t cl_call_buffered(const claude_call_t *call);
uint64_t cl_call_dropped(const claude_call_t *call);
int32_t cl_call_http_status(const claude_call_t *call);
const char *cl_call_header(const claude_call_t *call, const char *name);
int32_t cl_call_attempts(const claude_call_t *call);
claude_call_t *cl_call_ref(claude_call_t *call);
void cl_call_unref(claude_call_t *call);
/* Inside of a function that drives the call: nobody else holds it any more. */
bool cl_call_is_abandoned(const claude_call_t *call);

#define CL_CANCELLED_TEXT "the call was cancelled"

/* attempt.c: builds the request for the wire and gives it to an engine. Runs the signing hook. */
claude_code_t cl_attempt_begin(claude_call_t *call, cl_err *err);
/* finish.c: what a response is, once it is over. */
enum cl_call_mode cl_call_mode_of(const claude_call_t *call);
/* Makes call->response, or says what is wrong with what arrived. */
claude_code_t cl_finish_events(claude_call_t *call, cl_err *err);
claude_code_t cl_finish_body(claude_call_t *call, cl_err *err);
/* Adds to an error what is known of the call: status, request id, attempts, the partial answer. */
void cl_finish_error(claude_call_t *call, cl_err *err);

#endif
