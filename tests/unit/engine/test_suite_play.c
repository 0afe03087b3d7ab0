/* Playing a suite in the simulation: order, the same bytes whatever plays beside
 * it, and testees that die, each found out by trial. */
#include "engine/peer/peer.h"
#include "engine/suite/suite.h"

#include "unit.h"

#include <signal.h>

/* ---- a testee that dies on request: everybody gets a FIN; "die" and "late" kill it ---- */

#define PORT 7001
#define CONNECTIONS 64

struct mortal {
    struct loop *loop;
    struct listener *listener;
    struct layer *layers[CONNECTIONS];
    size_t count;
    bool running, moody, comes_back;
    int deaths, shies;
    loop_fn *answers;
    void *answers_arg;
};

static void die(void *arg)
{
    struct mortal *m = arg;
    if (!m->running)
        return;
    m->running = false;
    m->deaths++;
    listener_close(m->listener);
    for (size_t i = 0; i < m->count; i++) {
        layer_reset(m->layers[i]);
        layer_release(m->layers[i]);
    }
    m->count = 0;
}

static void rise_again(void *arg);

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct mortal *m = owner;
    if (bytes[0] == 's' && m->shies-- > 0) { /* "shy": it lives, and takes nobody until the next case has tried */
        listener_close(m->listener);
        m->listener = NULL;
        timer_start(m->loop, 60 * NS_PER_MS, rise_again, m);
    }
    ck_assert_uint_ge(size, 1);
    bool moody = bytes[0] == 'm' && !m->moody; /* "moody" kills it once */
    m->moody |= moody;
    if (bytes[0] == 'd' || moody)
        timer_start(m->loop, 0, die, m);
    if (bytes[0] == 'l')
        timer_start(m->loop, 20 * NS_PER_MS, die, m);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    (void)owner;
    (void)end;
    (void)why;
}

static void on_fresh(void *arg, struct layer *fresh)
{
    static const struct layer_sink sink = {.data = on_data, .ended = on_ended};
    struct mortal *m = arg;
    ck_assert_uint_lt(m->count, CONNECTIONS);
    layer_listen(fresh, &sink, m);
    m->layers[m->count++] = fresh;
    layer_finish(fresh, FINISH_CLEAN);
}

static void rise(struct mortal *m)
{
    m->listener = loop_listen(m->loop, &(struct net_address){.port = PORT}, on_fresh, m, NULL);
    ck_assert_ptr_nonnull(m->listener);
    m->running = true;
}

static void on_risen(void *arg)
{
    struct mortal *m = arg;
    rise(m);
    m->answers(m->answers_arg);
}

static bool restart(void *arg, loop_fn *answers, void *answers_arg, struct diag *why)
{
    struct mortal *m = arg;
    die(m);
    m->answers = answers;
    m->answers_arg = answers_arg;
    if (!m->comes_back)
        return diag_set(why, DIAG_TROUBLE, "it stays dead");
    timer_start(m->loop, 10 * NS_PER_MS, on_risen, m);
    return true;
}

static bool send_signal(void *arg, int number, struct diag *why)
{
    (void)why;
    if (number == SIGKILL)
        die(arg);
    return true;
}

static bool running(void *arg)
{
    return ((struct mortal *)arg)->running;
}

static const char *last_words(void *arg)
{
    return ((struct mortal *)arg)->running ? "" : "signal 11\nboom\n";
}

static const struct testee_ops mortal_ops = {
    .restart = restart, .signal = send_signal, .running = running, .last_words = last_words};

/* ---- one run ---- */

struct run {
    struct loop *loop;
    struct suite suite;
    struct testee testee;
    struct play_config config;
    struct run_result *result;
    struct diag why;
    enum play_end end;
    size_t told;
};

static void count_told(void *arg, const struct run_result *run, const struct case_result *done)
{
    struct run *r = arg;
    (void)run;
    ck_assert_ptr_nonnull(done->section);
    r->told++;
}

