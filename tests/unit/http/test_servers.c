/*
 * One engine and several servers: what one of them keeps waiting holds up none for the others; and what each method
 * makes of a request. The servers are in the same thread, so each step is in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/engine.h"

enum { PATIENCE_MS = 20000 };

static const cl_headers no_headers;
static const cl_body no_body;

static cl_engine *new_engine(int32_t version)
{
    cl_http_settings settings = {.ca_file = "",
                                 .ca_path = "",
                                 .client_cert = "",
                                 .client_key = "",
                                 .proxy = "",
                                 .no_proxy = "",
                                 .http_version = version,
                                 .streams_per_connection = 16,
                                 .max_buffered = 1 << 20};
    cl_engine *engine = NULL;

    assert_int_equal(cl_engine_new_for_loop(&settings, &engine, NULL), CLAUDE_OK);
    return engine;
}

static void ignore(void *owner, void *user)
{
    (void)owner;
    (void)user;
}

static void turn(cl_engine *engine)
{
    struct pollfd fd = {.fd = cl_engine_fd(engine), .events = POLLIN};

    (void)poll(&fd, 1, 10);
    cl_engine_turn(engine, 0, 64);
    cl_engine_collect(engine, ignore, NULL);
}

/* ---- servers ---- */

struct listener {
    int fd;
    char url[64];
};

static struct listener listen_somewhere(const char *scheme)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct listener listener = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};

    assert_true(listener.fd >= 0);
    assert_int_equal(bind(listener.fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener.fd, 16), 0);
    assert_int_equal(getsockname(listener.fd, (struct sockaddr *)&address, &len), 0);
    snprintf(listener.url, sizeof listener.url, "%s://127.0.0.1:%d/v9", scheme, ntohs(address.sin_port));
    return listener;
}

