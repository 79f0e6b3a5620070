/*
 * fuzz_request.c - a request's body and headers from anywhere: what is sent is valid JSON with "stream" as asked for
 * and every other byte as given, and no header can carry a second one.
 */
#include <stdlib.h>

#include "api/api.h"
#include "message/message.h"

enum { MAX_SENT = 1 << 16 };

static void check_headers(const cl_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        const char *value = headers->items[i].value;
        const char *name = headers->items[i].name;
        if (name[0] == '\0' || strpbrk(name, ": \t\r\n") || (value && (value[0] == '\0' || strpbrk(value, "\r\n"))))
            __builtin_trap();
    }
}

static void check_body(const cl_body *body, bool stream)
{
    char *sent = malloc(MAX_SENT);
    size_t len = cl_body_read(body, 0, sent, MAX_SENT);
    cl_json root;
    cl_json found;

    if (cl_json_validate(cl_str_n(sent, len), CL_JSON_DEPTH_DEFAULT, &root, NULL) < 0)
        __builtin_trap();
    found = cl_json_member(root, CL_STR("stream"));
    if ((found.type == CLAUDE_JSON_BOOLEAN && found.ptr[0] == 't') != stream)
        __builtin_trap();
    free(sent);
}

static void send(const claude_request_t *request, bool force)
{
    cl_snapshot snapshot;
    cl_err err;

    cl_err_init(&err);
    if (cl_request_snapshot(request, force, &snapshot, &err) < 0) {
        if (err.message[0] == '\0')
            __builtin_trap();
    } else {
        if (force && !snapshot.stream)
            __builtin_trap();
        check_headers(&snapshot.headers);
        check_body(&snapshot.body, snapshot.stream);
        cl_snapshot_free(&snapshot);
    }
    cl_err_clear(&err);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A line "name: value" for a header, a line for a pointer, then the body. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 1);
    char *header = text;
    char *pointer;
    char *body;
    char *colon;
    claude_request_t *request = NULL;

    memcpy(text, data, size);
    text[size] = '\0';
    pointer = memchr(text, '\n', size);
    body = pointer ? memchr(pointer + 1, '\n', size - (size_t)(pointer + 1 - text)) : NULL;
    if (body && size < MAX_SENT / 2 && cl_api_request_new("messages", &request, NULL) >= 0) {
        *pointer++ = '\0';
        *body++ = '\0';
        if (cl_request_set_json(request, cl_str_n(body, size - (size_t)(body - text)), NULL) >= 0) {
            send(request, false);
            send(request, true);
            colon = strchr(header, ':');
            if (colon) {
                *colon = '\0';
                (void)cl_request_set_header(request, header, colon + 1, NULL);
            }
            (void)cl_request_set_field(request, pointer, CL_STR("{\"a\":[1,\"b\"]}"), NULL);
            send(request, false);
            send(request, true);
            (void)cl_request_json(request, NULL);
        }
        cl_request_unref(request);
    }
    free(text);
    return 0;
}
