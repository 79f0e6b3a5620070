/*
 * The curl command: run by /bin/sh and the real curl, it must make the server receive what a call of the library makes
 * it receive, byte for byte; and show no secret.
 */
#include "support.h"

#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/claude-curl-XXXXXX";

static int start(void **state)
{
    if (!mkdtemp(folder))
        return -1;
    setenv("ANTHROPIC_API_KEY", KEY, 1);
    setenv("CLAUDE_HEADER_X_GATEWAY_TOKEN", "token canary of the gateway", 1);
    return start_server(state);
}

static int stop(void **state)
{
    char *command = format("rm -rf '%s'", folder);
    int failed = system(command) != 0;

    free(command);
    return failed | stop_server(state);
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* What the shell prints is kept in the file "out". */
static void run(const char *command)
{
    char *path = format("%s/command", folder);
    char *line = format("cd '%s' && /bin/sh '%s' > '%s/out' 2>&1", folder, path, folder);

    write_file(path, command, strlen(command));
    if (system(line) != 0)
        fail_msg("the command has failed: %.2000s", command);
    free(path);
    free(line);
}

static claude_curl_t *command_of(claude_client_t *client, const claude_request_t *request, uint32_t flags,
                                 const char *body_file)
{
    claude_curl_t *curl = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_curl_command(client, request, flags, body_file, &curl, &err), err);
    check_no_key(claude_curl_text(curl, NULL), __FILE__, __LINE__);
    return curl;
}

/* ---- what the server received ---- */

struct seen {
    char *method;
    char *target;
    char *headers; /* sorted, without those that differ by nature */
    char *body;
    char *crc;
    char *boundary;
    int64_t length;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *headers_of(struct json_object *request, bool is_form)
{
    struct json_object *headers = json_object_object_get(request, "headers");
    char *lines[64];
    size_t count = 0;
    char *all = strdup("");

    assert_true(json_object_array_length(headers) < 64);
    for (size_t i = 0; i < json_object_array_length(headers); i++) {
        struct json_object *pair = json_object_array_get_idx(headers, i);
        const char *name = json_object_get_string(json_object_array_get_idx(pair, 0));
        bool varies = is_form && (strcasecmp(name, "content-type") == 0 || strcasecmp(name, "content-length") == 0);
        if (!varies)
            lines[count++] = format("%s: %s\n", name, json_object_get_string(json_object_array_get_idx(pair, 1)));
    }
    for (size_t i = 0; i < count; i++)
        for (char *p = lines[i]; *p != ':'; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    qsort(lines, count, sizeof lines[0], by_text);
    for (size_t i = 0; i < count; i++) {
        char *more = format("%s%s", all, lines[i]);
        free(all);
        free(lines[i]);
        all = more;
    }
    return all;
}

static char *copy_of(struct json_object *request, const char *member)
{
    const char *text = text_of(request, member);

    return text ? strdup(text) : NULL;
}

static struct seen seen_at(size_t index, bool is_form)
{
    struct json_object *request = received_at(index);
    struct seen seen = {copy_of(request, "method"),       copy_of(request, "target"),     headers_of(request, is_form),
                        copy_of(request, "body"),         copy_of(request, "body_crc32"), NULL,
                        number_of(request, "body_length")};
    const char *type = header_of(request, "content-type");

    if (!seen.body)
        seen.body = copy_of(request, "body_base64");
    if (is_form)
        seen.boundary = strdup(strstr(type, "boundary=") + 9);
    return seen;
}

static void seen_free(struct seen *seen)
{
    free(seen->method);
    free(seen->target);
    free(seen->headers);
    free(seen->body);
    free(seen->crc);
    free(seen->boundary);
}

/* A copy with | for each boundary. */
static char *without_boundary(const struct seen *seen)
{
    char *copy = strdup(seen->body);
    char *p = copy;
    size_t len = strlen(seen->boundary);

    while ((p = strstr(p, seen->boundary))) {
        memmove(p + 1, p + len, strlen(p + len) + 1);
        *p++ = '|';
    }
    return copy;
}

static void is_same(bool is_form)
{
    struct seen a = seen_at(0, is_form);
    struct seen b = seen_at(1, is_form);

    assert_string_equal(a.method, b.method);
    assert_string_equal(a.target, b.target);
    assert_string_equal(a.headers, b.headers);
    if (is_form) {
        char *x = without_boundary(&a);
        char *y = without_boundary(&b);
        assert_string_equal(x, y);
        free(x);
        free(y);
    } else {
        assert_string_equal(a.crc, b.crc);
        assert_int_equal(a.length, b.length);
        if (a.body)
            assert_string_equal(a.body, b.body);
    }
    seen_free(&a);
    seen_free(&b);
}

/* By the library, whatever the answer is. */
static void call(claude_client_t *client, const claude_request_t *request, uint32_t flags)
{
    claude_call_t *started = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_client_start(client, request, flags, &started, &err), err);
    (void)claude_call_wait(started, -1, NULL);
    claude_call_unref(started);
}

/* One body in the command, one in a file whose name needs quotes. */
static const char odd_name[] = "a 'b' \"c\" $d `e` \\ @f\n.bin";

static void in_file(claude_client_t *client, const claude_request_t *request, uint32_t flags)
{
    claude_curl_t *curl = command_of(client, request, flags, odd_name);
    char *path = format("%s/%s", folder, odd_name);
    size_t len = 0;
    const void *body = claude_curl_body(curl, &len);

    assert_non_null(body);
    write_file(path, body, len);
    run(claude_curl_text(curl, NULL));
    free(path);
    claude_curl_unref(curl);
}

static void is_repeated(claude_client_t *client, const claude_request_t *request, uint32_t flags)
{
    claude_curl_t *curl = command_of(client, request, flags, NULL);

    assert_null(claude_curl_body(curl, NULL));
    call(client, request, flags);
    run(claude_curl_text(curl, NULL));
    is_same(false);
    reset_server(NULL);
    claude_curl_unref(curl);
}

static void is_repeated_both_ways(claude_client_t *client, const claude_request_t *request, uint32_t flags)
{
    is_repeated(client, request, flags);
    call(client, request, flags);
    in_file(client, request, flags);
    is_same(false);
    reset_server(NULL);
}

static claude_request_t *request_named(const char *name)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_request_new(name, &request, &err), err);
    return request;
}

