/* structured.h - structured outputs: the schema of a request, and the JSON of an answer. */
#ifndef CL_MESSAGE_STRUCTURED_H
#define CL_MESSAGE_STRUCTURED_H

#include "message/message.h"

/* The functions behind schema.h; same meaning. */
claude_code_t cl_schema_transformed(cl_str schema, claude_response_t **out, cl_err *err);
claude_code_t cl_request_set_structured_output(claude_request_t *request, cl_str schema, cl_err *err);
/* `schema` NULL: the text is only parsed. */
claude_code_t cl_response_parse_structured(const claude_response_t *response, const cl_str *schema,
                                           claude_response_t **out, cl_err *err);

#endif
