/*
 * request.h - one API call to be: a body given as JSON (sent byte for byte) or built by setters.
 *
 * Setters remember their first failure; claude_client_start() returns it again, so a chain of setters may skip checks.
 */
#ifndef CLAUDE_REQUEST_H
#define CLAUDE_REQUEST_H

#include <claude/error.h>
#include <claude/event.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a request.
 *
 * @param endpoint  its name: "messages.create" (or "messages"), "messages.batches.cancel", "files.upload", ...;
 *                  claude_endpoint_at() lists all, docs/endpoints.md shows them. "beta." may stand before the name of
 * one that is no beta, as in the official SDKs
 * @param out       receives the request; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (unknown endpoint; names the nearest), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_new(const char *endpoint, claude_request_t **out, claude_error_t **err);

/**
 * Set the whole body. It is validated (RFC 8259, UTF-8, no lone surrogates, an object) and sent byte for byte; the
 * library changes it only by adding "stream":true where a stream is asked for. Replaces what was set before.
 *
 * @param json  the body; copied
 * @param len   bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID (names the offset), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_json(claude_request_t *request, const char *json, size_t len,
                                                 claude_error_t **err);

/**
 * The body as it would be sent without a forced stream.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return JSON borrowed from the request until it is changed; NULL if there is none (a GET, or out of memory)
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_request_json(claude_request_t *request, size_t *len);

/**
 * Set any field of the body by JSON pointer (RFC 6901): "/thinking", "/metadata/user_id", "/messages/-". Missing
 * objects on the way are created; "-" appends to an array.
 *
 * @param pointer  where; not "" (use claude_request_set_json())
 * @param json     the value as JSON
 * @param len      bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_field(claude_request_t *request, const char *pointer, const char *json,
                                                  size_t len, claude_error_t **err);

/**
 * Set the model.
 *
 * @param model  model id, NUL-terminated, not empty; any text is accepted, the server decides
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_model(claude_request_t *request, const char *model, claude_error_t **err);

/**
 * Set the most tokens the answer may have.
 *
 * @param max_tokens  0 or more
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_max_tokens(claude_request_t *request, int64_t max_tokens,
                                                       claude_error_t **err);

/**
 * Set the system prompt.
 *
 * @param text  UTF-8
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_system(claude_request_t *request, const char *text, size_t len,
                                                   claude_error_t **err);

/**
 * Append a message with text.
 *
 * @param role  "user", "assistant" or "system"
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_message(claude_request_t *request, const char *role, const char *text,
                                                    size_t len, claude_error_t **err);

/**
 * Append a user's text; the same as claude_request_add_message() with "user".
 *
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_user_text(claude_request_t *request, const char *text, size_t len,
                                                      claude_error_t **err);

/**
 * Append an assistant's text; the same as claude_request_add_message() with "assistant".
 *
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_assistant_text(claude_request_t *request, const char *text, size_t len,
                                                           claude_error_t **err);

/**
 * Set the temperature (API version 2023-06-01 only).
 *
 * @param temperature  0.0 to 1.0
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_temperature(claude_request_t *request, double temperature,
                                                        claude_error_t **err);

/**
 * Set nucleus sampling (API version 2023-06-01 only).
 *
 * @param top_p  0.0 to 1.0
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_top_p(claude_request_t *request, double top_p, claude_error_t **err);

/**
 * Set top-k sampling (API version 2023-06-01 only).
 *
 * @param top_k  0 or more
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_top_k(claude_request_t *request, int64_t top_k, claude_error_t **err);

/**
 * Append a stop sequence.
 *
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_stop_sequence(claude_request_t *request, const char *text, size_t len,
                                                          claude_error_t **err);

/**
 * Set metadata.user_id.
 *
 * @param user_id  UTF-8, at most 256 characters, nothing personal
 * @param len      bytes of user_id, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_user_id(claude_request_t *request, const char *user_id, size_t len,
                                                    claude_error_t **err);

/**
 * Ask for a stream of events, or not.
 *
 * @param stream  0 or 1
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_stream(claude_request_t *request, int32_t stream, claude_error_t **err);

/**
 * Send a header with this request; wins over a header of the configuration.
 *
 * @param name   header name (RFC 9110 token). The headers that the library itself writes are refused.
 * @param value  visible ASCII, spaces and tabs inside; no line ends. NULL removes the header, also the configuration's.
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_header(claude_request_t *request, const char *name, const char *value,
                                                   claude_error_t **err);

/**
 * Set a parameter of the endpoint's path, percent-encoded as one segment of it.
 *
 * @param name   as in the endpoint's path: "message_batch_id", "file_id", ...
 * @param value  UTF-8, not empty; "." and ".." are refused, also in encoded forms
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_path(claude_request_t *request, const char *name, const char *value,
                                                 claude_error_t **err);

/**
 * Set a query parameter, in place of those of the same name.
 *
 * @param name   UTF-8, not empty; percent-encoded
 * @param value  UTF-8; percent-encoded. NULL removes the parameter.
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_query(claude_request_t *request, const char *name, const char *value,
                                                  claude_error_t **err);

/**
 * Add a query parameter beside others of the same name: "ids[]" for each element of an array.
 *
 * @param name   UTF-8, not empty; percent-encoded
 * @param value  UTF-8; percent-encoded
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_query(claude_request_t *request, const char *name, const char *value,
                                                  claude_error_t **err);

/**
 * Set all query parameters from a JSON object, in place of what was set before: an array becomes `name[]=...` for each
 * element, an object `name[member]=...`, true and false themselves; null is left out.
 *
 * @param json  an object, nested at most 8 levels deep
 * @param len   bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_query_json(claude_request_t *request, const char *json, size_t len,
                                                       claude_error_t **err);

/**
 * Add a beta name for this request. The header `anthropic-beta` has the request's names, those of the option `beta`,
 * and what the endpoint itself needs, each once.
 *
 * @param name  for example "files-api-2025-04-14"; several, separated by commas, are added one by one
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_beta(claude_request_t *request, const char *name, claude_error_t **err);

/**
 * Let a file's token stand in the JSON body: wherever claude_file_token() is the whole value of a string, the file's
 * content in base64 is sent in its place, read while it is sent. Blocks made from files do this by themselves.
 *
 * @param file  the request keeps a reference
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_attach(claude_request_t *request, claude_file_t *file, claude_error_t **err);

/**
 * Add a file to the form of an endpoint that takes one ("files.upload", "skills.create", ...).
 *
 * @param field       name of the form's field: "file", "files[]"
 * @param file        the request keeps a reference; the content is read while it is sent
 * @param filename    NULL: the file's own name; may have a path in it ("my-skill/SKILL.md")
 * @param media_type  NULL: the file's own
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_file(claude_request_t *request, const char *field, claude_file_t *file,
                                                 const char *filename, const char *media_type, claude_error_t **err);

/**
 * Add a field of text to the form of an endpoint that takes one.
 *
 * @param name  name of the field
 * @param text  its value
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_add_form_field(claude_request_t *request, const char *name, const char *text,
                                                       size_t len, claude_error_t **err);

/**
 * Make a request of its own with everything that this one has; files and the event callback are shared.
 *
 * @param out  receives the copy; release with claude_request_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_copy(const claude_request_t *request, claude_request_t **out,
                                             claude_error_t **err);

/**
 * Name of the endpoint that a request is for.
 *
 * @return static text; NULL for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_request_endpoint(const claude_request_t *request);

/**
 * Set an option for this request alone.
 *
 * @param key    name or alias of an option whose scope is request or both
 * @param value  the value as text; NULL goes back to the client's value
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_set_option(claude_request_t *request, const char *key, const char *value,
                                                   claude_error_t **err);

/**
 * Receive each event of a stream.
 *
 * @param call   the call; valid until the callback returns, longer with claude_call_ref()
 * @param event  a borrowed view, valid until the callback returns; claude_event_keep() copies it
 * @return 0 to go on; anything else ends the call with CLAUDE_E_CALLBACK and this value as claude_error_user_code()
 */
typedef int32_t (*claude_event_fn)(claude_call_t *call, const claude_event_t *event, void *user_data);

/**
 * Deliver events by callback: inside claude_client_execute() or claude_call_wait(), on the calling thread. Such a call
 * cannot be pulled with claude_call_next() as well. A second registration replaces the first.
 *
 * @param fn       the callback; NULL removes it
 * @param destroy  run once when neither the request nor a call made from it needs user_data any more
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_on_event(claude_request_t *request, claude_event_fn fn, void *user_data,
                                                 claude_destroy_fn destroy, claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_request_t *claude_request_ref(claude_request_t *request);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_request_unref(claude_request_t *request);

#ifdef __cplusplus
}
#endif

#endif
