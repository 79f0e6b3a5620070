/* Counters and histograms, and the texts that they are read as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <claude/claude.h>

#include "client/client.h"
#include "reliability/metrics.h"

static claude_metrics_t *snapshot(const cl_metrics *metrics)
{
    claude_metrics_t *copy = NULL;

    assert_int_equal(cl_metrics_snapshot(metrics, &copy, NULL), CLAUDE_OK);
    return copy;
}

static size_t codes(void)
{
    size_t count = 0;

    while (cl_code_row_at(count))
        count++;
    return count;
}

/* ---- the table ---- */

static bool is_name(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!islower((unsigned char)*p) && (*p != '_' || p == text))
            return false;
    }
    return *text != '\0';
}

static void test_table_is_sound(void **state)
{
    const cl_metric_row *row;
    size_t count = 0;

    (void)state;
    for (; (row = cl_metric_row_at(count)) != NULL; count++) {
        char name[64];
        assert_true(is_name(row->name));
        assert_int_equal(cl_metric_find(row->name), count);
        assert_true(strlen(row->help) > 10 && row->help[strlen(row->help) - 1] == '.');
        /* The texts and the generated page write it as it is. */
        assert_null(strpbrk(row->help, "\\\"|\n"));
        assert_true(*row->unit);
        assert_true(!*row->otel || strncmp(row->otel, "gen_ai.", 7) == 0);
        assert_true(!*row->otel_older || *row->otel);
        assert_int_equal(strcmp(row->unit, "ms") == 0, strstr(row->name, "_ms") != NULL);
        memset(name, 'x', sizeof name);
        cl_metric_prometheus_name(row, name, sizeof name);
        assert_true(strlen(name) + strlen("_bucket") < sizeof name);
        assert_int_equal(row->kind, count < CL_COUNTERS || count == CL_METRIC_ERRORS ? CLAUDE_METRIC_COUNTER
                                    : count == CL_METRIC_RUNNING                     ? CLAUDE_METRIC_GAUGE
                                                                                     : CLAUDE_METRIC_HISTOGRAM);
    }
    assert_int_equal(count, CL_METRICS);
    assert_int_equal(cl_metric_find(""), CL_METRICS);
    assert_null(cl_metric_row_at(SIZE_MAX));
    /* One place is for codes that are not in the table. */
    assert_true(codes() < CL_METRICS_CODES);
}

static void test_table_is_enumerated(void **state)
{
    const char *name = NULL;
    const char *unit = NULL;
    const char *help = NULL;
    const char *otel = NULL;
    int32_t kind = 0;
    size_t count = 0;

    (void)state;
    for (; claude_metric_at(count, &name, &kind, &unit, &help, &otel); count++) {
        const cl_metric_row *row = cl_metric_row_at(count);
        assert_string_equal(name, row->name);
        assert_string_equal(unit, row->unit);
        assert_string_equal(help, row->help);
        assert_string_equal(otel, row->otel);
        assert_int_equal(kind, row->kind);
        assert_int_equal(claude_metric_at(count, NULL, NULL, NULL, NULL, NULL), 1);
    }
    assert_int_equal(count, CL_METRICS);
    assert_int_equal(claude_metric_at(SIZE_MAX, &name, &kind, &unit, &help, &otel), 0);
    assert_string_equal(name, "call_output_tokens");
}

/* ---- counting ---- */

static void test_every_counter_is_reached(void **state)
{
    cl_metrics *metrics = cl_metrics_new();
    claude_metrics_t *figures;

    (void)state;
    for (int i = 0; i < CL_COUNTERS; i++) {
        cl_metrics_count(metrics, (cl_counter)i, i + 1);
        cl_metrics_count(metrics, (cl_counter)i, 0);
        cl_metrics_count(metrics, (cl_counter)i, -100);
    }
    cl_metrics_running(metrics, 5);
    cl_metrics_running(metrics, -2);
    for (size_t i = 0; cl_code_row_at(i); i++) {
        for (size_t n = 0; n <= i; n++)
            cl_metrics_error(metrics, cl_code_row_at(i)->code);
    }
    /* A code of a later version, and two successes. */
    cl_metrics_error(metrics, -9999);
    cl_metrics_error(metrics, CLAUDE_OK);
    cl_metrics_error(metrics, CLAUDE_DONE);
    figures = snapshot(metrics);
    for (int i = 0; i < CL_COUNTERS; i++)
        assert_int_equal(claude_metrics_value(figures, cl_metric_row_at((size_t)i)->name), i + 1);
    assert_int_equal(claude_metrics_value(figures, "calls_running"), 3);
    for (size_t i = 0; cl_code_row_at(i); i++)
        assert_int_equal(claude_metrics_errors(figures, cl_code_row_at(i)->code), i + 1);
    assert_int_equal(claude_metrics_errors(figures, -9999), 1);
    assert_int_equal(claude_metrics_errors(figures, CLAUDE_OK), 0);
    assert_int_equal(claude_metrics_value(figures, "errors"), codes() * (codes() + 1) / 2 + 1);
    assert_int_equal(claude_metrics_value(figures, "nothing"), -1);
    assert_int_equal(claude_metrics_sum(figures, "calls"), -1);
    assert_int_equal(claude_metrics_sum(figures, "nothing"), -1);
    assert_int_equal(claude_metrics_histogram(figures, "calls", 0, NULL, NULL), 0);
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
}

