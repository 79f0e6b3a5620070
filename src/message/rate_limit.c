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

/* By the server's own clock if it tells: ours may be hours off. */
static int64_t reset_in(const cl_headers *headers, cl_str kind, int64_t wall_ms)
{
    const cl_header *date = cl_headers_find(headers, CL_STR("date"));
    int64_t reset = reset_of(headers, kind);
    int64_t now = wall_ms > 0 ? wall_ms : 0;
    int64_t sent;

    if (reset == ABSENT)
        return ABSENT;
    if (date && cl_date_http(cl_str_of(date->value), now, &sent))
        now = sent > 0 ? sent * 1000 : 0;
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

static cl_limit_figures figures_of(const cl_headers *headers, int64_t wall_ms, const char *what)
{
    return (cl_limit_figures){
        .limit = cl_rate_limit(headers, wall_ms, what, CLAUDE_RATE_LIMIT_LIMIT),
        .remaining = cl_rate_limit(headers, wall_ms, what, CLAUDE_RATE_LIMIT_REMAINING),
        .reset_in_ms = cl_rate_limit(headers, wall_ms, what, CLAUDE_RATE_LIMIT_RESET_IN_MS),
    };
}

void cl_rate_limit_figures(const cl_headers *headers, int64_t wall_ms, cl_limit_figures out[CL_LIMIT_DIMENSIONS])
{
    out[CL_LIMIT_REQUESTS] = figures_of(headers, wall_ms, "requests");
    out[CL_LIMIT_INPUT] = figures_of(headers, wall_ms, "input-tokens");
    out[CL_LIMIT_OUTPUT] = figures_of(headers, wall_ms, "output-tokens");
    if (out[CL_LIMIT_INPUT].limit < 0 && out[CL_LIMIT_INPUT].remaining < 0)
        out[CL_LIMIT_INPUT] = figures_of(headers, wall_ms, "tokens");
}

int64_t cl_rate_limit_reset_ms(const cl_headers *headers, int64_t wall_ms)
{
    /* Not those of the priority tier: without them the standard ones are used. */
    static const char *const kinds[] = {"requests", "tokens", "input-tokens", "output-tokens"};
    int64_t longest = ABSENT;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int64_t wait = reset_in(headers, cl_str_of(kinds[i]), wall_ms);
        if (number_of(headers, cl_str_of(kinds[i]), "-remaining") == 0 && wait > longest)
            longest = wait;
    }
    return longest;
}
