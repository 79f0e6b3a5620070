#include <claude/quota.h>

#include <errno.h>

#include <claude/model.h>

#include "border.h"
#include "client/policies.h"

#if CL_FEATURE_QUOTA

static bool check(const claude_quota_t *quota)
{
    return cl_is(quota, CL_MAGIC_QUOTA);
}

static bool check_reservation(const claude_quota_reservation_t *reservation)
{
    return cl_is(reservation, CL_MAGIC_QUOTA_RESERVATION);
}

static bool border_tokens(border *b, int64_t count, const char *name)
{
    if (count >= 0)
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID, "%s is %lld; it must be 0 or more", name, (long long)count);
    return false;
}

/* An empty name would be that of no model. */
static bool border_model(border *b, const char *model)
{
    if (!model || *model)
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID, "model is empty; give its id, or NULL");
    return false;
}

static bool border_flags(border *b, uint32_t flags)
{
    if ((flags & ~(uint32_t)CLAUDE_COST_BATCH) == 0)
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID, "flags has unknown bits: %u", flags & ~(uint32_t)CLAUDE_COST_BATCH);
    return false;
}

static bool border_json(border *b, const char *json, size_t len, cl_json *out)
{
    cl_str text;

    return border_text(b, json, len, "json", &text) && cl_json_validate(text, CL_JSON_DEPTH_DEFAULT, out, &b->err) >= 0;
}

claude_code_t claude_quota_new(const claude_config_t *config, claude_quota_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if ((!config || border_handle(&b, config, CL_MAGIC_CONFIG, "config")) && border_pointer(&b, out, "out"))
        rc = cl_quota_of_config(config, out, &b.err);
    return border_leave(&b, rc, err);
}

static void unref_quota(void *quota)
{
    cl_quota_unref(quota);
}

claude_code_t claude_config_set_quota(claude_config_t *config, claude_quota_t *quota, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, config, CL_MAGIC_CONFIG, "config") &&
        (!quota || border_handle(&b, quota, CL_MAGIC_QUOTA, "quota")))
        rc = border_keep(&b, &config->quota, cl_quota_ref(quota), unref_quota);
    return border_leave(&b, rc, err);
}

/* ---- limits ---- */

static bool border_limit(border *b, const char *name, int32_t *period, int32_t *kind)
{
    if (!border_pointer(b, name, "name"))
        return false;
    if (cl_quota_limit_of(cl_str_of(name), period, kind))
        return true;
    cl_fail(&b->err, CLAUDE_E_INVALID,
            "name is \"%s\"; it must be daily_requests, daily_tokens, daily_cost, monthly_requests, monthly_tokens or "
            "monthly_cost",
            name);
    return false;
}

claude_code_t claude_quota_set_limit(claude_quota_t *quota, const char *model, const char *name, int64_t limit,
                                     claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    int32_t period;
    int32_t kind;

    border_enter(&b);
    if (border_handle(&b, quota, CL_MAGIC_QUOTA, "quota") && border_model(&b, model) &&
        border_limit(&b, name, &period, &kind) && border_tokens(&b, limit, "limit"))
        rc = cl_quota_set_limit(quota, cl_str_of(model), period, kind, limit, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_quota_load_limits(claude_quota_t *quota, const char *json, size_t len, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    cl_str text;

    border_enter(&b);
    if (border_handle(&b, quota, CL_MAGIC_QUOTA, "quota") && border_text(&b, json, len, "json", &text))
        rc = cl_quota_load_limits(quota, text, &b.err);
    return border_leave(&b, rc, err);
}

int64_t claude_quota_limit(claude_quota_t *quota, const char *model, const char *name)
{
    int saved = errno;
    int64_t limit = -1;
    cl_quota_scope scope = {.name = ""};
    int32_t period;
    int32_t kind;

    if (check(quota) && name && cl_quota_limit_of(cl_str_of(name), &period, &kind)) {
        (void)cl_quota_look(quota, cl_str_of(model), cl_wall_ms(), &scope);
        limit = scope.limits.most[period][kind];
    }
    errno = saved;
    return limit;
}

/* ---- using it by hand ---- */

claude_code_t claude_quota_record_usage(claude_quota_t *quota, const char *model, int64_t input_tokens,
                                        int64_t output_tokens, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, quota, CL_MAGIC_QUOTA, "quota") && border_model(&b, model) &&
        border_tokens(&b, input_tokens, "input_tokens") && border_tokens(&b, output_tokens, "output_tokens")) {
        cl_str id = cl_str_of(model);
        cl_quota_use used = cl_quota_use_of_tokens(cl_quota_models(quota, NULL), id, input_tokens, output_tokens);
        rc = cl_quota_record(quota, id, &used, cl_wall_ms(), &b.err);
    }
    return border_leave(&b, rc, err);
}

