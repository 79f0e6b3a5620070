/* diag.h - the door of the room for finding out what is wrong. Nothing in here shows a key. */
#ifndef CL_DIAG_H
#define CL_DIAG_H

#include <claude/diag.h>

#include "call/call.h"

/* ---- the curl command (curl.c, shell.c) ---- */

struct claude_curl {
    cl_handle handle;
    cl_buf text;
    cl_buf body; /* of the file */
    bool has_body;
};

/* `body_file` may be NULL. */
claude_code_t cl_curl_command(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                              const char *body_file, claude_curl_t **out, cl_err *err);
claude_curl_t *cl_curl_ref(claude_curl_t *curl);
void cl_curl_unref(claude_curl_t *curl);

/* Appends a word of the POSIX shell that stands for exactly these bytes, none of which is NUL. CL_BUF_* */
int cl_shell_word(cl_buf *out, cl_str text);
/* Appends the inside of a double-quoted word: what is special there is escaped. */
int cl_shell_inside(cl_buf *out, cl_str text);
/* Appends "$CLAUDE_HEADER_X_GATEWAY_KEY" for x-gateway-key. */
int cl_shell_variable(cl_buf *out, cl_str header);
/* The value of this header may be a secret. */
bool cl_header_is_secret(cl_str name, cl_str value);
/* Appends a URL of a proxy without what stands before the @. CL_BUF_* */
int cl_proxy_without_user(cl_str url, cl_buf *out, bool *had_user);

/* ---- the report (report.c) ---- */

struct claude_diagnostics {
    cl_handle handle;
    cl_buf json;
};

/* Of a handle; `build` is the JSON of what the library was built with. */
claude_code_t cl_diagnostics_new(claude_client_t *client, cl_str build, claude_diagnostics_t **out, cl_err *err);
claude_diagnostics_t *cl_diagnostics_ref(claude_diagnostics_t *diagnostics);
void cl_diagnostics_unref(claude_diagnostics_t *diagnostics);

/* ---- the self-test (selftest.c sends, verdict.c judges) ---- */

enum {
    CL_CHECK_DNS,
    CL_CHECK_PROXY,
    CL_CHECK_TCP,
    CL_CHECK_TLS,
    CL_CHECK_HTTP,
    CL_CHECK_CLOCK,
    CL_CHECK_KEY,
    CL_CHECK_MODEL,
    CL_CHECKS
};
enum { CL_CHECK_TEXT_MAX = 512 };

typedef struct cl_check {
    int32_t status; /* CLAUDE_SELFTEST_* */
    int64_t ms;     /* -1: not made */
    char text[CL_CHECK_TEXT_MAX];
    char fix[CL_CHECK_TEXT_MAX];
} cl_check;

struct claude_selftest {
    cl_handle handle;
    cl_check checks[CL_CHECKS];
    char *url; /* owned: base_url */
    cl_buf json;
};

/* What became of one request. */
typedef struct cl_probed {
    claude_code_t code; /* of its failure */
    char message[CL_CHECK_TEXT_MAX];
    bool late; /* the time was over before it had ended */
    int32_t status;
    cl_http_timings timings;
    int64_t took_ms;
    int64_t server_ms; /* the Date of its answer, since 1970; -1: none */
} cl_probed;

/* What is asked, and of whom. */
typedef struct cl_checked {
    const char *base_url;
    bool https;
    bool is_loopback;
    bool by_proxy; /* the connection goes there */
    bool keyed;
    const char *model; /* NULL: none */
    int64_t timeout_ms;
} cl_checked;

const char *cl_check_name(size_t index);
const char *cl_selftest_status_name(int32_t status);
/* CLAUDE_SELFTEST_OK, _WARN or _FAIL. */
int32_t cl_selftest_worst(const claude_selftest_t *selftest);
/* The checks that the request without a key decides. True: it is worth to send others. */
bool cl_verdict_first(const cl_checked *what, const cl_probed *probed, int64_t wall_ms, cl_check *checks);
void cl_verdict_key(const cl_checked *what, const cl_probed *probed, cl_check *check);
void cl_verdict_model(const cl_checked *what, const cl_probed *probed, cl_check *check);
void cl_check_set(cl_check *check, int32_t status, const char *fix, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A host is reached without the proxy, by a list as that of the option network.no_proxy. */
bool cl_host_is_spared(cl_str host, cl_str no_proxy);

claude_code_t cl_selftest_run(claude_client_t *client, uint32_t flags, const char *model, int64_t timeout_ms,
                              claude_selftest_t **out, cl_err *err);
claude_selftest_t *cl_selftest_ref(claude_selftest_t *selftest);
void cl_selftest_unref(claude_selftest_t *selftest);

#endif
