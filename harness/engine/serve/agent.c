/* Agents: the clients under test, each with its cases. A case begins with the
 * first connection that names it and has a result when its runner says so; the
 * latest result stands. */
#include "engine/serve/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- agents ---- */

static struct agent *agent_new(struct serve *serve, const char *name)
{
    size_t count = serve->numbering.count;
    struct agent *agent = calloc(1, sizeof *agent + count * sizeof agent->entries[0]);
    struct run_result *run = agent == NULL ? NULL : run_result_new();
    if (run == NULL) {
        free(agent);
        return NULL;
    }
    agent->serve = serve;
    snprintf(agent->name, sizeof agent->name, "%s", name);
    agent->began_ns = loop_now(serve->config.loop);
    agent->run = run;
    run->started = serve->config.started == NULL ? "" : serve->config.started;
    run->began = serve->config.began;
    run->seed = serve->config.seed;
    run->planned = count;
    run->mode = "serve";
    run->profile = weights_word(serve->config.weights);
    run->testee = (struct testee_info){.role = ROLE_CLIENT, .url = "", .agent = agent->name,
                                       .tls = serve->config.tls != NULL,
                                       .command = serve->config.command == NULL ? "" : serve->config.command};
    for (size_t i = 0; i < count; i++)
        agent->entries[i] = (struct entry){.agent = agent, .slot = &serve->numbering.slots[i]};
    return agent;
}

struct agent *agent_find(struct serve *serve, const char *name, bool make)
{
    struct agent **at = &serve->agents;
    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    if (*at == NULL && make && serve->agent_count < AGENTS_MAX) {
        *at = agent_new(serve, name);
        serve->agent_count += *at != NULL;
    }
    return *at;
}

struct entry *agent_entry(struct agent *agent, const struct serve_slot *slot)
{
    return &agent->entries[slot - agent->serve->numbering.slots];
}

const struct run_result *agent_run(struct agent *agent)
{
    struct run_result *run = agent->run;
    run->count = 0;
    for (size_t i = 0; i < agent->serve->numbering.count; i++) {
        const struct run_result *done = agent->entries[i].done;
        if (done != NULL && !run_result_share(run, done->cases[0]))
            break;
    }
    run->ended = run->count;
    return run;
}

/* ---- a case that ends ---- */

/* Autobahn's word for it. */
static const char *behavior_of(enum verdict verdict)
{
    static const char *const words[VERDICTS] = {
        [VERDICT_PASS] = "OK",           [VERDICT_NON_STRICT] = "NON-STRICT",
        [VERDICT_INFO] = "INFORMATIONAL", [VERDICT_UNIMPLEMENTED] = "UNIMPLEMENTED",
        [VERDICT_FAIL] = "FAILED",       [VERDICT_ERROR] = "FAILED",
    };
    return words[verdict];
}

static void tell_status(struct entry *entry, void (*say)(struct call *, const char *), struct call *call)
{
    char text[48];
    snprintf(text, sizeof text, "{\"behavior\": \"%s\"}", behavior_of(entry->done->cases[0]->verdict));
    say(call, text);
}

static void tell_askers(struct entry *entry)
{
    struct call **at = &entry->agent->serve->asking;
    while (*at != NULL) {
        struct call *call = *at;
        if (call->asks != entry->slot || strcmp(call->query.values[QUERY_AGENT], entry->agent->name) != 0) {
            at = &call->queued;
            continue;
        }
        *at = call->queued;
        tell_status(entry, talk_say, call);
    }
}

static void idle(void *arg)
{
    struct serve *serve = arg;
    serve->idle = NULL;
    if (serve->under_way == 0 && serve->config.idle != NULL)
        serve->config.idle(serve->config.arg);
}

static void idle_soon(struct serve *serve)
{
    if (serve->under_way == 0 && serve->idle == NULL)
        serve->idle = timer_start(serve->config.loop, 0, idle, serve);
}

static void leave_port(struct entry *entry)
{
    if (entry->own != NULL)
        own_port_free(entry->own);
    else
        listener_share_free(entry->share);
    entry->own = NULL;
    entry->share = NULL;
}

static void no_longer_under_way(struct entry *entry)
{
    entry->runner = NULL;
    leave_port(entry);
    entry->agent->serve->under_way--;
}

static void on_done(void *arg, struct case_result *result, const struct trace *trace)
{
    struct entry *entry = arg;
    struct agent *agent = entry->agent;
    struct serve *serve = agent->serve;
    struct call *next = entry->waiting;
    no_longer_under_way(entry);
    entry->owed = entry->slot->of->test->hints != NULL ? 0 : entry->slot->connections - entry->came;
    result->sent_digest = hash_value(&trace->sent);
    if (serve->config.autobahn != NULL)
        result->alias = entry->slot->label;
    run_result_free(entry->done);
    entry->done = entry->playing;
    entry->playing = NULL;
    agent->run->duration_ns = loop_now(serve->config.loop) - agent->began_ns;
    if (serve->config.result != NULL)
        serve->config.result(serve->config.arg, agent_run(agent), result);
    tell_askers(entry);
    idle_soon(serve);
    if (next != NULL) {
        entry->waiting = next->queued;
        entry->waiting_count--;
        next->waits = NULL;
        entry_play(entry, next, true);
    }
}

