/* `fault fin`: the end of TCP without a Close frame, as when a process dies. To
 * one end alone it is a half-closed connection: the other way goes on. */
#include "engine/proxy/inside.h"

static void finish(struct proxy_way *way)
{
    struct layer *sink = way_sink(way);
    way->shut = way->finished = true;
    if (sink != NULL)
        layer_finish(sink, FINISH_CLEAN);
}

static void begin(struct proxy_conn *conn, struct armed *armed)
{
    if (armed->up && armed->down) {
        conn_end(conn, CONN_FIN, CONN_FIN, "ended by a fault");
        return;
    }
    finish(conn_way(conn, armed->up));
}

const struct proxy_fault proxy_fault_FIN = {.begin = begin};
