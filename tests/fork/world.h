/*
 * world.h - what the tests of fork share: the witness, a server that knows how connections end; children that report
 * what is wrong by their exit status; and a picture of the kernel's objects behind the descriptors of a process.
 */
#ifndef FORK_WORLD_H
#define FORK_WORLD_H

#include "component/support.h"

#include <sys/types.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

enum { PATIENCE_MS = 20000 };

/* Unlike the C library's, AddressSanitizer's allocator does not survive a fork while other threads use it: skips the
 * test there, and says so. */
void leave_out_busy_threads_where_impossible(void);

/* ---- the witness ---- */

enum transport { PLAIN, TLS_HTTP1, TLS_HTTP2, TRANSPORTS };

extern const char *const transport_names[TRANSPORTS];

/* Group setup and teardown, and the setup of each test: no connections, numbers begin at 1. */
int start_witness(void **state);
int stop_witness(void **state);
int reset_witness(void **state);

claude_client_t *witness_client(enum transport transport);
/* A request whose text says how it is answered: "", "[head]", "[middle]" or "[ever]". */
claude_request_t *asking(const char *how);
/* Number of requests held back. */
int witness_held(void);
/* Lets those of a connection go on; 0: all. */
void witness_go(int connection);

struct connection {
    int requests;
    char state[16]; /* "open", "notify", "eof" or "broken" */
};

/*
 * What has become of the connections; number 1 is the first in the list, which is valid until the next report. Returns
 * how many there are.
 */
int witness_report(const struct connection **list);
/* Number of the connection that an answer came over, from its request id. */
int connection_of(const char *request_id);

/* ---- children ---- */

/*
 * A child must not use cmocka: its assertions belong to the parent. It counts what is wrong in `wrong` instead, and
 * says so on standard error.
 */
extern int wrong;
#define EXPECT(condition) expect((condition), #condition, __FILE__, __LINE__)
void expect(bool condition, const char *text, const char *file, int line);

/* Forks; the child runs the function and ends with _exit(wrong), or is ended by an alarm when it hangs. */
pid_t fork_to(void (*child)(void *data), void *data);
/* What a forked child must do first: an alarm, and leaks are expected. */
void begin_child(void);
/* Exit status, or minus the signal that ended it. */
int status_of(pid_t pid);

/* Under memcheck, and wherever else samples must do. */
bool runs_slowly(void);

/* ---- descriptors ---- */

/*
 * A text with a line for each descriptor: what it is, and for epoll sets what is in them, for eventfds their count, for
 * timerfds whether they are set. To be freed.
 */
char *picture_of_descriptors(void);

#endif
