/* validate_walk.h - what the files of validation share: where the walk is, what it has found, how it reports. */
#ifndef CL_MESSAGE_VALIDATE_WALK_H
#define CL_MESSAGE_VALIDATE_WALK_H

#include "message/request.h"
#include "message/seen.h"
#include "message/validate.h"

/* CL_P_<ID>, in the order of problems.def. */
typedef enum cl_problem_id {
#define CL_PROBLEM(id, ...) CL_P_##id,
#include "message/problems.def"
#undef CL_PROBLEM
    CL_P_COUNT
} cl_problem_id;

/* ---- lists being made (problems.c) ---- */

typedef struct cl_problem_report {
    cl_problem_id id;
    size_t offset; /* in the body, to sort by */
    cl_str field;  /* JSON pointer */
    cl_str value;  /* as text; "": there is none */
    cl_str arg;    /* in place of {} */
    cl_str tool;   /* its name; "": it is about no tool */
} cl_problem_report;

claude_code_t cl_problems_new(claude_problems_t **out, cl_err *err);
/* False when out of memory. */
bool cl_problems_add(claude_problems_t *problems, const cl_problem_report *report);
void cl_problems_sort(claude_problems_t *problems);

/* ---- places ---- */

/* A step of the way into the body; the frames of the walk's functions hold them. */
typedef struct cl_place {
    const struct cl_place *above; /* NULL: the top */
    const char *name;             /* a member that needs no escaping; NULL: an element */
    size_t index;
} cl_place;

static inline cl_place cl_place_member(const cl_place *above, const char *name)
{
    return (cl_place){above, name, 0};
}

static inline cl_place cl_place_element(const cl_place *above, size_t index)
{
    return (cl_place){above, NULL, index};
}

/* ---- the walk ---- */

/* Fields of a message's body that are looked at; order is that in which they are walked. */
enum {
    CL_TOP_MODEL,
    CL_TOP_MAX_TOKENS,
    CL_TOP_STREAM,
    CL_TOP_THREAD,
    CL_TOP_TOOLS,
    CL_TOP_SYSTEM,
    CL_TOP_MESSAGES,
    CL_TOP_CACHE_CONTROL,
    CL_TOP_TOOL_CHOICE,
    CL_TOP_THINKING,
    CL_TOP_OUTPUT_CONFIG,
    CL_TOP_OUTPUT_FORMAT,
    CL_TOP_TEMPERATURE,
    CL_TOP_TOP_P,
    CL_TOP_TOP_K,
    CL_TOP_STOP_SEQUENCES,
    CL_TOP_METADATA,
    CL_TOP_COUNT
};

/* A tool's result, to be compared with the tool uses when all messages have been seen. */
typedef struct cl_walk_result {
    cl_json id;
    size_t message;
    size_t block;
} cl_walk_result;

enum { CL_FIELD_TEXT_MAX = 256 };

/* The first API version that refuses sampling parameters, documents of assistants and citations of users. */
#define CL_STRICT_VERSION "2026-10-21"

typedef struct cl_walk {
    claude_problems_t *problems;
    const cl_options *own; /* may be NULL */
    const cl_judge *judge;
    const cl_files *files; /* those whose tokens may be in the body */
    cl_str betas;
    bool nomem;
    bool batch;   /* one of a batch's requests */
    bool strict;  /* API version 2026-10-21 or later */
    bool creates; /* the endpoint writes an answer: max_tokens and time matter */

    /* Of the body being walked. */
    const char *start;         /* problems are told by their offsets from here */
    cl_json top[CL_TOP_COUNT]; /* type 0: not there, or null */
    cl_str tool;               /* name of the tool being checked */
    char tool_text[CL_FIELD_TEXT_MAX];
    int64_t max_tokens;    /* -1: not known */
    const cl_model *model; /* what is known of it; NULL: nothing */
    cl_seen tools;         /* names */
    bool open_tools;       /* there are tools whose names are not in the body */
    cl_seen uses;          /* ids */
    cl_walk_result *results;
    size_t result_count;
    size_t result_cap;
    bool open_history; /* there may be messages that are not in the body */
    size_t breakpoints;
    bool seen_5m;
    char breakpoint_field[CL_FIELD_TEXT_MAX]; /* of the first that is too many */
    size_t breakpoint_offset;
} cl_walk;

