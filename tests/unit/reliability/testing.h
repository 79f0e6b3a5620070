/* testing.h - what the tests of policies share: chance that is the same each time, and numbers at the edges. */
#ifndef TEST_RELIABILITY_TESTING_H
#define TEST_RELIABILITY_TESTING_H

#include <stddef.h>
#include <stdint.h>

/* splitmix64: any seed is good. */
static inline uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline int64_t random_below(uint64_t *seed, int64_t n)
{
    return (int64_t)(next_random(seed) % (uint64_t)n);
}

static const int64_t extremes[] = {
    INT64_MIN,
    INT64_MIN + 1,
    INT64_MIN / 1000,
    INT32_MIN,
    -1001,
    -1,
    0,
    1,
    2,
    999,
    1000,
    1001,
    INT32_MAX,
    (int64_t)1 << 53,
    INT64_MAX / 1000,
    INT64_MAX / 1000 + 1,
    INT64_MAX / 2,
    INT64_MAX - 1000,
    INT64_MAX - 1,
    INT64_MAX,
};
enum { EXTREMES = sizeof extremes / sizeof extremes[0] };

static inline int64_t random_extreme(uint64_t *seed)
{
    return extremes[random_below(seed, EXTREMES)];
}

#endif
