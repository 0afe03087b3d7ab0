/* `fault delay-message N TIME`: it comes later, and so does all that is behind it: the order of a connection stays. */
#include "engine/proxy/inside.h"

static void message(struct proxy_way *way, struct armed *armed)
{
    way_hold_up(way, step_number(armed->step, SLOT_DURATION, 0));
}

const struct proxy_fault proxy_fault_DELAY_MESSAGE = {.message = message, .did = "delayed"};
