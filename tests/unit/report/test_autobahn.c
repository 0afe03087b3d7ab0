/* A case as Autobahn|Testsuite writes it: how the connection closed, what was expected of that, when it began. */
#include "report/autobahn_case.h"

#include "sample.h"

/* ---- a trace, by letters ---- */

/* c connect, h our request, H the server's 101, N its refusal; q the client's request, A our 101; f a frame, k our
 * Close, r one with RSV1, K the testee's, e our end, E the testee's. */
static size_t events_of(const char *letters, struct trace_event *events)
{
    static const struct { char letter; struct trace_event event; } rows[] = {
        {'c', {.kind = TRACE_CONNECT}},
        {'h', {.kind = TRACE_HEAD, .ours = true, .bytes = (const uint8_t *)"GET / HTTP/1.1\r\n\r\n", .size = 18}},
        {'H', {.kind = TRACE_HEAD, .bytes = (const uint8_t *)"HTTP/1.1 101 x\r\n\r\n", .size = 18}},
        {'q', {.kind = TRACE_HEAD, .bytes = (const uint8_t *)"GET / HTTP/1.1\r\n\r\n", .size = 18}},
        {'A', {.kind = TRACE_HEAD, .ours = true, .bytes = (const uint8_t *)"HTTP/1.1 101 x\r\n\r\n", .size = 18}},
        {'N', {.kind = TRACE_HEAD, .bytes = (const uint8_t *)"HTTP/1.1 400 x\r\n\r\n", .size = 18}},
        {'f', {.kind = TRACE_FRAME, .ours = true, .head = {.opcode = WS_TEXT, .fin = 1}}},
        {'k', {.kind = TRACE_FRAME, .ours = true, .head = {.opcode = WS_CLOSE, .fin = 1},
               .bytes = (const uint8_t *)"\x03\xe8", .size = 2}},
        {'r', {.kind = TRACE_FRAME, .ours = true, .head = {.opcode = WS_CLOSE, .fin = 1, .rsv = 4}}},
        {'K', {.kind = TRACE_FRAME, .head = {.opcode = WS_CLOSE, .fin = 1},
               .bytes = (const uint8_t *)"\x03\xf0", .size = 2}},
        {'e', {.kind = TRACE_EOF, .ours = true}},
        {'E', {.kind = TRACE_EOF}},
    };
    size_t count = 0;
    for (; *letters != 0; letters++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (rows[i].letter == *letters) {
                events[count] = rows[i].event;
                events[count].at_ns = count;
                events[count].connection = 1;
                events[count].whole = events[count].size;
                events[count++].text = "";
            }
    return count;
}

static json_t *told(struct run_result *run, const char *letters, bool timed_out, const char *source)
{
    struct trace_event events[16];
    run->count = 0;
    struct case_result *result = run_result_add(run);
    ck_assert_ptr_nonnull(result);
    result->id = "c";
    result->alias = "1.1.1";
    result->source = source;
    result->timed_out = timed_out;
    result->events = events;
    result->event_count = events_of(letters, events);
    json_t *whole = autobahn_case(run, result, "agent", 1);
    ck_assert_ptr_nonnull(whole);
    return whole;
}

START_TEST(who_gave_up_and_over_what)
{
    static const struct {
        const char *letters;
        bool timed_out;
        enum tested_role role;
        const char *wanted; /* what is true */
    } rows[] = {
        {"chHfkKE", false, ROLE_SERVER, "closedByMe"},
        {"chHfKkE", false, ROLE_SERVER, ""},
        {"chHfkK", true, ROLE_SERVER, "closedByMe droppedByMe wasServerConnectionDropTimeout"},
        {"chHfk", true, ROLE_SERVER, "closedByMe droppedByMe wasCloseHandshakeTimeout"},
        {"chHfkE", false, ROLE_SERVER, "closedByMe"},
        {"ch", true, ROLE_SERVER, "droppedByMe wasOpenHandshakeTimeout"},
        {"chE", false, ROLE_SERVER, ""},
        {"chN", false, ROLE_SERVER, "droppedByMe"},
        {"chHf", true, ROLE_SERVER, "failedByMe droppedByMe"},   /* no echo within its time */
        {"chHf", false, ROLE_SERVER, "failedByMe droppedByMe"},  /* a breach of the protocol */
        {"chHfk", false, ROLE_SERVER, "closedByMe failedByMe droppedByMe"},
        {"chHrKE", false, ROLE_SERVER, ""},                      /* a frame with RSV1 closes nothing */
        {"", true, ROLE_SERVER, ""},                             /* nobody was there */
        {"cqAfkKeE", false, ROLE_CLIENT, "closedByMe droppedByMe"}, /* the server ends TCP */
        {"cqAfkKe", true, ROLE_CLIENT, "closedByMe droppedByMe"},
        {"cqAf", true, ROLE_CLIENT, "failedByMe droppedByMe"},
        {"c", true, ROLE_CLIENT, "droppedByMe wasOpenHandshakeTimeout"},
    };
    static const char *const keys[] = {"closedByMe", "failedByMe", "droppedByMe", "wasServerConnectionDropTimeout",
                                       "wasOpenHandshakeTimeout", "wasCloseHandshakeTimeout"};
    struct run_result *run = run_result_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run->testee.role = rows[i].role;
        json_t *whole = told(run, rows[i].letters, rows[i].timed_out, "");
        struct buf words;
        buf_init(&words, 0);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            if (json_is_true(json_object_get(whole, keys[k])))
                buf_printf(&words, "%s%s", words.size == 0 ? "" : " ", keys[k]);
        ck_assert_msg(strcmp(buf_text(&words), rows[i].wanted) == 0, "%s: %s", rows[i].letters, buf_text(&words));
        buf_free(&words);
        json_decref(whole);
    }
    run_result_free(run);
}
END_TEST

