/* `fault wrong-accept`: the server's 101 with another Sec-WebSocket-Accept of the
 * same length. A client must fail the connection (RFC 6455 section 4.1). */
#include "engine/proxy/inside.h"

static bool response(struct proxy_conn *conn, struct armed *armed, const struct ws_head *head, struct buf *text)
{
    (void)conn;
    size_t from = 0;
    const struct ws_header *accept = ws_head_next(head, WS_HEADER_ACCEPT, &from);
    armed->done = true;
    if (accept == NULL || accept->value.size == 0)
        return false;
    size_t at = (size_t)(accept->value.at - (const char *)text->data);
    text->data[at] = text->data[at] == 'A' ? 'B' : 'A';
    return false;
}

const struct proxy_fault proxy_fault_WRONG_ACCEPT = {.response = response};
