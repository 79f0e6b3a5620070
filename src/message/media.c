/* media.c - images and documents: from base64, bytes, files, URLs and file ids. */
#include "message/block.h"

#include <stdlib.h>

/* Characters of base64 that tell what the data is; a multiple of 4. */
enum { HEAD_CHARACTERS = 64 };

/* Codes are those of the validation of requests. */
typedef struct media_kind {
    const char *type;  /* of the block */
    const char *types; /* for messages */
    const char *refused;
    const char *mismatch;
    const char *empty;
    const char *base64;
} media_kind;

static const media_kind kinds[CL_MEDIA_COUNT] = {
    {"image", "image/jpeg, image/png, image/gif or image/webp", "image_media_type", "image_media_type_mismatch",
     "image_empty", "image_base64"},
    {"document", "application/pdf or text/plain", "document_media_type", "document_media_type_mismatch",
     "document_empty", "document_base64"},
};

static const struct {
    const char *type;
    int kind;
} media_types[] = {
    {"image/jpeg", CL_MEDIA_IMAGE}, {"image/png", CL_MEDIA_IMAGE},          {"image/gif", CL_MEDIA_IMAGE},
    {"image/webp", CL_MEDIA_IMAGE}, {"application/pdf", CL_MEDIA_DOCUMENT}, {"text/plain", CL_MEDIA_DOCUMENT},
};

/* ---- media types ---- */

bool cl_media_kind_of(cl_json block, int *kind)
{
    cl_json type = cl_json_member(block, CL_STR("type"));

    for (*kind = 0; *kind < CL_MEDIA_COUNT; (*kind)++) {
        if (cl_json_string_is(type, cl_str_of(kinds[*kind].type)))
            return true;
    }
    return false;
}

/* The kind's own static text for a media type; NULL: not one of the kind. */
static const char *known_type(int kind, const char *type)
{
    for (size_t i = 0; type && i < sizeof media_types / sizeof media_types[0]; i++) {
        if (media_types[i].kind == kind && strcmp(media_types[i].type, type) == 0)
            return media_types[i].type;
    }
    return NULL;
}

static claude_code_t refuse_type(int kind, const char *type, cl_err *err)
{
    return cl_err_tag(err, kinds[kind].refused,
                      cl_fail(err, CLAUDE_E_INVALID,
                              "%s media type \"%.100s\" is not %s; other ones can be sent with "
                              "claude_block_json()",
                              kinds[kind].type, type, kinds[kind].types));
}

/* That data is what the program says, or one of the kind's types. `*media_type` is static. */
static claude_code_t check_head(int kind, const char *given, cl_str head, const char **media_type, cl_err *err)
{
    const char *sniffed = cl_media_sniff(head);
    const char *name = kinds[kind].type;

    if (given && !known_type(kind, given))
        return refuse_type(kind, given, err);
    *media_type = known_type(kind, sniffed);
    /* All images are known by their first bytes; a PDF may have something before its own. */
    if (!sniffed && kind == CL_MEDIA_DOCUMENT)
        *media_type = known_type(kind, given);
    if (*media_type && (!given || strcmp(given, *media_type) == 0))
        return CLAUDE_OK;
    if (!given && sniffed)
        return refuse_type(kind, sniffed, err);
    if (sniffed)
        cl_fail(err, CLAUDE_E_INVALID, "%s media type is %s, but the data is %s", name, given, sniffed);
    else
        cl_fail(err, CLAUDE_E_INVALID, "%s data does not begin like %s", name, given ? given : kinds[kind].types);
    return cl_err_tag(err, kinds[kind].mismatch, CLAUDE_E_INVALID);
}

static claude_code_t refuse_empty(int kind, cl_err *err)
{
    return cl_err_tag(err, kinds[kind].empty, cl_fail(err, CLAUDE_E_INVALID, "%s data is empty", kinds[kind].type));
}

