/*
 * glue.h - compiled into the extension module: one crossing of the border per event instead of four, and one per
 * wake-up of an event loop; waits that end in time for Ctrl-C; callbacks that keep away from an interpreter that is
 * ending.
 *
 * A call belongs to one thread at a time. `owner` holds the others off where Python threads share a stream: it is taken
 * here, and given back here, or for an event by Python once it has copied what the view points to.
 */
#ifndef CLAUDE_PY_GLUE_H
#define CLAUDE_PY_GLUE_H

#include <claude/claude.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CLAUDE_PY_WAIT_MS = 100, CLAUDE_PY_SKIP_MAX = 256 };
/* What one wake-up of an event loop takes at most. Bytes: and what the last event has. */
enum { CLAUDE_PY_BATCH_MAX = 256, CLAUDE_PY_BATCH_BYTES = 65536 };

/* A call, set by Python, and what a function below has brought. */
typedef struct {
    claude_call_t *call;
    claude_error_t *err;
    const char *text;
    size_t text_len;
    const char *json;
    size_t json_len;
    const char *name;
    int32_t index;
    int32_t cancelled;
    size_t owner;
} claude_py_view;

static int claude_py_enter(claude_py_view *view)
{
    size_t nobody = 0;

    return __atomic_compare_exchange_n(&view->owner, &nobody, (size_t)pthread_self(), 0, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* Who finds another thread inside a call that was cancelled has probably met the one that cancelled it. */
static claude_code_t claude_py_refuse(claude_py_view *view)
{
    return __atomic_load_n(&view->cancelled, __ATOMIC_ACQUIRE) ? CLAUDE_E_CANCELED : CLAUDE_E_BUSY;
}

static claude_code_t claude_py_leave(claude_py_view *view, claude_code_t code)
{
    __atomic_store_n(&view->owner, 0, __ATOMIC_RELEASE);
    return code;
}

/* Returns the kind of the next event, which is above CLAUDE_DONE, or what claude_call_next() returns otherwise. */
static int32_t claude_py_next(claude_py_view *view)
{
    const claude_event_t *event = NULL;
    claude_code_t code;
    int32_t kind = 0;

    if (!claude_py_enter(view))
        return claude_py_refuse(view);
    code = claude_call_next(view->call, CLAUDE_PY_WAIT_MS, &event, &view->err);
    if (code != 1)
        return claude_py_leave(view, code);
    claude_event_view(event, &kind, &view->index, &view->text, &view->text_len);
    view->json = claude_event_json(event, &view->json_len);
    view->name = claude_event_name(event);
    return kind;
}

/* Passes over what has come and is not text of the answer. Waits only once, so that Python sees signals in time. */
static int32_t claude_py_next_text(claude_py_view *view)
{
    const claude_event_t *event = NULL;
    claude_code_t code = 0;
    int32_t kind = 0;

    if (!claude_py_enter(view))
        return claude_py_refuse(view);
    for (int skipped = 0; skipped < CLAUDE_PY_SKIP_MAX; skipped++) {
        code = claude_call_next(view->call, skipped ? 0 : CLAUDE_PY_WAIT_MS, &event, &view->err);
        if (code != 1)
            return claude_py_leave(view, code);
        claude_event_view(event, &kind, NULL, &view->text, &view->text_len);
        if (kind == CLAUDE_EVENT_TEXT_DELTA)
            return kind;
    }
    return claude_py_leave(view, 0);
}

static claude_code_t claude_py_wait(claude_py_view *view)
{
    if (!claude_py_enter(view))
        return claude_py_refuse(view);
    return claude_py_leave(view, claude_call_wait(view->call, CLAUDE_PY_WAIT_MS, &view->err));
}

/* From any thread. If nobody is inside, the call lets go of its connection at once. */
static void claude_py_cancel(claude_py_view *view)
{
    claude_call_cancel(view->call);
    __atomic_store_n(&view->cancelled, 1, __ATOMIC_RELEASE);
    if (claude_py_enter(view))
        claude_py_leave(view, claude_call_wait(view->call, 0, NULL));
}

/* For the thread that was interrupted somewhere between entering and having copied an event. */
static void claude_py_abandon(claude_py_view *view)
{
    if (__atomic_load_n(&view->owner, __ATOMIC_RELAXED) == (size_t)pthread_self())
        claude_py_leave(view, 0);
    claude_py_cancel(view);
}

/* Something that happened to a call of an event loop. Its text, JSON and name follow the bytes of the one before it. */
typedef struct {
    uint64_t tag;
    int32_t kind; /* of the event, or CLAUDE_DONE */
    int32_t index;
    int32_t text_len; /* -1: no text */
    int32_t json_len;
    int32_t name_len; /* 0: the kind says it */
    int32_t unused;
} claude_py_record;

/* An event loop, set by Python, and what a wake-up has brought. */
typedef struct {
    claude_loop_t *loop;
    claude_error_t *err;
    char *bytes;
    size_t used;
    size_t room;
    int32_t count;
    claude_py_record records[CLAUDE_PY_BATCH_MAX];
} claude_py_batch;

static void claude_py_drop(claude_py_batch *batch)
{
    free(batch->bytes);
    batch->bytes = NULL;
    batch->room = 0;
}

static int claude_py_reserve(claude_py_batch *batch, size_t more)
{
    size_t room = batch->used + more;
    char *bytes;

    if (room <= batch->room)
        return 1;
    if (room < 2 * CLAUDE_PY_BATCH_BYTES)
        room = 2 * CLAUDE_PY_BATCH_BYTES;
    bytes = realloc(batch->bytes, room);
    if (!bytes)
        return 0;
    batch->bytes = bytes;
    batch->room = room;
    return 1;
}

static int32_t claude_py_copy(claude_py_batch *batch, const char *bytes, size_t len)
{
    if (len > 0)
        memcpy(batch->bytes + batch->used, bytes, len);
    batch->used += len;
    return (int32_t)len;
}

static int claude_py_record_event(claude_py_batch *batch, claude_py_record *record, const claude_event_t *event)
{
    const char *text = NULL, *json, *name = "";
    size_t text_len = 0, json_len = 0;

    claude_event_view(event, &record->kind, &record->index, &text, &text_len);
    json = claude_event_json(event, &json_len);
    if (record->kind > CLAUDE_EVENT_PING)
        name = claude_event_name(event);
    if (!claude_py_reserve(batch, text_len + json_len + strlen(name)))
        return 0;
    record->text_len = text ? claude_py_copy(batch, text, text_len) : -1;
    record->json_len = claude_py_copy(batch, json, json_len);
    record->name_len = claude_py_copy(batch, name, strlen(name));
    return 1;
}

/*
 * Does what the loop has to do and takes what has happened to its calls: 0 or an error. What is left over makes the
 * loop's descriptor readable again. A tag is the address of an int32_t: not 0 where nobody wants the events of the
 * call.
 */
static claude_code_t claude_py_take(claude_py_batch *batch)
{
    const claude_event_t *event = NULL;
    claude_code_t code = claude_loop_dispatch(batch->loop, &batch->err);

    if (batch->room > 2 * CLAUDE_PY_BATCH_BYTES)
        claude_py_drop(batch);
    batch->count = 0;
    batch->used = 0;
    for (int seen = 0; code >= 0 && seen < CLAUDE_PY_BATCH_MAX && batch->used < CLAUDE_PY_BATCH_BYTES; seen++) {
        claude_py_record *record = &batch->records[batch->count];
        code = claude_loop_next(batch->loop, &record->tag, &event, &batch->err);
        if (code <= 0)
            break;
        if (code == 1 && *(const int32_t *)(uintptr_t)record->tag)
            continue;
        record->kind = code;
        if (code == 1 && !claude_py_record_event(batch, record, event))
            return CLAUDE_E_NOMEM;
        batch->count++;
    }
    return code < 0 ? code : 0;
}

/* Python's functions, which CFFI defines further down. */
static int32_t libclaude_sign(claude_sign_t *sign, void *user_data);
static void libclaude_deprecation(const char *model, const char *text, void *user_data);
static void libclaude_attempt(claude_attempt_t *attempt, void *user_data);
static int32_t libclaude_credential(claude_credential_t *credential, void *user_data);
static void libclaude_secret_expiry(const char *fingerprint, int64_t expires_at_ms, int64_t left_ms, void *user_data);
static void libclaude_watcher(claude_watcher_t *watcher, int64_t generation, void *user_data);
static void libclaude_log(int32_t level, const char *event, const char *fields, size_t len, void *user_data);
static void libclaude_destroy(void *user_data);

static int32_t claude_py_ending;

/* From here on the interpreter takes itself apart and its functions must not be called. */
static void claude_py_end(void)
{
    __atomic_store_n(&claude_py_ending, 1, __ATOMIC_RELEASE);
}

static int32_t claude_py_sign(claude_sign_t *sign, void *user_data)
{
    return __atomic_load_n(&claude_py_ending, __ATOMIC_ACQUIRE) ? -1 : libclaude_sign(sign, user_data);
}

static void claude_py_destroy(void *user_data)
{
    if (!__atomic_load_n(&claude_py_ending, __ATOMIC_ACQUIRE))
        libclaude_destroy(user_data);
}

static claude_code_t claude_py_on_sign(claude_config_t *config, void *user_data, claude_error_t **err)
{
    return claude_config_on_sign(config, claude_py_sign, user_data, claude_py_destroy, err);
}

static void claude_py_deprecation(const char *model, const char *text, void *user_data)
{
    if (!__atomic_load_n(&claude_py_ending, __ATOMIC_ACQUIRE))
        libclaude_deprecation(model, text, user_data);
}

static claude_code_t claude_py_on_deprecation(claude_config_t *config, void *user_data, claude_error_t **err)
{
    return claude_config_on_deprecation(config, claude_py_deprecation, user_data, claude_py_destroy, err);
}

static void claude_py_attempt(claude_attempt_t *attempt, void *user_data)
{
    if (!__atomic_load_n(&claude_py_ending, __ATOMIC_ACQUIRE))
        libclaude_attempt(attempt, user_data);
}

static claude_code_t claude_py_on_attempt(claude_config_t *config, void *user_data, claude_error_t **err)
{
    return claude_config_on_attempt(config, claude_py_attempt, user_data, claude_py_destroy, err);
}

static int32_t claude_py_credential(claude_credential_t *credential, void *user_data)
{
    return __atomic_load_n(&claude_py_ending, __ATOMIC_ACQUIRE) ? -1 : libclaude_credential(credential, user_data);
}

static claude_code_t claude_py_set_credential_provider(claude_config_t *config, void *user_data, claude_error_t **err)
{
    return claude_config_set_credential_provider(config, claude_py_credential, user_data, claude_py_destroy, err);
}

static void claude_py_secret_expiry(const char *fingerprint, int64_t expires_at_ms, int64_t left_ms, void *user_data)
{
    if (!__atomic_load_n(&claude_py_ending, __ATOMIC_ACQUIRE))
        libclaude_secret_expiry(fingerprint, expires_at_ms, left_ms, user_data);
}

static claude_code_t claude_py_on_expiry(claude_secret_t *secret, int64_t lead_ms, void *user_data,
                                         claude_error_t **err)
{
    return claude_secret_on_expiry(secret, lead_ms, claude_py_secret_expiry, user_data, claude_py_destroy, err);
}

static void claude_py_watcher(claude_watcher_t *watcher, int64_t generation, void *user_data)
{
    if (!__atomic_load_n(&claude_py_ending, __ATOMIC_ACQUIRE))
        libclaude_watcher(watcher, generation, user_data);
}

/* NULL: nobody hears of changes any more. */
static claude_code_t claude_py_on_change(claude_watcher_t *watcher, void *user_data, claude_error_t **err)
{
    if (!user_data)
        return claude_watcher_on_change(watcher, NULL, NULL, NULL, err);
    return claude_watcher_on_change(watcher, claude_py_watcher, user_data, claude_py_destroy, err);
}

static void claude_py_log(int32_t level, const char *event, const char *fields, size_t len, void *user_data)
{
    if (!__atomic_load_n(&claude_py_ending, __ATOMIC_ACQUIRE))
        libclaude_log(level, event, fields, len, user_data);
}

static claude_code_t claude_py_on_log(claude_config_t *config, int32_t level, void *user_data, claude_error_t **err)
{
    return claude_config_on_log(config, level, claude_py_log, user_data, claude_py_destroy, err);
}

/* Whether this thread is letting go of a call, a loop or a runner: what a callback raises then has nobody to come out
 * at. */
static __thread int32_t claude_py_dropping;

static int32_t claude_py_is_dropping(void)
{
    return claude_py_dropping;
}

static void claude_py_drop_call(claude_call_t *call)
{
    claude_py_dropping++;
    claude_call_unref(call);
    claude_py_dropping--;
}

static void claude_py_drop_loop(claude_loop_t *loop)
{
    claude_py_dropping++;
    claude_loop_unref(loop);
    claude_py_dropping--;
}

static void claude_py_drop_runner(claude_runner_t *runner)
{
    claude_py_dropping++;
    claude_runner_unref(runner);
    claude_py_dropping--;
}

#endif
