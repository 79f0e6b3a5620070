#include "reliability/limiter.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "config/config.h"
#include "reliability/limiter_gate.h"

enum {
    TURN_NONE = 0,
    TURN_QUEUED,
    TURN_GRANTED,
    TURN_ANSWERED, /* granted, and the server has counted it */
    TURN_LAPSED    /* it did not come: none, but not new */
};

/* The queues: one per type, of which those without a rate of their own stay empty, and the shared one. */
enum { SHARED = CL_LIMIT_TYPES, LANES };
/* Columns of tokens, behind those of the types, and the index of a gate of tokens. */
enum { INPUT = 0, OUTPUT, LEARNED_INPUT, LEARNED_OUTPUT };

/* So far from the end of time that nothing added to it overflows. */
#define TIME_MAX (INT64_MAX / 4)

typedef struct lane {
    cl_turn *first;
    cl_turn *last;
    uint64_t hole;                      /* number of the last turn that left from between others */
    uint64_t entered[CL_LIMIT_COLUMNS]; /* all that has ever been in it, but for who left at the end */
    uint64_t waiting[CL_LIMIT_COLUMNS];
} lane;

/* What begins anew in a forked child. */
typedef struct limiter_state {
    bool started;
    int64_t origin; /* the first time that was seen */
    int64_t now;    /* the latest */
    int64_t closed_until;
    uint64_t numbers;
    uint64_t grants;
    size_t queued;
    uint64_t out[CL_LIMIT_COLUMNS]; /* granted, not settled, and not counted by the server as far as is known */
    lane lanes[LANES];
    cl_gate rates[LANES];
    cl_gate learned[CL_LIMIT_TYPES];
    cl_gate tokens[CL_LIMIT_TOKENS];
} limiter_state;

struct claude_limiter {
    cl_handle handle;
    pthread_mutex_t lock;
    _Atomic uint32_t generation; /* of the process whose turns these are */
    _Atomic uint32_t claimed;    /* the generation that a thread has begun to make it ready for */
    cl_limiter_settings settings;
    limiter_state s;
};

static const char *const type_names[] = {"messages", "count_tokens", "batches", "models", "files", "other"};

int32_t cl_limiter_type_of(cl_str name)
{
    int32_t type = 0;

    while (type < CL_LIMIT_TYPES && !cl_str_eq(name, cl_str_of(type_names[type])))
        type++;
    return type;
}

const char *cl_limiter_type_name(int32_t type)
{
    return type >= 0 && type < CL_LIMIT_TYPES ? type_names[type] : "";
}

/* ---- life ---- */

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

static void init_rate(cl_gate *gate, const cl_limiter_settings *settings, const cl_limiter_rate *rate)
{
    int64_t per_second = clamp(rate->per_second, 1, CL_GATE_MOST);
    int64_t burst = clamp(rate->burst > 0 ? rate->burst : settings->all.burst, 1, CL_GATE_MOST / 1000);
    int64_t window_ms = clamp(settings->window_ms, 1, 86400000);

    if (settings->algorithm == CL_LIMITER_WINDOW) {
        gate->kind = CL_GATE_WINDOW;
        cl_window_init(&gate->u.window, clamp(cl_gate_mul(per_second, window_ms) / CL_GATE_REQUEST, 1, CL_GATE_MOST),
                       window_ms);
    } else {
        gate->kind = CL_GATE_BUCKET;
        cl_bucket_init(&gate->u.bucket, CL_GATE_REQUEST, per_second, burst);
    }
}

static void init_tokens(cl_gate *gate, int32_t algorithm, int64_t per_minute)
{
    int64_t most = clamp(per_minute, 0, CL_GATE_MOST);

    gate->kind = most == 0 ? CL_GATE_NONE : algorithm == CL_LIMITER_WINDOW ? CL_GATE_WINDOW : CL_GATE_BUCKET;
    if (gate->kind == CL_GATE_WINDOW)
        cl_window_init(&gate->u.window, most, CL_GATE_UNIT);
    else if (gate->kind == CL_GATE_BUCKET)
        cl_bucket_init(&gate->u.bucket, CL_GATE_UNIT, most, most);
}

