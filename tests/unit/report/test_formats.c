/* Each one-file format of the same unpleasant run: golden, and whole or refused without memory. */
#include "report/report.h"

#include "sample.h"

static const struct { const char *word, *golden; } formats[] = {
    {"text", "report/formats.txt"}, {"junit", "report/result.junit.xml"}, {"tap", "report/result.tap"},
    {"github", "report/result.github.txt"},
    {"sarif", "report/result.sarif.json"},
};
#define FORMATS (sizeof formats / sizeof *formats)

static void render(const char *word, struct run_result *const *runs, size_t count, struct buf *out)
{
    const struct report_format *format = report_format_find(word, NULL);
    ck_assert_ptr_nonnull(format);
    buf_init(out, 0);
    ck_assert(format->render(&(struct report){.runs = runs, .count = count}, out, NULL));
}

START_TEST(golden)
{
    struct run_result *run = sample_whole();
    for (size_t i = 0; i < FORMATS; i++) {
        struct buf text;
        render(formats[i].word, &run, 1, &text);
        unit_golden(formats[i].golden, buf_text(&text));
        buf_free(&text);
    }
    run_result_free(run);
}
END_TEST

START_TEST(where_a_scenario_stands_is_a_uri)
{
    static const char *const wanted[][2] = {
        {"scenarios/a b#1.wsg", "\"uri\": \"scenarios/a%20b%231.wsg\""},
        {"/home/\xc3\xa9/50%.wsg", "\"uri\": \"file:///home/%C3%A9/50%25.wsg\""},
        {"c:d.wsg", "\"uri\": \"c%3Ad.wsg\""}, /* no scheme */
    };
    struct run_result *run = sample_whole();
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct buf text;
        for (size_t k = 0; k < run->count; k++)
            run->cases[k]->file = wanted[i][0];
        render("sarif", &run, 1, &text);
        ck_assert_msg(strstr(buf_text(&text), wanted[i][1]) != NULL, "no %s", wanted[i][1]);
        buf_free(&text);
    }
    run_result_free(run);
}
END_TEST

START_TEST(several_are_told_apart)
{
    struct run_result *runs[] = {sample_whole(), sample_whole()};
    static const char *const wanted[FORMATS][2] = {
        {"against Example/1.0 \\xfe;", "against Other/2;"},
        {"<testsuite name=\"Example/1.0 \\xfe: rfc6455\"", "<testsuite name=\"Other/2: rfc6455\""},
        {"# Subtest: Example/1.0 \\\\xfe\n", "not ok 2 - Other/2\n"},
        {"title=FAIL ping/payload-125 (Example/1.0 \xfe)", "title=FAIL ping/payload-125 (Other/2)"},
        {"\"testee\": \"Example/1.0 \\\\xfe\"", "\"testee\": \"Other/2\""},
    };
    runs[1]->testee.agent = "Other/2";
    for (size_t i = 0; i < FORMATS; i++) {
        struct buf text;
        render(formats[i].word, runs, 2, &text);
        for (int k = 0; k < 2; k++)
            ck_assert_msg(strstr(buf_text(&text), wanted[i][k]) != NULL, "%s: no %s", formats[i].word, wanted[i][k]);
        buf_free(&text);
    }
    run_result_free(runs[0]);
    run_result_free(runs[1]);
}
END_TEST

START_TEST(an_empty_run_is_a_report_too)
{
    struct run_result *run = run_result_new();
    for (const struct report_format *format = report_formats; format->word != NULL; format++) {
        struct buf text;
        if (format->render == NULL)
            continue;
        render(format->word, &run, 1, &text);
        ck_assert(text.size != 0 || strcmp(format->word, "github") == 0);
        buf_free(&text);
    }
    run_result_free(run);
}
END_TEST

START_TEST(without_memory_they_are_whole_or_refused)
{
    struct run_result *run = sample_whole();
    for (size_t i = 0; i < FORMATS; i++) {
        const struct report_format *format = report_format_find(formats[i].word, NULL);
        struct buf whole;
        render(formats[i].word, &run, 1, &whole);
        bool fine = false;
        for (unsigned long n = 1; !fine && n < 10000; n++) {
            struct buf text;
            struct diag why = {0};
            buf_init(&text, 0);
            nomem_at(n, false);
            fine = format->render(&(struct report){.runs = &run, .count = 1}, &text, &why);
            bool hit = nomem_hit();
            nomem_at(0, false);
            if (fine) {
                ck_assert_str_eq(buf_text(&text), buf_text(&whole));
                fine = !hit;
            } else {
                ck_assert_int_eq(why.kind, DIAG_TROUBLE);
            }
            buf_free(&text);
        }
        ck_assert(fine);
        buf_free(&whole);
    }
    run_result_free(run);
}
END_TEST

UNIT_MAIN("formats", golden, where_a_scenario_stands_is_a_uri, several_are_told_apart,
          an_empty_run_is_a_report_too, without_memory_they_are_whole_or_refused)
