/*
 * waits.h - how long to wait: growth by a factor, and chance. Shares and factors are thousandths, and what does not fit
 * saturates. Growth is in microseconds, because short waits that grow slowly would not grow at all in milliseconds.
 */
#ifndef CL_RELIABILITY_WAITS_H
#define CL_RELIABILITY_WAITS_H

#include <stdint.h>

enum { CL_WAIT_ONE = 1000 };

static inline int64_t cl_clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

/* value * thousandths / 1000, rounded down, of numbers that are not negative. */
static inline int64_t cl_share(int64_t value, int64_t thousandths)
{
    int64_t whole = value / CL_WAIT_ONE;
    int64_t rest = value % CL_WAIT_ONE;
    int64_t part = rest * (thousandths / CL_WAIT_ONE) + rest * (thousandths % CL_WAIT_ONE) / CL_WAIT_ONE;

    if (thousandths > 0 && whole > (INT64_MAX - part) / thousandths)
        return INT64_MAX;
    return whole * thousandths + part;
}

/* A wait in milliseconds as one that grows; a negative one is 0. */
static inline int64_t cl_wait_us(int64_t ms)
{
    return ms <= 0 ? 0 : ms > INT64_MAX / CL_WAIT_ONE ? INT64_MAX : ms * CL_WAIT_ONE;
}

static inline int64_t cl_wait_ms(int64_t us)
{
    return us / CL_WAIT_ONE;
}

/* The next wait after this one: multiplied (by 1 at least), and not more than max_us. */
static inline int64_t cl_wait_grow(int64_t us, int64_t multiplier, int64_t max_us)
{
    int64_t grown = multiplier > CL_WAIT_ONE ? cl_share(us, multiplier) : us;

    return grown < max_us ? grown : max_us;
}

/* 64 random bits as a number of 0 to `most`, each as likely as any other. */
static inline int64_t cl_chance(uint64_t random, int64_t most)
{
    /* The upper half of the product of 128 bits, put together from halves. */
    uint64_t n = (uint64_t)most + 1;
    uint64_t low = (random & UINT32_MAX) * (n & UINT32_MAX);
    uint64_t left = (random >> 32) * (n & UINT32_MAX) + (low >> 32);
    uint64_t right = (random & UINT32_MAX) * (n >> 32) + (left & UINT32_MAX);

    return (int64_t)((random >> 32) * (n >> 32) + (left >> 32) + (right >> 32));
}

/* A wait of which the share `jitter` is left to chance: from wait - jitter * wait to the whole of it. */
static inline int64_t cl_wait_jitter(int64_t ms, int64_t jitter, uint64_t random)
{
    return ms - cl_chance(random, cl_share(ms, cl_clamp(jitter, 0, CL_WAIT_ONE)));
}

#endif