static void begin(claude_limiter_t *limiter)
{
    const cl_limiter_settings *settings = &limiter->settings;
    limiter_state *s = &limiter->s;

    memset(s, 0, sizeof *s);
    s->closed_until = INT64_MIN;
    init_rate(&s->rates[SHARED], settings, &settings->all);
    for (size_t i = 0; i < CL_LIMIT_TYPES; i++) {
        if (settings->types[i].per_second > 0)
            init_rate(&s->rates[i], settings, &settings->types[i]);
    }
    init_tokens(&s->tokens[INPUT], settings->algorithm, settings->input_tokens_per_minute);
    init_tokens(&s->tokens[OUTPUT], settings->algorithm, settings->output_tokens_per_minute);
}

claude_code_t cl_limiter_new(const cl_limiter_settings *settings, claude_limiter_t **out, cl_err *err)
{
    claude_limiter_t *limiter = malloc(sizeof *limiter);

    if (!limiter || pthread_mutex_init(&limiter->lock, NULL) != 0) {
        free(limiter);
        return cl_fail_nomem(err);
    }
    cl_handle_init(&limiter->handle, CL_MAGIC_LIMITER);
    atomic_init(&limiter->generation, cl_fork_generation());
    atomic_init(&limiter->claimed, cl_fork_generation());
    limiter->settings = *settings;
    limiter->settings.max_queue = clamp(settings->max_queue, 0, CL_LIMITER_QUEUE_MAX);
    begin(limiter);
    *out = limiter;
    return CLAUDE_OK;
}

claude_limiter_t *cl_limiter_ref(claude_limiter_t *limiter)
{
    if (limiter)
        cl_handle_ref(&limiter->handle);
    return limiter;
}

void cl_limiter_unref(claude_limiter_t *limiter)
{
    if (!limiter || !cl_handle_unref(&limiter->handle))
        return;
    pthread_mutex_destroy(&limiter->lock);
    free(limiter);
}

int64_t cl_limiter_max_wait_ms(const claude_limiter_t *limiter)
{
    return limiter->settings.max_wait_ms;
}

/*
 * In a forked child the turns are those of threads that do not exist here, and one of them may have held the lock and
 * be in the middle of things. So the first thread to come makes all of it anew, and others wait those few instructions.
 */
static void after_fork(claude_limiter_t *limiter)
{
    uint32_t now = cl_fork_generation();
    uint32_t claimed;

    if (atomic_load_explicit(&limiter->generation, memory_order_acquire) == now)
        return;
    claimed = atomic_load(&limiter->claimed);
    if (claimed != now && atomic_compare_exchange_strong(&limiter->claimed, &claimed, now)) {
        pthread_mutex_init(&limiter->lock, NULL);
        begin(limiter);
        atomic_store_explicit(&limiter->generation, now, memory_order_release);
        return;
    }
    while (atomic_load_explicit(&limiter->generation, memory_order_acquire) != now)
        sched_yield();
}

static limiter_state *lock(claude_limiter_t *limiter)
{
    after_fork(limiter);
    pthread_mutex_lock(&limiter->lock);
    return &limiter->s;
}

static void unlock(claude_limiter_t *limiter)
{
    pthread_mutex_unlock(&limiter->lock);
}

/* Threads look at the clock before they have the lock, so times may come in any order. */
static void set_time(limiter_state *s, int64_t now)
{
    if (!s->started) {
        s->started = true;
        s->origin = now;
        s->now = now;
    } else if (now > s->now) {
        s->now = now;
    }
}

/* The gates' time. */
static int64_t time_of(const limiter_state *s)
{
    int64_t time = cl_gate_sub(s->now, s->origin);

    return time < TIME_MAX ? time : TIME_MAX;
}

/* ---- what a turn counts as ---- */

