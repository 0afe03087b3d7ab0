/* Steps that make connections: open, accept, connect, reconnect. */
#include "engine/fleet/backoff.h"
#include "engine/runner/play.h"


/* The step behind looks at the handshake itself. */
static bool judged_by_expect(const struct runner *r)
{
    const struct step *next = runner_next_step(r);
    return next && next->verb == VERB_EXPECT && is_handshake_form(next->form);
}

static enum progress nobody_came(struct runner *r, const char *expected)
{
    const char *seen = r->client_ended ? runner_text(r, "the client's process has ended: %s", r->client_ended)
                                       : "no connection";
    if (!r->opened_once && !r->listened_off)
        return end_case(r, VERDICT_ERROR, expected, seen, "no testee came");
    if (!r->config.own_listener)
        return end_case(r, VERDICT_FAIL, expected, seen, "the testee did not come back");
    const char *story = attempts_story(r, runner_now(r) - r->step_ns);
    return end_case(r, VERDICT_FAIL, expected, seen, "%s%s%s%s", story, r->client_ended && *story ? "; " : "",
                    r->client_ended ? "its process has ended: " : "", r->client_ended ? r->client_ended : "");
}

/* Nobody to talk to is our trouble at first; a testee that took connections before has to go on. What a case
 * is about begins behind its handshake: the level of its requirements does not soften a failed one. */
static enum progress open_failed(struct runner *r, const struct conn *c, const char *seen)
{
    r->timed_out = !c->end && runner_now(r) >= c->opening_deadline;
    const char *expected = expected_words(r, r->step);
    bool client = r->config.role == WS_CLIENT;
    if (!client && !c->endpoint && r->told)
        return end_case(r, VERDICT_FAIL, expected, told_words(r), "the client did not come");
    if (!client && !c->endpoint && r->config.come_ns)
        return end_case(r, VERDICT_ERROR, expected, "no connection", "the driver did not call for this case again");
    if (!client && !c->endpoint)
        return nobody_came(r, expected);
    if (client && c->opening == OPENING_DIAL && !r->opened_once)
        return end_case(r, VERDICT_ERROR, expected, seen, "no testee at %s:%u",
                        r->config.testee->url.host, r->config.testee->url.port);
    r->hard = true;
    return end_case(r, VERDICT_FAIL, client ? "101 Switching Protocols" : expected, seen,
                    "the opening handshake did not succeed");
}

/* `accept within A..B` looks at when the peer came, not at when its request was complete. */
static bool in_time(struct runner *r, const struct conn *c, const struct step *step)
{
    const struct setting *within = step_setting(step, SLOT_WITHIN);
    const struct attempt *attempt = attempt_of(r, c->attempt);
    uint64_t came = attempt ? r->began_ns + attempt->came_ns : c->came_ns;
    uint64_t took = came > r->step_ns ? came - r->step_ns : 0;
    bool early = within && runner_too_early(r, took, within->value.from);
    if (!within || (!early && took <= runner_within(r, within)))
        return true;
    end_case(r, VERDICT_FAIL, expected_words(r, step),
             runner_text(r, "a connection after %s", duration_words(r, took)), "%s",
             early ? "the connection came too early" : "the connection came too late");
    return false;
}

enum progress step_open(struct runner *r, struct conn *c, const struct step *step)
{
    const char *seen = "nothing";
    if (step->verb == VERB_ACCEPT && r->config.role == WS_CLIENT)
        return end_case(r, VERDICT_ERROR, "", "", "accept is for testing clients; here the testee is a server");
    if (step->form == FORM_CONNECT_PLAIN && r->config.role == WS_SERVER)
        return end_case(r, VERDICT_ERROR, "", "", "connect plain is for testing servers; here the testee is a client");
    if (r->step_fresh) {
        uint64_t patience = runner_within(r, step_setting(step, SLOT_WITHIN));
        if (r->config.come_ns > patience)
            patience = r->config.come_ns;
        if (opening_begin(r, c, step, patience) == OPENING_ENDED)
            return STEP_OVER;
    }
    bool whole = r->config.role == WS_SERVER || !judged_by_expect(r);
    switch (opening_poll(r, c, whole, &seen)) {
    case OPENING_WAIT:
        return STEP_WAIT;
    case OPENING_DONE:
        return in_time(r, c, step) ? STEP_DONE : STEP_OVER;
    case OPENING_FAILED:
        return open_failed(r, c, seen);
    case OPENING_ENDED:
        break;
    }
    return STEP_OVER;
}

/* ---- reconnect ---- */

enum { RECONNECT_PAUSE, RECONNECT_TRY };

static enum progress next_try(struct runner *r, const struct step *step, const char *seen)
{
    uint64_t tries = step_number(step, SLOT_TRIES, step_setting(step, SLOT_BACKOFF) ? 10 : 1);
    if (r->tries >= tries)
        return end_case(r, VERDICT_FAIL, expected_words(r, step), seen, "the testee was not there again after %u %s",
                        r->tries, r->tries == 1 ? "try" : "tries");
    r->tries++;
    r->phase = RECONNECT_PAUSE;
    struct backoff backoff = backoff_of(step);
    r->try_at = runner_now(r) + backoff_wait(&backoff, r->tries, &r->backoff);
    return STEP_WAIT;
}

enum progress step_reconnect(struct runner *r, struct conn *c, const struct step *step)
{
    const char *seen = "nothing";
    if (r->step_fresh) {
        if (!c->opened_by)
            return end_case(r, VERDICT_ERROR, "", "", "there was no connection to come back to");
        r->tries = 0;
        conn_renew(c);
        next_try(r, step, seen);
    }
    for (;;) {
        if (r->phase == RECONNECT_PAUSE) {
            if (runner_now(r) < r->try_at)
                return wait_until(r, r->try_at);
            r->phase = RECONNECT_TRY;
            if (opening_begin(r, c, c->opened_by, runner_patience(r)) == OPENING_ENDED)
                return STEP_OVER;
        }
        bool whole = r->config.role == WS_SERVER || !judged_by_expect(r);
        enum opening opening = opening_poll(r, c, whole, &seen);
        if (opening != OPENING_FAILED)
            return opening == OPENING_DONE ? STEP_DONE : opening == OPENING_WAIT ? STEP_WAIT : STEP_OVER;
        if (next_try(r, step, seen) == STEP_OVER)
            return STEP_OVER;
    }
}
