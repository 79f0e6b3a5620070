/*
 * Bodies in gzip, on the wire: what is compressed and what is not, servers that do not read it, answers that are, and
 * how much memory all of it takes.
 */
#include "ways.h"

#include <fcntl.h>
#include <inttypes.h>
#include <strings.h>
#include <unistd.h>

#define GOOD "{'body_json':{'id':'msg_1','type':'message','role':'assistant','content':[{'type':'text','text':'Hi'}]}}"
#define REFUSED "{'status':415,'error':{'type':'invalid_request_error','message':'no'}}"

enum { MIB = 1024 * 1024 };

/* Text of so many bytes that compresses well, but not too well; ends so that its end can be told. */
static char *long_text(size_t len)
{
    char *text = malloc(len + 1);
    uint32_t random = 7;

    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = "etaoin shrdlu\n\"\\"[(random >> 27) % 16];
    }
    text[len] = '\0';
    return text;
}

static claude_request_t *request_with(size_t len)
{
    claude_request_t *request = hello();
    claude_error_t *err = NULL;
    char *text = long_text(len);

    succeeds(claude_request_add_user_text(request, text, len, &err), err);
    free(text);
    return request;
}

static claude_client_t *compressing_client(void)
{
    return client_with("compression.enabled", "true", NULL);
}

/* For large bodies: zlib at its quickest. */
static claude_client_t *quick_client(void)
{
    return client_with("compression.enabled", "true", "compression.level", "1", NULL);
}

/* ---- what was sent ---- */

static uint8_t sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 52);
    return c == '+' ? 62 : c == '/' ? 63 : 0;
}

/* The bytes of a recorded body; to be freed. */
static char *bytes_of(struct json_object *request, size_t *len)
{
    const char *text = text_of(request, "body_base64");
    size_t n = text ? strlen(text) : 0;
    char *out = malloc(n + 1);

    assert_non_null(out);
    if (!text) {
        free(out);
        out = strdup(text_of(request, "body"));
        *len = strlen(out);
        return out;
    }
    *len = n / 4 * 3 - (n > 0 && text[n - 1] == '=') - (n > 1 && text[n - 2] == '=');
    for (size_t i = 0; i < n / 4; i++) {
        uint32_t group = 0;
        for (size_t k = 0; k < 4; k++)
            group = group << 6 | sextet(text[4 * i + k]);
        for (size_t k = 0; k < 3; k++)
            out[3 * i + k] = (char)(group >> (16 - 8 * k));
    }
    return out;
}

/* The request's body as the server is to read it: unpacked if it says that it is compressed. */
static void check_body(struct json_object *sent, claude_request_t *request, bool compressed)
{
    const char *coding = header_of(sent, "content-encoding");
    claude_response_t *plain = NULL;
    claude_error_t *err = NULL;
    size_t json_len = 0;
    size_t plain_len = 0;
    size_t len = 0;
    char *bytes = bytes_of(sent, &len);
    const char *json = claude_request_json(request, &json_len);

    assert_int_equal(claude_is_gzip(bytes, len), compressed);
    assert_int_equal(coding != NULL, compressed);
    if (compressed) {
        assert_string_equal(coding, "gzip");
        assert_true(len < json_len);
    }
    succeeds(claude_decompress(bytes, len, 0, &plain, &err), err);
    assert_memory_equal(claude_response_json(plain, &plain_len), json, json_len);
    assert_int_equal(plain_len, json_len);
    assert_int_equal(number_of(sent, "body_length"), len);
    claude_response_unref(plain);
    free(bytes);
}

static void sends_less(void **state)
{
    claude_client_t *client = compressing_client();
    claude_request_t *request = request_with(20000);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, client, request, 0);
        struct json_object *sent = received_at(0);
        char *length = format("%" PRId64, number_of(sent, "body_length"));
        check_body(sent, request, true);
        assert_string_equal(header_of(sent, "content-length"), length);
        assert_null(header_of(sent, "transfer-encoding"));
        assert_string_equal(header_of(sent, "content-type"), "application/json");
        assert_string_equal(header_of(sent, "accept-encoding"), "identity");
        free(length);
        ends_with(o, CLAUDE_OK, 1, "");
        reset_server(NULL);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* By whom and how it was asked for, and whether it was done. */
