/* engine.h - what the files of the room share. Unless said otherwise: call with the engine's lock held. */
#ifndef CL_HTTP_ENGINE_H
#define CL_HTTP_ENGINE_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"

/* An easy handle, kept from transfer to transfer: its buffers are dear. */
typedef struct cl_slot {
    CURL *easy;
    cl_engine *engine;
    bool https;            /* speaks that and nothing else, or http and nothing else */
    cl_transfer *transfer; /* NULL while it is idle */
    struct cl_slot *next;  /* idle ones */
    struct cl_slot *made_prev;
    struct cl_slot *made_next;
    bool configured;    /* what is the same for all transfers has been set */
    long upload_buffer; /* how large libcurl makes it when it needs one */
    char error_text[CURL_ERROR_SIZE];
} cl_slot;

/* A thread that waits for its transfer while another drives. Lives on that thread's stack. */
typedef struct cl_waiter {
    _Atomic uint32_t word; /* futex: 1 once it may get up */
    struct cl_waiter *prev;
    struct cl_waiter *next;
} cl_waiter;

/* A list of transfers, in order of arrival. */
typedef struct cl_transfers {
    cl_transfer *first;
    cl_transfer *last;
} cl_transfers;

/* How connections are used. */
enum { CL_SHARE_UNKNOWN, CL_SHARE_NEVER, CL_SHARE_ALWAYS };

/* What is known of a server: a scheme, a host and a port. Each shares its connections in its own way. */
typedef struct cl_server {
    char *name; /* the beginning of its URLs */
    size_t name_len;
    bool https;
    int share;
    size_t transfers;    /* that are for it */
    size_t opening;      /* of those, with a connection that they are opening */
    size_t sending;      /* of those, with one that stands */
    size_t sockets;      /* connections open */
    cl_transfers queued; /* not given to libcurl yet */
    size_t queued_count;
} cl_server;

enum { CL_SERVERS_MAX = 40 };

/* What is known of a socket, by its number. */
enum {
    CL_WATCH_IN = 1,
    CL_WATCH_OUT = 2,
    CL_WATCH_KNOWN = 4,       /* it is in the epoll set */
    CL_WATCH_PARKED = 8,      /* libcurl has let go of it, the epoll set has not */
    CL_WATCH_CONNECTION = 16, /* opened by us, closed through us */
    CL_WATCH_STRAY = 32,      /* it stirred although nobody wants it */
    CL_WATCH_RESTING = 64     /* not looked at for output for a while */
};

enum { CL_WAKES_MAX = 32, CL_PARKED_MAX = 64 };

struct cl_engine {
    pthread_mutex_t lock;
    _Atomic uint32_t refs;
    _Atomic uint32_t busy; /* calls that picked it and have not ended */
    size_t transfers;
    uint32_t generation;       /* of the process that made it */
    _Atomic bool is_abandoned; /* in a child: the parent's */
    cl_engine *abandoned_next;
    cl_http_settings settings;
    CURLM *multi; /* NULL: to be made */
    int epoll_fd;
    int wake_fd;
    int timer_fd;          /* event loops; else -1 */
    bool driven;           /* a thread waits in epoll for all */
    bool poked;            /* the eventfd is readable */
    bool unfinished;       /* the last turn left something undone */
    int broken;            /* 0, or the errno for which `multi` must not be used any more */
    int64_t curl_timer_at; /* when libcurl wants to be called; INT64_MAX: not at all */
    int64_t planned_at;    /* when somebody will look next without being told */
    _Atomic int64_t idle_since;
    int64_t turned_at;  /* event loops: when sockets were last looked at */
    int64_t away;       /* ms that the program was busy with what it had been handed */
    size_t held;        /* unread bytes of all transfers */
    cl_transfers ready; /* something has happened to them (event loops) */
    cl_server servers[CL_SERVERS_MAX];
    size_t server_count; /* places that were ever taken */
    cl_waiter *waiters;
    _Atomic uint32_t *wakes[CL_WAKES_MAX]; /* threads to get up once the lock is free */
    size_t wake_count;
    cl_timers clock;  /* transfers by their deadlines (event loops) */
    int64_t alarm_at; /* when the loop itself wants to be called; INT64_MAX: not at all */
    _Atomic bool stirred;
    size_t waiting;    /* transfers that are paused: their sockets look like idle ones */
    size_t sockets;    /* connections open */
    int64_t rested_at; /* when sockets that rest are looked at again; INT64_MAX: none rests */
    int writer;        /* the socket that was last ready for output */
    int writes;        /* how often in a row */
    uint8_t *watch;    /* CL_WATCH_* by descriptor */
    uint8_t *watched;  /* of connections: which server, by descriptor */
    size_t watch_cap;
    int parked[CL_PARKED_MAX]; /* sockets that libcurl has let go of, as many as fit */
    size_t parked_listed;
    size_t parked_count; /* of all */
    cl_slot *slots[2];   /* idle, for http and https */
    size_t slot_count;
    cl_slot *made; /* slots, also those in use */
};

