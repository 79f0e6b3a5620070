/* block.c - content blocks: made, changed, and filled with other blocks. */
#include "message/block.h"

#include <stdlib.h>

#define WHAT "content block"

/* ---- life ---- */

claude_block_t *cl_block_ref(claude_block_t *block)
{
    if (block)
        cl_handle_ref(&block->handle);
    return block;
}

void cl_block_unref(claude_block_t *block)
{
    if (!block || !cl_handle_unref(&block->handle))
        return;
    cl_files_free(&block->files);
    cl_buf_free(&block->json);
    cl_buf_free(&block->type);
    cl_buf_free(&block->media_type);
    free(block);
}

static claude_block_t *block_new(void)
{
    claude_block_t *block = calloc(1, sizeof *block);

    if (!block)
        return NULL;
    cl_handle_init(&block->handle, CL_MAGIC_BLOCK);
    block->json = CL_BUF_INIT(CL_DRAFT_MAX);
    block->type = CL_BUF_INIT(CL_DRAFT_MAX);
    block->media_type = CL_BUF_INIT(CL_DRAFT_MAX);
    return block;
}

claude_block_t *cl_block_begin(const char *type, cl_writer *w)
{
    claude_block_t *block = block_new();

    *w = (cl_writer){block ? &block->json : NULL, block ? CL_BUF_OK : CL_BUF_NOMEM};
    cl_put(w, "{");
    cl_put_text_member(w, "type", cl_str_of(type));
    return block;
}

claude_code_t cl_block_end(claude_block_t *block, cl_writer *w, claude_block_t **out, cl_err *err)
{
    cl_put(w, "}");
    if (w->rc != CL_BUF_OK) {
        cl_block_unref(block);
        return cl_object_fail(WHAT, w->rc, err);
    }
    *out = block;
    return CLAUDE_OK;
}

/* ---- constructors ---- */

enum { NEEDED, MAY_BE_EMPTY, JSON };

typedef struct block_field {
    const char *name;
    cl_str text;
    int how;
} block_field;

/* A block whose fields are texts or JSON of the program. */
static claude_code_t make(const char *type, block_field *fields, size_t count, claude_block_t **out, cl_err *err)
{
    claude_block_t *block;
    cl_writer w;

    for (size_t i = 0; i < count; i++) {
        block_field *f = &fields[i];
        claude_code_t rc = f->how == JSON ? cl_check_json(f->name, &f->text, err)
                                          : cl_request_check_text(f->name, f->text, f->how == MAY_BE_EMPTY, err);
        if (rc < 0)
            return rc;
    }
    block = cl_block_begin(type, &w);
    for (size_t i = 0; i < count; i++) {
        cl_put_key(&w, fields[i].name);
        if (fields[i].how == JSON)
            cl_put_str(&w, fields[i].text);
        else
            cl_put_string(&w, fields[i].text);
    }
    return cl_block_end(block, &w, out, err);
}

claude_code_t cl_block_text(cl_str text, claude_block_t **out, cl_err *err)
{
    return make("text", (block_field[]){{"text", text, NEEDED}}, 1, out, err);
}

/* The text is empty where the program asked not to see it; the signature is what counts. */
claude_code_t cl_block_thinking(cl_str thinking, const char *signature, claude_block_t **out, cl_err *err)
{
    block_field fields[] = {{"thinking", thinking, MAY_BE_EMPTY}, {"signature", cl_str_of(signature), NEEDED}};

    return make("thinking", fields, 2, out, err);
}

claude_code_t cl_block_redacted_thinking(const char *data, claude_block_t **out, cl_err *err)
{
    return make("redacted_thinking", (block_field[]){{"data", cl_str_of(data), NEEDED}}, 1, out, err);
}

claude_code_t cl_block_tool_use(const char *type, const char *id, const char *name, cl_str input, claude_block_t **out,
                                cl_err *err)
{
    block_field fields[] = {
        {"id", cl_str_of(id), NEEDED},
        {"name", cl_str_of(name), NEEDED},
        {"input", input.len > 0 ? input : CL_STR("{}"), JSON},
    };

    return make(type, fields, 3, out, err);
}

claude_code_t cl_block_container_upload(const char *file_id, claude_block_t **out, cl_err *err)
{
    return make("container_upload", (block_field[]){{"file_id", cl_str_of(file_id), NEEDED}}, 1, out, err);
}

claude_code_t cl_block_tool_result(const char *tool_use_id, const cl_str *text, bool is_error, claude_block_t **out,
                                   cl_err *err)
{
    block_field fields[3] = {{"tool_use_id", cl_str_of(tool_use_id), NEEDED}};
    size_t count = 1;

    if (text)
        fields[count++] = (block_field){"content", *text, MAY_BE_EMPTY};
    if (is_error)
        fields[count++] = (block_field){"is_error", CL_STR("true"), JSON};
    return make("tool_result", fields, count, out, err);
}

