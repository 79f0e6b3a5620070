#include <claude/message.h>

#include "border.h"
#include "message/block.h"

static bool check(border *b, const claude_request_t *request)
{
    return border_handle(b, request, CL_MAGIC_REQUEST, "request");
}

#if CL_FEATURE_TOOLS

static bool is_flag(border *b, int32_t value, const char *name)
{
    if (value == 0 || value == 1)
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID, "%s must be 0 or 1, not %d", name, (int)value);
    return false;
}

#endif

/* ---- messages ---- */

static claude_code_t add_content(claude_request_t *request, const char *role, claude_block_t *const *blocks,
                                 size_t count, const char *text, size_t len, claude_error_t **err)
{
    border b;
    cl_str value;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, role, "role") && border_text(&b, text, len, "text", &value) &&
        cl_blocks_check(blocks, count, &b.err) >= 0)
        rc = cl_request_add_content(request, role, blocks, count, value, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_block(claude_request_t *request, const char *role, claude_block_t *block,
                                       claude_error_t **err)
{
    return add_content(request, role, &block, 1, NULL, 0, err);
}

claude_code_t claude_request_add_blocks(claude_request_t *request, const char *role, claude_block_t *const *blocks,
                                        size_t count, claude_error_t **err)
{
    return add_content(request, role, blocks, count, NULL, 0, err);
}

#if CL_FEATURE_VISION

claude_code_t claude_request_add_user_with_image(claude_request_t *request, const char *text, size_t len,
                                                 claude_block_t *image, claude_error_t **err)
{
    return add_content(request, "user", &image, 1, text, len, err);
}

claude_code_t claude_request_add_user_with_images(claude_request_t *request, const char *text, size_t len,
                                                  claude_block_t *const *images, size_t count, claude_error_t **err)
{
    return add_content(request, "user", images, count, text, len, err);
}

#endif

static claude_code_t with_block(claude_request_t *request, claude_block_t *block,
                                claude_code_t (*add)(claude_request_t *, claude_block_t *, cl_err *),
                                claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_handle(&b, block, CL_MAGIC_BLOCK, "block"))
        rc = add(request, block, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_append_block(claude_request_t *request, claude_block_t *block, claude_error_t **err)
{
    return with_block(request, block, cl_request_append_block, err);
}

#if CL_FEATURE_TOOLS

claude_code_t claude_request_add_tool_result_block(claude_request_t *request, claude_block_t *block,
                                                   claude_error_t **err)
{
    return with_block(request, block, cl_request_add_tool_result_block, err);
}

claude_code_t claude_request_add_tool_result(claude_request_t *request, const char *tool_use_id, const char *text,
                                             size_t len, int32_t is_error, claude_error_t **err)
{
    border b;
    cl_str value;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, tool_use_id, "tool_use_id") &&
        border_text(&b, text, len, "text", &value) && is_flag(&b, is_error, "is_error"))
        rc = cl_request_add_tool_result(request, tool_use_id, value, is_error == 1, &b.err);
    return border_leave(&b, rc, err);
}

#endif

claude_code_t claude_request_add_response(claude_request_t *request, const claude_response_t *response,
                                          claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_handle(&b, response, CL_MAGIC_RESPONSE, "response"))
        rc = cl_request_add_response(request, response, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- system prompt and caching ---- */

claude_code_t claude_request_set_system_blocks(claude_request_t *request, claude_block_t *const *blocks, size_t count,
                                               claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && cl_blocks_check(blocks, count, &b.err) >= 0)
        rc = cl_request_set_system_blocks(request, blocks, count, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_system_with_cache(claude_request_t *request, const char *text, size_t len,
                                                   const char *ttl, claude_error_t **err)
{
    border b;
    cl_str value;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_text(&b, text, len, "text", &value))
        rc = cl_request_set_system_with_cache(request, value, ttl, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_cache_control(claude_request_t *request, const char *ttl, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request))
        rc = cl_request_set_cache_control(request, ttl, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- tools ---- */

#if CL_FEATURE_TOOLS

claude_code_t claude_request_add_tool(claude_request_t *request, claude_tool_t *tool, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_handle(&b, tool, CL_MAGIC_TOOL, "tool"))
        rc = cl_request_add_tool(request, tool, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_tool_choice(claude_request_t *request, const char *kind, const char *name,
                                             int32_t disable_parallel, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, kind, "kind") && is_flag(&b, disable_parallel, "disable_parallel"))
        rc = cl_request_set_tool_choice(request, kind, name, disable_parallel == 1, &b.err);
    return border_leave(&b, rc, err);
}

#endif

/* ---- thinking and output ---- */

claude_code_t claude_request_set_thinking(claude_request_t *request, const char *kind, int64_t budget_tokens,
                                          claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, kind, "kind"))
        rc = cl_request_set_thinking(request, kind, budget_tokens, &b.err);
    return border_leave(&b, rc, err);
}

static claude_code_t set_text(claude_request_t *request, const char *field, const char *text, const char *name,
                              claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, text, name))
        rc = cl_request_set_text(request, field, text, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_set_effort(claude_request_t *request, const char *effort, claude_error_t **err)
{
    return set_text(request, "output_config.effort", effort, "effort", err);
}

claude_code_t claude_request_set_service_tier(claude_request_t *request, const char *tier, claude_error_t **err)
{
    return set_text(request, "service_tier", tier, "tier", err);
}

claude_code_t claude_request_set_inference_geo(claude_request_t *request, const char *geo, claude_error_t **err)
{
    return set_text(request, "inference_geo", geo, "geo", err);
}

claude_code_t claude_request_set_speed(claude_request_t *request, const char *speed, claude_error_t **err)
{
    return set_text(request, "speed", speed, "speed", err);
}

static claude_code_t set_json(claude_request_t *request, claude_code_t (*set)(claude_request_t *, cl_str, cl_err *),
                              const char *json, size_t len, const char *name, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_text(&b, json, len, name, &text))
        rc = set(request, text, &b.err);
    return border_leave(&b, rc, err);
}

#if CL_FEATURE_CONTENT_GENERATION

claude_code_t claude_request_set_output_schema(claude_request_t *request, const char *schema, size_t len,
                                               claude_error_t **err)
{
    return set_json(request, cl_request_set_output_schema, schema, len, "schema", err);
}

#endif

claude_code_t claude_request_set_context_management(claude_request_t *request, const char *json, size_t len,
                                                    claude_error_t **err)
{
    return set_json(request, cl_request_set_context_management, json, len, "json", err);
}

/* ---- containers and MCP ---- */

claude_code_t claude_request_set_container(claude_request_t *request, const char *id, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, id, "id"))
        rc = cl_request_set_container(request, id, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_request_add_container_skill(claude_request_t *request, const char *type, const char *skill_id,
                                                 const char *version, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, type, "type") && border_pointer(&b, skill_id, "skill_id"))
        rc = cl_request_add_container_skill(request, type, skill_id, version, &b.err);
    return border_leave(&b, rc, err);
}

#if CL_FEATURE_TOOLS

claude_code_t claude_request_add_mcp_server(claude_request_t *request, const char *name, const char *url,
                                            const char *authorization_token, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, request) && border_pointer(&b, name, "name") && border_pointer(&b, url, "url"))
        rc = cl_request_add_mcp_server(request, name, url, authorization_token, &b.err);
    return border_leave(&b, rc, err);
}

#endif