/* -1: nobody comes, for some turns. */
static int accept_for(cl_engine *engine, const struct listener *listener, int turns)
{
    int fd = -1;

    for (int i = 0; i < turns && fd < 0; i++) {
        turn(engine);
        fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    return fd;
}

static int accepted(cl_engine *engine, const struct listener *listener)
{
    int fd = accept_for(engine, listener, PATIENCE_MS / 10);

    assert_true(fd >= 0);
    return fd;
}

/* The head of a request, and whatever came with it. */
static void receive(cl_engine *engine, int connection, char *got, size_t size)
{
    int64_t limit = cl_now_ms() + PATIENCE_MS;
    size_t len = 0;

    got[0] = '\0';
    while (!strstr(got, "\r\n\r\n")) {
        ssize_t n = recv(connection, got + len, size - 1 - len, 0);
        assert_true(n > 0 || (n < 0 && errno == EAGAIN));
        len += n > 0 ? (size_t)n : 0;
        got[len] = '\0';
        assert_true(cl_now_ms() < limit);
        turn(engine);
    }
}

static void answer(int connection, const char *text)
{
    assert_int_equal(send(connection, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* ---- transfers ---- */

static cl_transfer *ask(cl_engine *engine, const char *method, const char *url)
{
    cl_http_request request = {.method = method,
                               .url = url,
                               .headers = &no_headers,
                               .body = &no_body,
                               .connect_ms = 60000,
                               .started_at = cl_now_ms(),
                               .max_header_bytes = 65536,
                               .max_body_bytes = 65536,
                               .max_error_bytes = 65536};
    cl_transfer *transfer = NULL;
    cl_err err;

    cl_err_init(&err);
    if (cl_transfer_new(engine, &request, NULL, &transfer, &err) < 0)
        fail_msg("%s", err.message);
    return transfer;
}

static void ends(cl_engine *engine, cl_transfer *transfer, int32_t status, const char *body)
{
    int64_t limit = cl_now_ms() + PATIENCE_MS;
    int32_t rc = CL_HTTP_QUIET;
    size_t len = 0;
    cl_err err;

    cl_err_init(&err);
    while (rc == CL_HTTP_QUIET || rc == CL_HTTP_NEWS) {
        turn(engine);
        rc = cl_transfer_take(transfer, &err);
        if (rc < 0)
            fail_msg("%s", err.message);
        assert_true(cl_now_ms() < limit);
    }
    assert_int_equal(cl_transfer_status(transfer), status);
    assert_memory_equal(cl_transfer_bytes(transfer, &len), body, strlen(body));
    assert_int_equal(len, strlen(body));
    cl_transfer_free(&transfer);
}

/* ---- tests ---- */

/* Each on the connection, and with the easy handle, of the one before. */
static void test_methods(void **state)
{
    static const struct {
        const char *method;
        const char *reply;
        int32_t status;
        const char *body;
    } cases[] = {
        {"HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", 200, ""},
        {"GET", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", 200, "abc"},
        {"HEAD", "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n", 404, ""},
        {"OPTIONS", "HTTP/1.1 204 No Content\r\nallow: GET\r\n\r\n", 204, ""},
        {"HEAD", "HTTP/1.1 200 OK\r\n\r\n", 200, ""},
        {"POST", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nde", 200, "de"},
        {"OPTIONS", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nfg", 200, "fg"},
        {"DELETE", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nh", 200, "h"},
        {"GET", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ni", 200, "i"},
    };
    cl_engine *engine = new_engine(CL_HTTP_VERSION_AUTO);
    struct listener listener = listen_somewhere("http");
    int connection = -1;
    char line[64];
    char got[4096];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cl_transfer *transfer = ask(engine, cases[i].method, listener.url);
        if (connection < 0)
            connection = accepted(engine, &listener);
        receive(engine, connection, got, sizeof got);
        snprintf(line, sizeof line, "%s /v9 HTTP/1.1\r\n", cases[i].method);
        assert_memory_equal(got, line, strlen(line));
        /* Nothing is sent but what a POST says of its empty body. */
        assert_int_equal(strstr(got, "Content-Length: 0\r\n") != NULL, strcmp(cases[i].method, "POST") == 0);
        assert_null(strstr(got, "Transfer-Encoding"));
        assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
        answer(connection, cases[i].reply);
        ends(engine, transfer, cases[i].status, cases[i].body);
    }
    assert_int_equal(accept_for(engine, &listener, 5), -1);
    close(connection);
    close(listener.fd);
    cl_engine_unref(engine);
}

/* With HTTP/2 one opens a connection and the others wait for it, as it may be shared: but not those for other servers.
 */
static void test_a_hanging_server_holds_up_no_other(void **state)
{
    cl_engine *engine = new_engine(CL_HTTP_VERSION_AUTO);
    struct listener hanging = listen_somewhere("https");
    struct listener other = listen_somewhere("https");
    struct listener plain = listen_somewhere("http");
    cl_transfer *first = ask(engine, "GET", hanging.url);
    cl_transfer *second = ask(engine, "GET", hanging.url);
    cl_transfer *third;
    cl_transfer *fourth;
    int connections[3];
    char got[4096];

    (void)state;
    connections[0] = accepted(engine, &hanging);
    third = ask(engine, "GET", other.url);
    connections[1] = accepted(engine, &other);
    fourth = ask(engine, "GET", plain.url);
    connections[2] = accepted(engine, &plain);
    receive(engine, connections[2], got, sizeof got);
    answer(connections[2], "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx");
    ends(engine, fourth, 200, "x");
    assert_int_equal(accept_for(engine, &hanging, 5), -1);
    /* The one that waited goes next when the first one is gone. */
    cl_transfer_free(&first);
    close(connections[0]);
    connections[0] = accepted(engine, &hanging);
    cl_transfer_free(&third);
    cl_transfer_free(&second);
    for (size_t i = 0; i < 3; i++)
        close(connections[i]);
    close(hanging.fd);
    close(other.fd);
    close(plain.fd);
    cl_engine_unref(engine);
}

/* The scheme is the URL's, also for an easy handle that another scheme has used. */
static void test_schemes_do_not_mix(void **state)
{
    cl_engine *engine = new_engine(CL_HTTP_VERSION_AUTO);
    struct listener plain = listen_somewhere("http");
    char got[4096];

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct listener tls = listen_somewhere("https");
        cl_transfer *transfer = ask(engine, "GET", tls.url);
        int connection = accepted(engine, &tls);
        while (recv(connection, got, 3, 0) < 3)
            turn(engine);
        assert_memory_equal(got, "\x16\x03", 2); /* the beginning of a TLS handshake */
        cl_transfer_free(&transfer);
        close(connection);
        close(tls.fd);
        transfer = ask(engine, "GET", plain.url);
        connection = accepted(engine, &plain);
        receive(engine, connection, got, sizeof got);
        assert_memory_equal(got, "GET /v9", 7);
        answer(connection, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        ends(engine, transfer, 200, "");
        close(connection);
    }
    close(plain.fd);
    cl_engine_unref(engine);
}

/* What is known of servers has a limit: those that are at rest are forgotten first. */
static void test_many_servers(void **state)
{
    cl_engine *engine = new_engine(CL_HTTP_VERSION_AUTO);
    struct listener plain = listen_somewhere("http");
    cl_transfer *transfers[CL_SERVERS_MAX + 10];
    int connection;
    char url[96];
    char got[4096];

    (void)state;
    /* All have something to do, and nothing tells them apart but their names. */
    for (size_t i = 0; i < CL_SERVERS_MAX + 10; i++) {
        snprintf(url, sizeof url, "http://127.0.%zu.2:%s", i, strrchr(plain.url, ':') + 1);
        transfers[i] = ask(engine, "GET", i == CL_SERVERS_MAX ? plain.url : url);
    }
    assert_int_equal(engine->server_count, CL_SERVERS_MAX);
    connection = accepted(engine, &plain);
    receive(engine, connection, got, sizeof got);
    answer(connection, "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx");
    ends(engine, transfers[CL_SERVERS_MAX], 200, "x");
    for (size_t i = 0; i < CL_SERVERS_MAX + 10; i++) {
        if (i != CL_SERVERS_MAX)
            cl_transfer_free(&transfers[i]);
    }
    for (size_t i = 0; i < CL_SERVERS_MAX; i++)
        assert_int_equal(engine->servers[i].transfers, 0);
    /* There is room for more, one after another. */
    for (size_t i = 0; i < CL_SERVERS_MAX * 2; i++) {
        snprintf(url, sizeof url, "http://127.1.%zu.2:%s", i, strrchr(plain.url, ':') + 1);
        transfers[0] = ask(engine, "GET", url);
        assert_memory_equal(transfers[0]->server->name, url, transfers[0]->server->name_len);
        cl_transfer_free(&transfers[0]);
    }
    close(connection);
    close(plain.fd);
    cl_engine_unref(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_a_hanging_server_holds_up_no_other),
        cmocka_unit_test(test_schemes_do_not_mix),
        cmocka_unit_test(test_many_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
