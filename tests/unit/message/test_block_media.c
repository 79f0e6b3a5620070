/* Images and documents: sources, media types against the data, files, what they are, what validation says. */
#include "test_block.h"

#include <fcntl.h>
#include <unistd.h>

#define SOURCE(type, media_type, data)                                                                                 \
    "\"source\":{\"type\":\"" type "\",\"media_type\":\"" media_type "\",\"data\":\"" data "\"}}"
#define IMAGE(media_type, data) "{\"type\":\"image\"," SOURCE("base64", media_type, data)
#define PDF(data) "{\"type\":\"document\"," SOURCE("base64", "application/pdf", data)
#define TEXT(data) "{\"type\":\"document\"," SOURCE("text", "text/plain", data)

/* ---- base64 and bytes ---- */

static void images_of_base64(void **state)
{
    static const char *const cases[][2] = {
        {"image/gif", GIF64},
        {"image/gif", "R0lGODdh"},
        {"image/png", "iVBORw0KGgo="},
        {"image/jpeg", "/9j/4AAQSkZJRg=="},
        {"image/webp", "UklGRgAAAABXRUJQ"},
        {"image/webp", "UklGRv+/+/9XRUJQVlA4"},
    };
    claude_block_t *block = NULL;
    char expected[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(expected, sizeof expected, IMAGE("%s", "%s"), cases[i][0], cases[i][1]);
        WORKS(claude_block_image_base64(cases[i][0], cases[i][1], CLAUDE_NTS, &block, &e));
        assert_string_equal(claude_block_media_type(block), cases[i][0]);
        made(block, expected);
        WORKS(claude_block_image_base64(NULL, cases[i][1], CLAUDE_NTS, &block, &e));
        made(block, expected);
    }
}

static void wrong_images_are_refused(void **state)
{
    claude_block_t *block = NULL;

    (void)state;
    REFUSED("image_empty", "image data is empty", claude_block_image_base64("image/png", "", 0, &block, &e));
    REFUSED("image_media_type", "image media type \"image/bmp\" is not image/jpeg, image/png, image/gif or image/webp",
            claude_block_image_base64("image/bmp", GIF64, CLAUDE_NTS, &block, &e));
    REFUSED("image_media_type", "application/pdf",
            claude_block_image_base64("application/pdf", PDF64, CLAUDE_NTS, &block, &e));
    REFUSED("image_media_type", "\"application/pdf\" is not",
            claude_block_image_base64(NULL, PDF64, CLAUDE_NTS, &block, &e));
    REFUSED("image_media_type_mismatch", "image media type is image/png, but the data is image/gif",
            claude_block_image_base64("image/png", GIF64, CLAUDE_NTS, &block, &e));
    REFUSED("image_media_type_mismatch", "image data does not begin like image/png",
            claude_block_image_base64("image/png", "AAAA", CLAUDE_NTS, &block, &e));
    REFUSED("image_media_type_mismatch", "does not begin like image/jpeg, image/png",
            claude_block_image_base64(NULL, "AAAA", CLAUDE_NTS, &block, &e));
    REFUSED("", "data is NULL", claude_block_image_base64("image/png", NULL, CLAUDE_NTS, &block, &e));
    assert_null(block);
}

/* Padding, the alphabet, bits that are left over, white space: RFC 4648. */
static void base64_is_strict(void **state)
{
    static const struct {
        const char *data;
        const char *text;
    } rows[] = {
        {"R0lGODlhA", "offset 9"},
        {"R0lGODlhAA", "offset 10"},
        {"R0lGODlhAA=", "offset 11"},
        {"R0lGODlhAB==", "offset 9"},
        {"R0lGODlhAAB=", "offset 10"},
        {"R0lG\nODlh", "offset 4"},
        {"R0lGODlh ", "offset 8"},
        {"R0lGODlh-_==", "offset 8"},
        {"R0l=ODlh", "offset 3"},
        {"R0lGODlh====", "offset 8"},
        {"=", "offset 1"},
        {"R0lGOD\xc3\xa9h", "offset 6"},
        {"data:image/gif;base64,R0lGODlh", "offset 4"},
    };
    claude_block_t *block = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        REFUSED("image_base64", rows[i].text,
                claude_block_image_base64("image/gif", rows[i].data, CLAUDE_NTS, &block, &e));
    REFUSED("image_base64", "offset 8", claude_block_image_base64("image/gif", "R0lGODlh\0AA=", 12, &block, &e));
    assert_null(block);
    WORKS(claude_block_image_base64("image/gif", "R0lGODlhAA==", CLAUDE_NTS, &block, &e));
    claude_block_unref(block);
    WORKS(claude_block_image_base64("image/gif", "R0lGODlhAAE=", CLAUDE_NTS, &block, &e));
    claude_block_unref(block);
}

