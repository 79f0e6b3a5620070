#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_alone(struct store *store, struct item *item)
{
    store->bytes -= item->content.len;
    json_object_put(item->shown);
    buf_free(&item->content);
    buf_free(&item->names);
    free(item->type);
    free(item);
}

static void item_free(struct store *store, struct item *item)
{
    struct item *next;

    for (struct item *part = item->parts; part != NULL; part = next) {
        next = part->next;
        free_alone(store, part);
    }
    free_alone(store, item);
}

static void drop_beyond(struct store *store, struct item **list, size_t count)
{
    struct item **slot = list;

    for (size_t i = 0; *slot != NULL && i < count; i++)
        slot = &(*slot)->next;
    while (*slot != NULL) {
        struct item *item = *slot;

        *slot = item->next;
        item_free(store, item);
    }
}

struct item *store_add(struct store *store, struct item **list, const char *prefix)
{
    struct item *item = xcalloc(1, sizeof *item);

    snprintf(item->id, sizeof item->id, "%s01Sandbox%015llu", prefix, (unsigned long long)++store->next_id);
    item->next = *list;
    *list = item;
    drop_beyond(store, list, MAX_ITEMS);
    return item;
}

struct item *store_find(struct item *list, struct slice id)
{
    for (struct item *item = list; item != NULL; item = item->next) {
        if (slice_is(id, item->id))
            return item;
    }
    return NULL;
}

void store_remove(struct store *store, struct item **list, struct item *item)
{
    for (struct item **slot = list; *slot != NULL; slot = &(*slot)->next) {
        if (*slot == item) {
            *slot = item->next;
            item_free(store, item);
            return;
        }
    }
}

bool store_fill(struct store *store, struct item *item, struct buf *content)
{
    if (content->len > MAX_STORE_BYTES - (store->bytes - item->content.len))
        return false;
    store->bytes += content->len;
    store->bytes -= item->content.len;
    buf_free(&item->content);
    item->content = *content;
    *content = (struct buf){0};
    return true;
}

void store_clear(struct store *store)
{
    drop_beyond(store, &store->batches, 0);
    drop_beyond(store, &store->files, 0);
    drop_beyond(store, &store->skills, 0);
}
