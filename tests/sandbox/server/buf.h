/* Growable byte buffer and the few text codecs the sandbox needs. Running out of memory ends the program: it is test
 * equipment. */
#ifndef SANDBOX_BUF_H
#define SANDBOX_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);

void buf_free(struct buf *b);
/* Makes room for `extra` more bytes and a terminating NUL, and returns where they go. */
char *buf_room(struct buf *b, size_t extra);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a JSON string with its quotes. The text must be UTF-8 (see utf8_valid). */
void buf_json(struct buf *b, const char *text, size_t len);
/* The same for bytes of any kind: each byte above 0x7f is written as the code point of that number. */
void buf_json_latin1(struct buf *b, const char *text, size_t len);
void buf_base64(struct buf *b, const void *data, size_t len);
/* Appends the decoded bytes; false when the text is not canonical base64. */
bool buf_unbase64(struct buf *b, const char *text, size_t len);

bool utf8_valid(const char *text, size_t len);

#endif
