/*
 * fuzz_quota.c - what a quota has stored, and limits, as JSON that somebody has edited. What is refused has a clean
 * reason and changes nothing; what is taken is written in a way that reads back to the same.
 */
#include <stdlib.h>

#include "client/policies.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define NOON INT64_C(1795435200000)

/* A quota that knows a model and has a limit. */
static claude_quota_t *quota_of(void)
{
    cl_quota_use used = {.count = {1, 2, 3, 4, 5, 6, 1, 1}};
    claude_quota_t *quota = NULL;

    if (cl_quota_of_config(NULL, &quota, NULL) < 0 ||
        cl_quota_add(quota, CL_STR("claude-haiku-4-5"), &used, NOON, NULL) < 0 ||
        cl_quota_set_limit(quota, CL_STR("own"), CL_QUOTA_MONTH, CL_QUOTA_COST, 7, NULL) < 0)
        abort();
    return quota;
}

static cl_buf exported(claude_quota_t *quota, int64_t wall_ms)
{
    cl_buf text = CL_BUF_INIT(CL_QUOTA_JSON_MAX);

    if (cl_quota_export(quota, wall_ms, &text, NULL) < 0)
        __builtin_trap();
    return text;
}

static void must_be_same(const cl_buf *a, const cl_buf *b)
{
    if (!cl_str_eq(cl_buf_str(a), cl_buf_str(b)))
        __builtin_trap();
}

static void check_reason(const cl_err *err)
{
    cl_str text = cl_str_of(err->message);

    if (text.len == 0 || cl_utf8_valid(text) != text.len)
        __builtin_trap();
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            __builtin_trap();
    }
}

/* What was used reads back as it was. */
static void must_read_back(const cl_buf *text, int64_t wall_ms)
{
    claude_quota_t *quota = quota_of();
    claude_quota_t *again = quota_of();
    cl_buf first;
    cl_buf second;

    if (cl_quota_import(quota, cl_buf_str(text), wall_ms, NULL) < 0)
        __builtin_trap();
    first = exported(quota, wall_ms);
    if (cl_quota_import(again, cl_buf_str(&first), wall_ms, NULL) < 0)
        __builtin_trap();
    second = exported(again, wall_ms);
    must_be_same(&first, &second);
    cl_buf_free(&first);
    cl_buf_free(&second);
    cl_quota_unref(quota);
    cl_quota_unref(again);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    int64_t wall_ms = NOON;
    claude_quota_t *quota;
    cl_buf before;
    cl_buf after;
    cl_str text;
    cl_err err;
    claude_code_t rc;

    if (size < 1)
        return 0;
    quota = quota_of();
    wall_ms += (data[0] >> 1) * (int64_t)CL_DAY_MS;
    text = cl_str_n((const char *)data + 1, size - 1);
    before = exported(quota, wall_ms);
    cl_err_init(&err);
    rc = data[0] & 1 ? cl_quota_load_limits(quota, text, &err) : cl_quota_import(quota, text, wall_ms, &err);
    after = exported(quota, wall_ms);
    if (rc < 0) {
        check_reason(&err);
        must_be_same(&before, &after);
    } else {
        must_read_back(&after, wall_ms);
    }
    cl_err_clear(&err);
    cl_buf_free(&before);
    cl_buf_free(&after);
    cl_quota_unref(quota);
    return 0;
}