static claude_code_t add_json(claude_quota_t *quota, const char *model, cl_json message, uint32_t flags, cl_err *err)
{
    char named[CL_QUOTA_NAME_MAX + 1];
    size_t len = cl_json_copy_text(cl_json_member(message, CL_STR("model")), named, sizeof named);
    cl_quota_use used;

    if (!cl_quota_use_of_json(cl_quota_models(quota, NULL), cl_str_of(model), message, flags, &used))
        return cl_quota_fail_no_usage(err);
    return cl_quota_add(quota, model ? cl_str_of(model) : cl_str_n(named, len), &used, cl_wall_ms(), err);
}

claude_code_t claude_quota_add_json(claude_quota_t *quota, const char *model, const char *json, size_t len,
                                    uint32_t flags, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    cl_json message;

    border_enter(&b);
    if (border_handle(&b, quota, CL_MAGIC_QUOTA, "quota") && border_model(&b, model) && border_flags(&b, flags) &&
        border_json(&b, json, len, &message))
        rc = add_json(quota, model, message, flags, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_quota_reserve(claude_quota_t *quota, const char *model, int64_t input_tokens,
                                   int64_t output_tokens, claude_quota_reservation_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, quota, CL_MAGIC_QUOTA, "quota") && border_model(&b, model) &&
        border_tokens(&b, input_tokens, "input_tokens") && border_tokens(&b, output_tokens, "output_tokens") &&
        border_pointer(&b, out, "out"))
        rc = cl_quota_reservation_new(quota, cl_str_of(model), input_tokens, output_tokens, out, &b.err);
    return border_leave(&b, rc, err);
}

void claude_quota_reservation_settle(claude_quota_reservation_t *reservation, int64_t input_tokens,
                                     int64_t output_tokens)
{
    int saved = errno;

    if (check_reservation(reservation))
        cl_quota_reservation_settle(reservation, input_tokens, output_tokens);
    errno = saved;
}

claude_code_t claude_quota_reservation_settle_json(claude_quota_reservation_t *reservation, const char *json,
                                                   size_t len, uint32_t flags, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    cl_json message;

    border_enter(&b);
    if (border_handle(&b, reservation, CL_MAGIC_QUOTA_RESERVATION, "reservation") && border_flags(&b, flags) &&
        border_json(&b, json, len, &message))
        rc = cl_quota_reservation_settle_json(reservation, message, flags, &b.err);
    return border_leave(&b, rc, err);
}

void claude_quota_reservation_release(claude_quota_reservation_t *reservation)
{
    int saved = errno;

    if (check_reservation(reservation))
        cl_quota_reservation_release(reservation);
    errno = saved;
}

claude_quota_reservation_t *claude_quota_reservation_ref(claude_quota_reservation_t *reservation)
{
    return check_reservation(reservation) ? cl_quota_reservation_ref(reservation) : NULL;
}

void claude_quota_reservation_unref(claude_quota_reservation_t *reservation)
{
    int saved = errno;

    if (check_reservation(reservation))
        cl_quota_reservation_unref(reservation);
    errno = saved;
}

/* ---- looking at it ---- */

/* What comes after "daily_" and its like. */
static int64_t figure_of(const cl_quota_use *used, cl_str name)
{
    static const char *const names[CL_USED_FIGURES] = {"requests",          "input_tokens",  "cache_write_tokens",
                                                       "cache_read_tokens", "output_tokens", "cost",
                                                       "estimated",         "unpriced"};

    if (cl_str_eq(name, CL_STR("tokens")))
        return cl_quota_tokens(used);
    for (size_t i = 0; i < CL_USED_FIGURES; i++) {
        if (cl_str_eq(name, cl_str_of(names[i])))
            return used->count[i];
    }
    return -1;
}

