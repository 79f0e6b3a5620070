#include "responses.h"

#include <claude/error.h>
#include <claude/model.h>
#include <claude/request.h>

#include "message/models.h"

/* Dollars as nano-dollars, so that expectations can be written as on a bill. */
#define USD(dollars) ((int64_t)((dollars)*1000000000.0 + 0.5))
#define M 1000000

static int64_t cost(const char *model, const char *usage, const char *part)
{
    return claude_cost_of_json(NULL, model, usage, CLAUDE_NTS, 0, part);
}

static int64_t batch_cost(const char *model, const char *usage, const char *part)
{
    return claude_cost_of_json(NULL, model, usage, CLAUDE_NTS, CLAUDE_COST_BATCH, part);
}

/* A million tokens of everything: each part is the figure of the price list. */
static void every_row_of_the_price_list(void **state)
{
    static const struct {
        const char *model;
        double input, output, write_5m, write_1h, read;
    } rows[] = {
        {"claude-fable-5-2", 8, 40, 10, 16, 0.20},        {"claude-mythos-5-2", 8, 40, 10, 16, 0.20},
        {"claude-fable-5-1", 10, 50, 12.50, 20, 0.25},    {"claude-mythos-5-1", 10, 50, 12.50, 20, 0.25},
        {"claude-fable-5", 10, 50, 12.50, 20, 1.00},      {"claude-mythos-5", 10, 50, 12.50, 20, 1.00},
        {"claude-opus-5-5", 4, 20, 5, 8, 0.20},           {"claude-opus-5", 5, 25, 6.25, 10, 0.50},
        {"claude-opus-4-8", 5, 25, 6.25, 10, 0.50},       {"claude-opus-4-7", 5, 25, 6.25, 10, 0.50},
        {"claude-opus-4-6", 5, 25, 6.25, 10, 0.50},       {"claude-opus-4-5", 5, 25, 6.25, 10, 0.50},
        {"claude-sonnet-5-5", 2, 10, 2.50, 4, 0.10},      {"claude-sonnet-5", 2, 10, 2.50, 4, 0.20},
        {"claude-sonnet-4-6", 3, 15, 3.75, 6, 0.30},      {"claude-sonnet-4-5", 3, 15, 3.75, 6, 0.30},
        {"claude-haiku-5-5", 0.50, 2.50, 0.625, 1, 0.05}, {"claude-haiku-4-5", 1, 5, 1.25, 2, 0.10},
        {"claude-opus-4-1", 15, 75, 18.75, 30, 1.50},     {"claude-opus-4", 15, 75, 18.75, 30, 1.50},
        {"claude-3-5-haiku", 0.80, 4, 1, 1.60, 0.08},     {"claude-3-5-sonnet", 3, 15, 3.75, 6, 0.30},
        {"claude-3-opus", 15, 75, 18.75, 30, 1.50},       {"claude-3-haiku", 0.25, 1.25, 0.30, 0.50, 0.03},
    };
    static const char usage[] =
        "{\"input_tokens\":1000000,\"output_tokens\":1000000,\"cache_creation_input_tokens\":2000000,"
        "\"cache_creation\":{\"ephemeral_5m_input_tokens\":1000000,\"ephemeral_1h_input_tokens\":1000000},"
        "\"cache_read_input_tokens\":1000000}";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *model = rows[i].model;
        assert_int_equal(cost(model, usage, "input"), USD(rows[i].input));
        assert_int_equal(cost(model, usage, "output"), USD(rows[i].output));
        assert_int_equal(cost(model, usage, "cache_write_5m"), USD(rows[i].write_5m));
        assert_int_equal(cost(model, usage, "cache_write_1h"), USD(rows[i].write_1h));
        assert_int_equal(cost(model, usage, "cache_write"), USD(rows[i].write_5m) + USD(rows[i].write_1h));
        assert_int_equal(cost(model, usage, "cache_read"), USD(rows[i].read));
        assert_int_equal(cost(model, usage, "cache_savings"), USD(rows[i].input) - USD(rows[i].read));
        assert_int_equal(cost(model, usage, "server_tools"), 0);
        assert_int_equal(cost(model, usage, NULL), USD(rows[i].input) + USD(rows[i].output) + USD(rows[i].write_5m) +
                                                       USD(rows[i].write_1h) + USD(rows[i].read));
    }
    /* One by hand: 1234 at $4, 567 at $20, 890 at $5, 4321 at $0.20 per million. */
    assert_int_equal(cost("claude-opus-5-5",
                          "{\"input_tokens\":1234,\"output_tokens\":567,\"cache_creation_input_tokens\":890,"
                          "\"cache_read_input_tokens\":4321}",
                          "total"),
                     4936000 + 11340000 + 4450000 + 864200);
}

