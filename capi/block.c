#include <claude/block.h>

#include <errno.h>

#include "border.h"
#include "message/block.h"

static bool check(border *b, const claude_block_t *block)
{
    return border_handle(b, block, CL_MAGIC_BLOCK, "block");
}

static bool is_flag(border *b, int32_t value, const char *name)
{
    if (value == 0 || value == 1)
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID, "%s must be 0 or 1, not %d", name, (int)value);
    return false;
}

/* ---- images and documents ---- */

static claude_code_t media_of_base64(int kind, const char *media_type, const char *data, size_t len,
                                     claude_block_t **out, claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, data, len, "data", &text) && border_pointer(&b, out, "out"))
        rc = cl_media_base64(kind, media_type, text, out, &b.err);
    return border_leave(&b, rc, err);
}

static claude_code_t media_of_bytes(int kind, const void *bytes, size_t len, const char *media_type,
                                    claude_block_t **out, claude_error_t **err)
{
    border b;
    cl_str content;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (len == CLAUDE_NTS)
        cl_fail(&b.err, CLAUDE_E_INVALID, "len must be the number of bytes; CLAUDE_NTS is for text");
    else if (border_text(&b, bytes, len, "bytes", &content) && border_pointer(&b, out, "out"))
        rc = cl_media_bytes(kind, content, media_type, out, &b.err);
    return border_leave(&b, rc, err);
}

static claude_code_t media_of_file(int kind, claude_file_t *file, claude_block_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, file, CL_MAGIC_FILE, "file") && border_pointer(&b, out, "out"))
        rc = cl_media_file(kind, file, out, &b.err);
    return border_leave(&b, rc, err);
}

/* From a path, a URL or an id. */
static claude_code_t media_of_name(int kind, claude_code_t (*make)(int, const char *, claude_block_t **, cl_err *),
                                   const char *value, const char *name, claude_block_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, value, name) && border_pointer(&b, out, "out"))
        rc = make(kind, value, out, &b.err);
    return border_leave(&b, rc, err);
}

#if CL_FEATURE_VISION

claude_code_t claude_block_image_base64(const char *media_type, const char *data, size_t len, claude_block_t **out,
                                        claude_error_t **err)
{
    return media_of_base64(CL_MEDIA_IMAGE, media_type, data, len, out, err);
}

claude_code_t claude_block_image_bytes(const void *bytes, size_t len, const char *media_type, claude_block_t **out,
                                       claude_error_t **err)
{
    return media_of_bytes(CL_MEDIA_IMAGE, bytes, len, media_type, out, err);
}

claude_code_t claude_block_image_path(const char *path, claude_block_t **out, claude_error_t **err)
{
    return media_of_name(CL_MEDIA_IMAGE, cl_media_path, path, "path", out, err);
}

claude_code_t claude_block_image_file(claude_file_t *file, claude_block_t **out, claude_error_t **err)
{
    return media_of_file(CL_MEDIA_IMAGE, file, out, err);
}

claude_code_t claude_block_image_url(const char *url, claude_block_t **out, claude_error_t **err)
{
    return media_of_name(CL_MEDIA_IMAGE, cl_media_url, url, "url", out, err);
}

claude_code_t claude_block_image_file_id(const char *file_id, claude_block_t **out, claude_error_t **err)
{
    return media_of_name(CL_MEDIA_IMAGE, cl_media_file_id, file_id, "file_id", out, err);
}

#endif

claude_code_t claude_block_document_base64(const char *media_type, const char *data, size_t len, claude_block_t **out,
                                           claude_error_t **err)
{
    return media_of_base64(CL_MEDIA_DOCUMENT, media_type, data, len, out, err);
}

claude_code_t claude_block_document_bytes(const void *bytes, size_t len, const char *media_type, claude_block_t **out,
                                          claude_error_t **err)
{
    return media_of_bytes(CL_MEDIA_DOCUMENT, bytes, len, media_type, out, err);
}

claude_code_t claude_block_document_path(const char *path, claude_block_t **out, claude_error_t **err)
{
    return media_of_name(CL_MEDIA_DOCUMENT, cl_media_path, path, "path", out, err);
}

claude_code_t claude_block_document_file(claude_file_t *file, claude_block_t **out, claude_error_t **err)
{
    return media_of_file(CL_MEDIA_DOCUMENT, file, out, err);
}

