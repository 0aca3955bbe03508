// The kernels of control, once for each vector unit: included with TARGET, N(name) and ONES(vector) defined, the highest
// bits of eight lanes.

TARGET static void N(logic)(const ct_logic *s) {
    v8 mask = splat(s->form.mask), sign = splat(s->form.sign);
    int64_t parameter = s->parameter;
    const int64_t *a = s->a.at, *b = s->b.at;
    int64_t step_a = s->a.step, step_b = s->b.step;
    int end = 64 * s->words;
    v8 one = splat(a[0]), two = splat(b[0]);
#define EACH(RESULT)                                                                                                   \
    if (s->bits) {                                                                                                     \
        for (int word = 0; word < s->words; word++) {                                                                  \
            uint64_t bits = 0;                                                                                         \
            for (int i = 0; i < 64; i += 8) {                                                                          \
                v8 x = step_a ? *(const v8u *)(a + 64 * word + i) : one;                                               \
                v8 y = step_b ? *(const v8u *)(b + 64 * word + i) : two;                                               \
                v8 r = (RESULT) << 63;                                                                                 \
                (void)y;                                                                                               \
                bits |= ONES(r) << i;                                                                                  \
            }                                                                                                          \
            s->bits[word] = bits;                                                                                      \
        }                                                                                                              \
    } else {                                                                                                           \
        for (int i = 0; i < end; i += 8) {                                                                             \
            v8 x = step_a ? *(const v8u *)(a + i) : one;                                                               \
            v8 y = step_b ? *(const v8u *)(b + i) : two;                                                               \
            (void)y;                                                                                                   \
            *(v8u *)(s->values + i) = (((RESULT)&mask) ^ sign) - sign;                                                 \
        }                                                                                                              \
    }                                                                                                                  \
    break
    switch (s->kind) {
    case CT_ADD: EACH(x + y);
    case CT_SUBTRACT: EACH(x - y);
    case CT_EQUAL: EACH((x == y) & 1);
    case CT_LESS: EACH((x < y) & 1);
    case CT_AND: EACH(x & y);
    case CT_OR: EACH(x | y);
    case CT_XOR: EACH(x ^ y);
    case CT_SLICE: EACH(x >> parameter);
    case CT_SHIFT_LEFT: EACH(x << parameter);
    }
#undef EACH
}

TARGET static void N(choose)(ct_bits bits, ct_numbers yes, ct_numbers no, ct_form form, int words, int64_t *values) {
    v8 mask = splat(form.mask), sign = splat(form.sign);
    v8 one = splat(yes.at[0]), two = splat(no.at[0]);
    for (int word = 0; word < words; word++) {
        uint64_t now = bits.at[word * bits.step];
        for (int i = 64 * word; i < 64 * word + 64; i += 8, now >>= 8) {
            v8 x = yes.step ? *(const v8u *)(yes.at + i) : one;
            v8 y = no.step ? *(const v8u *)(no.at + i) : two;
            v8 chosen = (splat((int64_t)(now & 255)) & places) != 0;
            *(v8u *)(values + i) = ((((x & chosen) | (y & ~chosen)) & mask) ^ sign) - sign;
        }
    }
}

TARGET static void N(expand)(const uint64_t *bits, int words, int64_t *values) {
    for (int word = 0; word < words; word++) {
        uint64_t now = bits[word];
        for (int i = 64 * word; i < 64 * word + 64; i += 8, now >>= 8) {
            *(v8u *)(values + i) = ((splat((int64_t)(now & 255)) & places) != 0) & 1;
        }
    }
}