/* Documents are text if it is said, or if nothing says what they are. */
static bool is_text(int kind, const char *media_type, cl_str head)
{
    if (kind != CL_MEDIA_DOCUMENT || cl_media_sniff(head))
        return false;
    return !media_type || strcmp(media_type, "text/plain") == 0;
}

/* ---- blocks ---- */

/* Begins {"type":..., "source":{"type":... */
static claude_block_t *begin(int kind, const char *source, cl_writer *w)
{
    claude_block_t *block = cl_block_begin(kinds[kind].type, w);

    cl_put_key(w, "source");
    cl_put(w, "{");
    cl_put_text_member(w, "type", cl_str_of(source));
    return block;
}

static claude_code_t end(claude_block_t *block, cl_writer *w, claude_block_t **out, cl_err *err)
{
    cl_put(w, "}");
    return cl_block_end(block, w, out, err);
}

static claude_block_t *begin_base64(int kind, const char *media_type, cl_writer *w)
{
    claude_block_t *block = begin(kind, "base64", w);

    cl_put_text_member(w, "media_type", cl_str_of(media_type));
    cl_put_key(w, "data");
    return block;
}

claude_code_t cl_document_text(cl_str text, claude_block_t **out, cl_err *err)
{
    claude_block_t *block;
    cl_writer w;
    claude_code_t rc;

    if (text.len == 0)
        return refuse_empty(CL_MEDIA_DOCUMENT, err);
    rc = cl_request_check_text("text of the document", text, false, err);
    if (rc < 0)
        return rc;
    block = begin(CL_MEDIA_DOCUMENT, "text", &w);
    cl_put_text_member(&w, "media_type", CL_STR("text/plain"));
    cl_put_text_member(&w, "data", text);
    return end(block, &w, out, err);
}

/* Plain text is sent as text, not as base64. */
static claude_code_t text_of_base64(cl_str data, claude_block_t **out, cl_err *err)
{
    size_t len = cl_base64_decoded_len(data);
    char *text = malloc(len + 1);
    claude_code_t rc;

    if (!text)
        return cl_fail_nomem(err);
    cl_base64_decode(data, text);
    rc = cl_document_text(cl_str_n(text, len), out, err);
    free(text);
    return rc;
}

claude_code_t cl_media_base64(int kind, const char *media_type, cl_str data, claude_block_t **out, cl_err *err)
{
    cl_str begins = cl_str_n(data.ptr, data.len < HEAD_CHARACTERS ? data.len : HEAD_CHARACTERS);
    char head[HEAD_CHARACTERS];
    claude_block_t *block;
    cl_writer w;
    size_t wrong;
    claude_code_t rc;

    if (data.len == 0)
        return refuse_empty(kind, err);
    if (!cl_base64_valid(data, &wrong))
        return cl_err_tag(err, kinds[kind].base64,
                          cl_fail(err, CLAUDE_E_INVALID,
                                  "%s data is not valid base64 at offset %zu; it must be padded "
                                  "and have no line ends",
                                  kinds[kind].type, wrong));
    cl_base64_decode(begins, head);
    begins = cl_str_n(head, cl_base64_decoded_len(begins));
    if (is_text(kind, media_type, begins))
        return text_of_base64(data, out, err);
    rc = check_head(kind, media_type, begins, &media_type, err);
    if (rc < 0)
        return rc;
    block = begin_base64(kind, media_type, &w);
    cl_put(&w, "\"");
    cl_put_str(&w, data);
    cl_put(&w, "\"");
    return end(block, &w, out, err);
}

claude_code_t cl_media_bytes(int kind, cl_str bytes, const char *media_type, claude_block_t **out, cl_err *err)
{
    claude_block_t *block;
    cl_writer w;
    claude_code_t rc;

    if (bytes.len == 0)
        return refuse_empty(kind, err);
    if (is_text(kind, media_type, bytes))
        return cl_document_text(bytes, out, err);
    rc = check_head(kind, media_type, bytes, &media_type, err);
    if (rc < 0)
        return rc;
    block = begin_base64(kind, media_type, &w);
    cl_put_base64(&w, bytes);
    return end(block, &w, out, err);
}

