/*
 * models.h - facts and prices of models: a table, built in or given by the program, and what the API itself tells about
 * a model. Plain data without policy, so that calls may look things up in it.
 */
#ifndef CL_MESSAGE_MODELS_H
#define CL_MESSAGE_MODELS_H

#include "base/base.h"
#include "json/json.h"

enum {
    CL_MODEL_ID_MAX = 128,
    CL_MODEL_NOTICE_MAX = 352,
    CL_MODEL_ALIASES_MAX = 8,
    CL_MODEL_PRICES_MAX = 8,
    CL_MODELS_MAX = 256
};
#define CL_MODELS_JSON_MAX ((size_t)4 * 1024 * 1024)
/* Dollars per million tokens or per thousand uses; and the percentages that apply to them. Within these a price cannot
 * overflow, however many percentages apply. */
#define CL_PRICE_MAX 10000.0
#define CL_PERCENT_MAX 1000

/* Nano-dollars for a million tokens, in the order of the parts of a cost. */
enum { CL_PRICE_INPUT, CL_PRICE_OUTPUT, CL_PRICE_WRITE_5M, CL_PRICE_WRITE_1H, CL_PRICE_READ, CL_PRICES };

typedef struct cl_prices {
    int64_t longest; /* tokens of a prompt that they are for; INT64_MAX: of any other */
    int64_t nano[CL_PRICES];
} cl_prices;

typedef struct cl_model {
    cl_json facts;
    cl_str id;          /* not NUL-terminated */
    cl_json aliases;    /* type 0 or null: none */
    cl_json percent;    /* may be absent */
    size_t price_count; /* 0: they are not known */
    cl_prices prices[CL_MODEL_PRICES_MAX];
    char notice[CL_MODEL_NOTICE_MAX]; /* that it is deprecated or retired; "": it is not */
} cl_model;

struct claude_models {
    cl_handle handle;
    bool built_in;
    cl_str text;
    cl_json percent; /* may be absent, as what follows */
    cl_json server_tools;
    const char *decoded; /* the text with all strings decoded in their places */
    const cl_model *rows;
    size_t count;
};

/* ---- models.c: the table ---- */

/* Lent, never NULL, made without memory. */
const claude_models_t *cl_models_builtin(void);
/* Checks the whole table. CLAUDE_E_INVALID names the model and the field. */
claude_code_t cl_models_load(cl_str json, claude_models_t **out, cl_err *err);
claude_models_t *cl_models_ref(claude_models_t *models);
void cl_models_unref(claude_models_t *models);
/* By id or alias; else by the same without what platforms and dates add to it. NULL: unknown. In this and all that
 * follows, models may be NULL: the table that is built in. */
const cl_model *cl_models_find(const claude_models_t *models, cl_str id);
/* The fact at a pointer without its first slash: "context_window", "prices/0/input". */
cl_json cl_model_fact(const cl_model *model, const char *what);
/* A string of the table's JSON, decoded; NULL: it is none. Lent. */
const char *cl_models_lend(const claude_models_t *models, cl_json string);
/* Dollars in the JSON as nano-dollars, rounded. False: it is no number, or negative, or beyond 9 * 10^9 dollars. */
bool cl_price_nano(cl_json price, int64_t *nano);
/* When a model is retired, in milliseconds since 1970. False: no date is known. */
bool cl_model_retires_ms(const cl_model *model, int64_t *ms);
/* "2026-11-30" is its first moment in UTC; or RFC 3339. */
bool cl_model_date(cl_str text, int64_t *ms);
/* Days until then, begun ones counted; 0: it is past. */
int64_t cl_model_days_left(int64_t retires_ms, int64_t now_ms);
/* A model's name without platform, date, version and "-latest": a part of `id`. */
cl_str cl_model_plain_id(cl_str id);
/* Whether two spellings mean the same model. */
bool cl_model_same(cl_str a, cl_str b);

/* ---- models_check.c ---- */

/* Checks the shape of a table. */
claude_code_t cl_models_check(cl_json root, cl_err *err);

/* ---- deprecation.c ---- */

/* What there is to say about using a model, or with `feature` ("thinking/enabled") about using it in that way. NULL:
 * nothing. Lent by the table. */
const char *cl_deprecation_find(const claude_models_t *models, cl_str model, cl_str feature);

enum { CL_TOLD_MAX = 64 };

/* Remembers what was told, for any number of threads, and through fork(). Zero-initialise. When it is full nothing is
 * told any more: a program that goes through so many models has been told often enough. */
typedef struct cl_told {
    _Atomic uint64_t seen[CL_TOLD_MAX];
} cl_told;

/* True the first time for each model and feature. */
bool cl_told_first(cl_told *told, cl_str model, cl_str feature);
/* Both: the text to be told now, or NULL. */
const char *cl_deprecation_tell(const claude_models_t *models, cl_told *told, cl_str model, cl_str feature);

/* ---- context.c ---- */

/* Whether tokens counted and tokens asked for fit a window. CLAUDE_E_INVALID says by how much they do not. */
claude_code_t cl_context_check(cl_str model, int64_t window, int64_t input_tokens, int64_t max_tokens, cl_err *err);

/* ---- model_info.c: answers of models.retrieve and models.list ---- */

/* `id` NULL: the one model of models.retrieve. The facts have the names of the table or those of the wire. */
const char *cl_model_info_text(const claude_response_t *info, const char *id, const char *what, size_t *len);
int64_t cl_model_info_int(const claude_response_t *info, const char *id, const char *what);
/* 1, 0, or -1: the answer does not say. */
int32_t cl_model_info_supports(const claude_response_t *info, const char *id, const char *capability);
/* -1: no date. */
int64_t cl_model_info_days_left(const claude_response_t *info, const char *id, int64_t now_ms);
const char *cl_model_info_choose(const claude_response_t *list, const char *wanted, int64_t now_ms);

#endif
