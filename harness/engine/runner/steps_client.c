/* Steps about a client under test that look at more than one connection: the
 * port, whether somebody comes, the waits between attempts, numbered messages. */
#include "engine/runner/play.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISH_EVERY_NS (10 * NS_PER_MS)
#define LISTEN_PATIENCE_NS (2 * NS_PER_S) /* somebody may have got the port in between */
#define LISTEN_AGAIN_NS (20 * NS_PER_MS)
#define AT_CAP 0.95        /* so near to the cap is at the cap */
#define SPREAD_GAPS 4u     /* of the last ones */

/* ---- the port ---- */

static enum progress not_counted(struct runner *r)
{
    return end_case(r, VERDICT_ERROR, "", "", "this step needs a port of its own: `wsgauntlet resilience` gives one");
}

static enum progress spoil_port(struct runner *r, const struct step *step)
{
    static const struct { const char *word; enum tls_flaw flaw; } flaws[] = {
        {"expired", TLS_EXPIRED}, {"other-name", TLS_OTHER_NAME}, {"unknown", TLS_UNKNOWN}};
    const struct setting *word = step_setting(step, SLOT_FLAW);
    enum tls_flaw flaw = TLS_FLAWLESS;
    struct diag why = {0};
    for (size_t i = 0; word && i < sizeof flaws / sizeof *flaws; i++)
        if (strcmp(word->value.word, flaws[i].word) == 0)
            flaw = flaws[i].flaw;
    if (!listener_share_spoil(r->config.listener, flaw, &why))
        return end_case(r, why.kind == DIAG_USAGE ? VERDICT_UNIMPLEMENTED : VERDICT_ERROR, "", "", "the case needs %s",
                        why.text);
    runner_note(r, "over TLS the port %s", word ? runner_text(r, "shows a certificate: %s", word->value.word)
                                                : "ends every handshake in its middle");
    return STEP_DONE;
}

enum progress step_listen(struct runner *r, struct conn *c, const struct step *step)
{
    struct diag why = {0};
    (void)c;
    if (!r->config.own_listener)
        return not_counted(r);
    if (step->form == FORM_LISTEN_CERTIFICATE || step->form == FORM_LISTEN_CUT)
        return spoil_port(r, step);
    if (step->form == FORM_LISTEN_OFF) {
        listener_share_off(r->config.listener);
        r->listened_off = true;
    } else if (!listener_share_on(r->config.listener, &why)) {
        if (runner_now(r) < r->step_ns + LISTEN_PATIENCE_NS)
            return wait_until(r, runner_now(r) + LISTEN_AGAIN_NS);
        return end_case(r, VERDICT_ERROR, "", "", "%s", why.text);
    }
    runner_note(r, "the port is %s", step->form == FORM_LISTEN_OFF ? "closed" : "open again");
    return STEP_DONE;
}

enum progress step_nobody(struct runner *r, struct conn *c, const struct step *step)
{
    uint64_t until = r->step_ns + runner_paced(r, step_number(step, SLOT_FOR, runner_patience(r)));
    (void)c;
    if (!r->config.own_listener)
        return not_counted(r);
    if (r->step_fresh)
        r->phase = (unsigned)r->attempt_count;
    if (r->attempt_count > r->phase)
        return end_case(r, VERDICT_FAIL, expected_words(r, step),
                        runner_text(r, "a connection after %s", duration_words(r, runner_now(r) - r->step_ns)),
                        "the client came, where it should stay away: %s", attempts_story(r, 0));
    return runner_now(r) >= until ? STEP_DONE : wait_until(r, until);
}

/* ---- messages of ours ---- */

enum progress step_publish(struct runner *r, struct conn *c, const struct step *step)
{
    uint64_t every = runner_paced(r, step_number(step, SLOT_EVERY, PUBLISH_EVERY_NS));
    if (r->step_fresh)
        r->publish_at = r->step_ns;
    while (r->phase < step_number(step, SLOT_COUNT, 1)) {
        if (runner_now(r) < r->publish_at)
            return wait_until(r, r->publish_at);
        if (!service_publish(r, c))
            return STEP_OVER;
        r->phase++;
        r->publish_at += every;
    }
    return STEP_DONE;
}

/* ---- attempts ---- */

static enum progress wrong(struct runner *r, const struct step *step, const char *seen, const char *detail)
{
    return end_case(r, VERDICT_FAIL, expected_words(r, step), seen, "%s", detail);
}

