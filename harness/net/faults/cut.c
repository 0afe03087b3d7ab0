/* `fault cut`: so many bytes still pass, then the connection is reset. */
#include "net/fault_way.h"

static void hold(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    (void)way;
    (void)head;
    verdict_limit(v, s->setting.amount - s->count); /* at 0 it is over before */
}

static void pass(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size)
{
    (void)way;
    (void)bytes;
    s->count += size;
}

static enum fault_end over(const struct fault_state *s)
{
    return s->count >= s->setting.amount ? FAULT_RESETS : FAULT_GOES_ON;
}

const struct fault_acts fault_acts_CUT = {.hold = hold, .pass = pass, .over = over};
