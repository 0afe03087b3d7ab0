/* See pacing.h. */
#include "engine/pacing.h"

#include "net/loop.h"

#include <stddef.h>

#define AHEAD_NS (50 * NS_PER_MS)

struct pacing pacing_of(uint64_t rate)
{
    uint64_t every = NS_PER_S / rate;
    return (struct pacing){.every_ns = every, .ahead_ns = AHEAD_NS > every ? AHEAD_NS - every : 0};
}

uint64_t pacing_turn(struct pacing *pacing, uint64_t now)
{
    if (pacing == NULL)
        return now;
    uint64_t due = pacing->next_ns > now ? pacing->next_ns : now; /* what was not used before is gone */
    pacing->next_ns = due + pacing->every_ns;
    return due > now + pacing->ahead_ns ? due - pacing->ahead_ns : now;
}