static int64_t usage_of(const cl_quota_scope *scope, cl_str name)
{
    static const cl_str periods[CL_QUOTA_PERIODS] = {{"daily_", 6}, {"monthly_", 8}, {"total_", 6}};
    static const char *const reserved[CL_QUOTA_KINDS] = {"reserved_requests", "reserved_tokens", "reserved_cost"};

    for (size_t i = 0; i < CL_QUOTA_PERIODS; i++) {
        if (cl_str_starts(name, periods[i]))
            return figure_of(&scope->used[i], cl_str_n(name.ptr + periods[i].len, name.len - periods[i].len));
    }
    for (size_t i = 0; i < CL_QUOTA_KINDS; i++) {
        if (cl_str_eq(name, cl_str_of(reserved[i])))
            return scope->reserved[i];
    }
    return cl_str_eq(name, CL_STR("refused")) ? scope->refused : -1;
}

int64_t claude_quota_usage(claude_quota_t *quota, const char *model, const char *name)
{
    int saved = errno;
    cl_quota_scope scope = {.name = ""};
    int64_t usage = -1;

    if (check(quota) && name) {
        (void)cl_quota_look(quota, cl_str_of(model), cl_wall_ms(), &scope);
        usage = usage_of(&scope, cl_str_of(name));
    }
    errno = saved;
    return usage;
}

int64_t claude_quota_remaining(claude_quota_t *quota, const char *model, const char *name)
{
    int saved = errno;
    cl_quota_scope scope = {.name = ""};
    int64_t left = -1;
    int32_t period;
    int32_t kind;

    if (check(quota) && name && cl_quota_limit_of(cl_str_of(name), &period, &kind)) {
        (void)cl_quota_look(quota, cl_str_of(model), cl_wall_ms(), &scope);
        if (scope.limits.most[period][kind] > 0) {
            int64_t taken = cl_quota_plus(cl_quota_used(&scope.used[period], kind), scope.reserved[kind]);
            left = taken < scope.limits.most[period][kind] ? scope.limits.most[period][kind] - taken : 0;
        }
    }
    errno = saved;
    return left;
}

int64_t claude_quota_reset_at_ms(claude_quota_t *quota, const char *name)
{
    int saved = errno;
    int64_t at = -1;

    if (check(quota) && name && strcmp(name, "daily") == 0)
        at = cl_quota_reset_at_ms(quota, CL_QUOTA_DAY, cl_wall_ms());
    else if (check(quota) && name && strcmp(name, "monthly") == 0)
        at = cl_quota_reset_at_ms(quota, CL_QUOTA_MONTH, cl_wall_ms());
    errno = saved;
    return at;
}

size_t claude_quota_model_count(claude_quota_t *quota)
{
    int saved = errno;
    size_t count = check(quota) ? cl_quota_model_count(quota) : 0;

    errno = saved;
    return count;
}

const char *claude_quota_model_at(claude_quota_t *quota, size_t index)
{
    int saved = errno;
    const char *name = check(quota) ? cl_quota_model_at(quota, index) : NULL;

    errno = saved;
    return name;
}

/* ---- storing it ---- */

static claude_code_t export_json(claude_quota_t *quota, claude_response_t **out, cl_err *err)
{
    cl_buf text = CL_BUF_INIT(CL_QUOTA_JSON_MAX);
    claude_code_t rc = cl_quota_export(quota, cl_wall_ms(), &text, err);

    if (rc >= 0)
        rc = cl_response_parse(cl_buf_str(&text), CL_JSON_DEPTH_DEFAULT, out, err);
    cl_buf_free(&text);
    return rc;
}

claude_code_t claude_quota_export_json(claude_quota_t *quota, claude_response_t **out, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, quota, CL_MAGIC_QUOTA, "quota") && border_pointer(&b, out, "out"))
        rc = export_json(quota, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_quota_import_json(claude_quota_t *quota, const char *json, size_t len, claude_error_t **err)
{
    CL_UNINITIALIZED border b;
    claude_code_t rc = CLAUDE_E_INVALID;
    cl_str text;

    border_enter(&b);
    if (border_handle(&b, quota, CL_MAGIC_QUOTA, "quota") && border_text(&b, json, len, "json", &text))
        rc = cl_quota_import(quota, text, cl_wall_ms(), &b.err);
    return border_leave(&b, rc, err);
}

claude_quota_t *claude_quota_ref(claude_quota_t *quota)
{
    return check(quota) ? cl_quota_ref(quota) : NULL;
}

void claude_quota_unref(claude_quota_t *quota)
{
    int saved = errno;

    if (check(quota))
        cl_quota_unref(quota);
    errno = saved;
}

#endif
