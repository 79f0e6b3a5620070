/* A request on its way through the default behaviour: what the handlers of the endpoints share. */
#ifndef SANDBOX_CALL_H
#define SANDBOX_CALL_H

#include "http.h"
#include "multipart.h"
#include "reply.h"
#include "store.h"

#include <json-c/json.h>

enum {
    BYTES_PER_TOKEN = 4,
    PAGE_LIMIT = 20, /* items of a page where the request has no limit */
    MAX_PAGE_LIMIT = 1000,
};

struct call {
    const struct request *request;
    const char *request_id;
    struct store *store;
    struct slice path;
    struct slice query;
    char value[512];    /* of the query, decoded */
    struct slice id[2]; /* the parts of the path that stand for the {} of its route */
    struct json_object *body;
    struct buf decoded;
    struct step *refusal;
    size_t input_bytes;
    size_t max_body;
};

/* The step that refuses; the first refusal of a call wins. */
struct step *refuse(struct call *call, int status, const char *type, const char *message);
/* Refuses with 400; false. */
bool invalid(struct call *call, const char *message);
struct step *not_found(struct call *call);
/* A step with this text, which is freed. */
struct step *answer_json(struct buf *text);

/* Reads the body, which must be an object, into call->body; false after a refusal. */
bool read_json(struct call *call);
/* Reads the body, which must be a form; false after a refusal, and nothing is to be freed then. */
bool read_form(struct call *call, struct form *form);
/* NULL when `object` is no object, or has no such member. */
struct json_object *member(struct json_object *object, const char *name);
struct slice text_of(struct json_object *string);
void set_text(struct json_object *object, const char *name, const char *text);
/* Appends JSON without spaces. */
void put_json(struct buf *out, struct json_object *value);
struct step *answer_item(const struct item *item);
/* The next value of that name from `at` on, decoded; until the next is asked for. */
bool query_next(struct call *call, size_t *at, const char *name, struct slice *value);
/* The first one. */
bool query_value(struct call *call, const char *name, struct slice *value);
/* Reads `limit`; false after a refusal. */
bool query_limit(struct call *call, size_t *limit);
/* A header with a number; `otherwise` where there is none. */
size_t header_number(const struct call *call, const char *name, size_t otherwise);
/* Texts of the time now, and so many seconds later; static, for one at a time. */
const char *time_text(int64_t seconds_later);

/* The kinds of lists. `put` writes the item; both are given `ctx`. */
struct list {
    size_t count;
    void (*put)(struct buf *out, size_t index, const void *ctx);
    const char *(*id)(size_t index, const void *ctx);
    const void *ctx;
};

/* data, has_more, first_id, last_id; after_id, before_id, limit. */
struct step *answer_page(struct call *call, const struct list *list);
enum cursor_kind { CURSOR_PLAIN, CURSOR_BIDIRECTIONAL, CURSOR_REPORT };
/* data, next_page and, by the kind, prev_page or has_more; page, limit. A page "page_N!" is empty and followed by
 * page_N: `empty_at` says before which item there is one (0: nowhere). */
struct step *answer_cursor(struct call *call, const struct list *list, enum cursor_kind kind, size_t empty_at);
/* The items of a list of the store. */
struct list list_items(const struct item *first);

#endif
