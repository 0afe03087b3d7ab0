/* Two peers on one loop for tests of layers: each notes what it hears, and the
 * test goes on event by event, the same on both backends. */
#ifndef TEST_PAIR_H
#define TEST_PAIR_H

#include "base/buf.h"
#include "base/prng.h"
#include "net/loop.h"
#include "unit.h"

#include <malloc.h>

enum { HEARD_OPENED, HEARD_DATA, HEARD_ENDED, HEARD_DRAINED, HEARD_KINDS };

struct pair;

struct peer {
    struct pair *pair;
    struct layer *layer;
    struct buf got;
    unsigned heard[HEARD_KINDS];
    unsigned ends[LAYER_ERROR + 1];
    struct diag why;
    int release_on; /* kind of event in which the layer is released; -1: none */
};

struct pair {
    struct loop *loop;
    struct listener *listener;
    struct net_address at;
    struct peer a, b; /* a connects, b accepts */
    struct layer *(*stack)(struct peer *top, struct layer *raw); /* what to put on; NULL: nothing */
    unsigned events;
};

static inline struct loop *sim_backend(void)
{
    static const struct sim_options options = {
        .latency_ns = NS_PER_MS, .jitter_ns = NS_PER_MS, .segment_max = 20000};
    return loop_sim_new(7, &options);
}

static inline struct loop *uv_backend(void)
{
    struct diag why = {0};
    struct loop *loop = loop_uv_new(&why);
    ck_assert_msg(loop != NULL, "%s", why.text);
    return loop;
}

static struct loop *(*const backends[])(void) = {sim_backend, uv_backend};
#define BACKENDS 2

/* Every test of a pair runs once on each backend. */
#define PAIR_TEST(name)                                  \
    static void name##_on(struct pair *p);               \
    START_TEST(name)                                     \
    {                                                    \
        for (int backend = 0; backend < BACKENDS; backend++) { \
            struct pair p;                               \
            pair_begin(&p, backends[backend]());         \
            name##_on(&p);                               \
            pair_end(&p);                                \
        }                                                \
    }                                                    \
    END_TEST                                             \
    static void name##_on(struct pair *p)

/* Goes on until the condition holds; nothing left to happen is a failure. */
#define UNTIL(p, condition)                                                       \
    do {                                                                          \
        while (!(condition)) {                                                    \
            unsigned pair_events = (p)->events;                                   \
            loop_run((p)->loop);                                                  \
            ck_assert_msg((p)->events != pair_events || (condition),              \
                          "nothing left to happen before: %s", #condition);       \
        }                                                                         \
    } while (0)

static inline void peer_note(struct peer *x, int kind)
{
    x->heard[kind]++;
    x->pair->events++;
    if (x->release_on == kind) {
        layer_release(x->layer);
        x->layer = NULL;
    }
    loop_stop(x->pair->loop);
}

static inline void peer_opened(void *owner)
{
    peer_note(owner, HEARD_OPENED);
}

static inline void peer_data(void *owner, uint8_t *bytes, size_t size)
{
    struct peer *x = owner;
    ck_assert_uint_ne(size, 0);
    ck_assert_uint_eq(x->heard[HEARD_OPENED], 1);
    ck_assert(!x->layer->paused);
    ck_assert(buf_append(&x->got, bytes, size));
    memset(bytes, 0xdd, size); /* they are ours for the call */
    peer_note(x, HEARD_DATA);
}

static inline void peer_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct peer *x = owner;
    x->ends[end]++;
    x->why = *why;
    peer_note(x, HEARD_ENDED);
}

static inline void peer_drained(void *owner)
{
    peer_note(owner, HEARD_DRAINED);
}

static const struct layer_sink peer_sink = {peer_opened, peer_data, peer_ended, peer_drained};

static inline void pair_accept(void *arg, struct layer *fresh)
{
    struct pair *p = arg;
    ck_assert_ptr_null(p->b.layer);
    p->b.layer = p->stack == NULL ? fresh : p->stack(&p->b, fresh);
    if (p->stack == NULL)
        layer_listen(fresh, &peer_sink, &p->b);
}

