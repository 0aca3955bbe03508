// What this processor can do at most, for the roofline: instructions a second, and bytes a second from its caches and
// from memory. Prints one number a line, with its name. CPU time of one thread.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef int32_t Row __attribute__((vector_size(32)));

// Sixteen additions of independent rows a turn, and the two instructions of the loop.
static double instructions(void) {
    Row a[8] = {{0}}, one = {1, 1, 1, 1, 1, 1, 1, 1};
    const long turns = 50000000;
    const double start = seconds();
    for (long turn = 0; turn < turns; turn++) {
        for (int k = 0; k < 8; k++) {
            a[k] += one;
            __asm__ volatile("" : "+x"(a[k]));
            a[k] += one;
            __asm__ volatile("" : "+x"(a[k]));
        }
    }
    return 18.0 * (double)turns / (seconds() - start);
}

// Reads an array of that many bytes over and over.
static double bytes(size_t count) {
    Row *data = aligned_alloc(64, count);
    if (data == NULL) exit(1);
    for (size_t k = 0; k < count / sizeof(Row); k++) data[k] = (Row){(int32_t)k};
    const size_t turns = ((size_t)4 << 30) / count;
    Row sum[4] = {{0}};
    const double start = seconds();
    for (size_t turn = 0; turn < turns; turn++) {
        for (size_t k = 0; k + 4 <= count / sizeof(Row); k += 4)
            for (int j = 0; j < 4; j++) sum[j] += data[k + (size_t)j];
        __asm__ volatile("" : "+x"(sum[0]), "+x"(sum[1]), "+x"(sum[2]), "+x"(sum[3]) : : "memory");
    }
    const double took = seconds() - start;
    free(data);
    return (double)turns * (double)count / took;
}

int main(void) {
    printf("instructions %.4g\n", instructions());
    printf("cache %.4g\n", bytes(256 << 10));
    printf("memory %.4g\n", bytes((size_t)512 << 20));
    return 0;
}
