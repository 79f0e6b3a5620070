/* Events out of their data: the usual spelling and any other must give the same event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/message.h"

static cl_buf text = {.max = 1 << 20};

typedef struct result {
    claude_code_t rc;
    claude_event_t event;
    bool anomaly;
    cl_err err;
    char *data;
} result;

static void drop(result *r)
{
    free(r->data);
    cl_err_clear(&r->err);
}

/* The data is the end of its memory but for the byte that may be overwritten. */
static result parse_with(const char *name, const char *json, size_t len, uint32_t max_depth)
{
    result r;

    memset(&r, 0, sizeof r);
    r.data = malloc(len + 1);
    assert_non_null(r.data);
    memcpy(r.data, json, len);
    r.data[len] = 'x';
    cl_err_init(&r.err);
    r.rc = cl_event_parse(cl_str_of(name), r.data, len, max_depth, &text, &r.event, &r.anomaly, &r.err);
    return r;
}

static result parse(const char *name, const char *json)
{
    return parse_with(name, json, strlen(json), 200);
}

/* want_text NULL: the event has none. */
static void expect(const char *name, const char *json, int32_t type, int32_t index, const char *want_name,
                   const char *want_text, bool anomaly)
{
    result r = parse(name, json);

    if (r.rc != CLAUDE_OK)
        fail_msg("%s: %s", json, r.err.message);
    if (r.event.type != type || r.event.index != index || r.anomaly != anomaly)
        fail_msg("%s: type %d, index %d, anomaly %d", json, (int)r.event.type, (int)r.event.index, r.anomaly);
    assert_string_equal(r.event.name.ptr, want_name);
    assert_int_equal(r.event.name.len, strlen(want_name));
    assert_string_equal(r.event.json.ptr, json);
    assert_int_equal(r.event.json.len, strlen(json));
    assert_false(r.event.kept);
    assert_true(cl_is(&r.event, CL_MAGIC_EVENT));
    if (want_text) {
        assert_string_equal(r.event.text.ptr, want_text);
        assert_int_equal(r.event.text.len, strlen(want_text));
    } else {
        assert_null(r.event.text.ptr);
        assert_int_equal(r.event.text.len, 0);
    }
    drop(&r);
}

static const char *const delta = "content_block_delta";

static void expect_delta(const char *json, int32_t type, int32_t index, const char *want)
{
    expect(delta, json, type, index, delta, want, false);
    expect("", json, type, index, delta, want, false);
}

#define TEXT(inside)                                                                                                   \
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" inside "\"}}"

static void test_usual(void **state)
{
    (void)state;
    expect_delta(TEXT("Hello"), CLAUDE_EVENT_TEXT_DELTA, 0, "Hello");
    expect_delta(TEXT(""), CLAUDE_EVENT_TEXT_DELTA, 0, "");
    expect_delta(TEXT("a\\n\\\"\\u00e9\\ud83d\\ude00/\\/"), CLAUDE_EVENT_TEXT_DELTA, 0,
                 "a\n\"\xc3\xa9\xf0\x9f\x98\x80//");
    expect_delta(TEXT("\xe4\xb8\xad\xf0\x9f\x98\x80\x7f"), CLAUDE_EVENT_TEXT_DELTA, 0,
                 "\xe4\xb8\xad\xf0\x9f\x98\x80\x7f");
    expect_delta(TEXT("}}") "   ", CLAUDE_EVENT_TEXT_DELTA, 0, "}}");
    expect_delta("{\"type\":\"content_block_delta\",\"index\":123456789,\"delta\":{\"type\":\"text_delta\",\"text\":"
                 "\"x\" } } \n",
                 CLAUDE_EVENT_TEXT_DELTA, 123456789, "x");
    expect_delta(
        "{\"type\":\"content_block_delta\",\"index\":2147483647,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}",
        CLAUDE_EVENT_TEXT_DELTA, 2147483647, "x");
    expect_delta("{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_"
                 "json\":\"{\\\"a\"}}",
                 CLAUDE_EVENT_INPUT_JSON_DELTA, 1, "{\"a");
    expect_delta(
        "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}",
        CLAUDE_EVENT_THINKING_DELTA, 1, "hm");
    expect_delta("{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"signature_delta\",\"signature\":"
                 "\"Eq+/==\"}}",
                 CLAUDE_EVENT_SIGNATURE_DELTA, 1, "Eq+/==");
    expect_delta(
        "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\","
        "\"estimated_tokens\":12}}",
        CLAUDE_EVENT_THINKING_DELTA, 1, "hm");
}

