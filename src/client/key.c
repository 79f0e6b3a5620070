#include "client/key.h"

#include <claude/credential.h>

#include <pthread.h>
#include <stdlib.h>

struct cl_key {
    _Atomic uint32_t refs;
    pthread_mutex_t lock;
    /* ---- under the lock ---- */
    claude_secret_t *secret;
    uint64_t generation;
    int64_t got_at; /* by the wall clock */
    bool asking;
    pthread_t asker;
    uint32_t asker_process; /* in a child of fork() its asker is not there */
    int64_t left_alone_until;
    cl_key_failure failure;
};

/* A child process must not find the lock taken by a thread that it does not have. No callback runs in between. */
static void enter(cl_key *key)
{
    cl_fork_hold();
    pthread_mutex_lock(&key->lock);
}

static void leave(cl_key *key)
{
    pthread_mutex_unlock(&key->lock);
    cl_fork_release();
}

/* Returns what was there, to be released outside of the lock: that may run a callback. */
static claude_secret_t *put(cl_key *key, claude_secret_t *secret)
{
    claude_secret_t *old = key->secret;

    key->secret = secret;
    key->generation++;
    key->got_at = cl_wall_ms();
    key->left_alone_until = INT64_MIN;
    return old;
}

claude_code_t cl_key_new(claude_secret_t *secret, cl_key **out, cl_err *err)
{
    cl_key *key = calloc(1, sizeof *key);

    if (!key || pthread_mutex_init(&key->lock, NULL) != 0) {
        free(key);
        return cl_fail_nomem(err);
    }
    (void)cl_fork_generation(); /* so that forks are held from now on */
    atomic_init(&key->refs, 1);
    key->left_alone_until = INT64_MIN;
    if (secret)
        (void)put(key, cl_secret_ref(secret));
    *out = key;
    return CLAUDE_OK;
}

cl_key *cl_key_ref(cl_key *key)
{
    if (key)
        atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

void cl_key_unref(cl_key *key)
{
    if (!key || atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) != 1)
        return;
    cl_secret_unref(key->secret);
    pthread_mutex_destroy(&key->lock);
    free(key);
}

void cl_key_put(cl_key *key, claude_secret_t *secret)
{
    claude_secret_t *old;

    cl_secret_ref(secret);
    enter(key);
    old = put(key, secret);
    leave(key);
    cl_secret_unref(old);
}

claude_secret_t *cl_key_get(cl_key *key, uint64_t *generation)
{
    claude_secret_t *secret;

    if (!key)
        return NULL;
    enter(key);
    secret = cl_secret_ref(key->secret);
    *generation = key->generation;
    leave(key);
    return secret;
}

/* ---- a provider's tokens ---- */

/* A token of a short life is not fetched anew from its first day. */
static bool is_due(const cl_key *key, int64_t expires_at, int64_t wall, int64_t lead_ms)
{
    return expires_at != INT64_MAX && wall >= expires_at - lead_ms &&
           wall >= key->got_at + (expires_at - key->got_at) / 2;
}

/* Why another token is needed; 0: it is not. *must: the one that is there will not do. */
static int32_t reason_for(const cl_key *key, const cl_key_question *question, bool *must)
{
    int64_t wall = cl_wall_ms();
    int64_t expires_at;

    *must = true;
    if (!key->secret)
        return CLAUDE_CREDENTIAL_FIRST;
    expires_at = cl_secret_expires_at(key->secret);
    if (wall >= expires_at)
        return CLAUDE_CREDENTIAL_EXPIRES;
    if (key->generation == question->refused)
        return CLAUDE_CREDENTIAL_REFUSED;
    *must = false;
    return is_due(key, expires_at, wall, question->lead_ms) ? CLAUDE_CREDENTIAL_EXPIRES : 0;
}

static int32_t check(cl_key *key, const cl_key_question *question, int64_t now, int32_t *reason)
{
    bool must;

    *reason = reason_for(key, question, &must);
    if (*reason == 0)
        return CL_KEY_READY;
    if (key->asking && key->asker_process == cl_fork_generation()) {
        if (!must)
            return CL_KEY_READY;
        return pthread_equal(key->asker, pthread_self()) ? CL_KEY_REENTERED : CL_KEY_WAIT;
    }
    if (now < key->left_alone_until)
        return must ? CL_KEY_FAILED : CL_KEY_READY;
    if (!question->may_ask)
        return CL_KEY_WAIT;
    key->asking = true;
    key->asker = pthread_self();
    key->asker_process = cl_fork_generation();
    return CL_KEY_ASK;
}

int32_t cl_key_check(cl_key *key, const cl_key_question *question, int32_t *reason, cl_key_failure *failure)
{
    int64_t now = cl_now_ms();
    int32_t what;

    enter(key);
    what = check(key, question, now, reason);
    if (what == CL_KEY_FAILED) {
        *failure = key->failure;
        failure->left_ms = key->left_alone_until - now;
    }
    leave(key);
    return what;
}

void cl_key_answer(cl_key *key, claude_secret_t *secret, const cl_key_failure *failure, int64_t pause_ms)
{
    claude_secret_t *old = NULL;
    int64_t now = cl_now_ms();

    cl_secret_ref(secret);
    enter(key);
    key->asking = false;
    if (secret) {
        old = put(key, secret);
    } else {
        key->failure = *failure;
        key->left_alone_until = now + pause_ms;
    }
    leave(key);
    cl_secret_unref(old);
}
