#include <stdlib.h>

#include "message/message.h"
#include "reliability/report.h"

enum {
    FEW_STRINGS = 16,     /* are decoded one by one, */
    LARGE_BODY = 4 * 1024 /* of a body from here on */
};

/* The text of all text blocks, made when first asked for. */
typedef struct joined_text {
    size_t len;
    char bytes[];
} joined_text;

/* One of the first strings that were asked for. */
typedef struct lent_string lent_string;
struct lent_string {
    lent_string *next;
    size_t count; /* of the list from here on */
    const char *raw;
    size_t len;
    char bytes[];
};

/*
 * Immutable but for caches that any thread may fill. Numbers, types and slices are read out of the body, in which an
 * index finds them; strings out of a copy of the body in which all strings have been decoded in their places, or out of
 * copies of the few strings of a large body that are asked for.
 */
struct claude_response {
    cl_handle handle;
    int32_t status;
    cl_headers headers;
    char *body; /* NUL-terminated, or NULL */
    size_t len;
    cl_json root; /* type 0: not JSON */
    _Atomic(cl_json_index *) index;
    _Atomic(char *) decoded;
    _Atomic(lent_string *) strings;
    _Atomic(joined_text *) text;
    claude_report_t *report; /* NULL: of no call */
};

claude_code_t cl_response_new(int32_t status, cl_headers *headers, char *body, size_t len, bool validated,
                              claude_response_t **out, cl_err *err)
{
    claude_response_t *response = calloc(1, sizeof *response);

    if (!response) {
        cl_headers_free(headers);
        free(body);
        return cl_fail_nomem(err);
    }
    cl_handle_init(&response->handle, CL_MAGIC_RESPONSE);
    response->status = status;
    response->headers = *headers;
    *headers = (cl_headers){NULL, 0, 0};
    response->body = body;
    response->len = body ? len : 0;
    if (body && validated)
        response->root = cl_json_root(cl_str_n(body, len));
    atomic_init(&response->index, NULL);
    atomic_init(&response->decoded, NULL);
    atomic_init(&response->strings, NULL);
    atomic_init(&response->text, NULL);
    *out = response;
    return CLAUDE_OK;
}

claude_code_t cl_response_parse(cl_str json, uint32_t max_depth, claude_response_t **out, cl_err *err)
{
    cl_headers none = {NULL, 0, 0};
    cl_json root;
    char *copy;
    claude_code_t rc = cl_json_validate(json, max_depth, &root, err);

    if (rc < 0)
        return rc;
    copy = malloc(json.len + 1);
    if (!copy)
        return cl_fail_nomem(err);
    memcpy(copy, json.ptr, json.len);
    copy[json.len] = '\0';
    return cl_response_new(0, &none, copy, json.len, true, out, err);
}

claude_response_t *cl_response_ref(claude_response_t *response)
{
    if (response)
        cl_handle_ref(&response->handle);
    return response;
}

static void free_strings(lent_string *strings)
{
    while (strings) {
        lent_string *next = strings->next;
        free(strings);
        strings = next;
    }
}

void cl_response_unref(claude_response_t *response)
{
    if (!response || !cl_handle_unref(&response->handle))
        return;
    cl_headers_free(&response->headers);
    free(response->body);
    cl_json_index_free(atomic_load_explicit(&response->index, memory_order_relaxed));
    free(atomic_load_explicit(&response->decoded, memory_order_relaxed));
    free_strings(atomic_load_explicit(&response->strings, memory_order_relaxed));
    free(atomic_load_explicit(&response->text, memory_order_relaxed));
    cl_report_unref(response->report);
    free(response);
}

void cl_response_set_report(claude_response_t *response, claude_report_t *report)
{
    claude_report_t *old = response->report;

    response->report = cl_report_ref(report);
    cl_report_unref(old);
}

claude_report_t *cl_response_report(const claude_response_t *response)
{
    return response->report;
}

/* ---- status, headers, body ---- */

int32_t cl_response_status(const claude_response_t *response)
{
    return response->status;
}

const cl_headers *cl_response_headers(const claude_response_t *response)
{
    return &response->headers;
}

cl_str cl_response_body(const claude_response_t *response)
{
    return response->body ? cl_str_n(response->body, response->len) : CL_STR("");
}

cl_json cl_response_root(const claude_response_t *response)
{
    return response->root;
}

const char *cl_response_header(const claude_response_t *response, const char *name)
{
    const cl_header *header = cl_headers_find(&response->headers, cl_str_of(name));

    return header ? header->value : NULL;
}

const char *cl_response_request_id(const claude_response_t *response)
{
    return cl_response_header(response, "request-id");
}

/* ---- values by pointer ---- */

cl_json cl_response_at(const claude_response_t *response, const char *pointer)
{
    claude_response_t *cache = (claude_response_t *)response;

    return cl_json_index_at(&cache->index, response->root, cl_str_of(pointer));
}

int32_t cl_response_type(const claude_response_t *response, const char *pointer)
{
    return cl_response_at(response, pointer).type;
}

size_t cl_response_count(const claude_response_t *response, const char *pointer)
{
    claude_response_t *cache = (claude_response_t *)response;

    return cl_json_index_count(&cache->index, response->root, cl_str_of(pointer));
}

int64_t cl_response_int(const claude_response_t *response, const char *pointer, int64_t fallback)
{
    int64_t value;

    return cl_json_to_int(cl_response_at(response, pointer), &value) ? value : fallback;
}

double cl_response_double(const claude_response_t *response, const char *pointer, double fallback)
{
    double value;

    return cl_json_to_double(cl_response_at(response, pointer), &value) ? value : fallback;
}

