/*
 * sse.c - server-sent events by the rules of the HTML standard (9.2.5, 9.2.6), with one exception: bytes that are not
 * UTF-8 are an error, because replacing them would silently change what a model wrote.
 */
#include "sse/sse.h"

#include <inttypes.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A joined buffer that has grown beyond this is given back after its event. */
enum { JOINED_KEEP = 64 * 1024 };

void cl_sse_init(cl_sse *sse, size_t max_event)
{
    memset(sse, 0, sizeof *sse);
    sse->max_event = max_event;
    sse->bad_name = CL_SSE_NOWHERE;
    sse->bad_data = CL_SSE_NOWHERE;
    sse->joined = CL_BUF_INIT(max_event);
    sse->last_id = CL_BUF_INIT(max_event);
    sse->retry_ms = -1;
}

void cl_sse_free(cl_sse *sse)
{
    cl_buf_free(&sse->joined);
    cl_buf_free(&sse->last_id);
}

/* The first CR or LF, or NULL. Sets `*high` if a byte before it (or before `end`) is not ASCII. */
static const char *find_eol(const char *p, const char *end, bool *high)
{
#ifdef __SSE2__
    const __m128i lf = _mm_set1_epi8('\n');
    const __m128i cr = _mm_set1_epi8('\r');
    __m128i seen = _mm_setzero_si128();

    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned hit = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr)));
        if (hit) {
            unsigned before = (hit & (0u - hit)) - 1;
            if (_mm_movemask_epi8(seen) || ((unsigned)_mm_movemask_epi8(v) & before))
                *high = true;
            return p + __builtin_ctz(hit);
        }
        seen = _mm_or_si128(seen, v);
    }
    if (_mm_movemask_epi8(seen))
        *high = true;
#endif
    for (; p < end; p++) {
        if (*p == '\n' || *p == '\r')
            return p;
        if ((unsigned char)*p >= 0x80)
            *high = true;
    }
    return NULL;
}

/* Recognises "name" or "name:value" with one space after the colon dropped. */
static bool is_field(cl_str line, cl_str name, cl_str *value)
{
    if (!cl_str_starts(line, name) || (line.len > name.len && line.ptr[name.len] != ':'))
        return false;
    line.ptr += name.len;
    line.len -= name.len;
    if (line.len > 0) {
        line.ptr++;
        line.len--;
    }
    if (line.len > 0 && line.ptr[0] == ' ') {
        line.ptr++;
        line.len--;
    }
    *value = line;
    return true;
}

/* Where in the stream the text goes wrong. */
static uint64_t first_bad(const cl_sse *sse, const char *window, cl_str text)
{
    size_t good = sse->high ? cl_utf8_valid(text) : text.len;

    return good == text.len ? CL_SSE_NOWHERE : sse->offset + (uint64_t)(text.ptr - window) + good;
}

static int32_t add_data(cl_sse *sse, const char *window, cl_str value, cl_err *err)
{
    cl_buf *joined = &sse->joined;

    if (sse->data_lines == 0) {
        sse->data_at = (size_t)(value.ptr - window);
        sse->data_len = value.len;
    } else {
        size_t first = sse->data_lines == 1 ? sse->data_len : 0;
        int rc;

        if (sse->data_lines == 1)
            cl_buf_clear(joined);
        /* Room for all of it first, so that a failure leaves the parser as it was. */
        rc = cl_buf_reserve(joined, first + 1 + value.len);
        if (rc == CL_BUF_OK && first > 0)
            rc = cl_buf_append(joined, window + sse->data_at, first);
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_char(joined, '\n');
        if (rc == CL_BUF_OK)
            rc = cl_buf_append_str(joined, value);
        if (rc != CL_BUF_OK)
            return cl_fail_buf(err, rc, "an event of the stream (limit.event_bytes)");
    }
    sse->data_lines++;
    sse->pending = true;
    if (sse->bad_data == CL_SSE_NOWHERE)
        sse->bad_data = first_bad(sse, window, value);
    return CL_SSE_MORE;
}

static void set_retry(cl_sse *sse, cl_str value)
{
    int64_t ms;

    for (size_t i = 0; i < value.len; i++) {
        if (!cl_ascii_is_digit(value.ptr[i]))
            return;
    }
    if (cl_str_to_int64(value, &ms))
        sse->retry_ms = ms;
}

/* Takes in one line that is not blank. */
static int32_t add_line(cl_sse *sse, const char *window, cl_str line, cl_err *err)
{
    cl_str value;

    if (is_field(line, CL_STR("data"), &value))
        return add_data(sse, window, value, err);
    if (is_field(line, CL_STR("event"), &value)) {
        sse->name_at = (size_t)(value.ptr - window);
        sse->name_len = value.len;
        sse->bad_name = first_bad(sse, window, value);
        sse->pending = true;
    } else if (is_field(line, CL_STR("id"), &value)) {
        /* The rules drop an id with NUL; one that is no text is dropped likewise, nobody sees it change. */
        if (!memchr(line.ptr, '\0', line.len) && first_bad(sse, window, value) == CL_SSE_NOWHERE) {
            sse->id_at = (size_t)(value.ptr - window);
            sse->id_len = value.len;
            sse->has_id = true;
            sse->pending = true;
        }
    } else if (is_field(line, CL_STR("retry"), &value)) {
        set_retry(sse, value);
    }
    return CL_SSE_MORE;
}

/* Forgets the event under way; what it gave out stays in place until the next call. */
static void reset(cl_sse *sse)
{
    sse->name_len = 0;
    sse->data_lines = 0;
    sse->bad_name = CL_SSE_NOWHERE;
    sse->bad_data = CL_SSE_NOWHERE;
    sse->pending = false;
    sse->has_id = false;
}

