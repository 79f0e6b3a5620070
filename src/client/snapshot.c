/* snapshot.c - a configuration made ready: a client that never changes. */
#include <stdlib.h>

#include "base/version.h"
#include "client/client.h"
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

/* The texts belong to the configuration. */
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

void cl_snapshot_of_client_free(claude_client_t *client)
{
    cl_lines_unref(client->lines);
    cl_client_free_targets(client);
    cl_common_unref(client->common);
    cl_config_unref(client->config);
    cl_buf_free(&client->base_url);
    cl_buf_free(&client->user_agent);
    free(client);
}

static claude_code_t take_lines(claude_client_t *client, const claude_client_t *before, cl_err *err)
{
    const cl_options *options = client->config->options;
    cl_http_settings http = http_settings(options);
    size_t max = (size_t)cl_option_int(NULL, options, CL_OPT_MAX_ENGINES);
    claude_code_t rc = cl_lines_take(before ? before->lines : NULL, &http, max, &client->lines, err);

    if (rc < 0)
        return rc;
    client->http = client->lines->http;
    client->engines = client->lines->engines;
    return CLAUDE_OK;
}

claude_code_t cl_snapshot_of_client(claude_config_t *config, const claude_client_t *before, claude_client_t **out,
                                    cl_err *err)
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
    client->common = before ? cl_common_ref(before->common) : cl_common_new();
    rc = client->common ? make_texts(client, err) : cl_fail_nomem(err);
    if (rc >= 0)
        rc = cl_client_make_targets(client, before, err);
    if (rc >= 0)
        rc = take_lines(client, before, err);
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
        cl_snapshot_of_client_free(client);
    cl_config_unref(config);
    return rc;
}
