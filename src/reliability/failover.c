#include "reliability/failover.h"

#include <pthread.h>
#include <stdlib.h>

#include "auth/auth.h"
#include "config/config.h"

enum { NOBODY = -1, MODEL_MAX = 512 };

/* One entry of a model map. */
typedef struct model {
    struct model *next;
    size_t len;
    size_t other_len;
    char texts[]; /* both, each with a NUL */
} model;

typedef struct endpoint {
    char *url;
    int32_t priority;
    claude_secret_t *secret;
    _Atomic(model *) models; /* the newest first: read without the lock */
    size_t model_count;
    /* ---- under the lock ---- */
    int32_t state;
    int64_t failures; /* in a row, as far as they matter */
    int64_t until;    /* unhealthy ones: when that is over */
} endpoint;

struct claude_failover {
    cl_handle handle;
    cl_failover_settings settings;
    _Atomic size_t count;
    endpoint *items[CL_FAILOVER_ENDPOINTS_MAX]; /* in order of adding; read without the lock up to `count` */
    pthread_mutex_t lock;
    bool sealed;
    uint8_t order[CL_FAILOVER_ENDPOINTS_MAX]; /* indices, best first */
    size_t turn;                              /* round_robin: whose it is */
    int32_t kept;                             /* sticky: the one that worked last, or NOBODY */
};

/* ---- life ---- */

static int64_t at_least_one(int64_t n)
{
    return n > 1 ? n : 1;
}

claude_code_t cl_failover_new(const cl_failover_settings *settings, claude_failover_t **out, cl_err *err)
{
    claude_failover_t *failover = calloc(1, sizeof *failover);

    if (!failover || pthread_mutex_init(&failover->lock, NULL) != 0) {
        free(failover);
        return cl_fail_nomem(err);
    }
    (void)cl_fork_generation(); /* from here on a fork waits for who has the lock */
    cl_handle_init(&failover->handle, CL_MAGIC_FAILOVER);
    failover->settings = *settings;
    failover->settings.degraded_after = at_least_one(settings->degraded_after);
    failover->settings.unhealthy_after = at_least_one(settings->unhealthy_after);
    failover->settings.cooldown_ms = at_least_one(settings->cooldown_ms);
    failover->kept = NOBODY;
    *out = failover;
    return CLAUDE_OK;
}

static void endpoint_free(endpoint *item)
{
    model *entry;

    if (!item)
        return;
    entry = atomic_load(&item->models);
    while (entry) {
        model *next = entry->next;
        free(entry);
        entry = next;
    }
    cl_secret_unref(item->secret);
    free(item->url);
    free(item);
}

claude_failover_t *cl_failover_ref(claude_failover_t *failover)
{
    if (failover)
        cl_handle_ref(&failover->handle);
    return failover;
}

void cl_failover_unref(claude_failover_t *failover)
{
    if (!failover || !cl_handle_unref(&failover->handle))
        return;
    for (size_t i = 0; i < failover->count; i++)
        endpoint_free(failover->items[i]);
    pthread_mutex_destroy(&failover->lock);
    free(failover);
}

/* A fork waits for the few instructions until the lock is free again, so that a child finds it free and what it guards
 * whole. */
static void lock(claude_failover_t *failover)
{
    cl_fork_hold();
    pthread_mutex_lock(&failover->lock);
}

static void unlock(claude_failover_t *failover)
{
    pthread_mutex_unlock(&failover->lock);
    cl_fork_release();
}

/* NULL: there is none. */
static endpoint *item_at(const claude_failover_t *failover, size_t index)
{
    return index < atomic_load_explicit(&failover->count, memory_order_acquire) ? failover->items[index] : NULL;
}

/* ---- the list ---- */

