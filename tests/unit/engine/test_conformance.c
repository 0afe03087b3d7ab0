/* The suite is tested by the peer, and the peer by the suite: the correct peer
 * passes every case, and each deliberate defect is caught by the case that its
 * row in peer_faults.def names. In the simulation, where a second costs nothing. */
#include "unit.h"

#include "engine/suite/rehearsal.h"
#include "engine/suite/suite.h"

enum { SEED = 0x57a1, LARGE = 64 << 10 /* what takes its time is played once */ };

/* Cases and defects are many, and the answer is the same in every build: gcc's plays them all, the others a sample. */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
enum { STRIDE = 12 };
#else
enum { STRIDE = 1 };
#endif

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
        const struct case_result *r = rehearse(suite.cases[i].test, NULL, SEED, run);
        ck_assert_ptr_nonnull(r);
        enum verdict due = lacks_tls(suite.cases[i].test) ? VERDICT_UNIMPLEMENTED : VERDICT_PASS;
        ck_assert_msg(r->verdict == due || r->verdict == VERDICT_INFO, "%s is %s: expected %s, seen %s (%s)",
                      r->id, verdict_word(r->verdict), r->expected, r->seen, r->detail);
        ck_assert_msg(r->close_verdict == CLOSE_OK || r->close_verdict == CLOSE_NONE, "%s closes %s: %s", r->id,
                      close_verdict_word(r->close_verdict), r->detail);
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
        const struct case_result *r = rehearse(test, NULL, SEED, run);
        ck_assert_ptr_nonnull(r);
        ck_assert_msg(r->verdict == (lacks ? VERDICT_UNIMPLEMENTED : VERDICT_PASS),
                      "%s is %s: expected %s, seen %s (%s)", r->id, verdict_word(r->verdict), r->expected, r->seen,
                      r->detail);
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

/* Is it noticed by the named case, or one of its family? A case that shows what must be has to fail. */
static const char *missed_because(const struct suite *suite, const struct peer_fault *fault)
{
    const char *why = "there is no such case";
    for (size_t i = 0; i < suite->case_count; i++) {
        const struct test_case *test = suite->cases[i].test;
        if (!is_named(test->id, fault->caught_by))
            continue;
        if (rehearsal_notices(test, fault, SEED))
            return NULL;
        why = "it does not notice";
    }
    return why;
}

START_TEST(each_defect_is_caught_by_the_case_that_its_row_names)
{
    struct suite suite;
    gather(&suite, conformance, 80);
    size_t count, missed = 0;
    const struct peer_fault *faults = peer_faults(&count);
    ck_assert_uint_ge(count, 120);
    for (size_t i = 0; i < count; i += STRIDE) {
        const char *why = faults[i].needs_tls ? NULL : missed_because(&suite, &faults[i]);
        if (why != NULL) {
            fprintf(stderr, "%s is not caught by %s: %s\n", faults[i].name, faults[i].caught_by, why);
            missed++;
        }
    }
    ck_assert_uint_eq(missed, 0);
    suite_free(&suite);
}
END_TEST

/* Does a row name this very case? Then it notices the row's defect, as the test above has shown. */
static bool is_named_by_a_row(const char *id)
{
    size_t count;
    const struct peer_fault *faults = peer_faults(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(faults[i].caught_by, id) == 0)
            return true;
    return false;
}

/* A handshake case may be about what every connection begins with; any other has to notice a defect that a plain
 * open, echo and close does not, or be the one that a row names. */
static bool has_teeth(const struct test_case *test, struct rehearsal_faults *faults, struct rehearsal_faults *quiet)
{
    if (is_named_by_a_row(test->id))
        return true;
    bool handshake = strncmp(test->id, "handshake/", strlen("handshake/")) == 0;
    return rehearsal_noticed(test, quiet, SEED) != NULL || (handshake && rehearsal_noticed(test, faults, SEED) != NULL);
}

