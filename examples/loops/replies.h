/*
 * replies.h - what the examples of event loops share and is not about event loops: several questions asked at once, and
 * the answers printed as they come, a line for each piece, with the number of the question in front.
 *
 *     replies_poll [-v] [-n EVENTS] [-c PIECES] [QUESTION ...]
 *
 *     -n   takes at most so many events each time the loop is woken
 *     -c   cancels the first answer after so many pieces of it
 *     -v   says at the end how often the loop was woken, and for how many events
 *
 * The key comes from ANTHROPIC_API_KEY, another server from ANTHROPIC_BASE_URL. The exit code is 0 when every answer is
 * complete or was cancelled by -c.
 */
#ifndef REPLIES_H
#define REPLIES_H

#include <claude/claude.h>

enum { REPLIES_MAX = 16 };

typedef struct replies {
    claude_client_t *client;
    claude_loop_t *loop;
    claude_call_t *calls[REPLIES_MAX];
    uint32_t open;       /* calls whose end has not been heard of */
    uint32_t max_events; /* -n; 0: no limit */
    uint64_t cancel_after;
    uint64_t pieces;
    uint64_t events;
    int verbose;
    int failed;
} replies;

/* Asks all questions. Afterwards `open` says how many answers are awaited: none if something went wrong. */
void replies_start(replies *self, int argc, char **argv);
/* What each adapter calls; user_data is the replies. */
void replies_on_event(claude_code_t code, uint64_t tag, const claude_event_t *event, void *user_data);
/* Releases everything; the program's exit code. */
int replies_end(replies *self, uint64_t wakeups);

#endif
