#include "testing.h"

#include <pthread.h>

#include <claude/error.h>
#include <claude/model.h>
#include <claude/request.h>

#include "message/models.h"

enum { DAY_MS = 24 * 3600 * 1000 };
/* 2026-11-22T00:00:00Z */
static const int64_t today = INT64_C(1795305600000);

static claude_models_t *load(const char *json)
{
    claude_models_t *models = NULL;
    claude_error_t *err = NULL;

    if (claude_models_load_json(json, CLAUDE_NTS, &models, &err) != CLAUDE_OK)
        fail_msg("%s: %s", json, claude_error_message(err));
    return models;
}

/* ---- the table that is built in ---- */

static void built_in_table_passes_its_own_check(void **state)
{
    size_t len = 0;
    const char *json = claude_models_json(NULL, &len);
    claude_models_t *models = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(len, strlen(json));
    if (claude_models_load_json(json, len, &models, &err) != CLAUDE_OK)
        fail_msg("%s", claude_error_message(err));
    assert_int_equal(claude_models_count(models), claude_models_count(NULL));
    assert_int_equal(claude_models_count(NULL), 32);
    for (size_t i = 0; i < claude_models_count(NULL); i++) {
        const char *id = claude_models_at(NULL, i);
        assert_string_equal(id, claude_models_at(models, i));
        assert_string_equal(claude_models_find(models, id), id);
        assert_non_null(claude_models_text(NULL, id, "display_name"));
        assert_non_null(claude_models_text(NULL, id, "lifecycle"));
    }
    assert_null(claude_models_at(NULL, 32));
    assert_null(claude_models_at(models, SIZE_MAX));
    claude_models_unref(models);
}

static void built_in_table_is_lent_for_ever(void **state)
{
    claude_models_t *models = NULL;
    const char *id = claude_models_at(NULL, 0);

    (void)state;
    assert_int_equal(claude_models_builtin(&models, NULL), CLAUDE_OK);
    assert_ptr_equal(claude_models_ref(models), models);
    /* One more than there are references: it never goes. */
    for (int i = 0; i < 4; i++)
        claude_models_unref(models);
    assert_ptr_equal(claude_models_at(models, 0), id);
    assert_string_equal(id, "claude-fable-5-2");
    assert_int_equal(claude_models_builtin(NULL, NULL), CLAUDE_E_INVALID);
}

/* The table as it was published: limits, and where the reference has them the defaults. */
static void limits_of_every_model(void **state)
{
    static const struct {
        const char *id;
        int64_t window;
        int64_t output;
        const char *effort;
    } rows[] = {
        {"claude-fable-5-2", 1000000, 128000, "high"},   {"claude-mythos-5-2", 1000000, 128000, "high"},
        {"claude-fable-5-1", 1000000, 128000, "high"},   {"claude-mythos-5-1", 1000000, 128000, "high"},
        {"claude-fable-5", 1000000, 128000, "high"},     {"claude-mythos-5", 1000000, 128000, "high"},
        {"claude-opus-5-5", 1000000, 128000, "medium"},  {"claude-opus-5", 1000000, 128000, "high"},
        {"claude-opus-4-8", 1000000, 128000, "high"},    {"claude-opus-4-7", 1000000, 128000, "high"},
        {"claude-opus-4-6", 1000000, 128000, "high"},    {"claude-opus-4-5", 200000, 64000, "high"},
        {"claude-sonnet-5-5", 1000000, 128000, "high"},  {"claude-sonnet-5", 1000000, 128000, "high"},
        {"claude-sonnet-4-6", 1000000, 128000, "high"},  {"claude-sonnet-4-5", 200000, 64000, NULL},
        {"claude-haiku-5-5", 1000000, 128000, "medium"}, {"claude-haiku-4-5", 200000, 64000, NULL},
        {"claude-opus-4-1", 200000, 32000, NULL},        {"claude-opus-4", 200000, 32000, NULL},
        {"claude-3-5-haiku", 200000, 8192, NULL},        {"claude-3-5-sonnet", 200000, 8192, NULL},
        {"claude-3-opus", 200000, 4096, NULL},           {"claude-3-haiku", 200000, 4096, NULL},
        {"claude-mythos-preview", -1, -1, NULL},         {"claude-2.1", -1, -1, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *effort = claude_models_text(NULL, rows[i].id, "default_effort");
        assert_int_equal(claude_models_int(NULL, rows[i].id, "context_window"), rows[i].window);
        assert_int_equal(claude_models_int(NULL, rows[i].id, "max_output_tokens"), rows[i].output);
        if (rows[i].effort)
            assert_string_equal(effort, rows[i].effort);
        else
            assert_null(effort);
    }
    assert_string_equal(claude_models_text(NULL, "claude-opus-5-5", "thinking"), "always");
    assert_int_equal(claude_models_int(NULL, "claude-opus-5-5", "forced_tool_use"), 0);
    assert_int_equal(claude_models_int(NULL, "claude-opus-4-6", "cache_min_tokens"), 4096);
    assert_string_equal(claude_models_text(NULL, "claude-haiku-4-5", "display_name"), "Claude Haiku 4.5");
    assert_non_null(strstr(claude_models_text(NULL, "claude-fable-5-2", "comment"), "third parties"));
}

static void *find_one(void *arg)
{
    (void)arg;
    return (void *)claude_models_find(NULL, "claude-3-haiku");
}

static void built_in_table_is_made_once(void **state)
{
    pthread_t threads[8];
    void *found[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_one, NULL), 0);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], &found[i]), 0);
        assert_non_null(found[i]);
        assert_ptr_equal(found[i], found[0]);
    }
}