static void bytes_are_encoded(void **state)
{
    static const char *const endings[] = {"", "AA==", "AAA=", "AAAA", "AAAAAA==", NULL};
    char bytes[100] = "GIF89a";
    claude_block_t *block = NULL;
    char expected[200];

    (void)state;
    for (size_t i = 0; endings[i]; i++) {
        snprintf(expected, sizeof expected, IMAGE("image/gif", GIF64 "%s"), endings[i]);
        WORKS(claude_block_image_bytes(bytes, 6 + i, NULL, &block, &e));
        made(block, expected);
    }
    WORKS(claude_block_image_bytes(PNG_HEAD, 8, "image/png", &block, &e));
    made(block, IMAGE("image/png", "iVBORw0KGgo="));
    WORKS(claude_block_document_bytes("%PDF-1.4\n", 9, "application/pdf", &block, &e));
    made(block, PDF("JVBERi0xLjQK"));
    WORKS(claude_block_document_bytes("a\0\"b", 4, NULL, &block, &e));
    made(block, TEXT("a\\u0000\\\"b"));
    block = NULL;
    REFUSED("image_empty", "empty", claude_block_image_bytes(bytes, 0, NULL, &block, &e));
    REFUSED("image_empty", "empty", claude_block_image_bytes(NULL, 0, NULL, &block, &e));
    REFUSED("document_empty", "empty", claude_block_document_bytes("", 0, "text/plain", &block, &e));
    REFUSED("image_media_type_mismatch", "is image/gif", claude_block_image_bytes(bytes, 6, "image/jpeg", &block, &e));
    REFUSED("document_media_type", "image/gif", claude_block_document_bytes(bytes, 6, NULL, &block, &e));
    REFUSED("", "not valid UTF-8 at offset 2", claude_block_document_bytes("ab\xff", 3, NULL, &block, &e));
    REFUSED("", "bytes is NULL", claude_block_image_bytes(NULL, 5, NULL, &block, &e));
    REFUSED("", "CLAUDE_NTS is for text", claude_block_image_bytes("GIF89a", CLAUDE_NTS, NULL, &block, &e));
    assert_null(block);
}

static void documents_of_base64(void **state)
{
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_block_document_base64("application/pdf", PDF64, CLAUDE_NTS, &block, &e));
    assert_string_equal(claude_block_media_type(block), "application/pdf");
    made(block, PDF(PDF64));
    WORKS(claude_block_document_base64(NULL, PDF64, CLAUDE_NTS, &block, &e));
    made(block, PDF(PDF64));
    /* Some programs write something before a PDF's own head. */
    WORKS(claude_block_document_base64("application/pdf", "AAAA", CLAUDE_NTS, &block, &e));
    made(block, PDF("AAAA"));
    WORKS(claude_block_document_base64("text/plain", "aMOpIg==", CLAUDE_NTS, &block, &e));
    assert_string_equal(claude_block_media_type(block), "text/plain");
    made(block, TEXT("h\xc3\xa9\\\""));
    WORKS(claude_block_document_base64(NULL, "aMOpIg==", CLAUDE_NTS, &block, &e));
    made(block, TEXT("h\xc3\xa9\\\""));
    WORKS(claude_block_document_text("t\0", 2, &block, &e));
    made(block, TEXT("t\\u0000"));
    block = NULL;
    REFUSED("document_empty", "document data is empty", claude_block_document_base64(NULL, "", 0, &block, &e));
    REFUSED("document_empty", "document data is empty", claude_block_document_text("", 0, &block, &e));
    REFUSED("document_base64", "not valid base64",
            claude_block_document_base64("text/plain", "a", CLAUDE_NTS, &block, &e));
    REFUSED("document_media_type", "\"text/html\" is not application/pdf or text/plain",
            claude_block_document_base64("text/html", "AAAA", CLAUDE_NTS, &block, &e));
    REFUSED("document_media_type_mismatch", "is text/plain, but the data is application/pdf",
            claude_block_document_base64("text/plain", PDF64, CLAUDE_NTS, &block, &e));
    REFUSED("document_media_type", "\"image/gif\" is not",
            claude_block_document_base64(NULL, GIF64, CLAUDE_NTS, &block, &e));
    REFUSED("", "text of the document is not valid UTF-8 at offset 0",
            claude_block_document_base64(NULL, "/w==", CLAUDE_NTS, &block, &e));
    REFUSED("", "not valid UTF-8", claude_block_document_text("\xc3", 1, &block, &e));
    assert_null(block);
}