/* Most that came within one window of this length. */
static size_t busiest(const struct runner *r, size_t from, uint64_t window_ns)
{
    size_t most = 0;
    for (size_t first = from, i = from; i < r->attempt_count; i++) {
        while (r->attempts[i].came_ns - r->attempts[first].came_ns >= window_ns)
            first++;
        most = i - first + 1 > most ? i - first + 1 : most;
    }
    return most;
}

/* The first attempt that came while an earlier one was still well; 0: none. An attempt that failed in the same
 * moment was given up before. */
static size_t crowded(const struct runner *r)
{
    for (size_t i = 1; i < r->attempt_count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct attempt *a = &r->attempts[j];
            uint64_t over = a->failed_ns ? a->failed_ns : UINT64_MAX;
            if (over > r->attempts[i].came_ns + 100 * NS_PER_MS)
                return i + 1;
        }
    return 0;
}

/* One but the last that the client has not ended; 0: there is none. */
static size_t lingering(const struct runner *r)
{
    for (size_t i = 0; i + 1 < r->attempt_count; i++)
        if (!r->attempts[i].ended_ns)
            return i + 1;
    return 0;
}

/* DONE when there is nothing to wait for. */
static enum progress await_left(struct runner *r, const struct step *step)
{
    uint64_t until = r->step_ns + runner_within(r, step_setting(step, SLOT_WITHIN));
    size_t old = step_flag(step, SLOT_LEFT) ? lingering(r) : 0;
    if (!old)
        return STEP_DONE;
    if (runner_now(r) < until)
        return wait_until(r, until);
    return wrong(r, step, runner_text(r, "connection %zu, open since %s", old,
                                      duration_words(r, runner_now(r) - r->began_ns - r->attempts[old - 1].came_ns)),
                 "the client keeps a dead connection beside the new one");
}

enum progress step_attempts(struct runner *r, struct conn *c, const struct step *step)
{
    const struct setting *least = step_setting(step, SLOT_AT_LEAST), *most = step_setting(step, SLOT_AT_MOST);
    const struct setting *per = step_setting(step, SLOT_PER);
    size_t behind = (size_t)step_number(step, SLOT_BEHIND, 0), all = r->attempt_count + r->attempts_left_out;
    size_t count = all > behind ? all - behind : 0;
    (void)c;
    if (!r->config.own_listener)
        return not_counted(r);
    if (per)
        count = busiest(r, behind < r->attempt_count ? behind : r->attempt_count, per->value.number);
    if (most && count > most->value.number)
        return wrong(r, step, runner_text(r, "%zu attempts", count),
                     runner_text(r, per ? "%zu attempts at once" : "%zu attempts: too many", count));
    if (least && count < least->value.number)
        return wrong(r, step, runner_text(r, "%zu attempts", count), "too few attempts: it has stopped trying");
    if (step_flag(step, SLOT_NONE_TAKEN) && r->taken)
        return wrong(r, step, runner_text(r, "%zu that took it", r->taken),
                     "the client takes a certificate that it must not");
    size_t crowd = step_flag(step, SLOT_ALONE) ? crowded(r) : 0;
    if (crowd)
        return wrong(r, step, runner_text(r, "connection %zu while an earlier one was well", crowd),
                     "two connections of one client at once");
    return await_left(r, step);
}

/* ---- the waits between them ---- */

/* From the failure of attempt i to the coming of the next; ns. */
static uint64_t gap_of(const struct runner *r, size_t i)
{
    return attempt_gap(r->attempts, i + 1);
}

static size_t gap_count(const struct runner *r) { return r->attempt_count ? r->attempt_count - 1 : 0; }

static const char *gap_list(struct runner *r)
{
    struct buf list;
    size_t count = gap_count(r);
    buf_init(&list, 0);
    buf_append_text(&list, "waits of");
    for (size_t i = 0; i < count && i < 12; i++)
        buf_printf(&list, "%s %.2f", i ? "," : "", (double)gap_of(r, i) / 1e9);
    buf_printf(&list, "%s s", count > 12 ? " ..." : "");
    return runner_words(r, &list);
}

static bool too_long(const struct runner *r, uint64_t gap, uint64_t most_ns)
{
    return gap > runner_paced(r, most_ns) + runner_paced(r, most_ns) / 20 + r->config.grace_ns;
}

static double growth_factor(const struct setting *growth, size_t power)
{
    return pow(growth->value.real, (double)power);
}

/* Where no first wait is promised, the first one that was seen says what the last one must have grown to; behind the
 * fifth it may have reached a cap that we do not know. */
