/*
 * Text compressed by the library, and by zlib alone, for scripts/bench:
 *
 *     bench_compression ROW FILE
 *
 * ROW is compression.KIND.LEVEL or compression.KIND.LEVEL.zlib. Prints ROW in MB of text per second of processor time,
 * ROW.ratio, how many times smaller it became, and ROW.saved, the share that need not be sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "bench_check.h"

enum { ROUNDS_NS = 300 * 1000 * 1000, ROUNDS_LEAST = 3, GZIP = 16, MEMORY = 8 };

static size_t by_library(const char *text, size_t len, const claude_config_t *config)
{
    claude_response_t *packed = NULL;
    claude_response_t *back = NULL;
    claude_error_t *err = NULL;
    const char *bytes;
    size_t packed_len = 0;
    size_t back_len = 0;

    CHECK(claude_compress(text, len, config, &packed, &err));
    bytes = claude_response_json(packed, &packed_len);
    if (config == NULL) { /* once: it is what it was */
        CHECK(claude_decompress(bytes, packed_len, len, &back, &err));
        if (memcmp(claude_response_json(back, &back_len), text, len) != 0 || back_len != len)
            bench_fail("claude_decompress", "gives something else");
        claude_response_unref(back);
    }
    claude_response_unref(packed);
    return packed_len;
}

static size_t by_zlib(const char *text, size_t len, int level)
{
    z_stream z = {.zalloc = Z_NULL};
    size_t room;
    size_t made;
    unsigned char *out;

    if (deflateInit2(&z, level, Z_DEFLATED, MAX_WBITS + GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        bench_fail("zlib", "out of memory");
    room = deflateBound(&z, (uLong)len);
    out = malloc(room);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)len;
    z.next_out = out;
    z.avail_out = (unsigned)room;
    if (out == NULL || deflate(&z, Z_FINISH) != Z_STREAM_END)
        bench_fail("zlib", "could not");
    made = room - z.avail_out;
    deflateEnd(&z);
    free(out);
    return made;
}

static char *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        bench_fail(path, "cannot be read");
    rewind(file);
    *len = (size_t)size;
    bytes = malloc(*len + 1);
    if (bytes == NULL || fread(bytes, 1, *len, file) != *len)
        bench_fail(path, "cannot be read");
    fclose(file);
    return bytes;
}

static int level_of(const char *row)
{
    const char *kind = strchr(row, '.');
    const char *level = kind ? strchr(kind + 1, '.') : NULL;

    if (level == NULL || level[1] < '1' || level[1] > '9')
        bench_fail(row, "has no level");
    return level[1] - '0';
}

int main(int argc, char **argv)
{
    claude_config_t *config = NULL;
    claude_error_t *err = NULL;
    size_t len = 0;
    size_t made = 0;
    char level[2] = "6";
    bench_time spent = {0, 0};
    bench_time start;
    char *text;
    int rounds = 0;
    int zlib;

    if (argc != 3) {
        fprintf(stderr, "usage: bench_compression ROW FILE\n");
        return 2;
    }
    zlib = strstr(argv[1], ".zlib") != NULL;
    level[0] = (char)('0' + level_of(argv[1]));
    text = read_whole(argv[2], &len);
    CHECK(claude_config_new(&config, &err));
    CHECK(claude_config_set(config, "compression.level", level, &err));
    by_library(text, len, NULL);
    start = bench_now();
    for (; rounds < ROUNDS_LEAST || spent.cpu_ns < ROUNDS_NS; rounds++) {
        made = zlib ? by_zlib(text, len, level[0] - '0') : by_library(text, len, config);
        spent = bench_since(start);
    }
    bench_print(argv[1], "", (double)len * rounds * 1e3 / spent.cpu_ns, "MB/s");
    bench_print(argv[1], ".ratio", (double)len / (double)made, "times");
    bench_print(argv[1], ".saved", 100.0 * (1 - (double)made / (double)len), "%");
    claude_config_unref(config);
    free(text);
    return 0;
}
