/*
 * config.h - the door of the room for options: one table of names, types, ranges, defaults, scopes and texts
 * (options.def), from which setters, JSON, validation messages and docs/options.md follow.
 */
#ifndef CL_CONFIG_H
#define CL_CONFIG_H

#include <claude/config.h>

#include "base/base.h"

/* CL_OPT_<ID>, in the table's order. */
typedef enum cl_option {
#define CL_OPTION(id, ...) CL_OPT_##id,
#include "config/options.def"
#undef CL_OPTION
    CL_OPT_COUNT
} cl_option;

/* Choices of enum options, in the order of their "values". */
enum { CL_AUTH_API_KEY = 0, CL_AUTH_BEARER = 1, CL_AUTH_NONE = 2 };
enum { CL_HTTP_AUTO = 0, CL_HTTP_1_1 = 1, CL_HTTP_2 = 2 };
enum { CL_MALFORMED_ERROR = 0, CL_MALFORMED_SKIP = 1 };

/* A set of values: a configuration has one, a request has one for its own options. Unset ones fall through. */
typedef struct cl_options cl_options;

claude_code_t cl_options_new(cl_options **out, cl_err *err);
claude_code_t cl_options_copy(const cl_options *from, cl_options **out, cl_err *err);
void cl_options_free(cl_options *options);
/* `request_scope`: refuse options that belong to the client alone. `api_key` is not handled here: CLAUDE_E_INVALID. */
claude_code_t cl_options_set(cl_options *options, const char *key, const char *value, bool request_scope, cl_err *err);
bool cl_options_is_set(const cl_options *options, cl_option option);

/* Values: from `request` if set there (may be NULL), else from `client`, else the default. */
int64_t cl_option_int(const cl_options *request, const cl_options *client, cl_option option);
const char *cl_option_text(const cl_options *request, const cl_options *client, cl_option option);

/* A callback with its user_data, counted: destroy runs when the last holder lets go. */
typedef struct cl_hook cl_hook;
/* Takes over user_data in every case: destroy runs at once on failure. */
claude_code_t cl_hook_new(void (*fn)(void), void *user_data, claude_destroy_fn destroy, cl_hook **out, cl_err *err);
cl_hook *cl_hook_ref(cl_hook *hook);
void cl_hook_unref(cl_hook *hook);
void (*cl_hook_fn(const cl_hook *hook))(void);
void *cl_hook_data(const cl_hook *hook);

struct claude_config {
    cl_handle handle;
    cl_options *options;
    claude_secret_t *secret;
    cl_headers headers;
    cl_hook *sign;
};

claude_code_t cl_config_new(claude_config_t **out, cl_err *err);
claude_code_t cl_config_copy(const claude_config_t *from, claude_config_t **out, cl_err *err);
claude_code_t cl_config_set(claude_config_t *config, const char *key, const char *value, cl_err *err);
const char *cl_config_get(const claude_config_t *config, const char *key);
claude_code_t cl_config_load_json(claude_config_t *config, cl_str json, cl_err *err);
claude_code_t cl_config_load_env(claude_config_t *config, cl_err *err);
claude_config_t *cl_config_ref(claude_config_t *config);
void cl_config_unref(claude_config_t *config);

const char *cl_option_name_at(size_t index);
const char *cl_option_json(const char *name, size_t *len);

/* Checks a base URL: scheme, host, no credentials, no query, no fragment, http only for loopback unless allowed. */
claude_code_t cl_base_url_check(cl_str url, bool allow_http, cl_err *err);

#endif
