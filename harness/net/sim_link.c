/* Connections of the simulated loop. A link has two ways; on each travel
 * segments in order, one delivered per loop event. As with TCP, a way holds no
 * more than a window of bytes: what the receiver does not take stays queued. */
#include "net/sim.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_BYTES (256u << 10)
#define PIECE_BYTES (64u << 10)

enum segment_kind {
    SEGMENT_SYN,     /* to the listener */
    SEGMENT_OPEN,    /* its answers */
    SEGMENT_REFUSED,
    SEGMENT_BYTES,
    SEGMENT_FIN,
    SEGMENT_RST,
    SEGMENT_KINDS
};

struct segment {
    struct segment *next;
    enum segment_kind kind;
    uint64_t due;
    size_t size;
    uint8_t bytes[];
};

struct segments {
    struct segment *first, *last;
};

struct way {
    struct link *link;
    struct segments queue; /* waits for the window */
    struct segments wire;
    size_t queued, flying; /* bytes of each */
    uint64_t last_due;
    struct timer *arrival; /* of wire.first */
};

struct end {
    struct layer layer;
    struct link *link;
    int side;
    struct timer *drain;
    bool undrained;
    bool dead; /* a reset went or came, or it was refused */
};

struct link {
    struct sim *sim;
    struct end *ends[2]; /* the one that connects, the one that accepts; NULL: not yet, or released */
    struct way ways[2];  /* ways[i] leads away from ends[i] */
    uint16_t port;
    bool refused;
    bool deaf; /* a reset told that a released end takes no bytes */
    unsigned calls; /* deliveries running: not to be freed */
};

static void segments_add(struct segments *s, struct segment *segment)
{
    segment->next = NULL;
    *(s->first == NULL ? &s->first : &s->last->next) = segment;
    s->last = segment;
}

static struct segment *segments_take(struct segments *s)
{
    struct segment *first = s->first;
    s->first = first->next;
    return first;
}

static void segments_drop(struct segments *s)
{
    while (s->first != NULL)
        free(segments_take(s));
}

static void link_free_if_left(struct link *link)
{
    if (link->ends[0] != NULL || link->ends[1] != NULL || link->calls != 0)
        return;
    for (int i = 0; i < 2; i++) {
        timer_stop(link->ways[i].arrival);
        segments_drop(&link->ways[i].queue);
        segments_drop(&link->ways[i].wire);
    }
    free(link);
}

static int way_side(const struct way *way)
{
    return way == &way->link->ways[1];
}

static struct end *way_from(const struct way *way)
{
    return way->link->ends[way_side(way)];
}

static struct end *way_to(const struct way *way)
{
    return way->link->ends[!way_side(way)];
}

static void way_arrive(void *arg);

/* Sees to it that the first segment on the wire arrives, unless the receiver reads nothing. */
static void way_arm(struct way *way)
{
    const struct end *to = way_to(way);
    struct loop *loop = &way->link->sim->base;
    bool wanted = way->wire.first != NULL && (to == NULL || !to->layer.paused);
    if (wanted == (way->arrival != NULL))
        return;
    timer_stop(way->arrival);
    way->arrival = NULL;
    if (wanted) {
        uint64_t due = way->wire.first->due;
        way->arrival = timer_start(loop, due > loop->now ? due - loop->now : 0, way_arrive, way);
    }
}

static void end_drain(void *arg)
{
    struct end *end = arg;
    end->drain = NULL;
    if (end->link->ways[end->side].queued != 0)
        return;
    end->undrained = false;
    layer_say_drained(&end->layer);
}

static uint64_t draw_latency(struct sim *sim)
{
    uint64_t jitter = sim->options.jitter_ns;
    return sim->options.latency_ns + (jitter == 0 ? 0 : prng_below(&sim->random, jitter));
}

/* Puts on the wire what the window lets through. */
static void way_send(struct way *way)
{
    struct sim *sim = way->link->sim;
    for (struct segment *s; (s = way->queue.first) != NULL;) {
        if (way->flying != 0 && way->flying + s->size > WINDOW_BYTES)
            break;
        segments_take(&way->queue);
        uint64_t due = sim->base.now + draw_latency(sim);
        s->due = way->last_due = due > way->last_due ? due : way->last_due;
        way->queued -= s->size;
        way->flying += s->size;
        segments_add(&way->wire, s);
    }
    struct end *from = way_from(way);
    if (way->queued == 0 && from != NULL && from->undrained && from->drain == NULL)
        from->drain = timer_start(&sim->base, 0, end_drain, from);
    way_arm(way);
}

static void way_put(struct way *way, enum segment_kind kind, const uint8_t *bytes, size_t size)
{
    struct segment *s = net_alloc(sizeof *s + size);
    s->kind = kind;
    s->size = size;
    if (size != 0)
        memcpy(s->bytes, bytes, size);
    way->queued += size;
    segments_add(&way->queue, s);
}

static void way_lose(struct way *way)
{
    segments_drop(&way->queue);
    way->queued = 0;
}

static void way_reset(struct way *way)
{
    way_lose(way);
    way_put(way, SEGMENT_RST, NULL, 0);
    way_send(way);
}

static struct way *way_back(struct way *way)
{
    return &way->link->ways[!way_side(way)];
}

/* ---- the end that the owner sees ---- */

static struct way *end_way(const struct layer *layer)
{
    const struct end *end = (const struct end *)layer;
    return &end->link->ways[end->side];
}

