/* Fork: what the child may use, and that nothing it does disturbs the parent's connections and calls. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_LIMIT_S = 60 };

/* A child abandons the parent's connections on purpose, which memcheck would call a leak. */
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifdef VALGRIND_CLO_CHANGE
#define EXPECT_LEAKS() VALGRIND_CLO_CHANGE("--leak-check=no")
#else
#define EXPECT_LEAKS() (void)0
#endif

/* Unlike the C library's, AddressSanitizer's allocator does not survive a fork while other threads use it. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ALLOCATOR_SURVIVES_FORK false
#endif
#endif
#if !defined(ALLOCATOR_SURVIVES_FORK) && defined(__SANITIZE_ADDRESS__)
#define ALLOCATOR_SURVIVES_FORK false
#elif !defined(ALLOCATOR_SURVIVES_FORK)
#define ALLOCATOR_SURVIVES_FORK true
#endif

#define SLOW_STREAM                                                                                                    \
    "{'chunk_size':60,'chunk_delay_ms':1,'events':["                                                                   \
    "{'data':{'type':'message_start','message':{'id':'msg_1','type':'message','content':[],"                           \
    "'usage':{'input_tokens':12}}}},"                                                                                  \
    "{'data':{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}},"                     \
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'Hel'}}},"                    \
    "{'data':{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'lo'}}},"                     \
    "{'data':{'type':'content_block_stop','index':0}},"                                                                \
    "{'data':{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':5}}},"                \
    "{'data':{'type':'message_stop'}}]}"
#define SLOW_TRACE "10/-1 \n20/0 \n30/0 Hel\n30/0 lo\n21/0 \n11/-1 \n12/-1 \n"

/* What a child has to work with. It must not use cmocka: its assertions belong to the parent. */
struct inheritance {
    claude_client_t *client;
    claude_request_t *request;
    claude_call_t *call;
    claude_response_t *response;
    claude_error_t *error;
    claude_event_t *kept;
    claude_config_t *config;
    claude_secret_t *secret;
};

/* The child's exit status is how many things were wrong. One that hangs is ended by its own alarm. */
static void be_child(int (*child)(struct inheritance *own), struct inheritance *own)
{
    alarm(CHILD_LIMIT_S);
    EXPECT_LEAKS();
    _exit(child(own));
}

static pid_t fork_to(int (*child)(struct inheritance *own), struct inheritance *own)
{
    pid_t pid = fork();

    if (pid == 0)
        be_child(child, own);
    assert_true(pid > 0);
    return pid;
}

