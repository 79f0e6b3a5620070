/* tool.c - tool definitions built by hand. What the API allows in them is looked at by the validation alone. */
#include "message/block.h"

#include <stdlib.h>

#define WHAT "tool"

claude_tool_t *cl_tool_ref(claude_tool_t *tool)
{
    if (tool)
        cl_handle_ref(&tool->handle);
    return tool;
}

void cl_tool_unref(claude_tool_t *tool)
{
    if (!tool || !cl_handle_unref(&tool->handle))
        return;
    cl_buf_free(&tool->json);
    cl_buf_free(&tool->name);
    free(tool);
}

static claude_tool_t *tool_new(void)
{
    claude_tool_t *tool = calloc(1, sizeof *tool);

    if (!tool)
        return NULL;
    cl_handle_init(&tool->handle, CL_MAGIC_TOOL);
    tool->json = CL_BUF_INIT(CL_DRAFT_MAX);
    tool->name = CL_BUF_INIT(CL_DRAFT_MAX);
    return tool;
}

static claude_tool_t *begin(cl_writer *w)
{
    claude_tool_t *tool = tool_new();

    *w = (cl_writer){tool ? &tool->json : NULL, tool ? CL_BUF_OK : CL_BUF_NOMEM};
    cl_put(w, "{");
    return tool;
}

static claude_code_t end(claude_tool_t *tool, cl_writer *w, claude_tool_t **out, cl_err *err)
{
    cl_put(w, "}");
    if (w->rc != CL_BUF_OK) {
        cl_tool_unref(tool);
        return cl_object_fail(WHAT, w->rc, err);
    }
    *out = tool;
    return CLAUDE_OK;
}

static claude_code_t check_names(const char *name, const char *description, cl_err *err)
{
    claude_code_t rc = cl_request_check_text("tool name", cl_str_of(name), true, err);

    return rc < 0 ? rc : cl_request_check_text("tool description", cl_str_of(description), true, err);
}

/* Begins a tool and its schema; `description` NULL: without one. */
static claude_tool_t *begin_custom(const char *name, const char *description, cl_writer *w)
{
    claude_tool_t *tool = begin(w);

    cl_put_text_member(w, "name", cl_str_of(name));
    if (description)
        cl_put_text_member(w, "description", cl_str_of(description));
    cl_put_key(w, "input_schema");
    return tool;
}

claude_code_t cl_tool_with_schema(const char *name, const char *description, cl_str schema, claude_tool_t **out,
                                  cl_err *err)
{
    claude_tool_t *tool;
    cl_writer w;
    claude_code_t rc = check_names(name, description, err);

    if (rc >= 0)
        rc = cl_check_json("schema", &schema, err);
    if (rc < 0)
        return rc;
    tool = begin_custom(name, description, &w);
    cl_put_str(&w, schema);
    return end(tool, &w, out, err);
}

claude_code_t cl_tool_with_properties(const char *name, const char *description, cl_str properties,
                                      const char *const *required, size_t count, claude_tool_t **out, cl_err *err)
{
    claude_tool_t *tool;
    cl_writer w;
    claude_code_t rc = check_names(name, description, err);

    if (rc >= 0)
        rc = cl_check_json("properties", &properties, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = cl_request_check_text("name of a required property", cl_str_of(required[i]), true, err);
    if (rc < 0)
        return rc;
    tool = begin_custom(name, description, &w);
    cl_put(&w, "{\"type\":\"object\"");
    cl_put_json_member(&w, "properties", properties);
    if (count > 0) {
        cl_put_key(&w, "required");
        cl_put_strings(&w, required, count);
    }
    cl_put(&w, "}");
    return end(tool, &w, out, err);
}

claude_code_t cl_tool_simple(const char *name, const char *description, claude_tool_t **out, cl_err *err)
{
    return cl_tool_with_properties(name, description, CL_STR("{}"), NULL, 0, out, err);
}

claude_code_t cl_tool_server(const char *type, const char *name, cl_str fields, claude_tool_t **out, cl_err *err)
{
    cl_buf more = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_tool_t *tool;
    cl_writer w;
    claude_code_t rc = cl_request_check_text("tool type", cl_str_of(type), false, err);

    if (rc >= 0)
        rc = check_names(name, NULL, err);
    if (rc >= 0)
        rc = cl_object_parse("fields", fields.len > 0 ? fields : CL_STR("{}"), &more, err);
    if (rc < 0)
        return rc;
    tool = begin(&w);
    cl_put_text_member(&w, "type", cl_str_of(type));
    if (name)
        cl_put_text_member(&w, "name", cl_str_of(name));
    if (cl_json_count(cl_json_root(cl_buf_str(&more))) > 0) {
        cl_put(&w, ",");
        cl_put_str(&w, cl_str_n(more.ptr + 1, more.len - 2));
    }
    cl_buf_free(&more);
    return end(tool, &w, out, err);
}

claude_code_t cl_tool_json(cl_str json, claude_tool_t **out, cl_err *err)
{
    claude_tool_t *tool = tool_new();
    claude_code_t rc = tool ? cl_object_parse(WHAT, json, &tool->json, err) : cl_fail_nomem(err);

    if (rc >= 0)
        *out = tool;
    else
        cl_tool_unref(tool);
    return rc;
}

claude_code_t cl_tool_set_cache_control(claude_tool_t *tool, const char *ttl, cl_err *err)
{
    return cl_object_set_cache_control(WHAT, &tool->json, ttl, err);
}

claude_code_t cl_tool_set_field(claude_tool_t *tool, const char *pointer, cl_str json, cl_err *err)
{
    return cl_object_set(WHAT, &tool->json, pointer, json, err);
}

const char *cl_tool_name(claude_tool_t *tool)
{
    return cl_object_text(&tool->json, "/name", &tool->name);
}