static void end_write(struct layer *layer, const uint8_t *bytes, size_t size)
{
    struct end *end = (struct end *)layer;
    struct sim *sim = end->link->sim;
    struct way *way = end_way(layer);
    uint32_t most = sim->options.segment_max;
    while (size != 0) {
        uint64_t n = most == 0 ? PIECE_BYTES : 1 + prng_below(&sim->random, most);
        n = n < PIECE_BYTES ? n : PIECE_BYTES;
        n = n < size ? n : size;
        way_put(way, SEGMENT_BYTES, bytes, n);
        bytes += n;
        size -= n;
    }
    end->undrained = true;
    way_send(way);
}

static void end_finish(struct layer *layer, enum layer_finish how)
{
    (void)how; /* without TLS both are the same */
    way_put(end_way(layer), SEGMENT_FIN, NULL, 0);
    way_send(end_way(layer));
}

static void end_reset(struct layer *layer)
{
    ((struct end *)layer)->dead = true;
    way_reset(end_way(layer));
}

static void end_pause(struct layer *layer, bool paused)
{
    (void)paused; /* way_arm asks the layer */
    way_arm(way_back(end_way(layer)));
}

static size_t end_queued(const struct layer *layer)
{
    return end_way(layer)->queued;
}

static void end_release(struct layer *layer)
{
    struct end *end = (struct end *)layer;
    struct link *link = end->link;
    struct way *way = end_way(layer);
    timer_stop(end->drain);
    link->ends[end->side] = NULL;
    if (!end->dead && !layer->finished) {
        way_put(way, SEGMENT_FIN, NULL, 0);
        way_send(way);
    }
    way_arm(way_back(way)); /* a paused receiver is gone: its bytes are answered with a reset */
    link_free_if_left(link);
}

static const struct layer_ops end_ops = {
    .name = "sim",
    .write = end_write,
    .finish = end_finish,
    .reset = end_reset,
    .pause = end_pause,
    .queued = end_queued,
    .release = end_release,
};

static struct end *end_new(struct link *link, int side, const struct layer_sink *sink, void *owner)
{
    struct end *end = net_alloc(sizeof *end);
    layer_init(&end->layer, &end_ops, &link->sim->base, sink, owner);
    end->link = link;
    end->side = side;
    link->ends[side] = end;
    return end;
}

/* ---- arrivals ---- */

static void arrive_syn(struct way *way, struct segment *s)
{
    (void)s;
    struct link *link = way->link;
    const struct listener *listener = sim_listener_at(link->sim, link->port);
    link->refused = listener == NULL || listener->fn == NULL;
    way_put(way_back(way), link->refused ? SEGMENT_REFUSED : SEGMENT_OPEN, NULL, 0);
    way_send(way_back(way));
    if (!link->refused)
        listener_hand(listener, &end_new(link, 1, NULL, NULL)->layer);
}

static void arrive_open(struct way *way, struct segment *s)
{
    (void)s;
    if (way_to(way) != NULL)
        layer_say_opened(&way_to(way)->layer);
}

static void end_fail(struct end *end, enum layer_end how, const struct diag *why)
{
    if (end == NULL || end->dead)
        return;
    end->dead = true;
    way_lose(end_way(&end->layer));
    layer_say_ended(&end->layer, how, why);
}

static void arrive_refused(struct way *way, struct segment *s)
{
    (void)s;
    struct diag why = {0};
    diag_set(&why, DIAG_TROUBLE, "cannot connect to port %u: connection refused", way->link->port);
    end_fail(way_to(way), LAYER_ERROR, &why);
}

static void arrive_bytes(struct way *way, struct segment *s)
{
    struct end *to = way_to(way), *from = way_from(way);
    way->flying -= s->size;
    if (to != NULL)
        layer_say_data(&to->layer, s->bytes, s->size);
    else if (from != NULL && !from->dead && !way->link->refused && !way->link->deaf) {
        way->link->deaf = true;
        way_reset(way_back(way));
    }
    way_send(way);
}

static void arrive_fin(struct way *way, struct segment *s)
{
    (void)s;
    if (way_to(way) != NULL)
        layer_say_ended(&way_to(way)->layer, LAYER_EOF, NULL);
}

static void arrive_rst(struct way *way, struct segment *s)
{
    (void)s;
    struct diag why = {0};
    diag_set(&why, DIAG_TROUBLE, "connection reset by peer");
    end_fail(way_to(way), LAYER_RESET, &why);
}

static void (*const arrivals[SEGMENT_KINDS])(struct way *way, struct segment *s) = {
    [SEGMENT_SYN] = arrive_syn,         [SEGMENT_OPEN] = arrive_open,
    [SEGMENT_REFUSED] = arrive_refused, [SEGMENT_BYTES] = arrive_bytes,
    [SEGMENT_FIN] = arrive_fin,         [SEGMENT_RST] = arrive_rst,
};

static void way_arrive(void *arg)
{
    struct way *way = arg;
    struct link *link = way->link;
    struct segment *s = segments_take(&way->wire);
    way->arrival = NULL;
    link->calls++;
    arrivals[s->kind](way, s);
    free(s);
    link->calls--;
    way_arm(way);
    link_free_if_left(link);
}

struct layer *sim_connect(struct loop *loop, const struct net_address *to,
                          const struct layer_sink *sink, void *owner)
{
    struct link *link = net_alloc(sizeof *link);
    *link = (struct link){.sim = (struct sim *)loop, .port = to->port};
    link->ways[0].link = link->ways[1].link = link;
    struct end *end = end_new(link, 0, sink, owner);
    way_put(&link->ways[0], SEGMENT_SYN, NULL, 0);
    way_send(&link->ways[0]);
    return &end->layer;
}
