/*
 * verdict.c - what a self-test makes of what became of its requests. The words that are looked for are those of libcurl
 * and of the TLS library, in English everywhere; those of the system follow the locale and are only shown.
 */
#include <stdarg.h>
#include <stdio.h>

#include "diag/diag.h"

enum { CLOCK_WARN_MS = 60 * 1000, CLOCK_FAIL_MS = 300 * 1000 };

static const char *const names[CL_CHECKS] = {"dns", "proxy", "tcp", "tls", "http", "clock", "key", "model"};

const char *cl_check_name(size_t index)
{
    return index < CL_CHECKS ? names[index] : NULL;
}

const char *cl_selftest_status_name(int32_t status)
{
    static const char *const states[] = {"", "ok", "warn", "fail", "skipped"};

    return status >= CLAUDE_SELFTEST_OK && status <= CLAUDE_SELFTEST_SKIPPED ? states[status] : "";
}

void cl_check_set(cl_check *check, int32_t status, const char *fix, const char *format, ...)
{
    CL_UNINITIALIZED char text[CL_CHECK_TEXT_MAX];
    va_list args;
    int n;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    check->status = status;
    cl_err_copy_text(check->text, sizeof check->text, cl_str_of(n < 0 ? "" : text));
    cl_err_copy_text(check->fix, sizeof check->fix, cl_str_of(fix));
}

static void ok(cl_check *check, int64_t us, const char *text)
{
    cl_check_set(check, CLAUDE_SELFTEST_OK, "", "%s", text);
    check->ms = us < 0 ? -1 : us / 1000;
}

static void skip(cl_check *check, const char *why)
{
    cl_check_set(check, CLAUDE_SELFTEST_SKIPPED, "", "%s", why);
    check->ms = -1;
}

static void fail(cl_check *check, const char *fix, const char *text)
{
    cl_check_set(check, CLAUDE_SELFTEST_FAIL, fix, "%s", text);
    check->ms = -1;
}

/* ---- hosts ---- */

bool cl_host_is_spared(cl_str host, cl_str no_proxy)
{
    size_t at = 0;

    while (at < no_proxy.len) {
        size_t start;
        cl_str entry;
        while (at < no_proxy.len && strchr(", \t", no_proxy.ptr[at]))
            at++;
        start = at;
        while (at < no_proxy.len && !strchr(", \t", no_proxy.ptr[at]))
            at++;
        entry = cl_str_n(no_proxy.ptr + start, at - start);
        if (cl_str_eq(entry, CL_STR("*")))
            return true;
        if (entry.len > 0 && entry.ptr[0] == '.')
            entry = cl_str_n(entry.ptr + 1, entry.len - 1);
        if (entry.len == 0 || entry.len > host.len ||
            !cl_str_eq_nocase(entry, cl_str_n(host.ptr + host.len - entry.len, entry.len)))
            continue;
        if (entry.len == host.len || host.ptr[host.len - entry.len - 1] == '.')
            return true;
    }
    return false;
}

/* ---- how far a request came ---- */

/* Which check has to answer for its failure. */
static size_t culprit(const cl_checked *what, const cl_probed *probed)
{
    const cl_http_timings *t = &probed->timings;

    switch (probed->code) {
    case CLAUDE_E_RESOLVE:
        return CL_CHECK_DNS;
    case CLAUDE_E_PROXY:
        return strstr(probed->message, "resolve proxy") ? CL_CHECK_DNS : CL_CHECK_PROXY;
    case CLAUDE_E_TLS:
        return CL_CHECK_TLS;
    default:
        break;
    }
    if (t->connections >= 0 && t->dns_us < 0)
        return CL_CHECK_DNS;
    if (t->connect_us < 0 && !t->is_connected)
        return what->by_proxy ? CL_CHECK_PROXY : CL_CHECK_TCP;
    if (what->https && t->tls_us < 0)
        return CL_CHECK_TLS;
    return CL_CHECK_HTTP;
}