claude_code_t cl_block_search_result(const char *source, const char *title, const char *const *texts, size_t count,
                                     claude_block_t **out, cl_err *err)
{
    claude_block_t *block;
    cl_writer w;
    claude_code_t rc = cl_request_check_text("source", cl_str_of(source), false, err);

    if (rc >= 0)
        rc = cl_request_check_text("title", cl_str_of(title), false, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = cl_request_check_text("text of a search result", cl_str_of(texts[i]), false, err);
    if (rc < 0)
        return rc;
    block = cl_block_begin("search_result", &w);
    cl_put_text_member(&w, "source", cl_str_of(source));
    cl_put_text_member(&w, "title", cl_str_of(title));
    cl_put_key(&w, "content");
    cl_put(&w, "[");
    for (size_t i = 0; i < count; i++) {
        cl_put(&w, i > 0 ? ",{\"type\":\"text\"" : "{\"type\":\"text\"");
        cl_put_text_member(&w, "text", cl_str_of(texts[i]));
        cl_put(&w, "}");
    }
    cl_put(&w, "]");
    return cl_block_end(block, &w, out, err);
}

claude_code_t cl_block_json(cl_str json, claude_block_t **out, cl_err *err)
{
    claude_block_t *block = block_new();
    claude_code_t rc = block ? cl_object_parse(WHAT, json, &block->json, err) : cl_fail_nomem(err);

    if (rc >= 0)
        *out = block;
    else
        cl_block_unref(block);
    return rc;
}

claude_code_t cl_block_adopt(cl_buf *json, int written, claude_block_t **out, cl_err *err)
{
    claude_block_t *block = written == CL_BUF_OK ? block_new() : NULL;

    if (!block) {
        cl_buf_free(json);
        return cl_object_fail(WHAT, written == CL_BUF_OK ? CL_BUF_NOMEM : written, err);
    }
    block->json = *json;
    *out = block;
    return CLAUDE_OK;
}

/* ---- changes ---- */

claude_code_t cl_block_set_field(claude_block_t *block, const char *pointer, cl_str json, cl_err *err)
{
    block->content_end = 0;
    return cl_object_set(WHAT, &block->json, pointer, json, err);
}

claude_code_t cl_block_set_cache_control(claude_block_t *block, const char *ttl, cl_err *err)
{
    block->content_end = 0;
    return cl_object_set_cache_control(WHAT, &block->json, ttl, err);
}

claude_code_t cl_block_set_text(claude_block_t *block, const char *field, cl_str text, cl_err *err)
{
    cl_buf fresh = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_code_t rc = cl_request_check_text(field + 1, text, false, err);

    if (rc < 0)
        return rc;
    block->content_end = 0;
    return cl_object_adopt(WHAT, &block->json, field, cl_json_write_string(&fresh, text), &fresh, err);
}

claude_code_t cl_block_set_citations(claude_block_t *block, bool enabled, cl_err *err)
{
    return cl_block_set_field(block, "/citations",
                              enabled ? CL_STR("{\"enabled\":true}") : CL_STR("{\"enabled\":false}"), err);
}

const char *cl_block_type(claude_block_t *block)
{
    return cl_object_text(&block->json, "/type", &block->type);
}

const char *cl_block_media_type(claude_block_t *block)
{
    return cl_object_text(&block->json, "/source/media_type", &block->media_type);
}

/* ---- arrays of the program ---- */

claude_code_t cl_blocks_check(claude_block_t *const *blocks, size_t count, cl_err *err)
{
    if (!blocks && count > 0)
        return cl_fail(err, CLAUDE_E_INVALID, "blocks is NULL");
    for (size_t i = 0; i < count; i++) {
        if (!cl_is(blocks[i], CL_MAGIC_BLOCK))
            return cl_fail(err, CLAUDE_E_INVALID, "block %zu is %s", i,
                           blocks[i] ? "a handle of another kind" : "NULL");
    }
    return CLAUDE_OK;
}

claude_code_t cl_texts_check(const char *name, const char *const *texts, size_t count, cl_err *err)
{
    if (!texts && count > 0)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is NULL", name);
    for (size_t i = 0; i < count; i++) {
        if (!texts[i])
            return cl_fail(err, CLAUDE_E_INVALID, "%s %zu is NULL", name, i);
    }
    return CLAUDE_OK;
}

/* ---- content ---- */

/* The array or text that other blocks can be added to; type 0: there is none. */
static cl_json find_content(cl_json block)
{
    cl_json source = cl_json_member(block, CL_STR("source"));

    if (cl_json_string_is(cl_json_member(source, CL_STR("type")), CL_STR("content")))
        return cl_json_member(source, CL_STR("content"));
    return cl_json_member(block, CL_STR("content"));
}

/* Finds where content can be added, so that many blocks are added in linear time. */
static claude_code_t open_content(claude_block_t *block, cl_err *err)
{
    cl_json root = cl_json_root(cl_buf_str(&block->json));
    cl_json content = find_content(root);
    claude_code_t rc;

    if (content.type == CLAUDE_JSON_NONE &&
        cl_json_string_is(cl_json_member(root, CL_STR("type")), CL_STR("tool_result"))) {
        rc = cl_json_set(&block->json, CL_STR("/content"), CL_STR("[]"), err);
        if (rc < 0)
            return rc;
        content = find_content(cl_json_root(cl_buf_str(&block->json)));
    }
    if (content.type == CLAUDE_JSON_STRING) {
        int written = cl_text_to_array(&block->json, content, &block->content_end);
        return written == CL_BUF_OK ? CLAUDE_OK : cl_object_fail(WHAT, written, err);
    }
    if (content.type != CLAUDE_JSON_ARRAY)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "this content block has no content that another could be added to; tool results, search results "
                       "and documents made of blocks have");
    block->content_end = (size_t)(content.ptr - block->json.ptr) + content.len - 1;
    return CLAUDE_OK;
}

claude_code_t cl_block_add(claude_block_t *block, const claude_block_t *child, cl_err *err)
{
    int written;
    claude_code_t rc;

    if (block == child)
        return cl_fail(err, CLAUDE_E_INVALID, "a content block cannot be its own content");
    rc = block->content_end > 0 ? CLAUDE_OK : open_content(block, err);
    if (rc >= 0)
        rc = cl_files_add_all(&block->files, &child->files, err);
    if (rc < 0)
        return rc;
    written = cl_array_insert(&block->json, &block->content_end, cl_buf_str(&child->json));
    return written == CL_BUF_OK ? CLAUDE_OK : cl_object_fail(WHAT, written, err);
}
