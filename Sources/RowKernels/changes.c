// Which of some numbers differ: control asks it of all that it hands over, in every cycle that is simulated.
#include "changes.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static uint64_t changed_avx2(const int64_t *now, const int64_t *last, int count) {
    uint64_t result = 0;
    for (int i = 0; i < count; i += 4) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(now + i));
        __m256i b = _mm256_loadu_si256((const __m256i *)(last + i));
        int same = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(a, b)));
        result |= (uint64_t)(same ^ 15) << i;
    }
    return result;
}
#endif

uint64_t changed_numbers(const int64_t *now, const int64_t *last, int count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return changed_avx2(now, last, count);
#endif
    uint64_t result = 0;
    for (int i = 0; i < count; i++) result |= (uint64_t)(now[i] != last[i]) << i;
    return result;
}