static void expect_bucket(const claude_metrics_t *figures, const char *name, size_t index, int64_t bound, int64_t count)
{
    int64_t upper_bound = -1;
    int64_t n = -1;

    assert_int_equal(claude_metrics_histogram(figures, name, index, &upper_bound, &n), 1);
    assert_int_equal(upper_bound, bound);
    if (n != count)
        fail_msg("%s, bucket %zu: %" PRId64 ", not %" PRId64, name, index, n, count);
}

/* Each bound itself, and what is one above it. */
static void test_edges_of_buckets(void **state)
{
    static const int64_t ms[] = {10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240, 20480, 40960, 81920};
    static const int64_t tokens[] = {1,     4,     16,     64,      256,     1024,     4096,
                                     16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};

    (void)state;
    for (int which = 0; which < CL_HISTOGRAMS; which++) {
        const cl_metric_row *row = cl_metric_row_at(CL_METRIC_HISTOGRAMS + (size_t)which);
        const int64_t *bounds = strcmp(row->unit, "ms") == 0 ? ms : tokens;
        cl_metrics *metrics = cl_metrics_new();
        claude_metrics_t *figures;
        int64_t sum = 0;
        cl_metrics_observe(metrics, (cl_histogram)which, 0);
        cl_metrics_observe(metrics, (cl_histogram)which, -1);
        cl_metrics_observe(metrics, (cl_histogram)which, INT64_MIN);
        for (size_t i = 0; i < CL_METRICS_BOUNDS; i++) {
            cl_metrics_observe(metrics, (cl_histogram)which, bounds[i]);
            cl_metrics_observe(metrics, (cl_histogram)which, bounds[i] + 1);
            sum += 2 * bounds[i] + 1;
        }
        figures = snapshot(metrics);
        for (size_t i = 0; i < CL_METRICS_BOUNDS; i++)
            expect_bucket(figures, row->name, i, bounds[i], 2);
        expect_bucket(figures, row->name, CL_METRICS_BOUNDS, INT64_MAX, 1);
        assert_int_equal(claude_metrics_histogram(figures, row->name, CL_METRICS_BOUNDS + 1, NULL, NULL), 0);
        assert_int_equal(claude_metrics_histogram(figures, row->name, SIZE_MAX, NULL, NULL), 0);
        assert_int_equal(claude_metrics_histogram(figures, row->name, 0, NULL, NULL), 1);
        assert_int_equal(claude_metrics_value(figures, row->name), 2 * CL_METRICS_BOUNDS + 1);
        assert_int_equal(claude_metrics_sum(figures, row->name), sum);
        claude_metrics_unref(figures);
        cl_metrics_free(metrics);
    }
}

/* A server may say any number. */
static void test_no_overflow(void **state)
{
    cl_metrics *metrics = cl_metrics_new();
    claude_metrics_t *figures;

    (void)state;
    for (int i = 0; i < 3; i++) {
        cl_metrics_count(metrics, CL_COUNT_INPUT_TOKENS, INT64_MAX);
        cl_metrics_observe(metrics, CL_HIST_INPUT_TOKENS, INT64_MAX);
        cl_metrics_running(metrics, INT64_MIN);
    }
    figures = snapshot(metrics);
    assert_int_equal(claude_metrics_value(figures, "input_tokens"), INT64_MAX);
    assert_int_equal(claude_metrics_sum(figures, "call_input_tokens"), INT64_MAX);
    expect_bucket(figures, "call_input_tokens", CL_METRICS_BOUNDS, INT64_MAX, 3);
    assert_int_equal(claude_metrics_value(figures, "calls_running"), 0);
    assert_non_null(
        strstr(claude_metrics_prometheus(figures, NULL), "\nclaude_input_tokens_total 9223372036854775807\n"));
    claude_metrics_unref(figures);
    cl_metrics_running(metrics, INT64_MAX);
    cl_metrics_running(metrics, INT64_MAX);
    cl_metrics_running(metrics, INT64_MAX);
    figures = snapshot(metrics);
    assert_int_equal(claude_metrics_value(figures, "calls_running"), INT64_MAX);
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
}

