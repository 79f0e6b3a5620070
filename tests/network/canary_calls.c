/*
 * canary_calls.c - uses a key in every way there is, and tells where it shows: in a text that the library gave, in the
 * memory of the process and whose that is. Started by cases/test_canary.py, with canary_owners.so preloaded.
 *
 *   canary_calls ENCODED KEY_FILE PLAIN_URL TLS_URL CA_FILE PROXY_URL
 *
 * ENCODED is the key, each byte xor 0x55, in hexadecimal: the key itself is nowhere but in the file. Prints lines
 * "text NAME", "hit OWNER" and, once all calls were made, "used", and once all was released, "released"; after each of
 * these two it waits for a line of input.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <claude/claude.h>

enum { MASK = 0x55, KEY_MAX = 256, NEEDLE = 16, PATIENCE_MS = 60000 };

static volatile unsigned char encoded[KEY_MAX];
static size_t key_len;
static size_t failures;

/* ---- where it shows ---- */

static bool shows_at(const char *p, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)p[i] != (encoded[from + i] ^ MASK))
            return false;
    }
    return true;
}

/* Any 12 characters of it behind its public beginning, straight or backwards. */
static bool shows_in(const char *text, size_t len)
{
    enum { PIECE = 12, PUBLIC = 13 /* sk-ant-api03- */ };

    for (size_t i = 0; i + PIECE <= len; i++) {
        for (size_t from = PUBLIC; from + PIECE <= key_len; from++) {
            bool backwards = true;
            for (size_t j = 0; j < PIECE && backwards; j++)
                backwards = (unsigned char)text[i + j] == (encoded[from + PIECE - 1 - j] ^ MASK);
            if (backwards || shows_at(text + i, from, PIECE))
                return true;
        }
    }
    return false;
}

/* Names a text in which the key shows. */
static void look(const char *text, const char *name)
{
    if (text && shows_in(text, strlen(text))) {
        printf("text %s\n", name);
        failures++;
    }
}

/* Pieces from all over the key: a copy of a part is a copy. */
static bool is_copy(const char *p)
{
    return shows_at(p, 16, NEEDLE) || shows_at(p, 36, NEEDLE) || shows_at(p, key_len - NEEDLE, NEEDLE);
}

static const char *(*owner_of)(const void *address);

static void search(int memory, unsigned long from, unsigned long to, const char *name)
{
    static char part[65536 + NEEDLE];

    for (unsigned long at = from; at < to; at += sizeof part - NEEDLE) {
        size_t want = to - at < sizeof part ? to - at : sizeof part;
        ssize_t n = pread(memory, part, want, (off_t)at);
        for (ssize_t i = 0; i + NEEDLE <= n; i++) {
            const char *owner = NULL;
            if (!is_copy(part + i) || at + (size_t)i + NEEDLE > at + sizeof part)
                continue;
            if (owner_of)
                owner = owner_of((const void *)(at + (unsigned long)i));
            printf("hit %s\n", owner ? owner : name);
        }
    }
    for (size_t i = 0; i < sizeof part; i++)
        ((volatile char *)part)[i] = 0;
}

/* One mapping of /proc/self/smaps; `dumped`: a core dump would have it. */
struct mapping {
    unsigned long from;
    unsigned long to;
    char mode[8];
    char name[256];
};

static void search_mapping(int memory, const struct mapping *m, bool dumped)
{
    char name[300];

    if (m->mode[0] != 'r' || strcmp(m->name, "[vvar]") == 0)
        return;
    snprintf(name, sizeof name, "%s%s", dumped ? "" : "(not dumped) ", m->name[0] ? m->name : "(anonymous)");
    search(memory, m->from, m->to, name);
}

