/* Files to be sent, and bodies that have some: what is read, and that what has changed is not sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

static char folder[] = "/tmp/claude-file-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static char *write_file(const char *name, const void *bytes, size_t len)
{
    char *path = NULL;
    FILE *out;

    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    return path;
}

static void remove_file(char *path)
{
    assert_int_equal(unlink(path), 0);
    free(path);
}

static claude_file_t *open_file(const char *path)
{
    claude_file_t *file = NULL;
    cl_err err;

    cl_err_init(&err);
    if (cl_file_open(path, &file, &err) < 0)
        fail_msg("%s", err.message);
    return file;
}

static void types_are_told_by_bytes_then_by_name(void **state)
{
    static const struct {
        const char *name;
        const char *head;
        size_t len;
        const char *type;
    } cases[] = {
        {"a.png", "\xff\xd8\xff\xe0", 4, "image/jpeg"},
        {"a.jpg", "\x89PNG\r\n\x1a\n", 8, "image/png"},
        {"a", "GIF87a", 6, "image/gif"},
        {"a", "GIF89a", 6, "image/gif"},
        {"a.txt", "RIFF\0\0\0\0WEBP", 12, "image/webp"},
        {"a", "RIFF\0\0\0\0WAVE", 12, "application/octet-stream"},
        {"a", "%PDF-1.7", 8, "application/pdf"},
        {"a.docx", "PK\3\4", 4, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"a.bin", "PK\3\4", 4, "application/zip"},
        {"notes.TXT", "hello", 5, "text/plain"},
        {"none", "hello", 5, "application/octet-stream"},
        {"empty.jsonl", "", 0, "application/jsonl"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = write_file(cases[i].name, cases[i].head, cases[i].len);
        claude_file_t *file = open_file(path);
        assert_string_equal(file->media_type, cases[i].type);
        assert_string_equal(file->name, cases[i].name);
        assert_int_equal(file->size, cases[i].len);
        assert_int_equal(strlen(file->token), CL_FILE_TOKEN_LEN);
        cl_file_unref(file);
        remove_file(path);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    static const char *const paths[][2] = {
        {"/nowhere/at/all", "it does not exist"}, {"/", "a directory"}, {"/dev/null", "a device or a pipe"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        claude_file_t *file = NULL;
        cl_err err;
        cl_err_init(&err);
        assert_int_equal(cl_file_open(paths[i][0], &file, &err), CLAUDE_E_IO);
        assert_non_null(strstr(err.message, paths[i][1]));
        assert_non_null(strstr(err.message, paths[i][0]));
        assert_null(file);
    }
}

/* Reads a body with reads of one size and compares with the text it should be. */
static void expect(const cl_body *body, const char *text, size_t len, size_t size)
{
    cl_body_reader reader = CL_BODY_READER_INIT;
    char *out = malloc(len + size + 1);
    size_t step = 7 + len / 500;
    size_t at = 0;
    size_t got = 0;

    assert_non_null(out);
    do {
        assert_int_equal(cl_body_reader_read(&reader, body, out + at, size, &got, NULL), CLAUDE_OK);
        at += got;
        assert_true(at <= len);
    } while (got > 0);
    assert_int_equal(at, len);
    assert_memory_equal(out, text, len);
    for (size_t back = len; back > 0; back = back > step ? back - step : 0) {
        cl_body_reader_seek(&reader, back - 1);
        assert_int_equal(cl_body_reader_read(&reader, body, out, 1, &got, NULL), CLAUDE_OK);
        assert_int_equal(got, 1);
        assert_int_equal(out[0], text[back - 1]);
    }
    cl_body_reader_free(&reader);
    free(out);
}

