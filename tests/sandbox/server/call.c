#include "call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { JSON_DEPTH = 512 };

struct step *refuse(struct call *call, int status, const char *type, const char *message)
{
    if (call->refusal == NULL)
        call->refusal = step_error(status, type, message, call->request_id);
    return call->refusal;
}

bool invalid(struct call *call, const char *message)
{
    refuse(call, 400, "invalid_request_error", message);
    return false;
}

struct step *not_found(struct call *call)
{
    return refuse(call, 404, "not_found_error", "Not found");
}

struct step *answer_json(struct buf *text)
{
    struct step *step = step_text(200, "application/json", text);

    buf_free(text);
    return step;
}

/* ---- reading the request ---- */

static bool decode_gzip(struct call *call)
{
    z_stream z = {0};
    int rc = inflateInit2(&z, 15 + 16);

    z.next_in = (unsigned char *)call->request->body.data;
    z.avail_in = (unsigned)call->request->body.len;
    while (rc == Z_OK && call->decoded.len <= call->max_body) {
        size_t room = 64 * 1024;

        z.next_out = (unsigned char *)buf_room(&call->decoded, room);
        z.avail_out = (unsigned)room;
        rc = inflate(&z, Z_NO_FLUSH);
        call->decoded.len += room - z.avail_out;
    }
    inflateEnd(&z);
    if (call->decoded.len > call->max_body) {
        refuse(call, 413, "request_too_large", "Request body is too large after decoding");
        return false;
    }
    return rc == Z_STREAM_END || invalid(call, "Request body is not valid gzip");
}

/* One for all requests: making one costs more than parsing a small body. */
static struct json_tokener *shared_tokener(void)
{
    static struct json_tokener *tokener;

    if (tokener == NULL) {
        tokener = json_tokener_new_ex(JSON_DEPTH);
        if (tokener != NULL)
            json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    }
    if (tokener != NULL)
        json_tokener_reset(tokener);
    return tokener;
}

/* The body, decoded; false after a refusal. */
static bool read_body(struct call *call, struct slice *text)
{
    struct slice encoding = http_header(call->request, "content-encoding");

    *text = (struct slice){call->request->body.data, call->request->body.len};
    if (call->request->body_length > call->max_body) {
        refuse(call, 413, "request_too_large", "Request exceeds the maximum size");
        return false;
    }
    if (encoding.len != 0 && !slice_is_nocase(encoding, "identity")) {
        if (!slice_is_nocase(encoding, "gzip"))
            return invalid(call, "Unsupported content-encoding");
        if (!decode_gzip(call))
            return false;
        *text = (struct slice){call->decoded.data, call->decoded.len};
    }
    return text->len > 0 || invalid(call, "The request body is empty");
}

bool read_json(struct call *call)
{
    struct json_tokener *tokener;
    struct slice text;

    if (!read_body(call, &text))
        return false;
    call->input_bytes = text.len;
    tokener = shared_tokener();
    if (tokener == NULL)
        return invalid(call, "The request body cannot be parsed");
    call->body = json_tokener_parse_ex(tokener, text.data, (int)text.len);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        json_object_put(call->body);
        call->body = NULL;
    }
    return json_object_is_type(call->body, json_type_object) ||
           invalid(call, "The request body is not a valid JSON object");
}

bool read_form(struct call *call, struct form *form)
{
    const char *why = NULL;
    struct slice text;

    *form = (struct form){0};
    if (!read_body(call, &text))
        return false;
    if (form_parse(form, http_header(call->request, "content-type"), text, &why))
        return true;
    form_free(form);
    return invalid(call, why);
}

struct json_object *member(struct json_object *object, const char *name)
{
    return json_object_is_type(object, json_type_object) ? json_object_object_get(object, name) : NULL;
}

struct slice text_of(struct json_object *string)
{
    return (struct slice){json_object_get_string(string), (size_t)json_object_get_string_len(string)};
}

void put_json(struct buf *out, struct json_object *value)
{
    size_t len;
    const char *text =
        json_object_to_json_string_length(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

    buf_add(out, text, len);
}

void set_text(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, text != NULL ? json_object_new_string(text) : NULL);
}

struct step *answer_item(const struct item *item)
{
    struct buf out = {0};

    put_json(&out, item->shown);
    return answer_json(&out);
}

static size_t number_of(struct slice text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len && text.data[i] >= '0' && text.data[i] <= '9' && n < SIZE_MAX / 20; i++)
        n = n * 10 + (size_t)(text.data[i] - '0');
    return n;
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Decodes %XX and +; false when it does not fit. */
static bool decode(struct slice text, char *out, size_t room, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool coded =
            text.data[i] == '%' && text.len - i > 2 && hex(text.data[i + 1]) >= 0 && hex(text.data[i + 2]) >= 0;
        int byte = coded                 ? hex(text.data[i + 1]) * 16 + hex(text.data[i + 2])
                   : text.data[i] == '+' ? ' '
                                         : text.data[i];

        if (*len == room)
            return false;
        out[(*len)++] = (char)byte;
        i += coded ? 2 : 0;
    }
    return true;
}

