/* `fault duplicate-message N`: it comes twice, byte for byte, as after a resend that was not needed. */
#include "engine/proxy/inside.h"

static void message(struct proxy_way *way, struct armed *armed)
{
    (void)armed;
    way->keep = true;
}

static void message_over(struct proxy_way *way, struct armed *armed)
{
    (void)armed;
    way_write(way, way->kept.data, way->kept.size);
}

const struct proxy_fault proxy_fault_DUPLICATE_MESSAGE = {
    .messages = true, .message = message, .message_over = message_over, .did = "duplicated",
};
