/* Bytes that were put back come first, and then what was behind them, whenever it came. */
#include "pair.h"

#include "net/pushback.h"

static struct layer *put_back(struct peer *top, struct layer *raw)
{
    if (top != &top->pair->b)
        return raw;
    return pushback_layer(raw, "first, ", 7, &peer_sink, top);
}

static struct layer *put_back_paused(struct peer *top, struct layer *raw)
{
    struct layer *layer = put_back(top, raw);
    if (layer != raw)
        layer_pause(layer, true);
    return layer;
}

static void time_over(void *over) { *(bool *)over = true; }

static void begin(struct pair *p)
{
    p->stack = put_back;
    pair_connect(p);
}

PAIR_TEST(they_come_first)
{
    begin(p);
    layer_write(p->a.layer, "second", 6);
    UNTIL(p, p->b.got.size == 13);
    ck_assert_str_eq(buf_text(&p->b.got), "first, second");
    ck_assert_uint_eq(p->b.heard[HEARD_OPENED], 1);
    layer_write(p->b.layer, "answer", 6);
    UNTIL(p, p->a.got.size == 6);
}

PAIR_TEST(they_wait_while_it_is_paused)
{
    p->stack = put_back_paused;
    pair_connect(p);
    layer_write(p->a.layer, "second", 6);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.heard[HEARD_OPENED] == 1);
    bool over = false;
    timer_start(p->loop, 50 * NS_PER_MS, time_over, &over);
    timer_start(p->loop, 50 * NS_PER_MS, stop_loop, p->loop);
    while (!over)
        loop_run(p->loop);
    ck_assert_uint_eq(p->b.got.size, 0);
    ck_assert_uint_eq(p->b.heard[HEARD_ENDED], 0);
    layer_pause(p->b.layer, false);
    UNTIL(p, p->b.heard[HEARD_ENDED] == 1);
    ck_assert_str_eq(buf_text(&p->b.got), "first, second");
    ck_assert_uint_eq(p->b.ends[LAYER_EOF], 1);
}

PAIR_TEST(it_may_be_released_in_each_callback)
{
    p->stack = put_back;
    pair_release_in_each_callback(p);
}

PAIR_TEST(a_reset_goes_through)
{
    begin(p);
    UNTIL(p, p->b.got.size == 7);
    layer_reset(p->b.layer);
    UNTIL(p, p->a.heard[HEARD_ENDED] == 1);
    ck_assert_uint_eq(p->a.ends[LAYER_RESET], 1);
}

UNIT_MAIN("pushback", they_come_first, they_wait_while_it_is_paused, it_may_be_released_in_each_callback,
          a_reset_goes_through)