static void where_it_is_asked_for(void **state)
{
    static const struct {
        const char *client[4];
        const char *request[4];
        bool compressed;
    } rows[] = {
        {{NULL}, {NULL}, false},
        {{"compression.enabled", "true"}, {NULL}, true},
        {{"enable_compression", "true"}, {NULL}, true},
        {{NULL}, {"compression.enabled", "true"}, true},
        {{"compression.enabled", "true"}, {"compression.enabled", "false"}, false},
        {{"compression.enabled", "true", "compression.level", "0"}, {NULL}, false},
        {{"compression.enabled", "true", "compression.level", "0"}, {"compression_level", "1"}, true},
        {{"compression.enabled", "true", "compression.min_size", "1000000"}, {NULL}, false},
        {{"compression.enabled", "true", "compression.min_size", "0"}, {NULL}, true},
        {{"compression.level", "9"}, {NULL}, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const *o = rows[i].client;
        claude_client_t *client = o[0] ? client_with(o[0], o[1], o[2], o[3], NULL) : new_client();
        claude_request_t *request = request_with(5000);
        claude_error_t *err = NULL;
        for (size_t k = 0; k < 4 && rows[i].request[k]; k += 2)
            succeeds(claude_request_set_option(request, rows[i].request[k], rows[i].request[k + 1], &err), err);
        claude_response_unref(execute(client, request));
        check_body(received_at(0), request, rows[i].compressed);
        claude_request_unref(request);
        claude_client_unref(client);
        reset_server(NULL);
    }
}

/* Small bodies, and what the program says is encoded already. */
static void what_is_left_alone(void **state)
{
    claude_client_t *client = compressing_client();
    claude_request_t *small = hello();
    claude_request_t *large = request_with(5000);
    claude_request_t *none = NULL;
    claude_error_t *err = NULL;

    (void)state;
    claude_response_unref(execute(client, small));
    check_body(received_at(0), small, false);
    succeeds(claude_request_set_header(large, "content-encoding", "identity", &err), err);
    script(GOOD);
    claude_response_unref(execute(client, large));
    assert_string_equal(header_of(received_at(1), "content-encoding"), "identity");
    assert_non_null(text_of(received_at(1), "body"));
    reset_server(NULL);
    succeeds(claude_request_new("models.list", &none, &err), err);
    claude_response_unref(execute(client, none));
    assert_null(header_of(received_at(0), "content-encoding"));
    claude_request_unref(none);
    claude_request_unref(large);
    claude_request_unref(small);
    claude_client_unref(client);
}

/* An upload has a format of its own. */
static void uploads_are_left_alone(void **state)
{
    claude_client_t *client = compressing_client();
    claude_request_t *request = NULL;
    claude_file_t *file = NULL;
    claude_error_t *err = NULL;
    char *text = long_text(50000);

    (void)state;
    succeeds(claude_file_from_bytes(text, 50000, "notes.txt", &file, &err), err);
    succeeds(claude_request_new("files.upload", &request, &err), err);
    succeeds(claude_request_add_file(request, "file", file, NULL, NULL, &err), err);
    claude_response_unref(execute(client, request));
    assert_null(header_of(received_at(0), "content-encoding"));
    assert_true(number_of(received_at(0), "body_length") > 50000);
    claude_request_unref(request);
    claude_file_unref(file);
    claude_client_unref(client);
    free(text);
}

static void streams_send_less_too(void **state)
{
    claude_client_t *client = client_with("compression.enabled", "true", "compression.responses", "true", NULL);
    claude_request_t *request = request_with(20000);
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_stream(request, 1, &err), err);
    for (enum way way = WAY_NEXT; way < WAYS; way++) {
        struct outcome o = run(way, client, request, CLAUDE_STREAM);
        check_body(received_at(0), request, true);
        /* An answer in gzip would hide where it was cut. */
        assert_string_equal(header_of(received_at(0), "accept-encoding"), "identity");
        assert_true(way == WAY_WAIT || o.trace.events > 2);
        ends_with(o, CLAUDE_OK, 1, "");
        reset_server(NULL);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- large ones ---- */

/* Above a size nobody knows how long it will be. */
static void large_ones_come_in_chunks(void **state)
{
    claude_client_t *client = quick_client();
    claude_request_t *request = request_with(2 * MIB);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o = run(way, client, request, 0);
        check_body(received_at(0), request, true);
        assert_null(header_of(received_at(0), "content-length"));
        assert_string_equal(header_of(received_at(0), "transfer-encoding"), "chunked");
        assert_null(header_of(received_at(0), "expect"));
        ends_with(o, CLAUDE_OK, 1, "");
        reset_server(NULL);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A line of /proc/self/status in KiB. */
static size_t status_kib(const char *name)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    size_t kib = 0;

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib = (size_t)strtoul(line + strlen(name) + 1, NULL, 10);
    }
    fclose(file);
    return kib;
}

/* What the peak of memory is counted from. False where it cannot be, or says nothing. */
static bool reset_peak(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, "5", 1) == 1;

    if (fd >= 0)
        close(fd);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    done = false;
#endif
    return done && !getenv("CLAUDE_UNDER_VALGRIND");
}