/* ---- names ---- */

static void a_model_has_many_spellings(void **state)
{
    static const char *const pairs[][2] = {
        {"claude-opus-4-5", "claude-opus-4-5"},
        {"claude-opus-4-5-20251101", "claude-opus-4-5"},
        {"claude-opus-4-5-20991231", "claude-opus-4-5"},
        {"claude-opus-4-5@20251101", "claude-opus-4-5"},
        {"claude-opus-4-5@latest", "claude-opus-4-5"},
        {"anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"},
        {"us.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"},
        {"global.anthropic.claude-opus-4-5-20251101-v1:0:200k", "claude-opus-4-5"},
        {"anthropic.claude-opus-5-5", "claude-opus-5-5"},
        {"anthropic.claude-opus-5-5-v1", "claude-opus-5-5"},
        {"arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-5-5-v1:0", "claude-opus-5-5"},
        {"projects/p/locations/r/publishers/anthropic/models/claude-opus-4-1@20250805", "claude-opus-4-1"},
        {"anthropic/claude-sonnet-5-5", "claude-sonnet-5-5"},
        {"claude-opus-4-0", "claude-opus-4"},
        {"claude-4-opus-20250514", "claude-opus-4"},
        {"anthropic.claude-opus-4-20250514-v1:0", "claude-opus-4"},
        {"claude-3-5-sonnet-latest", "claude-3-5-sonnet"},
        {"claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"},
        {"anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"},
        {"claude-3-haiku-20240307", "claude-3-haiku"},
        {"claude-2.1", "claude-2.1"},
        {"claude-1.3-100k", "claude-1.3"},
    };
    static const char *const strangers[] = {
        "",
        "claude",
        "claude-opus",
        "claude-opus-6",
        "claude-opus-4-51",
        "Claude-Opus-5",
        "-v1:0",
        "@",
        "-latest",
        "20251101",
        "-20251101",
        "anthropic.",
        "gpt-4",
        "latest",
        "claude-opus-4-5-2025",
        "claude-opus-4-5-2025110x",
        "claude-opus-5-5-v",
        "claude-opus-5-5-vx:0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *found = claude_models_find(NULL, pairs[i][0]);
        if (!found || strcmp(found, pairs[i][1]) != 0)
            fail_msg("%s is %s, not %s", pairs[i][0], found ? found : "unknown", pairs[i][1]);
    }
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        if (claude_models_find(NULL, strangers[i]))
            fail_msg("%s is %s", strangers[i], claude_models_find(NULL, strangers[i]));
    }
}