static void run_begin(struct run *r, const char *text, uint16_t port, unsigned parallel)
{
    *r = (struct run){.loop = loop_sim_new(1, &(struct sim_options){.latency_ns = NS_PER_MS})};
    FILE *f = fopen("suite.wsg", "w");
    ck_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
    struct buf errors;
    buf_init(&errors, 0);
    ck_assert_msg(suite_add_path(&r->suite, "suite.wsg", &errors, NULL), "%s", buf_text(&errors));
    buf_free(&errors);
    r->testee = (struct testee){.loop = r->loop, .url = {.host = "127.0.0.1", .port = port, .resource = "/",
                                                         .authority = "127.0.0.1"}};
    r->config = (struct play_config){
        .runner = {.loop = r->loop, .testee = &r->testee, .role = WS_CLIENT, .seed = 7},
        .parallel = parallel, .progress = count_told, .arg = r};
    r->result = run_result_new();
}

static void run_end(struct run *r)
{
    run_result_free(r->result);
    suite_free(&r->suite);
    loop_free(r->loop);
}

static const struct case_result *result_of(const struct run *r, const char *id)
{
    for (size_t i = 0; i < r->result->count; i++)
        if (strcmp(r->result->cases[i]->id, id) == 0)
            return r->result->cases[i];
    ck_abort_msg("%s was not played", id);
    return NULL;
}

static void rise_again(void *arg)
{
    rise(arg);
}

static void mortal_begin(struct run *r, struct mortal *m, const char *text, unsigned parallel)
{
    run_begin(r, text, PORT, parallel);
    m->loop = r->loop;
    rise(m);
    r->testee.ops = &mortal_ops;
    r->testee.ops_arg = m;
}

static void play_mortal(struct run *r, struct mortal *m, const char *text, unsigned parallel)
{
    mortal_begin(r, m, text, parallel);
    r->end = suite_play(&r->suite, &r->config, r->result, &r->why);
}

static void bury(struct run *r, struct mortal *m)
{
    m->running = true;
    if (r->end != PLAY_LOST)
        die(m);
    run_end(r);
}

/* ids of what did not pass, in order */
static void assert_failed(const struct run *r, const char *wanted)
{
    struct buf ids;
    buf_init(&ids, 0);
    for (size_t i = 0; i < r->result->count; i++)
        if (r->result->cases[i]->verdict != VERDICT_PASS)
            buf_printf(&ids, "%s%s", ids.size == 0 ? "" : " ", r->result->cases[i]->id);
    ck_assert_str_eq(buf_text(&ids), wanted);
    buf_free(&ids);
}

#define CASE(id, bytes) "case " id " \"x\"\n  connect\n  send raw \"" bytes "\"\n  expect eof\n\n"
#define GOOD4(n) CASE("ok/" n "1", "ok") CASE("ok/" n "2", "ok") CASE("ok/" n "3", "ok") CASE("ok/" n "4", "ok")

START_TEST(who_kills_the_testee_is_found)
{
    static const unsigned parallel[] = {1, 3, 8};
    for (size_t i = 0; i < 3; i++) {
        struct run r;
        struct mortal m = {.comes_back = true};
        play_mortal(&r, &m, GOOD4("a") CASE("bad/now", "die") GOOD4("b") CASE("bad/late", "late") GOOD4("c"),
                    parallel[i]);
        ck_assert_int_eq(r.end, PLAY_DONE);
        ck_assert_uint_eq(r.result->count, 14);
        assert_failed(&r, "bad/now bad/late");
        ck_assert_str_eq(r.result->cases[4]->id, "bad/now"); /* in the order of the suite */
        const struct case_result *late = result_of(&r, "bad/late");
        ck_assert_msg(strncmp(late->detail, "the testee died: signal 11", 26) == 0, "%s", late->detail);
        ck_assert_str_eq(late->stderr_tail, "signal 11\nboom\n");
        ck_assert_str_eq(result_of(&r, "ok/b1")->stderr_tail, "");
        ck_assert_uint_ge(r.told, 14);
        bury(&r, &m);
    }
}
END_TEST