static int32_t type_of(const cl_turn *turn)
{
    return turn->cost.type >= 0 && turn->cost.type < CL_LIMIT_TYPES ? turn->cost.type : CL_LIMIT_OTHER;
}

static size_t lane_of(const limiter_state *s, int32_t type)
{
    return s->rates[type].kind != CL_GATE_NONE ? (size_t)type : SHARED;
}

static void count_tokens(const limiter_state *s, cl_turn *turn)
{
    bool has = type_of(turn) == CL_LIMIT_MESSAGES;

    turn->tokens[INPUT] = has ? clamp(turn->cost.input_tokens, 0, CL_GATE_MOST) : 0;
    turn->tokens[OUTPUT] = has ? clamp(turn->cost.output_tokens, 0, CL_GATE_MOST) : 0;
    for (size_t i = LEARNED_INPUT; i <= LEARNED_OUTPUT; i++)
        turn->tokens[i] = clamp(turn->tokens[i - LEARNED_INPUT], 0, cl_gate_most(&s->tokens[i]));
}

static void add_to(uint64_t sums[CL_LIMIT_COLUMNS], const cl_turn *turn)
{
    sums[type_of(turn)]++;
    for (size_t i = 0; i < CL_LIMIT_TOKENS; i++)
        sums[CL_LIMIT_TYPES + i] += (uint64_t)turn->tokens[i];
}

static void take_from(uint64_t sums[CL_LIMIT_COLUMNS], const cl_turn *turn)
{
    sums[type_of(turn)]--;
    for (size_t i = 0; i < CL_LIMIT_TOKENS; i++)
        sums[CL_LIMIT_TYPES + i] -= (uint64_t)turn->tokens[i];
}

/* ---- the queues ---- */

static void enter(limiter_state *s, lane *in, cl_turn *turn)
{
    turn->state = TURN_QUEUED;
    turn->number = ++s->numbers;
    memcpy(turn->before, in->entered, sizeof turn->before);
    turn->prev = in->last;
    turn->next = NULL;
    *(in->last ? &in->last->next : &in->first) = turn;
    in->last = turn;
    add_to(in->entered, turn);
    add_to(in->waiting, turn);
    s->queued++;
}

static void leave(limiter_state *s, cl_turn *turn)
{
    lane *in = &s->lanes[lane_of(s, type_of(turn))];

    if (turn->state != TURN_QUEUED)
        return;
    if (!turn->next)
        memcpy(in->entered, turn->before, sizeof turn->before);
    else if (turn->number > in->hole)
        in->hole = turn->number;
    *(turn->prev ? &turn->prev->next : &in->first) = turn->next;
    *(turn->next ? &turn->next->prev : &in->last) = turn->prev;
    take_from(in->waiting, turn);
    turn->prev = NULL;
    turn->next = NULL;
    turn->state = TURN_NONE;
    s->queued--;
}

/* All that waits before a turn. Counted one by one only where some have left from between, which is the exception. */
static void ahead_of(const lane *in, const cl_turn *turn, uint64_t ahead[CL_LIMIT_COLUMNS])
{
    if (turn->state != TURN_QUEUED) {
        memcpy(ahead, in->waiting, sizeof in->waiting);
    } else if (in->hole <= in->first->number) {
        for (size_t i = 0; i < CL_LIMIT_COLUMNS; i++)
            ahead[i] = turn->before[i] - in->first->before[i];
    } else {
        memset(ahead, 0, CL_LIMIT_COLUMNS * sizeof ahead[0]);
        for (const cl_turn *other = in->first; other != turn; other = other->next)
            add_to(ahead, other);
    }
}

static int64_t need(uint64_t ahead, int64_t own)
{
    return ahead > INT64_MAX / 2 ? INT64_MAX : cl_gate_add((int64_t)ahead, own);
}

static uint64_t requests_of(const uint64_t sums[CL_LIMIT_COLUMNS])
{
    uint64_t sum = 0;

    for (size_t i = 0; i < CL_LIMIT_TYPES; i++)
        sum += sums[i];
    return sum;
}

