/*
 * fuzz_accumulate.c - events in any order, wrong ones included: the input is a list of events, not their text. Two
 * spellings of each event (the canonical one, and members turned round with white space) give the same message, the
 * message is valid JSON at every point, and nothing changes it once it is complete.
 */
#include <stdlib.h>

#include "message/message.h"

enum { MAX_EVENT = 4096, MAX_MESSAGE = 8192, MAX_BLOCKS = 6, MAX_DEPTH = 12, MAX_EVENTS = 200, KINDS = 20 };

typedef struct reader {
    const unsigned char *at;
    size_t left;
} reader;

typedef struct member {
    const char *key;
    cl_str value;
} member;

/* One accumulator with what it needs. */
typedef struct side {
    cl_accumulator *accumulator;
    cl_buf data;
    cl_buf text;
} side;

static unsigned take(reader *r)
{
    if (r->left == 0)
        return 0;
    r->left--;
    return *r->at++;
}

/* A text from the input, as JSON; what is no UTF-8 is not a text. */
static void take_string(reader *r, cl_buf *out)
{
    size_t len = take(r) % 48;
    cl_str text;

    len = len < r->left ? len : r->left;
    text = cl_str_n((const char *)r->at, len);
    text.len = cl_utf8_valid(text);
    r->at += len;
    r->left -= len;
    cl_buf_clear(out);
    (void)cl_json_write_string(out, text);
}

static const char *index_text(unsigned choice)
{
    static const char *const odd[] = {"-1", "2147483648", "1e1", "\"0\"", "null", "99999999999999999999", "0.0"};
    static const char *const even[] = {"0", "1", "2", "3", "4", "5", "6", "7"};

    return choice < 224 ? even[choice % 8] : odd[choice % 7];
}

/* Writes an object; backwards and with white space if asked for. */
static void write_object(cl_buf *out, const member *members, size_t count, bool backwards)
{
    (void)cl_buf_append_text(out, backwards ? "\n{" : "{");
    for (size_t i = 0; i < count; i++) {
        const member *m = &members[backwards ? count - 1 - i : i];
        (void)cl_json_write_key(out, cl_str_of(m->key));
        (void)cl_buf_append_str(out, m->value);
    }
    (void)cl_buf_append_text(out, backwards ? " }\t" : "}");
}

static void write_delta(cl_buf *out, const char *type, const char *key, cl_str value, const char *index, bool backwards)
{
    cl_buf delta = CL_BUF_INIT(MAX_EVENT);
    const member inside[] = {{"type", cl_str_of(type)}, {key, value}};

    write_object(&delta, inside, 2, backwards);
    {
        const member members[] = {
            {"type", CL_STR("\"content_block_delta\"")}, {"index", cl_str_of(index)}, {"delta", cl_buf_str(&delta)}};
        const member no_index[] = {members[0], members[2]};
        if (strcmp(index, "null") == 0)
            write_object(out, no_index, 2, backwards);
        else
            write_object(out, members, 3, backwards);
    }
    cl_buf_free(&delta);
}

/* An event about a block that is no delta; `value` is its content_block, if it has one. */
static void write_block(cl_buf *out, const char *type, cl_str value, const char *index, bool backwards)
{
    const member members[] = {{"type", cl_str_of(type)}, {"index", cl_str_of(index)}, {"content_block", value}};

    write_object(out, members, value.len > 0 ? 3 : 2, backwards);
}

static void write_other(cl_buf *out, const char *type, const char *key, cl_str value, cl_str usage, bool backwards)
{
    const member members[] = {{"type", cl_str_of(type)}, {key, value}, {"usage", usage}};

    write_object(out, members, usage.len > 0 ? 3 : value.len > 0 ? 2 : 1, backwards);
}

static cl_str joined(cl_buf *buf, const char *before, cl_str middle, const char *after)
{
    cl_buf_clear(buf);
    (void)cl_buf_append_text(buf, before);
    (void)cl_buf_append_str(buf, middle);
    (void)cl_buf_append_text(buf, after);
    return cl_buf_str(buf);
}