static claude_file_t *file_of(size_t len, char path[])
{
    char *text = long_text(MIB);
    int fd = mkstemp(path);
    claude_file_t *file = NULL;
    claude_error_t *err = NULL;

    assert_true(fd >= 0);
    for (size_t i = 0; i < len / MIB; i++)
        assert_int_equal(write(fd, text, MIB), MIB);
    close(fd);
    free(text);
    succeeds(claude_file_open(path, &file, &err), err);
    return file;
}

/* 24 MB of a file, through base64 and gzip, in the memory of a few blocks. */
static void a_file_takes_no_memory(void **state)
{
    char path[] = "/tmp/claude-compression-XXXXXX";
    claude_file_t *file = file_of((size_t)24 * MIB, path);
    claude_client_t *client = quick_client();
    char *json =
        format("{'model':'m','max_tokens':5,'messages':[{'role':'user','content':[{'type':'document','source':"
               "{'type':'base64','media_type':'application/pdf','data':'%s'}},{'type':'text','text':'Read'}]}]}",
               claude_file_token(file));
    claude_request_t *request = request_of(json);
    claude_error_t *err = NULL;
    claude_response_t *response;
    size_t before;
    char *crc;
    bool counts;

    (void)state;
    succeeds(claude_request_attach(request, file, &err), err);
    script("{'body_json':{'type':'message','content':[]}}");
    claude_response_unref(execute(client, request));
    before = status_kib("VmRSS:");
    counts = reset_peak();
    response = execute(client, request);
    if (counts)
        assert_in_range(status_kib("VmHWM:"), before / 2, before + 4 * 1024);
    assert_string_equal(header_of(received_at(1), "transfer-encoding"), "chunked");
    /* Base64 has six bits in a byte, and the text less. */
    assert_in_range(number_of(received_at(1), "body_length"), 4 * MIB, 26 * MIB);
    crc = strdup(text_of(received_at(0), "body_crc32"));
    assert_string_equal(text_of(received_at(1), "body_crc32"), crc);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_file_unref(file);
    claude_client_unref(client);
    unlink(path);
    free(json);
    free(crc);
}

/* The server reads what was sent, all 24 MB. */
static void text_is_read_by_the_server(void **state)
{
    claude_client_t *client = quick_client();
    claude_request_t *request = request_with((size_t)24 * MIB);
    claude_response_t *response;
    size_t len = 0;

    (void)state;
    claude_request_json(request, &len);
    response = execute(client, request);
    assert_int_equal(claude_response_usage(response, "input_tokens"), (int64_t)(len / 4 + 1));
    assert_true(number_of(received_at(0), "body_length") < (int64_t)(len / 4 * 3));
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A file that has changed ends the call, and is no answer. */
static void a_file_that_changes_is_an_error(void **state)
{
    char path[] = "/tmp/claude-compression-XXXXXX";
    claude_file_t *file = file_of((size_t)8 * MIB, path);
    claude_client_t *client = quick_client();
    char *json = format("{'model':'m','max_tokens':5,'messages':[{'role':'user','content':[{'type':'document','source':"
                        "{'type':'base64','media_type':'application/pdf','data':'%s'}}]}]}",
                        claude_file_token(file));
    claude_request_t *request = request_of(json);
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_attach(request, file, &err), err);
    assert_int_equal(truncate(path, MIB), 0);
    claude_error_unref(execute_fails(client, request, CLAUDE_E_IO));
    claude_request_unref(request);
    claude_file_unref(file);
    claude_client_unref(client);
    unlink(path);
    free(json);
}