typedef struct outlook {
    int64_t wait;
    bool stuck; /* there is never enough for all that are before it and for it: some have to go first */
} outlook;

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t less(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t closed_ms(const limiter_state *s)
{
    return s->closed_until > s->now ? cl_gate_sub(s->closed_until, s->now) : 0;
}

static void wait_at(limiter_state *s, cl_gate *gate, uint64_t ahead, int64_t own, outlook *out)
{
    int64_t all = need(ahead, own);
    int64_t time = time_of(s);

    cl_gate_advance(gate, time, s->grants);
    out->wait = later(out->wait, cl_gate_wait(gate, all, time));
    out->stuck = out->stuck || all > cl_gate_most(gate);
}

/* Until all that is before a turn, and the turn, could have gone; 0: it goes now, and takes nothing from the others. */
static outlook outlook_of(limiter_state *s, const cl_turn *turn)
{
    int32_t type = type_of(turn);
    size_t at = lane_of(s, type);
    uint64_t ahead[CL_LIMIT_COLUMNS];
    outlook out = {closed_ms(s), false};

    ahead_of(&s->lanes[at], turn, ahead);
    wait_at(s, &s->rates[at], requests_of(ahead), 1, &out);
    wait_at(s, &s->learned[type], ahead[type], 1, &out);
    for (size_t i = 0; i < CL_LIMIT_TOKENS; i++) {
        int64_t most = cl_gate_most(&s->tokens[i]);
        int64_t own = turn->tokens[i] < most ? turn->tokens[i] : most;
        if (own > 0)
            wait_at(s, &s->tokens[i], ahead[CL_LIMIT_TYPES + i], own, &out);
    }
    return out;
}

/* Those at the front that could go and were to come long ago make room. */
static void drop_late(limiter_state *s, lane *in)
{
    cl_turn *first;

    while ((first = in->first) != NULL && cl_gate_add(first->told_at, CL_LIMITER_GRACE_MS) < s->now &&
           outlook_of(s, first).wait == 0) {
        leave(s, first);
        first->state = TURN_LAPSED;
    }
}

/* ---- asking ---- */

static claude_code_t throttled(cl_err *err, claude_code_t code, int64_t wait)
{
    if (err && err->code == code) {
        err->feature = "rate-limiting";
        err->retry_after_ms = wait;
        if (wait < 0)
            err->retryable = 0;
    }
    return code;
}

static claude_code_t check_capacity(const limiter_state *s, const cl_turn *turn, cl_err *err)
{
    static const char *const names[] = {"input", "output"};

    if (type_of(turn) != CL_LIMIT_MESSAGES)
        return CLAUDE_OK;
    for (size_t i = INPUT; i <= OUTPUT; i++) {
        int64_t cost = i == INPUT ? turn->cost.input_tokens : turn->cost.output_tokens;
        int64_t most = cl_gate_most(&s->tokens[i]);
        claude_code_t rc;
        if (cost <= most)
            continue;
        rc = cl_fail(
            err, CLAUDE_E_THROTTLED,
            "limiter.%s_tokens_per_minute is %lld, and the request counts as %lld %s tokens, which can never go: "
            "raise the limit or send less",
            names[i], (long long)most, (long long)cost, names[i]);
        return throttled(err, rc, -1);
    }
    return CLAUDE_OK;
}

static claude_code_t check_wait(const claude_limiter_t *limiter, const cl_turn *turn, int64_t wait, int64_t latest,
                                cl_err *err)
{
    const limiter_state *s = &limiter->s;
    claude_code_t rc = CLAUDE_OK;

    if (cl_gate_add(s->now, wait) > latest)
        rc = cl_fail(err, CLAUDE_E_THROTTLED,
                     "the turn would come in %lld ms%s, later than limiter.max_wait_ms or the call's deadline allows",
                     (long long)wait, closed_ms(s) > 0 ? " (the server asked for a pause)" : "");
    else if (turn->state != TURN_QUEUED && s->queued >= (size_t)limiter->settings.max_queue)
        rc = cl_fail(err, CLAUDE_E_THROTTLED,
                     "%zu calls wait for their turn, and limiter.max_queue allows no more: try again later or raise it",
                     s->queued);
    return rc < 0 ? throttled(err, rc, wait) : rc;
}

static void grant(limiter_state *s, cl_turn *turn)
{
    int32_t type = type_of(turn);

    leave(s, turn);
    s->grants++;
    cl_gate_take(&s->rates[lane_of(s, type)], 1);
    cl_gate_take(&s->learned[type], 1);
    for (size_t i = 0; i < CL_LIMIT_TOKENS; i++) {
        turn->tokens[i] = clamp(turn->tokens[i], 0, cl_gate_most(&s->tokens[i]));
        cl_gate_take(&s->tokens[i], turn->tokens[i]);
    }
    add_to(s->out, turn);
    turn->grant = s->grants;
    turn->granted_at = time_of(s);
    turn->state = TURN_GRANTED;
}

/* Takes a place if it has none, and says when to come again. */
static int64_t queue_up(limiter_state *s, lane *in, cl_turn *turn, outlook out, int64_t latest)
{
    int64_t due = cl_gate_add(s->now, out.wait);

    if (turn->state != TURN_QUEUED)
        enter(s, in, turn);
    /* The first may wait for something else, and for long: do not ask for each little that comes in. */
    if (out.stuck) {
        int64_t pause = cl_gate_add(s->now, cl_gate_sub(s->now, turn->asked_at) / 4);
        due = less(later(due, less(pause, in->first->told_at)), latest);
    }
    /* Nobody says so if the first one does not come: who is next has a look. */
    if (turn->prev && turn->prev == in->first) {
        int64_t look = cl_gate_add(in->first->told_at, CL_LIMITER_GRACE_MS + 1);
        if (look > s->now && look < due)
            due = look;
    }
    turn->told_at = due;
    return due;
}

static int32_t ask(claude_limiter_t *limiter, cl_turn *turn, int64_t latest, int64_t *due_at, cl_err *err)
{
    limiter_state *s = &limiter->s;
    lane *in = &s->lanes[lane_of(s, type_of(turn))];
    claude_code_t rc = CLAUDE_OK;
    outlook out = {0, false};

    if (turn->state != TURN_QUEUED) {
        rc = check_capacity(s, turn, err);
        if (turn->state != TURN_LAPSED)
            turn->asked_at = s->now;
        turn->state = TURN_NONE;
        count_tokens(s, turn);
    }
    if (rc >= 0)
        out = outlook_of(s, turn);
    if (out.wait > 0) {
        drop_late(s, in);
        out = outlook_of(s, turn);
    }
    if (out.wait > 0)
        rc = check_wait(limiter, turn, out.wait, latest, err);
    if (rc < 0) {
        leave(s, turn);
        return rc;
    }
    if (out.wait > 0) {
        *due_at = queue_up(s, in, turn, out, latest);
        return 0;
    }
    grant(s, turn);
    return 1;
}

/* Turns of before a fork are none. */
static void recognise(const claude_limiter_t *limiter, cl_turn *turn)
{
    uint32_t generation = atomic_load_explicit(&limiter->generation, memory_order_relaxed);

    if (turn->generation != generation)
        turn->state = TURN_NONE;
    turn->generation = generation;
}

static bool is_granted(const cl_turn *turn)
{
    return turn->state == TURN_GRANTED || turn->state == TURN_ANSWERED;
}

int32_t cl_limiter_ask(claude_limiter_t *limiter, cl_turn *turn, int64_t now, int64_t latest, int64_t *due_at,
                       cl_err *err)
{
    limiter_state *s = lock(limiter);
    int32_t rc = 1;

    set_time(s, now);
    recognise(limiter, turn);
    if (!is_granted(turn))
        rc = ask(limiter, turn, latest, due_at, err);
    unlock(limiter);
    return rc;
}

/* ---- what became of a grant ---- */

static void adjust(limiter_state *s, const cl_turn *turn, cl_gate *gate, int64_t taken, int64_t used)
{
    int64_t time = time_of(s);

    if (gate->kind == CL_GATE_NONE || taken == used)
        return;
    cl_gate_advance(gate, time, s->grants);
    if (used < taken)
        cl_gate_give(gate, taken - used, turn->grant, turn->granted_at);
    else
        cl_gate_take(gate, used - taken);
}

/* The request and its input, which the server counts when it begins to answer. */
static void take_out_request(limiter_state *s, const cl_turn *turn)
{
    s->out[type_of(turn)]--;
    s->out[CL_LIMIT_TYPES + INPUT] -= (uint64_t)turn->tokens[INPUT];
    s->out[CL_LIMIT_TYPES + LEARNED_INPUT] -= (uint64_t)turn->tokens[LEARNED_INPUT];
}

static void take_out_output(limiter_state *s, const cl_turn *turn)
{
    s->out[CL_LIMIT_TYPES + OUTPUT] -= (uint64_t)turn->tokens[OUTPUT];
    s->out[CL_LIMIT_TYPES + LEARNED_OUTPUT] -= (uint64_t)turn->tokens[LEARNED_OUTPUT];
}

/* What the server has counted already is right as it is. */
static void settle_tokens(limiter_state *s, const cl_turn *turn, size_t dimension, int64_t used)
{
    size_t learned = dimension + LEARNED_INPUT;

    if (used < 0 || type_of(turn) != CL_LIMIT_MESSAGES)
        return;
    used = clamp(used, 0, CL_GATE_MOST);
    adjust(s, turn, &s->tokens[dimension], turn->tokens[dimension], used);
    if (turn->state == TURN_GRANTED || dimension == OUTPUT)
        adjust(s, turn, &s->tokens[learned], turn->tokens[learned], used);
}

static void end(limiter_state *s, cl_turn *turn, bool unused, int64_t input_tokens, int64_t output_tokens)
{
    int32_t type = type_of(turn);

    leave(s, turn);
    if (is_granted(turn)) {
        if (unused) {
            adjust(s, turn, &s->rates[lane_of(s, type)], 1, 0);
            if (turn->state == TURN_GRANTED)
                adjust(s, turn, &s->learned[type], 1, 0);
        }
        settle_tokens(s, turn, INPUT, input_tokens);
        settle_tokens(s, turn, OUTPUT, output_tokens);
        if (turn->state == TURN_GRANTED)
            take_out_request(s, turn);
        take_out_output(s, turn);
    }
    turn->state = TURN_NONE;
}

void cl_limiter_cancel(claude_limiter_t *limiter, cl_turn *turn, int64_t now)
{
    limiter_state *s = lock(limiter);

    set_time(s, now);
    recognise(limiter, turn);
    end(s, turn, true, 0, 0);
    unlock(limiter);
}

void cl_limiter_settle(claude_limiter_t *limiter, cl_turn *turn, int64_t input_tokens, int64_t output_tokens,
                       int64_t now)
{
    limiter_state *s = lock(limiter);

    set_time(s, now);
    recognise(limiter, turn);
    end(s, turn, false, input_tokens, output_tokens);
    unlock(limiter);
}

/* ---- what the server says ---- */

void cl_limiter_answered(claude_limiter_t *limiter, cl_turn *turn)
{
    limiter_state *s = lock(limiter);

    recognise(limiter, turn);
    if (turn->state == TURN_GRANTED) {
        take_out_request(s, turn);
        turn->state = TURN_ANSWERED;
    }
    unlock(limiter);
}

static void learn(limiter_state *s, cl_gate *gate, const cl_limit_figures *figures, uint64_t out)
{
    int64_t most = clamp(figures->limit, 0, CL_GATE_MOST);
    int64_t left = figures->remaining;

    if (gate->kind == CL_GATE_NONE) {
        if (most == 0)
            return;
        gate->kind = CL_GATE_BUCKET;
        cl_bucket_init(&gate->u.bucket, CL_GATE_UNIT, most, most);
        left = left < 0 ? most : left;
    }
    cl_gate_advance(gate, time_of(s), s->grants);
    if (most > 0) {
        gate->u.bucket.rate = most;
        gate->u.bucket.cap = cl_gate_mul(CL_GATE_UNIT, most);
        cl_bucket_lower(&gate->u.bucket, most);
    }
    if (left >= 0)
        cl_bucket_lower(&gate->u.bucket, cl_gate_sub(left, need(out, 0)));
}

void cl_limiter_teach(claude_limiter_t *limiter, int32_t type, const cl_limit_figures figures[CL_LIMIT_DIMENSIONS],
                      int64_t retry_after_ms, int64_t now)
{
    limiter_state *s = lock(limiter);

    set_time(s, now);
    type = type >= 0 && type < CL_LIMIT_TYPES ? type : CL_LIMIT_OTHER;
    learn(s, &s->learned[type], &figures[CL_LIMIT_REQUESTS], s->out[type]);
    if (type == CL_LIMIT_MESSAGES) {
        learn(s, &s->tokens[LEARNED_INPUT], &figures[CL_LIMIT_INPUT], s->out[CL_LIMIT_TYPES + LEARNED_INPUT]);
        learn(s, &s->tokens[LEARNED_OUTPUT], &figures[CL_LIMIT_OUTPUT], s->out[CL_LIMIT_TYPES + LEARNED_OUTPUT]);
    }
    if (retry_after_ms >= 0)
        s->closed_until =
            later(s->closed_until, cl_gate_add(s->now, clamp(retry_after_ms, 0, CL_LIMITER_PAUSE_MAX_MS)));
    unlock(limiter);
}

void cl_limiter_learn(claude_limiter_t *limiter, int32_t type, const cl_limit_figures figures[CL_LIMIT_DIMENSIONS],
                      int64_t retry_after_ms, int64_t now)
{
    if (limiter->settings.learn)
        cl_limiter_teach(limiter, type, figures, retry_after_ms, now);
}

/* ---- looking at it ---- */

/* The room of a gate beside what waits for it; INT64_MAX: no limit. */
static int64_t room_of(limiter_state *s, cl_gate *gate, uint64_t waiting)
{
    int64_t room;

    if (gate->kind == CL_GATE_NONE)
        return INT64_MAX;
    cl_gate_advance(gate, time_of(s), s->grants);
    room = closed_ms(s) > 0 ? 0 : cl_gate_sub(cl_gate_room(gate), need(waiting, 0));
    return room > 0 ? room : 0;
}

static int64_t available(limiter_state *s, int32_t type, int32_t dimension)
{
    const lane *in = &s->lanes[lane_of(s, type)];
    size_t at;

    if (dimension == CL_LIMIT_REQUESTS)
        return less(room_of(s, &s->rates[in - s->lanes], requests_of(in->waiting)),
                    room_of(s, &s->learned[type], in->waiting[type]));
    if ((dimension != CL_LIMIT_INPUT && dimension != CL_LIMIT_OUTPUT) || type != CL_LIMIT_MESSAGES)
        return INT64_MAX;
    at = dimension == CL_LIMIT_INPUT ? INPUT : OUTPUT;
    return less(room_of(s, &s->tokens[at], in->waiting[CL_LIMIT_TYPES + at]),
                room_of(s, &s->tokens[at + LEARNED_INPUT], in->waiting[CL_LIMIT_TYPES + at + LEARNED_INPUT]));
}

int64_t cl_limiter_available(claude_limiter_t *limiter, int32_t type, int32_t dimension, int64_t now)
{
    limiter_state *s = lock(limiter);
    int64_t room;

    set_time(s, now);
    room = available(s, type >= 0 && type < CL_LIMIT_TYPES ? type : CL_LIMIT_OTHER, dimension);
    unlock(limiter);
    return room == INT64_MAX ? -1 : room;
}

size_t cl_limiter_queued(claude_limiter_t *limiter)
{
    size_t queued = lock(limiter)->queued;

    unlock(limiter);
    return queued;
}
