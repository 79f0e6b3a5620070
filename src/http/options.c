/* options.c - what libcurl is told, and the callbacks through which it answers. */
#include "http/engine.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEAD_USUAL = 1024,                 /* bytes of an ordinary response's head */
    RECEIVE_BUFFER = 32 * 1024,        /* larger ones leave the second-level cache when a burst comes */
    RECEIVE_BUFFER_OF_MANY = 2 * 1024, /* each stream has one, and most are idle */
    UPLOAD_BUFFER = 16 * 1024,         /* the smallest that libcurl takes; with HTTP/2 each stream keeps its own */
    UPLOAD_BUFFER_OF_FILES = 64 * 1024,
    CONNECTION_MAX_AGE_S = 30,       /* idle */
    CONNECTION_MAX_LIFETIME_S = 300, /* bounds how long a change in DNS goes unnoticed */
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 10,
};

/* ---- libcurl's callbacks: copy and flag, nothing else ---- */

static void judge(cl_transfer *t)
{
    t->drop_over = t->final_status < 200 || t->final_status > 299;
    t->rx_cap = t->drop_over ? t->max_error_bytes : t->stream ? SIZE_MAX : t->max_body_bytes;
    t->judged = true;
}

/* A stream has no cap here: over its high water it is paused. */
static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    cl_transfer *t = ((cl_slot *)user)->transfer;
    cl_engine *engine = t->engine;
    size_t len = size * count;
    size_t room;

    if (!t->judged)
        judge(t);
    t->news = true;
    room = t->rx_cap - t->body_bytes;
    if (len > room && !t->drop_over) {
        t->body_overflow = true;
        return 0;
    }
    if ((engine->settings.quirks & CL_QUIRK_PAUSE) && cl_transfer_unread(t) + len > engine->settings.max_buffered) {
        t->unpausable = true;
        return 0;
    }
    if (cl_buf_append_hot(&t->rx, bytes, len > room ? room : len) != CL_BUF_OK) {
        t->no_memory = true;
        return 0;
    }
    engine->held += len > room ? room : len;
    t->body_bytes += len > room ? room : len;
    cl_transfer_make_wait(t);
    cl_engine_mark(engine, t);
    /* Enough of an error is known; waiting for the end of its body could last for ever. */
    return len > room ? 0 : len;
}

/* A coding that nobody asked for: libcurl would unpack it, and a bomb hides in few bytes. */
static bool is_foreign_coding(cl_str line)
{
    cl_str name = CL_STR("transfer-encoding:");

    /* Half a line comes when the connection breaks. */
    if ((line.ptr[0] | 0x20) != 't' || !cl_str_starts_nocase(line, name) || line.ptr[line.len - 1] != '\n')
        return false;
    line.len -= line.ptr[line.len - 2] == '\r' ? 2 : 1;
    line = cl_str_trim(cl_str_n(line.ptr + name.len, line.len - name.len));
    return !cl_str_eq_nocase(line, CL_STR("chunked")) && !cl_str_eq_nocase(line, CL_STR("identity"));
}

/* Only the final response's lines are kept: each status line starts anew, and what comes after the blank line that ends
 * a head (trailers) belongs to none. */
static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    cl_transfer *t = ((cl_slot *)user)->transfer;
    size_t len = size * count;

    if (!t->news)
        cl_engine_mark(t->engine, t);
    t->news = true; /* a byte has arrived: the clocks want to know */
    t->header_bytes += len;
    if (t->header_bytes > t->max_header_bytes) {
        t->header_overflow = true;
        return 0;
    }
    if (len > 0 && is_foreign_coding(cl_str_n(bytes, len))) {
        t->foreign_coding = true;
        return 0;
    }
    if (cl_str_starts(cl_str_n(bytes, len), CL_STR("HTTP/"))) {
        if (t->server->share == CL_SHARE_UNKNOWN && cl_str_starts(cl_str_n(bytes, len), CL_STR("HTTP/1")))
            t->server->share = CL_SHARE_NEVER;
        cl_buf_clear(&t->head);
        (void)cl_buf_reserve(&t->head, HEAD_USUAL); /* fewer reallocations; appending decides */
        t->in_head = true;
    } else if (len > 0 && (bytes[0] == '\r' || bytes[0] == '\n')) {
        long status = 0;
        curl_easy_getinfo(t->slot->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200)
            t->final_status = (int32_t)status;
        t->in_head = false;
        /* libcurl would take what follows for a body, of a response that has no final head. */
        t->switched = status == 101;
        if (t->switched)
            return 0;
    } else if (t->in_head && cl_head_add(&t->head, cl_str_n(bytes, len)) != CL_BUF_OK) {
        t->no_memory = true;
        return 0;
    }
    return len;
}

