/* `fault latency`: no piece goes before its time. That was drawn when the piece
 * came (fault.c), never before that of the piece ahead: order is kept. */
#include "net/fault_way.h"

static void hold(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    (void)s;
    if (head->due > way_now(way))
        verdict_wait_until(v, head->due);
}

const struct fault_acts fault_acts_LATENCY = {.hold = hold};
