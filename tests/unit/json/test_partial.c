/*
 * JSON that is still coming. What the library makes of the beginning of a document is compared with a simple reading of
 * it, recursive and from the start each time; what it refuses, with what the scanner of whole documents says.
 */
#include "testing.h"

#include <time.h>

#include <claude/partial.h>

#include "slow.h"

enum { DEPTH = 200, TEXT_MAX = 1000 };

/* ---- the simple reading ---- */

typedef struct reading {
    slow in;
    const char *start;
    char open[DEPTH + 1]; /* closing brackets of what is open, innermost last */
    size_t depth;
    char document[2 * TEXT_MAX + DEPTH]; /* up to the last complete item, closed */
} reading;

enum verdict { DONE, MORE, BAD };

/* Everything up to here counts. */
static void keep(reading *r)
{
    size_t n = (size_t)((const char *)r->in.p - r->start);

    memcpy(r->document, r->start, n);
    for (size_t i = r->depth; i > 0; i--)
        r->document[n++] = r->open[i - 1];
    r->document[n] = '\0';
}

/* Whether something can follow that makes the rest a good string, number or literal. */
static enum verdict can_go_on(const reading *r, bool (*good)(slow *s))
{
    static const char *const tails[] = {
        "",           "0",          "\"",         "\\\"",           "n\"",
        "0\"",        "00\"",       "000\"",      "0000\"",         "u0000\"",
        "00\"",       "c00\"",      "dc00\"",     "udc00\"",        "00\\udc00\"",
        "0\\udc00\"", "\\udc00\"",  "\x80\"",     "\x90\"",         "\xa0\"",
        "\x80\x80\"", "\x90\x80\"", "\xa0\x80\"", "\x80\x80\x80\"", "\x90\x80\x80\"",
    };
    unsigned char text[TEXT_MAX + 10];
    size_t n = (size_t)(r->in.end - r->in.p);

    memcpy(text, r->in.p, n);
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        size_t more = strlen(tails[i]);
        slow s = {text, text + n + more, 0};
        memcpy(text + n, tails[i], more);
        if (good(&s) && s.p == s.end)
            return MORE;
    }
    return BAD;
}

static enum verdict read_string(reading *r)
{
    slow rest = r->in;

    if (!slow_string(&rest))
        return can_go_on(r, slow_string);
    r->in.p = rest.p;
    return DONE;
}

static enum verdict read_number(reading *r)
{
    slow number = r->in;
    bool good = slow_number(&number);

    if (number.p == number.end)
        return can_go_on(r, slow_number);
    if (!good || (number.p[-1] == '0' && slow_digits(&number) > 0))
        return BAD;
    r->in.p = number.p;
    return DONE;
}

static enum verdict read_word(reading *r)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t left = (size_t)(r->in.end - r->in.p);

    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if (slow_is(&r->in, words[i]))
            return DONE;
        if (left < n && memcmp(words[i], r->in.p, left) == 0)
            return MORE;
    }
    return BAD;
}

static enum verdict read_value(reading *r);

/* After an opening bracket, up to and with its counterpart. */
static enum verdict read_items(reading *r, bool object)
{
    enum verdict verdict = DONE;
    bool first = true;

    for (;;) {
        slow_space(&r->in);
        if (first && slow_is(&r->in, object ? "}" : "]"))
            break;
        if (r->in.p == r->in.end)
            return MORE;
        if (object) {
            if (!slow_is(&r->in, "\""))
                return BAD;
            verdict = read_string(r);
            slow_space(&r->in);
            if (verdict == DONE && !slow_is(&r->in, ":"))
                verdict = r->in.p == r->in.end ? MORE : BAD;
        }
        slow_space(&r->in);
        if (verdict == DONE)
            verdict = read_value(r);
        slow_space(&r->in);
        if (verdict != DONE || r->in.p == r->in.end)
            return verdict != DONE ? verdict : MORE;
        if (slow_is(&r->in, object ? "}" : "]"))
            break;
        if (!slow_is(&r->in, ","))
            return BAD;
        first = false;
    }
    r->depth--;
    return DONE;
}

static enum verdict read_value(reading *r)
{
    enum verdict verdict;
    unsigned char c;