static size_t on_read(char *out, size_t size, size_t count, void *user)
{
    cl_transfer *t = ((cl_slot *)user)->transfer;
    size_t n = 0;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    if (CL_FEATURE_COMPRESSION && t->pack)
        rc = cl_pack_read(t->pack, out, size * count, &n, &err);
    else
        rc = cl_body_reader_read(&t->reader, &t->body, out, size * count, &n, &err);
    if (rc >= 0)
        return n;
    cl_error_unref(t->unread);
    t->unread = cl_error_new(&err);
    return CURL_READFUNC_ABORT;
}

static int on_seek(void *user, curl_off_t offset, int origin)
{
    cl_transfer *t = ((cl_slot *)user)->transfer;

    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > (t->pack ? 0 : t->body.len))
        return CURL_SEEKFUNC_FAIL;
    if (CL_FEATURE_COMPRESSION && t->pack)
        cl_pack_rewind(t->pack);
    else
        cl_body_reader_seek(&t->reader, (size_t)offset);
    return CURL_SEEKFUNC_OK;
}

/*
 * Called once per request put on the wire. libcurl sends a request again by itself when a reused connection breaks
 * before the answer; the server may have done (and billed) the work already, so that is for the program to decide.
 */
static int on_prereq(void *user, char *primary_ip, char *local_ip, int primary_port, int local_port)
{
    cl_transfer *t = ((cl_slot *)user)->transfer;

    (void)primary_ip;
    (void)local_ip;
    (void)primary_port;
    (void)local_port;
    if (t->attempts > 0) {
        t->resend_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    t->attempts++;
    t->looking_up = false;
    cl_transfer_is_sending(t);
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t on_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    cl_slot *slot = user;
    cl_engine *engine = slot->engine;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    uint8_t *watch = fd >= 0 ? cl_engine_watch(engine, fd) : NULL;

    (void)purpose;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && slot->transfer)
        slot->transfer->no_descriptor = true;
    if (fd >= 0 && !watch) {
        if (slot->transfer)
            slot->transfer->no_memory = true;
        close(fd);
        return CURL_SOCKET_BAD;
    }
    if (slot->transfer)
        slot->transfer->looking_up = false;
    if (fd >= 0)
        cl_engine_connected(engine, fd, slot->transfer);
    return fd;
}

static int on_close_socket(void *user, curl_socket_t fd)
{
    cl_engine *engine = user;
    uint8_t *watch = cl_engine_watch(engine, fd);

    /* The number may be reused at once by another socket: nothing must know the old one. */
    if (watch && *watch & CL_WATCH_KNOWN)
        epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    if (watch && *watch & CL_WATCH_CONNECTION)
        cl_engine_disconnected(engine, fd);
    if (watch) {
        cl_engine_unpark(engine, fd, watch);
        *watch = 0;
    }
    return close(fd);
}

/* Only for what is not in libcurl's cache. */
static int on_lookup(void *resolver, void *reserved, void *user)
{
    cl_transfer *t = ((cl_slot *)user)->transfer;

    (void)resolver;
    (void)reserved;
    t->looking_up = true;
    t->lookups_exhausted = cl_lookups_exhausted();
    return t->lookups_exhausted ? 1 : 0;
}

/* ---- options ---- */

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        rc = curl_easy_setopt(easy, option, value);                                                                    \
        if (rc != CURLE_OK)                                                                                            \
            return rc;                                                                                                 \
    } while (0)

/* A proxy that is reached over TLS is judged by the same certificates. */
static CURLcode configure_tls(CURL *easy, const cl_http_settings *settings)
{
    static const long versions[] = {CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_TLSv1_3};
    bool has_path = settings->ca_path[0] != '\0';
    CURLcode rc;

    SET(CURLOPT_SSLVERSION, versions[settings->tls_min_version]);
    SET(CURLOPT_PROXY_SSLVERSION, versions[settings->tls_min_version]);
    /* Who names certificates trusts no others; libcurl's own file may not even exist where it was built for. */
    if (settings->ca_file[0] != '\0' || has_path) {
        SET(CURLOPT_CAINFO, settings->ca_file[0] != '\0' ? settings->ca_file : NULL);
        SET(CURLOPT_PROXY_CAINFO, settings->ca_file[0] != '\0' ? settings->ca_file : NULL);
    }
    /* With a directory as well as a file, the whole bundle would be parsed anew for each connection. */
    if (has_path || settings->ca_file[0] != '\0' || curl_version_info(CURLVERSION_NOW)->cainfo) {
        SET(CURLOPT_CAPATH, has_path ? settings->ca_path : NULL);
        SET(CURLOPT_PROXY_CAPATH, has_path ? settings->ca_path : NULL);
    }
    if (settings->client_cert[0] != '\0') {
        SET(CURLOPT_SSLCERT, settings->client_cert);
        SET(CURLOPT_SSLKEY, settings->client_key[0] != '\0' ? settings->client_key : NULL);
    }
    return CURLE_OK;
}

