#include <sched.h>
#include <time.h>

#include "stress.h"

enum { HELPERS = 4, MOST_FAVOURS = 512, MOST_DELAY_US = 3000 };

struct favour {
    enum favour_kind kind;
    claude_call_t *call;
    claude_loop_t *loop;
    uint64_t random;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct favour queue[MOST_FAVOURS];
    size_t first;
    size_t count;
    bool stop;
    pthread_t threads[HELPERS];
} favours = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* A short random time, so that what follows comes at any moment of what the worker does. */
static void let_pass(uint64_t *random)
{
    uint64_t us = next_random(random) % MOST_DELAY_US;
    struct timespec time = {.tv_nsec = (long)us * 1000};

    if (us % 3 == 0)
        sched_yield();
    else
        nanosleep(&time, NULL);
}

static void fidget(claude_call_t *call, uint64_t *random)
{
    for (size_t i = next_random(random) % 4; i > 0; i--) {
        claude_call_pause(call);
        (void)claude_call_buffered(call);
        let_pass(random);
        claude_call_resume(call);
        (void)claude_call_dropped(call);
    }
}

static void do_favour(struct favour *favour)
{
    let_pass(&favour->random);
    switch (favour->kind) {
    case CANCEL:
        claude_call_cancel(favour->call);
        break;
    case PAUSE:
        claude_call_pause(favour->call);
        break;
    case RESUME:
        claude_call_resume(favour->call);
        break;
    case FIDGET:
        fidget(favour->call, &favour->random);
        break;
    case WAKE:
        claude_loop_wakeup(favour->loop);
        break;
    case RELEASE:
        break;
    }
    if (favour->call && favour->kind != RELEASE) {
        (void)claude_call_state(favour->call);
        (void)claude_call_is_paused(favour->call);
        (void)claude_call_is_cancelled(favour->call);
        (void)claude_call_is_running(favour->call);
    }
    claude_call_unref(favour->call);
    claude_loop_unref(favour->loop);
}

static void *help(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&favours.lock);
    while (favours.count > 0 || !favours.stop) {
        struct favour favour;
        if (favours.count == 0) {
            pthread_cond_wait(&favours.changed, &favours.lock);
            continue;
        }
        favour = favours.queue[favours.first];
        favours.first = (favours.first + 1) % MOST_FAVOURS;
        favours.count--;
        pthread_cond_broadcast(&favours.changed);
        pthread_mutex_unlock(&favours.lock);
        do_favour(&favour);
        pthread_mutex_lock(&favours.lock);
    }
    pthread_mutex_unlock(&favours.lock);
    return NULL;
}

void ask_favour(struct worker *w, enum favour_kind kind, claude_call_t *call, claude_loop_t *loop)
{
    struct favour favour = {kind, kind == RELEASE ? call : claude_call_ref(call), claude_loop_ref(loop),
                            next_random(&w->random)};

    pthread_mutex_lock(&favours.lock);
    while (favours.count == MOST_FAVOURS)
        pthread_cond_wait(&favours.changed, &favours.lock);
    favours.queue[(favours.first + favours.count++) % MOST_FAVOURS] = favour;
    pthread_cond_broadcast(&favours.changed);
    pthread_mutex_unlock(&favours.lock);
}

void start_helpers(void)
{
    favours.stop = false;
    for (size_t i = 0; i < HELPERS; i++)
        pthread_create(&favours.threads[i], NULL, help, NULL);
}

void stop_helpers(void)
{
    pthread_mutex_lock(&favours.lock);
    favours.stop = true;
    pthread_cond_broadcast(&favours.changed);
    pthread_mutex_unlock(&favours.lock);
    for (size_t i = 0; i < HELPERS; i++)
        pthread_join(favours.threads[i], NULL);
}
