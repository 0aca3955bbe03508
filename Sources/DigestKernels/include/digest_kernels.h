// SHA-256 by the instructions that a processor has for it.
#ifndef DIGEST_KERNELS_H
#define DIGEST_KERNELS_H
#include <stddef.h>
#include <stdint.h>

// Whether this processor has them.
int digest_has_sha256(void);

// Takes whole blocks of 64 bytes in. Only where `digest_has_sha256`.
void digest_sha256(uint32_t state[8], const uint8_t *blocks, size_t count);

#endif
