#include <claude/tool.h>

#include <errno.h>

#include "border.h"
#include "message/block.h"

#if CL_FEATURE_TOOLS

static bool check(border *b, const claude_tool_t *tool)
{
    return border_handle(b, tool, CL_MAGIC_TOOL, "tool");
}

claude_code_t claude_tool_simple(const char *name, const char *description, claude_tool_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, name, "name") && border_pointer(&b, out, "out"))
        rc = cl_tool_simple(name, description, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_tool_with_properties(const char *name, const char *description, const char *properties, size_t len,
                                          const char *const *required, size_t count, claude_tool_t **out,
                                          claude_error_t **err)
{
    border b;
    cl_str json;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, name, "name") && border_text(&b, properties, len, "properties", &json) &&
        cl_texts_check("required", required, count, &b.err) >= 0 && border_pointer(&b, out, "out"))
        rc = cl_tool_with_properties(name, description, json, required, count, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_tool_with_schema(const char *name, const char *description, const char *schema, size_t len,
                                      claude_tool_t **out, claude_error_t **err)
{
    border b;
    cl_str json;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, name, "name") && border_text(&b, schema, len, "schema", &json) &&
        border_pointer(&b, out, "out"))
        rc = cl_tool_with_schema(name, description, json, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_tool_server(const char *type, const char *name, const char *fields, size_t len,
                                 claude_tool_t **out, claude_error_t **err)
{
    border b;
    cl_str json;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, type, "type") && border_text(&b, fields, len, "fields", &json) &&
        border_pointer(&b, out, "out"))
        rc = cl_tool_server(type, name, json, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_tool_json(const char *json, size_t len, claude_tool_t **out, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, json, len, "json", &text) && border_pointer(&b, out, "out"))
        rc = cl_tool_json(text, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_tool_set_cache_control(claude_tool_t *tool, const char *ttl, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, tool))
        rc = cl_tool_set_cache_control(tool, ttl, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_tool_set_strict(claude_tool_t *tool, int32_t strict, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, tool)) {
        if (strict == 0 || strict == 1)
            rc = cl_tool_set_field(tool, "/strict", strict == 1 ? CL_STR("true") : CL_STR("false"), &b.err);
        else
            rc = cl_fail(&b.err, CLAUDE_E_INVALID, "strict must be 0 or 1, not %d", (int)strict);
    }
    return border_leave(&b, rc, err);
}

claude_code_t claude_tool_set_field(claude_tool_t *tool, const char *pointer, const char *json, size_t len,
                                    claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, tool) && border_pointer(&b, pointer, "pointer") && border_text(&b, json, len, "json", &text))
        rc = cl_tool_set_field(tool, pointer, text, &b.err);
    return border_leave(&b, rc, err);
}

const char *claude_tool_to_json(const claude_tool_t *tool, size_t *len)
{
    bool is = cl_is(tool, CL_MAGIC_TOOL);

    if (len)
        *len = is ? tool->json.len : 0;
    return is ? tool->json.ptr : NULL;
}

const char *claude_tool_name(claude_tool_t *tool)
{
    int saved = errno;
    const char *name = cl_is(tool, CL_MAGIC_TOOL) ? cl_tool_name(tool) : NULL;

    errno = saved;
    return name;
}

claude_tool_t *claude_tool_ref(claude_tool_t *tool)
{
    return cl_is(tool, CL_MAGIC_TOOL) ? cl_tool_ref(tool) : NULL;
}

void claude_tool_unref(claude_tool_t *tool)
{
    int saved = errno;

    if (cl_is(tool, CL_MAGIC_TOOL))
        cl_tool_unref(tool);
    errno = saved;
}

#endif