static void search_memory(void)
{
    static char line[1024];
    struct mapping m = {0};
    bool dumped = true;
    FILE *maps = fopen("/proc/self/smaps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

    if (!maps || memory < 0)
        exit(2);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from;
        unsigned long to;
        char mode[8];
        char name[256] = "";
        if (strncmp(line, "VmFlags:", 8) == 0) {
            dumped = !strstr(line, " dd");
            search_mapping(memory, &m, dumped);
        } else if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &from, &to, mode, name) >= 3) {
            m.from = from;
            m.to = to;
            snprintf(m.mode, sizeof m.mode, "%s", mode);
            snprintf(m.name, sizeof m.name, "%s", name);
        }
    }
    fclose(maps);
    close(memory);
}

static void pause_after(const char *what)
{
    char line[16];

    search_memory();
    printf("%s\n", what);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        exit(3);
}

/* ---- calls ---- */

static const char *plain_url;
static const char *tls_url;
static const char *ca_file;
static const char *proxy_url;
static claude_secret_t *secret;

static void look_at_error(claude_error_t *err, const char *name)
{
    for (const claude_error_t *e = err; e; e = claude_error_cause(e)) {
        look(claude_error_message(e), name);
        look(claude_error_json(e, NULL), name);
        look(claude_response_json(claude_error_response(e), NULL), name);
        look(claude_report_json(claude_error_report(e), NULL), name);
    }
    claude_error_unref(err);
}

/* The call comes first: it fills `err`. */
#define must(call, err)                                                                                                \
    do {                                                                                                               \
        claude_code_t must_rc = (call);                                                                                \
        if (must_rc < 0)                                                                                               \
            give_up(err);                                                                                              \
    } while (0)

static void give_up(const claude_error_t *err)
{
    fprintf(stderr, "canary_calls: %s\n", claude_error_message(err));
    exit(1);
}

static int32_t sign(claude_sign_t *request, void *user_data)
{
    const char *name;
    const char *value;

    (void)user_data;
    for (size_t i = 0; claude_sign_header_at(request, i, &name, &value) == 1; i++)
        look(value, "a header that the signing hook sees");
    look(claude_sign_url(request), "the URL that the signing hook sees");
    return 0;
}

static void observe(claude_attempt_t *attempt, void *user_data)
{
    (void)user_data;
    look(claude_attempt_header(attempt, "x-api-key"), "a header that the observer sees");
    look(claude_attempt_header(attempt, "authorization"), "a header that the observer sees");
    look(claude_attempt_url(attempt), "the URL that the observer sees");
}

static void audit(const char *operation, const char *fingerprint, void *user_data)
{
    (void)user_data;
    look(operation, "the audit");
    look(fingerprint, "the audit");
}

static int32_t provide(claude_credential_t *credential, void *user_data)
{
    (void)user_data;
    return claude_credential_set_secret(credential, secret, NULL);
}

static size_t lines;

static void hear(int32_t level, const char *event, const char *fields, size_t len, void *user_data)
{
    (void)level;
    (void)len;
    (void)user_data;
    lines++;
    look(fields, event);
}

/* Options as pairs, ended by NULL. */
static claude_client_t *client_with(const char *url, const char *const options[])
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_error_t *err = NULL;

    must(claude_config_new(&config, &err), err);
    must(claude_config_set(config, "base_url", url, &err), err);
    must(claude_config_set(config, "metrics.enabled", "true", &err), err);
    must(claude_config_set(config, "retry.enabled", "true", &err), err);
    must(claude_config_set(config, "retry.initial_delay_ms", "0", &err), err);
    must(claude_config_set(config, "auth.refresh_on_401", "true", &err), err);
    for (size_t i = 0; options && options[i]; i += 2)
        must(claude_config_set(config, options[i], options[i + 1], &err), err);
    must(claude_config_on_sign(config, sign, NULL, NULL, &err), err);
    must(claude_config_on_attempt(config, observe, NULL, NULL, &err), err);
    must(claude_config_set_credential_provider(config, provide, NULL, NULL, &err), err);
    must(claude_config_on_log(config, CLAUDE_LOG_TRACE, hear, NULL, NULL, &err), err);
    must(claude_config_set(config, "diagnostics.log_bodies", "true", &err), err);
    must(claude_config_set(config, "diagnostics.timings", "100", &err), err);
    must(claude_config_set(config, "quota.enabled", "true", &err), err);
    must(claude_client_new(config, &client, &err), err);
    claude_config_unref(config);
    return client;
}

