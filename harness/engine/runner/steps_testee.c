/* Steps about a testee that we started: restart, signals, is it alive, what it uses. */
#include "engine/runner/play.h"

#include <signal.h>
#include <string.h>

#define RESTART_PATIENCE_NS (10 * NS_PER_S)

static enum progress not_ours(struct runner *r)
{
    return end_case(r, VERDICT_UNIMPLEMENTED, "a testee that we started", "one that we did not start",
                    "the case needs --exec");
}

static enum progress refused(struct runner *r, const struct diag *why)
{
    return end_case(r, VERDICT_ERROR, "", "", "%s", why->text);
}

/* ---- restart ---- */

static void answers(void *arg)
{
    struct testee_ticket *ticket = arg;
    ticket->answered = true;
    if (ticket->runner)
        runner_wake(ticket->runner);
}

static enum progress begin_restart(struct runner *r)
{
    const struct testee *testee = r->config.testee;
    struct diag why = {0};
    r->ticket = arena_alloc(&r->run->arena, sizeof *r->ticket);
    if (!r->ticket)
        return end_case(r, VERDICT_ERROR, "", "", "no memory");
    r->ticket->runner = r;
    runner_note(r, "the testee is restarted");
    fleets_brace(r);
    if (!testee->ops->restart(testee->ops_arg, answers, r->ticket, &why))
        return refused(r, &why);
    return STEP_WAIT;
}

enum progress step_testee_restart(struct runner *r, struct conn *c, const struct step *step)
{
    const struct testee *testee = r->config.testee;
    double patience = r->config.patience > 0 ? r->config.patience : 1;
    uint64_t deadline = r->step_ns + (uint64_t)((double)RESTART_PATIENCE_NS * patience);
    (void)c, (void)step;
    if (!testee->ops || !testee->ops->restart)
        return not_ours(r);
    if (r->step_fresh && begin_restart(r) == STEP_OVER)
        return STEP_OVER;
    bool answered = r->ticket->answered;
    if (!answered && runner_now(r) < deadline)
        return wait_until(r, deadline);
    r->ticket->runner = NULL;
    r->ticket = NULL;
    r->killed = false;
    if (answered)
        return STEP_DONE;
    return end_case(r, VERDICT_FAIL, "a testee that takes connections again", "none",
                    "the testee did not answer after its restart");
}

/* ---- signals ---- */

enum progress step_testee(struct runner *r, struct conn *c, const struct step *step)
{
    static const int signals[FORMS] = {
        [FORM_TESTEE_KILL] = SIGKILL, [FORM_TESTEE_TERMINATE] = SIGTERM, [FORM_TESTEE_PAUSE] = SIGSTOP,
        [FORM_TESTEE_RESUME] = SIGCONT, [FORM_TESTEE_STOP] = SIGUSR2};
    static const bool ends[FORMS] = {
        [FORM_TESTEE_KILL] = true, [FORM_TESTEE_TERMINATE] = true, [FORM_TESTEE_STOP] = true};
    const struct testee *testee = r->config.testee;
    struct diag why = {0};
    (void)c;
    if (!testee->ops || !testee->ops->signal)
        return not_ours(r);
    runner_note(r, "testee %s", form_word(step->form));
    if (ends[step->form])
        fleets_brace(r);
    r->killed |= ends[step->form];
    return testee->ops->signal(testee->ops_arg, signals[step->form], &why) ? STEP_DONE : refused(r, &why);
}

/* ---- alive ---- */

static enum progress dead(struct runner *r, const char *seen)
{
    return end_case(r, VERDICT_FAIL, "a testee that is alive", seen, "the testee does not serve a fresh connection");
}

