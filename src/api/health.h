/* health.h - health checks, inside of the room: the work behind health.h of the interface. */
#ifndef CL_API_HEALTH_H
#define CL_API_HEALTH_H

#include "client/client.h"
#include "reliability/health.h"

enum { CL_HEALTH_ENDPOINTS_MAX = 64 };

/* What is asked, and what came of it. */
typedef struct cl_probe {
    const char *url;         /* base URL */
    claude_secret_t *secret; /* sent by the strategy `models` alone; NULL: none */
    cl_health_result result;
    cl_transfer *transfer; /* NULL once it has ended */
    int64_t started_at;
    bool stirred;
} cl_probe;

/* health_probe.c: asks all at once, and waits for their answers or the end of the time. On failure, which is one of
 * this side, nothing is known of any. */
claude_code_t cl_probes_run(claude_client_t *client, const cl_health_settings *settings, cl_probe *probes, size_t count,
                            cl_err *err);

/* health.c; same meaning as in health.h of the interface. */
claude_code_t cl_health_new(claude_client_t *client, claude_health_t **out, cl_err *err);
claude_code_t cl_health_add(claude_health_t *health, cl_str base_url, claude_secret_t *secret, cl_err *err);
claude_code_t cl_health_check(claude_health_t *health, cl_err *err);
claude_code_t cl_health_check_one(claude_client_t *client, cl_str base_url, cl_health_result *out, cl_err *err);
size_t cl_health_count(const claude_health_t *health);
const char *cl_health_url(const claude_health_t *health, size_t index);
/* A copy of what was found; false for an index that is none. */
bool cl_health_result_at(claude_health_t *health, size_t index, cl_health_result *out);
const char *cl_health_error_text(claude_health_t *health, size_t index);
int64_t cl_health_share_of(claude_health_t *health, int32_t state);
const char *cl_health_json(claude_health_t *health, size_t *len);
claude_health_t *cl_health_ref(claude_health_t *health);
void cl_health_unref(claude_health_t *health);

#endif
