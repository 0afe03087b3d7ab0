/* `fault reorder-message N`: it changes places with the one behind it. */
#include "engine/proxy/inside.h"

static void message(struct proxy_way *way, struct armed *armed)
{
    (void)armed;
    way->keep = way->late.size == 0; /* one that another waits for goes straight on */
    way->pass = !way->keep;
}

/* way.c writes `late` behind the next message, or before the end. */
static void message_over(struct proxy_way *way, struct armed *armed)
{
    (void)armed;
    if (way->keep)
        buf_append(&way->late, way->kept.data, way->kept.size);
}

const struct proxy_fault proxy_fault_REORDER_MESSAGE = {
    .messages = true, .message = message, .message_over = message_over, .did = "behind the next",
};
