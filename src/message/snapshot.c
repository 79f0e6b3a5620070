/* snapshot.c - what a request is at the moment when it is sent. */
#include <stdio.h>
#include <stdlib.h>

#include "base/grow.h"
#include "message/request.h"
#include "message/write.h"

enum {
    FLATTEN_BELOW = 64 * 1024, /* bodies below this are copied when something must be put into them: one packet */
    TARGET_MAX = 16384,
    FORM_TEXT_MAX = 64 << 20,
};

/* ---- what must be there ---- */

static claude_code_t missing(const char *field, const char *setter, cl_err *err)
{
    return cl_fail(err, CLAUDE_E_INVALID, "%s is missing; set it with %s() or in the JSON body", field, setter);
}

static bool is_empty_array(cl_json value)
{
    cl_json_iter iter = cl_json_iter_of(value);
    cl_json first;

    return !cl_json_next(&iter, NULL, &first);
}

static bool is_endpoint(const claude_request_t *request, const char *name)
{
    return strcmp(request->endpoint->name, name) == 0;
}

static claude_code_t check_model(const claude_request_t *request, cl_err *err)
{
    cl_json model = cl_draft_field(&request->draft, CL_FIELD_MODEL);

    if (model.type == CLAUDE_JSON_NONE)
        return missing("model", "claude_request_set_model", err);
    if (model.type != CLAUDE_JSON_STRING || model.len == 2)
        return cl_fail(err, CLAUDE_E_INVALID, "model must be a string that is not empty");
    return CLAUDE_OK;
}

static claude_code_t check_messages(const claude_request_t *request, cl_err *err)
{
    cl_json messages = cl_draft_field(&request->draft, CL_FIELD_MESSAGES);

    if (messages.type == CLAUDE_JSON_NONE)
        return missing("messages", "claude_request_add_user_text", err);
    if (messages.type != CLAUDE_JSON_ARRAY || is_empty_array(messages))
        return cl_fail(err, CLAUDE_E_INVALID, "messages must be an array of at least one message");
    return CLAUDE_OK;
}

static claude_code_t check_required(const claude_request_t *request, cl_err *err)
{
    cl_json max_tokens = cl_draft_field(&request->draft, CL_FIELD_MAX_TOKENS);
    bool create = request->endpoint->answer == CL_ANSWER_MESSAGE;
    int64_t number;

    if (!create && !is_endpoint(request, "messages.count_tokens"))
        return CLAUDE_OK;
    if (check_model(request, err) < 0)
        return CLAUDE_E_INVALID;
    if (max_tokens.type == CLAUDE_JSON_NONE && create)
        return missing("max_tokens", "claude_request_set_max_tokens", err);
    if (max_tokens.type != CLAUDE_JSON_NONE && (!cl_json_to_int(max_tokens, &number) || number < 0))
        return cl_fail(err, CLAUDE_E_INVALID, "max_tokens must be an integer of 0 or more");
    return check_messages(request, err);
}

/* ---- streams ---- */

/* Of endpoints that leave no choice. */
static claude_code_t check_fixed(const claude_request_t *request, bool force, bool *stream, cl_err *err)
{
    int answer = request->endpoint->answer;

    if (force && answer == CL_ANSWER_JSON)
        return cl_fail(err, CLAUDE_E_INVALID, "stream: %s does not stream; start it without CLAUDE_STREAM",
                       request->endpoint->name);
    *stream = force || answer == CL_ANSWER_EVENTS;
    return CLAUDE_OK;
}

