/* Clients under test, in virtual time: a script of the client's plays with one of
 * the server's, whose steps count attempts, measure waits, close the port, and
 * serve numbered messages as a profile says. And profiles: what they promise. */
#include "stage.h"

#include "engine/suite/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct meeting {
    struct stage stage;
    struct case_result *client, *server;
    struct case_result *results[2];
    unsigned left;
};

static void met(void *arg, struct case_result *result, const struct trace *trace)
{
    struct meeting *m = arg;
    (void)result, (void)trace;
    if (--m->left == 0)
        loop_stop(m->stage.loop);
}

static const struct behaviour nobody = {0};

/* What the server's side says of the client. `profile`: its lines, "; " between them. */
struct scene {
    const char *profile, *client, *server;
    enum verdict verdict;
    const char *says; /* in what was expected, seen or told; NULL: nothing in particular */
};

static struct script *parse_profile(const char *lines, struct promises *promises)
{
    struct buf text, errors;
    unsigned mistakes = 0;
    struct diag why = {0};
    buf_init(&text, 0);
    buf_init(&errors, 0);
    for (const char *end; (end = strstr(lines, "; ")) != NULL; lines = end + 2) {
        buf_append(&text, lines, (size_t)(end - lines));
        buf_append_byte(&text, '\n');
    }
    buf_append_text(&text, lines);
    struct script *script = script_parse("profile.wsg", buf_text(&text), text.size, &errors, &mistakes);
    ck_assert_msg(mistakes == 0, "%s", buf_text(&errors));
    ck_assert_msg(promises_add(promises, script, &why), "%s", why.text);
    buf_free(&text);
    buf_free(&errors);
    return script;
}

static void meet(const struct scene *row)
{
    const struct net_address any = {.port = 0};
    struct promises promises = {0};
    struct diag why = {0};
    char all[8192];
    struct meeting m = {.left = 2};
    struct script *profile = parse_profile(row->profile, &promises);
    struct script *client = stage_parse(row->client), *server = stage_parse(row->server);
    ck_assert_msg(promises_bind(&promises, server, &why), "%s", why.text);
    stage_open(&m.stage, &nobody);
    struct listener_share *share = listener_share_new(m.stage.loop, &any, NULL, NULL);
    m.stage.testee.url.port = listener_share_port(share);
    struct runner_config config = {.loop = m.stage.loop, .testee = &m.stage.testee, .seed = 1, .role = WS_SERVER,
                                   .listener = share, .own_listener = true, .promises = &promises};
    m.server = run_result_add(m.stage.run);
    runner_start(&config, &server->cases[0], m.stage.run, m.server, met, &m);
    m.client = run_result_add(m.stage.run);
    config = (struct runner_config){.loop = m.stage.loop, .testee = &m.stage.testee, .seed = 1, .role = WS_CLIENT};
    runner_start(&config, &client->cases[0], m.stage.run, m.client, met, &m);
    loop_run(m.stage.loop);
    ck_assert_uint_eq(m.left, 0);
    snprintf(all, sizeof all, "%s | %s | %s", m.server->expected, m.server->seen, m.server->detail);
    ck_assert_msg(m.server->verdict == row->verdict && (row->says == NULL || strstr(all, row->says) != NULL),
                  "%s\nwanted %s \"%s\", got %s: %s\n%.2000s", row->server, verdict_word(row->verdict),
                  row->says == NULL ? "" : row->says, verdict_word(m.server->verdict), all, m.server->trace);
    listener_share_free(share);
    stage_close(&m.stage);
    script_free(client);
    script_free(server);
    script_free(profile);
}

static void meet_all(const struct scene *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        meet(&rows[i]);
}
#define MEET_ALL(rows) meet_all(rows, sizeof rows / sizeof *(rows))

#define TWICE "accept; drop reset; accept within 2s; drop reset; accept within 2s; drop reset"
#define COMES_BACK "open; expect reset; reconnect after 1s; expect reset; reconnect after 1s; expect reset"

