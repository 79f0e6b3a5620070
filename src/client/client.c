#include "client/client.h"

#include <stdlib.h>

/* Takes over the configuration, also on failure. */
static claude_code_t client_of(claude_config_t *config, claude_client_t **out, cl_err *err)
{
    claude_client_t *first = NULL;
    claude_code_t rc = cl_snapshot_of_client(config, NULL, &first, err);

    return rc < 0 ? rc : cl_client_wrap(first, out, err);
}

static claude_code_t config_of(const claude_config_t *config, claude_config_t **out, cl_err *err)
{
    return config ? cl_config_copy(config, out, err) : cl_config_new(out, err);
}

claude_code_t cl_client_new(const claude_config_t *config, claude_client_t **out, cl_err *err)
{
    claude_config_t *own = NULL;
    claude_code_t rc = config_of(config, &own, err);

    return rc < 0 ? rc : client_of(own, out, err);
}

claude_code_t cl_client_from_env(const claude_config_t *config, claude_client_t **out, cl_err *err)
{
    claude_config_t *own = NULL;
    claude_code_t rc = config_of(config, &own, err);

    if (rc < 0)
        return rc;
    rc = cl_config_load_env(own, err);
    if (rc < 0) {
        cl_config_unref(own);
        return rc;
    }
    return client_of(own, out, err);
}

claude_code_t cl_client_from_workspace(const claude_config_t *config, claude_client_t **out, cl_err *err)
{
    claude_config_t *own = NULL;
    claude_code_t rc = config_of(config, &own, err);

    if (rc < 0)
        return rc;
    if (!own->secret && !own->credentials) {
        rc = cl_secret_from_workspace(NULL, &own->secret, err);
        if (rc < 0) {
            cl_config_unref(own);
            return rc;
        }
    }
    return client_of(own, out, err);
}

const claude_models_t *cl_client_models(const claude_client_t *client)
{
    const cl_hook *keeper = client->config->models;

    return keeper ? cl_hook_data(keeper) : NULL;
}

cl_str cl_client_auth_header(const claude_client_t *client)
{
    static const cl_str names[] = {
        [CL_AUTH_API_KEY] = {"x-api-key", 9}, [CL_AUTH_BEARER] = {"authorization", 13}, [CL_AUTH_NONE] = {"", 0}};

    return names[cl_option_int(NULL, client->config->options, CL_OPT_AUTH_STYLE)];
}

claude_code_t cl_client_auth_line(const claude_client_t *client, claude_secret_t *secret, cl_buf *line, cl_err *err)
{
    bool bearer = cl_option_int(NULL, client->config->options, CL_OPT_AUTH_STYLE) == CL_AUTH_BEARER;
    cl_str key = cl_secret_use(secret, "header");

    /* Sending an empty header would mean sending none: libcurl drops it without a word. */
    if (!key.ptr)
        return cl_fail(err, CLAUDE_E_STATE, "the memory of the API key was overwritten; the request is not sent");
    /* Reserved first: growing the buffer would leave an unwiped copy behind. */
    if (cl_buf_reserve(line, key.len + 64) != CL_BUF_OK)
        return cl_fail_nomem(err);
    cl_buf_append_str(line, cl_client_auth_header(client));
    cl_buf_append_text(line, bearer ? ": Bearer " : ": ");
    cl_buf_append_str(line, key);
    return CLAUDE_OK;
}

claude_code_t cl_client_metrics(claude_client_t *client, claude_metrics_t **out, cl_err *err)
{
    claude_client_t *now;
    claude_code_t rc;

    if (!CL_FEATURE_METRICS)
        return cl_fail(err, CLAUDE_E_UNSUPPORTED, "this build of the library has no metrics");
    now = cl_client_current(client);
    if (now->metrics)
        rc = cl_metrics_snapshot(now->metrics, out, err);
    else
        rc = cl_fail(err, CLAUDE_E_INVALID,
                     "the client does not count; set the option metrics.enabled to true before it is made");
    cl_client_unref(now);
    return rc;
}

void cl_client_trim(claude_client_t *client)
{
    claude_client_t *all[1 + CL_SNAPSHOTS_MAX];
    size_t count = cl_client_all(client, all);

    for (size_t i = 0; i < count; i++) {
        cl_engines_trim(all[i]->engines);
        cl_client_unref(all[i]);
    }
}

claude_client_t *cl_client_ref(claude_client_t *client)
{
    cl_handle_ref(&client->handle);
    return client;
}

void cl_client_unref(claude_client_t *client)
{
    if (!client || !cl_handle_unref(&client->handle))
        return;
    if (!client->root) {
        cl_snapshot_of_client_free(client);
        return;
    }
    cl_root_free(client);
    free(client);
}
