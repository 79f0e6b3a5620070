/* Batches made of requests and of files of lines; how long to wait for one; what the lines of its results say. */
#include "testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/batches.h"
#include "message/seen.h"

#define PARAMS "{'model':'m','max_tokens':1,'messages':[]}"

static claude_batch_builder_t *new_builder(void)
{
    claude_batch_builder_t *builder = NULL;

    OK(claude_batch_builder_new(&builder, &err));
    return builder;
}

static claude_code_t add(claude_batch_builder_t *builder, const char *id, const char *params, claude_error_t **err)
{
    char *text = quoted(params);
    claude_code_t rc = claude_batch_builder_add_json(builder, id, text, CLAUDE_NTS, err);

    free(text);
    return rc;
}

static void assert_body(const claude_request_t *request, size_t step, const char *expected)
{
    size_t len = 0;
    char *body = body_of(request, step, &len);
    char *text = quoted(expected);

    assert_string_equal(body, text);
    assert_int_equal(cl_json_validate(cl_str_n(body, len), 200, NULL, NULL), CLAUDE_OK);
    free(text);
    free(body);
}

static claude_file_t *file_of(const char *text)
{
    claude_file_t *file = NULL;
    char *bytes = quoted(text);

    OK(claude_file_from_bytes(bytes, strlen(bytes), "b.jsonl", &file, &err));
    free(bytes);
    return file;
}

/* ---- builders ---- */

static void requests_become_a_batch(void **state)
{
    claude_batch_builder_t *builder = new_builder();
    claude_request_t *message = request_for("messages.create");
    claude_request_t *request = NULL;

    (void)state;
    OK(claude_request_set_model(message, "m", &err));
    OK(claude_request_set_max_tokens(message, 7, &err));
    OK(claude_request_add_user_text(message, "Hi", CLAUDE_NTS, &err));
    FAILS(CLAUDE_E_INVALID, "empty", claude_batch_builder_request(builder, &request, &err));
    OK(claude_batch_builder_add(builder, "a", message, &err));
    OK(add(builder, "B_-9", " " PARAMS "\n", &err));
    assert_int_equal(claude_batch_builder_count(builder), 2);
    OK(claude_batch_builder_request(builder, &request, &err));
    assert_string_equal(claude_request_endpoint(request), "messages.batches.create");
    assert_body(request, 4096,
                "{'requests':[{'custom_id':'a','params':{'model':'m','max_tokens':7,'messages':[{'role':'user',"
                "'content':'Hi'}]}},{'custom_id':'B_-9','params':" PARAMS "}]}");
    claude_request_unref(request);
    /* It goes on after that. */
    OK(add(builder, "c", PARAMS, &err));
    OK(claude_batch_builder_request(builder, &request, &err));
    assert_int_equal(claude_batch_builder_count(builder), 3);
    claude_request_unref(request);
    claude_request_unref(message);
    assert_ptr_equal(claude_batch_builder_ref(builder), builder);
    claude_batch_builder_unref(builder);
    claude_batch_builder_unref(builder);
}

static void files_and_betas_go_along(void **state)
{
    claude_batch_builder_t *builder = new_builder();
    claude_file_t *file = file_of("abc");
    claude_request_t *message = message_of("{'model':'m','max_tokens':1,'messages':[]}");
    claude_request_t *request = NULL;
    cl_snapshot snapshot;
    char json[200];

    (void)state;
    snprintf(json, sizeof json, "\"%s\"", claude_file_token(file));
    OK(claude_request_set_field(message, "/messages/-", json, CLAUDE_NTS, &err));
    OK(claude_request_attach(message, file, &err));
    OK(claude_request_add_beta(message, "one-1", &err));
    OK(claude_batch_builder_add(builder, "a", message, &err));
    OK(claude_request_add_beta(message, "two-2", &err));
    OK(claude_batch_builder_add(builder, "b", message, &err));
    OK(claude_batch_builder_request(builder, &request, &err));
    claude_file_unref(file);
    claude_request_unref(message);
    claude_batch_builder_unref(builder);
    assert_body(request, 10,
                "{'requests':[{'custom_id':'a','params':{'model':'m','max_tokens':1,'messages':['YWJj']}},"
                "{'custom_id':'b','params':{'model':'m','max_tokens':1,'messages':['YWJj']}}]}");
    assert_int_equal(cl_request_snapshot(request, false, &snapshot, NULL), CLAUDE_OK);
    assert_string_equal(snapshot.betas, "one-1,two-2");
    cl_snapshot_free(&snapshot);
    claude_request_unref(request);
}

