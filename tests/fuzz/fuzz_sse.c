/* fuzz_sse.c - the same bytes in two different cuts give the same events and the same error. */
#include <stdlib.h>

#include "sse/sse.h"

enum { MAX_EVENT = 512 };

typedef struct outcome {
    cl_buf events;
    int32_t code;
    char message[256];
} outcome;

static void note(outcome *o, const cl_sse_event *event)
{
    cl_buf_append_str(&o->events, event->name);
    cl_buf_append_char(&o->events, '\x1e');
    cl_buf_append_str(&o->events, event->data);
    cl_buf_append_char(&o->events, '\x1f');
}

/* Feeds `step` bytes at a time. */
static outcome run(const char *bytes, size_t len, size_t step)
{
    outcome o = {.events = CL_BUF_INIT(SIZE_MAX / 2), .code = CL_SSE_MORE};
    cl_sse sse;
    cl_err err;
    size_t start = 0;
    size_t end = 0;

    cl_err_init(&err);
    cl_sse_init(&sse, MAX_EVENT);
    while (o.code >= 0 && end < len) {
        end = len - end < step ? len : end + step;
        do {
            cl_sse_event event;
            size_t consumed = 0;
            /* A copy of its own size, so that the sanitizer sees a read beyond the window. */
            char *window = malloc(end - start + 1);
            memcpy(window, bytes + start, end - start);
            o.code = cl_sse_next(&sse, window, end - start, &consumed, &event, &err);
            if (o.code == CL_SSE_EVENT)
                note(&o, &event);
            start += consumed;
            free(window);
        } while (o.code == CL_SSE_EVENT);
    }
    if (o.code < 0)
        cl_err_copy_text(o.message, sizeof o.message, cl_str_of(err.message));
    cl_err_clear(&err);
    cl_sse_free(&sse);
    return o;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    outcome whole = run((const char *)data, size, size ? size : 1);
    outcome bytes = run((const char *)data, size, 1);

    if (whole.code != bytes.code || !cl_str_eq(cl_buf_str(&whole.events), cl_buf_str(&bytes.events)) ||
        strcmp(whole.message, bytes.message) != 0)
        __builtin_trap();
    cl_buf_free(&whole.events);
    cl_buf_free(&bytes.events);
    return 0;
}
