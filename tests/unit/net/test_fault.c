/* Each network fault, in both directions, on both loops. */
#include "net/fault.h"
#include "pair.h"

#define MIB (1u << 20)

/* The fault stands on the connecting side. */
static struct layer *stack_fault(struct peer *top, struct layer *raw)
{
    if (top == &top->pair->a)
        return fault_layer(raw, prng_stream(5, "fault"), &peer_sink, top);
    layer_listen(raw, &peer_sink, top);
    return raw;
}

static void open_with(struct pair *p, struct fault_setting setting)
{
    p->stack = stack_fault;
    pair_open(p);
    if (p->a.layer != NULL)
        fault_set(p->a.layer, &setting);
}

static void write_text(struct peer *x, const char *text)
{
    layer_write(x->layer, text, strlen(text));
}

/* Events of the link itself that must not bring anything. */
static void let_pass(struct pair *p, uint64_t ns)
{
    bool over = false;
    timer_start(p->loop, ns, stop_loop, p->loop);
    for (uint64_t end = loop_now(p->loop) + ns; !over; over = loop_now(p->loop) >= end)
        loop_run(p->loop);
}

PAIR_TEST(without_a_fault_all_passes)
{
    uint8_t *bytes = pattern(MIB);
    open_with(p, (struct fault_setting){.kind = FAULT_OFF, .direction = FAULT_BOTH});
    layer_write(p->a.layer, bytes, MIB);
    layer_write(p->b.layer, bytes, MIB);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.ends[LAYER_EOF] && p->a.got.size == MIB);
    ck_assert(memcmp(p->a.got.data, bytes, MIB) == 0);
    ck_assert(memcmp(p->b.got.data, bytes, MIB) == 0);
    UNTIL(p, p->a.heard[HEARD_DRAINED]);
    free(bytes);
}

PAIR_TEST(latency_delays_both_ways)
{
    open_with(p, (struct fault_setting){.kind = FAULT_LATENCY, .direction = FAULT_BOTH, .time_ns = 30 * NS_PER_MS});
    uint64_t begin = loop_now(p->loop);
    write_text(&p->a, "ping");
    layer_finish(p->a.layer, FINISH_CLEAN);
    ck_assert_uint_eq(layer_queued(p->a.layer), 4);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    ck_assert(peer_got(&p->b, "ping"));
    ck_assert_uint_ge(loop_now(p->loop) - begin, 30 * NS_PER_MS);
    write_text(&p->b, "pong");
    layer_finish(p->b.layer, FINISH_CLEAN);
    UNTIL(p, p->a.ends[LAYER_EOF]);
    ck_assert(peer_got(&p->a, "pong"));
    ck_assert_uint_ge(loop_now(p->loop) - begin, 60 * NS_PER_MS);
}

PAIR_TEST(jitter_keeps_the_order)
{
    uint8_t *bytes = pattern(1000);
    open_with(p, (struct fault_setting){.kind = FAULT_LATENCY, .direction = FAULT_OUT, .time_ns = NS_PER_MS,
                                        .jitter_ns = 20 * NS_PER_MS});
    for (size_t i = 0; i < 1000; i += 10)
        layer_write(p->a.layer, bytes + i, 10);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    ck_assert_uint_eq(p->b.got.size, 1000);
    ck_assert(memcmp(p->b.got.data, bytes, 1000) == 0);
    free(bytes);
}

PAIR_TEST(bandwidth_takes_its_time)
{
    uint8_t *bytes = pattern(20000);
    open_with(p, (struct fault_setting){.kind = FAULT_BANDWIDTH, .direction = FAULT_BOTH, .amount = 200000});
    for (int i = 0; i < 2; i++) { /* 20 kB at 200 kB/s, out and in */
        struct peer *from = i == 0 ? &p->a : &p->b, *to = i == 0 ? &p->b : &p->a;
        uint64_t begin = loop_now(p->loop);
        layer_write(from->layer, bytes, 20000);
        UNTIL(p, to->got.size == 20000);
        ck_assert(memcmp(to->got.data, bytes, 20000) == 0);
        ck_assert_uint_ge(loop_now(p->loop) - begin, 70 * NS_PER_MS);
        if (loop_is_simulated(p->loop))
            ck_assert_uint_le(loop_now(p->loop) - begin, 110 * NS_PER_MS);
    }
    free(bytes);
}