claude_code_t claude_block_document_url(const char *url, claude_block_t **out, claude_error_t **err)
{
    return media_of_name(CL_MEDIA_DOCUMENT, cl_media_url, url, "url", out, err);
}

claude_code_t claude_block_document_file_id(const char *file_id, claude_block_t **out, claude_error_t **err)
{
    return media_of_name(CL_MEDIA_DOCUMENT, cl_media_file_id, file_id, "file_id", out, err);
}

claude_code_t claude_block_document_content(claude_block_t *const *blocks, size_t count, claude_block_t **out,
                                            claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (cl_blocks_check(blocks, count, &b.err) >= 0 && border_pointer(&b, out, "out"))
        rc = cl_document_content(blocks, count, out, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- blocks made of a text ---- */

static claude_code_t of_text(claude_code_t (*make)(cl_str, claude_block_t **, cl_err *), const char *text, size_t len,
                             const char *name, claude_block_t **out, claude_error_t **err)
{
    border b;
    cl_str value;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, text, len, name, &value) && border_pointer(&b, out, "out"))
        rc = make(value, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_block_text(const char *text, size_t len, claude_block_t **out, claude_error_t **err)
{
    return of_text(cl_block_text, text, len, "text", out, err);
}

claude_code_t claude_block_document_text(const char *text, size_t len, claude_block_t **out, claude_error_t **err)
{
    return of_text(cl_document_text, text, len, "text", out, err);
}

claude_code_t claude_block_json(const char *json, size_t len, claude_block_t **out, claude_error_t **err)
{
    return of_text(cl_block_json, json, len, "json", out, err);
}

static claude_code_t of_id(claude_code_t (*make)(const char *, claude_block_t **, cl_err *), const char *id,
                           const char *name, claude_block_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, id, name) && border_pointer(&b, out, "out"))
        rc = make(id, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_block_redacted_thinking(const char *data, claude_block_t **out, claude_error_t **err)
{
    return of_id(cl_block_redacted_thinking, data, "data", out, err);
}

claude_code_t claude_block_container_upload(const char *file_id, claude_block_t **out, claude_error_t **err)
{
    return of_id(cl_block_container_upload, file_id, "file_id", out, err);
}

claude_code_t claude_block_thinking(const char *thinking, size_t len, const char *signature, claude_block_t **out,
                                    claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_text(&b, thinking, len, "thinking", &text) && border_pointer(&b, signature, "signature") &&
        border_pointer(&b, out, "out"))
        rc = cl_block_thinking(text, signature, out, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- tools and search ---- */

#if CL_FEATURE_TOOLS

static claude_code_t tool_use(const char *type, const char *id, const char *name, const char *input, size_t len,
                              claude_block_t **out, claude_error_t **err)
{
    border b;
    cl_str json;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, id, "id") && border_pointer(&b, name, "name") &&
        border_text(&b, input, len, "input", &json) && border_pointer(&b, out, "out"))
        rc = cl_block_tool_use(type, id, name, json, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_block_tool_use(const char *id, const char *name, const char *input, size_t len,
                                    claude_block_t **out, claude_error_t **err)
{
    return tool_use("tool_use", id, name, input, len, out, err);
}

claude_code_t claude_block_server_tool_use(const char *id, const char *name, const char *input, size_t len,
                                           claude_block_t **out, claude_error_t **err)
{
    return tool_use("server_tool_use", id, name, input, len, out, err);
}

claude_code_t claude_block_tool_result(const char *tool_use_id, const char *text, size_t len, int32_t is_error,
                                       claude_block_t **out, claude_error_t **err)
{
    border b;
    cl_str value;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, tool_use_id, "tool_use_id") && border_text(&b, text, len, "text", &value) &&
        is_flag(&b, is_error, "is_error") && border_pointer(&b, out, "out"))
        rc = cl_block_tool_result(tool_use_id, text ? &value : NULL, is_error == 1, out, &b.err);
    return border_leave(&b, rc, err);
}

#endif

claude_code_t claude_block_search_result(const char *source, const char *title, const char *const *texts, size_t count,
                                         claude_block_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_pointer(&b, source, "source") && border_pointer(&b, title, "title") &&
        cl_texts_check("texts", texts, count, &b.err) >= 0 && border_pointer(&b, out, "out"))
        rc = cl_block_search_result(source, title, texts, count, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_block_from_response(const claude_response_t *response, size_t index, claude_block_t **out,
                                         claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, response, CL_MAGIC_RESPONSE, "response") && border_pointer(&b, out, "out"))
        rc = cl_block_from_response(response, index, out, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- changes ---- */

claude_code_t claude_block_set_cache_control(claude_block_t *block, const char *ttl, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, block))
        rc = cl_block_set_cache_control(block, ttl, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_block_set_field(claude_block_t *block, const char *pointer, const char *json, size_t len,
                                     claude_error_t **err)
{
    border b;
    cl_str text;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, block) && border_pointer(&b, pointer, "pointer") && border_text(&b, json, len, "json", &text))
        rc = cl_block_set_field(block, pointer, text, &b.err);
    return border_leave(&b, rc, err);
}

