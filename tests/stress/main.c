/*
 * Many threads on one client, for some seconds: blocking calls, streams, callbacks, loops, cancelling, pausing,
 * releasing and forking at random. Every answer is checked; afterwards descriptors, threads and memory are what they
 * were.
 *
 *     stress [--seconds N] [--seed N] [--threads N] [--engines N] [--front PROGRAM]
 *
 * --front puts a server of another kind before the sandbox, see front.c.
 *
 * The environment's CLAUDE_STRESS_SECONDS and CLAUDE_STRESS_SEED are the defaults. The seed decides what each thread
 * does; how threads meet is up to the machine.
 */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/client.h"
#include "stress.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED true /* and then there is no forking while other threads allocate */
#else
#define SANITIZED false
#endif

enum {
    SECONDS = 5,
    THREADS = 64,
    MOST_THREADS = 256,
    GRACE_S = SANITIZED ? 300 : 90, /* within which everything must have ended */
    MOST_GROWTH = 192 * 1024,
};

extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static struct worker workers[MOST_THREADS];

/* ---- what must be as before ---- */

struct footprint {
    size_t descriptors;
    size_t threads;
    size_t bytes; /* allocated */
};

static size_t count_entries(const char *path)
{
    DIR *directory = opendir(path);
    size_t n = 0;

    while (directory && readdir(directory))
        n++;
    if (directory)
        closedir(directory);
    return n - 2; /* without . and .. */
}

/* A thread that was joined can be in the list for a moment. */
static struct footprint take_footprint(size_t expected_threads)
{
    struct footprint now = {0, 0, 0};
    struct timespec moment = {.tv_nsec = 10000000};

    for (int i = 0; i < 100; i++) {
        now.threads = count_entries("/proc/self/task");
        if (expected_threads == 0 || now.threads <= expected_threads)
            break;
        nanosleep(&moment, NULL);
    }
    now.descriptors = count_entries("/proc/self/fd") - 1;
    if (__sanitizer_get_current_allocated_bytes) {
        now.bytes = __sanitizer_get_current_allocated_bytes();
    } else {
        struct mallinfo2 info = mallinfo2();
        now.bytes = info.uordblks + info.hblkhd;
    }
    return now;
}

static int check_footprint(const struct footprint *before, const struct footprint *after)
{
    int wrong = 0;

    printf("descriptors %zu, then %zu; threads %zu, then %zu; allocated %zu KiB, then %zu KiB\n", before->descriptors,
           after->descriptors, before->threads, after->threads, before->bytes / 1024, after->bytes / 1024);
    if (after->descriptors != before->descriptors || after->threads != before->threads) {
        fprintf(stderr, "descriptors or threads are left over\n");
        wrong++;
    }
    if (after->bytes > before->bytes + MOST_GROWTH) {
        fprintf(stderr, "memory is left over\n");
        wrong++;
    }
    return wrong;
}

/* ---- the work ---- */

static void do_a_deed(struct worker *w)
{
    unsigned total = 0;
    size_t at = 0;

    for (size_t i = 0; i < DEEDS; i++)
        total += deeds[i].weight;
    for (unsigned left = (unsigned)pick(w, total); left >= deeds[at].weight; at++)
        left -= deeds[at].weight;
    w->deed = at;
    atomic_store(&w->doing, deeds[at].name);
    atomic_store(&w->since, now_ms());
    deeds[at].act(w);
    atomic_fetch_add(&w->stress->done[at], 1);
}

static void *work(void *user_data)
{
    struct worker *w = user_data;

    while (now_ms() < w->stress->ends_at)
        do_a_deed(w);
    atomic_store(&w->doing, NULL);
    atomic_fetch_sub(&w->stress->running, 1);
    return NULL;
}

static void say_who_hangs(const struct stress *stress)
{
    int64_t now = now_ms();

    for (size_t i = 0; i < stress->threads; i++) {
        const char *doing = atomic_load(&workers[i].doing);
        if (doing)
            fprintf(stderr, "thread %zu hangs in \"%s\" for %d ms\n", i, doing,
                    (int)(now - atomic_load(&workers[i].since)));
    }
}

