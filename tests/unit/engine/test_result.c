/* The result model: words, counting, the exit status. */
#include "unit.h"

#include "base/limits.h"
#include "engine/result.h"

#include <stdlib.h>
#include <string.h>

static void add(struct run_result *run, enum verdict verdict)
{
    struct case_result *result = run_result_add(run);
    ck_assert_ptr_nonnull(result);
    result->verdict = verdict;
}

START_TEST(a_fresh_case_has_no_holes)
{
    struct run_result *run = run_result_new();
    struct case_result *result = run_result_add(run);
    const char *const texts[] = {result->id, result->title, result->alias, result->file, result->section,
                                 result->expected, result->seen, result->detail, result->replay, result->source,
                                 result->trace, result->stderr_tail, result->started, run->started, run->testee.url,
                                 run->testee.command, run->testee.agent};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_str_eq(texts[i], "");
    ck_assert_ptr_null(result->requirements[0]);
    ck_assert_int_eq(result->close_verdict, CLOSE_NONE);
    run_result_free(run);
}
END_TEST

START_TEST(cases_are_counted)
{
    struct run_result *run = run_result_new();
    for (int i = 0; i < 300; i++)
        add(run, (enum verdict)(i % VERDICTS));
    struct run_summary summary = run_summary(run);
    ck_assert_uint_eq(summary.total, 300);
    for (int v = 0; v < VERDICTS; v++)
        ck_assert_uint_eq(summary.by[v], 50);
    ck_assert_int_eq(run->cases[299]->verdict, 299 % VERDICTS);
    run_result_free(run);
}
END_TEST

START_TEST(the_exit_status_says_what_failed)
{
    struct run_result *run = run_result_new();
    ck_assert_int_eq(run_exit_status(run), 0);
    add(run, VERDICT_PASS);
    add(run, VERDICT_NON_STRICT);
    add(run, VERDICT_INFO);
    add(run, VERDICT_UNIMPLEMENTED);
    ck_assert_int_eq(run_exit_status(run), 0);
    add(run, VERDICT_ERROR);
    ck_assert_int_eq(run_exit_status(run), 3);
    add(run, VERDICT_FAIL);
    ck_assert_int_eq(run_exit_status(run), 1);
    run_result_free(run);
}
END_TEST

/* A Close behind many frames, and one among too many of them: it stands with all of its bytes. */
START_TEST(a_close_is_kept_whole)
{
    static uint8_t payload[4096];
    static const uint8_t reason[LIMIT_RESULT_CLOSE] = {0x03, 0xf1, 'w', 'h', 'y'};
    for (size_t frames = 10; frames < 100000; frames *= 10) {
        struct run_result *run = run_result_new();
        struct case_result *result = run_result_add(run);
        struct trace trace;
        trace_init(&trace);
        for (size_t i = 0; i < frames; i++) {
            if (i == frames / 2)
                trace_add(&trace, &(struct trace_event){.kind = TRACE_FRAME, .head.opcode = WS_CLOSE,
                                                        .bytes = reason, .size = sizeof reason,
                                                        .whole = sizeof reason});
            trace_add(&trace, &(struct trace_event){.kind = TRACE_FRAME, .ours = true, .bytes = payload,
                                                    .size = sizeof payload, .whole = sizeof payload});
        }
        trace_add(&trace, &(struct trace_event){.kind = TRACE_EOF});
        case_result_keep(run, result, &trace);
        ck_assert_uint_le(result->event_count, LIMIT_RESULT_EVENTS);
        ck_assert_int_eq(result->events[result->event_count - 1].kind, TRACE_EOF);
        size_t closes = 0, told = 0;
        for (size_t i = 0; i < result->event_count; i++) {
            const struct trace_event *event = &result->events[i];
            bool close = event->kind == TRACE_FRAME && event->head.opcode == WS_CLOSE;
            closes += close;
            if (close) {
                ck_assert_uint_eq(event->size, sizeof reason);
                ck_assert_mem_eq(event->bytes, reason, sizeof reason);
            }
            told += event->kind == TRACE_NOTE ? strtoul(event->text, NULL, 10) : 1;
        }
        ck_assert_uint_eq(closes, 1);
        ck_assert_uint_eq(told, frames + 2); /* what is not there is said */
        ck_assert_uint_eq(result->counts.frames[true][0], frames);
        ck_assert_uint_eq(result->counts.frames[false][WS_CLOSE], 1);
        trace_free(&trace);
        run_result_free(run);
    }
}
END_TEST

START_TEST(verdicts_have_words)
{
    ck_assert_str_eq(verdict_word(VERDICT_NON_STRICT), "NON_STRICT");
    ck_assert_str_eq(verdict_word(VERDICTS), "?");
    ck_assert_str_eq(close_verdict_word(CLOSE_WRONG_CODE), "WRONG_CODE");
    ck_assert_str_eq(close_verdict_word(CLOSE_VERDICTS), "?");
    for (int v = 0; v < VERDICTS; v++)
        ck_assert_str_ne(verdict_word((enum verdict)v), "?");
    for (int v = 0; v < CLOSE_VERDICTS; v++)
        ck_assert_str_ne(close_verdict_word((enum close_verdict)v), "?");
}
END_TEST

START_TEST(no_memory_is_an_answer)
{
    struct run_result *run = run_result_new();
    nomem_at(1, 1);
    struct run_result *none = run_result_new();
    struct case_result *result = run_result_add(run);
    nomem_at(0, 0);
    ck_assert_ptr_null(none);
    ck_assert_ptr_null(result);
    ck_assert_uint_eq(run->count, 0);
    run_result_free(run);
}
END_TEST

UNIT_MAIN("result", a_fresh_case_has_no_holes, cases_are_counted, the_exit_status_says_what_failed,
          a_close_is_kept_whole, verdicts_have_words, no_memory_is_an_answer)
