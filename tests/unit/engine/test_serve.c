/* The serving of clients: which case has which number, what a call asks for,
 * and what becomes of calls that come at the wrong time, slowly, or not whole.
 * In the simulation, by bytes. */
#include "scripts.h"

#include "engine/serve/query.h"
#include "engine/serve/serve.h"

#include <string.h>

/* ---- numbers ---- */

#define CASES                                                              \
    "case one/a\n  alias autobahn 9.2.10\n  open\n  send text \"a\"\n  expect echo\n"    \
    "case two/b\n  alias autobahn 9.2.9\n  open\n  drop fin\n  repeat 2\n    open\n    drop fin\n  end\n" \
    "case three/c\n  open\n  send text \"c\"\n  expect echo\n"

static struct suite suite_of(struct script *script)
{
    struct suite suite = {.case_count = script->case_count};
    suite.cases = calloc(script->case_count, sizeof *suite.cases);
    for (size_t i = 0; i < script->case_count; i++)
        suite.cases[i] = (struct suite_case){.test = &script->cases[i], .script = script};
    return suite;
}

START_TEST(a_case_has_a_number_for_each_connection)
{
    struct script *script = good_script(CASES);
    struct suite suite = suite_of(script);
    struct numbering n;
    ck_assert(numbering_make(&n, &suite, NULL, NULL));
    ck_assert_uint_eq(n.count, 3);
    ck_assert_uint_eq(n.numbers, 5);
    ck_assert_ptr_null(numbering_at(&n, 0));
    ck_assert_str_eq(numbering_at(&n, 1)->label, "one/a");
    for (size_t i = 2; i <= 4; i++)
        ck_assert_str_eq(numbering_at(&n, i)->label, "two/b");
    ck_assert_str_eq(numbering_at(&n, 5)->label, "three/c");
    ck_assert_ptr_null(numbering_at(&n, 6));
    ck_assert_ptr_eq(numbering_find(&n, "9.2.9"), numbering_at(&n, 2));
    ck_assert_ptr_eq(numbering_find(&n, "three/c"), numbering_at(&n, 5));
    ck_assert_ptr_null(numbering_find(&n, "9.2"));
    numbering_free(&n);
    free(suite.cases);
    script_free(script);
}
END_TEST

START_TEST(autobahns_ids_are_sorted_as_numbers)
{
    struct script *script = good_script(CASES);
    struct suite suite = suite_of(script);
    struct numbering n;
    const char *const some[] = {"9.2.1*", NULL}, *const none[] = {"1.*", NULL};
    ck_assert(numbering_make(&n, &suite, &(struct autobahn_filter){0}, NULL));
    ck_assert_uint_eq(n.count, 2);
    ck_assert_str_eq(n.slots[0].label, "9.2.9");
    ck_assert_str_eq(n.slots[1].label, "9.2.10");
    numbering_free(&n);
    ck_assert(numbering_make(&n, &suite, &(struct autobahn_filter){.include = some}, NULL));
    ck_assert_uint_eq(n.count, 1);
    numbering_free(&n);
    ck_assert(!numbering_make(&n, &suite, &(struct autobahn_filter){.include = none}, NULL));
    numbering_free(&n);
    free(suite.cases);
    script_free(script);
}
END_TEST

/* ---- queries ---- */

static bool read(struct query *query, const char *target)
{
    struct diag why = {0};
    return query_read(query, (struct ws_span){target, strlen(target)}, &why);
}

