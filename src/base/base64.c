#include "base/base64.h"

#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define SSSE3 __attribute__((target("ssse3")))
#define AVX2 __attribute__((target("avx2")))
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* ---- for every machine ---- */

static const char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_digits(uint32_t bits, char *out)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = alphabet[bits >> (18 - 6 * i) & 63];
}

static size_t encode_portable(const unsigned char *in, size_t len, char *out)
{
    size_t done = 0;

    for (; len - done >= 3; done += 3, out += 4)
        put_digits((uint32_t)in[done] << 16 | (uint32_t)in[done + 1] << 8 | in[done + 2], out);
    return done;
}

/* From '+' to 'z'; -1 is no digit. */
static const signed char value_by_digit[] = {
    62, -1, -1, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,
    5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1, -1,
    26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
};

static int value_of(char c)
{
    size_t at = (size_t)(unsigned char)c - '+';

    return at < sizeof value_by_digit ? value_by_digit[at] : -1;
}

static size_t check_portable(const char *digits, size_t len)
{
    size_t done = 0;

    while (done < len && value_of(digits[done]) >= 0)
        done++;
    return done;
}

static uint32_t bits_of(const char digits[4])
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 4; i++)
        bits = bits << 6 | (digits[i] == '=' ? 0 : (uint32_t)value_of(digits[i]));
    return bits;
}

static size_t decode_portable(const char *digits, size_t len, unsigned char *out)
{
    size_t done = 0;

    for (; len - done >= 4; done += 4, out += 3) {
        uint32_t bits = bits_of(digits + done);
        out[0] = (unsigned char)(bits >> 16);
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)bits;
    }
    return done;
}

/*
 * ---- what the vectors do ----
 *
 * Encoding: a value of 0 to 63 becomes its digit by adding what depends on its range. A saturating subtraction of 51
 * gives 0 for letters, 1 to 10 for '0' to '9', 11 and 12 for '+' and '/'; capital letters are told apart by a
 * comparison and become 13.
 *
 * Checking: a digit belongs to one of four classes, each a set of high nibbles with a set of low ones:
 *     1: 2x with b, f ('+' and '/')         2: 3x with 0 to 9
 *     4: 4x and 6x with 1 to f              8: 5x and 7x with 0 to a
 * so a byte is right if the classes of its two nibbles have one in common.
 *
 * Decoding: a digit becomes its value by adding what depends on its high nibble; '/' alone differs from its neighbour
 * '+' and takes the unused place before it.
 */
#define BY_RANGE                                                                                                       \
    'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,      \
        '+' - 62, '/' - 63, 'A', 0, 0
#define CLASSES_OF_HIGH 0, 0, 1, 2, 4, 8, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0
#define CLASSES_OF_LOW 10, 14, 14, 14, 14, 14, 14, 14, 14, 14, 12, 5, 4, 4, 4, 5
#define BY_HIGH 0, 63 - '/', 62 - '+', 52 - '0', 0 - 'A', 0 - 'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0

#if defined(__x86_64__)

/* Of each three bytes abc: bacb, whose halves hold all bits of two values each. */
#define SPREAD 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10
/* Of each four bytes, low first: the lower three, high first. */
#define GATHER 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1

/* ---- SSSE3: 12 bytes, 16 digits ---- */

SSSE3 static inline __m128i load128(const void *p)
{
    return _mm_loadu_si128(p);
}

