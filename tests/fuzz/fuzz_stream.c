/* fuzz_stream.c - a whole stream: split, understood, accumulated. Whatever came, the message so far is valid JSON. */
#include <stdlib.h>

#include "message/message.h"
#include "sse/sse.h"

enum { MAX_EVENT = 4096, MAX_MESSAGE = 16384, MAX_DEPTH = 32 };

static void check_message(const cl_accumulator *accumulator)
{
    cl_buf json = CL_BUF_INIT(SIZE_MAX / 2);

    if (cl_accumulator_json(accumulator, &json, NULL) >= 0 &&
        cl_json_validate(cl_buf_str(&json), MAX_DEPTH, NULL, NULL) < 0)
        __builtin_trap();
    cl_buf_free(&json);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    cl_accumulator_limits limits = {
        .max_message = MAX_MESSAGE, .max_blocks = 8, .max_depth = MAX_DEPTH, .keep_content = true};
    cl_accumulator *accumulator = NULL;
    cl_buf text = CL_BUF_INIT(MAX_EVENT);
    char *window = malloc(size + 1);
    size_t at = 0;
    int32_t rc = CL_SSE_EVENT;
    cl_sse sse;

    memcpy(window, data, size);
    limits.strict = size > 0 && data[size - 1] == 's';
    cl_sse_init(&sse, MAX_EVENT);
    if (cl_accumulator_new(&limits, &accumulator, NULL) < 0)
        abort();
    while (rc == CL_SSE_EVENT) {
        cl_sse_event raw;
        claude_event_t event;
        size_t consumed = 0;
        bool anomaly = false;
        rc = cl_sse_next(&sse, window + at, size - at, &consumed, &raw, NULL);
        at += consumed;
        if (rc == CL_SSE_EVENT && cl_event_parse(raw.name, (char *)(uintptr_t)raw.data.ptr, raw.data.len, MAX_DEPTH,
                                                 &text, &event, &anomaly, NULL) >= 0)
            (void)cl_accumulator_add(accumulator, &event, NULL);
    }
    if (cl_accumulator_started(accumulator))
        check_message(accumulator);
    cl_accumulator_free(accumulator);
    cl_sse_free(&sse);
    cl_buf_free(&text);
    free(window);
    return 0;
}