static void urls_and_ids(void **state)
{
    claude_block_t *block = NULL;

    (void)state;
    WORKS(claude_block_image_url("https://x/\"", &block, &e));
    assert_null(claude_block_media_type(block));
    made(block, "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://x/\\\"\"}}");
    WORKS(claude_block_image_file_id("file_1", &block, &e));
    made(block, "{\"type\":\"image\",\"source\":{\"type\":\"file\",\"file_id\":\"file_1\"}}");
    WORKS(claude_block_document_url("u", &block, &e));
    made(block, "{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}");
    WORKS(claude_block_document_file_id("f", &block, &e));
    made(block, "{\"type\":\"document\",\"source\":{\"type\":\"file\",\"file_id\":\"f\"}}");
    block = NULL;
    REFUSED("", "url is empty", claude_block_image_url("", &block, &e));
    REFUSED("", "file_id is empty", claude_block_document_file_id("", &block, &e));
    REFUSED("", "url is not valid UTF-8", claude_block_document_url("\xff", &block, &e));
    assert_null(block);
}

/* ---- files ---- */

static char path[64];

static const char *file_with(const char *suffix, const void *bytes, size_t len)
{
    int fd;

    snprintf(path, sizeof path, "/tmp/claude-test-XXXXXX%s", suffix);
    fd = mkostemps(path, (int)strlen(suffix), O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    return path;
}

static void files_are_stood_for(void **state)
{
    claude_block_t *block = NULL;
    claude_file_t *file = NULL;
    char expected[200];

    (void)state;
    WORKS(claude_file_from_bytes("GIF89a.", 7, "x.png", &file, &e));
    WORKS(claude_block_image_file(file, &block, &e));
    snprintf(expected, sizeof expected, IMAGE("image/gif", "%s"), claude_file_token(file));
    block_is(block, expected);
    assert_int_equal(claude_block_estimated_size_bytes(block), 7);
    assert_int_equal(claude_block_is_valid_base64(block), 1);
    assert_int_equal(claude_block_is_valid(block), 1);
    claude_file_unref(file);
    /* The block keeps the file. */
    assert_int_equal(claude_block_estimated_size_bytes(block), 7);
    claude_block_unref(block);
    WORKS(claude_block_image_path(file_with(".png", PNG_HEAD "rest", 12), &block, &e));
    unlink(path);
    assert_string_equal(claude_block_media_type(block), "image/png");
    assert_int_equal(claude_block_estimated_size_bytes(block), 12);
    assert_non_null(strstr(claude_block_to_json(block, NULL), "\"data\":\"claude-file:"));
    claude_block_unref(block);
    WORKS(claude_block_document_path(file_with("", "%PDF-1.4", 8), &block, &e));
    unlink(path);
    assert_non_null(strstr(claude_block_to_json(block, NULL), "\"application/pdf\",\"data\":\"claude-file:"));
    claude_block_unref(block);
    WORKS(claude_block_document_path(file_with(".pdf", "\n%PDF-1.4", 9), &block, &e));
    unlink(path);
    assert_non_null(strstr(claude_block_to_json(block, NULL), "\"application/pdf\",\"data\":\"claude-file:"));
    claude_block_unref(block);
    /* Text is sent as text. */
    WORKS(claude_block_document_path(file_with(".txt", "a\"\xc3\xa9\0", 5), &block, &e));
    unlink(path);
    made(block, TEXT("a\\\"\xc3\xa9\\u0000"));
    WORKS(claude_block_document_path(file_with(".md", "# a", 3), &block, &e));
    unlink(path);
    made(block, TEXT("# a"));
    WORKS(claude_file_from_bytes("text", 4, NULL, &file, &e));
    WORKS(claude_block_document_file(file, &block, &e));
    made(block, TEXT("text"));
    claude_file_unref(file);
}

static void wrong_files_are_refused(void **state)
{
    claude_block_t *block = NULL;
    claude_error_t *error = NULL;

    (void)state;
    REFUSED("image_media_type", "is not image/jpeg", claude_block_image_path(file_with(".png", "text", 4), &block, &e));
    unlink(path);
    REFUSED("image_media_type", "is not image/jpeg",
            claude_block_image_path(file_with(".png", "%PDF-", 5), &block, &e));
    unlink(path);
    REFUSED("image_empty", "image data is empty", claude_block_image_path(file_with(".png", "", 0), &block, &e));
    unlink(path);
    REFUSED("document_empty", "document data is empty",
            claude_block_document_path(file_with(".pdf", "", 0), &block, &e));
    unlink(path);
    REFUSED("document_media_type", "is not application/pdf",
            claude_block_document_path(file_with(".docx", "PK\x03\x04", 4), &block, &e));
    unlink(path);
    REFUSED("", "not valid UTF-8 at offset 1", claude_block_document_path(file_with(".txt", "a\xe9", 2), &block, &e));
    unlink(path);
    assert_int_equal(claude_block_image_path("/nonexistent/x.png", &block, &error), CLAUDE_E_IO);
    assert_non_null(strstr(claude_error_message(error), "it does not exist"));
    claude_error_unref(error);
    error = NULL;
    assert_int_equal(claude_block_document_path("/tmp", &block, &error), CLAUDE_E_IO);
    assert_non_null(strstr(claude_error_message(error), "a directory"));
    claude_error_unref(error);
    assert_null(block);
}

/* From the file through a block inside of a block to the wire, where it is base64; released in between. */
static void files_reach_the_wire(void **state)
{
    claude_request_t *request = new_request();
    claude_block_t *result = NULL;
    claude_block_t *image = NULL;
    cl_body_reader reader = CL_BODY_READER_INIT;
    cl_snapshot snapshot;
    char sent[1000];
    size_t got = 0;

    (void)state;
    WORKS(claude_request_set_model(request, "m", &e));
    WORKS(claude_request_set_max_tokens(request, 1, &e));
    WORKS(claude_block_image_path(file_with(".gif", "GIF89a", 6), &image, &e));
    WORKS(claude_block_tool_result("t", NULL, 0, 0, &result, &e));
    WORKS(claude_block_add(result, image, &e));
    WORKS(claude_request_add_block(request, "user", result, &e));
    WORKS(claude_request_append_block(request, image, &e));
    claude_block_unref(image);
    claude_block_unref(result);
    OK(cl_request_snapshot(request, false, &snapshot, err));
    claude_request_unref(request);
    OK(cl_body_reader_read(&reader, &snapshot.body, sent, sizeof sent - 1, &got, err));
    assert_int_equal(got, snapshot.body.len);
    sent[got] = '\0';
    assert_string_equal(sent,
                        "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
                        "\"tool_result\",\"tool_use_id\":\"t\",\"content\":[" IMAGE("image/gif", GIF64) "]}," IMAGE(
                            "image/gif", GIF64) "]}]}");
    cl_body_reader_free(&reader);
    cl_snapshot_free(&snapshot);
    unlink(path);
}

/* ---- what they are ---- */

static void sizes_are_estimated(void **state)
{
    static const struct {
        const char *json;
        int64_t size;
        int32_t valid;
        int32_t image;
    } rows[] = {
        {IMAGE("image/gif", GIF64), 6, 1, 1},
        {IMAGE("image/gif", GIF64 "AA=="), 7, 1, 1},
        {IMAGE("image/gif", GIF64 "AAA="), 8, 1, 1},
        {IMAGE("image/gif", ""), 0, 0, 1},
        {IMAGE("image/gif", "="), 0, 0, 1},
        {IMAGE("image/gif", "R0lG\\nODlh"), 6, 0, 1},
        /* As PHP writes a slash. */
        {IMAGE("image/jpeg", "\\/9j\\/"), 3, 1, 1},
        {PDF(PDF64), 9, 1, 0},
        {TEXT("a\\u00e9"), 3, 0, 0},
        {"{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"AAAA\",\"data\":\"AAAA\"}}", -1, 0, 1},
        {"{\"type\":\"image\"}", -1, 0, 1},
        {"{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"data\":4}}", -1, 0, 1},
        {"{\"type\":\"text\",\"text\":\"t\"}", -1, 0, 0},
        {"{\"type\":\"other\"," SOURCE("base64", "image/gif", GIF64), -1, 0, 0},
        {"{}", -1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        claude_block_t *block = block_of(rows[i].json);
        assert_int_equal(claude_block_estimated_size_bytes(block), rows[i].size);
        assert_int_equal(claude_block_is_valid_base64(block), rows[i].valid);
        assert_int_equal(claude_block_is_image(block), rows[i].image);
        claude_block_unref(block);
    }
}

/* ---- validation ---- */

static void invalid(const char *json, const char *code, const char *text)
{
    claude_block_t *block = block_of(json);

    REFUSED(code, text, claude_block_validate(block, NULL, &e));
    assert_int_equal(claude_block_is_valid(block), 0);
    claude_block_unref(block);
}

static void validation_names_code_and_reason(void **state)
{
    (void)state;
    invalid("{}", "missing_field", "/type: the field is missing; a block has one");
    invalid("{\"type\":\"\"}", "empty_content", "/type: the field is empty");
    invalid("{\"type\":1}", "wrong_type", "/type");
    invalid("{\"type\":\"text\"}", "missing_field", "/text: the field is missing; a text block has one");
    invalid("{\"type\":\"text\",\"text\":\"\"}", "empty_content", "/text: the text is empty");
    invalid("{\"type\":\"text\",\"text\":1}", "wrong_type",
            "/text: the value has the wrong type (1); must be a string");
    invalid("{\"type\":\"thinking\",\"thinking\":\"\"}", "missing_field", "/signature");
    invalid("{\"type\":\"redacted_thinking\"}", "missing_field", "/data");
    invalid("{\"type\":\"tool_use\",\"id\":\"i\",\"name\":\"n\",\"input\":[]}", "wrong_type", "/input");
    invalid("{\"type\":\"server_tool_use\",\"id\":\"\",\"name\":\"n\",\"input\":{}}", "empty_content", "/id");
    invalid("{\"type\":\"tool_result\"}", "missing_field", "/tool_use_id");
    invalid("{\"type\":\"container_upload\"}", "missing_field", "/file_id");
    invalid("{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"t\",\"content\":[]}", "empty_content",
            "/content");
    invalid("{\"type\":\"image\"}", "missing_field", "/source: the field is missing; an image block has one");
    invalid("{\"type\":\"image\",\"source\":\"x\"}", "wrong_type", "/source");
    invalid("{\"type\":\"text\",\"text\":\"t\",\"cache_control\":1}", "wrong_type", "/cache_control");
    /* The first of them is named, the others are counted. */
    invalid("{\"type\":\"tool_use\"}", "missing_field",
            "/id: the field is missing; a tool_use block has one; add it "
            "(and 2 more problems");
    invalid(IMAGE("image/png", ""), "image_empty", "image is empty");
    invalid(IMAGE("image/png", "AAA"), "image_base64", "not base64");
    invalid(IMAGE("image/bmp", "AAAA"), "image_media_type", "image/bmp");
    invalid(IMAGE("image/png", GIF64), "image_media_type_mismatch", "image/gif");
    invalid(PDF(GIF64), "document_media_type_mismatch", "image/gif");
    invalid(TEXT(""), "document_empty", "document is empty");
}

static void validation_looks_into_content(void **state)
{
    (void)state;
    invalid("{\"type\":\"tool_result\",\"tool_use_id\":\"i\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}," IMAGE(
                "image/png", GIF64) "]}",
            "image_media_type_mismatch", "image/gif");
    invalid("{\"type\":\"tool_result\",\"tool_use_id\":\"i\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":"
            "\"content\",\"content\":[" IMAGE("image/png", "AAA") "]}}]}",
            "image_base64", "base64");
    invalid("{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"t\",\"content\":[{\"type\":\"text\"}]}",
            "missing_field", "/content/0/text");
    invalid("{\"type\":\"tool_result\",\"tool_use_id\":\"i\",\"content\":[1]}", "wrong_type", "/content/0");
}

static void what_is_not_known_is_valid(void **state)
{
    static const char *const rows[] = {
        "{\"type\":\"of_tomorrow\"}",
        "{\"type\":\"text\",\"text\":\"t\",\"new\":1,\"citations\":null}",
        "{\"type\":\"image\",\"source\":{\"type\":\"of_tomorrow\"}}",
        "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}",
        "{\"type\":\"document\",\"source\":{\"type\":\"file\",\"file_id\":\"f\"}}",
        "{\"type\":\"mcp_tool_result\",\"content\":[1]}",
        "{\"type\":\"tool_result\",\"tool_use_id\":\"i\"}",
        "{\"type\":\"tool_result\",\"tool_use_id\":\"i\",\"content\":\"\"}",
        "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"s\"}",
        "{\"type\":\"tool_use\",\"id\":\"i\",\"name\":\"n\",\"input\":{}}",
        IMAGE("image/gif", GIF64),
        PDF(PDF64),
        TEXT("t"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        claude_block_t *block = block_of(rows[i]);
        WORKS(claude_block_validate(block, NULL, &e));
        assert_int_equal(claude_block_is_valid(block), 1);
        claude_block_unref(block);
    }
}

/* An image whose base64 has this length, a multiple of 4. */
static claude_block_t *image_with(size_t len)
{
    char *bytes = calloc(1, len / 4 * 3);
    claude_block_t *block = NULL;

    assert_non_null(bytes);
    memcpy(bytes, "GIF89a", 6);
    WORKS(claude_block_image_bytes(bytes, len / 4 * 3, NULL, &block, &e));
    free(bytes);
    return block;
}

static void limits_hold_at_their_edge(void **state)
{
    claude_block_t *fits = image_with(5242880);
    claude_block_t *over = image_with(5242884);
    claude_request_t *request = new_request();
    claude_block_t *text = NULL;
    claude_file_t *file = NULL;
    char *bytes = calloc(1, 5242880);

    (void)state;
    assert_non_null(bytes);
    WORKS(claude_block_validate(fits, NULL, &e));
    REFUSED("image_too_large", "5242880", claude_block_validate(over, NULL, &e));
    WORKS(claude_request_set_option(request, "validate.max_image_bytes", "5242884", &e));
    WORKS(claude_block_validate(over, request, &e));
    WORKS(claude_request_set_option(request, "validate.max_image_bytes", "5242879", &e));
    REFUSED("image_too_large", "5242879", claude_block_validate(fits, request, &e));
    claude_block_unref(fits);
    claude_block_unref(over);
    /* A file by the base64 that it will be. */
    memcpy(bytes, "GIF89a", 6);
    WORKS(claude_file_from_bytes(bytes, 3932160, NULL, &file, &e));
    WORKS(claude_block_image_file(file, &fits, &e));
    claude_file_unref(file);
    WORKS(claude_block_validate(fits, NULL, &e));
    claude_block_unref(fits);
    WORKS(claude_file_from_bytes(bytes, 3932161, NULL, &file, &e));
    WORKS(claude_block_image_file(file, &over, &e));
    claude_file_unref(file);
    REFUSED("image_too_large", "5242884", claude_block_validate(over, NULL, &e));
    claude_block_unref(over);
    WORKS(claude_request_set_option(request, "validate.max_document_bytes", "3", &e));
    WORKS(claude_block_document_text("a\"b", 3, &text, &e));
    WORKS(claude_block_validate(text, request, &e));
    claude_block_unref(text);
    WORKS(claude_block_document_text("abcd", 4, &text, &e));
    REFUSED("document_too_large", "at most 3", claude_block_validate(text, request, &e));
    claude_block_unref(text);
    claude_request_unref(request);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_of_base64),
        cmocka_unit_test(wrong_images_are_refused),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(bytes_are_encoded),
        cmocka_unit_test(documents_of_base64),
        cmocka_unit_test(urls_and_ids),
        cmocka_unit_test(files_are_stood_for),
        cmocka_unit_test(wrong_files_are_refused),
        cmocka_unit_test(files_reach_the_wire),
        cmocka_unit_test(sizes_are_estimated),
        cmocka_unit_test(validation_names_code_and_reason),
        cmocka_unit_test(validation_looks_into_content),
        cmocka_unit_test(what_is_not_known_is_valid),
        cmocka_unit_test(limits_hold_at_their_edge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
