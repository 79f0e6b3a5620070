/*
 * The circuit breaker against a model of it: all states that can be reached with eight calls at once, and all that may
 * happen in each; then a million random steps. The breaker is compiled in here, so that its state can be copied, and
 * a state that was seen before is known again.
 *
 * The model is written from the description, in another way than the breaker: it keeps a list of permits and says of
 * each what it still means, and a list of the calls that have ended.
 */
#include "reliability/breaker.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "testing.h"

enum { PERMITS = 24, ENDED = 4096 };

/* What a permit means: nothing (any more); a call while closed; the probe that is out; a probe that counted already. */
enum { VOID, NORMAL, PROBE, ALIVE };

typedef struct permit {
    uint64_t number;
    int32_t means;
    int64_t order; /* of the changes and probes that have been */
    int64_t since;
} permit;

typedef struct ended {
    int64_t at;
    bool failed;
} ended;

typedef struct model {
    int32_t state; /* closed, or open, which time makes half-open */
    int64_t until;
    int64_t length; /* of the last time open, before chance, in microseconds */
    int64_t row;
    int64_t good; /* probes in a row */
    int64_t order;
    cl_breaker_counters counters;
    permit permits[PERMITS]; /* that were not given back */
    size_t count;
} model;

/* Not part of what is copied for each state: only the random walk has a window. */
static ended history[ENDED];
static size_t history_count;

static permit *out_there(model *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->permits[i].means == PROBE)
            return &m->permits[i];
    }
    return NULL;
}

static int64_t model_left(const cl_breaker_settings *s, model *m, int64_t now)
{
    const permit *probe = out_there(m);

    if (m->state == CL_BREAKER_CLOSED)
        return 0;
    if (now < m->until)
        return m->until - now;
    return probe && now < probe->since + s->probe_lease_ms ? probe->since + s->probe_lease_ms - now : 0;
}

static int32_t model_state(const model *m, int64_t now)
{
    return m->state == CL_BREAKER_OPEN && now >= m->until ? CL_BREAKER_HALF_OPEN : m->state;
}

static void model_open(model *m, int64_t ms, int64_t now)
{
    m->state = CL_BREAKER_OPEN;
    m->until = now + ms;
    m->good = 0;
    m->counters.opened++;
    for (size_t i = 0; i < m->count; i++)
        m->permits[i].means = VOID;
    history_count = 0;
}

static void model_close(model *m, bool forget)
{
    m->state = CL_BREAKER_CLOSED;
    m->row = 0;
    m->order++;
    for (size_t i = 0; i < m->count; i++) {
        if (m->permits[i].means != ALIVE || forget)
            m->permits[i].means = VOID;
    }
    history_count = 0;
}

__extension__ typedef unsigned __int128 wide;

static void model_failed(const cl_breaker_settings *s, model *m, int64_t now, uint64_t random)
{
    int64_t ms;
    int64_t calls = 0;
    int64_t bad = 0;
    int64_t slot_ms = s->window_ms > 0 ? (s->window_ms + 9) / 10 : 1;

    m->counters.failures++;
    m->row++;
    if (m->state == CL_BREAKER_CLOSED && s->window_ms > 0) {
        assert_true(history_count < ENDED);
        history[history_count++] = (ended){now, true};
        for (size_t i = 0; i < history_count; i++) {
            if (now / slot_ms - history[i].at / slot_ms < 10) {
                calls++;
                bad += history[i].failed;
            }
        }
    }
    if (m->state == CL_BREAKER_CLOSED) {
        bool share = s->window_ms > 0 && calls >= s->minimum_calls && bad * 1000 >= calls * s->failure_rate;
        if (m->row < s->failure_threshold && !share)
            return;
        m->length = s->open_ms * 1000;
    } else {
        m->length = m->length * s->open_multiplier / 1000;
        m->length = m->length < s->max_open_ms * 1000 ? m->length : s->max_open_ms * 1000;
    }
    ms = m->length / 1000;
    ms -= (int64_t)((wide)random * (wide)(ms * s->jitter / 1000 + 1) >> 64);
    model_open(m, ms > 0 ? ms : 1, now);
}

