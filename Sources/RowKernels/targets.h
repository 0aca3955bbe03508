// The vector units that kernels are compiled for, by the level at which `rk_level` offers them.
#ifndef TARGETS_H
#define TARGETS_H

#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#include <immintrin.h>
// Level 1.
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
// Level 2.
#define AVX512                                                                                                         \
    __attribute__((target("avx2,bmi,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")))
#endif
#endif
