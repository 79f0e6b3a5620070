/* Uploads of files and skills, a skill of a directory, tokens counted of a message's request. */
#include "testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/uploads.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_skill_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[2][400];
    static int turn;

    turn = 1 - turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void make_dir(const char *name)
{
    assert_int_equal(mkdir(path_of(name), 0700), 0);
}

/* With a hole for what is more than the text. */
static void make_file(const char *name, const char *text, off_t size)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    if (size > 0)
        assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static claude_file_t *file_named(const char *name)
{
    claude_file_t *file = NULL;

    OK(claude_file_from_bytes("abc", 3, name, &file, &err));
    return file;
}

/* ---- files ---- */

static void a_file_is_uploaded(void **state)
{
    claude_file_t *file = file_named("a.txt");
    claude_request_t *request = NULL;
    size_t len = 0;
    char *body;

    (void)state;
    OK(claude_file_upload_request(file, &request, &err));
    assert_string_equal(claude_request_endpoint(request), "files.upload");
    body = body_of(request, 100, &len);
    assert_non_null(strstr(body, "name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nabc\r\n"));
    free(body);
    claude_request_unref(request);
    claude_file_unref(file);
}

static void files_that_are_not_taken(void **state)
{
    claude_file_t *none = file_named(NULL);
    claude_request_t *request = NULL;
    claude_file_t *file = NULL;
    char name[600] = "";

    (void)state;
    FAILS(CLAUDE_E_INVALID, "0 characters", claude_file_upload_request(none, &request, &err));
    claude_file_unref(none);
    /* Characters, not bytes. */
    for (int i = 0; i < 255; i++)
        strcat(name, "\xc3\xa9");
    file = file_named(name);
    OK(claude_file_upload_request(file, &request, &err));
    claude_request_unref(request);
    claude_file_unref(file);
    strcat(name, "x");
    file = file_named(name);
    FAILS(CLAUDE_E_INVALID, "256 characters", claude_file_upload_request(file, &request, &err));
    claude_file_unref(file);
    make_file("large", "x", (off_t)CL_FILE_SIZE_MAX);
    OK(claude_file_open(path_of("large"), &file, &err));
    OK(claude_file_upload_request(file, &request, &err));
    claude_request_unref(request);
    claude_file_unref(file);
    make_file("large", "x", (off_t)CL_FILE_SIZE_MAX + 1);
    OK(claude_file_open(path_of("large"), &file, &err));
    FAILS(CLAUDE_E_INVALID, "524288001 bytes", claude_file_upload_request(file, &request, &err));
    FAILS(CLAUDE_E_INVALID, "out is NULL", claude_file_upload_request(file, NULL, &err));
    FAILS(CLAUDE_E_INVALID, "file is NULL", claude_file_upload_request(NULL, &request, &err));
    claude_file_unref(file);
}

static void a_file_is_downloaded(void **state)
{
    claude_request_t *request = NULL;
    char *target;

    (void)state;
    OK(claude_file_download_request("file/1", &request, &err));
    target = target_of(request);
    assert_string_equal(target, "/v1/files/file%2F1/content");
    free(target);
    claude_request_unref(request);
    FAILS(CLAUDE_E_INVALID, "file_id is empty", claude_file_download_request("", &request, &err));
    FAILS(CLAUDE_E_INVALID, "file_id", claude_file_download_request("..", &request, &err));
    FAILS(CLAUDE_E_INVALID, "file_id is NULL", claude_file_download_request(NULL, &request, &err));
}

/* ---- skills ---- */

static claude_code_t create(const char *const *names, size_t count, claude_request_t **out, claude_error_t **err)
{
    claude_file_t *files[8];
    claude_code_t rc;

    for (size_t i = 0; i < 8; i++)
        files[i] = file_named("f");
    rc = claude_skill_create_request("My skill", files, names, count, out, err);
    for (size_t i = 0; i < 8; i++)
        claude_file_unref(files[i]);
    return rc;
}

static void a_skill_of_files(void **state)
{
    static const char *const names[] = {"my/z.md", "my/SKILL.md", "my/sub/a.py"};
    claude_request_t *request = NULL;
    size_t len = 0;
    const char *at;
    char *body;

    (void)state;
    OK(create(names, 3, &request, &err));
    assert_string_equal(claude_request_endpoint(request), "skills.create");
    body = body_of(request, 100, &len);
    at = strstr(body, "name=\"display_name\"\r\n\r\nMy skill\r\n");
    assert_non_null(at);
    for (int i = 0; i < 3; i++) {
        char part[100];
        snprintf(part, sizeof part, "name=\"files[]\"; filename=\"%s\"", names[i]);
        at = strstr(at, part);
        assert_non_null(at);
    }
    free(body);
    claude_request_unref(request);
}