static void model_good_probe(const cl_breaker_settings *s, model *m)
{
    m->counters.successes++;
    if (++m->good >= s->success_threshold)
        model_close(m, false);
}

static void model_record(const cl_breaker_settings *s, model *m, size_t index, int32_t what, int64_t now,
                         uint64_t random)
{
    permit it = m->permits[index];

    m->permits[index] = m->permits[--m->count];
    if (it.means == ALIVE && m->order - it.order >= 64)
        it.means = VOID;
    if (it.means == VOID || (it.means == ALIVE && what != CL_BREAKER_FAILURE))
        return;
    if (what == CL_BREAKER_FAILURE) {
        model_failed(s, m, now, random);
    } else if (what == CL_BREAKER_NEUTRAL) {
        m->counters.neutral++;
    } else if (it.means == PROBE) {
        model_good_probe(s, m);
    } else {
        m->counters.successes++;
        m->row = 0;
        if (s->window_ms > 0) {
            assert_true(history_count < ENDED);
            history[history_count++] = (ended){now, false};
        }
    }
}

/* ---- both in step ---- */

typedef struct pair {
    claude_breaker_t *breaker;
    const cl_breaker_settings *s;
    model m;
    int64_t now;
} pair;

static void start(pair *p, const cl_breaker_settings *settings)
{
    assert_int_equal(cl_breaker_new(settings, &p->breaker, NULL), CLAUDE_OK);
    p->s = settings;
    memset(&p->m, 0, sizeof p->m);
    p->m.state = CL_BREAKER_CLOSED;
    p->m.length = settings->open_ms * 1000;
    p->now = 1000;
    history_count = 0;
}

/* What must be so after each step. */
static void check(pair *p)
{
    cl_breaker_counters found;
    int64_t probes = 0;

    cl_breaker_counters_of(p->breaker, &found);
    p->m.counters.failures_in_a_row = p->m.row;
    assert_memory_equal(&found, &p->m.counters, sizeof found);
    assert_int_equal(cl_breaker_state(p->breaker, p->now), model_state(&p->m, p->now));
    assert_int_equal(cl_breaker_left_ms(p->breaker, p->now), model_left(p->s, &p->m, p->now));
    for (size_t i = 0; i < p->m.count; i++)
        probes += p->m.permits[i].means == PROBE;
    assert_true(probes <= 1);
    /* Never closed with a probe out, never open with anything out that still means something. */
    assert_true(probes == 0 || model_state(&p->m, p->now) == CL_BREAKER_HALF_OPEN);
}

static void ask(pair *p)
{
    int64_t left = model_left(p->s, &p->m, p->now);
    int64_t told = -1;
    uint64_t number = cl_breaker_allow(p->breaker, p->now, &told);
    permit *lost = out_there(&p->m);

    assert_int_equal(told, left);
    assert_int_equal(number != 0, left == 0);
    if (number == 0) {
        p->m.counters.refused++;
        return;
    }
    assert_true(p->m.count < PERMITS);
    if (p->m.state == CL_BREAKER_CLOSED) {
        p->m.permits[p->m.count++] = (permit){number, NORMAL, p->m.order, p->now};
        return;
    }
    /* A number of its own, that no permit out there has. */
    for (size_t i = 0; i < p->m.count; i++)
        assert_true(p->m.permits[i].number != number);
    if (lost)
        lost->means = VOID;
    p->m.counters.probes++;
    p->m.order++;
    p->m.permits[p->m.count++] = (permit){number, PROBE, p->m.order, p->now};
}

static void say(pair *p, size_t index, int32_t what, uint64_t random)
{
    machine before;
    uint64_t number = p->m.permits[index].number;
    int32_t means = p->m.permits[index].means;

    memcpy(&before, &p->breaker->m, sizeof before);
    cl_breaker_record(p->breaker, number, what, p->now, random);
    model_record(p->s, &p->m, index, what, p->now, random);
    if (means == VOID)
        assert_memory_equal(&before, &p->breaker->m, sizeof before);
}

