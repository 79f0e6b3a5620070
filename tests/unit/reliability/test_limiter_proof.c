/*
 * That the limits hold, and that everybody gets his turn: all short sequences of what can happen, a million random
 * steps, and waiters that come when they were told. The judge is a list of all grants, and every interval of it.
 */
#include "limiter_testing.h"

#include <stdint.h>

/* ---- the judge ---- */

enum { LOG_MAX = 4096, HOURS_8 = 8 * 3600 * 1000 };

/* What a turn has taken, and when. What was estimated too low is not the limiter's fault: it counts as estimated. */
typedef struct entry {
    int64_t at;
    int32_t type;
    bool used;
    int64_t tokens[2];
} entry;

typedef struct judge {
    cl_limiter_settings settings;
    size_t count;
    entry log[LOG_MAX];
} judge;

static size_t judge_grant(judge *j, const cl_turn *turn, int64_t now)
{
    bool message = turn->cost.type == CL_LIMIT_MESSAGES;

    assert_true(j->count < LOG_MAX);
    j->log[j->count] = (entry){
        now, turn->cost.type, true, {message ? turn->cost.input_tokens : 0, message ? turn->cost.output_tokens : 0}};
    return j->count++;
}

static void judge_settle(judge *j, size_t at, int64_t input, int64_t output)
{
    entry *e = &j->log[at];

    e->tokens[0] = input >= 0 && input < e->tokens[0] ? input : e->tokens[0];
    e->tokens[1] = output >= 0 && output < e->tokens[1] ? output : e->tokens[1];
}

static void judge_cancel(judge *j, size_t at)
{
    j->log[at].used = false;
    judge_settle(j, at, 0, 0);
}

/* What an entry takes of a limit: 0 to 5 the rate of a type, 6 the shared rate, 7 and 8 tokens. */
static int64_t share(const judge *j, const entry *e, size_t limit)
{
    bool own = j->settings.types[e->type].per_second > 0;

    if (!e->used)
        return 0;
    if (limit < CL_LIMIT_TYPES)
        return own && e->type == (int32_t)limit;
    return limit == CL_LIMIT_TYPES ? !own : e->tokens[limit - CL_LIMIT_TYPES - 1];
}

static int64_t per_minute(const judge *j, size_t limit)
{
    return limit == CL_LIMIT_TYPES + 1 ? j->settings.input_tokens_per_minute : j->settings.output_tokens_per_minute;
}

/* What a bucket lets through in an interval: both sides are whole numbers. */
static bool is_too_much(const judge *j, size_t limit, int64_t sum, int64_t ms)
{
    const cl_limiter_rate *rate = limit < CL_LIMIT_TYPES ? &j->settings.types[limit] : &j->settings.all;
    int64_t burst = rate->burst > 0 ? rate->burst : j->settings.all.burst;

    if (limit > CL_LIMIT_TYPES)
        return sum * 60000 > per_minute(j, limit) * (60000 + ms);
    return sum * 1000000 > burst * 1000000 + rate->per_second * ms;
}

static bool is_limited(const judge *j, size_t limit)
{
    if (limit > CL_LIMIT_TYPES)
        return per_minute(j, limit) > 0;
    return limit == CL_LIMIT_TYPES || j->settings.types[limit].per_second > 0;
}

static int64_t window_most(const judge *j, size_t limit)
{
    const cl_limiter_rate *rate = limit < CL_LIMIT_TYPES ? &j->settings.types[limit] : &j->settings.all;
    int64_t most = rate->per_second * j->settings.window_ms / 1000000;

    if (limit > CL_LIMIT_TYPES)
        return limit == CL_LIMIT_TYPES + 1 ? j->settings.input_tokens_per_minute : j->settings.output_tokens_per_minute;
    return most > 0 ? most : 1;
}

/* Every interval from one grant to another; the ends count. */
static void judge_limit(const judge *j, size_t limit)
{
    bool window = j->settings.algorithm == CL_LIMITER_WINDOW;
    int64_t length = limit > CL_LIMIT_TYPES ? 60000 : j->settings.window_ms;

    for (size_t from = 0; from < j->count; from++) {
        int64_t sum = 0;
        for (size_t to = from; to < j->count; to++) {
            int64_t ms = j->log[to].at - j->log[from].at;
            sum += share(j, &j->log[to], limit);
            if (window && ms > length)
                break;
            if (window ? sum > window_most(j, limit) : is_too_much(j, limit, sum, ms))
                fail_msg("limit %zu: %lld from %lld to %lld", limit, (long long)sum, (long long)j->log[from].at,
                         (long long)j->log[to].at);
        }
    }
}

