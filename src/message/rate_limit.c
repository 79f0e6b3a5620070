#include "message/rate_limit.h"

#include <claude/response.h>

#include "message/date.h"
#include "message/message.h"

enum { ABSENT = -1, KIND_MAX = 64 };

/* The value of a header, or NULL. */
static const char *value_of(const cl_headers *headers, cl_str kind, const char *suffix)
{
    const char *prefix = cl_str_starts(kind, CL_STR("priority-")) ? "anthropic-" : "anthropic-ratelimit-";
    char storage[128];
    cl_buf name = CL_BUF_ON(storage);
    const cl_header *header;

    if (kind.len > KIND_MAX)
        return NULL;
    /* Never grows: the longest name fits. */
    cl_buf_append_text(&name, prefix);
    cl_buf_append_str(&name, kind);
    cl_buf_append_text(&name, suffix);
    header = cl_headers_find(headers, cl_str_of(storage));
    return header ? header->value : NULL;
}

static int64_t number_of(const cl_headers *headers, cl_str kind, const char *suffix)
{
    const char *value = value_of(headers, kind, suffix);
    int64_t number;

    return value && cl_str_to_int64(cl_str_trim(cl_str_of(value)), &number) && number >= 0 ? number : ABSENT;
}

static int64_t reset_of(const cl_headers *headers, cl_str kind)
{
    const char *value = value_of(headers, kind, "-reset");
    int64_t ms;

    return value && cl_date_rfc3339(cl_str_of(value), &ms) && ms >= 0 ? ms : ABSENT;
}

static int64_t now_of(const cl_headers *headers, int64_t wall_ms)
{
    const cl_header *date = cl_headers_find(headers, CL_STR("date"));
    int64_t now = wall_ms > 0 ? wall_ms : 0;
    int64_t sent;

    /* By the server's own clock if it tells: ours may be hours off. */
    if (date && cl_date_http(cl_str_of(date->value), now, &sent))
        now = sent > 0 ? sent * 1000 : 0;
    return now;
}

static int64_t reset_in(const cl_headers *headers, cl_str kind, int64_t wall_ms)
{
    int64_t reset = reset_of(headers, kind);
    int64_t now;

    if (reset == ABSENT)
        return ABSENT;
    now = now_of(headers, wall_ms);
    return reset > now ? reset - now : 0;
}

/* Rounded up: only what is untouched is 0. Bit by bit, because a hundred times a large number is too large. */
static int64_t used_percent(int64_t limit, int64_t remaining)
{
    uint64_t whole = (uint64_t)limit;
    uint64_t used = limit > remaining ? whole - (uint64_t)remaining : 0;
    uint64_t percent = 0;
    uint64_t rest = 0;

    if (limit < 0 || remaining < 0)
        return ABSENT;
    if (limit == 0)
        return 100;
    for (uint64_t bit = 64; bit > 0; bit /= 2) {
        percent *= 2;
        rest *= 2;
        for (int i = 0; i < 2; i++) {
            if (rest >= whole) {
                rest -= whole;
                percent++;
            }
            if (i == 0 && (bit & 100) != 0)
                rest += used;
        }
    }
    return (int64_t)percent + (rest > 0);
}

int64_t cl_rate_limit(const cl_headers *headers, int64_t wall_ms, const char *what, int32_t which)
{
    cl_str kind = cl_str_of(what);

    switch (which) {
    case CLAUDE_RATE_LIMIT_LIMIT:
        return number_of(headers, kind, "-limit");
    case CLAUDE_RATE_LIMIT_REMAINING:
        return number_of(headers, kind, "-remaining");
    case CLAUDE_RATE_LIMIT_RESET_MS:
        return reset_of(headers, kind);
    case CLAUDE_RATE_LIMIT_RESET_IN_MS:
        return reset_in(headers, kind, wall_ms);
    case CLAUDE_RATE_LIMIT_USED_PERCENT:
        return used_percent(number_of(headers, kind, "-limit"), number_of(headers, kind, "-remaining"));
    default:
        return ABSENT;
    }
}

int64_t cl_response_rate_limit(const claude_response_t *response, const char *what, int32_t which)
{
    return cl_rate_limit(cl_response_headers(response), cl_wall_ms(), what, which);
}

