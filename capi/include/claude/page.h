/*
 * page.h - lists that come in pages: the request of the next page from a page, and all pages or items one by one.
 *
 * How a list goes on is in the table of endpoints (claude_endpoint_text() with "paging"): by the ids of the last or
 * first item, by a cursor, by a cursor in both directions. Nothing is fetched ahead.
 */
#ifndef CLAUDE_PAGE_H
#define CLAUDE_PAGE_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make the request of the page after a page: a copy of the request that fetched the page, with the next cursor. A list
 * by ids goes backwards if the request has `before_id`. A cursor's list goes on when a page is empty. The old shape of
 * skills is understood where the request itself has the beta name "skills-2025-10-02".
 *
 * @param request  that fetched the page
 * @param page     the answer to it
 * @param out      receives the request; release with claude_request_unref()
 * @return CLAUDE_OK; CLAUDE_DONE (2) if this was the last page, and nothing is stored; CLAUDE_E_INVALID (the request is
 *         for no list, the answer is no page), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_page_next(const claude_request_t *request, const claude_response_t *page,
                                          claude_request_t **out, claude_error_t **err);

/**
 * Make the request of the page before a page, for lists that say where that is ("bidirectional").
 *
 * @param request  that fetched the page
 * @param page     the answer to it
 * @param out      receives the request; release with claude_request_unref()
 * @return CLAUDE_OK; CLAUDE_DONE (2) if this was the first page, and nothing is stored; CLAUDE_E_INVALID (also for
 * lists that only go forward), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_page_previous(const claude_request_t *request, const claude_response_t *page,
                                              claude_request_t **out, claude_error_t **err);

/**
 * Begin to go through a list, page by page or item by item. Nothing is sent yet.
 *
 * @param client   makes the calls; a reference is kept
 * @param request  of the first page; copied
 * @param out      receives the pages; release with claude_pages_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A for the client, B for the request
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_pages_new(claude_client_t *client, const claude_request_t *request,
                                          claude_pages_t **out, claude_error_t **err);

/**
 * Fetch the next page: one call of the API. What is left of the page before it is passed over.
 *
 * @param timeout_ms  longest time to wait in milliseconds; 0: not at all; negative: as long as the deadlines allow.
 *                    When it passes, the call goes on with the next function on these pages.
 * @param page        receives the page; release with claude_response_unref()
 * @return 1 a page was stored; 0 not within the time; CLAUDE_DONE (2) after the last one; negative: the call failed,
 *         and may be made again by calling again. CLAUDE_E_PROTOCOL: the server leads back to a page that was there
 *         before. CLAUDE_E_BUSY: called from inside a callback of the same pages. CLAUDE_E_LIMIT: a million pages
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_pages_next(claude_pages_t *pages, int64_t timeout_ms, claude_response_t **page,
                                           claude_error_t **err);

/**
 * Take the next item of the list, and fetch the next page when those of one have been taken.
 *
 * @param timeout_ms  as for claude_pages_next()
 * @param json        receives the item, an element of the page's "data", borrowed until the next function on these
 * pages
 * @param len         receives its length in bytes; may be NULL
 * @return 1 an item was stored; 0 not within the time; CLAUDE_DONE (2) after the last one; negative as for
 *         claude_pages_next(). CLAUDE_E_PROTOCOL: a page without an array "data"
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_pages_next_item(claude_pages_t *pages, int64_t timeout_ms, const char **json,
                                                size_t *len, claude_error_t **err);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_pages_t *claude_pages_ref(claude_pages_t *pages);

/**
 * Drop a reference; the last one cancels a call that is under way. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_pages_unref(claude_pages_t *pages);

#ifdef __cplusplus
}
#endif

#endif
