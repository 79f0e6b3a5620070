/*
 * The table of cases is written from the rules, not from the code. Every case is fed whole, byte by byte and at every
 * two-way split (three-way for short ones), in windows that end where the memory ends, and compared with a slow parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sse/sse.h"

/* Results as text: [name|data] for an event, !P12 and !T12 for errors at byte 12, then #id and ~retry if there are. */

static void put(cl_buf *out, const char *bytes, size_t len)
{
    assert_int_equal(cl_buf_append(out, bytes, len), CL_BUF_OK);
}

static void put_event(cl_buf *out, cl_str name, cl_str data)
{
    put(out, "[", 1);
    put(out, name.ptr, name.len);
    put(out, "|", 1);
    put(out, data.ptr, data.len);
    put(out, "]", 1);
}

static void put_error(cl_buf *out, int32_t code, uint64_t offset)
{
    char text[64];
    int n = snprintf(text, sizeof text, "!%c%llu",
                     code == CLAUDE_E_PROTOCOL    ? 'P'
                     : code == CLAUDE_E_TOO_LARGE ? 'T'
                                                  : '?',
                     (unsigned long long)offset);
    put(out, text, (size_t)n);
}

static void put_end(cl_buf *out, cl_str id, int64_t retry)
{
    char text[64];
    int n = retry < 0 ? 0 : snprintf(text, sizeof text, "~%lld", (long long)retry);

    if (id.len > 0) {
        put(out, "#", 1);
        put(out, id.ptr, id.len);
    }
    put(out, text, (size_t)n);
}

/* ---- the slow parser: one byte at a time, copies everything ---- */

typedef struct slow {
    cl_buf *out;
    size_t max;
    cl_buf line;
    cl_buf name;
    cl_buf data;
    cl_buf id;
    cl_buf last_id;
    size_t line_at;
    size_t begin;
    size_t bad_name;
    size_t bad_data;
    bool pending;
    bool has_id;
    int64_t retry;
} slow;

static size_t slow_utf8(const unsigned char *p, size_t len)
{
    size_t i = 0;

    while (i < len) {
        uint32_t code = p[i];
        size_t n = code < 0x80 ? 1 : code >= 0xc0 && code < 0xe0 ? 2 : code >= 0xe0 && code < 0xf0 ? 3 : 4;
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if ((code >= 0x80 && code < 0xc0) || code >= 0xf8 || n > len - i)
            return i;
        if (n > 1)
            code &= 0x7fu >> n;
        for (size_t k = 1; k < n; k++) {
            if (p[i + k] < 0x80 || p[i + k] > 0xbf)
                return i;
            code = code << 6 | (p[i + k] & 0x3fu);
        }
        if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return i;
        i += n;
    }
    return len;
}

static void slow_dispatch(slow *s)
{
    size_t bad = s->bad_name < s->bad_data ? s->bad_name : s->bad_data;

    if (s->has_id) {
        cl_buf_clear(&s->last_id);
        put(&s->last_id, s->id.ptr, s->id.len);
    }
    if (s->data.len > 0 && bad != SIZE_MAX)
        put_error(s->out, CLAUDE_E_PROTOCOL, bad);
    else if (s->data.len > 0)
        put_event(s->out, cl_buf_str(&s->name), cl_str_n(s->data.ptr, s->data.len - 1));
    cl_buf_clear(&s->name);
    cl_buf_clear(&s->data);
    s->pending = false;
    s->has_id = false;
    s->bad_name = SIZE_MAX;
    s->bad_data = SIZE_MAX;
}

