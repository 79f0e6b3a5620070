/* Files and skills: what is uploaded arrives byte for byte, and can be listed, read and deleted. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#include <claude/page.h>
#include <claude/skill.h>

enum { FILE_BYTES = 3000000 };

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 2654435761u >> 13);
}

static claude_file_t *file_on_disk(char *path)
{
    FILE *out = fdopen(mkstemp(path), "w");
    claude_file_t *file = NULL;
    claude_error_t *err = NULL;

    assert_non_null(out);
    for (size_t i = 0; i < FILE_BYTES; i++)
        fputc(byte_at(i), out);
    fclose(out);
    succeeds(claude_file_open(path, &file, &err), err);
    return file;
}

static claude_request_t *of_file(const char *endpoint, const char *id)
{
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;

    succeeds(claude_request_new(endpoint, &request, &err), err);
    succeeds(claude_request_set_path(request, "file_id", id, &err), err);
    return request;
}

static void read_back(claude_client_t *client, const char *id)
{
    claude_request_t *request = NULL;
    claude_call_t *call = NULL;
    claude_error_t *err = NULL;
    unsigned char block[10007];
    size_t got = 0;
    size_t at = 0;
    claude_code_t rc;

    succeeds(claude_file_download_request(id, &request, &err), err);
    call = start_stream(client, request);
    while ((rc = claude_call_read(call, block, sizeof block, -1, &got, &err)) == 1) {
        for (size_t i = 0; i < got; i++, at++) {
            if (block[i] != byte_at(at))
                fail_msg("byte %zu is another one", at);
        }
    }
    succeeds(rc, err);
    assert_int_equal(rc, CLAUDE_DONE);
    assert_int_equal(at, FILE_BYTES);
    claude_call_unref(call);
    claude_request_unref(request);
}

static void a_file_goes_there_and_back(void **state)
{
    char path[] = "/tmp/test_files_XXXXXX";
    claude_client_t *client = new_client();
    claude_file_t *file = file_on_disk(path);
    claude_request_t *request = NULL;
    claude_request_t *remove;
    claude_response_t *uploaded;
    claude_response_t *deleted;
    claude_error_t *err = NULL;
    char id[100];

    (void)state;
    succeeds(claude_file_upload_request(file, &request, &err), err);
    uploaded = execute(client, request);
    assert_int_equal(claude_response_int(uploaded, "/size_bytes", -1), FILE_BYTES);
    assert_string_equal(claude_response_string(uploaded, "/filename", NULL), claude_file_name(file));
    snprintf(id, sizeof id, "%s", claude_response_id(uploaded));
    read_back(client, id);
    remove = of_file("files.delete", id);
    deleted = execute(client, remove);
    assert_string_equal(claude_response_string(deleted, "/type", NULL), "file_deleted");
    claude_error_unref(execute_fails(client, remove, CLAUDE_E_NOT_FOUND));
    unlink(path);
    claude_response_unref(deleted);
    claude_response_unref(uploaded);
    claude_request_unref(remove);
    claude_request_unref(request);
    claude_file_unref(file);
    claude_client_unref(client);
}

/* ---- skills ---- */

static void put(const char *folder, const char *name, const char *text)
{
    char *path = format("%s/%s", folder, name);
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    free(path);
}

static void make_skill(char *root, char **folder)
{
    char *sub;

    assert_non_null(mkdtemp(root));
    *folder = format("%s/my-skill", root);
    sub = format("%s/scripts", *folder);
    assert_int_equal(mkdir(*folder, 0700), 0);
    assert_int_equal(mkdir(sub, 0700), 0);
    put(*folder, "SKILL.md", "---\nname: my-skill\ndescription: Does it.\n---\n");
    put(sub, "run.py", "print(1)\n");
    free(sub);
}

static void remove_skill(const char *root)
{
    char *command = format("rm -rf '%s'", root);

    assert_int_equal(system(command), 0);
    free(command);
}

static void a_skill_and_its_versions(void **state)
{
    char root[] = "/tmp/test_files_XXXXXX";
    claude_client_t *client = new_client();
    claude_request_t *request = NULL;
    claude_request_t *version = NULL;
    claude_response_t *skill;
    claude_response_t *answer;
    claude_error_t *err = NULL;
    const char *body;
    char *folder;

    (void)state;
    make_skill(root, &folder);
    succeeds(claude_skill_from_directory(folder, "My skill", &request, &err), err);
    skill = execute(client, request);
    assert_string_equal(claude_response_string(skill, "/display_name", NULL), "My skill");
    body = text_of(received_at(0), "body");
    assert_contains(body, "name=\"files[]\"; filename=\"my-skill/SKILL.md\"\r\nContent-Type: text/markdown\r\n");
    assert_contains(body, "name=\"files[]\"; filename=\"my-skill/scripts/run.py\"\r\nContent-Type: text/x-python\r\n");
    succeeds(claude_request_new("skills.versions.create", &version, &err), err);
    succeeds(claude_request_set_path(version, "skill_id", claude_response_id(skill), &err), err);
    succeeds(claude_skill_add_directory(version, folder, &err), err);
    answer = execute(client, version);
    assert_string_equal(claude_response_string(answer, "/skill_id", NULL), claude_response_id(skill));
    assert_string_equal(claude_response_string(answer, "/description", NULL), "Does it.");
    remove_skill(root);
    /* What is not there any more cannot be sent. */
    claude_error_unref(execute_fails(client, version, CLAUDE_E_IO));
    free(folder);
    claude_response_unref(answer);
    claude_response_unref(skill);
    claude_request_unref(version);
    claude_request_unref(request);
    claude_client_unref(client);
}

/* ---- counting ---- */

static void tokens_are_counted_before(void **state)
{
    claude_client_t *client = new_client();
    claude_request_t *message = hello();
    claude_request_t *count = NULL;
    claude_response_t *answer;
    claude_error_t *err = NULL;

    (void)state;
    succeeds(claude_request_set_header(message, "x-mine", "1", &err), err);
    succeeds(claude_count_tokens_request(message, &count, &err), err);
    answer = execute(client, count);
    assert_true(claude_response_int(answer, "/input_tokens", -1) > 0);
    assert_string_equal(text_of(received_at(0), "target"), "/v1/messages/count_tokens");
    assert_string_equal(header_of(received_at(0), "x-mine"), "1");
    assert_json_equal(text_of(received_at(0), "body"),
                      "{'model':'claude-opus-5','messages':[{'role':'user','content':'Hello'}]}");
    claude_response_unref(answer);
    claude_request_unref(count);
    claude_request_unref(message);
    claude_client_unref(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_goes_there_and_back),
        TEST(a_skill_and_its_versions),
        TEST(tokens_are_counted_before),
    };

    return RUN_WITH_SERVER(tests);
}
