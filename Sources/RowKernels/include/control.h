// Control below the timing cone over a stretch of cycles: what BlockMachine computes cycle by cycle, by vectors. Every
// kernel has a twin in Swift (Sources/Streams/Control/Below) that gives the same numbers.
#ifndef CONTROL_H
#define CONTROL_H
#include <stdint.h>

// What this processor can run: 0 nothing special, 1 AVX2, 2 AVX-512. The kernels run any level up to it.
int ct_level(void);

// Values of a net: that of cycle i is at[i * step]; step 0 where the net does not vary.
typedef struct {
    const int64_t *at;
    int64_t step;
} ct_numbers;

// Bits of a net, 64 cycles a word: word i is at[i * step].
typedef struct {
    const uint64_t *at;
    int64_t step;
} ct_bits;

// How a net holds an unbounded value: ((value & mask) ^ sign) - sign.
typedef struct {
    int64_t mask, sign;
} ct_form;

typedef enum { CT_ADD, CT_SUBTRACT, CT_EQUAL, CT_LESS, CT_AND, CT_OR, CT_XOR, CT_SLICE, CT_SHIFT_LEFT } ct_kind;

// Logic of two operands for `words` times 64 cycles, into values, or into bits where they are not NULL.
typedef struct {
    ct_kind kind;
    int32_t parameter, words;
    ct_numbers a, b;
    ct_form form;
    int64_t *values;
    uint64_t *bits;
} ct_logic;

void ct_logic_run(const ct_logic *logic, int level);

// values[i] = bit i ? yes : no.
void ct_choose(ct_bits bits, ct_numbers yes, ct_numbers no, ct_form form, int words, int64_t *values, int level);

// values[i] = bit i.
void ct_expand(const uint64_t *bits, int words, int64_t *values, int level);

// A register: values[0] = value, then one after the other the next one's, rounded up to whole words.
typedef struct {
    ct_bits enable, reset;
    int64_t value, initial;
    int32_t words;
    int64_t *values;
} ct_register;

// next = data
void ct_take(const ct_register *q, ct_numbers data, ct_form form, int level);

// next = value == limit ? 0 : value + 1, of an unsigned register
void ct_count(const ct_register *q, ct_numbers limit, int64_t mask, int level);

// A register of a walk: next = base + amount. The base is the number of a register of the walk, from 1 on; 0: none.
typedef struct {
    ct_register q;
    ct_numbers base, amount;
    int64_t mask;
} ct_walker;

// Registers that move together, all for as many words; at most CT_WALKERS.
#define CT_WALKERS 8
void ct_walk(const ct_walker *walkers, int count, int level);

// Bits under a mask that change from each of `count` values to the next.
uint64_t ct_toggles(const int64_t *values, int count, uint64_t mask, int level);

#endif
