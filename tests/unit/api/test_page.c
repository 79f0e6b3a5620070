/* From a page of a list to the request of the next one, for every kind of list there is. */
#include "testing.h"

/* `query`: "name=value" before, or NULL. `expected`: the next target, or NULL for no next page. */
struct turn {
    const char *endpoint;
    const char *query;
    const char *page;
    const char *expected;
};

static claude_request_t *asked(const struct turn *turn)
{
    claude_request_t *request = request_for(turn->endpoint);
    char name[32] = "";

    if (turn->query) {
        size_t len = strcspn(turn->query, "=");
        memcpy(name, turn->query, len);
        OK(claude_request_set_query(request, name, turn->query + len + 1, &err));
    }
    return request;
}

static void check(const struct turn *turn, bool back)
{
    claude_request_t *request = asked(turn);
    claude_response_t *page = response_of(turn->page);
    claude_request_t *next = NULL;
    claude_error_t *err = NULL;
    claude_code_t rc =
        back ? claude_page_previous(request, page, &next, &err) : claude_page_next(request, page, &next, &err);

    if (rc < 0)
        fail_msg("%s: %s", turn->page, claude_error_message(err));
    assert_int_equal(rc, turn->expected ? CLAUDE_OK : CLAUDE_DONE);
    if (turn->expected) {
        char *target = target_of(next);
        assert_string_equal(target, turn->expected);
        free(target);
    } else {
        assert_null(next);
    }
    claude_request_unref(next);
    claude_request_unref(request);
    claude_response_unref(page);
}