static claude_code_t set_text(claude_block_t *block, const char *field, const char *text, size_t len,
                              claude_error_t **err)
{
    border b;
    cl_str value;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, block) && border_text(&b, text, len, "text", &value))
        rc = cl_block_set_text(block, field, value, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_block_set_title(claude_block_t *block, const char *text, size_t len, claude_error_t **err)
{
    return set_text(block, "/title", text, len, err);
}

claude_code_t claude_block_set_context(claude_block_t *block, const char *text, size_t len, claude_error_t **err)
{
    return set_text(block, "/context", text, len, err);
}

claude_code_t claude_block_set_citations(claude_block_t *block, int32_t enabled, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, block) && is_flag(&b, enabled, "enabled"))
        rc = cl_block_set_citations(block, enabled == 1, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_block_add(claude_block_t *block, const claude_block_t *child, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, block) && border_handle(&b, child, CL_MAGIC_BLOCK, "child"))
        rc = cl_block_add(block, child, &b.err);
    return border_leave(&b, rc, err);
}

/* ---- what it is ---- */

const char *claude_block_to_json(const claude_block_t *block, size_t *len)
{
    bool is = cl_is(block, CL_MAGIC_BLOCK);

    if (len)
        *len = is ? block->json.len : 0;
    return is ? block->json.ptr : NULL;
}

static const char *lend(claude_block_t *block, const char *(*get)(claude_block_t *))
{
    int saved = errno;
    const char *text = cl_is(block, CL_MAGIC_BLOCK) ? get(block) : NULL;

    errno = saved;
    return text;
}

const char *claude_block_type(claude_block_t *block)
{
    return lend(block, cl_block_type);
}

const char *claude_block_media_type(claude_block_t *block)
{
    return lend(block, cl_block_media_type);
}

int32_t claude_block_is_image(const claude_block_t *block)
{
    return cl_is(block, CL_MAGIC_BLOCK) && cl_block_is_image(block);
}

int32_t claude_block_is_valid_base64(const claude_block_t *block)
{
    int saved = errno;
    int32_t is = cl_is(block, CL_MAGIC_BLOCK) && cl_block_is_valid_base64(block);

    errno = saved;
    return is;
}

int64_t claude_block_estimated_size_bytes(const claude_block_t *block)
{
    int saved = errno;
    int64_t size = cl_is(block, CL_MAGIC_BLOCK) ? cl_block_estimated_size(block) : -1;

    errno = saved;
    return size;
}

claude_code_t claude_block_validate(const claude_block_t *block, const claude_request_t *request, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (check(&b, block) && (!request || border_handle(&b, request, CL_MAGIC_REQUEST, "request")))
        rc = cl_block_validate(block, request ? request->options : NULL, &b.err);
    return border_leave(&b, rc, err);
}

int32_t claude_block_is_valid(const claude_block_t *block)
{
    return claude_block_validate(block, NULL, NULL) == CLAUDE_OK;
}

claude_block_t *claude_block_ref(claude_block_t *block)
{
    return cl_is(block, CL_MAGIC_BLOCK) ? cl_block_ref(block) : NULL;
}

void claude_block_unref(claude_block_t *block)
{
    int saved = errno;

    if (cl_is(block, CL_MAGIC_BLOCK))
        cl_block_unref(block);
    errno = saved;
}