static void test_text_with_nul(void **state)
{
    result r = parse(delta, TEXT("a\\u0000b"));

    (void)state;
    assert_int_equal(r.rc, CLAUDE_OK);
    assert_int_equal(r.event.text.len, 3);
    assert_memory_equal(r.event.text.ptr, "a\0b", 4);
    drop(&r);
}

static void test_other_types(void **state)
{
    (void)state;
    expect("message_start", "{\"type\":\"message_start\",\"message\":{}}", CLAUDE_EVENT_MESSAGE_START, -1,
           "message_start", NULL, false);
    expect("message_delta", "{\"type\":\"message_delta\",\"delta\":{},\"usage\":{}}", CLAUDE_EVENT_MESSAGE_DELTA, -1,
           "message_delta", NULL, false);
    expect("message_stop", "{\"type\":\"message_stop\"}", CLAUDE_EVENT_MESSAGE_STOP, -1, "message_stop", NULL, false);
    expect("ping", "{\"type\": \"ping\"}", CLAUDE_EVENT_PING, -1, "ping", NULL, false);
    expect("content_block_start", "{\"type\":\"content_block_start\",\"index\":3,\"content_block\":{}}",
           CLAUDE_EVENT_BLOCK_START, 3, "content_block_start", NULL, false);
    expect("content_block_stop", "{\"type\":\"content_block_stop\",\"index\":3}", CLAUDE_EVENT_BLOCK_STOP, 3,
           "content_block_stop", NULL, false);
    expect(delta,
           "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"citations_delta\",\"citation\":{}}}",
           CLAUDE_EVENT_CITATIONS_DELTA, 0, delta, NULL, false);
    expect(delta,
           "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"compaction_delta\",\"content\":null}}",
           CLAUDE_EVENT_COMPACTION_DELTA, 0, delta, NULL, false);
    expect(delta, "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"new_delta\",\"text\":\"x\"}}",
           CLAUDE_EVENT_OTHER_DELTA, 0, delta, NULL, false);
    expect("session.error", "{\"type\":\"session.error\",\"index\":7}", CLAUDE_EVENT_OTHER, 7, "session.error", NULL,
           false);
    expect("x", "{\"type\":\"x\",\"index\":\"a\"}", CLAUDE_EVENT_OTHER, -1, "x", NULL, false);
    expect("", "{\"type\":\"\"}", CLAUDE_EVENT_OTHER, -1, "", NULL, false);
    expect("", "{\"type\":\"a\\u00e9\\n\"}", CLAUDE_EVENT_OTHER, -1, "a\xc3\xa9\n", NULL, false);
    expect("", "{\"type\":\"p\\u0069ng\"}", CLAUDE_EVENT_PING, -1, "ping", NULL, false);
}

