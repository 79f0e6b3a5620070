/* params.c - what a request has beside its body: path and query parameters, beta names, files and form fields. */
#include "message/request.h"
#include "message/write.h"

#include <stdlib.h>

enum { PARAM_MAX = 8192, BETAS_MAX = 4096 };

/* ---- percent-encoding ---- */

static bool is_unreserved(char c)
{
    return cl_ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* What RFC 3986 allows in a segment of a path beside that. */
static bool is_in_segment(char c)
{
    return is_unreserved(c) || (c != '\0' && strchr("!$&'()*+,;=:@", c));
}

static int append_encoded(cl_buf *out, cl_str text, bool segment)
{
    static const char digits[] = "0123456789ABCDEF";
    int rc = CL_BUF_OK;

    for (size_t i = 0; i < text.len && rc == CL_BUF_OK; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        char encoded[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        if (segment ? is_in_segment(text.ptr[i]) : is_unreserved(text.ptr[i]))
            rc = cl_buf_append_char(out, text.ptr[i]);
        else
            rc = cl_buf_append(out, encoded, sizeof encoded);
    }
    return rc;
}

/* ---- pairs ---- */

void cl_pairs_free(cl_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (cl_pairs){NULL, 0};
}

static claude_code_t add_pair(cl_pairs *pairs, cl_str name, cl_str value, cl_err *err)
{
    cl_pair *items = realloc(pairs->items, (pairs->count + 1) * sizeof *items);
    cl_pair fresh = {strndup(name.ptr, name.len), strndup(value.ptr, value.len)};

    if (items)
        pairs->items = items;
    if (!items || !fresh.name || !fresh.value) {
        free(fresh.name);
        free(fresh.value);
        return cl_fail_nomem(err);
    }
    pairs->items[pairs->count++] = fresh;
    return CLAUDE_OK;
}

claude_code_t cl_pairs_copy(const cl_pairs *from, cl_pairs *to, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < from->count && rc >= 0; i++)
        rc = add_pair(to, cl_str_of(from->items[i].name), cl_str_of(from->items[i].value), err);
    return rc;
}

static void drop_pair(cl_pairs *pairs, size_t index)
{
    free(pairs->items[index].name);
    free(pairs->items[index].value);
    pairs->count--;
    memmove(pairs->items + index, pairs->items + index + 1, (pairs->count - index) * sizeof *pairs->items);
}

/* Drops those of a name that are among the first `before`. */
static void drop_named(cl_pairs *pairs, size_t before, cl_str name)
{
    for (size_t i = before; i > 0; i--) {
        if (cl_str_eq(cl_str_of(pairs->items[i - 1].name), name))
            drop_pair(pairs, i - 1);
    }
}

/* ---- the path ---- */

/* A step up or none at all, however it is written: it would be another endpoint. What follows a semicolon is no part of
 * the name for some servers. */
static bool is_dots(cl_str value)
{
    size_t dots = 0;

    for (size_t i = 0; i < value.len && value.ptr[i] != ';'; dots++) {
        bool encoded = value.len - i >= 3 && value.ptr[i] == '%' && value.ptr[i + 1] == '2' &&
                       cl_ascii_lower(value.ptr[i + 2]) == 'e';
        if (!encoded && value.ptr[i] != '.')
            return false;
        i += encoded ? 3 : 1;
    }
    return dots == 1 || dots == 2 || value.ptr[0] == ';';
}

static bool has_param(const cl_endpoint *endpoint, cl_str name)
{
    for (const char *p = endpoint->path; (p = strchr(p, '{')); p++) {
        if (cl_str_eq(cl_str_n(p + 1, strcspn(p + 1, "}")), name))
            return true;
    }
    return false;
}

static claude_code_t fail_param(const cl_endpoint *endpoint, const char *name, cl_err *err)
{
    if (!strchr(endpoint->path, '{'))
        return cl_fail(err, CLAUDE_E_INVALID, "path parameter %.64s: %s has none; its path is %s", name, endpoint->name,
                       endpoint->path);
    return cl_fail(err, CLAUDE_E_INVALID, "path parameter %.64s: %s has no such one; its path is %s", name,
                   endpoint->name, endpoint->path);
}

static claude_code_t set_path(claude_request_t *request, const char *name, const char *value, cl_err *err)
{
    size_t before = request->path.count;
    cl_str text = cl_str_of(value);
    cl_str key = cl_str_of(name);
    cl_buf encoded = CL_BUF_INIT(PARAM_MAX);
    claude_code_t rc;
    int written;

    if (!has_param(request->endpoint, key))
        return fail_param(request->endpoint, name, err);
    if (text.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "path parameter %s is empty; it needs at least one character", name);
    if (is_dots(text))
        return cl_fail(err, CLAUDE_E_INVALID, "path parameter %s is \"%s\", which would lead to another path", name,
                       value);
    rc = cl_request_check_text(name, text, false, err);
    if (rc < 0)
        return rc;
    written = append_encoded(&encoded, text, true);
    rc = written == CL_BUF_OK ? add_pair(&request->path, key, cl_buf_str(&encoded), err)
                              : cl_fail_buf(err, written, "a path parameter");
    cl_buf_free(&encoded);
    if (rc >= 0)
        drop_named(&request->path, before, key);
    return rc;
}

claude_code_t cl_request_set_path(claude_request_t *request, const char *name, const char *value, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    set_path(request, name, value, &mine);
    return cl_request_finish(request, &mine, err);
}

static const char *param_value(const claude_request_t *request, cl_str name)
{
    for (size_t i = 0; i < request->path.count; i++) {
        if (cl_str_eq(cl_str_of(request->path.items[i].name), name))
            return request->path.items[i].value;
    }
    return NULL;
}

/* The path with its parameters; CLAUDE_E_INVALID: one is missing. */
static claude_code_t put_path(const claude_request_t *request, cl_writer *w, cl_err *err)
{
    const char *p = request->endpoint->path;

    while (*p) {
        size_t plain = strcspn(p, "{");
        const char *value;
        cl_str name;
        cl_put_str(w, cl_str_n(p, plain));
        p += plain;
        if (*p == '\0')
            break;
        name = cl_str_n(p + 1, strcspn(p + 1, "}"));
        value = param_value(request, name);
        if (!value)
            return cl_fail(err, CLAUDE_E_INVALID,
                           "path parameter %.*s is missing; set it with claude_request_set_path()", (int)name.len,
                           name.ptr);
        cl_put(w, value);
        p += name.len + 2;
    }
    return CLAUDE_OK;
}

claude_code_t cl_request_target(const claude_request_t *request, cl_buf *out, cl_err *err)
{
    bool has_query = request->url && strchr(request->url, '?');
    cl_writer w = {out, CL_BUF_OK};
    claude_code_t rc = CLAUDE_OK;

    if (request->url)
        cl_put(&w, request->url);
    else
        rc = put_path(request, &w, err);
    for (size_t i = 0; i < request->query.count; i++) {
        cl_put(&w, has_query || i > 0 ? "&" : "?");
        cl_put(&w, request->query.items[i].name);
        cl_put(&w, "=");
        cl_put(&w, request->query.items[i].value);
    }
    return rc < 0 || w.rc == CL_BUF_OK ? rc : cl_fail_buf(err, w.rc, "the URL of the request");
}

claude_code_t cl_request_set_url(claude_request_t *request, const char *url, cl_err *err)
{
    char *copy = strdup(url);

    if (!copy)
        return cl_fail_nomem(err);
    free(request->url);
    request->url = copy;
    return CLAUDE_OK;
}

/* ---- the query ---- */

static claude_code_t add_query(claude_request_t *request, cl_str name, cl_str value, cl_err *err)
{
    cl_buf key = CL_BUF_INIT(PARAM_MAX);
    cl_buf text = CL_BUF_INIT(PARAM_MAX);
    int written = append_encoded(&key, name, false);
    claude_code_t rc;

    if (written == CL_BUF_OK)
        written = append_encoded(&text, value, false);
    rc = written == CL_BUF_OK ? CLAUDE_OK : cl_fail_buf(err, written, "a query parameter");
    if (rc >= 0)
        rc = add_pair(&request->query, cl_buf_str(&key), cl_buf_str(&text), err);
    cl_buf_free(&key);
    cl_buf_free(&text);
    return rc;
}

static claude_code_t check_query(const char *name, const char *value, cl_err *err)
{
    if (cl_request_check_text("name of a query parameter", cl_str_of(name), false, err) < 0)
        return CLAUDE_E_INVALID;
    return cl_request_check_text(name, cl_str_of(value), true, err);
}

claude_code_t cl_request_add_query(claude_request_t *request, const char *name, const char *value, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (check_query(name, value, &mine) >= 0)
        add_query(request, cl_str_of(name), cl_str_of(value), &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_set_query(claude_request_t *request, const char *name, const char *value, cl_err *err)
{
    size_t before = request->query.count;
    cl_buf key = CL_BUF_INIT(PARAM_MAX);
    cl_err mine;
    int written;

    cl_err_init(&mine);
    written = append_encoded(&key, cl_str_of(name), false);
    if (written != CL_BUF_OK)
        cl_fail_buf(&mine, written, "a query parameter");
    else if (check_query(name, value ? value : "", &mine) >= 0 && value)
        add_query(request, cl_str_of(name), cl_str_of(value), &mine);
    /* The new one is last. */
    if (mine.code == CLAUDE_OK)
        drop_named(&request->query, before, cl_buf_str(&key));
    cl_buf_free(&key);
    return cl_request_finish(request, &mine, err);
}

const char *cl_request_query(const claude_request_t *request, const char *name)
{
    for (size_t i = 0; i < request->query.count; i++) {
        if (strcmp(request->query.items[i].name, name) == 0)
            return request->query.items[i].value;
    }
    return NULL;
}

/* A walk over nested containers, without recursion. */
enum { QUERY_DEPTH = 8 };
typedef struct query_level {
    cl_json_iter iter;
    size_t name_len; /* of the path so far */
} query_level;

static claude_code_t add_scalar(claude_request_t *request, cl_str name, cl_json value, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(PARAM_MAX);
    claude_code_t rc;
    int written;

    if (value.type == CLAUDE_JSON_NULL)
        return CLAUDE_OK;
    if (value.type == CLAUDE_JSON_STRING)
        written = cl_json_decode(value, &text);
    else
        written = cl_buf_append(&text, value.ptr, value.len);
    rc = written == CL_BUF_OK ? add_query(request, name, cl_buf_str(&text), err)
                              : cl_fail_buf(err, written, "a query parameter");
    cl_buf_free(&text);
    return rc;
}

/* Appends `name` at the top, `[name]` or `[]` below. */
static int append_name(cl_buf *path, bool top, bool array, cl_json key)
{
    int written = top ? CL_BUF_OK : cl_buf_append_char(path, '[');

    if (written == CL_BUF_OK && !array)
        written = cl_json_decode(key, path);
    if (written == CL_BUF_OK && !top)
        written = cl_buf_append_char(path, ']');
    return written;
}

static claude_code_t walk_query(claude_request_t *request, cl_json root, cl_buf *path, cl_err *err)
{
    query_level levels[QUERY_DEPTH] = {{cl_json_iter_of(root), 0}};
    size_t depth = 1;
    claude_code_t rc = CLAUDE_OK;
    cl_json key = {NULL, 0, CLAUDE_JSON_NONE};
    cl_json value;

    while (depth > 0 && rc >= 0) {
        query_level *level = &levels[depth - 1];
        int written;
        path->len = level->name_len;
        if (!cl_json_next(&level->iter, &key, &value)) {
            depth--;
            continue;
        }
        written = append_name(path, depth == 1, !level->iter.object, key);
        if (written != CL_BUF_OK)
            return cl_fail_buf(err, written, "the name of a query parameter");
        if (value.type != CLAUDE_JSON_ARRAY && value.type != CLAUDE_JSON_OBJECT)
            rc = add_scalar(request, cl_buf_str(path), value, err);
        else if (depth == QUERY_DEPTH)
            rc = cl_fail(err, CLAUDE_E_INVALID, "query: nested deeper than %d", QUERY_DEPTH);
        else
            levels[depth++] = (query_level){cl_json_iter_of(value), path->len};
    }
    return rc;
}

claude_code_t cl_request_set_query_json(claude_request_t *request, cl_str json, cl_err *err)
{
    cl_pairs old = request->query;
    cl_buf path = CL_BUF_INIT(PARAM_MAX);
    cl_err mine;
    cl_json root;

    cl_err_init(&mine);
    request->query = (cl_pairs){NULL, 0};
    if (cl_json_validate(json, CL_JSON_DEPTH_DEFAULT, &root, &mine) >= 0) {
        if (root.type == CLAUDE_JSON_OBJECT)
            walk_query(request, root, &path, &mine);
        else
            cl_fail(&mine, CLAUDE_E_INVALID, "query must be a JSON object");
    }
    cl_buf_free(&path);
    if (mine.code != CLAUDE_OK) {
        cl_pairs_free(&request->query);
        request->query = old;
    } else {
        cl_pairs_free(&old);
    }
    return cl_request_finish(request, &mine, err);
}

/* ---- beta names ---- */

claude_code_t cl_betas_add(cl_buf *betas, cl_str names, cl_err *err)
{
    while (names.len > 0) {
        const char *comma = memchr(names.ptr, ',', names.len);
        size_t len = comma ? (size_t)(comma - names.ptr) : names.len;
        cl_str name = cl_str_trim(cl_str_n(names.ptr, len));
        int written = CL_BUF_OK;
        if (name.len > 0 && !cl_betas_have(cl_buf_str(betas), name)) {
            written = betas->len > 0 ? cl_buf_append_char(betas, ',') : CL_BUF_OK;
            if (written == CL_BUF_OK)
                written = cl_buf_append_str(betas, name);
        }
        if (written != CL_BUF_OK)
            return cl_fail_buf(err, written, "the beta names");
        names.ptr += comma ? len + 1 : len;
        names.len -= comma ? len + 1 : len;
    }
    return CLAUDE_OK;
}

bool cl_betas_have(cl_str betas, cl_str name)
{
    while (betas.len > 0) {
        const char *comma = memchr(betas.ptr, ',', betas.len);
        size_t len = comma ? (size_t)(comma - betas.ptr) : betas.len;
        if (cl_str_eq(cl_str_n(betas.ptr, len), name))
            return true;
        betas = cl_str_n(betas.ptr + len + (comma != NULL), betas.len - len - (comma != NULL));
    }
    return false;
}

claude_code_t cl_request_add_beta(claude_request_t *request, const char *name, cl_err *err)
{
    cl_str text = cl_str_of(name);
    cl_err mine;

    cl_err_init(&mine);
    if (request->betas.max == 0)
        request->betas = CL_BUF_INIT(BETAS_MAX);
    if (cl_header_check(CL_STR("anthropic-beta"), text, &mine) >= 0)
        cl_betas_add(&request->betas, text, &mine);
    return cl_request_finish(request, &mine, err);
}

/* ---- files ---- */

claude_code_t cl_request_attach_file(claude_request_t *request, claude_file_t *file, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (cl_request_check_body(request, "file", &mine) >= 0)
        cl_files_add(&request->files, file, &mine);
    return cl_request_finish(request, &mine, err);
}

/* ---- parts of a form ---- */

static void free_part(cl_form_part *part)
{
    free(part->name);
    free(part->filename);
    free(part->media_type);
    free(part->text);
    cl_file_unref(part->file);
}

/* Takes over what the part owns, on failure too. */
static claude_code_t add_part(claude_request_t *request, cl_form_part part, cl_err *err)
{
    cl_form_part *parts = realloc(request->parts, (request->part_count + 1) * sizeof *parts);

    if (parts)
        request->parts = parts;
    if (!parts || !part.name || (part.file && (!part.filename || !part.media_type)) || (!part.file && !part.text)) {
        free_part(&part);
        return cl_fail_nomem(err);
    }
    request->parts[request->part_count++] = part;
    return CLAUDE_OK;
}

static claude_code_t check_form(const claude_request_t *request, const char *field, cl_err *err)
{
    if (request->endpoint->body != CL_BODY_MULTIPART)
        return cl_fail(err, CLAUDE_E_INVALID, "%.64s: %s does not take a form", field, request->endpoint->name);
    return cl_request_check_text("name of a form field", cl_str_of(field), false, err);
}

static claude_code_t add_file(claude_request_t *request, const char *field, claude_file_t *file, const char *filename,
                              const char *media_type, cl_err *err)
{
    const char *name = filename ? filename : file->name[0] ? file->name : "file";
    const char *type = media_type ? media_type : file->media_type;
    claude_code_t rc = check_form(request, field, err);

    if (rc >= 0)
        rc = cl_request_check_text("file name", cl_str_of(name), false, err);
    if (rc >= 0)
        rc = cl_header_check(CL_STR("content-type"), cl_str_of(type), err);
    if (rc < 0)
        return rc;
    return add_part(
        request,
        (cl_form_part){
            .name = strdup(field), .filename = strdup(name), .media_type = strdup(type), .file = cl_file_ref(file)},
        err);
}

claude_code_t cl_request_add_file(claude_request_t *request, const char *field, claude_file_t *file,
                                  const char *filename, const char *media_type, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    add_file(request, field, file, filename, media_type, &mine);
    return cl_request_finish(request, &mine, err);
}

claude_code_t cl_request_add_form_field(claude_request_t *request, const char *name, cl_str text, cl_err *err)
{
    cl_err mine;

    cl_err_init(&mine);
    if (check_form(request, name, &mine) >= 0) {
        char *copy = malloc(text.len + 1);
        if (copy && text.len > 0)
            memcpy(copy, text.ptr, text.len);
        add_part(request, (cl_form_part){.name = strdup(name), .text = copy, .text_len = text.len}, &mine);
    }
    return cl_request_finish(request, &mine, err);
}

static claude_code_t copy_parts(const claude_request_t *from, claude_request_t *to, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; i < from->part_count && rc >= 0; i++) {
        const cl_form_part *part = &from->parts[i];
        if (part->file)
            rc = cl_request_add_file(to, part->name, part->file, part->filename, part->media_type, err);
        else
            rc = cl_request_add_form_field(to, part->name, cl_str_n(part->text, part->text_len), err);
    }
    return rc;
}

/* ---- all of it ---- */

void cl_request_params_free(claude_request_t *request)
{
    cl_pairs_free(&request->path);
    cl_pairs_free(&request->query);
    free(request->url);
    cl_buf_free(&request->betas);
    cl_files_free(&request->files);
    for (size_t i = 0; i < request->part_count; i++)
        free_part(&request->parts[i]);
    free(request->parts);
}

claude_code_t cl_request_params_copy(const claude_request_t *from, claude_request_t *to, cl_err *err)
{
    claude_code_t rc = cl_pairs_copy(&from->path, &to->path, err);

    if (rc >= 0)
        rc = cl_pairs_copy(&from->query, &to->query, err);
    if (rc >= 0 && from->url)
        rc = cl_request_set_url(to, from->url, err);
    if (rc >= 0 && from->betas.len > 0)
        rc = cl_request_add_beta(to, from->betas.ptr, err);
    if (rc >= 0)
        rc = cl_files_add_all(&to->files, &from->files, err);
    return rc < 0 ? rc : copy_parts(from, to, err);
}
