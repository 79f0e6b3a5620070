/*
 * harness.h - cells: small cases, each in a process of its own, many at a time because they mostly wait.
 *
 * A cell says how late the library was. The bound is the promise (LATE_MS, times four where sanitizers slow the program
 * down, times CLAUDE_DEADLINES_FACTOR) plus what the machine itself was late by: how far a thread that only sleeps
 * overslept, and how long the kernel says that the main thread, ready to run, was kept waiting for a processor.
 */
#ifndef DEADLINES_HARNESS_H
#define DEADLINES_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LATE_MS = 250, /* the promise */
    EARLY_MS = 5,  /* clocks that count in whole milliseconds, or in ticks of the kernel */
};

struct cell {
    char name[112];
    void (*run)(const struct cell *cell);
    /* What the cell's function makes of it. */
    int fault;
    int way;
    int ending;
    int number;
};

/*
 * Runs the cells, at most `parallel` at a time, prints what went wrong and one line of summary, and returns the exit
 * status of the program. Arguments choose the cells whose names contain all of them; "!loop": those that do not contain
 * "loop"; "--list" only lists.
 */
int run_cells(const char *what, const struct cell *cells, size_t count, size_t parallel, int argc, char **argv);

/* ---- inside of a cell ---- */

_Noreturn void cell_failed(const char *file, int line, const char *text, ...) __attribute__((format(printf, 3, 4)));
/* Ends the cell unless the condition holds; the rest says what was expected. */
#define check(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            cell_failed(__FILE__, __LINE__, __VA_ARGS__);                                                              \
    } while (0)
/* Forgets what the machine has been late by up to now. */
void watch_machine(void);
/* What it has been late by since then. */
int64_t machine_ms(void);
/* Something took place at `at` that was due at `due`, not before `earliest`: fails the cell if it was early, or late.
 */
#define on_time(what, at, earliest, due) on_time_at(what, at, earliest, due, __FILE__, __LINE__)
void on_time_at(const char *what, int64_t at, int64_t earliest, int64_t due, const char *file, int line);
/* Fails the cell if the main thread has been busy since watch_machine(), more than a little (and `work_ms`), instead of
 * waiting. */
void was_asleep(int64_t work_ms);
/* Only for the report. */
void cell_note(const char *text, ...) __attribute__((format(printf, 1, 2)));

int64_t now_ms(void);
void let_pass(int64_t ms);
/* How much slower things may be here than promised: 1, 4 with sanitizers, times CLAUDE_DEADLINES_FACTOR. */
int64_t slowness(void);
/* True when CLAUDE_TEST_LONG=1. */
bool is_long(void);

/* What the process has open; begin() after whatever stays for ever has been opened. */
void leftovers_begin(void);
size_t threads_more(void);
size_t descriptors_more(void);
/* Within a short bounded while nothing is left over. `longest_ms`: that while. */
void leftovers_end(int64_t longest_ms);

#endif
