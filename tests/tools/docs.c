#include "docs.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "config/config.h"
#include "reliability/metrics.h"

typedef struct page {
    const char *name;
    const char *path;
    void (*write)(cl_buf *out);
} page;

/* A page that does not fit, or no memory, is no page at all: this runs in tools and tests only. */
static void put(cl_buf *out, const char *text)
{
    if (cl_buf_append_text(out, text) != CL_BUF_OK)
        abort();
}

static void put_int(cl_buf *out, int64_t value)
{
    if (cl_buf_append_int(out, value) != CL_BUF_OK)
        abort();
}

static const char *or_dash(const char *text)
{
    return *text ? text : "-";
}

/* ---- the frozen list ---- */

static void put_bound(cl_buf *out, const cl_option_row *row, int64_t bound)
{
    if (row->type != CL_TYPE_NUMBER)
        put_int(out, bound);
    else if (cl_option_put_number(out, bound) != CL_BUF_OK)
        abort();
}

static bool has_range(const cl_option_row *row)
{
    return row->type == CL_TYPE_INTEGER || row->type == CL_TYPE_NUMBER;
}

static void put_range(cl_buf *out, const cl_option_row *row, const char *between)
{
    if (has_range(row)) {
        put_bound(out, row, row->min);
        put(out, between);
        put_bound(out, row, row->max);
    } else {
        put(out, row->type == CL_TYPE_BOOLEAN ? "true false" : or_dash(row->values));
    }
}

static void write_options_txt(cl_buf *out)
{
    const cl_option_row *row;

    put(out, "# The options of libclaude, frozen: a name, type, unit or meaning never changes, a line never goes.\n"
             "# name | type | unit | default | range or values | scope | aliases\n");
    for (size_t i = 0; (row = cl_option_row_at(i)) != NULL; i++) {
        const char *cells[] = {cl_option_type_name(row->type), row->unit, row->initial};
        put(out, row->name);
        for (size_t j = 0; j < sizeof cells / sizeof cells[0]; j++) {
            put(out, " | ");
            put(out, or_dash(cells[j]));
        }
        put(out, " | ");
        put_range(out, row, "..");
        put(out, " | ");
        put(out, cl_option_scope_name(row->scope));
        put(out, " | ");
        put(out, or_dash(row->aliases));
        put(out, "\n");
    }
}

/* ---- docs/options.md ---- */

static const char *const options_intro =
    "# Options\n"
    "\n"
    "Generated from `src/config/options.def`; change it there. `capi/abi/options.txt` freezes names, types and units.\n"
    "\n"
    "An option is set by name, as text: `claude_config_set(config, \"timeout.total_ms\", \"60000\", &err)`, several "
    "at\n"
    "once from JSON by `claude_config_load_json()`: `{\"timeout\": {\"total_ms\": 60000}}`. `claude_config_get()` "
    "reads\n"
    "one back. Options of scope *both* can be set for a single request, too, by `claude_request_set_option()`, and "
    "then\n"
    "win over the client's. A value of NULL (JSON: null) sets the default again.\n"
    "\n"
    "- *integer*: a whole number in decimal digits, in the unit and range given.\n"
    "- *number*: the same, with a point and at most three decimals: 0.25.\n"
    "- *boolean*: true or false; also 1 and 0, yes and no, on and off.\n"
    "- *enum*: one of the values given.\n"
    "- *string*: any text, checked where the description says so.\n";

static size_t group_len(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot ? (size_t)(dot - name) : 0;
}

static bool same_group(const cl_option_row *a, const cl_option_row *b)
{
    size_t len = group_len(a->name);

    return len == group_len(b->name) && memcmp(a->name, b->name, len) == 0;
}

/* A list of words as `one`, `two`. */
static void put_words(cl_buf *out, const char *list, const char *before)
{
    while (*list) {
        size_t len = strcspn(list, " ");
        put(out, before);
        put(out, "`");
        if (cl_buf_append(out, list, len) != CL_BUF_OK)
            abort();
        put(out, "`");
        before = ", ";
        list += len;
        list += strspn(list, " ");
    }
}

