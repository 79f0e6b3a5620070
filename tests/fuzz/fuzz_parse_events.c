/*
 * fuzz_parse_events.c - recorded streams. Every event that is given out can be kept, checked and added to a message,
 * whose blocks are JSON; what the strict reader accepts, the others accept with the same events and no anomaly.
 */
#include <stdlib.h>

#include "message/stream_types.h"

typedef struct taker {
    claude_stream_message_t *message;
    uint64_t events;
} taker;

static int32_t take(const claude_event_t *event, void *user_data)
{
    taker *t = user_data;
    claude_event_t *copy = NULL;

    if (cl_event_keep(event, &copy, NULL) < 0)
        abort();
    (void)cl_event_check(copy, NULL);
    (void)cl_stream_message_add(t->message, copy, NULL);
    cl_event_unref(copy);
    t->events++;
    return 0;
}

static void check_message(claude_stream_message_t *message)
{
    cl_str json = cl_stream_message_json(message);

    if (json.len > 0 && cl_json_validate(json, CL_JSON_DEPTH_DEFAULT, NULL, NULL) < 0)
        __builtin_trap();
    for (size_t i = 0; i < cl_stream_message_count(message); i++) {
        cl_str block = cl_stream_message_block(message, i);
        if (!block.ptr || block.ptr[block.len] != '\0' ||
            cl_json_validate(block, CL_JSON_DEPTH_DEFAULT, NULL, NULL) < 0)
            __builtin_trap();
    }
    (void)cl_stream_message_check(message, &(cl_err){0});
}

/* Reads it with the flags; false if it is refused. */
static bool read_with(cl_str text, uint32_t flags, cl_parse_counts *counts)
{
    taker t = {NULL, 0};
    cl_err err;
    claude_code_t rc;

    if (cl_stream_message_new(&t.message, NULL) < 0)
        abort();
    cl_err_init(&err);
    rc = cl_parse_events(text, flags, take, &t, counts, &err);
    if (rc < 0 && (err.message[0] == '\0' || rc == CLAUDE_E_INVALID))
        __builtin_trap();
    if (rc >= 0 && counts->events != t.events)
        __builtin_trap();
    check_message(t.message);
    cl_stream_message_unref(t.message);
    cl_err_clear(&err);
    return rc >= 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    cl_str text = cl_str_n((const char *)data, size);
    cl_parse_counts usual = {0, 0};
    cl_parse_counts strict = {0, 0};
    cl_parse_counts skip = {0, 0};
    bool good = read_with(text, 0, &usual);

    if (!read_with(text, CLAUDE_PARSE_SKIP_MALFORMED, &skip))
        __builtin_trap();
    if (good && (skip.events != usual.events || skip.anomalies != usual.anomalies))
        __builtin_trap();
    if (read_with(text, CLAUDE_PARSE_STRICT, &strict) &&
        (!good || usual.events != strict.events || usual.anomalies != 0))
        __builtin_trap();
    return 0;
}