static void long_prompts_have_their_own_price(void **state)
{
    static const char at_edge[] = "{\"input_tokens\":50000,\"output_tokens\":1000000,\"cache_creation_input_tokens\":"
                                  "20000,\"cache_read_input_tokens\":30000}";
    static const char over[] = "{\"input_tokens\":50000,\"output_tokens\":1000000,\"cache_creation_input_tokens\":"
                               "20000,\"cache_read_input_tokens\":30001}";

    (void)state;
    assert_int_equal(cost("claude-haiku-5-5", at_edge, "output"), USD(0.50));
    assert_int_equal(cost("claude-haiku-5-5", at_edge, "input"), USD(0.005));
    assert_int_equal(cost("claude-haiku-5-5", at_edge, "cache_write"), USD(0.0025));
    assert_int_equal(cost("claude-haiku-5-5", at_edge, "cache_read"), USD(0.0003));
    assert_int_equal(cost("claude-haiku-5-5", over, "output"), USD(2.50));
    assert_int_equal(cost("claude-haiku-5-5", over, "input"), USD(0.025));
    assert_int_equal(cost("claude-haiku-5-5", over, "cache_write"), USD(0.0125));
    assert_int_equal(cost("claude-haiku-5-5", over, "cache_read"), 1500050);
    assert_int_equal(claude_cost_estimate(NULL, "claude-haiku-5-5", 100000, M, 0), USD(0.01) + USD(0.50));
    assert_int_equal(claude_cost_estimate(NULL, "claude-haiku-5-5", 100001, M, 0), 50000500 + USD(2.50));
}

static void batches_cost_half(void **state)
{
    static const char plain[] = "{\"input_tokens\":1000000,\"output_tokens\":1000000,\"cache_read_input_tokens\":"
                                "1000000,\"server_tool_use\":{\"web_search_requests\":3}}";
    static const char batch[] = "{\"input_tokens\":1000000,\"output_tokens\":1000000,\"cache_read_input_tokens\":"
                                "1000000,\"server_tool_use\":{\"web_search_requests\":3},\"service_tier\":\"batch\"}";

    (void)state;
    assert_int_equal(cost("claude-opus-5-5", plain, "total"), USD(24.23));
    assert_int_equal(cost("claude-opus-5-5", batch, "total"), USD(12.13));
    assert_int_equal(batch_cost("claude-opus-5-5", plain, "total"), USD(12.13));
    /* Not a quarter. */
    assert_int_equal(batch_cost("claude-opus-5-5", batch, "total"), USD(12.13));
    assert_int_equal(cost("claude-opus-5-5", batch, "cache_savings"), USD(1.90));
    assert_int_equal(cost("claude-opus-5-5", batch, "server_tools"), USD(0.03));
    assert_int_equal(cost("claude-opus-5-5", "{\"input_tokens\":1000000,\"service_tier\":\"standard\"}", NULL), USD(4));
    assert_int_equal(cost("claude-opus-5-5", "{\"input_tokens\":1000000,\"service_tier\":null}", NULL), USD(4));
    assert_int_equal(claude_cost_estimate(NULL, "claude-3-haiku", M, M, CLAUDE_COST_BATCH), USD(0.75));
}