static inline void peer_init(struct peer *x, struct pair *p)
{
    *x = (struct peer){.pair = p, .release_on = -1};
    buf_init(&x->got, 0);
}

/* A loop and a listener. */
static inline void pair_begin(struct pair *p, struct loop *loop)
{
    *p = (struct pair){.loop = loop};
    peer_init(&p->a, p);
    peer_init(&p->b, p);
    struct diag why = {0};
    p->listener = loop_listen(loop, &p->at, pair_accept, p, &why);
    ck_assert_msg(p->listener != NULL, "%s", why.text);
    strcpy(p->at.host, "127.0.0.1");
    p->at.port = listener_port(p->listener);
}

static inline void pair_end(struct pair *p)
{
    layer_release(p->a.layer);
    layer_release(p->b.layer);
    listener_close(p->listener);
    buf_free(&p->a.got);
    buf_free(&p->b.got);
    loop_free(p->loop);
}

static inline void pair_connect(struct pair *p)
{
    p->a.layer = loop_connect(p->loop, &p->at, &peer_sink, &p->a);
    if (p->stack != NULL)
        p->a.layer = p->stack(&p->a, p->a.layer);
    ck_assert_uint_eq(p->a.heard[HEARD_OPENED], 0);
}

static inline void pair_open(struct pair *p)
{
    pair_connect(p);
    UNTIL(p, p->a.heard[HEARD_OPENED] && p->b.heard[HEARD_OPENED]);
}

/* As new, for another connection. */
static inline void peer_again(struct peer *x)
{
    layer_release(x->layer);
    buf_free(&x->got);
    peer_init(x, x->pair);
}

/* b's layer is released in a callback of each kind; a hears of an end all the same. */
static inline void pair_release_in_each_callback(struct pair *p)
{
    for (int kind = 0; kind < HEARD_KINDS; kind++) {
        p->b.release_on = kind;
        pair_connect(p);
        layer_write(p->a.layer, "ping", 4);
        if (kind == HEARD_ENDED)
            layer_finish(p->a.layer, FINISH_CLEAN);
        if (kind == HEARD_DRAINED) {
            UNTIL(p, p->b.heard[HEARD_OPENED]);
            layer_write(p->b.layer, "pong", 4);
        }
        UNTIL(p, p->b.heard[kind]);
        ck_assert_ptr_null(p->b.layer);
        /* FIN, or RST where bytes were left unread */
        UNTIL(p, p->a.ends[LAYER_EOF] || p->a.ends[LAYER_CUT] || p->a.ends[LAYER_RESET]);
        peer_again(&p->a);
        peer_again(&p->b);
    }
}

/* b pauses behind each piece of data until an answer has made its way; peer_data
 * fails when data comes meanwhile, and the end must not overtake it. */
static inline void pair_pause_behind_each_piece(struct pair *p, const uint8_t *bytes, size_t size)
{
    layer_write(p->a.layer, bytes, size);
    layer_finish(p->a.layer, FINISH_ABRUPT);
    for (size_t before = 0; p->b.got.size < size; before = p->b.got.size) {
        UNTIL(p, p->b.got.size > before);
        layer_pause(p->b.layer, true);
        layer_write(p->b.layer, "x", 1);
        size_t answers = p->a.got.size;
        UNTIL(p, p->a.got.size > answers);
        ck_assert_uint_eq(p->b.heard[HEARD_ENDED], 0);
        layer_pause(p->b.layer, false);
    }
    UNTIL(p, p->b.heard[HEARD_ENDED]);
    ck_assert_uint_eq(p->b.got.size, size);
    ck_assert(memcmp(p->b.got.data, bytes, size) == 0);
}

/* For a timer: ends this turn of the loop. */
static inline void stop_loop(void *loop)
{
    loop_stop(loop);
}

/* What the allocator has given out; always 0 under a sanitizer, which brings its own. */
static inline size_t heap_given(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* Bytes that tell their place. */
static inline uint8_t *pattern(size_t size)
{
    uint8_t *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    return bytes;
}

static inline bool peer_got(const struct peer *x, const char *text)
{
    return strcmp(buf_text(&x->got), text) == 0;
}

#endif