/* Decides whether the call streams, and whether the body must be told. */
static claude_code_t check_stream(const claude_request_t *request, bool force, bool *stream, bool *splice, cl_err *err)
{
    cl_json value = cl_draft_field(&request->draft, CL_FIELD_STREAM);
    bool says_true = value.type == CLAUDE_JSON_BOOLEAN && value.ptr[0] == 't';

    *splice = false;
    *stream = false;
    if (!cl_request_streams(request))
        return check_fixed(request, force, stream, err);
    if (value.type != CLAUDE_JSON_NONE && value.type != CLAUDE_JSON_BOOLEAN)
        return cl_fail(err, CLAUDE_E_INVALID, "stream must be true or false");
    if (force && value.type != CLAUDE_JSON_NONE && !says_true)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "stream is false in the body, but a stream was asked for; remove it from the body");
    *splice = force && value.type == CLAUDE_JSON_NONE;
    *stream = force || says_true;
    return CLAUDE_OK;
}

/* ---- bodies of JSON ---- */

/* A copy of the blob with the text at `at`. */
static cl_blob *flatten(const cl_blob *blob, size_t at, cl_str text)
{
    cl_blob *flat = cl_blob_alloc(blob->len + text.len);

    if (!flat)
        return NULL;
    memcpy(flat->bytes, blob->bytes, at);
    memcpy(flat->bytes + at, text.ptr, text.len);
    memcpy(flat->bytes + at + text.len, blob->bytes + at, blob->len - at);
    return flat;
}

static bool is_empty_object(const cl_blob *blob, size_t brace)
{
    for (size_t i = brace + 1; i < blob->len; i++) {
        char c = blob->bytes[i];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return c == '}';
    }
    return true;
}

/* The text to be put right behind the opening brace. */
static cl_str stream_member(const cl_blob *blob, size_t brace)
{
    return is_empty_object(blob, brace) ? CL_STR("\"stream\":true") : CL_STR("\"stream\":true,");
}

typedef struct piece_list {
    cl_piece *items;
    size_t count;
    size_t cap;
} piece_list;

static bool add_piece(piece_list *list, cl_piece piece)
{
    cl_piece *items = cl_grow(list->items, list->count, &list->cap, sizeof *items);

    if (!items)
        return false;
    list->items = items;
    list->items[list->count++] = piece;
    return true;
}

static bool add_slice(piece_list *list, const cl_blob *blob, size_t from, size_t to)
{
    return from == to || add_piece(list, (cl_piece){.text = cl_str_n(blob->bytes + from, to - from)});
}

/* Takes over the blob, and frees the list. */
static claude_code_t finish(piece_list *list, bool ok, cl_blob *blob, cl_body *out, cl_err *err)
{
    claude_code_t rc;

    if (ok) {
        rc = cl_body_of_pieces(blob, list->items, list->count, out, err);
    } else {
        cl_blob_unref(blob);
        rc = cl_fail_nomem(err);
    }
    free(list->items);
    return rc;
}

/* Cuts the body where files belong. Takes over the blob. */
static claude_code_t with_files(const claude_request_t *request, cl_blob *blob, size_t brace, bool splice, cl_body *out,
                                cl_err *err)
{
    piece_list list = {NULL, 0, 0};
    claude_file_t *file = NULL;
    size_t at = splice ? brace + 1 : 0;
    bool ok = true;

    if (splice)
        ok = add_slice(&list, blob, 0, at) && add_piece(&list, (cl_piece){.text = stream_member(blob, brace)});
    while (ok && at < blob->len) {
        size_t token = cl_files_next(&request->files, cl_str_n(blob->bytes, blob->len), at, &file);
        size_t quote = token < blob->len && file->lines ? 1 : 0; /* lines take the place of the string itself */
        ok = add_slice(&list, blob, at, token - quote);
        at = token;
        if (!ok || at == blob->len)
            continue;
        ok = add_piece(&list, (cl_piece){.file = file, .base64 = !file->lines});
        at += CL_FILE_TOKEN_LEN + quote;
    }
    return finish(&list, ok, blob, out, err);
}