static void skills_that_are_none(void **state)
{
    static const struct {
        const char *names[2];
        const char *text;
    } cases[] = {
        {{"my/a.md", "my/b.md"}, "no SKILL.md"},
        {{"my/a.md", "my/sub/SKILL.md"}, "no SKILL.md"},
        {{"my/a.md", "my/skill.md"}, "no SKILL.md"},
        {{"SKILL.md", "a.md"}, "one top folder"},
        {{"my/SKILL.md", "other/a.md"}, "one top folder"},
        {{"my/SKILL.md", "my2/a.md"}, "one top folder"},
        {{"my/SKILL.md", "my"}, "one top folder"},
        {{"my/SKILL.md", "my/SKILL.md"}, "twice"},
        {{"my/SKILL.md", "my/../a"}, "no path"},
        {{"my/SKILL.md", "my/./a"}, "no path"},
        {{"my/SKILL.md", "my//a"}, "no path"},
        {{"my/SKILL.md", "my/a/"}, "no path"},
        {{"/my/SKILL.md", "/my/a"}, "no path"},
        {{"../SKILL.md", "../a"}, "no path"},
        {{"", "a"}, "no path"},
    };
    claude_file_t *files[1] = {NULL};
    const char *const names[1] = {"my/SKILL.md"};
    claude_request_t *request = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        FAILS(CLAUDE_E_INVALID, cases[i].text, create(cases[i].names, 2, &request, &err));
    FAILS(CLAUDE_E_INVALID, "0 files", create(cases[0].names, 0, &request, &err));
    FAILS(CLAUDE_E_INVALID, "a file of the skill is NULL",
          claude_skill_create_request(NULL, files, names, 1, &request, &err));
    FAILS(CLAUDE_E_INVALID, "files is NULL", claude_skill_create_request(NULL, NULL, names, 1, &request, &err));
    FAILS(CLAUDE_E_INVALID, "names is NULL", claude_skill_create_request(NULL, files, NULL, 1, &request, &err));
    assert_null(request);
}

static void how_much_a_skill_has(void **state)
{
    enum { MANY = CL_SKILL_FILES_MAX + 1 };
    static char texts[MANY][24];
    static const char *names[MANY];
    static claude_file_t *files[MANY];
    claude_request_t *request = NULL;
    char display[300];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], i == 0 ? "my/SKILL.md" : "my/%d", i);
        names[i] = texts[i];
        files[i] = file_named("f");
    }
    OK(claude_skill_create_request(NULL, files, names, MANY - 1, &request, &err));
    claude_request_unref(request);
    FAILS(CLAUDE_E_INVALID, "1001 files", claude_skill_create_request(NULL, files, names, MANY, &request, &err));
    /* The rest of a longer array is not even looked at. */
    FAILS(CLAUDE_E_INVALID, "1001 files", claude_skill_create_request(NULL, files, names, SIZE_MAX, &request, &err));
    make_file("large", "x", (off_t)CL_SKILL_SIZE_MAX - 3);
    claude_file_unref(files[0]);
    OK(claude_file_open(path_of("large"), &files[0], &err));
    OK(claude_skill_create_request(NULL, files, names, 2, &request, &err));
    claude_request_unref(request);
    FAILS(CLAUDE_E_INVALID, "more than 31457280 bytes",
          claude_skill_create_request(NULL, files, names, 3, &request, &err));
    memset(display, 'd', sizeof display);
    display[255] = '\0';
    OK(claude_skill_create_request(display, files, names, 1, &request, &err));
    claude_request_unref(request);
    display[255] = 'd';
    display[256] = '\0';
    FAILS(CLAUDE_E_INVALID, "256 characters", claude_skill_create_request(display, files, names, 1, &request, &err));
    FAILS(CLAUDE_E_INVALID, "0 characters", claude_skill_create_request("", files, names, 1, &request, &err));
    for (int i = 0; i < MANY; i++)
        claude_file_unref(files[i]);
}

static void make_skill(void)
{
    make_dir("my");
    make_dir("my/b");
    make_dir("my/b/empty");
    make_file("my/SKILL.md", "---\n", 0);
    make_file("my/c.md", "c", 0);
    make_file("my/b/z.py", "z", 0);
    make_file("my/b/a.txt", "a", 0);
    make_file("my/.hidden", "h", 0);
}

