/* fields.c - the fields of a request's body, one setter each. */
#include "message/request.h"

enum { USER_ID_MAX = 256 };

static claude_code_t set_int(claude_request_t *request, const char *field, int64_t number, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc = cl_request_check_body(request, field, err);

    if (rc >= 0 && number < 0)
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s is %lld; it must be 0 or more", field, (long long)number);
    return rc < 0 ? rc : cl_request_adopt(request, cl_str_of(field), cl_buf_append_int(&fresh, number), &fresh, err);
}

static claude_code_t set_share(claude_request_t *request, const char *field, double number, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc = cl_request_check_body(request, field, err);

    /* Written so that NaN is refused too. */
    if (rc >= 0 && !(number >= 0.0 && number <= 1.0))
        rc = cl_fail(err, CLAUDE_E_INVALID, "%s is out of range; it must be between 0.0 and 1.0", field);
    return rc < 0 ? rc : cl_request_adopt(request, cl_str_of(field), cl_json_write_double(&fresh, number), &fresh, err);
}

claude_code_t cl_request_set_model(claude_request_t *request, const char *model, cl_err *err)
{
    cl_str text = cl_str_of(model);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "model", &mine) >= 0 && cl_request_check_text("model", text, false, &mine) >= 0)
        cl_request_set_string(request, CL_STR("model"), text, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_max_tokens(claude_request_t *request, int64_t max_tokens, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_int(request, "max_tokens", max_tokens, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_system(claude_request_t *request, cl_str text, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "system", &mine) >= 0 && cl_request_check_text("system", text, true, &mine) >= 0)
        cl_request_set_string(request, CL_STR("system"), text, &mine);
    return cl_request_finish(request, &mine, err);
}

static claude_code_t check_role(cl_str role, cl_err *err)
{
    if (role.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "message role is empty; it must be user, assistant or system");
    if (cl_str_eq(role, CL_STR("user")) || cl_str_eq(role, CL_STR("assistant")) || cl_str_eq(role, CL_STR("system")))
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "message role \"%.*s\" is not known; it must be user, assistant or system",
                   (int)(role.len < 64 ? role.len : 64), role.ptr);
}

static claude_code_t add_message(claude_request_t *request, cl_str role, cl_str text, cl_err *err)
{
    cl_blob *lent = cl_draft_hold(&request->draft);
    cl_buf *messages = NULL;
    size_t end;
    int written;
    claude_code_t rc = cl_request_edit_array(request, "messages", &messages, err);

    if (rc < 0)
        goto out;
    written = cl_array_open(messages, &end);
    if (written == CL_BUF_OK)
        written = cl_buf_append_text(messages, "{\"role\":");
    if (written == CL_BUF_OK)
        written = cl_json_write_string(messages, role);
    if (written == CL_BUF_OK)
        written = cl_buf_append_text(messages, ",\"content\":");
    if (written == CL_BUF_OK)
        written = cl_json_write_string(messages, text);
    if (written == CL_BUF_OK)
        written = cl_buf_append_char(messages, '}');
    written = cl_array_close(messages, end, written);
    rc = written == CL_BUF_OK ? CLAUDE_OK : cl_request_fail_body(written, err);
out:
    cl_blob_unref(lent);
    return rc;
}

claude_code_t cl_request_add_message(claude_request_t *request, const char *role, cl_str text, cl_err *err)
{
    cl_str name = cl_str_of(role);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "messages", &mine) >= 0 && check_role(name, &mine) >= 0 &&
        cl_request_check_text("message text", text, false, &mine) >= 0)
        add_message(request, name, text, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_temperature(claude_request_t *request, double temperature, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_share(request, "temperature", temperature, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_top_p(claude_request_t *request, double top_p, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_share(request, "top_p", top_p, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_top_k(claude_request_t *request, int64_t top_k, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_int(request, "top_k", top_k, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_add_stop_sequence(claude_request_t *request, cl_str text, cl_err *err)
{
    cl_blob *lent = cl_draft_hold(&request->draft);
    cl_buf *sequences = NULL;
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "stop_sequences", &mine) >= 0 && cl_request_check_text("stop sequence", text, false, &mine) >= 0 &&
        cl_request_edit_array(request, "stop_sequences", &sequences, &mine) >= 0) {
        size_t end;
        int written = cl_array_open(sequences, &end);
        if (written == CL_BUF_OK)
            written = cl_json_write_string(sequences, text);
        written = cl_array_close(sequences, end, written);
        if (written != CL_BUF_OK)
            cl_request_fail_body(written, &mine);
    }
    cl_blob_unref(lent);
    return cl_request_finish(request, &mine, err);
}

static claude_code_t set_user_id(claude_request_t *request, cl_str user_id, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_buf *metadata = NULL;
    size_t characters = 0;
    int written;
    claude_code_t rc;

    for (size_t i = 0; i < user_id.len; i++)
        characters += ((unsigned char)user_id.ptr[i] & 0xc0) != 0x80;
    if (characters > USER_ID_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "metadata.user_id has %zu characters; at most %d are allowed", characters,
                       USER_ID_MAX);
    written = cl_json_write_string(&text, user_id);
    rc = written == CL_BUF_OK ? cl_draft_edit(&request->draft, CL_STR("metadata"), &metadata, err)
                              : cl_request_fail_body(written, err);
    if (rc >= 0)
        rc = cl_json_set(metadata, CL_STR("/user_id"), cl_buf_str(&text), err);
    cl_buf_free(&text);
    return rc;
}

claude_code_t cl_request_set_user_id(claude_request_t *request, cl_str user_id, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "metadata.user_id", &mine) >= 0 &&
        cl_request_check_text("metadata.user_id", user_id, true, &mine) >= 0)
        set_user_id(request, user_id, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_stream(claude_request_t *request, bool stream, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "stream", &mine) >= 0) {
        if (stream && !cl_request_streams(request))
            cl_fail(&mine, CLAUDE_E_INVALID, "stream: %s does not stream", request->endpoint->name);
        else
            cl_request_set_raw(request, CL_STR("stream"), stream ? CL_STR("true") : CL_STR("false"), &mine);
    }
    return cl_request_finish(request, &mine, err);
}