/*
 * Of HTTP/2 libcurl reads 32 KiB at once (up to 7.88), and what does not fit into the stream's buffer then stays where
 * it is until the socket stirs again: a stream that falls silent after a burst would not be heard to its end.
 */
static long receive_buffer(const cl_slot *slot)
{
    int32_t version = slot->engine->settings.http_version;
    bool may_be_http_2 = version == CL_HTTP_VERSION_2 || (slot->https && version != CL_HTTP_VERSION_1_1);

    return cl_engine_is_loop(slot->engine) && !may_be_http_2 ? RECEIVE_BUFFER_OF_MANY : RECEIVE_BUFFER;
}

/* What is the same for all transfers of a client; set once, since each option costs. */
static CURLcode configure(cl_slot *slot)
{
    static const long versions[] = {CURL_HTTP_VERSION_2TLS, CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE};
    const cl_http_settings *settings = &slot->engine->settings;
    CURL *easy = slot->easy;
    CURLcode rc;

    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROTOCOLS_STR, slot->https ? "https" : "http");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_HTTP_VERSION, versions[settings->http_version]);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    SET(CURLOPT_MAXAGE_CONN, (long)CONNECTION_MAX_AGE_S);
    SET(CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_MAX_LIFETIME_S);
    SET(CURLOPT_BUFFERSIZE, receive_buffer(slot));
    SET(CURLOPT_FORBID_REUSE, cl_engine_reuses_nothing(slot->engine, slot->https) ? 1L : 0L);
    SET(CURLOPT_PROXY, settings->proxy); /* "" also keeps libcurl from reading the environment */
    SET(CURLOPT_NOPROXY, settings->no_proxy);
    if ((rc = configure_tls(easy, settings)) != CURLE_OK)
        return rc;
    SET(CURLOPT_ERRORBUFFER, slot->error_text);
    SET(CURLOPT_PRIVATE, slot);
    SET(CURLOPT_RESOLVER_START_FUNCTION, on_lookup);
    SET(CURLOPT_RESOLVER_START_DATA, slot);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, slot);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, slot->engine);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, slot);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, slot);
    SET(CURLOPT_PREREQFUNCTION, on_prereq);
    SET(CURLOPT_PREREQDATA, slot);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, slot);
    SET(CURLOPT_SEEKFUNCTION, on_seek);
    SET(CURLOPT_SEEKDATA, slot);
    slot->configured = true;
    return CURLE_OK;
}

/* Setting it frees the one that there is. */
static CURLcode configure_upload(cl_slot *slot, long size)
{
    CURL *easy = slot->easy;
    CURLcode rc;

    if (slot->upload_buffer == size)
        return CURLE_OK;
    SET(CURLOPT_UPLOAD_BUFFERSIZE, size);
    slot->upload_buffer = size;
    return CURLE_OK;
}

CURLcode cl_transfer_setup(cl_transfer *t, bool fresh)
{
    CURL *easy = t->slot->easy;
    CURLcode rc = t->slot->configured ? CURLE_OK : configure(t->slot);

    if (rc == CURLE_OK)
        rc = configure_upload(t->slot, t->body.files ? UPLOAD_BUFFER_OF_FILES : UPLOAD_BUFFER);
    if (rc != CURLE_OK)
        return rc;
    SET(CURLOPT_URL, t->url);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
    SET(CURLOPT_HTTPHEADER, t->header_list);
    SET(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    SET(CURLOPT_CUSTOMREQUEST, NULL);
    if (strcmp(t->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L); /* by its name alone it would wait for a body; GET and POST take it back */
        return CURLE_OK;
    }
    if (strcmp(t->method, "POST") != 0) {
        SET(CURLOPT_HTTPGET, 1L);
        if (strcmp(t->method, "GET") != 0)
            SET(CURLOPT_CUSTOMREQUEST, t->method);
        return CURLE_OK;
    }
    SET(CURLOPT_POST, 1L);
    /* Without a length HTTP/1.1 sends chunks, which libcurl does by itself. */
    SET(CURLOPT_POSTFIELDSIZE_LARGE, t->pack ? -1 : (curl_off_t)t->body.len);
    /* One piece of memory goes out with the headers in one packet; several are read through on_read. */
    SET(CURLOPT_POSTFIELDS, t->pack                                ? NULL
                            : t->body.count == 0                   ? ""
                            : t->body.count == 1 && !t->body.files ? t->body.parts[0].ptr
                                                                   : NULL);
    return CURLE_OK;
}

#undef SET
