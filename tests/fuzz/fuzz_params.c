/*
 * fuzz_params.c - parameters of paths and queries, beta names and forms from anywhere: what was taken comes back from
 * the URL as it was given, no parameter leads to another path, and a form has the parts that were put in, no more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "message/message.h"

enum { PARTS_MAX = 16, ARGUMENT_MAX = 4096 };

static void need(bool ok)
{
    if (!ok)
        __builtin_trap();
}

/* ---- URLs ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes up to one of `ends`; what is not unreserved or allowed in a path must be encoded. */
static size_t decode(const char **p, const char *ends, char *out)
{
    size_t len = 0;

    for (; **p && !strchr(ends, **p); (*p)++) {
        if (**p == '%') {
            need(hex((*p)[1]) >= 0 && hex((*p)[2]) >= 0);
            out[len++] = (char)(hex((*p)[1]) * 16 + hex((*p)[2]));
            *p += 2;
            continue;
        }
        need(cl_ascii_is_alnum(**p) || strchr("-._~!$'()*,;:@", **p));
        out[len++] = **p;
    }
    out[len] = '\0';
    return len;
}

static void check_path(const char **p, const char *value)
{
    static const char before[] = "/v1/messages/batches/";
    static const char after[] = "/cancel";
    char decoded[3 * ARGUMENT_MAX];

    need(strncmp(*p, before, sizeof before - 1) == 0);
    *p += sizeof before - 1;
    /* '&', '+' and '=' are allowed here. */
    for (const char *c = *p; *c && *c != '/'; c++)
        need(*c != '?' && *c != '#');
    if (strpbrk(value, "&+=") == NULL) {
        (void)decode(p, "/?", decoded);
        need(strcmp(decoded, value) == 0);
        need(strcmp(decoded, ".") != 0 && strcmp(decoded, "..") != 0 && decoded[0] != '\0');
    } else {
        *p += strcspn(*p, "/?");
    }
    need(strncmp(*p, after, sizeof after - 1) == 0);
    *p += sizeof after - 1;
}

static void query(const char *name, const char *value)
{
    claude_request_t *request = NULL;
    char decoded[3 * ARGUMENT_MAX];
    cl_snapshot snapshot;
    const char *p;

    need(cl_api_request_new("messages.batches.cancel", &request, NULL) >= 0);
    if (cl_request_set_path(request, "message_batch_id", value, NULL) >= 0 &&
        cl_request_add_query(request, name, value, NULL) >= 0 && cl_request_set_query(request, "z", name, NULL) >= 0 &&
        cl_request_snapshot(request, false, &snapshot, NULL) >= 0) {
        p = snapshot.target;
        check_path(&p, value);
        need(*p++ == '?');
        (void)decode(&p, "=&", decoded);
        need(strcmp(name, "z") == 0 || (strcmp(decoded, name) == 0 && *p == '='));
        if (strcmp(name, "z") != 0) {
            p++;
            (void)decode(&p, "&", decoded);
            need(strcmp(decoded, value) == 0 && *p++ == '&');
        }
        p = strrchr(snapshot.target, '=') + 1;
        (void)decode(&p, "&", decoded);
        need(strcmp(decoded, name) == 0 && *p == '\0');
        cl_snapshot_free(&snapshot);
    }
    cl_request_unref(request);
}

/* The query as JSON, and beta names: they stay what they are. */
static void lists(const char *json, const char *betas)
{
    claude_request_t *request = NULL;
    char decoded[32768];
    cl_snapshot snapshot;
    const char *p;

    need(cl_api_request_new("models.list", &request, NULL) >= 0);
    if (cl_request_set_query_json(request, cl_str_of(json), NULL) >= 0 &&
        cl_request_add_beta(request, betas, NULL) >= 0 && cl_request_snapshot(request, false, &snapshot, NULL) >= 0) {
        p = snapshot.target + strcspn(snapshot.target, "?");
        while (*p) {
            p++;
            (void)decode(&p, "=", decoded);
            need(*p == '=');
            p++;
            (void)decode(&p, "&", decoded);
        }
        for (p = snapshot.betas ? snapshot.betas : ""; *p; p++)
            need((unsigned char)*p >= 0x20 || *p == '\t');
        cl_snapshot_free(&snapshot);
    }
    cl_request_unref(request);
}

/* ---- forms ---- */

