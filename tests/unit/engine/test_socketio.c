/* The cases for Socket.IO are tested by the reference peer, and the peer by the
 * cases: the correct one passes them all with either version of Engine.IO, each
 * deliberate defect is caught by the case that its row in socketio_faults.def
 * names, and each case notices some defect. In the simulation. */
#include "unit.h"

#include "engine/peer/peer_conn.h"
#include "engine/suite/rehearsal.h"
#include "engine/suite/suite.h"

enum { SEED = 0x510, EIO_OLD = 3, EIO_NEW = 4 };

/* Cases times defects are many, and the answer is the same in every build. */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
enum { STRIDE = 7 };
#else
enum { STRIDE = 1 };
#endif

static struct suite suite;

static void setup(void)
{
    struct diag why = {0};
    ck_assert_msg(suite_add_embedded(&suite, suite_socketio, &why), "%s", why.text);
    suite_filter(&suite, &(struct suite_filter){.role = TESTED_SERVER});
    ck_assert_uint_ge(suite.case_count, 60);
}

static void teardown(void) { suite_free(&suite); }

static enum verdict verdict_of(const struct test_case *test, const struct peer_fault *fault, unsigned eio)
{
    struct run_result *run = run_result_new();
    const struct case_result *result = rehearse_socketio(test, fault, eio, SEED, run);
    ck_assert_ptr_nonnull(result);
    enum verdict verdict = result->verdict;
    if (fault == NULL && verdict >= VERDICT_FAIL)
        fprintf(stderr, "%s: %s, expected %s, seen %s\n", result->id, result->detail, result->expected, result->seen);
    run_result_free(run);
    return verdict;
}

static bool is_fine(enum verdict verdict)
{
    return verdict == VERDICT_PASS || verdict == VERDICT_INFO || verdict == VERDICT_UNIMPLEMENTED;
}

START_TEST(the_correct_peer_passes_every_case_in_both_versions)
{
    setup();
    for (size_t i = 0; i < suite.case_count; i++) {
        const struct test_case *test = suite.cases[i].test;
        enum verdict new = verdict_of(test, NULL, EIO_NEW), old = verdict_of(test, NULL, EIO_OLD);
        ck_assert_msg(is_fine(new) && is_fine(old), "%s is %s and %s", test->id, verdict_word(new), verdict_word(old));
        ck_assert_msg(new != VERDICT_UNIMPLEMENTED || old != VERDICT_UNIMPLEMENTED, "%s is never played", test->id);
    }
    teardown();
}
END_TEST

static bool notices(const struct test_case *test, const struct peer_fault *fault, unsigned eio)
{
    enum verdict verdict = verdict_of(test, fault, eio);
    return verdict != VERDICT_UNIMPLEMENTED && verdict_is_worse(verdict, VERDICT_INFO);
}

static const struct test_case *case_of(const char *id)
{
    for (size_t i = 0; i < suite.case_count; i++)
        if (strcmp(suite.cases[i].test->id, id) == 0)
            return suite.cases[i].test;
    return NULL;
}

START_TEST(each_defect_is_caught_by_the_case_that_its_row_names)
{
    size_t count, missed = 0;
    const struct peer_fault *faults = socketio_faults(&count);
    setup();
    ck_assert_uint_ge(count, 60);
    for (size_t i = 0; i < count; i += STRIDE) {
        const struct test_case *test = case_of(faults[i].caught_by);
        bool caught = test != NULL && notices(test, &faults[i], faults[i].hooks->eio);
        if (!caught)
            fprintf(stderr, "%s is not caught by %s\n", faults[i].name, faults[i].caught_by);
        missed += !caught;
    }
    ck_assert_uint_eq(missed, 0);
    teardown();
}
END_TEST

static bool notices_any(const struct test_case *test)
{
    size_t count;
    const struct peer_fault *faults = socketio_faults(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(faults[i].caught_by, test->id) == 0)
            return true;
    for (size_t i = 0; i < count; i++)
        if (notices(test, &faults[i], faults[i].hooks->eio))
            return true;
    return false;
}

START_TEST(each_case_notices_some_defect)
{
    size_t blind = 0;
    setup();
    for (size_t i = 0; i < suite.case_count; i += STRIDE) {
        bool seen = notices_any(suite.cases[i].test);
        if (!seen)
            fprintf(stderr, "%s notices no defect\n", suite.cases[i].test->id);
        blind += !seen;
    }
    ck_assert_uint_eq(blind, 0);
    teardown();
}
END_TEST

UNIT_MAIN("socketio", the_correct_peer_passes_every_case_in_both_versions,
          each_defect_is_caught_by_the_case_that_its_row_names, each_case_notices_some_defect)
