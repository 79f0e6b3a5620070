/* log.c - how a line is written and handed out. */
#include "call/log.h"

#include <stdlib.h>

#include "call/call.h"

enum { LINE_MAX_BYTES = 1024 * 1024, TEXT_SHOWN = 1023 };

static void add(cl_log *line, int rc)
{
    if (line->rc == CL_BUF_OK)
        line->rc = rc;
}

static bool key(cl_log *line, const char *name)
{
    if (line->rc == CL_BUF_OK)
        line->rc = cl_json_write_key(&line->json, cl_str_of(name));
    return line->rc == CL_BUF_OK;
}

bool cl_log_begin(cl_log *line, const claude_client_t *client, claude_call_t *call, int32_t level, const char *event)
{
    if (!cl_log_on(client, level))
        return false;
    *line = (cl_log){client, call, level, event, CL_BUF_INIT(LINE_MAX_BYTES), CL_BUF_OK};
    add(line, cl_buf_append_char(&line->json, '{'));
    cl_log_int(line, "time_ms", cl_wall_ms());
    if (call)
        cl_log_int(line, "call", (int64_t)call->log_number);
    return true;
}

void cl_log_int(cl_log *line, const char *name, int64_t value)
{
    if (key(line, name))
        add(line, cl_buf_append_int(&line->json, value));
}

void cl_log_text(cl_log *line, const char *name, const char *text)
{
    CL_UNINITIALIZED char shown[TEXT_SHOWN + 1];

    if (!text)
        return;
    cl_err_copy_text(shown, sizeof shown, cl_str_of(text));
    if (key(line, name))
        add(line, cl_json_write_string(&line->json, cl_str_of(shown)));
}

void cl_log_long_text(cl_log *line, const char *name, cl_str text, size_t max)
{
    size_t size = (text.len < max ? text.len : max) + TEXT_SHOWN; /* what stands in for a key may be longer by a byte */
    char *shown = malloc(size);

    if (!shown) {
        add(line, CL_BUF_NOMEM);
        return;
    }
    cl_err_copy_text(shown, size, cl_str_n(text.ptr, text.len < max ? text.len : max));
    if (key(line, name))
        add(line, cl_json_write_string(&line->json, cl_str_of(shown)));
    free(shown);
}

/* Those whose values are no secret of anybody. */
static bool shows_value(cl_str name)
{
    static const char *const names[] = {"accept", "accept-encoding",  "anthropic-beta",    "anthropic-version",
                                        "cf-ray", "content-encoding", "content-length",    "content-type",
                                        "date",   "request-id",       "retry-after",       "retry-after-ms",
                                        "server", "traceparent",      "transfer-encoding", "user-agent",
                                        "via",    "x-should-retry"};

    if (cl_str_starts_nocase(name, CL_STR("anthropic-ratelimit-")))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (cl_str_eq_nocase(name, cl_str_of(names[i])))
            return true;
    }
    return false;
}

/* Names may come from a server: they are texts like others, and a line has each as often as it was sent. */
void cl_log_headers(cl_log *line, const cl_headers *headers)
{
    CL_UNINITIALIZED char shown[TEXT_SHOWN + 1];

    if (!key(line, "headers"))
        return;
    add(line, cl_buf_append_char(&line->json, '['));
    for (size_t i = 0; i < headers->count && line->rc == CL_BUF_OK; i++) {
        const cl_header *header = &headers->items[i];
        cl_err_copy_text(shown, sizeof shown, cl_str_of(header->name));
        add(line, cl_buf_append_text(&line->json, i == 0 ? "[" : ",["));
        add(line, cl_json_write_string(&line->json, cl_str_of(shown)));
        if (shows_value(cl_str_of(header->name)) && header->value) {
            cl_err_copy_text(shown, sizeof shown, cl_str_of(header->value));
            add(line, cl_buf_append_char(&line->json, ','));
            add(line, cl_json_write_string(&line->json, cl_str_of(shown)));
        }
        add(line, cl_buf_append_char(&line->json, ']'));
    }
    add(line, cl_buf_append_char(&line->json, ']'));
}

/* A callback in a callback of the same call is one, as far as the call is concerned. */
static void hand_out(const cl_log *line)
{
    const cl_hook *hook = line->client->config->log;
    bool outer = line->call && line->call->in_callback;

    if (line->call)
        line->call->in_callback = true;
    ((claude_log_fn)cl_hook_fn(hook))(line->level, line->event, line->json.ptr, line->json.len, cl_hook_data(hook));
    if (line->call)
        line->call->in_callback = outer;
}

void cl_log_end(cl_log *line)
{
    add(line, cl_buf_append_char(&line->json, '}'));
    if (line->rc == CL_BUF_OK)
        hand_out(line);
    cl_buf_free(&line->json);
}