SSSE3 static size_t encode_ssse3(const unsigned char *in, size_t len, char *out)
{
    const __m128i spread = _mm_setr_epi8(SPREAD);
    const __m128i by_range = _mm_setr_epi8(BY_RANGE);
    size_t done = 0;

    for (; len - done >= 16; done += 12, out += 16) {
        __m128i bytes = _mm_shuffle_epi8(load128(in + done), spread);
        /* Shifts by 10 and 6 to the right, by 4 and 8 to the left. */
        __m128i high = _mm_mulhi_epu16(_mm_and_si128(bytes, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
        __m128i low = _mm_mullo_epi16(_mm_and_si128(bytes, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
        __m128i values = _mm_or_si128(high, low);
        __m128i range = _mm_subs_epu8(values, _mm_set1_epi8(51));
        __m128i capital = _mm_and_si128(_mm_cmplt_epi8(values, _mm_set1_epi8(26)), _mm_set1_epi8(13));
        __m128i offset = _mm_shuffle_epi8(by_range, _mm_or_si128(range, capital));
        _mm_storeu_si128((void *)out, _mm_add_epi8(values, offset));
    }
    return done;
}

SSSE3 static size_t check_ssse3(const char *digits, size_t len)
{
    const __m128i of_high = _mm_setr_epi8(CLASSES_OF_HIGH);
    const __m128i of_low = _mm_setr_epi8(CLASSES_OF_LOW);
    const __m128i nibble = _mm_set1_epi8(15);
    size_t done = 0;

    for (; len - done >= 16; done += 16) {
        __m128i text = load128(digits + done);
        __m128i high = _mm_shuffle_epi8(of_high, _mm_and_si128(_mm_srli_epi32(text, 4), nibble));
        __m128i low = _mm_shuffle_epi8(of_low, _mm_and_si128(text, nibble));
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_and_si128(high, low), _mm_setzero_si128())) != 0)
            break;
    }
    return done;
}

SSSE3 static size_t decode_ssse3(const char *digits, size_t len, unsigned char *out)
{
    const __m128i by_high = _mm_setr_epi8(BY_HIGH);
    const __m128i gather = _mm_setr_epi8(GATHER);
    const __m128i nibble = _mm_set1_epi8(15);
    size_t done = 0;

    /* 16 bytes are stored for 12. */
    for (; len - done >= 24; done += 16, out += 12) {
        __m128i text = load128(digits + done);
        __m128i slash = _mm_cmpeq_epi8(text, _mm_set1_epi8('/'));
        __m128i high = _mm_and_si128(_mm_srli_epi32(text, 4), nibble);
        __m128i values = _mm_add_epi8(text, _mm_shuffle_epi8(by_high, _mm_add_epi8(high, slash)));
        /* Two values of 6 bits become one of 12, two of those one of 24. */
        __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));
        __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
        _mm_storeu_si128((void *)out, _mm_shuffle_epi8(fours, gather));
    }
    return done;
}

/* ---- AVX2: the same in two lanes ---- */

AVX2 static inline __m256i load256(const void *p)
{
    return _mm256_loadu_si256(p);
}

AVX2 static inline __m256i both(__m128i lane)
{
    return _mm256_broadcastsi128_si256(lane);
}

AVX2 static inline __m256i two_lanes(const unsigned char *low, const unsigned char *high)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const void *)low)),
                                   _mm_loadu_si128((const void *)high), 1);
}

AVX2 static size_t encode_avx2(const unsigned char *in, size_t len, char *out)
{
    const __m256i spread = both(_mm_setr_epi8(SPREAD));
    const __m256i by_range = both(_mm_setr_epi8(BY_RANGE));
    size_t done = 0;

    for (; len - done >= 28; done += 24, out += 32) {
        __m256i bytes = _mm256_shuffle_epi8(two_lanes(in + done, in + done + 12), spread);
        __m256i high =
            _mm256_mulhi_epu16(_mm256_and_si256(bytes, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
        __m256i low =
            _mm256_mullo_epi16(_mm256_and_si256(bytes, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
        __m256i values = _mm256_or_si256(high, low);
        __m256i range = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
        __m256i capital = _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), values), _mm256_set1_epi8(13));
        __m256i offset = _mm256_shuffle_epi8(by_range, _mm256_or_si256(range, capital));
        _mm256_storeu_si256((void *)out, _mm256_add_epi8(values, offset));
    }
    return done;
}

AVX2 static size_t check_avx2(const char *digits, size_t len)
{
    const __m256i of_high = both(_mm_setr_epi8(CLASSES_OF_HIGH));
    const __m256i of_low = both(_mm_setr_epi8(CLASSES_OF_LOW));
    const __m256i nibble = _mm256_set1_epi8(15);
    size_t done = 0;

    for (; len - done >= 32; done += 32) {
        __m256i text = load256(digits + done);
        __m256i high = _mm256_shuffle_epi8(of_high, _mm256_and_si256(_mm256_srli_epi32(text, 4), nibble));
        __m256i low = _mm256_shuffle_epi8(of_low, _mm256_and_si256(text, nibble));
        if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(high, low), _mm256_setzero_si256())) != 0)
            break;
    }
    return done;
}

