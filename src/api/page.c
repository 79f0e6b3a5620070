/* page.c - from a page of a list to the request of the next one. */
#include "api/pages.h"
#include "message/request.h" /* which beta names a request has */

/* Which member of a page becomes which parameter of the next request. */
typedef struct turn {
    const char *from; /* pointer */
    const char *to;
    bool ends; /* "has_more": false is the end, whatever the member says */
} turn;

static const turn by_last_id = {"/last_id", "after_id", true};
static const turn by_first_id = {"/first_id", "before_id", true};
static const turn by_cursor = {"/next_page", "page", false};
static const turn by_cursor_back = {"/prev_page", "page", false};
static const turn by_report = {"/next_page", "page", true};
static const turn by_token = {"/next_page", "page_token", true};

static const turn *turn_by_id(const claude_request_t *request)
{
    return cl_request_query(request, "before_id") ? &by_first_id : &by_last_id;
}

/* Files and skills had other shapes before they were released; old beta names bring them back. */
static const turn *turn_by_cursor(const claude_request_t *request, const claude_response_t *page)
{
    if (cl_response_type(page, "/has_more") == CLAUDE_JSON_NONE)
        return &by_cursor;
    if (cl_response_type(page, "/next_page") == CLAUDE_JSON_NONE)
        return turn_by_id(request);
    return cl_betas_have(cl_buf_str(&request->betas), CL_STR("skills-2025-10-02")) ? &by_token : &by_cursor;
}

static const turn *turn_of(const claude_request_t *request, const claude_response_t *page, bool back)
{
    switch (cl_request_endpoint(request)->paging) {
    case CL_PAGING_BIDIRECTIONAL:
        return back ? &by_cursor_back : &by_cursor;
    case CL_PAGING_PAGE:
        return back ? NULL : turn_by_id(request);
    case CL_PAGING_CURSOR:
        return back ? NULL : turn_by_cursor(request, page);
    case CL_PAGING_REPORT:
        return back ? NULL : &by_report;
    default:
        return NULL;
    }
}

static claude_code_t fail_turn(const cl_endpoint *endpoint, cl_err *err)
{
    if (endpoint->paging == CL_PAGING_NONE)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is no list; it has no pages", endpoint->name);
    if (endpoint->paging == CL_PAGING_PAGE)
        return cl_fail(err, CLAUDE_E_INVALID, "%s goes back where the query has before_id; set that and go forward",
                       endpoint->name);
    return cl_fail(err, CLAUDE_E_INVALID, "%s only goes forward", endpoint->name);
}

claude_code_t cl_page_turn(const claude_request_t *request, const claude_response_t *page, bool back,
                           claude_request_t **out, cl_err *err)
{
    const turn *how = turn_of(request, page, back);
    claude_request_t *next = NULL;
    const char *cursor;
    size_t len = 0;
    claude_code_t rc;

    if (!how)
        return fail_turn(cl_request_endpoint(request), err);
    if (cl_response_type(page, "") != CLAUDE_JSON_OBJECT)
        return cl_fail(err, CLAUDE_E_INVALID, "the response is no page of a list: it is no JSON object");
    if (how->ends && cl_response_bool(page, "/has_more", 1) == 0)
        return CLAUDE_DONE;
    if (cl_response_type(page, how->from) != CLAUDE_JSON_STRING)
        return CLAUDE_DONE;
    cursor = cl_response_string(page, how->from, &len);
    if (!cursor)
        return cl_fail_nomem(err);
    if (len == 0)
        return CLAUDE_DONE;
    if (strlen(cursor) != len)
        return cl_fail(err, CLAUDE_E_INVALID, "%s of the page has a NUL in it", how->from + 1);
    rc = cl_request_copy(request, &next, err);
    if (rc >= 0)
        rc = cl_request_set_query(next, how->to, cursor, err);
    if (rc < 0) {
        cl_request_unref(next);
        return rc;
    }
    *out = next;
    return CLAUDE_OK;
}
