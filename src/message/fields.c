/* fields.c - the fields of a request's body, one setter each. */
#include "message/block.h"

#include <stdio.h>

static claude_code_t set_int(claude_request_t *request, const char *field, int64_t number, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_err mine;

    cl_err_init(&mine);
    if (number < 0)
        cl_fail(&mine, CLAUDE_E_INVALID, "%s is %lld; it must be 0 or more", field, (long long)number);
    else if (cl_request_check_body(request, field, &mine) >= 0)
        cl_request_adopt(request, cl_str_of(field), cl_buf_append_int(&fresh, number), &fresh, &mine);
    return cl_request_finish(request, &mine, err);
}

static claude_code_t set_share(claude_request_t *request, const char *field, double number, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_err mine;

    cl_err_init(&mine);
    /* Written so that NaN is refused too. */
    if (!(number >= 0.0 && number <= 1.0))
        cl_fail(&mine, CLAUDE_E_INVALID, "%s is out of range; it must be between 0.0 and 1.0", field);
    else if (cl_request_check_body(request, field, &mine) >= 0)
        cl_request_adopt(request, cl_str_of(field), cl_json_write_double(&fresh, number), &fresh, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_model(claude_request_t *request, const char *model, cl_err *err)
{
    return cl_request_set_text(request, "model", model, err);
}

claude_code_t cl_request_set_max_tokens(claude_request_t *request, int64_t max_tokens, cl_err *err)
{
    return set_int(request, "max_tokens", max_tokens, err);
}

claude_code_t cl_request_set_system(claude_request_t *request, cl_str text, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "system", &mine) >= 0 && cl_request_check_text("system", text, true, &mine) >= 0)
        cl_request_set_string(request, CL_STR("system"), text, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_temperature(claude_request_t *request, double temperature, cl_err *err)
{
    return set_share(request, "temperature", temperature, err);
}

claude_code_t cl_request_set_top_p(claude_request_t *request, double top_p, cl_err *err)
{
    return set_share(request, "top_p", top_p, err);
}

claude_code_t cl_request_set_top_k(claude_request_t *request, int64_t top_k, cl_err *err)
{
    return set_int(request, "top_k", top_k, err);
}

/* Appends to a top-level array: JSON that is known to be valid. */
static claude_code_t append(claude_request_t *request, const char *field, int written, cl_buf *json, cl_err *err)
{
    cl_buf *array = NULL;
    size_t end;
    claude_code_t rc = written == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(written, err);

    if (rc >= 0)
        rc = cl_request_edit_array(request, field, &array, err);
    if (rc >= 0) {
        written = cl_array_open(array, &end);
        if (written == CL_BUF_OK)
            written = cl_buf_append_str(array, cl_buf_str(json));
        written = cl_array_close(array, end, written);
        rc = written == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(written, err);
    }
    cl_buf_free(json);
    return rc;
}

claude_code_t cl_request_add_stop_sequence(claude_request_t *request, cl_str text, cl_err *err)
{
    cl_buf json = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "stop_sequences", &mine) >= 0 &&
        cl_request_check_text("stop sequence", text, false, &mine) >= 0)
        append(request, "stop_sequences", cl_json_write_string(&json, text), &json, &mine);
    return cl_request_finish(request, &mine, err);
}

/* Makes a finished text the value of "a", or of "b" inside of the top-level object "a" for "a.b"; or frees it. */
static claude_code_t adopt(claude_request_t *request, const char *field, int written, cl_buf *fresh, cl_err *err)
{
    const char *dot = strchr(field, '.');
    char pointer[64];
    cl_buf *object = NULL;
    claude_code_t rc = CLAUDE_OK;

    if (!dot)
        return cl_request_adopt(request, cl_str_of(field), written, fresh, err);
    if (written != CL_BUF_OK)
        rc = cl_request_fail_body(written, err);
    if (rc >= 0)
        rc = cl_draft_edit(&request->draft, cl_str_n(field, (size_t)(dot - field)), &object, err);
    if (rc >= 0) {
        snprintf(pointer, sizeof pointer, "/%s", dot + 1);
        rc = cl_json_set(object, cl_str_of(pointer), cl_buf_str(fresh), err);
    }
    cl_buf_free(fresh);
    return rc;
}

static claude_code_t set_user_id(claude_request_t *request, cl_str user_id, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(CL_DRAFT_MAX);
    size_t characters = cl_characters(user_id);

    if (characters > CL_USER_ID_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "metadata.user_id has %zu characters; at most %d are allowed", characters,
                       CL_USER_ID_MAX);
    return adopt(request, "metadata.user_id", cl_json_write_string(&text, user_id), &text, err);
}