START_TEST(a_death_that_does_not_repeat_is_not_lost)
{
    struct run r;
    struct mortal m = {.comes_back = true};
    play_mortal(&r, &m, GOOD4("a") CASE("bad/moody", "moody") GOOD4("b"), 4);
    ck_assert_int_eq(r.end, PLAY_DONE);
    struct run_summary summary = run_summary(r.result);
    ck_assert_uint_eq(summary.by[VERDICT_FAIL], 1);
    ck_assert_uint_eq(summary.by[VERDICT_PASS], 8);
    for (size_t i = 0; i < r.result->count; i++)
        if (r.result->cases[i]->verdict == VERDICT_FAIL)
            ck_assert_ptr_nonnull(strstr(r.result->cases[i]->detail, "alone, none of them does it"));
    bury(&r, &m);
}
END_TEST

START_TEST(a_testee_that_stays_dead_ends_the_run)
{
    struct run r;
    struct mortal m = {.comes_back = false};
    play_mortal(&r, &m, GOOD4("a") CASE("bad/now", "die") GOOD4("b") GOOD4("c"), 1);
    ck_assert_int_eq(r.end, PLAY_LOST);
    ck_assert(r.result->interrupted);
    ck_assert_uint_eq(r.result->planned, 13);
    ck_assert_uint_eq(r.result->count, 13);
    ck_assert_uint_eq(run_summary(r.result).not_played, 8);
    ck_assert(!result_of(&r, "bad/now")->not_played);
    ck_assert_int_eq(result_of(&r, "bad/now")->verdict, VERDICT_FAIL);
    ck_assert(r.result->cases[12]->not_played && r.result->cases[12]->title[0] != 0);
    ck_assert_int_eq(r.result->cases[12]->verdict, VERDICT_ERROR);
    ck_assert_ptr_nonnull(strstr(r.result->cases[12]->detail, "not played: the testee died"));
    ck_assert_ptr_nonnull(strstr(r.why.text, "it stays dead"));
    ck_assert_int_eq(run_exit_status(r.result), 1);
    run_end(&r);
}
END_TEST

/* Who else was under way may be the reason as well, and each of them says so. */
START_TEST(those_under_way_with_it_are_counted)
{
    struct run r;
    struct mortal m = {.comes_back = false};
    play_mortal(&r, &m, GOOD4("a") "case waits \"x\" each n 1 2 3 4\n  connect\n  wait 5s\n\n" CASE("bad/now", "die")
                GOOD4("b"), 5);
    ck_assert_int_eq(r.end, PLAY_LOST);
    ck_assert_uint_eq(run_summary(r.result).by[VERDICT_FAIL], 5);
    for (size_t i = 0; i < r.result->count; i++)
        if (r.result->cases[i]->verdict == VERDICT_FAIL)
            ck_assert_msg(strstr(r.result->cases[i]->detail, ", while this was one of 5 cases under way: any of them "
                                 "may be the reason") != NULL, "%s", r.result->cases[i]->detail);
    run_end(&r);
}
END_TEST

START_TEST(a_testee_that_dies_again_and_again_is_given_up)
{
    static const char killers[] =
        "case bad \"x\" each n 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30\n"
        "  connect\n  send raw \"die\"\n  expect eof\n";
    struct run r;
    struct mortal m = {.comes_back = true};
    play_mortal(&r, &m, killers, 1);
    ck_assert_int_eq(r.end, PLAY_LOST);
    ck_assert_int_eq(m.deaths, LIMIT_RESTARTS + 1);
    ck_assert_uint_eq(r.result->count, 30);
    ck_assert_uint_gt(run_summary(r.result).not_played, 0);
    ck_assert_ptr_nonnull(strstr(r.why.text, "given up after"));
    ck_assert_int_eq(run_exit_status(r.result), 1);
    run_end(&r);
}
END_TEST

