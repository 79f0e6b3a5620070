/* block_check.c - what a content block is, and what the API would refuse in it. */
#include "message/block.h"
#include "message/validate.h"

claude_code_t cl_err_tag(cl_err *err, const char *code, claude_code_t rc)
{
    cl_str text = cl_str_of(code);

    if (err)
        cl_err_copy_text(err->error_code, sizeof err->error_code, text);
    return rc;
}

static cl_json root_of(const claude_block_t *block)
{
    return cl_json_root(cl_buf_str(&block->json));
}

/* ---- what the API would refuse ---- */

/* By the rules that a whole request is checked by. */
claude_code_t cl_block_validate(const claude_block_t *block, const cl_options *options, cl_err *err)
{
    claude_problems_t *problems = NULL;
    claude_code_t rc = cl_validate_block(root_of(block), &block->files, options, &problems, err);

    if (rc >= 0)
        rc = cl_problems_fail(problems, err);
    cl_problems_unref(problems);
    return rc;
}

/* ---- what it is ---- */

static bool source_is(cl_json source, const char *type)
{
    return cl_json_string_is(cl_json_member(source, CL_STR("type")), cl_str_of(type));
}

bool cl_block_is_image(const claude_block_t *block)
{
    int kind;

    return cl_media_kind_of(root_of(block), &kind) && kind == CL_MEDIA_IMAGE;
}

/* The data of an image or a document: a base64 source's, or with `text` also a text's. False: there is none, or memory
 * is out. */
static bool find_data(const claude_block_t *block, bool text, cl_buf *room, cl_str *data)
{
    cl_json root = root_of(block);
    cl_json source = cl_json_member(root, CL_STR("source"));
    cl_json value = cl_json_member(source, CL_STR("data"));
    int kind;

    if (!cl_media_kind_of(root, &kind) || value.type != CLAUDE_JSON_STRING)
        return false;
    return (source_is(source, "base64") || (text && source_is(source, "text"))) &&
           cl_json_text(value, room, data) == CL_BUF_OK;
}

bool cl_block_is_valid_base64(const claude_block_t *block)
{
    cl_buf room = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_str data;
    bool valid = false;

    if (find_data(block, false, &room, &data))
        valid = cl_files_find(&block->files, data) || (data.len > 0 && cl_base64_valid(data, NULL));
    cl_buf_free(&room);
    return valid;
}

int64_t cl_block_estimated_size(const claude_block_t *block)
{
    cl_buf room = CL_BUF_INIT(CL_DRAFT_MAX);
    const claude_file_t *file;
    int64_t size = -1;
    cl_str data;

    if (find_data(block, true, &room, &data)) {
        file = cl_files_find(&block->files, data);
        if (file)
            size = (int64_t)file->size;
        else if (source_is(cl_json_member(root_of(block), CL_STR("source")), "text"))
            size = (int64_t)data.len;
        else /* It may not be valid. */
            size = data.len < 4 ? 0 : (int64_t)cl_base64_decoded_len(data);
    }
    cl_buf_free(&room);
    return size;
}
