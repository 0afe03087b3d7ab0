/* The runner on the simulated loop: each verb, how cases end, backoff in virtual
 * time, hostile peers, equal seeds, both roles. */
#include "stage.h"

static void masked(struct actor *a)
{
    endpoint_send(a->endpoint, &(struct frame_order){.opcode = WS_TEXT, .mask = MASK_KEY});
}

static void claim_huge(struct actor *a)
{
    endpoint_send(a->endpoint, &(struct frame_order){.opcode = WS_BINARY, .claim = true, .form = WS_LENGTH_64,
                                                     .claimed_length = INT64_MAX});
}

static void garbage(struct actor *a) { endpoint_write(a->endpoint, "\xff\xff\x00garbage\r\n\r\n", 14); }

static void fail_1002(struct actor *a) { actor_fail(a, 1002); }

static void answer_403(struct actor *a, const struct ws_head *head) { actor_answer(a, head, 403, NULL); }

static void answer_wrong_key(struct actor *a, const struct ws_head *head)
{
    actor_answer(a, head, 101, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}

static void answer_and_explain(struct actor *a, const struct ws_head *head)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nOnly GET";
    (void)head;
    endpoint_write(a->endpoint, text, sizeof text - 1);
    endpoint_finish(a->endpoint, FINISH_CLEAN);
}

/* And keeps the connection. */
static void answer_and_announce(struct actor *a, const struct ws_head *head)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nOnly";
    (void)head;
    endpoint_write(a->endpoint, text, sizeof text - 1);
}

static void answer_garbage(struct actor *a, const struct ws_head *head)
{
    (void)head;
    endpoint_write(a->endpoint, "\x16\x03\x01garbage that is no HTTP\r\n\r\n", 30);
}

static void answer_never(struct actor *a, const struct ws_head *head) { (void)a, (void)head; }

static void answer_fin(struct actor *a, const struct ws_head *head)
{
    (void)head;
    stage_finish(a);
}

static void close_without_fin(struct actor *a, const struct ws_event *event)
{
    endpoint_send_close(a->endpoint, event->code, NULL);
}

static void close_by_fin(struct actor *a, const struct ws_event *event)
{
    (void)event;
    stage_finish(a);
}

static void close_other_code(struct actor *a, const struct ws_event *event)
{
    (void)event;
    actor_fail(a, 4000);
}

static const struct behaviour
    correct, masks = {.opened = masked}, claims_huge = {.opened = claim_huge}, sends_garbage = {.opened = garbage},
    finishes = {.message = stage_finish}, resets = {.message = stage_reset}, fails = {.message = fail_1002},
    refuses = {.head = answer_403}, wrong_key = {.head = answer_wrong_key}, no_http = {.head = answer_garbage},
    explains = {.head = answer_and_explain}, announces = {.head = answer_and_announce},
    silent = {.head = answer_never}, ends_early = {.head = answer_fin}, never_pongs = {.ping = stage_no_pong},
    ignores_close = {.close = stage_no_pong}, keeps_tcp = {.close = close_without_fin},
    closes_by_fin = {.close = close_by_fin}, closes_with_other = {.close = close_other_code},
    compresses = {.deflate = true}, floods = {.opened = actor_flood, .floods = true};

