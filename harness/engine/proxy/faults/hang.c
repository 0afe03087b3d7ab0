/* `fault hang`: the connection is taken, the request is read, no answer ever comes. */
#include "engine/proxy/inside.h"

const struct proxy_fault proxy_fault_HANG = {.first = true};