/* Where both are there, a dated model is not the undated one. */
static void an_exact_name_wins(void **state)
{
    claude_models_t *models = load("{\"models\":[{\"id\":\"m-1\"},{\"id\":\"m-1-20260101\"},{\"id\":\"x\","
                                   "\"aliases\":[\"m-1-20260202\"]}]}");

    (void)state;
    assert_string_equal(claude_models_find(models, "m-1-20260101"), "m-1-20260101");
    assert_string_equal(claude_models_find(models, "m-1-20260202"), "x");
    assert_string_equal(claude_models_find(models, "m-1-20260303"), "m-1");
    assert_string_equal(claude_models_find(models, "m-1"), "m-1");
    claude_models_unref(models);
    /* And an undated name finds a dated row. */
    models = load("{\"models\":[{\"id\":\"m-2-20260101\"}]}");
    assert_string_equal(claude_models_find(models, "m-2"), "m-2-20260101");
    claude_models_unref(models);
}

/* ---- deprecation ---- */

static const char *notice(const char *model, const char *feature)
{
    const char *text = "untouched";

    return claude_models_deprecation(NULL, model, feature, &text) == 1 ? text : NULL;
}

static void deprecated_and_retired_models_are_told(void **state)
{
    static const char *const retired[][2] = {
        {"claude-mythos-preview", "2026-06-30"},
        {"claude-1.3", "2024-11-06"},
        {"claude-instant-1.2", "2024-11-06"},
        {"claude-instant-1.1-100k", "2024-11-06"},
        {"claude-2.0", "2025-07-21"},
        {"claude-2.1", "2025-07-21"},
        {"claude-3-sonnet-20240229", "2025-07-21"},
        {"claude-3-opus-latest", "2026-01-05"},
        {"claude-3-7-sonnet-latest", "2026-02-19"},
        {"claude-3-5-haiku-20241022", "2026-02-19"},
        {"claude-opus-4-0", "2026-06-15"},
        {"claude-sonnet-4-20250514", "2026-06-15"},
        {"claude-opus-4-1", "2026-08-05"},
    };

    (void)state;
    assert_string_equal(notice("claude-sonnet-4-5", NULL),
                        "claude-sonnet-4-5 is deprecated and will be retired on 2026-11-30");
    assert_string_equal(notice("claude-sonnet-4-5-20250929", ""),
                        "claude-sonnet-4-5 is deprecated and will be retired on 2026-11-30");
    for (size_t i = 0; i < sizeof retired / sizeof retired[0]; i++) {
        const char *text = notice(retired[i][0], NULL);
        if (!text || !strstr(text, " is retired since ") || !strstr(text, retired[i][1]))
            fail_msg("%s: %s", retired[i][0], text ? text : "nothing");
    }
    assert_null(notice("claude-opus-5-5", NULL));
    assert_null(notice("claude-unknown", NULL));
    assert_non_null(strstr(notice("claude-opus-4-6", "thinking/enabled"), "use adaptive"));
    assert_non_null(notice("claude-mythos-preview", "thinking/enabled"));
    assert_null(notice("claude-opus-4-6", "thinking/adaptive"));
    assert_null(notice("claude-opus-4-6", NULL));
    assert_null(notice("claude-opus-4-7", "thinking/enabled"));
}

static void days_left_are_counted_from_the_day_given(void **state)
{
    (void)state;
    assert_int_equal(claude_models_days_left(NULL, "claude-sonnet-4-5", today), 8);
    assert_int_equal(claude_models_days_left(NULL, "claude-sonnet-4-5", today + 1), 8);
    assert_int_equal(claude_models_days_left(NULL, "claude-sonnet-4-5", today - 1), 9);
    assert_int_equal(claude_models_days_left(NULL, "claude-sonnet-4-5", today + 8 * (int64_t)DAY_MS - 1), 1);
    assert_int_equal(claude_models_days_left(NULL, "claude-sonnet-4-5", today + 8 * (int64_t)DAY_MS), 0);
    assert_int_equal(claude_models_days_left(NULL, "claude-sonnet-4-5", INT64_MAX), 0);
    assert_int_equal(claude_models_days_left(NULL, "claude-sonnet-4-5", INT64_MIN), 20787);
    assert_int_equal(claude_models_days_left(NULL, "claude-opus-4-1", today), 0);
    assert_int_equal(claude_models_days_left(NULL, "claude-opus-5-5", today), -1);
    assert_int_equal(claude_models_days_left(NULL, "claude-unknown", today), -1);
}