static void what_a_batch_does_not_take(void **state)
{
    static const char id64[] = "0123456789012345678901234567890123456789012345678901234567890123";
    static const char *const ids[] = {
        "", "a b", "a.b", "\xc3\xa9", "a/b", "01234567890123456789012345678901234567890123456789012345678901234"};
    static const char *const params[][2] = {
        {"[]", "params must be a JSON object"},
        {"{", "params: JSON is not valid"},
        {"{'max_tokens':1,'messages':[]}", "params.model"},
        {"{'model':'','max_tokens':1,'messages':[]}", "params.model"},
        {"{'model':1,'max_tokens':1,'messages':[]}", "params.model"},
        {"{'model':'m','messages':[]}", "params.max_tokens"},
        {"{'model':'m','max_tokens':0,'messages':[]}", "params.max_tokens"},
        {"{'model':'m','max_tokens':1.5,'messages':[]}", "params.max_tokens"},
        {"{'model':'m','max_tokens':1}", "params.messages"},
        {"{'model':'m','max_tokens':1,'messages':{}}", "params.messages"},
        {"{'model':'m','max_tokens':1,'messages':[],'stream':true}", "params.stream"},
        {"{'model':'m','max_tokens':1,'messages':[],'str\\u0065am':true}", "params.stream"},
    };
    claude_batch_builder_t *builder = new_builder();

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        FAILS(CLAUDE_E_INVALID, "custom_id", add(builder, ids[i], PARAMS, &err));
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++)
        FAILS(CLAUDE_E_INVALID, params[i][1], add(builder, "a", params[i][0], &err));
    assert_int_equal(claude_batch_builder_count(builder), 0);
    OK(add(builder, id64, PARAMS, &err));
    FAILS(CLAUDE_E_INVALID, "in the batch already", add(builder, id64, PARAMS, &err));
    OK(add(builder, "s", "{'model':'m','max_tokens':1,'messages':[],'stream':false,'unknown':{}}", &err));
    assert_int_equal(claude_batch_builder_count(builder), 2);
    claude_batch_builder_unref(builder);
}

static void requests_that_are_no_messages(void **state)
{
    claude_batch_builder_t *builder = new_builder();
    claude_request_t *list = request_for("models.list");
    claude_request_t *count = request_for("messages.count_tokens");
    claude_request_t *broken = request_for("messages.create");

    (void)state;
    claude_request_set_model(broken, "", NULL);
    FAILS(CLAUDE_E_INVALID, "models.list", claude_batch_builder_add(builder, "a", list, &err));
    FAILS(CLAUDE_E_INVALID, "messages.count_tokens", claude_batch_builder_add(builder, "a", count, &err));
    FAILS(CLAUDE_E_INVALID, "model", claude_batch_builder_add(builder, "a", broken, &err));
    FAILS(CLAUDE_E_INVALID, "request is NULL", claude_batch_builder_add(builder, "a", NULL, &err));
    FAILS(CLAUDE_E_INVALID, "custom_id is NULL", claude_batch_builder_add(builder, NULL, list, &err));
    FAILS(CLAUDE_E_INVALID, "builder is NULL", claude_batch_builder_add(NULL, "a", list, &err));
    FAILS(CLAUDE_E_INVALID, "params is NULL", claude_batch_builder_add_json(builder, "a", NULL, CLAUDE_NTS, &err));
    FAILS(CLAUDE_E_INVALID, "out is NULL", claude_batch_builder_new(NULL, &err));
    FAILS(CLAUDE_E_INVALID, "out is NULL", claude_batch_builder_request(builder, NULL, &err));
    assert_int_equal(claude_batch_builder_count(NULL), 0);
    assert_int_equal(claude_batch_builder_count((const void *)list), 0);
    assert_null(claude_batch_builder_ref(NULL));
    claude_batch_builder_unref(NULL);
    claude_request_unref(list);
    claude_request_unref(count);
    claude_request_unref(broken);
    claude_batch_builder_unref(builder);
}

