/* `fault slow-close`: the bytes go, the end behind them waits. */
#include "net/fault_way.h"

static void hold(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    uint64_t due = head->end == NULL ? 0 : head->end->came + s->setting.time_ns;
    if (due > way_now(way))
        verdict_wait_until(v, due);
}

const struct fault_acts fault_acts_SLOW_CLOSE = {.hold = hold};
