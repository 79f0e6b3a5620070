/*
 * Hostile JSON. Each value below is put where a server (or a careless program) could put it: into an event of a stream,
 * into a message, into the tool input that a stream's fragments add up to, into an error, into a request's body. What
 * is accepted and what is refused is the table's last column: RFC 8259 as it stands, in UTF-8, without lone surrogates,
 * not nested deeper than limit.json_depth. What is accepted comes out as it went in, byte for byte.
 */
#include "driver.h"

#include <time.h>

enum {
    DEPTH = 200,
    DEEP = 10000,
    LIMIT_MS = 20000,
    BIG = 10 * 1000 * 1000,
    KEYS = 1000000,
    MEMORY_KIB = 96 * 1024, /* for values of up to 12 MB, of which the test itself holds two or three copies */
};

enum verdict { REFUSED, ACCEPTED };

struct value {
    const char *name;
    const char *text;
    size_t len;       /* 0: up to its NUL */
    const char *open; /* so often before the text, and `close` behind it */
    const char *close;
    size_t count;
    enum verdict verdict;
};

#define OK(what, json)                                                                                                 \
    {                                                                                                                  \
        .name = what, .text = (json), .len = sizeof(json) - 1, .verdict = ACCEPTED                                     \
    }
#define NO(what, json)                                                                                                 \
    {                                                                                                                  \
        .name = what, .text = (json), .len = sizeof(json) - 1, .verdict = REFUSED                                      \
    }
#define NESTED(what, before, inside, after, times, result)                                                             \
    {                                                                                                                  \
        .name = what, .text = (inside), .open = (before), .close = (after), .count = (times), .verdict = (result)      \
    }

