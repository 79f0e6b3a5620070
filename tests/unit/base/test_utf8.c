/* Well-formed UTF-8: every sequence of up to two bytes, the borders of longer ones, every position in a long text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/base.h"

/* The definition, another way: decode and encode again. */
static bool is_character(const unsigned char *p, size_t len)
{
    uint32_t c;

    if (len == 1)
        return p[0] < 0x80;
    for (size_t i = 1; i < len; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf)
            return false;
    }
    if (len == 2 && p[0] >= 0xc0 && p[0] <= 0xdf) {
        c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
        return c >= 0x80;
    }
    if (len == 3 && p[0] >= 0xe0 && p[0] <= 0xef) {
        c = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return c >= 0x800 && (c < 0xd800 || c > 0xdfff);
    }
    if (len == 4 && p[0] >= 0xf0 && p[0] <= 0xf7) {
        c = (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
        return c >= 0x10000 && c <= 0x10ffff;
    }
    return false;
}

static size_t valid(const unsigned char *bytes, size_t len)
{
    return cl_utf8_valid(cl_str_n((const char *)bytes, len));
}

static void test_all_short_sequences(void **state)
{
    unsigned char p[4];

    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        p[0] = (unsigned char)a;
        assert_int_equal(valid(p, 1), is_character(p, 1) ? 1 : 0);
        for (unsigned b = 0; b < 256; b++) {
            p[1] = (unsigned char)b;
            if (a < 0x80)
                assert_int_equal(valid(p, 2), b < 0x80 ? 2 : 1);
            else
                assert_int_equal(valid(p, 2), is_character(p, 2) ? 2 : 0);
        }
    }
}

static void test_borders_of_long_sequences(void **state)
{
    static const unsigned char edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xff};
    unsigned char p[4];

    (void)state;
    for (unsigned a = 0xe0; a < 256; a++) {
        for (size_t i = 0; i < sizeof edges; i++) {
            for (size_t j = 0; j < sizeof edges; j++) {
                p[0] = (unsigned char)a;
                p[1] = edges[i];
                p[2] = edges[j];
                assert_int_equal(valid(p, 3), is_character(p, 3) ? 3 : 0);
                for (size_t k = 0; k < sizeof edges; k++) {
                    size_t want = is_character(p, 3) ? (edges[k] < 0x80 ? 4 : 3) : 0;
                    p[3] = edges[k];
                    assert_int_equal(valid(p, 4), is_character(p, 4) ? 4 : want);
                }
            }
        }
    }
}

/* Vectors and their remainders: a bad byte is found where it is, whatever lies before it. */
static void test_every_position(void **state)
{
    unsigned char text[80];

    (void)state;
    for (size_t len = 0; len <= sizeof text; len++) {
        memset(text, 'a', sizeof text);
        assert_int_equal(valid(text, len), len);
        for (size_t at = 0; at < len; at++) {
            memset(text, 'a', sizeof text);
            text[at] = 0x80;
            assert_int_equal(valid(text, len), at);
            /* A character that the end cuts off is found at its first byte. */
            memcpy(text + at, "\xf0\x9f\x98\x80", len - at < 4 ? len - at : 4);
            assert_int_equal(valid(text, len), len - at < 4 ? at : len);
        }
    }
    assert_int_equal(cl_utf8_valid((cl_str){NULL, 0}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_short_sequences),
        cmocka_unit_test(test_borders_of_long_sequences),
        cmocka_unit_test(test_every_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
