/* Socket.IO's steps where a suite does not take them: what a case needs, where a
 * URL leads, and expectations on the wrong kind of connection. Against the
 * reference peer as a Socket.IO server, in the simulation. */
#include "stage.h"

#include "engine/peer/peer_testee.h"

enum { SEED = 0x510 };

struct sio_row {
    const char *steps;
    const char *tail; /* of the testee's URL, behind the port */
    enum verdict verdict;
    const char *says; /* in expected, seen or detail */
};

static void over(void *arg, struct case_result *result, const struct trace *trace)
{
    (void)result, (void)trace;
    loop_stop(arg);
}

static void check_sio_row(const struct sio_row *row)
{
    struct loop *loop = loop_sim_new(SEED, &(struct sim_options){.latency_ns = NS_PER_MS});
    struct peer_config peer_config = {.socketio = true, .seed = SEED};
    struct peer_testee peer;
    struct diag why = {0};
    ck_assert_msg(peer_testee_start(&peer, loop, &peer_config, &why), "%s", why.text);
    struct testee testee = {.loop = loop, .ops = peer_testee_ops(), .ops_arg = &peer};
    char url[128], all[4096];
    const char *reason;
    snprintf(url, sizeof url, "ws://127.0.0.1:%u%s", peer_testee_port(&peer), row->tail);
    ck_assert(ws_url_parse(&testee.url, url, false, &reason));
    struct script *script = stage_parse(row->steps);
    struct run_result *run = run_result_new();
    struct case_result *result = run_result_add(run);
    struct runner_config config = {.loop = loop, .testee = &testee, .role = WS_CLIENT, .seed = SEED};
    ck_assert_ptr_nonnull(runner_start(&config, &script->cases[0], run, result, over, loop));
    loop_run(loop);
    snprintf(all, sizeof all, "%s | %s | %s", result->expected, result->seen, result->detail);
    ck_assert_msg(result->verdict == row->verdict && (!row->says || strstr(all, row->says)),
                  "wanted %s, \"%s\"; got %s: %s\nfrom %s at %s", verdict_word(row->verdict),
                  row->says ? row->says : "", verdict_word(result->verdict), all, row->steps, row->tail);
    script_free(script);
    run_result_free(run);
    peer_testee_end(&peer);
    loop_free(loop);
}

#define CHECK_SIO_ROWS(rows)                                    \
    do {                                                        \
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) \
            check_sio_row(&rows[i]);                            \
    } while (0)

/* Whatever lines stand above it. */
START_TEST(what_a_case_needs_stands_anywhere_in_its_head)
{
    static const struct sio_row rows[] = {
        {"needs eio 3; timeout 1s; open socketio; expect socketio open", "/", VERDICT_UNIMPLEMENTED, "Engine.IO 3"},
        {"timeout 1s; needs eio 3; open socketio; expect socketio open", "/", VERDICT_UNIMPLEMENTED, "Engine.IO 3"},
        {"timeout 1s; needs eio 4; open socketio; expect socketio open", "/", VERDICT_PASS, NULL},
        {"timeout 1s; needs heartbeat 899ms; open socketio; expect socketio open", "/", VERDICT_UNIMPLEMENTED,
         "quicker heartbeat"},
        {"timeout 1s; needs heartbeat 900ms; open socketio; expect socketio open", "/", VERDICT_PASS, NULL},
    };
    CHECK_SIO_ROWS(rows);
}
END_TEST

START_TEST(a_url_without_a_path_leads_to_socketio)
{
#define CONNECT "open socketio; send socketio connect; expect socketio connect"
    static const struct sio_row rows[] = {
        {CONNECT, "", VERDICT_PASS, NULL},
        {CONNECT, "/", VERDICT_PASS, NULL},
        {CONNECT, "?room=1", VERDICT_PASS, NULL},
        {CONNECT, "/?room=1", VERDICT_PASS, NULL},
        {CONNECT, "/socket.io/?room=1", VERDICT_PASS, NULL},
        {CONNECT, "/else/?room=1", VERDICT_FAIL, "40"},
    };
    CHECK_SIO_ROWS(rows);
}
END_TEST

/* Whoever names it, and in whatever packet. */
START_TEST(a_namespace_is_the_same_with_its_query)
{
    static const struct sio_row rows[] = {
        {"open socketio eio 3; expect socketio connect; send socketio connect namespace '/chat?token=x'; "
         "expect socketio connect namespace '/chat'; send socketio event 'echo' '1' namespace '/chat?token=x' ack 3; "
         "expect socketio ack 3 '1'", "/", VERDICT_PASS, NULL},
    };
    CHECK_SIO_ROWS(rows);
}
END_TEST

/* A case that asks a connection for what never comes on it is wrong, not its testee. */
START_TEST(an_expectation_fits_its_connection)
{
#define PLAIN "open path '/socket.io/?EIO=4&transport=websocket'; "
#define NO_SOCKETIO "this is no Socket.IO connection"
#define PACKETS "on a Socket.IO connection packets come"
    static const struct sio_row rows[] = {
        {PLAIN "expect socketio open", "/", VERDICT_ERROR, NO_SOCKETIO},
        {PLAIN "expect socketio close", "/", VERDICT_ERROR, NO_SOCKETIO},
        {PLAIN "send text '40'; expect socketio connect", "/", VERDICT_ERROR, NO_SOCKETIO},
        {PLAIN "send text '40'; expect text '5'; or socketio event 'x'", "/", VERDICT_ERROR, NO_SOCKETIO},
        {PLAIN "expect text matches '^0'; expect nothing for 10ms", "/", VERDICT_PASS, NULL},
        {CONNECT "; expect text '0'", "/", VERDICT_ERROR, PACKETS},
        {CONNECT "; expect binary", "/", VERDICT_ERROR, PACKETS},
        {CONNECT "; expect message", "/", VERDICT_ERROR, PACKETS},
        {CONNECT "; send text '42[\"echo\",1]'; expect echo", "/", VERDICT_ERROR, PACKETS},
        {CONNECT "; expect socketio event 'x'; or message", "/", VERDICT_ERROR, PACKETS},
        {CONNECT "; expect nothing for 10ms", "/", VERDICT_PASS, NULL},
    };
    CHECK_SIO_ROWS(rows);
}
END_TEST

UNIT_MAIN("socketio_steps", what_a_case_needs_stands_anywhere_in_its_head, a_url_without_a_path_leads_to_socketio,
          a_namespace_is_the_same_with_its_query, an_expectation_fits_its_connection)
