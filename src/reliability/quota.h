/*
 * quota.h - how much of requests, tokens and money may be used in a day and in a month: in all, and by each model. Any
 * thread; the time comes from outside, in milliseconds since 1970-01-01 UTC, and so does what tokens cost.
 *
 * Before a call room is reserved for what it may use; afterwards that becomes what it did use, or nothing. A call gets
 * room if what is used, what is reserved and what it asks for fit the limits together. So limits are passed only by
 * what calls use beyond what they have reserved. A reservation has no day: what is used counts when it is settled.
 *
 * A day begins at midnight of UTC plus an offset. When the clock goes back by a day at most, time stands still until it
 * has caught up; when it goes back further, the new time is taken, and what was used stays used until its next
 * midnight. Nothing is ever reset by a clock that goes back.
 *
 * After a fork() the child goes on with what was used then. What was reserved is the parent's: here it is nothing, and
 * ends without effect.
 */
#ifndef CL_RELIABILITY_QUOTA_H
#define CL_RELIABILITY_QUOTA_H

#include <pthread.h>
#include <stdatomic.h>

#include "config/config.h"

/* What is limited, and for how long. */
enum { CL_QUOTA_REQUESTS = 0, CL_QUOTA_TOKENS, CL_QUOTA_COST, CL_QUOTA_KINDS };
enum { CL_QUOTA_DAY = 0, CL_QUOTA_MONTH, CL_QUOTA_LIMITED, CL_QUOTA_EVER = CL_QUOTA_LIMITED, CL_QUOTA_PERIODS };

enum {
    CL_QUOTA_MODELS_MAX = 256, /* further ones are counted together, as CL_QUOTA_OTHER */
    CL_QUOTA_NAME_MAX = 128    /* bytes of a model's name */
};
#define CL_QUOTA_OTHER "(other)"
#define CL_QUOTA_JSON_MAX ((size_t)2 * 1024 * 1024)

/* What is counted. */
enum {
    CL_USED_REQUESTS = 0,
    CL_USED_INPUT,
    CL_USED_CACHE_WRITE,
    CL_USED_CACHE_READ,
    CL_USED_OUTPUT,
    CL_USED_COST,      /* nano-dollars, of what has a price */
    CL_USED_ESTIMATED, /* requests whose tokens are not the server's, or not all of them */
    CL_USED_UNPRICED,  /* requests whose price is not known */
    CL_USED_FIGURES
};

typedef struct cl_quota_use {
    int64_t count[CL_USED_FIGURES];
} cl_quota_use;

/* 0: no limit. */
typedef struct cl_quota_limits {
    int64_t most[CL_QUOTA_LIMITED][CL_QUOTA_KINDS];
} cl_quota_limits;

typedef struct cl_quota_settings {
    cl_quota_limits limits; /* of all models together */
    int64_t offset_minutes;
    cl_hook *prices; /* a table that the caller knows what to do with; may be NULL; shared */
    /* By which name a model is known to that table, its aliases included; `model` itself if it is not. NULL: by its
     * own. The result is lent by the table, or by the caller. */
    cl_str (*name_of)(const void *prices, cl_str model);
} cl_quota_settings;

/* What may be used. */
typedef struct cl_quota_need {
    int64_t amount[CL_QUOTA_KINDS];
    bool unpriced; /* the cost is not known: refused where money is limited */
} cl_quota_need;

/* What is counted for a model, or for all. */
typedef struct cl_quota_scope {
    char name[CL_QUOTA_NAME_MAX + 1]; /* of the model; "" for all */
    cl_quota_limits limits;
    cl_quota_use used[CL_QUOTA_PERIODS];
    int64_t reserved[CL_QUOTA_KINDS];
    int64_t refused;
} cl_quota_scope;

/* A reservation, in its owner's memory. It begins with zeros. */
typedef struct cl_quota_ticket {
    cl_quota_scope *model; /* NULL: no model's */
    cl_quota_need need;
    uint32_t generation; /* of the process that reserved */
    bool open;
} cl_quota_ticket;

claude_code_t cl_quota_new(const cl_quota_settings *settings, claude_quota_t **out, cl_err *err);
/* Another one with the same use, reservations and prices, and other limits for all models together. What was reserved
 * in one can be settled in the other. */
claude_code_t cl_quota_with_limits(claude_quota_t *quota, const cl_quota_limits *limits, claude_quota_t **out,
                                   cl_err *err);
claude_quota_t *cl_quota_ref(claude_quota_t *quota);
void cl_quota_unref(claude_quota_t *quota);
/* The table of the settings; NULL: none. */
const void *cl_quota_prices(const claude_quota_t *quota);

/*
 * In all of these a model of length 0 is none: counted in all only, or all of them.
 *
 * CLAUDE_E_INVALID: the name is no valid UTF-8, or too long; CLAUDE_E_LIMIT: there are limits for so many models that
 * there is no room for another.
 */
claude_code_t cl_quota_set_limit(claude_quota_t *quota, cl_str model, int32_t period, int32_t kind, int64_t most,
                                 cl_err *err);
/*
 * Takes room. CLAUDE_E_QUOTA: there is none, or the cost is not known and limited; CLAUDE_E_LIMIT: all that is
 * reserved would be more than can be counted; CLAUDE_E_INVALID: an amount is below 0; CLAUDE_E_NOMEM.
 */
