/* Known failures: what is read, what is refused, and what is written behind a run. */
#include "engine/suite/baseline.h"

#include "base/file.h"
#include "unit.h"

static void put(const char *path, const char *text)
{
    struct diag why = {0};
    ck_assert_msg(file_write(path, text, strlen(text), &why), "%s", why.text);
}

static void assert_file(const char *path, const char *wanted)
{
    struct buf text;
    struct diag why = {0};
    buf_init(&text, 0);
    ck_assert_msg(file_read(path, &text, &why), "%s", why.text);
    ck_assert_str_eq(buf_text(&text), wanted);
    buf_free(&text);
}

static const char reviewed[] = "# Known failures of x.\n"
                               "\n"
                               "a/1\tRFC 6455 5.2: the bit MUST be 0\n"
                               "# two of a kind\n"
                               "?a/2   with spaces\n"
                               "  b\r\n"
                               "# the end\n";

START_TEST(rows_and_reasons_are_read)
{
    struct baseline b = {0};
    struct diag why = {0};
    put("known", reviewed);
    ck_assert_msg(baseline_read(&b, "known", &why), "%s", why.text);
    ck_assert_uint_eq(b.count, 3);
    ck_assert_str_eq(baseline_find(&b, "a/1")->reason, "RFC 6455 5.2: the bit MUST be 0");
    ck_assert(!baseline_find(&b, "a/1")->sometimes);
    ck_assert(baseline_find(&b, "a/2")->sometimes);
    ck_assert_str_eq(baseline_find(&b, "a/2")->reason, "with spaces");
    ck_assert_str_eq(baseline_find(&b, "b")->reason, "");
    ck_assert_int_eq(baseline_find(&b, "b")->line, 6);
    ck_assert_ptr_null(baseline_find(&b, "a/"));
    baseline_free(&b);
    put("empty", "");
    ck_assert(baseline_read(&b, "empty", &why));
    ck_assert_uint_eq(b.count, 0);
    baseline_free(&b);
}
END_TEST

START_TEST(mistakes_name_their_line)
{
    static const char *const rows[][2] = {
        {"a\tx\n\na\ty\n", "wrong:3: a stands in line 1 already"},
        {"# x\n? a\n", "wrong:2: no case behind the ?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct baseline b = {0};
        struct diag why = {0};
        put("wrong", rows[i][0]);
        ck_assert(!baseline_read(&b, "wrong", &why));
        ck_assert_int_eq(why.kind, DIAG_USAGE);
        ck_assert_str_eq(why.text, rows[i][1]);
        baseline_free(&b);
    }
    struct baseline b = {0};
    struct diag why = {0};
    ck_assert(!baseline_read(&b, "no-such-file", &why));
    ck_assert_ptr_nonnull(strstr(why.text, "no-such-file"));
    baseline_free(&b);
    ck_assert(file_write("binary", "a\0b", 3, &why));
    ck_assert(!baseline_read(&b, "binary", &why));
    ck_assert_str_eq(why.text, "binary is no baseline: it has a NUL byte");
    baseline_free(&b);
}
END_TEST

static struct case_result *add(struct run_result *run, const char *id, enum verdict verdict)
{
    struct case_result *result = run_result_add(run);
    ck_assert_ptr_nonnull(result);
    result->id = id;
    result->verdict = verdict;
    return result;
}

START_TEST(written_as_the_run_shows_it)
{
    struct baseline b = {0};
    struct diag why = {0};
    size_t fresh;
    put("known", reviewed);
    ck_assert(baseline_read(&b, "known", &why));
    struct run_result *run = run_result_new();
    add(run, "a/1", VERDICT_PASS);  /* mended */
    add(run, "a/2", VERDICT_PASS);  /* fails only sometimes: not gone yet */
    add(run, "c", VERDICT_NON_STRICT);
    add(run, "d", VERDICT_ERROR);   /* not the testee's */
    struct case_result *e = add(run, "e", VERDICT_FAIL);
    static const char *const requirements[] = {"6455-5.5.3-pong-identical", "6455-5.5.2-ping-pong", NULL};
    e->requirements = requirements;
    e->detail = "two\nlines";
    e->expected = "pong";
    e->seen = "close";
    add(run, "f", VERDICT_PASS);
    add(run, "f", VERDICT_FAIL)->expected = "echo"; /* of two rounds */
    ck_assert(baseline_is_mended(baseline_find(&b, "a/1"), run));
    ck_assert(!baseline_is_mended(baseline_find(&b, "a/2"), run));
    ck_assert(!baseline_is_mended(baseline_find(&b, "b"), run)); /* was not played */
    ck_assert_msg(baseline_write(&b, run, "new", &fresh, &why), "%s", why.text);
    ck_assert_uint_eq(fresh, 2);
    assert_file("new", "# Known failures of x.\n"
                       "\n"
                       "# two of a kind\n"
                       "?a/2\twith spaces\n"
                       "b\n"
                       "e\tnot reviewed, 6455-5.5.3-pong-identical: two lines; expected pong, got close\n"
                       "?f\tnot reviewed: expected echo\n"
                       "# the end\n");
    baseline_free(&b);

    ck_assert(baseline_read(&b, "new", &why)); /* what was written is read, and stays as it is */
    ck_assert(baseline_write(&b, run, "again", &fresh, &why));
    ck_assert_uint_eq(fresh, 0);
    struct buf text;
    buf_init(&text, 0);
    ck_assert(file_read("new", &text, &why));
    assert_file("again", buf_text(&text));
    buf_free(&text);
    baseline_free(&b);
    run_result_free(run);
}
END_TEST

START_TEST(the_first_one_explains_itself)
{
    struct baseline none = {0};
    struct diag why = {0};
    size_t fresh;
    struct run_result *run = run_result_new();
    run->testee.agent = "Example/1.0";
    add(run, "a", VERDICT_FAIL)->seen = "eof";
    ck_assert(baseline_write(&none, run, "first", &fresh, &why));
    assert_file("first",
                "# Known failures of Example/1.0: the case, a tab, and why it fails. A ? in front: not always.\n"
                "a\tnot reviewed: got eof\n");
    run_result_free(run);
}
END_TEST

UNIT_MAIN("baseline", rows_and_reasons_are_read, mistakes_name_their_line, written_as_the_run_shows_it,
          the_first_one_explains_itself)