static claude_request_t *saying(const char *text, size_t len)
{
    claude_request_t *request = request_named("messages.create");
    claude_error_t *err = NULL;

    succeeds(claude_request_set_model(request, "claude-opus-5", &err), err);
    succeeds(claude_request_set_max_tokens(request, 16, &err), err);
    succeeds(claude_request_add_user_text(request, text, len, &err), err);
    return request;
}

/* ---- bodies ---- */

static void a_message(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = saying("hello", CLAUDE_NTS);

    (void)state;
    is_repeated_both_ways(client, request, 0);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* White space of JSON, which is sent as it was written, and texts that a shell would like to read. */
static void every_byte(void **state)
{
    static const char *const bodies[] = {
        "@/etc/passwd",
        "$HOME ${HOME} $(id) `id` $((1+1))",
        "it's 'quoted' \"doubly\" \\ and \\\\ ! # ~ * ? [a-z] {a,b} < > | & ; ( ) ^ %s %n",
        "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac \xf0\x9f\xa6\x9c \xe2\x80\xa8 \x7f",
        "-rf --next -d x",
        "'",
        "''",
        "'\\''",
        "\\",
        "\\'",
        "\n",
        "a\nb\r\nc\td",
    };
    claude_client_t *client = new_client();
    char ascii[256];
    size_t n = 0;
    claude_request_t *request;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        request = saying(bodies[i], CLAUDE_NTS);
        is_repeated_both_ways(client, request, 0);
        claude_request_unref(request);
    }
    for (int c = 0; c < 128; c++)
        ascii[n++] = (char)c;
    request = saying(ascii, n);
    is_repeated_both_ways(client, request, 0);
    claude_request_unref(request);
    request =
        request_of("\n\t{\r\n 'model' : 'm',\n'max_tokens':1,\t'messages':[{'role':'user','content':'x'}]\n}\n\n");
    is_repeated_both_ways(client, request, 0);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void streams(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = saying("hello", CLAUDE_NTS);
    claude_curl_t *curl = command_of(client, request, CLAUDE_STREAM, NULL);

    (void)state;
    assert_contains(claude_curl_text(curl, NULL), "--no-buffer");
    assert_contains(claude_curl_text(curl, NULL), "\"stream\":true");
    claude_curl_unref(curl);
    is_repeated_both_ways(client, request, CLAUDE_STREAM);
    claude_request_unref(request);
    claude_client_unref(client);
}

enum { MOST = 131071 };

/* How much the system passes on to a program depends on the stack. */
static size_t longest_argument(void)
{
    struct rlimit stack;

    return getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur < 8 * MOST ? MOST / 2 : MOST;
}

/* The longest argument goes, one byte more does not. */
static void long_bodies(void **state)
{
    claude_client_t *client = new_client();
    claude_curl_t *curl = NULL;
    claude_error_t *err = NULL;
    char *text = malloc(MOST + 1);
    claude_request_t *request;
    size_t rest = 0;

    (void)state;
    memset(text, '\'', MOST + 1);
    request = saying("x", 1);
    (void)claude_request_json(request, &rest);
    claude_request_unref(request);
    request = saying(text, longest_argument() - rest + 1);
    is_repeated_both_ways(client, request, 0);
    claude_request_unref(request);
    request = saying(text, MOST - rest + 2);
    fails(claude_curl_command(client, request, 0, NULL, &curl, &err), CLAUDE_E_TOO_LARGE, &err);
    assert_null(curl);
    call(client, request, 0);
    in_file(client, request, 0);
    is_same(false);
    claude_request_unref(request);
    free(text);
    claude_client_unref(client);
}

/* In the command bodies are as they are without compression: what a server has made of one that was compressed, and
 * what people can read. */
static void compressed_bodies(void **state)
{
    claude_client_t *plain = new_client();
    claude_client_t *packed =
        client_with("compression.enabled", "true", "compression.responses", "true", "compression.min_size", "1", NULL);
    claude_curl_t *curl;
    char text[4096];
    claude_request_t *request;

    (void)state;
    memset(text, 'x', sizeof text);
    request = saying(text, sizeof text);
    call(packed, request, 0);
    assert_string_equal(header_of(received_at(0), "content-encoding"), "gzip");
    assert_string_equal(header_of(received_at(0), "accept-encoding"), "gzip");
    reset_server(NULL);
    call(plain, request, 0);
    curl = command_of(packed, request, 0, NULL);
    run(claude_curl_text(curl, NULL));
    is_same(false);
    claude_curl_unref(curl);
    claude_request_unref(request);
    claude_client_unref(packed);
    claude_client_unref(plain);
}

/* Files in JSON: an image from a path, in base64, of more than fits, and than curl sends without asking first. */
static void files_in_json(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = saying("look", CLAUDE_NTS);
    claude_error_t *err = NULL;
    claude_block_t *image = NULL;
    char *path = format("%s/picture.png", folder);
    unsigned char *bytes = malloc(1500000);

    (void)state;
    for (size_t i = 0; i < 1500000; i++)
        bytes[i] = (unsigned char)(i * 131 + i / 251);
    memcpy(bytes, "\x89PNG\r\n\x1a\n", 8);
    write_file(path, bytes, 1500000);
    succeeds(claude_block_image_path(path, &image, &err), err);
    succeeds(claude_request_add_user_with_image(request, "and", CLAUDE_NTS, image, &err), err);
    claude_block_unref(image);
    call(client, request, 0);
    in_file(client, request, 0);
    is_same(false);
    claude_request_unref(request);
    free(path);
    free(bytes);
    claude_client_unref(client);
}

/* ---- other requests ---- */

static void get_and_delete(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = request_named("models.list");
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_add_query(request, "limit", "3", &err), err);
    succeeds(claude_request_add_query(request, "after_id", "a b&c=d'e[1-3]{x,y}\xc3\xa4", &err), err);
    is_repeated(client, request, 0);
    claude_request_unref(request);
    request = request_named("files.delete");
    succeeds(claude_request_set_path(request, "file_id", "file_[1-2]'{a,b}", &err), err);
    is_repeated(client, request, 0);
    claude_request_unref(request);
    request = request_named("messages.batches.cancel"); /* a POST without a body */
    succeeds(claude_request_set_path(request, "message_batch_id", "msgbatch_1", &err), err);
    is_repeated(client, request, 0);
    claude_request_unref(request);
    claude_client_unref(client);
}

