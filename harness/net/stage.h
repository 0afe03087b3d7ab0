/* What those who write a layer use: telling the owner, and the one guard that
 * makes it safe for the owner to release the layer in any callback. */
#ifndef NET_STAGE_H
#define NET_STAGE_H

#include "net/layer.h"

/* Zeroed memory; no memory is fatal in net. */
void *net_alloc(size_t size);
_Noreturn void net_no_memory(void);

void layer_init(struct layer *layer, const struct layer_ops *ops, struct loop *loop,
                const struct layer_sink *sink, void *owner);
/* The same, on top of `below`, which is owned from now on and speaks to `ears`. */
void layer_stack(struct layer *layer, const struct layer_ops *ops, struct layer *below,
                 const struct layer_sink *ears, const struct layer_sink *sink, void *owner);

/* Each answers false when the layer is over after the call, which may mean that
 * it is freed: return and touch it no more. */
bool layer_say_opened(struct layer *layer);
bool layer_say_data(struct layer *layer, uint8_t *bytes, size_t size);
bool layer_say_ended(struct layer *layer, enum layer_end end, const struct diag *why);
bool layer_say_drained(struct layer *layer);

/* For any other call of strangers: the layer outlives the bracket, and leave answers as above. */
void layer_enter(struct layer *layer);
bool layer_leave(struct layer *layer);

#endif
