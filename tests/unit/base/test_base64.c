/* Base64: every kernel of this machine against the definition, at every length and place, without a byte read or
 * written beyond what it was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/cpu.h"

enum { LONGEST = 300, GUARD = 64 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The kernels that can run here. NULL after the last. */
static const cl_base64_kernel *usable(size_t *index)
{
    const cl_base64_kernel *kernel;

    while ((kernel = cl_base64_kernel_at((*index)++)) != NULL) {
        if ((kernel->needs & cl_cpu()) == kernel->needs)
            return kernel;
    }
    return NULL;
}

/* The definition: six bits at a time, '=' for what is missing. */
static size_t slow_encode(const unsigned char *bytes, size_t len, char *out)
{
    size_t n = 0;

    for (size_t bit = 0; bit < len * 8; bit += 6) {
        unsigned value = 0;
        for (size_t i = bit; i < bit + 6; i++)
            value = value << 1 | (i < len * 8 ? (unsigned)bytes[i / 8] >> (7 - i % 8) & 1u : 0u);
        out[n++] = digits[value];
    }
    while (n % 4 != 0)
        out[n++] = '=';
    return n;
}

static void fill(unsigned char *bytes, size_t len, uint64_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (unsigned char)(seed >> 56);
    }
}

/* Memory of exactly `len` bytes, `shift` bytes off the alignment of malloc: memcheck and ASan see the first byte read
 * or written too many. */
static void *take(size_t len, size_t shift, void **block)
{
    *block = malloc(len + shift > 0 ? len + shift : 1);
    assert_non_null(*block);
    return (char *)*block + shift;
}

static void compare(const cl_base64_kernel *kernel, const unsigned char *bytes, size_t len, size_t shift)
{
    char expected[(LONGEST + 3) * 4 / 3 + 4];
    size_t n = slow_encode(bytes, len, expected);
    void *blocks[3];
    unsigned char *in = take(len, shift, &blocks[0]);
    char *text = take(n, shift, &blocks[1]);
    unsigned char *back = take(len, shift, &blocks[2]);
    size_t wrong = 999;

    if (len > 0)
        memcpy(in, bytes, len);
    assert_int_equal(cl_base64_len(len), n);
    assert_int_equal(cl_base64_encode_by(kernel, in, len, text), n);
    assert_memory_equal(text, expected, n);
    assert_true(cl_base64_valid_by(kernel, cl_str_n(text, n), &wrong));
    assert_int_equal(wrong, 999);
    assert_int_equal(cl_base64_decoded_len(cl_str_n(text, n)), len);
    cl_base64_decode_by(kernel, cl_str_n(text, n), back);
    assert_memory_equal(back, bytes, len);
    for (size_t i = 0; i < 3; i++)
        free(blocks[i]);
}

static void test_every_length_and_alignment(void **state)
{
    unsigned char bytes[LONGEST];
    const cl_base64_kernel *kernel;
    size_t index = 0;

    (void)state;
    while ((kernel = usable(&index)) != NULL) {
        for (size_t len = 0; len <= LONGEST; len++) {
            fill(bytes, len, len + 1);
            for (size_t shift = 0; shift < (len < 70 ? 17u : 3u); shift++)
                compare(kernel, bytes, len, shift);
        }
        for (int c = 0; c < 256; c += 17) {
            memset(bytes, c, sizeof bytes);
            compare(kernel, bytes, sizeof bytes, 1);
        }
    }
}

/* Each of the 64 values at each place of a vector. */
static void test_every_value_at_every_place(void **state)
{
    const cl_base64_kernel *kernel;
    size_t index = 0;

    (void)state;
    while ((kernel = usable(&index)) != NULL) {
        for (size_t shift = 0; shift < 64; shift++) {
            unsigned char bytes[96];
            char text[128];
            for (size_t i = 0; i < sizeof text; i++)
                text[i] = digits[(i + shift) % 64];
            /* Whole vectors of digits are the kernel's own work. */
            assert_int_equal(kernel->check(text, sizeof text), sizeof text);
            assert_true(cl_base64_valid_by(kernel, cl_str_n(text, sizeof text), NULL));
            cl_base64_decode_by(kernel, cl_str_n(text, sizeof text), bytes);
            compare(kernel, bytes, sizeof bytes, 0);
        }
    }
}

/* Nothing around the output is touched, as it would be by a vector that is stored whole. */
static void test_neighbours_stay(void **state)
{
    unsigned char bytes[LONGEST];
    char text[LONGEST * 2 + 2 * GUARD];
    unsigned char back[LONGEST + 2 * GUARD];
    const cl_base64_kernel *kernel;
    size_t index = 0;

    (void)state;
    fill(bytes, sizeof bytes, 5);
    while ((kernel = usable(&index)) != NULL) {
        for (size_t len = 0; len <= LONGEST; len++) {
            size_t n = cl_base64_len(len);
            memset(text, '#', sizeof text);
            memset(back, '#', sizeof back);
            cl_base64_encode_by(kernel, bytes, len, text + GUARD);
            cl_base64_decode_by(kernel, cl_str_n(text + GUARD, n), back + GUARD);
            for (size_t i = 0; i < GUARD; i++) {
                assert_int_equal(text[i], '#');
                assert_int_equal(text[GUARD + n + i], '#');
                assert_int_equal(back[i], '#');
                assert_int_equal(back[GUARD + len + i], '#');
            }
        }
    }
}

