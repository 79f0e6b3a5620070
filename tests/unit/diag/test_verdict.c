/* What a self-test says of what became of its requests: who is to blame, the clock, the list of spared hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "diag/diag.h"

#define NOW 1800000000000

static const cl_checked https = {
    .base_url = "https://x.example", .https = true, .keyed = true, .model = "m", .timeout_ms = 1000};

static void blamed(const cl_checked *what, const cl_probed *probed, size_t check, const char *fix)
{
    cl_check checks[CL_CHECKS];

    assert_false(cl_verdict_first(what, probed, NOW, checks));
    for (size_t i = 0; i <= CL_CHECK_CLOCK; i++) {
        assert_int_equal(checks[i].status == CLAUDE_SELFTEST_FAIL, i == check);
        assert_string_not_equal(checks[i].text, "");
        if (i > check)
            assert_int_equal(checks[i].status, CLAUDE_SELFTEST_SKIPPED);
    }
    if (!strstr(checks[check].fix, fix))
        fail_msg("%s: %s", probed->message, checks[check].fix);
}

/* By the code and by how far it came. */
static void who_is_to_blame(void **state)
{
    cl_checked proxied = https;
    const cl_http_timings nothing = {-1, -1, -1, -1, -1, 0, false};
    const cl_http_timings named = {5, -1, -1, -1, -1, 1, false};
    const cl_http_timings connected = {5, -1, -1, -1, -1, 1, true};
    const cl_http_timings shaken = {5, 6, 7, -1, -1, 1, true};

    (void)state;
    proxied.by_proxy = true;
    blamed(&https, &(cl_probed){.code = CLAUDE_E_RESOLVE, .message = "x", .timings = nothing}, CL_CHECK_DNS,
           "base_url");
    blamed(&https, &(cl_probed){.code = CLAUDE_E_TIMEOUT, .late = true, .message = "x", .timings = nothing},
           CL_CHECK_DNS, "name servers");
    blamed(&https, &(cl_probed){.code = CLAUDE_E_CONNECT, .message = "x", .timings = named}, CL_CHECK_TCP, "port");
    blamed(&https, &(cl_probed){.code = CLAUDE_E_TIMEOUT, .late = true, .message = "x", .timings = connected},
           CL_CHECK_TLS, "swallows");
    blamed(&https, &(cl_probed){.code = CLAUDE_E_TIMEOUT, .late = true, .message = "x", .timings = shaken},
           CL_CHECK_HTTP, "takes its time");
    blamed(&https, &(cl_probed){.code = CLAUDE_E_CLOSED, .message = "x", .timings = shaken}, CL_CHECK_HTTP, "hung up");
    blamed(&proxied, &(cl_probed){.code = CLAUDE_E_CONNECT, .message = "x", .timings = named}, CL_CHECK_PROXY,
           "network.proxy");
    blamed(&proxied, &(cl_probed){.code = CLAUDE_E_PROXY, .message = "response 407", .timings = connected},
           CL_CHECK_PROXY, "password");
    blamed(&proxied, &(cl_probed){.code = CLAUDE_E_PROXY, .message = "Could not resolve proxy: x", .timings = nothing},
           CL_CHECK_DNS, "network.proxy");
}

static void tls(void **state)
{
    static const char *const rows[][2] = {
        {"SSL certificate problem: certificate has expired", "clock"},
        {"SSL certificate problem: certificate is not yet valid", "clock"},
        {"SSL: no alternative certificate subject name matches target host name 'x'", "host name"},
        {"SSL: certificate subject name 'a' does not match target host name 'b'", "host name"},
        {"SSL certificate problem: self-signed certificate", "tls.ca_file"},
        {"SSL certificate problem: self signed certificate in certificate chain", "tls.ca_file"},
        {"SSL certificate problem: unable to get local issuer certificate", "ca-certificates"},
        {"error setting certificate file: /x", "PEM"},
        {"OpenSSL/3: error:0A00042E:SSL routines::tlsv1 alert protocol version", "tls.min_version"},
        {"error:0A00010B:SSL routines::wrong version number", "scheme"},
        {"OpenSSL SSL_read: tlsv13 alert certificate required", "tls.client_cert"},
        {"something else", "firewalls"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_probed probed = {.code = CLAUDE_E_TLS, .timings = {5, -1, -1, -1, -1, 1, true}};
        cl_err_copy_text(probed.message, sizeof probed.message, cl_str_of(rows[i][0]));
        blamed(&https, &probed, CL_CHECK_TLS, rows[i][1]);
    }
}

static void the_clock(void **state)
{
    static const struct {
        int64_t off;
        int32_t status;
    } rows[] = {{0, CLAUDE_SELFTEST_OK},        {60000, CLAUDE_SELFTEST_OK},     {-60000, CLAUDE_SELFTEST_OK},
                {60001, CLAUDE_SELFTEST_WARN},  {-60001, CLAUDE_SELFTEST_WARN},  {300000, CLAUDE_SELFTEST_WARN},
                {300001, CLAUDE_SELFTEST_FAIL}, {-300001, CLAUDE_SELFTEST_FAIL}, {NOW, CLAUDE_SELFTEST_FAIL}};
    cl_check checks[CL_CHECKS];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cl_probed probed = {.status = 404, .timings = {1, 2, 3, 4, 5, 1, true}, .server_ms = NOW - rows[i].off};
        assert_true(cl_verdict_first(&https, &probed, NOW, checks));
        assert_int_equal(checks[CL_CHECK_CLOCK].status, rows[i].status);
    }
}

static void clear_text(void **state)
{
    cl_checked what = {.base_url = "http://x.example"};
    cl_probed probed = {.status = 200, .timings = {1, 2, -1, 4, 5, 1, true}, .server_ms = -1};
    cl_check checks[CL_CHECKS];

    (void)state;
    assert_true(cl_verdict_first(&what, &probed, NOW, checks));
    assert_int_equal(checks[CL_CHECK_TLS].status, CLAUDE_SELFTEST_WARN);
    what.is_loopback = true;
    assert_true(cl_verdict_first(&what, &probed, NOW, checks));
    assert_int_equal(checks[CL_CHECK_TLS].status, CLAUDE_SELFTEST_SKIPPED);
}

static void spared_hosts(void **state)
{
    static const struct {
        const char *host, *list;
        bool spared;
    } rows[] = {{"a.example", "", false},         {"a.example", "*", true},
                {"a.example", "a.example", true}, {"A.Example", " b , a.eXample", true},
                {"a.example", ".example", true},  {"a.example", "example", true},
                {"aexample", "example", false},   {"a.example", "b.a.example", false},
                {"a.example", ", ,.", false},     {"127.0.0.1", "127.0.0.1,::1", true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(cl_host_is_spared(cl_str_of(rows[i].host), cl_str_of(rows[i].list)), rows[i].spared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_to_blame), cmocka_unit_test(tls),          cmocka_unit_test(the_clock),
        cmocka_unit_test(clear_text),      cmocka_unit_test(spared_hosts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
