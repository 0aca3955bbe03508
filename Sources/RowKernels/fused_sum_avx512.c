// Fused sums on AVX-512 with VNNI, which multiplies and adds two inputs of sixteen outputs at once.
#include "row_kernels.h"
#include "targets.h"
#include <string.h>

#if defined(__x86_64__)
AVX512 INLINE __m512i zero(void) { return _mm512_setzero_si512(); }

// Two inputs in each lane.
AVX512 INLINE __m512i both(const char *x) {
    int32_t pair;
    memcpy(&pair, x, 4);
    return _mm512_set1_epi32(pair);
}

AVX512 INLINE const char *inputs(const rk_term *t, const rk_sum_shape *s, int i, int pixel) {
    return (const char *)t->x[i - t->delay] + t->x_offset + pixel * s->x_step;
}

AVX512 INLINE const char *weights(const rk_term *t, int i, int o) {
    return (const char *)t->w[i - t->delay] + t->w_offset + 4 * o;
}

// A bit for each of the lanes, at most 16, from `first` on.
AVX512 INLINE __mmask16 lanes(int end, int first) {
    return end - first >= 16 ? (__mmask16)0xFFFF : end < first ? 0 : (__mmask16)((1u << (end - first)) - 1);
}

AVX512 INLINE __m512i multiply_add(__m512i sum, __m512i x, __m512i w) { return _mm512_dpwssd_epi32(sum, x, w); }

// PX pixels and OY vectors of sixteen outputs at once. With few accumulators SETS pairs go to a set each: one would wait
// for itself.
AVX512 INLINE void tile32(const rk_term *t, int terms, const rk_sum_shape *s, int i, int pixel, int o, char *row,
                          const int PX, const int OY) {
    const int SETS = PX * OY <= 2 ? 4 : PX * OY <= 4 ? 2 : 1;
    const __mmask16 read = lanes(s->padded_outputs, o + 16 * (OY - 1));
    const size_t step = 4 * (size_t)s->padded_outputs;
    __m512i a[4][8];
    for (int q = 0; q < SETS; q++)
        for (int k = 0; k < PX * OY; k++) a[q][k] = zero();
    for (int j = 0; j < terms; j++) {
        const char *x = inputs(&t[j], s, i, pixel), *w = weights(&t[j], i, o);
        int k = 0;
        for (; k + SETS <= s->pairs; k += SETS) {
            for (int q = 0; q < SETS; q++) {
                for (int y = 0; y < OY; y++) {
                    const char *place = w + (k + q) * step + 64 * y;
                    __m512i v = y < OY - 1 ? _mm512_loadu_si512(place) : _mm512_maskz_loadu_epi32(read, place);
                    for (int p = 0; p < PX; p++)
                        a[q][p * OY + y] = multiply_add(a[q][p * OY + y], both(x + p * s->x_step + 4 * (k + q)), v);
                }
            }
        }
        for (; k < s->pairs; k++) {
            for (int y = 0; y < OY; y++) {
                __m512i v = _mm512_maskz_loadu_epi32(y < OY - 1 ? (__mmask16)0xFFFF : read, w + k * step + 64 * y);
                for (int p = 0; p < PX; p++)
                    a[0][p * OY + y] = multiply_add(a[0][p * OY + y], both(x + p * s->x_step + 4 * k), v);
            }
        }
    }
    for (int p = 0; p < PX; p++) {
        for (int y = 0; y < OY; y++) {
            __m512i sum = a[0][p * OY + y];
            for (int q = 1; q < SETS; q++) sum = _mm512_add_epi32(sum, a[q][p * OY + y]);
            int first = o + 16 * y;
            _mm512_mask_storeu_epi32(row + 4 * (size_t)((pixel + p) * s->outputs + first), lanes(s->outputs, first), sum);
        }
    }
}

// Sums of 32 bits in both planes hold this many pairs: less than 2^15 * 2^8 * 2 each.
enum { MOST_PAIRS = 120 };

// Adds 256 times the high sums and the low ones of eight outputs.
AVX512 INLINE __m512i widened(__m512i total, __m256i high, __m256i low) {
    __m512i h = _mm512_slli_epi64(_mm512_cvtepi32_epi64(high), 8);
    return _mm512_add_epi64(total, _mm512_add_epi64(h, _mm512_cvtepi32_epi64(low)));
}

AVX512 INLINE __m256i lower(__m512i v) { return _mm512_castsi512_si256(v); }
AVX512 INLINE __m256i upper(__m512i v) { return _mm512_extracti64x4_epi64(v, 1); }