static int wait_for(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Number of the connection that a request came over. */
static int64_t connection_of(size_t request)
{
    return number_of(received_at(request), "connection");
}

static int use_the_client(struct inheritance *own)
{
    claude_response_t *response = NULL;
    int wrong = 0;

    for (int i = 0; i < 2; i++) {
        wrong += claude_client_execute(own->client, own->request, &response, NULL) != CLAUDE_OK;
        wrong += strcmp(claude_response_text(response, NULL), "Echo: Hello") != 0;
        claude_response_unref(response);
        response = NULL;
    }
    wrong += claude_client_trim(own->client, NULL) != CLAUDE_OK;
    wrong += claude_client_execute(own->client, own->request, &response, NULL) != CLAUDE_OK;
    claude_response_unref(response);
    claude_request_unref(own->request);
    claude_client_unref(own->client);
    return wrong;
}

static void gives_the_child_connections_of_its_own(void **state)
{
    struct inheritance own = {.client = new_client(), .request = hello()};
    int64_t mine;

    (void)state;
    claude_response_unref(execute(own.client, own.request));
    mine = connection_of(0);
    assert_int_equal(wait_for(fork_to(use_the_client, &own)), 0);
    claude_response_unref(execute(own.client, own.request));
    /* 1 of the parent, 3 of the child, 1 of the parent. */
    assert_int_equal(requests_seen(), 5);
    assert_int_not_equal(connection_of(1), mine);
    assert_int_equal(connection_of(2), connection_of(1));
    assert_int_not_equal(connection_of(3), connection_of(2));
    assert_int_not_equal(connection_of(3), mine);
    assert_int_equal(connection_of(4), mine);
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

static int only_trim(struct inheritance *own)
{
    return claude_client_trim(own->client, NULL) != CLAUDE_OK;
}

static int only_release(struct inheritance *own)
{
    claude_client_unref(own->client);
    return 0;
}

static int only_exit(struct inheritance *own)
{
    (void)own;
    return 0;
}

static int fork_again(struct inheritance *own)
{
    pid_t pid = fork();
    int status = 1;

    if (pid == 0)
        be_child(use_the_client, own);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return 100;
    return use_the_client(own);
}

static void leaves_the_parent_s_connection_alone(void **state)
{
    int (*const children[])(struct inheritance * own) = {only_trim, only_release, only_exit, use_the_client,
                                                         fork_again};
    struct inheritance own = {.client = new_client(), .request = hello()};
    size_t last;
    int64_t mine;

    (void)state;
    claude_response_unref(execute(own.client, own.request));
    mine = connection_of(0);
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        assert_int_equal(wait_for(fork_to(children[i], &own)), 0);
        claude_response_unref(execute(own.client, own.request));
        last = (size_t)requests_seen() - 1;
        assert_int_equal(connection_of(last), mine);
    }
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

/* ---- calls ---- */

static int touch_the_call(struct inheritance *own)
{
    const claude_event_t *event = NULL;
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    int wrong = 0;

    wrong += claude_call_next(own->call, -1, &event, &err) != CLAUDE_E_FORKED;
    wrong += claude_error_code(err) != CLAUDE_E_FORKED || claude_error_message(err)[0] == '\0';
    wrong += claude_error_is_retryable(err) != 0;
    claude_error_unref(err);
    wrong += claude_call_next(own->call, 0, &event, NULL) != CLAUDE_E_FORKED;
    wrong += claude_call_wait(own->call, -1, NULL) != CLAUDE_E_FORKED;
    wrong += claude_call_result(own->call, &response, NULL) >= 0;
    wrong += event != NULL || response != NULL;
    claude_call_cancel(own->call);
    wrong += claude_call_next(own->call, -1, &event, NULL) != CLAUDE_E_FORKED;
    claude_call_unref(own->call);
    /* A call of its own. */
    wrong += claude_client_stream(own->client, own->request, &own->call, NULL) != CLAUDE_OK;
    wrong += claude_call_wait(own->call, -1, NULL) != CLAUDE_DONE;
    claude_call_unref(own->call);
    claude_client_unref(own->client);
    return wrong;
}

static void keeps_the_parent_s_call_from_the_child(void **state)
{
    struct inheritance own = {.client = new_client(), .request = hello()};
    struct trace trace = {NULL, 0, 0, 0};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script(SLOW_STREAM);
    /* Forked before the first wait, and in the middle. */
    for (int i = 0; i < 2; i++) {
        own.call = start_stream(own.client, own.request);
        if (i == 1) {
            assert_int_equal(claude_call_next(own.call, -1, &event, &err), 1);
            trace_add(&trace, event);
        }
        assert_int_equal(wait_for(fork_to(touch_the_call, &own)), 0);
        assert_int_equal(pull_all(own.call, -1, &trace, &err), CLAUDE_DONE);
        assert_string_equal(trace.text, SLOW_TRACE);
        claude_call_unref(own.call);
        trace_free(&trace);
    }
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

static struct inheritance *in_callback;
static int callback_wrong;

static int32_t fork_inside(claude_call_t *call, const claude_event_t *event, void *user_data)
{
    trace_add(user_data, event);
    if (claude_event_type(event) == CLAUDE_EVENT_BLOCK_START) {
        pid_t pid;
        int status = -1;
        in_callback->call = call;
        pid = fork();
        if (pid == 0) {
            claude_call_ref(call); /* touch_the_call() releases it */
            be_child(touch_the_call, in_callback);
        }
        waitpid(pid, &status, 0);
        callback_wrong = status;
    }
    return 0;
}

static void can_fork_inside_a_callback(void **state)
{
    struct inheritance own = {.client = new_client(), .request = hello()};
    claude_request_t *request = hello_stream();
    struct trace trace = {NULL, 0, 0, 0};
    claude_error_t *err = NULL;

    (void)state;
    in_callback = &own;
    callback_wrong = -1;
    script(SLOW_STREAM);
    succeeds(claude_request_on_event(request, fork_inside, &trace, NULL, &err), err);
    claude_response_unref(execute(own.client, request));
    assert_int_equal(callback_wrong, 0);
    assert_string_equal(trace.text, SLOW_TRACE);
    trace_free(&trace);
    claude_request_unref(request);
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

/* ---- what else survives ---- */

static int read_everything(struct inheritance *own)
{
    claude_client_t *client = NULL;
    int wrong = 0;

    wrong += strcmp(claude_response_text(own->response, NULL), "Echo: Hello") != 0;
    wrong += claude_response_usage(own->response, "input_tokens") <= 0;
    wrong += claude_error_code(own->error) != CLAUDE_E_NOT_FOUND;
    wrong += strstr(claude_error_json(own->error, NULL), "not_found") == NULL;
    wrong += claude_event_type(own->kept) != CLAUDE_EVENT_MESSAGE_START;
    wrong += strcmp(claude_secret_expose(own->secret, NULL), KEY) != 0;
    wrong += claude_request_add_user_text(own->request, "more", CLAUDE_NTS, NULL) != CLAUDE_OK;
    wrong += claude_config_set(own->config, "beta", "x", NULL) != CLAUDE_OK;
    wrong += claude_client_new(own->config, &client, NULL) != CLAUDE_OK;
    claude_client_unref(client);
    claude_response_unref(own->response);
    claude_error_unref(own->error);
    claude_event_unref(own->kept);
    claude_secret_unref(own->secret);
    claude_config_unref(own->config);
    claude_request_unref(own->request);
    return wrong;
}

static void lets_the_child_read_everything_else(void **state)
{
    struct inheritance own = {.client = new_client(), .request = hello(), .config = new_config()};
    const claude_event_t *event = NULL;
    claude_error_t *err = NULL;

    (void)state;
    own.response = execute(own.client, own.request);
    own.call = start_stream(own.client, own.request);
    assert_int_equal(claude_call_next(own.call, -1, &event, &err), 1);
    succeeds(claude_event_keep(event, &own.kept, &err), err);
    succeeds(claude_secret_new(KEY, CLAUDE_NTS, &own.secret, &err), err);
    script("{'status':404,'error':{'type':'not_found_error','message':'m'}}");
    own.error = execute_fails(own.client, own.request, CLAUDE_E_NOT_FOUND);
    assert_int_equal(wait_for(fork_to(read_everything, &own)), 0);
    assert_int_equal(pull_all(own.call, -1, NULL, &err), CLAUDE_DONE);
    claude_secret_unref(own.secret);
    claude_error_unref(own.error);
    claude_event_unref(own.kept);
    claude_call_unref(own.call);
    claude_response_unref(own.response);
    claude_config_unref(own.config);
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

/* ---- forks at any moment ---- */

struct worker {
    struct inheritance *own;
    atomic_bool *stop;
    int failures;
    int calls;
};

static void *keep_calling(void *user_data)
{
    struct worker *worker = user_data;

    while (!atomic_load(worker->stop)) {
        claude_response_t *response = NULL;
        if (claude_client_execute(worker->own->client, worker->own->request, &response, NULL) != CLAUDE_OK)
            worker->failures++;
        claude_response_unref(response);
        worker->calls++;
    }
    return NULL;
}

/* Other threads may hold any lock when the process forks; the child must not wait for them. */
static void can_fork_while_others_work(void **state)
{
    enum { WORKERS = 3, FORKS = 20 };
    struct inheritance own = {.client = new_client(), .request = hello()};
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];
    atomic_bool stop = false;

    (void)state;
    if (!ALLOCATOR_SURVIVES_FORK) {
        print_message("AddressSanitizer's allocator cannot be forked while other threads use it\n");
        claude_request_unref(own.request);
        claude_client_unref(own.client);
        skip();
    }
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){&own, &stop, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, keep_calling, &workers[i]), 0);
    }
    for (int i = 0; i < FORKS; i++)
        assert_int_equal(wait_for(fork_to(use_the_client, &own)), 0);
    atomic_store(&stop, true);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failures, 0);
        assert_true(workers[i].calls > 0);
    }
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

