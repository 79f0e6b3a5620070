#include "client/keys.h"

#include <claude/credential.h>

#include <pthread.h>
#include <stdlib.h>

typedef struct slot {
    claude_secret_t *secret;
    uint64_t generation;
} slot;

struct cl_keys {
    _Atomic uint32_t refs;
    int64_t lead_ms;
    int64_t pause_ms;
    pthread_mutex_t lock;
    /* ---- under the lock ---- */
    int64_t refresh_at; /* by the wall clock: when the next token is to be fetched */
    bool asking;
    pthread_t asker;
    uint32_t asker_process; /* in a child of fork() its asker is not there */
    int64_t left_alone_until;
    cl_keys_failure failure;
    size_t count;
    slot slots[];
};

/* A child process must not find the lock taken by a thread that it does not have. No callback runs in between. */
static void enter(cl_keys *keys)
{
    cl_fork_hold();
    pthread_mutex_lock(&keys->lock);
}

static void leave(cl_keys *keys)
{
    pthread_mutex_unlock(&keys->lock);
    cl_fork_release();
}

claude_code_t cl_keys_new(size_t count, int64_t lead_ms, int64_t pause_ms, cl_keys **out, cl_err *err)
{
    cl_keys *keys = calloc(1, sizeof *keys + count * sizeof keys->slots[0]);

    if (!keys || pthread_mutex_init(&keys->lock, NULL) != 0) {
        free(keys);
        return cl_fail_nomem(err);
    }
    (void)cl_fork_generation(); /* so that forks are held from now on */
    atomic_init(&keys->refs, 1);
    keys->lead_ms = lead_ms;
    keys->pause_ms = pause_ms;
    keys->refresh_at = INT64_MAX;
    keys->left_alone_until = INT64_MIN;
    keys->count = count;
    *out = keys;
    return CLAUDE_OK;
}

cl_keys *cl_keys_ref(cl_keys *keys)
{
    if (keys)
        atomic_fetch_add_explicit(&keys->refs, 1, memory_order_relaxed);
    return keys;
}

void cl_keys_unref(cl_keys *keys)
{
    if (!keys || atomic_fetch_sub_explicit(&keys->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < keys->count; i++)
        cl_secret_unref(keys->slots[i].secret);
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}

/* A token of a short life is not fetched anew from its first day. */
static int64_t refresh_time(const cl_keys *keys, const claude_secret_t *secret)
{
    int64_t expires_at = cl_secret_expires_at(secret);
    int64_t wall = cl_wall_ms();
    int64_t half = wall + (expires_at - wall) / 2;

    if (expires_at == INT64_MAX || expires_at <= wall)
        return expires_at;
    return expires_at - keys->lead_ms > half ? expires_at - keys->lead_ms : half;
}

/* Returns what was there, to be released outside of the lock: that may run a callback. */
static claude_secret_t *put(cl_keys *keys, size_t index, claude_secret_t *secret)
{
    claude_secret_t *old = keys->slots[index].secret;

    keys->slots[index].secret = secret;
    keys->slots[index].generation++;
    if (index == 0)
        keys->refresh_at = refresh_time(keys, secret);
    return old;
}

void cl_keys_put(cl_keys *keys, size_t index, claude_secret_t *secret)
{
    claude_secret_t *old;

    cl_secret_ref(secret);
    enter(keys);
    old = put(keys, index, secret);
    if (index == 0)
        keys->left_alone_until = INT64_MIN;
    leave(keys);
    cl_secret_unref(old);
}

claude_secret_t *cl_keys_get(cl_keys *keys, size_t index, uint64_t *generation)
{
    claude_secret_t *secret;

    if (index >= keys->count)
        return NULL;
    enter(keys);
    secret = cl_secret_ref(keys->slots[index].secret);
    *generation = keys->slots[index].generation;
    leave(keys);
    return secret;
}

bool cl_keys_has(cl_keys *keys, size_t index)
{
    bool has;

    if (index >= keys->count)
        return false;
    enter(keys);
    has = keys->slots[index].secret != NULL;
    leave(keys);
    return has;
}

/* ---- a provider's tokens ---- */

/* Why another token is needed; 0: it is not. *must: the one that is there will not do. */
static int32_t reason_for(const cl_keys *keys, uint64_t refused, bool *must)
{
    const slot *own = &keys->slots[0];
    int64_t wall = cl_wall_ms();

    *must = true;
    if (!own->secret)
        return CLAUDE_CREDENTIAL_FIRST;
    if (wall >= cl_secret_expires_at(own->secret))
        return CLAUDE_CREDENTIAL_EXPIRES;
    if (own->generation == refused)
        return CLAUDE_CREDENTIAL_REFUSED;
    *must = false;
    return wall >= keys->refresh_at ? CLAUDE_CREDENTIAL_EXPIRES : 0;
}

static int32_t check(cl_keys *keys, uint64_t refused, bool may_ask, int64_t now, int32_t *reason)
{
    bool must;

    *reason = reason_for(keys, refused, &must);
    if (*reason == 0)
        return CL_KEYS_READY;
    if (keys->asking && keys->asker_process == cl_fork_generation()) {
        if (!must)
            return CL_KEYS_READY;
        return pthread_equal(keys->asker, pthread_self()) ? CL_KEYS_REENTERED : CL_KEYS_WAIT;
    }
    if (now < keys->left_alone_until)
        return must ? CL_KEYS_FAILED : CL_KEYS_READY;
    if (!may_ask)
        return CL_KEYS_WAIT;
    keys->asking = true;
    keys->asker = pthread_self();
    keys->asker_process = cl_fork_generation();
    return CL_KEYS_ASK;
}

int32_t cl_keys_check(cl_keys *keys, uint64_t refused, bool may_ask, int32_t *reason, cl_keys_failure *failure)
{
    int64_t now = cl_now_ms();
    int32_t what;

    enter(keys);
    what = check(keys, refused, may_ask, now, reason);
    if (what == CL_KEYS_FAILED) {
        *failure = keys->failure;
        failure->left_ms = keys->left_alone_until - now;
    }
    leave(keys);
    return what;
}

void cl_keys_answer(cl_keys *keys, claude_secret_t *secret, const cl_keys_failure *failure)
{
    claude_secret_t *old = NULL;
    int64_t now = cl_now_ms();

    cl_secret_ref(secret);
    enter(keys);
    keys->asking = false;
    if (secret) {
        old = put(keys, 0, secret);
        keys->left_alone_until = INT64_MIN;
    } else {
        keys->failure = *failure;
        keys->left_alone_until = now + keys->pause_ms;
    }
    leave(keys);
    cl_secret_unref(old);
}
