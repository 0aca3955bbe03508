// Row kernels: what the data path does most, for vector units that are chosen when the program starts.
#ifndef ROW_KERNELS_H
#define ROW_KERNELS_H
#include <stdint.h>

// What this processor can run: 0 nothing special, 1 AVX2.
int rk_level(void);

#endif