/* ---- all that is said, in one walk over the headers ---- */

/* Those of the standard tier. */
enum { KIND_REQUESTS, KIND_TOKENS, KIND_INPUT, KIND_OUTPUT, KINDS };

typedef struct said {
    int64_t limit;
    int64_t remaining;
    int64_t reset_in_ms;
    const char *reset; /* NULL: not named */
} said;

/* The last of a name holds, as where they are looked up. */
static void take(said *kind, cl_str what, const char *value)
{
    int64_t number;
    bool ok;

    if (cl_str_eq_nocase(what, CL_STR("reset"))) {
        kind->reset = value;
        return;
    }
    ok = cl_str_to_int64(cl_str_trim(cl_str_of(value)), &number) && number >= 0;
    if (cl_str_eq_nocase(what, CL_STR("limit")))
        kind->limit = ok ? number : ABSENT;
    else if (cl_str_eq_nocase(what, CL_STR("remaining")))
        kind->remaining = ok ? number : ABSENT;
}

/* `name` is what follows the prefix: "input-tokens-limit". */
static void take_header(said all[KINDS], cl_str name, const char *value)
{
    static const cl_str kinds[KINDS] = {
        {"requests-", 9}, {"tokens-", 7}, {"input-tokens-", 13}, {"output-tokens-", 14}};

    for (size_t i = 0; i < KINDS; i++) {
        if (cl_str_starts_nocase(name, kinds[i]))
            take(&all[i], cl_str_n(name.ptr + kinds[i].len, name.len - kinds[i].len), value);
    }
}

static bool take_all(const cl_headers *headers, int64_t wall_ms, said all[KINDS])
{
    const cl_str prefix = CL_STR("anthropic-ratelimit-");
    bool any = false;
    int64_t now = ABSENT;

    for (size_t i = 0; i < KINDS; i++)
        all[i] = (said){ABSENT, ABSENT, ABSENT, NULL};
    for (size_t i = 0; i < headers->count; i++) {
        cl_str name = cl_str_of(headers->items[i].name);
        if (!cl_str_starts_nocase(name, prefix))
            continue;
        take_header(all, cl_str_n(name.ptr + prefix.len, name.len - prefix.len), headers->items[i].value);
        any = true;
    }
    for (size_t i = 0; any && i < KINDS; i++) {
        int64_t reset;
        if (!all[i].reset || !cl_date_rfc3339(cl_str_of(all[i].reset), &reset) || reset < 0)
            continue;
        if (now == ABSENT)
            now = now_of(headers, wall_ms);
        all[i].reset_in_ms = reset > now ? reset - now : 0;
    }
    return any;
}

static cl_limit_figures figures_of(const said *kind)
{
    return (cl_limit_figures){.limit = kind->limit, .remaining = kind->remaining, .reset_in_ms = kind->reset_in_ms};
}

bool cl_rate_limit_figures(const cl_headers *headers, int64_t wall_ms, cl_limit_figures out[CL_LIMIT_DIMENSIONS])
{
    said all[KINDS];
    bool any = take_all(headers, wall_ms, all);

    out[CL_LIMIT_REQUESTS] = figures_of(&all[KIND_REQUESTS]);
    out[CL_LIMIT_INPUT] = figures_of(&all[KIND_INPUT]);
    out[CL_LIMIT_OUTPUT] = figures_of(&all[KIND_OUTPUT]);
    if (all[KIND_INPUT].limit < 0 && all[KIND_INPUT].remaining < 0)
        out[CL_LIMIT_INPUT] = figures_of(&all[KIND_TOKENS]);
    return any;
}

int64_t cl_rate_limit_reset_ms(const cl_headers *headers, int64_t wall_ms)
{
    said all[KINDS];
    int64_t longest = ABSENT;

    /* Not those of the priority tier: without them the standard ones are used. */
    if (!take_all(headers, wall_ms, all))
        return ABSENT;
    for (size_t i = 0; i < KINDS; i++) {
        if (all[i].remaining == 0 && all[i].reset_in_ms > longest)
            longest = all[i].reset_in_ms;
    }
    return longest;
}
