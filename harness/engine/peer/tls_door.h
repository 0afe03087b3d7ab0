/* The door of the reference peer's TLS port with a deliberate defect: it looks
 * at how a connection begins, and treats who does not begin with a ClientHello
 * (RFC 8446 section 4.1.2) in a way that RFC 6455 section 4.2.2 forbids. */
#ifndef ENGINE_PEER_TLS_DOOR_H
#define ENGINE_PEER_TLS_DOOR_H

#include "net/layer.h"

#include <stdbool.h>

enum tls_door_defect {
    DOOR_RIGHT, /* not watched: TLS, and nothing else */
    DOOR_PLAIN, /* who does not speak TLS is served without */
    DOOR_KEEPS, /* who does not speak TLS keeps the connection */
};

struct tls_door;
/* Gets a layer with all that came on it, and whether it begins with a ClientHello. */
typedef void tls_door_enter_fn(void *arg, struct layer *layer, bool tls);
/* NULL without memory. */
struct tls_door *tls_door_new(enum tls_door_defect defect, tls_door_enter_fn *enter, void *arg);
/* Takes the layer. */
void tls_door_watch(struct tls_door *door, struct layer *layer);
/* Drops who still stands in it. NULL is nothing. */
void tls_door_free(struct tls_door *door);

#endif