static const struct value values[] = {
    /* numbers: kept as they are written, however large */
    OK("zero", "0"),
    OK("minus zero", "-0"),
    OK("an integer", "-12345"),
    OK("2^53 + 1", "9007199254740993"),
    OK("2^64", "18446744073709551616"),
    OK("a fraction", "0.1"),
    OK("an exponent", "1.5e+10"),
    OK("an exponent in capitals", "1E400"),
    OK("a tiny number", "1e-400"),
    OK("an exponent of many digits", "1e99999999999999999999"),
    NESTED("a number of 10 MB", "1", "0", "", BIG, ACCEPTED),
    NESTED("a fraction of 1 MB", "", "0.", "3", 1000000, ACCEPTED),
    NO("a leading zero", "01"),
    NO("two zeros", "00"),
    NO("a negative leading zero", "-01"),
    NO("a plus", "+1"),
    NO("only a minus", "-"),
    NO("two minuses", "--1"),
    NO("nothing behind the point", "1."),
    NO("nothing before the point", ".5"),
    NO("a point and an exponent", "1.e1"),
    NO("an exponent without digits", "1e"),
    NO("an exponent with only a sign", "1e+"),
    NO("two exponents", "1e1e1"),
    NO("two points", "1.2.3"),
    NO("hexadecimal", "0x10"),
    NO("an underscore", "1_000"),
    NO("letters behind a number", "1a"),
    NO("digits of another script", "\xd9\xa1"),
    NO("NaN", "NaN"),
    NO("negative NaN", "-NaN"),
    NO("Infinity", "Infinity"),
    NO("negative Infinity", "-Infinity"),
    NO("inf", "inf"),
    /* strings */
    OK("an empty string", "\"\""),
    OK("all escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\""),
    OK("an escaped NUL", "\"a\\u0000b\""),
    OK("an escaped pair of surrogates", "\"\\ud83d\\ude00\""),
    OK("the same in capitals", "\"\\uD83D\\uDE00\""),
    OK("escaped noncharacters", "\"\\uffff\\ufffe\""),
    OK("DEL", "\"\x7f\""),
    OK("two bytes", "\"\xc2\x80\xdf\xbf\""),
    OK("three bytes", "\"\xe0\xa0\x80\xef\xbf\xbf\""),
    OK("four bytes", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
    OK("line separators", "\"\xe2\x80\xa8\xe2\x80\xa9\""),
    OK("a byte order mark in a string", "\"\xef\xbb\xbf\""),
    NESTED("a string of 8 MB", "", "\"\"", "", 1, ACCEPTED),
    NO("a lone high surrogate", "\"\\ud800\""),
    NO("a lone low surrogate", "\"\\udc00\""),
    NO("two high surrogates", "\"\\ud800\\ud800\""),
    NO("a high surrogate and a letter", "\"\\ud800x\""),
    NO("a high surrogate and another escape", "\"\\ud800\\n\""),
    NO("surrogates in the wrong order", "\"\\ude00\\ud83d\""),
    NO("a surrogate in UTF-8", "\"\xed\xa0\x80\""),
    NO("a pair of surrogates in UTF-8", "\"\xed\xa0\xbd\xed\xb8\x80\""),
    NO("beyond Unicode", "\"\xf4\x90\x80\x80\""),
    NO("five bytes", "\"\xf8\x88\x80\x80\x80\""),
    NO("a NUL in two bytes", "\"\xc0\x80\""),
    NO("a slash in three bytes", "\"\xe0\x80\xaf\""),
    NO("a slash in four bytes", "\"\xf0\x80\x80\xaf\""),
    NO("a continuation alone", "\"\x80\""),
    NO("half a character", "\"\xc3\""),
    NO("half a character before another", "\"\xe2\x82x\""),
    NO("Latin-1", "\"caf\xe9\""),
    NO("0xff", "\"\xff\""),
    NO("UTF-16", "\"\xfe\xff\0a\""),
    NO("a control character", "\"\x01\""),
    NO("a tab", "\"a\tb\""),
    NO("a NUL", "\"a\0b\""),
    NO("an escape that is none", "\"\\a\""),
    NO("an escape of C", "\"\\x41\""),
    NO("an escaped quote of the other kind", "\"\\'\""),
    NO("an escape of three digits", "\"\\u041\""),
    NO("an escape of no hexadecimal", "\"\\u00g1\""),
    NO("an escape in capitals", "\"\\U00000041\""),
    NO("single quotes", "'a'"),
    NO("backquotes", "`a`"),
    NO("curly quotes", "\xe2\x80\x9c"
                       "a\xe2\x80\x9d"),
    NO("a string without end", "\"abc"),
    NO("a string that ends in a backslash", "\"abc\\"),
    NO("a string without quotes", "abc"),
    /* words */
    OK("true", "true"),
    OK("false", "false"),
    OK("null", "null"),
    NO("True", "True"),
    NO("NULL", "NULL"),
    NO("nul", "nul"),
    NO("nulll", "nulll"),
    NO("undefined", "undefined"),
    NO("nothing", ""),
    /* structure */
    OK("an empty array", "[]"),
    OK("an empty object", "{}"),
    OK("spaces and tabs everywhere", " \t[ \t1 \t, \t{ \t\"a\" \t: \t2 \t} \t] \t"),
    OK("the same key twice", "{\"a\":1,\"a\":2}"),
    OK("the same key twice, once escaped", "{\"a\":1,\"\\u0061\":2}"),
    OK("an empty key", "{\"\":0}"),
    OK("a key with a NUL", "{\"a\\u0000b\":1,\"a\":2}"),
    OK("keys of objects in programs", "{\"__proto__\":1,\"constructor\":2}"),
    NO("a comma at the end of an array", "[1,]"),
    NO("a comma at the beginning", "[,1]"),
    NO("two commas", "[1,,2]"),
    NO("only a comma", "[,]"),
    NO("no comma", "[1 2]"),
    NO("a semicolon", "[1;2]"),
    NO("a comma at the end of an object", "{\"a\":1,}"),
    NO("a key without quotes", "{a:1}"),
    NO("a number as key", "{1:2}"),
    NO("a key in single quotes", "{'a':1}"),
    NO("a key alone", "{\"a\"}"),
    NO("a key without value", "{\"a\":}"),
    NO("a value without key", "{:1}"),
    NO("no colon", "{\"a\" 1}"),
    NO("two colons", "{\"a\"::1}"),
    NO("an equals sign", "{\"a\"=1}"),
    NO("a key with a lone surrogate", "{\"\\ud800\":1}"),
    NO("a key with invalid UTF-8", "{\"\xff\":1}"),
    NO("an array that ends as an object", "[1}"),
    NO("an object that ends as an array", "{\"a\":1]"),
    NO("an array without end", "[1"),
    NO("an object without end", "{\"a\":1"),
    NO("an end too many", "[1]]"),
    NO("two values", "1 2"),
    NO("two objects", "{}{}"),
    NO("a comment", "/* c */ 1"),
    NO("a comment of C++", "1 // c"),
    NO("a comment of a shell", "1 # c"),
    NO("a byte order mark", "\xef\xbb\xbf"
                            "1"),
    NO("a form feed", "\f1"),
    NO("a vertical tab", "\v1"),
    NO("a no-break space", "\xc2\xa0"
                           "1"),
    NO("a NUL behind", "1\0"),
    NO("a NUL before", "\0001"),
    /* depth; all that contains them is one level */
    NESTED("arrays as deep as allowed", "[", "", "]", DEPTH - 1, ACCEPTED),
    NESTED("arrays one too deep", "[", "", "]", DEPTH, REFUSED),
    NESTED("objects as deep as allowed", "{\"a\":", "1", "}", DEPTH - 1, ACCEPTED),
    NESTED("objects one too deep", "{\"a\":", "1", "}", DEPTH, REFUSED),
    NESTED("100,000 arrays", "[", "", "]", 100000, REFUSED),
    NESTED("100,000 objects", "{\"a\":", "1", "}", 100000, REFUSED),
    NESTED("100,000 arrays and objects", "[{\"a\":", "1", "}]", 50000, REFUSED),
    NESTED("2,000,000 arrays without end", "[", "", "", 2000000, REFUSED),
    NESTED("2,000,000 objects without end", "{\"a\":", "", "", 1000000, REFUSED),
    NESTED("wide, not deep", "[],", "[]", "", 1000000, REFUSED),
};

/* ---- the values ---- */

static void make_value(const struct value *v, struct bytes *out)
{
    size_t len = v->len ? v->len : strlen(v->text);

    out->len = 0;
    if (strcmp(v->name, "a string of 8 MB") == 0) {
        bytes_text(out, "\"");
        bytes_repeat(out, "\\u00e9\xc3\xa9", BIG / 10);
        bytes_text(out, "\"");
        return;
    }
    bytes_repeat(out, v->open ? v->open : "", v->count);
    bytes_add(out, v->text, len);
    bytes_repeat(out, v->close ? v->close : "", v->count);
}

#define MESSAGE_HEAD                                                                                                   \
    "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\","   \
    "\"text\":\"Hello\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,"          \
    "\"output_tokens\":1},\"extra\":"
#define START                                                                                                          \
    "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","     \
    "\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,"        \
    "\"output_tokens\":1}}}\n\n"
#define TEXT_BLOCK                                                                                                     \
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
#define TOOL_BLOCK                                                                                                     \
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\","       \
    "\"name\":\"n\",\"input\":{}}}\n\n"
#define EVENT_HEAD                                                                                                     \
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"},\"extra\":"
#define END                                                                                                            \
    "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n"                                                          \
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"               \
    "\"usage\":{\"output_tokens\":5}}\n\n"                                                                             \
    "data: {\"type\":\"message_stop\"}\n\n"

static void play_reply(int status, const char *type, const struct bytes *body)
{
    struct script script = SCRIPT_INIT;
    struct bytes head = {NULL, 0, 0};

    bytes_format(&head, "HTTP/1.1 %d Reply\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status, type,
                 body->len);
    script_step(&script, STEP_WAIT_REQUEST);
    script_send(&script, head.ptr, head.len);
    script_send(&script, body->ptr, body->len);
    script_step(&script, STEP_NEXT);
    server_play(&server, &script);
    script_free(&script);
    bytes_free(&head);
}

/* ---- where they are put ---- */

struct place {
    struct client client;
    struct bytes value;
    struct bytes body;
    const struct value *v;
};

static void check_outcome(const struct place *p, const struct outcome *o, const char *where)
{
    const char *name = p->v->name;

    if (p->v->verdict == ACCEPTED)
        check(o->code == CLAUDE_OK, "%s %s: %s (%s)", name, where, claude_code_name(o->code), o->message);
    else
        check(o->code == CLAUDE_E_PROTOCOL, "%s %s: %s (%s)", name, where, claude_code_name(o->code), o->message);
    check(o->elapsed_ms < LIMIT_MS, "%s %s: took %lld ms", name, where, (long long)o->elapsed_ms);
    check(o->report.requests == 1 && o->attempts == 1, "%s %s: %d attempts", name, where, (int)o->attempts);
}

static void put_into_event(struct place *p)
{
    static const size_t before = sizeof(START TEXT_BLOCK "data: ") - 1;
    struct outcome o;

    p->body.len = 0;
    bytes_text(&p->body, START TEXT_BLOCK "data: " EVENT_HEAD);
    bytes_add(&p->body, p->value.ptr, p->value.len);
    bytes_text(&p->body, "}");
    event_looked_for = (struct bytes){p->body.ptr + before, p->body.len - before, 0};
    bytes_text(&p->body, "\n\n" END);
    event_looked_for.ptr = p->body.ptr + before;
    play_reply(200, "text/event-stream", &p->body);
    run_stream(&p->client, BY_NEXT, &o);
    event_looked_for.ptr = NULL;
    check(o.found == (p->v->verdict == ACCEPTED ? 1u : 0u), "%s in an event was changed", p->v->name);
    check_outcome(p, &o, "in an event");
    check(o.events == (p->v->verdict == ACCEPTED ? 6u : 2u), "%s in an event: %zu events", p->v->name, o.events);
    check(strcmp(o.text, p->v->verdict == ACCEPTED ? "x" : "") == 0, "%s in an event: the text is \"%s\"", p->v->name,
          o.text);
    outcome_free(&o);
    if (p->v->verdict == ACCEPTED)
        return;
    /* Passed over, when the program wants that. */
    play_reply(200, "text/event-stream", &p->body);
    client_set(&p->client, "stream.on_malformed", "skip");
    run_stream(&p->client, BY_NEXT, &o);
    check(o.code == CLAUDE_OK && o.events == 5 && o.anomalies == 1 && o.text[0] == '\0',
          "%s in an event, skipped: %s (%s), %zu events, %llu anomalies", p->v->name, claude_code_name(o.code),
          o.message, o.events, (unsigned long long)o.anomalies);
    outcome_free(&o);
    client_set(&p->client, "stream.on_malformed", NULL);
}

static void put_into_message(struct place *p)
{
    struct outcome o;

    p->body.len = 0;
    bytes_text(&p->body, MESSAGE_HEAD);
    bytes_add(&p->body, p->value.ptr, p->value.len);
    bytes_text(&p->body, "}");
    play_reply(200, "application/json", &p->body);
    run_body(&p->client, &o);
    check_outcome(p, &o, "in a message");
    if (p->v->verdict == ACCEPTED) {
        check(o.json_len == p->body.len && memcmp(o.json, p->body.ptr, o.json_len) == 0, "%s in a message was changed",
              p->v->name);
        check(strcmp(o.text, "Hello") == 0, "%s in a message: the text is \"%s\"", p->v->name, o.text);
    }
    outcome_free(&o);
    /* Where a stream was asked for, too. */
    play_reply(200, "application/json", &p->body);
    run_stream(&p->client, BY_NEXT, &o);
    check_outcome(p, &o, "in a message in place of a stream");
    outcome_free(&o);
}

static void put_into_error(struct place *p)
{
    struct outcome o;

    p->body.len = 0;
    bytes_text(&p->body, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":");
    bytes_add(&p->body, p->value.ptr, p->value.len);
    bytes_text(&p->body, "}}");
    play_reply(400, "application/json", &p->body);
    run_body(&p->client, &o);
    check(o.code == CLAUDE_E_BAD_REQUEST, "%s in an error: %s", p->v->name, claude_code_name(o.code));
    for (const char *c = o.message; *c; c++)
        check((unsigned char)*c >= 0x20, "%s in an error: a control character in the message", p->v->name);
    outcome_free(&o);
}

static void put_into_request(struct place *p)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc;

    p->body.len = 0;
    bytes_text(&p->body, "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[],\"extra\":");
    bytes_add(&p->body, p->value.ptr, p->value.len);
    bytes_text(&p->body, "}");
    rc = claude_request_new("messages.create", &request, &err);
    if (rc >= 0)
        rc = claude_request_set_json(request, p->body.ptr, p->body.len, &err);
    check(rc == (p->v->verdict == ACCEPTED ? CLAUDE_OK : CLAUDE_E_INVALID), "%s in a request: %s (%s)", p->v->name,
          claude_code_name(rc), claude_error_message(err));
    claude_error_unref(err);
    claude_request_unref(request);
}