START_TEST(who_never_comes_back_is_told_in_a_sentence)
{
    static const struct scene rows[] = {
        {"promise back 2s", COMES_BACK, TWICE, VERDICT_PASS, NULL},
        {"promise back 2s", "open; expect reset; reconnect after 1s; expect reset", TWICE, VERDICT_FAIL,
         "came back after the 1st reset in 1.0 s, never after the 2nd reset (waited 2.0 s)"},
        {"promise back 2s", "open; expect reset", TWICE, VERDICT_FAIL, "never came back after the 1st reset"},
        {"promise back 2s", COMES_BACK, "accept; drop reset; accept within ${back}; drop reset", VERDICT_PASS, NULL},
        {"promise back 500ms", COMES_BACK, "accept; drop reset; accept within ${back}; drop reset", VERDICT_FAIL,
         "never"},
        {"promise first 2s..3s", COMES_BACK, "accept; drop reset; accept within ${first}; drop reset", VERDICT_FAIL,
         "too early"},
    };
    MEET_ALL(rows);
}
END_TEST

#define REFUSED "accept; drop reset; repeat 6; accept status 503 within 1m; end; "
#define RETRIES "open; expect reset; reconnect after 100ms backoff "

START_TEST(waits_are_measured_from_each_failure)
{
    static const struct scene rows[] = {
        {"promise cap 1s", RETRIES "200ms..1s tries 6", REFUSED "expect gaps first 80ms..120ms", VERDICT_PASS, NULL},
        {"promise cap 1s", RETRIES "200ms..1s tries 6", REFUSED "expect gaps first 200ms", VERDICT_FAIL,
         "the first wait is shorter"},
        {"promise cap 1s", RETRIES "200ms..1s tries 6", REFUSED "expect gaps first 10ms..50ms", VERDICT_FAIL,
         "the first wait is longer"},
        {"promise cap 1s", RETRIES "200ms..1s tries 6", REFUSED "expect gaps cap 900ms..1100ms", VERDICT_PASS, NULL},
        {"promise cap 1s", RETRIES "200ms..3s tries 6", REFUSED "expect gaps cap ${cap}", VERDICT_FAIL,
         "longer than the cap"},
        {"promise cap 1s", RETRIES "200ms..1s tries 6", REFUSED "expect gaps growth 2 cap 900ms..1100ms", VERDICT_PASS,
         NULL},
        {"promise cap 1s", RETRIES "200ms..200ms tries 6", REFUSED "expect gaps growth 1.5 cap 10s", VERDICT_FAIL,
         "do not grow"},
        {"promise cap 1s", RETRIES "200ms..200ms tries 6", REFUSED "expect gaps spread 10%", VERDICT_FAIL, "all alike"},
        {"promise cap 1s", RETRIES "200ms..200ms jitter 50% tries 6", REFUSED "expect gaps spread 10%", VERDICT_PASS,
         NULL},
        {"promise cap 1s", "open; expect reset", "accept; drop reset; expect gaps cap 1s", VERDICT_FAIL,
         "there is no wait"},
    };
    MEET_ALL(rows);
}
END_TEST

START_TEST(attempts_are_counted_whoever_waits_for_them)
{
    static const struct scene rows[] = {
        {"promise back 2s", "a: open; b: open; wait 100ms; a: drop reset; b: drop reset",
         "accept; wait 200ms; drop reset; expect attempts at-most 1", VERDICT_FAIL, "2 attempts"},
        {"promise back 2s", "a: open; b: open; wait 1s; a: drop reset; b: drop reset",
         "a: accept; b: accept; wait 500ms; expect attempts alone; a: drop reset; b: drop reset", VERDICT_FAIL,
         "two connections of one client at once"},
        {"promise back 2s", COMES_BACK, TWICE "; expect attempts at-least 3 at-most 3 alone", VERDICT_PASS, NULL},
        {"promise back 2s", COMES_BACK, "accept; drop reset; expect nobody for 500ms", VERDICT_PASS, NULL},
        {"promise back 2s", COMES_BACK, "accept; drop reset; expect nobody for 1500ms", VERDICT_FAIL, "stay away"},
        {"promise back 2s", "open; wait 3s; drop fin", "accept; expect stays for 2s; drop reset", VERDICT_PASS, NULL},
        {"promise back 2s", "open; wait 1s; drop fin", "accept; expect stays for 2s", VERDICT_FAIL, "that was well"},
        {"promise back 2s", "open; send text 'a'; send text 'b'; wait 1s; drop fin", "accept; expect stays for 2s",
         VERDICT_FAIL, "that was well"},
        {"promise back 2s", "a: open; wait 3s; b: open; b: expect reset",
         "accept; drop mute; accept within 5s; expect attempts left within 1s", VERDICT_FAIL, "dead connection"},
        {"promise back 2s", "a: open; wait 3s; a: drop reset; b: open; b: expect reset",
         "accept; drop mute; accept within 5s; expect attempts left within 1s; drop reset", VERDICT_PASS, NULL},
    };
    MEET_ALL(rows);
}
END_TEST

