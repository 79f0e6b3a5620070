#include "http/engine.h"

#include <stdlib.h>

enum { NOTHING = 100 }; /* poll_once: neither news nor a reason to return */

/* ---- life ---- */

static bool add_line(cl_transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->header_list, line);

    if (!longer)
        return false;
    t->header_list = longer;
    return true;
}

static claude_code_t make_header_list(cl_transfer *t, const cl_http_request *request, cl_err *err)
{
    cl_buf line = CL_BUF_INIT(SIZE_MAX / 2);
    claude_code_t rc = cl_buf_reserve(&line, 512) == CL_BUF_OK ? CLAUDE_OK : cl_fail_nomem(err);

    if (request->auth_header.len > 0 && !add_line(t, request->auth_header.ptr))
        rc = cl_fail_nomem(err);
    for (size_t i = 0; i < request->headers->count && rc >= 0; i++) {
        cl_buf_clear(&line);
        if (cl_buf_append_text(&line, request->headers->items[i].name) != CL_BUF_OK ||
            cl_buf_append_text(&line, ": ") != CL_BUF_OK ||
            cl_buf_append_text(&line, request->headers->items[i].value) != CL_BUF_OK || !add_line(t, line.ptr))
            rc = cl_fail_nomem(err);
    }
    /* What libcurl would write by itself. "Expect: 100-continue" costs a round trip and is answered by few gateways. */
    if (rc >= 0 && !cl_headers_find(request->headers, CL_STR("accept")) && !add_line(t, "Accept:"))
        rc = cl_fail_nomem(err);
    if (rc >= 0 && !add_line(t, "Expect:"))
        rc = cl_fail_nomem(err);
    if (line.ptr)
        explicit_bzero(line.ptr, line.cap); /* a signing hook may have written an authorization */
    cl_buf_free(&line);
    return rc;
}

/* libcurl does not wipe what it frees; this list holds the key. */
static void free_header_list(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(list);
}

static cl_transfer *transfer_of(cl_engine *engine, const cl_http_request *request)
{
    cl_transfer *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->engine = engine;
    t->body = cl_body_copy(request->body);
    t->stream = request->stream;
    t->rx = CL_BUF_INIT(SIZE_MAX / 2);
    t->head = CL_BUF_INIT(request->max_header_bytes);
    t->started_at = request->started_at;
    t->connect_ms = request->connect_ms;
    t->first_byte_ms = request->first_byte_ms;
    t->idle_ms = request->idle_ms;
    t->total_ms = request->total_ms;
    t->max_header_bytes = request->max_header_bytes;
    t->max_body_bytes = request->max_body_bytes;
    t->max_error_bytes = request->max_error_bytes;
    return t;
}

claude_code_t cl_transfer_new(cl_engine *engine, const cl_http_request *request, cl_transfer **out, cl_err *err)
{
    cl_transfer *t = transfer_of(engine, request);
    claude_code_t rc;
    CURLcode curl_rc;

    if (!t)
        return cl_fail_nomem(err);
    rc = make_header_list(t, request, err);
    if (rc < 0)
        goto out;
    engine->error_text[0] = '\0';
    curl_rc = cl_transfer_setup(t, request);
    if (curl_rc != CURLE_OK) {
        rc = curl_rc == CURLE_OUT_OF_MEMORY
                 ? cl_fail_nomem(err)
                 : cl_fail(err, CLAUDE_E_UNSUPPORTED, "libcurl refused an option: %s", curl_easy_strerror(curl_rc));
        goto out;
    }
    engine->transfer = t;
    if (curl_multi_add_handle(engine->multi, engine->easy) != CURLM_OK) {
        engine->transfer = NULL;
        engine->broken = true;
        rc = cl_fail_nomem(err);
        goto out;
    }
    /* Sets name lookup and connection going; sends at once on a connection that is there. */
    cl_engine_run_timer(engine);
    *out = t;
    t = NULL;
out:
    if (t) {
        t->engine = NULL;
        cl_transfer_free(t);
    }
    return rc;
}

