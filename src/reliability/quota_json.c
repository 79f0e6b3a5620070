/* quota_json.c - quotas as JSON: what was used, for monitoring and for the program to store; and limits. */
#include "reliability/quota.h"

#include <stdlib.h>

#include "json/json.h"

enum { VERSION = 1, DEPTH = 16, FIELD_SIZE = 256 };

#define DOLLARS_MAX 1e9
#define NANO_PER_DOLLAR 1e9

static const char *const period_names[CL_QUOTA_PERIODS] = {"day", "month", "ever"};
static const char *const kind_names[CL_QUOTA_KINDS] = {"requests", "tokens", "cost_nano"};
static const char *const figure_names[CL_USED_FIGURES] = {"requests",          "input_tokens",  "cache_write_tokens",
                                                          "cache_read_tokens", "output_tokens", "cost_nano",
                                                          "estimated",         "unpriced"};

/* ---- writing ---- */

static bool put_limits(cl_buf *out, const cl_quota_limits *limits)
{
    bool ok = cl_json_put_key(out, "limits") && cl_json_put_char(out, '{');

    for (int32_t period = 0; period < CL_QUOTA_LIMITED; period++) {
        for (int32_t kind = 0; ok && kind < CL_QUOTA_KINDS; kind++) {
            int64_t most = limits->most[period][kind];
            if (most == 0)
                continue;
            ok = cl_json_put_key(out, cl_quota_limit_name(period, kind)) &&
                 (kind == CL_QUOTA_COST ? cl_quota_put_dollars(out, most) : cl_buf_append_int(out, most)) == CL_BUF_OK;
        }
    }
    return ok && cl_json_put_char(out, '}');
}

static bool put_use(cl_buf *out, const char *key, const cl_quota_use *used)
{
    bool ok = cl_json_put_key(out, key) && cl_json_put_char(out, '{');

    for (size_t i = 0; ok && i < CL_USED_FIGURES; i++)
        ok = cl_json_put_int(out, figure_names[i], used->count[i]);
    return ok && cl_json_put_key(out, "cost_usd") &&
           cl_quota_put_dollars(out, used->count[CL_USED_COST]) == CL_BUF_OK && cl_json_put_char(out, '}');
}

static bool put_scope(cl_buf *out, const cl_quota_scope *scope)
{
    bool ok = cl_json_put_char(out, '{') && put_limits(out, &scope->limits) && cl_json_put_key(out, "reserved") &&
              cl_json_put_char(out, '{');

    for (size_t kind = 0; ok && kind < CL_QUOTA_KINDS; kind++)
        ok = cl_json_put_int(out, kind_names[kind], scope->reserved[kind]);
    ok = ok && cl_json_put_char(out, '}') && cl_json_put_int(out, "refused", scope->refused);
    for (size_t period = 0; ok && period < CL_QUOTA_PERIODS; period++)
        ok = put_use(out, period_names[period], &scope->used[period]);
    return ok && cl_json_put_char(out, '}');
}

static bool put_date(cl_buf *out, const claude_quota_t *quota)
{
    return cl_json_put_key(out, "date") && cl_json_put_char(out, '"') &&
           cl_put_day(out, quota->book->day) == CL_BUF_OK && cl_json_put_char(out, '"');
}

static bool put_quota(cl_buf *out, const claude_quota_t *quota)
{
    int64_t month_ends = cl_month_begins(quota->book->month + 1);
    cl_quota_scope all = cl_quota_all(quota);
    bool ok = cl_json_put_char(out, '{') && cl_json_put_int(out, "version", VERSION) &&
              cl_json_put_int(out, "saved_at_ms", quota->book->now - quota->book->offset_ms) &&
              cl_json_put_int(out, "utc_offset_minutes", quota->book->offset_ms / 60000) && put_date(out, quota) &&
              cl_json_put_int(out, "day_resets_at_ms", (quota->book->day + 1) * CL_DAY_MS - quota->book->offset_ms) &&
              cl_json_put_int(out, "month_resets_at_ms", month_ends * CL_DAY_MS - quota->book->offset_ms) &&
              cl_json_put_key(out, "total") && put_scope(out, &all) && cl_json_put_key(out, "models") &&
              cl_json_put_char(out, '{');

    for (size_t i = 0; ok && i < quota->book->count; i++)
        ok = cl_json_put_key(out, quota->book->models[i]->name) && put_scope(out, quota->book->models[i]);
    return ok && cl_json_put_char(out, '}') && cl_json_put_char(out, '}');
}

