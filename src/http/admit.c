/*
 * admit.c - which transfer goes to libcurl when.
 *
 * libcurl opens a connection for every transfer that finds none ready, so a hundred that are added at once get a
 * hundred connections, also where HTTP/2 would have let them share a few. So one goes ahead alone; when its connection
 * stands, it shows whether the others can join. Then one goes ahead for each further connection that will be needed.
 */
#include "http/engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { IDLE_SLOTS_MAX = 64 };

static void append(cl_transfers *list, cl_transfer *t)
{
    t->queued_next = NULL;
    if (list->last)
        list->last->queued_next = t;
    else
        list->first = t;
    list->last = t;
}

/* ---- easy handles ---- */

static cl_slot *slot_new(cl_engine *engine, bool https)
{
    cl_slot *slot = calloc(1, sizeof *slot);

    if (!slot)
        return NULL;
    slot->engine = engine;
    slot->https = https;
    slot->easy = curl_easy_init();
    if (!slot->easy) {
        free(slot);
        return NULL;
    }
    slot->made_next = engine->made;
    if (engine->made)
        engine->made->made_prev = slot;
    engine->made = slot;
    return slot;
}

void cl_slot_free(cl_slot *slot)
{
    if (slot->made_prev)
        slot->made_prev->made_next = slot->made_next;
    else
        slot->engine->made = slot->made_next;
    if (slot->made_next)
        slot->made_next->made_prev = slot->made_prev;
    curl_easy_cleanup(slot->easy);
    free(slot);
}

static cl_slot *take_slot(cl_engine *engine, bool https)
{
    cl_slot *slot = engine->slots[https];

    if (!slot)
        return slot_new(engine, https);
    engine->slots[https] = slot->next;
    engine->slot_count--;
    return slot;
}

static void give_slot(cl_engine *engine, cl_slot *slot)
{
    slot->transfer = NULL;
    if (engine->slot_count >= IDLE_SLOTS_MAX || !slot->configured) {
        cl_slot_free(slot);
        return;
    }
    slot->next = engine->slots[slot->https];
    engine->slots[slot->https] = slot;
    engine->slot_count++;
}

/* ---- servers ---- */

static bool is_https(const char *url)
{
    return !cl_str_starts_nocase(cl_str_of(url), CL_STR("http:"));
}

/* Scheme, host and port as they are written: what is written in two ways is two servers, which costs a connection. */
static size_t server_len(const char *url)
{
    size_t slashes = 0;
    size_t len = 0;

    while (url[len] != '\0' && url[len] != '?' && url[len] != '#' && (slashes += url[len] == '/') < 3)
        len++;
    return len;
}

/* One that has nothing to do any more may have its place taken. NULL: all are at work. */
static cl_server *free_place(cl_engine *engine)
{
    if (engine->server_count < CL_SERVERS_MAX)
        return &engine->servers[engine->server_count];
    for (size_t i = 0; i < CL_SERVERS_MAX; i++) {
        if (engine->servers[i].transfers == 0 && engine->servers[i].sockets == 0)
            return &engine->servers[i];
    }
    return NULL;
}

static cl_server *server_new(cl_engine *engine, const char *url, size_t len)
{
    cl_server *server = free_place(engine);
    char *name;

    /* It only decides what waits for what. */
    if (!server)
        return &engine->servers[CL_SERVERS_MAX - 1];
    name = malloc(len + 1); /* a URL begins with something, but the analyzer cannot know */
    if (!name)
        return NULL;
    memcpy(name, url, len);
    free(server->name);
    *server = (cl_server){.name = name, .name_len = len, .https = is_https(url)};
    if (server == &engine->servers[engine->server_count])
        engine->server_count++;
    return server;
}

bool cl_transfer_find_server(cl_engine *engine, cl_transfer *t)
{
    size_t len = server_len(t->url);

    for (size_t i = 0; i < engine->server_count && !t->server; i++) {
        cl_server *server = &engine->servers[i];
        if (server->name_len == len && memcmp(server->name, t->url, len) == 0)
            t->server = server;
    }
    if (!t->server)
        t->server = server_new(engine, t->url, len);
    if (t->server)
        t->server->transfers++;
    return t->server != NULL;
}

