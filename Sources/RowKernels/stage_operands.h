// What the kernels of stages share for all vector units: operands, and one vector of 32 bytes of each.
#ifndef STAGE_OPERANDS_H
#define STAGE_OPERANDS_H
#include "ones.h"
#include "stages.h"

#if defined(__x86_64__)
// All that a run reads, by value: a store to a row could otherwise change it for all the compiler knows.
typedef struct {
    char *row;
    const char *a, *b, *x, *w;
    const int32_t *a_offsets, *b_offsets, *x_offsets, *w_offsets;
    int vectors, code_bits, x_element;
    uint64_t mask;
    __m128i powers;
} operands;

// Computes a stage's row and counts what changes, in its parts.
typedef void (*rk_change)(rk_stage *s, const operands *o);
void rk_change_avx2(rk_stage *s, const operands *o);
void rk_change_avx512(rk_stage *s, const operands *o);
// Adds up the parts.
void rk_count_avx2(rk_stage *s);
void rk_count_avx512(rk_stage *s);

AVX2 INLINE int activation(operands o, int half) {
    const char *place = o.x + o.x_offsets[half];
    return o.x_element == 2 ? *(const int16_t *)place : *(const int8_t *)place;
}

// The activation of vector v, as products take it.
AVX2 INLINE __m256i spread(operands o, int v, const int P, const int group) {
    // The upper half of each pair is zero on the activation's side, but for shifts.
    int wanted = P == 2 ? -1 : 0xFFFF, first = activation(o, 2 * v) & wanted;
    if (group) return _mm256_set1_epi32(first);
    return _mm256_set_m128i(_mm_set1_epi32(activation(o, 2 * v + 1) & wanted), _mm_set1_epi32(first));
}

// Eight products with an activation.
AVX2 INLINE __m256i product(operands o, __m256i a, const char *w, const int P) {
    if (P == 2) {
        int top = (1 << (o.code_bits - 1)) - 1;
        __m256i c = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)w)), last = _mm256_set1_epi32(top);
        __m256i f = _mm256_and_si256(c, last), none = _mm256_cmpeq_epi32(f, _mm256_setzero_si256());
        __m256i m = _mm256_andnot_si256(none, _mm256_sllv_epi32(a, _mm256_sub_epi32(last, f)));
        __m256i bit = _mm256_and_si256(_mm256_srl_epi32(c, _mm_cvtsi32_si128(o.code_bits - 1)), _mm256_set1_epi32(1));
        __m256i s = _mm256_sub_epi32(_mm256_setzero_si256(), bit);
        return _mm256_sub_epi32(_mm256_xor_si256(m, s), s);
    }
    __m256i u;
    if (P == 4) {
        u = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)w));
    } else {
        __m128i c = _mm_loadl_epi64((const __m128i *)w);
        u = _mm256_cvtepi8_epi32(P == 1 ? _mm_shuffle_epi8(o.powers, c) : c);
    }
    return _mm256_madd_epi16(a, u);
}

// A vector of lanes of D bytes from a row whose lanes have A bytes.
AVX2 INLINE __m256i term(const char *first, const char *second, const int A, const int D, const int group) {
    if (A < D) return _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)first));
    if (group) return load(first);
    return _mm256_set_m128i(_mm_loadu_si128((const __m128i *)second), _mm_loadu_si128((const __m128i *)first));
}
#endif
#endif
