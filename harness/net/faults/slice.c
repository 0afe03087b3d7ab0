/* `fault slice`: small writes, each in a turn of the loop of its own, with a pause between them if asked. */
#include "net/fault_way.h"

static void hold(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    (void)way;
    v->turn = head->end == NULL;
    v->pause = s->setting.time_ns;
    verdict_limit(v, fault_amount(s));
}

const struct fault_acts fault_acts_SLICE = {.hold = hold};
