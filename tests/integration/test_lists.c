/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Lists: page by page and item by item; a model by its id and what it can do. Costs nothing.
 */
#include "real.h"

static size_t items_of(claude_client_t *client, const char *endpoint, const char *limit, size_t most)
{
    claude_request_t *request = call_for(endpoint, NULL, NULL);
    claude_pages_t *pages = NULL;
    claude_error_t *err = NULL;
    const char *json = NULL;
    size_t len = 0, count = 0;
    claude_code_t rc = 1;
    MUST(claude_request_set_query(request, "limit", limit, &err));
    MUST(claude_pages_new(client, request, &pages, &err));
    while (count < most && (rc = claude_pages_next_item(pages, -1, &json, &len, &err)) == 1) {
        claude_response_t *item = NULL;
        MUST(claude_response_parse(json, len, &item, &err));
        text_at(item, "/id");
        claude_response_unref(item);
        count++;
    }
    MUST(rc);
    claude_pages_unref(pages);
    claude_request_unref(request);
    return count;
}

/* Two on a page, so that there are several pages. */
static void models_page_by_page(void **state)
{
    size_t by_twos = items_of(*state, "models.list", "2", 1000);
    assert_true(by_twos > 2);
    assert_int_equal(items_of(*state, "models.list", "1000", 1000), by_twos);
}

/* There may be nothing in them; a list it is all the same. */
static void the_other_lists(void **state)
{
    static const char *const lists[] = {"messages.batches.list", "files.list", "skills.list"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        items_of(*state, lists[i], "2", 3);
}

static void a_model(void **state)
{
    claude_response_t *info = answer_to(*state, call_for("models.retrieve", "model_id", MODEL));
    assert_string_equal(claude_model_text(info, NULL, "id", NULL), MODEL);
    assert_int_equal(claude_model_supports(info, NULL, "image_input"), 1);
    assert_true(claude_model_int(info, NULL, "context_window") > 100000);
    assert_int_equal(claude_model_int(info, NULL, "context_window"), claude_models_int(NULL, MODEL, "context_window"));
    claude_response_unref(info);
}

static void the_first_model_that_there_is(void **state)
{
    claude_request_t *request = call_for("models.list", NULL, NULL);
    claude_response_t *list;
    claude_error_t *err = NULL;
    MUST(claude_request_set_query(request, "limit", "1000", &err));
    list = answer_to(*state, request);
    assert_string_equal(claude_model_choose(list, "no-such-model," MODEL, 0), MODEL);
    claude_response_unref(list);
}

/* The API's own refusal is what is tested here, so this error does not fail. */
static void a_model_that_is_not_there(void **state)
{
    claude_request_t *request = call_for("models.retrieve", "model_id", "no-such-model");
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    assert_int_equal(claude_client_execute(*state, request, &response, &err), CLAUDE_E_NOT_FOUND);
    assert_non_null(claude_error_request_id(err));
    claude_error_unref(err);
    claude_request_unref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_page_by_page),
        cmocka_unit_test(the_other_lists),
        cmocka_unit_test(a_model),
        cmocka_unit_test(the_first_model_that_there_is),
        cmocka_unit_test(a_model_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, real_client, release_client);
}