/* The JSON's type wins; the wire's name only fills a gap. */
static void test_names(void **state)
{
    (void)state;
    expect("message_stop", "{\"type\":\"ping\"}", CLAUDE_EVENT_PING, -1, "ping", NULL, true);
    expect("message_stop", TEXT("x"), CLAUDE_EVENT_TEXT_DELTA, 0, delta, "x", true);
    expect("content_block_delta ", TEXT("x"), CLAUDE_EVENT_TEXT_DELTA, 0, delta, "x", true);
    expect("ping", "{}", CLAUDE_EVENT_PING, -1, "ping", NULL, true);
    expect("ping", "{\"type\":null}", CLAUDE_EVENT_PING, -1, "ping", NULL, true);
    expect("brand_new", "{}", CLAUDE_EVENT_OTHER, -1, "brand_new", NULL, true);
    expect(delta, "{\"index\":4,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}", CLAUDE_EVENT_TEXT_DELTA, 4, delta,
           "x", true);
    expect("error", "{\"type\":\"error\",\"error\":{}}", CLAUDE_EVENT_OTHER, -1, "error", NULL, false);
    expect("", "{\"type\":\"error\",\"error\":{}}", CLAUDE_EVENT_OTHER, -1, "error", NULL, false);
    expect("error", "{\"error\":{\"type\":\"api_error\"}}", CLAUDE_EVENT_OTHER, -1, "error", NULL, true);
    expect("error", "{\"type\":\"overloaded_error\",\"message\":\"m\"}", CLAUDE_EVENT_OTHER, -1, "error", NULL, true);
}

/* What the specification shows, and what loose servers leave out. */
static void test_short_dialect(void **state)
{
    (void)state;
    expect("", "{\"type\": \"content_block_delta\", \"delta\": {\"text\": \"Hello\"}}", CLAUDE_EVENT_TEXT_DELTA, -1,
           delta, "Hello", true);
    expect("", "{\"type\":\"content_block_delta\",\"delta\":{\"text\":\"Hello\"}}", CLAUDE_EVENT_TEXT_DELTA, -1, delta,
           "Hello", true);
    expect("", "{\"type\": \"message_stop\", \"stop_reason\": \"end_turn\"}", CLAUDE_EVENT_MESSAGE_STOP, -1,
           "message_stop", NULL, false);
    expect("", "{\"type\":\"content_block_delta\",\"index\":null,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}",
           CLAUDE_EVENT_TEXT_DELTA, -1, delta, "x", true);
    expect("", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":null,\"partial_json\":\"{\"}}",
           CLAUDE_EVENT_INPUT_JSON_DELTA, 0, delta, "{", true);
    expect("", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"thinking\":\"t\"}}",
           CLAUDE_EVENT_THINKING_DELTA, 0, delta, "t", true);
    expect("", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{}}", CLAUDE_EVENT_OTHER_DELTA, 0, delta, NULL,
           true);
    expect("", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\"}}",
           CLAUDE_EVENT_TEXT_DELTA, 0, delta, "", true);
    expect("", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":null}}",
           CLAUDE_EVENT_TEXT_DELTA, 0, delta, "", true);
    expect("", "{\"type\":\"content_block_start\",\"content_block\":{}}", CLAUDE_EVENT_BLOCK_START, -1,
           "content_block_start", NULL, true);
    expect("", "{\"type\":\"content_block_stop\"}", CLAUDE_EVENT_BLOCK_STOP, -1, "content_block_stop", NULL, true);
}

static const char *const refused[] = {
    "",
    " ",
    "null",
    "[]",
    "1",
    "\"x\"",
    "true",
    "{",
    "}",
    "{}",
    "{\"type\":null}",
    "[DONE]",
    "<html>",
    "{\"type\":1}",
    "{\"type\":[\"ping\"]}",
    "{\"type\":{}}",
    "{\"type\":\"ping\"}}",
    "{\"type\":\"ping\"} x",
    "{\"type\":\"ping\",}",
    "{'type':'ping'}",
    "{\"type\":\"ping\",\"a\":NaN}",
    "{\"type\":\"ping\",\"a\":01}",
    "{\"type\":\"ping\",\"type\":\"ping\"}",
    "{\"type\":\"ping\",\"t\\u0079pe\":\"error\"}",
    "{\"type\":null,\"type\":\"ping\"}",
    "{\"type\":\"ping\",\"a\":\"\\ud800\"}",
    "{\"type\":\"ping\",\"a\":\"\x01\"}",
    "{\"type\":\"content_block_delta\",\"index\":0}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":null}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":[]}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":7,\"text\":\"x\"}}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":7}}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\",\"type\":"
    "\"y\"}}",
    TEXT("\\ud83d"),
    TEXT("\\ude00"),
    TEXT("\\ud83d\\ud83d"),
    TEXT("\\x"),
    TEXT("\\u12g4"),
    TEXT("\n"),
    TEXT("\xff"),
    TEXT("\xed\xa0\x80"),
    TEXT("\xc0\x80"),
    TEXT("x") "}",
    TEXT("x") "x",
    TEXT("x") ",",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"},}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\",}}",
};