static void test_no_metrics(void **state)
{
    (void)state;
    cl_metrics_count(NULL, CL_COUNT_CALLS, 1);
    cl_metrics_observe(NULL, CL_HIST_CALL_MS, 1);
    cl_metrics_error(NULL, CLAUDE_E_TLS);
    cl_metrics_running(NULL, 1);
    cl_metrics_free(NULL);
    assert_null(cl_metrics_ref(NULL));
    cl_metrics_unref(NULL);
}

static void test_a_snapshot_never_changes(void **state)
{
    cl_metrics *metrics = cl_metrics_new();
    claude_metrics_t *before;
    claude_metrics_t *after;

    (void)state;
    cl_metrics_count(metrics, CL_COUNT_CALLS, 1);
    before = snapshot(metrics);
    cl_metrics_count(metrics, CL_COUNT_CALLS, 1);
    after = snapshot(metrics);
    cl_metrics_free(metrics);
    assert_int_equal(claude_metrics_value(before, "calls"), 1);
    assert_int_equal(claude_metrics_value(after, "calls"), 2);
    assert_ptr_equal(claude_metrics_json(before, NULL), claude_metrics_json(before, NULL));
    assert_ptr_equal(claude_metrics_prometheus(before, NULL), claude_metrics_prometheus(before, NULL));
    assert_ptr_equal(claude_metrics_ref(before), before);
    claude_metrics_unref(before);
    assert_int_equal(claude_metrics_value(before, "calls"), 1);
    claude_metrics_unref(before);
    claude_metrics_unref(after);
}

/* ---- a known state, and its texts ---- */

static cl_metrics *known_state(void)
{
    cl_metrics *metrics = cl_metrics_new();
    static const int64_t durations[] = {10, 11, 1500, 1500, 100000};

    assert_non_null(metrics);
    cl_metrics_count(metrics, CL_COUNT_CALLS, 5);
    cl_metrics_count(metrics, CL_COUNT_CALLS_FAILED, 2);
    cl_metrics_count(metrics, CL_COUNT_WIRE, 7);
    cl_metrics_count(metrics, CL_COUNT_INPUT_TOKENS, 1234);
    cl_metrics_running(metrics, 3);
    cl_metrics_error(metrics, CLAUDE_E_OVERLOADED);
    cl_metrics_error(metrics, CLAUDE_E_OVERLOADED);
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
        cl_metrics_observe(metrics, CL_HIST_CALL_MS, durations[i]);
    cl_metrics_observe(metrics, CL_HIST_FIRST_EVENT_MS, 81920);
    cl_metrics_observe(metrics, CL_HIST_BACKOFF_MS, 500);
    cl_metrics_observe(metrics, CL_HIST_BACKOFF_MS, 500);
    cl_metrics_observe(metrics, CL_HIST_INPUT_TOKENS, 1234);
    return metrics;
}

typedef struct plain_text {
    const char *name;
    const char *kind;
    const char *help;
    const char *value;
} plain_text;

