/* `fault drop-message N`: it never arrives. Control frames between its fragments do. */
#include "engine/proxy/inside.h"

static void message(struct proxy_way *way, struct armed *armed)
{
    (void)armed;
    way->pass = false;
}

const struct proxy_fault proxy_fault_DROP_MESSAGE = {.messages = true, .message = message, .did = "dropped"};
