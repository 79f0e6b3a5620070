/* quota_testing.h - what the tests of quotas share: quotas with limits, amounts in a line, dates counted by hand. */
#ifndef TEST_QUOTA_TESTING_H
#define TEST_QUOTA_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reliability/quota.h"
#include "testing.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { HOUR_MS = 3600000 };

/* 2026-11-23 12:00 UTC: a Monday, not near the end of anything. */
#define NOON INT64_C(1795435200000)

static inline bool is_leap_year(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static inline int64_t days_of_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

static inline claude_quota_t *quota_with(int64_t offset_minutes)
{
    cl_quota_settings settings = {.offset_minutes = offset_minutes};
    claude_quota_t *quota = NULL;

    assert_int_equal(cl_quota_new(&settings, &quota, NULL), CLAUDE_OK);
    return quota;
}

/* "" is no model. */
static inline void limit(claude_quota_t *quota, const char *model, const char *name, int64_t most)
{
    int32_t period = 0;
    int32_t kind = 0;

    assert_true(cl_quota_limit_of(cl_str_of(name), &period, &kind));
    assert_int_equal(cl_quota_set_limit(quota, cl_str_of(model), period, kind, most, NULL), CLAUDE_OK);
}

static inline cl_quota_need need(int64_t tokens, int64_t cost)
{
    return (cl_quota_need){.amount = {1, tokens, cost}};
}

static inline cl_quota_use use(int64_t input, int64_t output, int64_t cost)
{
    return (cl_quota_use){
        .count = {[CL_USED_REQUESTS] = 1, [CL_USED_INPUT] = input, [CL_USED_OUTPUT] = output, [CL_USED_COST] = cost}};
}

static inline cl_quota_scope look(claude_quota_t *quota, const char *model, int64_t wall_ms)
{
    cl_quota_scope scope = {.name = ""};

    cl_quota_look(quota, cl_str_of(model), wall_ms, &scope);
    return scope;
}

static inline int64_t requests(claude_quota_t *quota, const char *model, int32_t period, int64_t wall_ms)
{
    return look(quota, model, wall_ms).used[period].count[CL_USED_REQUESTS];
}

/* Counts one request. */
static inline claude_code_t one(claude_quota_t *quota, const char *model, int64_t wall_ms)
{
    cl_quota_use used = use(1, 1, 1);

    return cl_quota_record(quota, cl_str_of(model), &used, wall_ms, NULL);
}

#endif
