/* `fault close 1012 "restart"`: a closing handshake that nobody asked for. The
 * frame goes at the next end of a frame; nothing of the other side follows it. */
#include "engine/proxy/inside.h"

static void begin(struct proxy_conn *conn, struct armed *armed)
{
    const struct setting *code = step_setting(armed->step, SLOT_CODE);
    struct buf body;
    buf_init(&body, 125);
    if (code != NULL) {
        buf_append_byte(&body, (uint8_t)(code->value.number >> 8));
        buf_append_byte(&body, (uint8_t)code->value.number);
    }
    if (!armed_payload(armed, SLOT_PAYLOAD, &body) || body.failed)
        conn_note(conn, PROXY_NOTE, "the reason of a Close holds 123 bytes: it was cut"); /* RFC 6455 section 5.5 */
    if (armed->down)
        way_send(&conn->down, WS_CLOSE, body.data, body.size);
    if (armed->up)
        way_send(&conn->up, WS_CLOSE, body.data, body.size);
    buf_free(&body);
}

const struct proxy_fault proxy_fault_CLOSE = {.begin = begin};
