/* A tunnel through an HTTP proxy (RFC 9110 section 9.3.6), as a layer: its
 * request goes out first, and with the proxy's 2xx the stack is open. */
#ifndef NET_TUNNEL_H
#define NET_TUNNEL_H

#include "net/layer.h"

/* Puts itself on top of `below` and owns it. The request is a whole head, copied. An answer that is no 2xx ends it
 * with ERROR and the proxy's words; `any_status`: it is taken for a good one, which is a defect. */
struct layer *tunnel_layer(struct layer *below, const char *request, bool any_status, const struct layer_sink *sink,
                           void *owner);

#endif
