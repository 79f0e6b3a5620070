/*
 * validate.h - what is wrong with a request, all of it at once, before it is sent. Nothing is checked in this way
 * unless the program asks for it, and what the library does not know (fields, types, values) is never a problem: the
 * server decides.
 *
 * @code
 * claude_problems_t *problems = NULL;
 * if (claude_request_validate(request, &problems, NULL) == CLAUDE_PROBLEMS) {
 *     for (size_t i = 0; i < claude_problems_count(problems); i++)
 *         puts(claude_problems_message(problems, i));
 *     claude_problems_unref(problems);
 * }
 * @endcode
 */
#ifndef CLAUDE_VALIDATE_H
#define CLAUDE_VALIDATE_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A success that says more. */
enum {
    /** claude_request_validate(), claude_client_validate(): something is wrong with the request. */
    CLAUDE_PROBLEMS = 3
};

/**
 * Check a request for everything that the API is known to refuse. The API version (`api_version`) and the limits
 * (`validate.*`) are those of the request's own options, else the defaults. docs/validation.md lists what can be found.
 * The request is judged as it stands: if it will be started with CLAUDE_STREAM, use claude_client_validate().
 *
 * @param out  receives the problems in the order of the body, to be released with claude_problems_unref(), or NULL if
 *             nothing is wrong; may be NULL
 * @return CLAUDE_OK (nothing is wrong), CLAUDE_PROBLEMS, CLAUDE_E_INVALID (no request), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_request_validate(const claude_request_t *request, claude_problems_t **out,
                                                 claude_error_t **err);

/**
 * The same for a request that is about to be started with this client: by the client's options where the request has
 * none of its own.
 *
 * @param request  to be checked
 * @param flags    as for claude_client_start(): 0 or CLAUDE_STREAM
 * @param out      receives the problems, to be released with claude_problems_unref(), or NULL if nothing is wrong; may
 *                 be NULL
 * @return CLAUDE_OK (nothing is wrong), CLAUDE_PROBLEMS, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A for the client, B for the request
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_client_validate(claude_client_t *client, const claude_request_t *request,
                                                uint32_t flags, claude_problems_t **out, claude_error_t **err);

/**
 * How many problems there are in a list. At most 1,000 are listed.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_problems_count(const claude_problems_t *problems);

/**
 * How many more problems were found than are listed.
 *
 * @return the number, nearly always 0
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_problems_left_out(const claude_problems_t *problems);

/**
 * What is wrong, as a word for programs: "tool_name_pattern". Codes are permanent; new ones are added.
 *
 * @param index  0, 1, 2, ...
 * @return static text; NULL if there is no such problem
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_code(const claude_problems_t *problems, size_t index);

/**
 * Where it is wrong: a JSON pointer into the body, "/tools/3/name". Of something that is missing, where it should be.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the list, "" for the body as a whole; NULL if there is no such problem
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_field(const claude_problems_t *problems, size_t index);

/**
 * The value that is wrong, for people: shortened, of containers only the type, of long or personal values only the
 * length; keys are not shown.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the list, "" if the field is missing; NULL if there is no such problem
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_value(const claude_problems_t *problems, size_t index);

/**
 * What would be right, for people: "must be 1 to 64 of the characters A-Z a-z 0-9 _ -".
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the list; NULL if there is no such problem
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_constraint(const claude_problems_t *problems, size_t index);

/**
 * What to do about it, for people: "rename it".
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the list; NULL if there is no such problem
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_fix(const claude_problems_t *problems, size_t index);

/**
 * Name of the tool that the problem is about.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the list; NULL if it is about no tool, or about one without a name
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_tool(const claude_problems_t *problems, size_t index);

/**
 * The whole problem in one line: field, what is wrong, value, constraint and fix.
 *
 * @param index  0, 1, 2, ...
 * @return text borrowed from the list; NULL if there is no such problem
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_message(const claude_problems_t *problems, size_t index);

/**
 * The whole list as a JSON array of objects with the members "code", "field", "value", "constraint", "fix", "tool" and
 * "message"; null where there is none. Made when first asked for.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the list; "[]" for NULL; NULL when out of memory
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_json(const claude_problems_t *problems, size_t *len);

/**
 * Turn a list into an error, to be handed on like any other: CLAUDE_E_INVALID with the first problem's message, its
 * code as claude_error_error_code(), and the number of the others.
 *
 * @return CLAUDE_E_INVALID; CLAUDE_OK for NULL and an empty list
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_problems_error(const claude_problems_t *problems, claude_error_t **err);

/**
 * Enumerate the codes that this library knows.
 *
 * @param index  0, 1, 2, ...
 * @return "tool_name_pattern", ...; NULL after the last one; static
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_code_at(size_t index);

/**
 * What a code means, for people: "the tool's name is not allowed". {} stands for what depends on the case.
 *
 * @param code  a code; NULL and unknown codes are answered ""
 * @return static text, never NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_problems_code_text(const char *code);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_problems_t *claude_problems_ref(claude_problems_t *problems);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_problems_unref(claude_problems_t *problems);

#ifdef __cplusplus
}
#endif

#endif