TARGET static void N(take)(const ct_register *q, ct_numbers data, ct_form form) {
    v8 mask = splat(form.mask), sign = splat(form.sign);
    int64_t value = q->value;
    int64_t *values = q->values;
    *values++ = value;
    for (int word = 0; word < q->words; word++) {
        uint64_t resets = q->reset.at[word * q->reset.step];
        uint64_t moves = q->enable.at[word * q->enable.step] | resets;
        for (int i = 64 * word; i < 64 * word + 64; i += 8, moves >>= 8, resets >>= 8) {
            if ((moves & 255) == 0) {
                *(v8u *)(values + i) = splat(value);
            } else {
                int64_t next[8];
                v8 x = data.step ? *(const v8u *)(data.at + i) : splat(data.at[0]);
                *(v8u *)next = ((x & mask) ^ sign) - sign;
                for (int bit = 0; bit < 8; bit++) {
                    int64_t taken = resets >> bit & 1 ? q->initial : next[bit];
                    value = moves >> bit & 1 ? taken : value;
                    values[i + bit] = value;
                }
            }
        }
    }
}

// Eight cycles of a counter: each number of moves less whole rounds, where the limit stays and is not passed. Only the
// last value is waited for, which needs no vector.
TARGET INLINE int64_t N(count8)(const ct_register *q, const int64_t *limit, int64_t step, int64_t mask, int64_t value,
                                unsigned moves, unsigned resets, int64_t *values) {
    int64_t last = limit[0];
    int same = resets == 0 && value <= last && last <= mask;
    if (same && step) {
        v8 differs = *(const v8u *)limit != splat(last);
        same = ONES(differs) == 0;
    }
    if (same) {
        v8 x = splat(value) + __builtin_convertvector(*(const b8 *)ct_prefixes[moves], v8);
        v8 round = splat(last + 1), most = splat(last);
        int64_t next = value + ct_prefixes[moves][7];
        if (last == 0) {
            *(v8u *)values = splat((int64_t)0);
            return 0;
        }
        if (last < 8) {
            x -= (x > most + 3 * round) & (4 * round);
            x -= (x > most + round) & (2 * round);
            next -= next > 4 * last + 3 ? 4 * last + 4 : 0;
            next -= next > 2 * last + 1 ? 2 * last + 2 : 0;
        }
        x -= (x > most) & round;
        *(v8u *)values = x;
        return next > last ? next - last - 1 : next;
    }
    for (int bit = 0; bit < 8; bit++) {
        int64_t more = value == limit[bit * step] ? 0 : (value + 1) & mask;
        int64_t taken = resets >> bit & 1 ? q->initial : more;
        value = moves >> bit & 1 ? taken : value;
        values[bit] = value;
    }
    return value;
}

TARGET static void N(count)(const ct_register *q, ct_numbers limit, int64_t mask) {
    int64_t value = q->value;
    int64_t *values = q->values;
    *values++ = value;
    for (int word = 0; word < q->words; word++) {
        uint64_t resets = q->reset.at[word * q->reset.step];
        uint64_t moves = q->enable.at[word * q->enable.step] | resets;
        for (int i = 64 * word; i < 64 * word + 64; i += 8, moves >>= 8, resets >>= 8) {
            if ((moves & 255) == 0) {
                *(v8u *)(values + i) = splat(value);
            } else {
                value = N(count8)(q, limit.at + i * limit.step, limit.step, mask, value, moves & 255, resets & 255,
                                  values + i);
            }
        }
    }
}

// Eight cycles of one register of a walk while the others stand.
TARGET INLINE int64_t N(walk8)(const ct_walker *w, int64_t own, int64_t *now, int i, unsigned moves, unsigned resets) {
    int64_t value = now[own], *values = w->q.values + 1;
    const int64_t *base = w->base.at, *amount = w->amount.at;
    int64_t step_base = w->base.step, step_amount = w->amount.step;
    if (moves == 255 && resets == 0) {
        for (int bit = i; bit < i + 8; bit++) {
            int64_t from = base[bit * step_base], other = now[from];
            value = (from == own ? value : other) + amount[bit * step_amount];
            values[bit] = value & w->mask;
        }
        return value & w->mask;
    }
    int filled = i;
    for (unsigned left = moves; left != 0; left &= left - 1) {
        int bit = i + __builtin_ctz(left);
        while (filled < bit) values[filled++] = value;
        int64_t from = base[bit * step_base], other = now[from];
        int64_t moved = ((from == own ? value : other) + amount[bit * step_amount]) & w->mask;
        value = resets >> (bit - i) & 1 ? w->q.initial : moved;
    }
    while (filled < i + 8) values[filled++] = value;
    return value;
}

