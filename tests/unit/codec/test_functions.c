/* claude_compress() and its relatives. */
#include "testing.h"

#include <claude/claude.h>

static claude_config_t *config_of(const char *level, const char *min_size)
{
    claude_config_t *config = NULL;

    assert_int_equal(claude_config_new(&config, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "compression.level", level, NULL), CLAUDE_OK);
    assert_int_equal(claude_config_set(config, "compression.min_size", min_size, NULL), CLAUDE_OK);
    return config;
}

/* Compressed and back; returns the length in between. */
static size_t round_trip(const char *bytes, size_t len, const claude_config_t *config, int32_t expected)
{
    claude_response_t *packed = NULL;
    claude_response_t *back = NULL;
    size_t packed_len = 0;
    size_t back_len = 0;
    const char *packed_bytes;

    assert_int_equal(claude_compress(bytes, len, config, &packed, NULL), expected);
    packed_bytes = claude_response_json(packed, &packed_len);
    assert_int_equal(claude_is_gzip(packed_bytes, packed_len), expected);
    assert_int_equal(claude_response_status(packed), 0);
    assert_int_equal(claude_response_type(packed, ""), CLAUDE_JSON_NONE);
    assert_int_equal(claude_decompress(packed_bytes, packed_len, len ? len : 1, &back, NULL), expected);
    assert_memory_equal(claude_response_json(back, &back_len), bytes, len);
    assert_int_equal(back_len, len);
    assert_int_equal(claude_response_json(back, NULL)[len], '\0');
    claude_response_unref(back);
    claude_response_unref(packed);
    return packed_len;
}

static void there_and_back(void **state)
{
    char *text = prose(100000);
    char *chaos = noise(100000);
    size_t before = 100000;

    (void)state;
    round_trip("", 0, NULL, 0);
    round_trip(text, 1023, NULL, 0);
    round_trip(text, 1024, NULL, 1);
    round_trip(chaos, 100000, NULL, 0);
    for (char level = '1'; level <= '9'; level += 4) {
        char name[] = {level, '\0'};
        claude_config_t *config = config_of(name, "0");
        size_t packed = round_trip(text, 100000, config, 1);
        assert_true(packed <= before);
        before = packed;
        round_trip(text, 3, config, 0);
        claude_config_unref(config);
    }
    assert_true(before < 50000);
    {
        claude_config_t *none = config_of("0", "0");
        assert_int_equal(round_trip(text, 100000, none, 0), 100000);
        claude_config_unref(none);
    }
    free(chaos);
    free(text);
}

static void fails_to_unpack(const char *bytes, size_t len, size_t max_len, claude_code_t code, const char *said)
{
    claude_response_t *out = NULL;
    claude_error_t *err = NULL;

    assert_int_equal(claude_decompress(bytes, len, max_len, &out, &err), code);
    assert_null(out);
    if (!strstr(claude_error_message(err), said))
        fail_msg("%s", claude_error_message(err));
    claude_error_unref(err);
}

static void refuses(void **state)
{
    char *text = prose(5000);
    cl_buf zipped = CL_BUF_INIT(1 << 20);
    claude_response_t *out = NULL;

    (void)state;
    zip(&zipped, text, 5000, 6);
    fails_to_unpack(zipped.ptr, zipped.len - 1, 0, CLAUDE_E_TRUNCATED, "its end is missing");
    fails_to_unpack(zipped.ptr, zipped.len, 4999, CLAUDE_E_TOO_LARGE, "4999 bytes (max_len)");
    fails_to_unpack("plain", 5, 4, CLAUDE_E_TOO_LARGE, "(max_len)");
    fails_to_unpack(NULL, 5, 0, CLAUDE_E_INVALID, "bytes is NULL");
    fails_to_unpack("x", CLAUDE_NTS, 0, CLAUDE_E_INVALID, "len must be a number of bytes");
    zipped.ptr[zipped.len - 1] ^= 1;
    fails_to_unpack(zipped.ptr, zipped.len, 0, CLAUDE_E_INVALID, "damaged");
    zipped.ptr[zipped.len - 1] ^= 1;
    assert_int_equal(claude_decompress(zipped.ptr, zipped.len, SIZE_MAX, &out, NULL), 1);
    claude_response_unref(out);
    assert_int_equal(claude_decompress(zipped.ptr, zipped.len, 0, NULL, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_compress(text, 5000, NULL, NULL, NULL), CLAUDE_E_INVALID);
    out = NULL;
    assert_int_equal(claude_compress(text, CLAUDE_NTS, NULL, &out, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_compress(NULL, 1, NULL, &out, NULL), CLAUDE_E_INVALID);
    assert_null(out);
    assert_int_equal(claude_is_gzip(NULL, 0), 0);
    assert_int_equal(claude_is_gzip(NULL, 10), 0);
    assert_int_equal(claude_is_gzip("\x1f\x8b\x08", SIZE_MAX), 0);
    assert_int_equal(claude_add_compression_headers(NULL, NULL), CLAUDE_E_INVALID);
    cl_buf_free(&zipped);
    free(text);
}

static void feature_is_there(void **state)
{
    (void)state;
    assert_int_equal(claude_feature("compression"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(refuses),
        cmocka_unit_test(feature_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
