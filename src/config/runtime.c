#include "config/runtime.h"

#include <stdlib.h>

#include "json/json.h"

enum { DEPTH = 8, KEY_MAX = 64 };

static const cl_runtime_key keys[CL_RUNTIME_KEYS] = {
    {"base_url", CL_OPT_BASE_URL, "https://api.anthropic.com"},
    {"api_version", CL_OPT_API_VERSION, "2023-06-01"},
    {"timeout_ms", CL_OPT_TIMEOUT_TOTAL, "300000"},
    {"enable_retry", CL_OPT_RETRY_ENABLED, "true"},
    {"max_retries", CL_OPT_RETRY_MAX, "3"},
    {"enable_circuit_breaker", CL_OPT_BREAKER_ENABLED, "true"},
    {"circuit_breaker_threshold", CL_OPT_BREAKER_THRESHOLD, "5"},
    {"enable_rate_limiting", CL_OPT_LIMITER_ENABLED, "false"},
    {"rate_limit_rps", CL_OPT_LIMITER_RATE, "10"},
};

const cl_runtime_key *cl_runtime_key_at(size_t index)
{
    return index < CL_RUNTIME_KEYS ? &keys[index] : NULL;
}

static bool begins_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Connections and loops are made with theirs once; a file should not decide about keys in clear text; and the failover
 * is an object of the program's, made with its own. */
bool cl_runtime_may_change(cl_option option)
{
    static const char *const fixed[] = {"auth.", "client.", "loop.", "network.", "tls.", "request.snapshot"};
    const cl_option_row *row = cl_option_row_at(option);

    if (row->scope == CL_SCOPE_REQUEST)
        return false;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (begins_with(row->name, fixed[i]))
            return false;
    }
    return !begins_with(row->name, "failover.") || option == CL_OPT_FAILOVER_MAX_ATTEMPTS ||
           option == CL_OPT_FAILOVER_RATE_LIMIT;
}

/* ---- the text ---- */

/* Lower-case words that keys have in common. */
static bool sounds_secret(const char *name)
{
    static const char *const words[] = {"api_key",  "apikey",     "api-key", "secret",     "password", "passwd",
                                        "auth_tok", "access_tok", "bearer",  "credential", "auth-tok", "x-api"};
    char low[KEY_MAX + 1];
    size_t len = strlen(name);

    for (size_t i = 0; i <= len; i++)
        low[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(low, words[i]))
            return true;
    }
    return strcmp(low, "key") == 0 || strcmp(low, "token") == 0 || strcmp(low, "authorization") == 0;
}

static claude_code_t fail_secret(cl_err *err)
{
    return cl_fail(
        err, CLAUDE_E_INVALID,
        "a member is named like a secret: keys do not belong into this configuration; give them to the client "
        "with claude_config_set_secret()");
}

static claude_code_t fail_unknown(const char *name, cl_err *err)
{
    const char *near = NULL;
    size_t best = strlen(name) / 3 > 2 ? strlen(name) / 3 : 2;
    cl_options *options = NULL;
    claude_code_t rc;

    if (sounds_secret(name))
        return fail_secret(err);
    for (size_t i = 0; i < CL_RUNTIME_KEYS && cl_option_shown(name) == name; i++) {
        size_t distance = cl_str_distance(cl_str_of(name), cl_str_of(keys[i].key));
        if (distance < best || (distance == best && !near)) {
            best = distance;
            near = keys[i].key;
        }
    }
    if (near)
        return cl_fail(err, CLAUDE_E_INVALID, "unknown option %s; did you mean %s?", name, near);
    /* Knows the nearest of the other options. */
    rc = cl_options_new(&options, err);
    if (rc >= 0)
        rc = cl_options_set(options, name, "", false, err);
    cl_options_free(options);
    return rc;
}