static const plain_text plain[] = {
    {"claude_calls_total", "counter", "Calls that ended.", "5"},
    {"claude_calls_failed_total", "counter", "Calls that failed; cancelled ones are not among them.", "2"},
    {"claude_calls_canceled_total", "counter", "Calls that the program cancelled.", "0"},
    {"claude_attempts_total", "counter", "Attempts that were made for calls, and have ended.", "0"},
    {"claude_wire_requests_total", "counter",
     "Requests that reached the wire, those included that the HTTP library sent again by itself.", "7"},
    {"claude_retries_total", "counter", "Attempts that were retries.", "0"},
    {"claude_failovers_total", "counter", "Attempts that went to another endpoint after a failure.", "0"},
    {"claude_resends_total", "counter", "Attempts that were the same once more, with another key or not compressed.",
     "0"},
    {"claude_breaker_refused_total", "counter", "Attempts that an open circuit breaker refused.", "0"},
    {"claude_breaker_opened_total", "counter", "How often a circuit breaker opened.", "0"},
    {"claude_limiter_waited_total", "counter", "Calls that the rate limiter made wait.", "0"},
    {"claude_limiter_refused_total", "counter", "Calls that the rate limiter refused.", "0"},
    {"claude_quota_refused_total", "counter", "Calls for which a quota had no room.", "0"},
    {"claude_retry_budget_refused_total", "counter", "Retries that were not made because the retry budget was spent.",
     "0"},
    {"claude_input_tokens_total", "counter",
     "Input tokens, those included that were read from or written to the cache.", "1234"},
    {"claude_output_tokens_total", "counter", "Output tokens.", "0"},
    {"claude_cache_read_tokens_total", "counter", "Input tokens that were read from the cache.", "0"},
    {"claude_cache_write_tokens_total", "counter", "Input tokens that were written to the cache.", "0"},
    {"claude_events_dropped_total", "counter", "Events of streams that were dropped while their calls were paused.",
     "0"},
    {"claude_anomalies_total", "counter", "How often a stream deviated from what is documented.", "0"},
    {"claude_calls_running", "gauge", "Calls that are under way.", "3"},
    {"claude_errors_total", "counter",
     "Attempts that failed, and calls that failed without one, by the code of the error.", NULL},
};

typedef struct histogram_text {
    const char *name;
    const char *help;
    const char *bounds;
    const char *counts; /* of these bounds */
    const char *count;
    const char *sum;
} histogram_text;

#define SECONDS "0.01 0.02 0.04 0.08 0.16 0.32 0.64 1.28 2.56 5.12 10.24 20.48 40.96 81.92"
#define TOKENS "1 4 16 64 256 1024 4096 16384 65536 262144 1048576 4194304 16777216 67108864"
#define NONE "0 0 0 0 0 0 0 0 0 0 0 0 0 0"

static const histogram_text histograms[] = {
    {"claude_call_duration_seconds", "Time of a call from its start to its end, all attempts and waits included.",
     SECONDS, "1 2 2 2 2 2 2 2 4 4 4 4 4 4", "5", "103.021"},
    {"claude_attempt_duration_seconds", "Time of an attempt from its start to its end.", SECONDS, NONE, "0", "0"},
    {"claude_first_event_seconds", "Streams: time from the start of an attempt to its first event.", SECONDS,
     "0 0 0 0 0 0 0 0 0 0 0 0 0 1", "1", "81.92"},
    {"claude_limiter_wait_seconds", "Time that the rate limiter made a call wait.", SECONDS, NONE, "0", "0"},
    {"claude_backoff_seconds", "Wait before a retry.", SECONDS, "0 0 0 0 0 0 2 2 2 2 2 2 2 2", "2", "1"},
    {"claude_call_input_tokens", "Input tokens of a call, counted as input_tokens are.", TOKENS,
     "0 0 0 0 0 0 1 1 1 1 1 1 1 1", "1", "1234"},
    {"claude_call_output_tokens", "Output tokens of a call.", TOKENS, NONE, "0", "0"},
};

static void expect_plain(FILE *out, const plain_text *row)
{
    const cl_code_row *code;

    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, row->kind);
    if (row->value) {
        fprintf(out, "%s %s\n", row->name, row->value);
        return;
    }
    for (size_t i = 0; (code = cl_code_row_at(i)) != NULL; i++)
        fprintf(out, "%s{code=\"%s\"} %d\n", row->name, code->name, code->code == CLAUDE_E_OVERLOADED ? 2 : 0);
    fprintf(out, "%s{code=\"CLAUDE_E_UNKNOWN\"} 0\n", row->name);
}

static void expect_histogram_text(FILE *out, const histogram_text *row)
{
    const char *bound = row->bounds;
    const char *count = row->counts;

    fprintf(out, "# HELP %s %s\n# TYPE %s histogram\n", row->name, row->help, row->name);
    while (*bound) {
        int bound_len = (int)strcspn(bound, " ");
        int count_len = (int)strcspn(count, " ");
        fprintf(out, "%s_bucket{le=\"%.*s\"} %.*s\n", row->name, bound_len, bound, count_len, count);
        bound += bound_len + (bound[bound_len] == ' ');
        count += count_len + (count[count_len] == ' ');
    }
    fprintf(out, "%s_bucket{le=\"+Inf\"} %s\n%s_sum %s\n%s_count %s\n", row->name, row->count, row->name, row->sum,
            row->name, row->count);
}

