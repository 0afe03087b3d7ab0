/* `expect` with its `or` lines, and `fence`: what has come is matched, or waited
 * for until every alternative's time is up. */
#include "engine/runner/play.h"

#include <stdio.h>
#include <string.h>

/* Fulfilled when its time is up. */
static bool is_quiet(const struct step *one)
{
    return one->form == FORM_EXPECT_NOTHING || one->form == FORM_EXPECT_STAYS || one->form == FORM_EXPECT_NO_BODY;
}

/* Until when this alternative may still come true. */
static uint64_t alternative_deadline(struct runner *r, const struct step *expect, const struct step *one)
{
    const struct setting *within = step_setting(one, SLOT_WITHIN);
    if (!within)
        within = step_setting(expect, SLOT_WITHIN);
    const struct setting *quiet = step_setting(one, SLOT_FOR);
    if (is_quiet(one) && expect->alternatives != NULL && quiet != NULL) /* as long as the other outcomes may come */
        return r->step_ns + runner_patient(r, runner_paced(r, quiet->value.number)) + r->config.grace_ns;
    if (is_quiet(one))
        return r->step_ns + runner_paced(r, step_number(one, SLOT_FOR, runner_patience(r)));
    return r->step_ns + runner_within(r, within);
}

static bool too_early(struct runner *r, const struct step *expect, const struct step *one, uint64_t at_ns)
{
    const struct setting *within = step_setting(one, SLOT_WITHIN);
    if (!within)
        within = step_setting(expect, SLOT_WITHIN);
    uint64_t took = at_ns > r->step_ns ? at_ns - r->step_ns : 0;
    return within && runner_too_early(r, took, within->value.from);
}

/* The patience of the most patient alternative. */
static uint64_t patience(struct runner *r, const struct step *expect)
{
    uint64_t longest = alternative_deadline(r, expect, expect);
    for (const struct step *one = expect->alternatives; one; one = one->next)
        if (alternative_deadline(r, expect, one) > longest)
            longest = alternative_deadline(r, expect, one);
    return longest - r->step_ns;
}

static const char *seen_words(struct runner *r, const struct conn *c, const struct step *step,
                              const struct item *item, uint64_t waited_ns)
{
    struct buf words;
    buf_init(&words, 0);
    bool handshake = is_handshake_form(step->form) || (c->phase != CONN_FRAMES && !item);
    if (c->head.there && step->form == FORM_EXPECT_HEADER && header_words(r, c, step, &words))
        return runner_words(r, &words);
    if (c->head.there && (step->form == FORM_EXPECT_BODY || step->form == FORM_EXPECT_NO_BODY) &&
        body_words(c, &words))
        return runner_words(r, &words);
    if (c->head.there && handshake)
        head_words(c, &words);
    else if (item)
        item_words(item, &words);
    else
        buf_printf(&words, "nothing within %s", duration_words(r, waited_ns));
    return runner_words(r, &words);
}

static void apply_outcome(struct runner *r, const struct step *one, const struct outcome *outcome)
{
    static const struct { const char *word; enum verdict verdict; } grades[] = {
        {"pass", VERDICT_PASS}, {"non-strict", VERDICT_NON_STRICT}, {"info", VERDICT_INFO}};
    const struct setting *as = step_setting(one, SLOT_AS);
    enum verdict grade = outcome->grade;
    for (size_t i = 0; as && i < sizeof grades / sizeof *grades; i++)
        if (strcmp(as->value.word, grades[i].word) == 0)
            grade = grades[i].verdict;
    closing_verdict(r, outcome->close);
    if (grade != VERDICT_PASS)
        remark(r, grade, "%s", outcome->why ? outcome->why : expected_words(r, one));
}

static unsigned wanted_kinds(const struct step *expect)
{
    unsigned wanted = match_wants(expect->form);
    for (const struct step *one = expect->alternatives; one; one = one->next)
        wanted |= match_wants(one->form);
    return wanted;
}

static enum progress matched(struct runner *r, struct conn *c, const struct step *one, struct item *item,
                             const struct outcome *outcome)
{
    bool closes = item && item->kind == ITEM_CLOSE;
    apply_outcome(r, one, outcome);
    if (item && match_wants(one->form))
        inbox_take(c, item);
    if (closes)
        closing_answer(r, c);
    return STEP_DONE;
}

