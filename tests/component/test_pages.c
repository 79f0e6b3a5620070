/* Lists gone through, page by page and item by item, with every kind of list that the API has. */
#include "support.h"

#include <claude/page.h>

static claude_request_t *list_of(const char *endpoint, const char *limit)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_request_new(endpoint, &request, &err), err);
    if (limit)
        succeeds(claude_request_set_query(request, "limit", limit, &err), err);
    return request;
}

/* Takes over the request. */
static claude_pages_t *pages_of(claude_client_t *client, claude_request_t *request)
{
    claude_pages_t *pages = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_pages_new(client, request, &pages, &err), err);
    assert_non_null(pages);
    claude_request_unref(request);
    return pages;
}

/* The ids of all items, separated by spaces; to be freed. */
static char *all_ids(claude_pages_t *pages, size_t *count)
{
    claude_error_t *err = NULL;
    const char *json = NULL;
    size_t len = 0;
    char *ids = strdup("");
    claude_code_t rc;

    *count = 0;
    while ((rc = claude_pages_next_item(pages, -1, &json, &len, &err)) == 1) {
        struct json_object *item = json_tokener_parse(json);
        char *more;
        assert_non_null(item);
        assert_int_equal(len, strlen(json));
        more = format("%s%s ", ids, json_object_to_json_string(json_object_object_get(item, "id")));
        free(ids);
        ids = more;
        json_object_put(item);
        ++*count;
    }
    succeeds(rc, err);
    assert_int_equal(rc, CLAUDE_DONE);
    /* It stays so. */
    assert_int_equal(claude_pages_next_item(pages, -1, &json, &len, &err), CLAUDE_DONE);
    return ids;
}

/* The same items, however many come at once. */
static void check_list(const char *endpoint, size_t least)
{
    claude_client_t *client = new_client();
    claude_pages_t *whole = pages_of(client, list_of(endpoint, "1000"));
    claude_pages_t *pieces = pages_of(client, list_of(endpoint, "2"));
    size_t count = 0;
    size_t again = 0;
    char *ids = all_ids(whole, &count);
    uint64_t before = requests_seen();
    char *ids_again = all_ids(pieces, &again);

    assert_true(count >= least);
    assert_int_equal(count, again);
    assert_string_equal(ids, ids_again);
    assert_true(requests_seen() - before >= (count + 1) / 2);
    free(ids);
    free(ids_again);
    claude_pages_unref(whole);
    claude_pages_unref(pieces);
    claude_client_unref(client);
}

static void every_kind_of_list(void **state)
{
    (void)state;
    check_list("models.list", 3);                            /* by ids */
    check_list("beta.agents.list", 25);                      /* by cursor, with an empty page on the way */
    check_list("beta.sessions.list", 25);                    /* both ways */
    check_list("beta.organization.analytics.cost.list", 25); /* with has_more */
}

static void backwards(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *first = list_of("beta.sessions.list", "10");
    claude_request_t *second = NULL;
    claude_request_t *back = NULL;
    claude_request_t *none = NULL;
    claude_error_t *err = NULL;
    claude_response_t *page = execute(client, first);
    claude_response_t *next;
    claude_response_t *again;

    (void)state;
    assert_int_equal(claude_page_previous(first, page, &none, &err), CLAUDE_DONE);
    succeeds(claude_page_next(first, page, &second, &err), err);
    next = execute(client, second);
    succeeds(claude_page_previous(second, next, &back, &err), err);
    again = execute(client, back);
    assert_string_equal(claude_response_string(page, "/data/0/id", NULL),
                        claude_response_string(again, "/data/0/id", NULL));
    assert_string_not_equal(claude_response_string(page, "/data/0/id", NULL),
                            claude_response_string(next, "/data/0/id", NULL));
    claude_response_unref(page);
    claude_response_unref(next);
    claude_response_unref(again);
    claude_request_unref(first);
    claude_request_unref(second);
    claude_request_unref(back);
    claude_client_unref(client);
}

static void pages_and_items(void **state)
{
    claude_client_t *client = new_client();
    claude_pages_t *pages = pages_of(client, list_of("beta.agents.list", "5"));
    claude_response_t *page = NULL;
    claude_error_t *err = NULL;
    const char *json = NULL;
    char *first;

    (void)state;
    assert_int_equal(requests_seen(), 0);
    assert_int_equal(claude_pages_next(pages, -1, &page, &err), 1);
    assert_int_equal(claude_response_count(page, "/data"), 5);
    /* Items of the page that has come, borrowed until the next call. */
    assert_int_equal(claude_pages_next_item(pages, -1, &json, NULL, &err), 1);
    first = strdup(json);
    assert_int_equal(claude_pages_next_item(pages, 0, &json, NULL, &err), 1);
    assert_string_not_equal(json, first);
    assert_int_equal(requests_seen(), 1);
    claude_response_unref(page);
    /* The next page passes over the rest. */
    assert_int_equal(claude_pages_next(pages, -1, &page, &err), 1);
    assert_int_equal(requests_seen(), 2);
    claude_response_unref(page);
    free(first);
    assert_ptr_equal(claude_pages_ref(pages), pages);
    claude_pages_unref(pages);
    claude_pages_unref(pages);
    claude_client_unref(client);
}

