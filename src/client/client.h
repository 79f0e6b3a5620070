/* client.h - the door of the room for clients: a configuration made ready, and the engines that its calls share. */
#ifndef CL_CLIENT_H
#define CL_CLIENT_H

#include <claude/client.h>

#include "auth/auth.h"
#include "base/base.h"
#include "config/config.h"
#include "http/http.h"
#include "message/models.h"
#include "reliability/metrics.h"

struct claude_client {
    cl_handle handle;
    claude_config_t *config; /* a copy of its own: immutable */
    cl_http_settings http;
    cl_engines *engines;
    cl_buf base_url; /* without a slash at the end */
    cl_buf user_agent;
    cl_told told;        /* deprecated models that the program has heard of */
    cl_metrics *metrics; /* NULL: off */
};

claude_code_t cl_client_new(const claude_config_t *config, claude_client_t **out, cl_err *err);
claude_code_t cl_client_from_env(const claude_config_t *config, claude_client_t **out, cl_err *err);
claude_code_t cl_client_from_workspace(const claude_config_t *config, claude_client_t **out, cl_err *err);
/* The table that models are looked up in; NULL: the one that is built in. */
const claude_models_t *cl_client_models(const claude_client_t *client);
claude_code_t cl_client_metrics(const claude_client_t *client, claude_metrics_t **out, cl_err *err);
claude_client_t *cl_client_ref(claude_client_t *client);
void cl_client_unref(claude_client_t *client);

#endif
