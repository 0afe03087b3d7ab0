/* See peer_testee.h. */
#include "engine/peer/peer_testee.h"

#include <signal.h>

bool peer_testee_start(struct peer_testee *testee, struct loop *loop, const struct peer_config *config,
                       struct diag *why)
{
    *testee = (struct peer_testee){.loop = loop, .config = *config};
    testee->peer = peer_start(loop, &testee->config, why);
    if (testee->peer == NULL)
        return false;
    testee->config.at.port = peer_port(testee->peer);
    return true;
}

uint16_t peer_testee_port(const struct peer_testee *testee)
{
    return testee->config.at.port;
}

void peer_testee_end(struct peer_testee *testee)
{
    timer_stop(testee->answers);
    peer_stop(testee->peer);
    testee->answers = NULL;
    testee->peer = NULL;
}

/* ---- as ops ---- */

static void tell(void *arg)
{
    struct peer_testee *testee = arg;
    testee->answers = NULL;
    testee->fn(testee->fn_arg);
}

static bool restart(void *arg, loop_fn *answers, void *answers_arg, struct diag *why)
{
    struct peer_testee *testee = arg;
    peer_testee_end(testee);
    testee->leaves = false;
    testee->peer = peer_start(testee->loop, &testee->config, why);
    if (testee->peer == NULL)
        return false;
    testee->fn = answers;
    testee->fn_arg = answers_arg;
    testee->answers = timer_start(testee->loop, 0, tell, testee);
    return true;
}

static bool take_signal(void *arg, int number, struct diag *why)
{
    struct peer_testee *testee = arg;
    if (testee->peer == NULL)
        return diag_set(why, DIAG_TROUBLE, "the built-in peer does not run");
    if (number == SIGSTOP || number == SIGCONT)
        peer_pause(testee->peer, number == SIGSTOP);
    else if (number == SIGTERM)
        peer_leave(testee->peer, NULL, NULL);
    else
        peer_testee_end(testee);
    testee->leaves = testee->leaves || number == SIGTERM;
    return true;
}

/* One that was asked to end has ended when nobody is there any more. */
static bool running(void *arg)
{
    const struct peer_testee *testee = arg;
    return testee->peer != NULL && !(testee->leaves && peer_connections(testee->peer) == 0);
}

static uint64_t memory(void *arg)
{
    const struct peer_testee *testee = arg;
    return testee->peer == NULL ? 0 : peer_memory(testee->peer);
}

static const char *last_words(void *arg)
{
    return running(arg) ? "" : "killed";
}

const struct testee_ops *peer_testee_ops(void)
{
    static const struct testee_ops ops = {
        .restart = restart, .signal = take_signal, .running = running, .memory = memory, .last_words = last_words};
    return &ops;
}