claude_code_t cl_quota_export(claude_quota_t *quota, int64_t wall_ms, cl_buf *out, cl_err *err)
{
    bool ok;

    cl_quota_lock(quota);
    cl_quota_set_time(quota, wall_ms);
    ok = put_quota(out, quota);
    cl_quota_unlock(quota);
    return ok ? CLAUDE_OK : cl_fail_nomem(err);
}

/* ---- reading what was used ---- */

typedef struct row {
    char name[CL_QUOTA_NAME_MAX + 1];
    cl_quota_use used[CL_QUOTA_PERIODS];
} row;

typedef struct document {
    int64_t saved_at_ms;
    cl_quota_use all[CL_QUOTA_PERIODS];
    row *rows;
    size_t count;
} document;

/* A raw value tells its type by its first byte. */
static bool is_object(cl_json value)
{
    return value.len > 0 && value.ptr[0] == '{';
}

/* A name that came from outside, as far as an error shows it. */
static const char *shown(cl_json key, char room[FIELD_SIZE])
{
    cl_json_copy_text(key, room, FIELD_SIZE);
    return room;
}

static claude_code_t read_int(cl_json object, const char *where, const char *name, int64_t min, int64_t *out,
                              cl_err *err)
{
    cl_json value = cl_json_member(object, cl_str_of(name));

    if (cl_json_to_int(value, out) && *out >= min)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON: %s%s%s must be a whole number%s", where, *where ? "." : "",
                   name, min == 0 ? " of 0 or more" : "");
}

static claude_code_t read_use(cl_json scope, const char *where, int32_t period, cl_quota_use *out, cl_err *err)
{
    cl_json use = cl_json_member(scope, cl_str_of(period_names[period]));
    char path[FIELD_SIZE + 16];
    cl_buf text = CL_BUF_ON(path);
    claude_code_t rc = CLAUDE_OK;

    (void)cl_buf_append_text(&text, where);
    (void)cl_buf_append_char(&text, '.');
    (void)cl_buf_append_text(&text, period_names[period]);
    if (!is_object(use))
        return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON: %s must be an object", path);
    for (size_t i = 0; rc >= 0 && i < CL_USED_FIGURES; i++)
        rc = read_int(use, path, figure_names[i], 0, &out->count[i], err);
    return rc;
}

/* A day is part of its month, and that of all time. */
static claude_code_t read_scope(cl_json scope, const char *where, cl_quota_use used[CL_QUOTA_PERIODS], cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    if (!is_object(scope))
        return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON: %s must be an object", where);
    for (int32_t period = 0; rc >= 0 && period < CL_QUOTA_PERIODS; period++)
        rc = read_use(scope, where, period, &used[period], err);
    for (int32_t period = 1; rc >= 0 && period < CL_QUOTA_PERIODS; period++) {
        for (size_t i = 0; rc >= 0 && i < CL_USED_FIGURES; i++) {
            if (used[period - 1].count[i] > used[period].count[i])
                rc = cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON: %s.%s has more %s than %s.%s", where,
                             period_names[period - 1], figure_names[i], where, period_names[period]);
        }
    }
    return rc;
}

static claude_code_t read_name(cl_json key, const document *doc, char out[CL_QUOTA_NAME_MAX + 1], cl_err *err)
{
    char room[FIELD_SIZE];
    size_t len = cl_json_decoded_len(key);

    if (len == 0 || len > CL_QUOTA_NAME_MAX)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "the quota's JSON: the name of a model has %zu bytes; 1 to %d are allowed", len,
                       CL_QUOTA_NAME_MAX);
    cl_json_copy_text(key, out, CL_QUOTA_NAME_MAX + 1);
    if (memchr(out, '\0', len))
        return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON: the name of a model has a NUL");
    for (size_t i = 0; i < doc->count; i++) {
        if (strcmp(doc->rows[i].name, out) == 0)
            return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON: the model \"%s\" is there twice",
                           shown(key, room));
    }
    return CLAUDE_OK;
}

static claude_code_t read_models(cl_json models, document *doc, cl_err *err)
{
    cl_json_iter iter = cl_json_iter_of(models);
    size_t most = CL_QUOTA_MODELS_MAX + 1; /* the last one for all others */
    claude_code_t rc = CLAUDE_OK;
    cl_json key;
    cl_json value;

    if (!is_object(models))
        return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON: models must be an object");
    if (cl_json_count(models) > most)
        return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON: there are more than %zu models", most);
    doc->rows = calloc(cl_json_count(models) + 1, sizeof *doc->rows);
    if (!doc->rows)
        return cl_fail_nomem(err);
    while (rc >= 0 && cl_json_next(&iter, &key, &value)) {
        row *next = &doc->rows[doc->count];
        rc = read_name(key, doc, next->name, err);
        if (rc >= 0)
            rc = read_scope(value, next->name, next->used, err);
        doc->count++;
    }
    return rc;
}

