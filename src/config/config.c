#include "config/config.h"
#include "auth/auth.h"
#include "config/draft.h"
#include "json/json.h"

#include <stdlib.h>

enum { JSON_LEVELS = 8, MEMBER_MAX = 128, MEMBER_RAW_MAX = 512 };

claude_code_t cl_draft_open(cl_draft *changes, cl_err *err)
{
    *changes = (cl_draft){.options = NULL};
    return cl_options_new(&changes->options, err);
}

/* The API key goes into a secret instead of the options. */
static bool is_secret(const char *key)
{
    return cl_option_find(key) == CL_OPT_COUNT;
}

static claude_code_t set_secret(claude_secret_t **slot, const char *value, cl_err *err)
{
    claude_secret_t *old = *slot;
    claude_secret_t *secret = NULL;
    claude_code_t rc = value ? cl_secret_new(cl_str_of(value), true, &secret, err) : CLAUDE_OK;

    if (rc < 0)
        return rc;
    /* Last: the end of a secret may run a callback, which must find the slot in order. */
    *slot = secret;
    cl_secret_unref(old);
    return CLAUDE_OK;
}

claude_code_t cl_draft_set(cl_draft *changes, const char *key, const char *value, cl_err *err)
{
    claude_code_t rc;

    if (!is_secret(key))
        return cl_options_set(changes->options, key, value, false, err);
    rc = set_secret(&changes->secret, value, err);
    if (rc >= 0)
        changes->secret_touched = true;
    return rc;
}

void cl_draft_commit(cl_draft *changes, claude_config_t *config)
{
    cl_options_move(changes->options, config->options);
    if (changes->secret_touched) {
        claude_secret_t *old = config->secret;
        config->secret = changes->secret;
        changes->secret = NULL;
        cl_secret_unref(old);
    }
}

void cl_draft_close(cl_draft *changes)
{
    cl_options_free(changes->options);
    cl_secret_unref(changes->secret);
}

claude_code_t cl_config_new(claude_config_t **out, cl_err *err)
{
    claude_config_t *config = calloc(1, sizeof *config);
    claude_code_t rc = CLAUDE_OK;

    if (!config)
        return cl_fail_nomem(err);
    rc = cl_options_new(&config->options, err);
    if (rc < 0) {
        free(config);
        return rc;
    }
    cl_handle_init(&config->handle, CL_MAGIC_CONFIG);
    *out = config;
    return CLAUDE_OK;
}

claude_code_t cl_config_copy(const claude_config_t *from, claude_config_t **out, cl_err *err)
{
    claude_config_t *copy = NULL;
    cl_options *options = NULL;
    claude_code_t rc = cl_config_new(&copy, err);

    if (rc >= 0)
        rc = cl_options_copy(from->options, &options, err);
    if (rc < 0)
        goto out;
    cl_options_free(copy->options);
    copy->options = options;
    rc = cl_headers_copy(&from->headers, &copy->headers, err);
    if (rc < 0)
        goto out;
    copy->secret = cl_secret_ref(from->secret);
    copy->sign = cl_hook_ref(from->sign);
    copy->deprecation = cl_hook_ref(from->deprecation);
    copy->models = cl_hook_ref(from->models);
    copy->breaker = cl_hook_ref(from->breaker);
    copy->limiter = cl_hook_ref(from->limiter);
    copy->failover = cl_hook_ref(from->failover);
    copy->quota = cl_hook_ref(from->quota);
    copy->attempt = cl_hook_ref(from->attempt);
    copy->credentials = cl_hook_ref(from->credentials);
    copy->log = cl_hook_ref(from->log);
    copy->log_level = from->log_level;
    *out = copy;
    copy = NULL;
out:
    cl_config_unref(copy);
    return rc;
}

claude_config_t *cl_config_ref(claude_config_t *config)
{
    if (config)
        cl_handle_ref(&config->handle);
    return config;
}

void cl_config_unref(claude_config_t *config)
{
    if (!config || !cl_handle_unref(&config->handle))
        return;
    cl_options_free(config->options);
    cl_secret_unref(config->secret);
    cl_headers_free(&config->headers);
    cl_hook_unref(config->sign);
    cl_hook_unref(config->deprecation);
    cl_hook_unref(config->models);
    cl_hook_unref(config->breaker);
    cl_hook_unref(config->limiter);
    cl_hook_unref(config->failover);
    cl_hook_unref(config->quota);
    cl_hook_unref(config->attempt);
    cl_hook_unref(config->credentials);
    cl_hook_unref(config->log);
    free(config);
}

claude_code_t cl_config_set(claude_config_t *config, const char *key, const char *value, cl_err *err)
{
    if (is_secret(key))
        return set_secret(&config->secret, value, err);
    return cl_options_set(config->options, key, value, false, err);
}

const char *cl_config_get(const claude_config_t *config, const char *key)
{
    size_t index = cl_option_find(key);
    const char *text = index < CL_OPT_COUNT ? cl_option_text(NULL, config->options, (cl_option)index) : "";

    return *text ? text : NULL;
}

/* ---- JSON ---- */

typedef struct json_level {
    cl_json_iter iter;
    size_t name_len; /* of the names above this level */
} json_level;