static claude_code_t endpoint_new(cl_str url, int32_t priority, claude_secret_t *secret, endpoint **out, cl_err *err)
{
    endpoint *item = calloc(1, sizeof *item);

    while (url.len > 0 && url.ptr[url.len - 1] == '/')
        url.len--;
    if (item)
        item->url = malloc(url.len + 1);
    if (!item || !item->url) {
        free(item);
        return cl_fail_nomem(err);
    }
    memcpy(item->url, url.ptr, url.len);
    item->url[url.len] = '\0';
    item->priority = priority;
    item->secret = cl_secret_ref(secret);
    item->state = CL_STATE_UNKNOWN;
    *out = item;
    return CLAUDE_OK;
}

static claude_code_t check_open(const claude_failover_t *failover, cl_err *err)
{
    if (failover->sealed)
        return cl_fail(err, CLAUDE_E_STATE,
                       "the failover is in use: endpoints and models are added before the first one is selected and "
                       "before a client is made with it");
    return CLAUDE_OK;
}

static claude_code_t check_new(const claude_failover_t *failover, const endpoint *item, cl_err *err)
{
    claude_code_t rc = check_open(failover, err);

    if (rc < 0)
        return rc;
    if (failover->count == CL_FAILOVER_ENDPOINTS_MAX)
        return cl_fail(err, CLAUDE_E_LIMIT, "the failover has %d endpoints already; no more are possible",
                       CL_FAILOVER_ENDPOINTS_MAX);
    for (size_t i = 0; i < failover->count; i++) {
        if (cl_url_same_base(cl_str_of(item->url), cl_str_of(failover->items[i]->url)))
            return cl_fail(err, CLAUDE_E_INVALID, "base_url %s is the failover's endpoint %zu already; add each once",
                           item->url, i);
    }
    return CLAUDE_OK;
}

/* Behind its equals. */
static void put(claude_failover_t *failover, endpoint *item)
{
    size_t index = failover->count;
    size_t at = index;

    for (; at > 0 && failover->items[failover->order[at - 1]]->priority > item->priority; at--)
        failover->order[at] = failover->order[at - 1];
    failover->order[at] = (uint8_t)index;
    failover->items[index] = item;
    atomic_store_explicit(&failover->count, index + 1, memory_order_release);
}

claude_code_t cl_failover_add(claude_failover_t *failover, cl_str base_url, int32_t priority, claude_secret_t *secret,
                              size_t *index, cl_err *err)
{
    endpoint *item = NULL;
    size_t at;
    claude_code_t rc = cl_base_url_check(base_url, failover->settings.allow_http, err);

    if (rc >= 0)
        rc = endpoint_new(base_url, priority, secret, &item, err);
    if (rc < 0)
        return rc;
    lock(failover);
    at = failover->count;
    rc = check_new(failover, item, err);
    if (rc >= 0)
        put(failover, item);
    unlock(failover);
    if (rc < 0)
        endpoint_free(item);
    else if (index)
        *index = at;
    return rc;
}

void cl_failover_seal(claude_failover_t *failover)
{
    lock(failover);
    failover->sealed = true;
    unlock(failover);
}

size_t cl_failover_count(const claude_failover_t *failover)
{
    return atomic_load_explicit(&failover->count, memory_order_acquire);
}

const char *cl_failover_url(const claude_failover_t *failover, size_t index)
{
    const endpoint *item = item_at(failover, index);

    return item ? item->url : NULL;
}

int32_t cl_failover_priority(const claude_failover_t *failover, size_t index)
{
    const endpoint *item = item_at(failover, index);

    return item ? item->priority : 0;
}

claude_secret_t *cl_failover_secret(const claude_failover_t *failover, size_t index)
{
    const endpoint *item = item_at(failover, index);

    return item ? item->secret : NULL;
}

/* ---- models ---- */