claude_code_t cl_quota_reserve(claude_quota_t *quota, cl_str model, const cl_quota_need *need, int64_t wall_ms,
                               cl_quota_ticket *ticket, cl_err *err);
/* Ends a reservation with what was used; NULL: nothing was. One that is not open is left alone. */
void cl_quota_settle(claude_quota_t *quota, cl_quota_ticket *ticket, const cl_quota_use *used, int64_t wall_ms);
/* Counts what was used: if there is room for it, or whatever the limits say. Figures below 0 count as 0. */
claude_code_t cl_quota_record(claude_quota_t *quota, cl_str model, const cl_quota_use *used, int64_t wall_ms,
                              cl_err *err);
claude_code_t cl_quota_add(claude_quota_t *quota, cl_str model, const cl_quota_use *used, int64_t wall_ms, cl_err *err);

/* A copy of what is known of a model, or of all; false: the model was never heard of. */
bool cl_quota_look(claude_quota_t *quota, cl_str model, int64_t wall_ms, cl_quota_scope *out);
size_t cl_quota_model_count(claude_quota_t *quota);
/* Lent by the quota; NULL behind the last one. */
const char *cl_quota_model_at(claude_quota_t *quota, size_t index);
/* When a day or a month begins anew. */
int64_t cl_quota_reset_at_ms(claude_quota_t *quota, int32_t period, int64_t wall_ms);

/* Sums that stay at INT64_MAX; what is below 0 counts as 0. */
int64_t cl_quota_plus(int64_t a, int64_t b);
void cl_quota_use_add(cl_quota_use *sum, const cl_quota_use *more);
int64_t cl_quota_tokens(const cl_quota_use *used);
/* What is used of a kind that is limited. */
int64_t cl_quota_used(const cl_quota_use *used, int32_t kind);
/* "daily_requests", ...: period and kind; false for a name that is none. */
bool cl_quota_limit_of(cl_str name, int32_t *period, int32_t *kind);
/* Static. */
const char *cl_quota_limit_name(int32_t period, int32_t kind);
/* An amount as people read it: nano-dollars as dollars with as many decimals as they have. CL_BUF_* */
int cl_quota_put_dollars(cl_buf *out, int64_t nano);

/* ---- quota_json.c ---- */

/* What was used and reserved, and the limits. */
claude_code_t cl_quota_export(claude_quota_t *quota, int64_t wall_ms, cl_buf *out, cl_err *err);
/* Takes over what was used, in place of what is known; limits and reservations stay. All or nothing: CLAUDE_E_INVALID
 * names what is wrong. */
claude_code_t cl_quota_import(claude_quota_t *quota, cl_str json, int64_t wall_ms, cl_err *err);
/* Limits in dollars and numbers, of all and of models; those that it does not name stay. All or nothing. */
claude_code_t cl_quota_load_limits(claude_quota_t *quota, cl_str json, cl_err *err);

/* ---- quota_time.c ---- */

enum { CL_DAY_MS = 86400000 };

/* Days since 1970-01-01, rounded down. */
int64_t cl_day_of(int64_t ms);
/* Months since 1970-01 of a day, and the first day of a month. */
int64_t cl_month_of(int64_t day);
int64_t cl_month_begins(int64_t month);
/* "2026-11-24"; CL_BUF_* */
int cl_put_day(cl_buf *out, int64_t day);
/* "2026-11-24 05:00 UTC"; CL_BUF_* */
int cl_put_time(cl_buf *out, int64_t ms);

/* ---- between quota.c and quota_json.c ---- */

/* What was used and is reserved, and what models are limited to. */
typedef struct cl_quota_book {
    _Atomic uint32_t refs;
    pthread_mutex_t lock;
    uint32_t generation; /* of the process that has reserved */
    int64_t offset_ms;
    cl_hook *prices;
    cl_str (*name_of)(const void *prices, cl_str model);
    bool started;
    int64_t now; /* the latest time, with the offset */
    int64_t day; /* those of `now` */
    int64_t month;
    cl_quota_scope all;                              /* its limits are those of each quota */
    cl_quota_scope *models[CL_QUOTA_MODELS_MAX + 1]; /* never moved, never removed; the last one is for others */
    size_t count;
} cl_quota_book;

struct claude_quota {
    cl_handle handle;
    cl_quota_book *book;
    cl_quota_limits limits; /* of all models together; under the book's lock */
};

void cl_quota_lock(claude_quota_t *quota);
void cl_quota_unlock(claude_quota_t *quota);
/* Under the lock. */
void cl_quota_set_time(claude_quota_t *quota, int64_t wall_ms);
/* The scope of all, with the limits of this quota. */
cl_quota_scope cl_quota_all(const claude_quota_t *quota);
/* The row of a model, made if there is none; *out NULL for no model. `may_share`: if there is no room for another, that
 * of others. */
claude_code_t cl_quota_scope_of(claude_quota_t *quota, cl_str model, bool may_share, cl_quota_scope **out, cl_err *err);
claude_code_t cl_quota_check_model(cl_str model, cl_err *err);
void cl_quota_forget_use(claude_quota_t *quota);

#endif
