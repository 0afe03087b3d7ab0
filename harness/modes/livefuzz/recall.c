/* See campaign.h: what earlier campaigns found in this folder. It is played again
 * first: what still fails counts as it did, and is not told as new; what passes is gone. */
#include "modes/livefuzz/campaign.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

/* A line of the file's head (dig.c) begins so. */
static bool head_says(const struct test_case *test, const char *line)
{
    struct buf text;
    struct diag why = {0};
    buf_init(&text, LIMIT_SCRIPT_BYTES);
    bool says = file_read(test->file, &text, &why) && strstr(buf_text(&text), line) != NULL;
    buf_free(&text);
    return says;
}

static bool is_sure(void *arg, const struct test_case *test)
{
    (void)arg;
    return test->title != NULL && !head_says(test, "\n# doubtful: ");
}

/* Nobody starts a server again that is not ours. */
static bool is_harmless(void *arg, const struct test_case *test)
{
    const struct campaign *c = arg;
    return c->target.whom.testee.ops != NULL || strncmp(test->title, "lost", 4) != 0;
}

static void stands(struct campaign *c, const struct test_case *test, const struct case_result *result)
{
    static const struct case_result unplayed = {
        .expected = "", .seen = "", .detail = "found before, and not played again", .stderr_tail = "", .trace = ""};
    if (c->finding_count == FINDINGS_MAX)
        return;
    struct finding *finding = &c->findings[c->finding_count++];
    *finding = (struct finding){.path = arena_text(&c->report->arena, test->file), .again = true};
    finding->verdict = head_says(test, "\n# non-strict: ") ? VERDICT_NON_STRICT : VERDICT_FAIL;
    snprintf(finding->signature, sizeof finding->signature, "%s", test->title);
    c->found_before += campaign_counts(c, finding);
    c->slow_told |= strncmp(test->title, "slow: ", 6) == 0;
    campaign_grew(c, test->title);
    campaign_report(c, finding, result == NULL ? &unplayed : result, result == NULL ? "" : result->source);
    status_known(c, finding, result == NULL ? "found before, and not played again" : "found before, and still there");
}

static void is_gone(struct campaign *c, const struct test_case *test, const struct case_result *result)
{
    struct finding gone = {.path = arena_text(&c->report->arena, test->file), .again = true, .verdict = VERDICT_PASS};
    snprintf(gone.signature, sizeof gone.signature, "%s", test->title);
    campaign_report(c, &gone, result, result->source);
    status_known(c, &gone, "found before; it passes now");
}

static void weigh(struct campaign *c, const struct test_case *test, const struct case_result *result)
{
    bool remark = result != NULL && result->verdict == VERDICT_NON_STRICT && head_says(test, "\n# non-strict: ");
    if (result == NULL || result->verdict == VERDICT_ERROR || result->verdict == VERDICT_UNIMPLEMENTED)
        stands(c, test, NULL);
    else if (result->verdict == VERDICT_FAIL || remark)
        stands(c, test, result);
    else
        is_gone(c, test, result);
}

void campaign_recall(struct campaign *c)
{
    struct suite suite = {.may_be_empty = true};
    struct run_result *run = NULL;
    struct buf path, errors;
    struct diag why = {0};
    buf_init(&path, 0);
    buf_init(&errors, 0);
    store_path(&c->store, "findings", &path);
    suite_add_path(&suite, buf_text(&path), &errors, &why);
    if (errors.size != 0) {
        errors.data[strcspn(buf_text(&errors), "\n")] = 0; /* the first mistake will do */
        status_note(c, buf_text(&errors));
    }
    suite_filter(&suite, &(struct suite_filter){.wants = is_sure, .wants_arg = c});
    for (size_t i = 0; i < suite.case_count; i++)
        if (!is_harmless(c, suite.cases[i].test))
            stands(c, suite.cases[i].test, NULL);
    suite_filter(&suite, &(struct suite_filter){.wants = is_harmless, .wants_arg = c});
    why = (struct diag){0};
    c->target.most_ns = campaign_left(c);
    if (suite.case_count != 0)
        c->end = player_play_suite(&c->target, &suite, &run, &why);
    for (size_t i = 0; i < suite.case_count; i++)
        weigh(c, suite.cases[i].test, run != NULL && i < run->count ? run->cases[i] : NULL);
    if (c->end != PLAY_DONE && c->end != PLAY_TIME_UP) {
        c->stopped = true;
        diag_set(c->why, DIAG_TROUBLE, "%s", why.text);
    }
    run_result_free(run);
    suite_free(&suite);
    buf_free(&path);
    buf_free(&errors);
}
