/* stream_check.c - what a stream's events, blocks and messages must have. Only what is documented is asked for; what
 * else is there is nobody's business. */
#include "message/stream_types.h"

#include <stdio.h>

/* What a field must be. */
enum { OBJECT, ARRAY, STRING, NAME, COUNT, ROLE, MESSAGE, OPTIONAL = 16 };

static const char *const wanted[] = {
    [OBJECT] = "an object",
    [ARRAY] = "an array",
    [STRING] = "a string",
    [NAME] = "a string that is not empty",
    [COUNT] = "an integer of 0 or more",
    [ROLE] = "\"user\" or \"assistant\"",
    [MESSAGE] = "\"message\"",
};

/* A field of all things with a name: events by theirs (deltas by the delta's), blocks by their type. */
typedef struct field_rule {
    const char *of;
    const char *pointer;
    int must;
} field_rule;

static const field_rule event_rules[] = {
    {"message_start", "/message", OBJECT},
    {"content_block_start", "/content_block", OBJECT},
    {"text_delta", "/delta/text", STRING},
    {"thinking_delta", "/delta/thinking", STRING},
    {"signature_delta", "/delta/signature", STRING},
    {"input_json_delta", "/delta/partial_json", STRING},
    {"citations_delta", "/delta/citation", OBJECT},
    {"citations_delta", "/delta/citation/type", NAME},
    {"message_delta", "/delta", OBJECT},
    {"message_delta", "/delta/stop_reason", NAME | OPTIONAL},
    {"message_delta", "/delta/stop_sequence", STRING | OPTIONAL},
    {"message_delta", "/usage", OBJECT},
    {"message_delta", "/usage/output_tokens", COUNT},
    {"error", "/error", OBJECT},
    {"error", "/error/type", NAME},
    {"error", "/error/message", STRING},
    {"completion", "/completion", STRING},
    {"completion", "/model", NAME},
    {"completion", "/stop_reason", NAME | OPTIONAL},
};

static const field_rule message_rules[] = {
    {"", "/id", NAME},
    {"", "/type", MESSAGE},
    {"", "/role", ROLE},
    {"", "/model", NAME},
    {"", "/content", ARRAY},
    {"", "/stop_reason", NAME | OPTIONAL},
    {"", "/stop_sequence", STRING | OPTIONAL},
    {"", "/usage", OBJECT},
    {"", "/usage/input_tokens", COUNT | OPTIONAL},
    {"", "/usage/output_tokens", COUNT | OPTIONAL},
    {"", "/usage/cache_creation_input_tokens", COUNT | OPTIONAL},
    {"", "/usage/cache_read_input_tokens", COUNT | OPTIONAL},
};

static const field_rule complete_rules[] = {
    {"", "/stop_reason", NAME},
};

static const field_rule block_rules[] = {
    {"text", "/text", STRING},
    {"text", "/citations", ARRAY | OPTIONAL},
    {"thinking", "/thinking", STRING},
    {"thinking", "/signature", STRING | OPTIONAL},
    {"redacted_thinking", "/data", NAME},
    {"tool_use", "/id", NAME},
    {"tool_use", "/name", NAME},
    {"tool_use", "/input", OBJECT},
    {"server_tool_use", "/id", NAME},
    {"server_tool_use", "/name", NAME},
    {"server_tool_use", "/input", OBJECT},
    {"mcp_tool_use", "/id", NAME},
    {"mcp_tool_use", "/name", NAME},
    {"mcp_tool_use", "/server_name", NAME},
    {"mcp_tool_use", "/input", OBJECT},
    {"mcp_tool_result", "/tool_use_id", NAME},
    {"web_search_tool_result", "/tool_use_id", NAME},
    {"web_fetch_tool_result", "/tool_use_id", NAME},
    {"code_execution_tool_result", "/tool_use_id", NAME},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* ---- rules ---- */

static bool fits(cl_json value, int must)
{
    int64_t number;

    switch (must) {
    case OBJECT:
        return value.type == CLAUDE_JSON_OBJECT;
    case ARRAY:
        return value.type == CLAUDE_JSON_ARRAY;
    case STRING:
        return value.type == CLAUDE_JSON_STRING;
    case NAME:
        return value.type == CLAUDE_JSON_STRING && value.len > 2;
    case COUNT:
        return cl_json_to_int(value, &number) && number >= 0;
    case ROLE:
        return cl_json_string_is(value, CL_STR("user")) || cl_json_string_is(value, CL_STR("assistant"));
    default:
        return cl_json_string_is(value, CL_STR("message"));
    }
}

/* Says what is there instead of what must be. */
static claude_code_t refuse(const char *what, const char *prefix, const field_rule *rule, cl_json value, cl_err *err)
{
    static const char *const kinds[] = {"missing",  "null",     "a boolean", "a number",
                                        "a string", "an array", "an object"};
    const char *is = value.type >= 0 && value.type <= CLAUDE_JSON_OBJECT ? kinds[value.type] : kinds[0];
    cl_str shown = {"", 0};

    if (value.type == CLAUDE_JSON_STRING || value.type == CLAUDE_JSON_NUMBER) {
        shown = cl_str_n(value.ptr, value.len < 80 ? value.len : 80);
        is = "";
    }
    return cl_fail(err, CLAUDE_E_INVALID, "%s: %s%s is %s%.*s; it must be %s%s", what, prefix, rule->pointer, is,
                   (int)shown.len, shown.ptr, wanted[rule->must & ~OPTIONAL],
                   rule->must & OPTIONAL ? ", or be left out" : "");
}

/* Checks the fields that things of a name must have. */
static claude_code_t check(const field_rule *rules, size_t count, cl_str of, cl_json object, const char *what,
                           const char *prefix, cl_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const field_rule *rule = &rules[i];
        cl_json value;
        if (!cl_str_eq(cl_str_of(rule->of), of))
            continue;
        value = cl_json_at(object, cl_str_of(rule->pointer));
        if (cl_json_is_absent(value) ? !(rule->must & OPTIONAL) : !fits(value, rule->must & ~OPTIONAL))
            return refuse(what, prefix, rule, value, err);
    }
    return CLAUDE_OK;
}