static void judge_all(const judge *j)
{
    for (size_t limit = 0; limit < CL_LIMIT_TYPES + 3; limit++) {
        if (is_limited(j, limit))
            judge_limit(j, limit);
    }
}

/* ---- all short sequences ---- */

enum { TURNS = 2, OPERATIONS = 12, LENGTH = 4 };

typedef struct scene {
    claude_limiter_t *limiter;
    judge judge;
    cl_turn turns[TURNS];
    bool granted[TURNS];
    size_t entry[TURNS];
    int64_t due[TURNS];
    int64_t now;
} scene;

static void scene_ask(scene *s, size_t i)
{
    bool had = s->granted[i];

    s->due[i] = ask(s->limiter, &s->turns[i], s->now);
    s->granted[i] = s->due[i] == 0;
    if (had)
        assert_true(s->granted[i]);
    else if (s->granted[i])
        s->entry[i] = judge_grant(&s->judge, &s->turns[i], s->now);
}

static void scene_end(scene *s, size_t i, int64_t used)
{
    if (s->granted[i])
        judge_settle(&s->judge, s->entry[i], used, used);
    cl_limiter_settle(s->limiter, &s->turns[i], used, used, s->now);
    s->granted[i] = false;
}

static void scene_cancel(scene *s, size_t i)
{
    if (s->granted[i])
        judge_cancel(&s->judge, s->entry[i]);
    cl_limiter_cancel(s->limiter, &s->turns[i], s->now);
    s->granted[i] = false;
}

static void perform(scene *s, int operation)
{
    static const int64_t steps[] = {1, 100, 101, 30000};

    if (operation >= 8) {
        s->now += steps[operation - 8];
        return;
    }
    if (operation % 4 == 0)
        scene_ask(s, (size_t)operation / 4);
    else if (operation % 4 == 1)
        scene_cancel(s, (size_t)operation / 4);
    else
        scene_end(s, (size_t)operation / 4, operation % 4 == 2 ? 10 : -1);
}

static void check_scene(const scene *s)
{
    size_t queued = 0;

    for (size_t i = 0; i < TURNS; i++) {
        assert_int_equal(s->turns[i].state == 2, s->granted[i]);
        queued += s->turns[i].state == 1;
    }
    assert_int_equal(cl_limiter_queued(s->limiter), queued);
    judge_all(&s->judge);
}

/* Whatever has happened: who comes when he is told is granted soon, and in the end nothing is missing. */
static void finish(scene *s)
{
    for (size_t i = 0; i < TURNS; i++) {
        int asked = 0;
        if (!s->granted[i])
            scene_ask(s, i);
        for (; !s->granted[i]; asked++) {
            s->now = s->due[i];
            scene_ask(s, i);
        }
        assert_true(asked <= 10);
        scene_end(s, i, -1);
    }
    check_scene(s);
    for (int32_t type = 0; type < CL_LIMIT_TYPES; type++) {
        int64_t most = s->judge.settings.types[type].per_second > 0 ? s->judge.settings.types[type].burst
                                                                    : s->judge.settings.all.burst;
        if (s->judge.settings.algorithm == CL_LIMITER_WINDOW)
            most = window_most(&s->judge, s->judge.settings.types[type].per_second > 0 ? (size_t)type : CL_LIMIT_TYPES);
        assert_int_equal(cl_limiter_available(s->limiter, type, CL_LIMIT_REQUESTS, s->now + HOURS_8), most);
    }
    cl_limiter_unref(s->limiter);
}

static void all_sequences(const cl_limiter_settings *settings, const cl_turn turns[TURNS])
{
    static scene s;
    int total = 1;

    for (int i = 0; i < LENGTH; i++)
        total *= OPERATIONS;
    for (int sequence = 0; sequence < total; sequence += getenv("CLAUDE_UNDER_VALGRIND") ? 41 : 1) {
        int rest = sequence;
        s.limiter = limiter_of(*settings);
        s.judge.settings = *settings;
        s.judge.count = 0;
        s.now = 1000;
        for (size_t i = 0; i < TURNS; i++) {
            s.turns[i] = turns[i];
            s.granted[i] = false;
        }
        for (int i = 0; i < LENGTH; i++, rest /= OPERATIONS) {
            perform(&s, rest % OPERATIONS);
            check_scene(&s);
        }
        finish(&s);
    }
}