static claude_client_t *make_client(const struct stress *stress)
{
    const char *const options[][2] = {
        {"base_url", stress->url},
        {"tls.ca_file", stress->ca_file},
        {"client.max_engines", stress->engines},
        /* What hangs shall end as an error. */
        {"timeout.total_ms", "60000"},
        {"timeout.stream_total_ms", "60000"},
        {"timeout.idle_ms", "40000"},
    };
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;
    bool well = claude_config_new(&config, &err) >= 0 &&
                claude_config_set(config, "api_key", "sk-ant-api03-stress-test-of-many-threads", &err) >= 0;

    for (size_t i = 0; well && i < COUNT_OF(options); i++)
        well = claude_config_set(config, options[i][0], options[i][1], &err) >= 0;
    if (!well || claude_client_new(config, &client, &err) < 0)
        fprintf(stderr, "no client: %s\n", claude_error_message(err));
    claude_error_unref(err);
    claude_config_unref(config);
    return client;
}

static claude_request_t *make_shared(void)
{
    claude_request_t *request = NULL;

    if (claude_request_new("messages.create", &request, NULL) < 0 ||
        claude_request_set_model(request, "claude-opus-5", NULL) < 0 ||
        claude_request_set_max_tokens(request, 100, NULL) < 0 ||
        claude_request_add_user_text(request, "Hello", CLAUDE_NTS, NULL) < 0)
        fprintf(stderr, "no request\n");
    return request;
}

/* A client, all threads on it for so long, and everything gone again. False when threads hang. */
static bool run_phase(struct stress *stress, int64_t ms, uint64_t phase)
{
    struct timespec moment = {.tv_nsec = 20000000};
    int64_t limit = now_ms() + ms + GRACE_S * 1000LL;

    stress->client = make_client(stress);
    stress->shared = make_shared();
    if (!stress->client)
        return false;
    stress->ends_at = now_ms() + ms;
    atomic_store(&stress->running, stress->threads);
    start_helpers();
    for (size_t i = 0; i < stress->threads; i++) {
        workers[i] = (struct worker){.stress = stress, .number = i};
        workers[i].random = stress->seed * 1000003 + phase * 1009 + i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    while (atomic_load(&stress->running) > 0) {
        if (now_ms() > limit) {
            say_who_hangs(stress);
            return false;
        }
        nanosleep(&moment, NULL);
    }
    for (size_t i = 0; i < stress->threads; i++)
        pthread_join(workers[i].thread, NULL);
    stop_helpers();
    claude_request_unref(stress->shared);
    claude_client_unref(stress->client);
    return true;
}

static bool register_scenarios(struct sandbox *sb)
{
    return sandbox_register(sb, "stress-bulk", "{\"generate\":{\"events\":400,\"event_bytes\":200}}") == 0 &&
           sandbox_register(sb, "stress-reset", "{\"close_without_reply\":\"rst\"}") == 0 &&
           sandbox_register(sb, "stress-slow",
                            "{\"chunk_size\":120,\"chunk_delay_ms\":2,\"events\":["
                            "{\"data\":{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\","
                            "\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":12}}}},"
                            "{\"data\":{\"type\":\"content_block_start\",\"index\":0,"
                            "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}},"
                            "{\"data\":{\"type\":\"content_block_delta\",\"index\":0,"
                            "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}},"
                            "{\"data\":{\"type\":\"content_block_delta\",\"index\":0,"
                            "\"delta\":{\"type\":\"text_delta\",\"text\":\", world!\"}}},"
                            "{\"data\":{\"type\":\"content_block_stop\",\"index\":0}},"
                            "{\"data\":{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
                            "\"usage\":{\"output_tokens\":5}}},{\"data\":{\"type\":\"message_stop\"}}]}") == 0;
}