static void a_hundred_thousand_and_no_more(void **state)
{
    claude_batch_builder_t *builder = new_builder();
    char id[20];

    (void)state;
    for (int i = 0; i < CL_BATCH_REQUESTS_MAX; i++) {
        snprintf(id, sizeof id, "id-%d", i);
        OK(claude_batch_builder_add_json(builder, id, "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]}", CLAUDE_NTS,
                                         &err));
    }
    FAILS(CLAUDE_E_INVALID, "at most 100000", add(builder, "one-more", PARAMS, &err));
    assert_int_equal(claude_batch_builder_count(builder), CL_BATCH_REQUESTS_MAX);
    claude_batch_builder_unref(builder);
}

/* A file with a hole for content takes no room. */
static claude_file_t *sparse(const char *path, off_t size)
{
    claude_file_t *file = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
    OK(claude_file_open(path, &file, &err));
    return file;
}

/* The files that are sent in base64 count. */
static void no_more_than_256_mb(void **state)
{
    char path[] = "/tmp/test_batch_XXXXXX";
    claude_batch_builder_t *builder = new_builder();
    claude_request_t *message = message_of("{'model':'m','max_tokens':1,'messages':[]}");
    size_t around = strlen(CL_BATCH_HEAD "{'custom_id':'a','params':" PARAMS "}" CL_BATCH_TAIL);
    size_t groups = (CL_BATCH_BODY_MAX - around) / 4;
    claude_request_t *fits = NULL;
    claude_file_t *file;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(claude_request_copy(message, &fits, NULL), CLAUDE_OK);
    file = sparse(path, (off_t)(groups * 3 + 1));
    OK(claude_request_attach(message, file, &err));
    FAILS(CLAUDE_E_INVALID, "more than 268435456 bytes", claude_batch_builder_add(builder, "a", message, &err));
    claude_file_unref(file);
    file = sparse(path, (off_t)(groups * 3));
    OK(claude_request_attach(fits, file, &err));
    OK(claude_batch_builder_add(builder, "a", fits, &err));
    FAILS(CLAUDE_E_INVALID, "more than", claude_batch_builder_add(builder, "b", fits, &err));
    FAILS(CLAUDE_E_INVALID, "more than", add(builder, "c", PARAMS, &err));
    claude_file_unref(file);
    file = sparse(path, (off_t)CL_BATCH_BODY_MAX + 1);
    OK(claude_request_attach(fits, file, &err));
    FAILS(CLAUDE_E_INVALID, "more than", claude_batch_builder_add(builder, "b", fits, &err));
    assert_int_equal(claude_batch_builder_count(builder), 1);
    claude_file_unref(file);
    unlink(path);
    claude_request_unref(fits);
    claude_request_unref(message);
    claude_batch_builder_unref(builder);
}

/* ---- files of lines ---- */

#define LINE(id) "{'custom_id':'" id "','params':" PARAMS "}"