static void slow_line(slow *s)
{
    const char *line = s->line.ptr ? s->line.ptr : "";
    size_t len = s->line.len;
    size_t colon = 0;
    size_t value;
    cl_str name;
    size_t good;

    while (colon < len && line[colon] != ':')
        colon++;
    name = cl_str_n(line, colon);
    value = colon < len ? colon + 1 : len;
    if (colon < len && value < len && line[value] == ' ')
        value++;
    good = slow_utf8((const unsigned char *)line + value, len - value);
    if (len == 0) {
        slow_dispatch(s);
    } else if (cl_str_eq(name, CL_STR("event"))) {
        cl_buf_clear(&s->name);
        put(&s->name, line + value, len - value);
        s->bad_name = good == len - value ? SIZE_MAX : s->line_at + value + good;
        s->pending = true;
    } else if (cl_str_eq(name, CL_STR("data"))) {
        put(&s->data, line + value, len - value);
        put(&s->data, "\n", 1);
        if (good != len - value && s->bad_data == SIZE_MAX)
            s->bad_data = s->line_at + value + good;
        s->pending = true;
    } else if (cl_str_eq(name, CL_STR("id"))) {
        if (!memchr(line + value, 0, len - value) && good == len - value) {
            cl_buf_clear(&s->id);
            put(&s->id, line + value, len - value);
            s->has_id = true;
            s->pending = true;
        }
    } else if (cl_str_eq(name, CL_STR("retry"))) {
        unsigned long long ms = 0;
        bool ok = value < len;
        for (size_t i = value; i < len && ok; i++) {
            ok = line[i] >= '0' && line[i] <= '9' &&
                 ms <= ((unsigned long long)INT64_MAX - (unsigned)(line[i] - '0')) / 10;
            ms = ms * 10 + (unsigned)(line[i] - '0');
        }
        if (ok)
            s->retry = (int64_t)ms;
    }
    cl_buf_clear(&s->line);
}

static void slow_parse(const char *bytes, size_t len, size_t max, cl_buf *out)
{
    slow s = {.out = out, .max = max, .bad_name = SIZE_MAX, .bad_data = SIZE_MAX, .retry = -1};
    bool after_cr = false;
    size_t i = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    cl_buf *all[] = {&s.line, &s.name, &s.data, &s.id, &s.last_id};

    for (size_t k = 0; k < 5; k++)
        *all[k] = CL_BUF_INIT(SIZE_MAX - 1);
    if (len < 3 && memcmp(bytes, "\xef\xbb\xbf", len) == 0)
        i = len;
    s.line_at = i;
    s.begin = i;
    for (; i < len; i++) {
        bool drop = after_cr && bytes[i] == '\n';
        after_cr = false;
        if (drop && !s.pending)
            s.begin = i + 1;
        if (i + 1 - s.begin > max && i + 1 > s.begin) {
            put_error(out, CLAUDE_E_TOO_LARGE, s.begin + max);
            break;
        }
        if (drop) {
            s.line_at = i + 1;
        } else if (bytes[i] == '\r' || bytes[i] == '\n') {
            slow_line(&s);
            after_cr = bytes[i] == '\r';
            s.line_at = i + 1;
            if (!s.pending)
                s.begin = i + 1;
        } else {
            put(&s.line, bytes + i, 1);
        }
    }
    put_end(out, cl_buf_str(&s.last_id), s.retry);
    for (size_t k = 0; k < 5; k++)
        cl_buf_free(all[k]);
}

/* ---- the parser under test, fed in pieces ---- */

static uint64_t offset_in(const char *message)
{
    const char *at = strstr(message, "at byte ");
    assert_non_null(at);
    return strtoull(at + 8, NULL, 10);
}

typedef struct feed {
    cl_sse sse;
    char *window; /* exactly as long as its content */
    size_t len;
    cl_buf *out;
    bool over;
} feed;

static void feed_open(feed *f, size_t max, cl_buf *out)
{
    cl_sse_init(&f->sse, max);
    f->window = NULL;
    f->len = 0;
    f->out = out;
    f->over = false;
}

static void feed_bytes(feed *f, const char *bytes, size_t len)
{
    char *window;

    if (f->over)
        return;
    window = malloc(f->len + len + (f->len + len == 0));
    assert_non_null(window);
    if (f->len > 0)
        memcpy(window, f->window, f->len);
    if (len > 0)
        memcpy(window + f->len, bytes, len);
    free(f->window);
    f->window = window;
    f->len += len;
    for (;;) {
        cl_sse_event event;
        size_t consumed = SIZE_MAX;
        cl_err err;
        int32_t rc;
        cl_err_init(&err);
        rc = cl_sse_next(&f->sse, f->window, f->len, &consumed, &event, &err);
        assert_true(consumed <= f->len);
        if (rc == CL_SSE_EVENT) {
            /* What the header allows: the byte after the data may be overwritten. */
            ((char *)(uintptr_t)event.data.ptr)[event.data.len] = '\0';
            put_event(f->out, event.name, event.data);
        } else if (rc < 0) {
            put_error(f->out, rc, offset_in(err.message));
        }
        memmove(f->window, f->window + consumed, f->len - consumed);
        f->len -= consumed;
        if (rc == CL_SSE_MORE || rc == CLAUDE_E_TOO_LARGE) {
            assert_true(rc < 0 || f->len <= f->sse.max_event || !f->sse.started);
            f->over = rc < 0;
            break;
        }
    }
}