/* Appends a member's key to the name so far: "timeout" and "total_ms" give "timeout.total_ms". */
static claude_code_t join_key(char name[MEMBER_MAX + 1], size_t at, cl_json key, size_t *len, cl_err *err)
{
    char text[MEMBER_RAW_MAX];
    cl_str raw = cl_str_n(key.ptr + 1, key.len - 2);
    size_t n = raw.len <= sizeof text ? cl_json_decode_into(raw, text) : sizeof text;
    size_t dot = at > 0 ? 1 : 0;

    if (at + dot + n > MEMBER_MAX || memchr(text, '\0', n))
        return cl_fail(err, CLAUDE_E_INVALID,
                       "JSON has a member whose name is longer than %d bytes or has a NUL: no "
                       "option has such a name",
                       MEMBER_MAX);
    if (dot)
        name[at] = '.';
    memcpy(name + at + dot, text, n);
    *len = at + dot + n;
    name[*len] = '\0';
    return CLAUDE_OK;
}

/* A raw JSON value tells its type by its first byte. */
static bool begins(cl_json value, char c)
{
    return value.len > 0 && value.ptr[0] == c;
}

static claude_code_t set_scalar(cl_draft *changes, const char *name, cl_json value, cl_err *err)
{
    bool quoted = begins(value, '"');
    cl_str raw = quoted ? cl_str_n(value.ptr + 1, value.len - 2) : cl_str_n(value.ptr, value.len);
    char *text = NULL;
    size_t len = raw.len;
    claude_code_t rc;

    if (begins(value, 'n'))
        return cl_draft_set(changes, name, NULL, err);
    /* Not a cl_buf: this may be the key, and growing would leave copies behind. */
    text = malloc(raw.len + 1);
    if (!text)
        return cl_fail_nomem(err);
    if (quoted)
        len = cl_json_decode_into(raw, text);
    else
        memcpy(text, raw.ptr, len);
    text[len] = '\0';
    if (memchr(text, '\0', len))
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s has a NUL character in its value", cl_option_shown(name));
    else
        rc = cl_draft_set(changes, name, text, err);
    cl_wipe(text, raw.len + 1);
    free(text);
    return rc;
}

/* Walks objects inside objects without recursion: the depth is the input's. */
static claude_code_t set_members(cl_draft *changes, cl_json root, cl_err *err)
{
    json_level levels[JSON_LEVELS] = {{.iter = cl_json_iter_of(root)}};
    char name[MEMBER_MAX + 1];
    size_t depth = 1;
    claude_code_t rc = CLAUDE_OK;

    while (depth > 0 && rc >= 0) {
        json_level *level = &levels[depth - 1];
        cl_json key;
        cl_json value;
        size_t len = 0;
        if (!cl_json_next(&level->iter, &key, &value)) {
            depth--;
            continue;
        }
        rc = join_key(name, level->name_len, key, &len, err);
        if (rc < 0)
            break;
        if (begins(value, '['))
            rc = cl_fail(err, CLAUDE_E_INVALID, "%s is an array; a string, number, boolean or null is needed",
                         cl_option_shown(name));
        else if (!begins(value, '{'))
            rc = set_scalar(changes, name, value, err);
        else if (depth == JSON_LEVELS)
            rc = cl_fail(err, CLAUDE_E_INVALID, "%s is nested deeper than any option", cl_option_shown(name));
        else
            levels[depth++] = (json_level){cl_json_iter_of(value), len};
    }
    return rc;
}

claude_code_t cl_config_load_json(claude_config_t *config, cl_str json, cl_err *err)
{
    cl_draft changes;
    cl_json root;
    claude_code_t rc = cl_draft_open(&changes, err);

    if (rc < 0)
        return rc;
    rc = cl_json_validate(json, CL_JSON_DEPTH_DEFAULT, &root, err);
    if (rc < 0)
        goto out;
    if (!begins(root, '{')) {
        rc = cl_fail(err, CLAUDE_E_INVALID, "options in JSON must be an object, such as {\"timeout.total_ms\": 60000}");
        goto out;
    }
    rc = set_members(&changes, root, err);
    if (rc >= 0)
        cl_draft_commit(&changes, config);
out:
    cl_draft_close(&changes);
    return rc;
}

claude_code_t cl_base_url_allowed(const cl_options *options, cl_str url, cl_err *err)
{
    const char *proxy = cl_option_text(NULL, options, CL_OPT_PROXY);
    bool allow_http = cl_option_int(NULL, options, CL_OPT_ALLOW_HTTP) != 0;
    claude_code_t rc = cl_base_url_check(url, allow_http, err);

    if (rc >= 0 && !allow_http && *proxy && cl_url_is_http(url) && !cl_url_is_loopback(cl_str_of(proxy)))
        rc = cl_fail(err, CLAUDE_E_INVALID,
                     "network.proxy is another host and base_url is http://, which would send the key there in clear "
                     "text; unset the proxy, or set network.allow_http to true");
    return rc;
}

claude_code_t cl_config_check(const claude_config_t *config, cl_err *err)
{
    const cl_options *options = config->options;
    const char *url = cl_option_text(NULL, options, CL_OPT_BASE_URL);
    claude_code_t rc = cl_base_url_allowed(options, cl_str_of(url), err);

    if (rc < 0)
        return rc;
    if (*cl_option_text(NULL, options, CL_OPT_CLIENT_KEY) && !*cl_option_text(NULL, options, CL_OPT_CLIENT_CERT))
        return cl_fail(err, CLAUDE_E_INVALID, "tls.client_key is set, but not tls.client_cert that it belongs to");
    if (!config->secret && !config->credentials && cl_option_int(NULL, options, CL_OPT_AUTH_STYLE) != CL_AUTH_NONE)
        return cl_fail(err, CLAUDE_E_NO_KEY,
                       "no API key: set the option api_key, give a secret to claude_config_set_secret(), or set "
                       "ANTHROPIC_API_KEY and call claude_config_load_env(); a server that wants none needs auth.style "
                       "none");
    return CLAUDE_OK;
}