static claude_request_t *request_for(const char *endpoint, const char *scenario)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    must(claude_request_new(endpoint, &request, &err), err);
    if (strcmp(endpoint, "messages.create") == 0)
        must(claude_request_set_json(request,
                                     "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64,\"messages\":"
                                     "[{\"role\":\"user\",\"content\":\"hi\"}]}",
                                     CLAUDE_NTS, &err),
             err);
    if (scenario)
        must(claude_request_set_header(request, "x-sandbox-scenario", scenario, &err), err);
    return request;
}

/* An answer or an error: both are looked at. */
static void call(claude_client_t *client, const char *endpoint, const char *scenario, uint32_t flags)
{
    claude_request_t *request = request_for(endpoint, scenario);
    claude_response_t *response = NULL;
    const claude_event_t *event = NULL;
    claude_call_t *running = NULL;
    claude_error_t *err = NULL;
    const char *name = scenario ? scenario : endpoint;
    claude_code_t rc = claude_client_start(client, request, flags, &running, &err);

    if (rc >= 0 && (flags & CLAUDE_STREAM)) {
        while ((rc = claude_call_next(running, PATIENCE_MS, &event, &err)) == 1)
            look(claude_event_json(event, NULL), name);
    } else if (rc >= 0) {
        rc = claude_call_wait(running, PATIENCE_MS, &err);
    }
    if (rc >= 0)
        rc = claude_call_result(running, &response, &err);
    look(claude_response_json(response, NULL), name);
    look(claude_report_json(claude_response_report(response), NULL), name);
    look_at_error(err, name);
    claude_response_unref(response);
    claude_call_unref(running);
    claude_request_unref(request);
}

static void call_on_loop(claude_client_t *client)
{
    claude_request_t *request = request_for("messages.create", "text");
    claude_loop_t *loop = NULL;
    claude_call_t *running = NULL;
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;
    uint64_t tag = 0;
    claude_code_t rc = 0;

    must(claude_loop_new(client, &loop, &err), err);
    must(claude_loop_submit(loop, request, CLAUDE_STREAM, 1, &running, &err), err);
    while (rc != CLAUDE_DONE) {
        must(claude_loop_wait(loop, PATIENCE_MS, &err), err);
        while ((rc = claude_loop_next(loop, &tag, &event, &err)) == 1)
            look(claude_event_json(event, NULL), "loop");
    }
    claude_call_unref(running);
    claude_loop_unref(loop);
    claude_request_unref(request);
}

static int32_t run_tool(claude_runner_t *runner, const char *name, const char *input, size_t len, void *user_data)
{
    (void)name;
    (void)user_data;
    (void)len;
    look(input, "a tool's input");
    return claude_runner_result_text(runner, "sunny", CLAUDE_NTS, NULL);
}

static void run_tools(claude_client_t *client)
{
    claude_request_t *request = request_for("messages.create", "canary-tools");
    claude_runner_t *runner = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;

    must(claude_runner_new(client, request, 0, &runner, &err), err);
    must(claude_runner_on_tool(runner, "weather", run_tool, NULL, NULL, &err), err);
    must(claude_runner_run(runner, &response, &err), err);
    look(claude_response_json(response, NULL), "tools");
    claude_response_unref(response);
    claude_runner_unref(runner);
    claude_request_unref(request);
}

static void turn_pages(claude_client_t *client)
{
    claude_request_t *request = request_for("models.list", NULL);
    claude_pages_t *pages = NULL;
    claude_error_t *err = NULL;
    const char *json = NULL;

    must(claude_pages_new(client, request, &pages, &err), err);
    while (claude_pages_next_item(pages, PATIENCE_MS, &json, NULL, &err) == 1)
        look(json, "pages");
    look_at_error(err, "pages");
    claude_pages_unref(pages);
    claude_request_unref(request);
}