/* `s` is a quoted text. */
static void write_event(cl_buf *out, unsigned kind, const char *index, cl_str s, bool backwards)
{
    static const char *const deltas[][2] = {{"\"text_delta\"", "text"},
                                            {"\"thinking_delta\"", "thinking"},
                                            {"\"signature_delta\"", "signature"},
                                            {"\"input_json_delta\"", "partial_json"},
                                            {"\"citations_delta\"", "citation"},
                                            {"\"compaction_delta\"", "content"},
                                            {"\"news_delta\"", "news"}};
    static const char *const blocks[] = {
        "{\"type\":\"text\",\"text\":", "{\"type\":\"thinking\",\"signature\":\"\",\"thinking\":",
        "{\"type\":\"tool_use\",\"name\":\"n\",\"input\":{},\"id\":",
        "{\"type\":\"fallback\",\"to\":{\"model\":\"m2\"},\"from\":", "{\"type\":\"text\",\"citations\":[1],\"text\":"};
    cl_buf buf = CL_BUF_INIT(MAX_EVENT);
    cl_str none = CL_STR("");

    if (kind < 7)
        write_delta(out, deltas[kind][0], deltas[kind][1], s, index, backwards);
    else if (kind < 12)
        write_block(out, "\"content_block_start\"", joined(&buf, blocks[kind - 7], s, "}"), index, backwards);
    else if (kind == 12)
        write_block(out, "\"content_block_stop\"", none, index, backwards);
    else if (kind == 13)
        write_other(
            out, "\"message_start\"", "message",
            joined(&buf, "{\"type\":\"message\",\"content\":[],\"usage\":{\"output_tokens\":1},\"id\":", s, "}"), none,
            backwards);
    else if (kind == 14)
        write_other(out, "\"message_start\"", "message", joined(&buf, "{\"usage\":", s, "}"), none, backwards);
    else if (kind == 15)
        write_other(out, "\"message_delta\"", "delta", joined(&buf, "{\"stop_reason\":", s, "}"),
                    CL_STR("{\"output_tokens\":2,\"x\":null}"), backwards);
    else if (kind == 16)
        write_other(out, "\"message_delta\"", "delta", joined(&buf, "{", s, ":[[[[1]]]]}"),
                    CL_STR("{\"y\":{\"z\":[1]}}"), backwards);
    else if (kind == 17)
        write_other(out, "\"message_stop\"", "x", s, none, backwards);
    else if (kind == 18)
        write_other(out, "\"ping\"", "x", s, none, backwards);
    else
        write_other(out, "\"news\"", "content_block", s, none, backwards);
    cl_buf_free(&buf);
}

static claude_code_t feed(side *to, bool *anomaly)
{
    claude_event_t event;
    cl_err err;
    claude_code_t rc;

    cl_err_init(&err);
    *anomaly = false;
    rc = cl_event_parse(CL_STR(""), to->data.ptr, to->data.len, MAX_DEPTH, &to->text, &event, anomaly, &err);
    if (rc >= 0)
        rc = cl_accumulator_add(to->accumulator, &event, &err);
    if (rc < 0 && err.message[0] == '\0')
        __builtin_trap();
    cl_err_clear(&err);
    return rc;
}

/* The message so far, which must be JSON; empty before it has begun. */
static cl_buf message_of(const side *of)
{
    cl_buf json = CL_BUF_INIT(SIZE_MAX / 2);

    if (cl_accumulator_started(of->accumulator) && cl_accumulator_json(of->accumulator, &json, NULL) >= 0 &&
        cl_json_validate(cl_buf_str(&json), MAX_DEPTH, NULL, NULL) < 0)
        __builtin_trap();
    return json;
}

static void play(reader *r, side sides[2])
{
    cl_buf string = CL_BUF_INIT(MAX_EVENT);
    cl_buf complete = CL_BUF_INIT(SIZE_MAX / 2);

    for (int n = 0; n < MAX_EVENTS && r->left > 0; n++) {
        unsigned kind = take(r) % KINDS;
        const char *index = index_text(take(r));
        claude_code_t codes[2];
        bool anomalies[2];
        cl_buf json[2];
        /* Writing the message takes as long as all that came before: not after each event of many. */
        bool look = n < 12 || n % 16 == 0 || r->left == 0;
        take_string(r, &string);
        for (int i = 0; i < 2; i++) {
            cl_buf_clear(&sides[i].data);
            write_event(&sides[i].data, kind, index, cl_buf_str(&string), i == 1);
            codes[i] = feed(&sides[i], &anomalies[i]);
            json[i] = look ? message_of(&sides[i]) : CL_BUF_INIT(0);
        }
        if (codes[0] != codes[1] || anomalies[0] != anomalies[1] ||
            !cl_str_eq(cl_buf_str(&json[0]), cl_buf_str(&json[1])) ||
            (look && complete.len > 0 && !cl_str_eq(cl_buf_str(&json[0]), cl_buf_str(&complete))))
            __builtin_trap();
        if (look && complete.len == 0 && cl_accumulator_done(sides[0].accumulator))
            (void)cl_buf_append_str(&complete, cl_buf_str(&json[0]));
        cl_buf_free(&json[0]);
        cl_buf_free(&json[1]);
    }
    cl_buf_free(&complete);
    cl_buf_free(&string);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    reader r = {data, size};
    unsigned flags = take(&r);
    cl_accumulator_limits limits = {.max_message = MAX_MESSAGE,
                                    .max_blocks = MAX_BLOCKS,
                                    .max_depth = MAX_DEPTH,
                                    .keep_content = !(flags & 2),
                                    .strict = flags & 1};
    side sides[2];

    for (int i = 0; i < 2; i++) {
        sides[i] = (side){NULL, CL_BUF_INIT(MAX_EVENT), CL_BUF_INIT(MAX_EVENT)};
        if (cl_accumulator_new(&limits, &sides[i].accumulator, NULL) < 0)
            abort();
    }
    play(&r, sides);
    if (cl_accumulator_anomalies(sides[0].accumulator) != cl_accumulator_anomalies(sides[1].accumulator))
        __builtin_trap();
    for (int i = 0; i < 2; i++) {
        cl_accumulator_free(sides[i].accumulator);
        cl_buf_free(&sides[i].data);
        cl_buf_free(&sides[i].text);
    }
    return 0;
}