static void say_what_was_done(struct stress *stress)
{
    struct rusage usage;
    uint64_t total = 0;

    for (size_t i = 0; i < DEEDS; i++) {
        uint64_t n = atomic_load(&stress->done[i]);
        printf("%s %llu%s", deeds[i].name, (unsigned long long)n, i + 1 < DEEDS ? ", " : "\n");
        total += n;
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("%llu deeds, %llu wrong; %ld KiB at most, %ld ms of CPU\n", (unsigned long long)total,
           (unsigned long long)atomic_load(&stress->wrong), usage.ru_maxrss,
           (long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
               (long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
}

/* ---- the program ---- */

static uint64_t number(const char *text, uint64_t otherwise)
{
    char *end = NULL;
    unsigned long long value = text && text[0] ? strtoull(text, &end, 10) : otherwise;

    if (end && *end != '\0') {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return value;
}

static const char *argument(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    }
    return NULL;
}

static bool arguments_are_known(int argc, char **argv)
{
    static const char *const names[] = {"--seconds", "--seed", "--threads", "--engines", "--front"};

    for (int i = 1; i < argc; i += 2) {
        bool known = false;
        for (size_t k = 0; k < COUNT_OF(names); k++)
            known = known || strcmp(argv[i], names[k]) == 0;
        if (!known || i + 1 == argc)
            return false;
    }
    return true;
}

static bool read_arguments(struct stress *stress, int argc, char **argv, int64_t *ms)
{
    const char *seconds = argument(argc, argv, "--seconds");
    const char *seed = argument(argc, argv, "--seed");
    const char *engines = argument(argc, argv, "--engines");

    if (!arguments_are_known(argc, argv)) {
        fprintf(stderr, "usage: stress [--seconds N] [--seed N] [--threads N] [--engines N] [--front PROGRAM]\n");
        return false;
    }
    *ms = (int64_t)number(seconds ? seconds : getenv("CLAUDE_STRESS_SECONDS"), SECONDS) * 1000;
    stress->seed = number(seed ? seed : getenv("CLAUDE_STRESS_SEED"), (uint64_t)time(NULL));
    stress->threads = number(argument(argc, argv, "--threads"), THREADS);
    stress->engines = engines ? engines : "2";
    stress->forks = !SANITIZED;
    return stress->threads > 0 && stress->threads <= MOST_THREADS;
}

/* Returns how many things were wrong beside what was complained of. */
static int run_both_phases(struct stress *stress, int64_t ms)
{
    struct footprint before;
    struct footprint after;

    /* What is allocated once and for all, is allocated in the first phase. */
    if (!run_phase(stress, ms / 5, 0))
        return 1;
    before = take_footprint(0);
    if (!run_phase(stress, ms - ms / 5, 1))
        return 1;
    after = take_footprint(before.threads);
    say_what_was_done(stress);
    return check_footprint(&before, &after);
}

int main(int argc, char **argv)
{
    static struct stress stress;
    static struct front front;
    const char *program = argument(argc, argv, "--front");
    struct sandbox *sb;
    int64_t ms = 0;
    int wrong;

    if (!read_arguments(&stress, argc, argv, &ms))
        return 2;
    printf("stress: %d s, seed %llu, %zu threads, %s engines%s%s\n", (int)(ms / 1000), (unsigned long long)stress.seed,
           stress.threads, stress.engines, stress.forks ? ", with forks" : "",
           program ? ", with a server in front" : "");
    fflush(stdout);
    sb = sandbox_start(NULL, "--keep", "0", NULL);
    if (!sb || !register_scenarios(sb) || (program && !front_start(&front, program, sandbox_url(sb))))
        return 1;
    stress.direct = !program;
    stress.url = program ? front.url : sandbox_url(sb);
    stress.ca_file = front.ca_file;
    wrong = run_both_phases(&stress, ms);
    /* Where threads hang, nothing can be taken from under them. */
    if (atomic_load(&stress.running) > 0)
        _exit(1);
    wrong += program && front_stop(&front) != 0;
    wrong += sandbox_stop(sb) != 0;
    wrong += atomic_load(&stress.wrong) > 0;
    return wrong > 0;
}