// Eight cycles of a register that begins from itself or from nothing.
TARGET INLINE int64_t N(alone8)(const ct_walker *w, int64_t value, int i) {
    int64_t *values = w->q.values + 1;
    const int64_t *base = w->base.at, *amount = w->amount.at;
    int64_t step_base = w->base.step, step_amount = w->amount.step;
    if (step_base == 0 && base[0] == 1) {
        v8 zero = {0}, x = step_amount ? *(const v8u *)(amount + i) : splat(amount[0]);
        x += __builtin_shufflevector(zero, x, 0, 8, 9, 10, 11, 12, 13, 14);
        x += __builtin_shufflevector(zero, x, 0, 0, 8, 9, 10, 11, 12, 13);
        x += __builtin_shufflevector(zero, x, 0, 0, 0, 0, 8, 9, 10, 11);
        *(v8u *)(values + i) = (splat(value) + x) & w->mask;
        return (value + x[7]) & w->mask;
    }
    for (int bit = i; bit < i + 8; bit++) {
        value = (value & -base[bit * step_base]) + amount[bit * step_amount];
        values[bit] = value & w->mask;
    }
    return value & w->mask;
}

TARGET static void N(walk)(const ct_walker *walkers, int count) {
    // The values of the cycle by number; that of none is 0.
    int64_t now[CT_WALKERS + 1] = {0}, next[CT_WALKERS];
    uint64_t moves[CT_WALKERS], resets[CT_WALKERS];
    for (int r = 0; r < count; r++) walkers[r].q.values[0] = now[r + 1] = walkers[r].q.value;
    for (int word = 0; word < walkers[0].q.words; word++) {
        for (int r = 0; r < count; r++) {
            const ct_register *q = &walkers[r].q;
            resets[r] = q->reset.at[word * q->reset.step];
            moves[r] = q->enable.at[word * q->enable.step] | resets[r];
        }
        uint64_t any = 0;
        for (int r = 0; r < count; r++) any |= moves[r];
        if (any == 0) {
            for (int r = 0; r < count; r++) {
                int64_t *values = walkers[r].q.values + 1 + 64 * word;
                for (int i = 0; i < 64; i += 8) *(v8u *)(values + i) = splat(now[r + 1]);
            }
            continue;
        }
        for (int i = 64 * word; i < 64 * word + 64; i += 8) {
            int shift = i & 63, moving = 0, mover = 0;
            for (int r = 0; r < count; r++) {
                if ((moves[r] >> shift & 255) == 0) {
                    *(v8u *)(walkers[r].q.values + 1 + i) = splat(now[r + 1]);
                } else {
                    mover = r;
                    moving++;
                }
            }
            if (moving == 0) continue;
            if (moving == 1) {
                unsigned here = moves[mover] >> shift & 255, cleared = resets[mover] >> shift & 255;
                if (count == 1 && here == 255 && cleared == 0) now[1] = N(alone8)(walkers, now[1], i);
                else now[mover + 1] = N(walk8)(walkers + mover, mover + 1, now, i, here, cleared);
                continue;
            }
            for (int bit = i; bit < i + 8; bit++) {
                for (int r = 0; r < count; r++) {
                    const ct_walker *w = walkers + r;
                    int64_t from = now[w->base.at[bit * w->base.step]];
                    int64_t moved = (from + w->amount.at[bit * w->amount.step]) & w->mask;
                    moved = resets[r] >> (bit & 63) & 1 ? w->q.initial : moved;
                    next[r] = moves[r] >> (bit & 63) & 1 ? moved : now[r + 1];
                }
                for (int r = 0; r < count; r++) walkers[r].q.values[bit + 1] = now[r + 1] = next[r];
            }
        }
    }
}

TARGET static uint64_t N(toggles)(const int64_t *values, int count, uint64_t mask) {
    uint64_t total = 0;
    for (int i = 0; i < count; i++) {
        total += (uint64_t)__builtin_popcountll((uint64_t)(values[i] ^ values[i + 1]) & mask);
    }
    return total;
}
