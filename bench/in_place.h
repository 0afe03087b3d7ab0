/* A peer for masking: reads, changes and writes aligned bytes in place with the
 * widest vectors there are. What it needs, masking large payloads needs. */
#ifndef IN_PLACE_H
#define IN_PLACE_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t in_place_vector __attribute__((vector_size(64), may_alias));

#if defined __x86_64__
#define WIDEST __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define WIDEST
#endif

/* bytes aligned to 64; the last size % 256 are left alone. */
WIDEST static void in_place_change(uint8_t *bytes, size_t size)
{
    in_place_vector *v = (in_place_vector *)bytes;

    for (size_t i = 0; i + 4 <= size / sizeof *v; i += 4) {
        v[i] ^= 0x5a5a5a5a5a5a5a5au;
        v[i + 1] ^= 0x5a5a5a5a5a5a5a5au;
        v[i + 2] ^= 0x5a5a5a5a5a5a5a5au;
        v[i + 3] ^= 0x5a5a5a5a5a5a5a5au;
    }
}

#endif
