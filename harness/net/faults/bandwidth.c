/* `fault bandwidth`: each byte has its time, in pieces that keep the line smooth. */
#include "net/fault_way.h"

#define STEPS    100u             /* pieces a second, at least */
#define CATCH_UP (20 * NS_PER_MS) /* of what a late timer missed */

static void hold(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    (void)head;
    if (s->next > way_now(way))
        verdict_wait_until(v, s->next);
    uint64_t step = fault_amount(s) / STEPS;
    verdict_limit(v, step == 0 ? 1 : step);
}

static void pass(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size)
{
    (void)bytes;
    uint64_t begin = way_now(way) < CATCH_UP ? 0 : way_now(way) - CATCH_UP;
    double seconds = (double)size / (double)fault_amount(s);
    s->next = (s->next > begin ? s->next : begin) + (uint64_t)(seconds * 1e9);
}

const struct fault_acts fault_acts_BANDWIDTH = {.hold = hold, .pass = pass};