AVX2 static size_t decode_avx2(const char *digits, size_t len, unsigned char *out)
{
    const __m256i by_high = both(_mm_setr_epi8(BY_HIGH));
    const __m256i gather = both(_mm_setr_epi8(GATHER));
    const __m256i nibble = _mm256_set1_epi8(15);
    size_t done = 0;

    /* Two times 16 bytes are stored for 12. */
    for (; len - done >= 40; done += 32, out += 24) {
        __m256i text = load256(digits + done);
        __m256i slash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('/'));
        __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), nibble);
        __m256i values = _mm256_add_epi8(text, _mm256_shuffle_epi8(by_high, _mm256_add_epi8(high, slash)));
        __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
        __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
        __m256i bytes = _mm256_shuffle_epi8(fours, gather);
        _mm_storeu_si128((void *)out, _mm256_castsi256_si128(bytes));
        _mm_storeu_si128((void *)(out + 12), _mm256_extracti128_si256(bytes, 1));
    }
    return done;
}

#elif defined(__aarch64__)

/* ---- NEON: loads and stores that take bytes apart do half of the work; 48 bytes, 64 digits ---- */

static size_t encode_neon(const unsigned char *in, size_t len, char *out)
{
    const uint8x16x4_t digits = vld1q_u8_x4((const uint8_t *)alphabet);
    size_t done = 0;

    for (; len - done >= 48; done += 48, out += 64) {
        uint8x16x3_t bytes = vld3q_u8(in + done);
        uint8x16x4_t values;
        values.val[0] = vshrq_n_u8(bytes.val[0], 2);
        values.val[1] = vandq_u8(vsliq_n_u8(vshrq_n_u8(bytes.val[1], 4), bytes.val[0], 4), vdupq_n_u8(63));
        values.val[2] = vandq_u8(vsliq_n_u8(vshrq_n_u8(bytes.val[2], 6), bytes.val[1], 2), vdupq_n_u8(63));
        values.val[3] = vandq_u8(bytes.val[2], vdupq_n_u8(63));
        for (size_t i = 0; i < 4; i++)
            values.val[i] = vqtbl4q_u8(digits, values.val[i]);
        vst4q_u8((uint8_t *)out, values);
    }
    return done;
}

static size_t check_neon(const char *digits, size_t len)
{
    static const uint8_t classes[2][16] = {{CLASSES_OF_HIGH}, {CLASSES_OF_LOW}};
    const uint8x16_t of_high = vld1q_u8(classes[0]);
    const uint8x16_t of_low = vld1q_u8(classes[1]);
    size_t done = 0;

    for (; len - done >= 16; done += 16) {
        uint8x16_t text = vld1q_u8((const uint8_t *)digits + done);
        uint8x16_t high = vqtbl1q_u8(of_high, vshrq_n_u8(text, 4));
        uint8x16_t low = vqtbl1q_u8(of_low, vandq_u8(text, vdupq_n_u8(15)));
        if (vminvq_u8(vtstq_u8(high, low)) == 0)
            break;
    }
    return done;
}

static size_t decode_neon(const char *digits, size_t len, unsigned char *out)
{
    static const int8_t offsets[16] = {BY_HIGH};
    const uint8x16_t by_high = vreinterpretq_u8_s8(vld1q_s8(offsets));
    size_t done = 0;

    for (; len - done >= 64; done += 64, out += 48) {
        uint8x16x4_t v = vld4q_u8((const uint8_t *)digits + done);
        uint8x16x3_t bytes;
        for (size_t i = 0; i < 4; i++) {
            uint8x16_t slash = vceqq_u8(v.val[i], vdupq_n_u8('/'));
            uint8x16_t high = vaddq_u8(vshrq_n_u8(v.val[i], 4), slash);
            v.val[i] = vaddq_u8(v.val[i], vqtbl1q_u8(by_high, high));
        }
        bytes.val[0] = vsliq_n_u8(vshrq_n_u8(v.val[1], 4), v.val[0], 2);
        bytes.val[1] = vsliq_n_u8(vshrq_n_u8(v.val[2], 2), v.val[1], 4);
        bytes.val[2] = vsliq_n_u8(v.val[3], v.val[2], 6);
        vst3q_u8(out, bytes);
    }
    return done;
}

