/* `fault black-hole`: as stall, and the kernel acknowledges nothing that comes (layer_deafen). What was sent meanwhile
 * comes when the fault is taken away: TCP has gone on trying. */
#include "net/fault_way.h"

static void hold(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    (void)way;
    (void)s;
    (void)head;
    v->wait = v->for_ever = true;
}

const struct fault_acts fault_acts_BLACK_HOLE = {.hold = hold};
