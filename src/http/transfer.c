#include "http/engine.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECEIVE_BUFFER = 32 * 1024,      /* larger ones leave the second-level cache when a burst comes */
    CONNECTION_MAX_AGE_S = 30,       /* idle */
    CONNECTION_MAX_LIFETIME_S = 300, /* bounds how long a change in DNS goes unnoticed */
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 10,
    NOTHING = 100, /* poll_once: neither news nor a reason to return */
};

/* ---- libcurl's callbacks: copy and flag, nothing else ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    cl_transfer *t = user;
    size_t len = size * count;
    int rc;

    if (!t->judged) {
        long status = 0;
        curl_easy_getinfo(t->engine->easy, CURLINFO_RESPONSE_CODE, &status);
        t->drop_over = status < 200 || status > 299;
        t->rx_cap = t->drop_over ? t->max_error_bytes : t->max_body_bytes;
        t->judged = true;
    }
    t->news = true;
    if (t->rx.len - t->rx_head + len > t->rx_cap) {
        if (!t->drop_over) {
            t->body_overflow = true;
            return 0;
        }
        t->cut = true;
        rc = cl_buf_append(&t->rx, bytes, t->rx_cap - (t->rx.len - t->rx_head));
    } else {
        rc = cl_buf_append_hot(&t->rx, bytes, len);
    }
    if (rc != CL_BUF_OK) {
        t->no_memory = true;
        return 0;
    }
    return len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    cl_transfer *t = user;

    (void)bytes;
    t->news = true; /* a byte has arrived: the clocks want to know */
    t->header_bytes += size * count;
    if (t->header_bytes > t->max_header_bytes) {
        t->header_overflow = true;
        return 0;
    }
    return size * count;
}

static size_t on_read(char *out, size_t size, size_t count, void *user)
{
    cl_transfer *t = user;
    size_t n = cl_body_read(&t->body, t->body_at, out, size * count);

    t->body_at += n;
    return n;
}

static int on_seek(void *user, curl_off_t offset, int origin)
{
    cl_transfer *t = user;

    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->body.len)
        return CURL_SEEKFUNC_FAIL;
    t->body_at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/*
 * Called once per request put on the wire. libcurl sends a request again by itself when a reused connection breaks
 * before the answer; the server may have done (and billed) the work already, so that is for the program to decide.
 */
static int on_prereq(void *user, char *primary_ip, char *local_ip, int primary_port, int local_port)
{
    cl_transfer *t = user;

    (void)primary_ip;
    (void)local_ip;
    (void)primary_port;
    (void)local_port;
    if (t->attempts > 0) {
        t->resend_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    t->attempts++;
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t on_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)user;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_close_socket(void *user, curl_socket_t fd)
{
    cl_engine *engine = user;

    /* The number may be reused at once by another socket: the epoll set must not know the old one. */
    epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    return close(fd);
}

/* ---- options ---- */

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        rc = curl_easy_setopt(easy, option, value);                                                                    \
        if (rc != CURLE_OK)                                                                                            \
            return rc;                                                                                                 \
    } while (0)

static CURLcode set_connection(CURL *easy, cl_transfer *t, const cl_http_request *request)
{
    static const long versions[] = {CURL_HTTP_VERSION_2TLS, CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE};
    bool https = cl_str_starts_nocase(cl_str_of(request->url), CL_STR("https:"));
    CURLcode rc;

    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_HTTP_VERSION, versions[request->http_version]);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    SET(CURLOPT_MAXAGE_CONN, (long)CONNECTION_MAX_AGE_S);
    SET(CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_MAX_LIFETIME_S);
    SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
    SET(CURLOPT_PROXY, request->proxy); /* "" also keeps libcurl from reading the environment */
    SET(CURLOPT_NOPROXY, request->no_proxy);
    if (https && request->ca_file[0] != '\0')
        SET(CURLOPT_CAINFO, request->ca_file);
    /* With a directory as well as a file, the whole bundle would be parsed anew for each connection. */
    if (https && (request->ca_file[0] != '\0' || curl_version_info(CURLVERSION_NOW)->cainfo))
        SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, t->engine);
    return CURLE_OK;
}

CURLcode cl_transfer_setup(cl_transfer *t, const cl_http_request *request)
{
    CURL *easy = t->engine->easy;
    CURLcode rc = set_connection(easy, t, request);

    if (rc != CURLE_OK)
        return rc;
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_ERRORBUFFER, t->error_text);
    SET(CURLOPT_HTTPHEADER, t->header_list);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_PREREQFUNCTION, on_prereq);
    SET(CURLOPT_PREREQDATA, t);
    if (t->body.count == 0 && strcmp(request->method, "GET") == 0) {
        SET(CURLOPT_HTTPGET, 1L);
        return CURLE_OK;
    }
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
    if (t->body.count <= 1) {
        SET(CURLOPT_POSTFIELDS, t->body.count == 1 ? t->body.parts[0].ptr : "");
    } else {
        SET(CURLOPT_READFUNCTION, on_read);
        SET(CURLOPT_READDATA, t);
        SET(CURLOPT_SEEKFUNCTION, on_seek);
        SET(CURLOPT_SEEKDATA, t);
    }
    return CURLE_OK;
}

