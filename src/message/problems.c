/* problems.c - lists of what is wrong with a request. */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/grow.h"
#include "message/validate_walk.h"

#define TEXTS_MAX ((size_t)64 << 20)
#define JSON_MAX ((size_t)256 << 20)

static const cl_problem_row rows[] = {
#define CL_PROBLEM(id, code, text, constraint, fix) {code, text, constraint, fix},
#include "message/problems.def"
#undef CL_PROBLEM
};

static const char *const text_names[CL_PROBLEM_TEXTS] = {"field", "value", "constraint", "fix", "tool", "message"};

typedef struct problem {
    cl_problem_id id;
    cl_spot spot;
    size_t order;                   /* in which they were found */
    size_t texts[CL_PROBLEM_TEXTS]; /* offsets */
} problem;

struct claude_problems {
    cl_handle handle;
    problem *items;
    size_t count;
    size_t cap;
    size_t left_out;
    cl_buf texts;            /* each with a NUL */
    _Atomic(cl_blob *) json; /* made when first asked for */
};

const cl_problem_row *cl_problem_row_at(size_t index)
{
    return index < CL_P_COUNT ? &rows[index] : NULL;
}

claude_code_t cl_problems_new(claude_problems_t **out, cl_err *err)
{
    claude_problems_t *problems = calloc(1, sizeof *problems);

    if (!problems)
        return cl_fail_nomem(err);
    cl_handle_init(&problems->handle, CL_MAGIC_PROBLEMS);
    problems->texts = CL_BUF_INIT(TEXTS_MAX);
    atomic_init(&problems->json, NULL);
    *out = problems;
    return CLAUDE_OK;
}

claude_problems_t *cl_problems_ref(claude_problems_t *problems)
{
    if (problems)
        cl_handle_ref(&problems->handle);
    return problems;
}

void cl_problems_unref(claude_problems_t *problems)
{
    if (!problems || !cl_handle_unref(&problems->handle))
        return;
    cl_blob_unref(atomic_load_explicit(&problems->json, memory_order_acquire));
    cl_buf_free(&problems->texts);
    free(problems->items);
    free(problems);
}

/* ---- adding ---- */

/* The {} of a row's text becomes the argument. */
static int append_filled(cl_buf *out, const char *text, cl_str arg)
{
    const char *gap = strstr(text, "{}");
    int rc;

    if (!gap)
        return cl_buf_append_text(out, text);
    rc = cl_buf_append(out, text, (size_t)(gap - text));
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_str(out, arg);
    return rc == CL_BUF_OK ? cl_buf_append_text(out, gap + 2) : rc;
}

static int append_message(cl_buf *out, const cl_problem_report *report)
{
    const cl_problem_row *row = &rows[report->id];
    int rc = cl_buf_append_str(out, report->field.len > 0 ? report->field : CL_STR("the body"));

    if (rc == CL_BUF_OK && report->tool.len > 0) {
        rc = cl_buf_append_text(out, " of tool ");
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_str(out, report->tool);
    }
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_text(out, ": ");
    if (rc == CL_BUF_OK)
        rc = append_filled(out, row->text, report->arg);
    if (rc == CL_BUF_OK && report->value.len > 0) {
        rc = cl_buf_append_text(out, " (");
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_str(out, report->value);
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_char(out, ')');
    }
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_text(out, "; ");
    if (rc == CL_BUF_OK)
        rc = append_filled(out, row->constraint, report->arg);
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_text(out, "; ");
    return rc == CL_BUF_OK ? append_filled(out, row->fix, report->arg) : rc;
}

static int append_text(cl_buf *out, const cl_problem_report *report, int which)
{
    switch (which) {
    case CL_PROBLEM_FIELD:
        return cl_buf_append_str(out, report->field);
    case CL_PROBLEM_VALUE:
        return cl_buf_append_str(out, report->value);
    case CL_PROBLEM_CONSTRAINT:
        return append_filled(out, rows[report->id].constraint, report->arg);
    case CL_PROBLEM_FIX:
        return append_filled(out, rows[report->id].fix, report->arg);
    case CL_PROBLEM_TOOL:
        return cl_buf_append_str(out, report->tool);
    default:
        return append_message(out, report);
    }
}

