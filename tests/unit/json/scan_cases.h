/* scan_cases.h - tests of the scanner, run on its vector form (test_scan.c) and on its portable form (test_portable.c).
 */
#ifndef TEST_JSON_SCAN_CASES_H
#define TEST_JSON_SCAN_CASES_H

#include "slow.h"
#include "testing.h"

/* Scans a string's inside and closing quote in memory of just that size, compares with the slow scanner. */
static void compare_string(const char *text, size_t len)
{
    char *copy = exact_copy(cl_str_n(text, len));
    slow s = {(const unsigned char *)copy, (const unsigned char *)copy + len, 0};
    bool expected = slow_string(&s);
    bool plain = false;
    const char *end = cl_json_scan_string(copy, copy + len, &plain);

    if (!expected) {
        assert_null(end);
    } else {
        assert_non_null(end);
        assert_int_equal(end - copy, s.p - (const unsigned char *)copy);
        assert_int_equal(plain, memchr(copy, '\\', (size_t)(end - copy)) == NULL);
    }
    free(copy);
}

/* Every piece at every offset, and cut at every length: all seams between vectors, words and single bytes. */
static void strings_at_all_offsets(void **state)
{
    static const char *const pieces[] = {
        "\"",
        "\\n\"",
        "\\\\\"",
        "\\\"\"",
        "\x01\"",
        "\x1f\"",
        "\x7f\"",
        "\\u0041\"",
        "\\ud83d\\ude00\"",
        "\\ud83d\"",
        "\\ude00\"",
        "\\x\"",
        "\xc3\xa9\"",
        "\xe2\x82\xac\"",
        "\xf0\x9f\x98\x80\"",
        "\xc3\"",
        "\xed\xa0\x80\"",
        "\xff\"",
        "\x80\"",
        "\xf4\x90\x80\x80\"",
        "\xe2\x82\"",
        "\\\"",
        "\xc3\xa9\\t\xc3\xa9\"",
    };
    char text[160];

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t n = strlen(pieces[i]);
        for (size_t before = 0; before < 70; before++) {
            memset(text, 'a', sizeof text);
            memcpy(text + before, pieces[i], n);
            for (size_t len = 0; len <= before + n + 40; len++)
                compare_string(text, len);
        }
    }
}

/* Every pair of bytes in a string, and every byte at every place of a vector. */
static void strings_of_all_bytes(void **state)
{
    char text[40];

    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char pair[] = {'x', (char)a, (char)b, 'y', '"'};
            compare_string(pair, sizeof pair);
        }
        for (size_t at = 0; at < 36; at++) {
            memset(text, ' ', sizeof text);
            text[at] = (char)a;
            text[38] = '"';
            compare_string(text, sizeof text);
        }
    }
}

/* All sequences that begin with a byte above 0x7f, with the bytes that matter behind it. */
static void utf8_against_the_table(void **state)
{
    static const unsigned char next[] = {0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xff};
    enum { N = sizeof next };

    (void)state;
    for (int first = 0x80; first < 256; first++) {
        for (int i = 0; i < N * N * N; i++) {
            char text[] = {(char)first, (char)next[i % N], (char)next[i / N % N], (char)next[i / N / N], '"'};
            compare_string(text, sizeof text);
        }
    }
}

static const char *const seeds[] = {
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello \\u00f6\"}}",
    "[1,-2.5e+10,0,true,false,null,\"\",{},[],{\"a\":[{\"b\":{}}]}]",
    " { \"k\" : [ 1 , \"\\ud83d\\ude00\" , \"\xf0\x9f\x98\x80 and more than sixteen bytes of text\" ] } ",
    "[[[[[[\"deep\"]]]]],{\"\\\\\":\"\\\"\",\"\\n\":-0.0e-0}]",
};

static void compare_document(const char *text, size_t len, unsigned depth)
{
    cl_err err;
    bool expected = slow_valid(text, len, depth);
    claude_code_t rc = validate_exact(cl_str_n(text, len), depth, &err);

    if ((rc == CLAUDE_OK) != expected)
        fail_msg("slow says %d, the scanner %d (%s): %.*s", expected, (int)rc, rc < 0 ? err.message : "", (int)len,
                 text);
}

static void prefixes_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        size_t len = strlen(seeds[i]);
        for (size_t n = 0; n <= len; n++)
            compare_document(seeds[i], n, 200);
    }
}

/* Thousands of documents that are almost right. */
static void mutations_agree(void **state)
{
    static const char bytes[] = "{}[]:,\"\\ \t\n0123456789-+.eEtrufalsn/bd\x01\x80\xc3\xa9\xe2\xf0";
    uint64_t random = 42;
    char text[256];

    (void)state;
    for (int round = 0; round < 60000; round++) {
        const char *seed = seeds[next_random(&random) % (sizeof seeds / sizeof seeds[0])];
        size_t len = strlen(seed);
        int changes = 1 + (int)(next_random(&random) % 3);
        memcpy(text, seed, len);
        while (changes-- > 0) {
            size_t at = next_random(&random) % len;
            char c = bytes[next_random(&random) % (sizeof bytes - 1)];
            switch (next_random(&random) % 3) {
            case 0:
                text[at] = c;
                break;
            case 1:
                memmove(text + at, text + at + 1, len - at - 1);
                len--;
                break;
            default:
                memmove(text + at + 1, text + at, len - at);
                text[at] = c;
                len++;
                break;
            }
        }
        compare_document(text, len, 1 + next_random(&random) % 8);
    }
}

static void utf8_valid_finds_the_offset(void **state)
{
    (void)state;
    for (size_t before = 0; before < 50; before++) {
        char text[64];
        char *copy;
        memset(text, 'a', sizeof text);
        memcpy(text + before, "\xc3\xa9\xf0\x9f\x98\x80\xed\xa0\x80", 9);
        copy = exact_copy(cl_str_n(text, before + 9));
        assert_int_equal(cl_utf8_valid(cl_str_n(copy, before + 6)), before + 6);
        assert_int_equal(cl_utf8_valid(cl_str_n(copy, before + 4)), before + 2);
        assert_int_equal(cl_utf8_valid(cl_str_n(copy, before + 9)), before + 6);
        free(copy);
    }
    assert_int_equal(cl_utf8_valid(cl_str_n(NULL, 0)), 0);
}

#define SCAN_CASES                                                                                                     \
    cmocka_unit_test(strings_at_all_offsets), cmocka_unit_test(strings_of_all_bytes),                                  \
        cmocka_unit_test(utf8_against_the_table), cmocka_unit_test(prefixes_are_refused),                              \
        cmocka_unit_test(mutations_agree), cmocka_unit_test(utf8_valid_finds_the_offset)

#endif
