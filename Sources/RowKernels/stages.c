// Stages in place. A stage's new row is computed vector by vector from rows that have not moved yet, since readers come
// first; what differs from the old row is counted by carry-save adders (Muła, Kurz, Lemire, Computer Journal 2018): four
// vectors of differences become one of fours, so that only each fourth is looked up.
#include "stages.h"
#include "ones.h"
#include <string.h>

#if defined(__x86_64__)
// Signed powers of two of all codes of up to four bits.
static void find_powers(int8_t *all, int bits) {
    int top = (1 << (bits - 1)) - 1;
    for (int c = 0; c < 16; c++) {
        int code = c & ((1 << bits) - 1), field = code & top;
        int value = bits == 1 ? 1 : field == 0 ? 0 : 1 << (top - field);
        all[c] = (int8_t)(code >> (bits - 1) & 1 ? -value : value);
    }
}

// All that a run reads, by value: a store to a row could otherwise change it for all the compiler knows.
typedef struct {
    char *row;
    const char *a, *b, *x, *w;
    const int32_t *a_offsets, *b_offsets, *x_offsets, *w_offsets;
    int vectors, code_bits, x_element;
    uint64_t mask;
    __m128i powers;
} operands;

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

// What vectors v to v + count - 1 change; the new ones are stored. T: terms of A and of B bytes a lane; D: of the result.
AVX2 INLINE void change(__m256i *different, operands o, int v, const int count, const int T, const int A, const int B,
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
        change(d, o, v, 4, T, A, B, D, P, group);
        __m256i first = add_up(&ones, d[0], d[1]), second = add_up(&ones, d[2], d[3]);
        __m256i fours = add_up(&twos, first, second);
        total = _mm256_add_epi64(total, ones_of(_mm256_and_si256(fours, mask)));
        if (extra) signs += signs_of(fours, D);
    }
    for (; v < o.vectors; v++) {
        __m256i d[1];
        change(d, o, v, 1, T, A, B, D, P, group ? 1 : 0);
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

AVX2 INLINE void products(rk_stage *s, operands o, const int T) {
    switch (s->product.kind) {
    case 1: run(s, o, T, 4, 4, 4, 1); break;
    case 2: run(s, o, T, 4, 4, 4, 2); break;
    case 3: run(s, o, T, 4, 4, 4, 3); break;
    default: run(s, o, T, 4, 4, 4, 4);
    }
}

AVX2 INLINE void sums(rk_stage *s, operands o) {
    int a = s->terms[0].element, b = s->terms[1].element;
    if (s->term_count == 1) {
        if (s->element == 4) run(s, o, 1, 4, 4, 4, 0);
        else if (a == 4) run(s, o, 1, 4, 4, 8, 0);
        else run(s, o, 1, 8, 8, 8, 0);
    } else if (s->element == 4) {
        run(s, o, 2, 4, 4, 4, 0);
    } else if (a == 8 && b == 8) {
        run(s, o, 2, 8, 8, 8, 0);
    } else if (a == 8) {
        run(s, o, 2, 8, 4, 8, 0);
    } else if (b == 8) {
        run(s, o, 2, 4, 8, 8, 0);
    } else {
        run(s, o, 2, 4, 4, 8, 0);
    }
}

// Whether an operand is not what the stage saw last; it is seen now.
static inline int is_new(rk_stage *s, const rk_stage *all, const void **rows, int i) {
    int changed = 0;
    for (int k = 0; k < s->term_count; k++) {
        const rk_term_row *t = &s->terms[k];
        if (t->stage >= 0) {
            rows[k] = all[t->stage].row;
            changed |= s->seen[k] != all[t->stage].version;
            s->seen[k] = all[t->stage].version;
        } else {
            rows[k] = t->rows[i];
            changed |= s->seen_rows[k] != rows[k];
            s->seen_rows[k] = rows[k];
        }
    }
    if (s->product.kind) {
        rows[2] = s->product.x[i];
        rows[3] = s->product.w[i];
        changed |= s->seen_rows[2] != rows[2] || s->seen_rows[3] != rows[3];
        s->seen_rows[2] = rows[2];
        s->seen_rows[3] = rows[3];
    }
    return changed;
}

AVX2 static void take(rk_stage *s, const rk_stage *all, int i) {
    const void *rows[4] = {0, 0, 0, 0};
    if (is_new(s, all, rows, i)) {
        operands o = {.row = s->row, .a = rows[0], .b = rows[1], .x = rows[2], .w = rows[3],
                      .a_offsets = s->terms[0].offsets, .b_offsets = s->terms[1].offsets,
                      .x_offsets = s->product.x_offsets, .w_offsets = s->product.w_offsets, .vectors = s->vectors,
                      .code_bits = s->product.code_bits, .x_element = s->product.x_element, .mask = s->mask,
                      .powers = _mm_loadu_si128((const __m128i *)s->powers)};
        if (!s->product.kind) sums(s, o);
        else if (s->term_count) products(s, o, 1);
        else products(s, o, 0);
        s->version++;
        if (s->pointers) {
            char *place = s->pool + (size_t)s->used++ * s->stride;
            memcpy(place, s->row, s->stride);
            s->pointers[i + 1] = place;
        }
    } else if (s->pointers) {
        s->pointers[i + 1] = s->used ? s->pool + (size_t)(s->used - 1) * s->stride : s->pointers[0];
    }
}

AVX2 void rk_stages(rk_stage *stages, int count, const uint64_t *const *words, int events, int cycles) {
    for (int k = 0; k < count; k++) {
        rk_stage *s = &stages[k];
        if (s->product.kind == 1) find_powers(s->powers, s->product.code_bits);
        s->version = 1;
        s->seen[0] = s->seen[1] = 0;
        memset(s->seen_rows, 0, sizeof s->seen_rows);
        memset(s->parts, 0, sizeof s->parts);
        s->used = 0;
    }
    for (int word = 0; word * 64 < cycles; word++) {
        uint64_t any = 0;
        for (int e = 0; e < events; e++) any |= words[e][word];
        for (; any; any &= any - 1) {
            int bit = __builtin_ctzll(any);
            for (int k = 0; k < count; k++)
                if (words[stages[k].events][word] >> bit & 1) take(&stages[k], stages, 64 * word + bit);
        }
    }
    for (int k = 0; k < count; k++) {
        rk_stage *s = &stages[k];
        __m256i mask = _mm256_set1_epi64x((long long)s->mask), ones = load(s->parts[0]), twos = load(s->parts[1]);
        s->toggles = 4 * sum_of(load(s->parts[2])) + 2 * sum_of(ones_of(_mm256_and_si256(twos, mask))) +
                     sum_of(ones_of(_mm256_and_si256(ones, mask)));
        uint64_t signs = s->element == 4 ? 2 * signs_of(twos, 4) + signs_of(ones, 4) : 2 * signs_of(twos, 8) + signs_of(ones, 8);
        s->toggles += (uint64_t)s->extra * (4 * s->parts[3][0] + signs);
    }
}
#else
void rk_stages(rk_stage *stages, int count, const uint64_t *const *words, int events, int cycles) { __builtin_trap(); }
#endif
