/* `fleet` and what belongs to it, on the simulated loop: each client's steps, storms
 * and what is expected of them, a server that is wrong, and mistakes of a file. */
#include "stage.h"

static void answer_403(struct actor *a, const struct ws_head *head) { actor_answer(a, head, 403, NULL); }

static void answer_wrong_key(struct actor *a, const struct ws_head *head)
{
    actor_answer(a, head, 101, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}

static void masked(struct actor *a)
{
    endpoint_send(a->endpoint, &(struct frame_order){.opcode = WS_TEXT, .mask = MASK_KEY});
}

/* The first `spoilt` connections are served well, the others not at all. */
enum { WELL = 5 };
static void answer_some(struct actor *a, const struct ws_head *head)
{
    actor_answer(a, head, a->stage->connections <= WELL ? 101 : 503, NULL);
}

/* Only clients that ask for path /live/3 and so on, and say who they are, are greeted. */
static void greet(struct actor *a)
{
    static const uint8_t hello[] = "hello";
    endpoint_send_message(a->endpoint, WS_TEXT, hello, sizeof hello - 1, false);
    endpoint_send_control(a->endpoint, WS_PING, "p", 1);
}

static void answer_by_name(struct actor *a, const struct ws_head *head)
{
    bool live = head->target.size == strlen("/live/1") && memcmp(head->target.at, "/live/", 6) == 0 &&
                ws_head_find(head, "X-Client") != NULL;
    actor_answer(a, head, live ? 101 : 404, NULL);
}

static void say_twice(struct actor *a)
{
    actor_echo(a);
    actor_echo(a);
}

static const struct behaviour correct, refuses = {.head = answer_403}, wrong_key = {.head = answer_wrong_key},
    masks = {.opened = masked}, serves_some = {.head = answer_some}, greets = {.opened = greet, .head = answer_by_name},
    resets = {.message = stage_reset}, is_silent = {.message = stage_nothing}, repeats = {.message = say_twice},
    leaves = {.opened = stage_finish}, compresses = {.deflate = true}, never_pongs = {.ping = stage_no_pong};

#define BACK "reconnect after 10ms backoff 20ms..100ms"

START_TEST(each_client_plays_its_steps)
{
    static const struct row rows[] = {
        {"fleet 20; open; end", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"fleet 20 ramp 100/s; open; send text 'I am ${i}'; expect text 'I am ${i}'; fence; end", &correct,
         VERDICT_PASS, CLOSE_NONE, NULL},
        {"fleet 5; open; send binary random(1KiB); send text 'x'; send ping 'p'; expect echo; expect echo; end",
         &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"fleet 5; open; send text 'x'; expect echo; end", &compresses, VERDICT_PASS, CLOSE_NONE, NULL},
        {"fleet 5; open; send text 'x'; expect message; expect text 'x'; end", &repeats, VERDICT_PASS, CLOSE_NONE,
         NULL},
        {"fleet 9; open path '/live/${i}' header 'X-Client: ${i}'; expect text 'hello'; end", &greets, VERDICT_PASS,
         CLOSE_NONE, NULL},
        {"fleet 9; open path '/live/${i}'; expect text 'hello'; end", &greets, VERDICT_FAIL, CLOSE_NONE, "status 404"},
        {"fleet 3; open protocol 'a'; end; wait 1s", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"fleet 3; open; send text 'x'; expect text 'y'; end", &correct, VERDICT_FAIL, CLOSE_NONE,
         "text 'y' | client 1: text \"x\""},
        {"fleet 3; open; send text 'x'; expect binary; end", &correct, VERDICT_FAIL, CLOSE_NONE,
         "binary | client 1: text"},
        {"fleet 3; open; send text 'x'; expect echo within 200ms; end", &is_silent, VERDICT_FAIL, CLOSE_NONE,
         "client 1: nothing in time"},
        {"fleet 3; open; send text 'x'; expect echo; end", &resets, VERDICT_FAIL, CLOSE_NONE,
         "client 1: the end of the connection"},
        {"fleet 3; open; fence within 1s; end", &never_pongs, VERDICT_FAIL, CLOSE_NONE, "client 1: nothing in time"},
        {"fleet 3; open; end", &refuses, VERDICT_FAIL, CLOSE_NONE, "client 1: status 403"},
        {"fleet 3; open; end", &wrong_key, VERDICT_FAIL, CLOSE_NONE, "client 1: an answer that"},
        {"fleet 3; open; end; wait 1s", &masks, VERDICT_FAIL, CLOSE_NONE, "mask"},
        {"fleet 3; open; end; wait 1s", &leaves, VERDICT_FAIL, CLOSE_NONE, "unasked"},
        {"fleet 3; open; " BACK "; end; wait 1s", &leaves, VERDICT_FAIL, CLOSE_NONE, "unasked"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(storms)
{
    static const struct row rows[] = {
        {"fleet 50; open; " BACK "; end; drop reset; expect recovered all < 1s; expect arrivals < 51; "
         "expect tries < 51; expect at-once < 51; expect handshake p99 < 100ms; expect handshake p50 < 100ms",
         &correct, VERDICT_PASS, CLOSE_NONE, "50 of 50 are back"},
        {"fleet 50; open; " BACK "; end; drop fin; expect recovered p50 < 1s; expect recovered p99 < 1s", &correct,
         VERDICT_PASS, CLOSE_NONE, NULL},
        {"fleet 50; open; " BACK "; send text 'back ${i}'; expect echo; end; drop reset; expect recovered all < 1s; "
         "drop reset; expect recovered all < 1s", &correct, VERDICT_PASS, CLOSE_NONE, "50 tries, 0 failed"},
        {"fleet 50; open; " BACK "; end; drop reset; expect recovered all < 1s; expect arrivals < 50", &correct,
         VERDICT_FAIL, CLOSE_NONE, "arrivals < 50 | 50"},
        {"fleet 50; open; " BACK "; end; drop reset; expect recovered all < 1s; expect handshake p50 < 1ms", &correct,
         VERDICT_FAIL, CLOSE_NONE, "handshake p50 < 1ms | 4 ms"},
        {"fleet 50; open; " BACK "; end; drop reset; expect recovered all < 12ms", &correct, VERDICT_FAIL, CLOSE_NONE,
         "recovered all < 12ms | 0 of 50 are back"},
        {"fleet 5; open; " BACK "; end; drop reset; expect recovered all < 1s", &serves_some, VERDICT_FAIL, CLOSE_NONE,
         "0 of 5 are back: half after never"},
        {"fleet 5; open; " BACK " tries 2; end; drop reset; wait 5s; expect tries < 11", &serves_some, VERDICT_PASS,
         CLOSE_NONE, "10 tries, 10 failed"},
        {"fleet 5; open; " BACK "; send text 'x'; expect echo; end; drop reset; expect recovered p50 < 1s", &resets,
         VERDICT_FAIL, CLOSE_NONE, "0 of 5 are back"},
        {"fleet 5; open; end; drop reset; expect recovered all < 1s", &correct, VERDICT_FAIL, CLOSE_NONE,
         "0 of 5 are back"},
        {"fleet 5; open; " BACK "; end; expect recovered all < 1s", &correct, VERDICT_ERROR, CLOSE_NONE,
         "nobody of the fleet has lost"},
        {"fleet 5; open; " BACK "; end; drop silent", &correct, VERDICT_ERROR, CLOSE_NONE, "drop reset"},
        {"fleet 5; open; " BACK "; end; send text 'x'", &correct, VERDICT_ERROR, CLOSE_NONE, "is nothing for a fleet"},
        {"open; expect arrivals < 5", &correct, VERDICT_ERROR, CLOSE_NONE, "there is none"},
        {"open; fleet 5; open; end", &correct, VERDICT_ERROR, CLOSE_NONE, "another name"},
        {"a: open; b: fleet 5; open; " BACK "; end; b: drop reset; a: send text 'x'; a: expect echo; "
         "b: expect recovered all < 1s; a: fence", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"fleet 5; open; end; fleet 7; open; end", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
    };
    CHECK_ROWS(rows);
}
END_TEST

static uint64_t a_mebibyte(void *arg) { return (void)arg, 1 << 20; }
static uint64_t five(void *arg) { return (void)arg, 5; }

/* What is nobody's step is nothing for a fleet either, though it names no other actor. */
START_TEST(beside_a_fleet_the_testee_is_weighed)
{
    static const struct testee_ops ops = {.memory = a_mebibyte, .descriptors = five};
    struct script *script = stage_parse(
        "fleet 5; open; send text 'x'; expect echo; end; testee weigh; expect testee memory < 2MiB; "
        "expect testee memory grows < 1KiB; expect testee descriptors < 6; expect testee descriptors grow < 1; "
        "repeat 2; wait 1ms; end");
    struct stage s;
    stage_open(&s, &correct);
    s.testee.ops = &ops;
    const struct case_result *result = stage_play(&s, script, 1);
    ck_assert_msg(result->verdict == VERDICT_PASS, "%s | %s | %s", result->expected, result->seen, result->detail);
    stage_close(&s);
    script_free(script);
}
END_TEST

/* One seed is one storm. */
START_TEST(equal_seeds_are_equal_storms)
{
    struct script *script = stage_parse("fleet 40; open; reconnect after 1s backoff 1s..9s jitter 100%; end; "
                                        "drop reset; expect recovered all < 60s");
    char first[1024] = "";
    for (int round = 0; round < 3; round++) {
        struct stage s;
        stage_open(&s, &correct);
        struct case_result *result = stage_play(&s, script, round < 2 ? 7 : 8);
        ck_assert_int_eq(result->verdict, VERDICT_PASS);
        ck_assert_ptr_nonnull(result->figures);
        if (round == 0)
            snprintf(first, sizeof first, "%s", result->detail);
        else
            ck_assert_int_eq(strcmp(first, result->detail) == 0, round == 1);
        stage_close(&s);
    }
    script_free(script);
}
END_TEST

START_TEST(mistakes_of_a_block)
{
    static const struct { const char *steps, *says; } rows[] = {
        {"fleet 5\n end", "this fleet does nothing"},
        {"fleet 5\n open", "this fleet is not closed"},
        {"fleet 5\n send text 'x'\n end", "begins with 'open'"},
        {"fleet 5\n open\n open\n end", "begins with 'open'"},
        {"fleet 5\n open\n reconnect\n reconnect\n end", "has one 'reconnect'"},
        {"fleet 5\n open\n expect echo\n end", "nothing was sent that could be echoed"},
        {"fleet 5\n open\n send text 'x'\n reconnect\n expect echo\n end", "nothing was sent that could be echoed"},
        {"fleet 5\n open\n drop reset\n end", "'drop reset' cannot stand in a fleet"},
        {"fleet 5\n open\n wait 1s\n end", "'wait' cannot stand in a fleet"},
        {"fleet 5\n open\n send text 'x' rsv 4\n end", "'rsv' cannot stand in a fleet"},
        {"fleet 5\n open\n expect text matches 'x'\n end", "'matches' cannot stand in a fleet"},
        {"fleet 5\n a: open\n end", "have no names"},
        {"fleet 5\n open\n expect text\n or binary\n end", "'or' cannot stand in a fleet"},
        {"fleet 5\n open\n repeat 3\n fence\n end\n end", "'repeat' cannot stand in a fleet"},
        {"fleet 5 ramp 0/s\n open\n end", "ramp is out of range"},
        {"fleet 5 ramp 10\n open\n end", "not a frequency"},
        {"fleet 0\n open\n end", "out of range"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        struct buf errors;
        unsigned mistakes = 0;
        snprintf(text, sizeof text, "scenario \"x\"\n %s\n", rows[i].steps);
        buf_init(&errors, 0);
        script_free(script_parse("x.wsg", text, strlen(text), &errors, &mistakes));
        ck_assert_msg(mistakes == 1 && strstr(buf_text(&errors), rows[i].says) != NULL, "%s\n%u: %s", rows[i].steps,
                      mistakes, buf_text(&errors));
        buf_free(&errors);
    }
}
END_TEST

UNIT_MAIN("fleet steps", each_client_plays_its_steps, storms, beside_a_fleet_the_testee_is_weighed,
          equal_seeds_are_equal_storms, mistakes_of_a_block)