static void put_option_row(cl_buf *out, const cl_option_row *row)
{
    put(out, "| ");
    put_words(out, row->name, "");
    put_words(out, row->aliases, "<br>also ");
    put(out, " | ");
    put(out, cl_option_type_name(row->type));
    put(out, " | ");
    put_words(out, row->initial, "");
    put(out, *row->initial && *row->unit ? " " : "");
    put(out, row->unit);
    put(out, " | ");
    if (has_range(row))
        put_range(out, row, " to ");
    else
        put_words(out, row->type == CL_TYPE_BOOLEAN ? "true false" : row->values, "");
    put(out, " | ");
    put(out, cl_option_scope_name(row->scope));
    put(out, " | ");
    put(out, row->text);
    put(out, " |\n");
}

static void put_group(cl_buf *out, size_t first)
{
    const cl_option_row *head = cl_option_row_at(first);
    const cl_option_row *row;
    size_t len = group_len(head->name);

    put(out, "\n## ");
    if (len == 0)
        put(out, "General");
    else if (cl_buf_append(out, head->name, len) != CL_BUF_OK)
        abort();
    put(out, "\n\n| Option | Type | Default | Range or values | Scope | Meaning |\n|---|---|---|---|---|---|\n");
    for (size_t i = first; (row = cl_option_row_at(i)) != NULL; i++) {
        if (same_group(head, row))
            put_option_row(out, row);
    }
}

static void write_options_md(cl_buf *out)
{
    const cl_option_row *row;

    put(out, options_intro);
    for (size_t i = 0; (row = cl_option_row_at(i)) != NULL; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = same_group(cl_option_row_at(j), row);
        if (!seen)
            put_group(out, i);
    }
}

/* ---- docs/errors.md ---- */

/* What stands before the table of codes, and behind it. */
static const char *const errors_intro =
    "# Errors\n"
    "\n"
    "Generated from the tables in `src/base/err.c` and `tests/tools/docs.c`; change them there. `claude_code_at()`,\n"
    "`claude_code_name()`, `claude_code_text()` and `claude_code_category()` give codes, names, meanings and "
    "categories at run\n"
    "time, so that bindings need no copy.\n"
    "\n"
    "A function returns a code, and an error object tells the rest. It is an object of its own, not a state of a "
    "thread: it can\n"
    "be kept, handed on, and read anywhere, until it is released.\n"
    "\n"
    "```c\n"
    "claude_response_t *response = NULL;\n"
    "claude_error_t *err = NULL;\n"
    "\n"
    "if (claude_client_execute(client, request, &response, &err) == CLAUDE_OK) {\n"
    "    printf(\"%s\\n\", claude_response_text(response, NULL));\n"
    "} else {\n"
    "    fprintf(stderr, \"%s: %s\\n\", claude_code_name(claude_error_code(err)), claude_error_message(err));\n"
    "    if (claude_error_request_id(err) != NULL)\n"
    "        fprintf(stderr, \"for the API's support: %s\\n\", claude_error_request_id(err));\n"
    "    if (claude_error_is_retryable(err) && claude_error_retry_after_ms(err) >= 0)\n"
    "        fprintf(stderr, \"try again in %lld ms\\n\", (long long)claude_error_retry_after_ms(err));\n"
    "    if (claude_error_response(err) != NULL)\n"
    "        fprintf(stderr, \"what had come: %s\\n\", claude_response_json(claude_error_response(err), NULL));\n"
    "}\n"
    "claude_response_unref(response);\n"
    "claude_error_unref(err);\n"
    "```\n"
    "\n"
    "```python\n"
    "import libclaude\n"
    "\n"
    "with libclaude.Client.from_env() as client:\n"
    "    try:\n"
    "        message = client.messages.create(\n"
    "            model=\"claude-haiku-5-5\", max_tokens=1024, messages=[{\"role\": \"user\", \"content\": "
    "\"Hello!\"}]\n"
    "        )\n"
    "        print(message.text)\n"
    "    except libclaude.ClaudeError as error:\n"
    "        print(error.name, error, error.request_id)\n"
    "        if error.retryable:\n"
    "            print(\"try again in\", error.retry_after, \"seconds\")\n"
    "```\n"
    "\n"
    "Numbers are permanent; 0 is success, and positive values are successes that say more (`CLAUDE_DONE`, 2: the call "
    "has\n"
    "finished). More codes may come: treat a negative code that is not in this table by its category, and as one that "
    "is not\n"
    "retryable.\n"
    "\n"
    "*Retryable* says whether the same request may succeed later. That is the code's rule; "
    "`claude_error_is_retryable()`\n"
    "answers for one error: a server's `x-should-retry` decides before this table does, a stream that has delivered an "
    "event is\n"
    "never retryable, and neither are HTTP 407 and 412. The library itself retries only in functions whose name says "
    "so\n"
    "([reliability.md](reliability.md)).\n"
    "\n"
    "## Codes\n"
    "\n"
    "-1 to -99 are the program's side, -100 to -199 the transport, -200 to -299 answers of the API.\n"
    "\n"
    "| Code | Number | Category | Retryable | Meaning | What to do |\n"
    "|---|---|---|---|---|---|\n";