/* A connection of its own: opening handshake, then a ping and its pong. */
enum progress step_testee_alive(struct runner *r, struct conn *c, const struct step *step)
{
    static const char payload[] = "alive?";
    const struct testee *testee = r->config.testee;
    const char *seen = "nothing";
    (void)c;
    if (r->step_fresh) {
        if (testee->ops && testee->ops->running && !testee->ops->running(testee->ops_arg))
            return dead(r, "its process has ended");
        if (!r->alive)
            r->alive = conn_new(r, NULL);
        if (!r->alive || opening_begin(r, r->alive, step, runner_patience(r)) == OPENING_ENDED)
            return STEP_OVER;
    }
    if (r->phase == 0) {
        enum opening opening = opening_poll(r, r->alive, true, &seen);
        if (opening == OPENING_FAILED)
            return dead(r, seen);
        if (opening != OPENING_DONE)
            return opening == OPENING_WAIT ? STEP_WAIT : STEP_OVER;
        endpoint_send_control(r->alive->endpoint, WS_PING, payload, strlen(payload));
        r->phase = 1;
    }
    struct item *item = inbox_peek(r->alive, ITEM_PONG);
    if (item && item->kind == ITEM_PONG) {
        endpoint_send_close(r->alive->endpoint, 1000, NULL);
        endpoint_finish(r->alive->endpoint, FINISH_CLEAN);
        r->alive->fin_sent = true;
        conn_renew(r->alive);
        return STEP_DONE;
    }
    if (item && item->kind == ITEM_MESSAGE) /* a greeting */
        inbox_take(r->alive, item);
    if ((item && item->kind != ITEM_MESSAGE) || runner_now(r) >= r->alive->opening_deadline)
        return dead(r, item ? "a connection that ends at once" : "no pong");
    return wait_until(r, r->alive->opening_deadline);
}

/* ---- what it uses ---- */

static uint64_t measured(const struct testee *testee, enum usage usage)
{
    const struct testee_ops *ops = testee->ops;
    uint64_t (*read)(void *arg) = usage == USAGE_MEMORY ? ops->memory : ops->descriptors;
    return read == NULL ? 0 : read(testee->ops_arg);
}

static bool can_be_measured(const struct testee *testee, enum usage usage)
{
    return testee->ops != NULL && (usage == USAGE_MEMORY ? testee->ops->memory : testee->ops->descriptors) != NULL;
}

enum progress step_testee_weigh(struct runner *r, struct conn *c, const struct step *step)
{
    (void)c, (void)step;
    if (r->config.testee->ops == NULL)
        return not_ours(r);
    for (enum usage usage = 0; usage < USAGES; usage++)
        r->weighed[usage] = measured(r->config.testee, usage);
    return STEP_DONE;
}

static const struct usage_row {
    enum usage usage;
    enum slot limit;
    bool growth;
} usage_rows[FORMS] = {
    [FORM_EXPECT_TESTEE_MEMORY] = {USAGE_MEMORY, SLOT_MEMORY, false},
    [FORM_EXPECT_TESTEE_MEMORY_GROWTH] = {USAGE_MEMORY, SLOT_MEMORY, true},
    [FORM_EXPECT_TESTEE_DESCRIPTORS] = {USAGE_DESCRIPTORS, SLOT_DESCRIPTORS, false},
    [FORM_EXPECT_TESTEE_DESCRIPTOR_GROWTH] = {USAGE_DESCRIPTORS, SLOT_DESCRIPTORS, true},
};

static const char *amount(struct runner *r, enum usage usage, uint64_t much)
{
    return usage == USAGE_MEMORY ? runner_text(r, "%llu KiB of memory", (unsigned long long)much >> 10)
                                     : runner_text(r, "%llu open descriptors", (unsigned long long)much);
}

/* An amount is looked at as it is; growth is given time to go back, since a testee learns of the end of our connections
 * a moment behind us. */
enum progress step_testee_usage(struct runner *r, struct conn *c, const struct step *step)
{
    static const uint64_t look_ns = 10 * NS_PER_MS;
    const struct usage_row *row = &usage_rows[step->form];
    (void)c;
    if (!can_be_measured(r->config.testee, row->usage))
        return not_ours(r);
    uint64_t used = measured(r->config.testee, row->usage), before = row->growth ? r->weighed[row->usage] : 0;
    uint64_t most = step_number(step, row->limit, 0), grown = used > before ? used - before : 0;
    const char *words = row->growth ? "more than at `testee weigh`" : "";
    if (used == 0 || (row->growth && before == 0))
        return end_case(r, VERDICT_ERROR, "", "", used == 0 ? "what the testee uses cannot be read"
                                                            : "no `testee weigh` before: growth since when?");
    if (grown < most)
        return STEP_DONE;
    if (row->growth && runner_now(r) < r->step_ns + runner_patience(r))
        return wait_until(r, runner_now(r) + look_ns);
    return end_case(r, VERDICT_FAIL, runner_text(r, "less than %s %s", amount(r, row->usage, most), words),
                    amount(r, row->usage, grown), "the testee uses too %s",
                    row->usage == USAGE_MEMORY ? "much memory" : "many descriptors");
}
