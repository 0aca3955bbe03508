// Bits that change from row to row.
#include "ones.h"
#include "row_kernels.h"
#include <string.h>

// The mask of one lane in every lane of 64 bits.
static uint64_t spread(uint64_t lane, int element) {
    for (int size = element; size < 8; size *= 2) lane |= lane << (8 * size);
    return lane;
}

typedef struct {
    size_t bytes;
    uint64_t mask, sign;
    int extra;
} form;

// Of two rows, from a byte on.
static inline uint64_t rest_of(const char *a, const char *b, size_t v, form f) {
    uint64_t sum = 0, signs = 0;
    for (; v < f.bytes; v += 8) {
        uint64_t x = 0, y = 0;
        size_t n = f.bytes - v < 8 ? f.bytes - v : 8;
        memcpy(&x, a + v, n);
        memcpy(&y, b + v, n);
        sum += (uint64_t)__builtin_popcountll((x ^ y) & f.mask);
        if (f.extra) signs += (uint64_t)__builtin_popcountll((x ^ y) & f.sign);
    }
    return sum + (uint64_t)f.extra * signs;
}

static uint64_t pair_plain(const char *a, const char *b, form f) { return rest_of(a, b, 0, f); }

#if defined(__x86_64__)
AVX2 INLINE __m256i differ(const char *a, const char *b, size_t v) {
    return _mm256_xor_si256(load(a + v), load(b + v));
}

AVX2 static uint64_t pair_avx2(const char *a, const char *b, form f) {
    const __m256i mask = _mm256_set1_epi64x((long long)f.mask), sign = _mm256_set1_epi64x((long long)f.sign);
    const __m256i none = _mm256_setzero_si256();
    __m256i total = none, signs = none;
    uint64_t sum = 0;
    size_t v = 0;
    if (f.bytes >= 128) {
        __m256i ones = none, twos = none;
        for (; v + 128 <= f.bytes; v += 128) {
            __m256i first = add_up(&ones, differ(a, b, v), differ(a, b, v + 32));
            __m256i second = add_up(&ones, differ(a, b, v + 64), differ(a, b, v + 96));
            __m256i fours = add_up(&twos, first, second);
            total = _mm256_add_epi64(total, ones_of(_mm256_and_si256(fours, mask)));
            if (f.extra) signs = _mm256_add_epi64(signs, ones_of(_mm256_and_si256(fours, sign)));
        }
        __m256i two = ones_of(_mm256_and_si256(twos, mask)), one = ones_of(_mm256_and_si256(ones, mask));
        total = _mm256_add_epi64(_mm256_add_epi64(_mm256_slli_epi64(total, 2), _mm256_slli_epi64(two, 1)), one);
        if (f.extra) {
            two = ones_of(_mm256_and_si256(twos, sign)), one = ones_of(_mm256_and_si256(ones, sign));
            signs = _mm256_add_epi64(_mm256_add_epi64(_mm256_slli_epi64(signs, 2), _mm256_slli_epi64(two, 1)), one);
        }
    }
    for (; v + 32 <= f.bytes; v += 32) {
        __m256i d = differ(a, b, v);
        total = _mm256_add_epi64(total, ones_of(_mm256_and_si256(d, mask)));
        if (f.extra) signs = _mm256_add_epi64(signs, ones_of(_mm256_and_si256(d, sign)));
    }
    if (v > 0) sum = sum_of(total) + (f.extra ? (uint64_t)f.extra * sum_of(signs) : 0);
    return v < f.bytes ? sum + rest_of(a, b, v, f) : sum;
}

AVX512 static uint64_t pair_avx512(const char *a, const char *b, form f) {
    const __m512i mask = _mm512_set1_epi64((long long)f.mask), sign = _mm512_set1_epi64((long long)f.sign);
    __m512i total = _mm512_setzero_si512(), signs = total;
    for (size_t v = 0; v < f.bytes; v += 64) {
        __mmask64 read = f.bytes - v < 64 ? ((__mmask64)1 << (f.bytes - v)) - 1 : ~(__mmask64)0;
        __m512i d = _mm512_xor_si512(_mm512_maskz_loadu_epi8(read, a + v), _mm512_maskz_loadu_epi8(read, b + v));
        total = _mm512_add_epi64(total, _mm512_popcnt_epi64(_mm512_and_si512(d, mask)));
        if (f.extra) signs = _mm512_add_epi64(signs, _mm512_popcnt_epi64(_mm512_and_si512(d, sign)));
    }
    uint64_t sum = (uint64_t)_mm512_reduce_add_epi64(total);
    return f.extra ? sum + (uint64_t)f.extra * (uint64_t)_mm512_reduce_add_epi64(signs) : sum;
}
#endif

// Rows lie at multiples of their stride: only a product's upper bits tell pairs of them apart (Fibonacci hashing, Knuth,
// The Art of Computer Programming 3, 6.4).
static inline size_t place_of(const void *a, const void *b) {
    const uint64_t golden = 0x9E3779B97F4A7C15;
    return (((uintptr_t)a * golden ^ (uintptr_t)b) * golden >> 32) % RK_PAIRS;
}

uint64_t rk_toggles(const void *const *rows, const int32_t *list, int count, size_t bytes, int element, uint64_t mask,
                    int extra, rk_pair *pairs, int level) {
    uint64_t one = element == 8 ? ~(uint64_t)0 : ((uint64_t)1 << (8 * element)) - 1;
    form f = {bytes, spread(mask & one, element), spread((uint64_t)1 << (8 * element - 1), element), extra};
    uint64_t (*count_pair)(const char *, const char *, form) = pair_plain;
#if defined(__x86_64__)
    if (level >= 1) count_pair = pair_avx2;
    if (level >= 2) count_pair = pair_avx512;
#endif
    uint64_t total = 0;
    for (int e = 0; e < count; e++) {
        const void *a = rows[list[e]], *b = rows[list[e] + 1];
        if (a == b) continue;
        if (!pairs) {
            total += count_pair(a, b, f);
            continue;
        }
        rk_pair *known = &pairs[place_of(a, b)];
        if (known->a != a || known->b != b) {
            known->a = a;
            known->b = b;
            known->count = count_pair(a, b, f);
        }
        total += known->count;
    }
    return total;
}
