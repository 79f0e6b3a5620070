/*
 * config.h - options as text keys and values, in one table (docs/options.md); handles and secrets by typed setters.
 *
 * A client copies the configuration it is made from; changing it afterwards changes nothing for that client.
 */
#ifndef CLAUDE_CONFIG_H
#define CLAUDE_CONFIG_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a configuration with every option at its default.
 *
 * @param out  receives the configuration; release with claude_config_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_new(claude_config_t **out, claude_error_t **err);

/**
 * Set an option.
 *
 * `api_key` is special: its text moves into a secret at once and cannot be read back.
 *
 * @param key    name or alias from docs/options.md, NUL-terminated. An unknown one is an error that names the nearest.
 * @param value  the value as text, NUL-terminated; NULL sets the default again
 * @return CLAUDE_OK, CLAUDE_E_INVALID (unknown key, malformed or out-of-range value), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set(claude_config_t *config, const char *key, const char *value,
                                           claude_error_t **err);

/**
 * Value of an option as text.
 *
 * @param key  name or alias from docs/options.md, NUL-terminated
 * @return the value, or its default; borrowed from the configuration until the option is set again. NULL for an unknown
 *         key, for an option without a value, and always for `api_key`.
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_config_get(const claude_config_t *config, const char *key);

/**
 * Set options from a JSON object: `{"timeout.total_ms": 60000}`, or nested: `{"timeout": {"total_ms": 60000}}`.
 * Nothing is changed if any member is refused.
 *
 * @param json  the object; strings, numbers, booleans and null (default again) are accepted as values
 * @param len   bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_load_json(claude_config_t *config, const char *json, size_t len,
                                                 claude_error_t **err);

/**
 * Read the environment: ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN, ANTHROPIC_BASE_URL, ANTHROPIC_CUSTOM_HEADERS,
 * HTTPS_PROXY (https_proxy; not for a base URL with http://), NO_PROXY (no_proxy) and SSL_CERT_FILE. A blank variable
 * counts as unset. An option or secret that the program has set already is left alone: what is given explicitly wins.
 *
 * @return CLAUDE_OK, CLAUDE_E_INVALID (a variable holds a value that its option refuses), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_load_env(claude_config_t *config, claude_error_t **err);

/**
 * Use a secret as the API key. The configuration takes its own reference.
 *
 * @param secret  the key; NULL removes it
 * @return CLAUDE_OK, CLAUDE_E_INVALID
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set_secret(claude_config_t *config, claude_secret_t *secret,
                                                  claude_error_t **err);

/**
 * Send a header with every request.
 *
 * @param name   header name (RFC 9110 token). The headers that the library itself writes are refused.
 * @param value  visible ASCII, spaces and tabs inside; no line ends. NULL removes the header.
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set_header(claude_config_t *config, const char *name, const char *value,
                                                  claude_error_t **err);

/**
 * Signs an attempt, for gateways that want signatures: reads the request through the claude_sign_* functions and adds
 * headers with claude_sign_add_header(). Runs on the thread that drives the call, once per attempt.
 *
 * @param sign  the request about to be sent; valid until the callback returns
 * @return 0 to go on; anything else ends the call with CLAUDE_E_CALLBACK and this value as claude_error_user_code()
 */
typedef int32_t (*claude_sign_fn)(claude_sign_t *sign, void *user_data);

/**
 * Hears that a model, or a way of using it, is deprecated or retired.
 *
 * @param model  as the request names it
 * @param text   one sentence that says until when, and what to use instead where that is known
 */
typedef void (*claude_deprecation_fn)(const char *model, const char *text, void *user_data);

/**
 * Register a callback that hears of deprecated models: once per model and client, on the thread that starts the call,
 * before it is sent. What is deprecated is what claude_config_set_models()'s table says, or the one that is built in. A
 * second registration replaces the first.
 *
 * @param fn       the callback; NULL removes it
 * @param destroy  run once when neither the configuration nor a client made from it needs user_data any more
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_on_deprecation(claude_config_t *config, claude_deprecation_fn fn,
                                                      void *user_data, claude_destroy_fn destroy, claude_error_t **err);

/**
 * Use a table of models' facts and prices in place of the one that is built in, where a client looks something up.
 *
 * @param models  from claude_models_load_json(); the configuration keeps a reference. NULL: the one that is built in
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_set_models(claude_config_t *config, const claude_models_t *models,
                                                  claude_error_t **err);

/**
 * Register a hook that signs each attempt. A second registration replaces the first.
 *
 * @param fn       the hook; NULL removes it
 * @param destroy  run once when neither the configuration nor a client made from it needs user_data any more
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_config_on_sign(claude_config_t *config, claude_sign_fn fn, void *user_data,
                                               claude_destroy_fn destroy, claude_error_t **err);

/**
 * Method of the request to sign.
 *
 * @return "POST"; borrowed until the hook returns
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_sign_method(const claude_sign_t *sign);

/**
 * Whole URL of the request to sign.
 *
 * @return borrowed until the hook returns
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_sign_url(const claude_sign_t *sign);

/**
 * SHA-256 of the body as it will be sent.
 *
 * @return 64 lower-case hexadecimal digits; borrowed until the hook returns
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_sign_body_sha256(const claude_sign_t *sign);

/**
 * Enumerate the headers of the request to sign. The header that carries the API key is left out.
 *
 * @param index  0, 1, 2, ...
 * @param name   receives the name, borrowed until the hook returns; may be NULL
 * @param value  receives the value, borrowed until the hook returns; may be NULL
 * @return 1 there is such a header, 0 after the last one
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_sign_header_at(const claude_sign_t *sign, size_t index, const char **name,
                                         const char **value);

/**
 * Add a header to the request to sign. An existing header of that name is replaced.
 *
 * @param name   header name (RFC 9110 token), NUL-terminated
 * @param value  visible ASCII, spaces and tabs inside; no line ends. NUL-terminated
 * @return CLAUDE_OK, CLAUDE_E_INVALID (malformed name or value), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_sign_add_header(claude_sign_t *sign, const char *name, const char *value,
                                                claude_error_t **err);

/**
 * Enumerate the options of this library.
 *
 * @param index  0, 1, 2, ...
 * @return canonical name, static; NULL after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_option_at(size_t index);

/**
 * Describe an option as a JSON object: "name", "type" (string, integer, boolean, enum), "unit", "default", "min",
 * "max", "values", "scope" (client, request, both), "aliases", "text".
 *
 * @param name  name or alias
 * @param len   receives the length in bytes; may be NULL
 * @return static text; NULL for an unknown name
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_option_json(const char *name, size_t *len);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_config_t *claude_config_ref(claude_config_t *config);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_config_unref(claude_config_t *config);

#ifdef __cplusplus
}
#endif

#endif