static const char *const bad_indexes[] = {"-1",

                                          "01",
                                          "00",
                                          "2147483648",
                                          "9007199254740992",
                                          "99999999999999999999",
                                          "1e0",
                                          "0.0",
                                          "1.5",
                                          "\"0\"",
                                          "true",
                                          "[]",
                                          "{}",
                                          "+1",
                                          " ",
                                          "1 2",
                                          "0x1"};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        result r = parse("", refused[i]);
        if (r.rc != CLAUDE_E_PROTOCOL || r.err.code != CLAUDE_E_PROTOCOL || r.err.message[0] == '\0')
            fail_msg("accepted: %s (%d)", refused[i], (int)r.rc);
        assert_false(r.anomaly);
        assert_int_equal(r.event.type, CLAUDE_EVENT_NONE);
        drop(&r);
    }
}

static void test_bad_indexes(void **state)
{
    static const char *const rests[] = {",\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}",
                                        ",\"content_block\":{}}", "}"};
    static const char *const types[] = {"content_block_delta", "content_block_start", "content_block_stop"};

    (void)state;
    for (size_t i = 0; i < sizeof bad_indexes / sizeof bad_indexes[0]; i++) {
        for (size_t k = 0; k < 3; k++) {
            char json[256];
            result r;
            snprintf(json, sizeof json, "{\"type\":\"%s\",\"index\":%s%s", types[k], bad_indexes[i], rests[k]);
            r = parse("", json);
            if (r.rc != CLAUDE_E_PROTOCOL)
                fail_msg("accepted: %s", json);
            drop(&r);
        }
    }
    /* A minus zero is a zero, oddly spelled. */
    expect("", "{\"type\":\"content_block_stop\",\"index\":-0}", CLAUDE_EVENT_BLOCK_STOP, 0, "content_block_stop", NULL,
           false);
}

/* A name on the wire does not make an event of anything; what is refused is not also counted as an anomaly. */
static void test_refused_with_name(void **state)
{
    static const char *const bad[] = {"[]", "null", "1", "{\"type\":\"content_block_stop\",\"index\":-1}",
                                      "{\"type\":\"content_block_delta\",\"delta\":{\"text\":1}}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        result r = parse("ping", bad[i]);
        assert_int_equal(r.rc, CLAUDE_E_PROTOCOL);
        assert_false(r.anomaly);
        drop(&r);
    }
}

/* Cut anywhere, an event is an error: nothing is read beyond the end, nothing is guessed. */
static void test_every_prefix(void **state)
{
    static const char *const whole[] = {
        TEXT("H\xc3\xa9llo \\u00e9 \\ud83d\\ude00"),
        ("{\"type\":\"content_block_delta\",\"index\":12,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{"
         "\\\"a\\\"\"}}"),
        " {\"index\":0,\"delta\":{\"text\":\"x\",\"type\":\"text_delta\"},\"type\":\"content_block_delta\"}",
        "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"a\":[1,2.5e3,null,true]}}}"};

    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        for (size_t n = 0; n <= strlen(whole[i]); n++) {
            result r = parse_with("", whole[i], n, 200);
            assert_int_equal(r.rc, n == strlen(whole[i]) ? CLAUDE_OK : CLAUDE_E_PROTOCOL);
            drop(&r);
        }
    }
}

/* ---- any spelling ---- */