static const char *const errors_outro =
    "\n"
    "## What an error has\n"
    "\n"
    "| function | what | where it is not known |\n"
    "|---|---|---|\n"
    "| `claude_error_code()`, `claude_error_category()` | code and category; the category may be more exact than that "
    "of its code | |\n"
    "| `claude_error_message()` | one line: what is wrong, where, and how to mend it; never a secret | |\n"
    "| `claude_error_is_retryable()` | see above | 0 |\n"
    "| `claude_error_http_status()` | of the answer; 200 where the error came inside of a stream | 0 |\n"
    "| `claude_error_api_type()` | the API's `error.type`: `overloaded_error`, ... | NULL |\n"
    "| `claude_error_error_code()` | the API's `error.details.error_code`; or what exactly was refused here: a code of "
    "[validation](validation.md#codes), the name of a quota, `max_turns` | NULL |\n"
    "| `claude_error_request_id()` | what the API's support asks for | NULL |\n"
    "| `claude_error_retry_after_ms()` | how long the server, the circuit breaker, the limiter or a quota wants you to "
    "wait | -1 |\n"
    "| `claude_error_attempts()` | how many requests reached the wire | 0 |\n"
    "| `claude_error_feature()` | what of the library refused or gave up: `retry`, `failover`, `rate-limiting`, "
    "`circuit-breaker`, `enterprise-quota`, `sign`, ... | NULL: the call itself |\n"
    "| `claude_error_user_code()` | what a callback has returned | 0 |\n"
    "| `claude_error_quota()`, `claude_error_rate_limit()` | figures of the quota, and of the API's limits | -1 |\n"
    "| `claude_error_response()` | what had arrived: status, headers, body; of a stream the message so far | NULL |\n"
    "| `claude_error_cause()` | the error behind it | NULL |\n"
    "| `claude_error_report()` | the attempts, with times and endpoints | NULL |\n"
    "| `claude_error_json()` | all of it for a log | |\n"
    "\n"
    "## How an answer of the API becomes a code\n"
    "\n"
    "Its `error.type` decides first, the HTTP status only if the type is missing or unknown, because an `error` event "
    "inside a\n"
    "stream arrives after status 200. A body that is no error object, as proxies send them, is judged by its status "
    "alone, and\n"
    "its text is kept for `claude_error_response()`.\n"
    "\n"
    "| code | `error.type` | or HTTP status |\n"
    "|---|---|---|\n"
    "| `CLAUDE_E_BAD_REQUEST` | `invalid_request_error` | 400, 422, 431 |\n"
    "| `CLAUDE_E_AUTH` | `authentication_error` | 401 |\n"
    "| `CLAUDE_E_BILLING` | `billing_error` | 402 |\n"
    "| `CLAUDE_E_PERMISSION` | `permission_error` | 403 |\n"
    "| `CLAUDE_E_NOT_FOUND` | `not_found_error` | 404 |\n"
    "| `CLAUDE_E_PROXY` | | 407 |\n"
    "| `CLAUDE_E_API_TIMEOUT` | `timeout_error` | 408, 504 |\n"
    "| `CLAUDE_E_CONFLICT` | `conflict_error`, `memory_path_conflict_error`, `memory_precondition_failed_error` | 409, "
    "412 |\n"
    "| `CLAUDE_E_REQUEST_TOO_LARGE` | `request_too_large` | 413 |\n"
    "| `CLAUDE_E_RATE_LIMIT` | `rate_limit_error` | 429 |\n"
    "| `CLAUDE_E_OVERLOADED` | `overloaded_error` | 529 |\n"
    "| `CLAUDE_E_SERVER` | `api_error` | other 5xx |\n"
    "| `CLAUDE_E_API` | | other 4xx |\n"
    "| `CLAUDE_E_REDIRECT` | | 3xx |\n"
    "\n"
    "A refusal of the model is no error: it is an answer with the stop reason `refusal` ([c.md](c.md#an-answer)). "
    "Neither is an\n"
    "answer that was cut off at `max_tokens`.\n";

