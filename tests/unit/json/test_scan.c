#include "scan_cases.h"

#include <dirent.h>
#include <pthread.h>

/* ---- the corpus: y_ must be accepted, n_ refused, i_ says itself what is right ---- */

static char *read_file(const char *name, size_t *len)
{
    char path[4096];
    FILE *file;
    char *text;
    long size;

    assert_true((size_t)snprintf(path, sizeof path, "%s/corpus/%s", CLAUDE_TEST_DATA, name) < sizeof path);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    text = malloc((size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    *len = (size_t)size;
    return text;
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* Counts what went wrong: cmocka's assertions do not work on other threads. */
static size_t check_file(const char *name)
{
    bool accept = strncmp(name, "y_", 2) == 0 || strncmp(name, "i_accept", 8) == 0;
    size_t len;
    char *text = read_file(name, &len);
    cl_err err;
    claude_code_t rc = validate_exact(cl_str_n(text, len), CL_JSON_DEPTH_DEFAULT, &err);
    size_t wrong = 0;

    if ((rc == CLAUDE_OK) != accept) {
        print_error("%s: code %d %s\n", name, (int)rc, rc < 0 ? err.message : "");
        wrong = 1;
    }
    if (rc < 0 && (rc != CLAUDE_E_INVALID || !strstr(err.message, "JSON is not valid at offset "))) {
        print_error("%s: message is \"%s\"\n", name, err.message);
        wrong = 1;
    }
    free(text);
    return wrong;
}

typedef struct corpus {
    size_t files;
    size_t wrong;
} corpus;

static void *check_corpus(void *arg)
{
    corpus *result = arg;
    DIR *dir = opendir(CLAUDE_TEST_DATA "/corpus");
    struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL) {
        if (!ends_with(entry->d_name, ".json"))
            continue;
        result->files++;
        result->wrong += check_file(entry->d_name);
    }
    if (dir)
        closedir(dir);
    return NULL;
}

static void corpus_is_judged_rightly(void **state)
{
    corpus result = {0, 0};

    (void)state;
    check_corpus(&result);
    assert_true(result.files > 150);
    assert_int_equal(result.wrong, 0);
}

/* Threads of small C libraries have 128 KiB; nothing here may need more, however deep the document. */
static void corpus_on_a_small_stack(void **state)
{
    corpus result = {0, 0};
    pthread_attr_t attr;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, (size_t)128 * 1024), 0);
    assert_int_equal(pthread_create(&thread, &attr, check_corpus, &result), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attr);
    assert_true(result.files > 150);
    assert_int_equal(result.wrong, 0);
}

/* ---- depth ---- */

static void nest(cl_buf *out, size_t depth, bool objects)
{
    for (size_t i = 0; i < depth; i++)
        assert_int_equal(cl_buf_append_text(out, objects && i % 2 ? "{\"a\":" : "["), CL_BUF_OK);
    assert_int_equal(cl_buf_append_text(out, "1"), CL_BUF_OK);
    for (size_t i = depth; i > 0; i--)
        assert_int_equal(cl_buf_append_text(out, objects && (i - 1) % 2 ? "}" : "]"), CL_BUF_OK);
}

static void depth_is_capped(void **state)
{
    static const uint32_t depths[] = {1, 2, 63, 64, 65, 128, 200, 1000, CL_JSON_DEPTH_MAX};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof depths / sizeof depths[0]; i++) {
        uint32_t depth = depths[i / 2];
        cl_buf text = CL_BUF_INIT(1u << 24);
        cl_err err;
        nest(&text, depth, i % 2);
        assert_int_equal(validate_exact(cl_buf_str(&text), depth, &err), CLAUDE_OK);
        assert_int_equal(validate_exact(cl_buf_str(&text), depth - 1, &err), CLAUDE_E_INVALID);
        assert_non_null(strstr(err.message, "nested too deeply"));
        cl_buf_clear(&text);
        nest(&text, CL_JSON_DEPTH_MAX + 1, i % 2);
        assert_int_equal(validate_exact(cl_buf_str(&text), UINT32_MAX, &err), CLAUDE_E_INVALID);
        cl_buf_free(&text);
    }
}

