/*
 * validate_messages.c - messages and their blocks. Blocks are in messages, in tool results and in documents: three
 * levels, each a function of its own, so that nothing here recurses.
 */
#include "base/grow.h"
#include "message/validate_walk.h"

enum { ROLE_NONE, ROLE_USER, ROLE_ASSISTANT, ROLE_SYSTEM };
static const char *const role_names[] = {"", "user", "assistant", "system"};

/* Members of blocks that are looked at. */
enum {
    BLOCK_TYPE,
    BLOCK_TEXT,
    BLOCK_SOURCE,
    BLOCK_CONTENT,
    BLOCK_CITATIONS,
    BLOCK_CACHE_CONTROL,
    BLOCK_ID,
    BLOCK_TOOL_USE_ID,
    BLOCK_NAME,
    BLOCK_INPUT,
    BLOCK_TITLE,
    BLOCK_THINKING,
    BLOCK_SIGNATURE,
    BLOCK_DATA,
    BLOCK_IS_ERROR,
    BLOCK_FILE_ID,
    BLOCK_SERVER_NAME,
    BLOCK_MEMBERS
};

static const char *const block_members[BLOCK_MEMBERS] = {
    "type",  "text",  "source",   "content",   "citations", "cache_control", "id",      "tool_use_id", "name",
    "input", "title", "thinking", "signature", "data",      "is_error",      "file_id", "server_name"};

/* What each type of block has. A document's and a search result's "content" and an image's "source" are deeper. */
enum { MAY_BE_THERE, MUST_BE_THERE, MUST_BE_FILLED };
typedef struct block_rule {
    const char *type;
    const char *owner;
    int member;
    unsigned types;
    int need;
} block_rule;

static const block_rule block_rules[] = {
    {"text", "a text block", BLOCK_TEXT, CL_IS_STRING, MUST_BE_THERE},
    {"text", "a text block", BLOCK_CITATIONS, CL_IS_ARRAY, MAY_BE_THERE},
    {"image", "an image block", BLOCK_SOURCE, CL_IS_OBJECT, MUST_BE_THERE},
    {"document", "a document block", BLOCK_SOURCE, CL_IS_OBJECT, MUST_BE_THERE},
    {"document", "a document block", BLOCK_CITATIONS, CL_IS_OBJECT, MAY_BE_THERE},
    {"document", "a document block", BLOCK_TITLE, CL_IS_STRING, MAY_BE_THERE},
    {"search_result", "a search_result block", BLOCK_SOURCE, CL_IS_STRING, MUST_BE_FILLED},
    {"search_result", "a search_result block", BLOCK_TITLE, CL_IS_STRING, MUST_BE_FILLED},
    {"search_result", "a search_result block", BLOCK_CONTENT, CL_IS_ARRAY, MUST_BE_FILLED},
    {"thinking", "a thinking block", BLOCK_THINKING, CL_IS_STRING, MUST_BE_THERE},
    {"thinking", "a thinking block", BLOCK_SIGNATURE, CL_IS_STRING, MUST_BE_FILLED},
    {"redacted_thinking", "a redacted_thinking block", BLOCK_DATA, CL_IS_STRING, MUST_BE_FILLED},
    {"tool_use", "a tool_use block", BLOCK_ID, CL_IS_STRING, MUST_BE_FILLED},
    {"tool_use", "a tool_use block", BLOCK_NAME, CL_IS_STRING, MUST_BE_FILLED},
    {"tool_use", "a tool_use block", BLOCK_INPUT, CL_IS_OBJECT, MUST_BE_THERE},
    {"server_tool_use", "a server_tool_use block", BLOCK_ID, CL_IS_STRING, MUST_BE_FILLED},
    {"server_tool_use", "a server_tool_use block", BLOCK_NAME, CL_IS_STRING, MUST_BE_FILLED},
    {"server_tool_use", "a server_tool_use block", BLOCK_INPUT, CL_IS_OBJECT, MUST_BE_THERE},
    {"mcp_tool_use", "an mcp_tool_use block", BLOCK_ID, CL_IS_STRING, MUST_BE_FILLED},
    {"mcp_tool_use", "an mcp_tool_use block", BLOCK_NAME, CL_IS_STRING, MUST_BE_FILLED},
    {"mcp_tool_use", "an mcp_tool_use block", BLOCK_SERVER_NAME, CL_IS_STRING, MUST_BE_FILLED},
    {"mcp_tool_use", "an mcp_tool_use block", BLOCK_INPUT, CL_IS_OBJECT, MUST_BE_THERE},
    {"tool_result", "a tool_result block", BLOCK_TOOL_USE_ID, CL_IS_STRING, MUST_BE_FILLED},
    {"tool_result", "a tool_result block", BLOCK_CONTENT, CL_IS_STRING | CL_IS_ARRAY, MAY_BE_THERE},
    {"tool_result", "a tool_result block", BLOCK_IS_ERROR, CL_IS_BOOLEAN, MAY_BE_THERE},
    {"container_upload", "a container_upload block", BLOCK_FILE_ID, CL_IS_STRING, MUST_BE_FILLED},
};