PAIR_TEST(slice_makes_pieces)
{
    open_with(p, (struct fault_setting){.kind = FAULT_SLICE, .direction = FAULT_BOTH, .amount = 3});
    write_text(&p->a, "eleven byte");
    write_text(&p->b, "eleven byte");
    UNTIL(p, p->a.got.size == 11 && p->b.got.size == 11);
    ck_assert(peer_got(&p->a, "eleven byte"));
    ck_assert(peer_got(&p->b, "eleven byte"));
    ck_assert_uint_ge(p->a.heard[HEARD_DATA], 4);
    if (loop_is_simulated(p->loop))
        ck_assert_uint_ge(p->b.heard[HEARD_DATA], 4);
}

PAIR_TEST(cut_outwards)
{
    open_with(p, (struct fault_setting){.kind = FAULT_CUT, .direction = FAULT_OUT, .amount = 5});
    write_text(&p->a, "abc");
    write_text(&p->a, "defgh");
    UNTIL(p, p->a.ends[LAYER_RESET] && p->b.ends[LAYER_RESET]);
    ck_assert(peer_got(&p->b, "abcde"));
    ck_assert_str_eq(p->a.why.text, "reset by our own fault: cut after 5 bytes");
    write_text(&p->a, "ignored");
    ck_assert_uint_eq(layer_queued(p->a.layer), 0);
}

PAIR_TEST(cut_inwards)
{
    open_with(p, (struct fault_setting){.kind = FAULT_CUT, .direction = FAULT_IN, .amount = 5});
    write_text(&p->b, "abcdefgh");
    UNTIL(p, p->a.ends[LAYER_RESET] && p->b.ends[LAYER_RESET]);
    ck_assert(peer_got(&p->a, "abcde"));
}

PAIR_TEST(cut_after_nothing)
{
    open_with(p, (struct fault_setting){.kind = FAULT_CUT, .direction = FAULT_OUT});
    UNTIL(p, p->a.ends[LAYER_RESET] && p->b.ends[LAYER_RESET]);
}

PAIR_TEST(stall_holds_all_until_off)
{
    open_with(p, (struct fault_setting){.kind = FAULT_STALL, .direction = FAULT_BOTH});
    write_text(&p->a, "out");
    write_text(&p->b, "in");
    layer_finish(p->a.layer, FINISH_CLEAN);
    layer_finish(p->b.layer, FINISH_CLEAN);
    let_pass(p, 30 * NS_PER_MS);
    ck_assert_uint_eq(p->a.got.size + p->b.got.size + p->a.heard[HEARD_ENDED] + p->b.heard[HEARD_ENDED], 0);
    ck_assert_uint_eq(layer_queued(p->a.layer), 3);
    fault_set(p->a.layer, &(struct fault_setting){.kind = FAULT_OFF, .direction = FAULT_BOTH});
    UNTIL(p, p->a.ends[LAYER_EOF] && p->b.ends[LAYER_EOF]);
    ck_assert(peer_got(&p->a, "in"));
    ck_assert(peer_got(&p->b, "out"));
}

PAIR_TEST(black_hole_swallows_until_off)
{
    open_with(p, (struct fault_setting){.kind = FAULT_BLACK_HOLE, .direction = FAULT_BOTH});
    write_text(&p->a, "out");
    write_text(&p->b, "in");
    layer_finish(p->b.layer, FINISH_CLEAN);
    let_pass(p, 30 * NS_PER_MS);
    ck_assert_uint_eq(p->a.got.size + p->b.got.size + p->a.heard[HEARD_ENDED], 0);
    fault_set(p->a.layer, &(struct fault_setting){.kind = FAULT_OFF, .direction = FAULT_BOTH});
    UNTIL(p, p->a.ends[LAYER_EOF] && peer_got(&p->b, "out"));
    ck_assert(peer_got(&p->a, "in"));
}