START_TEST(a_query_is_decoded_and_bounded)
{
    struct query q;
    char longest[400] = "/runCase?agent=";
    ck_assert(read(&q, "/runCase?case=7&agent=my%20client+2&x=y&"));
    ck_assert_str_eq(q.path, "/runCase");
    ck_assert_str_eq(q.values[QUERY_CASE], "7");
    ck_assert_str_eq(q.values[QUERY_AGENT], "my client 2");
    ck_assert(!q.has[QUERY_CASETUPLE]);
    ck_assert(read(&q, "http://host:9/updateReports?shutdownOnComplete=true"));
    ck_assert_str_eq(q.path, "/updateReports");
    ck_assert(read(&q, "http://host"));
    ck_assert_str_eq(q.path, "/");
    ck_assert(read(&q, "/?"));
    memset(longest + strlen(longest), 'x', QUERY_VALUE_MAX);
    ck_assert(read(&q, longest));
    longest[strlen(longest)] = 'x';
    ck_assert(!read(&q, longest));
    static const char *const wrong[] = {"/a?agent", "/a?agent=", "/a?agent=%", "/a?agent=%4", "/a?agent=%zz",
                                        "/a?agent=%00", "/a?agent=%c3", "/a?agent=a&agent=a", "/a?case=1&case=2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!read(&q, wrong[i]), "%s", wrong[i]);
}
END_TEST

/* ---- calls ---- */

struct stage {
    struct loop *loop;
    struct script *script;
    struct suite suite;
    struct serve *serve;
    unsigned results, updates, shutdowns;
};

static void on_result(void *arg, const struct run_result *run, const struct case_result *done)
{
    (void)run, (void)done;
    ((struct stage *)arg)->results++;
}

static void on_update(void *arg) { ((struct stage *)arg)->updates++; }

static void on_shutdown(void *arg) { ((struct stage *)arg)->shutdowns++; }

static void stage_open(struct stage *s, const char *cases)
{
    *s = (struct stage){.loop = loop_sim_new(1, &(struct sim_options){.latency_ns = NS_PER_MS})};
    s->script = good_script(cases);
    s->suite = suite_of(s->script);
    s->serve = serve_start(&(struct serve_config){.loop = s->loop, .suite = &s->suite, .seed = 1, .result = on_result,
                                                  .update = on_update, .shutdown = on_shutdown, .arg = s}, NULL);
    ck_assert_ptr_nonnull(s->serve);
}

static void stage_close(struct stage *s)
{
    serve_stop(s->serve);
    loop_free(s->loop);
    free(s->suite.cases);
    script_free(s->script);
}

/* One end of a connection to it, and what came. */
struct line {
    struct layer *layer;
    struct buf heard;
    bool ended;
};

static void line_data(void *owner, uint8_t *bytes, size_t size)
{
    buf_append(&((struct line *)owner)->heard, bytes, size);
}

static void line_ended(void *owner, enum layer_end end, const struct diag *why)
{
    (void)end, (void)why;
    ((struct line *)owner)->ended = true;
}

static void line_open(struct line *line, struct stage *s, const char *bytes)
{
    static const struct layer_sink sink = {.data = line_data, .ended = line_ended};
    struct net_address to = {.host = "127.0.0.1", .port = serve_port(s->serve)};
    *line = (struct line){0};
    buf_init(&line->heard, 0);
    line->layer = loop_connect(s->loop, &to, &sink, line);
    layer_write(line->layer, bytes, strlen(bytes));
}

static void line_close(struct line *line)
{
    layer_release(line->layer);
    buf_free(&line->heard);
}

static void stop(void *arg) { loop_stop(arg); }

static void run_for(struct stage *s, uint64_t ms)
{
    timer_start(s->loop, ms * NS_PER_MS, stop, s->loop);
    loop_run(s->loop);
}

#define UPGRADE                                                                                   \
    "Host: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"       \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define RUN(n) "GET /runCase?case=" #n "&agent=me HTTP/1.1\r\n" UPGRADE

START_TEST(a_head_may_come_in_pieces_but_not_for_ever)
{
    struct stage s;
    struct line quick, slow;
    stage_open(&s, CASES);
    line_open(&quick, &s, "GET /getCaseCount HT");
    line_open(&slow, &s, "GET /getCaseCount HTTP/1.1\r\n");
    run_for(&s, 100);
    layer_write(quick.layer, "TP/1.1\r\n" UPGRADE, sizeof "TP/1.1\r\n" UPGRADE - 1);
    run_for(&s, 100);
    ck_assert_ptr_nonnull(strstr(buf_text(&quick.heard), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    ck_assert_ptr_nonnull(memmem(quick.heard.data, quick.heard.size, "\x81\x01" "5\x88\x00", 5));
    run_for(&s, 20000);
    ck_assert_msg(strncmp(buf_text(&slow.heard), "HTTP/1.1 408 ", 13) == 0 && slow.ended, "%s", buf_text(&slow.heard));
    line_close(&quick);
    line_close(&slow);
    stage_close(&s);
}
END_TEST

START_TEST(who_goes_in_the_middle_leaves_nothing_behind)
{
    static const char *const beginnings[] = {"", "G", "GET / HTTP/1.1\r\n", RUN(1), RUN(2),
                                             "GET /getCaseStatus?case=1&agent=me HTTP/1.1\r\n" UPGRADE};
    struct stage s;
    stage_open(&s, CASES);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        struct line line;
        line_open(&line, &s, beginnings[i]);
        run_for(&s, 10);
        layer_reset(line.layer);
        line_close(&line);
        run_for(&s, 30000);
        ck_assert(serve_is_idle(s.serve));
    }
    ck_assert_uint_eq(s.results, 2); /* the two cases that were begun */
    stage_close(&s);
}
END_TEST

START_TEST(the_same_case_twice_at_once_is_played_twice)
{
    struct stage s;
    struct line first, second;
    stage_open(&s, CASES);
    line_open(&first, &s, RUN(1));
    line_open(&second, &s, RUN(1));
    run_for(&s, 100);
    ck_assert_ptr_nonnull(strstr(buf_text(&first.heard), " 101 "));
    ck_assert_uint_eq(second.heard.size, 0); /* it waits */
    run_for(&s, 10000);
    ck_assert_ptr_nonnull(strstr(buf_text(&second.heard), " 101 "));
    ck_assert_uint_eq(s.results, 2);
    ck_assert_uint_eq(serve_run(s.serve, 0)->count, 1); /* the last one stands */
    line_close(&first);
    line_close(&second);
    stage_close(&s);
}
END_TEST

START_TEST(a_status_that_is_asked_for_early_comes_with_the_result)
{
    struct stage s;
    struct line asks, plays;
    stage_open(&s, CASES);
    line_open(&asks, &s, "GET /getCaseStatus?case=1&agent=me HTTP/1.1\r\n" UPGRADE);
    run_for(&s, 5000);
    ck_assert_ptr_null(strstr(buf_text(&asks.heard), "behavior"));
    line_open(&plays, &s, RUN(1));
    run_for(&s, 10000);
    static const char failed[] = "{\"behavior\": \"FAILED\"}"; /* it did not echo */
    ck_assert_ptr_nonnull(memmem(asks.heard.data, asks.heard.size, failed, sizeof failed - 1));
    line_close(&asks);
    line_close(&plays);
    stage_close(&s);
}
END_TEST

/* A typing mistake in a name is not a client that did nothing. */
START_TEST(a_question_makes_nobody_a_client_under_test)
{
    static const char *const questions[] = {
        "GET /getCaseStatus?case=1&agent=meee HTTP/1.1\r\n" UPGRADE,
        "GET /getCaseStatus?case=5&agent=me HTTP/1.1\r\n" UPGRADE,
        "GET /tellCase?case=1&outcome=opened&agent=meee HTTP/1.1\r\n" UPGRADE,
        "GET /getCaseHint?case=1&agent=meee HTTP/1.1\r\n" UPGRADE,
        "GET /updateReports?agent=meee HTTP/1.1\r\n" UPGRADE,
    };
    enum { COUNT = sizeof questions / sizeof *questions };
    struct stage s;
    struct line lines[COUNT], plays;
    stage_open(&s, CASES);
    line_open(&plays, &s, RUN(1));
    run_for(&s, 10000);
    for (size_t i = 0; i < COUNT; i++)
        line_open(&lines[i], &s, questions[i]);
    run_for(&s, 1000);
    ck_assert_uint_eq(serve_run(s.serve, 0)->count, 1);
    ck_assert_ptr_null(serve_run(s.serve, 1));
    ck_assert_ptr_nonnull(strstr(buf_text(&lines[0].heard), " 101 ")); /* it waits for one who may come */
    ck_assert(!lines[0].ended);
    ck_assert_msg(strncmp(buf_text(&lines[2].heard), "HTTP/1.1 400 ", 13) == 0, "%s", buf_text(&lines[2].heard));
    for (size_t i = 0; i < COUNT; i++)
        line_close(&lines[i]);
    line_close(&plays);
    stage_close(&s);
}
END_TEST

START_TEST(reports_and_the_end_are_asked_for)
{
    struct stage s;
    struct line line, last;
    stage_open(&s, CASES);
    line_open(&line, &s, "GET /updateReports?agent=me HTTP/1.1\r\n" UPGRADE);
    run_for(&s, 1000);
    ck_assert_uint_eq(s.updates, 1);
    ck_assert_uint_eq(s.shutdowns, 0);
    line_open(&last, &s, "GET /updateReports?agent=me&shutdownOnComplete=yes HTTP/1.1\r\n" UPGRADE);
    run_for(&s, 1000);
    ck_assert_uint_eq(s.updates, 2);
    ck_assert_uint_eq(s.shutdowns, 1);
    ck_assert_ptr_null(serve_run(s.serve, 0)); /* who asks for reports is not yet a client under test */
    line_close(&line);
    line_close(&last);
    stage_close(&s);
}
END_TEST

START_TEST(a_driver_that_does_not_come_again_is_no_failure_of_the_client)
{
    struct stage s;
    struct line line;
    stage_open(&s, CASES);
    line_open(&line, &s, RUN(2));
    run_for(&s, 60000);
    ck_assert_uint_eq(s.results, 1);
    const struct case_result *result = serve_run(s.serve, 0)->cases[0];
    ck_assert_int_eq(result->verdict, VERDICT_ERROR);
    ck_assert_ptr_nonnull(strstr(result->detail, "did not call"));
    line_close(&line);
    stage_close(&s);
}
END_TEST

UNIT_MAIN("serve", a_case_has_a_number_for_each_connection, autobahns_ids_are_sorted_as_numbers,
          a_query_is_decoded_and_bounded, a_head_may_come_in_pieces_but_not_for_ever,
          who_goes_in_the_middle_leaves_nothing_behind, the_same_case_twice_at_once_is_played_twice,
          a_status_that_is_asked_for_early_comes_with_the_result, a_question_makes_nobody_a_client_under_test,
          reports_and_the_end_are_asked_for, a_driver_that_does_not_come_again_is_no_failure_of_the_client)
