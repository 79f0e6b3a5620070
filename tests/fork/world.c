#include "world.h"
#include "witness_client.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child abandons the parent's connections on purpose, which memcheck and LeakSanitizer would call a leak. */
static bool leaks_are_expected;
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifdef VALGRIND_CLO_CHANGE
#define TELL_MEMCHECK() VALGRIND_CLO_CHANGE("--leak-check=no")
#else
#define TELL_MEMCHECK() (void)0
#endif
#ifdef SANITIZED
#include <sanitizer/lsan_interface.h>
int __lsan_is_turned_off(void)
{
    return leaks_are_expected;
}
#endif

void leave_out_busy_threads_where_impossible(void)
{
#ifdef SANITIZED
    print_message("left out: AddressSanitizer's allocator cannot be forked while other threads use it\n");
    skip();
#endif
}

enum { CHILD_LIMIT_S = 60, DESCRIPTORS_MAX = 4096 };

/* ---- the witness ---- */

const char *const transport_names[TRANSPORTS] = {"plain", "tls-1.1", "tls-2"};

static struct witness witness;

int start_witness(void **state)
{
    (void)state;
    return witness_start(&witness) ? 0 : -1;
}

int stop_witness(void **state)
{
    (void)state;
    return witness_stop(&witness) ? 0 : -1;
}

static void ask(const char *text)
{
    assert_true(witness_tell(&witness, text));
}

static void answer(char *line, int size)
{
    witness_hear(&witness, line, size);
}

int reset_witness(void **state)
{
    char line[64];

    (void)state;
    ask("reset\n");
    answer(line, sizeof line);
    return strcmp(line, "ok") == 0 ? 0 : -1;
}

claude_client_t *witness_client(enum transport transport)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;
    const char *url = transport == PLAIN ? witness.url : witness.tls_url;

    succeeds(claude_config_new(&config, &err), err);
    succeeds(claude_config_set(config, "base_url", url, &err), err);
    succeeds(claude_config_set(config, "api_key", KEY, &err), err);
    succeeds(claude_config_set(config, "tls.ca_file", witness.certificate, &err), err);
    if (transport == TLS_HTTP1)
        succeeds(claude_config_set(config, "network.http_version", "1.1", &err), err);
    return client_of(config);
}

claude_request_t *asking(const char *how)
{
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    if (how[0] != '\0')
        succeeds(claude_request_add_user_text(request, how, CLAUDE_NTS, &err), err);
    return request;
}

int witness_held(void)
{
    char line[64];

    ask("held\n");
    answer(line, sizeof line);
    return atoi(line);
}

void witness_go(int connection)
{
    char *text = format("go %d\n", connection);
    char line[64];

    ask(text);
    answer(line, sizeof line);
    assert_string_equal(line, "ok");
    free(text);
}

int witness_report(const struct connection **list)
{
    static struct connection *connections;
    static int room;
    char line[128];
    int count = 0;

    ask("report\n");
    for (;;) {
        int number = 0;
        struct connection one;
        answer(line, sizeof line);
        if (sscanf(line, "connection %d requests %d %15s", &number, &one.requests, one.state) != 3)
            break;
        if (count == room) {
            room = room * 2 + 64;
            connections = realloc(connections, (size_t)room * sizeof *connections);
            assert_non_null(connections);
        }
        connections[count++] = one;
    }
    assert_string_equal(line, "done");
    *list = connections;
    return count;
}

int connection_of(const char *request_id)
{
    return request_id ? atoi(request_id) : 0;
}

/* ---- children ---- */

int wrong;

void expect(bool condition, const char *text, const char *file, int line)
{
    if (condition)
        return;
    fprintf(stderr, "%s:%d: in the child: not %s\n", file, line, text);
    wrong++;
}

void begin_child(void)
{
    static const int faults[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};

    alarm(CHILD_LIMIT_S);
    /* cmocka's handlers would go on with the parent's tests. */
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        signal(faults[i], SIG_DFL);
    leaks_are_expected = true;
    TELL_MEMCHECK();
    wrong = 0;
}

pid_t fork_to(void (*child)(void *data), void *data)
{
    pid_t pid;

    /* Or a child that ends with exit() prints it, too. */
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        begin_child();
        child(data);
        _exit(wrong);
    }
    return pid;
}

int status_of(pid_t pid)
{
    int status = 0;

    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool runs_slowly(void)
{
    const char *memcheck = getenv("CLAUDE_UNDER_VALGRIND");

    return memcheck && memcheck[0] == '1';
}

/* ---- descriptors ---- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the lines of /proc/self/fdinfo that say what an object's state is, and no line that changes by itself. */
static void describe(FILE *out, const char *number)
{
    char line[256];
    char *path = format("/proc/self/fdinfo/%s", number);
    FILE *info = fopen(path, "re");
    bool set = false;

    free(path);
    assert_non_null(info);
    while (fgets(line, sizeof line, info)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "tfd:", 4) == 0 || strncmp(line, "eventfd-count:", 14) == 0)
            fprintf(out, " [%s]", line);
        /* One that has run out since is as good as one that is set. */
        if (strncmp(line, "ticks:", 6) == 0)
            set = strcmp(line, "ticks: 0") != 0;
        if (strncmp(line, "it_value:", 9) == 0)
            fprintf(out, " [timer %s]", set || strcmp(line, "it_value: (0, 0)") != 0 ? "set" : "not set");
    }
    fclose(info);
}

char *picture_of_descriptors(void)
{
    static char *lines[DESCRIPTORS_MAX];
    size_t count = 0;
    size_t text_len = 0;
    char *text = NULL;
    FILE *whole = open_memstream(&text, &text_len);
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;

    assert_non_null(whole);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char target[256];
        ssize_t n = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
        size_t len = 0;
        FILE *out;
        if (n < 0 || atoi(entry->d_name) == dirfd(folder))
            continue;
        target[n] = '\0';
        assert_true(count < DESCRIPTORS_MAX);
        out = open_memstream(&lines[count], &len);
        assert_non_null(out);
        fprintf(out, "%s %s", entry->d_name, target);
        describe(out, entry->d_name);
        fclose(out);
        count++;
    }
    closedir(folder);
    qsort(lines, count, sizeof lines[0], compare_lines);
    for (size_t i = 0; i < count; i++) {
        fprintf(whole, "%s\n", lines[i]);
        free(lines[i]);
    }
    fclose(whole);
    return text;
}