PAIR_TEST(nothing_goes_out_before_it_is_open)
{
    pair_connect(p);
    p->a.layer = fault_layer(p->a.layer, prng_stream(5, "fault"), &peer_sink, &p->a);
    fault_unopened(p->a.layer);
    fault_set(p->a.layer, &(struct fault_setting){.kind = FAULT_CUT, .direction = FAULT_OUT, .amount = 2});
    write_text(&p->a, "abc");
    UNTIL(p, p->b.ends[LAYER_RESET]);
    ck_assert(peer_got(&p->b, "ab"));
}

PAIR_TEST(stall_hides_a_reset_too)
{
    open_with(p, (struct fault_setting){.kind = FAULT_STALL, .direction = FAULT_IN});
    write_text(&p->b, "last");
    layer_reset(p->b.layer);
    let_pass(p, 30 * NS_PER_MS);
    ck_assert_uint_eq(p->a.heard[HEARD_ENDED], 0);
    fault_set(p->a.layer, &(struct fault_setting){.kind = FAULT_OFF, .direction = FAULT_BOTH});
    UNTIL(p, p->a.ends[LAYER_RESET]);
    ck_assert(peer_got(&p->a, "last"));
}

PAIR_TEST(held_bytes_are_bounded)
{
    uint8_t *bytes = pattern(MIB);
    open_with(p, (struct fault_setting){.kind = FAULT_STALL, .direction = FAULT_IN});
    for (int i = 0; i < 32; i++)
        layer_write(p->b.layer, bytes, MIB);
    let_pass(p, 100 * NS_PER_MS);
    ck_assert_uint_ge(layer_queued(p->b.layer), 16 * (size_t)MIB);
    fault_set(p->a.layer, &(struct fault_setting){.kind = FAULT_OFF, .direction = FAULT_BOTH});
    UNTIL(p, p->a.got.size == 32 * (size_t)MIB);
    for (size_t i = 0; i < 32; i++)
        ck_assert(memcmp(p->a.got.data + i * MIB, bytes, MIB) == 0);
    free(bytes);
}

PAIR_TEST(small_writes_that_are_held_weigh_little)
{
    enum { WRITES = 100000, EACH_AT_MOST = 32 };
    open_with(p, (struct fault_setting){.kind = FAULT_STALL, .direction = FAULT_OUT});
    size_t before = heap_given();
    for (int i = 0; i < WRITES; i++)
        write_text(&p->a, i % 2 == 0 ? "tick" : "tock");
    ck_assert_uint_eq(layer_queued(p->a.layer), 4 * WRITES);
    ck_assert_uint_lt(heap_given(), before + WRITES * EACH_AT_MOST);
    fault_set(p->a.layer, &(struct fault_setting){.kind = FAULT_OFF, .direction = FAULT_BOTH});
    UNTIL(p, p->b.got.size == 4 * WRITES);
    for (size_t i = 0; i < 4 * WRITES; i += 8)
        ck_assert_mem_eq(p->b.got.data + i, "ticktock", 8);
}

static unsigned bits_of(uint8_t byte)
{
    unsigned n = 0;
    for (; byte != 0; byte = (uint8_t)(byte & (byte - 1)))
        n++;
    return n;
}

PAIR_TEST(corrupt_flips_one_bit_in_each_stretch)
{
    uint8_t *bytes = pattern(10000);
    open_with(p, (struct fault_setting){.kind = FAULT_CORRUPT, .direction = FAULT_BOTH, .amount = 100});
    for (size_t i = 0; i < 10000; i += 8) /* stretches do not care about writes */
        layer_write(p->a.layer, bytes + i, 8);
    layer_write(p->b.layer, bytes, 10000);
    UNTIL(p, p->a.got.size == 10000 && p->b.got.size == 10000);
    for (size_t at = 0; at < 10000; at += 100) {
        unsigned out = 0, in = 0;
        for (size_t i = at; i < at + 100; i++) {
            out += bits_of(p->b.got.data[i] ^ bytes[i]);
            in += bits_of(p->a.got.data[i] ^ bytes[i]);
        }
        ck_assert_uint_eq(out, 1);
        ck_assert_uint_eq(in, 1);
    }
    free(bytes);
}

