/* The text report against golden files: in a pipe, and on terminals of 80 and 200 columns with colour. */
#include "report/text.h"

#include "sample.h"

static void golden(const char *path, struct text_options options)
{
    char *text = NULL;
    size_t size = 0;
    options.out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(options.out);
    struct run_result *run = sample_run();
    struct text_report report;
    text_begin(&report, &options, run, "ws://127.0.0.1:9001/");
    for (size_t i = 0; i < SAMPLE_CASES; i++)
        text_case(&report, run, sample_add(run, i));
    text_note(&report, "the testee is back");
    run->interrupted = true;
    text_end(&report, run, "interrupted");
    fclose(options.out);
    run_result_free(run);
    unit_golden(path, text);
    free(text);
}

START_TEST(pipe)
{
    golden("report/pipe.txt", (struct text_options){.columns = 80});
}
END_TEST

START_TEST(pipe_with_everything)
{
    golden("report/verbose-trace.txt", (struct text_options){.columns = 80, .verbose = true, .trace = true});
}
END_TEST

START_TEST(terminal_80)
{
    golden("report/terminal-80.txt", (struct text_options){.color = true, .live = true, .columns = 80});
}
END_TEST

START_TEST(terminal_200)
{
    golden("report/terminal-200.txt", (struct text_options){.color = true, .live = true, .columns = 200});
}
END_TEST

START_TEST(terminal_without_colour)
{
    golden("report/terminal-plain.txt", (struct text_options){.live = true, .columns = 30});
}
END_TEST

START_TEST(nothing_played)
{
    char *text = NULL;
    size_t size = 0;
    struct text_options options = {.out = open_memstream(&text, &size)};
    struct run_result *run = sample_run();
    struct text_report report;
    run->planned = 0;
    run->duration_ns = 125 * 1000000000ull;
    text_begin(&report, &options, run, "\033]0;title\a");
    text_end(&report, run, "");
    fclose(options.out);
    run_result_free(run);
    ck_assert_str_eq(text, "0 cases against \\x1b]0;title\\x07; seed 0x51f0\n"
                           "0 cases: nothing was played in 2 min 5 s; seed 0x51f0; Example/1.0 \\xfe\n");
    free(text);
}
END_TEST

START_TEST(known_and_flaky)
{
    char *text = NULL;
    size_t size = 0;
    struct text_options options = {.out = open_memstream(&text, &size), .verbose = true};
    struct run_result *run = sample_run();
    struct text_report report;
    run->planned = 6;
    run->rounds = 2;
    for (size_t i = 0; i < 6; i++) {
        struct case_result *result = sample_add(run, i % 3);
        result->round = i < 3 ? 1 : 2;
        result->replay = "";
        if (result->verdict == VERDICT_FAIL)
            result->known = "it cuts";
        result->not_played = i == 5;
        if (i > 3)
            result->verdict = i == 5 ? VERDICT_ERROR : VERDICT_PASS;
    }
    report = (struct text_report){.options = options};
    text_case(&report, run, run->cases[1]);
    text_end(&report, run, "");
    fclose(options.out);
    run_result_free(run);
    ck_assert_msg(strstr(text, "FAIL  (known)  ping/payload-125 (round 1): answers") == text, "%s", text);
    ck_assert_msg(strstr(text, "bad\\x0d\\x0a\"; known: it cuts\n") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "FLAKY  ping/payload-125: 1 passed, 1 failed\n"
                               "3 cases, 1 of 2 rounds whole, 1 cut short: 1 flaky\n"
                               "5 cases: 3 passed, 1 non-strict, 1 known to fail in ") != NULL, "%s", text);
    free(text);
}
END_TEST

/* Ctrl-C in the first of many rounds: nothing is known of how they differ, and what was cut is no trouble of ours. */
START_TEST(interrupted_in_the_first_round)
{
    char *text = NULL;
    size_t size = 0;
    struct run_result *run = sample_run();
    struct text_report report = {.options = {.out = open_memstream(&text, &size)}};
    run->planned = 60;
    run->rounds = 20;
    run->interrupted = true;
    for (size_t i = 0; i < 2; i++) {
        struct case_result *result = sample_add(run, 0);
        result->round = 1;
        result->detail = i == 0 ? "" : "interrupted";
        result->verdict = i == 0 ? VERDICT_PASS : VERDICT_ERROR;
        result->not_played = i == 1;
    }
    text_case(&report, run, run->cases[1]);
    text_end(&report, run, "interrupted");
    fclose(report.options.out);
    run_result_free(run);
    ck_assert_msg(strstr(text, "NO RESULT  ") == text && strstr(text, " (round 1): interrupted") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "stopped early, 59 of 60 cases did not run to their end: interrupted\n"
                               "3 cases, 0 of 20 rounds whole, 1 cut short: nothing to compare\n"
                               "1 case: 1 passed in ") != NULL, "%s", text);
    free(text);
}
END_TEST

UNIT_MAIN("text", pipe, pipe_with_everything, terminal_80, terminal_200, terminal_without_colour, nothing_played,
          known_and_flaky, interrupted_in_the_first_round)
