// Registers that add rows to what they hold.
#ifndef ACCUMULATE_H
#define ACCUMULATE_H
#include <stddef.h>
#include <stdint.h>

// What may be added to what.
typedef struct {
    const void *const *rows; // what comes, by position
    int32_t keeps;           // 0: to zero; else to what the register holds, shifted left
    int32_t octaves;
} rk_addend;

typedef struct {
    const void **pointers; // the register's rows, by position
    char *pool;            // new rows, `used` of which are taken
    size_t stride;         // a multiple of 32
    int64_t used;
    const void *held;
    const void *zero;
    int32_t element;       // 4 or 8 bytes
    int32_t unused;        // bits of a lane above the register's width
} rk_accumulator;

// Runs the cycles from `first` on whose bits are set in one of the masks, which says what is added.
void rk_accumulate(rk_accumulator *a, const rk_addend *forms, const uint64_t *masks, int count, int first, int level);

#endif