static claude_code_t json_body(const claude_request_t *request, bool splice, cl_body *out, cl_err *err)
{
    size_t brace;
    cl_blob *blob = cl_draft_blob(&request->draft, &brace);

    if (request->files.count > 0)
        return with_files(request, blob, brace, splice, out, err);
    if (splice && blob->len < FLATTEN_BELOW) {
        cl_blob *flat = flatten(blob, brace + 1, stream_member(blob, brace));
        cl_blob_unref(blob);
        if (!flat)
            return cl_fail_nomem(err);
        blob = flat;
        splice = false;
    }
    *out = cl_body_of(blob);
    if (splice)
        cl_body_splice(out, brace + 1, stream_member(blob, brace));
    return CLAUDE_OK;
}

/* ---- forms (RFC 7578) ---- */

/* A quote or a line end in a name would end it: those are written as browsers do. A backslash would hide what follows.
 */
static void put_quoted(cl_writer *w, const char *name)
{
    static const char digits[] = "0123456789ABCDEF";

    cl_put(w, "\"");
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        char code[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (c == '"' || c < 0x20 || c == 0x7f)
            cl_put_str(w, cl_str_n(code, sizeof code));
        else if (c == '\\')
            cl_put(w, "\\\\");
        else
            cl_put_str(w, cl_str_n(name, 1));
    }
    cl_put(w, "\"");
}

/* Everything up to the part's content, or with it where it is a field. */
static void put_part(cl_writer *w, const cl_form_part *part, const char *boundary, bool first)
{
    cl_put(w, first ? "--" : "\r\n--");
    cl_put(w, boundary);
    cl_put(w, "\r\nContent-Disposition: form-data; name=");
    put_quoted(w, part->name);
    if (part->file) {
        cl_put(w, "; filename=");
        put_quoted(w, part->filename);
        cl_put(w, "\r\nContent-Type: ");
        cl_put(w, part->media_type);
    }
    cl_put(w, "\r\n\r\n");
    if (!part->file)
        cl_put_str(w, cl_str_n(part->text, part->text_len));
}

/* Cuts the text behind each file part's head, and puts the files there. Takes over the text. */
static claude_code_t form_of(const claude_request_t *request, cl_buf *text, const size_t *cuts, cl_body *out,
                             cl_err *err)
{
    cl_blob *blob = cl_blob_new(cl_buf_str(text));
    piece_list list = {NULL, 0, 0};
    size_t at = 0;
    bool ok = blob != NULL;

    for (size_t i = 0; i < request->part_count && ok; i++) {
        if (!request->parts[i].file)
            continue;
        ok = add_slice(&list, blob, at, cuts[i]) && add_piece(&list, (cl_piece){.file = request->parts[i].file});
        at = cuts[i];
    }
    ok = ok && add_slice(&list, blob, at, blob->len);
    return finish(&list, ok, blob, out, err);
}

static claude_code_t form_body(const claude_request_t *request, cl_snapshot *out, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(FORM_TEXT_MAX);
    char boundary[CL_UNIQUE_LEN + 1]; /* no file contains it */
    size_t *cuts = NULL;
    cl_writer w = {&text, CL_BUF_OK};
    claude_code_t rc = CLAUDE_OK;

    if (request->part_count == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "%s needs a form; add to it with claude_request_add_file()",
                       request->endpoint->name);
    if (!cl_unique_text(boundary))
        return cl_fail(err, CLAUDE_E_IO, "the system gives no random numbers");
    cuts = calloc(request->part_count, sizeof *cuts);
    if (!cuts || asprintf(&out->form_type, "multipart/form-data; boundary=%s", boundary) < 0) {
        out->form_type = NULL;
        rc = cl_fail_nomem(err);
    }
    if (rc < 0)
        goto out;
    for (size_t i = 0; i < request->part_count; i++) {
        put_part(&w, &request->parts[i], boundary, i == 0);
        cuts[i] = text.len;
    }
    cl_put(&w, "\r\n--");
    cl_put(&w, boundary);
    cl_put(&w, "--\r\n");
    rc = w.rc == CL_BUF_OK ? form_of(request, &text, cuts, &out->body, err) : cl_fail_buf(err, w.rc, "the form");
out:
    cl_buf_free(&text);
    free(cuts);
    return rc;
}

