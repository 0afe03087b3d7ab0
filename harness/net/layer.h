/* A stage of the bytes' way to a peer: tcp, tls, fault, simulated link. Layers
 * stack: each has an owner above it that hears of its bytes, and (but for the
 * lowest) a layer below that it owns. Everything happens in loop callbacks. */
#ifndef NET_LAYER_H
#define NET_LAYER_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct layer;
struct loop;

enum layer_end {
    LAYER_EOF,   /* the peer finished sending (FIN, or close_notify); we may still write */
    LAYER_CUT,   /* TLS only: FIN without close_notify */
    LAYER_RESET, /* the peer reset the connection; nothing goes either way any more */
    LAYER_ERROR, /* refused, unreachable, TLS failure ...; `why` tells */
};

/* What the owner hears. After `ended` with RESET or ERROR nothing more comes;
 * after EOF or CUT only those two (and `drained`) may. Any callback may release
 * the layer, and any of them but `ended` may be NULL. */
struct layer_sink {
    /* First of all, for accepted connections too. */
    void (*opened)(void *owner);
    /* The bytes may be changed in place and are gone after the call. */
    void (*data)(void *owner, uint8_t *bytes, size_t size);
    void (*ended)(void *owner, enum layer_end end, const struct diag *why);
    /* Everything written has been handed to the kernel (or the link). */
    void (*drained)(void *owner);
};

enum layer_finish {
    FINISH_CLEAN,  /* what was written goes out, then close_notify (TLS), then FIN */
    FINISH_ABRUPT, /* what was written goes out, then FIN; TLS leaves close_notify out */
};

/* What a layer implements; layer.c sees to the rules that all share (stage.h). */
struct layer_ops {
    const char *name; /* "tcp", "tls" ... */
    void (*write)(struct layer *layer, const uint8_t *bytes, size_t size);
    void (*finish)(struct layer *layer, enum layer_finish how);
    void (*reset)(struct layer *layer);
    void (*pause)(struct layer *layer, bool paused);
    void (*deafen)(struct layer *layer, bool deaf); /* NULL: the layer below does it, if there is one */
    size_t (*queued)(const struct layer *layer);
    void (*release)(struct layer *layer); /* all but `below` and its own memory, which layer.c frees */
};

/* The first member of every layer's own struct. */
struct layer {
    const struct layer_ops *ops;
    struct loop *loop;
    struct layer *below; /* owned; NULL for the lowest */
    const struct layer_sink *sink;
    void *owner;
    unsigned calls; /* of the owner, running now */
    bool paused;    /* by the owner */
    bool finished;  /* by the owner */
    bool over;      /* reset, failed or released: nothing goes either way */
    bool released;
};

/* Who hears of this layer from now on. */
void layer_listen(struct layer *layer, const struct layer_sink *sink, void *owner);
/* Copies the bytes and sends them as soon as may be, in order. Ignored after finish or end. */
void layer_write(struct layer *layer, const void *bytes, size_t size);
void layer_finish(struct layer *layer, enum layer_finish how);
/* RST (SO_LINGER 0), at once: what the kernel takes of the queue goes before it,
 * the rest is lost. No callback follows. */
void layer_reset(struct layer *layer);
/* Stop or go on reading: the peer feels the back-pressure. */
void layer_pause(struct layer *layer, bool paused);
/* While deaf, the kernel throws away what comes for this connection, unacknowledged, as if its packets were lost. Where
 * the system cannot do that (it is Linux's SO_ATTACH_FILTER), and in the simulation, nothing happens. */
void layer_deafen(struct layer *layer, bool deaf);
/* Bytes written and not yet given to the kernel. */
size_t layer_queued(const struct layer *layer);
/* Frees it and all below, with no further callback. A connection that is still
 * open is closed with FIN (bytes the kernel does not take are lost). NULL is fine. */
void layer_release(struct layer *layer);

#endif
