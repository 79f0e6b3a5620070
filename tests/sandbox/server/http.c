#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum chunk_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_DATA,
    CHUNK_DATA_END,
    CHUNK_TRAILER_START,
    CHUNK_TRAILER,
    CHUNK_TRAILER_CR,
};

struct request *request_new(void)
{
    struct request *request = xcalloc(1, sizeof *request);

    request->refs = 1;
    return request;
}

struct request *request_ref(struct request *request)
{
    request->refs++;
    return request;
}

void request_unref(struct request *request)
{
    if (request == NULL || --request->refs > 0)
        return;
    free(request->head);
    free(request->headers);
    buf_free(&request->body);
    free(request);
}

bool slice_is(struct slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

bool slice_is_nocase(struct slice s, const char *text)
{
    return s.len == strlen(text) && strncasecmp(s.data, text, s.len) == 0;
}

struct slice http_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (slice_is_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    }
    return (struct slice){0};
}

static struct slice trim(struct slice s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool http_header_has_token(const struct request *request, const char *name, const char *token)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct slice rest = request->headers[i].value;

        if (!slice_is_nocase(request->headers[i].name, name))
            continue;
        while (rest.len > 0) {
            const char *comma = memchr(rest.data, ',', rest.len);
            size_t len = comma != NULL ? (size_t)(comma - rest.data) : rest.len;

            if (slice_is_nocase(trim((struct slice){rest.data, len}), token))
                return true;
            len = comma != NULL ? len + 1 : len;
            rest.data += len;
            rest.len -= len;
        }
    }
    return false;
}

/* Cuts the next line off, without its line end; a bare LF is tolerated. */
static bool next_line(struct slice *rest, struct slice *line)
{
    const char *lf = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;

    if (lf == NULL)
        return false;
    *line = (struct slice){rest->data, (size_t)(lf - rest->data)};
    rest->data = lf + 1;
    rest->len -= line->len + 1;
    if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
    return true;
}

static int parse_request_line(struct request *request, struct slice line, const char **why)
{
    const char *first = memchr(line.data, ' ', line.len);
    const char *last = memrchr(line.data, ' ', line.len);

    *why = "malformed request line";
    if (first == NULL || first == last || first == line.data)
        return 400;
    request->method = (struct slice){line.data, (size_t)(first - line.data)};
    request->target = (struct slice){first + 1, (size_t)(last - first - 1)};
    request->version = (struct slice){last + 1, line.len - (size_t)(last + 1 - line.data)};
    if (request->target.len == 0 || memchr(request->target.data, ' ', request->target.len) != NULL)
        return 400;
    if (slice_is(request->version, "HTTP/1.1")) {
        request->minor = 1;
    } else if (!slice_is(request->version, "HTTP/1.0")) {
        *why = "only HTTP/1.1 and HTTP/1.0 are spoken here";
        return 505;
    }
    return 0;
}

static bool is_token_char(char c)
{
    return c != '\0' && (strchr("!#$%&'*+-.^_`|~", c) != NULL || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                         (c >= 'A' && c <= 'Z'));
}

static bool parse_header_line(struct header *header, struct slice line)
{
    const char *colon = memchr(line.data, ':', line.len);

    if (colon == NULL || colon == line.data)
        return false;
    header->name = (struct slice){line.data, (size_t)(colon - line.data)};
    for (size_t i = 0; i < header->name.len; i++) {
        if (!is_token_char(header->name.data[i]))
            return false;
    }
    header->value = trim((struct slice){colon + 1, line.len - header->name.len - 1});
    return memchr(header->value.data, '\0', header->value.len) == NULL;
}

static bool parse_length(struct slice text, uint64_t *length)
{
    uint64_t value = 0;

    if (text.len == 0 || text.len > 18)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *length = value;
    return true;
}

static int parse_framing(struct request *request, const char **why)
{
    bool has_length = false;

    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *h = &request->headers[i];
        uint64_t length = 0;

        if (slice_is_nocase(h->name, "content-length")) {
            *why = "bad content-length";
            if (!parse_length(h->value, &length) || (has_length && length != request->remaining))
                return 400;
            has_length = true;
            request->remaining = length;
        } else if (slice_is_nocase(h->name, "transfer-encoding")) {
            *why = "unsupported transfer-encoding";
            if (!slice_is_nocase(h->value, "chunked") || request->chunked)
                return 501;
            request->chunked = true;
        }
    }
    *why = "content-length and transfer-encoding together";
    if (has_length && request->chunked)
        return 400;
    request->keep_alive = request->minor == 1 && !http_header_has_token(request, "connection", "close");
    request->expect_continue = request->minor == 1 && http_header_has_token(request, "expect", "100-continue");
    return 0;
}

