/* See fault.h: the layer, and its two queues of pieces. What each fault does to
 * the head of a queue is in faults/, one small file for each row of faults.def. */
#include "net/fault_way.h"

#include "base/limits.h"
#include "net/stage.h"

#include <stdlib.h>
#include <string.h>

struct fault {
    struct layer layer;
    struct prng random;
    struct way out, in;
    bool unopened;
};

uint64_t way_now(const struct way *way)
{
    return loop_now(way->fault->layer.loop);
}

struct prng *way_random(struct way *way)
{
    return &way->fault->random;
}

void verdict_wait_until(struct fault_verdict *v, uint64_t time)
{
    v->wait = true;
    v->until = time > v->until ? time : v->until;
}

void hold_all(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v)
{
    (void)way;
    (void)s;
    (void)head;
    v->wait = v->for_ever = true;
}

void verdict_limit(struct fault_verdict *v, uint64_t most)
{
    v->size = v->size > most ? (size_t)most : v->size;
}

static const struct {
    const char *word, *summary;
} words[FAULTS] = {
#define FAULT(id, word, argument, summary) [FAULT_##id] = {word, summary},
#include "net/faults.def"
#undef FAULT
};

static const struct fault_acts *const acts[FAULTS] = {
#define FAULT(id, word, argument, summary) [FAULT_##id] = &fault_acts_##id,
#include "net/faults.def"
#undef FAULT
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
    uint64_t due = way_now(way);
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
    piece->end->came = way_now(way);
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

static struct fault_verdict way_ask(struct way *way)
{
    const struct piece *head = way->first;
    struct fault_verdict v = {.size = head->bytes.size - head->at};
    for (int kind = 0; kind < FAULTS; kind++)
        if (way->states[kind].on && acts[kind]->hold != NULL)
            acts[kind]->hold(way, &way->states[kind], head, &v);
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
        if (!way->out)
            return layer_say_ended(&f->layer, end.end, &end.why);
        layer_finish(f->layer.below, end.finish);
        return layer_say_drained(&f->layer); /* the end was counted as queued */
    }
    for (int kind = 0; kind < FAULTS; kind++)
        if (way->states[kind].on && acts[kind]->pass != NULL)
            acts[kind]->pass(way, &way->states[kind], head->bytes.data + head->at, size);
    if (way->out)
        layer_write(f->layer.below, head->bytes.data + head->at, size);
    else
        go_on = layer_say_data(&f->layer, head->bytes.data + head->at, size);
    if (go_on)
        way_take(way, size);
    return go_on;
}

static void reset_all(struct way *way, enum fault_kind kind)
{
    struct fault *f = way->fault;
    struct diag why = {0};
    diag_set(&why, DIAG_TROUBLE, "reset by our own fault: %s after %llu bytes", fault_word(kind),
             (unsigned long long)way->states[kind].setting.amount);
    way_drop(&f->out);
    way_drop(&f->in);
    layer_reset(f->layer.below);
    layer_say_ended(&f->layer, LAYER_RESET, &why);
}

/* The receiver of this way hears its end; what is still to come is thrown away. */
static void shut(struct way *way)
{
    struct fault *f = way->fault;
    way->shut = true;
    way_drop(way);
    if (!way->out) {
        layer_say_ended(&f->layer, LAYER_EOF, NULL);
        return;
    }
    layer_finish(f->layer.below, FINISH_CLEAN);
    layer_say_drained(&f->layer); /* whoever waits for the queue waits no more */
}

/* Does a fault end this way here? Then it is done. */
static bool way_over(struct way *way)
{
    for (int kind = 0; kind < FAULTS; kind++) {
        if (!way->states[kind].on || acts[kind]->over == NULL)
            continue;
        enum fault_end end = acts[kind]->over(&way->states[kind]);
        if (end == FAULT_GOES_ON)
            continue;
        if (end == FAULT_RESETS)
            reset_all(way, (enum fault_kind)kind);
        else if (!way->shut)
            shut(way);
        return true;
    }
    return way->shut;
}

static bool way_blocked(const struct way *way)
{
    return !way->out && way->fault->layer.paused;
}

/* Hands on all that may go now. Runs in callbacks of the loop only, as the owner is told. */
static void way_pump(struct way *way)
{
    struct fault *f = way->fault;
    if (way->out && f->unopened)
        return;
    layer_enter(&f->layer);
    while (!f->layer.over && !way_over(way) && way->first != NULL && !way_blocked(way)) {
        struct fault_verdict v = way_ask(way);
        if (v.wait) {
            if (!v.for_ever)
                way_wake_in(way, v.until - way_now(way));
            break;
        }
        if (!way_pass(way, v.size))
            break;
        if (v.turn) {
            way_wake_in(way, v.pause);
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
    if (f->unopened)
        way_wake_in(&f->out, 0);
    f->unopened = false;
    layer_say_opened(&f->layer);
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct fault *f = owner;
    if (f->in.shut)
        return;
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
    if (f->out.shut)
        return;
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
    if (f->out.shut)
        return;
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

/* An end that is held back counts: whoever waits for the queue waits for it too. */
static size_t fault_queued(const struct layer *layer)
{
    const struct way *out = &((const struct fault *)layer)->out;
    bool end_held = out->held == 0 && out->first != NULL;
    return out->held + end_held + layer_queued(layer->below);
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
    f->layer.paused = below->paused;
    f->layer.finished = below->finished;
    f->layer.over = below->over;
    f->random = random;
    f->out = (struct way){.fault = f, .out = true};
    f->in = (struct way){.fault = f};
    return &f->layer;
}

void fault_unopened(struct layer *fault)
{
    ((struct fault *)fault)->unopened = true;
}

static void way_set(struct way *way, const struct fault_setting *setting)
{
    if (setting->kind == FAULT_OFF)
        memset(way->states, 0, sizeof way->states);
    else
        way->states[setting->kind] = (struct fault_state){.on = true, .setting = *setting};
    way_wake_in(way, 0); /* what is held may go now, or never */
}

static void hear(struct fault *f)
{
    bool deaf = false;
    for (size_t kind = 0; kind < FAULTS; kind++)
        deaf |= acts[kind]->deaf && (f->out.states[kind].on || f->in.states[kind].on);
    layer_deafen(f->layer.below, deaf);
}

void fault_lift(struct layer *fault, enum fault_kind kind, enum fault_direction direction)
{
    struct fault *f = (struct fault *)fault;
    if (f->layer.over)
        return;
    for (int out = 0; out < 2; out++) {
        struct way *way = out ? &f->out : &f->in;
        if (!(direction & (out ? FAULT_OUT : FAULT_IN)) || !way->states[kind].on)
            continue;
        way->states[kind].on = false;
        way_wake_in(way, 0);
    }
    hear(f);
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
    hear(f);
}
