/* validate_source.c - the sources of images and documents: media types, base64, sizes, files. */
#include "message/validate_walk.h"

enum { HEAD_MAX = 64 }; /* base64 of the bytes that tell a type */

enum { SOURCE_TYPE, SOURCE_MEDIA_TYPE, SOURCE_DATA, SOURCE_URL, SOURCE_FILE_ID, SOURCE_CONTENT, SOURCE_MEMBERS };
static const char *const source_members[SOURCE_MEMBERS] = {"type", "media_type", "data", "url", "file_id", "content"};

/* What differs between images and documents. */
typedef struct source_kind {
    const char *owner;
    const char *const *media_types; /* of base64 */
    const char *media_types_text;
    cl_problem_id media_type;
    cl_problem_id mismatch;
    cl_problem_id empty;
    cl_problem_id base64;
    cl_problem_id too_large;
    cl_option max;
} source_kind;

static const char *const image_types[] = {"image/jpeg", "image/png", "image/gif", "image/webp", NULL};
static const char *const document_types[] = {"application/pdf", NULL};

static const source_kind image_kind = {"a source of type base64",
                                       image_types,
                                       "",
                                       CL_P_IMAGE_MEDIA_TYPE,
                                       CL_P_IMAGE_MEDIA_TYPE_MISMATCH,
                                       CL_P_IMAGE_EMPTY,
                                       CL_P_IMAGE_BASE64,
                                       CL_P_IMAGE_TOO_LARGE,
                                       CL_OPT_VALIDATE_MAX_IMAGE};
static const source_kind document_kind = {"a source of type base64",
                                          document_types,
                                          "application/pdf for a source of type base64",
                                          CL_P_DOCUMENT_MEDIA_TYPE,
                                          CL_P_DOCUMENT_MEDIA_TYPE_MISMATCH,
                                          CL_P_DOCUMENT_EMPTY,
                                          CL_P_DOCUMENT_BASE64,
                                          CL_P_DOCUMENT_TOO_LARGE,
                                          CL_OPT_VALIDATE_MAX_DOCUMENT};

/* Static; NULL: it is none of them. */
static const char *media_type_of(const source_kind *kind, cl_json media_type)
{
    for (size_t i = 0; kind->media_types[i]; i++) {
        if (cl_json_string_is(media_type, cl_str_of(kind->media_types[i])))
            return kind->media_types[i];
    }
    return NULL;
}

static void check_sniffed(cl_walk *walk, const cl_place *source_place, const source_kind *kind, cl_json media_type,
                          const char *sniffed)
{
    cl_place place = cl_place_member(source_place, "media_type");
    const char *declared = media_type_of(kind, media_type);

    /* What is not recognised may be right. */
    if (declared && sniffed && strcmp(declared, sniffed) != 0)
        cl_walk_bad_value(walk, kind->mismatch, &place, media_type, sniffed);
}

static void check_size(cl_walk *walk, const cl_place *place, const source_kind *kind, cl_json data, uint64_t size)
{
    int64_t max = cl_walk_limit(walk, kind->max);

    if (size > (uint64_t)max)
        cl_walk_bad_count(walk, kind->too_large, place, data.ptr, size, "bytes", max);
}

/* `text` is the data with its escapes resolved. */
static void check_base64(cl_walk *walk, const cl_place *source_place, const source_kind *kind, cl_json media_type,
                         cl_json data, cl_str text)
{
    cl_place place = cl_place_member(source_place, "data");
    char head[HEAD_MAX];
    size_t head_len = text.len < HEAD_MAX ? text.len : HEAD_MAX;
    size_t wrong = 0;

    if (!cl_base64_valid(text, &wrong)) {
        cl_buf value = CL_BUF_INIT(64);
        if (cl_buf_append_text(&value, "wrong at character ") != CL_BUF_OK ||
            cl_buf_append_int(&value, (int64_t)wrong) != CL_BUF_OK)
            walk->nomem = true;
        else
            cl_walk_report(walk, kind->base64, &place, data.ptr, cl_buf_str(&value), CL_STR(""));
        cl_buf_free(&value);
        return;
    }
    check_size(walk, &place, kind, data, text.len);
    text.len = head_len;
    cl_base64_decode(text, head);
    check_sniffed(walk, source_place, kind, media_type, cl_media_sniff(cl_str_n(head, cl_base64_decoded_len(text))));
}

static void check_data(cl_walk *walk, const cl_place *source_place, const source_kind *kind, cl_json media_type,
                       cl_json data)
{
    cl_place place = cl_place_member(source_place, "data");
    cl_buf decoded = CL_BUF_INIT(CL_DRAFT_MAX);
    const claude_file_t *file = NULL;
    cl_str text;

    /* Some encoders write / as \/. */
    if (cl_json_text(data, &decoded, &text) != CL_BUF_OK)
        walk->nomem = true;
    else
        file = cl_files_find(walk->files, text);
    if (walk->nomem)
        goto out;
    if (text.len == 0 || (file && file->size == 0)) {
        cl_walk_report(walk, kind->empty, &place, data.ptr, CL_STR(""), CL_STR(""));
    } else if (file) {
        check_size(walk, &place, kind, data, (file->size + 2) / 3 * 4);
        check_sniffed(walk, source_place, kind, media_type, file->sniffed);
    } else {
        check_base64(walk, source_place, kind, media_type, data, text);
    }
out:
    cl_buf_free(&decoded);
}

