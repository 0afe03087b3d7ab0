/* `fault stall`: nothing goes on until the fault is taken away: half-open, with the kernel's acknowledgements. */
#include "net/fault_way.h"

static void hold(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    (void)way;
    (void)s;
    (void)head;
    v->wait = v->for_ever = true;
}

const struct fault_acts fault_acts_STALL = {.hold = hold};
