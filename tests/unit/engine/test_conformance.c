/* The suite is tested by the peer, and the peer by the suite: the correct peer
 * passes every case, and each deliberate defect is caught by the case that its
 * row in peer_faults.def names. In the simulation, where a second costs nothing. */
#include "unit.h"

#include "engine/peer/peer_testee.h"
#include "engine/suite/suite.h"

enum { SEED = 0x57a1, LARGE = 64 << 10 /* what takes its time is played once */ };

struct stage {
    struct loop *loop;
    struct peer_testee peer;
    struct testee testee;
    struct runner_config config;
};

static const char *const spoken[] = {"chat", "superchat", NULL};

static void stage_set(struct stage *s, const struct peer_fault *fault)
{
    memset(s, 0, sizeof *s);
    s->loop = loop_sim_new(SEED, &(struct sim_options){.latency_ns = NS_PER_MS});
    struct diag why = {0};
    struct peer_config config = {.deflate = {.enabled = true}, .protocols = spoken, .fault = fault, .seed = SEED};
    ck_assert_msg(peer_testee_start(&s->peer, s->loop, &config, &why), "%s", why.text);
    char url[64];
    const char *reason = NULL;
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", peer_testee_port(&s->peer));
    ck_assert(ws_url_parse(&s->testee.url, url, false, &reason));
    s->testee.loop = s->loop;
    s->testee.ops = peer_testee_ops();
    s->testee.ops_arg = &s->peer;
    s->config = (struct runner_config){.loop = s->loop, .testee = &s->testee, .role = WS_CLIENT, .seed = SEED};
}

static void stage_clear(struct stage *s)
{
    peer_testee_end(&s->peer);
    loop_free(s->loop);
}

static void over(void *arg, struct case_result *result, const struct trace *trace)
{
    (void)result;
    (void)trace;
    loop_stop(arg);
}

/* Plays one case to its end; the result belongs to the run. */
static struct case_result *play(struct stage *s, const struct test_case *test, struct run_result *run)
{
    struct case_result *result = run_result_add(run);
    ck_assert_ptr_nonnull(result);
    struct runner *runner = runner_start(&s->config, test, run, result, over, s->loop);
    ck_assert_ptr_nonnull(runner);
    loop_run(s->loop);
    return result;
}

/* All folders: what is not a scenario is a case of the suite. */
static const char *const *const conformance = NULL;
static const char *const stories[] = {"recovery", NULL};

static void gather(struct suite *suite, const char *const *folders, size_t least)
{
    struct diag why = {0};
    memset(suite, 0, sizeof *suite);
    ck_assert_msg(suite_add_embedded(suite, folders, &why), "%s", why.text);
    suite_filter(suite, &(struct suite_filter){.role = TESTED_SERVER, .no_scenarios = folders == NULL});
    ck_assert_uint_ge(suite->case_count, least);
}

/* Nothing else is between a case and this peer (TLS is played by tests/e2e/suite.sh). */
static bool lacks_tls(const struct test_case *test)
{
    return test->needs[FORM_NEEDS_TLS];
}

START_TEST(the_correct_peer_passes_every_case)
{
    struct suite suite;
    gather(&suite, conformance, 80);
    struct run_result *run = run_result_new();
    for (size_t i = 0; i < suite.case_count; i++) {
        struct stage s;
        stage_set(&s, NULL);
        const struct case_result *r = play(&s, suite.cases[i].test, run);
        enum verdict due = lacks_tls(suite.cases[i].test) ? VERDICT_UNIMPLEMENTED : VERDICT_PASS;
        ck_assert_msg(r->verdict == due || r->verdict == VERDICT_INFO, "%s is %s: expected %s, seen %s (%s)",
                      r->id, verdict_word(r->verdict), r->expected, r->seen, r->detail);
        ck_assert_msg(r->close_verdict == CLOSE_OK || r->close_verdict == CLOSE_NONE, "%s closes %s: %s", r->id,
                      close_verdict_word(r->close_verdict), r->detail);
        stage_clear(&s);
    }
    run_result_free(run);
    suite_free(&suite);
}
END_TEST