static char *expected_text(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        expect_plain(out, &plain[i]);
    for (size_t i = 0; i < sizeof histograms / sizeof histograms[0]; i++)
        expect_histogram_text(out, &histograms[i]);
    fclose(out);
    return text;
}

/* The next line, of which `text` is moved on; NULL after the last one. */
static char *next_line(char **text)
{
    char *line = *text;
    char *end = strchr(line, '\n');

    if (!end)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

static void test_prometheus_line_by_line(void **state)
{
    cl_metrics *metrics = known_state();
    claude_metrics_t *figures = snapshot(metrics);
    size_t len = 0;
    char *have = strdup(claude_metrics_prometheus(figures, &len));
    char *want = expected_text();
    char *rest_have = have;
    char *rest_want = want;
    char *line;

    (void)state;
    assert_int_equal(len, strlen(have));
    for (int number = 1; (line = next_line(&rest_want)) != NULL; number++) {
        const char *other = next_line(&rest_have);
        if (!other || strcmp(line, other) != 0)
            fail_msg("line %d: \"%s\", not \"%s\"", number, other ? other : "(none)", line);
    }
    assert_string_equal(rest_have, "");
    assert_string_equal(rest_want, "");
    free(have);
    free(want);
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
}

/* ---- the rules of the text format ---- */

enum { SERIES_MAX = 400 };

typedef struct reader {
    char family[128]; /* of the last # TYPE */
    char kind[32];
    char helped[128]; /* of the last # HELP */
    char families[SERIES_MAX][128];
    size_t family_count;
    char series[SERIES_MAX][192];
    size_t series_count;
    /* of the histogram that is being read */
    double bound;
    int64_t below;
    int64_t infinite; /* -1: not seen yet */
    bool summed;
    bool counted;
} reader;

static void add_once(char list[][128], size_t *count, const char *text)
{
    for (size_t i = 0; i < *count; i++)
        assert_string_not_equal(list[i], text);
    assert_true(*count < SERIES_MAX);
    snprintf(list[(*count)++], 128, "%s", text);
}

static size_t name_length(const char *text)
{
    size_t n = 0;

    if (!isalpha((unsigned char)text[0]) && text[0] != '_' && text[0] != ':')
        return 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == ':')
        n++;
    return n;
}

/* A histogram has all that belongs to it. */
static void end_family(const reader *r)
{
    if (strcmp(r->kind, "histogram") == 0)
        assert_true(r->infinite >= 0 && r->summed && r->counted);
}

static void read_comment(reader *r, const char *line)
{
    char name[128];
    char kind[32];

    if (sscanf(line, "# HELP %127s", name) == 1) {
        assert_int_equal(name_length(name), strlen(name));
        add_once(r->families, &r->family_count, name);
        snprintf(r->helped, sizeof r->helped, "%s", name);
        assert_null(strchr(line, '\\'));
        return;
    }
    assert_int_equal(sscanf(line, "# TYPE %127s %31s", name, kind), 2);
    assert_string_equal(name, r->helped);
    end_family(r);
    snprintf(r->family, sizeof r->family, "%s", name);
    snprintf(r->kind, sizeof r->kind, "%s", kind);
    r->bound = -1;
    r->below = 0;
    r->infinite = -1;
    r->summed = false;
    r->counted = false;
}

static double number_of(const char *text)
{
    double value;

    /* Not strtod(), which obeys the host's locale. */
    assert_true(cl_str_to_double(cl_str_of(text), &value));
    assert_true(value >= 0);
    return value;
}

static void read_bucket(reader *r, const char *bound, double value)
{
    assert_true((int64_t)value >= r->below);
    r->below = (int64_t)value;
    assert_int_equal(r->infinite, -1);
    if (strcmp(bound, "+Inf") == 0) {
        r->infinite = r->below;
        return;
    }
    assert_true(number_of(bound) > r->bound);
    r->bound = number_of(bound);
}

static void read_part(reader *r, const char *part, const char *label, const char *value_of_label, double value)
{
    if (strcmp(part, "_bucket") == 0) {
        assert_string_equal(label, "le");
        read_bucket(r, value_of_label, value);
    } else if (strcmp(part, "_sum") == 0) {
        assert_true(*label == '\0' && !r->summed);
        r->summed = true;
    } else {
        assert_string_equal(part, "_count");
        assert_true(*label == '\0' && !r->counted);
        assert_int_equal((int64_t)value, r->infinite);
        r->counted = true;
    }
}

