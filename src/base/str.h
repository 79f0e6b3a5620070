/* str.h - slices by value, and the ASCII helpers that a locale cannot change. */
#ifndef CL_BASE_STR_H
#define CL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * For large locals on hot paths that are written before they are read: where the build fills every local with zeros
 * (-ftrivial-auto-var-init), clearing them would cost more than the work done with them.
 */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define CL_UNINITIALIZED __attribute__((uninitialized))
#endif
#endif
#ifndef CL_UNINITIALIZED
#define CL_UNINITIALIZED
#endif

/* Bytes that belong to somebody else. Not NUL-terminated; ptr may be NULL when len is 0. */
typedef struct cl_str {
    const char *ptr;
    size_t len;
} cl_str;

#define CL_STR(literal) ((cl_str){"" literal, sizeof(literal) - 1})

static inline cl_str cl_str_of(const char *text)
{
    return (cl_str){text, text ? strlen(text) : 0};
}

static inline cl_str cl_str_n(const char *ptr, size_t len)
{
    return (cl_str){ptr, len};
}

static inline bool cl_str_eq(cl_str a, cl_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool cl_str_starts(cl_str text, cl_str prefix)
{
    return text.len >= prefix.len && (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

/* ASCII only: strcasecmp and tolower obey the locale (Turkish i). */
char cl_ascii_lower(char c);
bool cl_str_eq_nocase(cl_str a, cl_str b);
bool cl_str_starts_nocase(cl_str text, cl_str prefix);
bool cl_ascii_is_digit(char c);
bool cl_ascii_is_alnum(char c);
/* Drops spaces and tabs at both ends. */
cl_str cl_str_trim(cl_str text);
/*
 * How far a mistyped key is from a name: insertions, deletions, replacements and swaps of neighbours, whatever the
 * case. 1 where only the groups before it were forgotten ("total_ms" for "timeout.total_ms"); SIZE_MAX for long texts.
 */
enum { CL_DISTANCE_MAX = 128 };
size_t cl_str_distance(cl_str key, cl_str name);
/* Decimal, whole text, no sign but '-', no overflow. */
bool cl_str_to_int64(cl_str text, int64_t *out);
/* JSON's number grammar, independent of the locale. False for anything else, and for values outside of double. */
bool cl_str_to_double(cl_str text, double *out);
/* Shortest text that reads back as the same double, with a point in every locale; at least 32 bytes at `out`.
 * False for NaN and infinities. */
bool cl_double_to_text(double value, char *out, size_t size);

#endif