static void feed_close(feed *f)
{
    put_end(f->out, cl_buf_str(&f->sse.last_id), f->sse.retry_ms);
    cl_sse_free(&f->sse);
    free(f->window);
}

static void same(const cl_buf *got, const cl_buf *want, const char *what, size_t a, size_t b)
{
    if (got->len == want->len && (got->len == 0 || memcmp(got->ptr, want->ptr, got->len) == 0))
        return;
    fail_msg("%s cut at %zu, %zu: got \"%s\", want \"%s\"", what, a, b, got->ptr ? got->ptr : "",
             want->ptr ? want->ptr : "");
}

static void check_cut(const char *in, size_t len, size_t max, size_t a, size_t b, const cl_buf *want)
{
    cl_buf got = CL_BUF_INIT(SIZE_MAX - 1);
    feed f;

    feed_open(&f, max, &got);
    feed_bytes(&f, in, a);
    feed_bytes(&f, in + a, b - a);
    feed_bytes(&f, in + b, len - b);
    feed_close(&f);
    same(&got, want, in, a, b);
    cl_buf_free(&got);
}

static void check_bytewise(const char *in, size_t len, size_t max, const cl_buf *want)
{
    cl_buf got = CL_BUF_INIT(SIZE_MAX - 1);
    feed f;

    feed_open(&f, max, &got);
    for (size_t i = 0; i < len; i++)
        feed_bytes(&f, in + i, 1);
    feed_close(&f);
    same(&got, want, in, 1, 1);
    cl_buf_free(&got);
}

static void check_all_cuts(const char *in, size_t len, size_t max, const cl_buf *want)
{
    cl_buf slow_out = CL_BUF_INIT(SIZE_MAX - 1);

    slow_parse(in, len, max, &slow_out);
    same(&slow_out, want, "the slow parser", len, len);
    cl_buf_free(&slow_out);
    check_bytewise(in, len, max, want);
    for (size_t a = 0; a <= len; a++) {
        check_cut(in, len, max, a, len, want);
        for (size_t b = a; len <= 200 && b < len; b++)
            check_cut(in, len, max, a, b, want);
    }
}

/* ---- the table ---- */

typedef struct row {
    const char *in;
    size_t len;
    const char *want;
    size_t want_len;
    size_t max;
} row;

#define ROW(in, want)                                                                                                  \
    {                                                                                                                  \
        in, sizeof(in) - 1, want, sizeof(want) - 1, 1000                                                               \
    }
#define CAP(in, max, want)                                                                                             \
    {                                                                                                                  \
        in, sizeof(in) - 1, want, sizeof(want) - 1, max                                                                \
    }