static const struct {
    claude_code_t code;
    const char *text;
} fixes[] = {
    {CLAUDE_E_INVALID, "mend what the message names: field, value, what is allowed"},
    {CLAUDE_E_NOMEM, "free memory; nothing is broken, and the object stays usable"},
    {CLAUDE_E_STATE, "call it at another time: the message says when"},
    {CLAUDE_E_UNSUPPORTED,
     "use a build that has the feature; the message names it and the option of CMake ([features.md](features.md))"},
    {CLAUDE_E_CANCELED, "nothing: the program asked for it; what had come is in the error"},
    {CLAUDE_E_BUSY, "call it after the callback has returned"},
    {CLAUDE_E_FORKED,
     "make a new call or loop in the child; the client may be used there ([threads.md](threads.md#fork))"},
    {CLAUDE_E_LIMIT,
     "let go of something, or raise what the message names: file descriptors, `max_turns`, a number of endpoints, ..."},
    {CLAUDE_E_CALLBACK, "nothing: the program asked for it; `claude_error_user_code()` is what its callback returned"},
    {CLAUDE_E_NO_KEY,
     "set the key in one of the places that the message names; an expired one: rotate it ([security.md](security.md))"},
    {CLAUDE_E_IO,
     "look at the file that the message names; one that has changed since the request was made: make the request anew"},
    {CLAUDE_E_CIRCUIT_OPEN, "wait for `claude_error_retry_after_ms()`; then one call is let through as a probe "
                            "([reliability.md](reliability.md#circuit-breaker))"},
    {CLAUDE_E_THROTTLED, "send less, or allow a longer `limiter.max_wait_ms`"},
    {CLAUDE_E_QUOTA, "wait for the next day or month, or raise the limit: `claude_error_quota()` has the figures "
                     "([quotas.md](quotas.md))"},
    {CLAUDE_E_RESOLVE,
     "check `base_url`, the network and the name server; the self-test helps ([diagnostics.md](diagnostics.md))"},
    {CLAUDE_E_CONNECT, "check address, port, firewall; then try again"},
    {CLAUDE_E_TLS, "check the clock, `tls.ca_file`, and who stands between: the self-test names it"},
    {CLAUDE_E_TIMEOUT,
     "the message names the option: raise it, or stream; a call that was sent may have been processed"},
    {CLAUDE_E_CLOSED, "try again; a request that was sent may have been processed"},
    {CLAUDE_E_PROTOCOL, "check that `base_url` is the API's; keep `claude_error_response()` for a report"},
    {CLAUDE_E_TRUNCATED,
     "the message so far is in the error; ask again, or let the model go on from it ([streaming.md](streaming.md))"},
    {CLAUDE_E_TOO_LARGE, "raise the option that the message names (`limit.*`), or ask for less"},
    {CLAUDE_E_PROXY, "check `network.proxy` and its password; HTTP 407 is the proxy's"},
    {CLAUDE_E_REDIRECT, "set `base_url` to the address that the message names, if you trust it"},
    {CLAUDE_E_API, "read the message: the API has an error that this version does not know"},
    {CLAUDE_E_AUTH,
     "check the key, and that it is one of this server; with a provider of tokens: `auth.refresh_on_401`"},
    {CLAUDE_E_PERMISSION, "use a key of the right workspace, or ask for access"},
    {CLAUDE_E_NOT_FOUND, "check the id, or the name of the model; `models.list` has them"},
    {CLAUDE_E_RATE_LIMIT,
     "wait for `claude_error_retry_after_ms()`; then retries and the limiter ([reliability.md](reliability.md))"},
    {CLAUDE_E_OVERLOADED, "wait and try again, longer each time; failover to another endpoint"},
    {CLAUDE_E_BAD_REQUEST,
     "mend the field that the message names; [validation](validation.md) finds such things before they are sent"},
    {CLAUDE_E_REQUEST_TOO_LARGE, "send less, or files by their id ([vision.md](vision.md))"},
    {CLAUDE_E_API_TIMEOUT, "stream, ask for less, or use a batch"},
    {CLAUDE_E_SERVER, "try again; if it stays, tell the API's support the request id"},
    {CLAUDE_E_BILLING, "look at the account"},
    {CLAUDE_E_CONFLICT,
     "look at what is there, and try again; HTTP 412: the precondition does not hold, and will not by itself"},
};