/* ---- servers that do not read it ---- */

static void resends_as_it_is(void **state)
{
    static const char *const refusals[] = {
        REFUSED,
        "{'status':415,'body':''}",
        "{'status':400,'error':{'type':'invalid_request_error','message':'Unsupported content-encoding'}}",
        ("{'status':400,'error':{'type':'invalid_request_error','message':'m','details':{'error_code':"
         "'request_body_encoding_unsupported'}}}"),
        "{'status':400,'headers':[['content-type','text/plain']],'body':'The request body is not valid JSON'}",
        "{'status':422,'body_json':{'detail':[{'type':'json_invalid'}]}}",
        "{'status':400,'reply_early':true,'body':'cannot read gzip'}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            claude_client_t *client = client_with("compression.enabled", "true", "metrics.enabled", "true", NULL);
            claude_request_t *request = request_with(5000);
            char *scenario = format("{'sequence':[%s," GOOD "]}", refusals[i]);
            struct outcome o;
            script(scenario);
            o = run(way, client, request, 0);
            if (!strstr(refusals[i], "reply_early"))
                check_body(received_at(0), request, true);
            check_body(received_at(1), request, false);
            assert_int_equal(o.wire, 2);
            assert_int_equal(claude_report_resends(o.report), 1);
            assert_int_equal(metric(client, "resends"), 1);
            ends_with(o, CLAUDE_OK, 2, "");
            /* It is remembered. */
            o = run(way, client, request, 0);
            check_body(received_at(2), request, false);
            ends_with(o, CLAUDE_OK, 1, "");
            free(scenario);
            claude_request_unref(request);
            claude_client_unref(client);
            reset_server(NULL);
        }
    }
}

static struct {
    int32_t starts;
    int32_t ends;
    bool said[8]; /* that it is compressed, by attempt */
} observed;

static void observe(claude_attempt_t *attempt, void *user_data)
{
    (void)user_data;
    if (claude_attempt_phase(attempt) == CLAUDE_ATTEMPT_STARTS)
        observed.said[observed.starts++ % 8] = claude_attempt_header(attempt, "content-encoding") != NULL;
    else
        observed.ends++;
}

/* Streams as well, and with an observer, which sees two attempts. */
static void observers_see_both(void **state)
{
    claude_request_t *request = request_with(5000);
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_stream(request, 1, &err), err);
    for (enum way way = WAY_NEXT; way < WAYS; way++) {
        claude_config_t *config = new_config();
        claude_client_t *client;
        struct outcome o;
        memset(&observed, 0, sizeof observed);
        succeeds(claude_config_set(config, "compression.enabled", "true", &err), err);
        succeeds(claude_config_on_attempt(config, observe, NULL, NULL, &err), err);
        client = client_of(config);
        script("{'sequence':[{'status':400,'error':{'type':'invalid_request_error','message':'gzip?'}},"
               "{'events':[{'data':{'type':'message_start','message':{'id':'m','type':'message','role':'assistant',"
               "'content':[]}}},{'data':{'type':'message_stop'}}]}]}");
        o = run(way, client, request, CLAUDE_STREAM);
        check_body(received_at(0), request, true);
        check_body(received_at(1), request, false);
        assert_int_equal(observed.starts, 2);
        assert_int_equal(observed.ends, 2);
        assert_true(observed.said[0] && !observed.said[1]);
        ends_with(o, CLAUDE_OK, 2, "");
        claude_client_unref(client);
        reset_server(NULL);
    }
    claude_request_unref(request);
}