/* The split by time to live, the sum, and what is to be done when they do not agree. */
static void cache_writes_are_split_by_their_life(void **state)
{
    static const struct {
        const char *usage;
        double write_5m, write_1h;
    } cases[] = {
        {"{\"input_tokens\":0,\"cache_creation_input_tokens\":1000000}", 5, 0},
        {"{\"input_tokens\":0,\"cache_creation_input_tokens\":1000000,\"cache_creation\":null}", 5, 0},
        {"{\"input_tokens\":0,\"cache_creation_input_tokens\":1000000,\"cache_creation\":{}}", 5, 0},
        {"{\"input_tokens\":0,\"cache_creation_input_tokens\":1000000,\"cache_creation\":{"
         "\"ephemeral_1h_input_tokens\":1000000}}",
         0, 8},
        {"{\"input_tokens\":0,\"cache_creation_input_tokens\":3000000,\"cache_creation\":{"
         "\"ephemeral_5m_input_tokens\":null,\"ephemeral_1h_input_tokens\":1000000}}",
         10, 8},
        {"{\"input_tokens\":0,\"cache_creation\":{\"ephemeral_5m_input_tokens\":1000000,"
         "\"ephemeral_1h_input_tokens\":1000000}}",
         5, 8},
        {"{\"input_tokens\":0,\"cache_creation_input_tokens\":null,\"cache_read_input_tokens\":null}", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(cost("claude-opus-5-5", cases[i].usage, "cache_write_5m"), USD(cases[i].write_5m));
        assert_int_equal(cost("claude-opus-5-5", cases[i].usage, "cache_write_1h"), USD(cases[i].write_1h));
    }
}

static void missing_counts_are_nothing(void **state)
{
    (void)state;
    assert_int_equal(cost("claude-opus-5-5", "{\"output_tokens\":1000000}", NULL), USD(20));
    assert_int_equal(cost("claude-opus-5-5", "{\"input_tokens\":0,\"output_tokens\":0}", NULL), 0);
    assert_int_equal(cost("claude-opus-5-5", "{\"input_tokens\":-5,\"output_tokens\":1.5}", NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(cost("claude-opus-5-5",
                          "{\"input_tokens\":1000000,\"output_tokens\":null,\"server_tool_use\":null,\"iterations\":"
                          "null,\"output_tokens_details\":{\"thinking_tokens\":5}}",
                          NULL),
                     USD(4));
    assert_int_equal(cost("claude-opus-5-5", "{}", NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(cost("claude-opus-5-5", "{\"input_tokens\":null}", NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(cost("claude-opus-5-5", "{\"usage\":{}}", NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(cost("claude-opus-5-5", "[]", NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(cost("claude-opus-5-5", "{", NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(cost("claude-opus-5-5", "", NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(cost("claude-opus-5-5", NULL, NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(cost("claude-opus-5-5", "{\"input_tokens\":1}", "everything"), CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_of_json(NULL, "claude-opus-5-5", "{\"input_tokens\":1}", CLAUDE_NTS, 2, NULL),
                     CLAUDE_COST_UNKNOWN);
}

static void unknown_models_have_no_price(void **state)
{
    (void)state;
    assert_int_equal(cost("claude-opus-6", "{\"input_tokens\":1}", NULL), CLAUDE_COST_UNPRICED);
    assert_int_equal(cost("claude-opus-6", "{\"input_tokens\":1}", "output"), CLAUDE_COST_UNPRICED);
    /* Known, but not what it costs. */
    assert_int_equal(cost("claude-mythos-preview", "{\"input_tokens\":1}", NULL), CLAUDE_COST_UNPRICED);
    assert_int_equal(cost(NULL, "{\"input_tokens\":1}", NULL), CLAUDE_COST_UNPRICED);
    assert_int_equal(claude_cost_estimate(NULL, "claude-opus-6", 1, 1, 0), CLAUDE_COST_UNPRICED);
    assert_int_equal(cost("us.anthropic.claude-opus-5-5-v1:0", "{\"input_tokens\":1000000}", NULL), USD(4));
}

static void searches_cost_ten_dollars_per_thousand(void **state)
{
    (void)state;
    assert_int_equal(cost("claude-opus-5-5",
                          "{\"input_tokens\":0,\"server_tool_use\":{\"web_search_requests\":1,\"web_fetch_requests\":9,"
                          "\"later\":\"x\"}}",
                          "server_tools"),
                     USD(0.01));
    assert_int_equal(
        cost("claude-opus-5-5", "{\"input_tokens\":0,\"server_tool_use\":{\"web_search_requests\":1234}}", NULL),
        USD(12.34));
}

/* Compaction is not in the figures of the whole; an adviser is another model. */
static void every_iteration_counts(void **state)
{
    static const char usage[] =
        "{\"input_tokens\":23000,\"output_tokens\":1000,\"server_tool_use\":{\"web_search_requests\":1},\"iterations\":"
        "["
        "{\"type\":\"compaction\",\"input_tokens\":180000,\"output_tokens\":3500},"
        "{\"type\":\"message\",\"input_tokens\":23000,\"output_tokens\":1000,\"cache_read_input_tokens\":1000000},"
        "{\"type\":\"advisor_message\",\"model\":\"claude-fable-5-1\",\"input_tokens\":1000,\"output_tokens\":100}]}";

    (void)state;
    assert_int_equal(cost("claude-opus-5-5", usage, "input"), USD(0.72) + USD(0.092) + USD(0.01));
    assert_int_equal(cost("claude-opus-5-5", usage, "output"), USD(0.07) + USD(0.02) + USD(0.005));
    assert_int_equal(cost("claude-opus-5-5", usage, "cache_read"), USD(0.20));
    assert_int_equal(cost("claude-opus-5-5", usage, "server_tools"), USD(0.01));
    assert_int_equal(cost("claude-opus-5-5", "{\"input_tokens\":5,\"iterations\":[{\"model\":\"nobody\"}]}", NULL),
                     CLAUDE_COST_UNPRICED);
    assert_int_equal(cost("claude-opus-5-5", "{\"input_tokens\":1000000,\"iterations\":[]}", NULL), USD(4));
}

static void huge_counts_do_not_overflow(void **state)
{
    static const char huge[] =
        "{\"input_tokens\":9223372036854775807,\"output_tokens\":9223372036854775807,\"cache_read_input_tokens\":"
        "9223372036854775807,\"cache_creation_input_tokens\":9223372036854775807,\"cache_creation\":{"
        "\"ephemeral_1h_input_tokens\":9223372036854775807,\"ephemeral_5m_input_tokens\":9223372036854775807},"
        "\"server_tool_use\":{\"web_search_requests\":9223372036854775807}}";

    (void)state;
    assert_int_equal(cost("claude-opus-4-1", huge, "input"), INT64_MAX);
    assert_int_equal(cost("claude-opus-4-1", huge, "total"), INT64_MAX);
    assert_int_equal(cost("claude-opus-4-1", huge, "cache_write"), INT64_MAX);
    assert_int_equal(cost("claude-opus-4-1", huge, "server_tools"), INT64_MAX);
    assert_int_equal(cost("claude-opus-4-1", huge, "cache_savings"), INT64_MAX);
    assert_int_equal(claude_cost_estimate(NULL, "claude-opus-4-1", INT64_MAX, INT64_MAX, 0), INT64_MAX);
    /* What just fits is exact: 15000 nano-dollars a token. */
    assert_int_equal(claude_cost_estimate(NULL, "claude-opus-4-1", INT64_MAX / 15000, 0, 0), INT64_MAX / 15000 * 15000);
    assert_int_equal(claude_cost_estimate(NULL, "claude-opus-4-1", INT64_MAX / 15000 + 1, 0, 0), INT64_MAX);
    assert_int_equal(claude_cost_estimate(NULL, "claude-opus-4-1", -1, 0, 0), CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_estimate(NULL, "claude-opus-4-1", 0, -1, 0), CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_estimate(NULL, "claude-opus-4-1", 1, 1, 4), CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_estimate(NULL, "claude-opus-4-1", 1, 1, 0), 15000 + 75000);
}

static void a_response_names_its_model(void **state)
{
    claude_response_t *r =
        response_with("{\"model\":\"claude-sonnet-5-5\",\"usage\":{\"input_tokens\":1000,\"output_tokens\":100,"
                      "\"cache_read_input_tokens\":9000}}");

    (void)state;
    assert_int_equal(claude_cost_calculate(NULL, NULL, r), 2000000 + 1000000 + 900000);
    assert_int_equal(claude_cost_of(NULL, NULL, r, "cache_read"), 900000);
    /* 9,000 tokens would have cost 18,000,000. */
    assert_int_equal(claude_cost_savings(NULL, NULL, r), 18000000 - 900000);
    assert_int_equal(claude_cost_calculate(NULL, "claude-opus-5-5", r), 4000000 + 2000000 + 1800000);
    assert_int_equal(claude_cost_calculate(NULL, "nobody", r), CLAUDE_COST_UNPRICED);
    assert_int_equal(claude_cost_of(NULL, NULL, r, NULL), CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_calculate(NULL, NULL, NULL), CLAUDE_COST_UNKNOWN);
    claude_response_unref(r);
    r = response_with("{\"model\":\"claude-sonnet-5-5\"}");
    assert_int_equal(claude_cost_calculate(NULL, NULL, r), CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_savings(NULL, NULL, r), CLAUDE_COST_UNKNOWN);
    claude_response_unref(r);
}

/* As they are in the results of a batch. */
static void a_message_as_json_is_priced(void **state)
{
    (void)state;
    assert_int_equal(cost(NULL,
                          "{\"type\":\"message\",\"model\":\"claude-opus-5-5\",\"usage\":{\"input_tokens\":1000000,"
                          "\"service_tier\":\"batch\"}}",
                          NULL),
                     USD(2));
    assert_int_equal(claude_cost_of_json(NULL, "claude-opus-5-5", "{\"input_tokens\":1000000} and more", 24, 0, NULL),
                     USD(4));
}

static void prices_of_the_program_replace_ours(void **state)
{
    static const char table[] =
        "{\"server_tools\":{\"moon_trips\":2.5},\"percent\":{\"inference_geo\":{\"us\":110},\"service_tier\":{"
        "\"batch\":50,\"priority\":200}},\"models\":[{\"id\":\"a\",\"prices\":[{\"input\":1,\"output\":2}],"
        "\"percent\":{\"inference_geo\":{\"us\":120},\"speed\":{\"fast\":600}}},{\"id\":\"b\",\"prices\":[{\"input\":"
        "0.1,\"output\":0.000001,\"cache_read\":0.2,\"cache_write_5m\":0,\"max_prompt_tokens\":10},{\"input\":3,"
        "\"output\":3,\"max_prompt_tokens\":20},{\"input\":10000,\"output\":10000}],\"percent\":{\"service_tier\":{"
        "\"max\":1000},\"inference_geo\":{\"max\":1000},\"speed\":{\"max\":1000}}}]}";
    static const char all[] = "{\"input_tokens\":1000000,\"output_tokens\":1000000,\"cache_read_input_tokens\":1000000,"
                              "\"cache_creation_input_tokens\":1000000,\"cache_creation\":{"
                              "\"ephemeral_1h_input_tokens\":500000},\"server_tool_use\":{\"moon_trips\":2,"
                              "\"web_search_requests\":5}}";
    claude_models_t *models = NULL;

    (void)state;
#define COST(model, usage, part) claude_cost_of_json(models, model, usage, CLAUDE_NTS, 0, part)
    assert_int_equal(claude_models_load_json(table, CLAUDE_NTS, &models, NULL), CLAUDE_OK);
    /* Missing columns follow from the price of input. */
    assert_int_equal(COST("a", all, "cache_write_5m"), USD(0.625));
    assert_int_equal(COST("a", all, "cache_write_1h"), USD(1));
    assert_int_equal(COST("a", all, "cache_read"), USD(0.1));
    assert_int_equal(COST("a", all, "server_tools"), USD(0.005));
    assert_int_equal(COST("a", "{\"input_tokens\":1000000,\"inference_geo\":\"us\"}", NULL), USD(1.2));
    assert_int_equal(COST("a", "{\"input_tokens\":1000000,\"inference_geo\":\"eu\"}", NULL), USD(1));
    assert_int_equal(
        COST("a", "{\"input_tokens\":1000000,\"speed\":\"fast\",\"service_tier\":\"batch\",\"inference_geo\":\"us\"}",
             NULL),
        USD(3.6));
    assert_int_equal(COST("a", "{\"input_tokens\":1000000,\"service_tier\":\"priority\"}", NULL), USD(2));
    /* Three tiers; reading may cost more than sending, and saves nothing then. */
    assert_int_equal(COST("b", "{\"input_tokens\":10}", NULL), 1000);
    assert_int_equal(COST("b", "{\"input_tokens\":11}", NULL), 33000);
    assert_int_equal(COST("b", "{\"input_tokens\":20}", NULL), 60000);
    assert_int_equal(COST("b", "{\"input_tokens\":21}", NULL), 210000000);
    assert_int_equal(COST("b", "{\"input_tokens\":0,\"cache_read_input_tokens\":5}", "cache_savings"), 0);
    assert_int_equal(COST("b", "{\"input_tokens\":0,\"cache_creation_input_tokens\":5}", NULL), 0);
    /* A thousandth of a nano-dollar per token: rounded to the nearest. */
    assert_int_equal(COST("b", "{\"output_tokens\":499}", NULL), 0);
    assert_int_equal(COST("b", "{\"output_tokens\":500}", NULL), 1);
    /* The dearest that there can be, and no overflow on the way. */
    assert_int_equal(COST("b",
                          "{\"input_tokens\":999999,\"service_tier\":\"max\",\"inference_geo\":\"max\",\"speed\":"
                          "\"max\"}",
                          NULL),
                     INT64_C(9999990000000000));
    assert_int_equal(claude_cost_of_json(models, "claude-opus-5-5", all, CLAUDE_NTS, 0, NULL), CLAUDE_COST_UNPRICED);
    assert_int_equal(claude_cost_estimate(models, "a", M, M, CLAUDE_COST_BATCH), USD(1.5));
    claude_models_unref(models);
#undef COST
}

/* Decimal numbers are read as they are written: rounded once, to the nano-dollar. */
static void prices_are_read_to_the_nano_dollar(void **state)
{
    static const struct {
        const char *text;
        int64_t nano; /* -1: none */
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"0.0", 0},
        {"-0.000", 0},
        {"1", 1000000000},
        {"0.3", 300000000},
        {"0.000000001", 1},
        {"0.0000000005", 1},
        {"0.00000000049999999999999999999", 0},
        {"0.0000000014", 1},
        {"9999.999999999", INT64_C(9999999999999)},
        {"10000", INT64_C(10000000000000)},
        {"1e4", INT64_C(10000000000000)},
        {"1E+4", INT64_C(10000000000000)},
        {"125e-1", INT64_C(12500000000)},
        {"0.00000000000000000000000125e24", INT64_C(1250000000)},
        {"1000000000000000000000000e-24", INT64_C(1000000000)},
        {"123456789012345678901234567890e-29", INT64_C(1234567890)},
        {"1e-99999999999999999999", 0},
        {"0e99999999999999999999", 0},
        {"1e99999999999999999999", -1},
        {"9300000000", -1},
        {"-0.25", -1},
        {"null", -1},
        {"\"1\"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t nano = -1;
        bool ok = cl_price_nano(cl_json_root(cl_str_of(cases[i].text)), &nano);

        assert_int_equal(ok, cases[i].nano >= 0);
        if (ok)
            assert_int_equal(nano, cases[i].nano);
    }
}

static void wrong_handles_cost_nothing(void **state)
{
    claude_request_t *request = NULL;
    const claude_models_t *wrong;

    (void)state;
    assert_int_equal(claude_request_new("messages.create", &request, NULL), CLAUDE_OK);
    wrong = (const claude_models_t *)request;
    assert_int_equal(claude_cost_of_json(wrong, "claude-opus-5-5", "{\"input_tokens\":1}", CLAUDE_NTS, 0, NULL),
                     CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_estimate(wrong, "claude-opus-5-5", 1, 1, 0), CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_estimate(NULL, NULL, 1, 1, 0), CLAUDE_COST_UNKNOWN);
    assert_int_equal(claude_cost_calculate(NULL, NULL, (const claude_response_t *)request), CLAUDE_COST_UNKNOWN);
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_price_list),
        cmocka_unit_test(long_prompts_have_their_own_price),
        cmocka_unit_test(batches_cost_half),
        cmocka_unit_test(cache_writes_are_split_by_their_life),
        cmocka_unit_test(missing_counts_are_nothing),
        cmocka_unit_test(unknown_models_have_no_price),
        cmocka_unit_test(searches_cost_ten_dollars_per_thousand),
        cmocka_unit_test(every_iteration_counts),
        cmocka_unit_test(huge_counts_do_not_overflow),
        cmocka_unit_test(a_response_names_its_model),
        cmocka_unit_test(a_message_as_json_is_priced),
        cmocka_unit_test(prices_of_the_program_replace_ours),
        cmocka_unit_test(prices_are_read_to_the_nano_dollar),
        cmocka_unit_test(wrong_handles_cost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
