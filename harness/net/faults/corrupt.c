/* `fault corrupt`: one bit in each stretch of so many bytes, at a place drawn anew for each. */
#include "net/fault_way.h"

static void pass(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size)
{
    uint64_t stretch = fault_amount(s);
    for (size_t i = 0; i < size; i++) {
        if (s->count == 0)
            s->at = prng_below(way_random(way), stretch);
        if (s->count == s->at)
            bytes[i] ^= (uint8_t)(1u << prng_below(way_random(way), 8));
        s->count = (s->count + 1) % stretch;
    }
}

const struct fault_acts fault_acts_CORRUPT = {.pass = pass};
