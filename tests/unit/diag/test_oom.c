/* Memory that runs out while a command or a report is made: an error, and nothing is lost. */
#include <stdint.h>

#include "../allocations.h"
#include "api/api.h"
#include "diag/diag.h"

static claude_client_t *handle;
static claude_client_t *client;
static claude_request_t *request;

static int start(void **state)
{
    static const char body[] =
        "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"it's\"}]}";
    claude_config_t *config = NULL;
    const cl_quota_use used = {.count = {[CL_USED_REQUESTS] = 1}};

    (void)state;
    if (cl_config_new(&config, NULL) < 0 || cl_config_set(config, "api_key", "sk-ant-oom-not-a-key", NULL) < 0 ||
        cl_config_set(config, "diagnostics.timings", "4", NULL) < 0 ||
        cl_config_set(config, "metrics.enabled", "true", NULL) < 0 ||
        cl_config_set(config, "quota.enabled", "true", NULL) < 0 ||
        cl_config_set(config, "network.proxy", "http://u:p@127.0.0.1:1", NULL) < 0 ||
        cl_client_new(config, &handle, NULL) < 0 ||
        cl_request_new(cl_endpoint_find("messages.create"), &request, NULL) < 0 ||
        cl_request_set_json(request, cl_str_of(body), NULL) < 0)
        return -1;
    cl_config_unref(config);
    client = cl_client_current(handle);
    /* What looks like a key takes memory to be hidden. */
    return cl_quota_add(client->quota, CL_STR("sk-ant-no-model"), &used, cl_wall_ms(), NULL);
}

static int stop(void **state)
{
    (void)state;
    cl_request_unref(request);
    cl_client_unref(client);
    cl_client_unref(handle);
    return 0;
}

static bool make_command(void)
{
    claude_curl_t *curl = NULL;
    bool done = step(cl_curl_command(client, request, CLAUDE_STREAM, NULL, &curl, NULL));

    assert_int_equal(done, curl != NULL);
    cl_curl_unref(curl);
    return done;
}

static bool make_command_with_file(void)
{
    claude_curl_t *curl = NULL;
    bool done = step(cl_curl_command(client, request, 0, "a file", &curl, NULL));

    assert_int_equal(done, curl != NULL);
    cl_curl_unref(curl);
    return done;
}

static bool make_report(void)
{
    claude_diagnostics_t *report = NULL;
    bool done = step(cl_diagnostics_new(handle, CL_STR("{}"), &report, NULL));

    assert_int_equal(done, report != NULL);
    cl_diagnostics_unref(report);
    return done;
}

static void commands(void **state)
{
    (void)state;
    run_out(make_command);
    run_out(make_command_with_file);
}

static void reports(void **state)
{
    (void)state;
    run_out(make_report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(commands), cmocka_unit_test(reports)};

    return cmocka_run_group_tests(tests, start, stop);
}
