/*
 * INTEGRATION TEST POLICY: REAL API ONLY
 *
 * - This program talks to https://api.anthropic.com and to nothing else. No test doubles of any kind.
 * - Clients come from claude_client_from_workspace() only.
 * - A missing key, a failing network, a refused key, an error from the API: each fails at once and loudly.
 * - Built and scanned in every run, executed only by `scripts/test integration`.
 *
 * Files: uploaded, looked at, listed, asked about, refused as a download, deleted. What a failure leaves behind is
 * deleted by the API after an hour.
 */
#include "real.h"

static const char note[] = "The code word of this note is: heliotrope.\n";

static claude_response_t *upload(claude_client_t *client)
{
    claude_file_t *file = NULL;
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    MUST(claude_file_from_bytes(note, sizeof note - 1, "note.txt", &file, &err));
    MUST(claude_file_upload_request(file, &request, &err));
    MUST(claude_request_add_form_field(request, "expires_in_seconds", "3600", CLAUDE_NTS, &err));
    claude_file_unref(file);
    return answer_to(client, request);
}

static void is_in_the_list(claude_client_t *client, const char *id)
{
    claude_request_t *request = call_for("files.list", NULL, NULL);
    claude_response_t *list;
    claude_error_t *err = NULL;
    MUST(claude_request_add_query(request, "ids[]", id, &err));
    list = answer_to(client, request);
    assert_int_equal(claude_response_count(list, "/data"), 1);
    assert_string_equal(text_at(list, "/data/0/id"), id);
    claude_response_unref(list);
}

static void can_be_asked_about(claude_client_t *client, const char *id)
{
    claude_request_t *request = ask("messages.create", "The code word, please, and nothing else.", 256);
    claude_block_t *document = NULL;
    claude_response_t *answer;
    claude_error_t *err = NULL;
    MUST(claude_block_document_file_id(id, &document, &err));
    MUST(claude_request_append_block(request, document, &err));
    answer = answer_to(client, request);
    assert_non_null(strstr(claude_response_text(answer, NULL), "eliotrope"));
    claude_block_unref(document);
    claude_response_unref(answer);
}

/* The API's own refusals are what is tested here, so these errors do not fail. */
static void is_refused(claude_client_t *client, claude_request_t *request, claude_code_t code)
{
    claude_response_t *response = NULL;
    claude_error_t *err = NULL;
    assert_int_equal(claude_client_execute(client, request, &response, &err), code);
    assert_non_null(claude_error_request_id(err));
    claude_error_unref(err);
    claude_request_unref(request);
}

static void a_file(void **state)
{
    claude_response_t *uploaded = upload(*state);
    const char *id = text_at(uploaded, "/id");
    claude_response_t *metadata = answer_to(*state, call_for("files.retrieve_metadata", "file_id", id));
    assert_string_equal(text_at(metadata, "/filename"), "note.txt");
    assert_int_equal(claude_response_int(metadata, "/size_bytes", -1), sizeof note - 1);
    is_in_the_list(*state, id);
    can_be_asked_about(*state, id);
    is_refused(*state, call_for("files.download", "file_id", id), CLAUDE_E_BAD_REQUEST);
    claude_response_unref(answer_to(*state, call_for("files.delete", "file_id", id)));
    is_refused(*state, call_for("files.retrieve_metadata", "file_id", id), CLAUDE_E_NOT_FOUND);
    claude_response_unref(metadata);
    claude_response_unref(uploaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file),
    };
    return cmocka_run_group_tests(tests, real_client, release_client);
}
