/*
 * libcurls.c - an allocator.h in which the memory of libcurl runs out, and nobody else's: not that of the TLS library
 * below it either. libcurl takes its functions from whoever sets it up first in the process.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "allocator.h"

static pthread_t armed_thread;
static bool armed;
static bool persistent;
static bool has_failed;
static long allowed;

void memory_runs_out(long more, bool forever)
{
    allowed = more;
    persistent = forever;
    has_failed = false;
    armed_thread = pthread_self();
    armed = true;
}

bool memory_is_back(void)
{
    armed = false;
    return has_failed;
}

long memory_held(void)
{
    return 0;
}

static bool fails(void)
{
    if (!armed || (has_failed && !persistent) || !pthread_equal(pthread_self(), armed_thread) || allowed-- > 0)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

static void *failing_malloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}

static void *failing_calloc(size_t count, size_t size)
{
    return fails() ? NULL : calloc(count, size);
}

static void *failing_realloc(void *old, size_t size)
{
    return fails() ? NULL : realloc(old, size);
}

static char *failing_strdup(const char *text)
{
    return fails() ? NULL : strdup(text);
}

static void __attribute__((constructor)) set_up_libcurl(void)
{
    if (curl_global_init_mem(CURL_GLOBAL_ALL, failing_malloc, free, failing_realloc, failing_strdup, failing_calloc) !=
        CURLE_OK)
        abort();
}