int http_parse_head(struct request *request, const char *head, size_t len, const char **why)
{
    struct slice rest;
    struct slice line;
    size_t cap = 0;
    int status;

    request->head = xstrndup(head, len);
    request->head_len = len;
    rest = (struct slice){request->head, len};
    if (!next_line(&rest, &line)) {
        *why = "no request line";
        return 400;
    }
    status = parse_request_line(request, line, why);
    if (status != 0)
        return status;
    while (next_line(&rest, &line) && line.len > 0) {
        if (request->header_count == HTTP_MAX_HEADERS) {
            *why = "too many headers";
            return 431;
        }
        if (request->header_count == cap) {
            cap = cap != 0 ? cap * 2 : 16;
            request->headers = xrealloc(request->headers, cap * sizeof *request->headers);
        }
        if (!parse_header_line(&request->headers[request->header_count], line)) {
            *why = "malformed header line";
            return 400;
        }
        request->header_count++;
    }
    return parse_framing(request, why);
}

bool http_has_body(const struct request *request)
{
    return request->chunked || request->remaining > 0;
}

static void take(struct request *request, const char *data, size_t len)
{
    size_t room = request->body.len < request->keep_limit ? request->keep_limit - request->body.len : 0;

    if (request->want_crc)
        request->crc = (uint32_t)crc32_z(request->crc, (const unsigned char *)data, len);
    request->body_length += len;
    /* only a body without holes is worth keeping, so nothing is added once something was left out */
    if (room > 0 && request->body_length - len == request->body.len)
        buf_add(&request->body, data, len < room ? len : room);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One byte of chunk framing. */
static int feed_framing(struct request *request, char c, bool *done)
{
    int digit = hex_digit(c);

    switch (request->chunk_state) {
    case CHUNK_SIZE:
        if (digit >= 0 && request->chunk_digits < 15) {
            request->remaining = request->remaining * 16 + (unsigned)digit;
            request->chunk_digits++;
            return 0;
        }
        if (request->chunk_digits == 0 || digit >= 0)
            return 400;
        request->chunk_state = CHUNK_EXTENSION;
        /* fall through */
    case CHUNK_EXTENSION:
        if (c != '\n')
            return 0;
        request->chunk_state = request->remaining > 0 ? CHUNK_DATA : CHUNK_TRAILER_START;
        request->chunk_digits = 0;
        return 0;
    case CHUNK_DATA_END:
        if (c == '\n')
            request->chunk_state = CHUNK_SIZE;
        return c == '\n' || c == '\r' ? 0 : 400;
    case CHUNK_TRAILER_START:
    case CHUNK_TRAILER_CR:
        *done = c == '\n';
        request->chunk_state = c == '\r' ? CHUNK_TRAILER_CR : CHUNK_TRAILER;
        return 0;
    default:
        if (c == '\n')
            request->chunk_state = CHUNK_TRAILER_START;
        return 0;
    }
}

int http_feed_body(struct request *request, const char *data, size_t len, size_t *used, bool *done)
{
    size_t at = 0;
    int status = 0;

    *done = false;
    while (at < len && !*done && status == 0) {
        size_t n = len - at;

        if (request->chunked && request->chunk_state != CHUNK_DATA) {
            status = feed_framing(request, data[at++], done);
            continue;
        }
        n = n < request->remaining ? n : (size_t)request->remaining;
        take(request, data + at, n);
        at += n;
        request->remaining -= n;
        if (request->body_length > request->body_max)
            status = 413;
        if (request->remaining == 0 && request->chunked)
            request->chunk_state = CHUNK_DATA_END;
        else if (request->remaining == 0)
            *done = true;
    }
    *used = at;
    return status;
}

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } table[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {102, "Processing"},
        {103, "Early Hints"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {529, "Overloaded"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].status == status)
            return table[i].reason;
    }
    return "Unknown";
}
