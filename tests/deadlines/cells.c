#include "cells.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LIMIT_MS = 300,
    CLEAN_MS = 1000,
    BYTES_PER_MS = 100000,  /* at least; what may be used to prepare a request */
    USED_MS = 150,          /* of the processor, in a cell that lasts 300 ms */
    LOOKUP_MS = 20000,      /* getaddrinfo() gives up after 10 s */
    LOOKUP_DESCRIPTORS = 3, /* its socket, and libcurl's pair to tell that it has ended */
    REPEATS = 10,           /* of each cell in the long variant */
};

static const struct fault *all_faults;

/* Threads and descriptors are gone, except those of an abandoned lookup: it ends when getaddrinfo() gives up. */
static void check_leftovers(const struct fault *fault)
{
    int64_t until = now_ms() + CLEAN_MS * slowness();

    if (fault->lookup) {
        while ((threads_more() > 1 || descriptors_more() > LOOKUP_DESCRIPTORS) && now_ms() < until)
            let_pass(5);
        check(threads_more() <= 1 && descriptors_more() <= LOOKUP_DESCRIPTORS,
              "a lookup left %zu threads and %zu descriptors", threads_more(), descriptors_more());
    }
    leftovers_end(fault->lookup ? LOOKUP_MS : CLEAN_MS);
}

static bool has_reached(const struct outsider *outsider)
{
    struct server *server = outsider->user;

    return atomic_load(&server->reached) > 0;
}

/* When the limit begins to count. Up to the first wait it does not count, except in total. */
static int64_t counts_from(const struct run *run, const struct server *server, enum ending ending)
{
    switch (ending) {
    case END_IDLE:
        return atomic_load(&server->last_byte_at);
    case END_PROGRESS:
        return atomic_load(&server->last_event_at);
    case END_CONNECT:
    case END_FIRST_BYTE:
        return run->waited_at;
    default:
        return run->started_at;
    }
}

static void check_time(const struct run *run, const struct server *server, const struct outsider *outsider)
{
    enum ending ending = outsider->ending;
    int64_t from = outsider->done_at;
    int64_t earliest = outsider->done_at;

    if (ending < END_CANCEL) {
        from = counts_from(run, server, ending) + LIMIT_MS;
        earliest = ending == END_IDLE || ending == END_PROGRESS ? from : run->started_at + LIMIT_MS;
    }
    on_time("the end", run->returned_at, earliest, from);
}

static claude_client_t *client_of_fault(const struct fault *fault, const struct server *server, enum ending ending)
{
    char base_url[128];
    char proxy[128] = "";
    char limit[16];

    snprintf(limit, sizeof limit, "%d", LIMIT_MS);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(base_url, sizeof base_url, fault->base_url, (unsigned)server->port);
    if (fault->proxy)
        snprintf(proxy, sizeof proxy, fault->proxy, (unsigned)server->port);
#pragma GCC diagnostic pop
    return make_client(base_url, "network.proxy", proxy, "network.allow_http", "true", "network.http_version",
                       fault->http2 ? "2" : "auto", ending < END_CANCEL ? ending_names[ending] : "network.no_proxy",
                       ending < END_CANCEL ? limit : "", NULL);
}

static void run_cell(const struct cell *cell)
{
    const struct fault *fault = &all_faults[cell->fault];
    enum ending ending = (enum ending)cell->ending;
    bool outside = ending >= END_CANCEL;
    struct run run = {.way = (enum way)cell->way, .stream = !fault->plain, .given_away = ending == END_UNREF};
    struct outsider outsider = {.run = &run, .ending = ending};
    struct server server;

    warm_up();
    leftovers_begin();
    server_start(&server, &fault->plan);
    run.client = client_of_fault(fault, &server, ending);
    run.request = make_request(run.stream, fault->bytes);
    outsider.user = &server;
    watch_machine();
    outsider.is_time = fault->not_seen ? NULL : has_reached;
    if (outside)
        outsider_start(&outsider);
    run_call(&run);
    if (outside)
        outsider_join(&outsider);
    check_failure(&run, outside ? CLAUDE_E_CANCELED : CLAUDE_E_TIMEOUT, outside ? "cancel" : ending_names[ending]);
    check_time(&run, &server, &outsider);
    was_asleep((int64_t)fault->bytes / BYTES_PER_MS);
    if (run.err)
        check(claude_error_attempts(run.err) == atomic_load(&server.requests),
              "the error counts %d attempts, the server saw %d", (int)claude_error_attempts(run.err),
              atomic_load(&server.requests));
    check(atomic_load(&server.connections) <= 1, "the server saw %d connections", atomic_load(&server.connections));
    run_free(&run);
    server_stop(&server);
    check_leftovers(fault);
}

/* What cannot be: execute tells of its call only inside of a callback, and holds it; who waits again and again needs a
 * reference himself. */
static bool is_possible(const struct fault *fault, enum way way, enum ending ending)
{
    if (ending < END_CANCEL)
        return (fault->endings & ENDS(ending)) != 0;
    if (way == WAY_EXECUTE)
        return ending == END_CANCEL && (fault->endings & ENDS(END_IDLE)) && fault->plan.steps && !fault->plain &&
               fault->plan.steps[1].kind == STEP_EVENT;
    return ending == END_CANCEL || way != WAY_SLICES;
}

struct cell *make_cells(const struct fault *faults, size_t count, size_t *cells)
{
    size_t repeats = is_long() ? REPEATS : 1;
    struct cell *all = calloc(count * WAY_COUNT * END_COUNT * repeats, sizeof *all);
    size_t n = 0;

    if (!all)
        abort();
    all_faults = faults;
    for (size_t f = 0; f < count; f++) {
        for (int way = 0; way < WAY_COUNT; way++) {
            for (int ending = 0; ending < END_COUNT; ending++) {
                for (size_t i = 0; i < repeats && is_possible(&faults[f], (enum way)way, (enum ending)ending); i++) {
                    struct cell *cell = &all[n++];
                    *cell = (struct cell){.run = run_cell, .fault = (int)f, .way = way, .ending = ending};
                    snprintf(cell->name, sizeof cell->name, "%s, %s, %s", faults[f].name, way_names[way],
                             ending_names[ending]);
                }
            }
        }
    }
    *cells = n;
    return all;
}
