// Fused sums: products of 16-bit operands, two inputs at a time.
#include "row_kernels.h"
#include "targets.h"
#include <string.h>

// One pixel and eight outputs, for any processor.
static void sum_plain(const rk_term *t, int terms, const rk_sum_shape *s, int i, int pixel, int o, char *row) {
    int64_t total[8] = {0};
    for (int j = 0; j < terms; j++) {
        const int16_t *x = (const int16_t *)((const char *)t[j].x[i - t[j].delay] + t[j].x_offset + pixel * s->x_step);
        const int16_t *w = (const int16_t *)((const char *)t[j].w[i - t[j].delay] + t[j].w_offset) + 2 * o;
        for (int k = 0; k < s->pairs; k++) {
            for (int q = 0; q < 8; q++) {
                const int16_t *at = w + 2 * (k * s->padded_outputs + q);
                int64_t a = at[0], b = at[1];
                if (s->plane_bytes) {
                    const int16_t *low = (const int16_t *)((const char *)at + s->plane_bytes);
                    a = a * 256 + low[0];
                    b = b * 256 + low[1];
                }
                total[q] += x[2 * k] * a + x[2 * k + 1] * b;
            }
        }
    }
    int left = s->outputs - o < 8 ? s->outputs - o : 8;
    for (int q = 0; q < left; q++) {
        if (s->plane_bytes) ((int64_t *)row)[pixel * s->outputs + o + q] = total[q];
        else ((int32_t *)row)[pixel * s->outputs + o + q] = (int32_t)total[q];
    }
}

#if defined(__x86_64__)

AVX2 INLINE void put32(char *row, int lane, int left, __m256i v) {
    if (left >= 8) {
        _mm256_storeu_si256((__m256i *)(row + 4 * lane), v);
    } else {
        int32_t all[8];
        _mm256_storeu_si256((__m256i *)all, v);
        memcpy(row + 4 * lane, all, 4 * left);
    }
}

// PX pixels and OY vectors of eight outputs at once; with few accumulators pairs alternate between two sets.
AVX2 INLINE void tile32(const rk_term *t, int terms, const rk_sum_shape *s, int i, int pixel, int o, char *row,
                        const int PX, const int OY) {
    __m256i a[8], b[8];
    for (int k = 0; k < PX * OY; k++) a[k] = b[k] = _mm256_setzero_si256();
    const size_t step = 4 * (size_t)s->padded_outputs;
    const int pairs = s->pairs;
    for (int j = 0; j < terms; j++) {
        const char *x = (const char *)t[j].x[i - t[j].delay] + t[j].x_offset + pixel * s->x_step;
        const char *w = (const char *)t[j].w[i - t[j].delay] + t[j].w_offset + 4 * o;
        int k = 0;
        if (PX * OY <= 4) {
            for (; k + 2 <= pairs; k += 2) {
                for (int y = 0; y < OY; y++) {
                    __m256i v = _mm256_loadu_si256((const __m256i *)(w + k * step + 32 * y));
                    __m256i u = _mm256_loadu_si256((const __m256i *)(w + (k + 1) * step + 32 * y));
                    for (int p = 0; p < PX; p++) {
                        int32_t x0, x1;
                        memcpy(&x0, x + p * s->x_step + 4 * k, 4);
                        memcpy(&x1, x + p * s->x_step + 4 * k + 4, 4);
                        a[p * OY + y] = _mm256_add_epi32(a[p * OY + y], _mm256_madd_epi16(_mm256_set1_epi32(x0), v));
                        b[p * OY + y] = _mm256_add_epi32(b[p * OY + y], _mm256_madd_epi16(_mm256_set1_epi32(x1), u));
                    }
                }
            }
        }
        for (; k < pairs; k++) {
            for (int y = 0; y < OY; y++) {
                __m256i v = _mm256_loadu_si256((const __m256i *)(w + k * step + 32 * y));
                for (int p = 0; p < PX; p++) {
                    int32_t x0;
                    memcpy(&x0, x + p * s->x_step + 4 * k, 4);
                    a[p * OY + y] = _mm256_add_epi32(a[p * OY + y], _mm256_madd_epi16(_mm256_set1_epi32(x0), v));
                }
            }
        }
    }
    for (int p = 0; p < PX; p++)
        for (int y = 0; y < OY; y++)
            put32(row, (pixel + p) * s->outputs + o + 8 * y, s->outputs - o - 8 * y,
                  _mm256_add_epi32(a[p * OY + y], b[p * OY + y]));
}