int32_t cl_response_bool(const claude_response_t *response, const char *pointer, int32_t fallback)
{
    cl_json value = cl_response_at(response, pointer);

    return value.type == CLAUDE_JSON_BOOLEAN ? value.ptr[0] == 't' : fallback;
}

int64_t cl_response_usage(const claude_response_t *response, const char *counter)
{
    cl_json value = cl_response_at(response, "/usage");
    cl_str rest = cl_str_of(counter);
    int64_t count;

    /* Counters are pointers without the first slash. */
    while (value.type != CLAUDE_JSON_NONE) {
        const char *slash = rest.len > 0 ? memchr(rest.ptr, '/', rest.len) : NULL;
        size_t len = slash ? (size_t)(slash - rest.ptr) : rest.len;
        value = cl_json_child(value, cl_str_n(rest.ptr, len));
        if (!slash)
            break;
        rest = cl_str_n(slash + 1, rest.len - len - 1);
    }
    return cl_json_to_int(value, &count) && count >= 0 ? count : -1;
}

/* ---- strings ---- */

static const char *decoded(const claude_response_t *response)
{
    claude_response_t *cache = (claude_response_t *)response;
    char *have = atomic_load_explicit(&cache->decoded, memory_order_acquire);
    char *fresh;

    if (have)
        return have;
    fresh = malloc(response->len + 1);
    if (!fresh)
        return NULL;
    cl_json_decode_all(cl_str_n(response->body, response->len), fresh);
    if (atomic_compare_exchange_strong_explicit(&cache->decoded, &have, fresh, memory_order_acq_rel,
                                                memory_order_acquire))
        return fresh;
    free(fresh);
    return have;
}

static const lent_string *find_string(const lent_string *strings, const char *raw)
{
    while (strings && strings->raw != raw)
        strings = strings->next;
    return strings;
}

/* The copy of a string, made if there are few; else NULL. */
static const lent_string *lend(const claude_response_t *response, cl_json value)
{
    claude_response_t *cache = (claude_response_t *)response;
    lent_string *have = atomic_load_explicit(&cache->strings, memory_order_acquire);
    const lent_string *found = find_string(have, value.ptr);
    lent_string *fresh;

    if (found || response->len < LARGE_BODY || (have && have->count >= FEW_STRINGS))
        return found;
    fresh = malloc(sizeof *fresh + value.len);
    if (!fresh)
        return NULL;
    fresh->raw = value.ptr;
    fresh->len = cl_json_decode_into(cl_str_n(value.ptr + 1, value.len - 2), fresh->bytes);
    fresh->bytes[fresh->len] = '\0';
    do {
        found = find_string(have, value.ptr);
        if (found) {
            free(fresh);
            return found;
        }
        fresh->next = have;
        fresh->count = have ? have->count + 1 : 1;
    } while (!atomic_compare_exchange_weak_explicit(&cache->strings, &have, fresh, memory_order_acq_rel,
                                                    memory_order_acquire));
    return fresh;
}

static const char *string_of(const claude_response_t *response, cl_json value, size_t *len)
{
    const lent_string *lent;
    const char *copy;

    if (value.type != CLAUDE_JSON_STRING)
        return NULL;
    lent = lend(response, value);
    copy = lent ? NULL : decoded(response);
    if (!lent && !copy)
        return NULL;
    if (len)
        *len = lent ? lent->len : cl_json_decoded_len(value);
    return lent ? lent->bytes : copy + (value.ptr - response->body) + 1;
}

const char *cl_response_string(const claude_response_t *response, const char *pointer, size_t *len)
{
    return string_of(response, cl_response_at(response, pointer), len);
}

const char *cl_response_stop_reason(const claude_response_t *response)
{
    return cl_response_string(response, "/stop_reason", NULL);
}

const char *cl_response_model(const claude_response_t *response)
{
    return cl_response_string(response, "/model", NULL);
}

const char *cl_response_id(const claude_response_t *response)
{
    return cl_response_string(response, "/id", NULL);
}

/* The next text block's text. */
static bool next_text(cl_json_iter *blocks, cl_json *text)
{
    static const char *const names[] = {"type", "text"};
    cl_json block;
    cl_json values[2];

    while (cl_json_next(blocks, NULL, &block)) {
        cl_json_members(block, names, 2, values);
        *text = values[1];
        if (text->type == CLAUDE_JSON_STRING && cl_json_string_is(values[0], CL_STR("text")))
            return true;
    }
    return false;
}

static joined_text *join_text(cl_json content)
{
    cl_json_iter blocks = cl_json_iter_of(content);
    size_t room = 0;
    joined_text *joined;
    cl_json text;

    while (next_text(&blocks, &text))
        room += text.len;
    joined = malloc(sizeof *joined + room + 1);
    if (!joined)
        return NULL;
    joined->len = 0;
    blocks = cl_json_iter_of(content);
    while (next_text(&blocks, &text))
        joined->len += cl_json_decode_into(cl_str_n(text.ptr + 1, text.len - 2), joined->bytes + joined->len);
    joined->bytes[joined->len] = '\0';
    return joined;
}

const char *cl_response_text(const claude_response_t *response, size_t *len)
{
    claude_response_t *cache = (claude_response_t *)response;
    joined_text *have = atomic_load_explicit(&cache->text, memory_order_acquire);
    joined_text *fresh = NULL;

    if (!have) {
        cl_json content = cl_response_at(response, "/content");
        fresh = join_text(content.type == CLAUDE_JSON_ARRAY ? content : (cl_json){NULL, 0, CLAUDE_JSON_NONE});
        if (!fresh)
            return NULL;
        if (atomic_compare_exchange_strong_explicit(&cache->text, &have, fresh, memory_order_acq_rel,
                                                    memory_order_acquire))
            have = fresh;
        else
            free(fresh);
    }
    if (len)
        *len = have->len;
    return have->bytes;
}