/* Whether the table says of the model that it refuses something: a fact that is false. */
bool cl_walk_model_refuses(const cl_walk *walk, const char *fact);
int64_t cl_walk_limit(const cl_walk *walk, cl_option option);
/* Starts and ends one body's part. */
void cl_walk_reset(cl_walk *walk);

/* ---- reporting; `at` is where in the body, for the order ---- */

void cl_walk_report(cl_walk *walk, cl_problem_id id, const cl_place *place, const char *at, cl_str value, cl_str arg);
/* Shows the value shortened, and of containers only the type; arg may be "". */
void cl_walk_bad_value(cl_walk *walk, cl_problem_id id, const cl_place *place, cl_json value, const char *arg);
/* `count` of something ("characters") is the value, `limit` the argument. */
void cl_walk_bad_count(cl_walk *walk, cl_problem_id id, const cl_place *place, const char *at, uint64_t count,
                       const char *unit, int64_t limit);
void cl_walk_missing(cl_walk *walk, const cl_place *above, const char *name, const char *at, const char *owner);
/* Remembers a tool's name for what is reported until `tool` is "" again; without control characters and keys. */
void cl_walk_enter_tool(cl_walk *walk, cl_json name);
/* Renders a place; cut at CL_FIELD_TEXT_MAX. */
size_t cl_place_text(const cl_place *place, char out[CL_FIELD_TEXT_MAX]);
size_t cl_walk_offset(const cl_walk *walk, const char *at);

/* ---- values ---- */

/* Bits of JSON types. */
enum {
    CL_IS_BOOLEAN = 1 << CLAUDE_JSON_BOOLEAN,
    CL_IS_NUMBER = 1 << CLAUDE_JSON_NUMBER,
    CL_IS_STRING = 1 << CLAUDE_JSON_STRING,
    CL_IS_ARRAY = 1 << CLAUDE_JSON_ARRAY,
    CL_IS_OBJECT = 1 << CLAUDE_JSON_OBJECT
};

/* Unless the value is absent it must be of one of these types; false, with a report, if it is not. */
bool cl_walk_type(cl_walk *walk, const cl_place *place, cl_json value, unsigned types);
/* The same for a member of `owner` ("a tool"), which must be there. */
bool cl_walk_need(cl_walk *walk, const cl_place *above, const char *name, cl_json object, cl_json value, unsigned types,
                  const char *owner);
/* Characters of a string, escapes resolved. */
size_t cl_json_characters(cl_json string);
/* 1 to `max` letters, digits and characters of `others`. */
bool cl_json_is_name(cl_json string, int64_t max, const char *others);
bool cl_json_is_empty(cl_json container_or_string);

/* Puts a string's text into a set; false if it was there before. */
bool cl_walk_see(cl_walk *walk, cl_seen *set, cl_json string);
/* Also true when memory is out, so that nothing wrong is said. */
bool cl_walk_has_seen(cl_walk *walk, const cl_seen *set, cl_json string);

/* ---- parts (validate_*.c) ---- */

/* Keeps a member of the body if it is one that is looked at. */
void cl_walk_note(cl_walk *walk, cl_json key, cl_json value);
/* All that was kept. `at` is where the body begins. */
void cl_walk_params(cl_walk *walk, const cl_place *place, const char *at);
void cl_walk_tools(cl_walk *walk, const cl_place *place, cl_json tools);
void cl_walk_tool(cl_walk *walk, const cl_place *place, cl_json tool);
void cl_walk_tool_choice(cl_walk *walk, const cl_place *place, cl_json choice);
void cl_walk_system(cl_walk *walk, const cl_place *place, cl_json system);
void cl_walk_messages(cl_walk *walk, const cl_place *place, cl_json messages);
/* With the blocks inside of it. */
void cl_walk_block(cl_walk *walk, const cl_place *place, cl_json block);
void cl_walk_image(cl_walk *walk, const cl_place *place, cl_json source);
void cl_walk_document(cl_walk *walk, const cl_place *place, cl_json source);
/* A member "cache_control". */
void cl_walk_cache(cl_walk *walk, const cl_place *above, cl_json cache_control);

#endif
