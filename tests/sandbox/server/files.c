/* Files: what is uploaded can be listed, read and deleted again. */
#include "handlers.h"

#include <stdlib.h>
#include <string.h>

enum {
    MIN_EXPIRES_S = 3600,
    MAX_EXPIRES_S = 7776000,
    MAX_FILENAME = 500,
};

static const char downloadable_header[] = "x-sandbox-downloadable";

static bool check_file(struct call *call, const struct form_part *file)
{
    if (file == NULL || file->filename == NULL)
        return invalid(call, "file: Field required");
    if (file->filename[0] == '\0' || strlen(file->filename) > MAX_FILENAME ||
        strpbrk(file->filename, "<>:\"|?*\\/\r\n\t") != NULL || !utf8_valid(file->filename, strlen(file->filename)))
        return invalid(call, "file: filename must have 1 to 500 characters, none of < > : \" | ? * \\ /");
    return true;
}

/* Reads expires_in_seconds; 0 where it is not there. */
static bool read_expiry(struct call *call, const struct form *form, int64_t *seconds)
{
    const struct form_part *part = form_find(form, "expires_in_seconds");
    char *text;
    char *end;
    bool ok;

    *seconds = 0;
    if (part == NULL)
        return true;
    text = xstrndup(part->content.data, part->content.len);
    *seconds = strtoll(text, &end, 10);
    ok = end != text && *end == '\0' && *seconds >= MIN_EXPIRES_S && *seconds <= MAX_EXPIRES_S;
    free(text);
    return ok || invalid(call, "expires_in_seconds: Input should be 3600 to 7776000");
}

static void show(struct call *call, struct item *item, const struct form_part *file, int64_t expires)
{
    struct json_object *shown = item->shown = json_object_new_object();
    bool downloadable = !slice_is(http_header(call->request, downloadable_header), "false");

    json_object_object_add(shown, "id", json_object_new_string(item->id));
    json_object_object_add(shown, "type", json_object_new_string("file"));
    json_object_object_add(shown, "filename", json_object_new_string(file->filename));
    json_object_object_add(shown, "mime_type", json_object_new_string(item->type));
    json_object_object_add(shown, "size_bytes", json_object_new_int64((int64_t)file->content.len));
    json_object_object_add(shown, "created_at", json_object_new_string(time_text(0)));
    json_object_object_add(shown, "downloadable", json_object_new_boolean(downloadable));
    json_object_object_add(shown, "expires_at", expires > 0 ? json_object_new_string(time_text(expires)) : NULL);
}

static struct step *keep(struct call *call, const struct form_part *file, int64_t expires)
{
    struct item *item = store_add(call->store, &call->store->files, "file_");
    struct buf content = {0};

    item->type = xstrdup(file->type != NULL ? file->type : "application/octet-stream");
    show(call, item, file, expires);
    buf_add(&content, file->content.data, file->content.len);
    if (store_fill(call->store, item, &content))
        return answer_item(item);
    buf_free(&content);
    store_remove(call->store, &call->store->files, item);
    return refuse(call, 413, "request_too_large", "The sandbox keeps no more than 512 MiB");
}

struct step *files_upload(struct call *call)
{
    const struct form_part *file;
    struct form form;
    struct step *step;
    int64_t expires;

    if (!read_form(call, &form))
        return call->refusal;
    file = form_find(&form, "file");
    if (check_file(call, file) && read_expiry(call, &form, &expires))
        step = keep(call, file, expires);
    else
        step = call->refusal;
    form_free(&form);
    return step;
}

struct step *files_list(struct call *call)
{
    struct list list = list_items(call->store->files);

    return answer_cursor(call, &list, CURSOR_PLAIN, 0);
}

static struct item *the_file(struct call *call)
{
    struct item *item = store_find(call->store->files, call->id[0]);

    if (item == NULL)
        not_found(call);
    return item;
}

struct step *files_retrieve(struct call *call)
{
    struct item *item = the_file(call);

    return item != NULL ? answer_item(item) : call->refusal;
}

struct step *files_download(struct call *call)
{
    struct item *item = the_file(call);
    struct buf text = {0};
    struct step *step;

    if (item == NULL)
        return call->refusal;
    if (!json_object_get_boolean(member(item->shown, "downloadable"))) {
        error_envelope(&text, "invalid_request_error", "The file cannot be downloaded",
                       "{\"error_code\":\"file_not_downloadable\"}", call->request_id);
        step = step_text(400, "application/json", &text);
        buf_free(&text);
        return step;
    }
    step = step_text(200, "application/octet-stream", &item->content);
    if (strpbrk(item->type, "\r\n") == NULL)
        fields_add(&step->headers, "content-type", item->type);
    return step;
}

struct step *files_delete(struct call *call)
{
    struct item *item = the_file(call);
    struct buf out = {0};

    if (item == NULL)
        return call->refusal;
    buf_printf(&out, "{\"id\":\"%s\",\"type\":\"file_deleted\"}", item->id);
    store_remove(call->store, &call->store->files, item);
    return answer_json(&out);
}
