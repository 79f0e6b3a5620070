/* What the sandbox answers without a scenario: a small, plausible Claude API. */
#ifndef SANDBOX_API_H
#define SANDBOX_API_H

#include "http.h"
#include "reply.h"
#include "store.h"

enum { API_MAX_BODY = 32 * 1024 * 1024 };

/* How large the body of such a request may be. */
size_t api_max_body(const struct request *request);
/* A new step. The request's body must have been kept whole up to api_max_body(). */
struct step *api_reply(struct store *store, const struct request *request, const char *request_id);
/* Whether the body says "stream": true. */
bool api_wants_stream(const struct request *request);

#endif
