// Which of some numbers differ.
#ifndef CHANGES_H
#define CHANGES_H
#include <stdint.h>

// Bit i is set where now[i] differs from last[i]. count: a multiple of 4, at most 64.
uint64_t changed_numbers(const int64_t *now, const int64_t *last, int count);

#endif