static void put(cl_buf *out, const char *more)
{
    assert_int_equal(cl_buf_append_text(out, more), CL_BUF_OK);
}

static const char *const orders[] = {"tid", "tdi", "itd", "idt", "dti", "dit"};
/* Around and between tokens. */
static const char *const spaces[] = {"", " ", "\r\n\t "};
static const char *const extras[] = {"", "\"x\":{\"type\":\"ping\",\"index\":9,\"delta\":[{}]}", "\"Type\":1"};

static void put_pair(cl_buf *out, const char *key, const char *value, const char *space, bool *first)
{
    if (!*first)
        put(out, ",");
    *first = false;
    put(out, space);
    put(out, key);
    put(out, space);
    put(out, ":");
    put(out, space);
    put(out, value);
    put(out, space);
}

static void spell(cl_buf *out, const char *kind, const char *member, const char *inside, unsigned how)
{
    const char *order = orders[how % 6];
    bool reversed = how / 6 % 2 != 0;
    const char *space = spaces[how / 12 % 3];
    const char *extra = extras[how / 36 % 3];
    bool escaped = how / 108 % 2 != 0;
    cl_buf body = CL_BUF_INIT(1 << 20);
    bool first = true;

    put(&body, "{");
    for (int i = 0; i < 2; i++) {
        if ((i == 0) != reversed)
            put_pair(&body, escaped ? "\"\\u0074ype\"" : "\"type\"", kind, space, &first);
        else
            put_pair(&body, member, inside, space, &first);
    }
    if (extra[0]) {
        put(&body, ",");
        put(&body, "\"y\":[\"text\",{\"text\":1}]");
    }
    put(&body, "}");
    first = true;
    put(out, space);
    put(out, "{");
    if (extra[0]) {
        put(out, extra);
        first = false;
    }
    for (const char *p = order; *p; p++) {
        if (*p == 't')
            put_pair(out, escaped ? "\"ty\\u0070e\"" : "\"type\"", "\"content_block_delta\"", space, &first);
        else if (*p == 'i')
            put_pair(out, escaped ? "\"\\u0069ndex\"" : "\"index\"", "17", space, &first);
        else
            put_pair(out, escaped ? "\"delt\\u0061\"" : "\"delta\"", body.ptr, space, &first);
    }
    put(out, "}");
    put(out, space);
    cl_buf_free(&body);
}

static void test_any_spelling(void **state)
{
    static const struct {
        int32_t type;
        const char *kind;
        const char *member;
    } kinds[] = {{CLAUDE_EVENT_TEXT_DELTA, "\"text_delta\"", "\"text\""},
                 {CLAUDE_EVENT_THINKING_DELTA, "\"thinking_delta\"", "\"thinking\""},
                 {CLAUDE_EVENT_SIGNATURE_DELTA, "\"signature_delta\"", "\"signature\""},
                 {CLAUDE_EVENT_INPUT_JSON_DELTA, "\"input_json_delta\"", "\"partial_json\""}};

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        for (unsigned how = 0; how < 216; how++) {
            cl_buf json = CL_BUF_INIT(1 << 20);
            spell(&json, kinds[k].kind, kinds[k].member, "\"a\\\"\\u00e9\xe4\xb8\xad\"", how);
            expect_delta(json.ptr, kinds[k].type, 17, "a\"\xc3\xa9\xe4\xb8\xad");
            cl_buf_free(&json);
        }
    }
}

/* ---- the quick way against the general one ---- */

static uint64_t seed = 88172645463325252u;