static const row rows[] = {
    /* line ends */
    ROW("data: a\n\n", "[|a]"),
    ROW("data: a\r\r", "[|a]"),
    ROW("data: a\r\n\r\n", "[|a]"),
    ROW("data: a\n\r", "[|a]"),
    ROW("data: a\r\n\r", "[|a]"),
    ROW("data: a\n\r\n", "[|a]"),
    ROW("data: a\r\n\n", "[|a]"),
    ROW("data: a\r\r\n", "[|a]"),
    ROW("data: a\r\n\r\ndata: b\r\n\r\n", "[|a][|b]"),
    ROW("data: a\r\rdata: b\r\r", "[|a][|b]"),
    ROW("data: a\n\n\n\n\r\n\r\rdata: b\n\n", "[|a][|b]"),
    ROW("data: a\r\ndata: b\rdata: c\ndata: d\n\r\n", "[|a\nb\nc\nd]"),
    ROW("\n\n\r\n\rdata: a\n\n", "[|a]"),
    ROW("data: a\xe2\x80\xa8"
        "b\xc2\x85"
        "c\x0b\x0c\x1e\n\n",
        "[|a\xe2\x80\xa8"
        "b\xc2\x85"
        "c\x0b\x0c\x1e]"),
    /* the byte order mark: once, at the start only */
    ROW("\xef\xbb\xbf"
        "data: a\n\n",
        "[|a]"),
    ROW("\xef\xbb\xbf\xef\xbb\xbf"
        "data: a\n\ndata: b\n\n",
        "[|b]"),
    ROW("data: a\n\n\xef\xbb\xbf"
        "data: b\n\n",
        "[|a]"),
    ROW("\n\xef\xbb\xbf"
        "data: a\n\n",
        ""),
    ROW("\xef\xbb\xbf", ""),
    ROW("\xef\xbb", ""),
    ROW("\xef\xbb"
        "data: a\n\n",
        ""),
    ROW("\xef\xbb\xbf\r\ndata: a\r\n\r\n", "[|a]"),
    /* comments */
    ROW(": hello\n\n", ""),
    ROW(":\n\n", ""),
    ROW(": a\ndata: b\n: c\ndata: d\n:e\n\n", "[|b\nd]"),
    ROW(":data: a\n\n", ""),
    ROW(" : x\ndata: a\n\n", "[|a]"),
    ROW(": \xff\xfe\ndata: a\n\n", "[|a]"),
    /* the grammar of fields */
    ROW("data:a\n\n", "[|a]"),
    ROW("data:  a\n\n", "[| a]"),
    ROW("data: a \n\n", "[|a ]"),
    ROW("data:\ta\n\n", "[|\ta]"),
    ROW("data : a\n\n", ""),
    ROW(" data: a\n\n", ""),
    ROW("Data: a\nDATA: b\n\n", ""),
    ROW("datax: a\nxdata: b\ndat: c\nd\n\n", ""),
    ROW("data: a:b: c\n\n", "[|a:b: c]"),
    ROW("data::\n\n", "[|:]"),
    ROW("unknown: a\ndata: b\nunknown\n\n", "[|b]"),
    ROW("data: a\nevent\n\n", "[|a]"),
    ROW("event: x\nevent: y\ndata: a\n\n", "[y|a]"),
    ROW("event: x\nevent\ndata: a\n\n", "[|a]"),
    ROW("event: x\nevent:\ndata: a\n\n", "[|a]"),
    ROW("data: a\nevent: x\n\n", "[x|a]"),
    ROW("event:x\ndata:a\n\ndata:b\n\n", "[x|a][|b]"),
    ROW("event:  x \ndata: a\n\n", "[ x |a]"),
    ROW("eventx: y\nevents: z\ndata: a\n\n", "[|a]"),
    /* empty data, and none */
    ROW("data\n\n", "[|]"),
    ROW("data:\n\n", "[|]"),
    ROW("data: \n\n", "[|]"),
    ROW("data\ndata\n\n", "[|\n]"),
    ROW("data:\ndata:\ndata\n\n", "[|\n\n]"),
    ROW("data\ndata: a\n\n", "[|\na]"),
    ROW("data: a\ndata\n\n", "[|a\n]"),
    ROW("event: x\n\ndata: a\n\n", "[|a]"),
    ROW("event: x\n\n", ""),
    ROW("event: x\n: c\n\n\nevent: y\ndata: a\n\n", "[y|a]"),
    /* id and retry */
    ROW("id: 7\ndata: a\n\n", "[|a]#7"),
    ROW("id: 7\ndata: a\n\ndata: b\n\n", "[|a][|b]#7"),
    ROW("id: 7\ndata: a\n\nid\ndata: b\n\n", "[|a][|b]"),
    ROW("id: 7\n\n", "#7"),
    ROW("id: 7\ndata: a\n\nid: 8\ndata: b\n", "[|a]#7"),
    ROW("id: 7\nid: 8\0x\ndata: a\n\n", "[|a]#7"),
    ROW("id: 7\ndata: a\n\nid: \xff\n\n", "[|a]#7"),
    ROW("id: \xc3\xa9\n\n", "#\xc3\xa9"),
    ROW("retry: 250\n", "~250"),
    ROW("retry: 250\nretry: -1\nretry: 2.5\nretry: 1e3\nretry\nretry: \nretry: 7x\nretry: +7\n", "~250"),
    ROW("retry:9223372036854775807\nretry: 9223372036854775808\n", "~9223372036854775807"),
    ROW("retry: 0010\ndata: a\n\n", "[|a]~10"),
    /* NUL, and UTF-8 */
    ROW("data: a\0b\n\n", "[|a\0b]"),
    ROW("event: a\0b\ndata: c\n\n", "[a\0b|c]"),
    ROW("da\0ta: a\n\n", ""),
    ROW("data: \xf0\x9f\x98\x80\xe4\xb8\xad\xc3\xa9\n\n", "[|\xf0\x9f\x98\x80\xe4\xb8\xad\xc3\xa9]"),
    ROW("event: \xc3\xa9\ndata: a\n\n", "[\xc3\xa9|a]"),
    ROW("data: a\xff"
        "b\n\ndata: c\n\n",
        "!P7[|c]"),
    ROW("data: ok\n\nevent: x\ndata: \xc3\n\n", "[|ok]!P25"),
    ROW("event: \x80\ndata: a\xff\n\n", "!P7"),
    ROW("data: a\xff\nevent: \x80\n\n", "!P7"),
    ROW("event: \x80\nevent: x\ndata: a\n\n", "[x|a]"),
    ROW("event: \x80\n\ndata: a\n\n", "[|a]"),
    ROW("data: \xc3\ndata: \xa9\n\n", "!P6"),
    ROW("data: a\ndata: \xed\xa0\x80\ndata: \xff\n\n", "!P14"),
    ROW("event: content_block_delta\ndata: {\"a\":\"0123456789\xf4\x90\x80\x80\"}\n\n", "!P49"),
    ROW("\xef\xbb\xbf"
        "data: \xc0\xaf\n\n",
        "!P9"),
    ROW("data: a\xff\n", ""),
    ROW("unknown: \xff\ndata: a\n\n", "[|a]"),
    /* the end of the stream */
    ROW("", ""),
    ROW("data: a", ""),
    ROW("data: a\n", ""),
    ROW("data: a\n\ndata: b\n", "[|a]"),
    ROW("data: a\n\ndata: b", "[|a]"),
    ROW("\n", ""),
    ROW("\r", ""),
    /* the shapes of the API */
    ROW("event: ping\ndata: {\"type\": \"ping\"}\n\n", "[ping|{\"type\": \"ping\"}]"),
    ROW("event: a\ndata: 1\n\nevent: b\ndata: 2\n\nevent: c\ndata: 3\n\n", "[a|1][b|2][c|3]"),
    ROW("event: message_stop\ndata: {\"type\":\"message_stop\"     }\n\n",
        "[message_stop|{\"type\":\"message_stop\"     }]"),
    ROW("event: a\r\ndata: 0123456789abcdef\r\n\r\nevent: b\r\ndata: 2\r\n\r\n", "[a|0123456789abcdef][b|2]"),
    ROW("event: a\ndata: 0123456789abcdef\n\revent: b\rdata: 2\n\n", "[a|0123456789abcdef][b|2]"),
    ROW("event: a\ndata: 0123456789abcdef\ndata: x\n\n", "[a|0123456789abcdef\nx]"),
    ROW("event: \ndata: 0123456789abcdef\n\n", "[|0123456789abcdef]"),
    ROW("event: a\ndata: \xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\n\n",
        "[a|\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87]"),
    ROW("event: completion\r\ndata: {}\r\n\r\n: keep-alive\r\n\r\ndata: [DONE]\r\n\r\n", "[completion|{}][|[DONE]]"),
    /* the cap: up to and with the blank line's first terminator */
    CAP("data: abc\n\n", 11, "[|abc]"),
    CAP("data: abc\n\n", 10, "!T10"),
    CAP("data: abc\r\n\r\n", 12, "[|abc]"),
    CAP("data: abc\r\n\r\n", 11, "!T11"),
    CAP("data: abc\r\n\r\ndata: abc\r\n\r\n", 12, "[|abc][|abc]"),
    CAP("data: abc\r\r", 11, "[|abc]"),
    CAP("data: abc\r\ndata: x\n\n", 10, "!T10"),
    CAP("\xef\xbb\xbf"
        "data: abc\n\n",
        11, "[|abc]"),
    CAP("\xef\xbb\xbf"
        "data: abc\n\n",
        10, "!T13"),
    CAP("event: ab\ndata: abcdef\n\n", 24, "[ab|abcdef]"),
    CAP("event: ab\ndata: abcdef\n\n", 23, "!T23"),
    CAP("data: a\n\nevent: ab\ndata: abcdef\n\n", 23, "[|a]!T32"),
    CAP("data: a\n: comment\n\n", 19, "[|a]"),
    CAP("data: a\n: comment\n\n", 18, "!T18"),
    CAP(": comment\n: comment\n: comment\ndata: ab\n\n", 10, "[|ab]"),
    CAP(": comment\r\n: comment\r\nx: 34567\r\ndata: ab\n\n", 10, "[|ab]"),
    CAP(": comment1\ndata: ab\n\n", 10, "!T10"),
    CAP("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\ndata: ab\n\n", 10, "[|ab]"),
    CAP("0123456789a", 10, "!T10"),
    CAP("0123456789", 10, ""),
    CAP("data: \xff\xff\xff\xff\xff\n\n", 10, "!T10"),
    CAP("data: a\ndata: b\ndata: c\n\n", 25, "[|a\nb\nc]"),
    CAP("data: a\ndata: b\ndata: c\n\n", 24, "!T24"),
    CAP("id: 1234\n\n", 10, "#1234"),
    CAP("id: 12345\n\n", 10, "!T10"),
};