/* ---- a case that begins ---- */

static bool begin(struct entry *entry)
{
    struct serve *serve = entry->agent->serve;
    const struct suite_case *of = entry->slot->of;
    struct case_result *result = NULL;
    char section[64];
    entry->playing = run_result_new();
    entry->share = entry->own != NULL ? entry->own->share : listener_share_fed(serve->config.tls != NULL);
    if (entry->playing != NULL)
        result = run_result_add(entry->playing);
    struct runner_config config = {
        .loop = serve->config.loop, .testee = &serve->testee, .role = WS_SERVER, .listener = entry->share,
        .seed = serve->config.seed, .patience = serve->config.patience, .full = serve->config.full,
        .replay_prefix = serve->config.replay_prefix, .weights = serve->config.weights,
        .own_listener = entry->own != NULL, .hinted = entry->own != NULL ? &entry->own->hinted : NULL,
        .come_ns = COME_PATIENCE_NS};
    if (result != NULL && entry->share != NULL) {
        suite_section(of->script, section, sizeof section);
        result->section = arena_text(&entry->playing->arena, section);
        baseline_mark(serve->config.baseline, entry->playing, result, of->test->id);
        entry->runner = runner_start(&config, of->test, entry->playing, result, on_done, entry);
    }
    if (entry->runner != NULL) {
        entry->came = entry->owed = 0;
        serve->under_way++;
        return true;
    }
    run_result_free(entry->playing);
    leave_port(entry);
    entry->playing = NULL;
    return false;
}

void entry_hint(struct entry *entry, struct call *call)
{
    struct diag why = {0};
    struct buf hints;
    if (entry->runner != NULL) {
        web_refuse(call, 503, "this case is under way");
        return;
    }
    entry->own = own_port_new(call, entry->slot->of->test, &why);
    if (entry->own == NULL || !begin(entry)) {
        web_refuse(call, 503, "%s", why.kind == DIAG_NONE ? "there is no memory for another case" : why.text);
        return;
    }
    buf_init(&hints, 0);
    talk(call, runner_hints(entry->runner, &hints) ? buf_text(&hints) : "null"); /* null: it is over already */
    buf_free(&hints);
}

void entry_told(struct entry *entry, struct call *call, bool opened)
{
    if (entry->runner != NULL && entry->own != NULL)
        runner_told(entry->runner, opened);
    talk(call, NULL);
}

void entry_play(struct entry *entry, struct call *call, bool first)
{
    if (entry->runner != NULL && entry->own != NULL) {
        runner_cannot(entry->runner);
        talk(call, NULL);
        return;
    }
    if (entry->runner == NULL && !first && entry->owed != 0) {
        entry->owed--;
        talk(call, NULL);
        return;
    }
    if (entry->runner == NULL && !begin(entry)) {
        web_refuse(call, 503, "there is no memory for another case");
        return;
    }
    if (entry->came < entry->slot->connections) {
        layer_pause(call->layer, false);
        struct layer *layer = call_take_layer(call);
        call_free(call);
        entry->came++;
        listener_share_offer(entry->share, layer);
        return;
    }
    if (entry->waiting_count == WAITING_MAX) {
        web_refuse(call, 503, "%u calls wait for this case already", WAITING_MAX);
        return;
    }
    struct call **at = &entry->waiting;
    while (*at != NULL)
        at = &(*at)->queued;
    *at = call;
    call->queued = NULL;
    call->waits = entry;
    layer_pause(call->layer, true);
    entry->waiting_count++;
}

void agent_ask(struct call *call, const struct serve_slot *slot)
{
    struct serve *serve = call->serve;
    struct agent *agent = agent_find(serve, call->query.values[QUERY_AGENT], false);
    struct entry *entry = agent == NULL ? NULL : agent_entry(agent, slot);
    if (entry != NULL && entry->done != NULL) {
        tell_status(entry, talk, call);
        return;
    }
    call->asks = slot;
    call->queued = serve->asking;
    serve->asking = call;
    talk_later(call);
}

static bool unqueue(struct call **at, const struct call *call)
{
    while (*at != NULL && *at != call)
        at = &(*at)->queued;
    bool found = *at == call;
    if (found)
        *at = call->queued;
    return found;
}

void agent_forget(struct call *call)
{
    if (call->asks != NULL)
        unqueue(&call->serve->asking, call);
    if (call->waits != NULL)
        call->waits->waiting_count -= unqueue(&call->waits->waiting, call);
}

void agents_free(struct serve *serve)
{
    while (serve->agents != NULL) {
        struct agent *agent = serve->agents;
        for (size_t i = 0; i < serve->numbering.count; i++) {
            struct entry *entry = &agent->entries[i];
            if (entry->runner != NULL)
                runner_abandon(entry->runner);
            leave_port(entry);
            run_result_free(entry->playing);
            run_result_free(entry->done);
        }
        serve->agents = agent->next;
        run_result_free(agent->run);
        free(agent);
    }
}
