/* skill.c - requests that take more than a line to be made right. */
#include "api/uploads.h"

#include "message/request.h" /* a message's request becomes one that counts its tokens */
#include "message/seen.h"
#include "message/write.h"

/* ---- files ---- */

/* Hands the request out, or drops it. */
static claude_code_t hand_out(claude_code_t rc, claude_request_t *request, claude_request_t **out)
{
    if (rc < 0)
        cl_request_unref(request);
    else
        *out = request;
    return rc;
}

claude_code_t cl_file_upload_request(claude_file_t *file, claude_request_t **out, cl_err *err)
{
    claude_request_t *request = NULL;
    size_t len = cl_characters(cl_str_of(file->name));
    claude_code_t rc;

    if (len == 0 || len > CL_FILE_NAME_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "the name of the file has %zu characters; the API takes 1 to %d", len,
                       CL_FILE_NAME_MAX);
    if (file->size > CL_FILE_SIZE_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "file %.300s has %llu bytes; the API takes at most %llu", file->name,
                       (unsigned long long)file->size, (unsigned long long)CL_FILE_SIZE_MAX);
    rc = cl_api_request_new("files.upload", &request, err);
    if (rc >= 0)
        rc = cl_request_add_file(request, "file", file, NULL, NULL, err);
    return hand_out(rc, request, out);
}

claude_code_t cl_file_download_request(const char *file_id, claude_request_t **out, cl_err *err)
{
    claude_request_t *request = NULL;
    claude_code_t rc = cl_api_request_new("files.download", &request, err);

    if (rc >= 0)
        rc = cl_request_set_path(request, "file_id", file_id, err);
    return hand_out(rc, request, out);
}

/* ---- skills ---- */

/* Relative, and every step leads down. */
static claude_code_t check_path(const char *name, cl_err *err)
{
    const char *p = name;

    for (;;) {
        size_t len = strcspn(p, "/");
        if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
            return cl_fail(err, CLAUDE_E_INVALID,
                           "\"%.300s\" is no path of a file in a skill: it has an empty step, or one that is . or ..",
                           name);
        p += len;
        if (*p == '\0')
            return CLAUDE_OK;
        p++;
    }
}

/* The whole of a skill: its top folder is that of its first file. */
static claude_code_t check_skill(const cl_skill_file *files, size_t count, cl_seen *names, cl_err *err)
{
    size_t top = count > 0 ? strcspn(files[0].name, "/") : 0;
    uint64_t size = 0;
    bool has_head = false;

    if (count == 0 || count > CL_SKILL_FILES_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "the skill has %zu files; it needs 1 to %d", count, CL_SKILL_FILES_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *name = files[i].name;
        bool fresh = false;
        if (check_path(name, err) < 0)
            return CLAUDE_E_INVALID;
        if (strncmp(name, files[0].name, top) != 0 || name[top] != '/')
            return cl_fail(err, CLAUDE_E_INVALID, "\"%.300s\": all files of a skill are in one top folder", name);
        if (cl_seen_add(names, cl_str_of(name), &fresh, err) < 0)
            return CLAUDE_E_NOMEM;
        if (!fresh)
            return cl_fail(err, CLAUDE_E_INVALID, "\"%.300s\" is in the skill twice", name);
        has_head = has_head || strcmp(name + top, "/SKILL.md") == 0;
        if (files[i].file->size > CL_SKILL_SIZE_MAX - size)
            return cl_fail(err, CLAUDE_E_INVALID, "the files of the skill have more than %llu bytes together",
                           (unsigned long long)CL_SKILL_SIZE_MAX);
        size += files[i].file->size;
    }
    if (!has_head)
        return cl_fail(err, CLAUDE_E_INVALID, "the skill has no SKILL.md in its top folder \"%.*s\"",
                       top < 300 ? (int)top : 300, files[0].name);
    return CLAUDE_OK;
}

claude_code_t cl_skill_add_files(claude_request_t *request, const cl_skill_file *files, size_t count, cl_err *err)
{
    cl_seen names = {NULL, 0, 0};
    claude_code_t rc = check_skill(files, count, &names, err);

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = cl_request_add_file(request, "files[]", files[i].file, files[i].name, NULL, err);
    cl_seen_free(&names);
    return rc;
}

claude_code_t cl_skill_new(const char *display_name, claude_request_t **out, cl_err *err)
{
    claude_request_t *request = NULL;
    size_t len = display_name ? cl_characters(cl_str_of(display_name)) : 1;
    claude_code_t rc;

    if (len == 0 || len > CL_DISPLAY_NAME_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "display_name has %zu characters; it needs 1 to %d", len,
                       CL_DISPLAY_NAME_MAX);
    rc = cl_api_request_new("skills.create", &request, err);
    if (rc >= 0 && display_name)
        rc = cl_request_add_form_field(request, "display_name", cl_str_of(display_name), err);
    return hand_out(rc, request, out);
}

claude_code_t cl_skill_create(const char *display_name, const cl_skill_file *files, size_t count,
                              claude_request_t **out, cl_err *err)
{
    claude_request_t *request = NULL;
    claude_code_t rc = cl_skill_new(display_name, &request, err);

    if (rc >= 0)
        rc = cl_skill_add_files(request, files, count, err);
    return hand_out(rc, request, out);
}

/* ---- counting ---- */

static bool is_counted(cl_json key)
{
    static const char *const fields[] = {"messages",    "model",          "cache_control", "output_config",
                                         "speed",       "system",         "thinking",      "tool_choice",
                                         "tools",       "billing_policy", "compaction",    "context_management",
                                         "mcp_servers", "output_format"};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (cl_json_string_is(key, cl_str_of(fields[i])))
            return true;
    }
    return false;
}

static int append_counted(cl_buf *out, cl_str body)
{
    cl_json_iter iter = cl_json_iter_of(cl_json_root(body));
    cl_writer w = {out, CL_BUF_OK};
    cl_json key = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json value;

    cl_put(&w, "{");
    while (cl_json_next(&iter, &key, &value)) {
        if (!is_counted(key))
            continue;
        cl_put(&w, out->len > 1 ? "," : "");
        cl_put_str(&w, cl_str_n(key.ptr, key.len));
        cl_put(&w, ":");
        cl_put_str(&w, cl_str_n(value.ptr, value.len));
    }
    cl_put(&w, "}");
    return w.rc;
}

claude_code_t cl_count_tokens_request(const claude_request_t *request, claude_request_t **out, cl_err *err)
{
    const cl_endpoint *endpoint = cl_request_endpoint(request);
    cl_buf body = CL_BUF_INIT(CL_DRAFT_MAX);
    claude_request_t *count = NULL;
    size_t brace;
    cl_blob *old;
    int written;
    claude_code_t rc;

    if (endpoint->answer != CL_ANSWER_MESSAGE)
        return cl_fail(err, CLAUDE_E_INVALID, "tokens are counted of requests for messages.create, not for %s",
                       endpoint->name);
    old = cl_draft_blob(&request->draft, &brace);
    written = append_counted(&body, cl_str_n(old->bytes + brace, old->len - brace));
    cl_blob_unref(old);
    if (written != CL_BUF_OK) {
        cl_buf_free(&body);
        return cl_request_fail_body(written, err);
    }
    rc = cl_request_copy(request, &count, err);
    if (rc >= 0) {
        count->endpoint = cl_endpoint_find("messages.count_tokens");
        cl_request_set_hook(count, NULL);
        rc = cl_request_set_json(count, cl_buf_str(&body), err);
    }
    cl_buf_free(&body);
    return hand_out(rc, count, out);
}