/* The name of a member, with a NUL. */
static claude_code_t read_name(cl_json key, char name[KEY_MAX + 1], cl_err *err)
{
    size_t len = cl_json_decoded_len(key);

    if (len == 0 || len > KEY_MAX)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "a member has a name that is empty or longer than %d bytes: no option has such a name", KEY_MAX);
    cl_json_copy_text(key, name, KEY_MAX + 1);
    if (strlen(name) != len)
        return cl_fail(err, CLAUDE_E_INVALID, "a member has a name with a NUL in it: no option has such a name");
    return CLAUDE_OK;
}

/* A raw JSON value tells its type by its first byte. */
static const char *found_text(cl_json value)
{
    switch (value.ptr[0]) {
    case '"':
        return "a string";
    case '{':
        return "an object";
    case '[':
        return "an array";
    case 'n':
        return "null";
    case 't':
    case 'f':
        return "true or false";
    default:
        return "a number";
    }
}

static claude_code_t check_type(const char *name, int type, cl_json value, cl_err *err)
{
    static const char *const wanted[] = {
        [CL_TYPE_STRING] = "a string", [CL_TYPE_INTEGER] = "a number", [CL_TYPE_BOOLEAN] = "true or false",
        [CL_TYPE_ENUM] = "a string",   [CL_TYPE_NUMBER] = "a number",
    };
    const char *found = found_text(value);

    if (strcmp(found, wanted[type]) == 0)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "%s is %s; it must be %s", name, found, wanted[type]);
}

/* The options speak of themselves by their own names: who has written another one finds that in the message, too. */
static claude_code_t set_text(cl_options *options, const char *name, const char *text, cl_err *err)
{
    const char *own = cl_option_row_at(cl_option_find(name))->name;
    cl_err why;
    claude_code_t rc;

    if (strcmp(own, name) == 0)
        return cl_options_set(options, name, text, false, err);
    cl_err_init(&why);
    rc = cl_options_set(options, name, text, false, &why);
    if (rc == CLAUDE_E_NOMEM)
        rc = cl_fail_nomem(err);
    else if (rc < 0)
        rc = cl_fail(err, rc, "%s: %s", name, why.message);
    cl_err_clear(&why);
    return rc;
}

static claude_code_t set_value(cl_options *options, const char *name, cl_json value, cl_err *err)
{
    size_t len = value.ptr[0] == '"' ? cl_json_decoded_len(value) : value.len;
    char *text = malloc(len + 1);
    claude_code_t rc;

    if (!text)
        return cl_fail_nomem(err);
    if (value.ptr[0] == '"')
        cl_json_copy_text(value, text, len + 1);
    else
        memcpy(text, value.ptr, len);
    text[len] = '\0';
    if (strlen(text) != len)
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s has a NUL character in its value", name);
    else
        rc = set_text(options, name, text, err);
    free(text);
    return rc;
}

static claude_code_t set_member(cl_runtime *runtime, bool given[CL_OPT_COUNT], cl_json key, cl_json value, cl_err *err)
{
    char name[KEY_MAX + 1];
    claude_code_t rc = read_name(key, name, err);
    size_t index;

    if (rc < 0)
        return rc;
    index = cl_option_find(name);
    if (index == CL_OPT_COUNT)
        return fail_secret(err);
    if (index > CL_OPT_COUNT)
        return fail_unknown(name, err);
    if (!cl_runtime_may_change((cl_option)index))
        return cl_fail(err, CLAUDE_E_INVALID,
                       "%s cannot be changed in a client that is in use; set it where the client "
                       "is made",
                       name);
    if (given[index])
        return cl_fail(err, CLAUDE_E_INVALID, "%s is given twice", name);
    given[index] = true;
    rc = check_type(name, cl_option_row_at(index)->type, value, err);
    return rc < 0 ? rc : set_value(runtime->options, name, value, err);
}