static claude_code_t check_model(cl_str name, const char *what, cl_err *err)
{
    if (name.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is empty; it is the name of a model", what);
    if (name.len > MODEL_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is %zu bytes long; %d are allowed", what, name.len, MODEL_MAX);
    if (memchr(name.ptr, '\0', name.len) || cl_utf8_valid(name) != name.len)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is no UTF-8 text", what);
    return CLAUDE_OK;
}

static model *model_new(cl_str name, cl_str other)
{
    model *entry = malloc(sizeof *entry + name.len + other.len + 2);

    if (!entry)
        return NULL;
    entry->len = name.len;
    entry->other_len = other.len;
    memcpy(entry->texts, name.ptr, name.len);
    entry->texts[name.len] = '\0';
    memcpy(entry->texts + name.len + 1, other.ptr, other.len);
    entry->texts[name.len + 1 + other.len] = '\0';
    return entry;
}

claude_code_t cl_failover_map_model(claude_failover_t *failover, size_t index, cl_str name, cl_str other, cl_err *err)
{
    endpoint *item = item_at(failover, index);
    model *entry;
    claude_code_t rc = check_model(name, "model", err);

    if (rc >= 0)
        rc = check_model(other, "other", err);
    if (rc < 0)
        return rc;
    if (!item)
        return cl_fail(err, CLAUDE_E_INVALID, "index is %zu; the failover has %zu endpoints", index,
                       cl_failover_count(failover));
    entry = model_new(name, other);
    if (!entry)
        return cl_fail_nomem(err);
    lock(failover);
    rc = check_open(failover, err);
    if (rc >= 0 && item->model_count == CL_FAILOVER_MODELS_MAX)
        rc = cl_fail(err, CLAUDE_E_LIMIT, "endpoint %zu has other names for %d models already; no more are possible",
                     index, CL_FAILOVER_MODELS_MAX);
    if (rc >= 0) {
        item->model_count++;
        entry->next = atomic_load_explicit(&item->models, memory_order_relaxed);
        atomic_store_explicit(&item->models, entry, memory_order_release);
        entry = NULL;
    }
    unlock(failover);
    free(entry);
    return rc;
}

cl_str cl_failover_model(const claude_failover_t *failover, size_t index, cl_str name)
{
    const endpoint *item = item_at(failover, index);
    const model *entry = item ? atomic_load_explicit(&item->models, memory_order_acquire) : NULL;

    for (; entry; entry = entry->next) {
        if (cl_str_eq(cl_str_n(entry->texts, entry->len), name))
            return cl_str_n(entry->texts + entry->len + 1, entry->other_len);
    }
    return cl_str_n("", 0);
}

/* ---- states; all of it under the lock ---- */

/* What was found when it was unhealthy is not known to hold any more; its failures stay, so that one more is enough. */
static int32_t state_at(const endpoint *item, int64_t now)
{
    return item->state == CL_STATE_UNHEALTHY && now >= item->until ? CL_STATE_UNKNOWN : item->state;
}

static void make_well(endpoint *item)
{
    item->state = CL_STATE_HEALTHY;
    item->failures = 0;
}

static void make_unhealthy(claude_failover_t *failover, size_t index, int64_t now)
{
    const cl_failover_settings *settings = &failover->settings;
    endpoint *item = failover->items[index];

    item->state = CL_STATE_UNHEALTHY;
    item->failures = settings->unhealthy_after;
    item->until = now > INT64_MAX - settings->cooldown_ms ? INT64_MAX : now + settings->cooldown_ms;
}

static void count_failure(claude_failover_t *failover, size_t index, int64_t now)
{
    const cl_failover_settings *settings = &failover->settings;
    endpoint *item = failover->items[index];

    if (item->failures >= settings->unhealthy_after - 1)
        make_unhealthy(failover, index, now);
    else if (++item->failures >= settings->degraded_after)
        item->state = CL_STATE_DEGRADED;
}

void cl_failover_record(claude_failover_t *failover, size_t index, bool ok, int64_t now)
{
    if (!item_at(failover, index))
        return;
    lock(failover);
    if (ok) {
        make_well(failover->items[index]);
        /* Calls that began at another one before do not move the others there when they end. */
        if (failover->kept == NOBODY)
            failover->kept = (int32_t)index;
    } else {
        count_failure(failover, index, now);
        if (failover->kept == (int32_t)index)
            failover->kept = NOBODY;
    }
    unlock(failover);
}

void cl_failover_set_state(claude_failover_t *failover, size_t index, int32_t state, int64_t now)
{
    endpoint *item = item_at(failover, index);

    if (!item)
        return;
    lock(failover);
    if (state == CL_STATE_HEALTHY) {
        make_well(item);
    } else if (state == CL_STATE_UNHEALTHY) {
        make_unhealthy(failover, index, now);
        if (failover->kept == (int32_t)index)
            failover->kept = NOBODY;
    } else if (state == CL_STATE_DEGRADED) {
        item->state = CL_STATE_DEGRADED; /* also one that was unhealthy, until its next failure */
    } else if (state == CL_STATE_UNKNOWN) {
        item->state = CL_STATE_UNKNOWN;
        item->failures = 0;
    }
    unlock(failover);
}

int32_t cl_failover_state(claude_failover_t *failover, size_t index, int64_t now)
{
    const endpoint *item = item_at(failover, index);
    int32_t state;

    if (!item)
        return 0;
    lock(failover);
    state = state_at(item, now);
    unlock(failover);
    return state;
}

const char *cl_state_name(int32_t state)
{
    return state == CL_STATE_UNKNOWN     ? "unknown"
           : state == CL_STATE_HEALTHY   ? "healthy"
           : state == CL_STATE_DEGRADED  ? "degraded"
           : state == CL_STATE_UNHEALTHY ? "unhealthy"
                                         : "";
}

/* ---- selection: sets of endpoints are bit sets by index ---- */

static uint64_t bit(size_t index)
{
    return (uint64_t)1 << index;
}

static size_t best_of(const claude_failover_t *failover, uint64_t set)
{
    size_t at = 0;

    while (!(set & bit(failover->order[at])))
        at++;
    return failover->order[at];
}

static size_t next_of(claude_failover_t *failover, uint64_t set)
{
    size_t index = failover->turn;

    while (!(set & bit(index)))
        index = (index + 1) % failover->count;
    failover->turn = (index + 1) % failover->count;
    return index;
}

static size_t any_of(uint64_t set, uint64_t random)
{
    uint64_t size = (uint64_t)__builtin_popcountll(set);

    /* The share of the high half: no member is favoured by more than one in a hundred million. */
    for (uint64_t skip = ((random >> 32) * size) >> 32; skip > 0; skip--)
        set &= set - 1;
    return (size_t)__builtin_ctzll(set);
}

static size_t choose(claude_failover_t *failover, uint64_t set, uint64_t random)
{
    switch (failover->settings.strategy) {
    case CL_FAILOVER_ROUND_ROBIN:
        return next_of(failover, set);
    case CL_FAILOVER_RANDOM:
        return any_of(set, random);
    case CL_FAILOVER_STICKY:
        if (failover->kept != NOBODY && (set & bit((size_t)failover->kept)))
            return (size_t)failover->kept;
        return best_of(failover, set);
    default:
        return best_of(failover, set);
    }
}

bool cl_failover_select(claude_failover_t *failover, uint64_t tried, int64_t now, uint64_t random, size_t *index)
{
    uint64_t left = 0;
    uint64_t well = 0;

    lock(failover);
    failover->sealed = true;
    for (size_t i = 0; i < failover->count; i++) {
        if (tried & bit(i))
            continue;
        left |= bit(i);
        if (state_at(failover->items[i], now) != CL_STATE_UNHEALTHY)
            well |= bit(i);
    }
    if (left)
        *index = choose(failover, well ? well : left, random);
    unlock(failover);
    return left != 0;
}