static void read_sample(reader *r, const char *line)
{
    char name[128] = "";
    char label[64] = "";
    char text[64] = "";
    char value[64] = "";
    size_t family = strlen(r->family);

    if (strchr(line, '{'))
        assert_int_equal(sscanf(line, "%127[^{]{%63[^=]=\"%63[^\"]\"} %63s", name, label, text, value), 4);
    else
        assert_int_equal(sscanf(line, "%127s %63s", name, value), 2);
    assert_int_equal(name_length(name), strlen(name));
    assert_int_equal(strncmp(name, r->family, family), 0);
    for (size_t i = 0; i < r->series_count; i++)
        assert_int_not_equal(strncmp(r->series[i], line, strlen(line) - strlen(value)), 0);
    assert_true(r->series_count < SERIES_MAX);
    snprintf(r->series[r->series_count++], sizeof r->series[0], "%s", line);
    if (strcmp(r->kind, "histogram") == 0) {
        read_part(r, name + family, label, text, number_of(value));
        return;
    }
    assert_string_equal(name, r->family);
    number_of(value);
    assert_int_equal(strcmp(r->kind, "counter") == 0, family > 6 && strcmp(r->family + family - 6, "_total") == 0);
    assert_true(strcmp(r->kind, "counter") == 0 || strcmp(r->kind, "gauge") == 0);
}

static void test_prometheus_keeps_the_rules(void **state)
{
    cl_metrics *metrics = known_state();
    claude_metrics_t *figures = snapshot(metrics);
    char *text = strdup(claude_metrics_prometheus(figures, NULL));
    char *rest = text;
    reader *r = calloc(1, sizeof *r);
    char *line;

    (void)state;
    while ((line = next_line(&rest)) != NULL) {
        assert_true(strlen(line) > 0 && strlen(line) < 192);
        assert_null(strstr(line, "  "));
        if (line[0] == '#')
            read_comment(r, line);
        else
            read_sample(r, line);
    }
    end_family(r);
    /* Nothing without an end of line. */
    assert_string_equal(rest, "");
    assert_int_equal(r->family_count, CL_METRICS);
    assert_int_equal(r->series_count, CL_COUNTERS + 1 + codes() + 1 + (size_t)CL_HISTOGRAMS * (CL_METRICS_BOUNDS + 3));
    free(r);
    free(text);
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
}

/* ---- JSON ---- */

static json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;

    if (!json_object_object_get_ex(object, name, &value))
        fail_msg("there is no %s", name);
    return value;
}

static void expect_histogram(json_object *all, size_t index, const claude_metrics_t *figures)
{
    const cl_metric_row *row = cl_metric_row_at(index);
    json_object *histogram = member(all, row->name);
    json_object *counts = member(histogram, "counts");
    json_object *bounds = member(histogram, "bounds");
    int64_t bound;
    int64_t count;
    size_t i = 0;

    assert_int_equal(json_object_get_int64(member(histogram, "count")), claude_metrics_value(figures, row->name));
    assert_int_equal(json_object_get_int64(member(histogram, "sum")), claude_metrics_sum(figures, row->name));
    for (; claude_metrics_histogram(figures, row->name, i, &bound, &count); i++) {
        assert_int_equal(json_object_get_int64(json_object_array_get_idx(counts, i)), count);
        if (i < CL_METRICS_BOUNDS)
            assert_int_equal(json_object_get_int64(json_object_array_get_idx(bounds, i)), bound);
    }
    assert_int_equal(json_object_array_length(counts), i);
    assert_int_equal(json_object_array_length(bounds), i - 1);
    assert_int_equal(json_object_object_length(histogram), 4);
}