/* A code without a word on what to do is a gap in the page: no page then. */
static const char *fix_of(claude_code_t code)
{
    for (size_t i = 0; i < sizeof fixes / sizeof fixes[0]; i++) {
        if (fixes[i].code == code)
            return fixes[i].text;
    }
    fprintf(stderr, "docs.c has no fix for %s\n", claude_code_name(code));
    abort();
}

static void write_errors_md(cl_buf *out)
{
    const cl_code_row *row;

    put(out, errors_intro);
    for (size_t i = 0; (row = cl_code_row_at(i)) != NULL; i++) {
        put(out, "| `");
        put(out, row->name);
        put(out, "` | ");
        put_int(out, row->code);
        put(out, " | ");
        put(out, claude_category_name(row->category));
        put(out, row->retryable ? " | yes | " : " | no | ");
        put(out, row->text);
        put(out, " | ");
        put(out, fix_of(row->code));
        put(out, " |\n");
    }
    put(out, errors_outro);
}

/* ---- docs/endpoints.md ---- */

static const char *const endpoints_intro =
    "# Endpoints\n"
    "\n"
    "Generated from `src/api/endpoints.tsv`; change it there. `claude_endpoint_at()` and `claude_endpoint_text()` give "
    "the\n"
    "same at run time.\n"
    "\n"
    "`claude_request_new(\"messages.batches.cancel\", &request, &err)` makes a request to an endpoint by its name; "
    "`messages` is\n"
    "`messages.create`. What stands in braces in the path is set by `claude_request_set_path()`, the query by\n"
    "`claude_request_add_query()` or `claude_request_set_query_json()`.\n"
    "\n"
    "- *Beta*: the name that is sent in `anthropic-beta` without being asked, beside those of "
    "`claude_request_add_beta()` and of\n"
    "  the option `beta`.\n"
    "- *Lists*: how they go on. *page*: by `after_id` and `before_id`; *cursor*, *report*: by `page` with the "
    "answer's\n"
    "  `next_page`; *bidirectional*: also back, by `prev_page`.\n"
    "- *Body*: *json*: `claude_request_set_json()`, sent byte for byte, or nothing; *multipart*: a form, made with\n"
    "  `claude_request_add_file()` and `claude_request_add_form_field()`.\n"
    "- *Answer*: *json*; *message* and *completion*: JSON, or with `CLAUDE_STREAM` the events of one; *events*: always "
    "a\n"
    "  stream; *lines*: lines of JSON, with `CLAUDE_STREAM` one by one; *bytes*: with `CLAUDE_STREAM` also in pieces, "
    "by\n"
    "  `claude_call_read()`.\n"
    "- *Headers*: what a program may want to set by `claude_request_set_header()`. *workspace*: "
    "`anthropic-workspace-id`;\n"
    "  *user_profile*: `anthropic-user-profile-id`; *worker*: `Anthropic-Worker-ID`.\n";

