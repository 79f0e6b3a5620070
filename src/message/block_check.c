/* block_check.c - what a content block is, and what the API would refuse in it. */
#include "message/block.h"
#include "message/validate.h"

/* Blocks inside of blocks: a tool result's document's image, and one to spare. */
enum { LEVELS = 4 };

claude_code_t cl_err_tag(cl_err *err, const char *code, claude_code_t rc)
{
    cl_str text = cl_str_of(code);

    if (err)
        cl_err_copy_text(err->error_code, sizeof err->error_code, text);
    return rc;
}

/* ---- what must be there ---- */

enum { TEXT, TEXT_OR_EMPTY, OBJECT, ARRAY };

static const struct {
    const char *type;
    const char *field;
    int what;
} needed[] = {
    {"text", "text", TEXT},
    {"image", "source", OBJECT},
    {"document", "source", OBJECT},
    {"search_result", "source", TEXT},
    {"search_result", "title", TEXT},
    {"search_result", "content", ARRAY},
    {"thinking", "thinking", TEXT_OR_EMPTY},
    {"thinking", "signature", TEXT},
    {"redacted_thinking", "data", TEXT},
    {"tool_use", "id", TEXT},
    {"tool_use", "name", TEXT},
    {"tool_use", "input", OBJECT},
    {"server_tool_use", "id", TEXT},
    {"server_tool_use", "name", TEXT},
    {"server_tool_use", "input", OBJECT},
    {"tool_result", "tool_use_id", TEXT},
    {"container_upload", "file_id", TEXT},
};

static claude_code_t check_member(cl_json object, const char *of, const char *field, int what, cl_err *err)
{
    static const struct {
        int32_t type;
        const char *name;
    } wanted[] = {
        [TEXT] = {CLAUDE_JSON_STRING, "a string that is not empty"},
        [TEXT_OR_EMPTY] = {CLAUDE_JSON_STRING, "a string"},
        [OBJECT] = {CLAUDE_JSON_OBJECT, "an object"},
        [ARRAY] = {CLAUDE_JSON_ARRAY, "an array that is not empty"},
    };
    cl_json value = cl_json_member(object, cl_str_of(field));
    bool empty = (what == TEXT && value.len <= 2) || (what == ARRAY && cl_json_count(value) == 0);

    if (value.type == CLAUDE_JSON_NONE)
        return cl_err_tag(
            err, "missing_field",
            cl_fail(err, CLAUDE_E_INVALID, "%s is missing in the %s; it must be %s", field, of, wanted[what].name));
    if (value.type != wanted[what].type)
        return cl_err_tag(err, "wrong_type",
                          cl_fail(err, CLAUDE_E_INVALID, "%s of the %s must be %s", field, of, wanted[what].name));
    if (!empty)
        return CLAUDE_OK;
    return cl_err_tag(
        err, "empty_content",
        cl_fail(err, CLAUDE_E_INVALID, "%s of the %s is empty; it must be %s", field, of, wanted[what].name));
}

/* ---- sources ---- */

static bool source_is(cl_json source, const char *type)
{
    return cl_json_string_is(cl_json_member(source, CL_STR("type")), cl_str_of(type));
}

/* A string's text; decoded into `room` only if it is written with escapes. False when memory is out. */
static bool text_of(cl_json string, cl_buf *room, cl_str *out)
{
    *out = cl_str_n(string.ptr + 1, string.len - 2);
    if (!memchr(out->ptr, '\\', out->len))
        return true;
    if (cl_json_decode(string, room) != CL_BUF_OK)
        return false;
    *out = cl_buf_str(room);
    return true;
}

static const claude_file_t *find_file(const claude_block_t *block, cl_str token)
{
    for (size_t i = 0; i < block->file_count; i++) {
        if (cl_str_eq(token, cl_str_of(block->files[i]->token)))
            return block->files[i];
    }
    return NULL;
}

