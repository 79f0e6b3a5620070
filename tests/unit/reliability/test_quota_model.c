/*
 * Quotas against a model of them: it keeps a list of all that was ever used and reserved, and adds it up anew each
 * time, with days that it counts through the calendar one by one. Random steps: amounts, models, times that go forward,
 * stand still and go back.
 */
#include "quota_testing.h"

enum { STEPS = 6000, OPEN = 8, MODELS = 3 };

static const char *const names[MODELS] = {"a", "b", ""};

typedef struct event {
    size_t model;
    cl_quota_use used;
    bool is_over[CL_QUOTA_LIMITED]; /* the day, the month */
} event;

typedef struct held {
    size_t model;
    cl_quota_need need;
    cl_quota_ticket ticket;
} held;

typedef struct date {
    int64_t year;
    int64_t month;
    int64_t day;
} date;

static event events[STEPS];
static size_t event_count;
static held out[OPEN];
static int64_t seen; /* with the offset; 0: nothing yet */

static date date_of(int64_t ms)
{
    date d = {1970, 1, 1 + ms / CL_DAY_MS};

    while (d.day > days_of_month(d.year, d.month)) {
        d.day -= days_of_month(d.year, d.month);
        if (++d.month > 12) {
            d.month = 1;
            d.year++;
        }
    }
    return d;
}

static void time_is(int64_t now)
{
    date before = date_of(seen);
    date after = date_of(now);
    bool forward = now > seen;
    bool new_month = before.year != after.year || before.month != after.month;

    if (!forward && seen - now <= CL_DAY_MS)
        return;
    for (size_t i = 0; forward && i < event_count; i++) {
        events[i].is_over[CL_QUOTA_DAY] |= new_month || before.day != after.day;
        events[i].is_over[CL_QUOTA_MONTH] |= new_month;
    }
    seen = now;
}

static bool counts_for(size_t model, size_t whose)
{
    return whose == MODELS - 1 || model == whose;
}

static int64_t sum_used(size_t whose, int32_t period, int32_t kind)
{
    int64_t sum = 0;

    for (size_t i = 0; i < event_count; i++) {
        if (counts_for(events[i].model, whose) && (period == CL_QUOTA_EVER || !events[i].is_over[period]))
            sum += cl_quota_used(&events[i].used, kind);
    }
    return sum;
}

static int64_t sum_reserved(size_t whose, int32_t kind)
{
    int64_t sum = 0;

    for (size_t i = 0; i < OPEN; i++) {
        if (out[i].ticket.open && counts_for(out[i].model, whose))
            sum += out[i].need.amount[kind];
    }
    return sum;
}

static bool has_room(int64_t limits[MODELS][CL_QUOTA_LIMITED][CL_QUOTA_KINDS], size_t model, cl_quota_need asked)
{
    for (size_t whose = 0; whose < MODELS; whose++) {
        for (int32_t period = 0; period < CL_QUOTA_LIMITED; period++) {
            for (int32_t kind = 0; kind < CL_QUOTA_KINDS; kind++) {
                int64_t most = limits[whose][period][kind];
                if (most == 0 || !counts_for(model, whose))
                    continue;
                if ((kind == CL_QUOTA_COST && asked.unpriced) ||
                    (asked.amount[kind] > 0 &&
                     sum_used(whose, period, kind) + sum_reserved(whose, kind) + asked.amount[kind] > most))
                    return false;
            }
        }
    }
    return true;
}

static void compare(claude_quota_t *quota, int64_t wall_ms)
{
    for (size_t whose = 0; whose < MODELS; whose++) {
        cl_quota_scope scope = look(quota, names[whose], wall_ms);
        for (int32_t kind = 0; kind < CL_QUOTA_KINDS; kind++) {
            assert_int_equal(scope.reserved[kind], sum_reserved(whose, kind));
            for (int32_t period = 0; period < CL_QUOTA_PERIODS; period++)
                assert_int_equal(cl_quota_used(&scope.used[period], kind), sum_used(whose, period, kind));
        }
    }
}

static int64_t step_of_time(uint64_t *seed)
{
    switch (random_below(seed, 12)) {
    case 0:
        return random_below(seed, 3 * (int64_t)CL_DAY_MS);
    case 1:
        return random_below(seed, 40 * (int64_t)CL_DAY_MS);
    case 2:
        return -random_below(seed, CL_DAY_MS);
    case 3:
        return random_below(seed, 4) ? 0 : -random_below(seed, 40 * (int64_t)CL_DAY_MS);
    default:
        return random_below(seed, 4 * HOUR_MS);
    }
}

static void walk(uint64_t seed, int64_t offset_minutes)
{
    static int64_t limits[MODELS][CL_QUOTA_LIMITED][CL_QUOTA_KINDS];
    claude_quota_t *quota = quota_with(offset_minutes);
    int64_t now = NOON;
    int granted = 0;
    int refused = 0;

    event_count = 0;
    seen = 0;
    memset(out, 0, sizeof out);
    memset(limits, 0, sizeof limits);
    for (int step = 0; step < STEPS / 4; step++) {
        held *slot = &out[random_below(&seed, OPEN)];
        size_t model = (size_t)random_below(&seed, MODELS);
        cl_quota_use used = use(random_below(&seed, 50), random_below(&seed, 50), random_below(&seed, 90));
        cl_quota_need asked = need(random_below(&seed, 100), random_below(&seed, 90));
        bool fits;
        if (random_below(&seed, 20) == 0) {
            int32_t period = (int32_t)random_below(&seed, CL_QUOTA_LIMITED);
            int32_t kind = (int32_t)random_below(&seed, CL_QUOTA_KINDS);
            int64_t most = random_below(&seed, 3) ? random_below(&seed, kind == CL_QUOTA_REQUESTS ? 20 : 1500) : 0;
            limits[model][period][kind] = most;
            assert_int_equal(cl_quota_set_limit(quota, cl_str_of(names[model]), period, kind, most, NULL), CLAUDE_OK);
        }
        now += step_of_time(&seed);
        time_is(now + offset_minutes * 60000);
        if (slot->ticket.open) {
            bool sent = random_below(&seed, 4) > 0;
            cl_quota_settle(quota, &slot->ticket, sent ? &used : NULL, now);
            if (sent)
                events[event_count++] = (event){slot->model, used, {false, false}};
        } else if (random_below(&seed, 3) > 0) {
            asked.unpriced = random_below(&seed, 20) == 0;
            fits = has_room(limits, model, asked);
            *slot = (held){.model = model, .need = asked};
            assert_int_equal(cl_quota_reserve(quota, cl_str_of(names[model]), &asked, now, &slot->ticket, NULL),
                             fits ? CLAUDE_OK : CLAUDE_E_QUOTA);
            granted += fits;
            refused += !fits;
        } else {
            asked = need(cl_quota_tokens(&used), used.count[CL_USED_COST]);
            fits = has_room(limits, model, asked);
            assert_int_equal(cl_quota_record(quota, cl_str_of(names[model]), &used, now, NULL),
                             fits ? CLAUDE_OK : CLAUDE_E_QUOTA);
            if (fits)
                events[event_count++] = (event){model, used, {false, false}};
        }
        compare(quota, now);
    }
    assert_true(granted > 20 && refused > 20);
    cl_quota_unref(quota);
}

static void it_is_as_the_model_says(void **state)
{
    static const int64_t offsets[] = {0, 60, -480, 345, 1440, -1440};

    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        walk(seed, offsets[seed % COUNT_OF(offsets)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_as_the_model_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
