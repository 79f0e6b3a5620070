#include "reliability/quota.h"

#include <stdlib.h>

enum { MINUTE_MS = 60000, OFFSET_MAX = 1440, TEXT_SIZE = 64, NANO_DIGITS = 9 };

#define FEATURE "enterprise-quota"
/* So far from the end of time that nothing added to it overflows. */
#define TIME_MAX (INT64_MAX / 4)
#define NANO_PER_DOLLAR 1000000000

static const char *const limit_names[CL_QUOTA_LIMITED][CL_QUOTA_KINDS] = {
    {"daily_requests", "daily_tokens", "daily_cost"},
    {"monthly_requests", "monthly_tokens", "monthly_cost"},
};

/* ---- numbers and names ---- */

static int64_t not_below_zero(int64_t n)
{
    return n > 0 ? n : 0;
}

int64_t cl_quota_plus(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(not_below_zero(a), not_below_zero(b), &sum) ? INT64_MAX : sum;
}

void cl_quota_use_add(cl_quota_use *sum, const cl_quota_use *more)
{
    for (size_t i = 0; i < CL_USED_FIGURES; i++)
        sum->count[i] = cl_quota_plus(sum->count[i], more->count[i]);
}

int64_t cl_quota_tokens(const cl_quota_use *used)
{
    return cl_quota_plus(cl_quota_plus(used->count[CL_USED_INPUT], used->count[CL_USED_OUTPUT]),
                         cl_quota_plus(used->count[CL_USED_CACHE_WRITE], used->count[CL_USED_CACHE_READ]));
}

int64_t cl_quota_used(const cl_quota_use *used, int32_t kind)
{
    switch (kind) {
    case CL_QUOTA_REQUESTS:
        return used->count[CL_USED_REQUESTS];
    case CL_QUOTA_TOKENS:
        return cl_quota_tokens(used);
    default:
        return used->count[CL_USED_COST];
    }
}

bool cl_quota_limit_of(cl_str name, int32_t *period, int32_t *kind)
{
    for (int32_t p = 0; p < CL_QUOTA_LIMITED; p++) {
        for (int32_t k = 0; k < CL_QUOTA_KINDS; k++) {
            if (!cl_str_eq(name, cl_str_of(limit_names[p][k])))
                continue;
            *period = p;
            *kind = k;
            return true;
        }
    }
    return false;
}

const char *cl_quota_limit_name(int32_t period, int32_t kind)
{
    return limit_names[period][kind];
}

int cl_quota_put_dollars(cl_buf *out, int64_t nano)
{
    char decimals[1 + NANO_DIGITS] = {'.'};
    int64_t rest = not_below_zero(nano) % NANO_PER_DOLLAR;
    size_t len = rest > 0 ? sizeof decimals : 0;
    int rc = cl_buf_append_int(out, not_below_zero(nano) / NANO_PER_DOLLAR);

    for (size_t i = NANO_DIGITS; i > 0; i--, rest /= 10)
        decimals[i] = (char)('0' + rest % 10);
    while (len > 0 && decimals[len - 1] == '0')
        len--;
    return rc == CL_BUF_OK ? cl_buf_append(out, decimals, len) : rc;
}

/* ---- life ---- */

