/* See campaign.h: the loop. */
#include "modes/livefuzz/campaign.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES (LIMIT_SCRIPT_BYTES - ORACLE_TEXT_MAX) /* of scenario text, and one more session */
#define PACED_SESSIONS 32u /* of a batch that --rate makes slow: a check comes before and behind */
#define SAVE_EVERY_NS (5 * NS_PER_S)

struct batch {
    struct session *sessions[BATCH_SESSIONS_MAX];
    size_t count;
    struct buf text;
};

uint64_t campaign_spent(const struct campaign *c)
{
    return c->spent_before + (c->options->clock() - c->began);
}

size_t campaign_found(const struct campaign *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->finding_count; i++)
        count += campaign_counts(c, &c->findings[i]);
    return count;
}

bool campaign_counts(const struct campaign *c, const struct finding *finding)
{
    return finding->again && !finding->ours && (finding->verdict == VERDICT_FAIL || c->options->strict);
}

void campaign_unsaved(struct campaign *c, const struct diag *why)
{
    if (c->unsaved.kind == DIAG_NONE)
        diag_set(&c->unsaved, DIAG_TROUBLE, "%s", why->text);
}

bool campaign_over(const struct campaign *c)
{
    return c->stopped || (c->options->time_ns != 0 && c->options->clock() - c->began >= c->options->time_ns);
}

uint64_t campaign_left(const struct campaign *c)
{
    uint64_t spent = c->options->clock() - c->began;
    if (c->options->time_ns == 0 || c->options->whom.simulated || c->digging)
        return 0;
    return spent < c->options->time_ns ? c->options->time_ns - spent : 1;
}

/* ---- making ---- */

/* The n-th session of the seed; what the pool holds has a say in it. */
static struct session *make_session(struct campaign *c, uint64_t number)
{
    struct prng random = prng_stream_n(c->seed, "session", number);
    struct session *walked = number % 4 != 0 ? walks_next(&c->walks) : NULL;
    if (walked != NULL)
        return walked;
    const struct session *from = prng_below(&random, 100) < 45 ? pool_pick(c->pool, &random) : NULL;
    if (from == NULL)
        return session_generate(&c->generate, &random);
    struct session *session = session_copy(from);
    if (session != NULL)
        session_mutate(session, pool_pick(c->pool, &random), &random);
    for (size_t i = 0; session != NULL && i < session->count; i++) {
        session->moves[i].offer = c->generate.deflate ? session->moves[i].offer : NULL;
        session->moves[i].protocol = c->generate.no_protocols ? NULL : session->moves[i].protocol;
    }
    return session;
}

static void make_batch(struct campaign *c, struct batch *batch)
{
    const struct fuzz_options *options = c->options;
    bool slowly = options->rate != 0 && options->rate < BATCH_SESSIONS_MAX;
    size_t most = c->edges != NULL ? 1 : slowly ? PACED_SESSIONS : BATCH_SESSIONS_MAX;
    batch->count = 0;
    buf_clear(&batch->text);
    for (size_t tries = 0; tries < 4 * BATCH_SESSIONS_MAX && batch->count < most && batch->text.size < BATCH_BYTES;
         tries++) {
        if (options->runs != 0 && c->sessions - c->first_session >= options->runs)
            return;
        uint64_t number = c->sessions++;
        struct session *session = make_session(c, number);
        size_t start = batch->text.size;
        char title[40];
        snprintf(title, sizeof title, "session %llu", (unsigned long long)number);
        c->oracle.title = title;
        if (session != NULL && oracle_write(session, &c->oracle, &batch->text)) {
            session->number = number;
            batch->sessions[batch->count++] = session;
        } else {
            batch->text.size = start; /* nothing to play: a session all the same */
            session_free(session);
        }
    }
}

static void free_batch(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        session_free(batch->sessions[i]);
    batch->count = 0;
}

/* ---- playing ---- */

static void keep(struct campaign *c, const struct session *session)
{
    struct prng random = prng_stream_n(c->seed, "pool", session->number);
    struct buf text;
    char name[24];
    buf_init(&text, 0);
    pool_add(c->pool, session, &random);
    c->oracle.title = "kept";
    if (oracle_write(session, &c->oracle, &text)) {
        snprintf(name, sizeof name, "%016llx",
                 (unsigned long long)hash_bytes(HASH_START, buf_text(&text), text.size));
        struct diag why = {0};
        if (!store_write(&c->store, "corpus", name, &text, &why))
            campaign_unsaved(c, &why);
    }
    buf_free(&text);
}

/* An instrumented testee's ways tell more than its answers. */
static void keep_for_edges(struct campaign *c, const struct session *session, uint64_t took_ns)
{
    struct edge_news news = edge_map_news(c->edges);
    bool trims = news.count != 0 && took_ns < WALK_QUICK_NS; /* a slow one would be played slowly, again and again */
    struct session *small = trims ? campaign_trim(c, session, &news) : NULL;
    if (news.count != 0)
        keep(c, small == NULL ? session : small);
    if (news.edges != 0)
        walks_add(&c->walks, small == NULL ? session : small, took_ns);
    session_free(small);
}

/* How many were looked at: behind a Ctrl-C what would be dug for waits for the next time, as what was not played to its
 * end does. */