    if (r->in.p == r->in.end)
        return MORE;
    c = *r->in.p;
    if (c == '{' || c == '[') {
        if (r->depth == DEPTH)
            return BAD;
        r->in.p++;
        r->open[r->depth++] = c == '{' ? '}' : ']';
        keep(r);
        verdict = read_items(r, c == '{');
    } else if (c == '"') {
        r->in.p++;
        verdict = read_string(r);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        verdict = read_number(r);
    } else {
        verdict = read_word(r);
    }
    if (verdict == DONE)
        keep(r);
    return verdict;
}

static enum verdict read_slowly(reading *r, cl_str text)
{
    enum verdict verdict;

    assert_true(text.len <= TEXT_MAX);
    memset(r, 0, sizeof *r);
    r->start = text.ptr;
    r->in.p = (const unsigned char *)text.ptr;
    r->in.end = r->in.p + text.len;
    slow_space(&r->in);
    verdict = read_value(r);
    slow_space(&r->in);
    return verdict == DONE && r->in.p != r->in.end ? BAD : verdict;
}

/* ---- the comparison ---- */

static claude_partial_t *begin(void)
{
    claude_partial_t *partial = NULL;

    assert_int_equal(claude_partial_new(-1, &partial, NULL), CLAUDE_OK);
    return partial;
}