static void a_skill_of_a_directory(void **state)
{
    static const char *const parts[] = {"my/.hidden", "my/SKILL.md", "my/b/a.txt", "my/b/z.py", "my/c.md"};
    claude_request_t *version = request_for("skills.versions.create");
    claude_request_t *request = NULL;
    const char *at;
    size_t len = 0;
    char *body;

    (void)state;
    make_skill();
    OK(claude_skill_from_directory(path_of("my"), NULL, &request, &err));
    body = body_of(request, 100, &len);
    at = body;
    assert_null(strstr(body, "display_name"));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char part[100];
        snprintf(part, sizeof part, "name=\"files[]\"; filename=\"%s\"", parts[i]);
        at = strstr(at, part);
        assert_non_null(at);
    }
    assert_null(strstr(at + 30, "filename"));
    free(body);
    claude_request_unref(request);
    /* However the directory is written, its own name is what counts. */
    OK(claude_request_set_path(version, "skill_id", "s", &err));
    OK(claude_skill_add_directory(version, path_of("my/b/../"), &err));
    body = body_of(version, 100, &len);
    assert_non_null(strstr(body, "filename=\"my/SKILL.md\""));
    free(body);
    claude_request_unref(version);
}

static void directories_that_are_no_skill(void **state)
{
    claude_request_t *list = request_for("models.list");
    claude_request_t *request = NULL;

    (void)state;
    FAILS(CLAUDE_E_IO, "it does not exist", claude_skill_from_directory(path_of("my"), NULL, &request, &err));
    make_skill();
    FAILS(CLAUDE_E_INVALID, "no SKILL.md", claude_skill_from_directory(path_of("my/b"), NULL, &request, &err));
    FAILS(CLAUDE_E_INVALID, "0 files", claude_skill_from_directory(path_of("my/b/empty"), NULL, &request, &err));
    FAILS(CLAUDE_E_IO, "not a directory", claude_skill_from_directory(path_of("my/SKILL.md"), NULL, &request, &err));
    FAILS(CLAUDE_E_INVALID, "does not take a form", claude_skill_add_directory(list, path_of("my"), &err));
    assert_int_equal(symlink("/etc/passwd", path_of("my/b/link")), 0);
    FAILS(CLAUDE_E_INVALID, "a symbolic link", claude_skill_from_directory(path_of("my"), NULL, &request, &err));
    assert_int_equal(unlink(path_of("my/b/link")), 0);
    assert_int_equal(symlink("b", path_of("my/b2")), 0);
    FAILS(CLAUDE_E_INVALID, "a symbolic link", claude_skill_from_directory(path_of("my"), NULL, &request, &err));
    assert_int_equal(unlink(path_of("my/b2")), 0);
    assert_int_equal(mkfifo(path_of("my/pipe"), 0600), 0);
    FAILS(CLAUDE_E_INVALID, "a pipe", claude_skill_from_directory(path_of("my"), NULL, &request, &err));
    assert_int_equal(unlink(path_of("my/pipe")), 0);
    make_file("my/bad\xff", "x", 0);
    FAILS(CLAUDE_E_INVALID, "UTF-8", claude_skill_from_directory(path_of("my"), NULL, &request, &err));
    assert_int_equal(unlink(path_of("my/bad\xff")), 0);
    make_file("my/large", "x", (off_t)CL_SKILL_SIZE_MAX + 1);
    FAILS(CLAUDE_E_INVALID, "more than", claude_skill_from_directory(path_of("my"), NULL, &request, &err));
    FAILS(CLAUDE_E_INVALID, "no skill", claude_skill_from_directory("/", NULL, &request, &err));
    FAILS(CLAUDE_E_INVALID, "path is NULL", claude_skill_from_directory(NULL, NULL, &request, &err));
    FAILS(CLAUDE_E_INVALID, "request is NULL", claude_skill_add_directory(NULL, folder, &err));
    assert_null(request);
    claude_request_unref(list);
}

static void a_directory_with_too_many_files(void **state)
{
    claude_request_t *request = NULL;
    char name[40];

    (void)state;
    make_dir("my");
    make_file("my/SKILL.md", "", 0);
    for (int i = 1; i <= CL_SKILL_FILES_MAX; i++) {
        if (i == CL_SKILL_FILES_MAX) {
            OK(claude_skill_from_directory(path_of("my"), NULL, &request, &err));
            claude_request_unref(request);
        }
        snprintf(name, sizeof name, "my/%d", i);
        make_file(name, "", 0);
    }
    FAILS(CLAUDE_E_INVALID, "more than 1000 files", claude_skill_from_directory(path_of("my"), NULL, &request, &err));
}

