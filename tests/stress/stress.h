/*
 * stress.h - what the parts of the stress test share.
 *
 * Workers do deeds: each picks one at random, does it on the client that all share, and checks what came of it. Helpers
 * do favours: they cancel, pause, resume, release and wake what workers are waiting in.
 */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <claude/claude.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { DEEDS = 17, MOST_TEXT = 1500 };

struct stress {
    uint64_t seed;
    size_t threads;
    bool forks;
    bool direct; /* nothing stands between the client and the sandbox */
    const char *url;
    const char *ca_file; /* "": the system's */
    const char *engines;
    claude_client_t *client;
    claude_request_t *shared; /* started by many at once */
    int64_t ends_at;
    atomic_uint_fast64_t wrong;
    atomic_uint_fast64_t done[DEEDS];
    atomic_uint_fast64_t complaints[DEEDS];
    atomic_size_t running;
};

struct worker {
    struct stress *stress;
    size_t number;
    uint64_t random;
    uint64_t serial; /* makes texts different */
    size_t deed;
    _Atomic(const char *) doing;
    atomic_int_least64_t since;
    pthread_t thread;
};

/* ---- common.c ---- */

int64_t now_ms(void);
uint64_t next_random(uint64_t *state);
/* 0 to n - 1. */
size_t pick(struct worker *w, size_t n);
/* Says what is wrong, and counts it. */
void complain(struct worker *w, const char *text, ...) __attribute__((format(printf, 2, 3)));
/* Complains of a code that is none of the expected ones; true if it is one of them. */
bool expect(struct worker *w, const char *what, claude_code_t rc, claude_code_t one, claude_code_t other,
            claude_error_t *err);

/* What an answer should be. */
enum kind { ECHO, BULK, SLOW, KINDS };
enum { BULK_DELTAS = 400 };

struct answer {
    enum kind kind;
    char expected[MOST_TEXT + 64]; /* of ECHO and SLOW */
    size_t at;                     /* bytes or deltas that have been seen */
    size_t events;
    bool wrong;
    bool gaps; /* events may be missing */
};

/* A request of a kind, for a stream or not, and what it should bring. */
claude_request_t *make_request(struct worker *w, enum kind kind, bool stream, struct answer *answer);
/* A request that a scenario of the server answers. */
claude_request_t *make_scenario(struct worker *w, const char *scenario, bool stream);
void set_option(struct worker *w, claude_request_t *request, const char *name, const char *value);
void take_event(struct answer *answer, const claude_event_t *event);
/* That all events were there, and the whole message is right. */
void check_answer(struct worker *w, const char *what, const struct answer *answer, claude_call_t *call);
void check_response(struct worker *w, const char *what, const struct answer *answer, claude_response_t *response);

/* What the server can be asked to do wrong, and how that ends. */
struct mishap {
    const char *scenario;
    claude_code_t code;
    bool streams_only;
    bool direct_only;
};
const struct mishap *pick_mishap(struct worker *w);

/* ---- favours.c ---- */

enum favour_kind { CANCEL, PAUSE, RESUME, FIDGET, RELEASE, WAKE };

/* Takes references of its own, except RELEASE, which takes over the caller's. */
void ask_favour(struct worker *w, enum favour_kind kind, claude_call_t *call, claude_loop_t *loop);
void start_helpers(void);
/* When all that was asked for has been done. */
void stop_helpers(void);

/* ---- front.c ---- */

struct front {
    char url[64];
    char ca_file[400];
    int input;
    pid_t pid;
};

/* False with a message on stderr. */
bool front_start(struct front *front, const char *program, const char *url);
int front_stop(struct front *front);

/* ---- deeds ---- */

struct deed {
    const char *name;
    unsigned weight;
    void (*act)(struct worker *w);
};
extern const struct deed deeds[DEEDS];

void run_loop(struct worker *w); /* loops.c */

#endif
