/* Messages between two processes of ours, over a stream that both have an end of.
 * Each has a kind and bytes, and may carry a TCP connection to the other side. */
#ifndef NET_LINE_H
#define NET_LINE_H

#include "net/loop.h"

#define LINE_MESSAGE_MAX (64u << 20)

struct line;

struct line_events {
    /* `carries`: a connection came with it, for line_take; if it is not taken, it is closed. The line may be freed. */
    void (*message)(void *arg, unsigned kind, const uint8_t *bytes, size_t size, bool carries);
    void (*ended)(void *arg); /* the other process is gone; nothing follows */
};

/* Real loop only. Owns the descriptor. */
struct line *line_new(struct loop *loop, int descriptor, const struct line_events *events, void *arg);
void line_send(struct line *line, unsigned kind, const void *bytes, size_t size);
/* Gives a fresh connection of a listener away, with the message; `fresh` is released. */
void line_hand(struct line *line, unsigned kind, const void *bytes, size_t size, struct layer *fresh);
/* In `message`: the connection that came with it, as from a listener. */
void line_take(struct line *line, accept_fn *fn, void *arg);
/* Waits, while nothing else is done, until a message of that kind has been told. False when it did not come within
 * timeout_ns, or the other process is gone. */
bool line_await(struct line *line, unsigned kind, uint64_t timeout_ns);
/* Closes our end, without a callback. NULL is fine. */
void line_free(struct line *line);

#endif