static claude_code_t read_document(cl_str json, document *doc, cl_err *err)
{
    int64_t version = 0;
    cl_json root;
    claude_code_t rc;

    if (json.len > CL_QUOTA_JSON_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON is longer than %zu bytes", CL_QUOTA_JSON_MAX);
    rc = cl_json_validate(json, DEPTH, &root, err);
    if (rc < 0)
        return rc;
    if (!is_object(root))
        return cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON must be an object");
    rc = read_int(root, "", "version", 0, &version, err);
    if (rc >= 0 && version != VERSION)
        rc = cl_fail(err, CLAUDE_E_INVALID, "the quota's JSON is of version %lld; this library reads version %d",
                     (long long)version, VERSION);
    if (rc >= 0)
        rc = read_int(root, "", "saved_at_ms", INT64_MIN, &doc->saved_at_ms, err);
    if (rc >= 0)
        rc = read_scope(cl_json_member(root, CL_STR("total")), "total", doc->all, err);
    return rc < 0 ? rc : read_models(cl_json_member(root, CL_STR("models")), doc, err);
}

/* All rows first: from there on nothing can fail. */
static claude_code_t make_rows(claude_quota_t *quota, const document *doc, cl_err *err)
{
    cl_quota_scope *scope;
    claude_code_t rc = CLAUDE_OK;

    for (size_t i = 0; rc >= 0 && i < doc->count; i++)
        rc = cl_quota_scope_of(quota, cl_str_of(doc->rows[i].name), true, &scope, err);
    return rc;
}

static void take_over(claude_quota_t *quota, const document *doc, int64_t wall_ms)
{
    cl_quota_scope *scope = NULL;

    cl_quota_forget_use(quota);
    memcpy(quota->book->all.used, doc->all, sizeof doc->all);
    for (size_t i = 0; i < doc->count; i++) {
        (void)cl_quota_scope_of(quota, cl_str_of(doc->rows[i].name), true, &scope, NULL);
        for (size_t period = 0; scope && period < CL_QUOTA_PERIODS; period++)
            cl_quota_use_add(&scope->used[period], &doc->rows[i].used[period]);
    }
    /* As if the time since then had passed here. */
    quota->book->started = false;
    cl_quota_set_time(quota, doc->saved_at_ms);
    cl_quota_set_time(quota, wall_ms);
}

claude_code_t cl_quota_import(claude_quota_t *quota, cl_str json, int64_t wall_ms, cl_err *err)
{
    document doc = {.rows = NULL};
    claude_code_t rc = read_document(json, &doc, err);

    if (rc < 0)
        goto out;
    cl_quota_lock(quota);
    rc = make_rows(quota, &doc, err);
    if (rc >= 0)
        take_over(quota, &doc, wall_ms);
    cl_quota_unlock(quota);
out:
    free(doc.rows);
    return rc;
}

/* ---- reading limits ---- */

typedef struct limit_row {
    char name[CL_QUOTA_NAME_MAX + 1];
    cl_quota_limits limits; /* -1: not named */
} limit_row;

static claude_code_t read_amount(cl_json value, int32_t kind, const char *where, const char *name, int64_t *out,
                                 cl_err *err)
{
    double dollars;

    if (cl_json_is_absent(value)) {
        *out = 0;
        return CLAUDE_OK;
    }
    if (kind != CL_QUOTA_COST && cl_json_to_int(value, out) && *out >= 0)
        return CLAUDE_OK;
    if (kind == CL_QUOTA_COST && cl_json_to_double(value, &dollars) && dollars >= 0 && dollars <= DOLLARS_MAX) {
        *out = (int64_t)(dollars * NANO_PER_DOLLAR + 0.5);
        /* 0 would be no limit. */
        if (*out == 0 && dollars > 0)
            *out = 1;
        return CLAUDE_OK;
    }
    return cl_fail(err, CLAUDE_E_INVALID, "the limits' JSON: %s%s%s must be %s", where, *where ? "." : "", name,
                   kind == CL_QUOTA_COST ? "a number of dollars from 0 to 1000000000" : "a whole number of 0 or more");
}

static claude_code_t read_limits(cl_json object, const char *where, bool has_models, limit_row *out, cl_err *err)
{
    cl_json_iter iter = cl_json_iter_of(object);
    claude_code_t rc = CLAUDE_OK;
    char name[FIELD_SIZE];
    cl_json key;
    cl_json value;

    memset(&out->limits, 0xff, sizeof out->limits);
    if (!is_object(object))
        return cl_fail(err, CLAUDE_E_INVALID, "the limits' JSON: %s must be an object", *where ? where : "it");
    while (rc >= 0 && cl_json_next(&iter, &key, &value)) {
        int32_t period;
        int32_t kind;
        shown(key, name);
        if (has_models && strcmp(name, "models") == 0)
            continue;
        if (!cl_quota_limit_of(cl_str_of(name), &period, &kind))
            return cl_fail(err, CLAUDE_E_INVALID,
                           "the limits' JSON: %s%s%s is no limit; there are daily_ and monthly_ requests, tokens and "
                           "cost",
                           where, *where ? "." : "", name);
        rc = read_amount(value, kind, where, name, &out->limits.most[period][kind], err);
    }
    return rc;
}

static void apply(cl_quota_limits *limits, const limit_row *from)
{
    for (size_t period = 0; period < CL_QUOTA_LIMITED; period++) {
        for (size_t kind = 0; kind < CL_QUOTA_KINDS; kind++) {
            if (from->limits.most[period][kind] >= 0)
                limits->most[period][kind] = from->limits.most[period][kind];
        }
    }
}

/* rows[0] is for all, and count at least 1. */
static claude_code_t apply_all(claude_quota_t *quota, const limit_row *rows, size_t count, cl_err *err)
{
    cl_quota_scope *scope = NULL;
    claude_code_t rc = CLAUDE_OK;
    size_t before;

    cl_quota_lock(quota);
    before = quota->book->count;
    for (size_t i = 1; rc >= 0 && i < count; i++)
        rc = cl_quota_scope_of(quota, cl_str_of(rows[i].name), false, &scope, err);
    /* All or nothing: nobody else has seen these rows. */
    while (rc < 0 && quota->book->count > before)
        free(quota->book->models[--quota->book->count]);
    for (size_t i = 1; rc >= 0 && i < count; i++) {
        rc = cl_quota_scope_of(quota, cl_str_of(rows[i].name), false, &scope, err);
        apply(&scope->limits, &rows[i]);
    }
    if (rc >= 0)
        apply(&quota->limits, &rows[0]);
    cl_quota_unlock(quota);
    return rc;
}

static claude_code_t read_model_limits(cl_json models, limit_row *rows, size_t *count, cl_err *err)
{
    cl_json_iter iter = cl_json_iter_of(models);
    claude_code_t rc = CLAUDE_OK;
    cl_json key;
    cl_json value;

    while (rc >= 0 && cl_json_next(&iter, &key, &value)) {
        limit_row *next = &rows[*count];
        size_t len = cl_json_decoded_len(key);
        if (len == 0 || len > CL_QUOTA_NAME_MAX)
            return cl_fail(err, CLAUDE_E_INVALID,
                           "the limits' JSON: the name of a model has %zu bytes; 1 to %d are allowed", len,
                           CL_QUOTA_NAME_MAX);
        cl_json_copy_text(key, next->name, sizeof next->name);
        if (strlen(next->name) != len)
            return cl_fail(err, CLAUDE_E_INVALID, "the limits' JSON: the name of a model has a NUL");
        rc = read_limits(value, next->name, false, next, err);
        (*count)++;
    }
    return rc;
}

claude_code_t cl_quota_load_limits(claude_quota_t *quota, cl_str json, cl_err *err)
{
    limit_row *rows = NULL;
    size_t count = 1;
    cl_json models;
    cl_json root;
    claude_code_t rc;

    if (json.len > CL_QUOTA_JSON_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "the limits' JSON is longer than %zu bytes", CL_QUOTA_JSON_MAX);
    rc = cl_json_validate(json, DEPTH, &root, err);
    if (rc < 0)
        return rc;
    models = cl_json_member(root, CL_STR("models"));
    if (!cl_json_is_absent(models) && !is_object(models))
        return cl_fail(err, CLAUDE_E_INVALID, "the limits' JSON: models must be an object");
    if (cl_json_count(models) > CL_QUOTA_MODELS_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "the limits' JSON: there are more than %d models", CL_QUOTA_MODELS_MAX);
    rows = calloc(cl_json_count(models) + 1, sizeof *rows);
    if (!rows)
        return cl_fail_nomem(err);
    rc = read_limits(root, "", true, &rows[0], err);
    if (rc >= 0)
        rc = read_model_limits(models, rows, &count, err);
    if (rc >= 0)
        rc = apply_all(quota, rows, count, err);
    free(rows);
    return rc;
}
