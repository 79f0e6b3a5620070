/*
 * libcurls.c - an allocator.h in which the memory of libcurl runs out, and nobody else's: not that of the TLS library
 * below it either. libcurl takes its functions from whoever sets it up first in the process.
 */
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "allocator.h"

static void *failing_malloc(size_t size)
{
    return memory_fails() ? NULL : malloc(size);
}

static void *failing_calloc(size_t count, size_t size)
{
    return memory_fails() ? NULL : calloc(count, size);
}

static void *failing_realloc(void *old, size_t size)
{
    return memory_fails() ? NULL : realloc(old, size);
}

static char *failing_strdup(const char *text)
{
    return memory_fails() ? NULL : strdup(text);
}

static void __attribute__((constructor)) set_up_libcurl(void)
{
    if (curl_global_init_mem(CURL_GLOBAL_ALL, failing_malloc, free, failing_realloc, failing_strdup, failing_calloc) !=
        CURLE_OK)
        abort();
}
