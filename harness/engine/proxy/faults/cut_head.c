/* `fault cut-head`: the connection breaks inside the head of a frame, where a
 * parser holds what it has and waits for the rest. */
#include "engine/proxy/inside.h"

static bool frame(struct proxy_way *way, struct armed *armed, const uint8_t *head, size_t size)
{
    uint64_t pass = step_number(armed->step, SLOT_AFTER_BYTES, 1);
    armed->done = true;
    way_write(way, head, pass < size ? (size_t)pass : size - 1);
    conn_end(way->conn, CONN_RESET, CONN_RESET, "reset by a fault, inside the head of a frame");
    return true;
}

const struct proxy_fault proxy_fault_CUT_HEAD = {.frame = frame};