START_TEST(a_script_that_kills_the_testee_is_not_blamed)
{
    struct run r;
    struct mortal m = {.comes_back = true};
    play_mortal(&r, &m, GOOD4("a") "case kill \"x\"\n  connect\n  testee kill\n\n" GOOD4("b"), 8);
    ck_assert_int_eq(r.end, PLAY_DONE);
    assert_failed(&r, "");
    ck_assert_int_eq(m.deaths, 1);
    bury(&r, &m);
}
END_TEST

START_TEST(nobody_there)
{
    struct run r;
    run_begin(&r, CASE("a", "ok"), 1, 8);
    r.end = suite_play(&r.suite, &r.config, r.result, &r.why);
    ck_assert_int_eq(r.end, PLAY_NO_TESTEE);
    ck_assert_str_eq(r.why.text, "nothing listens on 127.0.0.1:1 (connection refused)");
    ck_assert_uint_eq(r.result->count, 0);
    ck_assert_uint_eq(r.told, 0);
    run_end(&r);
}
END_TEST

static struct peer *peer_of(struct run *r, const char *fault)
{
    struct peer_config config = {.fault = fault == NULL ? NULL : peer_fault_find(fault), .seed = 3};
    struct peer *peer = peer_start(r->loop, &config, NULL);
    ck_assert_ptr_nonnull(peer);
    r->testee.url.port = peer_port(peer);
    return peer;
}

static const char echoes[] = "case e \"x\" each n 1 2 3 4 5 6 7 8 9\n  open\n  send text random(9)\n  wait ${n}ms\n"
                             "  fence\n";
static const char texts[] = "case e \"x\" each n 1 2 3 4 5 6 7 8 9\n  open\n  send text text(9)\n  wait 1ms\n"
                            "  expect echo\n";

/* What each case sent, as a digest. */
static void sent(unsigned parallel, uint64_t seed, uint64_t digests[9])
{
    struct run r;
    run_begin(&r, texts, 0, parallel);
    r.config.echoes = true;
    r.config.runner.seed = seed;
    struct peer *peer = peer_of(&r, NULL);
    ck_assert_int_eq(suite_play(&r.suite, &r.config, r.result, &r.why), PLAY_DONE);
    assert_failed(&r, "");
    ck_assert_uint_eq(r.result->ended, 9);
    for (size_t i = 0; i < 9; i++)
        digests[i] = r.result->cases[i]->sent_digest;
    peer_stop(peer);
    run_end(&r);
}

START_TEST(a_known_failure_does_not_end_the_run)
{
    struct run r;
    struct baseline_row row = {.id = "bad/now", .reason = "it always did"};
    struct baseline known = {.rows = &row, .count = 1};
    struct mortal m = {.comes_back = true};
    mortal_begin(&r, &m, GOOD4("a") CASE("bad/now", "die") GOOD4("b"), 4);
    r.config.fail_fast = true;
    r.config.baseline = &known;
    r.end = suite_play(&r.suite, &r.config, r.result, &r.why);
    ck_assert_int_eq(r.end, PLAY_DONE);
    ck_assert_str_eq(result_of(&r, "bad/now")->known, "it always did");
    ck_assert_ptr_null(r.result->cases[0]->known);
    ck_assert_uint_eq(run_summary(r.result).by[VERDICT_FAIL], 1);
    ck_assert_uint_eq(run_summary(r.result).known, 1);
    ck_assert_int_eq(run_exit_status(r.result), 0);
    bury(&r, &m);
}
END_TEST

START_TEST(who_finds_nobody_for_a_moment_is_played_again)
{
    struct run r;
    struct mortal m = {.comes_back = true, .shies = 1};
    play_mortal(&r, &m, GOOD4("a") CASE("shy", "shy") CASE("b", "b") GOOD4("c"), 1);
    ck_assert_int_eq(r.end, PLAY_DONE);
    assert_failed(&r, "");
    ck_assert_uint_eq(run_summary(r.result).by[VERDICT_PASS], 10);
    ck_assert_uint_eq(r.told, 10);
    ck_assert_int_eq(m.deaths, 0);
    bury(&r, &m);
}
END_TEST