static claude_code_t set_members(cl_runtime *runtime, cl_json root, cl_err *err)
{
    bool given[CL_OPT_COUNT] = {false};
    cl_json_iter members = cl_json_iter_of(root);
    claude_code_t rc = CLAUDE_OK;
    cl_json key;
    cl_json value;

    while (rc >= 0 && cl_json_next(&members, &key, &value))
        rc = set_member(runtime, given, key, value, err);
    runtime->text_names_url = given[CL_OPT_BASE_URL];
    runtime->names_url = runtime->names_url || given[CL_OPT_BASE_URL];
    return rc;
}

static claude_code_t set_defaults(cl_runtime *runtime, cl_err *err)
{
    claude_code_t rc = cl_options_new(&runtime->options, err);

    for (size_t i = 0; i < CL_RUNTIME_KEYS && rc >= 0; i++)
        rc = cl_options_set(runtime->options, keys[i].key, keys[i].initial, false, err);
    return rc;
}

claude_code_t cl_runtime_parse(cl_str json, const cl_runtime *before, cl_runtime **out, cl_err *err)
{
    cl_runtime *runtime = calloc(1, sizeof *runtime);
    cl_json root;
    claude_code_t rc = runtime ? cl_json_validate(json, DEPTH, &root, err) : cl_fail_nomem(err);

    if (rc < 0)
        goto out;
    atomic_init(&runtime->refs, 1);
    if (root.ptr[0] != '{') {
        rc = cl_fail(err, CLAUDE_E_INVALID, "a configuration must be a JSON object, such as {\"timeout_ms\": 60000}");
        goto out;
    }
    if (before) {
        runtime->names_url = before->names_url;
        rc = cl_options_copy(before->options, &runtime->options, err);
    } else {
        rc = set_defaults(runtime, err);
    }
    if (rc >= 0)
        rc = set_members(runtime, root, err);
    if (rc < 0)
        goto out;
    *out = runtime;
    runtime = NULL;
out:
    if (runtime) {
        cl_options_free(runtime->options);
        free(runtime);
    }
    return rc;
}

/* ---- what becomes of it ---- */

static const char *value_of(const cl_options *options, cl_option option)
{
    return cl_options_is_set(options, option) ? cl_option_text(NULL, options, option) : NULL;
}

claude_code_t cl_runtime_apply(const cl_runtime *runtime, const claude_config_t *now, const cl_options *base,
                               claude_config_t **out, cl_err *err)
{
    claude_config_t *config = NULL;
    claude_code_t rc = cl_config_copy(now, &config, err);

    for (size_t i = 0; i < CL_OPT_COUNT && rc >= 0; i++) {
        cl_option option = (cl_option)i;
        bool own = cl_options_is_set(runtime->options, option) && (option != CL_OPT_BASE_URL || runtime->names_url);
        const char *value = value_of(own ? runtime->options : base, option);
        if (!cl_runtime_may_change(option) || (!value && !cl_options_is_set(config->options, option)))
            continue;
        rc = cl_options_set(config->options, cl_option_row_at(i)->name, value, false, err);
    }
    if (rc < 0)
        cl_config_unref(config);
    else
        *out = config;
    return rc;
}

claude_code_t cl_runtime_config(const cl_runtime *runtime, claude_config_t **out, cl_err *err)
{
    claude_config_t *config = NULL;
    cl_options *options = NULL;
    claude_code_t rc = cl_config_new(&config, err);

    if (rc >= 0)
        rc = cl_options_copy(runtime->options, &options, err);
    if (rc < 0) {
        cl_config_unref(config);
        return rc;
    }
    cl_options_free(config->options);
    config->options = options;
    *out = config;
    return CLAUDE_OK;
}

cl_runtime *cl_runtime_ref(cl_runtime *runtime)
{
    atomic_fetch_add_explicit(&runtime->refs, 1, memory_order_relaxed);
    return runtime;
}

void cl_runtime_unref(cl_runtime *runtime)
{
    if (!runtime || atomic_fetch_sub_explicit(&runtime->refs, 1, memory_order_acq_rel) != 1)
        return;
    cl_options_free(runtime->options);
    free(runtime);
}
