/* auth.h - the door of the room for keys: secrets in guarded memory, their sources, their fingerprints. */
#ifndef CL_AUTH_H
#define CL_AUTH_H

#include <claude/secret.h>

#include "base/base.h"

/* SHA-256 (FIPS 180-4), incremental. */
typedef struct cl_sha256 {
    uint32_t state[8];
    uint64_t length;
    unsigned char block[64];
    size_t used;
} cl_sha256;

void cl_sha256_init(cl_sha256 *sha);
void cl_sha256_update(cl_sha256 *sha, const void *bytes, size_t len);
void cl_sha256_final(cl_sha256 *sha, unsigned char digest[32]);
/* 2 * len lower-case digits and a NUL. */
void cl_hex(const unsigned char *bytes, size_t len, char *out);

/* The functions behind secret.h; same meaning. */
claude_code_t cl_secret_new(cl_str text, bool checked, claude_secret_t **out, cl_err *err);
claude_code_t cl_secret_from_file(const char *path, claude_secret_t **out, cl_err *err);
claude_code_t cl_secret_from_env(const char *name, claude_secret_t **out, cl_err *err);
claude_code_t cl_secret_from_workspace(const char *name, claude_secret_t **out, cl_err *err);
claude_code_t cl_secret_on_audit(claude_secret_t *secret, claude_secret_audit_fn fn, void *user_data,
                                 claude_destroy_fn destroy, cl_err *err);
claude_code_t cl_secret_load_with_precedence(const char *name, claude_secret_t *runtime, claude_secret_t **out,
                                             cl_err *err);
claude_code_t cl_secret_on_expiry(claude_secret_t *secret, int64_t lead_ms, claude_secret_expiry_fn fn, void *user_data,
                                  claude_destroy_fn destroy, cl_err *err);
/* INT64_MAX: never. */
void cl_secret_set_expiry(claude_secret_t *secret, int64_t expires_at);
int64_t cl_secret_expires_at(const claude_secret_t *secret);
/* A static text; before the secret is shown to anybody. */
void cl_secret_set_source(claude_secret_t *secret, const char *source);
const char *cl_secret_source(const claude_secret_t *secret);
/* Value of an environment variable. NULL if it is unset, and also if it is blank: a shell cannot easily unset a
 * variable for a child. */
const char *cl_env_value(const char *name);
/* Counts and audits a use, tells of its expiry, then lends the text (NUL-terminated) until the last reference is
 * dropped. {NULL, 0} for NULL and for a secret whose pages were overwritten. */
cl_str cl_secret_use(claude_secret_t *secret, const char *operation);
const char *cl_secret_fingerprint(const claude_secret_t *secret);
uint64_t cl_secret_exposures(void);
claude_secret_t *cl_secret_ref(claude_secret_t *secret);
void cl_secret_unref(claude_secret_t *secret);

/* Whether a text holds what may be a key: it must not be quoted in an error, whatever it was meant to be. */
bool cl_secret_suspected(cl_str text);

/* Overwrites memory in a way that the compiler keeps. */
void cl_wipe(void *bytes, size_t len);

#endif