static uint32_t chance(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

static void generate(cl_buf *out)
{
    static const char *const heads[] = {"text_delta\",\"text\":\"",         "input_json_delta\",\"partial_json\":\"",
                                        "thinking_delta\",\"thinking\":\"", "signature_delta\",\"signature\":\"",
                                        "text_delta\",\"texx\":\"",         "citations_delta\",\"text\":\""};
    static const char *const pieces[] = {"a",
                                         "hello world, this is long",
                                         "\\n",
                                         "\\\\",
                                         "\\\"",
                                         "\\u00e9",
                                         "\\ud83d\\ude00",
                                         "\\ud83d",
                                         "\xc3\xa9",
                                         "\xe4\xb8\xad",
                                         "\xf0\x9f\x98\x80",
                                         "}",
                                         "}}",
                                         "\xc3",
                                         "\\u0000",
                                         "{\\\"a\\\": [1, 2",
                                         " ",
                                         "\\/"};
    static const char *const tails[] = {"\"}}",  "\"}}  ",       "\" } }\n",     "\"}",
                                        "\"}}}", "\",\"z\":1}}", "\"},\"z\":1}", "\"}}x"};
    static const char *const indexes[] = {"0",  "1",   "42",    "123456789", "1234567890", "-1",
                                          "01", "1.0", "\"1\"", "null",      "99999999999"};

    cl_buf_clear(out);
    put(out, "{\"type\":\"content_block_delta\",\"index\":");
    put(out, indexes[chance(3) == 0 ? chance(11) : chance(4)]);
    put(out, ",\"delta\":{\"type\":\"");
    put(out, heads[chance(6)]);
    for (uint32_t n = chance(8); n > 0; n--)
        put(out, pieces[chance(4) == 0 ? chance(18) : chance(6)]);
    put(out, tails[chance(3) == 0 ? chance(8) : 0]);
    if (chance(8) == 0)
        out->ptr[chance((uint32_t)out->len)] = (char)chance(256);
}

static void test_both_ways(void **state)
{
    cl_buf json = CL_BUF_INIT(1 << 20);
    cl_buf spaced = CL_BUF_INIT(1 << 20);
    size_t good = 0;

    (void)state;
    for (size_t i = 0; i < 60000; i++) {
        result a;
        result b;
        cl_buf kept = CL_BUF_INIT(1 << 20);
        generate(&json);
        cl_buf_clear(&spaced);
        put(&spaced, " ");
        assert_int_equal(cl_buf_append(&spaced, json.ptr, json.len), CL_BUF_OK);
        a = parse_with(delta, json.ptr, json.len, 200);
        if (a.rc == CLAUDE_OK && a.event.text.ptr)
            assert_int_equal(cl_buf_append_str(&kept, a.event.text), CL_BUF_OK);
        b = parse_with(delta, spaced.ptr, spaced.len, 200);
        if (a.rc != b.rc || a.anomaly != b.anomaly)
            fail_msg("%s: %d and %d", json.ptr, (int)a.rc, (int)b.rc);
        if (a.rc == CLAUDE_OK) {
            good++;
            assert_int_equal(a.event.type, b.event.type);
            assert_int_equal(a.event.index, b.event.index);
            /* A name that is not static is in the scratch, which the second event has. */
            assert_true(a.event.type == CLAUDE_EVENT_OTHER || cl_str_eq(a.event.name, b.event.name));
            assert_int_equal(a.event.text.ptr == NULL, b.event.text.ptr == NULL);
            if (a.event.text.ptr)
                assert_true(cl_str_eq(cl_buf_str(&kept), b.event.text));
        }
        cl_buf_free(&kept);
        drop(&a);
        drop(&b);
    }
    assert_true(good > 20000 && good < 59000);
    cl_buf_free(&json);
    cl_buf_free(&spaced);
}

/* ---- limits and memory ---- */

static void test_depth(void **state)
{
    static const char *const deep = "{\"type\":\"x\",\"a\":[[[[]]]]}";

    (void)state;
    for (uint32_t max = 1; max < 8; max++) {
        result r = parse_with("", deep, strlen(deep), max);
        assert_int_equal(r.rc, max >= 5 ? CLAUDE_OK : CLAUDE_E_PROTOCOL);
        drop(&r);
        r = parse_with("", TEXT("x"), strlen(TEXT("x")), max);
        assert_int_equal(r.rc, max >= 2 ? CLAUDE_OK : CLAUDE_E_PROTOCOL);
        drop(&r);
    }
}

static void test_text_limit(void **state)
{
    static const char *const jsons[] = {TEXT("12345678"), " " TEXT("12345678"), "{\"type\":\"12345678\"}"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t max = 7; max < 10; max++) {
            cl_buf small = CL_BUF_INIT(max);
            char json[256];
            claude_event_t event;
            bool anomaly = false;
            cl_err err;
            cl_err_init(&err);
            strcpy(json, jsons[i]);
            assert_int_equal(cl_event_parse(CL_STR(""), json, strlen(json), 200, &small, &event, &anomaly, &err),
                             max >= 8 ? CLAUDE_OK : CLAUDE_E_TOO_LARGE);
            cl_buf_free(&small);
        }
    }
}