static void add_escaped(struct bytes *to, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            bytes_text(to, "\\");
        if (c < 0x20)
            bytes_format(to, "\\u%04x", c);
        else
            bytes_add(to, &text[i], 1);
    }
}

static bool is_json(const char *json, size_t len)
{
    claude_request_t *request = NULL;
    bool valid = claude_request_new("messages.create", &request, NULL) >= 0 &&
                 claude_request_set_json(request, json, len, NULL) >= 0;

    claude_request_unref(request);
    return valid;
}

/*
 * Fragments of 1000 bytes; invalid UTF-8 would be the event's fault, not the tool input's. Input that is no JSON is not
 * the server's fault alone: it is what is left when max_tokens ends a message. So it is an anomaly, and an error only
 * with stream.strict; the message stays valid.
 */
static void put_into_tool_input(struct place *p)
{
    struct bytes input = {NULL, 0, 0};
    struct outcome o;

    bytes_text(&input, "{\"extra\":");
    bytes_add(&input, p->value.ptr, p->value.len);
    bytes_text(&input, "}");
    p->body.len = 0;
    bytes_text(&p->body, START TOOL_BLOCK);
    for (size_t at = 0; at < input.len; at += 1000) {
        bytes_text(&p->body,
                   "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\","
                   "\"partial_json\":\"");
        add_escaped(&p->body, input.ptr + at, input.len - at < 1000 ? input.len - at : 1000);
        bytes_text(&p->body, "\"}}\n\n");
    }
    bytes_text(&p->body, END);
    play_reply(200, "text/event-stream", &p->body);
    run_stream(&p->client, BY_NEXT, &o);
    if (p->v->verdict == ACCEPTED) {
        check_outcome(p, &o, "in a tool's input");
        check(o.anomalies == 0, "%s in a tool's input: %llu anomalies", p->v->name, (unsigned long long)o.anomalies);
        check(strstr(o.json, "\"input\":{\"extra\":") != NULL, "%s in a tool's input is lost", p->v->name);
    } else {
        check(o.code == CLAUDE_OK && o.anomalies == 1, "%s in a tool's input: %s (%s), %llu anomalies", p->v->name,
              claude_code_name(o.code), o.message, (unsigned long long)o.anomalies);
        check(strstr(o.json, "\"input\":{}") != NULL, "%s in a tool's input: %.200s", p->v->name, o.json);
    }
    check(is_json(o.json, o.json_len), "%s in a tool's input: the message is not JSON", p->v->name);
    outcome_free(&o);
    client_set(&p->client, "stream.strict", "true");
    play_reply(200, "text/event-stream", &p->body);
    run_stream(&p->client, BY_NEXT, &o);
    check_outcome(p, &o, "in a tool's input, strictly");
    outcome_free(&o);
    client_set(&p->client, "stream.strict", NULL);
    bytes_free(&input);
}