/* Endpoints of a section have the first word of their names in common, after "beta". */
static size_t section_len(const char *name)
{
    size_t start = strncmp(name, "beta.", 5) == 0 ? 5 : 0;

    return start + strcspn(name + start, ".");
}

static bool same_section(const cl_endpoint *a, const cl_endpoint *b)
{
    size_t len = section_len(a->name);

    return len == section_len(b->name) && memcmp(a->name, b->name, len) == 0;
}

static void put_endpoint(cl_buf *out, const cl_endpoint *endpoint)
{
    static const char *const columns[] = {"beta", "paging", "body", "answer"};

    put(out, "| `");
    put(out, endpoint->name);
    put(out, endpoint->stability == CL_STABILITY_LEGACY ? "` (old) | `" : "` | `");
    put(out, endpoint->method);
    put(out, " ");
    put(out, endpoint->path);
    put(out, "` | ");
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        const char *text = cl_endpoint_text(endpoint, columns[i]);
        put(out, strcmp(text, "none") == 0 ? "-" : or_dash(text));
        put(out, " | ");
    }
    put(out, or_dash(endpoint->returns));
    put(out, " | ");
    put(out, endpoint->keyless ? "sent without the key" : or_dash(endpoint->headers));
    put(out, " |\n");
}

static void put_section(cl_buf *out, size_t first)
{
    const cl_endpoint *head = cl_endpoint_at(first);
    const cl_endpoint *endpoint;

    put(out, "\n## ");
    if (cl_buf_append(out, head->name, section_len(head->name)) != CL_BUF_OK)
        abort();
    put(out, "\n\n| Name | Request | Beta | Lists | Body | Answer | The API's name of it | Headers |\n"
             "|---|---|---|---|---|---|---|---|\n");
    for (size_t i = first; (endpoint = cl_endpoint_at(i)) != NULL && same_section(head, endpoint); i++)
        put_endpoint(out, endpoint);
}

/* The table is in the order of the names: those of a section stand together. */
static void put_sections(cl_buf *out, bool beta)
{
    const cl_endpoint *endpoint;

    for (size_t i = 0; (endpoint = cl_endpoint_at(i)) != NULL; i++) {
        bool is_beta = strncmp(endpoint->name, "beta.", 5) == 0;
        bool is_first = i == 0 || !same_section(cl_endpoint_at(i - 1), endpoint);
        if (is_first && is_beta == beta)
            put_section(out, i);
    }
}

static void write_endpoints_md(cl_buf *out)
{
    put(out, endpoints_intro);
    put_sections(out, false);
    put_sections(out, true);
}

/* ---- docs/metrics.md ---- */

static const char *const metrics_intro =
    "# Metrics\n"
    "\n"
    "Generated from the table in `src/reliability/metrics_text.c`; change it there. `claude_metric_at()` gives the "
    "same at "
    "run\n"
    "time.\n"
    "\n"
    "A client that is made with the option `metrics.enabled` counts what its calls do. `claude_client_metrics()` takes "
    "a\n"
    "snapshot, which is read as JSON (`claude_metrics_json()`), as text for Prometheus "
    "(`claude_metrics_prometheus()`), or "
    "one\n"
    "by one (`claude_metrics_value()`, `claude_metrics_histogram()`). Nothing is sent anywhere, and a client that does "
    "not\n"
    "count spends nothing on it. `claude_config_on_attempt()` hears of each attempt instead, with what a trace needs, "
    "and\n"
    "`claude_call_report()` tells of one call.\n"
    "\n"
    "In Prometheus' text a name has `claude_` before it, a counter `_total` behind it, and times are in seconds. "
    "Errors "
    "have\n"
    "the label `code`, for example `code=\"CLAUDE_E_OVERLOADED\"` ([errors.md](errors.md)). A program with several "
    "clients adds\n"
    "labels of its own that tell them apart.\n"
    "\n"
    "| Name | Kind | Unit | In Prometheus' text | Meaning |\n"
    "|---|---|---|---|---|\n";

