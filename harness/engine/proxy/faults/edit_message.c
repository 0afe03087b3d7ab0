/* `fault edit-message N "..."`: the same kind of message with another payload, in one frame. */
#include "engine/proxy/inside.h"

static void message(struct proxy_way *way, struct armed *armed)
{
    (void)armed;
    way->pass = false;
    way->opcode = way->cutter.head.opcode;
}

static void message_over(struct proxy_way *way, struct armed *armed)
{
    struct buf payload;
    buf_init(&payload, 0);
    if (armed_payload(armed, SLOT_PAYLOAD, &payload))
        way_send(way, (enum ws_opcode)way->opcode, payload.data, payload.size);
    buf_free(&payload);
}

const struct proxy_fault proxy_fault_EDIT_MESSAGE = {
    .messages = true, .message = message, .message_over = message_over, .did = "edited",
};
