/* timings.c - what is known of transfers and engines from outside: times, counts, names. */
#include "http/engine.h"

/* Asked of a handle that a transfer holds, with the engine's lock held. 0: it has not come so far. */
static int64_t time_of(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(easy, what, &us) == CURLE_OK && us > 0 ? (int64_t)us : 0;
}

/* From one to the next; -1: the second did not come. */
static int64_t between(int64_t from, int64_t to)
{
    return to <= 0 ? -1 : to > from ? to - from : 0;
}

static void measure(const cl_transfer *t, cl_http_timings *out)
{
    CURL *easy = t->slot->easy;
    int64_t dns = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
    int64_t connect = time_of(easy, CURLINFO_CONNECT_TIME_T);
    int64_t tls = time_of(easy, CURLINFO_APPCONNECT_TIME_T);
    int64_t first = time_of(easy, CURLINFO_STARTTRANSFER_TIME_T);
    int64_t total = time_of(easy, CURLINFO_TOTAL_TIME_T);
    long connections = 0;
    long port = 0;

    if (curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections) != CURLE_OK)
        connections = 0;
    out->is_connected = curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port) == CURLE_OK && port > 0;
    out->connections = (int32_t)connections;
    out->first_byte_us = t->header_bytes > 0 && first > 0 ? first : -1;
    out->total_us = total > 0 ? total : -1;
    if (connections == 0 && t->attempts > 0) {
        out->dns_us = out->connect_us = 0;
        out->tls_us = t->slot->https ? 0 : -1;
        return;
    }
    out->dns_us = between(0, dns);
    out->connect_us = between(dns, connect);
    out->tls_us = t->slot->https ? between(connect, tls) : -1;
}

void cl_transfer_timings(cl_transfer *t, cl_http_timings *out)
{
    *out = CL_HTTP_TIMINGS_NONE;
    if (t->engine->generation != cl_fork_generation())
        return;
    cl_engine_lock(t->engine);
    if (t->slot)
        measure(t, out);
    cl_engine_unlock(t->engine);
}

/* ---- engines ---- */

void cl_engine_add_counts(cl_engine *engine, cl_http_counts *out)
{
    cl_engine_lock(engine);
    out->engines++;
    out->transfers += engine->transfers;
    out->connections += engine->sockets;
    out->unread_bytes += engine->held;
    for (size_t i = 0; i < engine->server_count; i++)
        out->queued += engine->servers[i].queued_count;
    cl_engine_unlock(engine);
}

/* ---- libcurl ---- */

bool cl_http_feature_at(size_t index, const char **name)
{
    static const struct {
        int bit;
        const char *name;
    } rows[] = {{CURL_VERSION_SSL, "SSL"},
                {CURL_VERSION_HTTP2, "HTTP2"},
                {CURL_VERSION_HTTP3, "HTTP3"},
                {CURL_VERSION_LIBZ, "libz"},
                {CURL_VERSION_IPV6, "IPv6"},
                {CURL_VERSION_ASYNCHDNS, "AsynchDNS"},
                {CURL_VERSION_IDN, "IDN"},
                {CURL_VERSION_HTTPS_PROXY, "HTTPS-proxy"},
                {CURL_VERSION_THREADSAFE, "threadsafe"}};
    int bits = curl_version_info(CURLVERSION_NOW)->features;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((bits & rows[i].bit) && index-- == 0) {
            *name = rows[i].name;
            return true;
        }
    }
    return false;
}

const char *cl_quirk_name(uint32_t quirk)
{
    switch (quirk) {
    case CL_QUIRK_PAUSE:
        return "pause";
    case CL_QUIRK_H2C_REUSE:
        return "h2c-reuse";
    default:
        return "";
    }
}