static void test_json(void **state)
{
    cl_metrics *metrics = known_state();
    claude_metrics_t *figures = snapshot(metrics);
    size_t len = 0;
    const char *text = claude_metrics_json(figures, &len);
    json_object *root = json_tokener_parse(text);
    json_object *counters = member(root, "counters");
    json_object *errors = member(root, "errors");
    json_object *all = member(root, "histograms");

    (void)state;
    assert_int_equal(len, strlen(text));
    assert_int_equal(json_object_object_length(root), 4);
    assert_int_equal(json_object_object_length(counters), CL_COUNTERS);
    for (size_t i = 0; i < CL_COUNTERS; i++) {
        const char *name = cl_metric_row_at(i)->name;
        assert_int_equal(json_object_get_int64(member(counters, name)), claude_metrics_value(figures, name));
    }
    assert_int_equal(json_object_get_int64(member(counters, "wire_requests")), 7);
    assert_int_equal(json_object_get_int64(member(root, "calls_running")), 3);
    assert_int_equal(json_object_object_length(errors), 1);
    assert_int_equal(json_object_get_int64(member(errors, "CLAUDE_E_OVERLOADED")), 2);
    assert_int_equal(json_object_object_length(all), CL_HISTOGRAMS);
    for (size_t i = CL_METRIC_HISTOGRAMS; i < CL_METRICS; i++)
        expect_histogram(all, i, figures);
    assert_int_equal(json_object_get_int64(member(member(all, "call_duration_ms"), "sum")), 103021);
    json_object_put(root);
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
}

static void test_json_names_every_code(void **state)
{
    cl_metrics *metrics = cl_metrics_new();
    claude_metrics_t *figures;
    json_object *root;

    (void)state;
    for (size_t i = 0; cl_code_row_at(i); i++)
        cl_metrics_error(metrics, cl_code_row_at(i)->code);
    cl_metrics_error(metrics, -9999);
    figures = snapshot(metrics);
    root = json_tokener_parse(claude_metrics_json(figures, NULL));
    assert_int_equal(json_object_object_length(member(root, "errors")), codes() + 1);
    for (size_t i = 0; cl_code_row_at(i); i++)
        assert_int_equal(json_object_get_int64(member(member(root, "errors"), cl_code_row_at(i)->name)), 1);
    assert_int_equal(json_object_get_int64(member(member(root, "errors"), "CLAUDE_E_UNKNOWN")), 1);
    json_object_put(root);
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
}

/* ---- threads ---- */

enum { THREADS = 64, ROUNDS = 2000 };

static void *count_much(void *user_data)
{
    cl_metrics *metrics = user_data;

    for (int i = 0; i < ROUNDS; i++) {
        cl_metrics_running(metrics, 1);
        cl_metrics_observe(metrics, CL_HIST_CALL_MS, i % 100);
        cl_metrics_error(metrics, CLAUDE_E_TIMEOUT);
        cl_metrics_count(metrics, CL_COUNT_INPUT_TOKENS, 3);
        cl_metrics_count(metrics, CL_COUNT_CALLS, 1);
        cl_metrics_count(metrics, CL_COUNT_CALLS_FAILED, 1);
        cl_metrics_running(metrics, -1);
    }
    return NULL;
}

/* While others count: no part is more than its whole, and nothing goes back. */
static void watch(const cl_metrics *metrics, int64_t *calls)
{
    claude_metrics_t *figures = snapshot(metrics);
    int64_t observed = claude_metrics_value(figures, "call_duration_ms");

    assert_true(claude_metrics_value(figures, "calls_failed") <= claude_metrics_value(figures, "calls"));
    assert_true(claude_metrics_value(figures, "calls") >= *calls);
    assert_true(claude_metrics_value(figures, "calls_running") <= THREADS);
    /* What is in the sum is in a bucket. */
    assert_true(claude_metrics_sum(figures, "call_duration_ms") <= observed * 99);
    *calls = claude_metrics_value(figures, "calls");
    claude_metrics_unref(figures);
}

static void test_threads_add_up(void **state)
{
    cl_metrics *metrics = cl_metrics_new();
    pthread_t threads[THREADS];
    claude_metrics_t *figures;
    int64_t calls = 0;

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_much, metrics), 0);
    while (calls < (int64_t)THREADS * ROUNDS)
        watch(metrics, &calls);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    figures = snapshot(metrics);
    assert_int_equal(claude_metrics_value(figures, "calls"), THREADS * ROUNDS);
    assert_int_equal(claude_metrics_value(figures, "calls_failed"), THREADS * ROUNDS);
    assert_int_equal(claude_metrics_value(figures, "input_tokens"), 3 * THREADS * ROUNDS);
    assert_int_equal(claude_metrics_value(figures, "calls_running"), 0);
    assert_int_equal(claude_metrics_errors(figures, CLAUDE_E_TIMEOUT), THREADS * ROUNDS);
    assert_int_equal(claude_metrics_value(figures, "call_duration_ms"), THREADS * ROUNDS);
    assert_int_equal(claude_metrics_sum(figures, "call_duration_ms"), THREADS * ROUNDS / 100 * 4950);
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
}