static void time_that_passes_loses_nothing(void **state)
{
    claude_client_t *client = new_client();
    claude_pages_t *pages = pages_of(client, list_of("files.list", NULL));
    claude_pages_t *dropped = pages_of(client, list_of("files.list", NULL));
    claude_response_t *page = NULL;
    claude_error_t *err = NULL;
    const char *json = NULL;

    (void)state;
    script("{'delay_ms':150,'body_json':{'data':[7],'next_page':null}}");
    assert_int_equal(claude_pages_next(pages, 0, &page, &err), 0);
    assert_int_equal(claude_pages_next_item(pages, 10, &json, NULL, &err), 0);
    assert_null(page);
    assert_null(json);
    assert_int_equal(claude_pages_next_item(pages, -1, &json, NULL, &err), 1);
    assert_string_equal(json, "7");
    assert_int_equal(claude_pages_next(pages, -1, &page, &err), CLAUDE_DONE);
    assert_int_equal(requests_seen(), 1);
    /* One that is under way is cancelled with its pages. */
    assert_int_equal(claude_pages_next(dropped, 0, &page, &err), 0);
    claude_pages_unref(dropped);
    claude_pages_unref(pages);
    claude_client_unref(client);
}

static void a_page_that_fails_can_be_asked_for_again(void **state)
{
    claude_client_t *client = new_client();
    claude_pages_t *pages = pages_of(client, list_of("files.list", NULL));
    claude_error_t *err = NULL;
    const char *json = NULL;

    (void)state;
    script("{'sequence':[{'body_json':{'data':[1],'next_page':'p2'}},{'status':529,'error':{'type':'overloaded_error',"
           "'message':'busy'}},{'body_json':{'data':[2],'next_page':null}}]}");
    assert_int_equal(claude_pages_next_item(pages, -1, &json, NULL, &err), 1);
    assert_string_equal(json, "1");
    fails(claude_pages_next_item(pages, -1, &json, NULL, &err), CLAUDE_E_OVERLOADED, &err);
    assert_int_equal(claude_pages_next_item(pages, -1, &json, NULL, &err), 1);
    assert_string_equal(json, "2");
    assert_int_equal(claude_pages_next_item(pages, -1, &json, NULL, &err), CLAUDE_DONE);
    assert_int_equal(requests_seen(), 3);
    assert_string_equal(text_of(received_at(1), "target"), "/v1/files?page=p2");
    assert_string_equal(text_of(received_at(2), "target"), "/v1/files?page=p2");
    claude_pages_unref(pages);
    claude_client_unref(client);
}

static void lists_without_end(void **state)
{
    claude_client_t *client = new_client();
    claude_pages_t *same = pages_of(client, list_of("files.list", NULL));
    claude_pages_t *round = pages_of(client, list_of("files.list", NULL));
    claude_response_t *page = NULL;
    claude_error_t *err = NULL;

    (void)state;
    script("{'body_json':{'data':[1],'next_page':'same'}}");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(claude_pages_next(same, -1, &page, &err), 1);
        claude_response_unref(page);
    }
    fails(claude_pages_next(same, -1, &page, &err), CLAUDE_E_PROTOCOL, &err);
    fails(claude_pages_next(same, -1, &page, &err), CLAUDE_E_PROTOCOL, &err);
    assert_int_equal(requests_seen(), 2);
    script("{'sequence':[{'body_json':{'data':[1],'next_page':'a'}},{'body_json':{'data':[1],'next_page':'b'}},"
           "{'body_json':{'data':[1],'next_page':'a'}}]}");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(claude_pages_next(round, -1, &page, &err), 1);
        claude_response_unref(page);
    }
    fails(claude_pages_next(round, -1, &page, &err), CLAUDE_E_PROTOCOL, &err);
    claude_pages_unref(same);
    claude_pages_unref(round);
    claude_client_unref(client);
}

static void pages_without_items(void **state)
{
    claude_client_t *client = new_client();
    claude_pages_t *pages = pages_of(client, list_of("files.list", NULL));
    claude_error_t *err = NULL;
    const char *json = NULL;

    (void)state;
    script("{'sequence':[{'body_json':{'items':[1],'next_page':'p2'}},{'body_json':{'data':null,'next_page':'p3'}},"
           "{'body_json':{'data':[],'next_page':'p4'}},{'body_json':{'data':[{'id': 1.0}],'next_page':null}}]}");
    fails(claude_pages_next_item(pages, -1, &json, NULL, &err), CLAUDE_E_PROTOCOL, &err);
    assert_int_equal(claude_pages_next_item(pages, -1, &json, NULL, &err), 1);
    assert_json_equal(json, "{'id':1.0}");
    claude_pages_unref(pages);
    claude_client_unref(client);
}

struct reentry {
    claude_pages_t *pages;
    claude_code_t rc;
    int drops;
};

/* A claude_sign_fn that does what must not be done. */
static int32_t enter_again(claude_sign_t *sign, void *user_data)
{
    struct reentry *reentry = user_data;
    claude_response_t *page = NULL;

    (void)sign;
    reentry->rc = claude_pages_next(reentry->pages, -1, &page, NULL);
    assert_null(page);
    if (reentry->drops-- > 0)
        claude_pages_unref(reentry->pages);
    return 0;
}

static void from_inside_a_callback(void **state)
{
    struct reentry reentry = {NULL, 0, 1};
    claude_config_t *config = new_config();
    claude_client_t *client;
    claude_response_t *page = NULL;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_config_on_sign(config, enter_again, &reentry, NULL, &err), err);
    client = client_of(config);
    reentry.pages = pages_of(client, list_of("beta.agents.list", NULL));
    assert_int_equal(claude_pages_next(reentry.pages, -1, &page, &err), 1);
    assert_int_equal(reentry.rc, CLAUDE_E_BUSY);
    assert_int_equal(claude_response_count(page, "/data"), 20);
    claude_response_unref(page);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_list),
        TEST(backwards),
        TEST(pages_and_items),
        TEST(time_that_passes_loses_nothing),
        TEST(a_page_that_fails_can_be_asked_for_again),
        TEST(lists_without_end),
        TEST(pages_without_items),
        TEST(from_inside_a_callback),
    };

    return RUN_WITH_SERVER(tests);
}