static const char *tls_fix(const char *message)
{
    static const struct {
        const char *words;
        const char *fix;
    } rows[] = {
        {"expired", "look at this machine's clock; if that is right, the server needs a new certificate"},
        {"not yet valid", "look at this machine's clock; if that is right, the server's certificate begins later"},
        {"alternative certificate subject name", "use the host name that the certificate is for in base_url"},
        {"does not match target", "use the host name that the certificate is for in base_url"},
        {"self-signed", "if you trust the server or the gateway before it, name its CA in tls.ca_file"},
        {"self signed", "if you trust the server or the gateway before it, name its CA in tls.ca_file"},
        {"unable to get local issuer", "if you trust the server or the gateway before it, name its CA in tls.ca_file; "
                                       "else install ca-certificates"},
        {"error setting certificate", "tls.ca_file or tls.ca_path cannot be read or holds no certificate in PEM"},
        {"CAfile", "tls.ca_file or tls.ca_path cannot be read or holds no certificate in PEM"},
        {"could not load PEM client",
         "tls.client_cert or tls.client_key cannot be read, or they do not belong together"},
        {"protocol version", "the server speaks none of the versions that tls.min_version allows"},
        {"unsupported protocol", "the server speaks none of the versions that tls.min_version allows"},
        {"wrong version number", "the server does not speak TLS there: look at scheme and port of base_url"},
        {"certificate required", "the server asks for a certificate: name one in tls.client_cert"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strstr(message, rows[i].words))
            return rows[i].fix;
    }
    return "look at what stands between this machine and the server: proxies and firewalls that break TLS open";
}

static const char *fix_of(const cl_checked *what, const cl_probed *probed, size_t check)
{
    switch (check) {
    case CL_CHECK_DNS:
        return what->by_proxy ? "look at the host in network.proxy, and at this machine's name servers"
                              : "look at the host in base_url, and at this machine's name servers and network";
    case CL_CHECK_PROXY:
        if (strstr(probed->message, "407"))
            return "put user and password into network.proxy: http://user:password@host:port";
        return "look at host and port in network.proxy, whether it runs, and whether it lets this server through";
    case CL_CHECK_TCP:
        return "look at host and port in base_url; a firewall may want a proxy (network.proxy)";
    case CL_CHECK_TLS:
        return probed->late ? "something between here and the server swallows the handshake: look at proxies and "
                              "firewalls, or give it more time"
                            : tls_fix(probed->message);
    default:
        return probed->late ? "the server takes its time: try again later or with a longer timeout"
                            : "look at base_url: what answers there is no API, or it hung up";
    }
}

static const char *const done[] = {"the name was found", "the proxy takes connections", "the connection was made",
                                   "the certificate is good"};

/* Those before the one that failed went well. */
static void tell_way(const cl_checked *what, const cl_probed *probed, size_t bad, cl_check *checks)
{
    const cl_http_timings *t = &probed->timings;

    if (bad > CL_CHECK_DNS)
        ok(&checks[CL_CHECK_DNS], t->dns_us, done[0]);
    if (!what->by_proxy)
        skip(&checks[CL_CHECK_PROXY], "no proxy is used for this server");
    else if (bad > CL_CHECK_PROXY)
        ok(&checks[CL_CHECK_PROXY], t->connect_us, done[1]);
    if (bad > CL_CHECK_TCP) {
        if (what->by_proxy)
            skip(&checks[CL_CHECK_TCP], "the proxy connects to the server");
        else
            ok(&checks[CL_CHECK_TCP], t->connect_us, done[2]);
    }
    if (bad <= CL_CHECK_TLS)
        return;
    if (what->https)
        ok(&checks[CL_CHECK_TLS], t->tls_us, done[3]);
    else if (what->is_loopback)
        skip(&checks[CL_CHECK_TLS], "http:// to this machine needs none");
    else
        cl_check_set(&checks[CL_CHECK_TLS], CLAUDE_SELFTEST_WARN, "use https:// in base_url",
                     "http:// has none: the key would travel in clear text");
}

/* ---- the answer ---- */

static void judge_clock(const cl_probed *probed, int64_t wall_ms, cl_check *check)
{
    int64_t off = wall_ms - probed->server_ms;
    int64_t size = off < 0 ? -off : off;
    int32_t status = size > CLOCK_FAIL_MS ? CLAUDE_SELFTEST_FAIL : CLAUDE_SELFTEST_WARN;

    if (probed->server_ms < 0)
        skip(check, "the answer has no date");
    else if (size <= CLOCK_WARN_MS)
        ok(check, -1, "the clock agrees with the server's");
    else
        cl_check_set(check, status, "set the clock, for example by NTP: certificates and rate limits go by it",
                     "this machine's clock is %lld s %s the server's", (long long)(size / 1000),
                     off > 0 ? "ahead of" : "behind");
}

