#include "config/config.h"

#include <arpa/inet.h>

enum { URL_MAX = 2048, HOST_MAX = 253, PORT_MAX = 65535 };

typedef struct url_parts {
    cl_str scheme;   /* empty: none */
    cl_str userinfo; /* ptr NULL: no '@' */
    cl_str host;     /* IPv6 without its brackets */
    bool ipv6;
    cl_str port; /* ptr NULL: no ':' */
    cl_str path; /* from the first '/', '?' or '#' on */
} url_parts;

static cl_str take_until(cl_str *rest, const char *stops)
{
    cl_str head = {rest->ptr, 0};

    while (head.len < rest->len && !strchr(stops, rest->ptr[head.len]))
        head.len++;
    rest->ptr += head.len;
    rest->len -= head.len;
    return head;
}

/* Every byte of a URL is a visible character; the rest has no place in it, and libcurl may read it in its own way. */
static claude_code_t check_bytes(cl_str url, const char *what, cl_err *err)
{
    if (url.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is empty", what);
    if (url.len > URL_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "%s is longer than %d bytes", what, URL_MAX);
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        const char *kind = c == ' '                ? "a space"
                           : c < 0x20 || c == 0x7f ? "a control character"
                           : c >= 0x80             ? "a character outside ASCII (write host names in punycode)"
                           : c == '\\'             ? "a backslash"
                                                   : NULL;
        if (kind)
            return cl_fail(err, CLAUDE_E_INVALID, "%s has %s at offset %zu", what, kind, i);
    }
    return CLAUDE_OK;
}

static void split(cl_str url, url_parts *parts)
{
    const char *mark = url.len >= 3 ? memmem(url.ptr, url.len, "://", 3) : NULL;
    const char *at;
    cl_str authority;
    cl_str name;

    *parts = (url_parts){.scheme = {NULL, 0}};
    if (mark) {
        parts->scheme = cl_str_n(url.ptr, (size_t)(mark - url.ptr));
        url.ptr += parts->scheme.len + 3;
        url.len -= parts->scheme.len + 3;
    }
    authority = take_until(&url, "/?#");
    parts->path = url;
    at = memrchr(authority.ptr, '@', authority.len);
    if (at) {
        size_t len = (size_t)(at - authority.ptr);
        parts->userinfo = cl_str_n(authority.ptr, len);
        authority.ptr += len + 1;
        authority.len -= len + 1;
    }
    if (authority.len > 0 && authority.ptr[0] == '[') {
        parts->ipv6 = true;
        authority.ptr++;
        authority.len--;
        name = take_until(&authority, "]");
        /* What follows the bracket is ":port" or a mistake, which the check of the port will find. */
        if (authority.len > 0) {
            authority.ptr++;
            authority.len--;
        } else {
            name.len = 0;
        }
        if (authority.len > 0)
            parts->port = authority.ptr[0] == ':' ? cl_str_n(authority.ptr + 1, authority.len - 1) : CL_STR("?");
    } else {
        name = take_until(&authority, ":");
        if (authority.len > 0)
            parts->port = cl_str_n(authority.ptr + 1, authority.len - 1);
    }
    parts->host = name;
}

static bool parse_ip(int family, cl_str host, void *out)
{
    char text[64];

    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(family, text, out) == 1;
}

static bool is_loopback(const url_parts *parts)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (parts->ipv6)
        return parse_ip(AF_INET6, parts->host, &v6) && IN6_IS_ADDR_LOOPBACK(&v6);
    if (cl_str_eq_nocase(parts->host, CL_STR("localhost")))
        return true;
    return parse_ip(AF_INET, parts->host, &v4) && ntohl(v4.s_addr) >> 24 == 127;
}

static claude_code_t check_host(const url_parts *parts, const char *what, cl_err *err)
{
    struct in6_addr v6;
    cl_str host = parts->host;

    if (host.len == 0)
        return cl_fail(err, CLAUDE_E_INVALID, "%s has no host", what);
    if (parts->ipv6)
        return parse_ip(AF_INET6, host, &v6)
                   ? CLAUDE_OK
                   : cl_fail(err, CLAUDE_E_INVALID, "%s has a malformed IPv6 address in brackets", what);
    if (host.len > HOST_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "%s has a host name longer than %d characters", what, HOST_MAX);
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (c == '.' && (i == 0 || host.ptr[i - 1] == '.'))
            return cl_fail(err, CLAUDE_E_INVALID, "%s has an empty label in its host name", what);
        if (!cl_ascii_is_alnum(c) && c != '-' && c != '.' && c != '_')
            return cl_fail(err, CLAUDE_E_INVALID,
                           "%s has a character in its host name that is not a letter, a digit, - . or _", what);
    }
    return CLAUDE_OK;
}

static claude_code_t check_port(cl_str port, const char *what, cl_err *err)
{
    int64_t number = 0;

    if (!port.ptr)
        return CLAUDE_OK;
    if (port.len > 5 || !cl_str_to_int64(port, &number) || number < 1 || number > PORT_MAX)
        return cl_fail(err, CLAUDE_E_INVALID, "%s has a port that is not a number from 1 to %d", what, PORT_MAX);
    return CLAUDE_OK;
}

