/* accumulate.h - the message under construction; shared by accumulate.c, which takes events in, and
 * accumulate_json.c, which writes the message. */
#ifndef CL_MESSAGE_ACCUMULATE_H
#define CL_MESSAGE_ACCUMULATE_H

#include "message/message.h"

/* Fields of the message that message_delta may set, and of usage: more than a server will ever send. */
enum { CL_FIELDS_MAX = 64 };

/* Where a kept value stands in the message, for the limit of nesting. */
enum { CL_DEPTH_FIELD = 1, CL_DEPTH_BLOCK = 2, CL_DEPTH_INPUT = 3, CL_DEPTH_CITATION = 4 };

/* A block's texts, in the order of CLAUDE_EVENT_TEXT_DELTA, ..., CLAUDE_EVENT_INPUT_JSON_DELTA. */
enum { CL_PART_TEXT, CL_PART_THINKING, CL_PART_SIGNATURE, CL_PART_INPUT, CL_PARTS };

/* What kind of deltas a block is documented to have. */
enum { CL_BLOCK_OTHER, CL_BLOCK_TEXT, CL_BLOCK_THINKING, CL_BLOCK_TOOL, CL_BLOCK_COMPACTION };

typedef struct cl_block_state {
    cl_buf start; /* content_block of content_block_start, as received */
    cl_buf parts[CL_PARTS];
    cl_buf citations; /* raw, with commas between */
    cl_buf compacted; /* raw "content" of the last compaction_delta */
    cl_buf encrypted; /* raw "encrypted_content" of the last one that had it */
    bool touched[CL_PARTS];
    bool open;
    int32_t kind;
} cl_block_state;

/* A field of the message that came after message_start. */
typedef struct cl_late_field {
    cl_buf name; /* decoded */
    cl_buf value;
} cl_late_field;

struct cl_accumulator {
    cl_accumulator_limits limits;
    cl_buf start; /* the message of message_start, as received */
    cl_buf usage; /* a JSON object, or empty */
    cl_late_field *fields;
    size_t field_count;
    cl_block_state *blocks; /* by index */
    size_t block_count;
    size_t block_cap;
    size_t open_count;
    size_t used; /* bytes kept, of limits.max_message */
    uint64_t anomalies;
    bool started;
    bool has_delta; /* message_delta has been seen */
    bool done;
};

/* ---- accumulate.c: what the rules are written with ---- */

/* Something undocumented that could be understood: counted, or with `strict` an error. */
claude_code_t cl_accumulate_odd(cl_accumulator *a, const char *what, cl_err *err);
claude_code_t cl_accumulate_full(int buf_result, cl_err *err);
/* Puts new content into a buffer within the message's budget; the old one stays on failure. */
claude_code_t cl_accumulate_replace(cl_accumulator *a, cl_buf *buf, cl_str bytes, cl_err *err);
/* A value moves from its event into the message, where it may be nested deeper: `above` levels are over it. */
claude_code_t cl_accumulate_check_depth(const cl_accumulator *a, cl_json value, uint32_t above, cl_err *err);
/* Sets a field of the message. */
claude_code_t cl_accumulate_set_field(cl_accumulator *a, cl_json key, cl_json value, cl_err *err);

static inline size_t cl_accumulate_left(const cl_accumulator *a)
{
    return a->limits.max_message - a->used;
}

/* Appends within the message's budget. */
static inline claude_code_t cl_accumulate_append(cl_accumulator *a, cl_buf *buf, cl_str bytes, cl_err *err)
{
    int rc = bytes.len > cl_accumulate_left(a) ? CL_BUF_FULL : cl_buf_append_hot(buf, bytes.ptr, bytes.len);

    if (rc != CL_BUF_OK)
        return cl_accumulate_full(rc, err);
    a->used += bytes.len;
    return CLAUDE_OK;
}

static inline cl_str cl_accumulate_raw(cl_json value)
{
    return cl_str_n(value.ptr, value.len);
}

/* A name in quotes, as a key. */
static inline cl_json cl_accumulate_key(cl_str quoted)
{
    return (cl_json){quoted.ptr, quoted.len, CLAUDE_JSON_STRING};
}

/* Servers leave out what the API sends as null. */
static inline bool cl_accumulate_missing(cl_json value)
{
    return value.type == CLAUDE_JSON_NONE || value.type == CLAUDE_JSON_NULL;
}

/* ---- accumulate_block.c: the events of blocks ---- */

claude_code_t cl_accumulate_block_start(cl_accumulator *a, claude_event_t *event, cl_err *err);
claude_code_t cl_accumulate_block_delta(cl_accumulator *a, claude_event_t *event, cl_err *err);
claude_code_t cl_accumulate_block_stop(cl_accumulator *a, claude_event_t *event, cl_err *err);
/* Closes a block, and looks at its tool input. */
claude_code_t cl_accumulate_close(cl_accumulator *a, cl_block_state *block, cl_err *err);
void cl_accumulate_free_block(cl_block_state *block);
/* The value of the tool input; type 0 if nothing came but white space. False if it is not JSON. */
bool cl_accumulate_input(const cl_accumulator *a, const cl_block_state *block, cl_json *value);

#endif
