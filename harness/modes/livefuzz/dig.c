/* From a failing session to a finding: is it known, does it show alone, does the
 * reference peer pass it, how small will it go. Then it is saved. */
#include "modes/livefuzz/campaign.h"

#include "engine/fuzz/minimise.h"
#include "engine/placeholder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_TRIES 3u
#define WAYS_TRIES 3u    /* other ways to fail that are taken for the first one's */
#define MINIMISE_TRIES 400u
#define TRIM_TRIES 80u
#define ROUNDS_TRIES 24u /* of a session that is played many times over: each leaves the testee with more */
#define SLOW_TRIES 16u   /* of one that takes long: each is several plays */
#define MINIMISE_NS (20 * NS_PER_S)

struct dig {
    struct campaign *c;
    const struct finding *finding; /* what has to show */
    uint64_t until;
    /* How it failed instead, when it was to show again; the run is owned. NULL: in no other way. */
    struct run_result *instead;
    char instead_signature[SIGNATURE_SIZE];
};

const struct case_result *campaign_play_alone(struct campaign *c, struct player *player, const struct session *session,
                                              const char *title, struct buf *text, struct run_result **run)
{
    struct diag why = {0};
    buf_clear(text);
    c->oracle.title = title;
    *run = NULL;
    if (!oracle_write(session, &c->oracle, text))
        return NULL;
    bool unchecked = player->unchecked;
    player->unchecked |= c->options->rate != 0; /* three more connections for one */
    c->target.most_ns = campaign_left(c);
    enum play_end end = player_play(player, text, run, &why);
    player->unchecked = unchecked;
    if (end == PLAY_INTERRUPTED || (player == &c->target && end == PLAY_LOST)) {
        c->stopped = true;
        c->end = end;
        diag_set(c->why, DIAG_TROUBLE, "%s", why.text);
    }
    return *run != NULL && (*run)->count == 1 ? (*run)->cases[0] : NULL;
}

static void sign(const struct campaign *c, const struct case_result *result, const char *text,
                 char out[SIGNATURE_SIZE])
{
    char label[64];
    oracle_label(text, result->step_line, label, sizeof label);
    if (c->slowness != NULL && strncmp(result->seen, "nothing", 7) == 0)
        snprintf(out, SIGNATURE_SIZE, "slow: %s", label);
    else
        finding_signature(result, label, out);
}

static bool shows(void *arg, const struct session *session)
{
    struct dig *dig = arg;
    struct campaign *c = dig->c;
    struct run_result *run = NULL;
    struct buf text;
    char signature[SIGNATURE_SIZE];
    if (c->stopped || c->options->clock() > dig->until)
        return false;
    if (c->slowness != NULL)
        return campaign_is_slow(c, session);
    buf_init(&text, 0);
    const struct case_result *result = campaign_play_alone(c, &c->target, session, "smaller", &text, &run);
    bool same = result != NULL && result->verdict == dig->finding->verdict;
    if (result != NULL && result->verdict >= VERDICT_NON_STRICT)
        sign(c, result, buf_text(&text), signature);
    same = same && strcmp(signature, dig->finding->signature) == 0;
    if (!same && !dig->finding->again && dig->instead == NULL && result != NULL && result->verdict == VERDICT_FAIL) {
        strcpy(dig->instead_signature, signature);
        dig->instead = run;
        run = NULL;
    }
    run_result_free(run);
    buf_free(&text);
    status_tick(c);
    return same;
}

struct trim {
    struct campaign *c;
    const struct edge_news *news;
};

static bool goes_over(void *arg, const struct session *session)
{
    struct trim *trim = arg;
    struct run_result *run = NULL;
    struct buf text;
    if (trim->c->stopped)
        return false;
    buf_init(&text, 0);
    edge_map_clear(trim->c->edges);
    const struct case_result *result = campaign_play_alone(trim->c, &trim->c->target, session, "less", &text, &run);
    bool all = result != NULL && result->verdict < VERDICT_FAIL && edge_map_shows(trim->c->edges, trim->news);
    run_result_free(run);
    buf_free(&text);
    return all;
}

struct session *campaign_trim(struct campaign *c, const struct session *session, const struct edge_news *news)
{
    struct trim trim = {.c = c, .news = news};
    return session_minimise(session, TRIM_TRIES, goes_over, &trim);
}