#endif

/* ---- the choice ---- */

static const cl_base64_kernel kernels[] = {
#if defined(__x86_64__)
    {"avx2", CL_CPU_AVX2, encode_avx2, check_avx2, decode_avx2},
    {"ssse3", CL_CPU_SSSE3, encode_ssse3, check_ssse3, decode_ssse3},
#elif defined(__aarch64__)
    {"neon", 0, encode_neon, check_neon, decode_neon},
#endif
    {"portable", 0, encode_portable, check_portable, decode_portable},
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

const cl_base64_kernel *cl_base64_kernel_at(size_t index)
{
    return index < KERNELS ? &kernels[index] : NULL;
}

static const cl_base64_kernel *best(void)
{
    uint32_t has = cl_cpu();
    const cl_base64_kernel *kernel = kernels;

    while ((kernel->needs & has) != kernel->needs)
        kernel++;
    return kernel;
}

/* ---- the door ---- */

size_t cl_base64_encode_by(const cl_base64_kernel *kernel, const void *bytes, size_t len, char *out)
{
    const unsigned char *in = bytes;
    size_t done;

    if (len == 0)
        return 0;
    done = kernel->encode(in, len, out);
    done += encode_portable(in + done, len - done, out + done / 3 * 4);
    if (done < len) {
        bool two = len - done == 2;
        out += done / 3 * 4;
        put_digits((uint32_t)in[done] << 16 | (two ? (uint32_t)in[done + 1] << 8 : 0), out);
        out[3] = '=';
        if (!two)
            out[2] = '=';
    }
    return cl_base64_len(len);
}

size_t cl_base64_encode(const void *bytes, size_t len, char *out)
{
    return cl_base64_encode_by(best(), bytes, len, out);
}

static size_t padding(cl_str text)
{
    if (text.len == 0 || text.ptr[text.len - 1] != '=')
        return 0;
    return text.len > 1 && text.ptr[text.len - 2] == '=' ? 2 : 1;
}

static bool fail_at(size_t *wrong, size_t at)
{
    if (wrong)
        *wrong = at;
    return false;
}

bool cl_base64_valid_by(const cl_base64_kernel *kernel, cl_str text, size_t *wrong)
{
    size_t pad = padding(text);
    size_t digits = text.len - pad;
    size_t done;

    if (text.len == 0)
        return true;
    done = kernel->check(text.ptr, digits);
    done += check_portable(text.ptr + done, digits - done);
    if (done < digits)
        return fail_at(wrong, done);
    if (text.len % 4 != 0)
        return fail_at(wrong, text.len);
    if (pad > 0 && (value_of(text.ptr[digits - 1]) & (pad == 1 ? 3 : 15)) != 0)
        return fail_at(wrong, digits - 1);
    return true;
}

bool cl_base64_valid(cl_str text, size_t *wrong)
{
    return cl_base64_valid_by(best(), text, wrong);
}

size_t cl_base64_decoded_len(cl_str text)
{
    return text.len / 4 * 3 - padding(text);
}

void cl_base64_decode_by(const cl_base64_kernel *kernel, cl_str text, void *out)
{
    size_t pad = padding(text);
    size_t whole = pad > 0 ? text.len - 4 : text.len;
    unsigned char *to = out;
    size_t done;

    if (text.len == 0)
        return;
    done = kernel->decode(text.ptr, whole, to);
    done += decode_portable(text.ptr + done, whole - done, to + done / 4 * 3);
    if (pad > 0) {
        uint32_t bits = bits_of(text.ptr + done);
        to += done / 4 * 3;
        to[0] = (unsigned char)(bits >> 16);
        if (pad == 1)
            to[1] = (unsigned char)(bits >> 8);
    }
}

void cl_base64_decode(cl_str text, void *out)
{
    cl_base64_decode_by(best(), text, out);
}
