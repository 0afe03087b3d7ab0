/* Bytes that were read already, put back: a layer on which they come first.
 * For who has to look at the beginning of a stream before he knows who it is for. */
#ifndef NET_PUSHBACK_H
#define NET_PUSHBACK_H

#include "net/layer.h"

/* Puts itself on top of `below`, which is open and has not ended, and owns it;
 * the bytes are copied. Its sink hears `opened`, then the bytes, then what comes
 * from below; never before this returns. */
struct layer *pushback_layer(struct layer *below, const void *bytes, size_t size, const struct layer_sink *sink,
                             void *owner);

#endif