void cl_transfer_free(cl_transfer *t)
{
    if (!t)
        return;
    if (t->engine && t->engine->generation == cl_fork_generation()) {
        if (curl_multi_remove_handle(t->engine->multi, t->engine->easy) != CURLM_OK)
            t->engine->broken = true;
        t->engine->transfer = NULL;
    }
    free_header_list(t->header_list);
    cl_body_free(&t->body);
    cl_buf_free(&t->rx);
    cl_buf_free(&t->head);
    cl_headers_free(&t->headers);
    free(t);
}

/* ---- polling ---- */

/*
 * curl_easy_nextheader() would do, but it compares every header with every other one: a quarter of a request's whole
 * cost. Obsolete folded lines have no name and are left out.
 */
static claude_code_t parse_head(cl_transfer *t, cl_err *err)
{
    cl_str rest = cl_buf_str(&t->head);
    claude_code_t rc = CLAUDE_OK;

    while (rest.len > 0 && rc >= 0) {
        const char *eol = memchr(rest.ptr, '\n', rest.len);
        size_t len = eol ? (size_t)(eol - rest.ptr) : rest.len;
        cl_str line = cl_str_n(rest.ptr, len > 0 && rest.ptr[len - 1] == '\r' ? len - 1 : len);
        const char *colon = memchr(line.ptr, ':', line.len);
        if (colon && colon > line.ptr && line.ptr[0] != ' ' && line.ptr[0] != '\t') {
            cl_str name = cl_str_n(line.ptr, (size_t)(colon - line.ptr));
            cl_str value = cl_str_trim(cl_str_n(colon + 1, line.len - name.len - 1));
            rc = cl_headers_add(&t->headers, name, value, err);
        }
        len += eol ? 1 : 0;
        rest = cl_str_n(rest.ptr + len, rest.len - len);
    }
    return rc;
}

static claude_code_t capture_head(cl_transfer *t, cl_err *err)
{
    long status = 0;

    /* Half a head is no answer: what it would say next is not known. */
    if (!t->head_complete)
        return CLAUDE_OK;
    curl_easy_getinfo(t->engine->easy, CURLINFO_RESPONSE_CODE, &status);
    t->has_head = true;
    t->status = (int32_t)status;
    return parse_head(t, err);
}

/* A clock: when it runs out, and what to say then. */
typedef struct deadline {
    int64_t at;
    int64_t limit;
    const char *missing;
    const char *option;
} deadline;

static void bound(deadline *d, int64_t from, int64_t limit, const char *missing, const char *option)
{
    if (limit > 0 && from + limit < d->at)
        *d = (deadline){from + limit, limit, missing, option};
}

static deadline total_deadline(const cl_transfer *t)
{
    deadline d = {.at = INT64_MAX};

    bound(&d, t->started_at, t->total_ms, "complete answer",
          t->stream ? "timeout.stream_total_ms" : "timeout.total_ms");
    return d;
}

/* The clock that runs out first. */
static deadline next_deadline(const cl_transfer *t)
{
    deadline d = total_deadline(t);

    if (t->attempts == 0)
        bound(&d, t->driven_at, t->connect_ms, "connection", "timeout.connect_ms");
    if (t->stream && t->last_byte_at == 0)
        bound(&d, t->driven_at, t->first_byte_ms, "answer", "timeout.first_byte_ms");
    if (t->stream && t->last_byte_at != 0)
        bound(&d, t->last_byte_at, t->idle_ms, "further byte", "timeout.idle_ms");
    return d;
}

/*
 * Nothing moves while nobody waits, so the time until then is not held against the server. libcurl's own clock for the
 * connection has been running since the start.
 */
