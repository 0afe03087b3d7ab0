/* Steps of an actor who is many: `fleet`, what happens to all its clients at
 * once, and what is expected of the storm that follows. */
#include "engine/fleet/fleet.h"
#include "engine/fleet/told.h"
#include "engine/peer/peer_testee.h"
#include "engine/runner/play.h"

#include <string.h>

static void on_changed(void *arg)
{
    runner_wake(arg);
}

/* What broke the protocol towards any of the fleets' clients. False: the case is over. */
static bool judge(struct runner *r)
{
    for (const struct conn *c = r->conns; c != NULL && !r->decided; c = c->next)
        if (c->fleet != NULL && fleet_trouble(c->fleet)->violation != NULL)
            breach_frame(r, fleet_trouble(c->fleet)->violation);
    return !r->decided;
}

/* ---- they come ---- */

static bool gather(struct runner *r, struct conn *c, const struct step *step)
{
    struct diag why = {0};
    struct fleet_config config = {
        .testee = r->config.testee,
        .block = fleet_block_of(step, r->test, r->config.file_dir),
        .clients = (size_t)step_number(step, SLOT_COUNT, 1),
        .first = 1,
        .both_ends = r->config.testee->ops == peer_testee_ops(),
        .patience_ns = runner_patience(r),
        .expect_ns = runner_patience(r),
        .stretch = r->config.patience > 0 ? r->config.patience : 1,
        .seed = r->seed,
        .by_itself = true,
        .changed = on_changed,
        .arg = r,
    };
    fleet_free(c->fleet);
    c->fleet = fleet_new(&config, &why);
    if (c->fleet == NULL)
        end_case(r, VERDICT_ERROR, "", "", "%s", why.text);
    else
        fleet_begin(c->fleet);
    return c->fleet != NULL;
}

/* One of them did not get through its steps. */
static enum progress stuck(struct runner *r, const struct step *step, const struct fleet_trouble *trouble)
{
    const char *expected = trouble->step == step->body ? "101 Switching Protocols" : expected_words(r, trouble->step);
    const char *seen = runner_text(r, "client %zu: %s", trouble->client, trouble->seen);
    if (trouble->unreachable && !r->opened_once)
        return end_case(r, VERDICT_ERROR, expected, seen, "no testee at %s:%u", r->config.testee->url.host,
                        r->config.testee->url.port);
    r->hard = r->lost = true;
    if (trouble->step != NULL)
        r->step = trouble->step;
    return end_case(r, VERDICT_FAIL, expected, seen, "one of the fleet's clients did not get what it expects");
}

enum progress step_fleet(struct runner *r, struct conn *c, const struct step *step)
{
    if (r->config.role == WS_SERVER)
        return end_case(r, VERDICT_ERROR, "", "", "a fleet is for testing servers; here the testee is a client");
    if (r->step_fresh && c->endpoint != NULL)
        return end_case(r, VERDICT_ERROR, "", "", "line %d: this actor has a connection: give the fleet another name",
                        step->line);
    if (r->step_fresh && !gather(r, c, step))
        return STEP_OVER;
    const struct fleet_trouble *trouble = fleet_trouble(c->fleet);
    if (!judge(r))
        return STEP_OVER;
    if (trouble->client != 0)
        return stuck(r, step, trouble);
    r->opened_once |= fleet_count(c->fleet) != 0;
    if (fleet_count(c->fleet) < step_number(step, SLOT_COUNT, 1))
        return STEP_WAIT;
    runner_note(r, "%zu clients are there", fleet_count(c->fleet));
    return STEP_DONE;
}

/* ---- what happens to all at once ---- */

enum progress step_fleet_drop(struct runner *r, struct conn *c, const struct step *step)
{
    if (step->form != FORM_DROP_RESET && step->form != FORM_DROP_FIN)
        return end_case(r, VERDICT_ERROR, "", "", "line %d: a fleet is dropped by `drop reset` or `drop fin`",
                        step->line);
    runner_note(r, "all %zu clients lose their connection", fleet_count(c->fleet));
    fleet_begin_storm(c->fleet, NULL);
    fleet_drop(c->fleet, step->form == FORM_DROP_FIN ? FLEET_FIN : FLEET_RESET);
    return STEP_DONE;
}

void fleets_brace(struct runner *r)
{
    for (struct conn *c = r->conns; c != NULL; c = c->next)
        if (c->fleet != NULL)
            fleet_begin_storm(c->fleet, NULL);
}

/* ---- what is expected ---- */