static void depth_zero_allows_scalars_only(void **state)
{
    cl_err err;

    (void)state;
    assert_int_equal(validate_exact(CL_STR("1"), 0, &err), CLAUDE_OK);
    assert_int_equal(validate_exact(CL_STR("[]"), 0, &err), CLAUDE_E_INVALID);
}

/* ---- what an error says ---- */

static void errors_name_offset_and_reason(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "offset 0: the text ends where a value"},
        {"[1,]", "offset 3: a value is expected"},
        {"{\"a\":1,}", "offset 7: a key in double quotes"},
        {"{\"a\" 1}", "offset 5: a colon"},
        {"[1 2]", "offset 3: a comma or ]"},
        {"{\"a\":1]", "offset 6: a comma or }"},
        {"[[1]", "offset 4: the text ends inside an array"},
        {"{\"a\":[]", "offset 7: the text ends inside an object"},
        {"[\"abc", "offset 5: string without end"},
        {"[\"ab\\u12\"]", "offset 4: escape that does not exist"},
        {"\"\xc3\xa9\\ud800\"", "offset 3: lone surrogate escape"},
        {"\"ab\\", "offset 3: string without end"},
        {"[\"0123456789abcdefg\xff\"]", "offset 19: invalid UTF-8"},
        {"[\"0123456789abcdefg\n\"]", "offset 19: control character"},
        {" 01", "offset 1: number with a leading zero"},
        {"-", "offset 1: a number needs a digit"},
        {"1.x", "offset 2: a number needs a digit"},
        {"1e+", "offset 3: a number needs a digit"},
        {"nul", "offset 0: neither true, false nor null"},
        {"{} {}", "offset 3: text after the end"},
        {"\xef\xbb\xbf{}", "offset 0: byte order mark"},
        {"NaN", "offset 0: a value is expected"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_err err;
        assert_int_equal(validate_exact(cl_str_of(rows[i].text), 200, &err), CLAUDE_E_INVALID);
        if (!strstr(err.message, rows[i].message))
            fail_msg("%s: \"%s\" instead of \"%s\"", rows[i].text, err.message, rows[i].message);
    }
}

static void value_is_given_without_its_space(void **state)
{
    cl_json value = {NULL, 0, -1};
    cl_str text = CL_STR(" \n[1, 2]\t ");

    (void)state;
    assert_int_equal(cl_json_validate(text, 200, &value, NULL), CLAUDE_OK);
    assert_ptr_equal(value.ptr, text.ptr + 2);
    assert_int_equal(value.len, 6);
    assert_int_equal(value.type, CLAUDE_JSON_ARRAY);
    assert_int_equal(cl_json_validate(cl_str_n(NULL, 0), 200, &value, NULL), CLAUDE_E_INVALID);
}

/* A large answer: accepted whole, refused when cut anywhere. */
static void every_prefix_of_a_large_document(void **state)
{
    cl_buf text = CL_BUF_INIT(1u << 20);
    char *copy;

    (void)state;
    assert_int_equal(cl_buf_append_text(&text, "{\"content\":["), CL_BUF_OK);
    for (int i = 0; i < 60; i++) {
        if (i > 0)
            assert_int_equal(cl_buf_append_char(&text, ','), CL_BUF_OK);
        assert_int_equal(cl_buf_append_text(&text, seeds[i % 4]), CL_BUF_OK);
    }
    assert_int_equal(cl_buf_append_text(&text, "]}"), CL_BUF_OK);
    assert_true(text.len > 4000);
    assert_int_equal(cl_json_validate(cl_buf_str(&text), 200, NULL, NULL), CLAUDE_OK);
    copy = exact_copy(cl_buf_str(&text));
    for (size_t n = 0; n < text.len; n++)
        assert_int_equal(cl_json_validate(cl_str_n(copy, n), 200, NULL, NULL), CLAUDE_E_INVALID);
    free(copy);
    cl_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCAN_CASES,
        cmocka_unit_test(corpus_is_judged_rightly),
        cmocka_unit_test(corpus_on_a_small_stack),
        cmocka_unit_test(depth_is_capped),
        cmocka_unit_test(depth_zero_allows_scalars_only),
        cmocka_unit_test(errors_name_offset_and_reason),
        cmocka_unit_test(value_is_given_without_its_space),
        cmocka_unit_test(every_prefix_of_a_large_document),
    };

    return cmocka_run_group_tests_name("json.scan", tests, NULL, NULL);
}
