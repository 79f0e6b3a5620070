#include "call/call.h"

/* A signing hook may have written one of these into the list. */
static bool may_carry_a_key(cl_str name)
{
    return cl_str_eq_nocase(name, CL_STR("x-api-key")) || cl_str_eq_nocase(name, CL_STR("authorization")) ||
           cl_str_eq_nocase(name, CL_STR("proxy-authorization"));
}

const char *cl_attempt_header(const claude_attempt_t *attempt, const char *name)
{
    cl_str key = cl_str_of(name);
    const cl_header *header = NULL;

    if (attempt->headers && !may_carry_a_key(key))
        header = cl_headers_find(attempt->headers, key);
    return header ? header->value : NULL;
}

claude_code_t cl_attempt_set_header(claude_attempt_t *attempt, const char *name, const char *value, cl_err *err)
{
    cl_headers own = {NULL, 0, 0};

    if (attempt->phase != CL_ATTEMPT_STARTS || !attempt->headers)
        return cl_fail(err, CLAUDE_E_STATE, "the attempt has ended; headers can be set when it starts");
    if (attempt->headers->cap > 0)
        return cl_headers_set(attempt->headers, name, value, err);
    if (cl_headers_copy(attempt->headers, &own, err) < 0)
        return CLAUDE_E_NOMEM;
    cl_headers_free(attempt->headers);
    *attempt->headers = own;
    return cl_headers_set(attempt->headers, name, value, err);
}