claude_code_t cl_request_set_user_id(claude_request_t *request, cl_str user_id, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "metadata.user_id", &mine) >= 0 &&
        cl_request_check_text("metadata.user_id", user_id, true, &mine) >= 0)
        set_user_id(request, user_id, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_stream(claude_request_t *request, bool stream, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "stream", &mine) >= 0) {
        if (stream && !cl_request_streams(request))
            cl_fail(&mine, CLAUDE_E_INVALID, "stream: %s does not stream", request->endpoint->name);
        else
            cl_request_set_raw(request, CL_STR("stream"), stream ? CL_STR("true") : CL_STR("false"), &mine);
    }
    return cl_request_finish(request, &mine, err);
}

/* ---- fields of messages that are more than a number or a text ---- */

claude_code_t cl_request_set_text(claude_request_t *request, const char *field, const char *text, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_str value = cl_str_of(text);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, field, &mine) >= 0 && cl_request_check_text(field, value, false, &mine) >= 0)
        adopt(request, field, cl_json_write_string(&fresh, value), &fresh, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_system_with_cache(claude_request_t *request, cl_str text, const char *ttl, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "system", &mine) >= 0 &&
        cl_request_check_text("system", text, false, &mine) >= 0 &&
        cl_request_check_text("cache_control.ttl", cl_str_of(ttl), !ttl, &mine) >= 0) {
        cl_put(&w, "[{\"type\":\"text\"");
        cl_put_text_member(&w, "text", text);
        cl_put_key(&w, "cache_control");
        cl_put_cache_control(&w, cl_str_of(ttl));
        cl_put(&w, "}]");
        adopt(request, "system", w.rc, &fresh, &mine);
    }
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_cache_control(claude_request_t *request, const char *ttl, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "cache_control", &mine) >= 0 &&
        cl_request_check_text("cache_control.ttl", cl_str_of(ttl), !ttl, &mine) >= 0) {
        cl_put_cache_control(&w, cl_str_of(ttl));
        adopt(request, "cache_control", w.rc, &fresh, &mine);
    }
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_add_tool(claude_request_t *request, const claude_tool_t *tool, cl_err *err)
{
    cl_buf copy = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "tools", &mine) >= 0)
        append(request, "tools", cl_buf_append_str(&copy, cl_buf_str(&tool->json)), &copy, &mine);
    return cl_request_finish(request, &mine, err);
}

static claude_code_t check_tool_choice(const char *kind, const char *name, bool disable_parallel, cl_err *err)
{
    claude_code_t rc = cl_request_check_text("tool_choice.type", cl_str_of(kind), false, err);
    bool tool = strcmp(kind, "tool") == 0;

    if (rc >= 0 && (tool || name))
        rc = cl_request_check_text("tool_choice.name", cl_str_of(name), false, err);
    if (rc >= 0 && name && !tool)
        rc = cl_fail(err, CLAUDE_E_INVALID,
                     "tool_choice.name goes with tool_choice tool only; choose that, or leave out the name");
    if (rc >= 0 && disable_parallel && strcmp(kind, "none") == 0)
        rc = cl_fail(err, CLAUDE_E_INVALID,
                     "tool_choice.disable_parallel_tool_use does not go with none, which allows no tool at all");
    return rc;
}

claude_code_t cl_request_set_tool_choice(claude_request_t *request, const char *kind, const char *name,
                                         bool disable_parallel, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "tool_choice", &mine) >= 0 &&
        check_tool_choice(kind, name, disable_parallel, &mine) >= 0) {
        cl_put(&w, "{");
        cl_put_text_member(&w, "type", cl_str_of(kind));
        if (name)
            cl_put_text_member(&w, "name", cl_str_of(name));
        if (disable_parallel)
            cl_put_json_member(&w, "disable_parallel_tool_use", CL_STR("true"));
        cl_put(&w, "}");
        adopt(request, "tool_choice", w.rc, &fresh, &mine);
    }
    return cl_request_finish(request, &mine, err);
}

static claude_code_t check_thinking(const char *kind, int64_t budget_tokens, cl_err *err)
{
    claude_code_t rc = cl_request_check_text("thinking.type", cl_str_of(kind), false, err);
    bool enabled = strcmp(kind, "enabled") == 0;

    if (rc >= 0 && budget_tokens < 0)
        rc = cl_fail(err, CLAUDE_E_INVALID, "thinking.budget_tokens is %lld; it must be 0 or more",
                     (long long)budget_tokens);
    if (rc >= 0 && enabled && budget_tokens == 0)
        rc = cl_fail(err, CLAUDE_E_INVALID, "thinking.budget_tokens is 0; thinking that is enabled needs a budget");
    if (rc >= 0 && !enabled && budget_tokens > 0)
        rc = cl_fail(err, CLAUDE_E_INVALID, "thinking.budget_tokens goes with enabled only; it must be 0 for %.64s",
                     kind);
    return rc;
}