static void check_base64_source(cl_walk *walk, const cl_place *place, const source_kind *kind, cl_json source,
                                const cl_json members[SOURCE_MEMBERS])
{
    cl_place media_place = cl_place_member(place, "media_type");
    cl_json media_type = members[SOURCE_MEDIA_TYPE];

    if (cl_walk_need(walk, place, "media_type", source, media_type, CL_IS_STRING, kind->owner) &&
        !media_type_of(kind, media_type))
        cl_walk_bad_value(walk, kind->media_type, &media_place, media_type, kind->media_types_text);
    if (cl_walk_need(walk, place, "data", source, members[SOURCE_DATA], CL_IS_STRING, kind->owner))
        check_data(walk, place, kind, media_type, members[SOURCE_DATA]);
}

static void check_text_source(cl_walk *walk, const cl_place *place, cl_json source,
                              const cl_json members[SOURCE_MEMBERS])
{
    static const char owner[] = "a source of type text";
    cl_place media_place = cl_place_member(place, "media_type");
    cl_place data_place = cl_place_member(place, "data");
    cl_json media_type = members[SOURCE_MEDIA_TYPE];
    cl_json data = members[SOURCE_DATA];

    if (cl_walk_need(walk, place, "media_type", source, media_type, CL_IS_STRING, owner) &&
        !cl_json_string_is(media_type, CL_STR("text/plain")))
        cl_walk_bad_value(walk, CL_P_DOCUMENT_MEDIA_TYPE, &media_place, media_type,
                          "text/plain for a source of type text");
    if (!cl_walk_need(walk, place, "data", source, data, CL_IS_STRING, owner))
        return;
    if (cl_json_is_empty(data))
        cl_walk_report(walk, CL_P_DOCUMENT_EMPTY, &data_place, data.ptr, CL_STR(""), CL_STR(""));
    check_size(walk, &data_place, &document_kind, data, cl_json_decoded_len(data));
}

static void check_reference(cl_walk *walk, const cl_place *source_place, const char *name, cl_json source,
                            cl_json value, const char *owner)
{
    cl_place place = cl_place_member(source_place, name);

    if (cl_walk_need(walk, source_place, name, source, value, CL_IS_STRING, owner) && cl_json_is_empty(value))
        cl_walk_report(walk, CL_P_EMPTY_CONTENT, &place, value.ptr, CL_STR(""), CL_STR("the field"));
}

/* What both have: sources by url and by file id. The rest is left to the caller: false if there is nothing more. */
static bool check_source(cl_walk *walk, const cl_place *place, cl_json source, cl_json members[SOURCE_MEMBERS])
{
    cl_json type;

    if (!cl_walk_type(walk, place, source, CL_IS_OBJECT) || source.type != CLAUDE_JSON_OBJECT)
        return false;
    cl_json_members(source, source_members, SOURCE_MEMBERS, members);
    type = members[SOURCE_TYPE];
    if (!cl_walk_need(walk, place, "type", source, type, CL_IS_STRING, "a source"))
        return false;
    if (cl_json_string_is(type, CL_STR("url")))
        check_reference(walk, place, "url", source, members[SOURCE_URL], "a source of type url");
    if (cl_json_string_is(type, CL_STR("file")))
        check_reference(walk, place, "file_id", source, members[SOURCE_FILE_ID], "a source of type file");
    return true;
}

void cl_walk_image(cl_walk *walk, const cl_place *place, cl_json source)
{
    cl_json members[SOURCE_MEMBERS];

    if (check_source(walk, place, source, members) && cl_json_string_is(members[SOURCE_TYPE], CL_STR("base64")))
        check_base64_source(walk, place, &image_kind, source, members);
}

void cl_walk_document(cl_walk *walk, const cl_place *place, cl_json source)
{
    cl_json members[SOURCE_MEMBERS];

    if (!check_source(walk, place, source, members))
        return;
    if (cl_json_string_is(members[SOURCE_TYPE], CL_STR("base64")))
        check_base64_source(walk, place, &document_kind, source, members);
    if (cl_json_string_is(members[SOURCE_TYPE], CL_STR("text")))
        check_text_source(walk, place, source, members);
    if (cl_json_string_is(members[SOURCE_TYPE], CL_STR("content")))
        cl_walk_need(walk, place, "content", source, members[SOURCE_CONTENT], CL_IS_STRING | CL_IS_ARRAY,
                     "a source of type content");
}