static void all_sequences_of_four(void **state)
{
    const cl_turn plain[TURNS] = {turn_of(CL_LIMIT_OTHER, 0, 0), turn_of(CL_LIMIT_OTHER, 0, 0)};
    const cl_turn types[TURNS] = {turn_of(CL_LIMIT_FILES, 0, 0), turn_of(CL_LIMIT_OTHER, 0, 0)};
    const cl_turn tokens[TURNS] = {turn_of(CL_LIMIT_MESSAGES, 60, 0), turn_of(CL_LIMIT_MESSAGES, 50, 30)};
    const cl_turn mixed[TURNS] = {turn_of(CL_LIMIT_MESSAGES, 100, 10), turn_of(CL_LIMIT_MODELS, 0, 0)};

    (void)state;
    for (int32_t algorithm = CL_LIMITER_BUCKET; algorithm <= CL_LIMITER_WINDOW; algorithm++) {
        for (int64_t burst = 1; burst <= 2; burst++) {
            cl_limiter_settings settings = bucket_settings(10, burst);
            settings.algorithm = algorithm;
            settings.window_ms = burst * 100;
            all_sequences(&settings, plain);
            settings.types[CL_LIMIT_FILES] = (cl_limiter_rate){5000, 1};
            all_sequences(&settings, types);
            settings.input_tokens_per_minute = 100;
            all_sequences(&settings, tokens);
            settings.output_tokens_per_minute = 30;
            all_sequences(&settings, tokens);
            all_sequences(&settings, mixed);
        }
    }
}

/* ---- a million random steps ---- */

enum { CROWD = 24, STEPS = 1000 };

typedef struct member {
    cl_turn turn;
    bool granted;
    size_t entry;
    int64_t due;
} member;

static cl_limiter_settings random_settings(uint64_t *seed)
{
    static const int64_t rates[] = {1, 900, 1000, 10000, 33333, 1000000};
    static const int64_t lengths[] = {1, 7, 64, 65, 100, 1000, 1001, 60000};
    cl_limiter_settings settings = bucket_settings(1, 1 + below(seed, 30));

    settings.algorithm = (int32_t)below(seed, 2);
    settings.all.per_second = rates[below(seed, 6)];
    settings.window_ms = lengths[below(seed, 8)];
    for (int64_t i = below(seed, 3); i > 0; i--)
        settings.types[below(seed, CL_LIMIT_TYPES)] = (cl_limiter_rate){rates[below(seed, 6)], below(seed, 10)};
    settings.input_tokens_per_minute = below(seed, 2) * (100 + below(seed, 100000));
    settings.output_tokens_per_minute = below(seed, 2) * (100 + below(seed, 100000));
    return settings;
}

static int64_t random_cost(uint64_t *seed, int64_t most)
{
    int64_t n = most > 0 ? most : 1000;

    return below(seed, 4) == 0 ? 0 : 1 + below(seed, below(seed, 2) ? n : n / 20 + 1);
}

static int64_t random_time(uint64_t *seed)
{
    switch (below(seed, 40)) {
    case 0:
        return below(seed, HOURS_8);
    case 1:
        return -below(seed, 5000);
    case 2:
    case 3:
        return below(seed, 70000);
    default:
        return below(seed, 2) * below(seed, 150);
    }
}

