/* Gathering files, choosing cases, and reading the requirements. Playing: test_suite_play.c. */
#include "engine/suite/requirement.h"
#include "engine/suite/suite.h"

#include "unit.h"

#include <sys/stat.h>

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static void folder(const char *path)
{
    ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void assert_ids(const struct suite *suite, const char *wanted)
{
    struct buf ids;
    buf_init(&ids, 0);
    for (size_t i = 0; i < suite->case_count; i++)
        buf_printf(&ids, "%s%s", i == 0 ? "" : " ", suite->cases[i].test->id);
    ck_assert_str_eq(buf_text(&ids), wanted);
    buf_free(&ids);
}

static const char two_cases[] = "case a/1 \"one\"\n  open\n\ncase a/2 \"two\" each n 5 6\n  testee client\n  accept\n";

START_TEST(folders_are_sorted_and_deep)
{
    folder("s");
    folder("s/zz");
    folder("s/zz/deep");
    put("s/b.wsg", "case b \"b\"\n  open\n");
    put("s/a.wsg", two_cases);
    put("s/zz/deep/c.wsg", "case c \"c\"\n  open\n");
    put("s/.hidden.wsg", "nonsense\n");
    put("s/readme.txt", "nonsense\n");
    struct suite suite = {0};
    struct buf errors;
    struct diag why = {0};
    buf_init(&errors, 0);
    ck_assert_msg(suite_add_path(&suite, "s", &errors, &why), "%s%s", buf_text(&errors), why.text);
    assert_ids(&suite, "a/1 a/2/5 a/2/6 b c");
    char section[16];
    suite_section(suite.cases[4].script, section, sizeof section);
    ck_assert_str_eq(section, "deep");
    suite_section(suite.cases[0].script, section, 2);
    ck_assert_str_eq(section, "s");
    suite_free(&suite);

    ck_assert(suite_add_path(&suite, "s/a.wsg:6", &errors, &why)); /* within a family: all of it */
    ck_assert(suite_add_path(&suite, "s/a.wsg:2", &errors, &why));
    assert_ids(&suite, "a/2/5 a/2/6 a/1");
    suite_free(&suite);
    buf_free(&errors);
}
END_TEST

START_TEST(mistakes_of_all_files_are_told)
{
    folder("m");
    put("m/a.wsg", "case a \"a\"\n  opne\n");
    put("m/b.wsg", "case b \"b\"\n  open\n");
    put("m/c.wsg", "case c \"c\"\n  expect banana\n");
    struct suite suite = {0};
    struct buf errors;
    struct diag why = {0};
    buf_init(&errors, 0);
    ck_assert(!suite_add_path(&suite, "m", &errors, &why));
    ck_assert_int_eq(why.kind, DIAG_USAGE);
    ck_assert_ptr_nonnull(strstr(buf_text(&errors), "m/a.wsg:2:3:"));
    ck_assert_ptr_nonnull(strstr(buf_text(&errors), "m/c.wsg:2:10:"));
    assert_ids(&suite, "b");
    suite_free(&suite);
    buf_free(&errors);
}
END_TEST

START_TEST(paths_that_are_none)
{
    folder("empty");
    put("one.wsg", "# a remark\ncase a \"a\"\n  open\n");
    static const char *const rows[][2] = {
        {"no/such.wsg", "no/such.wsg"}, {"no.wsg:3", "no.wsg"}, {"one.wsg:1", "one.wsg: no case stands at this line"},
        {"empty", "empty: no *.wsg file here"}, {"one.wsg:x", "one.wsg:x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct suite suite = {0};
        struct buf errors;
        struct diag why = {0};
        buf_init(&errors, 0);
        ck_assert(!suite_add_path(&suite, rows[i][0], &errors, &why));
        ck_assert_int_eq(why.kind, DIAG_USAGE);
        ck_assert_msg(strstr(why.text, rows[i][1]) != NULL, "%s", why.text);
        ck_assert_msg(strstr(buf_text(&errors), rows[i][1]) != NULL, "%s", buf_text(&errors));
        suite_free(&suite);
        buf_free(&errors);
    }
}
END_TEST

START_TEST(filters)
{
    put("f.wsg", two_cases);
    struct suite suite = {0};
    struct buf errors;
    buf_init(&errors, 0);
    ck_assert(suite_add_path(&suite, "f.wsg", &errors, NULL));
    const char *const twos[] = {"a/2*", "b", NULL}, *const five[] = {"*/5", NULL};
    ck_assert_uint_eq(suite_filter(&suite, &(struct suite_filter){.include = twos, .exclude = five}), 0);
    assert_ids(&suite, "a/2/6");
    suite_free(&suite);
    ck_assert(suite_add_path(&suite, "f.wsg", &errors, NULL));
    ck_assert_uint_eq(suite_filter(&suite, &(struct suite_filter){.role = TESTED_SERVER}), 2);
    assert_ids(&suite, "a/1");
    suite_set_timeout(&suite, 7);
    ck_assert_uint_eq(suite.cases[0].test->timeout_ns, 7);
    suite_free(&suite);
    buf_free(&errors);
}
END_TEST

/* What is left of two files by this filter. */
static void assert_left(const struct suite_filter *filter, const char *wanted)
{
    struct suite suite = {0};
    struct buf errors;
    buf_init(&errors, 0);
    ck_assert(suite_add_path(&suite, "places", &errors, NULL));
    suite_filter(&suite, filter);
    assert_ids(&suite, wanted);
    suite_free(&suite);
    buf_free(&errors);
}

#define LIST(...) (const char *const[]){__VA_ARGS__, NULL}

static void put_places(void)
{
    mkdir("places", 0755); /* another test may have made them */
    mkdir("places/one", 0755);
    mkdir("places/two", 0755);
    put("places/one/ping.wsg", "case p/1 \"p\"\n  must 6455-5.5.2-ping-pong\n  alias autobahn 2.1\n  open\n\n"
                               "case p/2 \"p\" each n 1 2\n  must 6455-5.5.3-pong-identical\n"
                               "  alias autobahn 2.10 3.1\n  open\n");
    put("places/two/close.wsg", "case c/1 \"c\"\n  should 6455-7.4-x\n  open\n\nscenario \"s\"\n  open\n");
}

START_TEST(filters_look_at_places_requirements_and_aliases)
{
    put_places();
    assert_left(&(struct suite_filter){0}, "p/1 p/2/1 p/2/2 c/1 close");
    assert_left(&(struct suite_filter){.include = LIST("autobahn:2.*")}, "p/1 p/2/1");
    assert_left(&(struct suite_filter){.include = LIST("autobahn:2.1", "c/*")}, "p/1 c/1");
    assert_left(&(struct suite_filter){.exclude = LIST("autobahn:*", "close")}, "c/1");
    assert_left(&(struct suite_filter){.sections = LIST("two")}, "c/1 close");
    assert_left(&(struct suite_filter){.sections = LIST("o*/ping")}, "p/1 p/2/1 p/2/2");
    assert_left(&(struct suite_filter){.sections = LIST("ping")}, "");
    assert_left(&(struct suite_filter){.requirements = LIST("6455-7*", "*-pong-identical")}, "p/2/1 p/2/2 c/1");
    assert_left(&(struct suite_filter){.requirements = LIST("6455-*"), .sections = LIST("one"), .include = LIST("*1")},
                "p/1 p/2/1");
}
END_TEST

START_TEST(shards_share_all_of_it)
{
    put_places();
    assert_left(&(struct suite_filter){.shard = 1, .shards = 1}, "p/1 p/2/1 p/2/2 c/1 close");
    assert_left(&(struct suite_filter){.shard = 1, .shards = 2}, "p/1 p/2/2 close");
    assert_left(&(struct suite_filter){.shard = 2, .shards = 2}, "p/2/1 c/1");
    assert_left(&(struct suite_filter){.shard = 2, .shards = 2, .exclude = LIST("p/1")}, "p/2/2 close");
    assert_left(&(struct suite_filter){.shard = 6, .shards = 6}, "");
}
END_TEST

START_TEST(a_glob_that_nothing_matches_is_named)
{
    put_places();
    struct suite suite = {0};
    struct buf errors;
    const char *option;
    buf_init(&errors, 0);
    ck_assert(suite_add_path(&suite, "places", &errors, NULL));
    const struct {
        struct suite_filter filter;
        const char *glob, *option;
    } rows[] = {
        {{.include = LIST("p/*", "pingg/*")}, "pingg/*", "--case"},
        {{.exclude = LIST("autobahn:12.*")}, "autobahn:12.*", "--exclude"},
        {{.sections = LIST("three"), .include = LIST("c/1")}, "three", "--section"},
        {{.requirements = LIST("9999*")}, "9999*", "--requirement"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_str_eq(suite_filter_idle(&suite, &rows[i].filter, &option), rows[i].glob);
        ck_assert_str_eq(option, rows[i].option);
    }
    const struct suite_filter fine = {.include = LIST("p/*"), .exclude = LIST("c/1"), .sections = LIST("t?o")};
    ck_assert_ptr_null(suite_filter_idle(&suite, &fine, &option));
    suite_free(&suite);
    buf_free(&errors);
}
END_TEST

START_TEST(repeated_as_a_whole)
{
    put_places();
    struct suite suite = {0};
    struct buf errors;
    buf_init(&errors, 0);
    ck_assert(suite_add_path(&suite, "places/one", &errors, NULL));
    ck_assert(suite_repeat(&suite, 1));
    ck_assert_uint_eq(suite.rounds, 0);
    ck_assert(suite_repeat(&suite, 3));
    ck_assert_uint_eq(suite.rounds, 3);
    assert_ids(&suite, "p/1 p/2/1 p/2/2 p/1 p/2/1 p/2/2 p/1 p/2/1 p/2/2");
    suite_free(&suite);
    buf_free(&errors);
}
END_TEST

START_TEST(embedded_files_are_without_mistakes)
{
    struct suite suite = {0};
    struct diag why = {0};
    ck_assert_msg(suite_add_embedded(&suite, NULL, &why), "%s", why.text);
    ck_assert_uint_ge(suite.case_count, 80);
    for (size_t i = 0; i < suite.case_count; i++)
        ck_assert_str_eq(suite.cases[i].test->file, "");
    size_t all = suite.case_count;
    suite_filter(&suite, &(struct suite_filter){.no_scenarios = true});
    ck_assert_uint_lt(suite.case_count, all);
    suite_free(&suite);
    const char *const one[] = {"rfc7692", NULL};
    ck_assert(suite_add_embedded(&suite, one, &why));
    ck_assert(suite.case_count != 0 && suite.case_count < all);
    char section[16];
    suite_section(suite.cases[0].script, section, sizeof section);
    ck_assert_str_eq(section, "rfc7692");
    suite_free(&suite);
}
END_TEST

START_TEST(requirements_are_read)
{
    struct requirements all;
    ck_assert(requirements_read(&all));
    ck_assert_uint_ge(all.count, 600);
    ck_assert_str_eq(all.rows[0].id, "6455-3-default-port-ws");
    ck_assert_str_eq(all.rows[0].document, "RFC6455");
    ck_assert_str_eq(all.rows[0].level, "MUST");
    ck_assert_int_eq(all.rows[0].testable[ROLE_SERVER], TESTABLE_NO);
    ck_assert_int_eq(all.rows[0].testable[ROLE_CLIENT], TESTABLE_PARTIAL);
    ck_assert_str_eq(all.ids[0], all.rows[0].id);
    ck_assert_ptr_null(all.ids[all.count]);
    for (size_t i = 0; i < all.count; i++)
        ck_assert_msg(all.rows[i].id[0] != 0 && all.rows[i].text[0] != 0, "row %zu", i);
    requirements_free(&all);
}
END_TEST

UNIT_MAIN("suite", folders_are_sorted_and_deep, mistakes_of_all_files_are_told, paths_that_are_none, filters,
          filters_look_at_places_requirements_and_aliases, shards_share_all_of_it,
          a_glob_that_nothing_matches_is_named, repeated_as_a_whole, embedded_files_are_without_mistakes,
          requirements_are_read)