START_TEST(a_repeat_ends_when_its_time_is_up)
{
    static const struct scene rows[] = {
        {"promise flapping 5", RETRIES "1s..1s tries 20",
         "accept; drop reset; repeat 1000 for 4500ms; accept status 503 within 1m; end; drop reset all; "
         "expect attempts at-least 5 at-most 6", VERDICT_PASS, NULL},
        {"promise flapping 5", RETRIES "10ms..10ms tries 400",
         "accept; drop reset; repeat 1000 for 2s; accept status 503 within 1m; end; drop reset all; "
         "expect attempts at-most ${flapping}", VERDICT_FAIL, "too many"},
        {"promise flapping 5", RETRIES "10ms..10ms tries 400",
         "accept; drop reset; repeat 1000 for 2s; accept status 503 within 1m; end; drop reset all; "
         "expect attempts at-most 5 per 30ms behind 1", VERDICT_PASS, NULL},
    };
    MEET_ALL(rows);
}
END_TEST

START_TEST(a_closed_port_refuses_until_it_is_open_again)
{
    static const struct scene rows[] = {
        {"promise back 2s", "open; expect reset; reconnect backoff 500ms..500ms tries 20; expect reset",
         "accept; listen off; drop reset; wait 3s; listen on; accept within 600ms; drop reset; "
         "expect attempts at-most 2", VERDICT_PASS, NULL},
        {"promise back 2s", "open; expect reset; reconnect backoff 500ms..500ms tries 3",
         "accept; listen off; drop reset; wait 3s; listen on; accept within 2s", VERDICT_FAIL, "never"},
    };
    MEET_ALL(rows);
}
END_TEST

#define NUMBERED "service number '^m([0-9]+)$'; service ack 'a${n}'"
START_TEST(numbered_messages_are_kept_and_answered)
{
    static const struct scene rows[] = {
        {NUMBERED, "open; send text 'm1'; expect text 'a1'; send text 'm2'; expect text 'a2'; wait 1s; drop reset",
         "accept; expect stays for 500ms; expect numbers complete once in-order; drop reset", VERDICT_PASS, NULL},
        {NUMBERED, "open; send text 'm1'; send text 'm3'; wait 1s; drop reset",
         "accept; expect stays for 500ms; expect numbers complete", VERDICT_FAIL, "1 missing"},
        {NUMBERED, "open; send text 'm1'; send text 'm1'; wait 1s; drop reset",
         "accept; expect stays for 500ms; expect numbers once", VERDICT_FAIL, "1 repeated"},
        {NUMBERED, "open; send text 'm2'; send text 'm1'; wait 1s; drop reset",
         "accept; expect stays for 500ms; expect numbers in-order", VERDICT_FAIL, "1 out of order"},
        {NUMBERED, "open; send text 'other'; wait 1s; drop reset",
         "accept; expect stays for 500ms; expect numbers complete", VERDICT_FAIL, "no numbered message"},
        {"service greet 'hello'; service reply '^ping(.*)$' with 'pong${group}'; service echo",
         "open; expect text 'hello'; send text 'ping 7'; expect text 'pong 7'; send binary 'x'; expect binary 'x'; "
         "drop reset", "accept; expect drop within 2s", VERDICT_PASS, NULL},
        {"service publish 'n${n}'; service resume '^from ([0-9]+)$'",
         "open; expect text 'n1'; expect text 'n2'; send text 'from 1'; expect text 'n2'; drop reset",
         "accept; publish 2; expect drop within 2s", VERDICT_PASS, NULL},
        {"service beat 'b' every 1s", "open; expect text 'b' within 900ms..1100ms; expect text 'b'; drop reset",
         "accept; expect drop within 5s", VERDICT_PASS, NULL},
        {NUMBERED, "open; expect drop", "accept; publish 1", VERDICT_ERROR, "service publish"},
    };
    MEET_ALL(rows);
}
END_TEST