static int32_t hex_digit(char c)
{
    return cl_ascii_is_digit(c)   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* libcurl quotes a proxy that it cannot read, password and all, and does without one whose credentials have a control
 * character: neither must come to it. */
static claude_code_t check_userinfo(cl_str userinfo, cl_err *err)
{
    for (size_t i = 0; i < userinfo.len; i++) {
        int32_t high = userinfo.len - i > 2 ? hex_digit(userinfo.ptr[i + 1]) : -1;
        int32_t low = userinfo.len - i > 2 ? hex_digit(userinfo.ptr[i + 2]) : -1;
        if (userinfo.ptr[i] == '@')
            return cl_fail(err, CLAUDE_E_INVALID, "network.proxy has an @ in its user or password; write it as %%40");
        if (userinfo.ptr[i] != '%')
            continue;
        if (high < 0 || low < 0)
            return cl_fail(err, CLAUDE_E_INVALID,
                           "network.proxy has a %% in its user or password that is not followed by two hexadecimal "
                           "digits; write it as %%25");
        if (high * 16 + low < 0x20 || high * 16 + low == 0x7f)
            return cl_fail(err, CLAUDE_E_INVALID, "network.proxy has a control character in its user or password");
    }
    return CLAUDE_OK;
}

claude_code_t cl_base_url_check(cl_str url, bool allow_http, cl_err *err)
{
    static const char what[] = "base_url";
    url_parts parts;
    bool https;
    claude_code_t rc = check_bytes(url, what, err);

    if (rc < 0)
        return rc;
    split(url, &parts);
    https = cl_str_eq_nocase(parts.scheme, CL_STR("https"));
    if (!https && !cl_str_eq_nocase(parts.scheme, CL_STR("http")))
        return cl_fail(err, CLAUDE_E_INVALID, "base_url must begin with https:// (or http:// for this machine)");
    if (parts.userinfo.ptr)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "base_url has credentials in front of its host; remove them and give the key as a secret");
    rc = check_host(&parts, what, err);
    if (rc >= 0)
        rc = check_port(parts.port, what, err);
    if (rc < 0)
        return rc;
    if (memchr(parts.path.ptr, '?', parts.path.len))
        return cl_fail(err, CLAUDE_E_INVALID, "base_url has a query (?); only a path prefix may follow the host");
    if (memchr(parts.path.ptr, '#', parts.path.len))
        return cl_fail(err, CLAUDE_E_INVALID, "base_url has a fragment (#); only a path prefix may follow the host");
    if (!https && !allow_http && !is_loopback(&parts))
        return cl_fail(err, CLAUDE_E_INVALID,
                       "base_url is http:// to another host, which would send the key in clear text; use https://, or "
                       "set network.allow_http to true");
    return CLAUDE_OK;
}

bool cl_url_is_http(cl_str url)
{
    return cl_str_starts_nocase(url, CL_STR("http://"));
}

bool cl_url_is_loopback(cl_str url)
{
    url_parts parts;

    split(url, &parts);
    return is_loopback(&parts);
}

static cl_str port_of(const url_parts *parts)
{
    if (parts->port.ptr)
        return parts->port;
    return cl_str_eq_nocase(parts->scheme, CL_STR("https")) ? CL_STR("443") : CL_STR("80");
}

bool cl_url_same_server(cl_str url, cl_str base_url)
{
    url_parts a;
    url_parts b;

    if (check_bytes(url, "url", NULL) < 0)
        return false;
    split(url, &a);
    split(base_url, &b);
    return !a.userinfo.ptr && cl_str_eq_nocase(a.scheme, b.scheme) && cl_str_eq_nocase(a.host, b.host) &&
           cl_str_eq(port_of(&a), port_of(&b)) && !memchr(a.path.ptr, '#', a.path.len);
}

static cl_str path_of(cl_str url)
{
    url_parts parts;

    split(url, &parts);
    while (parts.path.len > 0 && parts.path.ptr[parts.path.len - 1] == '/')
        parts.path.len--;
    return parts.path;
}

bool cl_url_same_base(cl_str a, cl_str b)
{
    return cl_url_same_server(a, b) && cl_str_eq(path_of(a), path_of(b));
}

claude_code_t cl_proxy_url_check(cl_str url, cl_err *err)
{
    static const char what[] = "network.proxy";
    static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    url_parts parts;
    bool known = false;
    claude_code_t rc = check_bytes(url, what, err);

    if (rc < 0)
        return rc;
    split(url, &parts);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        known = known || cl_str_eq_nocase(parts.scheme, cl_str_of(schemes[i]));
    if (parts.scheme.ptr && !known)
        return cl_fail(err, CLAUDE_E_INVALID,
                       "network.proxy must begin with http://, https://, socks4://, socks4a://, socks5:// or "
                       "socks5h://, or with the host");
    rc = check_userinfo(parts.userinfo, err);
    if (rc >= 0)
        rc = check_host(&parts, what, err);
    if (rc >= 0)
        rc = check_port(parts.port, what, err);
    if (rc >= 0 && parts.path.len > 0 && !cl_str_eq(parts.path, CL_STR("/")))
        rc = cl_fail(err, CLAUDE_E_INVALID, "network.proxy has a path, query or fragment after its host; remove it");
    return rc;
}
