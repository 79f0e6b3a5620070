/* ways.h - the ways to wait for a call, all with the same outcome; and somebody who ends the call from outside. */
#ifndef DEADLINES_WAYS_H
#define DEADLINES_WAYS_H

#include <pthread.h>

#include <claude/claude.h>

#include "harness.h"
#include "server.h"

enum way {
    WAY_EXECUTE,
    WAY_WAIT,      /* claude_call_wait(-1); events to a callback */
    WAY_NEXT,      /* claude_call_next(-1) */
    WAY_SLICES,    /* claude_call_next(20), again and again */
    WAY_LOOP_WAIT, /* claude_loop_wait(-1) */
    WAY_LOOP_POLL, /* poll() on claude_loop_fd(), without a timeout; events to a callback */
    WAY_COUNT,
};

enum ending {
    END_CONNECT,
    END_FIRST_BYTE,
    END_IDLE,
    END_PROGRESS,
    END_TOTAL,
    END_STREAM_TOTAL,
    END_CANCEL,
    END_UNREF, /* the last reference is dropped while somebody waits */
    END_COUNT,
};

extern const char *const way_names[WAY_COUNT];
/* The option that ends a call, as its error names it; for the last two "cancel" and "unref". */
extern const char *const ending_names[END_COUNT];

enum {
    SLICE_MS = 20,
    FAR_MS = 3600000, /* a limit that plays no part */
};

/* Events as received, one after another, to be compared byte by byte. */
struct trace {
    char *bytes;
    size_t len;
    size_t cap;
    size_t events;
};

struct run {
    enum way way;
    claude_client_t *client;
    claude_request_t *request;
    bool stream;
    uint32_t features; /* CLAUDE_WITH_* */
    bool given_away;   /* the call's only reference belongs to somebody else */
    /* Runs for each event, in all ways alike: inside of the callback, or before the next is asked for. */
    void (*on_event)(struct run *run, claude_call_t *call);
    void *user;
    _Atomic(claude_call_t *) call; /* as soon as it is known */
    atomic_size_t seen;            /* events */
    /* outcome */
    struct trace trace;
    claude_code_t rc;
    claude_error_t *err; /* released by run_free() */
    claude_response_t *response;
    int32_t state;
    int32_t attempts;
    int64_t started_at;
    int64_t waited_at; /* for the first time */
    int64_t returned_at;
};

/* Starts the call and waits for its end. */
void run_call(struct run *run);
void run_free(struct run *run);
/* The error has this code and its text names this part. */
void check_failure(const struct run *run, claude_code_t code, const char *part);

/* ---- clients and requests ---- */

/* Every limit is far away, except those given: pairs of option and value, ended by NULL. */
claude_client_t *make_client(const char *base_url, ...) __attribute__((sentinel));
claude_client_t *client_of_server(const struct server *server, const char *option, const char *value);
/* "Hello", or as many bytes of text. */
claude_request_t *make_request(bool stream, size_t bytes);
void url_of(const struct server *server, const char *scheme, char *out, size_t size);
/* What a process does once and keeps: libraries are initialised, threads have been made. */
void warm_up(void);

/* ---- somebody outside ---- */

struct outsider {
    struct run *run;
    enum ending ending; /* END_CANCEL or END_UNREF */
    /* When it is time; NULL: 100 ms after the call is known. */
    bool (*is_time)(const struct outsider *outsider);
    void *user;
    int64_t done_at;
    pthread_t thread;
};

void outsider_start(struct outsider *outsider);
void outsider_join(struct outsider *outsider);

#endif
