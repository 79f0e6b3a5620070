/*
 * fuzz_url.c - base URLs and proxies: what is accepted libcurl reads in the same way, above all where it goes and
 * whether that is this machine, because the key follows; what is refused is refused with a reason that shows no
 * credentials.
 */
#include <curl/curl.h>
#include <stdlib.h>

#include "config/config.h"

enum { LONGEST = 3000 };

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool found = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return found;
}

/* As libcurl will connect; its own normal form of numbers and case. */
static bool goes_to_loopback(CURLU *url)
{
    char *host = NULL;
    bool loopback;

    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        __builtin_trap();
    loopback = cl_str_eq_nocase(cl_str_of(host), CL_STR("localhost")) || strncmp(host, "127.", 4) == 0 ||
               strncmp(host, "[::1]", 5) == 0 || strncmp(host, "[0:0:0:0:0:0:0:1]", 17) == 0;
    curl_free(host);
    return loopback;
}

static void check_accepted(cl_str text, const char *copy, bool proxy)
{
    CURLU *url = curl_url();
    CURLUcode rc = curl_url_set(url, CURLUPART_URL, copy, proxy ? CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME : 0);
    char *scheme = NULL;

    if (rc != CURLUE_OK || has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT) ||
        (!proxy && (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))))
        __builtin_trap();
    if (!proxy && curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        cl_url_is_http(text) != (strcmp(scheme, "http") == 0))
        __builtin_trap();
    if (cl_url_is_loopback(text) && !goes_to_loopback(url))
        __builtin_trap();
    curl_free(scheme);
    curl_url_cleanup(url);
}

static void check_refused(const cl_err *err)
{
    if (err->message[0] == '\0' || err->code != CLAUDE_E_INVALID)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    cl_str text = cl_str_n((const char *)data, size);
    char *copy;
    cl_err err;

    if (size > LONGEST || memchr(data, '\0', size))
        return 0;
    copy = strndup((const char *)data, size);
    cl_err_init(&err);
    if (cl_base_url_check(text, true, &err) >= 0) {
        check_accepted(text, copy, false);
        /* Without leave to use http, what is left is https or stays on this machine. */
        if (cl_base_url_check(text, false, NULL) >= 0 && cl_url_is_http(text) && !cl_url_is_loopback(text))
            __builtin_trap();
    } else {
        check_refused(&err);
    }
    cl_err_clear(&err);
    if (cl_proxy_url_check(text, &err) >= 0)
        check_accepted(text, copy, true);
    else
        check_refused(&err);
    cl_err_clear(&err);
    free(copy);
    return 0;
}
