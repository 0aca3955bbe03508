// Stages on AVX-512 with VPOPCNTDQ: vectors of 64 bytes where operands lie side by side that far, whose ones an instruction
// counts.
#include "stage_operands.h"

#if defined(__x86_64__)
AVX512 INLINE __m512i load_wide(const void *p) { return _mm512_loadu_si512(p); }

// Sixteen products with an activation.
AVX512 INLINE __m512i product_wide(operands o, __m512i a, const char *w, const int P) {
    if (P == 4) return _mm512_madd_epi16(a, _mm512_cvtepi16_epi32(load(w)));
    __m128i c = _mm_loadu_si128((const __m128i *)w);
    if (P != 2) return _mm512_madd_epi16(a, _mm512_cvtepi8_epi32(P == 1 ? _mm_shuffle_epi8(o.powers, c) : c));
    __m512i code = _mm512_cvtepi8_epi32(c), last = _mm512_set1_epi32((1 << (o.code_bits - 1)) - 1);
    __m512i field = _mm512_and_si512(code, last);
    __mmask16 some = _mm512_test_epi32_mask(field, field);
    __m512i m = _mm512_maskz_sllv_epi32(some, a, _mm512_sub_epi32(last, field));
    __mmask16 minus = _mm512_test_epi32_mask(code, _mm512_add_epi32(last, _mm512_set1_epi32(1)));
    return _mm512_mask_sub_epi32(m, minus, _mm512_setzero_si512(), m);
}

AVX512 INLINE __m512i term_wide(const char *p, const int A, const int D) {
    return A < D ? _mm512_cvtepi32_epi64(load(p)) : load_wide(p);
}

// The sum that vectors v and v + 1 take.
AVX512 INLINE __m512i sum_wide(operands o, int v, __m512i x, const int T, const int A, const int B, const int D, const int P) {
    if (P) {
        __m512i sum = product_wide(o, x, o.w + o.w_offsets[v], P);
        return T > 0 ? _mm512_add_epi32(sum, load_wide(o.a + o.a_offsets[2 * v])) : sum;
    }
    __m512i sum = term_wide(o.a + o.a_offsets[2 * v], A, D);
    if (T < 2) return sum;
    __m512i other = term_wide(o.b + o.b_offsets[2 * v], B, D);
    return D == 4 ? _mm512_add_epi32(sum, other) : _mm512_add_epi64(sum, other);
}

// The sum that vector v takes, whose halves may lie anywhere.
AVX512 INLINE __m256i sum_narrow(operands o, int v, const int T, const int A, const int B, const int D, const int P,
                                 const int group) {
    const char *a = 0, *b = 0, *a2 = 0, *b2 = 0;
    if (T > 0) a = o.a + o.a_offsets[2 * v], a2 = o.a + o.a_offsets[2 * v + 1];
    if (T > 1) b = o.b + o.b_offsets[2 * v], b2 = o.b + o.b_offsets[2 * v + 1];
    if (P) {
        __m256i sum = product(o, spread(o, v, P, group), o.w + o.w_offsets[v], P);
        return T > 0 ? _mm256_add_epi32(sum, term(a, a2, A, D, group)) : sum;
    }
    __m256i sum = term(a, a2, A, D, group);
    if (T < 2) return sum;
    __m256i other = term(b, b2, B, D, group);
    return D == 4 ? _mm256_add_epi32(sum, other) : _mm256_add_epi64(sum, other);
}

// extra: signs count besides; they gather in lanes of their own.
AVX512 INLINE void run_as(rk_stage *s, operands o, const int T, const int A, const int B, const int D, const int P,
                          const int group, const int extra) {
    const __m512i mask = _mm512_set1_epi64((long long)o.mask);
    __m512i total = load_wide(s->parts[0]);
    uint64_t signs = 0;
    for (int v = 0; group >= 2 && v < o.vectors; v += 2) {
        __m512i x = _mm512_setzero_si512();
        if (P) x = _mm512_set1_epi32(activation(o, 2 * v) & (P == 2 ? -1 : 0xFFFF));
        __m512i sum = sum_wide(o, v, x, T, A, B, D, P);
        char *place = o.row + 32 * (size_t)v;
        __m512i different = _mm512_xor_si512(sum, load_wide(place));
        _mm512_storeu_si512(place, sum);
        total = _mm512_add_epi64(total, _mm512_popcnt_epi64(_mm512_and_si512(different, mask)));
        if (extra)
            signs += (uint64_t)__builtin_popcount(D == 4 ? (unsigned)_mm512_movepi32_mask(different)
                                                         : (unsigned)_mm512_movepi64_mask(different));
    }
    for (int v = 0; group < 2 && v < o.vectors; v++) {
        __m256i sum = sum_narrow(o, v, T, A, B, D, P, group);
        char *place = o.row + 32 * (size_t)v;
        __m256i different = _mm256_xor_si256(sum, load(place));
        _mm256_storeu_si256((__m256i *)place, sum);
        __m256i ones = _mm256_popcnt_epi64(_mm256_and_si256(different, _mm512_castsi512_si256(mask)));
        total = _mm512_add_epi64(total, _mm512_zextsi256_si512(ones));
        if (extra) signs += signs_of(different, D);
    }
    _mm512_storeu_si512(s->parts[0], total);
    s->parts[2][0] += signs;
}

AVX512 INLINE void run_by(rk_stage *s, operands o, const int T, const int A, const int B, const int D, const int P,
                          const int group) {
    if (s->extra) run_as(s, o, T, A, B, D, P, group, 1);
    else run_as(s, o, T, A, B, D, P, group, 0);
}

AVX512 INLINE void run(rk_stage *s, operands o, const int T, const int A, const int B, const int D, const int P) {
    if (s->group >= 2) run_by(s, o, T, A, B, D, P, 2);
    else if (s->group == 1) run_by(s, o, T, A, B, D, P, 1);
    else run_by(s, o, T, A, B, D, P, 0);
}

#define UNIT AVX512
#include "stage_forms.h"

AVX512 void rk_change_avx512(rk_stage *s, const operands *o) { change(s, *o); }

AVX512 void rk_count_avx512(rk_stage *s) {
    s->toggles = (uint64_t)_mm512_reduce_add_epi64(load_wide(s->parts[0])) + (uint64_t)s->extra * s->parts[2][0];
}
#endif