PAIR_TEST(faults_add_up)
{
    uint8_t *bytes = pattern(100);
    open_with(p, (struct fault_setting){.kind = FAULT_LATENCY, .direction = FAULT_OUT, .time_ns = 20 * NS_PER_MS});
    fault_set(p->a.layer, &(struct fault_setting){.kind = FAULT_SLICE, .direction = FAULT_OUT, .amount = 1});
    fault_set(p->a.layer, &(struct fault_setting){.kind = FAULT_CUT, .direction = FAULT_OUT, .amount = 50});
    uint64_t begin = loop_now(p->loop);
    layer_write(p->a.layer, bytes, 100);
    UNTIL(p, p->b.ends[LAYER_RESET]);
    ck_assert_uint_eq(p->b.got.size, 50);
    ck_assert(memcmp(p->b.got.data, bytes, 50) == 0);
    ck_assert_uint_ge(loop_now(p->loop) - begin, 20 * NS_PER_MS);
    free(bytes);
}

PAIR_TEST(pause_above_the_fault)
{
    uint8_t *bytes = pattern(200);
    open_with(p, (struct fault_setting){.kind = FAULT_SLICE, .direction = FAULT_IN, .amount = 7});
    layer_write(p->b.layer, bytes, 200);
    layer_finish(p->b.layer, FINISH_CLEAN);
    for (size_t before = 0; p->a.got.size < 200; before = p->a.got.size) {
        UNTIL(p, p->a.got.size > before);
        layer_pause(p->a.layer, true); /* peer_data fails when data comes now */
        let_pass(p, NS_PER_MS);
        layer_pause(p->a.layer, false);
    }
    UNTIL(p, p->a.ends[LAYER_EOF]);
    ck_assert(memcmp(p->a.got.data, bytes, 200) == 0);
    free(bytes);
}

PAIR_TEST(release_and_reset_with_bytes_held)
{
    for (int kind = 0; kind <= HEARD_KINDS; kind++) {
        p->a.release_on = kind;
        open_with(p, (struct fault_setting){.kind = FAULT_LATENCY, .direction = FAULT_BOTH, .time_ns = NS_PER_MS});
        if (kind != HEARD_OPENED) {
            write_text(&p->a, "ping");
            write_text(&p->b, "pong");
            layer_finish(p->b.layer, FINISH_CLEAN);
        }
        if (kind == HEARD_KINDS)
            layer_reset(p->a.layer);
        else
            UNTIL(p, p->a.heard[kind]);
        UNTIL(p, p->b.heard[HEARD_ENDED]);
        peer_again(&p->a);
        peer_again(&p->b);
    }
}

START_TEST(every_row_has_words)
{
    for (int kind = 0; kind < FAULTS; kind++) {
        ck_assert_uint_gt(strlen(fault_word((enum fault_kind)kind)), 2);
        ck_assert_uint_gt(strlen(fault_summary((enum fault_kind)kind)), 10);
    }
    ck_assert_str_eq(fault_word(FAULT_STALL), "stall");
}
END_TEST

UNIT_MAIN("net/fault", without_a_fault_all_passes, latency_delays_both_ways, jitter_keeps_the_order,
          bandwidth_takes_its_time, slice_makes_pieces, cut_outwards, cut_inwards, cut_after_nothing,
          stall_holds_all_until_off, black_hole_swallows_until_off, nothing_goes_out_before_it_is_open,
          stall_hides_a_reset_too, held_bytes_are_bounded,
          small_writes_that_are_held_weigh_little, corrupt_flips_one_bit_in_each_stretch, faults_add_up,
          pause_above_the_fault, release_and_reset_with_bytes_held, every_row_has_words)
