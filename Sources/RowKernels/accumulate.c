// Registers that add rows to what they hold, by whole vectors: rows have room for them.
#include "accumulate.h"
#include "targets.h"


typedef int32_t narrow __attribute__((vector_size(32), aligned(1), may_alias));
typedef int64_t wide __attribute__((vector_size(32), aligned(1), may_alias));
typedef uint32_t narrow_bits __attribute__((vector_size(32)));
typedef uint64_t wide_bits __attribute__((vector_size(32)));

#define SUM(V, U)                                                                                                      \
    INLINE void sum_##V(char *result, const char *held, const char *row, size_t bytes, int octaves, int unused) {      \
        for (size_t v = 0; v < bytes; v += 32) {                                                                       \
            U sum = (U)*(const V *)(held + v);                                                                         \
            if (octaves) sum <<= octaves;                                                                              \
            sum += (U)*(const V *)(row + v);                                                                           \
            *(V *)(result + v) = unused ? (V)(sum << unused) >> unused : (V)sum;                                       \
        }                                                                                                              \
    }
SUM(narrow, narrow_bits)
SUM(wide, wide_bits)

INLINE void accumulate(rk_accumulator *a, const rk_addend *forms, const uint64_t *masks, int count, int first) {
    const char *held = a->held;
    char *place = a->pool + (size_t)a->used * a->stride;
    const size_t stride = a->stride;
    uint64_t bits = 0;
    for (int k = 0; k < count; k++) bits |= masks[k];
    a->used += __builtin_popcountll(bits);
    for (; bits; bits &= bits - 1) {
        int bit = __builtin_ctzll(bits), k = 0;
        while (!(masks[k] >> bit & 1)) k++;
        const rk_addend *f = &forms[k];
        const char *from = f->keeps ? held : a->zero, *row = f->rows[first + bit];
        if (a->element == 8) sum_wide(place, from, row, stride, f->octaves, a->unused);
        else if (f->octaves || a->unused) sum_narrow(place, from, row, stride, f->octaves, a->unused);
        else sum_narrow(place, from, row, stride, 0, 0);
        held = place;
        a->pointers[first + bit + 1] = place;
        place += stride;
    }
    a->held = held;
}

#if defined(__x86_64__)
AVX2 static void accumulate_avx2(rk_accumulator *a, const rk_addend *forms, const uint64_t *masks, int count, int first) {
    accumulate(a, forms, masks, count, first);
}
#endif

static void accumulate_plain(rk_accumulator *a, const rk_addend *forms, const uint64_t *masks, int count, int first) {
    accumulate(a, forms, masks, count, first);
}

void rk_accumulate(rk_accumulator *a, const rk_addend *forms, const uint64_t *masks, int count, int first, int level) {
#if defined(__x86_64__)
    if (level >= 1) {
        accumulate_avx2(a, forms, masks, count, first);
        return;
    }
#endif
    accumulate_plain(a, forms, masks, count, first);
}