static void random_step(claude_limiter_t *limiter, judge *j, member *m, int64_t *now, uint64_t *seed)
{
    const cl_limiter_settings *settings = &j->settings;
    int64_t used = random_cost(seed, settings->input_tokens_per_minute);

    if (m->turn.state == 0)
        m->turn.cost = (cl_limiter_cost){(int32_t)below(seed, 3) ? CL_LIMIT_MESSAGES : (int32_t)below(seed, 6),
                                         random_cost(seed, settings->input_tokens_per_minute),
                                         random_cost(seed, settings->output_tokens_per_minute)};
    switch (below(seed, 8)) {
    case 0:
        if (m->granted)
            judge_cancel(j, m->entry);
        cl_limiter_cancel(limiter, &m->turn, *now);
        m->granted = false;
        break;
    case 1:
    case 2:
        if (m->granted)
            judge_settle(j, m->entry, used, used / 2);
        cl_limiter_settle(limiter, &m->turn, used, used / 2, *now);
        m->granted = false;
        break;
    case 3:
        if (m->turn.state == 1 && m->due > *now && m->due - *now < 200000)
            *now = m->due;
        __attribute__((fallthrough));
    default:
        if (!m->granted) {
            m->due = ask(limiter, &m->turn, *now);
            m->granted = m->due == 0;
            if (m->granted)
                m->entry = judge_grant(j, &m->turn, *now);
        }
    }
}

static void a_million_steps(void **state)
{
    static judge j;
    static member crowd[CROWD];
    uint64_t seed = 0x9e3779b97f4a7c15u;
    int64_t grants = 0;
    int64_t steps = rounds(1000000);

    (void)state;
    for (int64_t step = 0; step < steps; step += STEPS) {
        claude_limiter_t *limiter;
        int64_t now = below(&seed, 100000);
        int64_t latest = now;
        j.settings = random_settings(&seed);
        j.count = 0;
        limiter = limiter_of(j.settings);
        memset(crowd, 0, sizeof crowd);
        for (int i = 0; i < STEPS; i++) {
            now = latest + random_time(&seed);
            latest = now > latest ? now : latest;
            /* The limiter's time is the latest; a late look at the clock changes nothing. */
            random_step(limiter, &j, &crowd[below(&seed, CROWD)], now < latest ? &latest : &now, &seed);
            latest = now > latest ? now : latest;
        }
        judge_all(&j);
        grants += (int64_t)j.count;
        for (size_t i = 0; i < CROWD; i++)
            cl_limiter_cancel(limiter, &crowd[i].turn, latest);
        assert_int_equal(cl_limiter_queued(limiter), 0);
        cl_limiter_unref(limiter);
    }
    /* It was about something. */
    assert_true(grants > steps / 20);
}

/* ---- waiters who come when they are told ---- */

enum { WAITERS = 400 };

typedef struct waiter {
    cl_turn turn;
    bool absent; /* takes a place, and is not seen again */
    bool done;
    int64_t arrives;
    int64_t due;
    int64_t granted_at;
    int64_t asks;
} waiter;

/* Who is next, of those that are due at the same time anybody. */
static waiter *next_waiter(waiter *waiters, size_t count, uint64_t *seed)
{
    waiter *next = NULL;
    int64_t same = 0;

    for (size_t i = 0; i < count; i++) {
        waiter *w = &waiters[i];
        if (w->done || (w->absent && w->asks > 0))
            continue;
        if (!next || w->due < next->due) {
            next = w;
            same = 1;
        } else if (w->due == next->due && below(seed, ++same) == 0) {
            next = w;
        }
    }
    return next;
}

/* Until all have been granted. `order` receives them as they came. */
static void let_them_wait(claude_limiter_t *limiter, waiter *waiters, const waiter **order, uint64_t *seed)
{
    size_t places = 0;
    waiter *w;

    while ((w = next_waiter(waiters, WAITERS, seed)) != NULL) {
        int64_t now = w->due;
        if (w->asks++ == 0)
            order[places++] = w;
        w->due = ask(limiter, &w->turn, now);
        if (w->due == 0) {
            w->done = true;
            w->granted_at = now;
            cl_limiter_settle(limiter, &w->turn, -1, -1, now);
        }
        assert_true(w->asks < 100);
    }
}

static void arrive(waiter *waiters, size_t count, int64_t within_ms, int64_t absent_percent, uint64_t *seed)
{
    memset(waiters, 0, count * sizeof *waiters);
    for (size_t i = 0; i < count; i++) {
        waiters[i].arrives = (int64_t)i * within_ms / (int64_t)count;
        waiters[i].due = waiters[i].arrives;
        waiters[i].turn = turn_of(CL_LIMIT_MESSAGES, 0, 0);
        waiters[i].absent = below(seed, 100) < absent_percent;
    }
}

/* A schedule in order of arrival, by the simplest means: each at the first millisecond at which all intervals that end
 * there have room for it. */