static const char *shown(cl_str text)
{
    static char copy[TEXT_MAX + 1];

    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

/* The scanner gives the same reason at the same place; but half a surrogate pair that is cut off it takes for another
 * bad escape. */
static void expect_refusal(const claude_partial_t *partial, const claude_error_t *error, cl_str text)
{
    cl_err whole;
    char where[64];

    assert_int_equal(claude_error_code(error), CLAUDE_E_INVALID);
    cl_err_init(&whole);
    assert_int_equal(cl_json_validate(text, DEPTH, NULL, &whole), CLAUDE_E_INVALID);
    if (!strstr(claude_error_message(error), "lone surrogate"))
        assert_string_equal(claude_error_message(error), whole.message);
    (void)snprintf(where, sizeof where, "at offset %lld:", (long long)claude_partial_error_at(partial));
    assert_non_null(strstr(whole.message, where));
}

/* What has been added so far is `text`. */
static void compare(claude_partial_t *partial, claude_code_t rc, const claude_error_t *error, cl_str text)
{
    static reading r;
    enum verdict verdict = read_slowly(&r, text);
    size_t len = 0;
    const char *json = claude_partial_json(partial, &len);

    if ((rc < 0) != (verdict == BAD) || strcmp(json, r.document) != 0 || strlen(json) != len)
        fail_msg("<%s>: %d, <%s>; it should be %d, <%s>", shown(text), (int)rc, json, verdict, r.document);
    assert_int_equal(claude_partial_is_complete(partial), verdict == DONE);
    assert_ptr_equal(claude_partial_json(partial, NULL), json);
    if (len > 0)
        assert_int_equal(cl_json_validate(cl_str_n(json, len), DEPTH, NULL, NULL), CLAUDE_OK);
    if (verdict == DONE)
        assert_int_equal(cl_json_validate(text, DEPTH, NULL, NULL), CLAUDE_OK);
    if (rc < 0)
        expect_refusal(partial, error, text);
    else
        assert_int_equal(claude_partial_error_at(partial), -1);
}

/* Adds a piece that ends where its memory ends. */
static claude_code_t add(claude_partial_t *partial, cl_str piece, claude_error_t **error)
{
    char *copy = exact_copy(piece);
    claude_code_t rc = claude_partial_add(partial, copy, piece.len, error);

    free(copy);
    return rc;
}

/* Byte by byte, with a look after each; then in two pieces, cut at every place. */
static void check(cl_str text)
{
    claude_partial_t *partial = begin();
    claude_error_t *error = NULL;
    claude_code_t rc = CLAUDE_OK;
    size_t n = 0;

    for (; n < text.len && rc >= 0; n++) {
        rc = add(partial, cl_str_n(text.ptr + n, 1), &error);
        compare(partial, rc, error, cl_str_n(text.ptr, n + 1));
    }
    claude_partial_unref(partial);
    claude_error_unref(error);
    for (size_t cut = 0; cut <= n; cut++) {
        error = NULL;
        partial = begin();
        rc = add(partial, cl_str_n(text.ptr, cut), &error);
        if (cut % 3 == 0)
            (void)claude_partial_json(partial, NULL);
        if (rc >= 0)
            rc = add(partial, cl_str_n(text.ptr + cut, n - cut), &error);
        compare(partial, rc, error, cl_str_n(text.ptr, n));
        claude_partial_unref(partial);
        claude_error_unref(error);
    }
}

static void check_text(const char *text)
{
    check(cl_str_of(text));
}

/* ---- the rules, spelled out ---- */

static const struct rule {
    const char *text;
    const char *document;
} rules[] = {
    {"", ""},
    {"  ", ""},
    {"{", "{}"},
    {"[", "[]"},
    {"{\"a", "{}"},
    {"{\"a\"", "{}"},
    {"{\"a\":", "{}"},
    {"{\"a\": ", "{}"},
    {"{\"a\":\"b", "{}"},
    {"{\"a\":\"b\\", "{}"},
    {"{\"a\":\"b\\\"", "{}"},
    {"{\"a\":\"b\\\\\"", "{\"a\":\"b\\\\\"}"},
    {"{\"a\":\"b\"", "{\"a\":\"b\"}"},
    {"{\"a\":\"b\",", "{\"a\":\"b\"}"},
    {"{\"a\":\"b\",\"c", "{\"a\":\"b\"}"},
    {"{\"a\":\"b\",\"c\":", "{\"a\":\"b\"}"},
    {"{\"a\":12", "{}"},
    {"{\"a\":12,", "{\"a\":12}"},
    {"{\"a\":12 ", "{\"a\":12}"},
    {"{\"a\":12}", "{\"a\":12}"},
    {"{\"a\":1.", "{}"},
    {"{\"a\":-", "{}"},
    {"{\"a\":1e-", "{}"},
    {"{\"a\":1e-5", "{}"},
    {"{\"a\":tru", "{}"},
    {"{\"a\":true", "{\"a\":true}"},
    {"{\"a\":fals", "{}"},
    {"{\"a\":nul", "{}"},
    {"{\"a\":null", "{\"a\":null}"},
    {"[1, 2, 3", "[1, 2]"},
    {"[1, 2, ", "[1, 2]"},
    {"[[", "[[]]"},
    {"[{\"a\":[1,{\"b\":2", "[{\"a\":[1,{}]}]"},
    {"{\"a\":{\"b\":[", "{\"a\":{\"b\":[]}}"},
    {"\"abc", ""},
    {"\"abc\"", "\"abc\""},
    {"12", ""},
    {"12 ", "12"},
    {"true", "true"},
    {"{\"a\":\"\\ud83d\\ude0", "{}"},
    {"{\"a\":\"\xf0\x9f\x98", "{}"},
    {" {\"a\" : [ ] , \"b\"", " {\"a\" : [ ]}"},
    {"{} \n", "{}"},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        claude_partial_t *partial = begin();
        assert_int_equal(claude_partial_add(partial, rules[i].text, CLAUDE_NTS, NULL), CLAUDE_OK);
        assert_string_equal(claude_partial_json(partial, NULL), rules[i].document);
        claude_partial_unref(partial);
        check_text(rules[i].text);
    }
}