static claude_request_t *upload(claude_file_t *file, const char *name)
{
    claude_request_t *request = request_named("files.upload");
    claude_error_t *err = NULL;

    succeeds(claude_request_add_file(request, "file", file, name, NULL, &err), err);
    return request;
}

/* By their paths, with curl's own boundary; whole with a file. */
static void forms(void **state)
{
    static const char name[] = "it's a \"file\" $x; type=a,b.txt";
    claude_client_t *client = new_client();
    claude_error_t *err = NULL;
    claude_file_t *file = NULL;
    char *path = format("%s/%s", folder, "up 'load' \"x\" $y ;type=z,\\.txt");
    char bytes[256];
    claude_request_t *request;
    claude_curl_t *curl;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    write_file(path, "plain text\n", 11);
    succeeds(claude_file_open(path, &file, &err), err);
    request = upload(file, name);
    succeeds(claude_request_add_form_field(request, "note", "@x; 'type'=<y>", CLAUDE_NTS, &err), err);
    curl = command_of(client, request, 0, NULL);
    call(client, request, 0);
    run(claude_curl_text(curl, NULL));
    is_same(true);
    reset_server(NULL);
    claude_curl_unref(curl);
    call(client, request, 0);
    in_file(client, request, 0);
    is_same(true);
    reset_server(NULL);
    claude_request_unref(request);
    claude_file_unref(file);
    file = NULL;
    /* Every byte there is, from memory. */
    succeeds(claude_file_from_bytes(bytes, sizeof bytes, "all.bin", &file, &err), err);
    request = upload(file, NULL);
    curl = NULL;
    fails(claude_curl_command(client, request, 0, NULL, &curl, &err), CLAUDE_E_INVALID, &err);
    call(client, request, 0);
    in_file(client, request, 0);
    {
        struct seen a = seen_at(0, true);
        struct seen b = seen_at(1, true);
        assert_int_equal(a.length, b.length);
        assert_string_equal(a.headers, b.headers);
        seen_free(&a);
        seen_free(&b);
    }
    claude_request_unref(request);
    claude_file_unref(file);
    free(path);
    claude_client_unref(client);
}