/* The scratch is reused: nothing is allocated once it has grown. */
static void test_scratch_stays(void **state)
{
    cl_buf scratch = CL_BUF_INIT(1 << 20);
    const char *ptr = NULL;

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        char json[256];
        claude_event_t event;
        bool anomaly = false;
        strcpy(json,
               i % 2 ? TEXT("some text that is as long as the other one") : TEXT("with \\u00e9scapes and \\n lines"));
        assert_int_equal(cl_event_parse(CL_STR(""), json, strlen(json), 200, &scratch, &event, &anomaly, NULL),
                         CLAUDE_OK);
        assert_ptr_equal(event.text.ptr, scratch.ptr);
        assert_true(i == 0 || ptr == scratch.ptr);
        ptr = scratch.ptr;
    }
    cl_buf_free(&scratch);
}

static void test_keep(void **state)
{
    static const char *const jsons[] = {TEXT("a\\u0000b"), "{\"type\":\"brand_new\",\"index\":3}",
                                        "{\"type\":\"ping\"}"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        result r = parse("", jsons[i]);
        claude_event_t *kept = NULL;
        claude_event_t *again = NULL;
        assert_int_equal(r.rc, CLAUDE_OK);
        cl_event_unref(&r.event); /* a view is left alone */
        assert_int_equal(cl_event_keep(&r.event, &kept, NULL), CLAUDE_OK);
        /* What the view stood on goes away. */
        memset(r.data, 'y', r.event.json.len + 1);
        memset(text.ptr, 'y', text.len);
        assert_true(kept->kept && cl_is(kept, CL_MAGIC_EVENT));
        assert_int_equal(kept->type, r.event.type);
        assert_int_equal(kept->index, r.event.index);
        assert_string_equal(kept->json.ptr, jsons[i]);
        assert_int_equal(kept->json.len, strlen(jsons[i]));
        if (i == 0) {
            assert_int_equal(kept->text.len, 3);
            assert_memory_equal(kept->text.ptr, "a\0b", 4);
            assert_string_equal(kept->name.ptr, "content_block_delta");
        } else {
            assert_null(kept->text.ptr);
            assert_string_equal(kept->name.ptr, i == 1 ? "brand_new" : "ping");
        }
        assert_int_equal(cl_event_keep(kept, &again, NULL), CLAUDE_OK);
        cl_event_unref(kept);
        assert_string_equal(again->json.ptr, jsons[i]);
        cl_event_unref(again);
        drop(&r);
    }
    cl_event_unref(NULL);
}

static int free_text(void **state)
{
    (void)state;
    cl_buf_free(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),         cmocka_unit_test(test_text_with_nul),
        cmocka_unit_test(test_other_types),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_short_dialect), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bad_indexes),   cmocka_unit_test(test_refused_with_name),
        cmocka_unit_test(test_every_prefix),  cmocka_unit_test(test_any_spelling),
        cmocka_unit_test(test_both_ways),     cmocka_unit_test(test_depth),
        cmocka_unit_test(test_text_limit),    cmocka_unit_test(test_scratch_stays),
        cmocka_unit_test(test_keep),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, free_text);
}
