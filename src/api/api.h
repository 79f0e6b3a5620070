/* api.h - the door of the room for the API's endpoints: the table of them, and helpers for those that people use most.
 */
#ifndef CL_API_H
#define CL_API_H

#include "message/endpoint.h"
#include "message/message.h"

/* ---- endpoints.c: the table (endpoints.tsv) ---- */

/* By name; "messages" is messages.create, and "beta." may stand before any name. NULL: there is none. */
const cl_endpoint *cl_endpoint_find(const char *name);
/* In the order of their names; NULL after the last one. */
const cl_endpoint *cl_endpoint_at(size_t index);
/* "method", "path", "returns", "beta", "headers", "stability", "paging", "body", "answer", "name"; static. NULL: there
 * is no such thing to know. */
const char *cl_endpoint_text(const cl_endpoint *endpoint, const char *what);
/* Makes a request to an endpoint of this name. CLAUDE_E_INVALID: there is none; names the nearest. */
claude_code_t cl_api_request_new(const char *name, claude_request_t **out, cl_err *err);

#endif
