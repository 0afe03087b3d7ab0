/* `fault limit`: so many bytes still pass, then comes FIN, and what is written behind it is lost. */
#include "net/fault_way.h"

static void hold(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    (void)way;
    (void)head;
    verdict_limit(v, s->setting.amount - s->count);
}

static void pass(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size)
{
    (void)way;
    (void)bytes;
    s->count += size;
}

static enum fault_end over(const struct fault_state *s)
{
    return s->count >= s->setting.amount ? FAULT_FINISHES : FAULT_GOES_ON;
}

const struct fault_acts fault_acts_LIMIT = {.hold = hold, .pass = pass, .over = over};
