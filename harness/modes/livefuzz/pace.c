/* See campaign.h: answers out of proportion to what was sent. A session that took
 * far longer than others of its size is played again beside its twin, which sends as
 * much and says nothing in it: a busy machine slows both, a bad algorithm one. */
#include "modes/livefuzz/campaign.h"

#include "engine/fuzz/twin.h"

#include <stdio.h>

#define SUSPECT_NS (100 * NS_PER_MS) /* nobody waits for less */
#define LIMIT_LEAST_NS (50 * NS_PER_MS)
#define SEEN_LEAST 8u    /* of its size, before any is suspected */
#define TIMES_MEDIAN 20u
#define TIMES_TWIN 10u
#define TIMES_LIMIT 3u   /* what the scenario grants above the twin: well below TIMES_TWIN */
#define ROUNDS 5u
#define ROUNDS_SMALLER 2u
#define TIMES_OURS 4u    /* our own part in the time is less than one of so many */

/* ---- suspicion ---- */

/* By powers of four: 0, 1..3, 4..15 ... */
static size_t size_class(const struct session *session)
{
    size_t class = 0;
    for (size_t size = session_size(session); size != 0 && class + 1 < PACE_CLASSES; size /= 4)
        class++;
    return class;
}

/* A median that needs no memory: a step up or down with each. */
static void learn(uint64_t *median, uint64_t seen, uint64_t ns)
{
    uint64_t step = *median / 16 + 1;
    if (seen == 0)
        *median = ns;
    else if (ns > *median)
        *median += step;
    else if (ns < *median)
        *median -= step;
}

/* The one that took longest, if that is far too long; -1: none did. */
static int slowest(struct campaign *c, struct session *const *sessions, size_t count, const struct run_result *run)
{
    uint64_t longest = SUSPECT_NS;
    int which = -1;
    for (size_t i = 0; i < run->count && i < count; i++) {
        const struct case_result *result = run->cases[i];
        if (result->verdict >= VERDICT_UNIMPLEMENTED)
            continue; /* a finding of its own */
        size_t class = size_class(sessions[i]);
        struct pace *pace = &c->pace[class];
        if (pace->seen >= SEEN_LEAST && result->duration_ns > longest &&
            result->duration_ns > TIMES_MEDIAN * pace->median_ns) {
            longest = result->duration_ns;
            which = (int)i;
        }
        learn(&pace->median_ns, pace->seen++, result->duration_ns);
    }
    return which;
}

/* ---- proof ---- */

/* How long it takes alone; 0: it was not played to its end. */
static uint64_t time_of(struct campaign *c, const struct session *session)
{
    struct run_result *run = NULL;
    struct buf text;
    buf_init(&text, 0);
    const struct case_result *result = campaign_play_alone(c, &c->target, session, "timed", &text, &run);
    bool played = result != NULL && result->verdict < VERDICT_UNIMPLEMENTED && !c->stopped;
    uint64_t ns = played ? result->duration_ns : 0;
    run_result_free(run);
    buf_free(&text);
    return ns;
}

/* Reading and writing the session may take us long, too: against the reference peer nothing else takes time. */
static uint64_t our_part(struct campaign *c, const struct session *session)
{
    struct run_result *run = NULL;
    struct buf text;
    uint64_t before = c->options->clock();
    buf_init(&text, 0);
    campaign_play_alone(c, &c->reference, session, "ours", &text, &run);
    run_result_free(run);
    buf_free(&text);
    return c->options->clock() - before;
}

static unsigned long long ms_of(uint64_t ns)
{
    return (ns + NS_PER_MS - 1) / NS_PER_MS;
}

static uint64_t median_of(uint64_t ns[static ROUNDS])
{
    for (unsigned i = 1; i < ROUNDS; i++)
        for (unsigned at = i; at > 0 && ns[at] < ns[at - 1]; at--) {
            uint64_t lower = ns[at];
            ns[at] = ns[at - 1];
            ns[at - 1] = lower;
        }
    return ns[ROUNDS / 2];
}

/* True when it took so much longer than its twin in each round. */
static bool prove(struct campaign *c, const struct session *session, struct slowness *slowness)
{
    struct session *twin = session_in_letters(session);
    uint64_t least = UINT64_MAX, twins[ROUNDS] = {0};
    bool slow = twin != NULL;
    for (unsigned round = 0; round < ROUNDS && slow; round++) {
        uint64_t its = time_of(c, session);
        twins[round] = time_of(c, twin);
        slow = twins[round] != 0 && its > SUSPECT_NS && its / TIMES_TWIN >= twins[round];
        least = its < least ? its : least;
        status_tick(c);
    }
    session_free(twin);
    if (!slow || our_part(c, session) > least / TIMES_OURS)
        return false;
    struct session *eighth = session_cut_to_eighth(session);
    uint64_t part = eighth == NULL ? 0 : time_of(c, eighth);
    session_free(eighth);
    slowness->session = session;
    slowness->least_ns = least;
    uint64_t median = median_of(twins), limit = TIMES_LIMIT * median;
    slowness->limit_ns = NS_PER_MS * ms_of(limit > LIMIT_LEAST_NS ? limit : LIMIT_LEAST_NS);
    slowness->timeout_ns = c->oracle.timeout_ns;
    int size = snprintf(slowness->said, sizeof slowness->said,
                        "in %u rounds at least %llu ms, with as many letters a to z %llu ms", ROUNDS,
                        ms_of(least), ms_of(median));
    if (part != 0)
        snprintf(slowness->said + size, sizeof slowness->said - (size_t)size, "; cut to an eighth %llu ms",
                 ms_of(part));
    return true;
}

/* The limit stands between the two: as a scenario with that timeout it is a finding like any other. */
static void convict(struct campaign *c, const struct session *session, const struct slowness *slowness)
{
    struct run_result *run = NULL;
    struct buf text;
    buf_init(&text, 0);
    c->oracle.timeout_ns = slowness->limit_ns;
    c->slowness = slowness;
    const struct case_result *result = campaign_play_alone(c, &c->target, session, "slow", &text, &run);
    c->slow_told = result != NULL && result->verdict == VERDICT_FAIL && !c->stopped;
    if (c->slow_told)
        campaign_consider(c, session, result, buf_text(&text));
    c->slowness = NULL;
    c->oracle.timeout_ns = slowness->timeout_ns;
    run_result_free(run);
    buf_free(&text);
}

/* Played to their ends, lest the testee still works on the last one during the next. */
bool campaign_is_slow(struct campaign *c, const struct session *session)
{
    const struct slowness *slowness = c->slowness;
    struct session *twin = session_in_letters(session);
    bool slow = twin != NULL;
    c->oracle.timeout_ns = slowness->timeout_ns;
    for (unsigned round = 0; round < ROUNDS_SMALLER && slow; round++) {
        uint64_t its = time_of(c, session), twins = its < slowness->least_ns / TIMES_TWIN ? 0 : time_of(c, twin);
        slow = twins != 0 && its / TIMES_TWIN >= twins && its >= time_of(c, slowness->session) / 2;
        status_tick(c);
    }
    c->oracle.timeout_ns = slowness->limit_ns;
    session_free(twin);
    return slow;
}

void campaign_time(struct campaign *c, struct session *const *sessions, size_t count, const struct run_result *run)
{
    struct slowness slowness;
    if (c->slow_told || c->edges != NULL || c->options->whom.simulated)
        return;
    int which = slowest(c, sessions, count, run);
    if (which >= 0 && prove(c, sessions[which], &slowness))
        convict(c, sessions[which], &slowness);
}