static void judge_http(const cl_checked *what, const cl_probed *probed, cl_check *checks)
{
    int32_t status = probed->status;
    cl_check *http = &checks[CL_CHECK_HTTP];

    http->ms = probed->took_ms;
    if (status == 407 && what->by_proxy) {
        cl_check_set(&checks[CL_CHECK_PROXY], CLAUDE_SELFTEST_FAIL,
                     "put user and password into network.proxy: http://user:password@host:port",
                     "the proxy wants user and password (HTTP 407)");
        skip(http, "the proxy did not ask the server");
    } else if (status >= 500) {
        cl_check_set(http, CLAUDE_SELFTEST_FAIL,
                     what->by_proxy ? "the server or the proxy has trouble: try again later"
                                    : "the server has trouble: try again later, and look at the API's status page",
                     "the server failed (HTTP %d)", (int)status);
    } else if (status >= 300 && status <= 399) {
        cl_check_set(http, CLAUDE_SELFTEST_WARN,
                     "put the address that it names into base_url: redirects are not followed",
                     "the server redirects (HTTP %d)", (int)status);
    } else {
        cl_check_set(http, CLAUDE_SELFTEST_OK, "", "the server answers (HTTP %d)", (int)status);
    }
}

bool cl_verdict_first(const cl_checked *what, const cl_probed *probed, int64_t wall_ms, cl_check *checks)
{
    size_t bad = probed->status > 0 ? (size_t)CL_CHECKS : culprit(what, probed);

    for (size_t i = 0; i <= CL_CHECK_CLOCK; i++)
        skip(&checks[i], "what comes before it has failed");
    tell_way(what, probed, bad, checks);
    if (bad < CL_CHECKS) {
        fail(&checks[bad], fix_of(what, probed, bad), probed->message);
        return false;
    }
    judge_http(what, probed, checks);
    judge_clock(probed, wall_ms, &checks[CL_CHECK_CLOCK]);
    return checks[CL_CHECK_PROXY].status != CLAUDE_SELFTEST_FAIL;
}

/* No answer, or one that says nothing of what was asked. True: that was it. */
static bool is_no_answer(const cl_probed *probed, cl_check *check)
{
    check->ms = probed->took_ms;
    if (probed->status == 0) {
        cl_check_set(check, CLAUDE_SELFTEST_FAIL, "try again; the server answered before, without the key", "%s",
                     probed->message);
        return true;
    }
    if (probed->status == 429 || probed->status >= 500)
        cl_check_set(check, CLAUDE_SELFTEST_WARN, "try again later", "the server did not say (HTTP %d)",
                     (int)probed->status);
    return probed->status == 429 || probed->status >= 500;
}

static bool is_refused(const cl_probed *probed, cl_check *check)
{
    if (probed->status == 401)
        cl_check_set(check, CLAUDE_SELFTEST_FAIL,
                     "look whether the key is whole, not revoked, and for this server; a gateway may want auth.style "
                     "bearer",
                     "the server does not take the key (HTTP 401)");
    else if (probed->status == 403)
        cl_check_set(check, CLAUDE_SELFTEST_FAIL, "look at the permissions of the key and its workspace",
                     "the key may not do that (HTTP 403)");
    return probed->status == 401 || probed->status == 403;
}

void cl_verdict_key(const cl_checked *what, const cl_probed *probed, cl_check *check)
{
    (void)what;
    if (is_no_answer(probed, check) || is_refused(probed, check))
        return;
    if (probed->status >= 200 && probed->status <= 299)
        cl_check_set(check, CLAUDE_SELFTEST_OK, "", "the server takes the key");
    else
        cl_check_set(check, CLAUDE_SELFTEST_WARN, "a gateway may have no list of models: try a small request",
                     "the server did not list its models (HTTP %d)", (int)probed->status);
}

void cl_verdict_model(const cl_checked *what, const cl_probed *probed, cl_check *check)
{
    if (is_no_answer(probed, check) || is_refused(probed, check))
        return;
    if (probed->status >= 200 && probed->status <= 299)
        cl_check_set(check, CLAUDE_SELFTEST_OK, "", "the key has the model %.128s", what->model);
    else if (probed->status == 404)
        cl_check_set(check, CLAUDE_SELFTEST_FAIL, "look at its name; models.list shows those that the key has",
                     "there is no model %.128s for this key (HTTP 404)", what->model);
    else
        cl_check_set(check, CLAUDE_SELFTEST_WARN, "try a small request with it", "the server did not say (HTTP %d)",
                     (int)probed->status);
}