static bool grew_from_seen(const struct runner *r, const struct setting *growth, double cap_ns)
{
    size_t last = gap_count(r) - 1;
    double due = (double)gap_of(r, 0) * growth_factor(growth, last < 4 ? last : 4) * 0.9;
    double seen = fmax((double)gap_of(r, last), last ? (double)gap_of(r, last - 1) : 0);
    return seen >= due || seen >= cap_ns * AT_CAP;
}

/* Each wait lies between what the shortest and the longest first wait have grown to, at most the cap. */
static bool grew_as_promised(const struct runner *r, const struct setting *first, const struct setting *growth,
                             const struct setting *cap)
{
    double cap_least = cap ? (double)cap->value.from : 1e18, cap_most = cap ? (double)cap->value.to : 1e18;
    for (size_t i = 0; i < gap_count(r); i++) {
        double least = fmin((double)first->value.from * growth_factor(growth, i), cap_least);
        double most = fmin((double)first->value.to * growth_factor(growth, i), cap_most);
        if (runner_too_early(r, gap_of(r, i), (uint64_t)least) || too_long(r, gap_of(r, i), (uint64_t)most))
            return false;
    }
    return true;
}

static const char *gaps_wrong(struct runner *r, const struct step *step)
{
    const struct setting *first = step_setting(step, SLOT_FIRST), *growth = step_setting(step, SLOT_GROWTH);
    const struct setting *cap = step_setting(step, SLOT_CAP);
    if (first && runner_too_early(r, gap_of(r, 0), first->value.from))
        return "the first wait is shorter";
    if (first && too_long(r, gap_of(r, 0), first->value.to))
        return "the first wait is longer";
    for (size_t i = 0; cap && i < gap_count(r); i++)
        if (too_long(r, gap_of(r, i), cap->value.to))
            return "a wait is longer than the cap";
    double cap_ns = cap ? (double)runner_paced(r, cap->value.from ? cap->value.from : cap->value.to) : 1e18;
    bool anchored = first && first->value.from > 0;
    if (growth && !(anchored ? grew_as_promised(r, first, growth, cap) : grew_from_seen(r, growth, cap_ns)))
        return "the waits do not grow as they should";
    return NULL;
}

/* The last waits, of which many are at the cap, are not all alike. */
static const char *spread_wrong(const struct runner *r, const struct step *step)
{
    const struct setting *spread = step_setting(step, SLOT_SPREAD);
    size_t count = gap_count(r), from = count > SPREAD_GAPS ? count - SPREAD_GAPS : 0;
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = from; i < count; i++) {
        uint64_t gap = gap_of(r, i);
        least = gap < least ? gap : least;
        most = gap > most ? gap : most;
    }
    if (!spread || (double)(most - least) >= (double)most * spread->value.real)
        return NULL;
    return "the waits are all alike: many clients would come back at once, again and again";
}

enum progress step_gaps(struct runner *r, struct conn *c, const struct step *step)
{
    (void)c;
    if (!r->config.own_listener)
        return not_counted(r);
    if (gap_count(r) == 0)
        return wrong(r, step, "fewer than two attempts", "there is no wait to look at");
    const char *why = gaps_wrong(r, step);
    if (!why)
        why = spread_wrong(r, step);
    return why ? wrong(r, step, gap_list(r), why) : STEP_DONE;
}

/* ---- numbered messages ---- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct tally {
    uint64_t missing, repeated, late;
};

/* `last`: the highest there must be; 0: the highest that came. */
static bool tally_numbers(const struct numbers *numbers, uint64_t last, struct tally *tally)
{
    uint64_t *sorted = malloc((numbers->count + 1) * sizeof *sorted), highest = 0;
    *tally = (struct tally){0};
    if (!sorted)
        return false;
    for (size_t i = 0; i < numbers->count; i++) {
        uint64_t n = numbers->at[i].n;
        tally->late += n < highest;
        highest = n > highest ? n : highest;
        sorted[i] = n;
    }
    qsort(sorted, numbers->count, sizeof *sorted, by_number);
    uint64_t different = 0, first = last ? 1 : numbers->count ? sorted[0] : 1;
    for (size_t i = 0; i < numbers->count; i++)
        different += i == 0 || sorted[i] != sorted[i - 1];
    uint64_t due = (last > highest ? last : highest) - first + 1;
    tally->repeated = numbers->count - different;
    tally->missing = due > different ? due - different : 0;
    tally->late = tally->late > tally->repeated ? tally->late - tally->repeated : 0;
    free(sorted);
    return true;
}