START_TEST(openings)
{
    static const struct row rows[] = {
        {"open", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open path '/x' protocol 'a' protocol 'b' header 'X-Y: z' origin 'http://o'",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open chunk 1", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open chunk 20B every 50ms", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open then hex(81 85 00 00 00 00 68 65 6c 6c 6f); expect text 'hello'",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect open; expect status 101; expect header 'Upgrade: websocket'; "
         "expect no-header 'Sec-WebSocket-Protocol'", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect header 'Sec-WebSocket-Accept' matches '^.{27}=$'", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect header 'X-Nothing'", &correct, VERDICT_FAIL, CLOSE_NONE, "no such header"},
        {"open; expect no-header 'Upgrade'", &correct, VERDICT_FAIL, CLOSE_NONE, "the header is there"},
        {"open version 8; expect status 426|400", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open without Sec-WebSocket-Key; expect status 400", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open without key; expect refused", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open without key; expect no-body for 500ms", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open without key; expect body ''", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open without key; expect body 'no'", &correct, VERDICT_FAIL, CLOSE_NONE, "differs"},
        {"open; expect body ''", &correct, VERDICT_FAIL, CLOSE_NONE, "has taken the handshake"},
        {"open; expect body 'Only GET' matches 'GET'", &explains, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; expect body matches '^On(.*)T$' capture what; expect body 'On${what}T'", &explains, VERDICT_PASS,
         CLOSE_NONE, NULL},
        {"open; expect body 'Only POST'", &explains, VERDICT_FAIL, CLOSE_NONE, "with a body \"Only GET\""},
        {"open; expect no-body for 500ms", &explains, VERDICT_FAIL, CLOSE_NONE, "a body stands behind the head"},
        {"open; expect body 'Only'", &announces, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; expect no-body for 500ms", &announces, VERDICT_FAIL, CLOSE_NONE, "a body stands behind the head"},
        {"open; expect no-body for 500ms", &refuses, VERDICT_PASS, CLOSE_NONE, NULL},
        {"connect plain; send http 'x'", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; expect refused", &correct, VERDICT_FAIL, CLOSE_NONE, "has taken the handshake"},
        {"open; expect status 400", &correct, VERDICT_FAIL, CLOSE_NONE, "101"},
        {"open", &refuses, VERDICT_FAIL, CLOSE_NONE, "403"},
        {"open; expect open", &refuses, VERDICT_FAIL, CLOSE_NONE, "403"},
        {"open", &wrong_key, VERDICT_FAIL, CLOSE_NONE, "Accept"},
        {"open; expect open", &wrong_key, VERDICT_FAIL, CLOSE_NONE, "Accept"},
        {"open", &no_http, VERDICT_FAIL, CLOSE_NONE, "no HTTP head"},
        {"open", &silent, VERDICT_FAIL, CLOSE_NONE, "nothing"},
        {"open; expect status 400", &silent, VERDICT_FAIL, CLOSE_NONE, "nothing within 2000 ms"},
        {"open", &ends_early, VERDICT_FAIL, CLOSE_NONE, "FIN"},
        {"open; expect refused", &ends_early, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; expect status 400; or eof", &ends_early, VERDICT_PASS, CLOSE_NONE, NULL},
        {"connect; "
         "send http \"GET / HTTP/1.1\\r\\nHost: h\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade"
         "\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n\"; "
         "expect open; expect header 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='; send text 'x'; "
         "expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect status 403; fence", &refuses, VERDICT_FAIL, CLOSE_NONE, "403"},
        {"open; expect header 'Upgrade'; fence", &wrong_key, VERDICT_FAIL, CLOSE_NONE, "Accept"},
        {"connect; fence", &correct, VERDICT_ERROR, CLOSE_NONE, "open connection"},
        {"accept", &correct, VERDICT_ERROR, CLOSE_NONE, "accept"},
        {"send text 'x'", &correct, VERDICT_ERROR, CLOSE_NONE, "open"},
        {"needs tls; open", &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "TLS"},
        {"needs exec; open", &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "--exec"},
        {"needs plain; open", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"needs protocol 'x'; open protocol 'x'", &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "subprotocol"},
        {"needs protocol 'x'; open protocol 'x'; expect header 'Sec-WebSocket-Protocol: x'",
         &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "subprotocol"},
        {"open; expect header 'Upgrade'; wait 1s", &wrong_key, VERDICT_FAIL, CLOSE_NONE, "Accept"},
        {"should 6455-5.5.2-pong-soon; open", &silent, VERDICT_FAIL, CLOSE_NONE, "nothing"},
        {"may 6455-5.5.2-pong-soon; open; expect status 403; fence", &refuses, VERDICT_FAIL, CLOSE_NONE, "403"},
        {"needs deflate; open deflate", &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "permessage-deflate"},
        {"needs deflate; open deflate; send text 'hello hello hello' deflate; expect echo",
         &compresses, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x' deflate", &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "permessage-deflate"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(ends)
{
    static const struct row rows[] = {
        {"open; send close 1000 'done'; expect close 1000; expect eof", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send close; expect close none; expect drop", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send close hex(03 e8); expect close 1000", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send close 1000; expect close 1000; expect reset", &correct, VERDICT_FAIL, CLOSE_OK, "FIN"},
        {"open; send text 'x'; expect reset", &resets, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; send text 'x'; expect eof", &resets, VERDICT_FAIL, CLOSE_NONE, "RST"},
        {"open; send text 'x'; expect drop", &finishes, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; send text 'x'; expect text", &finishes, VERDICT_FAIL, CLOSE_NONE, "FIN"},
        {"open", &ignores_close, VERDICT_FAIL, CLOSE_UNCLEAN, "does not answer a Close"},
        {"open", &closes_by_fin, VERDICT_FAIL, CLOSE_UNCLEAN, "without a Close"},
        {"open", &keeps_tcp, VERDICT_NON_STRICT, CLOSE_UNCLEAN, "does not end TCP"},
        {"open", &closes_with_other, VERDICT_PASS, CLOSE_INFO, NULL},
        {"open; send text 'x'; wait 1s", &fails, VERDICT_NON_STRICT, CLOSE_WRONG_CODE, "unasked"},
        {"open; drop fin; expect eof", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"open; drop reset; open; send text 'x'; expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; drop silent; reconnect; send text 'x'; expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; drop fin abrupt; reconnect after 1s; send text 'x'; expect echo",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"reconnect", &correct, VERDICT_ERROR, CLOSE_NONE, "no connection to come back to"},
        {"open; expect refused; reconnect tries 2", &refuses, VERDICT_FAIL, CLOSE_NONE, "after 2 tries"},
        {"connect; drop reset; reconnect", &correct, VERDICT_PASS, CLOSE_NONE, NULL},
        {"should 6455-5.5.2-pong-soon; open; send ping; expect pong",
         &never_pongs, VERDICT_NON_STRICT, CLOSE_NONE, "nothing within"},
        {"may 6455-5.5.2-pong-soon; open; send ping; expect pong",
         &never_pongs, VERDICT_INFO, CLOSE_NONE, "nothing within"},
        {"may 6455-5.5.2-pong-soon; must 6455-5.5.2-pong; open; send ping; expect pong",
         &never_pongs, VERDICT_FAIL, CLOSE_NONE, "nothing within"},
        {"should 6455-5.1-x; open; wait 10ms", &masks, VERDICT_FAIL, CLOSE_NONE, "masked"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(waiting_in_vain_is_told)
{
    static const struct { const char *steps; const struct behaviour *peer; bool timed_out; } rows[] = {
        {"open", &silent, true},          {"open", &ends_early, false},
        {"open", &refuses, false},        {"open", &ignores_close, true},
        {"open", &closes_by_fin, false},  {"open", &keeps_tcp, true},
        {"open", &correct, false},        {"open; fence", &never_pongs, true},
        {"open; expect text", &correct, true},
        {"open; send text 'x'; expect reset", &finishes, false},
        {"open; expect nothing for 100ms", &correct, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;
        struct script *script = stage_parse(rows[i].steps);
        stage_open(&s, rows[i].peer);
        const struct case_result *result = stage_play(&s, script, 1);
        ck_assert_msg(result->timed_out == rows[i].timed_out, "%zu: %s: %s", i, rows[i].steps, result->trace);
        stage_close(&s);
        script_free(script);
    }
}
END_TEST

/* What a trace may have as text is little in a run of many cases: its beginning and its end. */
START_TEST(a_long_trace_keeps_its_end)
{
    struct stage s;
    struct script *script = stage_parse("open; repeat 300; send text 'hello'; expect echo; end; send close 1000; "
                                        "expect close 1000; expect eof");
    stage_open(&s, &correct);
    s.run->planned = 100000;
    const struct case_result *result = stage_play(&s, script, 1);
    const char *gap = strstr(result->trace, " KiB of the trace are left out here; alone, the case has more of it\n");
    ck_assert_uint_le(strlen(result->trace), LIMIT_TRACE_SHARE + 100);
    ck_assert_ptr_nonnull(strstr(result->trace, "connect"));
    ck_assert_msg(gap != NULL && strstr(gap, "\n  expect close 1000") != NULL && strstr(gap, "\n  expect eof") != NULL,
                  "%s", result->trace);
    stage_close(&s);
    script_free(script);
}
END_TEST

START_TEST(testees_that_are_not_ours)
{
    static const struct row rows[] = {
        {"open; testee restart", &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "--exec"},
        {"open; testee kill", &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "--exec"},
        {"open; expect testee memory < 64MiB", &correct, VERDICT_UNIMPLEMENTED, CLOSE_NONE, "--exec"},
        {"open; expect testee alive", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; expect testee alive", &never_pongs, VERDICT_FAIL, CLOSE_NONE, "no pong"},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(faults_on_the_way)
{
    static const struct row rows[] = {
        {"open; fault latency 300ms; send text 'x'; expect text within 500ms..2s; fault off",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"fault slice 1; open; send text 'x'; expect echo", &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; fault stall; send text 'x'; expect nothing for 1s; fault off; expect echo",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; fault cut after 3B; send text 'hello'; reconnect; send text 'x'; expect echo",
         &correct, VERDICT_PASS, CLOSE_OK, NULL},
    };
    CHECK_ROWS(rows);
}
END_TEST

START_TEST(hostile_peers)
{
    static const struct row rows[] = {
        {"open; expect text", &claims_huge, VERDICT_FAIL, CLOSE_NONE, "more than 4194304 bytes"},
        {"open; expect text fill(0 x 5MiB)", &claims_huge, VERDICT_FAIL, CLOSE_NONE, "more than 5242880 bytes"},
        {"open; expect text; send text 'x' more; repeat 9; send continue fill(0 x 1MiB) more; end", &claims_huge,
         VERDICT_FAIL, CLOSE_NONE, "more than 9437185 bytes"},
        {"open; expect text fill(0 x 40MiB)", &claims_huge, VERDICT_FAIL, CLOSE_NONE, "more than 33554432 bytes"},
        {"open; expect text", &sends_garbage, VERDICT_FAIL, CLOSE_NONE, "reserved"},
        {"open; expect text", &masks, VERDICT_FAIL, CLOSE_NONE, "masked"},
        {"open; expect nothing for 10s", &floods, VERDICT_FAIL, CLOSE_NONE, "nothing should"},
        {"open; wait 60s", &floods, VERDICT_PASS, CLOSE_OK, NULL},
        {"open; send text 'x'; expect text", &resets, VERDICT_FAIL, CLOSE_NONE, "RST"},
    };
    CHECK_ROWS(rows);
}
END_TEST

static uint64_t digest_of(const char *steps, uint64_t seed)
{
    struct stage s;
    struct script *script = stage_parse(steps);
    stage_open(&s, &correct);
    struct case_result *result = stage_play(&s, script, seed);
    ck_assert_int_eq(result->verdict, VERDICT_PASS);
    uint64_t digest = s.digest;
    stage_close(&s);
    script_free(script);
    return digest;
}

START_TEST(equal_seeds_send_equal_bytes)
{
    static const char steps[] = "open; send binary random(3000); expect echo; send text text(3000) fragment 100B; "
                                "expect echo; drop reset; reconnect backoff 1s..9s jitter 20%; fence";
    uint64_t first = digest_of(steps, 5);
    ck_assert_uint_eq(first, digest_of(steps, 5));
    ck_assert_uint_ne(first, digest_of(steps, 6));
}
END_TEST

/* The listener comes back after a while: the tries in between are refused. */
static void listen_again(void *arg)
{
    struct stage *s = arg;
    struct net_address at = {.port = s->testee.url.port};
    s->outage = NULL;
    s->listener = loop_listen(s->loop, &at, stage_accept, s, NULL);
}

static void stop_listening(void *arg)
{
    struct stage *s = arg;
    listener_close(s->listener);
    s->listener = NULL;
}

static struct case_result *play_outage(struct stage *s, const char *reconnect, uint64_t outage_ns)
{
    char steps[256];
    snprintf(steps, sizeof steps, "open; wait 10ms; drop reset; %s; send text 'x'; expect echo", reconnect);
    struct script *script = stage_parse(steps);
    stage_open(s, &correct);
    timer_start(s->loop, 5 * NS_PER_MS, stop_listening, s);
    s->outage = timer_start(s->loop, outage_ns, listen_again, s);
    struct case_result *result = stage_play(s, script, 1);
    script_free(script);
    return result;
}

START_TEST(backoff_in_virtual_time)
{
    struct stage s;
    /* at 0, 1, 3, 7, 15, 31, 63 s ...: the outage of 40 s ends before the seventh try */
    struct case_result *result = play_outage(&s, "reconnect backoff 1s..60s factor 2 tries 8", 40 * NS_PER_S);
    ck_assert_msg(result->verdict == VERDICT_PASS, "%s | %s", result->seen, result->detail);
    ck_assert_uint_gt(result->duration_ns, 63 * NS_PER_S);
    ck_assert_uint_lt(result->duration_ns, 64 * NS_PER_S);
    stage_close(&s);

    result = play_outage(&s, "reconnect backoff 1s..2s tries 5", 40 * NS_PER_S);
    ck_assert_int_eq(result->verdict, VERDICT_FAIL);
    ck_assert_ptr_nonnull(strstr(result->detail, "after 5 tries"));
    ck_assert_uint_lt(result->duration_ns, 8 * NS_PER_S);
    stage_close(&s);
}
END_TEST

START_TEST(nobody_there_is_our_trouble_at_first)
{
    struct stage s;
    struct script *script = stage_parse("open");
    stage_open(&s, &correct);
    stop_listening(&s);
    struct case_result *result = stage_play(&s, script, 1);
    ck_assert_int_eq(result->verdict, VERDICT_ERROR);
    ck_assert_ptr_nonnull(strstr(result->detail, "no testee at 127.0.0.1"));
    stage_close(&s);
    script_free(script);
}
END_TEST

START_TEST(a_flood_is_not_kept)
{
    struct stage s;
    struct script *script = stage_parse("open; wait 5s; expect nothing for 1s");
    stage_open(&s, &floods);
    struct case_result *result = stage_play(&s, script, 1);
    ck_assert_int_eq(result->verdict, VERDICT_FAIL);
    ck_assert_ptr_nonnull(strstr(result->trace, "reading stops"));
    /* what a full queue holds, and what the link held beside it, is all that was sent */
    ck_assert_uint_lt(s.sent_events, 2 * LIMIT_QUEUED_BYTES / 16384);
    stage_close(&s);
    script_free(script);
}
END_TEST

/* --timeout draws out both sides of an `or`; what is quiet by itself only costs its time. */
START_TEST(patience_is_for_either_outcome)
{
    static const struct { const char *steps; uint64_t least, most; } rows[] = {
        {"open; send text 'x'; expect echo within 100ms; or nothing for 100ms as info", 500, 600},
        {"open; expect nothing for 100ms", 100, 200},
    };
    static const struct behaviour is_deaf = {.message = stage_nothing};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;
        struct script *script = stage_parse(rows[i].steps);
        stage_open(&s, &is_deaf);
        struct runner_config config = {.loop = s.loop, .testee = &s.testee, .role = WS_CLIENT, .seed = 1,
                                       .patience = 5};
        runner_start(&config, &script->cases[0], s.run, run_result_add(s.run), stage_done, &s);
        loop_run(s.loop);
        ck_assert_int_eq(s.result->verdict, i == 0 ? VERDICT_INFO : VERDICT_PASS);
        ck_assert_uint_ge(s.result->duration_ns, rows[i].least * NS_PER_MS);
        ck_assert_uint_le(s.result->duration_ns, rows[i].most * NS_PER_MS);
        stage_close(&s);
        script_free(script);
    }
}
END_TEST

static void interrupt(void *arg) { runner_interrupt(arg); }

START_TEST(an_interrupt_ends_it_at_once)
{
    struct stage s;
    struct script *script = stage_parse("open; wait 1h");
    stage_open(&s, &correct);
    struct runner_config config = {.loop = s.loop, .testee = &s.testee, .role = WS_CLIENT, .seed = 1};
    struct runner *runner = runner_start(&config, &script->cases[0], s.run, run_result_add(s.run), stage_done, &s);
    timer_start(s.loop, NS_PER_S, interrupt, runner);
    loop_run(s.loop);
    ck_assert_int_eq(s.result->verdict, VERDICT_ERROR);
    ck_assert_str_eq(s.result->detail, "interrupted");
    ck_assert(s.result->not_played);
    ck_assert_uint_eq(s.result->duration_ns, NS_PER_S);
    stage_close(&s);
    script_free(script);
}
END_TEST

START_TEST(the_result_tells_all)
{
    struct stage s;
    struct script *script = stage_parse("must 6455-5.5.3-pong-identical; alias autobahn 2.4; open; send text 'two'; "
                                        "expect text 'one'");
    stage_open(&s, &correct);
    struct case_result *result = stage_play(&s, script, 0x51f0);
    ck_assert_str_eq(result->id, "test/it");
    ck_assert_str_eq(result->title, "a case");
    ck_assert_str_eq(result->alias, "2.4");
    ck_assert_str_eq(result->requirements[0], "6455-5.5.3-pong-identical");
    ck_assert_str_eq(result->expected, "text 'one'");
    ck_assert_str_eq(result->seen, "text \"two\"");
    ck_assert_int_eq(result->step_line, 6);
    ck_assert_str_eq(result->replay, "wsgauntlet run --seed 0x51f0 test.wsg:1");
    ck_assert_ptr_nonnull(strstr(result->source, "expect text 'one'"));
    ck_assert_ptr_nonnull(strstr(result->trace, "two"));
    stage_close(&s);
    script_free(script);
}
END_TEST

/* ---- both roles: two runners play with each other ---- */

struct pair {
    struct stage stage;
    struct case_result *results[2];
    unsigned left;
};

static void pair_done(void *arg, struct case_result *result, const struct trace *trace)
{
    struct pair *pair = arg;
    (void)trace;
    pair->results[result->line == 1 ? 0 : 1] = result;
    if (--pair->left == 0)
        loop_stop(pair->stage.loop);
}

static void play_pair_over(bool tls, const char *client_steps, const char *server_steps, enum verdict client,
                           enum verdict server)
{
    struct net_address any = {.port = 0};
    struct script *scripts[2] = {stage_parse(client_steps), stage_parse(server_steps)};
    struct pair pair = {.left = 2};
    struct tls_context *served = tls ? tls_server_new(&(struct tls_server_options){0}, NULL) : NULL;
    stage_open(&pair.stage, &correct);
    struct listener_share *share = listener_share_new(pair.stage.loop, &any, served, NULL);
    pair.stage.testee.url.port = listener_share_port(share);
    pair.stage.testee.url.secure = tls;
    pair.stage.testee.tls = tls ? tls_client_new(&(struct tls_client_options){.insecure = true}, NULL) : NULL;
    scripts[1]->cases[0].line = 2; /* tells the results apart */
    for (int i = 0; i < 2; i++) {
        struct runner_config config = {.loop = pair.stage.loop, .testee = &pair.stage.testee, .seed = 1,
                                       .role = i == 0 ? WS_CLIENT : WS_SERVER, .listener = share};
        runner_start(&config, &scripts[i]->cases[0], pair.stage.run, run_result_add(pair.stage.run), pair_done, &pair);
    }
    loop_run(pair.stage.loop);
    ck_assert_uint_eq(pair.left, 0);
    enum verdict wanted[] = {client, server};
    for (int i = 0; i < 2; i++) {
        const struct case_result *result = pair.results[i];
        ck_assert_msg(result->verdict == wanted[i], "%s of\n%s: %s | %s | %s\n%.1500s", verdict_word(result->verdict),
                      result->source, result->expected, result->seen, result->detail, result->trace);
        script_free(scripts[i]);
    }
    listener_share_free(share);
    tls_context_free(pair.stage.testee.tls);
    tls_context_free(served);
    stage_close(&pair.stage);
}

static void play_pair(const char *client_steps, const char *server_steps, enum verdict client, enum verdict server)
{
    play_pair_over(false, client_steps, server_steps, client, server);
}

START_TEST(a_connection_that_nobody_waits_for_is_kept)
{
    static const char early[] = "open; send text 'x'; expect text 'y'",
                      late[] = "wait 100ms; accept; expect text 'x'; send text 'y'";
    play_pair(early, late, VERDICT_PASS, VERDICT_PASS);
    play_pair_over(true, early, late, VERDICT_PASS, VERDICT_PASS);
    play_pair("connect; drop reset", "wait 100ms; accept", VERDICT_PASS, VERDICT_FAIL);
    play_pair("connect; drop reset; wait 200ms; open", "wait 100ms; accept", VERDICT_PASS, VERDICT_PASS);
}
END_TEST

START_TEST(tls_ends_with_or_without_a_word)
{
    play_pair_over(true, "needs tls; open; drop fin; expect eof", "accept; expect eof; drop fin", VERDICT_PASS,
                   VERDICT_PASS);
    play_pair_over(true, "open; drop fin abrupt", "accept; expect eof", VERDICT_PASS, VERDICT_PASS);
    play_pair_over(true, "open; drop reset", "accept; expect reset", VERDICT_PASS, VERDICT_PASS);
    play_pair_over(true, "needs plain; open", "wait 1ms", VERDICT_UNIMPLEMENTED, VERDICT_PASS);
}
END_TEST

START_TEST(both_roles)
{
    play_pair("open; send text 'hi'; expect text 'ho'; expect close 1000",
              "accept; expect header 'Upgrade: websocket'; expect text 'hi'; send text 'ho'; send close 1000; "
              "expect close 1000", VERDICT_PASS, VERDICT_PASS);
    play_pair("open protocol 'x'; expect header 'X-Y: z'; expect header 'Sec-WebSocket-Protocol: x'",
              "open protocol 'x' header 'X-Y: z'", VERDICT_PASS, VERDICT_PASS);
    play_pair("needs deflate; open deflate; send text 'aaaaaaaaaaaaaaaa' deflate; expect text 'b'",
              "open deflate; expect text 'aaaaaaaaaaaaaaaa'; send text 'b' deflate", VERDICT_PASS, VERDICT_PASS);
    play_pair("open; expect status 503; reconnect after 1s", "accept status 503; accept within 900ms..1100ms",
              VERDICT_PASS, VERDICT_PASS);
    play_pair("open; drop reset; reconnect after 3s", "accept; accept within 2s", VERDICT_FAIL, VERDICT_FAIL);
    play_pair("open; expect open", "open accept 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='; expect drop", VERDICT_FAIL,
              VERDICT_PASS);
    play_pair("connect; send http \"GET / HTTP/1.1\\r\\n\\r\\n\"; expect drop", "accept", VERDICT_PASS, VERDICT_FAIL);
    play_pair("connect; send raw hex(16 03 01); expect drop", "accept", VERDICT_PASS, VERDICT_FAIL);
    play_pair("wait 1ms", "accept", VERDICT_PASS, VERDICT_ERROR);
    play_pair("open; send text 'a'; send text 'b'; wait 100ms; drop fin", "accept; expect stays for 2s", VERDICT_PASS,
              VERDICT_FAIL);
    play_pair("open; expect text 'x'", "connect; wait 10ms; send http \"HTTP/1.1 400 Bad\\r\\n\\r\\n\"; drop fin",
              VERDICT_FAIL, VERDICT_PASS);
    play_pair("a: open; b: open; a: expect text 'a'; b: expect text 'b'",
              "a: accept; b: accept; b: send text 'b'; a: send text 'a'; a: send close; b: send close; "
              "a: expect close; b: expect close", VERDICT_PASS, VERDICT_PASS);
}
END_TEST

UNIT_MAIN("runner", openings, ends, waiting_in_vain_is_told, a_long_trace_keeps_its_end,
          testees_that_are_not_ours, faults_on_the_way,
          hostile_peers, equal_seeds_send_equal_bytes, backoff_in_virtual_time,
          nobody_there_is_our_trouble_at_first, a_flood_is_not_kept, patience_is_for_either_outcome,
          an_interrupt_ends_it_at_once,
          the_result_tells_all, both_roles, a_connection_that_nobody_waits_for_is_kept,
          tls_ends_with_or_without_a_word)