/* ---- cache breakpoints ---- */

void cl_walk_cache(cl_walk *walk, const cl_place *above, cl_json cache_control)
{
    static const char *const names[] = {"ttl"};
    cl_place place = cl_place_member(above, "cache_control");
    cl_place ttl_place = cl_place_member(&place, "ttl");
    cl_json ttl;

    if (cl_json_is_absent(cache_control) || !cl_walk_type(walk, &place, cache_control, CL_IS_OBJECT))
        return;
    cl_json_members(cache_control, names, 1, &ttl);
    if (++walk->breakpoints == (uint64_t)cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_CACHE_BREAKPOINTS) + 1) {
        cl_place_text(&place, walk->breakpoint_field);
        walk->breakpoint_offset = cl_walk_offset(walk, cache_control.ptr);
    }
    if (cl_json_string_is(ttl, CL_STR("1h"))) {
        if (walk->seen_5m)
            cl_walk_bad_value(walk, CL_P_CACHE_TTL_ORDER, &ttl_place, ttl, "");
    } else if (cl_walk_type(walk, &ttl_place, ttl, CL_IS_STRING) &&
               (cl_json_is_absent(ttl) || cl_json_string_is(ttl, CL_STR("5m")))) {
        walk->seen_5m = true;
    }
}

/* ---- blocks ---- */

static void check_rule(cl_walk *walk, const cl_place *place, cl_json block, const block_rule *rule, cl_json value)
{
    const char *name = block_members[rule->member];
    cl_place member_place = cl_place_member(place, name);

    if (rule->need == MAY_BE_THERE)
        cl_walk_type(walk, &member_place, value, rule->types);
    else if (cl_walk_need(walk, place, name, block, value, rule->types, rule->owner) && rule->need == MUST_BE_FILLED &&
             cl_json_is_empty(value))
        cl_walk_report(walk, CL_P_EMPTY_CONTENT, &member_place, value.ptr, CL_STR(""), CL_STR("the field"));
}

static void check_rules(cl_walk *walk, const cl_place *place, cl_json block, const cl_json members[BLOCK_MEMBERS])
{
    for (size_t i = 0; i < sizeof block_rules / sizeof block_rules[0]; i++) {
        if (cl_json_string_is(members[BLOCK_TYPE], cl_str_of(block_rules[i].type)))
            check_rule(walk, place, block, &block_rules[i], members[block_rules[i].member]);
    }
}

static void check_text(cl_walk *walk, const cl_place *place, const cl_json members[BLOCK_MEMBERS], int role)
{
    cl_place text_place = cl_place_member(place, "text");
    cl_place citations_place = cl_place_member(place, "citations");
    cl_json text = members[BLOCK_TEXT];
    cl_json citations = members[BLOCK_CITATIONS];

    if (text.type == CLAUDE_JSON_STRING && cl_json_is_empty(text))
        cl_walk_report(walk, CL_P_EMPTY_CONTENT, &text_place, text.ptr, CL_STR(""), CL_STR("the text"));
    if (walk->strict && role == ROLE_USER && citations.type == CLAUDE_JSON_ARRAY && !cl_json_is_empty(citations))
        cl_walk_bad_value(walk, CL_P_USER_CITATIONS_REFUSED, &citations_place, citations,
                          "API version " CL_STRICT_VERSION);
}

/* A block without the blocks in it; false if it is none, or of no type. */
static bool check_block(cl_walk *walk, const cl_place *place, cl_json block, int role, cl_json members[BLOCK_MEMBERS])
{
    static const block_rule type_rule = {"", "a block", BLOCK_TYPE, CL_IS_STRING, MUST_BE_FILLED};
    cl_place source_place = cl_place_member(place, "source");
    cl_json type;

    if (block.type != CLAUDE_JSON_OBJECT) {
        cl_walk_bad_value(walk, CL_P_WRONG_TYPE, place, block, "an object");
        return false;
    }
    cl_json_members(block, block_members, BLOCK_MEMBERS, members);
    type = members[BLOCK_TYPE];
    cl_walk_cache(walk, place, members[BLOCK_CACHE_CONTROL]);
    check_rule(walk, place, block, &type_rule, type);
    if (type.type != CLAUDE_JSON_STRING)
        return false;
    check_rules(walk, place, block, members);
    if (cl_json_string_is(type, CL_STR("text")))
        check_text(walk, place, members, role);
    else if (cl_json_string_is(type, CL_STR("image")) && members[BLOCK_SOURCE].type == CLAUDE_JSON_OBJECT)
        cl_walk_image(walk, &source_place, members[BLOCK_SOURCE]);
    else if (cl_json_string_is(type, CL_STR("document")) && members[BLOCK_SOURCE].type == CLAUDE_JSON_OBJECT)
        cl_walk_document(walk, &source_place, members[BLOCK_SOURCE]);
    return true;
}