/* Does a correct server pass it? Else the oracle is wrong, not the testee. */
static bool reference_passes(struct campaign *c, const struct session *session, enum verdict worse)
{
    struct run_result *run = NULL;
    struct buf text;
    buf_init(&text, 0);
    const struct case_result *result = campaign_play_alone(c, &c->reference, session, "reference", &text, &run);
    bool well = result != NULL && result->verdict != worse && result->verdict < VERDICT_FAIL;
    bool passes = c->stopped || well; /* interrupted: nobody can say */
    run_result_free(run);
    buf_free(&text);
    return passes;
}

static struct finding *known(struct campaign *c, const char *signature)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (strcmp(c->findings[i].signature, signature) == 0)
            return &c->findings[i];
    return NULL;
}

/* ---- writing it down ---- */

static void comment(struct buf *out, const char *what, const char *text)
{
    if (text == NULL || text[0] == 0)
        return;
    buf_printf(out, "# %s: ", what);
    for (; *text != 0; text++)
        buf_append_byte(out, (uint8_t)(*text == '\n' ? ' ' : (unsigned char)*text < 0x20 ? '?' : *text));
    buf_append_byte(out, '\n');
}

/* The command that plays it again, as a shell takes it. */
static const char *replay_words(struct campaign *c, const struct finding *finding)
{
    struct buf path;
    buf_init(&path, 0);
    shell_word(&path, finding->path);
    const char *profile = finding->verdict == VERDICT_NON_STRICT ? " --profile strict" : "";
    const char *words = arena_printf(&c->report->arena, "%s%s --timeout %llums %s", buf_text(&c->target.whom.replay),
                                     profile, (unsigned long long)(c->oracle.timeout_ns / NS_PER_MS), buf_text(&path));
    buf_free(&path);
    return words;
}

static void write_header(struct campaign *c, const struct finding *finding, uint64_t number,
                         const struct case_result *result, struct buf *out)
{
    comment(out, "found by wsgauntlet fuzz", finding->signature);
    comment(out, "testee", buf_text(&c->target.whom.against));
    comment(out, "its agent", c->report->testee.agent);
    buf_printf(out, "# seed: %#llx, session %llu, wsgauntlet %s\n", (unsigned long long)c->seed,
               (unsigned long long)number, c->options->tell.version);
    comment(out, "replay", replay_words(c, finding));
    comment(out, "expected", result->expected);
    comment(out, "got", result->seen);
    comment(out, "because", result->detail);
    if (c->slowness != NULL) {
        comment(out, "slow", c->slowness->said);
        buf_append_text(out, "# slow: as found; the timeout below stands between the two\n");
    }
    if (finding->verdict == VERDICT_NON_STRICT)
        buf_append_text(out, "# non-strict: allowed and advised against; with --profile strict it fails\n");
    if (finding->ours)
        buf_append_text(out, "# doubtful: the reference peer fails it too\n");
    if (!finding->again)
        buf_append_text(out, "# doubtful: it did not show again when played alone\n");
}

/* It is named by its signature, so that it is the same in another
 * campaign, and in another folder. */
void campaign_report(struct campaign *c, const struct finding *finding, const struct case_result *from,
                     const char *source)
{
    char slug[SIGNATURE_SIZE];
    struct arena *arena = &c->report->arena;
    struct case_result *result = run_result_add(c->report);
    if (result == NULL)
        return;
    finding_slug(finding->signature, slug);
    result->id = arena_text(arena, slug);
    result->title = arena_text(arena, finding->signature);
    result->file = arena_text(arena, finding->path);
    result->section = "fuzz";
    result->line = 1;
    result->verdict = finding->ours || !finding->again ? VERDICT_INFO
                      : campaign_counts(c, finding)    ? VERDICT_FAIL : finding->verdict;
    result->duration_ns = from->duration_ns;
    result->step_line = from->step_line;
    result->expected = arena_text(arena, from->expected);
    result->seen = arena_text(arena, from->seen);
    result->detail = from->detail[0] == 0 ? result->title
                                          : arena_printf(arena, "%s: %s", finding->signature, from->detail);
    result->source = arena_text(arena, source);
    result->trace = arena_text(arena, from->trace == NULL ? "" : from->trace);
    result->stderr_tail = arena_text(arena, from->stderr_tail);
    result->replay = replay_words(c, finding);
    c->report->ended++;
}

