/* Every kind of expectation, right and wrong, in a case of its own against a
 * peer that behaves as the row says. */
#include "stage.h"

static void greet(struct actor *a) { endpoint_send_message(a->endpoint, WS_TEXT, "hello 42", 8, false); }

static void ping_first(struct actor *a) { endpoint_send_control(a->endpoint, WS_PING, "there?", 6); }

static void send_piece(struct actor *a, uint8_t opcode, bool more, size_t from, size_t to)
{
    endpoint_send(a->endpoint, &(struct frame_order){.opcode = opcode, .more = more,
                                                     .payload = a->message.data + from, .size = to - from});
}

static void echo_in_two(struct actor *a)
{
    send_piece(a, a->opcode, true, 0, a->message.size / 2);
    send_piece(a, WS_CONTINUATION, false, a->message.size / 2, a->message.size);
}

static void echo_upper(struct actor *a)
{
    a->message.data[0] ^= 0x20;
    actor_echo(a);
}

static void echo_as_binary(struct actor *a)
{
    a->opcode = WS_BINARY;
    actor_echo(a);
}

static void echo_behind_pong(struct actor *a)
{
    endpoint_send_control(a->endpoint, WS_PONG, "unasked", 7);
    actor_echo(a);
}

static void echo_twice(struct actor *a)
{
    actor_echo(a);
    actor_echo(a);
}

static void fail_1002(struct actor *a) { actor_fail(a, 1002); }

/* What makes a backtracking matcher run for ever: a long line that almost matches. */
static void send_hostile_line(struct actor *a)
{
    char line[4096];
    memset(line, 'a', sizeof line);
    endpoint_send_message(a->endpoint, WS_TEXT, line, sizeof line, false);
}

static const struct behaviour
    correct, greets = {.opened = greet}, pings = {.opened = ping_first}, is_deaf = {.message = stage_nothing},
    finishes = {.message = stage_finish}, resets = {.message = stage_reset}, fails = {.message = fail_1002},
    splits = {.message = echo_in_two}, changes = {.message = echo_upper}, retypes = {.message = echo_as_binary},
    pongs_unasked = {.message = echo_behind_pong}, doubles = {.message = echo_twice},
    never_pongs = {.ping = stage_no_pong}, hostile_line = {.opened = send_hostile_line};