/* ---- running ---- */

static bool is_ascii(const struct bytes *bytes)
{
    for (size_t i = 0; i < bytes->len; i++) {
        if ((unsigned char)bytes->ptr[i] >= 0x80)
            return false;
    }
    return true;
}

typedef void (*put_fn)(struct place *p);

/* Values that a place cannot hold: lines end events, and levels above the value count. */
static bool fits(put_fn put, const struct place *p)
{
    bool at_limit = p->v->count == DEPTH - 1;

    if (put == put_into_tool_input)
        return is_ascii(&p->value) && !at_limit;
    return true;
}

static void run_values(void *arg)
{
    put_fn put = *(put_fn *)arg;
    struct place p = {.v = NULL};

    client_open(&p.client, PLAIN, false, NULL);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        p.v = &values[i];
        make_value(p.v, &p.value);
        if (fits(put, &p))
            put(&p);
    }
    check_goes_on(&p.client, BY_NEXT, "all that");
    client_close(&p.client);
    bytes_free(&p.value);
    bytes_free(&p.body);
}

static void run_all(put_fn put, const char *name)
{
    run_forked(run_values, &put, name, MEMORY_KIB);
    finish_checks();
}

static void in_events(void **state)
{
    (void)state;
    run_all(put_into_event, "values in events");
}