static const struct refusal {
    const char *text;
    int64_t at;
    const char *why;
} refusals[] = {
    {"truee", 4, "text after the end"},
    {"[truee", 5, "a comma or ]"},
    {"[trx", 1, "neither true, false nor null"},
    {"INVALID", 0, "a value is expected"},
    {"{\"a\":INVALID", 5, "a value is expected"},
    {"]", 0, "a value is expected"},
    {"[}", 1, "a value is expected"},
    {"[1}", 2, "a comma or ]"},
    {"{\"a\":1]", 6, "a comma or }"},
    {"{]", 1, "a key in double quotes"},
    {"{} }", 3, "text after the end"},
    {"{,", 1, "a key in double quotes"},
    {"{\"a\",", 4, "a colon"},
    {"{\"a\":,", 5, "a value is expected"},
    {"{\"a\":1,}", 7, "a key in double quotes"},
    {"[1,]", 3, "a value is expected"},
    {"[1 2", 3, "a comma or ]"},
    {"[01", 1, "leading zero"},
    {"[1.,", 3, "needs a digit"},
    {"[-x", 2, "needs a digit"},
    {"[1e+]", 4, "needs a digit"},
    {"[1e5.", 4, "a comma or ]"},
    {"[+1", 1, "a value is expected"},
    {"[.5", 1, "a value is expected"},
    {"{'a'", 1, "a key in double quotes"},
    {"[\"a\nb", 3, "control character"},
    {"[\"\\x", 2, "escape that does not exist"},
    {"[\"\\u12g", 2, "escape that does not exist"},
    {"[\"\\udc00", 2, "lone surrogate"},
    {"[\"\\ud83dx", 2, "lone surrogate"},
    {"[\"\\ud83d\\n", 2, "lone surrogate"},
    {"[\"\\ud83d\\u0041", 2, "lone surrogate"},
    {"[\"\\ud83d\\u00zz", 2, "lone surrogate"},
    {"[\"\xff", 2, "invalid UTF-8"},
    {"[\"\xc3(", 2, "invalid UTF-8"},
    {"[\"\xc1\xbf", 2, "invalid UTF-8"},
    {"[\"\xe0\x9f", 2, "invalid UTF-8"},
    {"[\"\xed\xa0", 2, "invalid UTF-8"},
    {"[\"\xf0\x8f", 2, "invalid UTF-8"},
    {"[\"\xf4\x90", 2, "invalid UTF-8"},
    {"// x", 0, "a value is expected"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        claude_partial_t *partial = begin();
        claude_error_t *error = NULL;
        assert_int_equal(claude_partial_add(partial, refusals[i].text, CLAUDE_NTS, &error), CLAUDE_E_INVALID);
        if (claude_partial_error_at(partial) != refusals[i].at || !strstr(claude_error_message(error), refusals[i].why))
            fail_msg("<%s>: %s", refusals[i].text, claude_error_message(error));
        claude_error_unref(error);
        claude_partial_unref(partial);
        check_text(refusals[i].text);
    }
}

/* After an error nothing is taken, and the document so far stays. */
static void test_sticky(void **state)
{
    claude_partial_t *partial = begin();
    claude_error_t *error = NULL;

    (void)state;
    assert_int_equal(claude_partial_add(partial, "{\"a\":1,\"b\":[2,x3", CLAUDE_NTS, NULL), CLAUDE_E_INVALID);
    assert_string_equal(claude_partial_json(partial, NULL), "{\"a\":1,\"b\":[2]}");
    for (int i = 0; i < 2; i++) {
        error = NULL;
        assert_int_equal(claude_partial_add(partial, "]}", CLAUDE_NTS, &error), CLAUDE_E_INVALID);
        assert_string_equal(claude_error_message(error), "JSON is not valid at offset 14: a value is expected here");
        assert_string_equal(claude_partial_json(partial, NULL), "{\"a\":1,\"b\":[2]}");
        claude_error_unref(error);
    }
    assert_int_equal(claude_partial_is_complete(partial), 0);
    claude_partial_unref(partial);
}

static void test_nul(void **state)
{
    (void)state;
    check(cl_str_n("[\0", 2));
    check(cl_str_n("[\"\0", 3));
    check(cl_str_n("[\"\\\0", 4));
    check(cl_str_n("[t\0", 3));
    check(cl_str_n("[1\0", 3));
    check(cl_str_n("{}\0", 3));
}