struct cl_transfer {
    cl_engine *engine;
    void *owner;
    cl_slot *slot; /* NULL: queued */
    cl_server *server;
    struct curl_slist *header_list; /* one allocation, the URL included */
    size_t texts_size;
    const char *url;
    cl_body body;
    cl_body_reader reader; /* of a body that is not one piece of memory */
    cl_pack *pack;         /* NULL: `body` is sent as it is */
    const char *method;    /* static */
    /* ---- set by libcurl's callbacks ---- */
    bool news;
    bool header_overflow;
    bool body_overflow;
    bool no_memory;
    claude_error_t *unread; /* why the body could not be read to its end; NULL: it could */
    bool resend_refused;
    bool no_descriptor;
    bool lookups_exhausted;
    bool unpausable; /* it should have waited, and this libcurl cannot */
    int lost_for;    /* errno for which the engine had to let go of all connections */
    bool foreign_coding;
    bool switched; /* the server left HTTP with a 101 */
    bool judged;   /* the cap for the body's kind has been chosen */
    bool drop_over;
    bool in_head;
    bool looking_up;      /* a name lookup is under way */
    int32_t final_status; /* once the head of the final response is complete */
    _Atomic int32_t attempts;
    size_t header_bytes;
    cl_buf head;       /* header lines of the final response, as received */
    size_t rx_cap;     /* of body_bytes */
    size_t body_bytes; /* in all */
    cl_buf rx;         /* received and not yet taken */
    size_t lent;       /* bytes at the front of rx that the owner had already seen */
    /* ---- the engine's ---- */
    bool stream;
    bool ended;
    bool refused; /* libcurl did not take it */
    bool stopped; /* libcurl has forgotten it */
    bool is_opening;
    bool is_sending;
    bool is_ready;
    _Atomic bool paused; /* at libcurl */
    bool held;           /* by the owner */
    bool nudged;
    bool clocks_stopped;
    CURLcode result; /* once ended */
    cl_transfer *ready_next;
    cl_transfer *ready_prev;
    cl_transfer *queued_next;
    cl_waiter *waiter;
    cl_timer timer; /* never later than the real deadline */
    /* ---- the owner's ---- */
    int32_t status;
    bool has_head;
    bool failed; /* by a clock */
    const char *missing;
    const char *missing_option;
    int64_t missing_ms;
    cl_buf window; /* bytes taken */
    size_t window_at;
    cl_headers headers;
    /* ---- clocks ---- */
    int64_t last_byte_at; /* 0: none yet */
    int64_t progress_at;
    int64_t driven_at;    /* when somebody first waited; 0: not yet */
    int64_t linger_until; /* 0: not asked for */
    int64_t left_at;      /* when its owner turned to something else; 0: not yet */
    int64_t away_seen;    /* of the engine's `away` */
    int64_t started_at;
    int64_t begun_at; /* of this transfer */
    int64_t attempt_ms;
    int64_t connect_ms;
    int64_t first_byte_ms;
    int64_t idle_ms;
    int64_t progress_ms;
    int64_t total_ms;
    size_t max_header_bytes;
    size_t max_body_bytes;
    size_t max_error_bytes;
    size_t high_water;
    size_t low_water;
};

static inline bool cl_engine_is_loop(const cl_engine *engine)
{
    return engine->timer_fd >= 0;
}

/* A fault of libcurl's: a second request on such a connection fails. */
static inline bool cl_engine_reuses_nothing(const cl_engine *engine, bool https)
{
    return (engine->settings.quirks & CL_QUIRK_H2C_REUSE) && !https &&
           engine->settings.http_version == CL_HTTP_VERSION_2;
}

/* ---- engine.c ---- */

