/*
 * endpoint.h - the endpoints of the API that requests can be made to. docs/endpoints.md shows them all.
 */
#ifndef CLAUDE_ENDPOINT_H
#define CLAUDE_ENDPOINT_H

#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Enumerate the endpoints in the order of their names.
 *
 * @param index  0, 1, 2, ...
 * @return a name for claude_request_new(), static; NULL after the last one
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_endpoint_at(size_t index);

/**
 * What is known of an endpoint.
 *
 * @param name  of the endpoint
 * @param what  "method"; "path", with its parameters in braces; "returns", what the API calls the answer; "stability":
 *              ga, beta or legacy; "beta", the beta names that are sent with it, separated by commas; "paging", how
 * lists go on: none, page, cursor, bidirectional or report; "body": none, json or multipart; "answer": json, message,
 * completion, events, lines or bytes; "headers", what a program may want to set, separated by spaces: workspace
 * (anthropic-workspace-id), user_profile (anthropic-user-profile-id), worker (Anthropic-Worker-ID)
 * @return static text, "" if there is nothing; NULL for an unknown name, or what is not known of any endpoint
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_endpoint_text(const char *name, const char *what);

#ifdef __cplusplus
}
#endif

#endif