/* A text must be escaped, so it is read now. */
static claude_code_t text_of_file(const claude_file_t *file, claude_block_t **out, cl_err *err)
{
    cl_file_reader reader = CL_FILE_READER_INIT;
    size_t len = (size_t)file->size;
    char *text = NULL;
    claude_code_t rc;

    if (file->size > CL_DRAFT_MAX)
        return cl_object_fail("content block", CL_BUF_FULL, err);
    text = malloc(len + 1);
    rc = text ? cl_file_reader_open(&reader, file, err) : cl_fail_nomem(err);
    if (rc >= 0)
        rc = cl_file_reader_read(&reader, 0, text, len, err);
    if (rc >= 0)
        rc = cl_document_text(cl_str_n(text, len), out, err);
    cl_file_reader_close(&reader);
    free(text);
    return rc;
}

claude_code_t cl_media_file(int kind, claude_file_t *file, claude_block_t **out, cl_err *err)
{
    const char *media_type = known_type(kind, file->sniffed ? file->sniffed : file->media_type);
    claude_block_t *block;
    cl_writer w;

    if (file->size == 0)
        return refuse_empty(kind, err);
    if (kind == CL_MEDIA_DOCUMENT && !file->sniffed && (!media_type || strcmp(media_type, "text/plain") == 0))
        return text_of_file(file, out, err);
    if (!media_type || (kind == CL_MEDIA_IMAGE && !file->sniffed))
        return cl_err_tag(err, kinds[kind].refused,
                          cl_fail(err, CLAUDE_E_INVALID, "%s file \"%.200s\" is not %s by its first bytes",
                                  kinds[kind].type, file->name, kinds[kind].types));
    block = begin_base64(kind, media_type, &w);
    cl_put_string(&w, cl_str_of(file->token));
    if (w.rc == CL_BUF_OK && cl_files_add(&block->files, file, err) < 0)
        w.rc = CL_BUF_NOMEM;
    return end(block, &w, out, err);
}

claude_code_t cl_media_path(int kind, const char *path, claude_block_t **out, cl_err *err)
{
    claude_file_t *file = NULL;
    claude_code_t rc = cl_file_open(path, &file, err);

    if (rc >= 0)
        rc = cl_media_file(kind, file, out, err);
    cl_file_unref(file);
    return rc;
}

static claude_code_t from_text(int kind, const char *source, const char *member, const char *text, claude_block_t **out,
                               cl_err *err)
{
    claude_block_t *block;
    cl_writer w;
    claude_code_t rc = cl_request_check_text(member, cl_str_of(text), false, err);

    if (rc < 0)
        return rc;
    block = begin(kind, source, &w);
    cl_put_text_member(&w, member, cl_str_of(text));
    return end(block, &w, out, err);
}

claude_code_t cl_media_url(int kind, const char *url, claude_block_t **out, cl_err *err)
{
    return from_text(kind, "url", "url", url, out, err);
}

claude_code_t cl_media_file_id(int kind, const char *file_id, claude_block_t **out, cl_err *err)
{
    return from_text(kind, "file", "file_id", file_id, out, err);
}

claude_code_t cl_document_content(claude_block_t *const *blocks, size_t count, claude_block_t **out, cl_err *err)
{
    claude_block_t *block;
    claude_block_t *made = NULL;
    cl_writer w;
    claude_code_t rc;

    block = begin(CL_MEDIA_DOCUMENT, "content", &w);
    cl_put_key(&w, "content");
    cl_put(&w, "[]");
    rc = end(block, &w, &made, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = cl_block_add(made, blocks[i], err);
    if (rc >= 0)
        *out = made;
    else
        cl_block_unref(made);
    return rc;
}