static void say_alive(pair *p, size_t index)
{
    machine before;
    permit *it = &p->m.permits[index];

    memcpy(&before, &p->breaker->m, sizeof before);
    cl_breaker_probe_alive(p->breaker, it->number, p->now);
    if (it->means == PROBE) {
        it->means = ALIVE;
        model_good_probe(p->s, &p->m);
    } else {
        assert_memory_equal(&before, &p->breaker->m, sizeof before);
    }
}

static void open_by_hand(pair *p, int64_t ms)
{
    cl_breaker_force_open(p->breaker, ms, p->now);
    p->m.length = p->s->open_ms * 1000;
    model_open(&p->m, ms > 0 ? ms : p->s->open_ms, p->now);
}

static void close_by_hand(pair *p)
{
    cl_breaker_force_closed(p->breaker);
    model_close(&p->m, true);
}

/* From here, if nobody says anything any more, somebody is let through: when it was said, and not before. */
static void never_stuck(pair *p)
{
    machine keep = p->breaker->m;
    int64_t left = cl_breaker_left_ms(p->breaker, p->now);
    int64_t told = 0;

    assert_true(left <= (p->s->max_open_ms > p->s->probe_lease_ms ? p->s->max_open_ms : p->s->probe_lease_ms));
    if (left > 0)
        assert_true(cl_breaker_allow(p->breaker, p->now + left - 1, &told) == 0);
    assert_true(cl_breaker_allow(p->breaker, p->now + left, &told) != 0);
    p->breaker->m = keep;
    assert_true(cl_breaker_allow(p->breaker, p->now + p->s->max_open_ms + p->s->probe_lease_ms, &told) != 0);
    p->breaker->m = keep;
}

/* ---- every state there is ---- */

enum { CALLS = 8, STATES = 1 << 16, TABLE = 1 << 18 };

/* What makes a state different from another for what may come: times from now on, numbers from the last on. */
typedef struct key {
    int64_t closed, open_left, open_us, successes, row, lease_left;
    uint64_t alive;
    int64_t permits[CALLS];
} key;

typedef struct node {
    machine breaker;
    model m;
    int64_t now;
} node;

static node *nodes;
static key *keys;
static uint32_t *table; /* numbers of nodes, from 1 */
static uint32_t node_count;

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static key key_of(pair *p)
{
    machine m = p->breaker->m;
    key k;

    memset(&k, 0, sizeof k);
    k.closed = m.closed;
    k.row = m.closed ? m.counters.failures_in_a_row : 0;
    k.open_us = m.closed ? 0 : m.open_us;
    k.open_left = m.closed ? 0 : rest(&m.opened_at, m.open_ms, p->now);
    k.successes = m.closed ? 0 : m.successes;
    k.lease_left = m.probe ? rest(&m.probe_at, p->s->probe_lease_ms, p->now) : -1;
    for (size_t i = 0; i < p->m.count; i++) {
        uint64_t back = m.last - p->m.permits[i].number;
        bool alive = back < 64 && (m.alive >> back & 1);
        bool means = alive || p->m.permits[i].number == m.normal || p->m.permits[i].number == m.probe;
        /* Its order among those alive does not matter, as few as they are; and void is void. */
        k.permits[i] = !means ? 10 : alive ? 20 : p->m.permits[i].number == m.probe ? 30 : 40;
        k.permits[i] += p->m.permits[i].means;
    }
    qsort(k.permits, p->m.count, sizeof k.permits[0], compare);
    return k;
}

