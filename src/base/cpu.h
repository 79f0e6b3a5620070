/* cpu.h - which vector instructions the processor has and the operating system lets programs use. */
#ifndef CL_BASE_CPU_H
#define CL_BASE_CPU_H

#include <stdint.h>

/* x86-64 alone has instructions that must be asked for: NEON is a part of every aarch64. */
enum { CL_CPU_SSSE3 = 1, CL_CPU_AVX2 = 2 };

/* A set of CL_CPU_*. Asked of the processor once: in a virtual machine the question can take longer than the work. */
uint32_t cl_cpu(void);

#endif
