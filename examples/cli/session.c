#include "session.h"

#include <string.h>

#include "errors.h"
#include "output.h"
#include "table.h"

/* Keys and passwords do not belong where everybody on the machine can read them: the list of processes. */
static int refuse_secret(const char *key, const char *value)
{
    size_t len = 0;
    const char *json = claude_option_json(key, &len);
    claude_response_t *option = NULL;
    const char *name = NULL;
    int code = 0;
    if (json != NULL && claude_response_parse(json, len, &option, NULL) >= 0)
        name = claude_response_string(option, "/name", NULL);
    if (name != NULL && strcmp(name, "api_key") == 0)
        code = cli_fail(CLI_EXIT_USAGE,
                        "-o %s: others can read command lines; put the key into ANTHROPIC_API_KEY, or "
                        "into a file for --key-file",
                        name);
    else if (name != NULL && strcmp(name, "network.proxy") == 0 && strchr(value, '@') != NULL)
        code = cli_fail(CLI_EXIT_USAGE,
                        "-o %s: others can read command lines; put a proxy with a password into "
                        "HTTPS_PROXY",
                        name);
    claude_response_unref(option);
    return code;
}

/* KEY=VALUE */
static int set_option(claude_config_t *config, const char *text)
{
    const char *equals = strchr(text, '=');
    char key[128];
    claude_error_t *err = NULL;
    size_t len = equals != NULL ? (size_t)(equals - text) : 0;
    int code;
    if (len == 0 || len >= sizeof key)
        return cli_fail(CLI_EXIT_USAGE, "-o %.64s: must be KEY=VALUE, for example timeout.connect_ms=2000", text);
    memcpy(key, text, len);
    key[len] = '\0';
    code = refuse_secret(key, equals + 1);
    if (code == 0 && claude_config_set(config, key, equals + 1, &err) < 0)
        code = cli_fail(CLI_EXIT_USAGE, "%s", claude_error_message(err));
    claude_error_unref(err);
    return code;
}

static int set(claude_config_t *config, const char *key, const char *value)
{
    claude_error_t *err = NULL;
    int code = 0;
    if (claude_config_set(config, key, value, &err) < 0)
        code = cli_fail(CLI_EXIT_USAGE, "%s", claude_error_message(err));
    claude_error_unref(err);
    return code;
}

static int set_features(claude_config_t *config, const cli_arguments *arguments)
{
    static const struct {
        const char *name, *option;
    } features[] = {
        {"retries", "retry.enabled"},
        {"circuit-breaker", "breaker.enabled"},
        {"rate-limiting", "limiter.enabled"},
        {"failover", NULL}, /* by its endpoints */
    };
    enum { FEATURES = sizeof features / sizeof *features };
    int code = 0;
    for (size_t i = 0; i < arguments->with.count && code == 0; i++) {
        size_t j = 0;
        while (j < FEATURES && strcmp(features[j].name, arguments->with.items[i]) != 0)
            j++;
        if (j == FEATURES)
            code = cli_fail(CLI_EXIT_USAGE, "--with %.64s: must be retries, circuit-breaker, rate-limiting or failover",
                            arguments->with.items[i]);
        else if (features[j].option != NULL)
            code = set(config, features[j].option, "true");
        else if (arguments->endpoints.count == 0)
            code = cli_fail(CLI_EXIT_USAGE, "--with failover needs servers: --endpoint URL, twice or more");
    }
    if (code == 0 && arguments->retries != NULL) {
        code = set(config, "retry.enabled", "true");
        code = code != 0 ? code : set(config, "retry.max_retries", arguments->retries);
    }
    return code;
}

/* URL[,KEYFILE]; without a file the endpoint has the client's key if it is on the client's server. */
static int add_endpoint(claude_failover_t *failover, const char *text, int32_t priority)
{
    const char *comma = strchr(text, ',');
    char url[1024];
    size_t len = comma != NULL ? (size_t)(comma - text) : strlen(text);
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;
    int code = 0;
    if (len >= sizeof url)
        return cli_fail(CLI_EXIT_USAGE, "--endpoint: the URL is longer than %d bytes", (int)sizeof url - 1);
    memcpy(url, text, len);
    url[len] = '\0';
    if (comma != NULL && claude_secret_from_file(comma + 1, &secret, &err) < 0)
        code = cli_fail(CLI_EXIT_KEY, "%s", claude_error_message(err));
    else if (claude_failover_add_endpoint(failover, url, priority, secret, NULL, &err) < 0)
        code = cli_fail(CLI_EXIT_USAGE, "--endpoint: %s", claude_error_message(err));
    claude_secret_unref(secret);
    claude_error_unref(err);
    return code;
}