START_TEST(rounds_are_counted)
{
    struct run r;
    struct mortal m = {.comes_back = true};
    mortal_begin(&r, &m, CASE("a", "a") CASE("bad/moody", "moody") CASE("b", "b"), 1);
    ck_assert(suite_repeat(&r.suite, 3));
    r.end = suite_play(&r.suite, &r.config, r.result, &r.why); /* it dies in the first round only */
    ck_assert_int_eq(r.end, PLAY_DONE);
    ck_assert_uint_eq(r.result->count, 9);
    ck_assert_uint_eq(r.result->rounds, 3);
    size_t by[VERDICTS];
    ck_assert(!run_is_flaky(r.result, 0, by));
    ck_assert_uint_eq(by[VERDICT_PASS], 3);
    ck_assert(run_is_flaky(r.result, 1, by));
    ck_assert(by[VERDICT_PASS] == 2 && by[VERDICT_FAIL] == 1);
    ck_assert_uint_eq(r.result->cases[0]->round, 1);
    ck_assert_uint_eq(r.result->cases[8]->round, 3);
    ck_assert_uint_eq(r.result->cases[1]->sent_digest, r.result->cases[4]->sent_digest);
    bury(&r, &m);
}
END_TEST

START_TEST(the_same_bytes_whatever_plays_beside)
{
    uint64_t alone[9], together[9], other[9];
    sent(1, 7, alone);
    sent(8, 7, together);
    sent(8, 8, other);
    ck_assert_mem_eq(alone, together, sizeof alone);
    for (size_t i = 0; i < 9; i++) {
        ck_assert_uint_ne(alone[i], other[i]);
        ck_assert(i == 0 || alone[i] != alone[i - 1]);
    }
}
END_TEST

START_TEST(fail_fast_begins_nothing_more)
{
    struct run r;
    run_begin(&r, echoes, 0, 2);
    r.config.fail_fast = true;
    struct peer *peer = peer_of(&r, NULL);
    r.end = suite_play(&r.suite, &r.config, r.result, &r.why); /* random bytes as text: the peer fails them */
    ck_assert_int_eq(r.end, PLAY_FAIL_FAST);
    ck_assert(r.result->interrupted);
    ck_assert_uint_le(r.result->count, 4);
    ck_assert_uint_ge(run_summary(r.result).by[VERDICT_FAIL], 1);
    peer_stop(peer);
    run_end(&r);
}
END_TEST

static void keep_note(void *arg, const char *text)
{
    (void)arg;
    ck_assert_msg(strncmp(text, "a plain open and echo fails: ", 29) == 0, "%s", text);
}

START_TEST(a_testee_that_never_echoed_is_not_lost)
{
    struct run r;
    run_begin(&r, texts, 0, 3);
    r.config.echoes = true;
    r.config.note = keep_note;
    struct peer *peer = peer_of(&r, "accept-key-wrong");
    r.end = suite_play(&r.suite, &r.config, r.result, &r.why);
    ck_assert_int_eq(r.end, PLAY_DONE);
    ck_assert_uint_eq(run_summary(r.result).by[VERDICT_FAIL], 9);
    peer_stop(peer);
    run_end(&r);
}
END_TEST

UNIT_MAIN("suite_play", who_kills_the_testee_is_found, a_death_that_does_not_repeat_is_not_lost,
          a_testee_that_stays_dead_ends_the_run, those_under_way_with_it_are_counted,
          a_testee_that_dies_again_and_again_is_given_up,
          a_script_that_kills_the_testee_is_not_blamed, nobody_there,
          a_known_failure_does_not_end_the_run,
          who_finds_nobody_for_a_moment_is_played_again, rounds_are_counted, the_same_bytes_whatever_plays_beside,
          fail_fast_begins_nothing_more, a_testee_that_never_echoed_is_not_lost)
