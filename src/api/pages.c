/* pages.c - a list gone through, page by page or item by item. */
#include "api/pages.h"

#include <stdlib.h>

#include "call/call.h"
#include "message/request.h" /* where a request goes */
#include "message/seen.h"

enum { TARGET_MAX = 16384 };

/* An item is in memory as a whole, as its page is. */
#define ITEM_MAX ((size_t)1 << 30)

struct claude_pages {
    cl_handle handle;
    claude_client_t *client;
    claude_request_t *request; /* of the page that came last, or else of the one to come */
    claude_response_t *page;   /* the one that came last; NULL: the request has not been answered */
    claude_call_t *call;       /* under way */
    cl_json_iter items;        /* of the page: what was not taken */
    cl_buf item;
    cl_seen seen; /* where requests went */
    bool inside;
};

/* False: it was asked for before. */
static claude_code_t remember(claude_pages_t *pages, const claude_request_t *request, bool *fresh, cl_err *err)
{
    cl_buf target = CL_BUF_INIT(TARGET_MAX);
    claude_code_t rc = cl_request_target(request, &target, err);

    if (rc >= 0)
        rc = cl_seen_add(&pages->seen, cl_buf_str(&target), fresh, err);
    cl_buf_free(&target);
    return rc;
}

claude_code_t cl_pages_new(claude_client_t *client, const claude_request_t *request, claude_pages_t **out, cl_err *err)
{
    const cl_endpoint *endpoint = cl_request_endpoint(request);
    claude_pages_t *pages;
    bool fresh;
    claude_code_t rc;

    if (endpoint->paging == CL_PAGING_NONE)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is no list; it has no pages", endpoint->name);
    pages = calloc(1, sizeof *pages);
    if (!pages)
        return cl_fail_nomem(err);
    cl_handle_init(&pages->handle, CL_MAGIC_PAGES);
    pages->client = cl_client_ref(client);
    pages->item = CL_BUF_INIT(ITEM_MAX);
    rc = cl_request_copy(request, &pages->request, err);
    if (rc >= 0)
        rc = remember(pages, pages->request, &fresh, err);
    if (rc < 0) {
        cl_pages_unref(pages);
        return rc;
    }
    *out = pages;
    return CLAUDE_OK;
}

claude_pages_t *cl_pages_ref(claude_pages_t *pages)
{
    cl_handle_ref(&pages->handle);
    return pages;
}

void cl_pages_unref(claude_pages_t *pages)
{
    if (!cl_handle_unref(&pages->handle))
        return;
    cl_call_unref(pages->call);
    cl_response_unref(pages->page);
    cl_request_unref(pages->request);
    cl_client_unref(pages->client);
    cl_buf_free(&pages->item);
    cl_seen_free(&pages->seen);
    free(pages);
}

/* From the page that came last to the request of the next one; CLAUDE_DONE: there is none. */
static claude_code_t turn(claude_pages_t *pages, cl_err *err)
{
    claude_request_t *next = NULL;
    bool fresh = false;
    claude_code_t rc = cl_page_turn(pages->request, pages->page, false, &next, err);

    if (rc != CLAUDE_OK)
        return rc;
    if (pages->seen.count == CL_PAGES_MAX)
        rc = cl_fail(err, CLAUDE_E_LIMIT, "the list has more than %d pages; ask for more at once with limit",
                     CL_PAGES_MAX);
    else
        rc = remember(pages, next, &fresh, err);
    if (rc >= 0 && !fresh)
        rc = cl_fail(err, CLAUDE_E_PROTOCOL, "the list does not end: its next page is one that was there before");
    if (rc < 0) {
        cl_request_unref(next);
        return rc;
    }
    cl_request_unref(pages->request);
    pages->request = next;
    cl_response_unref(pages->page);
    pages->page = NULL;
    return CLAUDE_OK;
}

static claude_code_t start(claude_pages_t *pages, cl_err *err)
{
    claude_client_t *now = NULL;
    cl_snapshot snapshot;
    claude_code_t rc = pages->page ? turn(pages, err) : CLAUDE_OK;

    if (rc != CLAUDE_OK)
        return rc;
    rc = cl_client_choose(pages->client, pages->request, &now, err);
    if (rc >= 0)
        rc = cl_request_snapshot(pages->request, false, &snapshot, err);
    if (rc >= 0)
        rc = cl_call_start(now, &snapshot, &pages->call, err);
    cl_client_unref(now);
    return rc;
}

/* 1: the page has come; 0: not yet; negative: the call has failed. */
static claude_code_t await(claude_pages_t *pages, int64_t timeout_ms, cl_err *err)
{
    claude_code_t rc = cl_call_wait(pages->call, timeout_ms, err);

    if (rc == 0)
        return 0;
    if (rc == CLAUDE_DONE)
        rc = cl_call_result(pages->call, &pages->page, err);
    cl_call_unref(pages->call);
    pages->call = NULL;
    if (rc < 0)
        return rc;
    pages->items = cl_json_iter_of(cl_json_member(cl_response_root(pages->page), CL_STR("data")));
    return 1;
}

/* As claude_pages_next(), but the page stays here. */
static claude_code_t fetch(claude_pages_t *pages, int64_t timeout_ms, cl_err *err)
{
    claude_code_t rc;

    if (pages->inside)
        return cl_fail(err, CLAUDE_E_BUSY, "called from inside a callback of the same pages");
    pages->inside = true;
    rc = pages->call ? CLAUDE_OK : start(pages, err);
    if (rc == CLAUDE_OK)
        rc = await(pages, timeout_ms, err);
    pages->inside = false;
    return rc;
}

claude_code_t cl_pages_next(claude_pages_t *pages, int64_t timeout_ms, claude_response_t **page, cl_err *err)
{
    claude_code_t rc;

    /* Callbacks (of the key, of signing) may drop the program's last reference. */
    cl_pages_ref(pages);
    rc = fetch(pages, timeout_ms, err);
    if (rc == 1)
        *page = cl_response_ref(pages->page);
    cl_pages_unref(pages);
    return rc;
}

static claude_code_t check_data(const claude_pages_t *pages, cl_err *err)
{
    int32_t type = cl_response_type(pages->page, "/data");

    if (type == CLAUDE_JSON_ARRAY || type == CLAUDE_JSON_NULL)
        return CLAUDE_OK;
    return cl_fail(err, CLAUDE_E_PROTOCOL, "a page of %s has no array \"data\"",
                   cl_request_endpoint(pages->request)->name);
}

/* 1: it is in pages->item; 0: there is none left. */
static claude_code_t take_item(claude_pages_t *pages, cl_err *err)
{
    cl_json_iter items = pages->items;
    cl_json item;
    int written;

    if (!pages->page || !cl_json_next(&items, NULL, &item))
        return 0;
    cl_buf_clear(&pages->item);
    written = cl_buf_append(&pages->item, item.ptr, item.len);
    if (written != CL_BUF_OK)
        return cl_fail_buf(err, written, "an item of a list");
    pages->items = items;
    return 1;
}

claude_code_t cl_pages_next_item(claude_pages_t *pages, int64_t timeout_ms, const char **json, size_t *len, cl_err *err)
{
    int64_t until = cl_until(timeout_ms);
    claude_code_t rc;

    cl_pages_ref(pages);
    while ((rc = take_item(pages, err)) == 0) {
        rc = fetch(pages, cl_until_rest(until), err);
        if (rc != 1 || (rc = check_data(pages, err)) < 0)
            break;
    }
    if (rc == 1) {
        *json = pages->item.ptr;
        if (len)
            *len = pages->item.len;
    }
    cl_pages_unref(pages);
    return rc;
}