static claude_code_t check_message(cl_json message, const char *what, const char *prefix, cl_err *err)
{
    return check(message_rules, COUNT_OF(message_rules), CL_STR(""), message, what, prefix, err);
}

/* Types of blocks that are not in the table need nothing but the type. */
static claude_code_t check_block(cl_json block, const char *what, const char *prefix, cl_err *err)
{
    static const field_rule type_rule = {"", "/type", NAME};
    cl_json type = cl_json_member(block, CL_STR("type"));
    char name[64];
    size_t len = cl_json_copy_text(type, name, sizeof name);

    if (!fits(type, NAME))
        return refuse(what, prefix, &type_rule, type, err);
    return check(block_rules, COUNT_OF(block_rules), cl_str_n(name, len), block, what, prefix, err);
}

/* ---- events ---- */

const char cl_event_names[] = "message_start, message_delta, message_stop, content_block_start, content_block_delta, "
                              "content_block_stop, ping, error, completion";

bool cl_event_is_known(const claude_event_t *event)
{
    return event->type != CLAUDE_EVENT_OTHER || cl_str_eq(event->name, CL_STR("error")) ||
           cl_str_eq(event->name, CL_STR("completion"));
}

static bool is_delta(const claude_event_t *event)
{
    return event->type >= CLAUDE_EVENT_TEXT_DELTA && event->type <= CLAUDE_EVENT_OTHER_DELTA;
}

static claude_code_t check_names(const claude_event_t *event, cl_json root, cl_err *err)
{
    static const field_rule type_rule = {"", "/type", NAME};
    static const field_rule delta_rule = {"", "/delta/type", NAME};
    cl_json type = cl_json_member(root, CL_STR("type"));
    cl_json delta = cl_json_at(root, CL_STR("/delta/type"));

    if (!cl_event_is_known(event))
        return cl_fail(err, CLAUDE_E_INVALID, "event \"%.64s\" is not supported; those that are: %s", event->name.ptr,
                       cl_event_names);
    if (!fits(type, NAME))
        return refuse(event->name.ptr, "", &type_rule, type, err);
    if (is_delta(event) && !fits(delta, NAME))
        return refuse(event->name.ptr, "", &delta_rule, delta, err);
    if (event->type == CLAUDE_EVENT_OTHER_DELTA)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "%s: /delta/type is %.*s, which is not supported; those that are: text_delta, thinking_delta, "
                       "signature_delta, input_json_delta, citations_delta, compaction_delta",
                       event->name.ptr, (int)(delta.len < 80 ? delta.len : 80), delta.ptr);
    return CLAUDE_OK;
}

claude_code_t cl_event_check(const claude_event_t *event, cl_err *err)
{
    static const field_rule index_rule = {"", "/index", COUNT};
    cl_json root = cl_json_root(event->json);
    char delta[64];
    cl_str of = event->name;
    claude_code_t rc;

    if (event->type == CLAUDE_EVENT_NONE)
        return cl_fail(err, CLAUDE_E_INVALID, "not an event of a stream");
    rc = check_names(event, root, err);
    if (rc < 0)
        return rc;
    if (is_delta(event))
        of = cl_str_n(delta, cl_json_copy_text(cl_json_at(root, CL_STR("/delta/type")), delta, sizeof delta));
    if (is_delta(event) || event->type == CLAUDE_EVENT_BLOCK_START || event->type == CLAUDE_EVENT_BLOCK_STOP) {
        cl_json index = cl_json_member(root, CL_STR("index"));
        if (!fits(index, COUNT))
            return refuse(event->name.ptr, "", &index_rule, index, err);
    }
    rc = check(event_rules, COUNT_OF(event_rules), of, root, event->name.ptr, "", err);
    if (rc >= 0 && event->type == CLAUDE_EVENT_MESSAGE_START)
        rc = check_message(cl_json_member(root, CL_STR("message")), event->name.ptr, "/message", err);
    if (rc >= 0 && event->type == CLAUDE_EVENT_BLOCK_START)
        rc = check_block(cl_json_member(root, CL_STR("content_block")), event->name.ptr, "/content_block", err);
    return rc;
}

/* ---- messages ---- */

claude_code_t cl_message_check(cl_json message, bool complete, cl_err *err)
{
    cl_json_iter blocks = cl_json_iter_of(cl_json_member(message, CL_STR("content")));
    cl_json block;
    claude_code_t rc = check_message(message, "message", "", err);

    if (rc >= 0 && complete)
        rc = check(complete_rules, COUNT_OF(complete_rules), CL_STR(""), message, "message", "", err);
    for (size_t i = 0; rc >= 0 && cl_json_next(&blocks, NULL, &block); i++) {
        char prefix[40];
        (void)snprintf(prefix, sizeof prefix, "/content/%zu", i);
        rc = check_block(block, "message", prefix, err);
        if (rc >= 0 && complete && cl_json_member(block, CL_STR("_partial_json")).type != CLAUDE_JSON_NONE)
            rc = cl_fail(err, CLAUDE_E_INVALID,
                         "message: %s/input is not complete JSON; what came of it is in %s/_partial_json", prefix,
                         prefix);
    }
    return rc;
}
