/* edit.c - what the setters of a request share. */
#include "message/request.h"

void cl_request_note_failure(claude_request_t *request, const cl_err *failure)
{
    if (request->error.code == CLAUDE_OK)
        cl_err_copy(&request->error, failure, NULL);
}

/* Ends a setter: the body is whole again, the first failure is kept for the snapshot. */
claude_code_t cl_request_finish(claude_request_t *request, cl_err *mine, cl_err *err)
{
    cl_draft_end(&request->draft);
    if (mine->code == CLAUDE_OK)
        return CLAUDE_OK;
    cl_request_note_failure(request, mine);
    if (err && err->code == CLAUDE_OK)
        cl_err_copy(err, mine, NULL);
    return mine->code;
}

claude_code_t cl_request_check_body(const claude_request_t *request, const char *field, cl_err *err)
{
    if (request->endpoint->body == CL_BODY_JSON)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "%s: %s is sent without a body, so that nothing can be set in it", field,
                   request->endpoint->name);
}

claude_code_t cl_request_check_text(const char *field, cl_str text, bool may_be_empty, cl_err *err)
{
    size_t valid = cl_utf8_valid(text);

    if (text.len == 0 && !may_be_empty)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is empty; it needs at least one character", field);
    if (valid != text.len)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is not valid UTF-8 at offset %zu; convert it to UTF-8 first", field,
                       valid);
    return CLAUDE_OK;
}

size_t cl_characters(cl_str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

claude_code_t cl_request_fail_body(int buf_result, cl_err *err)
{
    if (buf_result == CL_BUF_NOMEM)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_INVALID, "the body would have more than %zu bytes", CL_DRAFT_MAX);
}

/* Makes a finished text the value of a field, or frees it. */
claude_code_t cl_request_adopt(claude_request_t *request, cl_str field, int written, cl_buf *fresh, cl_err *err)
{
    cl_buf *value = NULL;
    claude_code_t rc = written == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(written, err);

    if (rc >= 0)
        rc = cl_draft_edit(&request->draft, field, &value, err);
    if (rc >= 0 && (written = cl_buf_splice(value, 0, value->len, cl_buf_str(fresh))) != CL_BUF_OK)
        rc = cl_request_fail_body(written, err);
    cl_buf_free(fresh);
    return rc;
}

claude_code_t cl_request_set_raw(claude_request_t *request, cl_str field, cl_str json, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    int written = cl_buf_append_str(&fresh, json);

    return cl_request_adopt(request, field, written, &fresh, err);
}

claude_code_t cl_request_set_string(claude_request_t *request, cl_str field, cl_str text, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    int written = cl_json_write_string(&fresh, text);

    return cl_request_adopt(request, field, written, &fresh, err);
}

/*
 * Opens an array for one more element, in place, so that a long conversation is built in linear time. `*end` is where
 * the elements so far end; cl_array_close() needs it to take everything back.
 */
int cl_array_open(cl_buf *array, size_t *end)
{
    size_t at = array->len;

    *end = 0;
    if (at == 0)
        return cl_buf_append_char(array, '[');
    at--;
    while (array->ptr[at - 1] == ' ' || array->ptr[at - 1] == '\n' || array->ptr[at - 1] == '\r' ||
           array->ptr[at - 1] == '\t')
        at--;
    *end = at;
    array->len = at;
    return array->ptr[at - 1] == '[' ? CL_BUF_OK : cl_buf_append_char(array, ',');
}

int cl_array_close(cl_buf *array, size_t end, int written)
{
    if (written == CL_BUF_OK)
        written = cl_buf_append_char(array, ']');
    if (written == CL_BUF_OK || !array->ptr)
        return written;
    /* There was room for the bracket before. */
    array->len = end;
    if (end > 0)
        array->ptr[array->len++] = ']';
    array->ptr[array->len] = '\0';
    return written;
}

claude_code_t cl_request_edit_array(claude_request_t *request, const char *field, cl_buf **out, cl_err *err)
{
    claude_code_t rc = cl_draft_edit(&request->draft, cl_str_of(field), out, err);

    if (rc >= 0 && (*out)->len > 0 && (*out)->ptr[0] != '[')
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s in the body is not an array, so that nothing can be appended", field);
    return rc;
}
