/* See fault.h. Each direction is a queue of pieces. Each fault in force is asked
 * how much of its head may go on now (`hold`), and sees what goes (`pass`): to
 * add a fault is a row in faults.def and one or both of these functions. */
#include "net/fault.h"

#include "base/buf.h"
#include "base/limits.h"
#include "net/loop.h"
#include "net/stage.h"

#include <stdlib.h>
#include <string.h>

#define BANDWIDTH_STEPS 100u               /* pieces a second, at least */
#define BANDWIDTH_CATCH_UP (20 * NS_PER_MS) /* of what a late timer missed */

/* Bytes, or the end behind them. Small: each pong of a flood may be one. */
struct piece {
    struct piece *next;
    uint64_t due;    /* latency: not before */
    struct buf bytes;
    size_t at;       /* so many are gone */
    struct end *end; /* NULL: bytes */
};
struct end {
    enum layer_end end;       /* inwards */
    enum layer_finish finish; /* outwards */
    struct diag why;
};

struct fault_state {
    bool on;
    struct fault_setting setting;
    uint64_t next;  /* bandwidth: the time of the next byte */
    uint64_t count; /* cut: bytes gone by; corrupt: bytes of this stretch */
    uint64_t at;    /* corrupt: the byte of this stretch that is hit */
};

struct way {
    struct fault *fault;
    bool out;
    struct piece *first, *last;
    size_t pieces, held; /* their number, their bytes */
    uint64_t last_due;
    struct timer *wake;
    struct fault_state states[FAULTS];
};

struct fault {
    struct layer layer;
    struct prng random;
    struct way out, in;
};

/* What may happen to the head of a queue now. */
struct verdict {
    size_t size;   /* so many bytes may go on */
    bool wait;     /* nothing may, */
    bool for_ever; /* and no time will change that, */
    uint64_t until; /* or this one */
    bool turn;     /* what goes on goes alone: the next piece in another turn of the loop */
};

static uint64_t now(const struct way *way)
{
    return loop_now(way->fault->layer.loop);
}

static void wait_until(struct verdict *v, uint64_t time)
{
    v->wait = true;
    v->until = time > v->until ? time : v->until;
}

static uint64_t at_least_one(uint64_t amount)
{
    return amount == 0 ? 1 : amount;
}

static void limit_size(struct verdict *v, uint64_t most)
{
    v->size = v->size > most ? (size_t)most : v->size;
}

/* ---- the faults ---- */

static void latency_hold(struct way *way, struct fault_state *s, const struct piece *head, struct verdict *v)
{
    (void)s;
    if (head->due > now(way))
        wait_until(v, head->due);
}

static void bandwidth_hold(struct way *way, struct fault_state *s, const struct piece *head, struct verdict *v)
{
    (void)head;
    if (s->next > now(way))
        wait_until(v, s->next);
    limit_size(v, at_least_one(s->setting.amount / BANDWIDTH_STEPS));
}

static void bandwidth_pass(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size)
{
    (void)bytes;
    uint64_t begin = now(way) < BANDWIDTH_CATCH_UP ? 0 : now(way) - BANDWIDTH_CATCH_UP;
    double seconds = (double)size / (double)at_least_one(s->setting.amount);
    s->next = (s->next > begin ? s->next : begin) + (uint64_t)(seconds * 1e9);
}

static void slice_hold(struct way *way, struct fault_state *s, const struct piece *head, struct verdict *v)
{
    (void)way;
    v->turn = head->end == NULL;
    limit_size(v, at_least_one(s->setting.amount));
}

static void cut_hold(struct way *way, struct fault_state *s, const struct piece *head, struct verdict *v)
{
    (void)way;
    (void)head;
    limit_size(v, s->setting.amount - s->count); /* at 0 the connection is reset before */
}

static void cut_pass(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size)
{
    (void)way;
    (void)bytes;
    s->count += size;
}

static void stall_hold(struct way *way, struct fault_state *s, const struct piece *head, struct verdict *v)
{
    (void)way;
    (void)s;
    (void)head;
    v->wait = v->for_ever = true;
}

static void corrupt_pass(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size)
{
    uint64_t stretch = at_least_one(s->setting.amount);
    for (size_t i = 0; i < size; i++) {
        if (s->count == 0)
            s->at = prng_below(&way->fault->random, stretch);
        if (s->count == s->at)
            bytes[i] ^= (uint8_t)(1u << prng_below(&way->fault->random, 8));
        s->count = (s->count + 1) % stretch;
    }
}

static const struct {
    const char *word, *summary;
} words[FAULTS] = {
#define FAULT(id, word, argument, summary) [FAULT_##id] = {word, summary},
#include "net/faults.def"
#undef FAULT
};

