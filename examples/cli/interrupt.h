/* interrupt.h - Ctrl-C and its relatives: remembered, and asked for between the steps of what takes time. */
#ifndef CLAUDEC_INTERRUPT_H
#define CLAUDEC_INTERRUPT_H

#include <stdint.h>

/* The longest time that anything waits before it asks again. */
enum { CLI_SLICE_MS = 50 };

/* From now on SIGINT, SIGTERM and SIGHUP are remembered, the first time; the second one ends the program at once. */
void cli_interrupt_catch(void);

/* The signal that came; 0: none. */
int cli_interrupted(void);

/* Waits, in slices. Returns 0, or the signal that came. */
int cli_wait_ms(int64_t milliseconds);

#endif