/* Blocks that have none in them. */
static void check_leaves(cl_walk *walk, const cl_place *place, cl_json array)
{
    cl_json_iter iter = cl_json_iter_of(array);
    cl_json members[BLOCK_MEMBERS];
    cl_json block;

    for (size_t i = 0; array.type == CLAUDE_JSON_ARRAY && cl_json_next(&iter, NULL, &block); i++) {
        cl_place element = cl_place_element(place, i);
        check_block(walk, &element, block, ROLE_NONE, members);
    }
}

/* What is in a document of type content, and in a search result. */
static void check_inside(cl_walk *walk, const cl_place *place, const cl_json members[BLOCK_MEMBERS])
{
    static const char *const names[] = {"type", "content"};
    cl_place source_place = cl_place_member(place, "source");
    cl_place content_place = cl_place_member(place, "content");
    cl_place inner_place = cl_place_member(&source_place, "content");
    cl_json source[2];

    if (cl_json_string_is(members[BLOCK_TYPE], CL_STR("search_result"))) {
        check_leaves(walk, &content_place, members[BLOCK_CONTENT]);
    } else if (cl_json_string_is(members[BLOCK_TYPE], CL_STR("document"))) {
        cl_json_members(members[BLOCK_SOURCE], names, 2, source);
        if (cl_json_string_is(source[0], CL_STR("content")))
            check_leaves(walk, &inner_place, source[1]);
    }
}

static void check_tool_result(cl_walk *walk, const cl_place *place, cl_json array)
{
    cl_json_iter iter = cl_json_iter_of(array);
    cl_json members[BLOCK_MEMBERS];
    cl_json block;

    for (size_t i = 0; array.type == CLAUDE_JSON_ARRAY && cl_json_next(&iter, NULL, &block); i++) {
        cl_place element = cl_place_element(place, i);
        if (check_block(walk, &element, block, ROLE_NONE, members))
            check_inside(walk, &element, members);
    }
}

static void note_result(cl_walk *walk, cl_walk_result result)
{
    cl_walk_result *results = cl_grow(walk->results, walk->result_count, &walk->result_cap, sizeof *results);

    if (!results) {
        walk->nomem = true;
        return;
    }
    walk->results = results;
    results[walk->result_count++] = result;
}

/* Tool uses and their results are compared when all messages have been seen. */
static void note_ids(cl_walk *walk, const cl_json members[BLOCK_MEMBERS], size_t message, size_t index)
{
    cl_json type = members[BLOCK_TYPE];

    if (cl_json_string_is(type, CL_STR("tool_use")) && members[BLOCK_ID].type == CLAUDE_JSON_STRING)
        (void)cl_walk_see(walk, &walk->uses, members[BLOCK_ID]);
    else if (cl_json_string_is(type, CL_STR("tool_result")) && members[BLOCK_TOOL_USE_ID].type == CLAUDE_JSON_STRING)
        note_result(walk, (cl_walk_result){members[BLOCK_TOOL_USE_ID], message, index});
    else if (cl_json_string_is(type, CL_STR("compaction")))
        walk->open_history = true;
    else if (cl_json_string_is(type, CL_STR("tool_addition")))
        walk->open_tools = true;
}

void cl_walk_block(cl_walk *walk, const cl_place *place, cl_json block)
{
    cl_place content_place = cl_place_member(place, "content");
    cl_json members[BLOCK_MEMBERS];

    if (!check_block(walk, place, block, ROLE_NONE, members))
        return;
    if (cl_json_string_is(members[BLOCK_TYPE], CL_STR("tool_result")))
        check_tool_result(walk, &content_place, members[BLOCK_CONTENT]);
    else
        check_inside(walk, place, members);
}