START_TEST(what_was_expected_of_the_closing)
{
    static const struct { const char *steps, *wanted; } rows[] = {
        {"send text \"a\"\n  expect echo\n", "{\"closeCode\": [1000], \"closedByMe\": true, \"requireClean\": true}"},
        {"send close 1000\n  expect close 3000|1000|none\n  expect eof\n",
         "{\"closeCode\": [3000, 1000], \"closedByMe\": true, \"requireClean\": true}"},
        {"send text \"a\" rsv 1\n  expect fail 1002\n",
         "{\"closeCode\": [1002], \"closedByMe\": false, \"requireClean\": false}"},
        {"send text \"a\"\n  expect echo\n  or fail 1002 as non-strict\n",
         "{\"closeCode\": [1000], \"closedByMe\": true, \"requireClean\": true}"},
        {"send close 1000 rsv 4\n  expect close 1002\n  or drop\n",
         "{\"closeCode\": [1002], \"closedByMe\": false, \"requireClean\": false}"},
        {"repeat 2\n    send close\n  end\n  expect close 4xx|none\n",
         "{\"closeCode\": [1000], \"closedByMe\": true, \"requireClean\": true}"},
        {"expect drop\n", "{\"closeCode\": [], \"closedByMe\": false, \"requireClean\": false}"},
        {"that is no step\n", "{\"closeCode\": [1000], \"closedByMe\": true, \"requireClean\": true}"},
    };
    struct run_result *run = run_result_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf source;
        buf_init(&source, 0);
        buf_printf(&source, "case c \"x\"\n  open\n  %s", rows[i].steps);
        json_t *whole = told(run, "", false, buf_text(&source));
        char *text = json_dumps(json_object_get(whole, "expectedClose"), JSON_SORT_KEYS);
        ck_assert_str_eq(text, rows[i].wanted);
        free(text);
        json_decref(whole);
        buf_free(&source);
    }
    run_result_free(run);
}
END_TEST

START_TEST(frames_are_counted_not_what_is_kept)
{
    struct run_result *run = run_result_new();
    struct case_result *result = run_result_add(run);
    result->counts.frames[true][WS_CONTINUATION] = 65536;
    result->counts.frames[false][WS_CLOSE] = 1;
    result->started = "2026-01-31T12:00:00.250Z";
    json_t *whole = autobahn_case(run, result, "agent", 1);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(whole, "txFrameStats"), "0")), 65536);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(whole, "rxFrameStats"), "8")), 1);
    ck_assert_str_eq(json_string_value(json_object_get(whole, "started")), "2026-01-31T12:00:00.250Z");
    json_decref(whole);
    run_result_free(run);
}
END_TEST

START_TEST(without_memory_it_is_whole_or_nothing)
{
    struct run_result *run = sample_whole();
    bool fine = false;
    for (unsigned long n = 1; !fine && n < 10000; n++) {
        nomem_at(n, false);
        json_t *whole = autobahn_case(run, run->cases[1], "agent", 1);
        fine = whole != NULL && !nomem_hit();
        nomem_at(0, false);
        json_decref(whole);
    }
    ck_assert(fine);
    run_result_free(run);
}
END_TEST

UNIT_MAIN("autobahn report", who_gave_up_and_over_what, what_was_expected_of_the_closing,
          frames_are_counted_not_what_is_kept, without_memory_it_is_whole_or_nothing)