/* ---- counting ---- */

static void a_message_becomes_its_count(void **state)
{
    claude_request_t *message =
        message_of("{'model':'m','max_tokens':5,'stream':true,'temperature':1,'metadata':{},'system':'s','tools':[],"
                   "'tool_choice':{},'thinking':{},'cache_control':{},'output_config':{},'speed':'fast',"
                   "'mcp_servers':[],'context_management':{},'unknown':1,'messages':[{'x':1.0}]}");
    claude_request_t *count = NULL;
    cl_snapshot snapshot;
    size_t len = 0;
    char *expected = quoted("{'model':'m','system':'s','tools':[],'tool_choice':{},'thinking':{},'cache_control':{},"
                            "'output_config':{},'speed':'fast','mcp_servers':[],'context_management':{},"
                            "'messages':[{'x':1.0}]}");
    char *body;

    (void)state;
    OK(claude_request_set_header(message, "x-a", "1", &err));
    OK(claude_request_add_beta(message, "b-1", &err));
    OK(claude_count_tokens_request(message, &count, &err));
    assert_string_equal(claude_request_endpoint(count), "messages.count_tokens");
    body = body_of(count, 100, &len);
    assert_string_equal(body, expected);
    free(body);
    free(expected);
    assert_int_equal(cl_request_snapshot(count, false, &snapshot, NULL), CLAUDE_OK);
    assert_string_equal(snapshot.betas, "b-1");
    assert_int_equal(snapshot.headers.count, 1);
    assert_string_equal(snapshot.target, "/v1/messages/count_tokens");
    assert_false(snapshot.stream);
    cl_snapshot_free(&snapshot);
    /* The message is as it was. */
    assert_non_null(strstr(claude_request_json(message, NULL), "max_tokens"));
    assert_string_equal(claude_request_endpoint(message), "messages.create");
    claude_request_unref(count);
    claude_request_unref(message);
}

static void a_count_of_setters_and_files(void **state)
{
    claude_request_t *message = request_for("messages.create");
    claude_file_t *file = file_named("f");
    claude_request_t *count = NULL;
    char json[100];
    size_t len = 0;
    char *body;

    (void)state;
    OK(claude_request_set_model(message, "m", &err));
    OK(claude_request_set_max_tokens(message, 5, &err));
    OK(claude_request_attach(message, file, &err));
    snprintf(json, sizeof json, "\"%s\"", claude_file_token(file));
    OK(claude_request_set_field(message, "/messages/-/content", json, CLAUDE_NTS, &err));
    OK(claude_count_tokens_request(message, &count, &err));
    body = body_of(count, 100, &len);
    assert_string_equal(body, "{\"model\":\"m\",\"messages\":[{\"content\":\"YWJj\"}]}");
    free(body);
    claude_request_unref(count);
    claude_file_unref(file);
    claude_request_unref(message);
}

static void counts_of_nothing(void **state)
{
    claude_request_t *list = request_for("models.list");
    claude_request_t *empty = request_for("messages.create");
    claude_request_t *count = NULL;

    (void)state;
    FAILS(CLAUDE_E_INVALID, "not for models.list", claude_count_tokens_request(list, &count, &err));
    FAILS(CLAUDE_E_INVALID, "request is NULL", claude_count_tokens_request(NULL, &count, &err));
    FAILS(CLAUDE_E_INVALID, "out is NULL", claude_count_tokens_request(list, NULL, &err));
    assert_null(count);
    /* What is missing is said when it is sent, as always. */
    OK(claude_count_tokens_request(empty, &count, &err));
    claude_request_unref(count);
    claude_request_unref(empty);
    claude_request_unref(list);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_uploaded),
        IN_FOLDER(files_that_are_not_taken),
        cmocka_unit_test(a_file_is_downloaded),
        cmocka_unit_test(a_skill_of_files),
        cmocka_unit_test(skills_that_are_none),
        IN_FOLDER(how_much_a_skill_has),
        IN_FOLDER(a_skill_of_a_directory),
        IN_FOLDER(directories_that_are_no_skill),
        IN_FOLDER(a_directory_with_too_many_files),
        cmocka_unit_test(a_message_becomes_its_count),
        cmocka_unit_test(a_count_of_setters_and_files),
        cmocka_unit_test(counts_of_nothing),
    };

    return cmocka_run_group_tests_name("api.skill", tests, NULL, NULL);
}