/* ---- headers and options ---- */

static void headers(void **state)
{
    claude_config_t *config = new_config();
    claude_error_t *err = NULL;
    char value[128];
    size_t n = 0;
    claude_client_t *client;
    claude_request_t *request = saying("hello", CLAUDE_NTS);
    claude_curl_t *curl;

    (void)state;
    for (int c = 0x21; c < 0x7f; c++)
        value[n++] = (char)c;
    value[n] = '\0';
    succeeds(claude_config_set_header(config, "x-odd", value, &err), err);
    succeeds(claude_config_set_header(config, "x-gateway-token", "token canary of the gateway", &err), err);
    succeeds(claude_config_set(config, "beta", "one-2026-01-01,two-2026-01-01", &err), err);
    succeeds(claude_config_set(config, "user_agent", "it's/1 $x", &err), err);
    client = client_of(config);
    succeeds(claude_request_set_header(request, "x-more", "@file; \"x\"", &err), err);
    is_repeated_both_ways(client, request, 0);
    curl = command_of(client, request, 0, NULL);
    assert_null(strstr(claude_curl_text(curl, NULL), "canary of the gateway"));
    assert_contains(claude_curl_text(curl, NULL), "\"x-gateway-token: $CLAUDE_HEADER_X_GATEWAY_TOKEN\"");
    assert_contains(claude_curl_text(curl, NULL), "\"x-api-key: $ANTHROPIC_API_KEY\"");
    claude_curl_unref(curl);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void keys(void **state)
{
    claude_client_t *client = client_with("auth.style", "bearer", NULL);
    claude_request_t *request = saying("hello", CLAUDE_NTS);
    claude_curl_t *curl = command_of(client, request, 0, NULL);

    (void)state;
    assert_contains(claude_curl_text(curl, NULL), "\"authorization: Bearer $ANTHROPIC_API_KEY\"");
    claude_curl_unref(curl);
    is_repeated(client, request, 0);
    claude_client_unref(client);
    client = client_with("auth.style", "none", NULL);
    curl = command_of(client, request, 0, NULL);
    assert_null(strstr(claude_curl_text(curl, NULL), "ANTHROPIC_API_KEY"));
    claude_curl_unref(curl);
    is_repeated(client, request, 0);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void has(const char *command, bool yes, const char *part)
{
    if ((strstr(command, part) != NULL) != yes)
        fail_msg("%s is %sin %s", part, yes ? "not " : "", command);
}

static void options(void **state)
{
    claude_client_t *client =
        client_with("network.proxy", "http://user:PASS%40canary@proxy.example:3128/", "network.no_proxy", "a.example,b",
                    "network.http_version", "1.1", "base_url", "https://x.example/pre'fix", "tls.ca_file", "/ca's.pem",
                    "tls.ca_path", "/certs", "tls.client_cert", "/c:d.pem", "tls.client_key", "/k.pem",
                    "tls.min_version", "1.3", "timeout.connect_ms", "1500", "timeout.total_ms", "61000", NULL);
    claude_request_t *request = saying("hello", CLAUDE_NTS);
    claude_curl_t *curl = command_of(client, request, 0, NULL);
    const char *text = claude_curl_text(curl, NULL);

    (void)state;
    has(text, false, "PASS");
    has(text, false, "user:");
    has(text, true, "--proxy 'http://proxy.example:3128/'");
    has(text, true, "--proxy-user \"$CLAUDE_PROXY_USER\"");
    has(text, true, "--noproxy 'a.example,b'");
    has(text, true, "--http1.1");
    has(text, true, "--cacert '/ca'\\''s.pem'");
    has(text, true, "--capath '/certs'");
    has(text, true, "--cert '/c\\:d.pem'");
    has(text, true, "--key '/k.pem'");
    has(text, true, "--tlsv1.3");
    has(text, true, "--connect-timeout 2");
    has(text, true, "--max-time 61");
    claude_curl_unref(curl);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* What cannot be sent has no command, and nothing is sent for one. */
static void refusals(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *request = request_named("messages.create");
    claude_curl_t *curl = NULL;
    claude_error_t *err = NULL;
    size_t len = 7;

    (void)state;
    fails(claude_curl_command(client, request, 0, NULL, &curl, &err), CLAUDE_E_INVALID, &err);
    fails(claude_curl_command(NULL, request, 0, NULL, &curl, &err), CLAUDE_E_INVALID, &err);
    fails(claude_curl_command(client, NULL, 0, NULL, &curl, &err), CLAUDE_E_INVALID, &err);
    fails(claude_curl_command(client, request, 0, NULL, NULL, &err), CLAUDE_E_INVALID, &err);
    fails(claude_curl_command(client, request, 0x8000, NULL, &curl, &err), CLAUDE_E_INVALID, &err);
    claude_request_unref(request);
    request = request_named("models.list");
    succeeds(claude_request_add_query(request, "after_id", KEY, &err), err);
    fails(claude_curl_command(client, request, 0, NULL, &curl, &err), CLAUDE_E_INVALID, &err);
    assert_null(curl);
    assert_string_equal(claude_curl_text(NULL, &len), "");
    assert_int_equal(len, 0);
    assert_null(claude_curl_body(NULL, &len));
    assert_null(claude_curl_ref(NULL));
    claude_curl_unref(NULL);
    assert_int_equal(requests_seen(), 0);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message),         TEST(every_byte),    TEST(streams),        TEST(long_bodies),
        TEST(compressed_bodies), TEST(files_in_json), TEST(get_and_delete), TEST(forms),
        TEST(headers),           TEST(keys),          TEST(options),        TEST(refusals),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
