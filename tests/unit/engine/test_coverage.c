/* Requirement coverage: counted as it should be on a suite of three cases, and
 * what is promised of the embedded one: for either role at least 95 % of the
 * requirements that can be shown over HTTP/1.1, and a reason for each of the others. */
#include "unit.h"

#include "engine/suite/coverage.h"

enum { PROMISED_PERCENT = 95 };

static const char text[] = "case a \"for both\"\n  must 3629-nul-ok\n  open\n"
                           "case b \"for servers\"\n  testee server\n  must 3629-nul-ok\n  must 3629-max\n  open\n"
                           "case c \"for clients\"\n  testee client\n  may 3629-no-normalisation\n  open\n"
                           "scenario \"counts for nothing\"\n  open\n";

static struct requirements requirements;

static void setup(void)
{
    ck_assert(requirements_read(&requirements));
}

static void teardown(void)
{
    requirements_free(&requirements);
}

static const struct coverage_document *document(const struct coverage *coverage, const char *name)
{
    for (size_t i = 0; i < coverage->count; i++)
        if (strcmp(coverage->documents[i].document, name) == 0)
            return &coverage->documents[i];
    ck_abort_msg("no document %s", name);
    return NULL;
}

START_TEST(cases_count_for_their_role_and_basis)
{
    struct buf errors;
    unsigned mistakes;
    buf_init(&errors, 0);
    setup();
    struct script *script = script_parse("t.wsg", text, sizeof text - 1, &errors, &mistakes);
    ck_assert_msg(mistakes == 0, "%s", buf_text(&errors));
    struct suite_case cases[4];
    ck_assert_uint_eq(script->case_count, 4);
    for (size_t i = 0; i < 4; i++)
        cases[i] = (struct suite_case){.test = &script->cases[i], .script = script};
    struct suite suite = {.cases = cases, .case_count = 4};
    struct coverage coverage;
    ck_assert(coverage_count(&suite, &requirements, &coverage));
    const struct coverage_document *d = document(&coverage, "RFC3629");
    ck_assert_uint_eq(d->counts[ROLE_SERVER][BASIS_EXPLICIT].shown, 1); /* 3629-max */
    ck_assert_uint_eq(d->counts[ROLE_SERVER][BASIS_DERIVED].shown, 1);  /* 3629-nul-ok */
    ck_assert_uint_eq(d->counts[ROLE_CLIENT][BASIS_EXPLICIT].shown, 0);
    ck_assert_uint_eq(d->counts[ROLE_CLIENT][BASIS_DERIVED].shown, 2);  /* and 3629-no-normalisation */
    ck_assert_uint_eq(coverage_sum(d, ROLE_SERVER).testable, 15);
    ck_assert_uint_eq(coverage_percent(coverage_sum(d, ROLE_SERVER)), 13);
    ck_assert_uint_eq(coverage_percent((struct coverage_count){0}), 100);
    coverage_free(&coverage);
    script_free(script);
    buf_free(&errors);
    teardown();
}
END_TEST

/* Documents whose coverage is promised; of the first two for each role, of all together. */
static const char *const promised[] = {"RFC6455", "RFC7692", "RFC9110", "RFC9112", "RFC3629", "IANA-WS"};

static void check_reason(const struct requirement *row, enum tested_role role, size_t cases)
{
    if (row->without[role] == NULL)
        return;
    ck_assert_msg(row->without[role][0] != 0, "%s: an empty reason", row->id);
    ck_assert_msg(cases == 0, "%s has %zu cases for a %s and a reason for none", row->id, cases,
                  tested_role_word(role));
}

static void check_promise(const struct coverage *coverage, enum tested_role role)
{
    struct coverage_count all = {0};
    for (size_t i = 0; i < sizeof promised / sizeof *promised; i++) {
        struct coverage_count sum = coverage_sum(document(coverage, promised[i]), role);
        ck_assert_msg(sum.testable == sum.shown + sum.explained, "%s, %s: %zu requirements without a case or a reason",
                      promised[i], tested_role_word(role), sum.testable - sum.shown - sum.explained);
        ck_assert_msg(i > 1 || coverage_percent(sum) >= PROMISED_PERCENT, "%s, %s: %u %%", promised[i],
                      tested_role_word(role), coverage_percent(sum));
        all.testable += sum.testable;
        all.shown += sum.shown;
    }
    ck_assert_uint_ge(coverage_percent(all), PROMISED_PERCENT);
}

START_TEST(what_is_promised_has_a_case_or_a_reason)
{
    struct suite suite = {0};
    struct coverage coverage;
    struct diag why = {0};
    setup();
    ck_assert_msg(suite_add_embedded(&suite, NULL, &why), "%s", why.text);
    ck_assert(coverage_count(&suite, &requirements, &coverage));
    for (size_t i = 0; i < requirements.count; i++)
        for (enum tested_role role = 0; role < ROLES; role++)
            check_reason(&requirements.rows[i], role, coverage.cases[role][i]);
    for (enum tested_role role = 0; role < ROLES; role++)
        check_promise(&coverage, role);
    coverage_free(&coverage);
    suite_free(&suite);
    teardown();
}
END_TEST

UNIT_MAIN("coverage", cases_count_for_their_role_and_basis, what_is_promised_has_a_case_or_a_reason)
