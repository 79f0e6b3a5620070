/* Message batches. A batch ends when it has been retrieved often enough; its results stand ready from the beginning. */
#include "handlers.h"

#include <string.h>

enum {
    MAX_REQUESTS = 100000,
    MAX_ID = 64,
    RETRIEVES = 2, /* it ends with this one, unless the header says otherwise */
    DAY_S = 24 * 3600,
};

static const char retrieves_header[] = "x-sandbox-batch-retrieves";

/* What becomes of a request is in the beginning of its custom_id. */
static const struct {
    const char *prefix;
    const char *outcome;
} outcomes[] = {{"errored-", "errored"}, {"canceled-", "canceled"}, {"expired-", "expired"}};

static bool invalid_at(struct call *call, size_t index, const char *problem)
{
    struct buf text = {0};

    buf_printf(&text, "requests.%zu.%s", index, problem);
    invalid(call, text.data);
    buf_free(&text);
    return false;
}

static bool id_ok(struct slice id)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    return id.len > 0 && id.len <= MAX_ID && strspn(id.data, allowed) >= id.len;
}

static bool check_requests(struct call *call, struct json_object *requests)
{
    size_t count = json_object_is_type(requests, json_type_array) ? json_object_array_length(requests) : 0;
    struct json_object *seen;
    bool ok = true;

    if (requests == NULL)
        return invalid(call, "requests: Field required");
    if (count == 0 || count > MAX_REQUESTS)
        return invalid(call, "requests: List should have 1 to 100000 items");
    seen = json_object_new_object();
    for (size_t i = 0; i < count && ok; i++) {
        struct json_object *request = json_object_array_get_idx(requests, i);
        struct json_object *id = member(request, "custom_id");

        if (!json_object_is_type(id, json_type_string) || !id_ok(text_of(id)))
            ok = invalid_at(call, i, "custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'");
        else if (json_object_object_get_ex(seen, json_object_get_string(id), NULL))
            ok = invalid_at(call, i, "custom_id: custom_ids must be unique within a batch");
        else if (!json_object_is_type(member(request, "params"), json_type_object))
            ok = invalid_at(call, i, "params: Field required");
        else
            json_object_object_add(seen, json_object_get_string(id), NULL);
    }
    json_object_put(seen);
    return ok;
}

/* ---- results ---- */

static void put_failure(struct buf *out, const struct call *call, const char *message)
{
    buf_str(out, "{\"type\":\"errored\",\"error\":");
    error_envelope(out, "invalid_request_error", message, NULL, call->request_id);
    buf_str(out, "}");
}

static void put_outcome(struct buf *out, struct call *call, struct json_object *request, const char *outcome)
{
    struct call one = {.request_id = call->request_id, .body = member(request, "params")};

    if (outcome != NULL && strcmp(outcome, "errored") != 0) {
        buf_printf(out, "{\"type\":\"%s\"}", outcome);
    } else if (outcome != NULL || !message_check(&one, true)) {
        put_failure(out, call, outcome != NULL ? "Asked for by the custom_id" : "params: Invalid request");
    } else {
        buf_str(out, "{\"type\":\"succeeded\",\"message\":");
        message_put(&one, out);
        buf_str(out, "}");
    }
    step_unref(one.refusal);
}

/* The last request first: nobody shall rely on an order. */
static void put_results(struct buf *out, struct call *call, struct json_object *requests)
{
    for (size_t i = json_object_array_length(requests); i-- > 0;) {
        struct json_object *request = json_object_array_get_idx(requests, i);
        const char *id = json_object_get_string(member(request, "custom_id"));
        const char *outcome = NULL;

        for (size_t j = 0; j < sizeof outcomes / sizeof outcomes[0]; j++) {
            if (strncmp(id, outcomes[j].prefix, strlen(outcomes[j].prefix)) == 0)
                outcome = outcomes[j].outcome;
        }
        buf_printf(out, "{\"custom_id\":\"%s\",\"result\":", id);
        put_outcome(out, call, request, outcome);
        buf_str(out, "}\n");
    }
}

static void put_names(struct buf *out, struct json_object *requests)
{
    for (size_t i = 0; i < json_object_array_length(requests); i++)
        buf_printf(out, "%s ", json_object_get_string(member(json_object_array_get_idx(requests, i), "custom_id")));
}

/* ---- what is shown ---- */

struct counts {
    size_t succeeded, errored, canceled, expired;
};

static void set_counts(struct json_object *batch, size_t processing, const struct counts *counts)
{
    struct json_object *shown = json_object_new_object();

    json_object_object_add(shown, "processing", json_object_new_int64((int64_t)processing));
    json_object_object_add(shown, "succeeded", json_object_new_int64((int64_t)counts->succeeded));
    json_object_object_add(shown, "errored", json_object_new_int64((int64_t)counts->errored));
    json_object_object_add(shown, "canceled", json_object_new_int64((int64_t)counts->canceled));
    json_object_object_add(shown, "expired", json_object_new_int64((int64_t)counts->expired));
    json_object_object_add(batch, "request_counts", shown);
}

static struct json_object *new_batch(const char *id, size_t count)
{
    static const struct counts none = {0};
    struct json_object *batch = json_object_new_object();