static void test_depth(void **state)
{
    char text[2 * (DEPTH + 1) + 1];
    claude_partial_t *partial = begin();
    size_t len = 0;

    (void)state;
    for (int i = 0; i < DEPTH; i++)
        text[i] = i % 3 ? '[' : '{';
    for (int i = 0; i < DEPTH; i++) {
        if (text[i] == '{')
            assert_int_equal(claude_partial_add(partial, "{\"k\":", CLAUDE_NTS, NULL), CLAUDE_OK);
        else
            assert_int_equal(claude_partial_add(partial, "[", 1, NULL), CLAUDE_OK);
    }
    (void)claude_partial_json(partial, &len);
    assert_int_equal(cl_json_validate(cl_str_n(claude_partial_json(partial, NULL), len), DEPTH, NULL, NULL), CLAUDE_OK);
    assert_int_equal(claude_partial_add(partial, "\"x\"", CLAUDE_NTS, NULL), CLAUDE_OK);
    assert_int_equal(claude_partial_add(partial, ",[", CLAUDE_NTS, NULL), CLAUDE_E_INVALID);
    claude_partial_unref(partial);

    memset(text, '[', DEPTH + 1);
    check(cl_str_n(text, DEPTH));
    check(cl_str_n(text, DEPTH + 1));
    memset(text + DEPTH, ']', DEPTH + 1);
    check(cl_str_n(text, (size_t)2 * DEPTH));
    check(cl_str_n(text, (size_t)2 * DEPTH + 1));
}

/* ---- anything ---- */

static void test_tokens(void **state)
{
    static const char *const tokens[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"k\":",
        "\"a\"",
        "\"\\u00e9\\n\"",
        "\"\xf0\x9f\x98\x80\xe2\x82\xac\"",
        "\"\\ud83d\\ude00",
        "\"",
        "1",
        "-0.5e+3",
        "0",
        "true",
        "false",
        "null",
        "tr",
        "-",
        " ",
        "\n",
        "[{\"x\":[]}]",
        "\\",
        "e",
        ".",
        "\xc3",
        "\x01",
    };
    uint64_t seed = 7;

    (void)state;
    for (int round = 0; round < 6000; round++) {
        char text[TEXT_MAX];
        size_t len = 0;
        size_t count = 1 + next_random(&seed) % 12;
        /* The first ones more often, so that documents go on for a while. */
        size_t of = next_random(&seed) % 4 ? 20 : sizeof tokens / sizeof tokens[0];
        for (size_t i = 0; i < count; i++) {
            const char *token = tokens[next_random(&seed) % of];
            memcpy(text + len, token, strlen(token));
            len += strlen(token);
        }
        check(cl_str_n(text, len));
    }
}

/* A good document, every time another. */
static size_t write_value(char *out, uint64_t *seed, unsigned depth)
{
    static const char *const scalars[] = {
        "\"\"",  "\"a b\"", "\"\\\"\\\\\\u20ac\"", "\"\xc3\xa9\xe4\xb8\xad\"", "0", "-1.25E-7", "12345", "true",
        "false", "null"};
    static const char *const spaces[] = {"", "", " ", "\n\t"};
    size_t count = next_random(seed) % 4;
    bool object = next_random(seed) % 2;
    size_t n = 0;

    if (depth == 0 || next_random(seed) % 5 == 0)
        return (size_t)sprintf(out, "%s%s", spaces[next_random(seed) % 4], scalars[next_random(seed) % 10]);
    n += (size_t)sprintf(out, "%s%s", object ? "{" : "[", spaces[next_random(seed) % 4]);
    for (size_t i = 0; i < count; i++) {
        n += (size_t)sprintf(out + n, "%s", i > 0 ? "," : "");
        if (object)
            n += (size_t)sprintf(out + n, "%s\"k%zu\"%s:", spaces[next_random(seed) % 4], i,
                                 spaces[next_random(seed) % 4]);
        n += write_value(out + n, seed, depth - 1);
        n += (size_t)sprintf(out + n, "%s", spaces[next_random(seed) % 4]);
    }
    return n + (size_t)sprintf(out + n, "%s", object ? "}" : "]");
}

static void test_documents(void **state)
{
    uint64_t seed = 11;
    char text[20 * TEXT_MAX];

    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t len = write_value(text, &seed, 3);
        if (len > 300)
            continue;
        check(cl_str_n(text, len));
        /* One byte of it changed. */
        text[next_random(&seed) % len] = (char)next_random(&seed);
        check(cl_str_n(text, len));
    }
}

/* ---- size ---- */

