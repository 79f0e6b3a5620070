/* SHA-256 against the published vectors, and against another implementation at every length and split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "auth/auth.h"

static void hash(const void *bytes, size_t len, size_t split, unsigned char digest[32])
{
    cl_sha256 sha;

    cl_sha256_init(&sha);
    cl_sha256_update(&sha, bytes, split);
    cl_sha256_update(&sha, (const char *)bytes + split, len - split);
    cl_sha256_final(&sha, digest);
}

static void test_vectors(void **state)
{
    static const struct {
        const char *text;
        const char *digest;
    } vectors[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqr"
         "stu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        unsigned char digest[32];
        char text[65];
        hash(vectors[i].text, strlen(vectors[i].text), 0, digest);
        cl_hex(digest, sizeof digest, text);
        assert_string_equal(text, vectors[i].digest);
    }
}

static void test_million(void **state)
{
    unsigned char digest[32];
    char block[1000];
    char text[65];
    cl_sha256 sha;

    (void)state;
    memset(block, 'a', sizeof block);
    cl_sha256_init(&sha);
    for (int i = 0; i < 1000; i++)
        cl_sha256_update(&sha, block, sizeof block);
    cl_sha256_final(&sha, digest);
    cl_hex(digest, sizeof digest, text);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The digest over all digests was made with another implementation. */
static void test_every_length_and_split(void **state)
{
    unsigned char bytes[131];
    unsigned char digest[32];
    char text[65];
    cl_sha256 all;

    (void)state;
    cl_sha256_init(&all);
    for (size_t len = 0; len <= 130; len++) {
        unsigned char whole[32];
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)(i * 7 + len);
        hash(bytes, len, 0, whole);
        for (size_t split = 1; split <= len; split++) {
            hash(bytes, len, split, digest);
            assert_memory_equal(digest, whole, sizeof whole);
        }
        cl_sha256_update(&all, whole, sizeof whole);
    }
    cl_sha256_final(&all, digest);
    cl_hex(digest, sizeof digest, text);
    assert_string_equal(text, "969b9f993f9c27e8424a46288c5b7999eee502a7befa92cad6cfef1034d76c51");
}

static void test_one_byte_at_a_time(void **state)
{
    static const char text[] =
        "The quick brown fox jumps over the lazy dog, and over the next block as well, twice in fact.";
    unsigned char whole[32];
    unsigned char digest[32];
    cl_sha256 sha;

    (void)state;
    hash(text, sizeof text, 0, whole);
    cl_sha256_init(&sha);
    for (size_t i = 0; i < sizeof text; i++)
        cl_sha256_update(&sha, text + i, 1);
    cl_sha256_update(&sha, NULL, 0);
    cl_sha256_final(&sha, digest);
    assert_memory_equal(digest, whole, sizeof whole);
}

/* Keys are hashed, so nothing of the input stays in the state. */
static void test_state_is_wiped(void **state)
{
    static const cl_sha256 zero;
    unsigned char digest[32];
    cl_sha256 sha;

    (void)state;
    cl_sha256_init(&sha);
    cl_sha256_update(&sha, "secret", 6);
    cl_sha256_final(&sha, digest);
    assert_memory_equal(&sha, &zero, sizeof sha);
}

static void test_hex(void **state)
{
    static const unsigned char bytes[] = {0x00, 0x0f, 0xa5, 0xff};
    char text[9];

    (void)state;
    cl_hex(bytes, sizeof bytes, text);
    assert_string_equal(text, "000fa5ff");
    cl_hex(bytes, 0, text);
    assert_string_equal(text, "");
}

static void test_wipe(void **state)
{
    char bytes[] = "abcdef";

    (void)state;
    cl_wipe(bytes + 1, 3);
    assert_memory_equal(bytes, "a\0\0\0ef", 7);
    cl_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_million),
        cmocka_unit_test(test_every_length_and_split),
        cmocka_unit_test(test_one_byte_at_a_time),
        cmocka_unit_test(test_state_is_wiped),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_wipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
