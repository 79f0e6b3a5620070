/* What was made by requests: batches, files, skills with their versions. Kept until the reset. */
#ifndef SANDBOX_STORE_H
#define SANDBOX_STORE_H

#include "http.h"

#include <json-c/json.h>

enum {
    MAX_ITEMS = 10000,                   /* of a kind; then the oldest go */
    MAX_STORE_BYTES = 512 * 1024 * 1024, /* of contents; then nothing is taken any more */
};

struct item {
    struct item *next;
    char id[48];
    struct json_object *shown; /* as the API shows it */
    struct buf content;        /* a file's bytes, a batch's results */
    struct buf names;          /* a batch's custom ids, each followed by a space */
    char *type;                /* of the content */
    size_t retrieves;          /* of a batch, until it ends */
    struct item *parts;        /* the versions of a skill */
};

struct store {
    struct item *batches; /* the newest first */
    struct item *files;
    struct item *skills;
    size_t bytes;
    uint64_t next_id;
};

/* A new first item, with an id that begins with `prefix`. */
struct item *store_add(struct store *store, struct item **list, const char *prefix);
struct item *store_find(struct item *list, struct slice id);
void store_remove(struct store *store, struct item **list, struct item *item);
/* Takes the bytes over; they count. False when there is no room for them. */
bool store_fill(struct store *store, struct item *item, struct buf *content);
void store_clear(struct store *store);

#endif