// One pixel and eight outputs with weights in two planes. Sums of a term stay below 2^31 up to 256 inputs; each is
// widened by itself.
AVX2 INLINE void tile64(const rk_term *t, int terms, const rk_sum_shape *s, int i, int pixel, int o, char *row) {
    const size_t step = 4 * (size_t)s->padded_outputs;
    __m256i total[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int j = 0; j < terms; j++) {
        const char *x = (const char *)t[j].x[i - t[j].delay] + t[j].x_offset + pixel * s->x_step;
        const char *w = (const char *)t[j].w[i - t[j].delay] + t[j].w_offset + 4 * o;
        for (int from = 0; from < s->pairs; from += 64) {
            __m256i high = _mm256_setzero_si256(), low = high, high2 = high, low2 = high;
            int to = s->pairs - from < 64 ? s->pairs : from + 64, k = from;
            for (; k + 2 <= to; k += 2) {
                int32_t x0, x1;
                memcpy(&x0, x + 4 * k, 4);
                memcpy(&x1, x + 4 * k + 4, 4);
                __m256i v = _mm256_set1_epi32(x0), u = _mm256_set1_epi32(x1);
                const char *p = w + k * step;
                high = _mm256_add_epi32(high, _mm256_madd_epi16(v, _mm256_loadu_si256((const __m256i *)p)));
                low = _mm256_add_epi32(low, _mm256_madd_epi16(v, _mm256_loadu_si256((const __m256i *)(p + s->plane_bytes))));
                high2 = _mm256_add_epi32(high2, _mm256_madd_epi16(u, _mm256_loadu_si256((const __m256i *)(p + step))));
                low2 = _mm256_add_epi32(low2, _mm256_madd_epi16(u, _mm256_loadu_si256((const __m256i *)(p + step + s->plane_bytes))));
            }
            for (; k < to; k++) {
                int32_t x0;
                memcpy(&x0, x + 4 * k, 4);
                __m256i v = _mm256_set1_epi32(x0);
                const char *p = w + k * step;
                high = _mm256_add_epi32(high, _mm256_madd_epi16(v, _mm256_loadu_si256((const __m256i *)p)));
                low = _mm256_add_epi32(low, _mm256_madd_epi16(v, _mm256_loadu_si256((const __m256i *)(p + s->plane_bytes))));
            }
            high = _mm256_add_epi32(high, high2);
            low = _mm256_add_epi32(low, low2);
            for (int half = 0; half < 2; half++) {
                __m256i h = _mm256_cvtepi32_epi64(half ? _mm256_extracti128_si256(high, 1) : _mm256_castsi256_si128(high));
                __m256i l = _mm256_cvtepi32_epi64(half ? _mm256_extracti128_si256(low, 1) : _mm256_castsi256_si128(low));
                total[half] = _mm256_add_epi64(total[half], _mm256_add_epi64(_mm256_slli_epi64(h, 8), l));
            }
        }
    }
    int64_t all[8];
    _mm256_storeu_si256((__m256i *)all, total[0]);
    _mm256_storeu_si256((__m256i *)(all + 4), total[1]);
    int left = s->outputs - o < 8 ? s->outputs - o : 8;
    memcpy(row + 8 * (pixel * s->outputs + o), all, 8 * left);
}

AVX2 static void sum_avx2(const rk_term *t, int terms, const rk_sum_shape *s, const int32_t *list, int count, char *rows,
                          size_t stride) {
    for (int e = 0; e < count; e++, rows += stride) {
        int i = list[e];
        for (int pixel = 0; pixel < s->pixels;) {
            int group = s->plane_bytes ? 1 : s->pixels - pixel >= 4 ? 4 : s->pixels - pixel >= 2 ? 2 : 1;
            for (int o = 0; o < s->padded_outputs;) {
                int vectors = (s->padded_outputs - o) / 8;
                if (s->plane_bytes) { tile64(t, terms, s, i, pixel, o, rows); o += 8; }
                else if (group == 4 && vectors >= 2) { tile32(t, terms, s, i, pixel, o, rows, 4, 2); o += 16; }
                else if (group == 4) { tile32(t, terms, s, i, pixel, o, rows, 4, 1); o += 8; }
                else if (group == 2 && vectors >= 2) { tile32(t, terms, s, i, pixel, o, rows, 2, 2); o += 16; }
                else if (group == 2) { tile32(t, terms, s, i, pixel, o, rows, 2, 1); o += 8; }
                else if (vectors >= 4) { tile32(t, terms, s, i, pixel, o, rows, 1, 4); o += 32; }
                else if (vectors >= 2) { tile32(t, terms, s, i, pixel, o, rows, 1, 2); o += 16; }
                else { tile32(t, terms, s, i, pixel, o, rows, 1, 1); o += 8; }
            }
            pixel += group;
        }
    }
}

void rk_sum_avx512(const rk_term *t, int terms, const rk_sum_shape *s, const int32_t *list, int count, char *rows,
                   size_t stride);
#endif

void rk_sum(const rk_term *terms, int count_terms, const rk_sum_shape *shape, const int32_t *list, int count, char *rows,
            size_t stride, int level) {
#if defined(__x86_64__)
    if (level >= 2) {
        rk_sum_avx512(terms, count_terms, shape, list, count, rows, stride);
        return;
    }
    if (level >= 1) {
        sum_avx2(terms, count_terms, shape, list, count, rows, stride);
        return;
    }
#endif
    for (int e = 0; e < count; e++)
        for (int pixel = 0; pixel < shape->pixels; pixel++)
            for (int o = 0; o < shape->padded_outputs; o += 8)
                sum_plain(terms, count_terms, shape, list[e], pixel, o, rows + stride * e);
}
