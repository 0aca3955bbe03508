// Control below the timing cone, eight cycles at a time. One body, compiled for each vector unit.
#include "control.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

typedef int64_t v8 __attribute__((vector_size(64)));
typedef int64_t v8u __attribute__((vector_size(64), aligned(8), may_alias));
typedef int8_t b8 __attribute__((vector_size(8)));

#define splat(x) ((v8){} + (x))
static const v8 places = {1, 2, 4, 8, 16, 32, 64, 128};

// How many bits are set up to each, of every byte.
#define ROW(b) {                                                                                                       \
    ((b) & 1), ((b) & 1) + ((b) >> 1 & 1), ((b) & 1) + ((b) >> 1 & 1) + ((b) >> 2 & 1),                                \
    ((b) & 1) + ((b) >> 1 & 1) + ((b) >> 2 & 1) + ((b) >> 3 & 1),                                                      \
    ((b) & 1) + ((b) >> 1 & 1) + ((b) >> 2 & 1) + ((b) >> 3 & 1) + ((b) >> 4 & 1),                                     \
    ((b) & 1) + ((b) >> 1 & 1) + ((b) >> 2 & 1) + ((b) >> 3 & 1) + ((b) >> 4 & 1) + ((b) >> 5 & 1),                    \
    ((b) & 1) + ((b) >> 1 & 1) + ((b) >> 2 & 1) + ((b) >> 3 & 1) + ((b) >> 4 & 1) + ((b) >> 5 & 1) + ((b) >> 6 & 1),   \
    ((b) & 1) + ((b) >> 1 & 1) + ((b) >> 2 & 1) + ((b) >> 3 & 1) + ((b) >> 4 & 1) + ((b) >> 5 & 1) + ((b) >> 6 & 1)    \
        + ((b) >> 7)}
#define ROWS4(b) ROW(b), ROW((b) + 1), ROW((b) + 2), ROW((b) + 3)
#define ROWS16(b) ROWS4(b), ROWS4((b) + 4), ROWS4((b) + 8), ROWS4((b) + 12)
#define ROWS64(b) ROWS16(b), ROWS16((b) + 16), ROWS16((b) + 32), ROWS16((b) + 48)
static const int8_t ct_prefixes[256][8] __attribute__((aligned(64))) = {ROWS64(0), ROWS64(64), ROWS64(128),
                                                                        ROWS64(192)};

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,bmi,bmi2,popcnt")))
#define N(name) name##_avx512
#define ONES(v) ((uint64_t)_mm512_movepi64_mask((__m512i)(v)))
#include "control_body.h"
#undef TARGET
#undef N
#undef ONES

typedef union {
    v8 all;
    __m256d half[2];
} halves;
#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define N(name) name##_avx2
#define ONES(v)                                                                                                        \
    ({                                                                                                                 \
        halves h = {.all = (v)};                                                                                       \
        (uint64_t)(_mm256_movemask_pd(h.half[0]) | _mm256_movemask_pd(h.half[1]) << 4);                                \
    })
#include "control_body.h"
#undef TARGET
#undef N
#undef ONES
#endif

#define TARGET
#define N(name) name##_any
#define ONES(v)                                                                                                        \
    ({                                                                                                                 \
        v8 all = (v);                                                                                                  \
        uint64_t ones = 0;                                                                                             \
        for (int lane = 0; lane < 8; lane++) ones |= (uint64_t)(all[lane] < 0) << lane;                                \
        ones;                                                                                                          \
    })
#include "control_body.h"

int ct_level(void) {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) return 0;
    int wide = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    return wide && __builtin_cpu_supports("avx512vl") ? 2 : 1;
#else
    return 0;
#endif
}

#if defined(__x86_64__)
#define RUN(name, ...)                                                                                                 \
    do {                                                                                                               \
        if (level > 1) return name##_avx512(__VA_ARGS__);                                                              \
        if (level > 0) return name##_avx2(__VA_ARGS__);                                                                \
        return name##_any(__VA_ARGS__);                                                                                \
    } while (0)
#else
#define RUN(name, ...) return (void)level, name##_any(__VA_ARGS__)
#endif

void ct_logic_run(const ct_logic *s, int level) { RUN(logic, s); }

void ct_choose(ct_bits bits, ct_numbers yes, ct_numbers no, ct_form form, int words, int64_t *values, int level) {
    RUN(choose, bits, yes, no, form, words, values);
}

void ct_expand(const uint64_t *bits, int words, int64_t *values, int level) { RUN(expand, bits, words, values); }

void ct_take(const ct_register *q, ct_numbers data, ct_form form, int level) { RUN(take, q, data, form); }

void ct_count(const ct_register *q, ct_numbers limit, int64_t mask, int level) { RUN(count, q, limit, mask); }

void ct_walk(const ct_walker *walkers, int count, int level) { RUN(walk, walkers, count); }

uint64_t ct_toggles(const int64_t *values, int count, uint64_t mask, int level) { RUN(toggles, values, count, mask); }
