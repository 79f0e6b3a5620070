/*
 * keys.h - the keys of a client: they may be replaced while it lives, and the client's own may come from a provider.
 * Slot 0 is the client's own key, slot 1 + i that of endpoint i of its failover.
 */
#ifndef CL_CLIENT_KEYS_H
#define CL_CLIENT_KEYS_H

#include "auth/auth.h"
#include "base/base.h"

typedef struct cl_keys cl_keys;

#define CL_NO_KEY SIZE_MAX

claude_code_t cl_keys_new(size_t count, int64_t lead_ms, int64_t pause_ms, cl_keys **out, cl_err *err);
cl_keys *cl_keys_ref(cl_keys *keys);
void cl_keys_unref(cl_keys *keys);
/* Puts a key into a slot, in place of what was there. */
void cl_keys_put(cl_keys *keys, size_t slot, claude_secret_t *secret);
/* A reference, NULL: none. Each key that a slot gets has another generation, from 1. */
claude_secret_t *cl_keys_get(cl_keys *keys, size_t slot, uint64_t *generation);
bool cl_keys_has(cl_keys *keys, size_t slot);

/* ---- a provider's tokens: slot 0 ---- */

enum {
    CL_KEYS_READY = 1, /* go on with what is there */
    CL_KEYS_ASK,       /* the caller is to ask the provider, and must answer */
    CL_KEYS_WAIT,      /* another one asks */
    CL_KEYS_REENTERED, /* the caller is inside of the provider */
    CL_KEYS_FAILED     /* the provider has failed a moment ago */
};

/* Why a provider failed, for those that come while it is left alone. */
typedef struct cl_keys_failure {
    int32_t user_code;
    char text[96];
    int64_t left_ms;
} cl_keys_failure;

/*
 * What an attempt is to do that needs a token. `refused`: the generation that the server has refused it with, 0: none.
 * `may_ask`: false where no callback may run; it is CL_KEYS_WAIT then. *reason: CLAUDE_CREDENTIAL_*, for CL_KEYS_ASK.
 */
int32_t cl_keys_check(cl_keys *keys, uint64_t refused, bool may_ask, int32_t *reason, cl_keys_failure *failure);
/* Takes its own reference. NULL: the provider failed, as `failure` says. */
void cl_keys_answer(cl_keys *keys, claude_secret_t *secret, const cl_keys_failure *failure);

#endif