/* A line of a part's head, without its end. */
static cl_str next_line(cl_str *rest)
{
    const char *end = memmem(rest->ptr, rest->len, "\r\n", 2);
    cl_str line;

    need(end != NULL);
    line = cl_str_n(rest->ptr, (size_t)(end - rest->ptr));
    *rest = cl_str_n(end + 2, rest->len - line.len - 2);
    return line;
}

/* name="..." and, of a file, filename="...": no other quotes but those that are escaped. */
static void check_disposition(cl_str line, bool file)
{
    size_t quotes = 0;

    need(cl_str_starts(line, CL_STR("Content-Disposition: form-data; name=\"")));
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '\\')
            i++;
        else
            quotes += line.ptr[i] == '"';
        need(i >= line.len || (unsigned char)line.ptr[i] >= 0x20);
    }
    need(quotes == (file ? 4 : 2) && line.ptr[line.len - 1] == '"');
}

static void check_form(cl_str body, const char *type, const cl_str *contents, const bool *files, size_t count)
{
    char boundary[128];
    cl_str mark = {boundary, 0};

    need(strncmp(type, "multipart/form-data; boundary=", 30) == 0);
    mark.len = (size_t)snprintf(boundary, sizeof boundary, "--%s", type + 30);
    for (size_t i = 0; i < count; i++) {
        need(cl_str_eq(next_line(&body), mark));
        check_disposition(next_line(&body), files[i]);
        if (files[i])
            need(cl_str_starts(next_line(&body), CL_STR("Content-Type: ")));
        need(next_line(&body).len == 0);
        need(cl_str_starts(body, contents[i]));
        body = cl_str_n(body.ptr + contents[i].len, body.len - contents[i].len);
        need(next_line(&body).len == 0);
    }
    need(cl_str_starts(body, mark));
    need(cl_str_eq(cl_str_n(body.ptr + mark.len, body.len - mark.len), CL_STR("--\r\n")));
}

static void send_form(const claude_request_t *request, const cl_str *contents, const bool *files, size_t count)
{
    cl_body_reader reader = CL_BODY_READER_INIT;
    cl_snapshot snapshot;
    size_t got = 0;
    char *body;

    if (cl_request_snapshot(request, false, &snapshot, NULL) < 0)
        return;
    body = malloc(snapshot.body.len);
    need(body && cl_body_reader_read(&reader, &snapshot.body, body, snapshot.body.len, &got, NULL) >= 0);
    need(got == snapshot.body.len);
    check_form(cl_str_n(body, got), snapshot.form_type, contents, files, count);
    cl_body_reader_free(&reader);
    cl_snapshot_free(&snapshot);
    free(body);
}

/* Fields and files in turn, of the lines that there are. */
static void form(const char *const *lines, size_t count)
{
    claude_request_t *request = NULL;
    claude_file_t *file = NULL;
    cl_str contents[PARTS_MAX];
    bool files[PARTS_MAX];
    size_t parts = 0;
    bool ok = true;

    need(cl_api_request_new("files.upload", &request, NULL) >= 0);
    need(cl_file_from_bytes(CL_STR("a\r\n--b"), lines[0], &file, NULL) >= 0);
    for (size_t i = 0; i + 1 < count && parts < PARTS_MAX && ok; i++, parts++) {
        files[parts] = i % 2 == 1;
        contents[parts] = files[parts] ? CL_STR("a\r\n--b") : cl_str_of(lines[i + 1]);
        ok = files[parts] ? cl_request_add_file(request, lines[i], file, lines[i + 1], NULL, NULL) >= 0
                          : cl_request_add_form_field(request, lines[i], contents[parts], NULL) >= 0;
    }
    if (ok && parts > 0)
        send_form(request, contents, files, parts);
    cl_file_unref(file);
    cl_request_unref(request);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Lines that end with a NUL, so that they may have line ends. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *lines[PARTS_MAX + 1];
    size_t count = 0;
    char *text;

    if (size == 0 || size > ARGUMENT_MAX)
        return 0;
    text = malloc(size + 1);
    need(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *p = text; p < text + size && count < PARTS_MAX; p += strlen(p) + 1)
        lines[count++] = p;
    if (count >= 2) {
        query(lines[0], lines[1]);
        lists(lines[0], lines[1]);
        form(lines, count);
    }
    free(text);
    return 0;
}