static size_t look_at(struct campaign *c, const struct batch *batch, const struct run_result *run)
{
    size_t played = 0;
    for (size_t i = 0; i < run->count && i < batch->count; i++) {
        const struct case_result *result = run->cases[i];
        bool cut = c->end == PLAY_TIME_UP && result->verdict == VERDICT_ERROR;
        if (c->end == PLAY_INTERRUPTED && result->verdict != VERDICT_PASS && result->verdict != VERDICT_INFO)
            return played;
        if (cut)
            continue;
        played += played == i;
        bool fresh = pool_new_shape(c->pool, result);
        if (c->edges != NULL)
            keep_for_edges(c, batch->sessions[i], result->duration_ns);
        else if (fresh)
            keep(c, batch->sessions[i]);
        if (result->verdict == VERDICT_ERROR && c->end == PLAY_DONE && c->unplayable++ == 0)
            status_note(c, result->detail); /* the first one tells; the others are counted */
        if (result->verdict == VERDICT_FAIL || result->verdict == VERDICT_NON_STRICT)
            campaign_consider(c, batch->sessions[i], result, buf_text(&batch->text));
        if (c->stopped && c->end == PLAY_INTERRUPTED)
            return i; /* while it was dug for */
    }
    return played;
}

static void play_batch(struct campaign *c, struct batch *batch)
{
    struct run_result *run = NULL;
    struct diag why = {0};
    size_t looked = 0;
    if (c->edges != NULL)
        edge_map_clear(c->edges);
    c->batch = c->waiting = batch->count;
    c->target.most_ns = campaign_left(c);
    c->end = player_play(&c->target, &batch->text, &run, &why);
    c->batch = c->waiting = 0;
    if (run != NULL && c->report->testee.agent[0] == 0 && run->testee.agent != NULL && run->testee.agent[0] != 0)
        c->report->testee.agent = arena_text(&c->report->arena, run->testee.agent);
    if (run != NULL)
        looked = look_at(c, batch, run);
    if (looked < batch->count && (c->end == PLAY_INTERRUPTED || c->end == PLAY_TIME_UP))
        c->sessions = batch->sessions[looked]->number; /* it goes on there */
    if (run != NULL && c->end == PLAY_DONE && !campaign_over(c))
        campaign_time(c, batch->sessions, batch->count, run);
    run_result_free(run);
    if (c->end == PLAY_DONE)
        campaign_weigh(c, batch->sessions, batch->count);
    if (c->end == PLAY_DONE || c->end == PLAY_TIME_UP || c->stopped)
        return;
    c->stopped = true;
    diag_set(c->why, DIAG_TROUBLE, "%s", why.text);
}

/* ---- the whole ---- */

bool campaign_probe(struct campaign *c)
{
    static const char probe[] =
        "scenario \"echo?\"\n open\n send text \"wsgauntlet\"\n expect message \"wsgauntlet\"\n"
        "scenario \"echo?\"\n open\n send binary \"wsgauntlet\"\n expect message \"wsgauntlet\"\n"
        "scenario \"deflate?\"\n needs deflate\n open deflate\n"
        "scenario \"protocol?\"\n open protocol \"x-nobody-speaks-this\"\n";
    struct run_result *run = NULL;
    struct buf text;
    size_t silent = 0;
    buf_init(&text, 0);
    buf_append_text(&text, probe);
    c->end = player_play(&c->target, &text, &run, c->why);
    for (size_t i = 0; run != NULL && i < run->count; i++)
        silent += run->cases[i]->verdict == VERDICT_FAIL && strncmp(run->cases[i]->expected, "message", 7) == 0 &&
                  strncmp(run->cases[i]->seen, "a testee that", 13) != 0; /* it answers, and breaks a rule */
    c->oracle.echoes = c->target.echoes = silent < 2;
    c->oracle.deflate = run != NULL && run->count == 4 && run->cases[2]->verdict == VERDICT_PASS;
    c->generate.deflate = c->oracle.deflate;
    c->oracle.no_protocols = run != NULL && run->count == 4 && run->cases[3]->verdict == VERDICT_FAIL;
    c->generate.no_protocols = c->oracle.no_protocols;
    run_result_free(run);
    buf_free(&text);
    if (c->end == PLAY_DONE && silent == 2)
        status_note(c, "the testee does not send messages back: what comes behind one is not looked at");
    if (c->end == PLAY_DONE && !c->oracle.deflate)
        status_note(c, "the testee does not agree to permessage-deflate: it is not offered");
    if (c->end == PLAY_DONE && c->oracle.no_protocols)
        status_note(c, "the testee refuses a subprotocol that it does not speak, as it may: none is offered");
    return c->end == PLAY_DONE;
}

static void save(struct campaign *c)
{
    struct store_state state = {.seed = c->seed, .sessions = c->sessions, .spent_ns = campaign_spent(c)};
    struct diag why = {0};
    snprintf(state.against, sizeof state.against, "%s", buf_text(&c->target.whom.replay));
    if (!store_write_state(&c->store, &state, &why))
        campaign_unsaved(c, &why);
    c->saved_at = c->options->clock();
}

static bool over(const struct campaign *c)
{
    const struct fuzz_options *options = c->options;
    bool runs_out = options->runs != 0 && c->sessions - c->first_session >= options->runs;
    bool enough = options->fail_fast && campaign_found(c) != 0;
    return campaign_over(c) || c->unsaved.kind != DIAG_NONE || runs_out || enough;
}

void campaign_run(struct campaign *c)
{
    struct batch batch = {.count = 0};
    buf_init(&batch.text, 0);
    while (!over(c)) {
        make_batch(c, &batch);
        if (batch.count != 0)
            play_batch(c, &batch);
        free_batch(&batch);
        status_tick(c);
        if (c->options->clock() - c->saved_at > SAVE_EVERY_NS)
            save(c);
    }
    save(c);
    buf_free(&batch.text);
}