/* ---- learning how connections are used ---- */

static bool may_share(const cl_engine *engine, const cl_server *server)
{
    int32_t version = engine->settings.http_version;

    if (version == CL_HTTP_VERSION_1_1 || server->share == CL_SHARE_NEVER ||
        cl_engine_reuses_nothing(engine, server->https))
        return false;
    return server->https || version == CL_HTTP_VERSION_2;
}

/* More requests under way than connections: they share. One more connection although there was room: they do not. */
static void learn(cl_server *server, bool opened)
{
    if (server->sockets == 0)
        server->share = CL_SHARE_UNKNOWN;
    else if (server->sending > server->sockets)
        server->share = CL_SHARE_ALWAYS;
    else if (opened && server->share == CL_SHARE_UNKNOWN && server->sending > 0)
        server->share = CL_SHARE_NEVER;
}

void cl_transfer_is_sending(cl_transfer *t)
{
    if (t->is_opening)
        t->server->opening--;
    t->is_opening = false;
    if (!t->is_sending)
        t->server->sending++;
    t->is_sending = true;
}

void cl_transfer_is_over(cl_transfer *t)
{
    if (t->is_opening)
        t->server->opening--;
    if (t->is_sending)
        t->server->sending--;
    t->is_opening = false;
    t->is_sending = false;
}

/* ---- the queue ---- */

static bool has_room(const cl_engine *engine, const cl_server *server)
{
    size_t per_connection = engine->settings.streams_per_connection;

    if (!may_share(engine, server) || server->opening == 0)
        return true;
    /* Each that opens a connection makes room for others; so many are needed. */
    return server->share == CL_SHARE_ALWAYS &&
           server->opening < (server->queued_count + per_connection - 1) / per_connection;
}

/* libcurl looks through all connections for an idle one: with thousands that are all busy, that is most of its work. */
static bool knows_none_idle(const cl_engine *engine, const cl_server *server)
{
    return cl_engine_reuses_nothing(engine, server->https) ||
           (!may_share(engine, server) && server->sockets <= server->sending + server->opening);
}

static void fail(cl_engine *engine, cl_transfer *t, CURLcode result)
{
    t->ended = true;
    t->result = result;
    cl_engine_mark(engine, t);
}

/* Gives a transfer to libcurl: name lookup and connection get going, or the request is sent on a connection that is
 * there. */
static void start(cl_engine *engine, cl_transfer *t)
{
    cl_server *server = t->server;
    cl_slot *slot = cl_engine_open(engine) ? take_slot(engine, is_https(t->url)) : NULL;
    CURLcode rc;
    bool fresh;

    if (!slot) {
        t->no_memory = true;
        fail(engine, t, CURLE_OUT_OF_MEMORY);
        return;
    }
    slot->transfer = t;
    slot->error_text[0] = '\0';
    t->slot = slot;
    fresh = knows_none_idle(engine, server);
    if (!fresh && server->sockets > server->sending)
        cl_engine_sweep(engine);
    rc = cl_transfer_setup(t, fresh);
    if (rc == CURLE_OK && curl_multi_add_handle(engine->multi, slot->easy) != CURLM_OK) {
        t->no_memory = true;
        rc = CURLE_OUT_OF_MEMORY;
    }
    if (rc != CURLE_OK) {
        t->refused = true;
        fail(engine, t, rc);
        return;
    }
    cl_engine_run_timer(engine);
    t->is_opening = !t->is_sending && !t->ended;
    if (t->is_opening)
        server->opening++;
    learn(server, t->is_opening);
}

static void admit_more(cl_engine *engine, cl_server *server)
{
    while (server->queued.first && !engine->broken && has_room(engine, server)) {
        cl_transfer *t = server->queued.first;
        server->queued.first = t->queued_next;
        if (!server->queued.first)
            server->queued.last = NULL;
        server->queued_count--;
        start(engine, t);
    }
}

