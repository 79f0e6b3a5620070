/* problems.c - lists of what is wrong with a request. */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/grow.h"
#include "message/validate_walk.h"
#include "message/write.h"

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
    size_t offset;
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
static void put_filled(cl_writer *w, const char *text, cl_str arg)
{
    const char *gap = strstr(text, "{}");

    cl_put_str(w, cl_str_n(text, gap ? (size_t)(gap - text) : strlen(text)));
    if (!gap)
        return;
    cl_put_str(w, arg);
    cl_put(w, gap + 2);
}

static void put_message(cl_writer *w, const cl_problem_report *report)
{
    const cl_problem_row *row = &rows[report->id];

    cl_put_str(w, report->field.len > 0 ? report->field : CL_STR("the body"));
    if (report->tool.len > 0) {
        cl_put(w, " of tool ");
        cl_put_str(w, report->tool);
    }
    cl_put(w, ": ");
    put_filled(w, row->text, report->arg);
    if (report->value.len > 0) {
        cl_put(w, " (");
        cl_put_str(w, report->value);
        cl_put(w, ")");
    }
    cl_put(w, "; ");
    put_filled(w, row->constraint, report->arg);
    cl_put(w, "; ");
    put_filled(w, row->fix, report->arg);
}

static void put_text(cl_writer *w, const cl_problem_report *report, int which)
{
    switch (which) {
    case CL_PROBLEM_FIELD:
        cl_put_str(w, report->field);
        break;
    case CL_PROBLEM_VALUE:
        cl_put_str(w, report->value);
        break;
    case CL_PROBLEM_CONSTRAINT:
        put_filled(w, rows[report->id].constraint, report->arg);
        break;
    case CL_PROBLEM_FIX:
        put_filled(w, rows[report->id].fix, report->arg);
        break;
    case CL_PROBLEM_TOOL:
        cl_put_str(w, report->tool);
        break;
    default:
        put_message(w, report);
    }
    cl_put_str(w, cl_str_n("", 1));
}

bool cl_problems_add(claude_problems_t *problems, const cl_problem_report *report)
{
    cl_writer w = {&problems->texts, CL_BUF_OK};
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
    *item = (problem){.id = report->id, .offset = report->offset, .order = problems->count};
    for (int i = 0; i < CL_PROBLEM_TEXTS; i++) {
        item->texts[i] = problems->texts.len;
        put_text(&w, report, i);
    }
    problems->count += w.rc == CL_BUF_OK;
    return w.rc == CL_BUF_OK;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const problem *a = left;
    const problem *b = right;
    int rc = compare_sizes(a->offset, b->offset);

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

static void put_member(cl_writer *w, const char *name, const char *text)
{
    if (*text)
        cl_put_text_member(w, name, cl_str_of(text));
    else
        cl_put_json_member(w, name, CL_STR("null"));
}

static cl_blob *write_all(const claude_problems_t *problems)
{
    cl_buf text = CL_BUF_INIT(JSON_MAX);
    cl_writer w = {&text, CL_BUF_OK};
    cl_blob *blob = NULL;

    cl_put(&w, "[");
    for (size_t i = 0; i < problems->count; i++) {
        cl_put(&w, i > 0 ? ",{" : "{");
        put_member(&w, "code", cl_problems_code(problems, i));
        for (int which = 0; which < CL_PROBLEM_TEXTS; which++)
            put_member(&w, text_names[which], cl_problems_text(problems, i, which));
        cl_put(&w, "}");
    }
    cl_put(&w, "]");
    if (w.rc == CL_BUF_OK)
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
