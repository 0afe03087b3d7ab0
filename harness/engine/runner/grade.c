/* Verdicts: what a breach of the protocol is worth, what the level of a
 * requirement makes of a FAIL, whether the testee lives; and the filled result. */
#include "engine/runner/play.h"

#include <string.h>

#define WATCH_NS (50 * NS_PER_MS)  /* between the end of a connection and the news that its process died */
#define WATCH_STEP_NS (5 * NS_PER_MS)

/* ---- breaches ---- */

/* A tester fails a testee only on what the text says for certain; where both ways are legal it takes note. */
static enum verdict breach_verdict(enum ws_certainty certainty)
{
    static const enum verdict verdicts[] = {
        [WS_MUST] = VERDICT_FAIL,           [WS_STRICT] = VERDICT_NON_STRICT,
        [WS_SHOULD] = VERDICT_NON_STRICT,   [WS_DISPUTED] = VERDICT_NON_STRICT,
        [WS_LENIENT] = VERDICT_INFO,        [WS_POLICY] = VERDICT_PASS,
    };
    return verdicts[certainty];
}

static const char *due_words(struct runner *r)
{
    return r->step ? expected_words(r, r->step) : "a closing handshake";
}

static void breach(struct runner *r, enum verdict verdict, const char *sentence, const char *requirement)
{
    if (r->decided)
        return;
    if (verdict == VERDICT_PASS)
        runner_note(r, "the testee %s", sentence);
    if (verdict != VERDICT_PASS && verdict != VERDICT_FAIL)
        remark(r, verdict, "the testee %s (%s)", sentence, requirement);
    if (verdict != VERDICT_FAIL)
        return;
    r->hard = true;
    end_case(r, VERDICT_FAIL, due_words(r), runner_text(r, "a testee that %s", sentence), "the testee %s (%s)",
             sentence, requirement);
}

void breach_frame(struct runner *r, const struct ws_violation *violation)
{
    if (violation == ws_violation_get(WS_V_TOO_BIG))
        end_case(r, VERDICT_FAIL, due_words(r), "a message that is too large",
                 "the testee sends more than %llu bytes in a message, where the case is about less",
                 (unsigned long long)r->message_max);
    else
        breach(r, breach_verdict(violation->certainty), violation->sentence, violation->requirement);
}

void breach_handshake(struct runner *r, const struct ws_breach *b, bool fatal)
{
    breach(r, fatal ? VERDICT_FAIL : breach_verdict(b->rule->certainty), b->rule->sentence, b->rule->requirement);
}

/* ---- before ---- */

static void unmet(struct runner *r, const char *what)
{
    end_case(r, VERDICT_UNIMPLEMENTED, what, "a testee without it", "the case needs %s", what);
}

static void check_needs(struct runner *r)
{
    const struct runner_config *config = &r->config;
    bool secure = config->role == WS_SERVER ? listener_share_secure(config->listener) : config->testee->url.secure;
    secure |= config->hinted && config->hinted->tunnel_tls;
    if (r->test->hints && !config->hinted)
        unmet(r, "a driver that takes hints");
    if (r->test->needs[FORM_NEEDS_TLS] && !secure)
        unmet(r, "TLS");
    if (r->test->needs[FORM_NEEDS_PLAIN] && secure)
        unmet(r, "a connection without TLS");
    if (r->test->needs[FORM_NEEDS_EXEC] && !config->testee->ops)
        unmet(r, "a testee that we started (--exec)");
    link_check_needs(r);
    struct buf lacking;
    buf_init(&lacking, 0);
    if (config->promises && promises_unmet(config->promises, r->test, &lacking))
        unmet(r, runner_text(r, "%s", buf_text(&lacking)));
    buf_free(&lacking);
}

static const char *replay_words(struct runner *r)
{
    const struct test_case *test = r->test;
    const char *prefix = r->config.replay_prefix ? r->config.replay_prefix : "wsgauntlet test";
    unsigned long long seed = r->config.seed;
    if (*test->file && test->each_count != 0) /* of its family it alone */
        return runner_text(r, "%s --seed 0x%llx --case '%s' %s", prefix, seed, test->id, test->file);
    if (*test->file)
        return runner_text(r, "%s --seed 0x%llx %s:%d", prefix, seed, test->file, test->line);
    return runner_text(r, "%s --seed 0x%llx --case '%s'", prefix, seed, test->id);
}

static const char *started_words(struct runner *r)
{
    char text[MOMENT_SIZE];
    const struct moment *run = &r->run->began;
    uint64_t since = r->began_ns;
    if (!loop_is_simulated(r->config.loop))
        since += loop_begin(r->config.loop) - run->machine_ns;
    moment_print(run->unix_ms == 0 ? 0 : run->unix_ms + since / NS_PER_MS, text);
    return runner_text(r, "%s", text);
}

/* In the run's arena, whole. */
static const char *keep(struct runner *r, struct buf *text)
{
    const char *kept = arena_text_n(&r->run->arena, buf_text(text), text->size);
    buf_free(text);
    return kept ? kept : "";
}

void grade_prepare(struct runner *r)
{
    struct case_result *result = r->result;
    const struct test_case *test = r->test;
    struct buf source;
    buf_init(&source, 0);
    test_case_print(test, &source);
    result->id = runner_text(r, "%s", test->id);
    result->title = runner_text(r, "%s", test->title ? test->title : "");
    result->started = started_words(r);
    result->alias = test->autobahn && test->autobahn[0] ? runner_text(r, "%s", test->autobahn[0]) : "";
    result->file = runner_text(r, "%s", test->file);
    result->line = test->line;
    result->source = keep(r, &source);
    result->replay = replay_words(r);
    if (!r->alive_before)
        end_case(r, VERDICT_ERROR, "", "", "the testee does not run");
    check_needs(r);
}