static void test_table(void **state)
{
    (void)state;
    assert_true(sizeof rows / sizeof rows[0] >= 48);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_buf want = CL_BUF_INIT(SIZE_MAX - 1);
        put(&want, rows[i].want, rows[i].want_len);
        check_all_cuts(rows[i].in, rows[i].len, rows[i].max, &want);
        cl_buf_free(&want);
    }
}

/* Every limit at every case: the slow parser says what must happen. */
static void test_every_cap(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t max = 1; max < rows[i].len + 2; max++) {
            cl_buf want = CL_BUF_INIT(SIZE_MAX - 1);
            slow_parse(rows[i].in, rows[i].len, max, &want);
            check_bytewise(rows[i].in, rows[i].len, max, &want);
            for (size_t a = 0; a <= rows[i].len; a++)
                check_cut(rows[i].in, rows[i].len, max, a, rows[i].len, &want);
            cl_buf_free(&want);
        }
    }
}

/* ---- properties ---- */

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint32_t chance(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

static size_t random_input(char *out, size_t room)
{
    static const char *const pieces[] = {"data",
                                         "event",
                                         "id",
                                         "retry",
                                         ":",
                                         ": ",
                                         "\n",
                                         "\n",
                                         "\r",
                                         "\r\n",
                                         "\n\n",
                                         "a",
                                         "\xc3\xa9",
                                         "\xff",
                                         "\xc3",
                                         " ",
                                         "1",
                                         "data: x\n\n",
                                         "\r\n\r\n",
                                         "\xef\xbb\xbf",
                                         "event: ping\ndata: {\"type\": \"ping\"}\n\n",
                                         "0123456789abcdef",
                                         "data: ",
                                         "event: "};
    size_t count = 1 + chance(24);
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        char byte[2] = {(char)chance(256), 0};
        const char *piece = chance(16) == 0 ? byte : pieces[chance(sizeof pieces / sizeof pieces[0])];
        size_t n = piece == byte ? 1 : strlen(piece);
        if (len + n > room)
            break;
        memcpy(out + len, piece, n);
        len += n;
    }
    return len;
}