static void run_batch(claude_client_t *client)
{
    claude_batch_builder_t *builder = NULL;
    claude_request_t *one = request_for("messages.create", NULL);
    claude_request_t *request = NULL;
    claude_response_t *batch = NULL;
    claude_response_t *done = NULL;
    claude_response_t *results = NULL;
    claude_error_t *err = NULL;

    must(claude_batch_builder_new(&builder, &err), err);
    must(claude_batch_builder_add(builder, "one", one, &err), err);
    must(claude_batch_builder_request(builder, &request, &err), err);
    must(claude_client_execute(client, request, &batch, &err), err);
    claude_request_unref(request);
    must(claude_batch_wait(client, claude_response_string(batch, "/id", NULL), 1, 1, PATIENCE_MS, NULL, NULL, NULL,
                           &done, &err),
         err);
    look(claude_response_json(done, NULL), "batches");
    must(claude_batch_results_request(done, &request, &err), err);
    /* The sandbox names its own address: for clients in front of nginx that is another server, where no key goes. */
    (void)claude_client_execute(client, request, &results, &err);
    look_at_error(err, "batches");
    look(claude_response_json(results, NULL), "batches");
    claude_response_unref(results);
    claude_response_unref(done);
    claude_response_unref(batch);
    claude_request_unref(request);
    claude_request_unref(one);
    claude_batch_builder_unref(builder);
}

static void check_health(claude_client_t *client)
{
    claude_health_t *health = NULL;
    claude_error_t *err = NULL;

    must(claude_health_new(client, &health, &err), err);
    must(claude_health_check(health, &err), err);
    look(claude_health_json(health, NULL), "health");
    claude_health_unref(health);
}

static void look_at_metrics(claude_client_t *client)
{
    claude_metrics_t *metrics = NULL;
    claude_error_t *err = NULL;

    must(claude_client_metrics(client, &metrics, &err), err);
    look(claude_metrics_json(metrics, NULL), "metrics as JSON");
    look(claude_metrics_prometheus(metrics, NULL), "metrics for Prometheus");
    claude_metrics_unref(metrics);
}

/* In the command, and in a file. */
static void look_at_commands(claude_client_t *client)
{
    static const char *const endpoints[] = {"messages.create", "models.list"};
    claude_error_t *err = NULL;

    for (size_t i = 0; i < 2 * sizeof endpoints / sizeof endpoints[0]; i++) {
        claude_request_t *request = request_for(endpoints[i / 2], NULL);
        claude_curl_t *curl = NULL;
        must(claude_curl_command(client, request, 0, i % 2 ? "body.json" : NULL, &curl, &err), err);
        if (!strstr(claude_curl_text(curl, NULL), "$ANTHROPIC_API_KEY")) {
            printf("text a curl command without the variable of the key\n");
            failures++;
        }
        look(claude_curl_text(curl, NULL), "the curl command");
        look(claude_curl_body(curl, NULL), "the body of the curl command");
        claude_curl_unref(curl);
        claude_request_unref(request);
    }
}

static void look_at_diagnostics(claude_client_t *client)
{
    claude_diagnostics_t *report = NULL;
    claude_selftest_t *test = NULL;
    claude_error_t *err = NULL;

    must(claude_selftest_run(client, CLAUDE_SELFTEST_KEY, "claude-sonnet-4-5", PATIENCE_MS, &test, &err), err);
    look(claude_selftest_json(test, NULL), "the self-test");
    claude_selftest_unref(test);
    must(claude_client_diagnostics(client, &report, &err), err);
    look(claude_diagnostics_json(report, NULL), "the report of the client");
    claude_diagnostics_unref(report);
}

