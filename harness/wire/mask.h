/* RFC 6455 section 5.3: masking. One function, any offset, any alignment; the
 * widest vector unit of this machine is chosen at first use. */
#ifndef WS_MASK_H
#define WS_MASK_H

#include <stddef.h>
#include <stdint.h>

/* XORs bytes[0 .. size) with the key, in place. `offset`: position of bytes[0]
 * in the payload (only its low two bits count). */
void ws_mask(uint8_t *bytes, size_t size, const uint8_t key[4], uint64_t offset);

/* The implementation in use, for reports and tests: "avx512", "avx2", "sse2",
 * "neon", "plain". */
const char *ws_simd_name(void);
/* Forces one of those (tests, benchmarks); false when this machine lacks it.
 * NULL returns to the best. Not thread-safe. */
int ws_simd_force(const char *name);

#endif