#undef SET

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
    claude_code_t rc = CLAUDE_OK;

    if (request->auth_header.len > 0 && !add_line(t, request->auth_header.ptr))
        rc = cl_fail_nomem(err);
    for (size_t i = 0; i < request->headers->count && rc >= 0; i++) {
        cl_buf_clear(&line);
        if (cl_buf_append_text(&line, request->headers->items[i].name) != CL_BUF_OK ||
            cl_buf_append_text(&line, ": ") != CL_BUF_OK ||
            cl_buf_append_text(&line, request->headers->items[i].value) != CL_BUF_OK || !add_line(t, line.ptr))
            rc = cl_fail_nomem(err);
    }
    /* "Expect: 100-continue" costs a round trip and is answered by few gateways. */
    if (rc >= 0 && !add_line(t, "Expect:"))
        rc = cl_fail_nomem(err);
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
    curl_easy_reset(engine->easy);
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
    cl_engine_step(engine, 0);
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
        /* The handle outlives this transfer: it must not point into it. */
        curl_easy_reset(t->engine->easy);
        t->engine->transfer = NULL;
    }
    free_header_list(t->header_list);
    cl_body_free(&t->body);
    cl_buf_free(&t->rx);
    cl_headers_free(&t->headers);
    free(t);
}

/* ---- polling ---- */

static claude_code_t capture_head(cl_transfer *t, cl_err *err)
{
    CURL *easy = t->engine->easy;
    struct curl_header *header = NULL;
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 0)
        return CLAUDE_OK;
    t->has_head = true;
    t->status = (int32_t)status;
    /* -1: of the final response only, not of 1xx responses or of a proxy's CONNECT. */
    while ((header = curl_easy_nextheader(easy, CURLH_HEADER, -1, header)) != NULL) {
        claude_code_t rc = cl_headers_add(&t->headers, cl_str_of(header->name), cl_str_of(header->value), err);
        if (rc < 0)
            return rc;
    }
    return CLAUDE_OK;
}

/* The next moment at which a clock runs out, and the option that set it. */
static int64_t next_deadline(const cl_transfer *t, const char **option, int64_t *limit)
{
    int64_t at = INT64_MAX;

    if (t->total_ms > 0) {
        at = t->started_at + t->total_ms;
        *limit = t->total_ms;
        *option = t->stream ? "timeout.stream_total_ms" : "timeout.total_ms";
    }
    if (t->stream && t->last_byte_at == 0 && t->first_byte_ms > 0 && t->started_at + t->first_byte_ms < at) {
        at = t->started_at + t->first_byte_ms;
        *limit = t->first_byte_ms;
        *option = "timeout.first_byte_ms";
    }
    if (t->stream && t->last_byte_at != 0 && t->idle_ms > 0 && t->last_byte_at + t->idle_ms < at) {
        at = t->last_byte_at + t->idle_ms;
        *limit = t->idle_ms;
        *option = "timeout.idle_ms";
    }
    return at;
}

/* Keeps the unconsumed rest at the front, so that the buffer grows only with what is really held. */
static void compact(cl_transfer *t)
{
    if (t->rx_head == 0)
        return;
    cl_buf_drop(&t->rx, t->rx_head);
    t->rx_head = 0;
}

static claude_code_t timed_out(cl_err *err, int64_t limit, const char *option)
{
    return cl_fail(err, CLAUDE_E_TIMEOUT, "no complete answer within %lld ms (%s)", (long long)limit, option);
}

/* One step, and what it brought. */
static int32_t poll_once(cl_transfer *t, int64_t until_ms, cl_err *err)
{
    const char *option = "";
    int64_t limit = 0;
    int64_t deadline = next_deadline(t, &option, &limit);
    int64_t target = deadline < until_ms ? deadline : until_ms;
    int64_t now = target == INT64_MAX ? 0 : cl_now_ms();
    size_t before = t->rx.len;
    bool woken;

    t->news = false;
    woken = cl_engine_step(t->engine, target == INT64_MAX ? INT64_MAX : target > now ? target - now : 0);
    now = cl_now_ms();
    if (t->news)
        t->last_byte_at = now;
    if (!t->has_head && (t->rx.len > 0 || t->ended)) {
        claude_code_t rc = capture_head(t, err);
        if (rc < 0)
            return rc;
    }
    if (t->ended)
        return t->result == CURLE_OK ? CL_HTTP_END : cl_transfer_error(t, err);
    /* Bytes that keep coming hold off every clock but the total one. */
    if (t->total_ms > 0 && now >= t->started_at + t->total_ms)
        return timed_out(err, t->total_ms, t->stream ? "timeout.stream_total_ms" : "timeout.total_ms");
    if (t->rx.len > before)
        return CL_HTTP_NEWS;
    /* Judged only now, after reading: what had arrived in time counts, however late it is looked at. */
    if (!t->news && now >= deadline)
        return timed_out(err, limit, option);
    return woken ? CL_HTTP_QUIET : NOTHING;
}

int32_t cl_transfer_poll(cl_transfer *t, int64_t until_ms, cl_err *err)
{
    compact(t);
    if (t->ended)
        return t->result == CURLE_OK ? CL_HTTP_END : cl_transfer_error(t, err);
    for (;;) {
        int32_t rc = poll_once(t, until_ms, err);
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

bool cl_transfer_cut(const cl_transfer *t)
{
    return t->cut;
}

int32_t cl_transfer_attempts(const cl_transfer *t)
{
    return t->attempts;
}
