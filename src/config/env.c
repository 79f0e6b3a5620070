#include "auth/auth.h"
#include "config/config.h"
#include "config/draft.h"

#include <stdlib.h>

/* Puts the variable's name in front of what its option, secret or header refused. */
static claude_code_t fail_variable(const char *name, const cl_err *own, cl_err *err)
{
    if (own->code == CLAUDE_E_NOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, own->code, "environment variable %s: %s", name, own->message);
}

/* HTTPS_PROXY is for https:// alone: http:// goes to this machine, and its key would cross the network in clear text.
 */
static bool is_for_proxy(const claude_config_t *config, const cl_draft *changes)
{
    const char *url = cl_option_text(changes->options, config->options, CL_OPT_BASE_URL);

    return !cl_url_is_http(cl_str_of(url));
}

static claude_code_t env_options(const claude_config_t *config, cl_draft *changes, cl_err *err)
{
    static const struct {
        const char *names[2];
        cl_option option;
    } table[] = {
        {{"ANTHROPIC_BASE_URL", NULL}, CL_OPT_BASE_URL},
        {{"HTTPS_PROXY", "https_proxy"}, CL_OPT_PROXY},
        {{"NO_PROXY", "no_proxy"}, CL_OPT_NO_PROXY},
        {{"SSL_CERT_FILE", NULL}, CL_OPT_CA_FILE},
    };
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < sizeof table / sizeof table[0] && rc >= 0; i++) {
        const char *name = table[i].names[0];
        const char *value = cl_env_value(name);
        cl_err own;
        if (!value && table[i].names[1]) {
            name = table[i].names[1];
            value = cl_env_value(name);
        }
        if (!value || cl_options_is_set(config->options, table[i].option))
            continue;
        if (table[i].option == CL_OPT_PROXY && !is_for_proxy(config, changes))
            continue;
        cl_err_init(&own);
        rc = cl_options_set(changes->options, cl_option_name_at(table[i].option), value, false, &own);
        if (rc < 0)
            rc = fail_variable(name, &own, err);
        cl_err_clear(&own);
    }
    return rc;
}

static claude_code_t env_secret(const claude_config_t *config, cl_draft *changes, cl_err *err)
{
    const char *name = "ANTHROPIC_API_KEY";
    const char *value = cl_env_value(name);
    bool is_key = value != NULL;
    cl_err own;
    claude_code_t rc;

    if (!is_key) {
        name = "ANTHROPIC_AUTH_TOKEN";
        value = cl_env_value(name);
    }
    if (!value || config->secret || config->credentials)
        return CLAUDE_OK;
    cl_err_init(&own);
    rc = cl_secret_new(cl_str_of(value), is_key, &changes->secret, &own);
    if (rc >= 0) {
        changes->secret_touched = true;
        if (!is_key && !cl_options_is_set(config->options, CL_OPT_AUTH_STYLE))
            rc = cl_options_set(changes->options, cl_option_name_at(CL_OPT_AUTH_STYLE), "bearer", false, &own);
    }
    if (rc < 0)
        rc = fail_variable(name, &own, err);
    cl_err_clear(&own);
    return rc;
}

/* One line `Name: value`; `line` counts from 1. */
static claude_code_t env_header(const claude_config_t *config, cl_headers *headers, cl_str text, size_t line,
                                cl_err *err)
{
    const char *colon = memchr(text.ptr, ':', text.len);
    char *name = NULL;
    char *value = NULL;
    cl_str head;
    cl_err own;
    claude_code_t rc = CLAUDE_OK;

    cl_err_init(&own);
    if (!colon)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "environment variable ANTHROPIC_CUSTOM_HEADERS: line %zu is not of the form Name: value", line);
    head = cl_str_trim(cl_str_n(text.ptr, (size_t)(colon - text.ptr)));
    text = cl_str_trim(cl_str_n(colon + 1, text.len - (size_t)(colon + 1 - text.ptr)));
    if (cl_headers_find(&config->headers, head))
        return CLAUDE_OK;
    name = strndup(head.ptr, head.len);
    value = strndup(text.ptr, text.len);
    rc = name && value ? cl_headers_set(headers, name, value, &own) : cl_fail_nomem(&own);
    if (rc < 0)
        rc = rc == CLAUDE_E_NOMEM ? cl_fail_nomem(err)
                                  : cl_fail(err, rc, "environment variable ANTHROPIC_CUSTOM_HEADERS: line %zu: %s",
                                            line, cl_secret_suspected(head) ? "malformed" : own.message);
    free(name);
    free(value);
    cl_err_clear(&own);
    return rc;
}

static claude_code_t env_headers(const claude_config_t *config, cl_headers *headers, cl_err *err)
{
    const char *p = cl_env_value("ANTHROPIC_CUSTOM_HEADERS");
    claude_code_t rc = CLAUDE_OK;

    for (size_t line = 1; p && *p && rc >= 0; line++) {
        cl_str text = cl_str_n(p, strcspn(p, "\n"));
        p += text.len;
        if (*p == '\n')
            p++;
        if (text.len > 0 && text.ptr[text.len - 1] == '\r')
            text.len--;
        text = cl_str_trim(text);
        if (text.len > 0)
            rc = env_header(config, headers, text, line, err);
    }
    return rc;
}

claude_code_t cl_config_load_env(claude_config_t *config, cl_err *err)
{
    cl_draft changes;
    cl_headers headers = {NULL, 0, 0};
    cl_headers old;
    claude_code_t rc = cl_draft_open(&changes, err);

    if (rc < 0)
        return rc;
    rc = cl_headers_copy(&config->headers, &headers, err);
    if (rc >= 0)
        rc = env_options(config, &changes, err);
    if (rc >= 0)
        rc = env_secret(config, &changes, err);
    if (rc >= 0)
        rc = env_headers(config, &headers, err);
    if (rc < 0)
        goto out;
    cl_draft_commit(&changes, config);
    old = config->headers;
    config->headers = headers;
    headers = old;
out:
    cl_headers_free(&headers);
    cl_draft_close(&changes);
    return rc;
}