static void test_limit(void **state)
{
    enum { LIMIT = 256 << 20, PIECE = 1 << 20 };
    claude_partial_t *partial = begin();
    claude_error_t *error = NULL;
    char *piece = malloc(PIECE);
    size_t len;

    (void)state;
    assert_non_null(piece);
    memset(piece, ' ', PIECE);
    /* All but one byte of the limit. */
    assert_int_equal(claude_partial_add(partial, "[", 1, NULL), CLAUDE_OK);
    for (int i = 0; i < LIMIT / PIECE - 1; i++)
        assert_int_equal(claude_partial_add(partial, piece, PIECE, NULL), CLAUDE_OK);
    assert_int_equal(claude_partial_add(partial, piece, PIECE - 2, NULL), CLAUDE_OK);
    assert_int_equal(claude_partial_add(partial, "[[", 2, &error), CLAUDE_E_TOO_LARGE);
    assert_non_null(strstr(claude_error_message(error), "268435456 bytes"));
    assert_int_equal(claude_partial_add(partial, "]", 1, NULL), CLAUDE_OK);
    assert_int_equal(claude_partial_is_complete(partial), 1);
    (void)claude_partial_json(partial, &len);
    assert_int_equal(len, LIMIT);
    assert_int_equal(claude_partial_add(partial, " ", 1, NULL), CLAUDE_E_TOO_LARGE);
    claude_error_unref(error);
    claude_partial_unref(partial);
    free(piece);
}

/* Seconds for a document in pieces of 20 bytes, with a look after each. */
static double seconds(size_t pieces, const char *head, const char *piece)
{
    clock_t start = clock();
    claude_partial_t *partial = begin();
    size_t looks = 0;

    assert_int_equal(claude_partial_add(partial, head, CLAUDE_NTS, NULL), CLAUDE_OK);
    for (size_t i = 0; i < pieces; i++) {
        size_t len = 0;
        assert_true(claude_partial_add(partial, piece, 20, NULL) == CLAUDE_OK);
        looks += claude_partial_json(partial, &len)[0] != '\0';
    }
    assert_int_equal(looks, pieces);
    claude_partial_unref(partial);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Ten times the text takes about ten times the time, although it is looked at after every piece. */
static void test_linear(void **state)
{
    static const char *const heads[] = {"[0", "[\"", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0"};
    static const char *const pieces[] = {", \"a\\u00e9\", {\"b\":1}", "twenty bytes of text", ",[1,2,3],[4,5,6],[7]"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        double few = seconds(10000, heads[i], pieces[i]);
        double many = seconds(100000, heads[i], pieces[i]);
        if (many > few * 40 + 0.2)
            fail_msg("%s: %.3f s and %.3f s", pieces[i], few, many);
    }
}

/* ---- handles ---- */

static void test_handles(void **state)
{
    claude_partial_t *partial = begin();
    claude_partial_t *none = NULL;
    claude_error_t *error = NULL;
    size_t len = 7;

    (void)state;
    assert_int_equal(claude_partial_new(-1, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_partial_new(-2, &none, &error), CLAUDE_E_INVALID);
    assert_null(none);
    assert_string_equal(claude_error_message(error), "index is -2; it must be a block's number, or -1");
    assert_int_equal(claude_partial_add(NULL, "", 0, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_partial_add((claude_partial_t *)error, "", 0, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_partial_add(partial, NULL, 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_partial_add(partial, NULL, 0, NULL), CLAUDE_OK);
    assert_string_equal(claude_partial_json(NULL, &len), "");
    assert_int_equal(len, 0);
    assert_int_equal(claude_partial_is_complete(NULL), 0);
    assert_int_equal(claude_partial_error_at(NULL), -1);
    assert_null(claude_partial_ref(NULL));
    claude_partial_unref(NULL);
    assert_ptr_equal(claude_partial_ref(partial), partial);
    claude_partial_unref(partial);
    assert_string_equal(claude_partial_json(partial, NULL), "");
    claude_partial_unref(partial);
    claude_error_unref(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),     cmocka_unit_test(test_refusals), cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_nul),       cmocka_unit_test(test_depth),    cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_documents), cmocka_unit_test(test_limit),    cmocka_unit_test(test_linear),
        cmocka_unit_test(test_handles),
    };

    return cmocka_run_group_tests_name("json.partial", tests, NULL, NULL);
}