bool cl_problems_add(claude_problems_t *problems, const cl_problem_report *report)
{
    problem *items;
    problem *item;

    if (problems->count == CL_PROBLEMS_MAX) {
        problems->left_out++;
        return true;
    }
    items = cl_grow(problems->items, problems->count, &problems->cap, sizeof *items);
    if (!items)
        return false;
    problems->items = items;
    item = &items[problems->count];
    *item = (problem){.id = report->id, .spot = report->spot, .order = problems->count};
    for (int i = 0; i < CL_PROBLEM_TEXTS; i++) {
        item->texts[i] = problems->texts.len;
        if (append_text(&problems->texts, report, i) != CL_BUF_OK ||
            cl_buf_append_char(&problems->texts, '\0') != CL_BUF_OK)
            return false;
    }
    problems->count++;
    return true;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const problem *a = left;
    const problem *b = right;
    int rc = compare_sizes(a->spot.member, b->spot.member);

    if (rc == 0)
        rc = compare_sizes(a->spot.offset, b->spot.offset);
    return rc ? rc : compare_sizes(a->order, b->order);
}

void cl_problems_sort(claude_problems_t *problems)
{
    if (problems->count > 1)
        qsort(problems->items, problems->count, sizeof *problems->items, compare);
}

/* ---- reading ---- */

size_t cl_problems_count(const claude_problems_t *problems)
{
    return problems ? problems->count : 0;
}

size_t cl_problems_left_out(const claude_problems_t *problems)
{
    return problems ? problems->left_out : 0;
}

const char *cl_problems_code(const claude_problems_t *problems, size_t index)
{
    return problems && index < problems->count ? rows[problems->items[index].id].code : NULL;
}

const char *cl_problems_text(const claude_problems_t *problems, size_t index, int which)
{
    if (!problems || index >= problems->count || which < 0 || which >= CL_PROBLEM_TEXTS)
        return NULL;
    return problems->texts.ptr + problems->items[index].texts[which];
}

static int write_member(cl_buf *out, const char *name, const char *text)
{
    int rc = cl_json_write_key(out, cl_str_of(name));

    if (rc != CL_BUF_OK)
        return rc;
    return *text ? cl_json_write_string(out, cl_str_of(text)) : cl_buf_append_text(out, "null");
}

static int write_problem(cl_buf *out, const claude_problems_t *problems, size_t index)
{
    int rc = cl_buf_append_text(out, index > 0 ? ",{" : "{");

    if (rc == CL_BUF_OK)
        rc = write_member(out, "code", cl_problems_code(problems, index));
    for (int i = 0; i < CL_PROBLEM_TEXTS && rc == CL_BUF_OK; i++)
        rc = write_member(out, text_names[i], cl_problems_text(problems, index, i));
    return rc == CL_BUF_OK ? cl_buf_append_char(out, '}') : rc;
}

static cl_blob *write_all(const claude_problems_t *problems)
{
    cl_buf text = CL_BUF_INIT(JSON_MAX);
    cl_blob *blob = NULL;
    int rc = cl_buf_append_char(&text, '[');

    for (size_t i = 0; i < problems->count && rc == CL_BUF_OK; i++)
        rc = write_problem(&text, problems, i);
    if (rc == CL_BUF_OK)
        rc = cl_buf_append_char(&text, ']');
    if (rc == CL_BUF_OK)
        blob = cl_blob_new(cl_buf_str(&text));
    cl_buf_free(&text);
    return blob;
}

const char *cl_problems_json(const claude_problems_t *problems, size_t *len)
{
    /* Class A for the text alone: it says the same as the list. */
    _Atomic(cl_blob *) *json = (_Atomic(cl_blob *) *)&problems->json;
    cl_blob *have = atomic_load_explicit(json, memory_order_acquire);
    cl_blob *fresh = have ? NULL : write_all(problems);

    if (!have && !fresh)
        return NULL;
    if (!have) {
        if (atomic_compare_exchange_strong_explicit(json, &have, fresh, memory_order_acq_rel, memory_order_acquire))
            have = fresh;
        else
            cl_blob_unref(fresh);
    }
    if (len)
        *len = have->len;
    return have->bytes;
}

claude_code_t cl_problems_fail(const claude_problems_t *problems, cl_err *err)
{
    size_t more = cl_problems_count(problems) + cl_problems_left_out(problems);
    const char *first = cl_problems_text(problems, 0, CL_PROBLEM_MESSAGE);
    bool mine = err && err->code == CLAUDE_OK;

    if (!first)
        return CLAUDE_OK;
    if (more == 1)
        cl_fail(err, CLAUDE_E_INVALID, "%s", first);
    else
        cl_fail(err, CLAUDE_E_INVALID, "%.880s (and %zu more problem%s: claude_request_validate() lists them)", first,
                more - 1, more == 2 ? "" : "s");
    if (mine)
        cl_err_copy_text(err->error_code, sizeof err->error_code, cl_str_of(cl_problems_code(problems, 0)));
    return CLAUDE_E_INVALID;
}
