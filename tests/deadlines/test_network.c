/*
 * Names that are never answered and packets that vanish, in a network of the test's own: the same matrix, and what
 * becomes of lookups that are abandoned one after another.
 */
#include "cells.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "namespace.h"

enum {
    PARALLEL = 100, /* all at once: a lookup takes 10 s to give up, and takes nothing else */
    LOOKUPS_MAX = 16,
    LOOKUP_LIMIT_MS = 30,
    THREADS = 8,
    GIVES_UP_MS = 20000,
    FORGOTTEN_MS = 22000, /* more than half a minute after the lookups */
};

enum {
    ON_CONNECT = ENDS(END_CONNECT) | ENDS(END_STREAM_TOTAL),
    ON_CONNECT_PLAIN = ENDS(END_CONNECT) | ENDS(END_TOTAL),
};

static const struct fault faults[] = {
    {.name = "DNS", .base_url = "https://dns.example", .not_seen = true, .lookup = true, .endings = ON_CONNECT},
    {.name = "DNS, plain",
     .base_url = "https://dns.example",
     .not_seen = true,
     .lookup = true,
     .plain = true,
     .endings = ON_CONNECT_PLAIN},
    {.name = "DNS of the proxy",
     .base_url = "https://api.example",
     .proxy = "http://dns.example:3128",
     .not_seen = true,
     .lookup = true,
     .endings = ON_CONNECT},
    {.name = "black hole", .base_url = "https://" BLACK_HOLE, .not_seen = true, .endings = ON_CONNECT},
    {.name = "black hole, plain",
     .base_url = "https://" BLACK_HOLE,
     .not_seen = true,
     .plain = true,
     .endings = ON_CONNECT_PLAIN},
    {.name = "black hole instead of the proxy",
     .base_url = "https://api.example",
     .proxy = "http://" BLACK_HOLE ":3128",
     .not_seen = true,
     .endings = ON_CONNECT},
};

/* ---- abandoned lookups ---- */

/* The code that a lookup ends with. */
static claude_code_t look_up(claude_client_t *client)
{
    claude_request_t *request = make_request(false, 0);
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    int64_t started = now_ms();
    claude_code_t rc = claude_client_execute(client, request, &response, &err);
    int64_t ended = now_ms();

    check(claude_error_attempts(err) == 0, "%d attempts without an address", (int)claude_error_attempts(err));
    if (rc == CLAUDE_E_TIMEOUT) {
        on_time("the end of a lookup", ended, started + LOOKUP_LIMIT_MS, started + LOOKUP_LIMIT_MS);
        check(strstr(claude_error_message(err), "timeout.connect_ms") != NULL, "\"%s\"", claude_error_message(err));
    } else {
        check(rc == CLAUDE_E_RESOLVE, "%s: %s", claude_code_name(rc), claude_error_message(err));
        on_time("a refused lookup", ended, started, started);
        check(strstr(claude_error_message(err), "lookups") != NULL, "\"%s\" does not speak of lookups",
              claude_error_message(err));
    }
    claude_error_unref(err);
    claude_request_unref(request);
    return rc;
}

struct caller {
    pthread_t thread;
    int timeouts;
    int refused;
};

/* A client of its own for each: the limit is the process's. */
static void *call_again_and_again(void *user)
{
    struct caller *caller = user;
    char limit[16];
    claude_client_t *client;

    snprintf(limit, sizeof limit, "%d", LOOKUP_LIMIT_MS);
    client = make_client("https://dns.example", "timeout.connect_ms", limit, NULL);
    for (int i = 0; i < 10; i++) {
        if (look_up(client) == CLAUDE_E_TIMEOUT)
            caller->timeouts++;
        else
            caller->refused++;
    }
    claude_client_unref(client);
    return NULL;
}

/* However many threads: beyond 16 no thread is made for a lookup, until others have given up. */
static void does_not_pile_up_lookups(const struct cell *cell)
{
    struct caller callers[THREADS] = {{.timeouts = 0}};
    int threads = cell->number;
    int timeouts = 0;
    int refused = 0;
    size_t most;

    warm_up();
    leftovers_begin();
    watch_machine();
    for (int i = 0; i < threads; i++)
        check(pthread_create(&callers[i].thread, NULL, call_again_and_again, &callers[i]) == 0, "no thread");
    for (int i = 0; i < threads; i++) {
        pthread_join(callers[i].thread, NULL);
        timeouts += callers[i].timeouts;
        refused += callers[i].refused;
    }
    if (threads == 1) { /* 10 calls are not too many; 20 are */
        check(refused == 0, "%d calls were refused, though only %d lookups were left", refused, timeouts);
        (void)call_again_and_again(&callers[0]);
        timeouts = callers[0].timeouts;
        refused = callers[0].refused;
    }
    most = threads_more();
    check(most <= (size_t)(LOOKUPS_MAX + threads), "%zu threads look up names", most);
    /* While one thread counts, another may begin: no more than that. */
    check(timeouts >= LOOKUPS_MAX - threads && timeouts <= LOOKUPS_MAX + threads, "%d lookups were begun", timeouts);
    check(refused > 0, "no lookup was refused");
    leftovers_end(GIVES_UP_MS);
    /* Nobody is told when a lookup gives up, so the library may take a while longer until it trusts in names again. */
    if (is_long()) {
        let_pass(FORGOTTEN_MS);
        callers[0] = (struct caller){.timeouts = 0};
        (void)call_again_and_again(&callers[0]);
        check(callers[0].timeouts == 10, "%d of 10 lookups were refused long after all others had ended",
              callers[0].refused);
    }
    cell_note("%d lookups begun, %d refused, %zu threads left behind", timeouts, refused, most);
    leftovers_end(GIVES_UP_MS);
}

/* ---- the network itself ---- */

/* The faults are what they are said to be; otherwise nothing here would prove anything. */
static void is_what_it_is_said_to_be(const struct cell *cell)
{
    claude_client_t *client = make_client("https://asked-for.example", "timeout.connect_ms", "30", NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(443)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int64_t until;

    (void)cell;
    inet_pton(AF_INET, BLACK_HOLE, &address.sin_addr);
    check(connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == EINPROGRESS, "the black hole: %s",
          strerror(errno));
    check(poll(&wait, 1, 300) == 0, "something comes back from the black hole");
    close(fd);
    (void)was_asked_for(""); /* what others have asked may have filled the queue */
    check(look_up(client) == CLAUDE_E_TIMEOUT, "the name was found, or not asked for");
    until = now_ms() + 1000 * slowness();
    while (!was_asked_for("asked-for")) {
        check(now_ms() < until, "the name server was not asked");
        let_pass(5);
    }
    claude_client_unref(client);
}

int main(int argc, char **argv)
{
    static const struct cell others[] = {
        {.name = "the network", .run = is_what_it_is_said_to_be},
        {.name = "abandoned lookups, one thread", .run = does_not_pile_up_lookups, .number = 1},
        {.name = "abandoned lookups, 8 threads", .run = does_not_pile_up_lookups, .number = THREADS},
    };
    size_t count = 0;
    struct cell *cells;
    int status;

    if (!enter_namespace())
        return 1;
    cells = make_cells(faults, sizeof faults / sizeof faults[0], &count);
    cells = realloc(cells, (count + sizeof others / sizeof others[0]) * sizeof *cells);
    if (!cells)
        abort();
    memcpy(cells + count, others, sizeof others);
    count += sizeof others / sizeof others[0];
    status = run_cells("deadlines, network", cells, count, PARALLEL, argc, argv);
    free(cells);
    return status;
}