static void use_everything(claude_client_t *client)
{
    static const char *const scenarios[] = {
        "text",      "unauthorized", "overloaded",           "server-error", "html",        "redirect",
        "truncated", "empty",        "overloaded-in-stream", "bad-request",  "rate-limited"};

    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        call(client, "messages.create", scenarios[i], 0);
        call(client, "messages.create", scenarios[i], CLAUDE_STREAM);
        if (strcmp(scenarios[i], "rate-limited") != 0) /* that asks for a long wait */
            call(client, "messages.create", scenarios[i], CLAUDE_WITH_RETRIES);
    }
    call(client, "messages.create", NULL, 0);
    call(client, "messages.create", NULL, CLAUDE_WITH_QUOTA);
    call_on_loop(client);
    run_tools(client);
    turn_pages(client);
    run_batch(client);
    check_health(client);
    look_at_metrics(client);
    look_at_commands(client);
    look_at_diagnostics(client);
}

/* What never gets an answer: nobody there, no TLS, a certificate nobody knows, a proxy that is none. */
static void fail_everywhere(void)
{
    char *no_tls = strdup(plain_url);
    char *url;
    const char *const no_proxy[] = {"network.proxy", plain_url, "tls.ca_file", ca_file, NULL};
    claude_client_t *client;

    if (!no_tls || asprintf(&url, "https%s", strchr(no_tls, ':')) < 0)
        exit(2);
    client = client_with(url, NULL);
    call(client, "messages.create", NULL, 0);
    claude_client_unref(client);
    client = client_with(tls_url, NULL);
    call(client, "messages.create", NULL, 0);
    claude_client_unref(client);
    client = client_with(tls_url, no_proxy);
    call(client, "messages.create", NULL, 0);
    claude_client_unref(client);
    client = client_with("http://127.0.0.1:1", NULL);
    call(client, "messages.create", NULL, 0);
    look_at_diagnostics(client);
    claude_client_unref(client);
    free(url);
    free(no_tls);
}

static void read_key(const char *hex)
{
    for (key_len = 0; hex[0] && hex[1] && key_len < KEY_MAX; hex += 2) {
        unsigned value = 0;
        if (sscanf(hex, "%2x", &value) != 1)
            exit(2);
        encoded[key_len++] = (unsigned char)value;
    }
}

int main(int argc, char **argv)
{
    claude_client_t *clients[4];
    claude_trail_t *trail = NULL;
    claude_error_t *err = NULL;

    if (argc != 7)
        return 2;
    read_key(argv[1]);
    plain_url = argv[3];
    tls_url = argv[4];
    ca_file = argv[5];
    proxy_url = argv[6];
    *(void **)&owner_of = dlsym(RTLD_DEFAULT, "canary_owner");
    must(claude_trail_start(1000, &err), err);
    must(claude_secret_from_file(argv[2], &secret, &err), err);
    must(claude_secret_on_audit(secret, audit, NULL, NULL, &err), err);
    {
        const char *const tls[] = {"tls.ca_file", ca_file, "health.strategy", "models", NULL};
        const char *const h1[] = {"tls.ca_file", ca_file, "network.http_version", "1.1", "auth.style", "bearer", NULL};
        const char *const proxied[] = {"tls.ca_file", ca_file, "network.proxy", proxy_url, NULL};
        clients[0] = client_with(plain_url, NULL);
        clients[1] = client_with(tls_url, tls);
        clients[2] = client_with(tls_url, h1);
        clients[3] = client_with(tls_url, proxied);
    }
    for (size_t i = 0; i < 4; i++)
        use_everything(clients[i]);
    fail_everywhere();
    must(claude_client_rotate_secret(clients[0], CLAUDE_KEY_OF_CLIENT, secret, &err), err);
    must(claude_trail_read(&trail, &err), err);
    look(claude_trail_json(trail, NULL), "trail");
    if (lines == 0) {
        printf("text no line of the log\n");
        failures++;
    }
    claude_trail_unref(trail);
    pause_after("used");
    for (size_t i = 0; i < 4; i++)
        claude_client_unref(clients[i]);
    claude_secret_unref(secret);
    pause_after("released");
    return failures == 0 ? 0 : 1;
}
