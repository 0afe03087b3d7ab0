/* A run with every verdict and every kind of unpleasant text, at fixed times. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "report/report.h"

#include "unit.h"

static const char *const sample_requirements[] = {"0000-1-example", "0000-2-example", NULL};

/* A handshake, a ping, and a close that is not a pong, with a payload that would like to end a page. */
static const struct trace_event sample_events[] = {
    {.kind = TRACE_CONNECT, .ours = true, .connection = 1, .text = ""},
    {.kind = TRACE_HEAD, .ours = true, .at_ns = 100000, .connection = 1, .text = "",
     .bytes = (const uint8_t *)"GET / HTTP/1.1\r\nHost: a\r\n\r\n", .size = 27, .whole = 27},
    {.kind = TRACE_HEAD, .at_ns = 300000, .connection = 1, .text = "",
     .bytes = (const uint8_t *)"HTTP/1.1 101 Switching Protocols\r\n\r\n", .size = 36, .whole = 36},
    {.kind = TRACE_FRAME, .ours = true, .at_ns = 412000, .connection = 1, .text = "", .bytes = (const uint8_t *)"a",
     .size = 1, .whole = 1,
     .head = {.payload_length = 1, .opcode = WS_PING, .fin = 1, .masked = 1, .length_form = 7}},
    {.kind = TRACE_FRAME, .at_ns = 600500, .connection = 1, .text = "",
     .bytes = (const uint8_t *)"\x03\xea</script><!-- \033[2J\xff", .size = 21, .whole = 21,
     .head = {.payload_length = 21, .opcode = WS_CLOSE, .fin = 1, .length_form = 7}},
    {.kind = TRACE_VIOLATION, .at_ns = 600500, .connection = 1, .text = "sent <b>text</b> that is not UTF-8: \xff"},
    {.kind = TRACE_EOF, .at_ns = 700000, .connection = 1, .text = ""},
};

static const struct case_result sample_cases[] = {
    {.id = "ping/answered", .title = "a ping is answered", .alias = "2.1", .section = "rfc6455",
     .verdict = VERDICT_PASS, .close_verdict = CLOSE_OK, .duration_ns = 1500000,
     .requirements = sample_requirements},
    {.id = "ping/payload-125", .title = "the longest legal payload \xe5\x9b\x9e\xe6\x9d\xa5", .section = "rfc6455",
     .verdict = VERDICT_FAIL, .close_verdict = CLOSE_WRONG_CODE, .duration_ns = 1000000000, .step_line = 12,
     .started = "2026-01-31T12:00:00.250Z",
     .expected = "pong \"a\"", .seen = "close 1002 \"\033[2J\xff bad\r\n\"",
     .detail = "answers a ping with another payload", .source = "case ping/payload-125 \"x\"\n  open\n",
     .events = sample_events, .event_count = sizeof sample_events / sizeof *sample_events,
     .trace = "scenario \"ping/payload-125\"\n  open\n  expect close 1002\n",
     .replay = "wsgauntlet test ws://127.0.0.1:9001/ --seed 0x51f0 --case 'ping/payload-125'"},
    {.id = "close/code", .title = "a close code", .section = "rfc6455", .verdict = VERDICT_NON_STRICT,
     .close_verdict = CLOSE_UNCLEAN, .duration_ns = 4321, .timed_out = true, .expected = "close 1000",
     .seen = "close none",
     .replay = "wsgauntlet test --case close/code"},
    {.id = "handshake/odd", .title = "a choice", .section = "handshake", .verdict = VERDICT_INFO,
     .close_verdict = CLOSE_INFO, .seen = "status 400"},
    {.id = "deflate/window", .title = "small windows", .section = "rfc7692", .verdict = VERDICT_UNIMPLEMENTED,
     .close_verdict = CLOSE_NONE, .detail = "the case needs permessage-deflate"},
    {.id = "crash", .title = "a server that dies", .section = "recovery", .file = "scenarios/recovery/crash.wsg",
     .line = 3, .verdict = VERDICT_FAIL, .close_verdict = CLOSE_NONE, .duration_ns = 20000000,
     .detail = "the testee died: signal 11", .stderr_tail = "signal 11\nSegmentation \033[31mfault\n",
     .replay = "wsgauntlet run scenarios/recovery/crash.wsg:3"},
    {.id = "hang", .title = "cut short", .section = "", .verdict = VERDICT_ERROR, .close_verdict = CLOSE_NONE,
     .detail = "interrupted"},
};
#define SAMPLE_CASES (sizeof sample_cases / sizeof *sample_cases)

/* run_result_free() it. */
static struct run_result *sample_run(void)
{
    struct run_result *run = run_result_new();
    ck_assert_ptr_nonnull(run);
    run->version = "0.1.0";
    run->mode = "test";
    run->started = "2026-01-31T12:00:00Z";
    run->seed = 0x51f0;
    run->duration_ns = 1234567890;
    run->planned = 9;
    run->testee = (struct testee_info){.url = "ws://127.0.0.1:9001/", .command = "", .agent = "Example/1.0 \xfe"};
    struct figure *figure = figure_add(&run->arena, &run->figures, "attempts </title>", "s", "connection");
    struct figure_series *opened = figure_series(&run->arena, figure, FIGURE_SPANS, "open");
    figure_point(&run->arena, opened, &(struct figure_point){.x = 0.5, .y = 1, .until = 2.25});
    struct figure_series *refused = figure_series(&run->arena, figure, FIGURE_MARKS, "refused");
    figure_point(&run->arena, refused, &(struct figure_point){.x = 2.5, .y = 2, .label = "RST"});
    return run;
}

static struct case_result *sample_add(struct run_result *run, size_t at)
{
    struct case_result *result = run_result_add(run);
    ck_assert_ptr_nonnull(result);
    struct case_result empty = *result;
    run->ended++;
    *result = sample_cases[at];
    const char **texts[] = {&result->id, &result->title, &result->alias, &result->section, &result->file,
                            &result->expected, &result->seen, &result->detail, &result->replay,
                            &result->source, &result->trace, &result->stderr_tail, &result->started};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i] == NULL)
            *texts[i] = "";
    for (size_t i = 0; i < result->event_count; i++)
        trace_count(&result->counts, &result->events[i]);
    if (result->requirements == NULL)
        result->requirements = empty.requirements;
    return result;
}

/* With all of its cases. */
static inline struct run_result *sample_whole(void)
{
    struct run_result *run = sample_run();
    for (size_t i = 0; i < SAMPLE_CASES; i++)
        sample_add(run, i);
    return run;
}

#endif