/* Tries the expect (first) or one of its alternatives; *open stays true while it may still come. */
static bool try_one(struct runner *r, struct conn *c, const struct step *expect, const struct step *one,
                    struct item *item, bool *open, struct outcome *outcome)
{
    *outcome = (struct outcome){.grade = VERDICT_PASS, .close = CLOSE_NONE};
    enum match match = match_step(r, c, one, match_wants(one->form) ? item : NULL, outcome);
    uint64_t now = runner_now(r), deadline = alternative_deadline(r, expect, one);
    uint64_t at = is_handshake_form(one->form) && c->head.there ? c->head.at_ns : item ? item->at_ns : now;
    if (match == MATCH_YES && is_quiet(one))
        return true;
    if (match == MATCH_YES) {
        if (at <= deadline && !too_early(r, expect, one, at))
            return true;
        outcome->why = at > deadline ? "it came too late" : "it came too early";
        match = MATCH_NO;
    }
    if (is_quiet(one) && match == MATCH_WAIT && now >= deadline)
        return true;
    if (match == MATCH_WAIT && now < deadline) {
        *open = true;
        wait_until(r, deadline);
    }
    return false;
}

/* RFC 6455 section 7.1.1: behind the closing handshake it is the server that ends TCP. Who plays one and waits
 * for its end has to begin with his own. */
static void end_as_server(struct runner *r, struct conn *c, const struct step *step)
{
    bool end = step->form == FORM_EXPECT_EOF || step->form == FORM_EXPECT_DROP || step->form == FORM_EXPECT_RESET;
    if (!end || r->config.role != WS_SERVER || !c->close_sent || !c->close_received || c->fin_sent || !c->endpoint)
        return;
    c->fin_sent = true;
    endpoint_finish(c->endpoint, FINISH_CLEAN);
}

enum progress step_expect(struct runner *r, struct conn *c, const struct step *step)
{
    struct outcome outcome;
    const char *why = NULL;
    bool open = false;
    if (c->phase == CONN_NONE)
        return end_case(r, VERDICT_ERROR, "", "", "there is no connection: `open` comes first");
    if (r->step_fresh && match_fits(r, c, step) != STEP_DONE)
        return STEP_OVER;
    if (r->step_fresh)
        end_as_server(r, c, step);
    struct item *item = inbox_peek(c, wanted_kinds(step));
    while (step->form == FORM_EXPECT_STAYS && item && !(item->kind & (ITEM_CLOSE | ITEM_END))) {
        inbox_take(c, item); /* messages and pongs may come */
        item = inbox_peek(c, wanted_kinds(step));
    }
    const struct step *one = step;
    while (one) {
        if (try_one(r, c, step, one, item, &open, &outcome))
            return matched(r, c, one, item, &outcome);
        if (r->decided)
            return STEP_OVER;
        if (!why)
            why = outcome.why;
        one = one == step ? step->alternatives : one->next;
    }
    if (open)
        return STEP_WAIT;
    r->timed_out = !item && !c->end;
    if (item && item->kind == ITEM_CLOSE)
        closing_verdict(r, CLOSE_WRONG_CODE);
    if (!item && r->config.own_listener && match_wants(step->form) & ITEM_END)
        return end_case(r, VERDICT_FAIL, expected_words(r, step), "nothing", "the client has not left the connection");
    return end_case(r, VERDICT_FAIL, expected_words(r, step),
                    seen_words(r, c, step, item, patience(r, step)), "%s", why ? why : "");
}

/* ---- fence ---- */

/* The testee's doing when it has answered a handshake, the script's when it has not. */
static enum progress not_open(struct runner *r, struct conn *c)
{
    if (!c->head.there)
        return end_case(r, VERDICT_ERROR, "", "", "a fence needs an open connection");
    if (!c->head.broken && c->head.head.status == 101 && !opening_judge(r, c))
        return STEP_OVER;
    r->hard = true;
    return end_case(r, VERDICT_FAIL, "an open connection", seen_words(r, c, c->opened_by, NULL, 0),
                    "the opening handshake did not succeed");
}

enum progress step_fence(struct runner *r, struct conn *c, const struct step *step)
{
    char payload[32];
    uint64_t deadline = r->step_ns + runner_within(r, step_setting(step, SLOT_WITHIN));
    if (c->phase != CONN_FRAMES)
        return not_open(r, c);
    if (r->step_fresh) {
        int size = snprintf(payload, sizeof payload, "fence %u", ++r->fences);
        conn_mark_ping(c, (const uint8_t *)payload, (size_t)size);
        endpoint_send_control(c->endpoint, WS_PING, payload, (size_t)size);
    }
    int size = snprintf(payload, sizeof payload, "fence %u", r->fences);
    struct item *item = inbox_peek(c, ITEM_MESSAGE | ITEM_PONG | ITEM_CLOSE);
    bool ours = item && item->kind == ITEM_PONG && item->size == (size_t)size &&
                memcmp(item->data, payload, item->size) == 0;
    if (ours) {
        inbox_take(c, item);
        return STEP_DONE;
    }
    if (!item && runner_now(r) < deadline)
        return wait_until(r, deadline);
    r->timed_out = !item;
    return end_case(r, VERDICT_FAIL, "the pong to our ping, and nothing else before it",
                    seen_words(r, c, step, item, deadline - r->step_ns), "%s",
                    item ? "something came that was not expected" : "the ping was not answered");
}