static void bodies_are_read_piece_by_piece(void **state)
{
    unsigned char bytes[100];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37);
    for (size_t len = 0; len <= sizeof bytes; len += len < 8 ? 1 : 23) {
        char *path = write_file("piece", bytes, len);
        claude_file_t *file = open_file(path);
        claude_file_t *memory = NULL;
        char text[600];
        size_t at = 3;
        cl_body body;
        assert_int_equal(cl_file_from_bytes(cl_str_n((char *)bytes, len), NULL, &memory, NULL), CLAUDE_OK);
        const cl_piece pieces[] = {
            {.text = CL_STR("<a>")},
            {.file = file, .base64 = true},
            {.text = CL_STR("")},
            {.file = memory},
            {.text = CL_STR("<b>")},
            {.file = file},
            {.file = memory, .base64 = true},
        };
        memcpy(text, "<a>", 3);
        at += cl_base64_encode(bytes, len, text + at);
        memcpy(text + at, bytes, len);
        memcpy(text + at + len, "<b>", 3);
        memcpy(text + at + len + 3, bytes, len);
        at += 2 * len + 3;
        at += cl_base64_encode(bytes, len, text + at);
        assert_int_equal(cl_body_of_pieces(NULL, pieces, 7, &body, NULL), CLAUDE_OK);
        assert_int_equal(body.len, at);
        for (size_t size = 1; size < 12; size++)
            expect(&body, text, at, size);
        expect(&body, text, at, 1000);
        cl_body_free(&body);
        cl_file_unref(file);
        cl_file_unref(memory);
        remove_file(path);
    }
}

enum { BLOCK = 48 * 1024 }; /* of body.c */

static char *any_bytes(size_t len)
{
    char *bytes = malloc(len);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 2654435761u >> 13);
    return bytes;
}

/* A text, a file in base64, a text, and the file once more, which begins anew. */
static void files_end_at_any_edge_of_a_block(void **state)
{
    (void)state;
    for (size_t size = 2 * BLOCK - 4; size <= 2 * BLOCK + 4; size++) {
        char *bytes = any_bytes(size);
        char *path = write_file("edge", bytes, size);
        claude_file_t *file = open_file(path);
        size_t encoded = cl_base64_len(size);
        char *text = malloc(2 * encoded + 8);
        const cl_piece pieces[] = {{.text = CL_STR("<a>")},
                                   {.file = file, .base64 = true},
                                   {.text = CL_STR("b")},
                                   {.file = file, .base64 = true}};
        cl_body body;
        assert_non_null(text);
        memcpy(text, "<a>", 3);
        cl_base64_encode(bytes, size, text + 3);
        text[3 + encoded] = 'b';
        cl_base64_encode(bytes, size, text + 4 + encoded);
        assert_int_equal(cl_body_of_pieces(NULL, pieces, 4, &body, NULL), CLAUDE_OK);
        expect(&body, text, 4 + 2 * encoded, 65536);
        expect(&body, text, 4 + 2 * encoded, 5);
        cl_body_free(&body);
        cl_file_unref(file);
        remove_file(path);
        free(text);
        free(bytes);
    }
}

/* Two that differ, and are shorter than a block. */
static void one_file_after_another(void **state)
{
    claude_file_t *files[2] = {NULL, NULL};
    cl_body body;

    (void)state;
    assert_int_equal(cl_file_from_bytes(CL_STR("abcdef"), NULL, &files[0], NULL), CLAUDE_OK);
    assert_int_equal(cl_file_from_bytes(CL_STR("ghi"), NULL, &files[1], NULL), CLAUDE_OK);
    const cl_piece pieces[] = {{.file = files[0], .base64 = true}, {.file = files[1], .base64 = true}};
    assert_int_equal(cl_body_of_pieces(NULL, pieces, 2, &body, NULL), CLAUDE_OK);
    expect(&body, "YWJjZGVmZ2hp", 12, 100);
    expect(&body, "YWJjZGVmZ2hp", 12, 3);
    cl_body_free(&body);
    cl_file_unref(files[0]);
    cl_file_unref(files[1]);
}

/* How often this process has read; -1 where the system does not count. */
static long reads(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    char line[100];
    long count = -1;

    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "syscr:", 6) == 0)
            count = strtol(line + 6, NULL, 10);
    }
    if (file)
        fclose(file);
    return count;
}

/* However small the pieces are in which the body is asked for, and wherever they end. */
static void a_block_is_read_once(void **state)
{
    enum { BLOCKS = 5 };
    cl_body_reader reader = CL_BODY_READER_INIT;
    char *bytes = any_bytes(BLOCKS * BLOCK);
    char *path = write_file("once", bytes, BLOCKS * BLOCK);
    claude_file_t *file = open_file(path);
    const cl_piece piece = {.file = file, .base64 = true};
    cl_body body;
    char out[1021];
    size_t got = 0;
    long before = reads();
    long counting;

    (void)state;
    counting = reads() - before;
    assert_int_equal(cl_body_of_pieces(NULL, &piece, 1, &body, NULL), CLAUDE_OK);
    before = reads();
    do
        assert_int_equal(cl_body_reader_read(&reader, &body, out, sizeof out, &got, NULL), CLAUDE_OK);
    while (got > 0);
    /* Some are memcheck's own; one for each piece that was asked for would be hundreds. */
    if (before >= 0)
        assert_in_range(reads() - before - counting, BLOCKS, 4 * BLOCKS);
    cl_body_reader_free(&reader);
    cl_body_free(&body);
    cl_file_unref(file);
    remove_file(path);
    free(bytes);
}