static void lines_become_an_array(void **state)
{
    static const char *const files[][2] = {
        {LINE("a"), LINE("a")},
        {LINE("a") "\n", LINE("a") "\n"},
        {LINE("a") "\n" LINE("b"), LINE("a") "," LINE("b")},
        {LINE("a") "\r\n" LINE("b") "\r\n", LINE("a") "\r," LINE("b") "\r\n"},
        {LINE("a") "\n\n \t\n" LINE("b") "\n\n" LINE("c") "\n \n",
         LINE("a") "\n\n \t," LINE("b") "\n," LINE("c") "\n \n"},
        {"{ 'params':{'max_tokens':1,'messages':[{}],'x':'\\n{','model':'m'},'z':1,'custom_id':'a'}\n" LINE("b"),
         "{ 'params':{'max_tokens':1,'messages':[{}],'x':'\\n{','model':'m'},'z':1,'custom_id':'a'}," LINE("b")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        claude_file_t *file = file_of(files[i][0]);
        claude_request_t *request = NULL;
        char expected[500];
        snprintf(expected, sizeof expected, "{'requests':[%s]}", files[i][1]);
        OK(claude_batch_file_request(file, &request, &err));
        claude_file_unref(file);
        assert_string_equal(claude_request_endpoint(request), "messages.batches.create");
        /* Wherever a read ends, a line feed and what follows it stay together. */
        for (size_t step = 1; step < 100; step++)
            assert_body(request, step, expected);
        claude_request_unref(request);
    }
}

static void lines_that_are_refused(void **state)
{
    static const char *const files[][2] = {
        {"", "empty"},
        {"\n" LINE("a"), "line 1: it is empty"},
        {" \n", "line 1: it is empty"},
        {" " LINE("a"), "line 1: it must begin with {"},
        {LINE("a") "\n " LINE("b"), "line 2: it must begin with {"},
        {LINE("a") "\n[]", "line 2: it must begin with {"},
        {LINE("a") "\n\n{'custom_id':'b'", "line 3: JSON is not valid at offset 16"},
        {LINE("a") "\r" LINE("b"), "line 1: JSON is not valid"},
        {LINE("a") LINE("b"), "line 1: JSON is not valid"},
        {LINE("a") "\n" LINE("b") "\n" LINE("a") "\n", "line 3: custom_id \"a\" was there before"},
        {LINE("a b"), "line 1: custom_id \"a b\""},
        {LINE("\\u0061"), "line 1: custom_id"},
        {"{'params':" PARAMS "}", "line 1: custom_id is missing"},
        {"{'custom_id':7,'params':" PARAMS "}", "line 1: custom_id is missing"},
        {"{'custom_id':'a'}", "line 1: params must be a JSON object"},
        {"{'custom_id':'a','params':{'model':'m','max_tokens':0,'messages':[]}}", "line 1: params.max_tokens"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        claude_file_t *file = file_of(files[i][0]);
        claude_request_t *request = NULL;
        FAILS(CLAUDE_E_INVALID, files[i][1], claude_batch_file_request(file, &request, &err));
        assert_null(request);
        claude_file_unref(file);
    }
    FAILS(CLAUDE_E_INVALID, "file is NULL", claude_batch_file_request(NULL, NULL, &err));
}

/* Lines across the blocks that are read, one of them longer than several. */
static void long_files(void **state)
{
    char path[] = "/tmp/test_batch_XXXXXX";
    char *filler = malloc(700001);
    FILE *out = fdopen(mkstemp(path), "w");
    claude_request_t *request = NULL;
    claude_file_t *file = NULL;
    size_t len = 0;
    char *body;

    (void)state;
    assert_non_null(out);
    memset(filler, 'x', 700000);
    filler[700000] = '\0';
    for (int i = 0; i < 3000; i++)
        fprintf(out, "{\"custom_id\":\"id-%d\",\"params\":{\"model\":\"m\",\"max_tokens\":1,\"messages\":[\"%s\"]}}\n",
                i, i == 1000 ? filler : "short");
    fclose(out);
    free(filler);
    OK(claude_file_open(path, &file, &err));
    OK(claude_batch_file_request(file, &request, &err));
    body = body_of(request, 65536, &len);
    {
        cl_json root = {NULL, 0, 0};
        assert_int_equal(cl_json_validate(cl_str_n(body, len), 200, &root, NULL), CLAUDE_OK);
        assert_int_equal(cl_json_count(cl_json_member(root, CL_STR("requests"))), 3000);
    }
    free(body);
    /* Written to since it was checked: another file would be sent. */
    out = fopen(path, "a");
    fputs("x", out);
    fclose(out);
    {
        claude_request_t *later = NULL;
        FAILS(CLAUDE_E_IO, "changed", claude_batch_file_request(file, &later, &err));
    }
    unlink(path);
    claude_request_unref(request);
    claude_file_unref(file);
}

static void files_that_are_too_large(void **state)
{
    char path[] = "/tmp/test_batch_XXXXXX";
    int fd = mkstemp(path);
    off_t most = (off_t)(CL_BATCH_BODY_MAX - strlen(CL_BATCH_HEAD CL_BATCH_TAIL));
    claude_request_t *request = NULL;
    claude_file_t *file;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    file = sparse(path, most + 1);
    FAILS(CLAUDE_E_INVALID, "has 268435442 bytes", claude_batch_file_request(file, &request, &err));
    claude_file_unref(file);
    unlink(path);
}

static void what_was_seen(void **state)
{
    cl_seen seen = {NULL, 0, 0};
    bool fresh = false;
    char text[20];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "%d", i);
            assert_int_equal(cl_seen_add(&seen, cl_str_of(text), &fresh, NULL), CLAUDE_OK);
            assert_int_equal(fresh, round == 0);
        }
    }
    assert_int_equal(seen.count, 5000);
    cl_seen_free(&seen);
}

/* ---- waiting ---- */