/* Where the same is refused as it is, that is the error, and it was not the compression. */
static void a_wrong_guess_is_not_remembered(void **state)
{
    claude_client_t *client = compressing_client();
    claude_request_t *request = request_with(5000);
    claude_error_t *err;

    (void)state;
    script("{'status':400,'error':{'type':'invalid_request_error','message':'tools.0: invalid JSON schema'}}");
    err = execute_fails(client, request, CLAUDE_E_BAD_REQUEST);
    assert_int_equal(claude_error_attempts(err), 2);
    claude_error_unref(err);
    script(GOOD);
    claude_response_unref(execute(client, request));
    check_body(received_at(2), request, true);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* Whatever may have been worked on is never sent again. */
static void other_errors_are_errors(void **state)
{
    static const struct {
        const char *reply;
        claude_code_t code;
    } rows[] = {
        {"{'status':400,'error':{'type':'invalid_request_error','message':'max_tokens: too large'}}",
         CLAUDE_E_BAD_REQUEST},
        {"{'status':401,'error':{'type':'authentication_error','message':'gzip'}}", CLAUDE_E_AUTH},
        {"{'status':413,'error':{'type':'request_too_large','message':'gzip'}}", CLAUDE_E_REQUEST_TOO_LARGE},
        {"{'status':500,'error':{'type':'api_error','message':'gzip'}}", CLAUDE_E_SERVER},
        {"{'status':529,'body':'gzip'}", CLAUDE_E_OVERLOADED},
        {"{'status':200,'error':{'type':'invalid_request_error','message':'gzip'}}", CLAUDE_E_BAD_REQUEST},
        {"{'status':411,'body':''}", CLAUDE_E_API}, /* its length was said */
        {"{'close_without_reply':'rst'}", CLAUDE_E_CLOSED},
    };
    claude_client_t *client = compressing_client();
    claude_request_t *request = request_with(5000);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        claude_error_t *err = NULL;
        claude_response_t *response = NULL;
        script(rows[i].reply);
        assert_int_not_equal(claude_client_execute(client, request, &response, &err), CLAUDE_OK);
        if (rows[i].code != CLAUDE_E_API)
            check_error(err, rows[i].code, __FILE__, __LINE__);
        assert_int_equal(claude_error_attempts(err), 1);
        assert_int_equal(requests_seen(), 1);
        claude_error_unref(err);
        reset_server(NULL);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void without_resends_it_is_the_error(void **state)
{
    claude_client_t *client = client_with("compression.enabled", "true", "compression.resend", "false", NULL);
    claude_request_t *request = request_with(5000);
    claude_error_t *err;

    (void)state;
    script(REFUSED);
    err = execute_fails(client, request, CLAUDE_E_BAD_REQUEST);
    assert_int_equal(claude_error_http_status(err), 415);
    assert_int_equal(claude_error_attempts(err), 1);
    claude_error_unref(err);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A request that says itself that it is to be compressed is, and what it finds out is remembered as well. */
static void asks_again_when_told(void **state)
{
    claude_client_t *client = compressing_client();
    claude_request_t *request = request_with(5000);
    claude_request_t *asking = request_with(5000);
    claude_error_t *err = NULL;

    (void)state;
    script("{'sequence':[" REFUSED "," GOOD "]}");
    claude_response_unref(execute(client, request));
    claude_response_unref(execute(client, request));
    check_body(received_at(2), request, false);
    succeeds(claude_add_compression_headers(asking, &err), err);
    claude_response_unref(execute(client, asking));
    check_body(received_at(3), asking, true);
    assert_string_equal(header_of(received_at(3), "accept-encoding"), "gzip");
    claude_response_unref(execute(client, request));
    check_body(received_at(4), request, true);
    claude_request_unref(asking);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* A server that wants to know the length first gets large bodies as they are, and small ones compressed. */
static void a_server_that_takes_no_chunks(void **state)
{
    claude_client_t *client = compressing_client();
    claude_request_t *large = request_with(2 * MIB);
    claude_request_t *small = request_with(5000);

    (void)state;
    script("{'sequence':[{'status':411,'body':''}," GOOD "]}");
    claude_response_unref(execute(client, large));
    check_body(received_at(0), large, true);
    check_body(received_at(1), large, false);
    assert_non_null(header_of(received_at(1), "content-length"));
    claude_response_unref(execute(client, small));
    check_body(received_at(2), small, true);
    claude_response_unref(execute(client, large));
    check_body(received_at(3), large, false);
    claude_request_unref(small);
    claude_request_unref(large);
    claude_client_unref(client);
}

/* Retries count apart, read the body anew, and do not have to learn it again. */
static void together_with_retries(void **state)
{
    claude_client_t *client = client_with("compression.enabled", "true", "retry.enabled", "true", "compression.level",
                                          "1", "retry.initial_delay_ms", "0", "limiter.enabled", "true",
                                          "limiter.burst", "1000", "breaker.enabled", "true", NULL);
    claude_request_t *request = request_with(MIB + MIB / 4);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o;
        script("{'sequence':[{'status':529,'body':''},{'status':529,'body':''}," GOOD "]}");
        o = run(way, client, request, CLAUDE_WITH_ENTERPRISE_FEATURES);
        for (size_t i = 0; i < 3; i++)
            check_body(received_at(i), request, true);
        assert_int_equal(claude_report_retries(o.report), 2);
        assert_int_equal(claude_report_resends(o.report), 0);
        ends_with(o, CLAUDE_OK, 3, "");
        reset_server(NULL);
    }
    claude_client_unref(client);
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o;
        client = client_with("compression.enabled", "true", "compression.level", "1", "retry.enabled", "true",
                             "retry.initial_delay_ms", "0", "limiter.enabled", "true", "limiter.requests_per_second",
                             "1000", "breaker.enabled", "true", NULL);
        script("{'sequence':[{'status':529,'body':''}," REFUSED ",{'status':529,'body':''}," GOOD "]}");
        o = run(way, client, request, CLAUDE_WITH_ENTERPRISE_FEATURES);
        check_body(received_at(1), request, true);
        check_body(received_at(2), request, false);
        check_body(received_at(3), request, false);
        assert_int_equal(claude_report_retries(o.report), 2);
        assert_int_equal(claude_report_resends(o.report), 1);
        assert_int_equal(claude_report_breaker_state(o.report), CLAUDE_BREAKER_CLOSED);
        ends_with(o, CLAUDE_OK, 4, "");
        reset_server(NULL);
        claude_client_unref(client);
    }
    claude_request_unref(request);
}

/* The second request goes with the permit of the first: it is the probe that closes the breaker. */
static void within_one_permit(void **state)
{
    claude_request_t *request = request_with(5000);

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        claude_config_t *config = new_config();
        claude_breaker_t *breaker = NULL;
        claude_client_t *client;
        claude_error_t *err = NULL;
        succeeds(claude_config_set(config, "compression.enabled", "true", &err), err);
        succeeds(claude_breaker_new(NULL, &breaker, &err), err);
        succeeds(claude_config_set_breaker(config, breaker, &err), err);
        client = client_of(config);
        claude_breaker_open(breaker, 1);
        while (claude_breaker_state(breaker) == CLAUDE_BREAKER_OPEN)
            ;
        script("{'sequence':[" REFUSED "," GOOD "]}");
        ends_with(run(way, client, request, CLAUDE_WITH_CIRCUIT_BREAKER), CLAUDE_OK, 2, "");
        assert_int_equal(claude_breaker_state(breaker), CLAUDE_BREAKER_CLOSED);
        assert_int_equal(claude_breaker_counter(breaker, "probes"), 1);
        assert_int_equal(claude_breaker_counter(breaker, "neutral"), 0);
        claude_client_unref(client);
        claude_breaker_unref(breaker);
        reset_server(NULL);
    }
    claude_request_unref(request);
}

/* ---- signing ---- */

static char signed_hash[2][65];
static size_t signed_count;

static int32_t note_hash(claude_sign_t *sign, void *user_data)
{
    const char *name = NULL;
    const char *value = NULL;
    bool says = false;

    (void)user_data;
    for (size_t i = 0; claude_sign_header_at(sign, i, &name, &value) == 1; i++)
        says = says || (strcasecmp(name, "content-encoding") == 0 && strcmp(value, "gzip") == 0);
    snprintf(signed_hash[signed_count++ % 2], 65, "%s", says ? claude_sign_body_sha256(sign) : "");
    return 0;
}

/* The hash is of what goes over the wire: of a small body, and of one that is compressed while it is sent. */
static void what_is_signed_is_what_is_sent(void **state)
{
    static const size_t lengths[] = {5000, 2 * MIB};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        claude_config_t *config = new_config();
        claude_request_t *request = request_with(lengths[i]);
        claude_error_t *err = NULL;
        claude_client_t *client;
        size_t len = 0;
        char *bytes;
        char command[] = "/tmp/claude-signed-XXXXXX";
        char *line;
        char hash[65] = "";
        FILE *pipe;
        int fd;
        succeeds(claude_config_set(config, "compression.enabled", "true", &err), err);
        succeeds(claude_config_on_sign(config, note_hash, NULL, NULL, &err), err);
        client = client_of(config);
        signed_count = 0;
        claude_response_unref(execute(client, request));
        bytes = bytes_of(received_at(0), &len);
        check_body(received_at(0), request, true);
        fd = mkstemp(command);
        assert_int_equal(write(fd, bytes, len), len);
        close(fd);
        line = format("sha256sum %s", command);
        pipe = popen(line, "r");
        assert_int_equal(fread(hash, 1, 64, pipe), 64);
        pclose(pipe);
        assert_int_equal(signed_count, 1);
        assert_string_equal(signed_hash[0], hash);
        unlink(command);
        free(line);
        free(bytes);
        claude_request_unref(request);
        claude_client_unref(client);
        reset_server(NULL);
    }
}

