/* Base URLs and proxies: what is refused, and that no message shows credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config/config.h"

typedef claude_code_t (*check)(cl_str url, cl_err *err);

static claude_code_t base_strict(cl_str url, cl_err *err)
{
    return cl_base_url_check(url, false, err);
}

static claude_code_t base_http(cl_str url, cl_err *err)
{
    return cl_base_url_check(url, true, err);
}

static void accept(check fn, const char *url)
{
    cl_err err;

    cl_err_init(&err);
    if (fn(cl_str_of(url), &err) != CLAUDE_OK)
        fail_msg("%s: %s", url, err.message);
}

static void refuse_text(check fn, cl_str url, const char *expected)
{
    cl_err err;

    cl_err_init(&err);
    if (fn(url, &err) != CLAUDE_E_INVALID)
        fail_msg("%.*s was accepted", (int)url.len, url.ptr);
    if (!strstr(err.message, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.message, expected);
    assert_null(strstr(err.message, "CANARY"));
    cl_err_clear(&err);
}

static void refuse(check fn, const char *url, const char *expected)
{
    refuse_text(fn, cl_str_of(url), expected);
}

static void test_base_accepted(void **state)
{
    static const char *const good[] = {
        "https://api.anthropic.com",      "HTTPS://API.Anthropic.com",
        "https://api.anthropic.com/",     "https://host:1",
        "https://host:65535/prefix/v2/",  "https://a_b-c.example.",
        "https://192.0.2.1:8443",         "https://[2001:db8::1]",
        "https://[2001:db8::1]:8443/x",   "https://host/a@b:c%20d",
        "https://xn--mnchen-3ya.example",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        accept(base_strict, good[i]);
        accept(base_http, good[i]);
    }
}

static void test_http_only_for_this_machine(void **state)
{
    static const char *const loopback[] = {
        "http://localhost",         "http://localhost:8080", "http://LocalHost/x",       "http://127.0.0.1",
        "http://127.255.255.254:1", "http://[::1]:8080",     "http://[0:0:0:0:0:0:0:1]",
    };
    static const char *const elsewhere[] = {
        "http://api.anthropic.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://128.0.0.1",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.0.0.1",
        "http://[::2]",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "http://[::]",
        "http://notlocalhost",
    };

    (void)state;
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++)
        accept(base_strict, loopback[i]);
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        refuse(base_strict, elsewhere[i], "base_url is http:// to another host");
        refuse(base_strict, elsewhere[i], "network.allow_http");
        accept(base_http, elsewhere[i]);
    }
}

static void test_base_refused(void **state)
{
    static const struct {
        const char *url;
        const char *expected;
    } bad[] = {
        {"", "base_url is empty"},
        {"api.anthropic.com", "must begin with https://"},
        {"//api.anthropic.com", "must begin with https://"},
        {"://host", "must begin with https://"},
        {"ftp://host", "must begin with https://"},
        {"httpsx://host", "must begin with https://"},
        {"https:/host", "must begin with https://"},
        {"javascript:https://host", "must begin with https://"},
        {"https://", "has no host"},
        {"https:///path", "has no host"},
        {"https://:443", "has no host"},
        {"https://?x", "has no host"},
        {"https://user:CANARY@host", "has credentials in front of its host"},
        {"https://sk-ant-CANARY@host", "has credentials in front of its host"},
        {"https://CANARY:@host/", "has credentials in front of its host"},
        {"https://@host", "has credentials in front of its host"},
        {"https://a@b@host", "has credentials in front of its host"},
        {"https://user:CANARY@", "has credentials in front of its host"},
        {"https://host?key=CANARY", "has a query (?)"},
        {"https://host/path?key=CANARY", "has a query (?)"},
        {"https://host/?", "has a query (?)"},
        {"https://host#CANARY", "has a fragment (#)"},
        {"https://host/p#", "has a fragment (#)"},
        {" https://host", "has a space at offset 0"},
        {"https://host ", "has a space at offset 12"},
        {"https://ho st", "has a space at offset 10"},
        {"https://host\n", "has a control character at offset 12"},
        {"https://host/\r\nX: CANARY", "has a control character at offset 13"},
        {"https://host\t", "has a control character at offset 12"},
        {"https://host\x7f", "has a control character at offset 12"},
        {"https://m\xc3\xbcnchen.example", "has a character outside ASCII (write host names in punycode) at offset 9"},
        {"https://host\\@evil", "has a backslash at offset 12"},
        {"https://host:", "has a port that is not a number from 1 to 65535"},
        {"https://host:/", "has a port that is not a number from 1 to 65535"},
        {"https://host:0", "has a port that is not a number from 1 to 65535"},
        {"https://host:65536", "has a port that is not a number from 1 to 65535"},
        {"https://host:CANARY", "has a port that is not a number from 1 to 65535"},
        {"https://host:-1", "has a port that is not a number from 1 to 65535"},
        {"https://host:80:90", "has a port that is not a number from 1 to 65535"},
        {"https://host:000443", "has a port that is not a number from 1 to 65535"},
        {"https://2001:db8::1", "has a port that is not a number from 1 to 65535"},
        {"https://[::1", "has no host"},
        {"https://[]", "has no host"},
        {"https://[::1]x", "has a port that is not a number from 1 to 65535"},
        {"https://[::1]:", "has a port that is not a number from 1 to 65535"},
        {"https://[1.2.3.4]", "has a malformed IPv6 address"},
        {"https://[::1%25eth0]", "has a malformed IPv6 address"},
        {"https://[:::]", "has a malformed IPv6 address"},
        {"https://a..b", "has an empty label"},
        {"https://.a", "has an empty label"},
        {"https://.", "has an empty label"},
        {"https://ho%73t", "has a character in its host name"},
        {"https://host;x", "has a character in its host name"},
        {"https://{host}", "has a character in its host name"},
        {"https://host,other", "has a character in its host name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refuse(base_strict, bad[i].url, bad[i].expected);
        refuse(base_http, bad[i].url, bad[i].expected);
        refuse(base_strict, bad[i].url, "base_url");
    }
    refuse_text(base_strict, cl_str_n("https://ho\0st", 13), "has a control character at offset 10");
    refuse_text(base_strict, (cl_str){NULL, 0}, "base_url is empty");
}

static void test_lengths(void **state)
{
    char url[2050];

    (void)state;
    memset(url, 'a', sizeof url);
    memcpy(url, "https://h/", 10);
    url[2048] = '\0';
    accept(base_strict, url);
    url[2048] = 'a';
    url[2049] = '\0';
    refuse(base_strict, url, "base_url is longer than 2048 bytes");
    memset(url, 'a', sizeof url);
    memcpy(url, "https://", 8);
    url[8 + 253] = '\0';
    accept(base_strict, url);
    url[8 + 253] = 'a';
    url[8 + 254] = '\0';
    refuse(base_strict, url, "has a host name longer than 253 characters");
    memset(url + 8, ':', 100);
    url[8] = '[';
    url[107] = ']';
    url[108] = '\0';
    refuse(base_strict, url, "has a malformed IPv6 address");
}

static void test_proxy(void **state)
{
    static const char *const good[] = {
        "http://proxy.example:3128",
        "https://proxy.example",
        "proxy.example:3128",
        "proxy",
        "socks4://p",
        "socks4a://p:1",
        "socks5://p",
        "SOCKS5H://p",
        "http://user:p%40ss@proxy:3128",
        "http://user:pass@proxy:3128/",
        "user:pass@proxy",
        "http://[::1]:3128/",
    };
    static const struct {
        const char *url;
        const char *expected;
    } bad[] = {
        {"", "network.proxy is empty"},
        {"ftp://user:CANARY@proxy", "network.proxy must begin with http://"},
        {"://proxy", "network.proxy must begin with http://"},
        {"http://", "network.proxy has no host"},
        {"http://user:CANARY@", "network.proxy has no host"},
        {"http://user:CANARY@:3128", "network.proxy has no host"},
        {"http://user:CANARY@proxy:x", "network.proxy has a port"},
        {"http://user:CANARY@proxy:99999", "network.proxy has a port"},
        {"http://user:CANARY/x@proxy", "network.proxy has a port"},
        {"http://user:CANARY@proxy/path", "network.proxy has a path, query or fragment"},
        {"http://proxy?CANARY", "network.proxy has a path, query or fragment"},
        {"http://proxy/#", "network.proxy has a path, query or fragment"},
        {"http://user:CAN ARY@proxy", "network.proxy has a space at offset"},
        {"http://user:CANARY\n@proxy", "network.proxy has a control character at offset"},
        {"http://user:CANARY@pro xy", "network.proxy has a space at offset"},
        {"http://user:CAN@RY@proxy", "network.proxy has an @ in its user or password"},
        {"http://us@er:CANARY@proxy", "network.proxy has an @ in its user or password"},
        {"http://user:CANARY%@proxy", "network.proxy has a % in its user or password"},
        {"http://user:CANARY%4@proxy", "network.proxy has a % in its user or password"},
        {"http://user:CANARY%4g@proxy", "network.proxy has a % in its user or password"},
        {"http://user:CANARY%00@proxy", "network.proxy has a control character in its user or password"},
        {"http://us%0aer:CANARY@proxy", "network.proxy has a control character in its user or password"},
        {"http://user:CANARY%7F@proxy", "network.proxy has a control character in its user or password"},
        {"http://user:CANARY@pro\"xy", "network.proxy has a character in its host name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        accept(cl_proxy_url_check, good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse(cl_proxy_url_check, bad[i].url, bad[i].expected);
}

static void test_same_base(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } cases[] = {
        {"https://a.test", "https://a.test", true},
        {"https://a.test/", "https://a.test", true},
        {"https://a.test/v9//", "HTTPS://A.test:443/v9", true},
        {"http://[::1]:80", "http://[::1]/", true},
        {"https://a.test/v9", "https://a.test/V9", false},
        {"https://a.test/v9", "https://a.test/v9/x", false},
        {"https://a.test/v9", "https://a.test", false},
        {"https://a.test", "http://a.test", false},
        {"https://a.test", "https://a.test:444", false},
        {"https://a.test", "https://b.test", false},
        {"https://u@a.test", "https://a.test", false},
        {"", "https://a.test", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cl_url_same_base(cl_str_of(cases[i].a), cl_str_of(cases[i].b)), cases[i].same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_accepted), cmocka_unit_test(test_http_only_for_this_machine),
        cmocka_unit_test(test_base_refused),  cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_proxy),         cmocka_unit_test(test_same_base),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