static void pauses_grow(void **state)
{
    static const int64_t expected[] = {1000, 1500, 2250, 3375, 5063, 7595, 11393, 17090, 25635, 38453, 57680, 60000};
    claude_response_t *running = response_of("{'processing_status':'in_progress'}");
    claude_response_t *canceling = response_of("{'processing_status':'canceling'}");
    claude_response_t *ended = response_of("{'processing_status':'ended'}");

    (void)state;
    for (uint32_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_int_equal(claude_batch_poll_delay(running, i, 0, 0), expected[i]);
    assert_int_equal(claude_batch_poll_delay(canceling, UINT32_MAX, 0, 0), 60000);
    assert_int_equal(claude_batch_poll_delay(NULL, 1, -1, -1), 1500);
    assert_int_equal(claude_batch_poll_delay((const void *)"not a handle at all", 0, 10, 0), 10);
    assert_int_equal(claude_batch_poll_delay(ended, 0, 0, 0), 0);
    assert_int_equal(claude_batch_poll_delay(running, 0, 1, 5), 1);
    assert_int_equal(claude_batch_poll_delay(running, 1, 1, 5), 2);
    assert_int_equal(claude_batch_poll_delay(running, 3, 1, 5), 5);
    assert_int_equal(claude_batch_poll_delay(running, 0, 500, 5), 5);
    assert_int_equal(claude_batch_poll_delay(running, UINT32_MAX, INT64_MAX, INT64_MAX), 24 * 3600 * 1000);
    claude_response_unref(running);
    claude_response_unref(canceling);
    claude_response_unref(ended);
}

static void count_call(void *user_data)
{
    ++*(int *)user_data;
}

static void waiting_for_nothing(void **state)
{
    claude_response_t *out = NULL;
    int destroyed = 0;

    (void)state;
    FAILS(CLAUDE_E_INVALID, "client is NULL",
          claude_batch_wait(NULL, "id", 0, 0, 0, NULL, &destroyed, count_call, &out, &err));
    assert_int_equal(destroyed, 1);
}

/* ---- results ---- */

static void where_the_results_are(void **state)
{
    claude_response_t *ended = response_of("{'id':'b1','results_url':'http://h/v1/r','processing_status':'ended'}");
    claude_response_t *early = response_of("{'id':'b1','results_url':null,'processing_status':'in_progress'}");
    claude_response_t *bare = response_of("{'id':'b/1','processing_status':'ended'}");
    claude_response_t *other = response_of("{'type':'model'}");
    claude_request_t *request = NULL;
    char *target;

    (void)state;
    OK(claude_batch_results_request(ended, &request, &err));
    assert_string_equal(claude_request_endpoint(request), "messages.batches.results");
    target = target_of(request);
    assert_string_equal(target, "http://h/v1/r");
    free(target);
    claude_request_unref(request);
    OK(claude_batch_results_request(bare, &request, &err));
    target = target_of(request);
    assert_string_equal(target, "/v1/messages/batches/b%2F1/results");
    free(target);
    claude_request_unref(request);
    FAILS(CLAUDE_E_STATE, "in_progress", claude_batch_results_request(early, &request, &err));
    FAILS(CLAUDE_E_INVALID, "no batch", claude_batch_results_request(other, &request, &err));
    FAILS(CLAUDE_E_INVALID, "batch is NULL", claude_batch_results_request(NULL, &request, &err));
    claude_response_unref(ended);
    claude_response_unref(early);
    claude_response_unref(bare);
    claude_response_unref(other);
}

#define ENVELOPE "{'type':'error','error':{'type':'invalid_request_error','message':'no'},'request_id':'req_1'}"

static void what_a_line_says(void **state)
{
    static const struct {
        const char *line;
        int32_t type;
        const char *id;
        const char *what;
        claude_code_t code;
    } cases[] = {
        {"{'custom_id':'a','result':{'type':'succeeded','message':{'id':'m','content':[]}}}", CLAUDE_BATCH_SUCCEEDED,
         "a", "{'id':'m','content':[]}", CLAUDE_OK},
        {" {'result' : {'message':{}, 'type':'succeeded'},'x':1, 'custom_id':'a-1'} ", CLAUDE_BATCH_SUCCEEDED, "a-1",
         "{}", CLAUDE_OK},
        {"{'custom_id':'b','result':{'type':'errored','error':" ENVELOPE "}}", CLAUDE_BATCH_ERRORED, "b", ENVELOPE,
         CLAUDE_E_BAD_REQUEST},
        {"{'custom_id':'c','result':{'type':'canceled'}}", CLAUDE_BATCH_CANCELED, "c", "{'type':'canceled'}",
         CLAUDE_E_CANCELED},
        {"{'custom_id':'d','result':{'type':'expired'}}", CLAUDE_BATCH_EXPIRED, "d", "{'type':'expired'}",
         CLAUDE_E_API_TIMEOUT},
        {"{'custom_id':'e','result':{'type':'paused','message':{}}}", CLAUDE_BATCH_OTHER, "e",
         "{'type':'paused','message':{}}", CLAUDE_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *line = quoted(cases[i].line);
        char *expected = quoted(cases[i].what);
        const char *id = NULL;
        const char *what = NULL;
        size_t id_len = 0;
        size_t what_len = 0;
        int32_t type = 0;
        OK(claude_batch_result_slices(line, CLAUDE_NTS, &type, &id, &id_len, &what, &what_len, &err));
        assert_int_equal(type, cases[i].type);
        assert_int_equal(id_len, strlen(cases[i].id));
        assert_memory_equal(id, cases[i].id, id_len);
        assert_int_equal(what_len, strlen(expected));
        assert_memory_equal(what, expected, what_len);
        assert_true(what > line && what < line + strlen(line));
        OK(claude_batch_result_slices(line, strlen(line), NULL, NULL, NULL, NULL, NULL, &err));
        GIVES(cases[i].code, claude_batch_result_error(line, CLAUDE_NTS, &err));
        free(expected);
        free(line);
    }
}

static void errors_of_lines(void **state)
{
    char *line = quoted("{'custom_id':'b','result':{'type':'errored','error':" ENVELOPE "}}");
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(claude_batch_result_error(line, CLAUDE_NTS, &err), CLAUDE_E_BAD_REQUEST);
    assert_string_equal(claude_error_api_type(err), "invalid_request_error");
    assert_string_equal(claude_error_request_id(err), "req_1");
    assert_non_null(strstr(claude_error_message(err), "no"));
    claude_error_unref(err);
    free(line);
}

static void lines_that_are_none(void **state)
{
    static const char *const lines[][2] = {
        {"", "JSON is not valid"},
        {"{'custom_id':'a','result':{'type':'succeeded','message':{}}", "JSON is not valid"},
        {"{'custom_id':'a','result':{'type':'succeeded','message':{}}}{}", "JSON is not valid"},
        {"[]", "no custom_id"},
        {"{'result':{'type':'canceled'}}", "no custom_id"},
        {"{'custom_id':1,'result':{'type':'canceled'}}", "no custom_id"},
        {"{'custom_id':'a'}", "no result with a type"},
        {"{'custom_id':'a','result':[]}", "no result with a type"},
        {"{'custom_id':'a','result':{'type':1}}", "no result with a type"},
        {"{'custom_id':'a','result':{'type':'succeeded'}}", "neither message nor error"},
        {"{'custom_id':'a','result':{'type':'errored','message':{}}}", "neither message nor error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *line = quoted(lines[i][0]);
        const char *id = NULL;
        FAILS(CLAUDE_E_PROTOCOL, lines[i][1],
              claude_batch_result_slices(line, CLAUDE_NTS, NULL, &id, NULL, NULL, NULL, &err));
        FAILS(CLAUDE_E_PROTOCOL, lines[i][1], claude_batch_result_error(line, CLAUDE_NTS, &err));
        assert_null(id);
        free(line);
    }
    FAILS(CLAUDE_E_INVALID, "json is NULL",
          claude_batch_result_slices(NULL, CLAUDE_NTS, NULL, NULL, NULL, NULL, NULL, &err));
    FAILS(CLAUDE_E_INVALID, "json is NULL", claude_batch_result_error(NULL, 5, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_become_a_batch),
        cmocka_unit_test(files_and_betas_go_along),
        cmocka_unit_test(what_a_batch_does_not_take),
        cmocka_unit_test(requests_that_are_no_messages),
        cmocka_unit_test(a_hundred_thousand_and_no_more),
        cmocka_unit_test(no_more_than_256_mb),
        cmocka_unit_test(lines_become_an_array),
        cmocka_unit_test(lines_that_are_refused),
        cmocka_unit_test(long_files),
        cmocka_unit_test(files_that_are_too_large),
        cmocka_unit_test(what_was_seen),
        cmocka_unit_test(pauses_grow),
        cmocka_unit_test(waiting_for_nothing),
        cmocka_unit_test(where_the_results_are),
        cmocka_unit_test(what_a_line_says),
        cmocka_unit_test(errors_of_lines),
        cmocka_unit_test(lines_that_are_none),
    };

    return cmocka_run_group_tests_name("api.batch", tests, NULL, NULL);
}
