/*
 * failing.c - what libclaude's own objects get in place of the C library's allocating functions, and of those of its
 * dependencies that are nothing but an allocation. The names are put into a copy of the archive, see failing.syms, so
 * that nothing else in the process is touched. Also for the unit tests, see tests/unit/allocations.h.
 */
#include <dirent.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <curl/curl.h>
#include <json-c/json.h>
#include <zlib.h>

#include "allocator.h"

void *failing_malloc(size_t size);
void *failing_calloc(size_t count, size_t size);
void *failing_realloc(void *old, size_t size);
char *failing_strdup(const char *text);
char *failing_strndup(const char *text, size_t len);
int failing_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int failing_asprintf_chk(char **out, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
char *failing_realpath(const char *path, char *out);
char *failing_getcwd(char *out, size_t size);
DIR *failing_fdopendir(int fd);
void failing_free(void *block);
void *failing_mmap(void *at, size_t len, int mode, int flags, int fd, off_t offset);
int failing_munmap(void *at, size_t len);
locale_t failing_newlocale(int mask, const char *name, locale_t base);
CURL *failing_curl_easy_init(void);
CURLM *failing_curl_multi_init(void);
struct curl_slist *failing_curl_slist_append(struct curl_slist *list, const char *text);
struct json_tokener *failing_json_tokener_new_ex(int depth);
int failing_deflateInit2_(z_streamp z, int level, int method, int bits, int memory, int strategy, const char *version,
                          int size);
int failing_inflateInit2_(z_streamp z, int bits, const char *version, int size);

static bool armed;
static bool persistent;
static bool has_failed;
static long allowed;
static long held;

void memory_runs_out(long more, bool forever)
{
    allowed = more;
    persistent = forever;
    has_failed = false;
    armed = true;
}

bool memory_is_back(void)
{
    armed = false;
    return has_failed;
}

long memory_held(void)
{
    return held;
}

static bool fails(void)
{
    if (!armed || (has_failed && !persistent))
        return false;
    if (allowed-- > 0)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

static void *counted(void *block)
{
    if (block)
        held++;
    return block;
}

void *failing_malloc(size_t size)
{
    return fails() ? NULL : counted(malloc(size));
}

void *failing_calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(calloc(count, size));
}

void *failing_realloc(void *old, size_t size)
{
    if (fails())
        return NULL;
    return old ? realloc(old, size) : counted(realloc(NULL, size));
}

char *failing_strdup(const char *text)
{
    return fails() ? NULL : counted(strdup(text));
}

char *failing_strndup(const char *text, size_t len)
{
    return fails() ? NULL : counted(strndup(text, len));
}

__attribute__((format(printf, 2, 0))) static int print(char **out, const char *format, va_list args)
{
    int n = fails() ? -1 : vasprintf(out, format, args);

    if (n >= 0)
        held++;
    return n;
}

int failing_asprintf(char **out, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = print(out, format, args);
    va_end(args);
    return n;
}

/* What a fortified build calls. */
int failing_asprintf_chk(char **out, int level, const char *format, ...)
{
    va_list args;
    int n;

    (void)level;
    va_start(args, format);
    n = print(out, format, args);
    va_end(args);
    return n;
}

/* These two are only asked for a text of their own. */
char *failing_realpath(const char *path, char *out)
{
    return fails() ? NULL : counted(realpath(path, out));
}

char *failing_getcwd(char *out, size_t size)
{
    return fails() ? NULL : counted(getcwd(out, size));
}

/* closedir() frees it. */
DIR *failing_fdopendir(int fd)
{
    return fails() ? NULL : fdopendir(fd);
}

void failing_free(void *block)
{
    if (block)
        held--;
    free(block);
}

void *failing_mmap(void *at, size_t len, int mode, int flags, int fd, off_t offset)
{
    void *pages = fails() ? MAP_FAILED : mmap(at, len, mode, flags, fd, offset);

    if (pages != MAP_FAILED)
        held++;
    return pages;
}

int failing_munmap(void *at, size_t len)
{
    held--;
    return munmap(at, len);
}

locale_t failing_newlocale(int mask, const char *name, locale_t base)
{
    return fails() ? (locale_t)0 : newlocale(mask, name, base);
}

CURL *failing_curl_easy_init(void)
{
    return fails() ? NULL : curl_easy_init();
}

CURLM *failing_curl_multi_init(void)
{
    return fails() ? NULL : curl_multi_init();
}

struct curl_slist *failing_curl_slist_append(struct curl_slist *list, const char *text)
{
    return fails() ? NULL : curl_slist_append(list, text);
}

struct json_tokener *failing_json_tokener_new_ex(int depth)
{
    return fails() ? NULL : json_tokener_new_ex(depth);
}

int failing_deflateInit2_(z_streamp z, int level, int method, int bits, int memory, int strategy, const char *version,
                          int size)
{
    return fails() ? Z_MEM_ERROR : deflateInit2_(z, level, method, bits, memory, strategy, version, size);
}

int failing_inflateInit2_(z_streamp z, int bits, const char *version, int size)
{
    return fails() ? Z_MEM_ERROR : inflateInit2_(z, bits, version, size);
}
