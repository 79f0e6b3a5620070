#include <claude/page.h>

#include <errno.h>

#include "api/pages.h"
#include "border.h"

static claude_code_t turn(const claude_request_t *request, const claude_response_t *page, bool back,
                          claude_request_t **out, claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, request, CL_MAGIC_REQUEST, "request") && border_handle(&b, page, CL_MAGIC_RESPONSE, "page") &&
        border_pointer(&b, out, "out"))
        rc = cl_page_turn(request, page, back, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_page_next(const claude_request_t *request, const claude_response_t *page, claude_request_t **out,
                               claude_error_t **err)
{
    return turn(request, page, false, out, err);
}

claude_code_t claude_page_previous(const claude_request_t *request, const claude_response_t *page,
                                   claude_request_t **out, claude_error_t **err)
{
    return turn(request, page, true, out, err);
}

claude_code_t claude_pages_new(claude_client_t *client, const claude_request_t *request, claude_pages_t **out,
                               claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, client, CL_MAGIC_CLIENT, "client") &&
        border_handle(&b, request, CL_MAGIC_REQUEST, "request") && border_pointer(&b, out, "out"))
        rc = cl_pages_new(client, request, out, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_pages_next(claude_pages_t *pages, int64_t timeout_ms, claude_response_t **page,
                                claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, pages, CL_MAGIC_PAGES, "pages") && border_pointer(&b, page, "page"))
        rc = cl_pages_next(pages, timeout_ms, page, &b.err);
    return border_leave(&b, rc, err);
}

claude_code_t claude_pages_next_item(claude_pages_t *pages, int64_t timeout_ms, const char **json, size_t *len,
                                     claude_error_t **err)
{
    border b;
    claude_code_t rc = CLAUDE_E_INVALID;

    border_enter(&b);
    if (border_handle(&b, pages, CL_MAGIC_PAGES, "pages") && border_pointer(&b, json, "json"))
        rc = cl_pages_next_item(pages, timeout_ms, json, len, &b.err);
    return border_leave(&b, rc, err);
}

claude_pages_t *claude_pages_ref(claude_pages_t *pages)
{
    return cl_is(pages, CL_MAGIC_PAGES) ? cl_pages_ref(pages) : NULL;
}

void claude_pages_unref(claude_pages_t *pages)
{
    int saved = errno;

    if (cl_is(pages, CL_MAGIC_PAGES))
        cl_pages_unref(pages);
    errno = saved;
}