/* libcurl's global state, once per process and never undone: the host may use libcurl too. No lock needed. */
claude_code_t cl_http_global(cl_err *err);
claude_code_t cl_engine_new(const cl_http_settings *settings, bool for_loop, cl_engine **out, cl_err *err);
/* One look at the sockets, with the lock free while it waits. Returns how many were ready. */
int cl_engine_step(cl_engine *engine, int64_t until_ms, int max_events);
/* Looks for idle connections that their server has closed. */
void cl_engine_sweep(cl_engine *engine);
/* libcurl has failed in the middle of its own work: nothing of it is used until cl_engine_settle(). */
void cl_engine_break(cl_engine *engine, int why);
/* Ends what libcurl has, closes all connections, and lets in who is in the queue. Not from inside of libcurl. */
void cl_engine_let_go(cl_engine *engine);
static inline void cl_engine_settle(cl_engine *engine)
{
    while (engine->broken)
        cl_engine_let_go(engine);
}
/* The multi handle is there, or made now; false when out of memory. */
bool cl_engine_open(cl_engine *engine);
/* Lets libcurl do what it wanted to do by now, without looking at sockets. */
void cl_engine_run_timer(cl_engine *engine);
/* In a child, of the parent's. No lock. */
void cl_engine_abandon(cl_engine *engine);
/* Something may be due earlier than whoever waits expects. */
void cl_engine_plan(cl_engine *engine);
/* Something has happened to a transfer: its thread gets up, or its loop hears of it. */
void cl_engine_mark(cl_engine *engine, cl_transfer *transfer);
void cl_engine_lock(cl_engine *engine);
/* Frees the lock and lets those get up who were to. */
void cl_engine_unlock(cl_engine *engine);
/* A waiting thread gets up once the lock is free. */
void cl_engine_rouse(cl_engine *engine, cl_waiter *waiter);
/* Makes the driver look around. */
void cl_engine_kick(cl_engine *engine);
/* libcurl wants a socket again, or nobody will. */
void cl_engine_unpark(cl_engine *engine, int fd, uint8_t *watch);
/* Room for what is known of a socket; NULL when out of memory. */
uint8_t *cl_engine_watch(cl_engine *engine, int fd);
/* A connection of this socket was opened, for this transfer if it is for one, or is closed. */
void cl_engine_connected(cl_engine *engine, int fd, const cl_transfer *transfer);
void cl_engine_disconnected(cl_engine *engine, int fd);

/* ---- admit.c: which transfer goes to libcurl when, so that connections are shared ---- */

/* Finds the server of a transfer's URL, and counts it there; false when out of memory. */
bool cl_transfer_find_server(cl_engine *engine, cl_transfer *transfer);
/* Puts a transfer in the queue and lets in whom it can. */
claude_code_t cl_engine_admit(cl_engine *engine, cl_transfer *transfer, cl_err *err);
/* Lets in more. */
void cl_engine_admit_more(cl_engine *engine);
/* Its request is being sent, or it is over. */
void cl_transfer_is_sending(cl_transfer *transfer);
void cl_transfer_is_over(cl_transfer *transfer);
/* libcurl forgets it, as does the queue. */
void cl_engine_stop(cl_engine *engine, cl_transfer *transfer);
/* The same; it has failed unless it had ended before. */
void cl_engine_cut(cl_engine *engine, cl_transfer *transfer, CURLcode result);
void cl_slot_free(cl_slot *slot);
/* And every list of the engine. */
void cl_engine_dismiss(cl_engine *engine, cl_transfer *transfer);

/* ---- clocks.c ---- */

/* The time as far as a transfer is concerned: what an event loop has not looked at has not happened yet. */
int64_t cl_transfer_now(const cl_transfer *transfer);
/* The clock that runs out first: INT64_MAX if none runs. */
int64_t cl_transfer_deadline(const cl_transfer *transfer);
/* The program was busy with something else: idle time and progress do not count that. */
void cl_transfer_was_away(cl_transfer *transfer, int64_t now);
/* Bytes have come, or the time that passed is nobody's fault. */
void cl_transfer_touch(cl_transfer *transfer, int64_t now);
/* Judges the clocks; true if one has run out, which is then the transfer's failure (or, for the linger, its end). */
bool cl_transfer_is_late(cl_transfer *transfer, int64_t now);
/* Event loops: the heap that says when to look at which transfer. */
void cl_clock_arm(cl_engine *engine, cl_transfer *transfer);
void cl_clock_disarm(cl_engine *engine, cl_transfer *transfer);
/* Room for one more transfer; false when out of memory. */
bool cl_clock_reserve(cl_engine *engine);
/* Marks what is due. */
void cl_clock_run(cl_engine *engine, int64_t now);

/* ---- timings.c ---- */

/* Takes the lock itself. */
void cl_engine_add_counts(cl_engine *engine, cl_http_counts *out);

/* ---- transfer.c ---- */

/* Pauses a stream at libcurl if it has too much unread. */
void cl_transfer_make_wait(cl_transfer *transfer);
/* Bytes in rx that the owner has not seen. */
static inline size_t cl_transfer_unread(const cl_transfer *transfer)
{
    return transfer->rx.len - transfer->lent;
}

/* ---- options.c ---- */

/* Sets the slot's easy handle up for the transfer. `fresh`: there is no use in looking for an idle connection. */
CURLcode cl_transfer_setup(cl_transfer *transfer, bool fresh);

/* ---- lookups.c: name lookups that were given up and whose threads are still there. No lock needed. ---- */

bool cl_lookups_exhausted(void);
void cl_lookups_abandoned(void);

/* ---- error.c ---- */

/* Turns the end of a failed transfer into an error. No lock needed once it has ended. */
claude_code_t cl_transfer_error(const cl_transfer *transfer, cl_err *err);

#endif
