/* Autobahn|Testsuite's cases are played by ours: each of its 517 ids is the
 * alias of exactly one case, and no alias is made up. Where our
 * verdict is another on purpose, it is the one that docs/autobahn.md promises. */
#include "stage.h"

#include "engine/suite/suite.h"

enum { IDS_MAX = 600, ID_SIZE = 16 };

static char ids[IDS_MAX][ID_SIZE];
static size_t id_count;
static const char *owners[IDS_MAX]; /* the case that has the id for an alias */

static void read_ids(void)
{
    char *file = unit_file("tests/vectors/autobahn-ids.txt", NULL), *rest;
    for (char *id = strtok_r(file, "\n", &rest); id; id = strtok_r(NULL, "\n", &rest)) {
        ck_assert_uint_lt(id_count, IDS_MAX);
        ck_assert_uint_lt(strlen(id), ID_SIZE);
        memcpy(ids[id_count++], id, strlen(id) + 1);
    }
    free(file);
    ck_assert_uint_eq(id_count, 517);
}

static size_t number_of(const char *id)
{
    size_t i = 0;
    while (i < id_count && strcmp(ids[i], id) != 0)
        i++;
    return i;
}

static size_t claim(const struct test_case *test)
{
    size_t wrong = 0;
    for (size_t i = 0; test->autobahn && test->autobahn[i]; i++) {
        size_t n = number_of(test->autobahn[i]);
        if (n == id_count)
            fprintf(stderr, "%s: there is no case %s\n", test->id, test->autobahn[i]);
        else if (owners[n])
            fprintf(stderr, "%s: %s is the alias of %s already\n", test->id, ids[n], owners[n]);
        wrong += n == id_count || owners[n];
        if (n < id_count)
            owners[n] = test->id;
    }
    return wrong;
}

START_TEST(each_id_is_the_alias_of_one_case)
{
    struct suite suite = {0};
    struct diag why = {0};
    size_t wrong = 0;
    read_ids();
    ck_assert_msg(suite_add_embedded(&suite, (const char *const[]){"handshake", "rfc6455", "rfc7692", NULL}, &why),
                  "%s", why.text);
    for (size_t i = 0; i < suite.case_count; i++)
        wrong += claim(suite.cases[i].test);
    for (size_t n = 0; n < id_count; n++) {
        if (!owners[n])
            fprintf(stderr, "%s is the alias of no case\n", ids[n]);
        wrong += !owners[n];
    }
    ck_assert_uint_eq(wrong, 0);
    suite_free(&suite);
}
END_TEST

/* Both parties of a case are tested with it, as theirs are. */
START_TEST(each_of_them_is_for_both_roles)
{
    struct suite suite = {0};
    struct diag why = {0};
    ck_assert(suite_add_embedded(&suite, (const char *const[]){"rfc6455", "rfc7692", NULL}, &why));
    for (size_t i = 0; i < suite.case_count; i++) {
        const struct test_case *test = suite.cases[i].test;
        if (test->autobahn && test->autobahn[0])
            ck_assert_msg(test->tested == TESTED_BOTH, "%s is for one role", test->id);
    }
    suite_free(&suite);
}
END_TEST

/* ---- where our verdict is another ---- */

static void pong_latest(struct actor *a, const struct ws_event *event)
{
    if (event->size == 9 && memcmp(event->data, "payload-9", 9) == 0)
        endpoint_send_control(a->endpoint, WS_PONG, event->data, event->size);
}

static void pong_not(struct actor *a, const struct ws_event *event)
{
    (void)a;
    (void)event;
}

static void echo_behind_pong(struct actor *a)
{
    endpoint_send_control(a->endpoint, WS_PONG, "unasked", 7);
    actor_echo(a);
}

static void close_behind_pong(struct actor *a, const struct ws_event *event)
{
    endpoint_send_control(a->endpoint, WS_PONG, NULL, 0);
    actor_fail(a, event->code);
}

static void close_as_1002(struct actor *a, const struct ws_event *event)
{
    (void)event;
    actor_fail(a, 1002);
}

static void close_as_1000(struct actor *a, const struct ws_event *event)
{
    (void)event;
    actor_fail(a, 1000);
}

static void end_at_close(struct actor *a, const struct ws_event *event)
{
    (void)event;
    layer_finish(endpoint_layer(a->endpoint), FINISH_CLEAN);
    a->closed = true;
}

static const struct behaviour
    correct, answers_latest = {.ping = pong_latest}, answers_none = {.ping = pong_not},
    pongs_unasked = {.message = echo_behind_pong}, pongs_behind_close = {.close = close_behind_pong},
    calls_it_error = {.close = close_as_1002}, takes_any_code = {.close = close_as_1000},
    only_ends = {.close = end_at_close};

static const struct deviation {
    const char *alias;
    const struct behaviour *peer;
    enum verdict verdict;
} deviations[] = {
    {"1.1.1", &pongs_unasked, VERDICT_PASS},
    {"2.2", &answers_none, VERDICT_FAIL},
    {"2.10", &correct, VERDICT_PASS},
    {"2.10", &answers_latest, VERDICT_NON_STRICT},
    {"2.11", &answers_latest, VERDICT_NON_STRICT},
    {"7.1.3", &pongs_behind_close, VERDICT_INFO},
    {"7.1.5", &correct, VERDICT_PASS},
    {"7.1.5", &calls_it_error, VERDICT_NON_STRICT},
    {"7.1.5", &only_ends, VERDICT_FAIL},
    {"7.3.3", &calls_it_error, VERDICT_FAIL},
    {"7.3.3", &only_ends, VERDICT_FAIL},
    {"7.9.6", &takes_any_code, VERDICT_NON_STRICT},
    {"7.13.1", &takes_any_code, VERDICT_INFO},
    {"7.13.1", &correct, VERDICT_NON_STRICT}, /* which sends the code back */
    {"7.13.2", &calls_it_error, VERDICT_PASS},
};

static const struct test_case *find_alias(const struct suite *suite, const char *alias)
{
    for (size_t i = 0; i < suite->case_count; i++)
        for (size_t n = 0; suite->cases[i].test->autobahn && suite->cases[i].test->autobahn[n]; n++)
            if (strcmp(suite->cases[i].test->autobahn[n], alias) == 0)
                return suite->cases[i].test;
    ck_abort_msg("no case %s", alias);
}

START_TEST(our_verdict_where_it_is_another)
{
    struct suite suite = {0};
    struct diag why = {0};
    ck_assert(suite_add_embedded(&suite, (const char *const[]){"rfc6455", NULL}, &why));
    for (size_t i = 0; i < sizeof deviations / sizeof *deviations; i++) {
        const struct deviation *d = &deviations[i];
        struct stage s;
        stage_open(&s, d->peer);
        const struct case_result *result = stage_play_case(&s, find_alias(&suite, d->alias), 1);
        ck_assert_msg(result->verdict == d->verdict, "%zu, %s: %s, not %s\n%s", i, d->alias,
                      verdict_word(result->verdict), verdict_word(d->verdict), result->trace);
        stage_close(&s);
    }
    suite_free(&suite);
}
END_TEST

UNIT_MAIN("autobahn", each_id_is_the_alias_of_one_case, each_of_them_is_for_both_roles,
          our_verdict_where_it_is_another)
