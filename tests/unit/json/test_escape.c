/* Escaping: every kernel of this machine against the definition, at every length and place. */
#include "testing.h"

#include "base/cpu.h"
#include "json/bytes.h"

enum { LONGEST = 160 };

static const cl_json_escaper *usable(size_t *index)
{
    const cl_json_escaper *escaper;

    while ((escaper = cl_json_escaper_at((*index)++)) != NULL) {
        if ((escaper->needs & cl_cpu()) == escaper->needs)
            return escaper;
    }
    return NULL;
}

/* RFC 8259, section 7: what must be escaped, in the shortest way. */
static size_t slow_escape(const char *text, size_t len, char *out)
{
    static const char *const named[256] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
                                           ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (named[c])
            n += (size_t)sprintf(out + n, "%s", named[c]);
        else if (c < 0x20)
            n += (size_t)sprintf(out + n, "\\u%04x", (unsigned)c);
        else
            out[n++] = text[i];
    }
    return n;
}

/* Input and output have exactly the room that they need: memcheck and ASan see the first byte too many. */
static void compare(const cl_json_escaper *escaper, const char *text, size_t len)
{
    char *expected = malloc(CL_ESCAPE_ROOM(len));
    char *in = exact_copy(cl_str_n(text, len));
    char *out = malloc(CL_ESCAPE_ROOM(len));
    size_t n;

    assert_non_null(expected);
    assert_non_null(out);
    n = slow_escape(text, len, expected);
    assert_int_equal(escaper->escape(in, in + len, out) - out, n);
    assert_memory_equal(out, expected, n);
    free(out);
    free(in);
    free(expected);
}

static void test_every_byte_at_every_place(void **state)
{
    const cl_json_escaper *escaper;
    size_t index = 0;
    char text[70];

    (void)state;
    while ((escaper = usable(&index)) != NULL) {
        for (int c = 0; c < 256; c++) {
            for (size_t at = 0; at < sizeof text; at++) {
                memset(text, 'a', sizeof text);
                text[at] = (char)c;
                compare(escaper, text, sizeof text);
            }
        }
    }
}

/* Which of eight bytes are escaped: all of it, in each quarter of a vector, between bytes that all differ. */
static void test_every_pattern(void **state)
{
    const cl_json_escaper *escaper;
    size_t index = 0;

    (void)state;
    while ((escaper = usable(&index)) != NULL) {
        for (unsigned pattern = 0; pattern < 256; pattern++) {
            for (size_t start = 0; start < 32; start += 8) {
                char text[32];
                for (size_t i = 0; i < sizeof text; i++) {
                    bool escaped = i >= start && i < start + 8 && (pattern >> (i - start) & 1) != 0;
                    text[i] = escaped ? "\"\\\b\t\n\f\r"[i % 7] : (char)('A' + i);
                }
                compare(escaper, text, sizeof text);
            }
        }
    }
}

static void test_every_length(void **state)
{
    static const char *const mixes[] = {"a",
                                        "\"",
                                        "\n",
                                        "\x01",
                                        "a\"",
                                        "ab\\c\n",
                                        "say \"hi\"\n",
                                        "\x1f\"",
                                        "gr\xc3\xb6\xc3\x9f\"er\n",
                                        "\xe4\xbd\xa0\n\xe5\xa5\xbd",
                                        "\xf0\x9f\x98\x80\t"};
    const cl_json_escaper *escaper;
    size_t index = 0;
    char text[LONGEST];

    (void)state;
    while ((escaper = usable(&index)) != NULL) {
        for (size_t mix = 0; mix < sizeof mixes / sizeof mixes[0]; mix++) {
            for (size_t i = 0; i < sizeof text; i++)
                text[i] = mixes[mix][i % strlen(mixes[mix])];
            for (size_t len = 0; len <= sizeof text; len++)
                compare(escaper, text, len);
        }
    }
}

static void test_random_texts(void **state)
{
    const cl_json_escaper *escaper;
    size_t index = 0;
    char text[2000];

    (void)state;
    while ((escaper = usable(&index)) != NULL) {
        uint64_t random = 11;
        for (int round = 0; round < 200; round++) {
            size_t len = next_random(&random) % sizeof text;
            uint32_t rare = 1 + next_random(&random) % 60;
            for (size_t i = 0; i < len; i++) {
                bool plain = next_random(&random) % rare != 0;
                text[i] =
                    plain ? (char)(0x20 + next_random(&random) % 0xe0) : "\"\\\n\t\x02\x1f"[next_random(&random) % 6];
            }
            compare(escaper, text, len);
        }
    }
}

static void test_kernels_of_this_machine(void **state)
{
    const cl_json_escaper *last = NULL;
    const cl_json_escaper *escaper;

    (void)state;
    for (size_t index = 0; (escaper = cl_json_escaper_at(index)) != NULL; index++)
        last = escaper;
    assert_non_null(last);
    assert_string_equal(last->name, "portable");
    assert_int_equal(last->needs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_of_this_machine),
        cmocka_unit_test(test_every_byte_at_every_place),
        cmocka_unit_test(test_every_pattern),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_random_texts),
    };

    return cmocka_run_group_tests_name("json.escape", tests, NULL, NULL);
}
