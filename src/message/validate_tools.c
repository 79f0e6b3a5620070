/* validate_tools.c - tools, and the choice of one. */
#include "message/validate_walk.h"

enum { PROPERTY_NAME_MAX = 64 };

enum { TOOL_TYPE, TOOL_NAME, TOOL_DESCRIPTION, TOOL_SCHEMA, TOOL_CACHE_CONTROL, TOOL_MEMBERS };
static const char *const tool_members[TOOL_MEMBERS] = {"type", "name", "description", "input_schema", "cache_control"};

static void check_name(cl_walk *walk, const cl_place *tool_place, cl_json tool, cl_json name)
{
    cl_place place = cl_place_member(tool_place, "name");
    int64_t max = cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_TOOL_NAME);
    cl_buf limit = CL_BUF_INIT(32);

    if (!cl_walk_need(walk, tool_place, "name", tool, name, CL_IS_STRING, "a tool") || cl_json_is_name(name, max, "_-"))
        return;
    if (cl_buf_append_int(&limit, max) != CL_BUF_OK)
        walk->nomem = true;
    else
        cl_walk_bad_value(walk, CL_P_TOOL_NAME_PATTERN, &place, name, limit.ptr);
    cl_buf_free(&limit);
}

static void check_description(cl_walk *walk, const cl_place *tool_place, cl_json description)
{
    cl_place place = cl_place_member(tool_place, "description");
    int64_t max = cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_TOOL_DESCRIPTION);
    size_t characters = cl_json_characters(description);

    if (cl_json_is_absent(description) || !cl_walk_type(walk, &place, description, CL_IS_STRING))
        return;
    if (characters == 0 || characters > (uint64_t)max)
        cl_walk_bad_count(walk, CL_P_TOOL_DESCRIPTION_LENGTH, &place, description.ptr, characters, "characters", max);
}

static void check_properties(cl_walk *walk, const cl_place *schema_place, cl_json properties)
{
    cl_place place = cl_place_member(schema_place, "properties");
    cl_json_iter iter = cl_json_iter_of(properties);
    cl_json key;
    cl_json value;

    if (!cl_walk_type(walk, &place, properties, CL_IS_OBJECT) || properties.type != CLAUDE_JSON_OBJECT)
        return;
    while (cl_json_next(&iter, &key, &value)) {
        if (!cl_json_is_name(key, PROPERTY_NAME_MAX, "_.-"))
            cl_walk_bad_value(walk, CL_P_TOOL_PROPERTY_PATTERN, &place, key, "64");
    }
}

static void check_schema(cl_walk *walk, const cl_place *tool_place, cl_json tool, cl_json schema)
{
    static const char *const names[] = {"type", "properties"};
    cl_place place = cl_place_member(tool_place, "input_schema");
    cl_json members[2];

    if (cl_json_is_absent(schema)) {
        cl_walk_missing(walk, tool_place, "input_schema", schema.ptr ? schema.ptr : tool.ptr, "a tool");
        return;
    }
    cl_json_members(schema, names, 2, members);
    if (schema.type != CLAUDE_JSON_OBJECT)
        cl_walk_bad_value(walk, CL_P_TOOL_SCHEMA_TYPE, &place, schema, "");
    else if (!cl_json_string_is(members[0], CL_STR("object")))
        cl_walk_report(walk, CL_P_TOOL_SCHEMA_TYPE, &place, schema.ptr, CL_STR(""), CL_STR(""));
    check_properties(walk, &place, members[1]);
}

/* Tools that the API itself brings, and sets of them, have a type of their own; their rules are the API's. */
static bool is_custom(cl_json type)
{
    return cl_json_is_absent(type) || type.type != CLAUDE_JSON_STRING || cl_json_string_is(type, CL_STR("custom"));
}