/* ---- all of it ---- */

static claude_code_t make_body(const claude_request_t *request, bool splice, cl_snapshot *out, cl_err *err)
{
    switch (request->endpoint->body) {
    case CL_BODY_JSON:
        /* Many endpoints want no body: nothing set is nothing sent. */
        if (cl_draft_is_empty(&request->draft) && !splice)
            return CLAUDE_OK;
        return json_body(request, splice, &out->body, err);
    case CL_BODY_MULTIPART:
        return form_body(request, out, err);
    default:
        return CLAUDE_OK;
    }
}

/* Most requests have neither parameters nor beta names, and share the endpoint's texts. */
static claude_code_t make_target(const claude_request_t *request, cl_snapshot *out, cl_err *err)
{
    cl_buf target = CL_BUF_INIT(TARGET_MAX);
    claude_code_t rc;

    out->target = request->endpoint->path;
    if (request->betas.len > 0 && !(out->betas = strdup(request->betas.ptr)))
        return cl_fail_nomem(err);
    if (!request->url && request->query.count == 0 && !strchr(request->endpoint->path, '{'))
        return CLAUDE_OK;
    rc = cl_request_target(request, &target, err);
    if (rc >= 0 && !(out->own_target = cl_buf_steal(&target, NULL)))
        rc = cl_fail_nomem(err);
    cl_buf_free(&target);
    if (rc < 0)
        return rc;
    out->target = out->own_target;
    out->is_url = request->url != NULL;
    return CLAUDE_OK;
}

claude_code_t cl_request_snapshot(const claude_request_t *request, bool force_stream, cl_snapshot *out, cl_err *err)
{
    cl_snapshot snapshot = {.endpoint = request->endpoint};
    bool splice;
    claude_code_t rc;

    if (request->error.code != CLAUDE_OK) {
        if (err && err->code == CLAUDE_OK)
            cl_err_copy(err, &request->error, NULL);
        return request->error.code;
    }
    rc = check_stream(request, force_stream, &snapshot.stream, &splice, err);
    if (rc >= 0 && snapshot.stream && !CL_FEATURE_STREAMING)
        rc = cl_fail_left_out(err, "streaming");
    if (rc >= 0)
        rc = check_required(request, err);
    if (rc >= 0)
        rc = make_body(request, splice, &snapshot, err);
    if (rc >= 0)
        rc = make_target(request, &snapshot, err);
    if (rc >= 0)
        rc = cl_headers_pack(&request->headers, &snapshot.headers, err);
    snapshot.options = cl_options_share(request->options);
    if (rc < 0) {
        cl_snapshot_free(&snapshot);
        return rc;
    }
    snapshot.on_event = cl_hook_ref(request->on_event);
    *out = snapshot;
    return CLAUDE_OK;
}

/* A copy of the draft's text is longer before the model, by what was put in. */
void cl_snapshot_find_model(const claude_request_t *request, cl_snapshot *snapshot)
{
    cl_json model = cl_draft_field(&request->draft, CL_FIELD_MODEL);
    size_t brace;
    cl_blob *draft;
    size_t at;

    if (model.type != CLAUDE_JSON_STRING || !snapshot->body.blob)
        return;
    draft = cl_draft_blob(&request->draft, &brace);
    at = (size_t)(model.ptr - draft->bytes) + (snapshot->body.blob->len - draft->len);
    cl_blob_unref(draft);
    snapshot->model = cl_str_n(snapshot->body.blob->bytes + at, model.len);
}

void cl_snapshot_free(cl_snapshot *snapshot)
{
    cl_body_free(&snapshot->body);
    cl_headers_free(&snapshot->headers);
    cl_options_free(snapshot->options);
    cl_hook_unref(snapshot->on_event);
    free(snapshot->own_target);
    free(snapshot->form_type);
    free(snapshot->betas);
    *snapshot = (cl_snapshot){.endpoint = NULL};
}