static void test_random(void **state)
{
    char in[1024];
    struct timespec now;
    struct timespec until;
    size_t rounds = 0;

    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    do {
        cl_buf want = CL_BUF_INIT(SIZE_MAX - 1);
        size_t len = random_input(in, sizeof in);
        size_t max = chance(4) == 0 ? 1 + chance(64) : 4096;
        size_t a = chance((uint32_t)len + 1);
        size_t b = a + chance((uint32_t)(len - a) + 1);
        slow_parse(in, len, max, &want);
        check_cut(in, len, max, len, len, &want);
        check_cut(in, len, max, a, b, &want);
        check_bytewise(in, len, max, &want);
        cl_buf_free(&want);
        rounds++;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec < until.tv_nsec));
    assert_true(rounds > 100);
}

/* The blank line's first terminator is enough, or the last event of a burst would wait for the next packet. */
static void test_no_peeking(void **state)
{
    static const char *const ins[] = {"data: a\n\n", "data: a\r\n\r", "data: a\r\r"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        cl_sse sse;
        cl_sse_event event;
        size_t consumed;
        cl_sse_init(&sse, 100);
        assert_int_equal(cl_sse_next(&sse, ins[i], strlen(ins[i]), &consumed, &event, NULL), CL_SSE_EVENT);
        assert_int_equal(consumed, strlen(ins[i]));
        cl_sse_free(&sse);
    }
}

