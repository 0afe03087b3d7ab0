/* RFC 6455 section 5.3: masking; the work is done in mask_lanes.inc. */
#include "mask.h"

#include "simd.h"

#include <string.h>

void ws_mask(uint8_t *bytes, size_t size, const uint8_t key[4], uint64_t offset)
{
    uint32_t word;

    memcpy(&word, key, 4);
    ws_simd()->mask(bytes, size, ws_key_turn(word, offset));
}
