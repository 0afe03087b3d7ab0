/* Autobahn|Testsuite's cases are played by ours: each id of its sections 1 to 7
 * and 10 is the alias of exactly one case, and no alias is made up. */
#include "unit.h"

#include "engine/suite.h"

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
    ck_assert_uint_eq(id_count, 247);
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
    ck_assert(suite_add_embedded(&suite, (const char *const[]){"rfc6455", NULL}, &why));
    for (size_t i = 0; i < suite.case_count; i++) {
        const struct test_case *test = suite.cases[i].test;
        if (test->autobahn && test->autobahn[0])
            ck_assert_msg(test->tested == TESTED_BOTH, "%s is for one role", test->id);
    }
    suite_free(&suite);
}
END_TEST

UNIT_MAIN("autobahn", each_id_is_the_alias_of_one_case, each_of_them_is_for_both_roles)