START_TEST(messages)
{
    static const struct row rows[] = {
        {"open; send text 'hi'; expect text 'hi'", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'hi'; expect text 'ho'", &correct, VERDICT_FAIL, CLOSE_NONE, "differs from byte 1"},
        {"open; send text 'hi'; expect binary", &correct, VERDICT_FAIL, CLOSE_NONE, "text \"hi\""},
        {"open; send binary hex(00 ff); expect binary hex(00 ff)", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send binary hex(00 ff); expect message hex(00 ff)", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'one ' more; send continue 'two'; expect text 'one two'",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'one ' more; send continue 'two'; expect echo", &splits, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text text(64KiB) fragment 1000B; expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'hello' chunk 1 every 10ms; expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'a'; send text 'b'; expect echo; expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'a'; expect text 'a'; send text 'b'; expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'a'; expect frame 'a'; send text 'b'; expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'a'; expect echo", &changes, VERDICT_FAIL, CLOSE_NONE, "unchanged"},
        {"open; send text 'a'; expect echo", &retypes, VERDICT_FAIL, CLOSE_NONE, "other type"},
        {"open; send text 'a'; expect echo", &is_deaf, VERDICT_FAIL, CLOSE_NONE, "nothing within 2000 ms"},
        {"open; expect echo", &correct, VERDICT_ERROR, CLOSE_NONE, "come back already"},
        {"open; send text 'a'; expect echo", &pongs_unasked, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'a'; expect pong 'unasked'; expect echo", &pongs_unasked, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect text matches 'hello ([0-9]+)' capture n; send text 'got ${n}'; expect text 'got 42'",
         &greets, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect text capture all; send text '${all}!'; expect text 'hello 42!'",
         &greets, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect text matches 'bye'", &greets, VERDICT_FAIL, CLOSE_NONE, "does not match"},
        {"open; expect text matches '('", &greets, VERDICT_ERROR, CLOSE_NONE, "expression is wrong"},
        {"open; expect text 'other'; or text 'hello 42' as non-strict", &greets, VERDICT_NON_STRICT, CLOSE_OK, NULL},
        {"open; expect text 'other'; or text 'hello 42' as info", &greets, VERDICT_INFO, CLOSE_OK, NULL},
        {"open; expect text 'other'; or text 'hello 42'", &greets, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect nothing for 1s", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect nothing for 1s", &greets, VERDICT_FAIL, CLOSE_NONE, "text \"hello 42\""},
        {"open; send text 'x'; expect nothing for 1s", &finishes, VERDICT_FAIL, CLOSE_NONE, "FIN"},
        {"open; expect text within 100ms..1s", &greets, VERDICT_FAIL, CLOSE_NONE, "too early"},
        {"open; expect text within 1s", &is_deaf, VERDICT_FAIL, CLOSE_NONE, "nothing within 1000 ms"},
        {"repeat 3; open; repeat 2; send text 'round ${i}'; expect text 'round ${i}'; end; send close 1000; "
         "expect close 1000; end", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"a: open; b: open; a: send text 'from a'; b: send text 'from b'; a: expect text 'from a'; "
         "b: expect text 'from b'", &correct, VERDICT_PASS, CLOSE_OK, NULL},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(frames_and_control)
{
    static const struct row rows[] = {
        {"open; send ping 'p'; expect pong 'p'", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send ping 'p'; expect pong 'q'", &correct, VERDICT_FAIL, CLOSE_NONE, "pong \"p\""},
        {"open; send ping 'p'; expect pong", &never_pongs, VERDICT_FAIL, CLOSE_NONE, "nothing within"},
        {"open; send ping 'p'; expect text", &correct, VERDICT_FAIL, CLOSE_NONE, "pong \"p\""},
        {"open; fence", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x'; fence", &correct, VERDICT_FAIL, CLOSE_NONE, "not expected"},
        {"open; send text 'x'; expect echo; fence", &doubles, VERDICT_FAIL, CLOSE_NONE, "not expected"},
        {"open; fence", &never_pongs, VERDICT_FAIL, CLOSE_NONE, "was not answered"},
        {"open; expect ping 'there?'", &pings, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x'; expect echo", &pings, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; auto-pong off; expect ping; expect nothing for 100ms; auto-pong on",
         &pings, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'abcd'; expect frame 'ab' opcode 1 more; expect frame 'cd' opcode 0",
         &splits, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'abcd'; expect frame 'abcd' opcode 1",
         &splits, VERDICT_FAIL, CLOSE_NONE, "frame text more"},
        {"open; send text 'abcd'; expect frame opcode 2", &correct, VERDICT_FAIL, CLOSE_NONE, "opcode"},
        {"open; send text 'abcd'; expect frame rsv 4", &correct, VERDICT_FAIL, CLOSE_NONE, "reserved"},
        {"open; send text 'abcd'; expect echo; send text 'efgh'; expect frame 'ef' more; expect frame 'gh'; "
         "fence", &splits, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x' opcode 3; expect fail 1002", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x' mask none; expect fail 1002", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x' mask 00000000; expect text 'x'", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x' rsv 4; expect fail 1002", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x' length 9223372036854775808; expect fail 1002|1009",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'ab' length 5; send payload 'c'; send payload 'de' chunk 1; expect text 'abcde'",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text length 3 mask 01020304; expect nothing for 1s", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; send text length 3 mask 01020304; send payload 'abc'; expect text 'abc'; fence",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text length 3; send payload hex(ff); expect fail 1007; send payload 'ab'; expect fail 1007",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text length 3; send payload 'ab'; expect nothing for 1s", &correct, VERDICT_PASS, CLOSE_NONE,
         NULL},
        {"open; send text 'x' cut 3; expect nothing for 1s", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; send raw hex(83 80 00 00 00 00); expect fail 1002", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text hex(ff); expect fail 1007", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text hex(ff); expect fail 1007; expect fail", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text hex(ff); expect fail 1002; expect fail 1002",
         &correct, VERDICT_NON_STRICT, CLOSE_WRONG_CODE, "1007"},
        {"open; expect text; or fail; send close 1000; expect fail", &greets, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text hex(ff); expect fail 1002", &correct, VERDICT_NON_STRICT, CLOSE_WRONG_CODE, "1007"},
        {"open; send text 'x'; expect fail 1002", &correct, VERDICT_FAIL, CLOSE_NONE, "goes on"},
        {"open; send text 'x'; expect fail 1002", &finishes, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x'; expect fail 1002", &resets, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x'; expect fail 1002", &is_deaf, VERDICT_FAIL, CLOSE_NONE, "nothing within"},
        {"open; send text 'x'; expect close 1002 'bad frame'", &fails, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x'; expect close 1000",
         &fails, VERDICT_FAIL, CLOSE_WRONG_CODE, "close 1002 \"bad frame\""},
        {"open; send text 'x'; expect text 'x'", &fails, VERDICT_FAIL, CLOSE_WRONG_CODE, "close 1002 \"bad frame\""},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(a_hostile_payload_does_not_hold_the_matcher)
{
    static const struct row rows[] = {
        {"open; expect text matches '^(a+)+[bc]$'", &hostile_line, VERDICT_FAIL, CLOSE_NONE, "given up"},
        {"open; expect text matches '(a*)*(a*)*(a*)*[bc]'", &hostile_line, VERDICT_FAIL, CLOSE_NONE, "given up"},
    };
    CHECK_ROWS(rows);
}
END_TEST

UNIT_MAIN("match", messages, frames_and_control, a_hostile_payload_does_not_hold_the_matcher)