static void large_files_are_read_in_blocks(void **state)
{
    enum { SIZE = 200001 };
    char *bytes = any_bytes(SIZE);
    char *text = malloc(cl_base64_len(SIZE));
    char *path;
    claude_file_t *file;
    cl_body body;

    (void)state;
    path = write_file("large", bytes, SIZE);
    file = open_file(path);
    const cl_piece piece = {.file = file, .base64 = true};
    assert_int_equal(cl_body_of_pieces(NULL, &piece, 1, &body, NULL), CLAUDE_OK);
    cl_base64_encode(bytes, SIZE, text);
    expect(&body, text, cl_base64_len(SIZE), 65536);
    expect(&body, text, cl_base64_len(SIZE), 16381);
    cl_body_free(&body);
    cl_file_unref(file);
    remove_file(path);
    free(bytes);
    free(text);
}

static void refuses(const claude_file_t *file, const char *why)
{
    cl_file_reader reader = CL_FILE_READER_INIT;
    cl_err err;

    cl_err_init(&err);
    assert_int_equal(cl_file_reader_open(&reader, file, &err), CLAUDE_E_IO);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" has no \"%s\"", err.message, why);
    assert_int_equal(reader.fd, -1);
}

static void what_has_changed_is_not_sent(void **state)
{
    char *path = write_file("changing", "0123456789", 10);
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000, .tv_nsec = 1}};
    claude_file_t *file = open_file(path);
    cl_file_reader reader = CL_FILE_READER_INIT;
    char out[10];
    cl_err err;

    (void)state;
    cl_err_init(&err);
    assert_int_equal(cl_file_reader_open(&reader, file, NULL), CLAUDE_OK);
    assert_int_equal(cl_file_reader_read(&reader, 0, out, 5, NULL), CLAUDE_OK);
    free(write_file("changing", "0123", 4));
    assert_int_equal(cl_file_reader_read(&reader, 5, out, 5, &err), CLAUDE_E_IO);
    assert_non_null(strstr(err.message, "size has changed"));
    cl_file_reader_close(&reader);
    refuses(file, "its size has changed");
    free(write_file("changing", "0123456789", 10));
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    refuses(file, "it was written to");
    assert_int_equal(unlink(path), 0);
    refuses(file, "it does not exist");
    cl_file_unref(file);
    free(write_file("changing", "0123456789", 10));
    file = open_file(path);
    free(write_file("other", "0123456789", 10));
    {
        char *other = NULL;
        assert_true(asprintf(&other, "%s/other", folder) > 0);
        assert_int_equal(rename(other, path), 0);
        free(other);
    }
    refuses(file, "another file is in its place");
    cl_file_unref(file);
    remove_file(path);
}

/* The last byte is not given before it is known that nothing has changed. */
static void the_end_is_checked(void **state)
{
    char *path = write_file("end", "0123456789", 10);
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    claude_file_t *file = open_file(path);
    cl_file_reader reader = CL_FILE_READER_INIT;
    char out[10];

    (void)state;
    assert_int_equal(cl_file_reader_open(&reader, file, NULL), CLAUDE_OK);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(cl_file_reader_read(&reader, 0, out, 9, NULL), CLAUDE_OK);
    assert_int_equal(cl_file_reader_read(&reader, 9, out, 1, NULL), CLAUDE_E_IO);
    cl_file_reader_close(&reader);
    cl_file_unref(file);
    remove_file(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_told_by_bytes_then_by_name),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(bodies_are_read_piece_by_piece),
        cmocka_unit_test(large_files_are_read_in_blocks),
        cmocka_unit_test(files_end_at_any_edge_of_a_block),
        cmocka_unit_test(a_block_is_read_once),
        cmocka_unit_test(what_has_changed_is_not_sent),
        cmocka_unit_test(the_end_is_checked),
        cmocka_unit_test(one_file_after_another),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