void cl_engine_admit_more(cl_engine *engine)
{
    for (size_t i = 0; i < engine->server_count; i++)
        admit_more(engine, &engine->servers[i]);
}

claude_code_t cl_engine_admit(cl_engine *engine, cl_transfer *t, cl_err *err)
{
    append(&t->server->queued, t);
    t->server->queued_count++;
    cl_engine_admit_more(engine);
    if (!t->refused)
        return CLAUDE_OK;
    if (t->no_memory || t->result == CURLE_OUT_OF_MEMORY)
        return cl_fail_nomem(err);
    return cl_fail(err, CLAUDE_E_UNSUPPORTED, "libcurl refused an option: %s", curl_easy_strerror(t->result));
}

/* ---- leaving ---- */

static void leave_queue(cl_server *server, cl_transfer *t)
{
    cl_transfers rest = {NULL, NULL};
    cl_transfer *next;

    for (cl_transfer *item = server->queued.first; item; item = next) {
        next = item->queued_next;
        if (item == t)
            server->queued_count--;
        else
            append(&rest, item);
    }
    server->queued = rest;
}

static void leave_ready(cl_engine *engine, cl_transfer *t)
{
    if (!t->is_ready)
        return;
    if (t->ready_prev)
        t->ready_prev->ready_next = t->ready_next;
    else
        engine->ready.first = t->ready_next;
    if (t->ready_next)
        t->ready_next->ready_prev = t->ready_prev;
    else
        engine->ready.last = t->ready_prev;
    t->is_ready = false;
}

/* libcurl's own clock for the connection may have ended it while the lookup was under way. */
static bool leaves_a_lookup(const cl_transfer *t)
{
    return t->looking_up && (!t->ended || t->result == CURLE_OPERATION_TIMEDOUT);
}

static int local_port(int fd)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return -1;
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    return address.ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)&address)->sin_port) : -1;
}

/*
 * Nothing came in time on an HTTP/2 connection that nobody else uses: it may be dead, and the next request is not to go
 * there. libcurl tells of a running transfer only the port.
 */
static void give_up_connection(const cl_engine *engine, const cl_transfer *t)
{
    long port = 0;

    if (!t->failed || t->ended || t->server->sending != 1 ||
        curl_easy_getinfo(t->slot->easy, CURLINFO_LOCAL_PORT, &port) != CURLE_OK || port <= 0)
        return;
    for (size_t fd = 0; fd < engine->watch_cap; fd++) {
        if ((engine->watch[fd] & CL_WATCH_CONNECTION) && local_port((int)fd) == port)
            (void)shutdown((int)fd, SHUT_RDWR);
    }
}

void cl_engine_stop(cl_engine *engine, cl_transfer *t)
{
    if (t->slot) {
        give_up_connection(engine, t);
        if (leaves_a_lookup(t))
            cl_lookups_abandoned();
        if (curl_multi_remove_handle(engine->multi, t->slot->easy) != CURLM_OK)
            cl_engine_break(engine, ENOMEM);
        give_slot(engine, t->slot);
        t->slot = NULL;
    } else {
        leave_queue(t->server, t);
    }
    cl_transfer_is_over(t);
    if (t->paused)
        engine->waiting--;
    t->paused = false;
    learn(t->server, false);
    cl_engine_admit_more(engine);
}

void cl_engine_cut(cl_engine *engine, cl_transfer *t, CURLcode result)
{
    cl_engine_stop(engine, t);
    t->stopped = true;
    if (!t->ended)
        t->result = result;
    t->ended = true;
    cl_engine_mark(engine, t);
    /* Its thread may be the one that drives, which sleeps elsewhere. */
    if (cl_engine_is_loop(engine) || (engine->driven && !t->waiter))
        cl_engine_kick(engine);
}

void cl_engine_dismiss(cl_engine *engine, cl_transfer *t)
{
    if (!t->stopped)
        cl_engine_stop(engine, t);
    leave_ready(engine, t);
    cl_clock_disarm(engine, t);
    engine->held -= cl_transfer_unread(t);
    t->server->transfers--;
}