static void lists_by_ids(void **state)
{
    static const struct turn turns[] = {
        {"models.list", NULL, "{'data':[1],'has_more':true,'first_id':'a','last_id':'z'}", "/v1/models?after_id=z"},
        {"models.list", "after_id=k", "{'has_more':true,'first_id':'a','last_id':'z'}", "/v1/models?after_id=z"},
        {"models.list", "before_id=k", "{'has_more':true,'first_id':'a','last_id':'z'}", "/v1/models?before_id=a"},
        {"models.list", "limit=5", "{'has_more':true,'last_id':'z/&'}", "/v1/models?limit=5&after_id=z%2F%26"},
        {"models.list", NULL, "{'has_more':false,'first_id':'a','last_id':'z'}", NULL},
        {"models.list", NULL, "{'has_more':true,'first_id':'a','last_id':null}", NULL},
        {"models.list", NULL, "{'has_more':true,'first_id':'a'}", NULL},
        {"models.list", NULL, "{'has_more':true,'last_id':''}", NULL},
        {"models.list", "before_id=k", "{'has_more':true,'first_id':null,'last_id':'z'}", NULL},
        /* Not told whether there is more: the id alone decides. */
        {"models.list", NULL, "{'last_id':'z'}", "/v1/models?after_id=z"},
        {"models.list", NULL, "{'has_more':null,'last_id':'z'}", "/v1/models?after_id=z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++)
        check(&turns[i], false);
}

static void lists_by_cursor(void **state)
{
    static const struct turn turns[] = {
        {"files.list", NULL, "{'data':[1],'next_page':'p2'}", "/v1/files?page=p2"},
        {"files.list", "page=p2", "{'data':[],'next_page':'p3'}", "/v1/files?page=p3"},
        {"files.list", "page=p2", "{'data':[1],'next_page':null}", NULL},
        {"files.list", NULL, "{'data':[1]}", NULL},
        {"files.list", NULL, "{'data':[1],'next_page':''}", NULL},
        {"files.list", NULL, "{'data':[1],'next_page':7}", NULL},
        /* has_more is nothing that lists by cursor know. */
        {"skills.list", NULL, "{'data':[1],'has_more':false,'next_page':'p2'}", "/v1/skills?page=p2"},
        /* Files as they were before. */
        {"files.list", NULL, "{'data':[1],'has_more':true,'first_id':'a','last_id':'z'}", "/v1/files?after_id=z"},
        {"files.list", "before_id=k", "{'has_more':true,'first_id':'a','last_id':'z'}", "/v1/files?before_id=a"},
        {"files.list", NULL, "{'data':[1],'has_more':false,'first_id':'a','last_id':'z'}", NULL},
        {"beta.sessions.list", NULL, "{'data':[],'next_page':'n','prev_page':'p'}", "/v1/sessions?page=n"},
        {"beta.sessions.list", NULL, "{'data':[1],'next_page':null,'prev_page':'p'}", NULL},
        {"beta.organization.analytics.cost.list", NULL, "{'has_more':true,'next_page':'n'}",
         "/v1/organizations/analytics/cost?page=n"},
        {"beta.organization.analytics.cost.list", NULL, "{'has_more':false,'next_page':'n'}", NULL},
        {"beta.organization.analytics.cost.list", NULL, "{'has_more':true,'next_page':null}", NULL},
    };
    static const struct turn back[] = {
        {"beta.sessions.list", "page=n", "{'data':[1],'next_page':'n','prev_page':'p'}", "/v1/sessions?page=p"},
        {"beta.sessions.list", NULL, "{'data':[1],'next_page':'n','prev_page':null}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++)
        check(&turns[i], false);
    for (size_t i = 0; i < sizeof back / sizeof back[0]; i++)
        check(&back[i], true);
}

static void skills_as_they_were(void **state)
{
    claude_response_t *page = response_of("{'data':[1],'has_more':true,'next_page':'t2'}");
    claude_response_t *last = response_of("{'data':[1],'has_more':false,'next_page':'t3'}");
    claude_request_t *request = request_for("skills.list");
    claude_request_t *next = NULL;
    claude_request_t *none = NULL;
    char *target;

    (void)state;
    OK(claude_request_add_beta(request, "other-1,skills-2025-10-02", &err));
    OK(claude_page_next(request, page, &next, &err));
    target = target_of(next);
    assert_string_equal(target, "/v1/skills?page_token=t2");
    GIVES(CLAUDE_DONE, claude_page_next(next, last, &none, &err));
    assert_null(none);
    free(target);
    claude_request_unref(next);
    claude_request_unref(request);
    claude_response_unref(page);
    claude_response_unref(last);
}

static void everything_else_is_kept(void **state)
{
    claude_response_t *page = response_of("{'data':[],'next_page':'p2'}");
    claude_request_t *request = request_for("skills.versions.list");
    claude_request_t *next = NULL;
    cl_snapshot snapshot;
    char *target;

    (void)state;
    OK(claude_request_set_path(request, "skill_id", "a/b", &err));
    OK(claude_request_set_header(request, "x-a", "1", &err));
    OK(claude_request_add_query(request, "page", "p1", &err));
    OK(claude_request_add_query(request, "ids[]", "1", &err));
    OK(claude_request_add_query(request, "ids[]", "2", &err));
    OK(claude_request_add_beta(request, "b-1", &err));
    OK(claude_page_next(request, page, &next, &err));
    target = target_of(next);
    assert_string_equal(target, "/v1/skills/a%2Fb/versions?ids%5B%5D=1&ids%5B%5D=2&page=p2");
    free(target);
    assert_int_equal(cl_request_snapshot(next, false, &snapshot, NULL), CLAUDE_OK);
    assert_string_equal(snapshot.betas, "b-1");
    assert_int_equal(snapshot.headers.count, 1);
    cl_snapshot_free(&snapshot);
    target = target_of(request);
    assert_string_equal(target, "/v1/skills/a%2Fb/versions?page=p1&ids%5B%5D=1&ids%5B%5D=2");
    free(target);
    claude_request_unref(next);
    claude_request_unref(request);
    claude_response_unref(page);
}

static void what_is_no_list(void **state)
{
    claude_response_t *page = response_of("{'data':[],'has_more':true,'last_id':'z','next_page':'p2'}");
    claude_response_t *array = response_of("[1]");
    claude_response_t *nul = response_of("{'next_page':'a\\u0000b'}");
    claude_request_t *list = request_for("files.list");
    claude_request_t *ids = request_for("models.list");
    claude_request_t *report = request_for("beta.organization.analytics.cost.list");
    claude_request_t *message = request_for("messages.create");
    claude_request_t *out = NULL;

    (void)state;
    FAILS(CLAUDE_E_INVALID, "messages.create is no list", claude_page_next(message, page, &out, &err));
    FAILS(CLAUDE_E_INVALID, "messages.create is no list", claude_page_previous(message, page, &out, &err));
    FAILS(CLAUDE_E_INVALID, "files.list only goes forward", claude_page_previous(list, page, &out, &err));
    FAILS(CLAUDE_E_INVALID, "only goes forward", claude_page_previous(report, page, &out, &err));
    FAILS(CLAUDE_E_INVALID, "before_id", claude_page_previous(ids, page, &out, &err));
    FAILS(CLAUDE_E_INVALID, "no JSON object", claude_page_next(list, array, &out, &err));
    FAILS(CLAUDE_E_INVALID, "NUL", claude_page_next(list, nul, &out, &err));
    FAILS(CLAUDE_E_INVALID, "request is NULL", claude_page_next(NULL, page, &out, &err));
    FAILS(CLAUDE_E_INVALID, "page is NULL", claude_page_next(list, NULL, &out, &err));
    FAILS(CLAUDE_E_INVALID, "out is NULL", claude_page_next(list, page, NULL, &err));
    FAILS(CLAUDE_E_INVALID, "another kind", claude_page_next((const void *)page, page, &out, &err));
    assert_null(out);
    claude_request_unref(message);
    claude_request_unref(list);
    claude_request_unref(ids);
    claude_request_unref(report);
    claude_response_unref(page);
    claude_response_unref(array);
    claude_response_unref(nul);
}

static void pages_of_nothing(void **state)
{
    claude_config_t *config = NULL;
    claude_client_t *client = NULL;
    claude_request_t *message = request_for("messages.create");
    claude_request_t *incomplete = request_for("skills.versions.list");
    claude_pages_t *pages = NULL;
    claude_response_t *page = NULL;
    const char *json = NULL;

    (void)state;
    OK(claude_config_new(&config, &err));
    OK(claude_config_set(config, "auth.style", "none", &err));
    OK(claude_client_new(config, &client, &err));
    FAILS(CLAUDE_E_INVALID, "no list", claude_pages_new(client, message, &pages, &err));
    FAILS(CLAUDE_E_INVALID, "skill_id is missing", claude_pages_new(client, incomplete, &pages, &err));
    FAILS(CLAUDE_E_INVALID, "client is NULL", claude_pages_new(NULL, message, &pages, &err));
    FAILS(CLAUDE_E_INVALID, "request is NULL", claude_pages_new(client, NULL, &pages, &err));
    FAILS(CLAUDE_E_INVALID, "out is NULL", claude_pages_new(client, message, NULL, &err));
    FAILS(CLAUDE_E_INVALID, "pages is NULL", claude_pages_next(NULL, 0, &page, &err));
    FAILS(CLAUDE_E_INVALID, "pages is NULL", claude_pages_next_item(NULL, 0, &json, NULL, &err));
    FAILS(CLAUDE_E_INVALID, "another kind", claude_pages_next_item((void *)client, 0, &json, NULL, &err));
    assert_null(claude_pages_ref(NULL));
    claude_pages_unref(NULL);
    assert_null(pages);
    claude_request_unref(message);
    claude_request_unref(incomplete);
    claude_client_unref(client);
    claude_config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_by_ids),        cmocka_unit_test(lists_by_cursor),
        cmocka_unit_test(skills_as_they_were), cmocka_unit_test(everything_else_is_kept),
        cmocka_unit_test(what_is_no_list),     cmocka_unit_test(pages_of_nothing),
    };

    return cmocka_run_group_tests_name("api.page", tests, NULL, NULL);
}