/* Whoever asks first makes the text, and all get that one. */
static void *ask_texts(void *user_data)
{
    claude_metrics_t *figures = user_data;
    const char *json = claude_metrics_json(figures, NULL);
    const char *text = claude_metrics_prometheus(figures, NULL);

    return claude_metrics_json(figures, NULL) == json && claude_metrics_prometheus(figures, NULL) == text &&
                   strlen(json) > 0 && strlen(text) > 0
               ? NULL
               : figures;
}

static void test_threads_share_the_texts(void **state)
{
    cl_metrics *metrics = known_state();
    claude_metrics_t *figures = snapshot(metrics);
    pthread_t threads[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_texts, figures), 0);
    for (size_t i = 0; i < 8; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    claude_metrics_unref(figures);
    cl_metrics_free(metrics);
}

/* ---- of a client ---- */

static claude_client_t *make_client(const char *enabled)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;

    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "auth.style", "none", NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "metrics.enabled", enabled, NULL), CLAUDE_OK);
    assert_int_equal(claude_client_new(config, &client, NULL), CLAUDE_OK);
    claude_config_unref(config);
    return client;
}

static void test_of_a_client(void **state)
{
    claude_client_t *client = make_client("true");
    claude_client_t *now = cl_client_current(client);
    claude_metrics_t *metrics = NULL;

    (void)state;
    assert_int_equal(claude_client_metrics(client, &metrics, NULL), CLAUDE_OK);
    assert_int_equal(claude_metrics_value(metrics, "calls"), 0);
    claude_metrics_unref(metrics);
    cl_metrics_count(now->metrics, CL_COUNT_CALLS, 2);
    cl_client_unref(now);
    assert_int_equal(claude_client_metrics(client, &metrics, NULL), CLAUDE_OK);
    /* It outlives the client. */
    claude_client_unref(client);
    assert_int_equal(claude_metrics_value(metrics, "calls"), 2);
    claude_metrics_unref(metrics);
}

static void test_of_a_client_that_does_not_count(void **state)
{
    claude_client_t *client = make_client("false");
    claude_metrics_t *metrics = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_null(client->metrics);
    assert_int_equal(claude_client_metrics(client, &metrics, &err), CLAUDE_E_INVALID);
    assert_non_null(strstr(claude_error_message(err), "metrics.enabled"));
    assert_null(metrics);
    claude_error_unref(err);
    assert_int_equal(claude_client_metrics(client, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_client_metrics(NULL, &metrics, NULL), CLAUDE_E_INVALID);
    claude_client_unref(client);
}

static void test_what_is_no_snapshot(void **state)
{
    claude_metrics_t *wrong = (claude_metrics_t *)make_client("false");
    claude_metrics_t *const handles[] = {NULL, wrong};
    int64_t bound = 7;
    int64_t count = 7;
    size_t len = 7;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(claude_metrics_value(handles[i], "calls"), -1);
        assert_int_equal(claude_metrics_errors(handles[i], CLAUDE_E_TLS), 0);
        assert_int_equal(claude_metrics_sum(handles[i], "call_duration_ms"), -1);
        assert_int_equal(claude_metrics_histogram(handles[i], "call_duration_ms", 0, &bound, &count), 0);
        assert_string_equal(claude_metrics_json(handles[i], &len), "");
        assert_int_equal(len, 0);
        assert_string_equal(claude_metrics_prometheus(handles[i], NULL), "");
        assert_null(claude_metrics_ref(handles[i]));
        claude_metrics_unref(handles[i]);
    }
    assert_int_equal(bound, 7);
    assert_int_equal(count, 7);
    claude_client_unref((claude_client_t *)wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_table_is_enumerated),
        cmocka_unit_test(test_every_counter_is_reached),
        cmocka_unit_test(test_edges_of_buckets),
        cmocka_unit_test(test_no_overflow),
        cmocka_unit_test(test_no_metrics),
        cmocka_unit_test(test_a_snapshot_never_changes),
        cmocka_unit_test(test_prometheus_line_by_line),
        cmocka_unit_test(test_prometheus_keeps_the_rules),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_names_every_code),
        cmocka_unit_test(test_threads_add_up),
        cmocka_unit_test(test_threads_share_the_texts),
        cmocka_unit_test(test_of_a_client),
        cmocka_unit_test(test_of_a_client_that_does_not_count),
        cmocka_unit_test(test_what_is_no_snapshot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