static void a_table_says_what_to_use_instead(void **state)
{
    char id[CL_MODEL_ID_MAX + 1];
    char json[1024];
    claude_models_t *models =
        load("{\"models\":[{\"id\":\"old\",\"lifecycle\":\"deprecated\",\"replacement\":\"new\"},{\"id\":\"older\","
             "\"lifecycle\":\"retired\",\"retires_at\":\"2026-01-02T03:04:05Z\",\"replacement\":\"new\"},"
             "{\"id\":\"odd\",\"lifecycle\":\"legacy\",\"retires_at\":\"2026-01-02\"}]}");
    const char *text = NULL;

    (void)state;
    assert_int_equal(claude_models_deprecation(models, "old", NULL, &text), 1);
    assert_string_equal(text, "old is deprecated; use new");
    assert_int_equal(claude_models_deprecation(models, "older", NULL, &text), 1);
    assert_string_equal(text, "older is retired since 2026-01-02; use new");
    assert_int_equal(claude_models_deprecation(models, "odd", NULL, NULL), 0);
    claude_models_unref(models);
    /* The longest. */
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    snprintf(json, sizeof json,
             "{\"models\":[{\"id\":\"%s\",\"lifecycle\":\"deprecated\",\"retires_at\":\"2026-11-30\",\"replacement\":"
             "\"%s\"}]}",
             id, id);
    models = load(json);
    assert_int_equal(claude_models_deprecation(models, id, NULL, &text), 1);
    assert_int_equal(strlen(text), 128 + strlen(" is deprecated and will be retired on 2026-11-30; use ") + 128);
    claude_models_unref(models);
}

static void each_model_is_told_once(void **state)
{
    cl_told told = {{0}};
    const cl_str old = CL_STR("claude-sonnet-4-5");
    const cl_str none = CL_STR("");

    (void)state;
    assert_null(cl_deprecation_tell(NULL, &told, CL_STR("claude-opus-5-5"), none));
    assert_non_null(cl_deprecation_tell(NULL, &told, old, none));
    assert_null(cl_deprecation_tell(NULL, &told, old, none));
    assert_non_null(cl_deprecation_tell(NULL, &told, CL_STR("claude-opus-4-6"), CL_STR("thinking/enabled")));
    assert_null(cl_deprecation_tell(NULL, &told, CL_STR("claude-opus-4-6"), CL_STR("thinking/enabled")));
    assert_non_null(cl_deprecation_tell(NULL, &told, CL_STR("claude-mythos-preview"), CL_STR("thinking/enabled")));
    assert_non_null(cl_deprecation_tell(NULL, &told, CL_STR("claude-mythos-preview"), none));
}

static void what_was_told_is_bounded(void **state)
{
    cl_told told = {{0}};
    char name[16];

    (void)state;
    for (int i = 0; i < CL_TOLD_MAX; i++) {
        snprintf(name, sizeof name, "m%d", i);
        assert_true(cl_told_first(&told, cl_str_of(name), CL_STR("")));
    }
    assert_false(cl_told_first(&told, CL_STR("one more"), CL_STR("")));
    assert_false(cl_told_first(&told, CL_STR("m0"), CL_STR("")));
    assert_false(cl_told_first(&told, CL_STR("m63"), CL_STR("")));
}

static cl_told shared;

static void *tell_many(void *arg)
{
    size_t *first = arg;
    char name[16];

    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "m%d", i);
        *first += cl_told_first(&shared, cl_str_of(name), CL_STR(""));
    }
    return NULL;
}

static void threads_tell_once_together(void **state)
{
    pthread_t threads[8];
    size_t first[8] = {0};
    size_t sum = 0;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, tell_many, &first[i]), 0);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        sum += first[i];
    }
    assert_int_equal(sum, 50);
}

