/* See rehearsal.h. */
#include "engine/suite/rehearsal.h"

#include "engine/peer/peer_testee.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const spoken[] = {"chat", "superchat", NULL};

static void over(void *arg, struct case_result *result, const struct trace *trace)
{
    (void)result, (void)trace;
    loop_stop(arg);
}

static bool set_up(struct loop *loop, const struct peer_config *config, struct peer_testee *peer, struct testee *testee)
{
    struct diag why = {0};
    const char *reason = NULL;
    char url[64];

    if (!peer_testee_start(peer, loop, config, &why))
        return false;
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", peer_testee_port(peer));
    *testee = (struct testee){.loop = loop, .ops = peer_testee_ops(), .ops_arg = peer};
    return ws_url_parse(&testee->url, url, false, &reason);
}

/* eio 0: no Socket.IO. */
static const struct case_result *play(const struct test_case *test, const struct peer_config *peer_config, unsigned eio,
                                      struct run_result *run)
{
    uint64_t seed = peer_config->seed;
    struct loop *loop = loop_sim_new(seed, &(struct sim_options){.latency_ns = NS_PER_MS});
    struct peer_testee peer = {0};
    struct testee testee;
    struct case_result *result = run_result_add(run);

    if (loop != NULL && result != NULL && set_up(loop, peer_config, &peer, &testee)) {
        struct runner_config config = {.loop = loop, .testee = &testee, .role = WS_CLIENT, .seed = seed, .eio = eio};
        struct runner *runner = runner_start(&config, test, run, result, over, loop);
        if (runner == NULL)
            result = NULL;
        else
            loop_run(loop);
    } else {
        result = NULL;
    }
    peer_testee_end(&peer);
    if (loop != NULL)
        loop_free(loop);
    return result;
}

const struct case_result *rehearse(const struct test_case *test, const struct peer_fault *fault, uint64_t seed,
                                   struct run_result *run)
{
    struct peer_config config = {.deflate = {.enabled = true}, .protocols = spoken, .fault = fault, .seed = seed};
    return play(test, &config, 0, run);
}

const struct case_result *rehearse_socketio(const struct test_case *test, const struct peer_fault *fault, unsigned eio,
                                            uint64_t seed, struct run_result *run)
{
    struct peer_config config = {.deflate = {.enabled = true}, .fault = fault, .socketio = true, .seed = seed};
    return play(test, &config, eio, run);
}

/* ---- what is noticed ---- */

bool verdict_is_worse(enum verdict verdict, enum verdict than)
{
    static const int weight[VERDICTS] = {[VERDICT_INFO] = 1, [VERDICT_NON_STRICT] = 2, [VERDICT_FAIL] = 3};
    return weight[verdict] > weight[than];
}

static enum verdict verdict_of(const struct test_case *test, const struct peer_fault *fault, uint64_t seed)
{
    struct run_result *run = run_result_new();
    const struct case_result *result = run == NULL ? NULL : rehearse(test, fault, seed, run);
    enum verdict verdict = result == NULL ? VERDICT_ERROR : result->verdict;

    run_result_free(run);
    return verdict;
}

bool rehearsal_notices(const struct test_case *test, const struct peer_fault *fault, uint64_t seed)
{
    enum verdict verdict = verdict_of(test, fault, seed);
    /* Most cases pass against the correct peer: what is no worse than that needs no second play. */
    return verdict_is_worse(verdict, VERDICT_PASS) && verdict_is_worse(verdict, verdict_of(test, NULL, seed));
}

bool rehearsal_is_loud(const struct peer_fault *fault, uint64_t seed)
{
    static const char plain[] = "case plain \"open, echo and close\"\n"
                                "  open\n  send text \"plainest\"\n  expect echo\n";
    struct buf errors;
    unsigned mistakes;

    buf_init(&errors, 0);
    struct script *script = script_parse("plain.wsg", plain, sizeof plain - 1, &errors, &mistakes);
    bool loud = script != NULL && mistakes == 0 && rehearsal_notices(&script->cases[0], fault, seed);
    if (script != NULL)
        script_free(script);
    buf_free(&errors);
    return loud;
}

/* ---- by which defect ---- */

bool rehearsal_faults_read(struct rehearsal_faults *faults, uint64_t seed)
{
    size_t count;
    const struct peer_fault *all = peer_faults(&count);

    *faults = (struct rehearsal_faults){.order = calloc(count, sizeof *faults->order), .count = count};
    if (faults->order == NULL)
        return false;
    size_t loud = count;
    for (size_t i = 0; i < count; i++)
        faults->order[rehearsal_is_loud(&all[i], seed) ? --loud : faults->quiet++] = &all[i];
    return true;
}

void rehearsal_faults_free(struct rehearsal_faults *faults)
{
    free(faults->order);
    *faults = (struct rehearsal_faults){0};
}

/* Neighbours notice the same: what was noticed comes first the next time. */
static void move_to_front(struct rehearsal_faults *faults, size_t at)
{
    const struct peer_fault *noticed = faults->order[at];

    if (at >= faults->quiet)
        return;
    memmove(faults->order + 1, faults->order, at * sizeof *faults->order);
    faults->order[0] = noticed;
}

const struct peer_fault *rehearsal_noticed(const struct test_case *test, struct rehearsal_faults *faults,
                                           uint64_t seed)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct peer_fault *fault = faults->order[i];
        if (rehearsal_notices(test, fault, seed)) {
            move_to_front(faults, i);
            return fault;
        }
    }
    return NULL;
}
