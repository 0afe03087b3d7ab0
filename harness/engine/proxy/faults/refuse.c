/* `fault refuse TIME`: nobody listens for a while, so that the kernel refuses whoever comes. */
#include "engine/proxy/inside.h"

static void begin(struct proxy_conn *conn, struct armed *armed)
{
    proxy_refuse(conn->proxy, step_number(armed->step, SLOT_DURATION, 0));
}

const struct proxy_fault proxy_fault_REFUSE = {.begin = begin};