static const char *const metrics_bounds =
    "\n"
    "Bounds of the histograms are fixed: times 10, 20, 40 ... 81920 ms, tokens 1, 4, 16 ... 67108864. They are those "
    "that\n"
    "OpenTelemetry's conventions advise.\n"
    "\n"
    "## OpenTelemetry\n"
    "\n"
    "OpenTelemetry's conventions for GenAI are in development, and have changed their names more than once. The names "
    "here are\n"
    "permanent; a program maps them to those of the conventions that its collector understands. *Name* is that of\n"
    "`semantic-conventions-genai` as of October 2026, *before* that of `semantic-conventions` 1.37 to 1.42. Times are "
    "in "
    "seconds\n"
    "there. What is not in the table has no name in the conventions.\n"
    "\n"
    "Attributes that go with all of them: `gen_ai.provider.name` is `anthropic`, `gen_ai.operation.name` is `chat` "
    "for\n"
    "messages, `gen_ai.request.model` the model, `server.address` the host, and `error.type`, where an operation has "
    "failed,\n"
    "the name of the code. A client's metrics are not split by model: what is to be, comes from the observer of "
    "attempts\n"
    "(`claude_attempt_model()`, `claude_attempt_code()`).\n"
    "\n"
    "| Here | Name | Before |\n"
    "|---|---|---|\n";

static void put_metric(cl_buf *out, const cl_metric_row *row)
{
    static const char *const kinds[] = {"", "counter", "gauge", "histogram"};
    char name[64];

    cl_metric_prometheus_name(row, name, sizeof name);
    put(out, "| `");
    put(out, row->name);
    put(out, "` | ");
    put(out, kinds[row->kind]);
    put(out, " | ");
    put(out, row->unit);
    put(out, " | `");
    put(out, name);
    put(out, "` | ");
    put(out, row->help);
    put(out, " |\n");
}

static void put_metric_otel(cl_buf *out, const cl_metric_row *row)
{
    put(out, "| ");
    put_words(out, row->name, "");
    put(out, " | ");
    put_words(out, row->otel, "");
    put(out, " | ");
    put_words(out, row->otel_older, "");
    put(out, *row->otel_older ? " |\n" : "- |\n");
}

static void write_metrics_md(cl_buf *out)
{
    const cl_metric_row *row;

    put(out, metrics_intro);
    for (size_t i = 0; (row = cl_metric_row_at(i)) != NULL; i++)
        put_metric(out, row);
    put(out, metrics_bounds);
    for (size_t i = 0; (row = cl_metric_row_at(i)) != NULL; i++) {
        if (*row->otel)
            put_metric_otel(out, row);
    }
}

static const page pages[] = {
    {"options.txt", "capi/abi/options.txt", write_options_txt},
    {"options.md", "docs/options.md", write_options_md},
    {"errors.md", "docs/errors.md", write_errors_md},
    {"endpoints.md", "docs/endpoints.md", write_endpoints_md},
    {"metrics.md", "docs/metrics.md", write_metrics_md},
};

const char *docs_page_at(size_t index)
{
    return index < sizeof pages / sizeof pages[0] ? pages[index].name : NULL;
}

static const page *find_page(const char *name)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(name, pages[i].name) == 0)
            return &pages[i];
    }
    return NULL;
}

const char *docs_path(const char *name)
{
    const page *found = find_page(name);

    return found ? found->path : NULL;
}

bool docs_write(const char *name, cl_buf *out)
{
    const page *found = find_page(name);

    if (found)
        found->write(out);
    return found != NULL;
}
