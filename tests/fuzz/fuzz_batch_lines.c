/*
 * fuzz_batch_lines.c - a file of JSON lines from anywhere: if it is taken, what is sent is a batch in JSON with as many
 * requests as the file has lines that are not blank, each with its own custom_id. The same lines as results are read or
 * refused with a reason.
 */
#include <stdlib.h>

#include "api/batches.h"
#include "message/seen.h"

static void need(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static size_t count_lines(cl_str text)
{
    bool blank = true;
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n')
            blank = true;
        else if (blank && text.ptr[i] != ' ' && text.ptr[i] != '\t' && text.ptr[i] != '\r')
            blank = false, count++;
    }
    return count;
}

static void check_body(cl_str body, size_t lines)
{
    cl_json_iter iter;
    cl_seen ids = {NULL, 0, 0};
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json request;
    size_t count = 0;

    need(cl_json_validate(body, CL_JSON_DEPTH_DEFAULT + 2, &root, NULL) >= 0);
    iter = cl_json_iter_of(cl_json_member(root, CL_STR("requests")));
    for (; cl_json_next(&iter, NULL, &request); count++) {
        cl_json id = cl_json_member(request, CL_STR("custom_id"));
        bool fresh = false;
        need(id.type == CLAUDE_JSON_STRING && id.len > 2);
        need(cl_seen_add(&ids, cl_str_n(id.ptr + 1, id.len - 2), &fresh, NULL) >= 0 && fresh);
        need(cl_json_member(request, CL_STR("params")).type == CLAUDE_JSON_OBJECT);
    }
    need(count == lines && count > 0);
    cl_seen_free(&ids);
}

/* Read in pieces of `step`, so that lines are cut anywhere. */
static void send(const claude_request_t *request, size_t step, size_t lines)
{
    cl_body_reader reader = CL_BODY_READER_INIT;
    cl_snapshot snapshot;
    size_t got = 1;
    size_t len = 0;
    char *body;

    need(cl_request_snapshot(request, false, &snapshot, NULL) >= 0);
    body = malloc(snapshot.body.len + step);
    need(body != NULL);
    for (; got > 0; len += got)
        need(cl_body_reader_read(&reader, &snapshot.body, body + len, step, &got, NULL) >= 0);
    need(len == snapshot.body.len);
    check_body(cl_str_n(body, len), lines);
    cl_body_reader_free(&reader);
    cl_snapshot_free(&snapshot);
    free(body);
}

static void read_results(cl_str text)
{
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        cl_str line = cl_str_n(text.ptr, end ? (size_t)(end - text.ptr) : text.len);
        cl_batch_result result = {0, {NULL, 0}, {NULL, 0, 0}};
        cl_err err;
        cl_err_init(&err);
        if (cl_batch_result_read(line, &result, &err) >= 0) {
            need(result.what.type == CLAUDE_JSON_OBJECT && result.id.ptr != NULL);
            need(cl_batch_result_error(line, &err) == err.code);
        } else {
            need(err.code == CLAUDE_E_PROTOCOL && err.message[0] != '\0');
        }
        cl_err_clear(&err);
        text = cl_str_n(line.ptr + line.len + (end != NULL), text.len - line.len - (end != NULL));
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A byte for the size of the pieces, then the file. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    cl_str text = size > 0 ? cl_str_n((const char *)data + 1, size - 1) : CL_STR("");
    claude_request_t *request = NULL;
    claude_file_t *file = NULL;
    cl_err err;

    if (size == 0)
        return 0;
    cl_err_init(&err);
    need(cl_file_from_bytes(text, NULL, &file, NULL) >= 0);
    if (cl_batch_file_request(file, &request, &err) >= 0)
        send(request, data[0] + (size_t)1, count_lines(text));
    else
        need(err.code == CLAUDE_E_INVALID && err.message[0] != '\0');
    read_results(text);
    cl_err_clear(&err);
    cl_request_unref(request);
    cl_file_unref(file);
    return 0;
}
