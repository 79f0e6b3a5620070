/* structured.c - structured outputs: the schema of a request, and the JSON of an answer. */
#include "message/structured.h"

#include "message/block.h"
#include "json/schema.h"

#include <stdlib.h>

/* ---- requests ---- */

/* Hands out a JSON text of the library's own, so that all accessors of responses read it. Takes over the buffer. */
static claude_code_t hand_out(cl_buf *json, claude_response_t **out, cl_err *err)
{
    cl_headers none = {NULL, 0, 0};
    size_t len = 0;
    char *text = cl_buf_steal(json, &len);

    if (!text)
        return cl_fail_nomem(err);
    return cl_response_new(0, &none, text, len, true, out, err);
}

claude_code_t cl_schema_transformed(cl_str schema, claude_response_t **out, cl_err *err)
{
    cl_buf json = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc = cl_schema_transform(schema, &json, err);

    if (rc >= 0)
        rc = hand_out(&json, out, err);
    cl_buf_free(&json);
    return rc;
}

claude_code_t cl_request_set_structured_output(claude_request_t *request, cl_str schema, cl_err *err)
{
    cl_buf json = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "output_config", &mine) >= 0 && cl_schema_transform(schema, &json, &mine) >= 0)
        cl_request_set_output_schema(request, cl_buf_str(&json), &mine);
    cl_buf_free(&json);
    return cl_request_finish(request, &mine, err);
}

/* ---- answers ---- */

/* Why an answer cannot be read: the code, and what a program decides by. */
static claude_code_t fail(cl_err *err, claude_code_t code, const char *error_code, const char *message)
{
    cl_fail(err, code, "%s", message);
    if (err) {
        err->retryable = 0;
        cl_err_copy_text(err->error_code, sizeof err->error_code, cl_str_of(error_code));
    }
    return code;
}

static claude_code_t fail_refused(const claude_response_t *response, cl_err *err)
{
    const char *category = cl_response_string(response, "/stop_details/category", NULL);
    const char *explanation = cl_response_string(response, "/stop_details/explanation", NULL);

    cl_fail(err, CLAUDE_E_API, "the model refused to answer%s%.80s%s%s%.600s", category ? ", category " : "",
            category ? category : "", explanation ? ": " : "", explanation ? explanation : "",
            explanation ? "" : "; there is no JSON to be parsed");
    if (err) {
        err->retryable = 0;
        cl_err_copy_text(err->api_type, sizeof err->api_type, CL_STR("refusal"));
        cl_err_copy_text(err->error_code, sizeof err->error_code, cl_str_of(category));
    }
    return CLAUDE_E_API;
}

/* The answer has come to its own end. */
static claude_code_t check_stop(const claude_response_t *response, cl_err *err)
{
    cl_json reason = cl_json_member(cl_response_root(response), CL_STR("stop_reason"));

    if (cl_response_root(response).type != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_INVALID, "response is not a message; its body is not a JSON object");
    if (reason.type != CLAUDE_JSON_STRING)
        return CLAUDE_OK;
    if (cl_json_string_is(reason, CL_STR("refusal")))
        return fail_refused(response, err);
    if (cl_json_string_is(reason, CL_STR("max_tokens")))
        return fail(err, CLAUDE_E_TRUNCATED, "max_tokens",
                    "the answer was cut off at max_tokens, so that its JSON may be incomplete; allow more tokens");
    if (cl_json_string_is(reason, CL_STR("model_context_window_exceeded")))
        return fail(err, CLAUDE_E_TRUNCATED, "model_context_window_exceeded",
                    "the answer was cut off where the model's context window ended, so that its JSON may be "
                    "incomplete; send a shorter conversation");
    return CLAUDE_OK;
}

static cl_json first_text(const claude_response_t *response)
{
    cl_json content = cl_json_member(cl_response_root(response), CL_STR("content"));
    cl_json_iter blocks = cl_json_iter_of(content);
    cl_json block;

    while (content.type == CLAUDE_JSON_ARRAY && cl_json_next(&blocks, NULL, &block)) {
        cl_json text = cl_json_member(block, CL_STR("text"));
        if (cl_json_string_is(cl_json_member(block, CL_STR("type")), CL_STR("text")) && text.type == CLAUDE_JSON_STRING)
            return text;
    }
    return (cl_json){NULL, 0, CLAUDE_JSON_NONE};
}

/* The text is one JSON value and nothing else. */
static claude_code_t check_text(cl_str text, cl_err *err)
{
    cl_err syntax;
    size_t start = 0;
    char message[sizeof syntax.message];
    cl_buf out = CL_BUF_ON(message);

    cl_err_init(&syntax);
    if (cl_json_validate(text, CL_JSON_DEPTH_DEFAULT, NULL, &syntax) >= 0)
        return CLAUDE_OK;
    while (start < text.len && (text.ptr[start] == ' ' || text.ptr[start] == '\n'))
        start++;
    /* Never too long: the scanner's messages are short. */
    cl_buf_append_text(&out, "the text of the answer is not JSON alone");
    if (cl_str_starts(cl_str_n(text.ptr + start, text.len - start), CL_STR("```"))) {
        cl_buf_append_text(&out, " but fenced: ``` at offset ");
        cl_buf_append_int(&out, (int64_t)start);
    } else {
        cl_buf_append_text(&out, ": ");
        cl_buf_append_text(&out, syntax.message);
    }
    cl_buf_append_text(&out, "; set the schema with claude_request_set_structured_output()");
    return fail(err, CLAUDE_E_PROTOCOL, "json_invalid", message);
}

/* A value that does not match is the answer's fault, a schema that is none the program's. */
static claude_code_t check_schema(cl_str schema, cl_str text, cl_err *err)
{
    cl_err mine;
    claude_code_t rc;

    cl_err_init(&mine);
    rc = cl_schema_check(schema, text, &mine);
    if (rc == CLAUDE_E_INVALID && strcmp(mine.error_code, "schema_mismatch") == 0)
        mine.code = rc = CLAUDE_E_PROTOCOL;
    if (rc < 0 && err && err->code == CLAUDE_OK)
        cl_err_copy(err, &mine, NULL);
    return rc;
}

claude_code_t cl_response_parse_structured(const claude_response_t *response, const cl_str *schema,
                                           claude_response_t **out, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(SIZE_MAX / 2);
    claude_code_t rc = check_stop(response, err);
    cl_json block = rc >= 0 ? first_text(response) : (cl_json){NULL, 0, CLAUDE_JSON_NONE};
    int written;

    if (rc >= 0 && block.type == CLAUDE_JSON_NONE)
        rc = fail(err, CLAUDE_E_PROTOCOL, "no_text", "the answer has no text block, and so no JSON to be parsed");
    if (rc >= 0 && (written = cl_json_decode(block, &text)) != CL_BUF_OK)
        rc = cl_fail_buf(err, written, "the text of the answer");
    if (rc >= 0)
        rc = check_text(cl_buf_str(&text), err);
    if (rc >= 0 && schema)
        rc = check_schema(*schema, cl_buf_str(&text), err);
    if (rc >= 0)
        rc = hand_out(&text, out, err);
    cl_buf_free(&text);
    return rc;
}
