/*
 * scene.h - what a parent has when it forks, and what a child may do with it.
 */
#ifndef FORK_SCENE_H
#define FORK_SCENE_H

#include "world.h"

#define STREAM_TRACE "10/-1 \n20/0 \n30/0 Hel\n30/0 lo\n21/0 \n11/-1 \n12/-1 \n"
enum { FIRST_PART = 3 }; /* events of a stream that is held in the middle */

enum { LOOP_CALLS = 4 };

struct scene {
    enum transport transport;
    claude_client_t *client;
    claude_request_t *plain;  /* answered at once */
    claude_request_t *middle; /* held in the middle, if it is a stream */
    claude_call_t *call;      /* under way; NULL: there is none */
    claude_loop_t *loop;      /* NULL: there is none */
    claude_call_t *loop_calls[LOOP_CALLS];
    struct trace traces[LOOP_CALLS]; /* what the loop has handed out of each, or the callback, or `call` */
    claude_code_t ends[LOOP_CALLS];  /* of the loop's calls: 0 until they have ended */
    int connections;                 /* that the parent had when it forked: numbers up to here */
    void (*child)(struct scene *scene);
    int status; /* of the child */
    char *before;
    char *after;
};

/* Polls the loop's descriptor as a program would, and nothing else, for one round; false if it did not become readable.
 */
bool loop_round(struct scene *scene, int timeout_ms);

/* ---- what a child does (child.c); what is wrong is counted ---- */

struct child {
    const char *name;
    void (*act)(struct scene *scene);
};

enum { CHILDREN = 10 };

extern const struct child children[CHILDREN];

/* The client, in all three ways, over new connections. */
void child_uses_the_client(struct scene *scene);
/* Calls and loops of the parent answer CLAUDE_E_FORKED, whatever is asked of them; then they are released. */
void child_touches_the_call(struct scene *scene, claude_call_t *call, bool of_loop);
void child_touches_the_loop(struct scene *scene, claude_loop_t *loop);

#endif
