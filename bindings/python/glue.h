/*
 * glue.h - compiled into the extension module: one crossing of the border per event instead of four, waits that end in
 * time for Ctrl-C, and callbacks that keep away from an interpreter that is ending.
 *
 * A call belongs to one thread at a time. `owner` holds the others off where Python threads share a stream: it is taken
 * here, and given back here, or for an event by Python once it has copied what the view points to.
 */
#ifndef CLAUDE_PY_GLUE_H
#define CLAUDE_PY_GLUE_H

#include <claude/claude.h>
#include <pthread.h>

enum { CLAUDE_PY_WAIT_MS = 100, CLAUDE_PY_SKIP_MAX = 256 };

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

/* Python's functions, which CFFI defines further down. */
static int32_t libclaude_sign(claude_sign_t *sign, void *user_data);
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

#endif
