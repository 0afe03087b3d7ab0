/* Connections, on the simulated and on the real loop: the same scripts. */
#include "pair.h"

#define MIB (1u << 20)

PAIR_TEST(echo_a_mebibyte_both_ways)
{
    uint8_t *bytes = pattern(MIB);
    pair_open(p);
    layer_write(p->a.layer, bytes, MIB);
    layer_write(p->b.layer, bytes, MIB);
    UNTIL(p, p->a.got.size == MIB && p->b.got.size == MIB);
    ck_assert(memcmp(p->a.got.data, bytes, MIB) == 0);
    ck_assert(memcmp(p->b.got.data, bytes, MIB) == 0);
    UNTIL(p, p->a.heard[HEARD_DRAINED] && p->b.heard[HEARD_DRAINED]);
    ck_assert_uint_eq(layer_queued(p->a.layer), 0);
    free(bytes);
}

PAIR_TEST(written_before_open)
{
    pair_connect(p);
    layer_write(p->a.layer, "early", 5);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    ck_assert(peer_got(&p->b, "early"));
}

PAIR_TEST(finish_by_either_side_first)
{
    struct peer *order[2][2] = {{&p->a, &p->b}, {&p->b, &p->a}};
    for (int i = 0; i < 2; i++) {
        struct peer *first = order[i][0], *second = order[i][1];
        pair_open(p);
        layer_write(first->layer, "last words", 10);
        layer_finish(first->layer, FINISH_CLEAN);
        layer_write(first->layer, "ignored", 7);
        UNTIL(p, second->ends[LAYER_EOF]);
        ck_assert(peer_got(second, "last words"));
        layer_write(second->layer, "answer", 6);
        layer_finish(second->layer, FINISH_ABRUPT);
        UNTIL(p, first->ends[LAYER_EOF]);
        ck_assert(peer_got(first, "answer"));
        peer_again(first);
        peer_again(second);
    }
}

PAIR_TEST(reset_reaches_the_peer_behind_what_was_written)
{
    pair_open(p);
    layer_write(p->a.layer, "bang", 4);
    layer_reset(p->a.layer);
    UNTIL(p, p->b.ends[LAYER_RESET]);
    ck_assert(peer_got(&p->b, "bang"));
    ck_assert_uint_eq(p->b.ends[LAYER_EOF], 0);
    ck_assert_str_eq(p->b.why.text, "connection reset by peer");
    layer_write(p->b.layer, "nobody", 6);
    ck_assert_uint_eq(layer_queued(p->b.layer), 0);
    ck_assert_uint_eq(p->a.heard[HEARD_ENDED], 0);
}

PAIR_TEST(reset_after_finish)
{
    pair_open(p);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    layer_reset(p->a.layer);
    layer_write(p->b.layer, "x", 1); /* on the real loop a reset behind EOF is found by writing */
    UNTIL(p, p->b.ends[LAYER_RESET]);
}

PAIR_TEST(refused)
{
    p->at.port = loop_free_port(p->loop, NULL);
    ck_assert_uint_ne(p->at.port, 0);
    pair_connect(p);
    UNTIL(p, p->a.ends[LAYER_ERROR]);
    ck_assert_msg(strstr(p->a.why.text, "connection refused") != NULL, "%s", p->a.why.text);
    ck_assert_int_eq(p->a.why.kind, DIAG_TROUBLE);
}

PAIR_TEST(nobody_listens_after_close)
{
    listener_close(p->listener);
    p->listener = NULL;
    pair_connect(p);
    UNTIL(p, p->a.ends[LAYER_ERROR]);
}

PAIR_TEST(a_port_is_had_once)
{
    struct diag why = {0};
    ck_assert_ptr_null(loop_listen(p->loop, &p->at, pair_accept, p, &why));
    ck_assert_msg(strstr(why.text, "address already in use") != NULL, "%s", why.text);
}

PAIR_TEST(a_peer_that_does_not_read_is_felt)
{
    uint8_t *bytes = pattern(MIB);
    pair_open(p);
    layer_pause(p->b.layer, true);
    size_t written = 0;
    while (written < 32 * (size_t)MIB) {
        layer_write(p->a.layer, bytes, MIB);
        written += MIB;
    }
    ck_assert_uint_ge(layer_queued(p->a.layer), 16 * (size_t)MIB);
    layer_finish(p->a.layer, FINISH_CLEAN);
    layer_write(p->b.layer, "go", 2);
    UNTIL(p, p->a.got.size == 2);
    ck_assert_uint_ge(layer_queued(p->a.layer), 16 * (size_t)MIB);
    ck_assert_uint_eq(p->b.got.size, 0);
    layer_pause(p->b.layer, false);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    ck_assert_uint_eq(p->b.got.size, written);
    UNTIL(p, layer_queued(p->a.layer) == 0);
    free(bytes);
}