static void test_every_wrong_byte_at_every_place(void **state)
{
    unsigned char bytes[150];
    char text[200];
    const cl_base64_kernel *kernel;
    size_t index = 0;

    (void)state;
    fill(bytes, sizeof bytes, 9);
    assert_int_equal(slow_encode(bytes, sizeof bytes, text), sizeof text);
    while ((kernel = usable(&index)) != NULL) {
        for (int c = 0; c < 256; c++) {
            bool is_digit = c != 0 && strchr(digits, c) != NULL;
            for (size_t at = 0; at < sizeof text; at++) {
                char kept = text[at];
                size_t wrong = 999;
                /* At the end '=' is padding. */
                bool right = is_digit || (c == '=' && at == sizeof text - 1);
                text[at] = (char)c;
                if (!right) {
                    assert_false(cl_base64_valid_by(kernel, cl_str_n(text, sizeof text), &wrong));
                    assert_int_equal(wrong, at);
                } else if (is_digit) {
                    assert_true(cl_base64_valid_by(kernel, cl_str_n(text, sizeof text), &wrong));
                }
                text[at] = kept;
            }
        }
    }
}

static void test_first_of_two_wrong_bytes(void **state)
{
    char text[128];
    const cl_base64_kernel *kernel;
    size_t index = 0;
    size_t wrong = 0;

    (void)state;
    while ((kernel = usable(&index)) != NULL) {
        for (size_t at = 0; at + 1 < sizeof text; at++) {
            memset(text, 'A', sizeof text);
            text[at] = '-';
            text[sizeof text - 1] = '_';
            assert_false(cl_base64_valid_by(kernel, cl_str_n(text, sizeof text), &wrong));
            assert_int_equal(wrong, at);
        }
    }
}

static const struct {
    const char *text;
    size_t wrong; /* length + 1: valid */
} endings[] = {
    {"", 1},           {"AA==", 5},    {"AAA=", 5},     {"AAAA", 5},   {"A", 1},     {"AA", 2},   {"AAA", 3},
    {"AAAAA", 5},      {"=", 1},       {"==", 2},       {"===", 0},    {"====", 0},  {"A===", 1}, {"AA=A", 2},
    {"A=AA", 1},       {"AB==", 1},    {"AE==", 1},     {"AI==", 1},   {"AP==", 1},  {"AQ==", 5}, {"AAB=", 2},
    {"AAD=", 2},       {"AAE=", 5},    {"A/==", 1},     {"A+==", 1},   {"//8=", 5},  {"/w==", 5}, {"AA==AA==", 2},
    {"AAAA====", 4},   {"AAAAAA=", 7}, {"AAAAAA==", 9}, {"AAAA\n", 4}, {" AAAA", 0}, {"AA-A", 2}, {"AA_A", 2},
    {"AA\xc3\xa9", 2}, {"AA=\n", 2},   {"QUJDRA==", 9},
};

static void test_endings(void **state)
{
    char text[112];
    const cl_base64_kernel *kernel;
    size_t index = 0;

    (void)state;
    while ((kernel = usable(&index)) != NULL) {
        for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
            size_t len = strlen(endings[i].text);
            /* Alone, and after what fills vectors. */
            for (size_t before = 0; before <= 96; before += 32) {
                size_t wrong = before + len + 1;
                bool valid;
                memset(text, 'z', before);
                memcpy(text + before, endings[i].text, len);
                valid = cl_base64_valid_by(kernel, cl_str_n(text, before + len), &wrong);
                assert_int_equal(valid, endings[i].wrong == len + 1);
                assert_int_equal(wrong, before + endings[i].wrong);
            }
        }
    }
}

/* RFC 4648, section 10, through the functions that choose for themselves. */
static void test_vectors_of_the_rfc(void **state)
{
    static const char *const encoded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    char out[16];

    (void)state;
    for (size_t len = 0; len <= 6; len++) {
        size_t n = strlen(encoded[len]);
        assert_int_equal(cl_base64_encode("foobar", len, out), n);
        assert_memory_equal(out, encoded[len], n);
        assert_true(cl_base64_valid(cl_str_n(out, n), NULL));
        assert_int_equal(cl_base64_decoded_len(cl_str_n(encoded[len], n)), len);
        cl_base64_decode(cl_str_n(encoded[len], n), out);
        assert_memory_equal(out, "foobar", len);
    }
    assert_int_equal(cl_base64_encode(NULL, 0, NULL), 0);
    assert_true(cl_base64_valid(cl_str_n(NULL, 0), NULL));
    cl_base64_decode(cl_str_n(NULL, 0), NULL);
}

static void test_kernels_of_this_machine(void **state)
{
    const cl_base64_kernel *kernel = NULL;
    const cl_base64_kernel *last = NULL;
    size_t count = 0;

    (void)state;
    for (size_t index = 0; (kernel = cl_base64_kernel_at(index)) != NULL; index++)
        last = kernel;
    assert_non_null(last);
    assert_string_equal(last->name, "portable");
    assert_int_equal(last->needs, 0);
    for (size_t index = 0; (kernel = usable(&index)) != NULL;)
        count++;
    assert_true(count >= 1);
    assert_int_equal(cl_cpu(), cl_cpu());
#ifdef __x86_64__
    assert_int_equal((cl_cpu() & CL_CPU_AVX2) != 0, __builtin_cpu_supports("avx2") != 0);
    assert_int_equal((cl_cpu() & CL_CPU_SSSE3) != 0, __builtin_cpu_supports("ssse3") != 0);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_of_this_machine),
        cmocka_unit_test(test_vectors_of_the_rfc),
        cmocka_unit_test(test_every_length_and_alignment),
        cmocka_unit_test(test_every_value_at_every_place),
        cmocka_unit_test(test_neighbours_stay),
        cmocka_unit_test(test_every_wrong_byte_at_every_place),
        cmocka_unit_test(test_first_of_two_wrong_bytes),
        cmocka_unit_test(test_endings),
    };

    return cmocka_run_group_tests_name("base.base64", tests, NULL, NULL);
}