/* Most that came within one window of this length. */
static size_t busiest_numbers(const struct numbers *numbers, uint64_t window_ns)
{
    size_t most = 0;
    for (size_t first = 0, i = 0; i < numbers->count; i++) {
        while (numbers->at[i].came_ns - numbers->at[first].came_ns >= window_ns)
            first++;
        most = i - first + 1 > most ? i - first + 1 : most;
    }
    return most + numbers->left_out;
}

/* What came on this connection beyond what the client makes in that time, which is what it had kept. */
static size_t backlog(struct runner *r, const struct conn *c)
{
    const struct attempt *attempt = attempt_of(r, c->attempt);
    uint64_t since = attempt && attempt->open_ns ? runner_now(r) - r->began_ns - attempt->open_ns : 0;
    double live = (double)(since + r->config.grace_ns) / (double)runner_paced(r, NS_PER_S) * r->test->rate;
    double came = (double)(c->numbered);
    return came > live ? (size_t)(came - live) : 0;
}

static enum progress too_many(struct runner *r, struct conn *c, const struct step *step, const struct numbers *numbers)
{
    const struct setting *most = step_setting(step, SLOT_AT_MOST), *per = step_setting(step, SLOT_PER);
    bool kept = step_flag(step, SLOT_BACKLOG);
    size_t count = kept ? backlog(r, c) : per ? busiest_numbers(numbers, runner_paced(r, per->value.number))
                                              : numbers->count + numbers->left_out;
    runner_note(r, "%zu messages%s", count, kept ? " had been kept" : per ? " in the busiest window" : "");
    if (!most || count <= most->value.number)
        return STEP_DONE;
    return wrong(r, step, runner_text(r, "%zu messages", count),
                 kept ? "more was kept than is promised" : per ? "too many messages at once" : "too many messages");
}

enum progress step_numbers(struct runner *r, struct conn *c, const struct step *step)
{
    bool received = step_flag(step, SLOT_RECEIVED);
    const struct numbers *numbers = received ? &r->received_numbers : &r->sent_numbers;
    struct tally tally;
    if (numbers->count == 0)
        return wrong(r, step, "not one", received ? "the client has told of none on its standard output"
                                                  : "no numbered message came (`service number` in the profile)");
    if (!tally_numbers(numbers, received ? r->published : 0, &tally))
        return end_case(r, VERDICT_ERROR, "", "", "no memory for %zu numbers", numbers->count);
    const char *seen = runner_text(r, "%zu messages: %llu missing, %llu repeated, %llu out of order", numbers->count,
                                   (unsigned long long)tally.missing, (unsigned long long)tally.repeated,
                                   (unsigned long long)tally.late);
    runner_note(r, "%s: %s", received ? "received" : "sent", seen);
    if (step_flag(step, SLOT_COMPLETE) && tally.missing)
        return wrong(r, step, seen, "messages were lost");
    if (step_flag(step, SLOT_ONCE) && tally.repeated)
        return wrong(r, step, seen, "messages came twice");
    if (step_flag(step, SLOT_IN_ORDER) && tally.late)
        return wrong(r, step, seen, "messages came out of order");
    return step_setting(step, SLOT_AT_MOST) ? too_many(r, c, step, numbers) : STEP_DONE;
}

/* ---- how it begins a connection ---- */

static bool has_said(const struct setup *setup, size_t count, uint64_t said)
{
    for (size_t i = 0; i < count && i < SETUPS_KEPT; i++)
        if (setup->said[i] == said)
            return true;
    return false;
}

enum progress step_setup(struct runner *r, struct conn *c, const struct step *step)
{
    const struct setup *setup = &c->setup, *before = &r->first_setup;
    const char *seen = runner_text(r, "%zu of its messages", setup->count);
    if (!r->config.own_listener)
        return not_counted(r);
    if (setup->count == 0)
        return wrong(r, step, "none of it", "the connection does not begin with what `service setup` says");
    if (step_flag(step, SLOT_AHEAD) && setup->late)
        return wrong(r, step, "a numbered message before it", "a queued message went ahead of the login");
    for (size_t i = 0; i < setup->count && i < SETUPS_KEPT; i++)
        if (step_flag(step, SLOT_ONCE) && has_said(setup, i, setup->said[i]))
            return wrong(r, step, seen, "the same was said twice");
    for (size_t i = 0; i < before->count && i < SETUPS_KEPT; i++)
        if (step_flag(step, SLOT_AGAIN) && !has_said(setup, setup->count, before->said[i]))
            return wrong(r, step, seen, runner_text(r, "not all that it said on its first connection (%zu messages)",
                                                    before->count));
    return STEP_DONE;
}
