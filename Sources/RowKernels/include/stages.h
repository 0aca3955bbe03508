// Registers that feed each other, cycle by cycle and in place: products, sums and copies whose every bit that changes is
// counted. Where all rows stay in the first cache, counting costs less than writing rows down would.
#ifndef STAGES_H
#define STAGES_H
#include <stddef.h>
#include <stdint.h>

// A row that a stage adds or copies: another stage's, or one of rows by position.
typedef struct {
    int32_t stage;           // -1: rows by position
    int32_t element;         // bytes of a lane
    const void *const *rows;
    const int32_t *offsets;  // bytes, of both halves of each vector
} rk_term_row;

// The product that a stage takes or adds: an activation times a weight, or times the power of two that a code means.
typedef struct {
    int32_t kind; // 0 none, 1 codes of up to four bits, 2 longer codes, 3 weights of 8 bits, 4 of 16 bits
    int32_t code_bits, x_element;
    const void *const *x;
    const void *const *w;
    const int32_t *x_offsets; // bytes, of both halves of each vector
    const int32_t *w_offsets; // bytes, of each vector
} rk_stage_product;

typedef struct {
    char *row;                // what the register holds
    int32_t element, vectors; // bytes of a lane, vectors of 32 bytes
    // Vectors, 4, 2 or 1, of which all operands lie side by side and have one activation; 0: not even the halves of one.
    int32_t group;
    int32_t events;           // whose bits say when it takes its data
    int32_t term_count;
    rk_term_row terms[2];
    rk_stage_product product;
    uint64_t mask;            // bits of a lane that count
    int32_t extra;            // and how often a sign counts besides
    int32_t version;          // a number for each value; the rest is the kernel's own
    int8_t powers[16];        // of the codes
    int32_t seen[2];
    uint64_t toggles;         // found in this call
    // What is counted, as the level has it: AVX2 ones, twos, fours and, in [3][0], fours of signs; AVX-512 ones in [0] and
    // [1], signs in [2][0].
    uint64_t parts[4][4];
    // Rows for others, where somebody else reads them; NULL: nobody does.
    const void **pointers;
    char *pool;
    size_t stride;
    int64_t used;
} rk_stage;

// Runs `count` stages for `cycles` cycles at a level of 1 or more. Stages come before those that they read. `words`: bits of
// each events.
void rk_stages(rk_stage *stages, int count, const uint64_t *const *words, int events, int cycles, int level);

#endif