static void save(struct campaign *c, struct finding *finding, const struct session *session,
                 const struct case_result *result)
{
    struct buf text, path;
    struct diag why = {0};
    char slug[SIGNATURE_SIZE];
    buf_init(&text, 0);
    buf_init(&path, 0);
    finding_slug(finding->signature, slug);
    store_file(&c->store, "findings", slug, &path);
    finding->path = arena_text(&c->report->arena, buf_text(&path));
    write_header(c, finding, session->number, result, &text);
    c->oracle.title = finding->signature;
    oracle_write(session, &c->oracle, &text);
    if (!store_write(&c->store, "findings", slug, &text, &why))
        campaign_unsaved(c, &why);
    campaign_report(c, finding, result, buf_text(&text));
    status_finding(c, finding, result, session->count);
    buf_free(&text);
    buf_free(&path);
}

static unsigned tries_for(const struct campaign *c)
{
    return c->slowness != NULL ? SLOW_TRIES : c->oracle.loop != NULL ? ROUNDS_TRIES : MINIMISE_TRIES;
}

static void consider(struct campaign *c, const struct session *session, const char *signature,
                     const struct case_result *result, unsigned ways);

/* A signature that nobody had: worth some time. */
static void dig(struct campaign *c, struct finding *finding, const struct session *session,
                const struct case_result *first, unsigned ways)
{
    struct dig dig = {.c = c, .finding = finding, .until = c->options->clock() + MINIMISE_NS};
    struct session *small = NULL;
    uint64_t left = campaign_left(c), ends = left == 0 ? UINT64_MAX : c->options->clock() + left;
    c->digging = true;
    finding->ours = !reference_passes(c, session, finding->verdict);
    for (unsigned tries = 0; !finding->again && tries < AGAIN_TRIES; tries++)
        finding->again = shows(&dig, session);
    if (!finding->again && c->end == PLAY_INTERRUPTED) { /* nobody can say: the next campaign sees it again */
        c->finding_count--;
        run_result_free(dig.instead);
        return;
    }
    if (!finding->again && dig.instead != NULL && ways != 0 && !c->stopped) {
        /* Masking keys are others each time, and what a testee makes of a broken frame may hang on them. What is told
         * is how it fails alone; this way stays known, and untold. */
        consider(c, session, dig.instead_signature, dig.instead->cases[0], ways - 1);
        run_result_free(dig.instead);
        return;
    }
    run_result_free(dig.instead);
    if (dig.until > ends)
        dig.until = ends; /* it need not be small */
    if (finding->again && !finding->ours)
        small = session_minimise(session, tries_for(c), shows, &dig);
    const struct session *best = small != NULL && reference_passes(c, small, finding->verdict) ? small : session;
    struct run_result *run = NULL;
    struct buf text;
    buf_init(&text, 0);
    const struct case_result *last =
        c->stopped ? NULL : campaign_play_alone(c, &c->target, best, finding->signature, &text, &run);
    save(c, finding, best, last != NULL && last->verdict == finding->verdict ? last : first);
    run_result_free(run);
    buf_free(&text);
    session_free(small);
}

/* The testee went and did not come back: nothing can be played again, but that is seen well enough. */
static const char lost[] = "lost: takes no more connections";

static void consider(struct campaign *c, const struct session *session, const char *signature,
                     const struct case_result *result, unsigned ways)
{
    bool gone = signature == lost;
    struct finding *finding = known(c, signature);
    if (finding == NULL && c->finding_count == FINDINGS_MAX)
        return;
    bool fresh = finding == NULL;
    if (fresh) {
        finding = &c->findings[c->finding_count++];
        *finding = (struct finding){.path = "", .verdict = result->verdict};
        snprintf(finding->signature, sizeof finding->signature, "%s", signature);
    }
    finding->times++;
    finding->again |= gone;
    if (fresh && gone)
        save(c, finding, session, result);
    else if (fresh)
        dig(c, finding, session, result, ways);
}

void campaign_consider(struct campaign *c, const struct session *session, const struct case_result *result,
                       const char *text)
{
    char signature[SIGNATURE_SIZE];
    bool gone = c->end == PLAY_LOST;
    if (gone && strncmp(result->detail, "the testee ", 11) != 0)
        return;
    if (!gone)
        sign(c, result, text, signature);
    consider(c, session, gone ? lost : signature, result, WAYS_TRIES);
    c->digging = false;
}