bool query_next(struct call *call, size_t *at, const char *name, struct slice *value)
{
    struct slice query = call->query;

    while (*at < query.len) {
        const char *start = query.data + *at;
        const char *amp = memchr(start, '&', query.len - *at);
        size_t len = amp != NULL ? (size_t)(amp - start) : query.len - *at;
        const char *equals = memchr(start, '=', len);
        size_t decoded;

        *at += len + 1;
        if (equals == NULL ||
            !decode((struct slice){start, (size_t)(equals - start)}, call->value, sizeof call->value, &decoded) ||
            !slice_is((struct slice){call->value, decoded}, name))
            continue;
        len -= (size_t)(equals + 1 - start);
        if (!decode((struct slice){equals + 1, len}, call->value, sizeof call->value, &decoded))
            continue;
        *value = (struct slice){call->value, decoded};
        return true;
    }
    return false;
}

bool query_value(struct call *call, const char *name, struct slice *value)
{
    size_t at = 0;

    return query_next(call, &at, name, value);
}

bool query_limit(struct call *call, size_t *limit)
{
    struct slice value;

    *limit = query_value(call, "limit", &value) ? number_of(value) : PAGE_LIMIT;
    return (*limit > 0 && *limit <= MAX_PAGE_LIMIT) || invalid(call, "limit: Input should be 1 to 1000");
}

size_t header_number(const struct call *call, const char *name, size_t otherwise)
{
    struct slice value = http_header(call->request, name);

    return value.len > 0 ? number_of(value) : otherwise;
}

const char *time_text(int64_t seconds_later)
{
    static char text[40];
    time_t when = time(NULL) + (time_t)seconds_later;
    struct tm tm;

    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &tm));
    return text;
}

/* ---- lists ---- */

/* The place of an id in the list; false when it is not there. */
static bool find_index(const struct list *list, struct slice id, size_t *index)
{
    for (size_t i = 0; i < list->count; i++) {
        if (slice_is(id, list->id(i, list->ctx))) {
            *index = i;
            return true;
        }
    }
    return false;
}

static void put_items(struct buf *out, const struct list *list, size_t from, size_t to)
{
    buf_str(out, "{\"data\":[");
    for (size_t i = from; i < to; i++) {
        buf_str(out, i > from ? "," : "");
        list->put(out, i, list->ctx);
    }
    buf_str(out, "]");
}

struct step *answer_page(struct call *call, const struct list *list)
{
    struct buf out = {0};
    struct slice id;
    size_t limit;
    size_t from = 0;
    size_t to = list->count;
    bool back = query_value(call, "before_id", &id) && find_index(list, id, &to);

    if (!query_limit(call, &limit))
        return call->refusal;
    if (back)
        from = to > limit ? to - limit : 0;
    else if (query_value(call, "after_id", &id) && find_index(list, id, &from))
        from++;
    to = to - from > limit ? from + limit : to;
    put_items(&out, list, from, to);
    if (from < to)
        buf_printf(&out, ",\"has_more\":%s,\"first_id\":\"%s\",\"last_id\":\"%s\"}",
                   (back ? from > 0 : to < list->count) ? "true" : "false", list->id(from, list->ctx),
                   list->id(to - 1, list->ctx));
    else
        buf_str(&out, ",\"has_more\":false,\"first_id\":null,\"last_id\":null}");
    return answer_json(&out);
}

/* Reads "page_N" or "page_N!"; false when it is neither. */
static bool read_cursor(struct call *call, size_t *from, bool *empty)
{
    static const char prefix[] = "page_";
    struct slice page;

    *from = 0;
    *empty = false;
    if (!query_value(call, "page", &page))
        return true;
    if (page.len <= sizeof prefix - 1 || memcmp(page.data, prefix, sizeof prefix - 1) != 0)
        return invalid(call, "page: Invalid cursor");
    *from = number_of((struct slice){page.data + sizeof prefix - 1, page.len - (sizeof prefix - 1)});
    *empty = page.data[page.len - 1] == '!';
    return true;
}

struct step *answer_cursor(struct call *call, const struct list *list, enum cursor_kind kind, size_t empty_at)
{
    struct buf out = {0};
    size_t limit;
    size_t from;
    size_t to;
    bool empty;

    if (!query_limit(call, &limit) || !read_cursor(call, &from, &empty))
        return call->refusal;
    from = from < list->count ? from : list->count;
    to = empty ? from : list->count - from > limit ? from + limit : list->count;
    put_items(&out, list, from, to);
    if (kind == CURSOR_REPORT)
        buf_printf(&out, ",\"has_more\":%s", to < list->count ? "true" : "false");
    if (to < list->count)
        buf_printf(&out, ",\"next_page\":\"page_%zu%s\"", to, to == empty_at && !empty && to > 0 ? "!" : "");
    else
        buf_str(&out, ",\"next_page\":null");
    if (kind == CURSOR_BIDIRECTIONAL && from > 0)
        buf_printf(&out, ",\"prev_page\":\"page_%zu\"", from > limit ? from - limit : 0);
    else if (kind == CURSOR_BIDIRECTIONAL)
        buf_str(&out, ",\"prev_page\":null");
    buf_str(&out, "}");
    return answer_json(&out);
}

static const struct item *item_at(size_t index, const void *first)
{
    const struct item *item = first;

    while (index-- > 0)
        item = item->next;
    return item;
}

static void put_item(struct buf *out, size_t index, const void *first)
{
    put_json(out, item_at(index, first)->shown);
}

static const char *item_id(size_t index, const void *first)
{
    return item_at(index, first)->id;
}

struct list list_items(const struct item *first)
{
    struct list list = {.put = put_item, .id = item_id, .ctx = first};

    for (const struct item *item = first; item != NULL; item = item->next)
        list.count++;
    return list;
}