static void nobody_waits_longer_than_he_must(void **state)
{
    static waiter waiters[WAITERS];
    static const waiter *order[WAITERS];
    uint64_t seed = 42;

    (void)state;
    for (int64_t round = 0; round < rounds(200); round++) {
        int64_t burst = 2 + below(&seed, 20);
        int64_t rate = 1 + below(&seed, 200);
        int64_t within = below(&seed, 20000);
        claude_limiter_t *limiter = limiter_of(bucket_settings(rate, burst));
        int64_t at = 0;
        int64_t level = burst * 1000;
        arrive(waiters, WAITERS, within, 0, &seed);
        let_them_wait(limiter, waiters, order, &seed);
        for (size_t i = 0; i < WAITERS; i++) {
            const waiter *w = order[i];
            int64_t wait = 0;
            if (w->arrives > at) {
                level += (w->arrives - at) * rate;
                level = level > burst * 1000 ? burst * 1000 : level;
                at = w->arrives;
            }
            if (level < 1000)
                wait = (1000 - level + rate - 1) / rate;
            level += wait * rate - 1000;
            at += wait;
            /* To the millisecond, in order, without asking more than to begin with, to have a look, and when due. */
            assert_int_equal(w->granted_at, at);
            assert_true(w->asks <= 3);
            assert_true(w->granted_at - w->arrives <= (int64_t)WAITERS * 1000 / rate + 1);
        }
        cl_limiter_unref(limiter);
    }
}

static void windows_let_nobody_wait_for_long(void **state)
{
    static waiter waiters[WAITERS];
    static const waiter *order[WAITERS];
    uint64_t seed = 43;

    (void)state;
    for (int64_t round = 0; round < rounds(200); round++) {
        int64_t rate = 1 + below(&seed, 100);
        int64_t window_ms = 1000 + below(&seed, 5000);
        int64_t limit = rate * window_ms / 1000;
        int64_t slot_ms = (window_ms + 63) / 64;
        claude_limiter_t *limiter = limiter_of(window_settings(rate, window_ms));
        arrive(waiters, WAITERS, below(&seed, 20000), 0, &seed);
        let_them_wait(limiter, waiters, order, &seed);
        for (int64_t i = 0; i < WAITERS; i++) {
            const waiter *w = order[i];
            /* A window for each `limit` that are before, and a slot for each of those windows. */
            assert_true(w->granted_at - w->arrives <= (i / limit) * (window_ms + 2 * slot_ms));
            assert_true(i == 0 || w->granted_at >= order[i - 1]->granted_at);
            assert_true(w->asks <= 4);
        }
        cl_limiter_unref(limiter);
    }
}

static void tokens_come_in_order(void **state)
{
    static waiter waiters[WAITERS];
    static const waiter *order[WAITERS];
    uint64_t seed = 44;
    int64_t most_asks = 0;

    (void)state;
    for (int64_t round = 0; round < rounds(100); round++) {
        cl_limiter_settings settings = bucket_settings(1 + below(&seed, 20), 1 + below(&seed, 20));
        claude_limiter_t *limiter;
        settings.algorithm = (int32_t)below(&seed, 2);
        settings.input_tokens_per_minute = 10000;
        settings.output_tokens_per_minute = below(&seed, 2) * 1000;
        limiter = limiter_of(settings);
        arrive(waiters, WAITERS, below(&seed, 100000), 0, &seed);
        for (size_t i = 0; i < WAITERS; i++)
            waiters[i].turn = turn_of(CL_LIMIT_MESSAGES, 1 + below(&seed, below(&seed, 10) ? 200 : 10000),
                                      1 + below(&seed, below(&seed, 10) ? 10 : 1000));
        let_them_wait(limiter, waiters, order, &seed);
        for (size_t i = 0; i < WAITERS; i++) {
            assert_true(i == 0 || order[i]->granted_at >= order[i - 1]->granted_at);
            most_asks = waiters[i].asks > most_asks ? waiters[i].asks : most_asks;
        }
        cl_limiter_unref(limiter);
    }
    assert_true(most_asks <= 12);
}

