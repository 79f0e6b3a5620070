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

enum { CL_TYPE_STRING, CL_TYPE_INTEGER, CL_TYPE_BOOLEAN, CL_TYPE_ENUM, CL_TYPE_NUMBER };
/* A NUMBER has at most three decimals: its value is a whole number of thousandths. */
enum { CL_NUMBER_ONE = 1000 };

/* Appends it in figures, without the zeroes that say nothing; the result is one of cl_buf_append(). */
int cl_option_put_number(cl_buf *out, int64_t number);
enum { CL_SCOPE_CLIENT, CL_SCOPE_REQUEST, CL_SCOPE_BOTH };

/* One row of the table, for those that print it. The last row is `api_key`, which has no value to read. */
typedef struct cl_option_row {
    const char *name;
    int type;  /* CL_TYPE_* */
    int scope; /* CL_SCOPE_* */
    const char *unit;
    const char *initial; /* the default */
    int64_t min;
    int64_t max;
    const char *values;  /* separated by spaces */
    const char *aliases; /* separated by spaces */
    const char *text;
} cl_option_row;

/* NULL after the last one. */
const cl_option_row *cl_option_row_at(size_t index);
const char *cl_option_type_name(int type);
const char *cl_option_scope_name(int scope);

/* Choices of enum options, in the order of their "values". */
enum { CL_AUTH_API_KEY = 0, CL_AUTH_BEARER = 1, CL_AUTH_NONE = 2 };
enum { CL_HTTP_AUTO = 0, CL_HTTP_1_1 = 1, CL_HTTP_2 = 2 };
enum { CL_MALFORMED_ERROR = 0, CL_MALFORMED_SKIP = 1 };
enum { CL_TLS_1_2 = 0, CL_TLS_1_3 = 1 };
enum { CL_PAUSE_HOLD = 0, CL_PAUSE_BUFFER = 1 };
enum { CL_LIMITER_BUCKET = 0, CL_LIMITER_WINDOW = 1 };
enum { CL_FAILOVER_PRIORITY = 0, CL_FAILOVER_ROUND_ROBIN = 1, CL_FAILOVER_RANDOM = 2, CL_FAILOVER_STICKY = 3 };
enum { CL_HEALTH_PING = 0, CL_HEALTH_OPTIONS = 1, CL_HEALTH_MODELS = 2 };

/* A set of values: a configuration has one, a request has one for its own options. Unset ones fall through. */
typedef struct cl_options cl_options;

claude_code_t cl_options_new(cl_options **out, cl_err *err);
claude_code_t cl_options_copy(const cl_options *from, cl_options **out, cl_err *err);
/* The same set, for who only reads it. */
cl_options *cl_options_share(cl_options *options);
/* Makes sure that there is a set and nobody else sees it change. */
claude_code_t cl_options_own(cl_options **options, cl_err *err);
void cl_options_free(cl_options *options);
/* `request_scope`: refuse options that belong to the client alone. `api_key` is not handled here: CLAUDE_E_INVALID. */
claude_code_t cl_options_set(cl_options *options, const char *key, const char *value, bool request_scope, cl_err *err);
bool cl_options_is_set(const cl_options *options, cl_option option);
/* Whether all options whose names begin with this have the same values in both. */
bool cl_options_same(const cl_options *a, const cl_options *b, const char *prefix);
/* Moves what was set or reset in `from` to `to`; cannot fail. Values that `from` never touched keep their addresses. */
void cl_options_move(cl_options *from, cl_options *to);

/* Index of the row with this name or alias; of api_key it is CL_OPT_COUNT; beyond it there is none. */
size_t cl_option_find(const char *key);
/* The name as an error may show it: something that may be a key in the wrong place is hidden. */
const char *cl_option_shown(const char *key);

/*
 * Values: from `request` if set there (may be NULL), else from `client`, else the default. A boolean is 0 or 1, an enum
 * its position among its values, a number so many thousandths; a text is never NULL, an option without a value has "".
 */
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
    cl_hook *deprecation; /* fn is a claude_deprecation_fn */
    cl_hook *models;      /* keeps a claude_models_t; NULL: the table that is built in */
    cl_hook *breaker;     /* keeps a claude_breaker_t; NULL: the client makes its own if it is enabled */
    cl_hook *limiter;     /* keeps a claude_limiter_t; the same */
    cl_hook *failover;    /* keeps a claude_failover_t */
    cl_hook *quota;       /* keeps a claude_quota_t; NULL: the client makes its own if it is enabled */
    cl_hook *attempt;     /* fn is a claude_attempt_fn */
    cl_hook *credentials; /* fn is a claude_credential_fn */
    cl_hook *log;         /* fn is a claude_log_fn */
    int32_t log_level;    /* the highest CLAUDE_LOG_* that it is told */
};

claude_code_t cl_config_new(claude_config_t **out, cl_err *err);
claude_code_t cl_config_copy(const claude_config_t *from, claude_config_t **out, cl_err *err);
claude_code_t cl_config_set(claude_config_t *config, const char *key, const char *value, cl_err *err);
const char *cl_config_get(const claude_config_t *config, const char *key);
claude_code_t cl_config_load_json(claude_config_t *config, cl_str json, cl_err *err);
claude_code_t cl_config_load_env(claude_config_t *config, cl_err *err);
claude_config_t *cl_config_ref(claude_config_t *config);
void cl_config_unref(claude_config_t *config);
/*
 * What only shows when all options are known; a client calls it once. CLAUDE_E_INVALID: http:// to a host that is not
 * this one, or through a proxy that is not, without network.allow_http. CLAUDE_E_NO_KEY: no key although auth.style
 * wants one.
 */
claude_code_t cl_config_check(const claude_config_t *config, cl_err *err);

const char *cl_option_name_at(size_t index);
const char *cl_option_json(const char *name, size_t *len);

/* Checks a base URL: scheme, host, no credentials, no query, no fragment, http only for loopback unless allowed. */
claude_code_t cl_base_url_check(cl_str url, bool allow_http, cl_err *err);
/* The same, with the options of a client: also http through a proxy that is not on this machine needs to be allowed. */
claude_code_t cl_base_url_allowed(const cl_options *options, cl_str url, cl_err *err);
/* Checks a proxy: [scheme://][user:password@]host[:port][/]. The message never shows the credentials. */
claude_code_t cl_proxy_url_check(cl_str url, cl_err *err);
/* Of URLs that were checked: whether what is sent there can be read on the way, and whether it stays on this machine.
 */
bool cl_url_is_http(cl_str url);
bool cl_url_is_loopback(cl_str url);
/* The same scheme, host and port, and nothing in it that could be read in another way. `url` may be anything. */
bool cl_url_same_server(cl_str url, cl_str base_url);
/* Base URLs for the same thing: the same server and path, but for slashes at the end. */
bool cl_url_same_base(cl_str a, cl_str b);

#endif
