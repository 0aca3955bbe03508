// Stages in place. A stage's new row is computed vector by vector from rows that have not moved yet, since readers come
// first; what differs from the old row is counted on the way.
#include "stages.h"
#include "stage_operands.h"
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

// A term's row in cycle i; whether it is not what the stage saw last.
static inline int is_new(rk_stage *s, const rk_stage *all, int k, const char **row, int i) {
    const rk_term_row *t = &s->terms[k];
    if (t->stage >= 0) {
        int version = all[t->stage].version, changed = s->seen[k] != version;
        s->seen[k] = version;
        return changed;
    }
    const char *now = t->rows[i];
    int changed = *row != now;
    *row = now;
    return changed;
}

static inline int find_operands(rk_stage *s, operands *o, const rk_stage *all, int i) {
    int changed = 0;
    if (s->term_count > 0) changed |= is_new(s, all, 0, &o->a, i);
    if (s->term_count > 1) changed |= is_new(s, all, 1, &o->b, i);
    if (s->product.kind) {
        const char *x = s->product.x[i], *w = s->product.w[i];
        changed |= o->x != x || o->w != w;
        o->x = x;
        o->w = w;
    }
    return changed;
}

static inline void take(rk_stage *s, operands *o, const rk_stage *all, int i, rk_change change) {
    if (find_operands(s, o, all, i)) {
        change(s, o);
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

// Before the first cycle: no row has been seen.
static void begin(rk_stage *s, operands *o, const rk_stage *all) {
    if (s->product.kind == 1) find_powers(s->powers, s->product.code_bits);
    s->version = 1;
    s->seen[0] = s->seen[1] = 0;
    memset(s->parts, 0, sizeof s->parts);
    s->used = 0;
    *o = (operands){.row = s->row, .a_offsets = s->terms[0].offsets, .b_offsets = s->terms[1].offsets,
                    .x_offsets = s->product.x_offsets, .w_offsets = s->product.w_offsets, .vectors = s->vectors,
                    .code_bits = s->product.code_bits, .x_element = s->product.x_element, .mask = s->mask,
                    .powers = _mm_loadu_si128((const __m128i *)s->powers)};
    if (s->term_count > 0 && s->terms[0].stage >= 0) o->a = all[s->terms[0].stage].row;
    if (s->term_count > 1 && s->terms[1].stage >= 0) o->b = all[s->terms[1].stage].row;
}

void rk_stages(rk_stage *stages, int count, const uint64_t *const *words, int events, int cycles, int level) {
    operands found[count];
    for (int k = 0; k < count; k++) begin(&stages[k], &found[k], stages);
    rk_change change = level >= 2 ? rk_change_avx512 : rk_change_avx2;
    for (int word = 0; word * 64 < cycles; word++) {
        uint64_t any = 0;
        for (int e = 0; e < events; e++) any |= words[e][word];
        for (; any; any &= any - 1) {
            int bit = __builtin_ctzll(any);
            for (int k = 0; k < count; k++)
                if (words[stages[k].events][word] >> bit & 1) take(&stages[k], &found[k], stages, 64 * word + bit, change);
        }
    }
    for (int k = 0; k < count; k++) {
        if (level >= 2) rk_count_avx512(&stages[k]);
        else rk_count_avx2(&stages[k]);
    }
}
#else
void rk_stages(rk_stage *stages, int count, const uint64_t *const *words, int events, int cycles, int level) {
    __builtin_trap();
}
#endif