// One pixel and sixteen outputs with weights in two planes.
AVX512 INLINE void tile64(const rk_term *t, int terms, const rk_sum_shape *s, int i, int pixel, int o, char *row) {
    const size_t step = 4 * (size_t)s->padded_outputs;
    const __mmask16 read = lanes(s->padded_outputs, o);
    __m512i total[2] = {zero(), zero()}, high[2] = {zero(), zero()}, low[2] = {zero(), zero()};
    int held = 0;
    for (int j = 0; j < terms; j++) {
        const char *x = inputs(&t[j], s, i, pixel), *w = weights(&t[j], i, o);
        for (int k = 0; k < s->pairs;) {
            int to = s->pairs - k < MOST_PAIRS - held ? s->pairs : k + MOST_PAIRS - held;
            held += to - k;
            for (; k < to; k += 2) {
                for (int q = 0; q < (to - k < 2 ? 1 : 2); q++) {
                    __m512i v = both(x + 4 * (k + q));
                    const char *place = w + (k + q) * step;
                    high[q] = multiply_add(high[q], v, _mm512_maskz_loadu_epi32(read, place));
                    low[q] = multiply_add(low[q], v, _mm512_maskz_loadu_epi32(read, place + s->plane_bytes));
                }
            }
            k = to;
            if (held < MOST_PAIRS && j < terms - 1) continue;
            __m512i h = _mm512_add_epi32(high[0], high[1]), l = _mm512_add_epi32(low[0], low[1]);
            total[0] = widened(total[0], lower(h), lower(l));
            total[1] = widened(total[1], upper(h), upper(l));
            high[0] = high[1] = low[0] = low[1] = zero();
            held = 0;
        }
    }
    __mmask16 all = lanes(s->outputs, o);
    char *place = row + 8 * (size_t)(pixel * s->outputs + o);
    _mm512_mask_storeu_epi64(place, (__mmask8)all, total[0]);
    _mm512_mask_storeu_epi64(place + 64, (__mmask8)(all >> 8), total[1]);
}

// One pixel and at most eight outputs: two pairs at once, whose weights lie side by side.
AVX512 INLINE void tile_eight(const rk_term *t, int terms, const rk_sum_shape *s, int i, int pixel, char *row,
                              const int planes) {
    const __m512i second = _mm512_mask_set1_epi32(zero(), 0xFF00, 1);
    __m512i total = zero(), high[2] = {zero(), zero()}, low[2] = {zero(), zero()};
    int held = 0;
    for (int j = 0; j < terms; j++) {
        const char *x = inputs(&t[j], s, i, pixel), *w = weights(&t[j], i, 0);
        for (int from = 0; from < s->pairs; from += 16) {
            int pairs = s->pairs - from < 16 ? s->pairs - from : 16;
            __m512i all = _mm512_maskz_loadu_epi32(lanes(s->pairs, from), x + 4 * from), place = second;
            for (int k = 0; k < pairs; k += 4) {
                for (int q = 0; q < 2; q++) {
                    // The last ones may be missing; their inputs are 0.
                    const __mmask16 read = lanes(8 * (pairs - k - 2 * q), 0);
                    const char *at = w + 32 * (size_t)(from + k + 2 * q);
                    __m512i v = _mm512_permutexvar_epi32(place, all);
                    high[q] = multiply_add(high[q], v, _mm512_maskz_loadu_epi32(read, at));
                    if (planes == 2)
                        low[q] = multiply_add(low[q], v, _mm512_maskz_loadu_epi32(read, at + s->plane_bytes));
                    place = _mm512_add_epi32(place, _mm512_set1_epi32(2));
                }
            }
            held += pairs;
            if (planes == 1 || held < MOST_PAIRS - 16) continue;
            __m512i h = _mm512_add_epi32(high[0], high[1]), l = _mm512_add_epi32(low[0], low[1]);
            total = widened(widened(total, lower(h), lower(l)), upper(h), upper(l));
            high[0] = high[1] = low[0] = low[1] = zero();
            held = 0;
        }
    }
    __m512i h = _mm512_add_epi32(high[0], high[1]), l = _mm512_add_epi32(low[0], low[1]);
    __mmask8 all = (__mmask8)lanes(s->outputs, 0);
    if (planes == 2) {
        total = widened(widened(total, lower(h), lower(l)), upper(h), upper(l));
        _mm512_mask_storeu_epi64(row + 8 * (size_t)(pixel * s->outputs), all, total);
    } else {
        _mm256_mask_storeu_epi32(row + 4 * (size_t)(pixel * s->outputs), all, _mm256_add_epi32(lower(h), upper(h)));
    }
}

// All outputs of PX pixels.
AVX512 INLINE void pixels32(const rk_term *t, int terms, const rk_sum_shape *s, int i, int pixel, char *row, const int PX) {
    for (int o = 0; o < s->padded_outputs;) {
        int vectors = (s->padded_outputs - o + 15) / 16;
        if (PX == 1 && vectors >= 4) tile32(t, terms, s, i, pixel, o, row, PX, 4), o += 64;
        else if (vectors >= 2) tile32(t, terms, s, i, pixel, o, row, PX, 2), o += 32;
        else tile32(t, terms, s, i, pixel, o, row, PX, 1), o += 16;
    }
}

AVX512 void rk_sum_avx512(const rk_term *t, int terms, const rk_sum_shape *s, const int32_t *list, int count, char *rows,
                          size_t stride) {
    for (int e = 0; e < count; e++, rows += stride) {
        int i = list[e];
        for (int pixel = 0; pixel < s->pixels;) {
            int left = s->pixels - pixel, group = 1;
            if (s->padded_outputs == 8 && s->plane_bytes) {
                tile_eight(t, terms, s, i, pixel, rows, 2);
            } else if (s->padded_outputs == 8 && left == 1) {
                tile_eight(t, terms, s, i, pixel, rows, 1);
            } else if (s->plane_bytes) {
                for (int o = 0; o < s->padded_outputs; o += 16) tile64(t, terms, s, i, pixel, o, rows);
            } else if (left >= 4) {
                pixels32(t, terms, s, i, pixel, rows, 4), group = 4;
            } else if (left >= 2) {
                pixels32(t, terms, s, i, pixel, rows, 2), group = 2;
            } else {
                pixels32(t, terms, s, i, pixel, rows, 1);
            }
            pixel += group;
        }
    }
}
#endif
