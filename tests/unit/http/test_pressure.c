/*
 * A stream that nobody reads: the server is made to wait, or, with a libcurl whose pausing is broken, the stream ends.
 * Server and client are in one thread, so each step is in order.
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
#include <sys/socket.h>
#include <unistd.h>

#include "http/http.h"

enum { HIGH_WATER = 65536, LOW_WATER = 16384, LIMIT = 262144, PATIENCE_MS = 20000, KERNEL_MAX = 16 * 1024 * 1024 };

struct pair {
    cl_engine *engine;
    cl_transfer *transfer;
    int connection;
    size_t written;
    size_t read;
};

static void ignore(void *owner, void *user)
{
    (void)owner;
    (void)user;
}

static void turn(struct pair *p)
{
    struct pollfd fd = {.fd = cl_engine_fd(p->engine), .events = POLLIN};

    (void)poll(&fd, 1, 10);
    cl_engine_turn(p->engine, 0, 64);
    cl_engine_collect(p->engine, ignore, NULL);
}

static int listen_somewhere(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, 64, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    return fd;
}

/* A request under way, and the head of its answer sent. */
static struct pair begin(uint32_t quirks)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    static const cl_headers none;
    static const cl_body empty;
    cl_http_settings settings = {.ca_file = "",
                                 .ca_path = "",
                                 .client_cert = "",
                                 .client_key = "",
                                 .proxy = "",
                                 .no_proxy = "",
                                 .streams_per_connection = 16,
                                 .max_buffered = LIMIT,
                                 .quirks = quirks};
    cl_http_request request = {.method = "GET",
                               .headers = &none,
                               .body = &empty,
                               .stream = true,
                               .connect_ms = 60000,
                               .started_at = cl_now_ms(),
                               .max_header_bytes = 65536,
                               .max_body_bytes = 65536,
                               .max_error_bytes = 65536,
                               .high_water = HIGH_WATER,
                               .low_water = LOW_WATER};
    struct pair p = {.connection = -1};
    char url[64];
    char got[4096];
    int listener = listen_somewhere(url);
    cl_err err;

    cl_err_init(&err);
    request.url = url;
    assert_int_equal(cl_engine_new_for_loop(&settings, &p.engine, &err), CLAUDE_OK);
    assert_int_equal(cl_transfer_new(p.engine, &request, &p, &p.transfer, &err), CLAUDE_OK);
    turn(&p);
    p.connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(p.connection >= 0);
    close(listener);
    while (recv(p.connection, got, sizeof got, 0) < 0) {
        assert_int_equal(errno, EAGAIN);
        turn(&p);
    }
    assert_int_equal(send(p.connection, head, sizeof head - 1, MSG_NOSIGNAL), sizeof head - 1);
    return p;
}

static void end(struct pair *p)
{
    if (p->transfer)
        cl_transfer_free(&p->transfer);
    cl_engine_unref(p->engine);
    close(p->connection);
}

/* Writes what the client's side takes. False once it takes nothing more for some turns. */
static bool flood(struct pair *p)
{
    static const char bytes[16384];

    for (int idle = 0; idle < 5; idle++) {
        ssize_t n = send(p->connection, bytes, sizeof bytes, MSG_NOSIGNAL);
        if (n > 0) {
            p->written += (size_t)n;
            turn(p);
            return true;
        }
        turn(p);
    }
    return false;
}

static void read_some(struct pair *p)
{
    cl_err err;
    size_t len = 0;

    cl_err_init(&err);
    assert_true(cl_transfer_take(p->transfer, &err) >= 0);
    (void)cl_transfer_bytes(p->transfer, &len);
    cl_transfer_consume(p->transfer, len);
    p->read += len;
}

static void makes_the_server_wait(void **state)
{
    struct pair p = begin(0);
    int64_t limit = cl_now_ms() + PATIENCE_MS;
    size_t first;

    (void)state;
    while (flood(&p))
        assert_true(p.written < KERNEL_MAX);
    first = p.written;
    /* All of it is there after all, and the server goes on. */
    while (p.read < first + LIMIT) {
        read_some(&p);
        (void)flood(&p);
        assert_true(cl_now_ms() < limit);
    }
    end(&p);
}

static void ends_where_pausing_is_broken(void **state)
{
    struct pair p = begin(CL_QUIRK_PAUSE);
    int64_t limit = cl_now_ms() + PATIENCE_MS;
    int32_t rc = 0;
    cl_err err;

    (void)state;
    cl_err_init(&err);
    while (flood(&p) && p.written < KERNEL_MAX)
        assert_true(cl_now_ms() < limit);
    while (rc >= 0 && cl_now_ms() < limit)
        rc = cl_transfer_take(p.transfer, &err);
    assert_int_equal(rc, CLAUDE_E_LIMIT);
    assert_non_null(strstr(err.message, "client.max_buffered_bytes"));
    end(&p);
}

static void knows_the_versions(void **state)
{
    (void)state;
    assert_int_equal(cl_quirks_of(0x075801), CL_QUIRK_H2C_REUSE);
    assert_int_equal(cl_quirks_of(0x080000), 0);
    assert_int_equal(cl_quirks_of(0x080f00), 0);
    assert_int_equal(cl_quirks_of(0x081000), CL_QUIRK_PAUSE);
    assert_int_equal(cl_quirks_of(0x081400), CL_QUIRK_PAUSE);
    assert_int_equal(cl_quirks_of(0x081500), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_server_wait),
        cmocka_unit_test(ends_where_pausing_is_broken),
        cmocka_unit_test(knows_the_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
