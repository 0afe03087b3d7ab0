/* See corpus.h: each case of the suite is played against the reference peer in
 * the simulation, and its trace is taken apart into seeds. */
#include "modes/corpus/corpus.h"

#include "engine/peer/peer_testee.h"
#include "engine/suite/suite.h"
#include "modes/corpus/seeds.h"
#include "modes/corpus/vectors.h"
#include "wire/mask.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CONNECTIONS_MOST 8u /* of one case that are told apart */

/* One direction of one connection, written anew from the trace. */
struct stream {
    struct buf bytes;
    bool broken; /* something of it was not kept */
};

struct ending {
    struct loop *loop;
    struct seeds *seeds;
    struct stream streams[CONNECTIONS_MOST][2];
    bool deflate;
};

static void take_frame(struct ending *ending, const struct trace_event *e, struct stream *stream)
{
    uint8_t head[WS_FRAME_HEAD_MAX];
    enum ws_role receiver = e->ours ? WS_SERVER : WS_CLIENT;
    if (e->whole > e->size) {
        stream->broken = true;
        return;
    }
    seed_payload(ending->seeds, receiver, e->head.opcode, e->head.rsv & 4 && !ws_opcode_is_control(e->head.opcode),
                 e->bytes, e->size);
    if (stream->broken)
        return;
    size_t head_size = ws_frame_head_write(&e->head, head), at = stream->bytes.size + head_size;
    stream->broken = !buf_append(&stream->bytes, head, head_size) || !buf_append(&stream->bytes, e->bytes, e->size);
    if (e->head.masked && !stream->broken && e->size != 0)
        ws_mask(stream->bytes.data + at, e->size, e->head.masking_key, 0);
}

static void take_event(struct ending *ending, const struct trace_event *e)
{
    if (e->connection == 0 || e->connection > CONNECTIONS_MOST)
        return;
    struct stream *stream = &ending->streams[e->connection - 1][e->ours];
    if (e->kind == TRACE_FRAME)
        take_frame(ending, e, stream);
    else if (e->kind == TRACE_RAW && !stream->broken)
        stream->broken = e->whole > e->size || !buf_append(&stream->bytes, e->bytes, e->size);
    else if (e->kind == TRACE_HEAD && e->whole == e->size) {
        ending->deflate |= !e->ours && memmem(e->bytes, e->size, "permessage-deflate", 18) != NULL;
        seed_head(ending->seeds, !e->ours, e->bytes, e->size);
    }
}

/* Events are missing: what comes behind them joins nothing. */
static void break_streams(struct ending *ending)
{
    for (size_t i = 0; i < CONNECTIONS_MOST; i++)
        ending->streams[i][0].broken = ending->streams[i][1].broken = true;
}

static void over(void *arg, struct case_result *result, const struct trace *trace)
{
    struct ending *ending = arg;
    (void)result;
    for (size_t i = 0; i < trace->count; i++) {
        if (trace->events[i].left_out != 0)
            break_streams(ending);
        take_event(ending, &trace->events[i]);
    }
    loop_stop(ending->loop);
}

static void streams_end(struct ending *ending)
{
    for (size_t i = 0; i < CONNECTIONS_MOST; i++)
        for (int ours = 0; ours < 2; ours++) {
            struct stream *s = &ending->streams[i][ours];
            enum ws_role receiver = ours ? WS_SERVER : WS_CLIENT;
            seed_stream(ending->seeds, receiver, ending->deflate, true, s->bytes.data, s->bytes.size);
            buf_free(&s->bytes);
        }
}

/* False with a sentence: no memory. */
static bool play(const struct test_case *test, struct seeds *seeds, struct diag *why)
{
    static const char *const protocols[] = {"chat", "superchat", NULL};
    struct ending ending = {.loop = loop_sim_new(1, &(struct sim_options){.latency_ns = NS_PER_MS}), .seeds = seeds};
    const struct peer_config config = {.deflate = {.enabled = true}, .protocols = protocols, .message_max = 1u << 20};
    struct peer_testee peer = {0};
    struct run_result *run = run_result_new();
    struct case_result *result = run == NULL ? NULL : run_result_add(run);
    struct testee testee = {.loop = ending.loop, .ops = peer_testee_ops(), .ops_arg = &peer};
    const char *reason = NULL;
    char url[64];
    bool begun = false;

    if (ending.loop == NULL || result == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
    } else if (peer_testee_start(&peer, ending.loop, &config, why)) {
        snprintf(url, sizeof url, "ws://127.0.0.1:%u/", peer_testee_port(&peer));
        ws_url_parse(&testee.url, url, false, &reason);
        const struct runner_config runner = {.loop = ending.loop, .testee = &testee, .role = WS_CLIENT, .seed = 1};
        begun = runner_start(&runner, test, run, result, over, &ending) != NULL;
        if (begun)
            loop_run(ending.loop);
        else
            diag_set(why, DIAG_TROUBLE, "out of memory");
        peer_testee_end(&peer);
    }
    streams_end(&ending);
    if (ending.loop != NULL)
        loop_free(ending.loop);
    if (run != NULL)
        run_result_free(run);
    return begun;
}

static bool export_suite(struct seeds *seeds, struct diag *why)
{
    struct suite suite = {0};
    struct buf text;
    buf_init(&text, 0);
    bool fine = suite_add_embedded(&suite, NULL, why);
    for (size_t i = 0; fine && i < suite.case_count && why->kind == DIAG_NONE; i++) {
        const struct test_case *test = suite.cases[i].test;
        buf_clear(&text);
        test_case_print(test, &text);
        seed_script(seeds, test->tested != TESTED_CLIENT, buf_text(&text), text.size);
        fine = test->tested == TESTED_CLIENT || play(test, seeds, why);
    }
    buf_free(&text);
    suite_free(&suite);
    return fine && why->kind == DIAG_NONE;
}

int corpus_export_main(const struct corpus_options *options, struct diag *why)
{
    struct seeds seeds = {.folder = options->folder, .why = why};
    if (mkdir(options->folder, 0777) != 0 && errno != EEXIST)
        diag_set(why, DIAG_TROUBLE, "cannot make the folder %s: %s", options->folder, strerror(errno));
    else if (options->vectors == NULL || vectors_export(options->vectors, &seeds, why))
        export_suite(&seeds, why);
    for (size_t i = 0; i < SEED_TARGETS && why->kind == DIAG_NONE; i++)
        fprintf(options->out, "%-12s %6zu seeds\n", seed_target_name((enum seed_target)i), seeds.written[i]);
    return (int)why->kind;
}
