/* See loop.h: the real loop, on libuv. One uv_timer waits for the first of our
 * own timers; timers without delay take turns with the sockets. */
#include "net/loop_uv.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

void loop_uv_tick(struct loop_uv *u)
{
    u->base.now = uv_hrtime() - u->begin;
}

static void rearm(struct loop *loop);

/* Those that are due now, but not what they start: others get their turn first. */
static void run_due(struct loop_uv *u)
{
    struct timers *timers = &u->base.timers;
    uint64_t before = timers->started;
    loop_uv_tick(u);
    for (struct timer *t; !u->stopping && (t = timers_first(timers)) != NULL;) {
        if (t->due > u->base.now || t->order >= before)
            break;
        timers_fire(timers);
    }
    rearm(&u->base);
}

static void on_alarm(uv_timer_t *alarm)
{
    run_due(alarm->data);
}

static void on_turn(uv_idle_t *turn)
{
    run_due(turn->data);
}

static void rearm(struct loop *loop)
{
    struct loop_uv *u = loop_uv_of(loop);
    const struct timer *first = timers_first(&loop->timers);
    uv_timer_stop(&u->alarm);
    uv_idle_stop(&u->turn);
    if (first == NULL)
        return;
    if (first->due <= loop->now)
        uv_idle_start(&u->turn, on_turn);
    else /* rounded up; libuv's own clock may lag, then run_due finds nothing and waits again */
        uv_timer_start(&u->alarm, on_alarm, (first->due - loop->now + NS_PER_MS - 1) / NS_PER_MS, 0);
}

static void on_flush(uv_prepare_t *flush)
{
    uv_prepare_stop(flush);
    tcp_flush_all(flush->data);
}

void loop_uv_want_flush(struct loop_uv *u)
{
    uv_prepare_start(&u->flush, on_flush);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    struct loop_uv *u = signal->data;
    loop_uv_tick(u);
    if (u->base.hearer.fn != NULL)
        u->base.hearer.fn(u->base.hearer.arg);
}

static void loop_uv_hear(struct loop *loop, bool signals)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct loop_uv *u = loop_uv_of(loop);
    for (int i = 0; i < 2; i++) {
        if (!signals)
            uv_signal_stop(&u->signals[i]);
        else
            uv_signal_start(&u->signals[i], on_signal, numbers[i]);
    }
}

static void loop_uv_run(struct loop *loop)
{
    struct loop_uv *u = loop_uv_of(loop);
    loop_uv_tick(u);
    rearm(loop);
    if (!u->stopping)
        uv_run(&u->uv, UV_RUN_DEFAULT);
    u->stopping = false;
}

static uint64_t loop_uv_clock(const struct loop *loop)
{
    return uv_hrtime() - loop_uv_of(loop)->begin;
}

uint64_t loop_begin(const struct loop *loop)
{
    return loop_uv_of(loop)->begin;
}

static void loop_uv_stop(struct loop *loop)
{
    loop_uv_of(loop)->stopping = true;
    if (loop->running)
        uv_stop(&loop_uv_of(loop)->uv);
}

static void loop_uv_free(struct loop *loop)
{
    struct loop_uv *u = loop_uv_of(loop);
    uv_close((uv_handle_t *)&u->alarm, NULL);
    uv_close((uv_handle_t *)&u->turn, NULL);
    uv_close((uv_handle_t *)&u->flush, NULL);
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&u->signals[i], NULL);
    while (uv_run(&u->uv, UV_RUN_DEFAULT) != 0) /* orphaned handles end here */
        continue;
    int left = uv_loop_close(&u->uv);
    assert(left == 0);
    free(u);
}

static const struct loop_ops uv_ops = {
    .run = loop_uv_run,
    .stop = loop_uv_stop,
    .clock = loop_uv_clock,
    .timers_changed = rearm,
    .hear = loop_uv_hear,
    .connect = tcp_connect,
    .listen = tcp_listen,
    .unlisten = tcp_unlisten,
    .free_port = tcp_free_port,
    .free = loop_uv_free,
};

struct loop *loop_uv_new(struct diag *why)
{
    struct loop_uv *u = net_alloc(sizeof *u);
    int error = uv_loop_init(&u->uv);
    if (error != 0) {
        diag_set(why, DIAG_TROUBLE, "cannot make an event loop: %s", uv_strerror(error));
        free(u);
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN); /* a write to a peer that is gone is an error, not our end */
    u->base.ops = &uv_ops;
    u->begin = uv_hrtime();
    uv_timer_init(&u->uv, &u->alarm);
    uv_idle_init(&u->uv, &u->turn);
    uv_prepare_init(&u->uv, &u->flush);
    u->alarm.data = u->turn.data = u->flush.data = u;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&u->uv, &u->signals[i]);
        u->signals[i].data = u;
        uv_unref((uv_handle_t *)&u->signals[i]);
    }
    return &u->base;
}