static const struct {
    void (*hold)(struct way *way, struct fault_state *s, const struct piece *head, struct verdict *v);
    void (*pass)(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size);
} acts[FAULTS] = {
    [FAULT_LATENCY] = {latency_hold, NULL},
    [FAULT_BANDWIDTH] = {bandwidth_hold, bandwidth_pass},
    [FAULT_SLICE] = {slice_hold, NULL},
    [FAULT_CUT] = {cut_hold, cut_pass},
    [FAULT_STALL] = {stall_hold, NULL},
    [FAULT_CORRUPT] = {NULL, corrupt_pass},
};

const char *fault_word(enum fault_kind kind)
{
    return words[kind].word;
}

const char *fault_summary(enum fault_kind kind)
{
    return words[kind].summary;
}

/* ---- the queue ---- */

static void way_run(void *arg);

static void way_wake_in(struct way *way, uint64_t delay)
{
    timer_stop(way->wake);
    way->wake = timer_start(way->fault->layer.loop, delay, way_run, way);
}

static void way_append(struct way *way, struct piece *piece)
{
    piece->next = NULL;
    *(way->first == NULL ? &way->first : &way->last->next) = piece;
    way->last = piece;
    way->pieces++;
}

/* A line with latency: when what is put in now may leave. */
static uint64_t way_due(struct way *way)
{
    const struct fault_state *latency = &way->states[FAULT_LATENCY];
    uint64_t due = now(way);
    if (latency->on) {
        uint64_t jitter = latency->setting.jitter_ns;
        due += latency->setting.time_ns;
        due += jitter == 0 ? 0 : prng_below(&way->fault->random, jitter);
    }
    way->last_due = due > way->last_due ? due : way->last_due;
    return way->last_due;
}

/* Each write is a piece of its own; of very many the newest are joined, for a small one weighs more than its bytes. */
static void way_put(struct way *way, const uint8_t *bytes, size_t size)
{
    struct piece *piece = way->last;
    uint64_t due = way_due(way);
    if (way->pieces < LIMIT_FAULT_PIECES || piece->end != NULL) {
        piece = net_alloc(sizeof *piece);
        buf_init(&piece->bytes, 0);
        way_append(way, piece);
    }
    piece->due = due;
    if (!buf_append(&piece->bytes, bytes, size))
        net_no_memory();
    way->held += size;
}

static void way_put_end(struct way *way, const struct end *end)
{
    struct piece *piece = net_alloc(sizeof *piece);
    piece->due = way_due(way);
    piece->end = net_alloc(sizeof *end);
    *piece->end = *end;
    way_append(way, piece);
}

static void way_take(struct way *way, size_t size)
{
    struct piece *head = way->first;
    head->at += size;
    way->held -= size;
    if (head->at < head->bytes.size)
        return;
    way->first = head->next;
    way->pieces--;
    buf_free(&head->bytes);
    free(head->end);
    free(head);
}

static void way_drop(struct way *way)
{
    timer_stop(way->wake);
    way->wake = NULL;
    while (way->first != NULL)
        way_take(way, way->first->bytes.size - way->first->at);
}

/* The layer below is paused when its bytes are not wanted, or too many wait here. */
static void back_pressure(struct fault *f)
{
    bool full = f->in.held > LIMIT_FAULT_HELD;
    if (f->layer.below->paused && f->in.held > LIMIT_FAULT_HELD / 2)
        full = true; /* go on reading only when it is worth it */
    layer_pause(f->layer.below, f->layer.paused || full);
}

static struct verdict way_ask(struct way *way)
{
    const struct piece *head = way->first;
    struct verdict v = {.size = head->bytes.size - head->at};
    for (int kind = 0; kind < FAULTS; kind++)
        if (way->states[kind].on && acts[kind].hold != NULL)
            acts[kind].hold(way, &way->states[kind], head, &v);
    return v;
}

/* Hands on so many bytes of the head, or the end. False: the layer is over. */
static bool way_pass(struct way *way, size_t size)
{
    struct fault *f = way->fault;
    struct piece *head = way->first;
    bool go_on = true;
    if (head->end != NULL) {
        struct end end = *head->end;
        way_take(way, 0);
        if (way->out)
            layer_finish(f->layer.below, end.finish);
        else
            go_on = layer_say_ended(&f->layer, end.end, &end.why);
        return go_on;
    }
    for (int kind = 0; kind < FAULTS; kind++)
        if (way->states[kind].on && acts[kind].pass != NULL)
            acts[kind].pass(way, &way->states[kind], head->bytes.data + head->at, size);
    if (way->out)
        layer_write(f->layer.below, head->bytes.data + head->at, size);
    else
        go_on = layer_say_data(&f->layer, head->bytes.data + head->at, size);
    if (go_on)
        way_take(way, size);
    return go_on;
}

/* Resets the connection when one way was to be cut here. */
static bool way_cut(struct way *way)
{
    const struct fault_state *cut = &way->states[FAULT_CUT];
    if (!cut->on || cut->count < cut->setting.amount)
        return false;
    struct fault *f = way->fault;
    struct diag why = {0};
    diag_set(&why, DIAG_TROUBLE, "reset by our own fault: cut after %llu bytes",
             (unsigned long long)cut->setting.amount);
    way_drop(&f->out);
    way_drop(&f->in);
    layer_reset(f->layer.below);
    layer_say_ended(&f->layer, LAYER_RESET, &why);
    return true;
}

