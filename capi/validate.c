#include <claude/validate.h>

#include <errno.h>

#include "border.h"
#include "client/client.h"
#include "message/validate.h"

static bool is_list(const claude_problems_t *problems)
{
    return cl_is(problems, CL_MAGIC_PROBLEMS);
}

claude_code_t claude_request_validate(const claude_request_t *request, claude_problems_t **out, claude_error_t **err)
{
    const cl_judge judge = {.options = NULL};
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, request, CL_MAGIC_REQUEST, "request"))
        rc = cl_request_validate(request, &judge, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_client_validate(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                                     claude_problems_t **out, claude_error_t **err)
{
    claude_client_t *now;
    cl_judge judge;
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (!border_handle(&b, client, CL_MAGIC_CLIENT, "client") ||
        !border_handle(&b, request, CL_MAGIC_REQUEST, "request"))
        return border_leave(&b, rc, err);
    rc = cl_client_choose(client, request, &now, &b.err);
    if (rc < 0)
        return border_leave(&b, rc, err);
    judge = (cl_judge){now->config->options, cl_client_models(now), (flags & CLAUDE_STREAM) != 0};
    if (flags & ~(uint32_t)CLAUDE_STREAM)
        rc = cl_fail(&b.err, CLAUDE_E_INVALID, "flags has unknown bits: %u", flags & ~(uint32_t)CLAUDE_STREAM);
    else
        rc = cl_request_validate(request, &judge, out, &b.err);
    cl_client_unref(now);
    return border_leave(&b, rc, err);
}

size_t claude_problems_count(const claude_problems_t *problems)
{
    return is_list(problems) ? cl_problems_count(problems) : 0;
}

size_t claude_problems_left_out(const claude_problems_t *problems)
{
    return is_list(problems) ? cl_problems_left_out(problems) : 0;
}

const char *claude_problems_code(const claude_problems_t *problems, size_t index)
{
    return is_list(problems) ? cl_problems_code(problems, index) : NULL;
}

static const char *text_of(const claude_problems_t *problems, size_t index, int which)
{
    return is_list(problems) ? cl_problems_text(problems, index, which) : NULL;
}

const char *claude_problems_field(const claude_problems_t *problems, size_t index)
{
    return text_of(problems, index, CL_PROBLEM_FIELD);
}

const char *claude_problems_value(const claude_problems_t *problems, size_t index)
{
    return text_of(problems, index, CL_PROBLEM_VALUE);
}

const char *claude_problems_constraint(const claude_problems_t *problems, size_t index)
{
    return text_of(problems, index, CL_PROBLEM_CONSTRAINT);
}

const char *claude_problems_fix(const claude_problems_t *problems, size_t index)
{
    return text_of(problems, index, CL_PROBLEM_FIX);
}

const char *claude_problems_tool(const claude_problems_t *problems, size_t index)
{
    const char *tool = text_of(problems, index, CL_PROBLEM_TOOL);

    return tool && *tool ? tool : NULL;
}

const char *claude_problems_message(const claude_problems_t *problems, size_t index)
{
    return text_of(problems, index, CL_PROBLEM_MESSAGE);
}

const char *claude_problems_json(const claude_problems_t *problems, size_t *len)
{
    int saved = errno;
    const char *json = "[]";
    size_t size = 2;

    if (is_list(problems))
        json = cl_problems_json(problems, &size);
    if (len)
        *len = json ? size : 0;
    errno = saved;
    return json;
}

claude_code_t claude_problems_error(const claude_problems_t *problems, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (!problems || border_handle(&b, problems, CL_MAGIC_PROBLEMS, "problems"))
        rc = cl_problems_fail(problems, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_problems_code_at(size_t index)
{
    const cl_problem_row *row = cl_problem_row_at(index);

    return row ? row->code : NULL;
}

const char *claude_problems_code_text(const char *code)
{
    const cl_problem_row *row;

    for (size_t i = 0; code && (row = cl_problem_row_at(i)); i++) {
        if (strcmp(row->code, code) == 0)
            return row->text;
    }
    return "";
}

claude_problems_t *claude_problems_ref(claude_problems_t *problems)
{
    return is_list(problems) ? cl_problems_ref(problems) : NULL;
}

void claude_problems_unref(claude_problems_t *problems)
{
    int saved = errno;

    if (is_list(problems))
        cl_problems_unref(problems);
    errno = saved;
}
