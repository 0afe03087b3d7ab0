/* RFC 6455 section 5.3: masking, and the choice of the vector unit. */
#include "mask.h"

#include <string.h>

void ws_mask(uint8_t *bytes, size_t size, const uint8_t key[4], uint64_t offset)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] ^= key[(i + offset) & 3];
}

const char *ws_simd_name(void)
{
    return "plain";
}

int ws_simd_force(const char *name)
{
    return !name || strcmp(name, "plain") == 0;
}
