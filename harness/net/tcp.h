/* The inside of a TCP connection on libuv, shared by tcp.c (bytes) and
 * tcp_connect.c (the way to an open one). */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "base/buf.h"
#include "net/loop_uv.h"

struct tcp;

/* libuv closes late: a handle outlives its connection, as an orphan. */
struct tcp_handle {
    uv_tcp_t uv;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    struct tcp *tcp; /* NULL: orphan */
};

struct tcp {
    struct layer layer;
    struct loop_uv *loop;
    struct tcp_handle *handle;  /* NULL: closed, or nothing tried yet */
    struct tcp_attempt *attempt; /* while it is not open */
    struct buf unflushed;       /* written in this turn, or behind what the kernel does not take */
    struct tcp *next, **at;     /* in the loop's list, when `at` is set */
    size_t writing;             /* writes that libuv has */
    bool open;
    bool ended;  /* EOF was said */
    bool deaf;   /* the kernel throws away what comes */
    bool broken; /* a write found the peer gone; the reader finds out the rest */
};

struct tcp_handle *tcp_handle_new(struct tcp *tcp);
/* Orphans and closes it. */
void tcp_handle_close(struct tcp *tcp);
struct tcp *tcp_new(struct loop_uv *u, const struct layer_sink *sink, void *owner);
/* From now on bytes go both ways. */
void tcp_opened(struct tcp *tcp);
/* A connection that libuv has accepted goes to the listener's owner. */
void tcp_accepted(struct tcp *tcp, const struct listener *listener);
/* A fresh connection leaves this process: its descriptor, to be closed by the caller once it has gone; `fresh` is
 * released. -1: it cannot be had. */
int tcp_give_away(struct layer *fresh);
/* One that came from another process goes to the listener's owner. */
void tcp_come_by(struct loop_uv *u, int descriptor, const struct listener *listener);
/* Gives up what is still under way to an open connection. */
void tcp_attempt_cancel(struct tcp *tcp);

#endif
