/* Scenario text, played in the simulation against the reference peer. Oracles:
 * every case ends, with a verdict; what the correct peer sends never breaks the
 * protocol; and the same seed plays the same again. */
#include "fuzz.h"

#include "engine/peer/peer_testee.h"
#include "engine/runner/runner.h"

FUZZ_TARGET("session");

#define CASES_MOST 2u
#define COST_MOST 20000u /* bytes and steps, repeats multiplied */

static uint64_t payload_cost(const struct payload *payload)
{
    uint64_t cost = 0;
    for (const struct piece *p = payload == NULL ? NULL : payload->pieces; p != NULL; p = p->next)
        cost += p->size + p->times * (p->inner == NULL ? 1 : 1 + payload_cost(p->inner));
    return cost;
}

/* What is too dear to play, and bytes that the network spoils on their way, tell nothing. */
static uint64_t cost(const struct step *steps)
{
    uint64_t sum = 0;
    for (const struct step *s = steps; s != NULL && sum <= COST_MOST; s = s->next) {
        uint64_t own = 1 + cost(s->body);
        for (const struct setting *t = s->settings; t != NULL; t = t->next)
            own += payload_cost(t->value.bytes);
        if (s->verb == VERB_REPEAT || s->verb == VERB_FLEET) /* each client of a fleet opens a connection */
            own *= step_number(s, SLOT_COUNT, 1) * (s->verb == VERB_FLEET ? 20 : 1);
        if (s->form == FORM_FAULT_CORRUPT || s->verb == VERB_TESTEE)
            own = COST_MOST + 1;
        sum += own;
    }
    return sum;
}

struct ending {
    struct loop *loop;
    unsigned times;
    enum verdict verdict;
    uint64_t digest;
};

static void over(void *arg, struct case_result *result, const struct trace *trace)
{
    struct ending *ending = arg;
    ending->times++;
    ending->verdict = result->verdict;
    ending->digest = hash_value(&trace->sent);
    for (size_t i = 0; i < trace->count; i++)
        must(trace->events[i].kind != TRACE_VIOLATION, "the correct peer %s", trace->events[i].text);
    loop_stop(ending->loop);
}

static struct ending play(const struct test_case *test)
{
    static const char *const protocols[] = {"chat", NULL};
    struct ending ending = {.loop = loop_sim_new(1, &(struct sim_options){.latency_ns = NS_PER_MS})};
    struct peer_config peer_config = {.deflate = {.enabled = true}, .protocols = protocols, .message_max = 1u << 20};
    struct peer_testee peer;
    struct testee testee = {.loop = ending.loop};
    struct run_result *run = run_result_new();
    struct diag why = {0};
    const char *reason = NULL;
    char url[64];

    must(ending.loop != NULL && run != NULL, "no memory");
    must(peer_testee_start(&peer, ending.loop, &peer_config, &why), "%s", why.text);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/", peer_testee_port(&peer));
    must(ws_url_parse(&testee.url, url, false, &reason), "%s", reason);
    testee.ops = peer_testee_ops();
    testee.ops_arg = &peer;
    struct runner_config config = {.loop = ending.loop, .testee = &testee, .role = WS_CLIENT, .seed = 1};
    struct case_result *result = run_result_add(run);
    must(result != NULL && runner_start(&config, test, run, result, over, &ending) != NULL, "no memory");
    loop_run(ending.loop);
    must(ending.times == 1, "%s ends %u times", test->id, ending.times);
    must(ending.verdict < VERDICTS, "%s has the verdict %d", test->id, ending.verdict);
    peer_testee_end(&peer);
    loop_free(ending.loop);
    run_result_free(run);
    return ending;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf errors;
    unsigned mistakes = 0;
    buf_init(&errors, 0);
    struct script *script = script_parse("fuzz.wsg", (const char *)data, size, &errors, &mistakes);
    must(script != NULL, "no memory");
    for (size_t i = 0; mistakes == 0 && i < script->case_count && i < CASES_MOST; i++) {
        const struct test_case *test = &script->cases[i];
        if (test->tested == TESTED_CLIENT || cost(test->steps) > COST_MOST)
            continue;
        struct ending first = play(test), second = play(test);
        must(first.verdict == second.verdict && first.digest == second.digest, "%s plays differently again", test->id);
    }
    script_free(script);
    buf_free(&errors);
    return 0;
}