/* ---- a table of the program's ---- */

static void a_table_replaces_the_other_one(void **state)
{
    char json[] = "{\"models\":[{\"id\":\"mine\",\"display_name\":\"M\\u00efne\\n\",\"context_window\":7,\"fast\":true,"
                  "\"slow\":false,\"deep\":{\"a\":[\"x\",{\"b/c\":\"no\",\"d\":\"y\"}]},\"aliases\":null,"
                  "\"retires_at\":null,\"negative\":-5,\"half\":1.5,\"empty\":\"\"}],\"more\":1} ";
    claude_models_t *models = load(json);

    (void)state;
    memset(json, 'x', sizeof json - 1);
    assert_int_equal(claude_models_count(models), 1);
    assert_null(claude_models_find(models, "claude-opus-5-5"));
    assert_string_equal(claude_models_text(models, "mine", "display_name"), "M\xc3\xafne\n");
    assert_string_equal(claude_models_text(models, "mine", "deep/a/0"), "x");
    assert_string_equal(claude_models_text(models, "mine", "deep/a/1/d"), "y");
    assert_string_equal(claude_models_text(models, "mine", "deep/a/1/b~1c"), "no");
    assert_string_equal(claude_models_text(models, "mine", "empty"), "");
    assert_null(claude_models_text(models, "mine", "deep"));
    assert_null(claude_models_text(models, "mine", "deep/a/2"));
    assert_null(claude_models_text(models, "mine", ""));
    assert_null(claude_models_text(models, "mine", "/"));
    assert_int_equal(claude_models_int(models, "mine", "context_window"), 7);
    assert_int_equal(claude_models_int(models, "mine", "fast"), 1);
    assert_int_equal(claude_models_int(models, "mine", "slow"), 0);
    assert_int_equal(claude_models_int(models, "mine", "negative"), -1);
    assert_int_equal(claude_models_int(models, "mine", "half"), -1);
    assert_int_equal(claude_models_int(models, "mine", "display_name"), -1);
    assert_int_equal(claude_models_int(models, "other", "context_window"), -1);
    claude_models_ref(models);
    claude_models_unref(models);
    assert_int_equal(claude_models_count(models), 1);
    claude_models_unref(models);
    models = load("{\"models\":[]}");
    assert_int_equal(claude_models_count(models), 0);
    assert_null(claude_models_find(models, "claude-opus-5-5"));
    claude_models_unref(models);
}

#define MODEL(fields) "{\"models\":[{\"id\":\"ok\"},{\"id\":\"bad\"," fields "}]}"
#define PRICES(rows) MODEL("\"prices\":" rows)

