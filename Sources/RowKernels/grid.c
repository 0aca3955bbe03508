// Products of a grid of lanes: runs of neighbours that share one activation, each with its own weight or code.
#include "row_kernels.h"
#include "targets.h"
#include <string.h>

// Every run has one activation of at most 16 bits, weights of at most 16 bits or codes, whole vectors of eight lanes and
// results of 32 bits that are not cut.
int rk_is_grid(const rk_step *t) {
    if (t->kind != RK_CODE && t->kind != RK_PRODUCT) return 0;
    if (t->element != 4 || t->cuts || t->sources[0].kind != 0 || t->sources[1].kind != 0) return 0;
    if (t->sources[0].element > 2 || t->sources[1].element > 2) return 0;
    if (t->kind == RK_CODE && t->sources[1].element != 1) return 0;
    for (int k = 0; k < t->run_count; k++) {
        const rk_run *r = &t->runs[k];
        if (r->count % 8 || r->strides[0] != 0 || r->strides[1] != 1 || r->zero[0] || r->zero[1]) return 0;
    }
    return 1;
}

// Sums of neighbours that are not cut, of 32 or 64 bits; the second one may be wired to nothing.
int rk_is_addition(const rk_step *t) {
    if (t->kind != RK_ADD || t->cuts || t->element < 4) return 0;
    for (int j = 0; j < 2; j++)
        if (t->sources[j].kind != 0 || t->sources[j].element < 4 || t->sources[j].element > t->element) return 0;
    for (int k = 0; k < t->run_count; k++) {
        const rk_run *r = &t->runs[k];
        if (r->strides[0] != 1 || r->strides[1] != 1 || r->zero[0]) return 0;
    }
    return 1;
}

#if defined(__x86_64__)

// Signed powers of two of all codes of up to four bits.
AVX2 INLINE __m128i code_table(int bits) {
    int8_t all[16];
    int top = (1 << (bits - 1)) - 1;
    for (int c = 0; c < 16; c++) {
        int code = c & ((1 << bits) - 1), field = code & top;
        int value = bits == 1 ? 1 : field == 0 ? 0 : 1 << (top - field);
        all[c] = (int8_t)(code >> (bits - 1) & 1 ? -value : value);
    }
    return _mm_loadu_si128((const __m128i *)all);
}

AVX2 INLINE void grid(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride, const int codes,
                      const int wide_weights) {
    __m128i table = codes && t->parameter <= 4 ? code_table(t->parameter) : _mm_setzero_si128();
    int top = codes ? (1 << (t->parameter - 1)) - 1 : 0;
    for (int e = 0; e < count; e++, rows += stride) {
        const char *x = t->sources[0].rows[list[e]], *w = t->sources[1].rows[list[e]];
        for (int k = 0; k < t->run_count; k++) {
            const rk_run *r = &t->runs[k];
            int value = t->sources[0].element == 2 ? ((const int16_t *)x)[r->offsets[0]] : ((const int8_t *)x)[r->offsets[0]];
            const char *p = w + (size_t)r->offsets[1] * (wide_weights ? 2 : 1);
            char *d = rows + 4 * (size_t)r->first;
            if (codes && t->parameter > 4) {
                __m256i v = _mm256_set1_epi32(value), last = _mm256_set1_epi32(top);
                for (int l = 0; l < r->count; l += 8) {
                    __m256i c = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(p + l)));
                    __m256i f = _mm256_and_si256(c, last), none = _mm256_cmpeq_epi32(f, _mm256_setzero_si256());
                    __m256i m = _mm256_andnot_si256(none, _mm256_sllv_epi32(v, _mm256_sub_epi32(last, f)));
                    __m256i s = _mm256_sub_epi32(_mm256_setzero_si256(), _mm256_srli_epi32(c, t->parameter - 1));
                    _mm256_storeu_si256((__m256i *)(d + 4 * l), _mm256_sub_epi32(_mm256_xor_si256(m, s), s));
                }
                continue;
            }
            // The upper half of each pair is zero on the activation's side.
            __m256i v = _mm256_set1_epi32(value & 0xFFFF);
            for (int l = 0; l < r->count; l += 8) {
                __m256i u;
                if (wide_weights) {
                    u = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(p + 2 * l)));
                } else {
                    __m128i c = _mm_loadl_epi64((const __m128i *)(p + l));
                    u = _mm256_cvtepi8_epi32(codes ? _mm_shuffle_epi8(table, c) : c);
                }
                _mm256_storeu_si256((__m256i *)(d + 4 * l), _mm256_madd_epi16(v, u));
            }
        }
    }
}

AVX2 INLINE __m256i four(const char *p, int element) {
    return element == 4 ? _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)p)) : _mm256_loadu_si256((const __m256i *)p);
}

AVX2 INLINE int64_t lane(const char *p, int element, int l) {
    return element == 4 ? ((const int32_t *)p)[l] : ((const int64_t *)p)[l];
}

AVX2 INLINE void add(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride, const int A, const int B,
                     const int D) {
    const int step = 32 / D;
    for (int e = 0; e < count; e++, rows += stride) {
        for (int k = 0; k < t->run_count; k++) {
            const rk_run *r = &t->runs[k];
            const char *a = (const char *)t->sources[0].rows[list[e]] + (size_t)A * r->offsets[0];
            const char *b = (const char *)t->sources[1].rows[list[e]] + (size_t)B * r->offsets[1];
            char *d = rows + (size_t)D * r->first;
            int l = 0;
            if (!r->zero[1]) {
                for (; l + step <= r->count; l += step) {
                    __m256i v = D == 4 ? _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(a + 4 * l)),
                                                          _mm256_loadu_si256((const __m256i *)(b + 4 * l)))
                                       : _mm256_add_epi64(four(a + A * l, A), four(b + B * l, B));
                    _mm256_storeu_si256((__m256i *)(d + D * l), v);
                }
            }
            for (; l < r->count; l++) {
                int64_t v = lane(a, A, l) + (r->zero[1] ? 0 : lane(b, B, l));
                if (D == 4) ((int32_t *)d)[l] = (int32_t)v;
                else ((int64_t *)d)[l] = v;
            }
        }
    }
}

AVX2 void rk_add_avx2(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride) {
    int a = t->sources[0].element, b = t->sources[1].element;
    if (t->element == 4) add(t, list, count, rows, stride, 4, 4, 4);
    else if (a == 4 && b == 4) add(t, list, count, rows, stride, 4, 4, 8);
    else if (a == 4) add(t, list, count, rows, stride, 4, 8, 8);
    else if (b == 4) add(t, list, count, rows, stride, 8, 4, 8);
    else add(t, list, count, rows, stride, 8, 8, 8);
}

AVX2 void rk_grid_avx2(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride) {
    if (t->kind == RK_CODE) grid(t, list, count, rows, stride, 1, 0);
    else if (t->sources[1].element == 2) grid(t, list, count, rows, stride, 0, 1);
    else grid(t, list, count, rows, stride, 0, 0);
}
#endif
