#include <claude/schema.h>

#include "border.h"
#include "message/structured.h"
#include "json/schema.h"

#if CL_FEATURE_CONTENT_GENERATION

claude_code_t claude_request_set_structured_output(claude_request_t *request, const char *schema, size_t len,
                                                   claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, request, CL_MAGIC_REQUEST, "request") && border_text(&b, schema, len, "schema", &text))
        rc = cl_request_set_structured_output(request, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_schema_transform(const char *schema, size_t len, claude_response_t **out, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, schema, len, "schema", &text) && border_pointer(&b, out, "out"))
        rc = cl_schema_transformed(text, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_schema_check(const char *schema, size_t schema_len, const char *value, size_t value_len,
                                  claude_error_t **err)
{
    border b;
    cl_str rules;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, schema, schema_len, "schema", &rules) && border_text(&b, value, value_len, "value", &text))
        rc = cl_schema_check(rules, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_response_parse_structured(const claude_response_t *response, const char *schema, size_t schema_len,
                                               claude_response_t **out, claude_error_t **err)
{
    border b;
    cl_str rules = CL_STR("");
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, response, CL_MAGIC_RESPONSE, "response") &&
        (!schema || border_text(&b, schema, schema_len, "schema", &rules)) && border_pointer(&b, out, "out"))
        rc = cl_response_parse_structured(response, schema ? &rules : NULL, out, &b.err);
    return border_leave(&b, rc, err);
}

#endif