static void check_message_block(cl_walk *walk, const cl_place *place, cl_json block, int role, size_t message,
                                size_t index)
{
    cl_place content_place = cl_place_member(place, "content");
    cl_json members[BLOCK_MEMBERS];
    cl_json type;

    if (!check_block(walk, place, block, role, members))
        return;
    type = members[BLOCK_TYPE];
    if (walk->strict && role == ROLE_ASSISTANT && cl_json_string_is(type, CL_STR("document")))
        cl_walk_report(walk, CL_P_ASSISTANT_DOCUMENT_REFUSED, place, block.ptr, CL_STR(""),
                       CL_STR("API version " CL_STRICT_VERSION));
    note_ids(walk, members, message, index);
    if (cl_json_string_is(type, CL_STR("tool_result")))
        check_tool_result(walk, &content_place, members[BLOCK_CONTENT]);
    else
        check_inside(walk, place, members);
}

/* ---- messages ---- */

static int role_of(cl_json role)
{
    for (int i = ROLE_USER; i <= ROLE_SYSTEM; i++) {
        if (cl_json_string_is(role, cl_str_of(role_names[i])))
            return i;
    }
    return ROLE_NONE;
}

static void check_content(cl_walk *walk, const cl_place *place, cl_json content, int role, size_t message)
{
    cl_json_iter iter = cl_json_iter_of(content);
    cl_json block;

    if (cl_json_is_empty(content)) {
        cl_walk_report(walk, CL_P_EMPTY_CONTENT, place, content.ptr, CL_STR(""), CL_STR("the message's content"));
        return;
    }
    for (size_t i = 0; content.type == CLAUDE_JSON_ARRAY && cl_json_next(&iter, NULL, &block); i++) {
        cl_place element = cl_place_element(place, i);
        check_message_block(walk, &element, block, role, message, i);
    }
}

static void check_message(cl_walk *walk, const cl_place *place, cl_json message, size_t index)
{
    static const char *const names[] = {"role", "content"};
    cl_place role_place = cl_place_member(place, "role");
    cl_place content_place = cl_place_member(place, "content");
    cl_json members[2];
    int role;

    if (message.type != CLAUDE_JSON_OBJECT) {
        cl_walk_bad_value(walk, CL_P_WRONG_TYPE, place, message, "an object");
        return;
    }
    cl_json_members(message, names, 2, members);
    role = role_of(members[0]);
    if (cl_walk_need(walk, place, "role", message, members[0], CL_IS_STRING, "a message") && role == ROLE_NONE)
        cl_walk_bad_value(walk, CL_P_UNKNOWN_ROLE, &role_place, members[0], "");
    if (cl_walk_need(walk, place, "content", message, members[1], CL_IS_STRING | CL_IS_ARRAY, "a message"))
        check_content(walk, &content_place, members[1], role, index);
}

/* The API wants a result's tool use in the messages; where the server knows more of them, nobody else can tell. */
static void check_results(cl_walk *walk, const cl_place *place)
{
    for (size_t i = 0; i < walk->result_count && !walk->open_history; i++) {
        const cl_walk_result *result = &walk->results[i];
        cl_place message = cl_place_element(place, result->message);
        cl_place content = cl_place_member(&message, "content");
        cl_place block = cl_place_element(&content, result->block);
        cl_place field = cl_place_member(&block, "tool_use_id");
        if (!cl_walk_has_seen(walk, &walk->uses, result->id))
            cl_walk_bad_value(walk, CL_P_UNKNOWN_TOOL_USE_ID, &field, result->id, "");
    }
}

void cl_walk_messages(cl_walk *walk, const cl_place *place, cl_json messages)
{
    int64_t max = cl_walk_limit(walk, CL_OPT_VALIDATE_MAX_MESSAGES);
    cl_json_iter iter = cl_json_iter_of(messages);
    size_t count = 0;
    cl_json message;

    if (!cl_walk_type(walk, place, messages, CL_IS_ARRAY) || messages.type != CLAUDE_JSON_ARRAY)
        return;
    for (; cl_json_next(&iter, NULL, &message); count++) {
        cl_place element = cl_place_element(place, count);
        check_message(walk, &element, message, count);
    }
    if (count == 0)
        cl_walk_report(walk, CL_P_MISSING_MESSAGES, place, messages.ptr, CL_STR(""), CL_STR(""));
    if (count > (uint64_t)max)
        cl_walk_bad_count(walk, CL_P_TOO_MANY_MESSAGES, place, messages.ptr, count, "messages", max);
    check_results(walk, place);
}

void cl_walk_system(cl_walk *walk, const cl_place *place, cl_json system)
{
    if (cl_walk_type(walk, place, system, CL_IS_STRING | CL_IS_ARRAY))
        check_leaves(walk, place, system);
}