/* ---- answers ---- */

static claude_client_t *receiving_client(void)
{
    return client_with("compression.responses", "true", "limit.message_bytes", "1048576", NULL);
}

static void reads_compressed_answers(void **state)
{
    claude_client_t *client = receiving_client();
    claude_request_t *request = hello();

    (void)state;
    for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
        struct outcome o;
        script("{'gzip':true,'chunk_size':7,'body_json':{'id':'msg_1','type':'message','role':'assistant','content':"
               "[{'type':'text','text':'Hi'}],'usage':{'input_tokens':1,'output_tokens':2}}}");
        o = run(way, client, request, 0);
        assert_string_equal(header_of(received_at(0), "accept-encoding"), "gzip");
        assert_null(header_of(received_at(0), "content-encoding"));
        assert_string_equal(claude_response_text(o.response, NULL), "Hi");
        assert_int_equal(claude_response_usage(o.response, "output_tokens"), 2);
        /* As received. */
        assert_string_equal(claude_response_header(o.response, "Content-Encoding"), "gzip");
        ends_with(o, CLAUDE_OK, 1, "");
        reset_server(NULL);
        /* A server need not do it. */
        script(GOOD);
        o = run(way, client, request, 0);
        assert_string_equal(claude_response_text(o.response, NULL), "Hi");
        ends_with(o, CLAUDE_OK, 1, "");
        reset_server(NULL);
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

static void reads_errors(void **state)
{
    claude_client_t *client = receiving_client();
    claude_request_t *request = hello();
    claude_error_t *err;

    (void)state;
    script("{'gzip':true,'status':400,'error':{'type':'invalid_request_error','message':'model: unknown'}}");
    err = execute_fails(client, request, CLAUDE_E_BAD_REQUEST);
    assert_contains(claude_error_message(err), "model: unknown");
    assert_string_equal(claude_error_api_type(err), "invalid_request_error");
    claude_error_unref(err);
    /* Damaged, cut or empty: it is still that error. */
    script("{'gzip_truncate':9,'status':429,'error':{'type':'rate_limit_error','message':'slowly'}}");
    err = execute_fails(client, request, CLAUDE_E_RATE_LIMIT);
    claude_error_unref(err);
    script("{'headers':[['content-encoding','gzip']],'status':529,'body':'<html>'}");
    err = execute_fails(client, request, CLAUDE_E_OVERLOADED);
    claude_error_unref(err);
    script("{'headers':[['content-encoding','gzip']],'status':500,'body':''}");
    err = execute_fails(client, request, CLAUDE_E_SERVER);
    claude_error_unref(err);
    /* Far more than is kept of an error. */
    script("{'gzip':true,'status':500,'body_repeat':{'chunk':'0000000000','count':5000000}}");
    err = execute_fails(client, request, CLAUDE_E_SERVER);
    assert_true(claude_error_response(err) != NULL);
    {
        size_t len = 0;
        claude_response_json(claude_error_response(err), &len);
        assert_int_equal(len, 65536);
    }
    claude_error_unref(err);
    claude_request_unref(request);
    claude_client_unref(client);
}

static void refuses_bad_answers(void **state)
{
    static const struct {
        const char *reply;
        claude_code_t code;
        const char *said;
    } rows[] = {
        {"{'gzip_truncate':1,'body_json':{'type':'message','content':[]}}", CLAUDE_E_TRUNCATED, "end is missing"},
        {"{'gzip_truncate':12,'body_json':{'type':'message','content':[]}}", CLAUDE_E_TRUNCATED, "end is missing"},
        {"{'headers':[['content-encoding','gzip']],'body_json':{'type':'message','content':[]}}", CLAUDE_E_PROTOCOL,
         "damaged"},
        {"{'headers':[['content-encoding','br']],'body':'br'}", CLAUDE_E_PROTOCOL, "not JSON"},
        {"{'headers':[['content-encoding','deflate']],'body':'br'}", CLAUDE_E_PROTOCOL, "not JSON"},
        {"{'headers':[['content-encoding','gzip, gzip']],'body':'br'}", CLAUDE_E_PROTOCOL, "not JSON"},
        {"{'headers':[['content-encoding','gzip']],'body':''}", CLAUDE_E_PROTOCOL, "empty body"},
        {"{'gzip':true,'body':'<html>'}", CLAUDE_E_PROTOCOL, "not JSON"},
        {"{'gzip':true,'events':[{'data':{'type':'message_start','message':{'id':'m','content':[]}}},"
         "{'data':{'type':'message_stop'}}]}",
         CLAUDE_E_PROTOCOL, "not JSON"},
        /* With a good gzip, trailing bytes, and a good length: {} and five letters. */
        {"{'headers':[['content-encoding','gzip']],'body_base64':'H4sIAAAAAAAC/6uuBQBDv6ajAgAAAGhlbGxv'}",
         CLAUDE_E_PROTOCOL, "is no gzip"},
        {"{'gzip':true,'body_repeat':{'chunk':'0000000000','count':2000000}}", CLAUDE_E_TOO_LARGE,
         "1048576 bytes (limit.message_bytes)"},
    };
    claude_client_t *client = receiving_client();
    claude_request_t *request = hello();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (enum way way = WAY_EXECUTE; way < WAYS; way++) {
            struct outcome o;
            script(rows[i].reply);
            o = run(way, client, request, 0);
            assert_contains(claude_error_message(o.err), rows[i].said);
            ends_with(o, rows[i].code, 1, "");
            reset_server(NULL);
        }
    }
    claude_request_unref(request);
    claude_client_unref(client);
}

