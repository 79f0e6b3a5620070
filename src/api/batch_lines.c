/* batch_lines.c - a batch from a file of JSON lines: checked as a whole before anything is sent, never held as one. */
#include "api/batches.h"

#include "message/seen.h"

enum { READ_SIZE = 256 * 1024, AROUND = sizeof CL_BATCH_HEAD - 1 + sizeof CL_BATCH_TAIL - 1 };

typedef struct checker {
    cl_buf window; /* what was read, from the beginning of a line on */
    size_t looked; /* in it: no line ends before */
    size_t line;   /* number of the last one */
    size_t count;  /* of requests */
    cl_seen ids;
} checker;

static bool is_blank(cl_str line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r')
            return false;
    }
    return true;
}

/* A custom_id that is spelled with escapes is another one for whoever compares it with the results: it is refused. */
static claude_code_t check_id(checker *c, cl_json value, cl_err *err)
{
    bool fresh = false;
    cl_str id;
    claude_code_t rc;

    if (value.type != CLAUDE_JSON_STRING)
        return cl_fail(err, CLAUDE_E_INVALID, "custom_id is missing, or no string; each request needs one of its own");
    id = cl_str_n(value.ptr + 1, value.len - 2);
    rc = cl_batch_check_id(id, err);
    if (rc >= 0)
        rc = cl_seen_add(&c->ids, id, &fresh, err);
    if (rc >= 0 && !fresh)
        rc = cl_fail(err, CLAUDE_E_INVALID, "custom_id \"%.*s\" was there before; it must be unique", (int)id.len,
                     id.ptr);
    return rc;
}

static claude_code_t check_request(checker *c, cl_str line, cl_err *err)
{
    cl_json root = {NULL, 0, CLAUDE_JSON_NONE};
    claude_code_t rc;

    /* What follows a line feed decides whether a comma is sent in its place. */
    if (line.ptr[0] != '{')
        return cl_fail(err, CLAUDE_E_INVALID, "it must begin with {: a JSON object with custom_id and params");
    rc = cl_json_validate(line, CL_JSON_DEPTH_DEFAULT, &root, err);
    if (rc >= 0)
        rc = cl_batch_check_count(++c->count, err);
    if (rc >= 0)
        rc = check_id(c, cl_json_member(root, CL_STR("custom_id")), err);
    return rc < 0 ? rc : cl_batch_check_params(cl_json_member(root, CL_STR("params")), err);
}

static claude_code_t check_line(checker *c, cl_str line, cl_err *err)
{
    cl_err why;

    c->line++;
    if (is_blank(line) && c->count > 0)
        return CLAUDE_OK;
    cl_err_init(&why);
    if (is_blank(line))
        cl_fail(&why, CLAUDE_E_INVALID, "it is empty; the file must begin with a request");
    else
        check_request(c, line, &why);
    if (why.code == CLAUDE_OK || why.code == CLAUDE_E_NOMEM)
        return why.code == CLAUDE_OK ? CLAUDE_OK : cl_fail_nomem(err);
    return cl_fail(err, why.code, "line %zu: %s", c->line, why.message);
}

/* Checks the lines that have come whole; `last`: the rest is one too. */
static claude_code_t check_lines(checker *c, bool last, cl_err *err)
{
    const char *start = c->window.ptr;
    const char *end = start + c->window.len;
    const char *p = start + c->looked;
    claude_code_t rc = CLAUDE_OK;

    while (rc >= 0 && (p = memchr(p, '\n', (size_t)(end - p)))) {
        rc = check_line(c, cl_str_n(start, (size_t)(p - start)), err);
        start = ++p;
    }
    if (rc >= 0 && last && start < end)
        rc = check_line(c, cl_str_n(start, (size_t)(end - start)), err);
    cl_buf_drop(&c->window, (size_t)(start - c->window.ptr));
    c->looked = c->window.len;
    return rc;
}

static claude_code_t check_file(checker *c, const claude_file_t *file, cl_err *err)
{
    cl_file_reader reader = CL_FILE_READER_INIT;
    claude_code_t rc = cl_file_reader_open(&reader, file, err);
    uint64_t at = 0;

    while (rc >= 0 && at < file->size) {
        size_t len = file->size - at < READ_SIZE ? (size_t)(file->size - at) : READ_SIZE;
        if (cl_buf_reserve(&c->window, len) != CL_BUF_OK) {
            rc = cl_fail_nomem(err);
            break;
        }
        rc = cl_file_reader_read(&reader, at, c->window.ptr + c->window.len, len, err);
        if (rc < 0)
            break;
        c->window.len += len;
        at += len;
        rc = check_lines(c, at == file->size, err);
    }
    cl_file_reader_close(&reader);
    return rc;
}

static claude_code_t check(const claude_file_t *file, cl_err *err)
{
    checker c = {.window = CL_BUF_INIT(CL_BATCH_BODY_MAX)};
    claude_code_t rc;

    if (file->size == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "the file of the batch is empty; it needs a request a line");
    if (file->size > CL_BATCH_BODY_MAX - AROUND)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "the file of the batch has %llu bytes; a batch has at most %zu: make several of it",
                       (unsigned long long)file->size, CL_BATCH_BODY_MAX - AROUND);
    rc = check_file(&c, file, err);
    cl_buf_free(&c.window);
    cl_seen_free(&c.ids);
    return rc;
}

/* The body is the token of the lines; the lines themselves are put in its place while it is sent. */
static claude_code_t set_body(claude_request_t *request, claude_file_t *lines, cl_err *err)
{
    char storage[CL_FILE_TOKEN_LEN + 64];
    cl_buf body = CL_BUF_ON(storage);
    claude_code_t rc = cl_request_attach_file(request, lines, err);

    /* Never grows: it fits. */
    cl_buf_append_text(&body, CL_BATCH_HEAD "\"");
    cl_buf_append_text(&body, lines->token);
    cl_buf_append_text(&body, "\"" CL_BATCH_TAIL);
    return rc < 0 ? rc : cl_request_set_json(request, cl_buf_str(&body), err);
}

claude_code_t cl_batch_file_request(claude_file_t *file, claude_request_t **out, cl_err *err)
{
    claude_request_t *request = NULL;
    claude_file_t *lines = NULL;
    claude_code_t rc = check(file, err);

    if (rc >= 0)
        rc = cl_file_of_lines(file, &lines, err);
    if (rc >= 0)
        rc = cl_api_request_new("messages.batches.create", &request, err);
    if (rc >= 0)
        rc = set_body(request, lines, err);
    cl_file_unref(lines);
    if (rc < 0) {
        cl_request_unref(request);
        return rc;
    }
    *out = request;
    return CLAUDE_OK;
}