static const char *storm_words(struct runner *r, const struct measure *measure)
{
    struct storm_numbers numbers = storm_numbers_of(measure);
    return storm_sentence(&r->run->arena, &numbers);
}

/* A limit that the script names, with the run's patience. */
static uint64_t patient(const struct runner *r, uint64_t ns)
{
    return runner_patient(r, runner_paced(r, ns));
}

static enum progress no_storm(struct runner *r, const struct step *step)
{
    return end_case(r, VERDICT_ERROR, "", "",
                    "line %d: nobody of the fleet has lost its connection yet: drop, or testee restart, comes first",
                    step->line);
}

enum progress step_recovered(struct runner *r, struct conn *c, const struct step *step)
{
    static const unsigned percents[FORMS] = {
        [FORM_EXPECT_RECOVERED_HALF] = 50, [FORM_EXPECT_RECOVERED_MOST] = 99, [FORM_EXPECT_RECOVERED_ALL] = 100};
    const struct measure *measure = fleet_measure(c->fleet);
    uint64_t most = patient(r, step_number(step, SLOT_DURATION, 0));
    if (!judge(r))
        return STEP_OVER;
    if (!fleet_storming(c->fleet)) /* somebody else has to begin it */
        return runner_now(r) < r->step_ns + most ? wait_until(r, r->step_ns + most) : no_storm(r, step);
    uint64_t took = measure_back_at(measure, percents[step->form]);
    if (took < most)
        return STEP_DONE;
    if (took == UINT64_MAX && runner_now(r) < fleet_storm_began(c->fleet) + most)
        return wait_until(r, fleet_storm_began(c->fleet) + most);
    r->lost = true;
    return end_case(r, VERDICT_FAIL, expected_words(r, step), storm_words(r, measure),
                    "the fleet is not back in time");
}

static uint64_t measured(const struct measure *measure, enum form form)
{
    switch (form) {
    case FORM_EXPECT_HANDSHAKE_HALF:
        return measure_handshake(measure, 50);
    case FORM_EXPECT_HANDSHAKE_MOST:
        return measure_handshake(measure, 99);
    case FORM_EXPECT_ARRIVALS:
        return measure_peak(measure);
    case FORM_EXPECT_AT_ONCE:
        return measure->peak_under_way;
    default:
        return measure->tries;
    }
}

enum progress step_measured(struct runner *r, struct conn *c, const struct step *step)
{
    const struct measure *measure = fleet_measure(c->fleet);
    const struct setting *time = step_setting(step, SLOT_DURATION);
    uint64_t got = measured(measure, step->form);
    uint64_t most = time == NULL ? step_number(step, SLOT_COUNT, 0) : patient(r, time->value.number);
    if (!fleet_storming(c->fleet))
        return no_storm(r, step);
    if (got < most)
        return STEP_DONE;
    const char *seen = time == NULL ? runner_text(r, "%llu", (unsigned long long)got) : duration_words(r, got);
    return end_case(r, VERDICT_FAIL, expected_words(r, step), seen, "%s", storm_words(r, measure));
}

/* ---- who may do what ---- */

bool fleet_step_allowed(struct runner *r, const struct conn *c, const struct step *step)
{
    if (step->verb == VERB_FLEET || step_is_nobodys(step))
        return true;
    if (c->fleet == NULL && form_is_of_fleets(step->form))
        end_case(r, VERDICT_ERROR, "", "", "line %d: 'expect %s' is asked of a fleet, and there is none", step->line,
                 form_word(step->form));
    else if (c->fleet != NULL && step->verb != VERB_DROP && !form_is_of_fleets(step->form))
        end_case(r, VERDICT_ERROR, "", "",
                 "line %d: '%s' is nothing for a fleet: what its clients do stands between 'fleet' and 'end'; for one "
                 "more client give both a name",
                 step->line, verb_word(step->verb));
    return !r->decided;
}

void fleet_tell(struct runner *r)
{
    const struct conn *c = r->conns;
    judge(r);
    while (c != NULL && (c->fleet == NULL || !fleet_storming(c->fleet)))
        c = c->next;
    if (c == NULL)
        return;
    struct storm_numbers numbers = storm_numbers_of(fleet_measure(c->fleet));
    storm_draw(r->run, r->result, fleet_measure(c->fleet));
    if (fleet_unasked(c->fleet) && !fleet_recovered(c->fleet))
        end_case(r, VERDICT_FAIL, "a fleet that stays", storm_sentence(&r->run->arena, &numbers),
                 "clients of the fleet lost their connection, unasked");
    if (!r->decided && r->verdict == VERDICT_PASS)
        r->detail = storm_story(&r->run->arena, &numbers);
}
