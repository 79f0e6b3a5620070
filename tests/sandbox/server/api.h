/* What the sandbox answers without a scenario: a small, plausible Messages API. */
#ifndef SANDBOX_API_H
#define SANDBOX_API_H

#include "http.h"
#include "reply.h"

enum { API_MAX_BODY = 32 * 1024 * 1024 };

/* A new step. The request's body must have been kept whole up to API_MAX_BODY. */
struct step *api_reply(const struct request *request, const char *request_id);
/* Whether the body says "stream": true. */
bool api_wants_stream(const struct request *request);

#endif