static void those_who_do_not_come_do_not_block(void **state)
{
    static waiter waiters[WAITERS];
    static const waiter *order[WAITERS];
    uint64_t seed = 45;

    (void)state;
    for (int64_t round = 0; round < rounds(200); round++) {
        int64_t rate = 1 + below(&seed, 50);
        cl_limiter_settings settings =
            below(&seed, 2) ? bucket_settings(rate, 1 + below(&seed, 3)) : window_settings(rate, 1000);
        claude_limiter_t *limiter = limiter_of(settings);
        arrive(waiters, WAITERS, below(&seed, 20000), 1 + below(&seed, 99), &seed);
        let_them_wait(limiter, waiters, order, &seed);
        for (int64_t i = 0; i < WAITERS; i++) {
            const waiter *w = order[i];
            if (w->absent)
                continue;
            assert_true(w->done);
            assert_true(w->asks <= 8);
            /* As if they had come, and the grace of the last ones. */
            assert_true(w->granted_at - w->arrives <= (i + 1) * 1050 / rate + 2 * CL_LIMITER_GRACE_MS + 1100);
        }
        for (size_t i = 0; i < WAITERS; i++)
            cl_limiter_cancel(limiter, &waiters[i].turn, 0);
        assert_int_equal(cl_limiter_queued(limiter), 0);
        cl_limiter_unref(limiter);
    }
}

/* ---- nobody pays for who comes later ---- */

enum { QUEUE = 12 };

static void play(claude_limiter_t *limiter, cl_turn *turns, uint64_t seed, int64_t *now)
{
    for (int step = 0; step < 30; step++) {
        cl_turn *turn = &turns[below(&seed, QUEUE)];
        int64_t used = below(&seed, 100);
        if (below(&seed, 5) == 0) {
            *now += below(&seed, 60);
        } else if (below(&seed, 4) == 0) {
            cl_limiter_settle(limiter, turn, used, used, *now);
        } else {
            if (turn->state == 0)
                turn->cost = (cl_limiter_cost){below(&seed, 2) ? CL_LIMIT_MESSAGES : CL_LIMIT_MODELS, below(&seed, 100),
                                               below(&seed, 100)};
            ask(limiter, turn, *now);
        }
    }
}

/* The same history twice, the second time with one more who asks: what the others are told is the same. */
static void who_comes_later_changes_nothing(void **state)
{
    uint64_t seed = 46;
    int64_t passed = 0;

    (void)state;
    for (int64_t round = 0; round < rounds(20000); round++) {
        cl_limiter_settings settings = bucket_settings(1 + below(&seed, 30), 1 + below(&seed, 10));
        cl_turn turns[2][QUEUE] = {{{0}}};
        cl_turn later =
            turn_of(below(&seed, 2) ? CL_LIMIT_MESSAGES : CL_LIMIT_MODELS, below(&seed, 100), below(&seed, 2));
        claude_limiter_t *limiters[2];
        uint64_t history = chance(&seed);
        int64_t now[2] = {0, 0};
        bool went = false;
        settings.algorithm = (int32_t)below(&seed, 2);
        settings.input_tokens_per_minute = 200;
        settings.output_tokens_per_minute = 200;
        for (size_t i = 0; i < 2; i++) {
            limiters[i] = limiter_of(settings);
            play(limiters[i], turns[i], history, &now[i]);
            if (i == 1)
                went = ask(limiters[i], &later, now[i]) == 0;
        }
        for (size_t i = 0; i < QUEUE; i++) {
            bool waits = turns[0][i].state == 1 && turns[0][i].told_at + CL_LIMITER_GRACE_MS >= now[0];
            passed += waits && went;
            if (waits)
                assert_int_equal(ask(limiters[0], &turns[0][i], now[0]), ask(limiters[1], &turns[1][i], now[1]));
        }
        cl_limiter_unref(limiters[0]);
        cl_limiter_unref(limiters[1]);
    }
    assert_true(passed > rounds(20000) / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sequences_of_four),
        cmocka_unit_test(a_million_steps),
        cmocka_unit_test(nobody_waits_longer_than_he_must),
        cmocka_unit_test(windows_let_nobody_wait_for_long),
        cmocka_unit_test(tokens_come_in_order),
        cmocka_unit_test(those_who_do_not_come_do_not_block),
        cmocka_unit_test(who_comes_later_changes_nothing),
    };

    return cmocka_run_group_tests_name("reliability.limiter_proof", tests, NULL, NULL);
}
