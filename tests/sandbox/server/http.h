/* Reading HTTP/1.1 requests: the head in one piece, the body by feeding bytes. */
#ifndef SANDBOX_HTTP_H
#define SANDBOX_HTTP_H

#include "buf.h"

#include <stdint.h>

enum {
    HTTP_MAX_HEAD = 1024 * 1024,
    HTTP_MAX_HEADERS = 4096,
};

struct slice {
    const char *data;
    size_t len;
};

struct header {
    struct slice name;
    struct slice value;
};

struct request {
    int refs;
    uint64_t index;
    uint64_t connection;
    char *head; /* every slice points in here */
    size_t head_len;
    struct slice method;
    struct slice target;
    struct slice version;
    struct header *headers;
    size_t header_count;
    struct buf body; /* the first keep_limit bytes, as received, without chunk framing */
    size_t keep_limit;
    uint64_t body_length;
    uint64_t body_max;
    size_t weight; /* what the record counts for it; 0: not yet */
    uint32_t crc;
    bool want_crc;
    bool wants_stream; /* the body says "stream": true; looked at only where a scenario has both kinds of answer */
    bool complete;     /* the whole request arrived */
    bool replied;      /* the whole reply was handed to the kernel */
    char scenario[65]; /* what answered: a scenario's name, or "" for the default behaviour */

    bool keep_alive;
    bool expect_continue;
    bool chunked;
    int chunk_state;
    unsigned chunk_digits;
    uint64_t remaining; /* of the body, or of the current chunk */
    int minor;          /* HTTP/1.minor */
};

struct request *request_new(void);
struct request *request_ref(struct request *request);
void request_unref(struct request *request);

/* Takes the complete head (up to and including the empty line). Returns 0, or the status to refuse it with. */
int http_parse_head(struct request *request, const char *head, size_t len, const char **why);
/* The value of the first header of that name (any case), or NULL data. */
struct slice http_header(const struct request *request, const char *name);
bool http_header_has_token(const struct request *request, const char *name, const char *token);
bool slice_is(struct slice s, const char *text);
bool slice_is_nocase(struct slice s, const char *text);

bool http_has_body(const struct request *request);
/* Consumes body bytes; sets *done at the end of the body. Returns 0, or the status to refuse it with. */
int http_feed_body(struct request *request, const char *data, size_t len, size_t *used, bool *done);

const char *http_reason(int status);

#endif