claude_code_t cl_request_set_thinking(claude_request_t *request, const char *kind, int64_t budget_tokens, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "thinking", &mine) >= 0 && check_thinking(kind, budget_tokens, &mine) >= 0) {
        cl_put(&w, "{");
        cl_put_text_member(&w, "type", cl_str_of(kind));
        if (budget_tokens > 0) {
            cl_put_key(&w, "budget_tokens");
            cl_put_int(&w, budget_tokens);
        }
        cl_put(&w, "}");
        adopt(request, "thinking", w.rc, &fresh, &mine);
    }
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_output_schema(claude_request_t *request, cl_str schema, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "output_config.format", &mine) >= 0 &&
        cl_check_json("output_config.format.schema", &schema, &mine) >= 0) {
        cl_put(&w, "{\"type\":\"json_schema\"");
        cl_put_json_member(&w, "schema", schema);
        cl_put(&w, "}");
        adopt(request, "output_config.format", w.rc, &fresh, &mine);
    }
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_context_management(claude_request_t *request, cl_str json, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "context_management", &mine) >= 0 &&
        cl_check_json("context_management", &json, &mine) >= 0)
        cl_request_set_raw(request, CL_STR("context_management"), json, &mine);
    return cl_request_finish(request, &mine, err);
}

/* A container that is only named becomes an object, so that skills can be put beside its id. */
static claude_code_t open_container(claude_request_t *request, cl_buf **out, cl_err *err)
{
    cl_buf object = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&object, CL_BUF_OK};
    claude_code_t rc = cl_draft_edit(&request->draft, CL_STR("container"), out, err);
    cl_json value;

    if (rc < 0)
        return rc;
    value = cl_json_root(cl_buf_str(*out));
    if (value.type == CLAUDE_JSON_NULL)
        cl_buf_clear(*out);
    if (value.type != CLAUDE_JSON_STRING)
        return CLAUDE_OK;
    cl_put(&w, "{");
    cl_put_json_member(&w, "id", cl_str_n(value.ptr, value.len));
    cl_put(&w, "}");
    return cl_request_adopt(request, CL_STR("container"), w.rc, &object, err);
}

claude_code_t cl_request_set_container(claude_request_t *request, const char *id, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_buf *container = NULL;
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "container", &mine) >= 0 &&
        cl_request_check_text("container", cl_str_of(id), false, &mine) >= 0 &&
        cl_draft_edit(&request->draft, CL_STR("container"), &container, &mine) >= 0) {
        bool has_skills = cl_json_root(cl_buf_str(container)).type == CLAUDE_JSON_OBJECT;
        adopt(request, has_skills ? "container.id" : "container", cl_json_write_string(&fresh, cl_str_of(id)), &fresh,
              &mine);
    }
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_add_container_skill(claude_request_t *request, const char *type, const char *skill_id,
                                             const char *version, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    cl_buf *container = NULL;
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "container.skills", &mine) >= 0 &&
        cl_request_check_text("type of the skill", cl_str_of(type), false, &mine) >= 0 &&
        cl_request_check_text("skill_id", cl_str_of(skill_id), false, &mine) >= 0 &&
        cl_request_check_text("version of the skill", cl_str_of(version), !version, &mine) >= 0 &&
        open_container(request, &container, &mine) >= 0) {
        cl_put(&w, "{");
        cl_put_text_member(&w, "type", cl_str_of(type));
        cl_put_text_member(&w, "skill_id", cl_str_of(skill_id));
        if (version)
            cl_put_text_member(&w, "version", cl_str_of(version));
        cl_put(&w, "}");
        cl_object_adopt("container", container, "/skills/-", w.rc, &fresh, &mine);
    }
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_add_mcp_server(claude_request_t *request, const char *name, const char *url,
                                        const char *authorization_token, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_writer w = {&fresh, CL_BUF_OK};
    cl_str token = cl_str_of(authorization_token);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "mcp_servers", &mine) >= 0 &&
        cl_request_check_text("name of the MCP server", cl_str_of(name), false, &mine) >= 0 &&
        cl_request_check_text("url of the MCP server", cl_str_of(url), false, &mine) >= 0 &&
        cl_request_check_text("authorization_token of the MCP server", token, !authorization_token, &mine) >= 0) {
        cl_put(&w, "{\"type\":\"url\"");
        cl_put_text_member(&w, "name", cl_str_of(name));
        cl_put_text_member(&w, "url", cl_str_of(url));
        if (authorization_token)
            cl_put_text_member(&w, "authorization_token", token);
        cl_put(&w, "}");
        append(request, "mcp_servers", w.rc, &fresh, &mine);
    }
    return cl_request_finish(request, &mine, err);
}