static void begin_clocks(cl_transfer *t)
{
    int64_t away;

    t->driven_at = cl_now_ms();
    away = t->driven_at - t->started_at;
    if (away > 0 && t->attempts == 0)
        curl_easy_setopt(t->engine->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(t->connect_ms + away));
}

/* Keeps the unconsumed rest at the front, so that the buffer grows only with what is really held. */
static void compact(cl_transfer *t)
{
    if (t->rx_head == 0)
        return;
    cl_buf_drop(&t->rx, t->rx_head);
    t->rx_head = 0;
}

static claude_code_t timed_out(const deadline *d, cl_err *err)
{
    return cl_fail(err, CLAUDE_E_TIMEOUT, "no %s within %lld ms (%s)", d->missing, (long long)d->limit, d->option);
}

/* Looks at the head as soon as it is there, and at the end. */
static int32_t arrived(cl_transfer *t, cl_err *err)
{
    claude_code_t rc = CLAUDE_OK;

    if (!t->has_head)
        rc = capture_head(t, err);
    if (rc < 0)
        return rc;
    if (t->ended)
        return t->result == CURLE_OK ? CL_HTTP_END : cl_transfer_error(t, err);
    return NOTHING;
}

/* One step, and what it brought. */
static int32_t poll_once(cl_transfer *t, int64_t until_ms, cl_err *err)
{
    deadline next = next_deadline(t);
    deadline total = total_deadline(t);
    int64_t target = next.at < until_ms ? next.at : until_ms;
    int64_t now = target == INT64_MAX ? 0 : cl_now_ms();
    size_t before = t->rx.len;
    bool woken;
    int32_t rc;

    t->news = false;
    woken = cl_engine_step(t->engine, target == INT64_MAX ? INT64_MAX : target > now ? target - now : 0);
    now = cl_now_ms();
    if (t->engine->broken && !t->ended)
        return cl_fail(err, CLAUDE_E_LIMIT, "the system refused to watch a connection");
    if (t->news)
        t->last_byte_at = now;
    if ((rc = arrived(t, err)) != NOTHING)
        return rc;
    /* Bytes that keep coming hold off every clock but the total one. */
    if (now >= total.at)
        return timed_out(&total, err);
    if (t->rx.len > before)
        return CL_HTTP_NEWS;
    /* Judged only now, after reading: what had arrived in time counts, however late it is looked at. */
    if (!t->news && now >= next.at)
        return timed_out(&next, err);
    return woken ? CL_HTTP_QUIET : NOTHING;
}

int32_t cl_transfer_poll(cl_transfer *t, int64_t until_ms, cl_err *err)
{
    int32_t rc;

    if (t->driven_at == 0)
        begin_clocks(t);
    compact(t);
    /* Starting the transfer may have brought everything already. */
    if (t->ended || (t->rx.len > 0 && !t->has_head)) {
        rc = arrived(t, err);
        if (rc != NOTHING || t->has_head)
            return rc == NOTHING ? CL_HTTP_NEWS : rc;
    }
    for (;;) {
        rc = poll_once(t, until_ms, err);
        if (rc != NOTHING)
            return rc;
        if (until_ms != INT64_MAX && cl_now_ms() >= until_ms)
            return CL_HTTP_QUIET;
    }
}

int32_t cl_transfer_status(const cl_transfer *t)
{
    return t->status;
}

cl_headers *cl_transfer_headers(cl_transfer *t)
{
    return &t->headers;
}

char *cl_transfer_bytes(cl_transfer *t, size_t *len)
{
    *len = t->rx.len - t->rx_head;
    return t->rx.ptr ? t->rx.ptr + t->rx_head : NULL;
}

void cl_transfer_consume(cl_transfer *t, size_t len)
{
    t->rx_head += len;
}

char *cl_transfer_steal(cl_transfer *t, size_t *len)
{
    compact(t);
    return cl_buf_steal(&t->rx, len);
}

int32_t cl_transfer_attempts(const cl_transfer *t)
{
    return t->attempts;
}