    set_text(batch, "id", id);
    set_text(batch, "type", "message_batch");
    set_text(batch, "processing_status", "in_progress");
    set_counts(batch, count, &none);
    set_text(batch, "created_at", time_text(0));
    set_text(batch, "expires_at", time_text(DAY_S));
    set_text(batch, "ended_at", NULL);
    set_text(batch, "archived_at", NULL);
    set_text(batch, "cancel_initiated_at", NULL);
    set_text(batch, "results_url", NULL);
    return batch;
}

static bool has_ended(const struct item *item)
{
    return strcmp(json_object_get_string(member(item->shown, "processing_status")), "ended") == 0;
}

static struct counts count_results(const struct item *item)
{
    struct counts counts = {0};
    struct slice rest = {item->content.data, item->content.len};
    static const char result[] = "\",\"result\":{\"type\":\"";

    while (rest.len > 0) {
        const char *end = memchr(rest.data, '\n', rest.len);
        const char *at = memmem(rest.data, (size_t)(end - rest.data), result, sizeof result - 1);
        char first = at[sizeof result - 1];

        counts.succeeded += first == 's';
        counts.canceled += first == 'c';
        counts.errored += first == 'e' && at[sizeof result] == 'r';
        counts.expired += first == 'e' && at[sizeof result] == 'x';
        rest.len -= (size_t)(end + 1 - rest.data);
        rest.data = end + 1;
    }
    return counts;
}

static void end_batch(const struct call *call, struct item *item)
{
    struct slice host = http_header(call->request, "host");
    struct counts counts = count_results(item);
    struct buf url = {0};

    buf_str(&url, "http://");
    buf_add(&url, host.data != NULL ? host.data : "", host.len);
    buf_printf(&url, "/v1/messages/batches/%s/results", item->id);
    set_text(item->shown, "processing_status", "ended");
    set_text(item->shown, "ended_at", time_text(0));
    set_text(item->shown, "results_url", url.data);
    set_counts(item->shown, 0, &counts);
    buf_free(&url);
}

static struct item *the_batch(struct call *call)
{
    struct item *item = store_find(call->store->batches, call->id[0]);

    if (item == NULL)
        not_found(call);
    return item;
}

/* ---- the endpoints ---- */

struct step *batches_create(struct call *call)
{
    struct json_object *requests;
    struct buf results = {0};
    struct item *item;

    if (!read_json(call))
        return call->refusal;
    requests = member(call->body, "requests");
    if (!check_requests(call, requests))
        return call->refusal;
    put_results(&results, call, requests);
    item = store_add(call->store, &call->store->batches, "msgbatch_");
    put_names(&item->names, requests);
    item->shown = new_batch(item->id, json_object_array_length(requests));
    item->retrieves = header_number(call, retrieves_header, RETRIEVES);
    if (!store_fill(call->store, item, &results)) {
        buf_free(&results);
        store_remove(call->store, &call->store->batches, item);
        return refuse(call, 413, "request_too_large", "The sandbox keeps no more than 512 MiB");
    }
    if (item->retrieves == 0)
        end_batch(call, item);
    return answer_item(item);
}

struct step *batches_list(struct call *call)
{
    struct list list = list_items(call->store->batches);

    return answer_page(call, &list);
}

struct step *batches_retrieve(struct call *call)
{
    struct item *item = the_batch(call);

    if (item == NULL)
        return call->refusal;
    if (!has_ended(item) && --item->retrieves == 0)
        end_batch(call, item);
    return answer_item(item);
}

/* Nothing has been done yet, so that all are canceled; the next retrieve finds the end. */
struct step *batches_cancel(struct call *call)
{
    struct item *item = the_batch(call);
    struct buf results = {0};

    if (item == NULL)
        return call->refusal;
    if (has_ended(item)) {
        invalid(call, "The batch has ended and cannot be canceled");
        return call->refusal;
    }
    for (const char *name = item->names.data; *name != '\0'; name += strcspn(name, " ") + 1)
        buf_printf(&results, "{\"custom_id\":\"%.*s\",\"result\":{\"type\":\"canceled\"}}\n", (int)strcspn(name, " "),
                   name);
    store_fill(call->store, item, &results);
    buf_free(&results);
    item->retrieves = 1;
    set_text(item->shown, "processing_status", "canceling");
    set_text(item->shown, "cancel_initiated_at", time_text(0));
    return answer_item(item);
}

struct step *batches_delete(struct call *call)
{
    struct item *item = the_batch(call);
    struct buf out = {0};

    if (item == NULL)
        return call->refusal;
    if (!has_ended(item)) {
        invalid(call, "The batch cannot be deleted before it has ended");
        return call->refusal;
    }
    buf_printf(&out, "{\"id\":\"%s\",\"type\":\"message_batch_deleted\"}", item->id);
    store_remove(call->store, &call->store->batches, item);
    return answer_json(&out);
}

struct step *batches_results(struct call *call)
{
    struct item *item = the_batch(call);
    struct step *step;

    if (item == NULL)
        return call->refusal;
    if (!has_ended(item)) {
        invalid(call, "The batch has no results before it has ended");
        return call->refusal;
    }
    step = step_text(200, "application/x-jsonl", &item->content);
    step->framing = FRAMING_CHUNKED;
    return step;
}