static void malformed_tables_are_refused_by_name(void **state)
{
    static const char *const cases[][2] = {
        {"", "JSON"},
        {"{", "JSON"},
        {"[]", "the table is []"},
        {"{}", "models is missing; it must be an array"},
        {"{\"models\":{}}", "models is {}"},
        {"{\"models\":[],\"percent\":5}", "percent is 5; it must be an object"},
        {"{\"models\":[],\"percent\":{\"service_tier\":{\"batch\":0.5}}}", "percent/service_tier/batch is 0.5"},
        {"{\"models\":[],\"server_tools\":{\"web_search_requests\":-1}}", "server_tools/web_search_requests is -1"},
        {"{\"models\":[7]}", "models[0] (without id): the model is 7"},
        {"{\"models\":[{}]}", "models[0] (without id): id is missing"},
        {"{\"models\":[{\"id\":\"\"}]}", "id is \"\""},
        {"{\"models\":[{\"id\":\"a b\"}]}", "id is \"a b\"; it must be a string of 1 to 128 letters"},
        {"{\"models\":[{\"id\":\"a\\u0062\"}]}", "letters"},
        {"{\"models\":[{\"id\":7}]}", "id is 7"},
        {"{\"models\":[{\"id\":\"a\"},{\"id\":\"a\"}]}", "models[1] (a): the name a is also one of a"},
        {"{\"models\":[{\"id\":\"a\",\"aliases\":[\"x\"]},{\"id\":\"b\",\"aliases\":[\"y\",\"x\"]}]}",
         "models[1] (b): the name x is also one of a"},
        {"{\"models\":[{\"id\":\"a\"},{\"id\":\"b\",\"aliases\":[\"a\"]}]}", "also one of a"},
        {MODEL("\"aliases\":\"x\""), "models[1] (bad): aliases is \"x\""},
        {MODEL("\"aliases\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]"), "at most 8"},
        {MODEL("\"aliases\":[\"\"]"), "aliases is \"\""},
        {MODEL("\"display_name\":5"), "display_name is 5; it must be a string"},
        {MODEL("\"lifecycle\":[]"), "lifecycle is []"},
        {MODEL("\"context_window\":\"many\""), "models[1] (bad): context_window is \"many\"; it must be an integer"},
        {MODEL("\"context_window\":0"), "context_window is 0"},
        {MODEL("\"max_output_tokens\":1.5"), "max_output_tokens is 1.5"},
        {MODEL("\"cache_min_tokens\":99999999999999999999"), "cache_min_tokens is 99999999999999999999"},
        {MODEL("\"retires_at\":\"soon\""), "retires_at is \"soon\"; it must be a date like"},
        {MODEL("\"retires_at\":\"2026-02-30\""), "retires_at"},
        {MODEL("\"deprecated_at\":20260101"), "deprecated_at is 20260101"},
        {MODEL("\"forced_tool_use\":0"), "forced_tool_use is 0; it must be true or false"},
        {MODEL("\"replacement\":\"a b\""), "replacement"},
        {MODEL("\"warnings\":[]"), "warnings is []; it must be an object"},
        {MODEL("\"warnings\":{\"thinking/enabled\":1}"), "warnings/thinking/enabled is 1"},
        {MODEL("\"percent\":{\"speed\":{\"fast\":1001}}"), "models[1] (bad): percent/speed/fast is 1001"},
        {MODEL("\"percent\":{\"speed\":{\"fast\":-1}}"), "percent/speed/fast is -1"},
        {PRICES("{}"), "prices is {}; it must be an array of 1 to 8"},
        {PRICES("[]"), "prices is []"},
        {PRICES("[1,2,3,4,5,6,7,8,9]"), "an array of 1 to 8 objects"},
        {PRICES("[1]"), "prices is [1]; it must be an array of objects"},
        {PRICES("[{}]"), "prices/0/input is missing"},
        {PRICES("[{\"input\":1}]"), "prices/0/output is missing"},
        {PRICES("[{\"input\":1,\"output\":-0.1}]"), "prices/0/output is -0.1; it must be a number of dollars"},
        {PRICES("[{\"input\":\"1\",\"output\":1}]"), "prices/0/input is \"1\""},
        {PRICES("[{\"input\":10000.1,\"output\":1}]"), "prices/0/input is 10000.1"},
        {PRICES("[{\"input\":1,\"output\":1,\"cache_read\":true}]"), "prices/0/cache_read is true"},
        {PRICES("[{\"input\":1,\"output\":1,\"max_prompt_tokens\":5}]"), "max_prompt_tokens is 5; it must be left out"},
        {PRICES("[{\"input\":1,\"output\":1},{\"input\":1,\"output\":1}]"), "prices/0/max_prompt_tokens is missing"},
        {PRICES("[{\"input\":1,\"output\":1,\"max_prompt_tokens\":5},{\"input\":1,\"output\":1,"
                "\"max_prompt_tokens\":5},{\"input\":1,\"output\":1}]"),
         "prices/1/max_prompt_tokens is 5"},
        {"{\"models\":[\"\xff\"]}", "UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        claude_models_t *models = NULL;
        claude_error_t *err = NULL;

        assert_int_equal(claude_models_load_json(cases[i][0], CLAUDE_NTS, &models, &err), CLAUDE_E_INVALID);
        assert_null(models);
        if (!strstr(claude_error_message(err), cases[i][1]))
            fail_msg("%s: \"%s\" has no \"%s\"", cases[i][0], claude_error_message(err), cases[i][1]);
        claude_error_unref(err);
    }
}

/* A table of `count` models, each with as many aliases and prices as may be. */
static claude_code_t load_many(size_t count, size_t id_len, const char **message)
{
    static char text[512];
    cl_buf json = CL_BUF_INIT((size_t)1 << 24);
    claude_models_t *models = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    assert_int_equal(cl_buf_append_text(&json, "{\"models\":["), CL_BUF_OK);
    for (size_t i = 0; i < count; i++) {
        char id[200];
        snprintf(id, sizeof id, "%0*zu", (int)id_len, i);
        assert_int_equal(cl_buf_append_text(&json, i > 0 ? ",{\"id\":\"" : "{\"id\":\""), CL_BUF_OK);
        assert_int_equal(cl_buf_append_text(&json, id), CL_BUF_OK);
        assert_int_equal(cl_buf_append_text(&json, "\",\"aliases\":["), CL_BUF_OK);
        for (size_t k = 0; k < CL_MODEL_ALIASES_MAX; k++) {
            snprintf(id, sizeof id, "%s\"a%zu-%zu\"", k > 0 ? "," : "", i, k);
            assert_int_equal(cl_buf_append_text(&json, id), CL_BUF_OK);
        }
        assert_int_equal(cl_buf_append_text(&json, "]}"), CL_BUF_OK);
    }
    assert_int_equal(cl_buf_append_text(&json, "]}"), CL_BUF_OK);
    rc = claude_models_load_json(json.ptr, json.len, &models, &err);
    if (rc == CLAUDE_OK) {
        assert_int_equal(claude_models_count(models), count);
        assert_string_equal(claude_models_find(models, "a3-7"), claude_models_at(models, 3));
    }
    snprintf(text, sizeof text, "%s", claude_error_message(err));
    *message = text;
    claude_error_unref(err);
    claude_models_unref(models);
    cl_buf_free(&json);
    return rc;
}

static void tables_have_limits(void **state)
{
    const char *message;
    char *large = malloc(CL_MODELS_JSON_MAX + 2);
    claude_models_t *models = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(load_many(CL_MODELS_MAX, CL_MODEL_ID_MAX, &message), CLAUDE_OK);
    assert_int_equal(load_many(CL_MODELS_MAX + 1, 5, &message), CLAUDE_E_INVALID);
    assert_non_null(strstr(message, "at most 256"));
    assert_int_equal(load_many(5, CL_MODEL_ID_MAX + 1, &message), CLAUDE_E_INVALID);
    assert_non_null(strstr(message, "1 to 128"));
    assert_non_null(large);
    memset(large, ' ', CL_MODELS_JSON_MAX + 1);
    memcpy(large, "{\"models\":[]}", 13);
    assert_int_equal(claude_models_load_json(large, CL_MODELS_JSON_MAX, &models, NULL), CLAUDE_OK);
    claude_models_unref(models);
    assert_int_equal(claude_models_load_json(large, CL_MODELS_JSON_MAX + 1, &models, &err), CLAUDE_E_INVALID);
    assert_non_null(strstr(claude_error_message(err), "at most"));
    claude_error_unref(err);
    free(large);
}

/* ---- the context window ---- */

#define FITS(model, input, output) assert_int_equal(claude_context_check(NULL, model, input, output, NULL), CLAUDE_OK)

static void does_not_fit(const char *model, int64_t input, int64_t output, const char *text)
{
    claude_error_t *err = NULL;

    assert_int_equal(claude_context_check(NULL, model, input, output, &err), CLAUDE_E_INVALID);
    if (!strstr(claude_error_message(err), text))
        fail_msg("\"%s\" has no \"%s\"", claude_error_message(err), text);
    claude_error_unref(err);
}

static void a_prompt_and_its_answer_must_fit(void **state)
{
    (void)state;
    FITS("claude-haiku-4-5", 190000, 10000);
    FITS("claude-haiku-4-5", 200000, 0);
    FITS("claude-haiku-4-5", 0, 200000);
    FITS("us.anthropic.claude-opus-5-5-v1:0", 999999, 1);
    does_not_fit("claude-haiku-4-5", 190000, 10001,
                 "max_tokens: 190000 counted and 10001 asked for are more than the context window of claude-haiku-4-5, "
                 "which is 200000 tokens, by 1; set max_tokens to at most 10000, or shorten the prompt");
    does_not_fit("claude-haiku-4-5", 200000, 1, "input_tokens: 200000 counted leave no room");
    does_not_fit("claude-haiku-4-5", 200001, 0, "which is 200000 tokens; shorten the prompt");
    does_not_fit("claude-haiku-4-5", INT64_MAX, INT64_MAX, "shorten the prompt");
    does_not_fit("claude-haiku-4-5", 1, INT64_MAX, "by 9223372036854575808");
    does_not_fit("claude-haiku-4-5", -1, 5, "input_tokens is -1; it must be 0 or more");
    does_not_fit("claude-haiku-4-5", 5, -1, "max_tokens is -1");
    does_not_fit("claude-unknown", 5, 5, "context window of claude-unknown is not known");
    does_not_fit("claude-2.1", 5, 5, "is not known; check against the answer of models.retrieve");
    does_not_fit(NULL, 5, 5, "model is NULL");
}

/* ---- misuse ---- */

static void wrong_handles_are_harmless(void **state)
{
    claude_request_t *request = NULL;
    const claude_models_t *wrong;
    claude_models_t *models = NULL;
    size_t len = 7;
    const char *text = "untouched";

    (void)state;
    assert_int_equal(claude_request_new("messages.create", &request, NULL), CLAUDE_OK);
    wrong = (const claude_models_t *)request;
    assert_null(claude_models_json(wrong, &len));
    assert_int_equal(len, 0);
    assert_int_equal(claude_models_count(wrong), 0);
    assert_null(claude_models_at(wrong, 0));
    assert_null(claude_models_find(wrong, "claude-opus-5-5"));
    assert_null(claude_models_find(NULL, NULL));
    assert_null(claude_models_text(wrong, "claude-opus-5-5", "line"));
    assert_null(claude_models_text(NULL, "claude-opus-5-5", NULL));
    assert_null(claude_models_text(NULL, NULL, "line"));
    assert_int_equal(claude_models_int(wrong, "claude-opus-5-5", "context_window"), -1);
    assert_int_equal(claude_models_int(NULL, "claude-opus-5-5", NULL), -1);
    assert_int_equal(claude_models_deprecation(wrong, "claude-2.1", NULL, &text), 0);
    assert_int_equal(claude_models_deprecation(NULL, NULL, NULL, &text), 0);
    assert_string_equal(text, "untouched");
    assert_int_equal(claude_models_days_left(wrong, "claude-2.1", 0), -1);
    assert_int_equal(claude_context_check(wrong, "claude-opus-5-5", 1, 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_models_load_json(NULL, 5, &models, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_models_load_json("{\"models\":[]}", CLAUDE_NTS, NULL, NULL), CLAUDE_E_INVALID);
    assert_null(models);
    assert_null(claude_models_ref(NULL));
    assert_null(claude_models_ref((claude_models_t *)request));
    claude_models_unref(NULL);
    claude_models_unref((claude_models_t *)request);
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_table_is_made_once),
        cmocka_unit_test(built_in_table_passes_its_own_check),
        cmocka_unit_test(built_in_table_is_lent_for_ever),
        cmocka_unit_test(limits_of_every_model),
        cmocka_unit_test(a_model_has_many_spellings),
        cmocka_unit_test(an_exact_name_wins),
        cmocka_unit_test(deprecated_and_retired_models_are_told),
        cmocka_unit_test(days_left_are_counted_from_the_day_given),
        cmocka_unit_test(a_table_says_what_to_use_instead),
        cmocka_unit_test(each_model_is_told_once),
        cmocka_unit_test(what_was_told_is_bounded),
        cmocka_unit_test(threads_tell_once_together),
        cmocka_unit_test(a_table_replaces_the_other_one),
        cmocka_unit_test(malformed_tables_are_refused_by_name),
        cmocka_unit_test(tables_have_limits),
        cmocka_unit_test(a_prompt_and_its_answer_must_fit),
        cmocka_unit_test(wrong_handles_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
