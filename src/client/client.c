#include "client/client.h"

#include <stdlib.h>

#include "base/version.h"
#include "client/policies.h"

enum { URL_MAX = 8192, USER_AGENT_MAX = 1024 };

static claude_code_t make_texts(claude_client_t *client, cl_err *err)
{
    cl_str base = cl_str_of(cl_option_text(NULL, client->config->options, CL_OPT_BASE_URL));
    const char *agent = cl_option_text(NULL, client->config->options, CL_OPT_USER_AGENT);
    int rc;

    while (base.len > 0 && base.ptr[base.len - 1] == '/')
        base.len--;
    rc = cl_buf_append_str(&client->base_url, base);
    if (rc == CL_BUF_OK && agent[0] != '\0') {
        rc = cl_buf_append_text(&client->user_agent, agent);
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_char(&client->user_agent, ' ');
    }
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_text(&client->user_agent, "libclaude/" CL_VERSION);
    return rc == CL_BUF_OK ? CLAUDE_OK : cl_fail_buf(err, rc, "base_url or user_agent");
}

/* The texts belong to the configuration, which lives as long as the client. */
static cl_http_settings http_settings(const cl_options *options)
{
    return (cl_http_settings){
        .ca_file = cl_option_text(NULL, options, CL_OPT_CA_FILE),
        .ca_path = cl_option_text(NULL, options, CL_OPT_CA_PATH),
        .client_cert = cl_option_text(NULL, options, CL_OPT_CLIENT_CERT),
        .client_key = cl_option_text(NULL, options, CL_OPT_CLIENT_KEY),
        .proxy = cl_option_text(NULL, options, CL_OPT_PROXY),
        .no_proxy = cl_option_text(NULL, options, CL_OPT_NO_PROXY),
        .tls_min_version = (int32_t)cl_option_int(NULL, options, CL_OPT_TLS_MIN_VERSION),
        .http_version = (int32_t)cl_option_int(NULL, options, CL_OPT_HTTP_VERSION),
        .streams_per_connection = (size_t)cl_option_int(NULL, options, CL_OPT_STREAMS_PER_CONNECTION),
        .quirks = cl_quirks_of(cl_http_library_number()),
        .max_buffered = (size_t)cl_option_int(NULL, options, CL_OPT_MAX_BUFFERED),
    };
}

static void client_free(claude_client_t *client)
{
    cl_engines_free(client->engines);
    cl_client_free_targets(client);
    cl_config_unref(client->config);
    cl_buf_free(&client->base_url);
    cl_buf_free(&client->user_agent);
    free(client);
}

/* Takes over the configuration, also on failure. */
static claude_code_t client_of(claude_config_t *config, claude_client_t **out, cl_err *err)
{
    claude_client_t *client = NULL;
    claude_code_t rc = cl_config_check(config, err);

    if (CL_FEATURE_FAILOVER && rc >= 0)
        rc = cl_failover_check(config, err);
    if (rc < 0)
        goto out;
    client = calloc(1, sizeof *client);
    if (!client) {
        rc = cl_fail_nomem(err);
        goto out;
    }
    cl_handle_init(&client->handle, CL_MAGIC_CLIENT);
    client->base_url = CL_BUF_INIT(URL_MAX);
    client->user_agent = CL_BUF_INIT(USER_AGENT_MAX);
    client->config = cl_config_ref(config);
    rc = make_texts(client, err);
    if (rc >= 0)
        rc = cl_client_make_targets(client, err);
    if (rc < 0)
        goto out;
    client->http = http_settings(client->config->options);
    client->engines =
        cl_engines_new((size_t)cl_option_int(NULL, client->config->options, CL_OPT_MAX_ENGINES), &client->http);
    rc = client->engines ? CLAUDE_OK : cl_fail_nomem(err);
    if (rc < 0)
        goto out;
    client->logs = CL_FEATURE_GENERAL_DIAGNOSTICS && client->config->log;
    client->watches = client->logs || client->recent;
    client->looks_closer = client->logs || client->config->attempt;
    client->tells_deprecation = client->logs || client->config->deprecation;
    *out = client;
    client = NULL;
out:
    if (client)
        client_free(client);
    cl_config_unref(config);
    return rc;
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
    if (!own->secret) {
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

claude_code_t cl_client_metrics(const claude_client_t *client, claude_metrics_t **out, cl_err *err)
{
    if (!CL_FEATURE_METRICS)
        return cl_fail(err, CLAUDE_E_UNSUPPORTED, "this build of the library has no metrics");
    if (!client->metrics)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "the client does not count; set the option metrics.enabled to true before it is made");
    return cl_metrics_snapshot(client->metrics, out, err);
}

claude_client_t *cl_client_ref(claude_client_t *client)
{
    cl_handle_ref(&client->handle);
    return client;
}

void cl_client_unref(claude_client_t *client)
{
    if (client && cl_handle_unref(&client->handle))
        client_free(client);
}
