/* The real loop's inside: loop_uv.c has clock, timers and signals; tcp.c,
 * tcp_listen.c and process.c put their libuv handles on it. */
#ifndef NET_LOOP_UV_H
#define NET_LOOP_UV_H

#include "net/loop_backend.h"

#include <uv.h>

#define UV_READ_BYTES (64u << 10)

struct tcp;

struct loop_uv {
    struct loop base;
    uv_loop_t uv;
    uint64_t begin;       /* uv_hrtime when made */
    uv_timer_t alarm;     /* the first timer, when it lies ahead */
    uv_idle_t turn;       /* runs while the first timer is due */
    uv_prepare_t flush;   /* runs while a connection has bytes from this turn */
    uv_signal_t signals[2];
    bool stopping;
    struct tcp *unflushed; /* list; see tcp.c */
    uint8_t read_buffer[UV_READ_BYTES]; /* one at a time is being read */
};

static inline struct loop_uv *loop_uv_of(const struct loop *loop)
{
    return (struct loop_uv *)loop;
}

/* Every callback from libuv begins with this: time goes on. */
void loop_uv_tick(struct loop_uv *u);

/* tcp_flush_all is called at the end of this turn. */
void loop_uv_want_flush(struct loop_uv *u);
/* Writes out what the connections on the list were given in this turn. */
void tcp_flush_all(struct loop_uv *u);
struct layer *tcp_connect(struct loop *loop, const struct net_address *to,
                          const struct layer_sink *sink, void *owner);

struct listener *tcp_listen(struct loop *loop, const struct net_address *at, accept_fn *fn,
                            void *arg, struct diag *why);
void tcp_unlisten(struct listener *listener);
uint16_t tcp_free_port(struct loop *loop, struct diag *why);

#endif
