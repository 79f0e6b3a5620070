/* batch_wait.c - asking for a batch until it has ended. */
#include <errno.h>
#include <poll.h>

#include "api/batches.h"
#include "call/call.h"

static bool has_ended(const claude_response_t *batch)
{
    cl_json status = cl_json_member(cl_response_root(batch), CL_STR("processing_status"));

    return cl_json_string_is(status, CL_STR("ended"));
}

int64_t cl_batch_poll_delay(const claude_response_t *batch, uint32_t attempt, int64_t first_ms, int64_t max_ms)
{
    int64_t delay = first_ms > 0 ? first_ms : CL_BATCH_FIRST_MS;
    int64_t longest = max_ms > 0 ? max_ms : CL_BATCH_PAUSE_MS;

    if (batch && has_ended(batch))
        return 0;
    if (longest > CL_BATCH_PAUSE_MAX_MS)
        longest = CL_BATCH_PAUSE_MAX_MS;
    /* Half as long again, rounded up so that it grows. */
    for (; attempt > 0 && delay < longest; attempt--)
        delay += (delay + 1) / 2;
    return delay < longest ? delay : longest;
}

/* 1: *out is what it is now; 0: not in time. */
static claude_code_t retrieve(claude_client_t *client, const claude_request_t *request, int64_t until,
                              claude_response_t **out, cl_err *err)
{
    claude_client_t *now = cl_client_current(client);
    claude_call_t *call = NULL;
    cl_snapshot snapshot;
    claude_code_t rc = cl_request_snapshot(request, false, &snapshot, err);

    if (rc >= 0)
        rc = cl_call_start(now, &snapshot, &call, err);
    cl_client_unref(now);
    if (rc >= 0)
        rc = cl_call_wait(call, cl_until_rest(until), err);
    if (rc == CLAUDE_DONE) {
        rc = cl_call_result(call, out, err);
        rc = rc < 0 ? rc : 1;
    }
    cl_call_unref(call);
    return rc;
}

static claude_code_t report(const cl_batch_watch *watch, const claude_response_t *batch, cl_err *err)
{
    int32_t answer = watch->fn ? watch->fn(batch, watch->user_data) : 0;

    if (answer == 0)
        return CLAUDE_OK;
    cl_fail(err, CLAUDE_E_CALLBACK, "the progress callback returned %d", (int)answer);
    err->user_code = answer;
    err->feature = "batch";
    return CLAUDE_E_CALLBACK;
}

/* Waits, and reports when a signal interrupts that: whoever handles it may want to stop. */
static claude_code_t pause_until(const cl_batch_watch *watch, const claude_response_t *batch, int64_t until,
                                 cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;
    int64_t rest;

    while (rc >= 0 && (rest = cl_until_rest(until)) > 0) {
        /* A pause has at most a day. */
        if (poll(NULL, 0, (int)rest) < 0 && errno == EINTR)
            rc = report(watch, batch, err);
    }
    return rc;
}

static claude_code_t watch_batch(claude_client_t *client, const claude_request_t *request, const cl_batch_watch *watch,
                                 claude_response_t **out, cl_err *err)
{
    int64_t until = cl_until(watch->timeout_ms);
    /* To ask once takes its time, too. */
    int64_t first_until = watch->timeout_ms == 0 ? INT64_MAX : until;

    for (uint32_t attempt = 0;; attempt += attempt < UINT32_MAX) {
        claude_response_t *batch = NULL;
        claude_code_t rc = retrieve(client, request, attempt == 0 ? first_until : until, &batch, err);
        int64_t next;
        if (rc != 1)
            return rc;
        rc = report(watch, batch, err);
        next = cl_batch_poll_delay(batch, attempt, watch->first_ms, watch->max_ms);
        if (rc >= 0 && next == 0) {
            *out = batch;
            return CLAUDE_DONE;
        }
        next = cl_until(next);
        if (rc >= 0)
            rc = pause_until(watch, batch, next < until ? next : until, err);
        cl_response_unref(batch);
        if (rc < 0 || next >= until)
            return rc;
    }
}

claude_code_t cl_batch_wait(claude_client_t *client, const char *batch_id, const cl_batch_watch *watch,
                            claude_response_t **out, cl_err *err)
{
    claude_request_t *request = NULL;
    claude_code_t rc = cl_api_request_new("messages.batches.retrieve", &request, err);

    if (rc >= 0)
        rc = cl_request_set_path(request, "message_batch_id", batch_id, err);
    /* The callback may drop the program's last reference. */
    cl_client_ref(client);
    if (rc >= 0)
        rc = watch_batch(client, request, watch, out, err);
    cl_client_unref(client);
    cl_request_unref(request);
    return rc;
}