/* 200 MB in 200 KB: no more than the limit is ever there. */
static void a_bomb_takes_no_memory(void **state)
{
    claude_client_t *client = receiving_client();
    claude_request_t *request = hello();
    size_t before;
    bool counts;

    (void)state;
    script("{'gzip':true,'body_repeat':{'chunk':'0000000000','count':20000000}}");
    claude_error_unref(execute_fails(client, request, CLAUDE_E_TOO_LARGE));
    before = status_kib("VmRSS:");
    counts = reset_peak();
    claude_error_unref(execute_fails(client, request, CLAUDE_E_TOO_LARGE));
    if (counts)
        assert_in_range(status_kib("VmHWM:"), before / 2, before + 4 * 1024);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* Bytes that are no JSON come whole as well. */
static void other_bodies(void **state)
{
    claude_client_t *client = receiving_client();
    claude_request_t *request = NULL;
    claude_response_t *response;
    claude_error_t *err = NULL;
    size_t len = 0;

    (void)state;
    succeeds(claude_request_new("files.download", &request, &err), err);
    succeeds(claude_request_set_path(request, "file_id", "file_1", &err), err);
    script("{'gzip':true,'headers':[['content-type','text/plain']],'body_repeat':{'chunk':'line\n','count':1000}}");
    response = execute(client, request);
    assert_memory_equal(claude_response_json(response, &len), "line\nline\n", 10);
    assert_int_equal(len, 5000);
    claude_response_unref(response);
    claude_request_unref(request);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_less),
        TEST(where_it_is_asked_for),
        TEST(what_is_left_alone),
        TEST(uploads_are_left_alone),
        TEST(streams_send_less_too),
        TEST(large_ones_come_in_chunks),
        TEST(a_file_takes_no_memory),
        TEST(text_is_read_by_the_server),
        TEST(a_file_that_changes_is_an_error),
        TEST(resends_as_it_is),
        TEST(observers_see_both),
        TEST(a_wrong_guess_is_not_remembered),
        TEST(other_errors_are_errors),
        TEST(without_resends_it_is_the_error),
        TEST(asks_again_when_told),
        TEST(a_server_that_takes_no_chunks),
        TEST(together_with_retries),
        TEST(within_one_permit),
        TEST(what_is_signed_is_what_is_sent),
        TEST(reads_compressed_answers),
        TEST(reads_errors),
        TEST(refuses_bad_answers),
        TEST(a_bomb_takes_no_memory),
        TEST(other_bodies),
    };
    return RUN_WITH_SERVER(tests);
}
