#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TEXT_MAX = 600,
    PARALLEL_MAX = 128,
    TICK_MS = 10,
    WORK_MS = 15, /* what a call may use of a processor without being suspicious */
    HUNG_MS = 40000,
    HUNG_LONG_MS = 100000,
};

/* What a cell tells the runner, over a pipe; one write, so it arrives whole. */
struct report {
    int64_t worst_ms;
    int64_t machine_ms;
    bool passed;
    char text[TEXT_MAX];
};

static pthread_mutex_t own_lock = PTHREAD_MUTEX_INITIALIZER;
static struct report own; /* of the cell that this process is */
static int report_fd = -1;
static atomic_llong overslept_ms;
static size_t threads_before;
static size_t descriptors_before;

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void let_pass(int64_t ms)
{
    int64_t end = now_ms() + ms;
    int64_t left;

    while ((left = end - now_ms()) > 0)
        poll(NULL, 0, (int)left);
}

int64_t slowness(void)
{
    const char *text = getenv("CLAUDE_DEADLINES_FACTOR");
    int64_t factor = text ? strtoll(text, NULL, 10) : 1;

    if (factor < 1 || factor > 100)
        factor = 1;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    factor *= 4;
#endif
    return factor;
}

bool is_long(void)
{
    const char *text = getenv("CLAUDE_TEST_LONG");

    return text && strcmp(text, "1") == 0;
}

/* ---- how late the machine is ---- */

static void *measure_machine(void *unused)
{
    (void)unused;
    for (;;) {
        int64_t due = now_ms() + TICK_MS;
        int64_t late;
        let_pass(TICK_MS);
        late = now_ms() - due;
        if (late > atomic_load(&overslept_ms))
            atomic_store(&overslept_ms, late);
    }
    return NULL;
}