static int set_failover(claude_config_t *config, const cli_arguments *arguments)
{
    claude_failover_t *failover = NULL;
    claude_error_t *err = NULL;
    int code = 0;
    if (arguments->endpoints.count == 0)
        return 0;
    if (claude_failover_new(config, &failover, &err) < 0)
        code = cli_fail_error(err);
    for (size_t i = 0; i < arguments->endpoints.count && code == 0; i++)
        code = add_endpoint(failover, arguments->endpoints.items[i], (int32_t)i + 1);
    if (code == 0 && claude_config_set_failover(config, failover, &err) < 0)
        code = cli_fail_error(err);
    claude_failover_unref(failover);
    claude_error_unref(err);
    return code;
}

static int set_key(claude_config_t *config, const cli_arguments *arguments)
{
    claude_secret_t *secret = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = CLAUDE_OK;
    int code = 0;
    if (arguments->key_file != NULL)
        rc = claude_secret_from_file(arguments->key_file, &secret, &err);
    else if (arguments->workspace)
        rc = claude_secret_from_workspace(NULL, &secret, &err);
    if (rc >= 0 && secret != NULL)
        rc = claude_config_set_secret(config, secret, &err);
    if (rc < 0)
        code = cli_fail(CLI_EXIT_KEY, "%s", claude_error_message(err));
    claude_secret_unref(secret);
    claude_error_unref(err);
    return code;
}

static void on_deprecation(const char *model, const char *text, void *user_data)
{
    const cli_arguments *arguments = user_data;
    (void)model;
    if (!arguments->quiet)
        cli_note("%s", text);
}

/* Without a key a client is made that sends none, where that will do. */
static int make_client(cli_session *self, claude_config_t *config, int key)
{
    claude_error_t *err = NULL;
    claude_code_t rc = claude_client_from_env(config, &self->client, &err);
    int code = 0;
    self->has_key = rc >= 0;
    if (rc == CLAUDE_E_NO_KEY && key == CLI_KEY_SPARED) {
        /* curl's command has a variable in place of any key; the doctor sends none where there is none. */
        claude_secret_t *none = NULL;
        claude_error_unref(err);
        err = NULL;
        rc = claude_secret_new_unchecked("none", CLAUDE_NTS, &none, &err);
        rc = rc < 0 ? rc : claude_config_set_secret(config, none, &err);
        rc = rc < 0 ? rc : claude_client_from_env(config, &self->client, &err);
        claude_secret_unref(none);
    }
    if (rc == CLAUDE_E_NO_KEY)
        code = cli_fail(CLI_EXIT_KEY, "%s; or use --key-file or --workspace", claude_error_message(err));
    else if (rc == CLAUDE_E_INVALID)
        code = cli_fail(CLI_EXIT_USAGE, "%s", claude_error_message(err));
    else if (rc < 0)
        code = cli_fail_error(err);
    claude_error_unref(err);
    return code;
}

static int is_on(const claude_config_t *config, const char *key)
{
    const char *value = claude_config_get(config, key);
    return value != NULL && strcmp(value, "true") == 0;
}

int cli_session_open(cli_session *self, const cli_arguments *arguments, int key)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;
    int code = 0;
    memset(self, 0, sizeof *self);
    self->arguments = arguments;
    if (claude_config_new(&config, &err) < 0 || claude_config_set(config, "user_agent", "claudec", &err) < 0)
        code = cli_fail_error(err);
    /* A library that was built without a table of models has nothing to say here. */
    claude_config_on_deprecation(config, on_deprecation, (void *)arguments, NULL, NULL);
    for (size_t i = 0; i < arguments->options.count && code == 0; i++)
        code = set_option(config, arguments->options.items[i]);
    code = code != 0 ? code : set_features(config, arguments);
    code = code != 0 ? code : set_failover(config, arguments);
    code = code != 0 ? code : set_key(config, arguments);
    code = code != 0 ? code : make_client(self, config, key);
    if (code == 0 &&
        (arguments->endpoints.count > 0 || is_on(config, "retry.enabled") || is_on(config, "breaker.enabled") ||
         is_on(config, "limiter.enabled") || is_on(config, "quota.enabled")))
        self->flags = CLAUDE_WITH_ENTERPRISE_FEATURES;
    claude_config_unref(config);
    claude_error_unref(err);
    return code;
}

void cli_session_close(cli_session *self)
{
    claude_client_unref(self->client);
    self->client = NULL;
}
