/* pages.h - lists that come in pages, inside of the room: the work behind page.h of the interface. */
#ifndef CL_API_PAGES_H
#define CL_API_PAGES_H

#include <claude/page.h>

#include "api/api.h"
#include "client/client.h"

/* The most pages of one list that are gone through: whoever needs more has asked for too little at once. */
enum { CL_PAGES_MAX = 1000000 };

/* page.c; `back`: the page before, else the one after. Same meaning as in page.h. */
claude_code_t cl_page_turn(const claude_request_t *request, const claude_response_t *page, bool back,
                           claude_request_t **out, cl_err *err);

/* pages.c; same meaning as in page.h. */
claude_code_t cl_pages_new(claude_client_t *client, const claude_request_t *request, claude_pages_t **out, cl_err *err);
claude_code_t cl_pages_next(claude_pages_t *pages, int64_t timeout_ms, claude_response_t **page, cl_err *err);
claude_code_t cl_pages_next_item(claude_pages_t *pages, int64_t timeout_ms, const char **json, size_t *len,
                                 cl_err *err);
claude_pages_t *cl_pages_ref(claude_pages_t *pages);
void cl_pages_unref(claude_pages_t *pages);

#endif
