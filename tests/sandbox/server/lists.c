/* Lists of made-up things, one for each kind of page that no other endpoint here has. */
#include "handlers.h"

#include <stdio.h>

enum {
    MADE_UP = 25,
    EMPTY_AT = 10, /* a page without items comes before this agent, where a page ends there */
};

struct kind {
    const char *type;
    const char *id;
};

static const char *made_up_id(size_t index, const void *ctx)
{
    static char id[64];
    const struct kind *kind = ctx;

    snprintf(id, sizeof id, "%s_%02zu", kind->id, index);
    return id;
}

static void put_made_up(struct buf *out, size_t index, const void *ctx)
{
    const struct kind *kind = ctx;

    buf_printf(out, "{\"type\":\"%s\",\"id\":\"%s\",\"number\":%zu}", kind->type, made_up_id(index, ctx), index);
}

static struct step *made_up(struct call *call, const struct kind *kind, enum cursor_kind pages, size_t empty_at)
{
    struct list list = {.count = MADE_UP, .put = put_made_up, .id = made_up_id, .ctx = kind};

    return answer_cursor(call, &list, pages, empty_at);
}

struct step *agents_list(struct call *call)
{
    static const struct kind agent = {"agent", "agent"};

    return made_up(call, &agent, CURSOR_PLAIN, EMPTY_AT);
}

struct step *sessions_list(struct call *call)
{
    static const struct kind session = {"session", "session"};

    return made_up(call, &session, CURSOR_BIDIRECTIONAL, 0);
}

struct step *costs_list(struct call *call)
{
    static const struct kind cost = {"analytics_cost", "cost"};

    return made_up(call, &cost, CURSOR_REPORT, 0);
}