static uint64_t hash_of(const key *k)
{
    const unsigned char *bytes = (const unsigned char *)k;
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < sizeof *k; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

/* Keeps a state that was not seen before. */
static void visit(pair *p)
{
    key k = key_of(p);
    size_t at = hash_of(&k) % TABLE;

    check(p);
    for (; table[at] != 0; at = (at + 1) % TABLE) {
        if (memcmp(&keys[table[at] - 1], &k, sizeof k) == 0)
            return;
    }
    assert_true(node_count < STATES);
    never_stuck(p);
    keys[node_count] = k;
    nodes[node_count++] = (node){p->breaker->m, p->m, p->now};
    table[at] = node_count;
}

static void go_to(pair *p, uint32_t index)
{
    p->breaker->m = nodes[index].breaker;
    p->m = nodes[index].m;
    p->now = nodes[index].now;
}

/* All that may happen in a state, one after the other. */
static void branch(pair *p, uint32_t from)
{
    size_t count = nodes[from].m.count;

    for (int64_t ms = 1; ms <= 3; ms += 2) {
        go_to(p, from);
        p->now += ms;
        visit(p);
    }
    for (int64_t ms = 0; ms <= 1; ms++) {
        go_to(p, from);
        open_by_hand(p, ms);
        visit(p);
    }
    go_to(p, from);
    close_by_hand(p);
    visit(p);
    go_to(p, from);
    if (count < CALLS) {
        ask(p);
        visit(p);
    }
    for (size_t i = 0; i < count; i++) {
        for (int32_t what = CL_BREAKER_SUCCESS; what <= CL_BREAKER_NEUTRAL; what++) {
            go_to(p, from);
            say(p, i, what, 0);
            visit(p);
        }
        go_to(p, from);
        say_alive(p, i);
        visit(p);
    }
}

static uint32_t explore(const cl_breaker_settings *settings)
{
    pair p;

    start(&p, settings);
    node_count = 0;
    memset(table, 0, TABLE * sizeof table[0]);
    visit(&p);
    for (uint32_t i = 0; i < node_count; i++)
        branch(&p, i);
    cl_breaker_unref(p.breaker);
    return node_count;
}

static void test_every_state_that_can_be_reached(void **state)
{
    uint32_t all = 0;

    (void)state;
    nodes = malloc(STATES * sizeof nodes[0]);
    keys = malloc(STATES * sizeof keys[0]);
    table = malloc(TABLE * sizeof table[0]);
    assert_true(nodes && keys && table);
    for (int64_t threshold = 1; threshold <= 3; threshold++) {
        for (int64_t successes = 1; successes <= 3; successes++) {
            cl_breaker_settings settings = {
                .failure_threshold = threshold,
                .open_ms = 3,
                .open_multiplier = 2000,
                .max_open_ms = 20,
                .success_threshold = successes,
                .failure_rate = 500,
                .minimum_calls = 1,
                .probe_lease_ms = threshold == 2 ? 7 : 2,
            };
            uint32_t found = explore(&settings);
            assert_true(found > 300);
            all += found;
        }
    }
    print_message("%u states\n", (unsigned)all);
    assert_true(all > 9000);
    free(nodes);
    free(keys);
    free(table);
}

/* ---- every way through a few steps, with the window ---- */

static uint64_t ways;

static void walk(pair *p, int depth)
{
    machine keep = p->breaker->m;
    model m = p->m;
    int64_t now = p->now;
    ended before[8];
    size_t count = history_count;

    check(p);
    never_stuck(p);
    ways++;
    if (depth == 0)
        return;
    assert_true(count <= 8);
    memcpy(before, history, count * sizeof before[0]);
    for (int choice = 0;; choice++) {
        size_t index = (size_t)(choice - 6) / 4;
        p->breaker->m = keep;
        p->m = m;
        p->now = now;
        history_count = count;
        memcpy(history, before, count * sizeof before[0]);
        if (choice < 3)
            p->now += choice == 0 ? 1 : choice == 1 ? 2 : 9;
        else if (choice == 3)
            open_by_hand(p, 0);
        else if (choice == 4)
            close_by_hand(p);
        else if (choice == 5)
            ask(p);
        else if (index >= m.count)
            break;
        else if ((choice - 6) % 4 == 3)
            say_alive(p, index);
        else
            say(p, index, CL_BREAKER_SUCCESS + (choice - 6) % 4, 0);
        walk(p, depth - 1);
    }
    history_count = count;
    memcpy(history, before, count * sizeof before[0]);
}

/* Four calls are out, and all that can be done in four steps is done, in each of the states there are. */
static void test_every_way_through_four_steps(void **state)
{
    cl_breaker_settings settings = {
        .failure_threshold = 3,
        .open_ms = 2,
        .open_multiplier = 2000,
        .max_open_ms = 5,
        .success_threshold = 2,
        .window_ms = 20,
        .failure_rate = 500,
        .minimum_calls = 2,
        .probe_lease_ms = 3,
    };

    (void)state;
    for (int from = 0; from < 3; from++) {
        pair p;
        start(&p, &settings);
        if (from == 1)
            open_by_hand(&p, 0);
        if (from == 2) {
            /* Half-open, a probe lost, one alive, one out. */
            open_by_hand(&p, 1);
            p.now += 1;
            ask(&p);
            p.now += 3;
            ask(&p);
            say_alive(&p, 1);
            ask(&p);
        }
        for (int i = 0; from == 0 && i < 4; i++)
            ask(&p);
        walk(&p, 4);
        cl_breaker_unref(p.breaker);
    }
    print_message("%llu ways\n", (unsigned long long)ways);
    assert_true(ways > 200000);
}

/* ---- a million steps ---- */

static cl_breaker_settings random_settings(uint64_t *seed)
{
    int64_t open_ms = 1 + random_below(seed, 50);

    return (cl_breaker_settings){
        .failure_threshold = 1 + random_below(seed, 8),
        .open_ms = open_ms,
        .open_multiplier = 1000 + random_below(seed, 2) * random_below(seed, 3000),
        .max_open_ms = open_ms + random_below(seed, 200),
        .jitter = random_below(seed, 2) * random_below(seed, 1001),
        .success_threshold = 1 + random_below(seed, random_below(seed, 10) == 0 ? 100 : 4),
        .window_ms = random_below(seed, 2) * (1 + random_below(seed, 200)),
        .failure_rate = 1 + random_below(seed, 1000),
        .minimum_calls = 1 + random_below(seed, 30),
        .probe_lease_ms = 1 + random_below(seed, 60),
    };
}

static void step(pair *p, int64_t failures, uint64_t *seed)
{
    int64_t choice = random_below(seed, 1000);
    size_t index = p->m.count ? (size_t)random_below(seed, (int64_t)p->m.count) : 0;

    if (choice < 250) {
        p->now += random_below(seed, random_below(seed, 20) == 0 ? 300 : 4);
    } else if (choice < 252) {
        p->now += 8 * 3600 * 1000;
    } else if (choice < 254) {
        open_by_hand(p, random_below(seed, p->s->max_open_ms + 1));
    } else if (choice < 256) {
        close_by_hand(p);
    } else if (p->m.count < PERMITS && (p->m.count == 0 || choice < 600)) {
        ask(p);
    } else if (choice < 700) {
        say_alive(p, index);
    } else {
        int32_t what = CL_BREAKER_NEUTRAL;
        if (random_below(seed, 20) > 0)
            what = random_below(seed, 1000) < failures ? CL_BREAKER_FAILURE : CL_BREAKER_SUCCESS;
        say(p, index, what, next_random(seed));
    }
}

static void test_a_million_steps(void **state)
{
    enum { WALKS = 400, STEPS = 2500 };
    uint64_t seed = 20240602;
    cl_breaker_counters all = {0, 0, 0, 0, 0, 0, 0};

    (void)state;
    for (int i = 0; i < WALKS; i++) {
        cl_breaker_settings settings = random_settings(&seed);
        int64_t failures = random_below(&seed, 1001);
        pair p;
        start(&p, &settings);
        for (int j = 0; j < STEPS; j++) {
            step(&p, failures, &seed);
            check(&p);
            never_stuck(&p);
        }
        all.opened += p.m.counters.opened;
        all.probes += p.m.counters.probes;
        all.successes += p.m.counters.successes;
        all.failures += p.m.counters.failures;
        cl_breaker_unref(p.breaker);
    }
    /* It was not always the same. */
    assert_true(all.opened > 10000 && all.probes > 10000 && all.successes > 10000 && all.failures > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_that_can_be_reached),
        cmocka_unit_test(test_every_way_through_four_steps),
        cmocka_unit_test(test_a_million_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