static void close_book(cl_quota_book *book)
{
    if (atomic_fetch_sub_explicit(&book->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < book->count; i++)
        free(book->models[i]);
    cl_hook_unref(book->prices);
    pthread_mutex_destroy(&book->lock);
    free(book);
}

/* Takes over the reference to the book, also on failure. */
static claude_code_t open_book(cl_quota_book *book, const cl_quota_limits *limits, claude_quota_t **out, cl_err *err)
{
    claude_quota_t *quota = calloc(1, sizeof *quota);

    if (!quota) {
        close_book(book);
        return cl_fail_nomem(err);
    }
    cl_handle_init(&quota->handle, CL_MAGIC_QUOTA);
    quota->book = book;
    quota->limits = *limits;
    *out = quota;
    return CLAUDE_OK;
}

claude_code_t cl_quota_new(const cl_quota_settings *settings, claude_quota_t **out, cl_err *err)
{
    cl_quota_book *book = calloc(1, sizeof *book);
    int64_t offset = settings->offset_minutes;

    if (!book || pthread_mutex_init(&book->lock, NULL) != 0) {
        free(book);
        return cl_fail_nomem(err);
    }
    atomic_init(&book->refs, 1);
    book->generation = cl_fork_generation();
    book->offset_ms = (offset < -OFFSET_MAX ? -OFFSET_MAX : offset > OFFSET_MAX ? OFFSET_MAX : offset) * MINUTE_MS;
    book->prices = cl_hook_ref(settings->prices);
    book->name_of = settings->name_of;
    return open_book(book, &settings->limits, out, err);
}

claude_code_t cl_quota_with_limits(claude_quota_t *quota, const cl_quota_limits *limits, claude_quota_t **out,
                                   cl_err *err)
{
    atomic_fetch_add_explicit(&quota->book->refs, 1, memory_order_relaxed);
    return open_book(quota->book, limits, out, err);
}

claude_quota_t *cl_quota_ref(claude_quota_t *quota)
{
    if (quota)
        cl_handle_ref(&quota->handle);
    return quota;
}

void cl_quota_unref(claude_quota_t *quota)
{
    if (!quota || !cl_handle_unref(&quota->handle))
        return;
    close_book(quota->book);
    free(quota);
}

const void *cl_quota_prices(const claude_quota_t *quota)
{
    return quota->book->prices ? cl_hook_data(quota->book->prices) : NULL;
}

/* What was reserved is the parent's. */
static void after_fork(cl_quota_book *book)
{
    memset(book->all.reserved, 0, sizeof book->all.reserved);
    for (size_t i = 0; i < book->count; i++)
        memset(book->models[i]->reserved, 0, sizeof book->models[i]->reserved);
    book->generation = cl_fork_generation();
}

/* A fork waits for the few instructions until the lock is free again, so that a child finds it free and what it guards
 * whole. */
void cl_quota_lock(claude_quota_t *quota)
{
    cl_fork_hold();
    pthread_mutex_lock(&quota->book->lock);
    if (quota->book->generation != cl_fork_generation())
        after_fork(quota->book);
}

void cl_quota_unlock(claude_quota_t *quota)
{
    pthread_mutex_unlock(&quota->book->lock);
    cl_fork_release();
}

/* ---- time ---- */

static void reset(cl_quota_book *book, int32_t period)
{
    memset(&book->all.used[period], 0, sizeof book->all.used[period]);
    for (size_t i = 0; i < book->count; i++)
        memset(&book->models[i]->used[period], 0, sizeof book->models[i]->used[period]);
}

void cl_quota_forget_use(claude_quota_t *quota)
{
    for (int32_t period = 0; period < CL_QUOTA_PERIODS; period++)
        reset(quota->book, period);
}

static int64_t clamp_time(int64_t ms)
{
    return ms < -TIME_MAX ? -TIME_MAX : ms > TIME_MAX ? TIME_MAX : ms;
}

void cl_quota_set_time(claude_quota_t *quota, int64_t wall_ms)
{
    cl_quota_book *book = quota->book;
    int64_t now = clamp_time(wall_ms) + book->offset_ms;
    int64_t day = cl_day_of(now);
    int64_t month;

    if (book->started && now == book->now)
        return;
    if (book->started && now < book->now && book->now - now <= CL_DAY_MS)
        return;
    month = book->started && day == book->day ? book->month : cl_month_of(day);
    if (book->started && now > book->now && day != book->day)
        reset(book, CL_QUOTA_DAY);
    if (book->started && now > book->now && month != book->month)
        reset(book, CL_QUOTA_MONTH);
    book->started = true;
    book->now = now;
    book->day = day;
    book->month = month;
}

static int64_t reset_at(const claude_quota_t *quota, int32_t period)
{
    int64_t day = period == CL_QUOTA_MONTH ? cl_month_begins(quota->book->month + 1) : quota->book->day + 1;

    return day * CL_DAY_MS - quota->book->offset_ms;
}

int64_t cl_quota_reset_at_ms(claude_quota_t *quota, int32_t period, int64_t wall_ms)
{
    int64_t at;

    cl_quota_lock(quota);
    cl_quota_set_time(quota, wall_ms);
    at = reset_at(quota, period);
    cl_quota_unlock(quota);
    return at;
}

/* ---- models ---- */

claude_code_t cl_quota_check_model(cl_str model, cl_err *err)
{
    if (model.len > CL_QUOTA_NAME_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "model is longer than %d bytes", CL_QUOTA_NAME_MAX);
    if (cl_utf8_valid(model) != model.len || (model.len > 0 && memchr(model.ptr, '\0', model.len)))
        return cl_fail(err, CLAUDE_E_INVALID, "model is not valid UTF-8, or has a NUL");
    return CLAUDE_OK;
}

static cl_quota_scope *find(const cl_quota_book *book, cl_str model)
{
    for (size_t i = 0; i < book->count; i++) {
        const char *name = book->models[i]->name;
        if (memcmp(name, model.ptr, model.len) == 0 && name[model.len] == '\0')
            return book->models[i];
    }
    return NULL;
}

static cl_str known_name(const claude_quota_t *quota, cl_str model)
{
    cl_str name = model.len > 0 && quota->book->name_of ? quota->book->name_of(cl_quota_prices(quota), model) : model;

    return name.len > 0 && name.len <= CL_QUOTA_NAME_MAX ? name : model;
}

claude_code_t cl_quota_scope_of(claude_quota_t *quota, cl_str model, bool may_share, cl_quota_scope **out, cl_err *err)
{
    cl_str name = known_name(quota, model);
    cl_quota_scope *scope;

    if (cl_quota_check_model(model, err) < 0)
        return CLAUDE_E_INVALID;
    *out = NULL;
    if (name.len == 0 || (*out = find(quota->book, name)))
        return CLAUDE_OK;
    if (quota->book->count >= CL_QUOTA_MODELS_MAX) {
        if (!may_share)
            return cl_fail(err, CLAUDE_E_LIMIT, "the quota knows %d models, and has no room for another one's limits",
                           CL_QUOTA_MODELS_MAX);
        name = CL_STR(CL_QUOTA_OTHER);
        if ((*out = find(quota->book, name)))
            return CLAUDE_OK;
    }
    scope = calloc(1, sizeof *scope);
    if (!scope)
        return cl_fail_nomem(err);
    memcpy(scope->name, name.ptr, name.len);
    quota->book->models[quota->book->count++] = scope;
    *out = scope;
    return CLAUDE_OK;
}

claude_code_t cl_quota_set_limit(claude_quota_t *quota, cl_str model, int32_t period, int32_t kind, int64_t most,
                                 cl_err *err)
{
    cl_quota_scope *scope = NULL;
    claude_code_t rc;

    cl_quota_lock(quota);
    rc = cl_quota_scope_of(quota, model, false, &scope, err);
    if (rc >= 0)
        (scope ? &scope->limits : &quota->limits)->most[period][kind] = not_below_zero(most);
    cl_quota_unlock(quota);
    return rc;
}

/* ---- room ---- */

/* Why there is none, the longest to wait for last. */
enum { ROOM = 0, AFTER_DAY, AFTER_MONTH, NEVER, UNPRICED };

typedef struct refusal {
    int why;
    cl_quota_scope *scope;
    int64_t limit;
    int32_t period;
    int32_t kind;
} refusal;

static bool fits(int64_t limit, int64_t used, int64_t reserved, int64_t need)
{
    int64_t sum;

    return !__builtin_add_overflow(used, reserved, &sum) && !__builtin_add_overflow(sum, need, &sum) && sum <= limit;
}

/* A call is not refused for what it needs nothing of. */
static int judge(const cl_quota_scope *scope, const cl_quota_limits *limits, int32_t period, int32_t kind,
                 const cl_quota_need *need)
{
    int64_t limit = limits->most[period][kind];
    int64_t amount = need->amount[kind];

    if (limit == 0)
        return ROOM;
    if (kind == CL_QUOTA_COST && need->unpriced)
        return UNPRICED;
    if (amount == 0 || fits(limit, cl_quota_used(&scope->used[period], kind), scope->reserved[kind], amount))
        return ROOM;
    if (amount > limit)
        return NEVER;
    return period == CL_QUOTA_MONTH ? AFTER_MONTH : AFTER_DAY;
}

static void judge_all(cl_quota_scope *scope, const cl_quota_limits *limits, const cl_quota_need *need, refusal *worst)
{
    for (int32_t period = 0; period < CL_QUOTA_LIMITED; period++) {
        for (int32_t kind = 0; kind < CL_QUOTA_KINDS; kind++) {
            int why = judge(scope, limits, period, kind, need);
            if (why > worst->why)
                *worst = (refusal){why, scope, limits->most[period][kind], period, kind};
        }
    }
}

/* An amount in words of its kind. */
static const char *amount_text(int32_t kind, int64_t amount, char room[TEXT_SIZE])
{
    static const char *const units[CL_QUOTA_KINDS] = {" requests", " tokens", " dollars"};
    cl_buf out = {room, 0, TEXT_SIZE, TEXT_SIZE - 1, 0, 0};

    if (kind == CL_QUOTA_COST)
        (void)cl_quota_put_dollars(&out, amount);
    else
        (void)cl_buf_append_int(&out, amount);
    (void)cl_buf_append_text(&out, units[kind]);
    return room;
}

static void say(const refusal *why, const cl_err_quota *q, const char *model, cl_err *err)
{
    const char *name = limit_names[why->period][why->kind];
    const char *of = q->per_model ? " of " : "";
    const char *whose = q->per_model ? why->scope->name : "";
    char used[TEXT_SIZE];
    char limit[TEXT_SIZE];
    char reserved[TEXT_SIZE];
    char needed[TEXT_SIZE];
    char at[TEXT_SIZE];
    cl_buf when = CL_BUF_ON(at);

    (void)cl_put_time(&when, q->reset_at_ms);
    amount_text(why->kind, q->used, used);
    amount_text(why->kind, q->limit, limit);
    amount_text(why->kind, q->reserved, reserved);
    amount_text(why->kind, q->needed, needed);
    if (why->why == UNPRICED)
        cl_fail(err, CLAUDE_E_QUOTA,
                "the model \"%s\" has no price, so that its calls cannot be held against %s%s%s: give it one in the "
                "table of models (claude_config_set_models), or remove that limit",
                model, name, of, whose);
    else if (why->why == NEVER)
        cl_fail(err, CLAUDE_E_QUOTA,
                "%s may be used, which is more than the whole of %s%s%s, %s: ask for less (max_tokens), or raise it",
                needed, name, of, whose, limit);
    else
        cl_fail(err, CLAUDE_E_QUOTA,
                "%s%s%s is used up: %s of %s are used, %s are reserved by calls under way, and %s are needed; it "
                "begins anew at %s",
                name, of, whose, used, limit, reserved, needed, at);
}

static claude_code_t refuse(claude_quota_t *quota, const refusal *why, const cl_quota_need *need, cl_str model,
                            int64_t wall_ms, cl_err *err)
{
    cl_quota_scope *scope = why->scope;
    char shown[CL_QUOTA_NAME_MAX + 1] = "";
    cl_err_quota q = {
        .limit = why->limit,
        .used = cl_quota_used(&scope->used[why->period], why->kind),
        .reserved = scope->reserved[why->kind],
        .needed = need->amount[why->kind],
        .reset_at_ms = reset_at(quota, why->period),
        .per_model = scope != &quota->book->all,
    };

    scope->refused = cl_quota_plus(scope->refused, 1);
    if (!err || err->code != CLAUDE_OK)
        return CLAUDE_E_QUOTA;
    if (model.len > 0)
        memcpy(shown, model.ptr, model.len);
    say(why, &q, shown, err);
    err->feature = FEATURE;
    err->quota = q;
    cl_err_copy_text(err->error_code, sizeof err->error_code, cl_str_of(limit_names[why->period][why->kind]));
    /* Where waiting is of no use nobody is told to wait. */
    if (why->why == AFTER_DAY || why->why == AFTER_MONTH)
        err->retry_after_ms = not_below_zero(q.reset_at_ms - clamp_time(wall_ms));
    return CLAUDE_E_QUOTA;
}

static claude_code_t look_for_room(claude_quota_t *quota, cl_quota_scope *scope, const cl_quota_need *need,
                                   cl_str model, int64_t wall_ms, cl_err *err)
{
    refusal worst = {.why = ROOM};

    judge_all(&quota->book->all, &quota->limits, need, &worst);
    if (scope)
        judge_all(scope, &scope->limits, need, &worst);
    return worst.why == ROOM ? CLAUDE_OK : refuse(quota, &worst, need, model, wall_ms, err);
}

/* ---- reserving and settling ---- */

static bool can_hold(const cl_quota_scope *scope, const cl_quota_need *need)
{
    for (size_t i = 0; scope && i < CL_QUOTA_KINDS; i++) {
        if (scope->reserved[i] > INT64_MAX - need->amount[i])
            return false;
    }
    return true;
}

/* sign: 1 or -1. */
static void hold(cl_quota_scope *scope, const cl_quota_need *need, int64_t sign)
{
    for (size_t i = 0; scope && i < CL_QUOTA_KINDS; i++)
        scope->reserved[i] += sign * need->amount[i];
}

static claude_code_t check_need(const cl_quota_need *need, cl_err *err)
{
    for (size_t i = 0; i < CL_QUOTA_KINDS; i++) {
        if (need->amount[i] < 0)
            return cl_fail(err, CLAUDE_E_INVALID, "what is to be reserved is %lld; it must be 0 or more",
                           (long long)need->amount[i]);
    }
    return CLAUDE_OK;
}

claude_code_t cl_quota_reserve(claude_quota_t *quota, cl_str model, const cl_quota_need *need, int64_t wall_ms,
                               cl_quota_ticket *ticket, cl_err *err)
{
    cl_quota_scope *scope = NULL;
    claude_code_t rc = check_need(need, err);

    if (rc < 0)
        return rc;
    cl_quota_lock(quota);
    cl_quota_set_time(quota, wall_ms);
    rc = cl_quota_scope_of(quota, model, true, &scope, err);
    if (rc >= 0)
        rc = look_for_room(quota, scope, need, model, wall_ms, err);
    if (rc >= 0 && (!can_hold(&quota->book->all, need) || !can_hold(scope, need)))
        rc = cl_fail(err, CLAUDE_E_LIMIT, "all that is reserved of the quota together is more than can be counted");
    if (rc >= 0) {
        hold(&quota->book->all, need, 1);
        hold(scope, need, 1);
        *ticket = (cl_quota_ticket){scope, *need, quota->book->generation, true};
    }
    cl_quota_unlock(quota);
    return rc;
}

static void count(claude_quota_t *quota, cl_quota_scope *scope, const cl_quota_use *used)
{
    for (size_t period = 0; period < CL_QUOTA_PERIODS; period++) {
        cl_quota_use_add(&quota->book->all.used[period], used);
        if (scope)
            cl_quota_use_add(&scope->used[period], used);
    }
}

void cl_quota_settle(claude_quota_t *quota, cl_quota_ticket *ticket, const cl_quota_use *used, int64_t wall_ms)
{
    cl_quota_lock(quota);
    cl_quota_set_time(quota, wall_ms);
    if (ticket->open && ticket->generation == quota->book->generation) {
        hold(&quota->book->all, &ticket->need, -1);
        hold(ticket->model, &ticket->need, -1);
        if (used)
            count(quota, ticket->model, used);
    }
    ticket->open = false;
    cl_quota_unlock(quota);
}

static cl_quota_need need_of(const cl_quota_use *used)
{
    cl_quota_need need = {.unpriced = used->count[CL_USED_UNPRICED] > 0};

    for (int32_t kind = 0; kind < CL_QUOTA_KINDS; kind++)
        need.amount[kind] = not_below_zero(cl_quota_used(used, kind));
    return need;
}

static claude_code_t record(claude_quota_t *quota, cl_str model, const cl_quota_use *used, bool checked,
                            int64_t wall_ms, cl_err *err)
{
    cl_quota_need need = need_of(used);
    cl_quota_scope *scope = NULL;
    claude_code_t rc;

    cl_quota_lock(quota);
    cl_quota_set_time(quota, wall_ms);
    rc = cl_quota_scope_of(quota, model, true, &scope, err);
    if (rc >= 0 && checked)
        rc = look_for_room(quota, scope, &need, model, wall_ms, err);
    if (rc >= 0)
        count(quota, scope, used);
    cl_quota_unlock(quota);
    return rc;
}

claude_code_t cl_quota_record(claude_quota_t *quota, cl_str model, const cl_quota_use *used, int64_t wall_ms,
                              cl_err *err)
{
    return record(quota, model, used, true, wall_ms, err);
}

claude_code_t cl_quota_add(claude_quota_t *quota, cl_str model, const cl_quota_use *used, int64_t wall_ms, cl_err *err)
{
    return record(quota, model, used, false, wall_ms, err);
}

/* ---- looking ---- */

cl_quota_scope cl_quota_all(const claude_quota_t *quota)
{
    cl_quota_scope all = quota->book->all;

    all.limits = quota->limits;
    return all;
}

bool cl_quota_look(claude_quota_t *quota, cl_str model, int64_t wall_ms, cl_quota_scope *out)
{
    cl_quota_scope all;
    const cl_quota_scope *scope = &all;
    cl_str name = known_name(quota, model);

    cl_quota_lock(quota);
    cl_quota_set_time(quota, wall_ms);
    all = cl_quota_all(quota);
    if (name.len > 0)
        scope = name.len <= CL_QUOTA_NAME_MAX ? find(quota->book, name) : NULL;
    if (scope)
        *out = *scope;
    cl_quota_unlock(quota);
    return scope != NULL;
}

size_t cl_quota_model_count(claude_quota_t *quota)
{
    size_t n;

    cl_quota_lock(quota);
    n = quota->book->count;
    cl_quota_unlock(quota);
    return n;
}

const char *cl_quota_model_at(claude_quota_t *quota, size_t index)
{
    const char *name;

    cl_quota_lock(quota);
    name = index < quota->book->count ? quota->book->models[index]->name : NULL;
    cl_quota_unlock(quota);
    return name;
}