static void in_messages(void **state)
{
    (void)state;
    run_all(put_into_message, "values in messages");
}

static void in_errors(void **state)
{
    (void)state;
    run_all(put_into_error, "values in errors");
}

static void in_requests(void **state)
{
    (void)state;
    run_all(put_into_request, "values in requests");
}

static void in_tool_inputs(void **state)
{
    (void)state;
    run_all(put_into_tool_input, "values in tool inputs");
}

/* ---- as deep as can be asked for ---- */

static void run_deep(void *arg)
{
    static const struct value deep[] = {
        NESTED("10,000 levels of arrays", "[", "", "]", DEEP - 1, ACCEPTED),
        NESTED("10,000 levels of objects", "{\"a\":", "1", "}", DEEP - 1, ACCEPTED),
        NESTED("10,001 levels of arrays", "[", "", "]", DEEP, REFUSED),
        NESTED("10,001 levels of objects", "{\"a\":", "1", "}", DEEP, REFUSED),
    };
    struct place p = {.v = NULL};

    (void)arg;
    client_open(&p.client, PLAIN, false, "limit.json_depth", "10000", NULL);
    for (size_t i = 0; i < COUNT_OF(deep); i++) {
        p.v = &deep[i];
        make_value(p.v, &p.value);
        put_into_event(&p);
        put_into_message(&p);
        put_into_error(&p);
    }
    client_close(&p.client);
    bytes_free(&p.value);
    bytes_free(&p.body);
}