static bool way_blocked(const struct way *way)
{
    return !way->out && way->fault->layer.paused;
}

/* Hands on all that may go now. Runs in callbacks of the loop only, as the owner is told. */
static void way_pump(struct way *way)
{
    struct fault *f = way->fault;
    layer_enter(&f->layer);
    while (!f->layer.over && !way_cut(way) && way->first != NULL && !way_blocked(way)) {
        struct verdict v = way_ask(way);
        if (v.wait) {
            if (!v.for_ever)
                way_wake_in(way, v.until - now(way));
            break;
        }
        if (!way_pass(way, v.size))
            break;
        if (v.turn) {
            way_wake_in(way, 0);
            break;
        }
    }
    if (layer_leave(&f->layer))
        back_pressure(f);
}

static void way_run(void *arg)
{
    struct way *way = arg;
    way->wake = NULL;
    way_pump(way);
}

/* Nothing in force and nothing held: bytes need no copy. */
static bool way_is_free(const struct way *way)
{
    for (int kind = 0; kind < FAULTS; kind++)
        if (way->states[kind].on)
            return false;
    return way->first == NULL;
}

/* ---- from below ---- */

static void on_opened(void *owner)
{
    struct fault *f = owner;
    layer_say_opened(&f->layer);
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct fault *f = owner;
    if (way_is_free(&f->in)) {
        layer_say_data(&f->layer, bytes, size);
        return;
    }
    way_put(&f->in, bytes, size);
    if (f->in.wake == NULL)
        way_pump(&f->in);
    else
        back_pressure(f);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct fault *f = owner;
    way_put_end(&f->in, &(struct end){.end = end, .why = *why});
    if (f->in.wake == NULL)
        way_pump(&f->in);
}

static void on_drained(void *owner)
{
    struct fault *f = owner;
    if (f->out.held == 0)
        layer_say_drained(&f->layer);
}

static const struct layer_sink ears = {on_opened, on_data, on_ended, on_drained};

/* ---- from above: nothing is told within these calls, so a queue starts in the next turn ---- */

static void way_run_soon(struct way *way)
{
    if (way->wake == NULL)
        way_wake_in(way, 0);
}

static void fault_write(struct layer *layer, const uint8_t *bytes, size_t size)
{
    struct fault *f = (struct fault *)layer;
    if (way_is_free(&f->out)) {
        layer_write(layer->below, bytes, size);
        return;
    }
    way_put(&f->out, bytes, size);
    way_run_soon(&f->out);
}

static void fault_finish(struct layer *layer, enum layer_finish how)
{
    struct fault *f = (struct fault *)layer;
    way_put_end(&f->out, &(struct end){.finish = how});
    way_run_soon(&f->out);
}

static void fault_reset(struct layer *layer)
{
    struct fault *f = (struct fault *)layer;
    way_drop(&f->out);
    way_drop(&f->in);
    layer_reset(layer->below);
}

static void fault_pause(struct layer *layer, bool paused)
{
    struct fault *f = (struct fault *)layer;
    back_pressure(f);
    if (!paused && f->in.first != NULL)
        way_run_soon(&f->in);
}

static size_t fault_queued(const struct layer *layer)
{
    return ((const struct fault *)layer)->out.held + layer_queued(layer->below);
}

static void fault_release(struct layer *layer)
{
    struct fault *f = (struct fault *)layer;
    way_drop(&f->out);
    way_drop(&f->in);
}

static const struct layer_ops fault_ops = {
    .name = "fault",
    .write = fault_write,
    .finish = fault_finish,
    .reset = fault_reset,
    .pause = fault_pause,
    .queued = fault_queued,
    .release = fault_release,
};

struct layer *fault_layer(struct layer *below, struct prng random, const struct layer_sink *sink, void *owner)
{
    struct fault *f = net_alloc(sizeof *f);
    layer_stack(&f->layer, &fault_ops, below, &ears, sink, owner);
    f->random = random;
    f->out = (struct way){.fault = f, .out = true};
    f->in = (struct way){.fault = f};
    return &f->layer;
}

static void way_set(struct way *way, const struct fault_setting *setting)
{
    if (setting->kind == FAULT_OFF)
        memset(way->states, 0, sizeof way->states);
    else
        way->states[setting->kind] = (struct fault_state){.on = true, .setting = *setting};
    way_wake_in(way, 0); /* what is held may go now, or never */
}

void fault_set(struct layer *fault, const struct fault_setting *setting)
{
    struct fault *f = (struct fault *)fault;
    if (f->layer.over)
        return;
    if (setting->direction & FAULT_OUT)
        way_set(&f->out, setting);
    if (setting->direction & FAULT_IN)
        way_set(&f->in, setting);
}