/* Restarts, kills and hangs among them; what the peer lacks (TLS here, a subprotocol) is said and no more. */
START_TEST(the_correct_peer_plays_every_story)
{
    struct suite suite;
    gather(&suite, stories, 12);
    struct run_result *run = run_result_new();
    for (size_t i = 0; i < suite.case_count; i++) {
        const struct test_case *test = suite.cases[i].test;
        bool lacks = test->needs[FORM_NEEDS_TLS] || test->needs[FORM_NEEDS_PROTOCOL];
        struct stage s;
        stage_set(&s, NULL);
        const struct case_result *r = play(&s, test, run);
        ck_assert_msg(r->verdict == (lacks ? VERDICT_UNIMPLEMENTED : VERDICT_PASS),
                      "%s is %s: expected %s, seen %s (%s)", r->id, verdict_word(r->verdict), r->expected, r->seen,
                      r->detail);
        stage_clear(&s);
    }
    run_result_free(run);
    suite_free(&suite);
}
END_TEST

/* Is this the case that a row names, or one of its family? */
static bool is_named(const char *id, const char *name)
{
    size_t n = strlen(name);
    return strncmp(id, name, n) == 0 && (id[n] == 0 || id[n] == '/');
}

/* The worst verdict that the named case gives; VERDICTS when there is no such case. */
static enum verdict caught_as(const struct suite *suite, const struct peer_fault *fault)
{
    enum verdict worst = VERDICTS;
    struct run_result *run = run_result_new();
    for (size_t i = 0; i < suite->case_count; i++) {
        if (!is_named(suite->cases[i].test->id, fault->caught_by))
            continue;
        struct stage s;
        stage_set(&s, fault);
        enum verdict v = play(&s, suite->cases[i].test, run)->verdict;
        if (worst == VERDICTS || (v != VERDICT_ERROR && v > worst))
            worst = v;
        stage_clear(&s);
    }
    run_result_free(run);
    return worst;
}

START_TEST(each_defect_is_caught_by_the_case_that_its_row_names)
{
    struct suite suite;
    gather(&suite, conformance, 80);
    size_t count, missed = 0;
    const struct peer_fault *faults = peer_faults(&count);
    ck_assert_uint_ge(count, 30);
    for (size_t i = 0; i < count; i++) {
        enum verdict v = caught_as(&suite, &faults[i]);
        if (v != VERDICT_FAIL) {
            fprintf(stderr, "%s is not caught by %s: %s\n", faults[i].name, faults[i].caught_by,
                    v == VERDICTS ? "no such case" : verdict_word(v));
            missed++;
        }
    }
    ck_assert_uint_eq(missed, 0);
    suite_free(&suite);
}
END_TEST

START_TEST(the_same_seed_plays_the_same_byte_for_byte)
{
    struct suite suite;
    gather(&suite, conformance, 80);
    struct run_result *run = run_result_new();
    for (size_t i = 0; i < suite.case_count; i++) {
        if (runner_weight(suite.cases[i].test) > LARGE)
            continue;
        const char *trace[2];
        for (int turn = 0; turn < 2; turn++) {
            struct stage s;
            stage_set(&s, NULL);
            trace[turn] = play(&s, suite.cases[i].test, run)->trace;
            stage_clear(&s);
        }
        ck_assert_str_eq(trace[0], trace[1]);
        ck_assert_str_ne(trace[0], "");
    }
    run_result_free(run);
    suite_free(&suite);
}
END_TEST

UNIT_MAIN("conformance", the_correct_peer_passes_every_case, the_correct_peer_plays_every_story,
          each_defect_is_caught_by_the_case_that_its_row_names,
          the_same_seed_plays_the_same_byte_for_byte)
