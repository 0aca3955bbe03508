// Counting ones in vectors, for the kernels that count toggles.
#ifndef ONES_H
#define ONES_H
#include "targets.h"
#include <stdint.h>

#if defined(__x86_64__)

AVX2 INLINE __m256i load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

AVX2 INLINE __m256i add_up(__m256i *sum, __m256i a, __m256i b) {
    __m256i u = _mm256_xor_si256(a, *sum);
    __m256i carry = _mm256_or_si256(_mm256_and_si256(a, *sum), _mm256_and_si256(u, b));
    *sum = _mm256_xor_si256(u, b);
    return carry;
}

// Ones in each quarter.
AVX2 INLINE __m256i ones_of(__m256i v) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3,
                                           2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i a = _mm256_shuffle_epi8(table, _mm256_and_si256(v, low));
    __m256i b = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low));
    return _mm256_sad_epu8(_mm256_add_epi8(a, b), _mm256_setzero_si256());
}

AVX2 INLINE uint64_t signs_of(__m256i v, const int D) {
    return (uint64_t)__builtin_popcount((unsigned)(D == 4 ? _mm256_movemask_ps(_mm256_castsi256_ps(v))
                                                          : _mm256_movemask_pd(_mm256_castsi256_pd(v))));
}

AVX2 INLINE uint64_t sum_of(__m256i v) {
    uint64_t all[4];
    _mm256_storeu_si256((__m256i *)all, v);
    return all[0] + all[1] + all[2] + all[3];
}
#endif
#endif
