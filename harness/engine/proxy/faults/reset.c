/* `fault reset`: RST to both ends, or to one while the other gets FIN. */
#include "engine/proxy/inside.h"

static void begin(struct proxy_conn *conn, struct armed *armed)
{
    conn_end(conn, armed->down ? CONN_RESET : CONN_FIN, armed->up ? CONN_RESET : CONN_FIN, "reset by a fault");
}

const struct proxy_fault proxy_fault_RESET = {.begin = begin};
