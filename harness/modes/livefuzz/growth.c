/* See campaign.h: what a testee that we started keeps. Between two batches it has
 * no connection of ours. When it then uses more than before, each session of the
 * batch is played some times by itself; the one behind which most is kept has to
 * show it again, over many rounds, twice as much over twice as many. */
#include "modes/livefuzz/campaign.h"

#include <string.h>

#define WARM_SESSIONS 1024u /* until then it may take what it needs */
#define LOOK_NS (2 * NS_PER_MS)
#define PATIENCE_NS (300 * NS_PER_MS)

/* What is looked at. Amounts are descriptors or bytes. */
static const struct use {
    uint64_t slack;      /* more than that above what it rested at, and its sessions are looked at */
    unsigned look_times; /* one session, so often */
    uint64_t look_least; /* has to make it keep so much */
    struct oracle_loop loop, longer;
} uses[TESTEE_USES] = {
    {16u << 20, 16, 512u << 10,
     {64, 512, "testee memory grows < 16MiB", "memory-grows"},
     {64, 1024, "testee memory grows < 32MiB", "memory-grows"}},
    {1, 8, 6,
     {4, 32, "testee descriptors grow < 24", "descriptors-grow"},
     {4, 64, "testee descriptors grow < 48", "descriptors-grow"}},
};

static uint64_t used(const struct campaign *c, size_t which)
{
    const struct testee *testee = &c->target.whom.testee;
    uint64_t (*read)(void *arg) = which == 0 ? testee->ops->memory : testee->ops->descriptors;
    return read == NULL ? 0 : read(testee->ops_arg);
}

struct look {
    struct loop *loop;
    struct timer *timer;
};

static void on_time(void *arg)
{
    struct look *look = arg;
    look->timer = NULL;
    loop_stop(look->loop);
}

static void wait_a_moment(struct campaign *c)
{
    struct look look = {.loop = c->target.whom.loop};
    look.timer = timer_start(look.loop, LOOK_NS, on_time, &look);
    loop_run(look.loop);
    timer_stop(look.timer); /* Ctrl-C was faster */
}

/* It learns of the end of our connections a moment behind us. */
static uint64_t used_at_rest(struct campaign *c, size_t which, uint64_t enough)
{
    uint64_t until = c->options->clock() + PATIENCE_NS, now = used(c, which);
    while (now > enough && c->options->clock() < until && !c->stopped) {
        wait_a_moment(c);
        now = used(c, which);
    }
    return now;
}

/* How much more it keeps behind so many rounds of this session alone. */
static uint64_t kept_behind(struct campaign *c, size_t which, const struct session *session)
{
    const struct oracle_loop loop = {1, uses[which].look_times, "testee alive", "alive"};
    struct run_result *run = NULL;
    struct buf text;
    uint64_t before = used(c, which);
    buf_init(&text, 0);
    c->oracle.loop = &loop;
    const struct case_result *result = campaign_play_alone(c, &c->target, session, "weighed", &text, &run);
    c->oracle.loop = NULL;
    bool played = result != NULL && result->verdict < VERDICT_UNIMPLEMENTED;
    run_result_free(run);
    buf_free(&text);
    uint64_t after = played ? used_at_rest(c, which, before) : before;
    return after > before ? after - before : 0;
}

static const struct session *worst_of(struct campaign *c, size_t which, struct session *const *sessions, size_t count)
{
    const struct session *worst = NULL;
    uint64_t most = uses[which].look_least - 1;
    bool unchecked = c->target.unchecked;
    c->target.unchecked = true; /* a look is short: what ends the testee here shows in the next batch */
    for (size_t i = 0; i < count && !campaign_over(c); i++) {
        uint64_t kept = kept_behind(c, which, sessions[i]);
        if (kept > most) {
            most = kept;
            worst = sessions[i];
        }
        status_tick(c);
    }
    c->target.unchecked = unchecked;
    return worst;
}

/* True when it has become a finding. */
static bool convict(struct campaign *c, size_t which, const struct session *session)
{
    const struct oracle_loop *const loops[] = {&uses[which].longer, &uses[which].loop};
    size_t found = campaign_found(c);
    struct buf text;
    bool fails = true;
    buf_init(&text, 0);
    for (size_t i = 0; i < 2 && fails && !campaign_over(c); i++) {
        struct run_result *run = NULL;
        c->oracle.loop = loops[i];
        const struct case_result *result = campaign_play_alone(c, &c->target, session, "kept", &text, &run);
        fails = result != NULL && result->verdict == VERDICT_FAIL;
        if (fails && i == 1)
            campaign_consider(c, session, result, buf_text(&text));
        run_result_free(run);
    }
    c->oracle.loop = NULL;
    buf_free(&text);
    return campaign_found(c) > found;
}

void campaign_grew(struct campaign *c, const char *signature)
{
    for (size_t which = 0; which < TESTEE_USES; which++)
        if (strcmp(signature, uses[which].loop.label) == 0)
            c->rests_at[which] = UINT64_MAX;
}

void campaign_weigh(struct campaign *c, struct session *const *sessions, size_t count)
{
    const struct testee_ops *ops = c->target.whom.testee.ops;
    bool warm = c->sessions - c->first_session >= WARM_SESSIONS;
    if (ops == NULL || ops->descriptors == NULL || c->edges != NULL)
        return;
    for (size_t which = 0; which < TESTEE_USES && !campaign_over(c); which++) {
        if (c->rests_at[which] == UINT64_MAX)
            continue; /* told already: the campaign goes on for other things */
        uint64_t most = c->rests_at[which] + uses[which].slack;
        uint64_t now = used_at_rest(c, which, warm ? most : c->rests_at[which]);
        if (now == 0)
            continue;
        if (!warm || now <= most) {
            c->rests_at[which] = now > c->rests_at[which] && !warm ? now : c->rests_at[which];
            continue;
        }
        const struct session *worst = worst_of(c, which, sessions, count);
        bool found = worst != NULL && convict(c, which, worst);
        c->rests_at[which] = found ? UINT64_MAX : used_at_rest(c, which, 0);
    }
}
