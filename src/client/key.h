/*
 * key.h - a key that a client sends: it may be replaced while the client lives, and may come from a provider. Snapshots
 * of a client share it while their configurations have the same one.
 */
#ifndef CL_CLIENT_KEY_H
#define CL_CLIENT_KEY_H

#include "auth/auth.h"
#include "base/base.h"

typedef struct cl_key cl_key;

/* `secret` may be NULL: there is none yet. */
claude_code_t cl_key_new(claude_secret_t *secret, cl_key **out, cl_err *err);
cl_key *cl_key_ref(cl_key *key);
void cl_key_unref(cl_key *key);
/* Replaces it. */
void cl_key_put(cl_key *key, claude_secret_t *secret);
/* A reference, NULL: none. Each secret has another generation, from 1. `key` may be NULL. */
claude_secret_t *cl_key_get(cl_key *key, uint64_t *generation);

/* ---- a provider's tokens ---- */

enum {
    CL_KEY_READY = 1, /* go on with what is there */
    CL_KEY_ASK,       /* the caller is to ask the provider, and must answer */
    CL_KEY_WAIT,      /* another one asks */
    CL_KEY_REENTERED, /* the caller is inside of the provider */
    CL_KEY_FAILED     /* the provider has failed a moment ago */
};

/* What an attempt asks that needs a token. */
typedef struct cl_key_question {
    int64_t lead_ms;  /* how long before its end a token is fetched anew */
    uint64_t refused; /* the generation that the server has refused it with; 0: none */
    bool may_ask;     /* callbacks may run here; else it is CL_KEY_WAIT */
} cl_key_question;

/* Why a provider failed, for those that come while it is left alone. */
typedef struct cl_key_failure {
    int32_t user_code;
    char text[96];
    int64_t left_ms;
} cl_key_failure;

/* *reason: CLAUDE_CREDENTIAL_*, for CL_KEY_ASK; *failure: for CL_KEY_FAILED. */
int32_t cl_key_check(cl_key *key, const cl_key_question *question, int32_t *reason, cl_key_failure *failure);
/* Takes its own reference. NULL: the provider failed, as `failure` says, and is left alone for so long. */
void cl_key_answer(cl_key *key, claude_secret_t *secret, const cl_key_failure *failure, int64_t pause_ms);

#endif