PAIR_TEST(small_writes_that_nobody_reads_weigh_little)
{
    enum { WRITES = 50000, EACH_AT_MOST = 64 };
    uint8_t *bytes = pattern(MIB);
    pair_open(p);
    layer_pause(p->b.layer, true);
    for (int i = 0; i < 16; i++)
        layer_write(p->a.layer, bytes, MIB);
    layer_write(p->b.layer, "go", 2);
    UNTIL(p, p->a.got.size == 2);
    size_t before = heap_given(), queued = layer_queued(p->a.layer);
    ck_assert_uint_gt(queued, MIB);
    for (int i = 0; i < WRITES; i++) {
        layer_write(p->a.layer, "drip", 4);
        timer_start(p->loop, 0, stop_loop, p->loop);
        loop_run(p->loop); /* a turn for each */
    }
    ck_assert_uint_eq(layer_queued(p->a.layer), queued + 4 * WRITES);
    ck_assert_uint_lt(heap_given(), before + WRITES * EACH_AT_MOST);
    layer_pause(p->b.layer, false);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    ck_assert_uint_eq(p->b.got.size, 16 * (size_t)MIB + 4 * WRITES);
    ck_assert_mem_eq(p->b.got.data + p->b.got.size - 8, "dripdrip", 8);
    free(bytes);
}

PAIR_TEST(pause_in_the_middle_of_data)
{
    uint8_t *bytes = pattern(MIB);
    pair_open(p);
    pair_pause_behind_each_piece(p, bytes, MIB);
    ck_assert_uint_eq(p->b.ends[LAYER_EOF], 1);
    free(bytes);
}

PAIR_TEST(release_in_each_callback)
{
    pair_release_in_each_callback(p);
}

PAIR_TEST(release_while_connecting)
{
    pair_connect(p);
    layer_write(p->a.layer, "never", 5);
    layer_release(p->a.layer);
    pair_connect(p);
    layer_reset(p->a.layer);
    layer_release(p->a.layer);
    p->a.layer = NULL;
}

PAIR_TEST(released_connection_takes_no_flood)
{
    uint8_t *bytes = pattern(MIB);
    pair_open(p);
    layer_pause(p->b.layer, true);
    for (int i = 0; i < 16; i++)
        layer_write(p->a.layer, bytes, MIB);
    layer_write(p->b.layer, "bye", 3);
    layer_release(p->b.layer);
    p->b.layer = NULL;
    UNTIL(p, p->a.ends[LAYER_RESET] || p->a.ends[LAYER_EOF]);
    layer_write(p->a.layer, bytes, MIB);
    UNTIL(p, p->a.ends[LAYER_RESET]);
    ck_assert_uint_eq(layer_queued(p->a.layer), 0);
    ck_assert(p->a.got.size == 0 || peer_got(&p->a, "bye"));
    free(bytes);
}

static void refuse(void *arg, struct layer *fresh)
{
    struct pair *p = arg;
    p->events++;
    layer_release(fresh);
    loop_stop(p->loop);
}

PAIR_TEST(accept_may_release_at_once)
{
    listener_close(p->listener);
    p->listener = loop_listen(p->loop, &(struct net_address){.port = 0}, refuse, p, NULL);
    p->at.port = listener_port(p->listener);
    pair_connect(p);
    UNTIL(p, p->a.ends[LAYER_EOF]);
}

/* ---- the real loop alone ---- */

START_TEST(names_and_ipv6)
{
    static const char *const hosts[] = {"::1", "localhost", "127.0.0.1"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct pair p;
        pair_begin(&p, uv_backend());
        strcpy(p.at.host, hosts[i]);
        pair_connect(&p);
        UNTIL(&p, p.a.heard[HEARD_OPENED] || p.a.ends[LAYER_ERROR]);
        if (p.a.ends[LAYER_ERROR]) /* a machine without IPv6 */
            ck_assert_str_eq(hosts[i], "::1");
        pair_end(&p);
    }
}
END_TEST

START_TEST(every_address_is_tried)
{
    struct pair p;
    pair_begin(&p, uv_backend());
    strcpy(p.at.host, "localhost");
    p.at.port = loop_free_port(p.loop, NULL);
    pair_connect(&p);
    UNTIL(&p, p.a.ends[LAYER_ERROR]);
    ck_assert_msg(strstr(p.a.why.text, "cannot connect to localhost:") != NULL, "%s", p.a.why.text);
    ck_assert_msg(strstr(p.a.why.text, "connection refused") != NULL, "%s", p.a.why.text);
    pair_end(&p);
}
END_TEST

START_TEST(a_name_that_is_none)
{
    struct pair p;
    pair_begin(&p, uv_backend());
    strcpy(p.at.host, "no such host");
    pair_connect(&p);
    UNTIL(&p, p.a.ends[LAYER_ERROR]);
    ck_assert_msg(strstr(p.a.why.text, "cannot resolve no such host") != NULL, "%s", p.a.why.text);
    layer_release(p.a.layer);
    pair_connect(&p); /* released while the resolver works */
    pair_end(&p);
}
END_TEST

UNIT_MAIN("net/transport", echo_a_mebibyte_both_ways, written_before_open, finish_by_either_side_first,
          reset_reaches_the_peer_behind_what_was_written, reset_after_finish, refused,
          nobody_listens_after_close, a_port_is_had_once, a_peer_that_does_not_read_is_felt,
          small_writes_that_nobody_reads_weigh_little, pause_in_the_middle_of_data,
          release_in_each_callback, release_while_connecting, released_connection_takes_no_flood,
          accept_may_release_at_once, names_and_ipv6, every_address_is_tried, a_name_that_is_none)
