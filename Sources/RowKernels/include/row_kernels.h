// Row kernels: what the data path does most, for vector units that are chosen when the program starts. Every kernel has
// a twin in Swift (Sources/Streams/Data) that gives the same bits.
#ifndef ROW_KERNELS_H
#define ROW_KERNELS_H
#include <stddef.h>
#include <stdint.h>

// What this processor can run: 0 nothing special, 1 AVX2, 2 AVX-512 with VNNI and VPOPCNTDQ.
int rk_level(void);

// One product of a fused sum: rows of the operands by position. A sum at event i reads x[i - delay] and w[i - delay].
typedef struct {
    const void *const *x;
    const void *const *w;
    int32_t delay;
    int32_t x_offset, w_offset; // bytes into the rows
} rk_term;

// Shape of a fused sum. Weights: [pair of inputs][output][2] 16-bit integers, outputs padded to eight.
typedef struct {
    int32_t pairs, outputs, padded_outputs, pixels;
    int32_t x_step;      // bytes from pixel to pixel
    int32_t plane_bytes; // 0: one plane and sums of 32 bits; else bytes to the plane of low bytes and sums of 64 bits
} rk_sum_shape;

// Sums of `count` events into rows of `stride` bytes, [pixel][output].
void rk_sum(const rk_term *terms, int count_terms, const rk_sum_shape *shape, const int32_t *list, int count, char *rows,
            size_t stride, int level);

// A row operand, a scalar or a constant of a step.
typedef struct {
    int32_t kind; // 0 rows, 1 values, 2 bits, 3 constant
    int32_t element;
    const void *const *rows;
    const int64_t *values;
    const uint64_t *bits;
    int64_t constant;
} rk_source;

// Lanes in which every operand keeps its stride.
typedef struct {
    int32_t count, first;
    int32_t offsets[3], strides[3], zero[3];
} rk_run;

typedef struct {
    int32_t kind, parameter;
    int32_t lanes, element, width, is_signed, cuts;
    int32_t source_width, run_count, choices;
    int32_t is_grid, is_addition; // what rk_is_grid and rk_is_addition say of the rest
    const rk_run *runs;
    rk_source sources[3];
} rk_step;

// Kinds of steps.
typedef enum { RK_COPY, RK_ADD, RK_SUBTRACT, RK_PRODUCT, RK_MAXIMUM, RK_SHIFT_RIGHT, RK_SHIFT_LEFT, RK_SHIFT_LEFT_CONSTANT,
       RK_ROUND_SHIFT, RK_SATURATE, RK_SLICE, RK_CODE, RK_PACK, RK_UNPACK, RK_LANE_SELECT } rk_kind;

// Whether the step makes products of a grid of lanes, which has a kernel of its own.
int rk_is_grid(const rk_step *step);

// Whether the step adds neighbours, which has one, too.
int rk_is_addition(const rk_step *step);

// Rows of `count` events, `stride` bytes each.
void rk_rows(const rk_step *step, const int32_t *list, int count, char *rows, size_t stride, int level);

// Bits that differ between two rows; `a` is NULL in an entry that is free.
typedef struct {
    const void *a, *b;
    uint64_t count;
} rk_pair;
#define RK_PAIRS 1024

// Bits that change from rows[list[e]] to rows[list[e] + 1], `bytes` of each: under a mask of the element, and `extra` for
// every lane whose sign changes. `pairs`: RK_PAIRS entries that are used and filled, or NULL.
uint64_t rk_toggles(const void *const *rows, const int32_t *list, int count, size_t bytes, int element, uint64_t mask,
                    int extra, rk_pair *pairs, int level);

#endif
