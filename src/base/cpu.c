#include "base/cpu.h"

#include <stdatomic.h>

#ifdef __x86_64__
#include <cpuid.h>

/* Leaf 1, register C; leaf 7, register B; what the operating system saves of the registers. */
enum { OSXSAVE = 1 << 27, SAVES_AVX = 6 };

static uint32_t ask(void)
{
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    uint32_t found = 0;

    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 0;
    if (c & bit_SSSE3)
        found |= CL_CPU_SSSE3;
    if (!(c & OSXSAVE))
        return found;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    if ((a & SAVES_AVX) == SAVES_AVX && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2))
        found |= CL_CPU_AVX2;
    return found;
}
#else
static uint32_t ask(void)
{
    return 0;
}
#endif

uint32_t cl_cpu(void)
{
    /* Every thread finds the same, so that none needs to wait for another. */
    static _Atomic uint32_t features;
    const uint32_t known = 1u << 31;
    uint32_t found = atomic_load_explicit(&features, memory_order_relaxed);

    if (!(found & known)) {
        found = ask() | known;
        atomic_store_explicit(&features, found, memory_order_relaxed);
    }
    return found & ~known;
}
