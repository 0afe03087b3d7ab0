/* See loop.h: the simulated loop. Time jumps from timer to timer, so waiting
 * costs nothing; all that happens follows from the seed. */
#include "net/sim.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_FREE_PORT 40000u

/* ---- interrupts: the one thing that comes from outside ---- */

static const int signal_numbers[SIM_SIGNALS] = {SIGINT, SIGTERM};
static volatile sig_atomic_t signal_caught; /* and not yet heard; 0: none */

static void on_signal(int number)
{
    signal_caught = number;
}

static void hear_signals(struct sim *sim)
{
    if (signal_caught == 0 || sim->base.hearer.fn == NULL)
        return;
    signal_caught = 0;
    sim->base.hearer.fn(sim->base.hearer.arg);
}

/* Simulations take turns with each other and with a real loop: what nobody has heard goes to who listens now. */
static void sim_hear(struct loop *loop, bool signals)
{
    static const struct sigaction ours = {.sa_handler = on_signal};
    struct sim *sim = (struct sim *)loop;
    for (unsigned i = 0; i < SIM_SIGNALS; i++) {
        if (signals)
            sigaction(signal_numbers[i], &ours, &sim->before[i]);
        else
            sigaction(signal_numbers[i], &sim->before[i], NULL);
    }
    int unheard = signals ? 0 : signal_caught;
    if (unheard == 0)
        return;
    signal_caught = 0;
    raise(unheard);
}

/* ---- time ---- */

static void sim_run(struct loop *loop)
{
    struct sim *sim = (struct sim *)loop;
    for (const struct timer *next; hear_signals(sim), !sim->stopping && (next = timers_first(&loop->timers)) != NULL;) {
        loop->now = next->due;
        timers_fire(&loop->timers);
    }
    sim->stopping = false;
}

static void sim_stop(struct loop *loop)
{
    ((struct sim *)loop)->stopping = true;
}

const struct listener *sim_listener_at(const struct sim *sim, uint16_t port)
{
    for (const struct sim_listener *l = sim->listeners; l != NULL; l = l->next)
        if (l->base.port == port)
            return &l->base;
    return NULL;
}

static uint16_t sim_free_port(struct loop *loop, struct diag *why)
{
    struct sim *sim = (struct sim *)loop;
    for (unsigned tries = FIRST_FREE_PORT; tries <= UINT16_MAX; tries++) {
        sim->last_port = sim->last_port == UINT16_MAX ? FIRST_FREE_PORT : (uint16_t)(sim->last_port + 1);
        if (sim_listener_at(sim, sim->last_port) == NULL)
            return sim->last_port;
    }
    diag_set(why, DIAG_TROUBLE, "no free port left");
    return 0;
}

static struct listener *sim_listen(struct loop *loop, const struct net_address *at, accept_fn *fn,
                                   void *arg, struct diag *why)
{
    struct sim *sim = (struct sim *)loop;
    uint16_t port = at->port != 0 ? at->port : sim_free_port(loop, why);
    if (port == 0)
        return NULL;
    if (sim_listener_at(sim, port) != NULL) {
        diag_set(why, DIAG_TROUBLE, "cannot listen on port %u: address already in use", port);
        return NULL;
    }
    struct sim_listener *l = net_alloc(sizeof *l);
    *l = (struct sim_listener){{.loop = loop, .port = port, .fn = fn, .arg = arg}, sim->listeners};
    sim->listeners = l;
    return &l->base;
}

static void sim_unlisten(struct listener *listener)
{
    struct sim_listener **at = &((struct sim *)listener->loop)->listeners;
    while (&(*at)->base != listener)
        at = &(*at)->next;
    *at = (*at)->next;
    free(listener);
}

static void sim_free(struct loop *loop)
{
    assert(((struct sim *)loop)->listeners == NULL);
    free(loop);
}

static const struct loop_ops sim_ops = {
    .run = sim_run,
    .stop = sim_stop,
    .hear = sim_hear,
    .connect = sim_connect,
    .listen = sim_listen,
    .unlisten = sim_unlisten,
    .free_port = sim_free_port,
    .free = sim_free,
};

struct loop *loop_sim_new(uint64_t seed, const struct sim_options *options)
{
    struct sim *sim = net_alloc(sizeof *sim);
    sim->base.ops = &sim_ops;
    sim->random = prng_stream(seed, "net");
    sim->last_port = UINT16_MAX;
    if (options != NULL)
        sim->options = *options;
    return &sim->base;
}

bool loop_is_simulated(const struct loop *loop)
{
    return loop->ops == &sim_ops;
}
