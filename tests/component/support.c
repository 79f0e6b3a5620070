#include "support.h"

#include <time.h>

struct sandbox *server;
static struct json_object *record;

/* ---- the server ---- */

int start_server(void **state)
{
    (void)state;
    server = sandbox_start(NULL, "--keep-body", "8388608", NULL);
    return server ? 0 : -1;
}

int stop_server(void **state)
{
    (void)state;
    json_object_put(record);
    record = NULL;
    return sandbox_stop(server);
}

int reset_server(void **state)
{
    (void)state;
    return sandbox_reset(server);
}

size_t sweep_step(void)
{
    const char *memcheck = getenv("CLAUDE_UNDER_VALGRIND");

    if (memcheck && memcheck[0] == '1')
        return 97;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 5;
#else
    return 1;
#endif
}

char *quoted(const char *text)
{
    char *copy = strdup(text);

    assert_non_null(copy);
    for (char *p = copy; *p; p++) {
        if (*p == '\'')
            *p = '"';
    }
    return copy;
}

char *format(const char *text, ...)
{
    char *out = NULL;
    va_list args;
    int n;

    va_start(args, text);
    n = vasprintf(&out, text, args);
    va_end(args);
    assert_true(n >= 0);
    return out;
}

void script_as(const char *name, const char *scenario)
{
    char *json = quoted(scenario);

    if (sandbox_register(server, name, json) != 0)
        fail_msg("the sandbox refused the scenario %.200s", json);
    free(json);
}

void script(const char *scenario)
{
    script_as("current", scenario);
    assert_int_equal(sandbox_use(server, "current"), 0);
}

int64_t statistic(struct sandbox *sb, const char *name)
{
    char *text = sandbox_stats(sb);
    struct json_object *stats = text ? json_tokener_parse(text) : NULL;
    int64_t value;

    assert_true(json_object_object_get_ex(stats, name, NULL));
    value = number_of(stats, name);
    json_object_put(stats);
    free(text);
    return value;
}

uint64_t requests_seen(void)
{
    uint64_t n = sandbox_request_count(server);

    assert_true(n != UINT64_MAX);
    return n;
}

uint64_t connections_seen(void)
{
    uint64_t n = sandbox_connection_count(server);

    assert_true(n != UINT64_MAX);
    return n;
}

struct json_object *received(void)
{
    char *text = sandbox_requests(server);
    struct json_object *list;

    assert_non_null(text);
    json_object_put(record);
    record = json_tokener_parse(text);
    free(text);
    assert_non_null(record);
    list = json_object_object_get(record, "requests");
    assert_non_null(list);
    return list;
}

struct json_object *received_at(size_t index)
{
    struct json_object *list = received();

    if (index >= json_object_array_length(list))
        fail_msg("the server has seen %zu requests, not %zu", json_object_array_length(list), index + 1);
    return json_object_array_get_idx(list, index);
}

const char *header_of(struct json_object *request, const char *name)
{
    struct json_object *headers = json_object_object_get(request, "headers");
    const char *value = NULL;

    for (size_t i = 0; i < json_object_array_length(headers); i++) {
        struct json_object *pair = json_object_array_get_idx(headers, i);
        if (strcasecmp(json_object_get_string(json_object_array_get_idx(pair, 0)), name) != 0)
            continue;
        if (value)
            fail_msg("the header %s was sent twice", name);
        value = json_object_get_string(json_object_array_get_idx(pair, 1));
    }
    return value;
}

const char *text_of(struct json_object *object, const char *member)
{
    return json_object_get_string(json_object_object_get(object, member));
}

int64_t number_of(struct json_object *object, const char *member)
{
    return json_object_get_int64(json_object_object_get(object, member));
}

/* ---- clients and requests ---- */

claude_config_t *new_config(void)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_config_new(&config, &err), err);
    succeeds(claude_config_set(config, "base_url", sandbox_url(server), &err), err);
    succeeds(claude_config_set(config, "api_key", KEY, &err), err);
    return config;
}

claude_client_t *client_of(claude_config_t *config)
{
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_client_new(config, &client, &err), err);
    assert_non_null(client);
    claude_config_unref(config);
    return client;
}

claude_client_t *new_client(void)
{
    return client_of(new_config());
}

claude_client_t *client_with(const char *option, ...)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;
    va_list args;

    va_start(args, option);
    while (option) {
        succeeds(claude_config_set(config, option, va_arg(args, const char *), &err), err);
        option = va_arg(args, const char *);
    }
    va_end(args);
    return client_of(config);
}

claude_request_t *hello(void)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_request_new("messages.create", &request, &err), err);
    succeeds(claude_request_set_model(request, "claude-opus-5", &err), err);
    succeeds(claude_request_set_max_tokens(request, 1024, &err), err);
    succeeds(claude_request_add_user_text(request, "Hello", CLAUDE_NTS, &err), err);
    return request;
}

claude_request_t *hello_stream(void)
{
    claude_request_t *request = hello();
    claude_error_t *err = NULL;

    succeeds(claude_request_set_stream(request, 1, &err), err);
    return request;
}

claude_request_t *request_of(const char *json)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    char *text = quoted(json);

    succeeds(claude_request_new("messages", &request, &err), err);
    succeeds(claude_request_set_json(request, text, CLAUDE_NTS, &err), err);
    free(text);
    return request;
}

claude_call_t *start_stream(claude_client_t *client, claude_request_t *request)
{
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_client_stream(client, request, &call, &err), err);
    assert_non_null(call);
    return call;
}

/* ---- outcomes ---- */