START_TEST(each_case_notices_a_defect)
{
    struct suite suite;
    struct rehearsal_faults faults, quiet;
    size_t toothless = 0;
    gather(&suite, conformance, 900);
    ck_assert(rehearsal_faults_read(&faults, SEED) && rehearsal_faults_read(&quiet, SEED));
    quiet.count = quiet.quiet;
    for (size_t i = 0; i < suite.case_count; i += STRIDE) {
        const struct test_case *test = suite.cases[i].test;
        if (lacks_tls(test) || has_teeth(test, &faults, &quiet))
            continue;
        fprintf(stderr, "no defect makes %s come out worse\n", test->id);
        toothless++;
    }
    ck_assert_uint_eq(toothless, 0);
    rehearsal_faults_free(&faults);
    rehearsal_faults_free(&quiet);
    suite_free(&suite);
}
END_TEST

static enum verdict verdict_of(const struct test_case *test, const struct peer_fault *fault)
{
    struct run_result *run = run_result_new();
    const struct case_result *r = rehearse(test, fault, SEED, run);
    ck_assert_ptr_nonnull(r);
    enum verdict v = r->verdict;
    run_result_free(run);
    return v;
}

static const struct test_case *find_case(const struct suite *suite, const char *id)
{
    for (size_t i = 0; i < suite->case_count; i++)
        if (strcmp(suite->cases[i].test->id, id) == 0)
            return suite->cases[i].test;
    ck_abort_msg("no case %s", id);
}

/* The case's `repeat N full M` repeats N times, or M. */
static void set_rounds(const struct test_case *test, bool full)
{
    for (struct step *s = test->steps; s != NULL; s = s->next)
        for (struct setting *count = s->settings; s->form == FORM_REPEAT && count != NULL; count = count->next)
            if (count->slot == SLOT_COUNT)
                count->value.number = full ? step_number(s, SLOT_FULL, 0) : 4;
}

/* Of Autobahn's sections 12 and 13 we play four messages a case, with --full a thousand. */
START_TEST(four_messages_show_what_a_thousand_do)
{
    static const char *const ids[] = {"sizes/asked-both/9/256", "sizes/binary/play/64"};
    struct suite suite;
    gather(&suite, conformance, 80);
    size_t count, shown = 0;
    const struct peer_fault *faults = peer_faults(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; faults[i].needs_deflate && n < sizeof ids / sizeof *ids; n++) {
            const struct test_case *test = find_case(&suite, ids[n]);
            enum verdict few = verdict_of(test, &faults[i]);
            set_rounds(test, true);
            ck_assert_msg(few == verdict_of(test, &faults[i]), "%s: %s", faults[i].name, ids[n]);
            set_rounds(test, false);
            shown += few == VERDICT_FAIL;
        }
    }
    ck_assert_uint_ge(shown, 10);
    suite_free(&suite);
}
END_TEST

START_TEST(the_same_seed_plays_the_same_byte_for_byte)
{
    struct suite suite;
    gather(&suite, conformance, 80);
    struct run_result *run = run_result_new();
    for (size_t i = 0; i < suite.case_count; i += STRIDE) {
        if (runner_weight(suite.cases[i].test) > LARGE)
            continue;
        const char *trace[2];
        for (int turn = 0; turn < 2; turn++) {
            const struct case_result *r = rehearse(suite.cases[i].test, NULL, SEED, run);
            ck_assert_ptr_nonnull(r);
            trace[turn] = r->trace;
        }
        ck_assert_str_eq(trace[0], trace[1]);
        ck_assert_str_ne(trace[0], "");
    }
    run_result_free(run);
    suite_free(&suite);
}
END_TEST

UNIT_MAIN("conformance", the_correct_peer_passes_every_case, the_correct_peer_plays_every_story,
          each_defect_is_caught_by_the_case_that_its_row_names, each_case_notices_a_defect,
          four_messages_show_what_a_thousand_do, the_same_seed_plays_the_same_byte_for_byte)