static void start_measuring(void)
{
    pthread_t thread;
    sigset_t all;
    sigset_t old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    check(pthread_create(&thread, NULL, measure_machine, NULL) == 0, "no thread to measure the machine with");
    pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* ---- the cell's side ---- */

static void send_report(bool passed)
{
    ssize_t n;

    own.passed = passed;
    n = write(report_fd, &own, sizeof own);
    (void)n; /* a report that is missing is a failure */
}

void cell_failed(const char *file, int line, const char *text, ...)
{
    const char *slash = strrchr(file, '/');
    va_list args;
    int n;

    pthread_mutex_lock(&own_lock); /* for ever: the first to fail is heard */
    n = snprintf(own.text, sizeof own.text, "%s:%d: ", slash ? slash + 1 : file, line);
    va_start(args, text);
    vsnprintf(own.text + n, sizeof own.text - (size_t)n, text, args);
    va_end(args);
    send_report(false);
    /* All has been said: what sanitizers have to say about threads that are still running would only distract. */
    kill(getpid(), SIGKILL);
    _exit(1);
}

void cell_note(const char *text, ...)
{
    va_list args;

    va_start(args, text);
    vsnprintf(own.text, sizeof own.text, text, args);
    va_end(args);
}

/* Of the main thread, in ms: on a processor, and ready but without one. Both 0 where the kernel does not count. */
struct schedule {
    int64_t ran_ms;
    int64_t kept_ms;
};

static struct schedule schedule_before;
static int64_t watched_from;

static struct schedule schedule_now(void)
{
    FILE *file = fopen("/proc/self/schedstat", "re");
    unsigned long long ran = 0;
    unsigned long long kept = 0;

    if (file && fscanf(file, "%llu %llu", &ran, &kept) != 2)
        ran = kept = 0;
    if (file)
        fclose(file);
    return (struct schedule){(int64_t)(ran / 1000000), (int64_t)(kept / 1000000)};
}

void watch_machine(void)
{
    atomic_store(&overslept_ms, 0);
    schedule_before = schedule_now();
    watched_from = now_ms();
}

int64_t machine_ms(void)
{
    int64_t kept = schedule_now().kept_ms - schedule_before.kept_ms;
    int64_t overslept = atomic_load(&overslept_ms);

    return kept > overslept ? kept : overslept;
}

/* One that spins always wants a processor, also where it gets none because others do too. */
void was_asleep(int64_t work_ms)
{
    struct schedule now = schedule_now();
    int64_t ran = now.ran_ms - schedule_before.ran_ms;
    int64_t awake = ran + now.kept_ms - schedule_before.kept_ms;
    int64_t all = now_ms() - watched_from;

    check(ran <= (WORK_MS + work_ms) * slowness() || awake * 5 < all * 4,
          "awake for %lld of %lld ms, %lld of them on a processor", (long long)awake, (long long)all, (long long)ran);
}

void on_time_at(const char *what, int64_t at, int64_t earliest, int64_t due, const char *file, int line)
{
    int64_t late = at - due;
    int64_t machine = machine_ms();

    pthread_mutex_lock(&own_lock);
    if (late > own.worst_ms)
        own.worst_ms = late;
    if (machine > own.machine_ms)
        own.machine_ms = machine;
    pthread_mutex_unlock(&own_lock);
    if (at < earliest - EARLY_MS)
        cell_failed(file, line, "%s came %lld ms early", what, (long long)(earliest - at));
    if (late > LATE_MS * slowness() + machine)
        cell_failed(file, line, "%s came %lld ms late (the machine itself: %lld ms)", what, (long long)late,
                    (long long)machine);
}

static size_t entries(const char *directory)
{
    DIR *open = opendir(directory);
    size_t count = 0;
    struct dirent *entry;

    check(open != NULL, "cannot read %s: %s", directory, strerror(errno));
    while ((entry = readdir(open)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(open);
    return count;
}

void leftovers_begin(void)
{
    threads_before = entries("/proc/self/task");
    descriptors_before = entries("/proc/self/fd");
}

size_t threads_more(void)
{
    size_t now = entries("/proc/self/task");

    return now > threads_before ? now - threads_before : 0;
}

size_t descriptors_more(void)
{
    size_t now = entries("/proc/self/fd");

    return now > descriptors_before ? now - descriptors_before : 0;
}

void leftovers_end(int64_t longest_ms)
{
    int64_t until = now_ms() + longest_ms * slowness();

    while ((threads_more() > 0 || descriptors_more() > 0) && now_ms() < until)
        let_pass(5);
    check(threads_more() == 0, "%zu threads are left over after %lld ms", threads_more(), (long long)longest_ms);
    check(descriptors_more() == 0, "%zu descriptors are left over after %lld ms", descriptors_more(),
          (long long)longest_ms);
}

/* ---- the runner's side ---- */

struct running {
    const struct cell *cell;
    pid_t pid;
    int fd;
    int64_t hung_at;
};

static struct {
    struct running slots[PARALLEL_MAX];
    size_t active;
    size_t passed;
    size_t failed;
    int64_t worst_ms;
    const char *worst;
    int64_t machine_ms;
} runner;

static int64_t hung_ms(void)
{
    return (is_long() ? HUNG_LONG_MS : HUNG_MS) * slowness();
}

static _Noreturn void be_cell(const struct cell *cell, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    report_fd = fd;
    own.worst_ms = INT64_MIN;
    start_measuring();
    cell->run(cell);
    send_report(true);
    exit(0); /* not _exit: the leak checker looks now */
}

static bool start_cell(const struct cell *cell)
{
    struct running *slot = &runner.slots[runner.active];
    int ends[2];

    if (pipe(ends) != 0)
        return false;
    fflush(NULL);
    slot->pid = fork();
    if (slot->pid < 0)
        return false;
    if (slot->pid == 0) {
        /* Not those of the others: a descriptor less to tell apart. */
        for (size_t i = 0; i < runner.active; i++)
            close(runner.slots[i].fd);
        close(ends[0]);
        be_cell(cell, ends[1]);
    }
    close(ends[1]);
    slot->cell = cell;
    slot->fd = ends[0];
    slot->hung_at = now_ms() + hung_ms();
    runner.active++;
    return true;
}

static void count_result(const struct cell *cell, const struct report *report, bool complete, int status)
{
    if (complete && report->machine_ms > runner.machine_ms)
        runner.machine_ms = report->machine_ms;
    if (complete && report->worst_ms > runner.worst_ms) {
        runner.worst_ms = report->worst_ms;
        runner.worst = cell->name;
    }
    if (complete && report->passed && status == 0) {
        runner.passed++;
        if (report->text[0] != '\0')
            printf("%s: %s\n", cell->name, report->text);
        return;
    }
    runner.failed++;
    if (complete && !report->passed)
        printf("FAILED %s: %s\n", cell->name, report->text);
    else if (WIFSIGNALED(status))
        printf("FAILED %s: ended by signal %d (%s)\n", cell->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        printf("FAILED %s: exit status %d%s\n", cell->name, WEXITSTATUS(status), complete ? " at the end" : "");
}

static void end_cell(size_t index, bool hung)
{
    struct running slot = runner.slots[index];
    struct report report = {.passed = false};
    int status = 0;
    ssize_t n;

    if (hung) {
        kill(slot.pid, SIGKILL);
        printf("FAILED %s: still running after %d s\n", slot.cell->name, (int)(hung_ms() / 1000));
    }
    n = hung ? 0 : read(slot.fd, &report, sizeof report);
    close(slot.fd);
    while (waitpid(slot.pid, &status, WNOHANG) == 0) {
        if (now_ms() > slot.hung_at)
            kill(slot.pid, SIGKILL);
        let_pass(1);
    }
    runner.slots[index] = runner.slots[--runner.active];
    if (hung)
        runner.failed++;
    else
        count_result(slot.cell, &report, n == (ssize_t)sizeof report, status);
}

/* Waits until a cell has something to say, or has hung, and ends it. */
static void await_one(void)
{
    struct pollfd fds[PARALLEL_MAX];
    size_t count = runner.active;

    for (size_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = runner.slots[i].fd, .events = POLLIN};
    poll(fds, count, 200);
    /* Backwards: the place of one that ends is taken by the last. */
    for (size_t i = count; i-- > 0;) {
        if (fds[i].revents)
            end_cell(i, false);
        else if (now_ms() > runner.slots[i].hung_at)
            end_cell(i, true);
    }
}

/* All arguments are contained in its name, except those that begin with "!", which are not. */
static bool is_chosen(const struct cell *cell, int argc, char **argv)
{
    bool chosen = true;

    for (int i = 1; i < argc; i++)
        chosen = chosen && (argv[i][0] == '!' ? !strstr(cell->name, argv[i] + 1) : strstr(cell->name, argv[i]) != NULL);
    return chosen;
}

int run_cells(const char *what, const struct cell *cells, size_t count, size_t parallel, int argc, char **argv)
{
    bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
    int64_t started = now_ms();

    setvbuf(stdout, NULL, _IOLBF, 0);
    runner.worst_ms = INT64_MIN;
    runner.worst = "none";
    if (parallel > PARALLEL_MAX)
        parallel = PARALLEL_MAX;
    for (size_t i = 0; i < count; i++) {
        if (list)
            printf("%s\n", cells[i].name);
        if (list || !is_chosen(&cells[i], argc, argv))
            continue;
        while (runner.active >= parallel)
            await_one();
        if (!start_cell(&cells[i])) {
            printf("FAILED %s: no process: %s\n", cells[i].name, strerror(errno));
            runner.failed++;
        }
    }
    while (runner.active > 0)
        await_one();
    if (list)
        return 0;
    printf("%s: %zu cells held, %zu did not; the worst was %lld ms late (%s); the machine itself: %lld ms; %.1f s\n",
           what, runner.passed, runner.failed, runner.worst_ms == INT64_MIN ? 0LL : (long long)runner.worst_ms,
           runner.worst, (long long)runner.machine_ms, (double)(now_ms() - started) / 1000);
    return runner.failed > 0 || runner.passed == 0;
}
