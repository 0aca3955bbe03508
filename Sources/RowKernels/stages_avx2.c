// Stages on AVX2. What differs from the old row is counted by carry-save adders (Muła, Kurz, Lemire, Computer Journal 2018):
// four vectors of differences become one of fours, so that only each fourth is looked up.
#include "stage_operands.h"

#if defined(__x86_64__)
// What vectors v to v + count - 1 change; the new ones are stored. T: terms of A and of B bytes a lane; D: of the result.
AVX2 INLINE void differ(__m256i *different, operands o, int v, const int count, const int T, const int A, const int B,
                        const int D, const int P, const int group) {
    const char *a = 0, *b = 0, *a2 = 0, *b2 = 0, *w = 0;
    __m256i x = _mm256_setzero_si256();
    const int step = group ? group : 1;
    for (int k = 0; k < count; k++) {
        if (k % step == 0) {
            if (P) x = spread(o, v + k, P, group), w = o.w + o.w_offsets[v + k];
            if (T > 0) a = o.a + o.a_offsets[2 * (v + k)];
            if (T > 1) b = o.b + o.b_offsets[2 * (v + k)];
            if (!group && T > 0) a2 = o.a + o.a_offsets[2 * (v + k) + 1];
            if (!group && T > 1) b2 = o.b + o.b_offsets[2 * (v + k) + 1];
        }
        const size_t at = 32 * (size_t)(k % step);
        __m256i sum;
        if (P) {
            sum = product(o, x, w + at / 32 * (P == 4 ? 16 : 8), P);
            if (T > 0) sum = _mm256_add_epi32(sum, term(a + at, a2 + at, A, D, group));
        } else {
            sum = term(a + at * A / D, a2 + at, A, D, group);
            if (T > 1) {
                __m256i other = term(b + at * B / D, b2 + at, B, D, group);
                sum = D == 4 ? _mm256_add_epi32(sum, other) : _mm256_add_epi64(sum, other);
            }
        }
        char *place = o.row + 32 * (size_t)(v + k);
        different[k] = _mm256_xor_si256(sum, load(place));
        _mm256_storeu_si256((__m256i *)place, sum);
    }
}

// extra: signs count besides.
AVX2 INLINE void run_as(rk_stage *s, operands o, const int T, const int A, const int B, const int D, const int P,
                        const int group, const int extra) {
    const __m256i mask = _mm256_set1_epi64x((long long)o.mask), none = _mm256_setzero_si256();
    __m256i ones = load(s->parts[0]), twos = load(s->parts[1]), total = load(s->parts[2]);
    uint64_t signs = 0;
    int v = 0;
    for (; v + 4 <= o.vectors; v += 4) {
        __m256i d[4];
        differ(d, o, v, 4, T, A, B, D, P, group);
        __m256i first = add_up(&ones, d[0], d[1]), second = add_up(&ones, d[2], d[3]);
        __m256i fours = add_up(&twos, first, second);
        total = _mm256_add_epi64(total, ones_of(_mm256_and_si256(fours, mask)));
        if (extra) signs += signs_of(fours, D);
    }
    for (; v < o.vectors; v++) {
        __m256i d[1];
        differ(d, o, v, 1, T, A, B, D, P, group ? 1 : 0);
        __m256i fours = add_up(&twos, add_up(&ones, d[0], none), none);
        total = _mm256_add_epi64(total, ones_of(_mm256_and_si256(fours, mask)));
        if (extra) signs += signs_of(fours, D);
    }
    _mm256_storeu_si256((__m256i *)s->parts[0], ones);
    _mm256_storeu_si256((__m256i *)s->parts[1], twos);
    _mm256_storeu_si256((__m256i *)s->parts[2], total);
    s->parts[3][0] += signs;
}

AVX2 INLINE void run_by(rk_stage *s, operands o, const int T, const int A, const int B, const int D, const int P,
                        const int group) {
    if (s->extra) run_as(s, o, T, A, B, D, P, group, 1);
    else run_as(s, o, T, A, B, D, P, group, 0);
}

AVX2 INLINE void run(rk_stage *s, operands o, const int T, const int A, const int B, const int D, const int P) {
    switch (s->group) {
    case 0: run_by(s, o, T, A, B, D, P, 0); break;
    case 1: run_by(s, o, T, A, B, D, P, 1); break;
    case 2: run_by(s, o, T, A, B, D, P, 2); break;
    default: run_by(s, o, T, A, B, D, P, 4);
    }
}

#define UNIT AVX2
#include "stage_forms.h"

AVX2 void rk_change_avx2(rk_stage *s, const operands *o) { change(s, *o); }

AVX2 void rk_count_avx2(rk_stage *s) {
    __m256i mask = _mm256_set1_epi64x((long long)s->mask), ones = load(s->parts[0]), twos = load(s->parts[1]);
    s->toggles = 4 * sum_of(load(s->parts[2])) + 2 * sum_of(ones_of(_mm256_and_si256(twos, mask))) +
                 sum_of(ones_of(_mm256_and_si256(ones, mask)));
    uint64_t signs = s->element == 4 ? 2 * signs_of(twos, 4) + signs_of(ones, 4) : 2 * signs_of(twos, 8) + signs_of(ones, 8);
    s->toggles += (uint64_t)s->extra * (4 * s->parts[3][0] + signs);
}
#endif
