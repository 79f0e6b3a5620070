#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t caught;

static void remember(int signal)
{
    caught = signal;
}

void cli_interrupt_catch(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = remember;
    action.sa_flags = (int)SA_RESETHAND; /* without SA_RESTART: a read or a write that blocks ends */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        /* What the shell has turned off, as it does in the background and nohup does, stays so. */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL); /* a write says so, too */
}

int cli_interrupted(void)
{
    return (int)caught;
}

int cli_wait_ms(int64_t milliseconds)
{
    while (milliseconds > 0 && !caught) {
        int64_t slice = milliseconds < CLI_SLICE_MS ? milliseconds : CLI_SLICE_MS;
        struct timespec time = {0, (long)slice * 1000000L};
        nanosleep(&time, NULL);
        milliseconds -= slice;
    }
    return (int)caught;
}