void cl_walk_tool(cl_walk *walk, const cl_place *place, cl_json tool)
{
    cl_place type_place = cl_place_member(place, "type");
    cl_place name_place = cl_place_member(place, "name");
    cl_json members[TOOL_MEMBERS];
    cl_json name;

    if (tool.type != CLAUDE_JSON_OBJECT) {
        cl_walk_bad_value(walk, CL_P_WRONG_TYPE, place, tool, "an object");
        return;
    }
    cl_json_members(tool, tool_members, TOOL_MEMBERS, members);
    name = members[TOOL_NAME];
    cl_walk_enter_tool(walk, name);
    cl_walk_type(walk, &type_place, members[TOOL_TYPE], CL_IS_STRING);
    if (is_custom(members[TOOL_TYPE])) {
        check_name(walk, place, tool, name);
        check_description(walk, place, members[TOOL_DESCRIPTION]);
        check_schema(walk, place, tool, members[TOOL_SCHEMA]);
    }
    cl_walk_cache(walk, place, members[TOOL_CACHE_CONTROL]);
    if (name.type != CLAUDE_JSON_STRING)
        walk->open_tools = true;
    else if (!cl_walk_see(walk, &walk->tools, name))
        cl_walk_bad_value(walk, CL_P_DUPLICATE_TOOL, &name_place, name, "");
    walk->tool = CL_STR("");
}

void cl_walk_tools(cl_walk *walk, const cl_place *place, cl_json tools)
{
    int64_t max = cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_TOOLS);
    cl_json_iter iter = cl_json_iter_of(tools);
    size_t count = 0;
    cl_json tool;

    if (!cl_walk_type(walk, place, tools, CL_IS_ARRAY) || tools.type != CLAUDE_JSON_ARRAY)
        return;
    for (; cl_json_next(&iter, NULL, &tool); count++) {
        cl_place element = cl_place_element(place, count);
        cl_walk_tool(walk, &element, tool);
    }
    if (count == 0)
        cl_walk_report(walk, CL_P_EMPTY_TOOLS, place, tools.ptr, CL_STR(""), CL_STR(""));
    if (count > (uint64_t)max)
        cl_walk_bad_count(walk, CL_P_TOO_MANY_TOOLS, place, tools.ptr, count, "tools", max);
}

/* ---- tool_choice ---- */

static void check_choice_name(cl_walk *walk, const cl_place *place, cl_json choice, cl_json name)
{
    cl_place name_place = cl_place_member(place, "name");

    if (!cl_walk_need(walk, place, "name", choice, name, CL_IS_STRING, "a tool_choice of type tool") ||
        walk->open_tools || walk->tools.count == 0 || cl_walk_has_seen(walk, &walk->tools, name))
        return;
    cl_walk_enter_tool(walk, name);
    cl_walk_bad_value(walk, CL_P_TOOL_CHOICE_UNKNOWN_TOOL, &name_place, name, "");
    walk->tool = CL_STR("");
}

void cl_walk_tool_choice(cl_walk *walk, const cl_place *place, cl_json choice)
{
    static const char *const names[] = {"type", "name"};
    cl_place type_place = cl_place_member(place, "type");
    cl_json members[2];
    bool one;

    if (!cl_walk_type(walk, place, choice, CL_IS_OBJECT))
        return;
    if (cl_json_is_absent(walk->top[CL_TOP_TOOLS]) && !walk->open_tools)
        cl_walk_report(walk, CL_P_TOOL_CHOICE_WITHOUT_TOOLS, place, choice.ptr, CL_STR(""), CL_STR(""));
    cl_json_members(choice, names, 2, members);
    if (!cl_walk_need(walk, place, "type", choice, members[0], CL_IS_STRING, "a tool_choice"))
        return;
    one = cl_json_string_is(members[0], CL_STR("tool"));
    if (one)
        check_choice_name(walk, place, choice, members[1]);
    if (!one && !cl_json_string_is(members[0], CL_STR("any")))
        return;
    if (walk->creates && walk->max_tokens == 0)
        cl_walk_bad_value(walk, CL_P_MAX_TOKENS_ZERO_CONFLICT, &type_place, members[0], "a forced tool use");
    if (cl_walk_model_refuses(walk, "forced_tool_use"))
        cl_walk_bad_value(walk, CL_P_MODEL_TOOL_CHOICE_REFUSED, &type_place, members[0], "");
}
