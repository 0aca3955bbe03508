// Rows of any step, and toggles. One body for lanes of 32 and of 64 bits, compiled for each vector unit.
#include "row_kernels.h"
#include "targets.h"
#include <string.h>

#define LANES 64 // lanes that are computed at once

INLINE int64_t scalar_of(const rk_source *s, int i) {
    return s->kind == 1 ? s->values[i] : s->kind == 2 ? (int64_t)(s->bits[i >> 6] >> (i & 63) & 1) : s->constant;
}

#define BODY(T, NAME)                                                                                                  \
    INLINE void load_##NAME(T *restrict d, const char *p, int element, int stride, int count) {                        \
        switch (element) {                                                                                             \
        case 1:                                                                                                        \
            if (stride == 1) for (int l = 0; l < count; l++) d[l] = ((const int8_t *)p)[l];                            \
            else for (int l = 0; l < count; l++) d[l] = ((const int8_t *)p)[l * stride];                               \
            break;                                                                                                     \
        case 2:                                                                                                        \
            if (stride == 1) for (int l = 0; l < count; l++) d[l] = ((const int16_t *)p)[l];                           \
            else for (int l = 0; l < count; l++) d[l] = ((const int16_t *)p)[l * stride];                              \
            break;                                                                                                     \
        case 4:                                                                                                        \
            if (stride == 1) for (int l = 0; l < count; l++) d[l] = (T)((const int32_t *)p)[l];                        \
            else for (int l = 0; l < count; l++) d[l] = (T)((const int32_t *)p)[l * stride];                           \
            break;                                                                                                     \
        default:                                                                                                       \
            if (stride == 1) for (int l = 0; l < count; l++) d[l] = (T)((const int64_t *)p)[l];                        \
            else for (int l = 0; l < count; l++) d[l] = (T)((const int64_t *)p)[l * stride];                           \
        }                                                                                                              \
    }                                                                                                                  \
    INLINE void operand_##NAME(T *restrict d, const rk_step *t, int k, const rk_run *r, int i, int at, int extra,      \
                               int count) {                                                                            \
        const rk_source *s = &t->sources[k];                                                                           \
        if (s->kind != 0 || r->zero[k]) {                                                                              \
            T v = s->kind == 0 ? 0 : (T)scalar_of(s, i);                                                               \
            for (int l = 0; l < count; l++) d[l] = v;                                                                  \
            return;                                                                                                    \
        }                                                                                                              \
        long first = r->offsets[k] + extra + (long)at * r->strides[k];                                                 \
        load_##NAME(d, (const char *)s->rows[i] + first * s->element, s->element, r->strides[k], count);               \
    }                                                                                                                  \
    INLINE void store_##NAME(char *p, const T *restrict a, int element, int count) {                                   \
        switch (element) {                                                                                             \
        case 1: for (int l = 0; l < count; l++) ((int8_t *)p)[l] = (int8_t)a[l]; break;                                \
        case 2: for (int l = 0; l < count; l++) ((int16_t *)p)[l] = (int16_t)a[l]; break;                              \
        case 4: for (int l = 0; l < count; l++) ((int32_t *)p)[l] = (int32_t)a[l]; break;                              \
        default: for (int l = 0; l < count; l++) ((int64_t *)p)[l] = a[l];                                             \
        }                                                                                                              \
    }                                                                                                                  \
    INLINE void cut_##NAME(T *restrict a, const rk_step *t, int count) {                                               \
        int unused = 8 * (int)sizeof(T) - t->width;                                                                    \
        if (!t->cuts) return;                                                                                          \
        if (t->is_signed) {                                                                                            \
            if (unused > 0) for (int l = 0; l < count; l++) a[l] = (T)((U_##NAME)a[l] << unused) >> unused;            \
        } else {                                                                                                       \
            T mask = unused > 0 ? (T)(((U_##NAME)1 << t->width) - 1) : (T)-1;                                          \
            for (int l = 0; l < count; l++) a[l] &= mask;                                                              \
        }                                                                                                              \
    }                                                                                                                  \
    INLINE void apply_##NAME(T *restrict a, const T *restrict b, const rk_step *t, int amount, int count) {            \
        int p = t->parameter;                                                                                          \
        switch (t->kind) {                                                                                             \
        case RK_ADD: for (int l = 0; l < count; l++) a[l] = (T)((U_##NAME)a[l] + (U_##NAME)b[l]); break;               \
        case RK_SUBTRACT: for (int l = 0; l < count; l++) a[l] = (T)((U_##NAME)a[l] - (U_##NAME)b[l]); break;          \
        case RK_PRODUCT: for (int l = 0; l < count; l++) a[l] = (T)((int64_t)(int32_t)a[l] * (int32_t)b[l]); break;    \
        case RK_MAXIMUM: for (int l = 0; l < count; l++) a[l] = a[l] > b[l] ? a[l] : b[l]; break;                      \
        case RK_SHIFT_RIGHT: for (int l = 0; l < count; l++) a[l] = a[l] >> amount; break;                             \
        case RK_SHIFT_LEFT: for (int l = 0; l < count; l++) a[l] = (T)((U_##NAME)a[l] << amount); break;               \
        case RK_SHIFT_LEFT_CONSTANT: for (int l = 0; l < count; l++) a[l] = (T)((U_##NAME)a[l] << p); break;           \
        case RK_SLICE: if (p) for (int l = 0; l < count; l++) a[l] = a[l] >> p; break;                                 \
        case RK_ROUND_SHIFT:                                                                                           \
            if (amount) {                                                                                              \
                T half = (T)((U_##NAME)1 << (amount - 1));                                                             \
                for (int l = 0; l < count; l++) {                                                                      \
                    T f = a[l] >> amount, rest = (T)((U_##NAME)a[l] - ((U_##NAME)f << amount));                        \
                    a[l] = f + ((rest > half) | ((rest == half) & (f & 1)));                                           \
                }                                                                                                      \
            }                                                                                                          \
            break;                                                                                                     \
        case RK_SATURATE: {                                                                                            \
            T high = (T)(((U_##NAME)1 << (t->width - 1)) - 1);                                                         \
            for (int l = 0; l < count; l++) { T v = a[l] > high ? high : a[l]; a[l] = v < -high - 1 ? -high - 1 : v; } \
            break;                                                                                                     \
        }                                                                                                              \
        case RK_CODE: {                                                                                                \
            int top = (1 << (p - 1)) - 1;                                                                              \
            for (int l = 0; l < count; l++) {                                                                          \
                T code = b[l], field = code & top, sign = -(code >> (p - 1) & 1);                                      \
                T shift = p == 1 ? 0 : (top - field) & (T)(8 * sizeof(T) - 1);                                         \
                T v = (T)((U_##NAME)a[l] << shift);                                                                    \
                v = p != 1 && field == 0 ? 0 : v;                                                                      \
                a[l] = (v ^ sign) - sign;                                                                              \
            }                                                                                                          \
            break;                                                                                                     \
        }                                                                                                              \
        default: break;                                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    INLINE void rows_##NAME(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride) {             \
        T a[LANES] __attribute__((aligned(64))), b[LANES] __attribute__((aligned(64)));                                \
        const int shares = t->kind == RK_SHIFT_RIGHT || t->kind == RK_SHIFT_LEFT || t->kind == RK_ROUND_SHIFT;         \
        const int two = t->kind == RK_ADD || t->kind == RK_SUBTRACT || t->kind == RK_PRODUCT ||                        \
                        t->kind == RK_MAXIMUM || t->kind == RK_CODE;                                                   \
        for (int e = 0; e < count; e++, rows += stride) {                                                              \
            int i = list[e];                                                                                           \
            int amount = shares ? (int)(scalar_of(&t->sources[1], i) & 63) : 0, extra = 0;                             \
            if (t->kind == RK_LANE_SELECT) {                                                                           \
                int64_t choice = scalar_of(&t->sources[1], i);                                                         \
                extra = (int)(choice < t->choices ? choice : t->choices - 1) * t->parameter;                           \
            }                                                                                                          \
            for (int q = 0; q < t->run_count; q++) {                                                                   \
                const rk_run *r = &t->runs[q];                                                                         \
                for (int at = 0; at < r->count; at += LANES) {                                                         \
                    int n = r->count - at < LANES ? r->count - at : LANES;                                             \
                    operand_##NAME(a, t, 0, r, i, at, extra, n);                                                       \
                    if (two) operand_##NAME(b, t, 1, r, i, at, 0, n);                                                  \
                    apply_##NAME(a, b, t, amount, n);                                                                  \
                    cut_##NAME(a, t, n);                                                                               \
                    store_##NAME(rows + (size_t)(r->first + at) * t->element, a, t->element, n);                       \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

typedef uint32_t U_narrow;
typedef uint64_t U_wide;
BODY(int32_t, narrow)
BODY(int64_t, wide)

INLINE int64_t lane_of(const char *p, int element, int lane) {
    switch (element) {
    case 1: return ((const int8_t *)p)[lane];
    case 2: return ((const int16_t *)p)[lane];
    case 4: return ((const int32_t *)p)[lane];
    default: return ((const int64_t *)p)[lane];
    }
}

// Words from pieces and pieces from words.
INLINE void moved(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride) {
    const rk_source *s = &t->sources[0];
    int parts = t->parameter, unused = 64 - t->width;
    for (int e = 0; e < count; e++, rows += stride) {
        const char *p = s->rows[list[e]];
        int lane = 0;
        for (int w = 0; lane < t->lanes; w++) {
            int64_t v = 0;
            if (t->kind == RK_PACK) {
                uint64_t mask = ((uint64_t)1 << t->source_width) - 1;
                for (int j = 0; j < parts; j++)
                    v |= (int64_t)(((uint64_t)lane_of(p, s->element, w * parts + j) & mask) << (j * t->source_width));
            } else {
                v = lane_of(p, s->element, w);
            }
            int pieces = t->kind == RK_PACK ? 1 : parts;
            for (int j = 0; j < pieces && lane < t->lanes; j++, lane++) {
                uint64_t piece = (uint64_t)(v >> (t->kind == RK_PACK ? 0 : j * t->width)) << unused;
                int64_t out = t->is_signed ? (int64_t)piece >> unused : (int64_t)(piece >> unused);
                switch (t->element) {
                case 1: ((int8_t *)rows)[lane] = (int8_t)out; break;
                case 2: ((int16_t *)rows)[lane] = (int16_t)out; break;
                case 4: ((int32_t *)rows)[lane] = (int32_t)out; break;
                default: ((int64_t *)rows)[lane] = out;
                }
            }
        }
    }
}

// Lanes of 32 bits suffice where nothing is wider and no result that is cut is.
INLINE int is_narrow(const rk_step *t) {
    if (t->element > 4 || t->kind == RK_SHIFT_LEFT || t->kind == RK_SHIFT_RIGHT || t->kind == RK_ROUND_SHIFT) return 0;
    for (int k = 0; k < 2; k++) {
        if (t->sources[k].kind == 0 && t->sources[k].element > 4) return 0;
        if (t->sources[k].kind == 1 || t->sources[k].kind == 3) {
            // A scalar's bits are not known here; only those that pass through unchanged are safe.
            if (t->kind != RK_COPY) return 0;
        }
    }
    return 1;
}

INLINE void rows_any(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride) {
    if (t->kind == RK_PACK || t->kind == RK_UNPACK) moved(t, list, count, rows, stride);
    else if (is_narrow(t)) rows_narrow(t, list, count, rows, stride);
    else rows_wide(t, list, count, rows, stride);
}

static void rows_plain(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride) {
    rows_any(t, list, count, rows, stride);
}

#if defined(__x86_64__)
AVX2 static void rows_avx2(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride) {
    rows_any(t, list, count, rows, stride);
}
AVX512 static void rows_avx512(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride) {
    rows_any(t, list, count, rows, stride);
}
void rk_grid_avx2(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride);
void rk_add_avx2(const rk_step *t, const int32_t *list, int count, char *rows, size_t stride);
#endif

int rk_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("popcnt")) return 0;
    int wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") &&
               __builtin_cpu_supports("avx512vpopcntdq");
    return wide ? 2 : 1;
#else
    return 0;
#endif
}

void rk_rows(const rk_step *step, const int32_t *list, int count, char *rows, size_t stride, int level) {
#if defined(__x86_64__)
    if (level >= 1 && step->is_grid) {
        rk_grid_avx2(step, list, count, rows, stride);
        return;
    }
    if (level >= 1 && step->is_addition) {
        rk_add_avx2(step, list, count, rows, stride);
        return;
    }
    if (level >= 2) {
        rows_avx512(step, list, count, rows, stride);
        return;
    }
    if (level >= 1) {
        rows_avx2(step, list, count, rows, stride);
        return;
    }
#endif
    rows_plain(step, list, count, rows, stride);
}
