/* The event loop: the only source of time, timers, connections and processes.
 * Two backends behind one interface: libuv (real), and a simulation with a
 * virtual clock and in-memory links, where a run is a pure function of its seed. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/diag.h"
#include "net/layer.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct timer;
struct listener;

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

/* NULL with a diag when the machine refuses. */
struct loop *loop_uv_new(struct diag *why);

struct sim_options {
    uint64_t latency_ns;  /* one way, every link */
    uint64_t jitter_ns;   /* uniform on top, order kept; drawn from stream "net" */
    uint32_t segment_max; /* cut into pieces of 1 to so many bytes, drawn from "net"; 0: as written */
};
/* `options` NULL: none of these. Ports are one machine's, whatever the host. */
struct loop *loop_sim_new(uint64_t seed, const struct sim_options *options);

/* Nothing may be alive on it but what its own memory holds: layers, listeners
 * and timers are released first. */
void loop_free(struct loop *loop);

bool loop_is_simulated(const struct loop *loop);
/* Nanoseconds since the loop was made; monotonic; within one callback it stands still. */
uint64_t loop_now(const struct loop *loop);
/* Real loop: when it was made, on the machine's clock, which is one for all its processes. */
uint64_t loop_begin(const struct loop *loop);
/* Runs callbacks until loop_stop, or until nothing is left that could call. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

typedef void loop_fn(void *arg);

/* Calls fn(arg) once, after delay_ns (0: behind everything that is due now).
 * The handle is valid until it fires or is stopped. Never NULL: no memory is fatal here. */
struct timer *timer_start(struct loop *loop, uint64_t delay_ns, loop_fn *fn, void *arg);
void timer_stop(struct timer *timer); /* NULL is fine */

/* Who hears SIGINT and SIGTERM; fn NULL: nobody, they do what they do. */
struct loop_hearer {
    loop_fn *fn;
    void *arg;
};
/* They call fn(arg) from the loop, once per signal; one that comes while it does not run is heard when it runs again.
 * Returns who heard them until now. */
struct loop_hearer loop_on_interrupt(struct loop *loop, loop_fn *fn, void *arg);

/* ---- transport ---- */

struct net_address {
    char host[256]; /* name, IPv4, or IPv6 without brackets; "" when listening: loopback */
    uint16_t port;  /* 0 when listening: any free one */
    bool shared;    /* listening, real loop: other sockets may listen there too, and get their share (SO_REUSEPORT) */
    char from[16];  /* connecting, real loop: from this IPv4 address of ours; "": any. One address has 28,000 ports */
};

/* Begins a TCP connection: names are resolved (every address tried in order,
 * IPv6 and IPv4), TCP_NODELAY on. The sink hears `opened` or `ended`; never
 * before this returns. Never NULL. */
struct layer *loop_connect(struct loop *loop, const struct net_address *to,
                           const struct layer_sink *sink, void *owner);

/* A fresh connection for the listener; the callee keeps it (layer_listen, or puts
 * a layer on it) or releases it. When this returns its sink hears `opened`. */
typedef void accept_fn(void *arg, struct layer *fresh);

/* NULL with a diag when the address cannot be had. fn NULL: the port is only held, and who comes is refused. */
struct listener *loop_listen(struct loop *loop, const struct net_address *at, accept_fn *fn,
                             void *arg, struct diag *why);
uint16_t listener_port(const struct listener *listener);
void listener_close(struct listener *listener); /* its connections live on */

/* A port that nobody listens on right now (real loop), on the loopback. 0 and a diag when there is none. */
uint16_t loop_free_port(struct loop *loop, struct diag *why);

#endif