/* ---- after ---- */

static void find_out_death(struct runner *r)
{
    const struct testee *testee = r->config.testee;
    const char *words = testee->ops->last_words ? testee->ops->last_words(testee->ops_arg) : "";
    r->last_words = runner_text(r, "%s", words);
    r->decided = false; /* whatever it looked like: this is why */
    r->hard = true;
    end_case(r, VERDICT_FAIL, *r->expected ? r->expected : "a testee that goes on", "the testee died",
             "the testee died: %.*s", (int)strcspn(words, "\n"), words);
}

enum progress grade_watch(struct runner *r)
{
    const struct testee *testee = r->config.testee;
    bool ours = testee->ops && testee->ops->running && r->alive_before && !r->killed;
    if (!ours)
        return STEP_DONE;
    if (!testee->ops->running(testee->ops_arg)) {
        find_out_death(r);
        return STEP_DONE;
    }
    uint64_t now = runner_now(r);
    if (!r->watch_until)
        r->watch_until = r->lost ? now + WATCH_NS : now;
    if (now >= r->watch_until)
        return STEP_DONE;
    return wait_until(r, now + WATCH_STEP_NS);
}

/* A case that shows only what should be, or may be, cannot fail. */
static enum verdict by_level(const struct runner *r)
{
    const struct test_case *test = r->test;
    bool level[3] = {false};
    for (size_t i = 0; test->requirements && test->requirements[i]; i++)
        level[test->grades[i]] = true;
    if (r->verdict != VERDICT_FAIL || r->hard || level[GRADE_MUST])
        return r->verdict;
    if (level[GRADE_SHOULD])
        return VERDICT_NON_STRICT;
    return level[GRADE_MAY] ? VERDICT_INFO : VERDICT_FAIL;
}

const char *weights_word(enum weights weights)
{
    static const char *const words[] = {
        [WEIGHTS_RFC] = "rfc", [WEIGHTS_STRICT] = "strict", [WEIGHTS_AUTOBAHN] = "autobahn"};
    return words[weights];
}

/* A testee that died has failed, whoever asks. */
static enum verdict weighed(const struct runner *r, enum verdict verdict)
{
    bool known_to_autobahn = r->test->autobahn && r->test->autobahn[0];
    if (r->config.weights == WEIGHTS_STRICT && verdict == VERDICT_NON_STRICT)
        return VERDICT_FAIL;
    if (r->config.weights == WEIGHTS_AUTOBAHN && verdict == VERDICT_FAIL && !known_to_autobahn && !*r->last_words)
        return VERDICT_INFO;
    return verdict;
}

static const char *const *keep_requirements(struct runner *r)
{
    size_t count = 0;
    while (r->test->requirements && r->test->requirements[count])
        count++;
    const char **kept = arena_alloc(&r->run->arena, (count + 1) * sizeof *kept);
    for (size_t i = 0; kept && i < count; i++)
        kept[i] = runner_text(r, "%s", r->test->requirements[i]);
    return kept ? kept : r->result->requirements;
}

/* A testee that floods every case must not fill our memory: the traces of all share what they may have. (What others
 * took is no measure: a case's trace is the same whatever plays beside it.) */
static size_t trace_text_most(const struct run_result *run)
{
    size_t share = LIMIT_RUN_TRACES / (run->planned == 0 ? 1 : run->planned);
    return share > LIMIT_TRACE_TEXT ? LIMIT_TRACE_TEXT : share < LIMIT_TRACE_SHARE ? LIMIT_TRACE_SHARE : share;
}

/* Of a longer one the beginning and the end, in whole lines. */
static const char *keep_trace(struct runner *r)
{
    struct buf text, kept;
    size_t most = trace_text_most(r->run);
    buf_init(&text, 0);
    trace_print(&r->trace, r->result->id, &text);
    if (text.size <= most)
        return keep(r, &text);
    const char *all = buf_text(&text), *head = all + most / 4 * 3, *tail = all + text.size - most / 4;
    while (head > all && head[-1] != '\n')
        head--;
    while (*tail != 0 && tail[-1] != '\n')
        tail++;
    buf_init(&kept, 0);
    buf_append(&kept, all, (size_t)(head - all));
    buf_printf(&kept, "  # %zu KiB of the trace are left out here; alone, the case has more of it\n",
               (size_t)(tail - head) >> 10);
    buf_append(&kept, tail, text.size - (size_t)(tail - all));
    buf_free(&text);
    return keep(r, &kept);
}

void grade_fill(struct runner *r)
{
    struct case_result *result = r->result;
    result->verdict = weighed(r, by_level(r));
    result->close_verdict = r->close_verdict;
    result->requirements = keep_requirements(r);
    result->duration_ns = runner_now(r) - r->began_ns - r->paced_ns;
    result->step_line = r->line;
    result->expected = r->expected;
    result->seen = r->seen;
    result->detail = r->detail;
    result->stderr_tail = r->last_words;
    result->timed_out = r->timed_out;
    case_result_keep(r->run, result, &r->trace);
    result->attempts = r->attempts;
    result->attempt_count = r->attempt_count;
    if (!r->config.troubles_only || result->verdict != VERDICT_PASS)
        result->trace = keep_trace(r);
}