/* By the rules that a whole request is checked by. */
static claude_code_t check_source(const claude_block_t *block, int kind, cl_json source, const cl_options *options,
                                  cl_err *err)
{
    cl_json data = cl_json_member(source, CL_STR("data"));
    const claude_file_t *file = NULL;
    claude_problems_t *problems = NULL;
    claude_code_t rc;

    if (data.type == CLAUDE_JSON_STRING)
        file = find_file(block, cl_str_n(data.ptr + 1, data.len - 2));
    rc = kind == CL_MEDIA_IMAGE ? cl_validate_image_source(source, file, options, &problems, err)
                                : cl_validate_document_source(source, file, options, &problems, err);
    if (rc >= 0 && problems)
        rc = cl_problems_fail(problems, err);
    cl_problems_unref(problems);
    return rc < 0 ? rc : CLAUDE_OK;
}

/* ---- blocks ---- */

/* `json` is the block or one inside of it. */
static claude_code_t check_one(const claude_block_t *block, cl_json json, const cl_options *options, cl_err *err)
{
    cl_json type = cl_json_member(json, CL_STR("type"));
    claude_code_t rc = CLAUDE_OK;
    int kind;

    if (json.type != CLAUDE_JSON_OBJECT || type.type != CLAUDE_JSON_STRING || type.len <= 2)
        return cl_err_tag(err, "missing_field",
                          cl_fail(err, CLAUDE_E_INVALID, "a content block must be an object with a \"type\""));
    for (size_t i = 0; i < sizeof needed / sizeof needed[0] && rc >= 0; i++) {
        if (cl_json_string_is(type, cl_str_of(needed[i].type)))
            rc = check_member(json, needed[i].type, needed[i].field, needed[i].what, err);
    }
    if (rc >= 0 && cl_media_kind_of(json, &kind))
        rc = check_source(block, kind, cl_json_member(json, CL_STR("source")), options, err);
    return rc;
}

/* The blocks inside of one, for the types that are known to have some. */
static cl_json_iter blocks_in(cl_json block)
{
    static const char *const types[] = {"tool_result", "search_result"};
    cl_json type = cl_json_member(block, CL_STR("type"));
    cl_json source = cl_json_member(block, CL_STR("source"));
    cl_json content = {NULL, 0, CLAUDE_JSON_NONE};

    if (cl_json_string_is(type, CL_STR("document")) && source_is(source, "content"))
        content = cl_json_member(source, CL_STR("content"));
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (cl_json_string_is(type, cl_str_of(types[i])))
            content = cl_json_member(block, CL_STR("content"));
    }
    if (content.type != CLAUDE_JSON_ARRAY)
        content = (cl_json){"[]", 2, CLAUDE_JSON_ARRAY};
    return cl_json_iter_of(content);
}

claude_code_t cl_block_validate(const claude_block_t *block, const cl_options *options, cl_err *err)
{
    cl_json_iter inside[LEVELS];
    cl_json json = cl_json_root(cl_buf_str(&block->json));
    size_t level = 0;
    claude_code_t rc = check_one(block, json, options, err);

    if (rc >= 0)
        inside[level++] = blocks_in(json);
    while (level > 0 && rc >= 0) {
        if (!cl_json_next(&inside[level - 1], NULL, &json)) {
            level--;
            continue;
        }
        rc = check_one(block, json, options, err);
        if (rc >= 0 && level < LEVELS)
            inside[level++] = blocks_in(json);
    }
    return rc;
}

/* ---- what it is ---- */

static cl_json root_of(const claude_block_t *block)
{
    return cl_json_root(cl_buf_str(&block->json));
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
    return (source_is(source, "base64") || (text && source_is(source, "text"))) && text_of(value, room, data);
}

bool cl_block_is_valid_base64(const claude_block_t *block)
{
    cl_buf room = CL_BUF_INIT(CL_DRAFT_MAX);
    cl_str data;
    bool valid = false;

    if (find_data(block, false, &room, &data))
        valid = find_file(block, data) || (data.len > 0 && cl_base64_valid(data, NULL));
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
        file = find_file(block, data);
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
