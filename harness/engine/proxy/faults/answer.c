/* `fault answer "..."`: any bytes at all as the answer to the opening handshake, then FIN. */
#include "engine/proxy/inside.h"

static void request(struct proxy_conn *conn, struct armed *armed, const struct ws_head *head)
{
    struct buf text;
    (void)head;
    buf_init(&text, 0);
    if (armed_payload(armed, SLOT_PAYLOAD, &text))
        way_write(&conn->down, text.data, text.size);
    buf_free(&text);
    conn_finish_client(conn);
}

const struct proxy_fault proxy_fault_ANSWER = {.first = true, .request = request};