/* A blank line. */
static int32_t dispatch(cl_sse *sse, const char *window, cl_sse_event *event, cl_err *err)
{
    uint64_t bad = sse->bad_name < sse->bad_data ? sse->bad_name : sse->bad_data;
    int32_t rc = CL_SSE_MORE;

    if (sse->has_id) {
        int result;
        cl_buf_clear(&sse->last_id);
        result = cl_buf_append(&sse->last_id, window + sse->id_at, sse->id_len);
        if (result != CL_BUF_OK)
            return cl_fail_buf(err, result, "an event of the stream (limit.event_bytes)");
    }
    if (sse->data_lines > 0 && bad != CL_SSE_NOWHERE) {
        rc = cl_fail(err, CLAUDE_E_PROTOCOL, "the stream has invalid UTF-8 at byte %" PRIu64, bad);
    } else if (sse->data_lines > 0) {
        event->name = sse->name_len > 0 ? cl_str_n(window + sse->name_at, sse->name_len) : CL_STR("");
        event->data = sse->data_lines > 1 ? cl_buf_str(&sse->joined) : cl_str_n(window + sse->data_at, sse->data_len);
        rc = CL_SSE_EVENT;
    }
    reset(sse);
    return rc;
}

/*
 * `event: NAME LF data: TEXT LF LF`, all of it in the window and good: what the API sends. Returns its length; 0 for
 * anything else, which the general way then sees from its first byte.
 */
static size_t whole_event(const char *p, const char *end, size_t max, cl_sse_event *event)
{
    const char *name_end;
    const char *data_end;
    cl_str data;
    bool high = false;

    if (end - p < 16 || memcmp(p, "event: ", 7) != 0)
        return 0;
    name_end = find_eol(p + 7, end, &high);
    if (!name_end || high || end - name_end < 9 || memcmp(name_end + 1, "data: ", 6) != 0)
        return 0;
    data_end = find_eol(name_end + 7, end, &high);
    if (!data_end || end - data_end < 2 || data_end[0] != '\n' || data_end[1] != '\n')
        return 0;
    data = cl_str_n(name_end + 7, (size_t)(data_end - name_end) - 7);
    if ((size_t)(data_end + 2 - p) > max || (high && cl_utf8_valid(data) != data.len))
        return 0;
    event->name = cl_str_n(p + 7, (size_t)(name_end - p) - 7);
    event->data = data;
    return (size_t)(data_end + 2 - p);
}

/* Steps over a byte order mark at the start of the stream; false if more bytes are needed to tell. */
static bool begin(cl_sse *sse, const char *window, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t n = len < 3 ? len : 3;

    if (memcmp(window, mark, n) == 0) {
        if (n < 3)
            return false;
        sse->line = 3;
        sse->scanned = 3;
    }
    sse->started = true;
    return true;
}

/* Reads one line, starting at sse->line. False if its end is not in the window, or only beyond the event's limit. */
static bool take_line(cl_sse *sse, const char *window, size_t len, size_t *start, int32_t *rc, cl_sse_event *event,
                      cl_err *err)
{
    const char *eol = find_eol(window + sse->scanned, window + len, &sse->high);
    size_t at = eol ? (size_t)(eol - window) : len;

    if (!eol || at - *start >= sse->max_event) {
        sse->scanned = at;
        return false;
    }
    if (at == sse->line) {
        *rc = dispatch(sse, window, event, err);
        if (*rc == CLAUDE_E_NOMEM)
            return false;
    } else {
        *rc = add_line(sse, window, cl_str_n(window + sse->line, at - sse->line), err);
        if (*rc < 0)
            return false;
    }
    sse->skip_lf = *eol == '\r';
    sse->high = false;
    sse->line = at + 1;
    sse->scanned = at + 1;
    if (!sse->pending)
        *start = sse->line;
    return true;
}

int32_t cl_sse_next(cl_sse *sse, const char *window, size_t len, size_t *consumed, cl_sse_event *event, cl_err *err)
{
    size_t start = 0; /* of the event under way */
    int32_t rc = CL_SSE_MORE;

    *consumed = 0;
    if (len == 0 || (!sse->started && !begin(sse, window, len)))
        return CL_SSE_MORE;
    if (!sse->pending) {
        start = sse->line;
        if (sse->joined.cap > JOINED_KEEP)
            cl_buf_free(&sse->joined);
    }
    do {
        if (sse->skip_lf && sse->line < len) {
            sse->skip_lf = false;
            if (window[sse->line] == '\n')
                sse->scanned = ++sse->line;
            if (!sse->pending)
                start = sse->line;
        }
        if (!sse->pending && sse->scanned == start) {
            size_t n = whole_event(window + start, window + len, sse->max_event, event);
            if (n > 0) {
                start += n;
                sse->line = start;
                sse->scanned = start;
                rc = CL_SSE_EVENT;
                break;
            }
        }
    } while (take_line(sse, window, len, &start, &rc, event, err) && rc == CL_SSE_MORE);
    if (rc == CL_SSE_MORE && len - start > sse->max_event)
        rc = cl_fail(err, CLAUDE_E_TOO_LARGE,
                     "an event of the stream is over limit.event_bytes (%zu bytes) at byte %" PRIu64, sse->max_event,
                     sse->offset + start + sse->max_event);
    sse->line -= start;
    sse->scanned -= start;
    if (sse->pending && start > 0) {
        sse->name_at -= sse->name_len > 0 ? start : 0;
        sse->data_at -= sse->data_lines > 0 ? start : 0;
        sse->id_at -= sse->has_id ? start : 0;
    }
    sse->offset += start;
    *consumed = start;
    return rc;
}