static void nested_deeply(void **state)
{
    (void)state;
    run_forked(run_deep, NULL, "10,000 levels on a small stack", 32 * 1024);
    finish_checks();
}

/* ---- whole documents ---- */

static void run_documents(void *arg)
{
    static const struct value documents[] = {
        NO("an empty document", ""),
        NO("a blank", " \r\n\t "),
        NO("null", "null"),
        NO("a number", "1"),
        NO("a string", "\"\""),
        NO("an array", "[]"),
        NO("an empty object", "{}"),
        NO("an object without content", "{\"a\":1}"),
        NO("a byte order mark", "\xef\xbb\xbf{\"type\":\"message\",\"content\":[]}"),
        NO("UTF-16", "{\0\"\0t\0y\0p\0e\0\"\0:\0\"\0\"\0}\0"),
        NO("two documents", "{\"type\":\"message\",\"content\":[]}{\"type\":\"message\",\"content\":[]}"),
        NO("bytes behind", "{\"type\":\"message\",\"content\":[]} x"),
        NO("a NUL behind", "{\"type\":\"message\",\"content\":[]}\0"),
        NO("half a document", "{\"type\":\"message\",\"content\":["),
        NO("HTML", "<html><body>Sign in</body></html>"),
        NO("an event", "data: {\"type\":\"message\",\"content\":[]}\n\n"),
        NO("a length before it", "1f\r\n{\"type\":\"message\",\"content\":[]}"),
        NO("a prefix against inclusion", ")]}',\n{\"type\":\"message\",\"content\":[]}"),
    };
    struct place p = {.v = NULL};
    struct outcome o;

    (void)arg;
    client_open(&p.client, PLAIN, false, NULL);
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        p.v = &documents[i];
        make_value(p.v, &p.body);
        play_reply(200, "application/json", &p.body);
        run_body(&p.client, &o);
        check_outcome(&p, &o, "as a message");
        outcome_free(&o);
        play_reply(200, "application/json", &p.body);
        run_stream(&p.client, BY_NEXT, &o);
        check_outcome(&p, &o, "in place of a stream");
        outcome_free(&o);
    }
    client_close(&p.client);
    bytes_free(&p.body);
}

static void whole_documents(void **state)
{
    (void)state;
    run_forked(run_documents, NULL, "whole documents", 8192);
    finish_checks();
}

/* ---- much of it ---- */

/* A million keys, and a million times the same: nothing here may take the square of that. */
static void run_keys(void *arg)
{
    struct place p = {.v = NULL};
    struct value v = {.name = "a million keys", .text = "", .verdict = ACCEPTED};
    const bool *same = arg;

    client_open(&p.client, PLAIN, false, NULL);
    p.v = &v;
    bytes_text(&p.value, "{\"a\":0");
    for (int i = 0; i < KEYS; i++)
        bytes_format(&p.value, ",\"k%d\":0", *same ? 1 : i);
    bytes_text(&p.value, "}");
    put_into_message(&p);
    put_into_event(&p);
    put_into_request(&p);
    put_into_error(&p);
    client_close(&p.client);
    bytes_free(&p.value);
    bytes_free(&p.body);
}

static void many_keys(void **state)
{
    bool same[] = {false, true};

    (void)state;
    run_forked(run_keys, &same[0], "a million keys", MEMORY_KIB);
    run_forked(run_keys, &same[1], "a million times the same key", MEMORY_KIB);
    finish_checks();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_events),       cmocka_unit_test(in_messages),    cmocka_unit_test(in_errors),
        cmocka_unit_test(in_requests),     cmocka_unit_test(in_tool_inputs), cmocka_unit_test(nested_deeply),
        cmocka_unit_test(whole_documents), cmocka_unit_test(many_keys),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("json", tests, start_all, stop_all);
}
