#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    BATCH = 256,
    READ_BUFFER = 256 * 1024,
};

static bool complain(const char *what)
{
    fprintf(stderr, "claude-sandbox: %s: %s\n", what, strerror(errno));
    return false;
}

static bool watch(struct server *server, int *fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = fd};

    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, *fd, &event) == 0 || complain("epoll");
}

/* Only addresses of this machine: the sandbox has no authentication and does what it is told. */
static bool loopback_address(const char *host, int port, struct sockaddr_storage *address, socklen_t *len)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1 && ntohl(v4.sin_addr.s_addr) >> 24 == 127) {
        memcpy(address, &v4, sizeof v4);
        *len = sizeof v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) {
        memcpy(address, &v6, sizeof v6);
        *len = sizeof v6;
        return true;
    }
    return false;
}

static bool open_listener(struct server *server)
{
    const struct options *options = &server->options;
    struct sockaddr_storage address = {0};
    socklen_t len = 0;
    int on = 1;

    if (!loopback_address(options->host, options->port, &address, &len)) {
        fprintf(stderr, "claude-sandbox: %s is not a loopback address\n", options->host);
        return false;
    }
    server->listener = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0)
        return complain("socket");
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server->listener, (struct sockaddr *)&address, len) != 0 || listen(server->listener, BACKLOG) != 0)
        return complain("listen");
    if (getsockname(server->listener, (struct sockaddr *)&address, &len) != 0)
        return complain("getsockname");
    server->port = ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                                      : ((struct sockaddr_in6 *)&address)->sin6_port);
    return true;
}

static void make_seed(struct server *server)
{
    static const char digits[] = "ABCDEFGHJKMNPQRSTVWXYZ0123456789";
    unsigned char bytes[8] = {0};

    if (getrandom(bytes, sizeof bytes, 0) < 0)
        memset(bytes, 0, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        server->id_seed[i] = digits[bytes[i] % 32];
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

bool server_open(struct server *server, const struct options *options)
{
    sigset_t signals;

    *server = (struct server){.options = *options, .listener = -1, .signals = -1, .timer = -1, .reserve = -1};
    server->started_ns = server->now_ns = clock_ns();
    server->readbuf = xmalloc(READ_BUFFER);
    recorder_init(&server->recorder, options->keep, options->keep_bytes);
    scenarios_init(&server->scenarios);
    make_seed(server);
    raise_descriptor_limit();
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    server->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (server->epoll < 0 || server->signals < 0 || server->timer < 0)
        return complain("epoll, signalfd or timerfd");
    return open_listener(server) && watch(server, &server->listener) && watch(server, &server->signals) &&
           watch(server, &server->timer);
}

static void bury(struct server *server)
{
    while (server->graveyard != NULL) {
        struct conn *next = server->graveyard->next;

        free(server->graveyard);
        server->graveyard = next;
    }
}

void server_close(struct server *server)
{
    while (server->conns != NULL)
        conn_close(server, server->conns);
    bury(server);
    recorder_free(&server->recorder);
    scenarios_free(&server->scenarios);
    store_clear(&server->store);
    free(server->heap);
    free(server->readbuf);
    close(server->listener);
    close(server->signals);
    close(server->timer);
    close(server->reserve);
    close(server->epoll);
}

const char *server_request_id(struct server *server)
{
    time_t now = time(NULL);

    if (now != server->text_time) {
        time_t reset = now + 60;
        struct tm tm;

        server->text_time = now;
        strftime(server->date, sizeof server->date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
        strftime(server->reset, sizeof server->reset, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&reset, &tm));
    }
    snprintf(server->request_id, sizeof server->request_id, "req_011S%s%012llx", server->id_seed,
             (unsigned long long)(++server->next_request_id & 0xffffffffffffU));
    return server->request_id;
}

static void accept_some(struct server *server)
{
    for (int i = 0; i < BATCH; i++) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        int on = 1;

        if (fd < 0 && (errno == EMFILE || errno == ENFILE) && server->reserve >= 0) {
            close(server->reserve);
            fd = accept(server->listener, NULL, NULL);
            if (fd >= 0)
                close(fd);
            server->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
            continue;
        }
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        conn_new(server, fd);
    }
}

static void run_timers(struct server *server)
{
    uint64_t expirations;
    struct conn *conn;

    if (read(server->timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
        return;
    server->armed_ns = 0;
    for (;;) {
        enum wait_kind wait = server->heap_count > 0 ? server->heap[0]->wait : WAIT_NONE;

        conn = timer_pop(server);
        if (conn == NULL)
            return;
        conn_timer(server, conn, wait);
    }
}

int server_run(struct server *server)
{
    struct epoll_event events[BATCH];

    while (!server->stopping) {
        int n = epoll_wait(server->epoll, events, BATCH, -1);

        if (n < 0 && errno != EINTR)
            return 1;
        for (int i = 0; i < n; i++) {
            server->now_ns = clock_ns();
            if (events[i].data.ptr == &server->listener)
                accept_some(server);
            else if (events[i].data.ptr == &server->timer)
                run_timers(server);
            else if (events[i].data.ptr == &server->signals)
                server->stopping = true;
            else
                conn_event(server, events[i].data.ptr, events[i].events);
        }
        bury(server);
    }
    return 0;
}