static void *trim_at_the_gate(void *user_data)
{
    struct worker *worker = user_data;

    while (!atomic_load(worker->stop))
        ;
    worker->failures = claude_client_trim(worker->own->client, NULL) != CLAUDE_OK;
    return NULL;
}

static int use_the_client_at_once(struct inheritance *own)
{
    struct worker workers[4];
    pthread_t threads[COUNT_OF(workers)];
    atomic_bool gate = false;
    int wrong = 0;

    for (size_t i = 0; i < COUNT_OF(workers); i++) {
        workers[i] = (struct worker){own, &gate, 0, 0};
        wrong += pthread_create(&threads[i], NULL, trim_at_the_gate, &workers[i]) != 0;
    }
    atomic_store(&gate, true);
    for (size_t i = 0; i < COUNT_OF(workers); i++) {
        pthread_join(threads[i], NULL);
        wrong += workers[i].failures;
    }
    return wrong + use_the_client(own);
}

/* Threads of the child that come to the client together: one makes it ready. The thread sanitizer looks on. */
static void lets_threads_of_the_child_begin_together(void **state)
{
    struct inheritance own = {.client = new_client(), .request = hello()};

    (void)state;
    claude_response_unref(execute(own.client, own.request));
    for (int i = 0; i < 10; i++)
        assert_int_equal(wait_for(fork_to(use_the_client_at_once, &own)), 0);
    claude_request_unref(own.request);
    claude_client_unref(own.client);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(gives_the_child_connections_of_its_own),   TEST(leaves_the_parent_s_connection_alone),
        TEST(keeps_the_parent_s_call_from_the_child),   TEST(can_fork_inside_a_callback),
        TEST(lets_the_child_read_everything_else),      TEST(can_fork_while_others_work),
        TEST(lets_threads_of_the_child_begin_together),
    };

    return RUN_WITH_SERVER(tests);
}