/* What can never be part of an event is dropped at once: an idle stream's comments need no memory. */
static void test_comments_are_consumed(void **state)
{
    cl_sse sse;
    cl_sse_event event;
    size_t consumed;

    (void)state;
    cl_sse_init(&sse, 100);
    assert_int_equal(cl_sse_next(&sse, ": ping\n: pi", 11, &consumed, &event, NULL), CL_SSE_MORE);
    assert_int_equal(consumed, 7);
    assert_int_equal(cl_sse_next(&sse, ": ping\n", 7, &consumed, &event, NULL), CL_SSE_MORE);
    assert_int_equal(consumed, 7);
    assert_int_equal(cl_sse_next(&sse, "", 0, &consumed, &event, NULL), CL_SSE_MORE);
    assert_int_equal(consumed, 0);
    cl_sse_free(&sse);
}

/* Too large is final, also when more bytes come. */
static void test_too_large_stays(void **state)
{
    cl_sse sse;
    cl_sse_event event;
    size_t consumed;

    (void)state;
    cl_sse_init(&sse, 8);
    for (size_t len = 9; len <= 11; len++) {
        cl_err err;
        cl_err_init(&err);
        assert_int_equal(cl_sse_next(&sse, "data: abc\n\n", len, &consumed, &event, &err), CLAUDE_E_TOO_LARGE);
        assert_int_equal(consumed, 0);
        assert_int_equal(offset_in(err.message), 8);
        assert_non_null(strstr(err.message, "limit.event_bytes"));
    }
    cl_sse_free(&sse);
}

/* Bytes are looked at once: a long event in small pieces takes linear time; many lines do too. */
static void test_linear(void **state)
{
    size_t len = 8u << 20;
    char *in = malloc(len);
    cl_sse sse;
    cl_sse_event event;
    size_t consumed;
    size_t at = 0;
    clock_t begin = clock();

    (void)state;
    assert_non_null(in);
    memset(in, 'x', len);
    memcpy(in, "event: x\ndata: ", 15);
    cl_sse_init(&sse, len + 2);
    for (size_t have = 16; have <= len; have += 16)
        assert_int_equal(cl_sse_next(&sse, in, have, &consumed, &event, NULL), CL_SSE_MORE);
    cl_sse_free(&sse);
    for (at = 0; at + 8 <= len; at += 8)
        memcpy(in + at, "data: x\n", 8);
    in[len - 1] = '\n';
    in[len - 2] = '\n';
    cl_sse_init(&sse, len);
    assert_int_equal(cl_sse_next(&sse, in, len, &consumed, &event, NULL), CL_SSE_EVENT);
    assert_int_equal(event.data.len, len / 8 * 2 - 2);
    cl_sse_free(&sse);
    free(in);
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 20.0);
}

static void test_utf8(void **state)
{
    (void)state;
    for (size_t round = 0; round < 200000; round++) {
        char text[48];
        size_t len = chance(sizeof text);
        for (size_t i = 0; i < len; i++)
            text[i] = chance(3) == 0 ? "\xc3\xa9\xe0\x9f\xa0\xed\xf0\x8f\x90\xf4\xbf\xef\xc1"[chance(13)] : 'a';
        assert_int_equal(cl_utf8_valid(cl_str_n(text, len)), slow_utf8((const unsigned char *)text, len));
    }
    for (uint32_t code = 0; code < 0x110000; code++) {
        unsigned char p[4] = {0};
        size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        bool surrogate = code >= 0xd800 && code < 0xe000;
        for (size_t k = n; k-- > 1;)
            p[k] = (unsigned char)(0x80 | ((code >> (6 * (n - 1 - k))) & 0x3f));
        p[0] = (unsigned char)(lead[n] | (code >> (6 * (n - 1))));
        assert_int_equal(cl_utf8_valid(cl_str_n((const char *)p, n)), surrogate ? 0 : n);
        assert_int_equal(cl_utf8_valid(cl_str_n((const char *)p, n - 1)), n == 1 ? 0 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_every_cap),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_no_peeking),
        cmocka_unit_test(test_comments_are_consumed),
        cmocka_unit_test(test_too_large_stays),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