START_TEST(what_is_not_promised_is_not_applicable)
{
    static const struct scene rows[] = {
        {"promise back 2s", "wait 1ms", "needs promise liveness; accept within 1s", VERDICT_UNIMPLEMENTED,
         "a client that promises liveness"},
        {"promise liveness 2s; promise no liveness", "wait 1ms", "needs promise liveness; accept within 1s",
         VERDICT_UNIMPLEMENTED, "liveness"},
        {"promise retries 1001|4000..4999", "open; drop reset", "needs retry 4001; accept; expect drop", VERDICT_PASS,
         NULL},
        {"promise retries 1001", "wait 1ms", "needs retry 1000; accept", VERDICT_UNIMPLEMENTED,
         "come back behind close code 1000"},
        {"promise stops 1000", "wait 1ms", "needs stay-away 1001; accept", VERDICT_UNIMPLEMENTED, "stay away"},
    };
    MEET_ALL(rows);
}
END_TEST

START_TEST(names_of_promises_are_those_with_a_value)
{
    static const struct { const char *word; bool promised; } rows[] = {
        {"${cap}", true}, {"${cap_most}", true}, {"${first_least}", true}, {"${back}", true}, {"${flapping}", true},
        {"${back_most}", false}, {"${single}", false}, {"${capp}", false}, {"${cap}${x}", false}, {"cap", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(word_is_promised(rows[i].word) == rows[i].promised, "%s", rows[i].word);
}
END_TEST

START_TEST(a_value_that_does_not_fit_is_told_with_its_place)
{
    struct promises promises = {0};
    struct diag why = {0};
    struct script *profile = parse_profile("promise growth 1.5", &promises);
    struct script *script = stage_parse("accept within ${growth}");
    ck_assert(!promises_bind(&promises, script, &why));
    ck_assert_msg(strstr(why.text, "test.wsg:2: ${growth}, which is promised as 1.5") != NULL, "%s", why.text);
    script_free(script);
    script_free(profile);
}
END_TEST

START_TEST(profiles_are_carried_layered_and_suggested)
{
    static const char *const layered[] = {"sockette", "generic", NULL}, *const misspelt[] = {"sockete", NULL};
    struct profile profile;
    struct buf text;
    struct diag why = {0};
    buf_init(&text, 0);
    ck_assert_msg(profile_load(&profile, layered, &text, &why), "%s", why.text);
    ck_assert(promises_has(&profile.promises, FORM_PROMISE_LIVENESS)); /* of generic: the later goes before */
    ck_assert_uint_eq(profile.promises.service_count, 1);              /* of sockette: generic has none */
    ck_assert_str_eq(buf_text(&profile.name), "sockette, generic");
    profile_free(&profile);
    ck_assert(!profile_load(&profile, misspelt, &text, &why));
    ck_assert_str_eq(why.text, "no profile 'sockete'; did you mean 'sockette'?");
    profile_free(&profile);
    profile_list(&text);
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "\nsockette "));
    buf_free(&text);
}
END_TEST

UNIT_MAIN("resilience", who_never_comes_back_is_told_in_a_sentence, waits_are_measured_from_each_failure,
          attempts_are_counted_whoever_waits_for_them, a_repeat_ends_when_its_time_is_up,
          a_closed_port_refuses_until_it_is_open_again, numbered_messages_are_kept_and_answered,
          what_is_not_promised_is_not_applicable, names_of_promises_are_those_with_a_value,
          a_value_that_does_not_fit_is_told_with_its_place, profiles_are_carried_layered_and_suggested)