void succeeds_at(claude_code_t rc, claude_error_t *err, const char *file, int line)
{
    if (rc >= 0 && !err)
        return;
    print_error("%s:%d: returned %s: %s\n", file, line, claude_code_name(rc), claude_error_message(err));
    _fail(file, line);
}

void check_no_key(const char *text, const char *file, int line)
{
    if (!text || (!strstr(text, "CANARY") && !strstr(text, "7f3a9c51")))
        return;
    print_error("%s:%d: a text shows the key: %s\n", file, line, text);
    _fail(file, line);
}

static void check_json(const claude_error_t *err, const char *file, int line)
{
    size_t len = 0;
    const char *text = claude_error_json(err, &len);
    struct json_object *json = json_tokener_parse(text);

    check_no_key(text, file, line);
    if (!json || len != strlen(text) || number_of(json, "code") != claude_error_code(err) ||
        strcmp(text_of(json, "name"), claude_code_name(claude_error_code(err))) != 0 ||
        strcmp(text_of(json, "message"), claude_error_message(err)) != 0 ||
        strcmp(text_of(json, "category"), claude_category_name(claude_error_category(err))) != 0 ||
        json_object_get_boolean(json_object_object_get(json, "retryable")) != claude_error_is_retryable(err) ||
        number_of(json, "http_status") != claude_error_http_status(err) ||
        number_of(json, "retry_after_ms") != claude_error_retry_after_ms(err) ||
        number_of(json, "attempts") != claude_error_attempts(err) ||
        number_of(json, "user_code") != claude_error_user_code(err)) {
        print_error("%s:%d: the error's JSON does not agree with the error: %s\n", file, line, text);
        _fail(file, line);
    }
    json_object_put(json);
}

void check_error(const claude_error_t *err, claude_code_t code, const char *file, int line)
{
    const char *message = claude_error_message(err);

    if (!err || claude_error_code(err) != code || message[0] == '\0' || strpbrk(message, "\r\n") ||
        claude_error_category(err) == CLAUDE_CATEGORY_NONE) {
        print_error("%s:%d: expected %s, not %s: %s\n", file, line, claude_code_name(code),
                    claude_code_name(claude_error_code(err)), message);
        _fail(file, line);
    }
    check_no_key(message, file, line);
    check_json(err, file, line);
}

void fails_at(claude_code_t rc, claude_code_t code, claude_error_t **err, const char *file, int line)
{
    if (rc != code) {
        print_error("%s:%d: returned %s, not %s: %s\n", file, line, claude_code_name(rc), claude_code_name(code),
                    claude_error_message(*err));
        _fail(file, line);
    }
    check_error(*err, code, file, line);
    claude_error_unref(*err);
    *err = NULL;
}

claude_response_t *execute_at(claude_client_t *client, claude_request_t *request, const char *file, int line)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    claude_code_t rc = claude_client_execute(client, request, &response, &err);

    succeeds_at(rc, err, file, line);
    assert_non_null(response);
    return response;
}

claude_error_t *execute_fails_at(claude_client_t *client, claude_request_t *request, claude_code_t code,
                                 const char *file, int line)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc = claude_client_execute(client, request, &response, &err);

    if (rc != code || response) {
        print_error("%s:%d: returned %s, not %s: %s\n", file, line, claude_code_name(rc), claude_code_name(code),
                    claude_error_message(err));
        _fail(file, line);
    }
    check_error(err, code, file, line);
    return err;
}

void assert_json_equal_at(const char *actual, const char *expected, const char *file, int line)
{
    char *text = quoted(expected);
    struct json_object *a = json_tokener_parse(actual);
    struct json_object *b = json_tokener_parse(text);

    if (!a || !b || !json_object_equal(a, b)) {
        print_error("%s:%d: JSON differs\n  is:       %s\n  expected: %s\n", file, line, actual, text);
        _fail(file, line);
    }
    json_object_put(a);
    json_object_put(b);
    free(text);
}

void assert_contains_at(const char *text, const char *part, const char *file, int line)
{
    if (text && strstr(text, part))
        return;
    print_error("%s:%d: \"%s\" does not contain \"%s\"\n", file, line, text ? text : "(null)", part);
    _fail(file, line);
}

/* ---- events ---- */

void trace_add(struct trace *trace, const claude_event_t *event)
{
    size_t text_len = 0;
    const char *text = claude_event_text(event, &text_len);
    int n;

    if (trace->cap - trace->len < text_len + 64) {
        trace->cap = trace->cap * 2 + text_len + 64;
        trace->text = realloc(trace->text, trace->cap);
        if (!trace->text)
            abort();
    }
    n = snprintf(trace->text + trace->len, 64, "%d/%d ", (int)claude_event_type(event), (int)claude_event_index(event));
    trace->len += (size_t)n;
    if (text_len > 0)
        memcpy(trace->text + trace->len, text, text_len);
    trace->len += text_len;
    trace->text[trace->len++] = '\n';
    trace->text[trace->len] = '\0';
    trace->events++;
}

void trace_free(struct trace *trace)
{
    free(trace->text);
    *trace = (struct trace){NULL, 0, 0, 0};
}

int32_t trace_callback(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    (void)call;
    trace_add(user_data, event);
    return 0;
}

claude_code_t pull_all(claude_call_t *call, int64_t timeout_ms, struct trace *trace, claude_error_t **err)
{
    const claude_event_t *event = NULL;
    claude_code_t rc;

    while ((rc = claude_call_next(call, timeout_ms, &event, err)) == 1 || rc == 0) {
        if (rc == 1 && trace)
            trace_add(trace, event);
    }
    return rc;
}

void count_destroy(void *user_data)
{
    ++*(int *)user_data;
}

/* ---- time ---- */

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
