/* The result model: words of the verdicts, counting, the exit status. */
#include "engine/result.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

static const char *const verdict_words[VERDICTS] = {
    [VERDICT_PASS] = "PASS",   [VERDICT_NON_STRICT] = "NON_STRICT",
    [VERDICT_INFO] = "INFO",   [VERDICT_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [VERDICT_FAIL] = "FAIL",   [VERDICT_ERROR] = "ERROR",
};

const char *verdict_word(enum verdict verdict)
{
    return (unsigned)verdict < VERDICTS ? verdict_words[verdict] : "?";
}

static const char *const close_words[CLOSE_VERDICTS] = {
    [CLOSE_OK] = "OK",     [CLOSE_UNCLEAN] = "UNCLEAN", [CLOSE_WRONG_CODE] = "WRONG_CODE",
    [CLOSE_INFO] = "INFO", [CLOSE_NONE] = "NONE",
};

const char *close_verdict_word(enum close_verdict verdict)
{
    return (unsigned)verdict < CLOSE_VERDICTS ? close_words[verdict] : "?";
}

uint64_t attempt_gap(const struct attempt *attempts, size_t i)
{
    const struct attempt *before = &attempts[i - 1];
    uint64_t from = before->failed_ns ? before->failed_ns : before->came_ns, came = attempts[i].came_ns;
    return came > from ? came - from : 0;
}

struct run_result *run_result_new(void)
{
    struct run_result *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    arena_init(&run->arena);
    run->version = WSGAUNTLET_VERSION;
    run->mode = run->started = "";
    run->testee.url = run->testee.command = run->testee.agent = "";
    return run;
}

void run_result_free(struct run_result *run)
{
    if (!run)
        return;
    arena_free(&run->arena);
    free(run->cases);
    free(run);
}

static bool make_room(struct run_result *run)
{
    if (run->count < run->capacity)
        return true;
    size_t capacity = run->capacity ? 2 * run->capacity : 64;
    struct case_result **cases = realloc(run->cases, capacity * sizeof(struct case_result *));
    if (!cases)
        return false;
    run->cases = cases;
    run->capacity = capacity;
    return true;
}

struct case_result *run_result_add(struct run_result *run)
{
    static const char *const no_requirements[] = {NULL};

    struct case_result *result = arena_alloc(&run->arena, sizeof *result);
    if (!result || !make_room(run))
        return NULL;
    result->id = result->title = result->alias = result->file = result->section = "";
    result->started = result->expected = result->seen = result->detail = result->replay = "";
    result->source = result->trace = result->stderr_tail = "";
    result->requirements = no_requirements;
    result->close_verdict = CLOSE_NONE;
    run->cases[run->count++] = result;
    return result;
}

/* At most `share` bytes of a payload; a head is worth more, and a Close is short. */
static struct trace_event keep_event(struct arena *arena, const struct trace_event *event, size_t share)
{
    struct trace_event kept = *event;
    bool close = event->kind == TRACE_FRAME && event->head.opcode == WS_CLOSE && share < LIMIT_RESULT_CLOSE;
    size_t most = event->kind == TRACE_HEAD ? LIMIT_RESULT_BYTES : close ? LIMIT_RESULT_CLOSE : share;
    kept.size = event->size < most ? event->size : most;
    kept.bytes = kept.size == 0 ? NULL : arena_copy(arena, event->bytes, kept.size);
    kept.size = kept.bytes == NULL ? 0 : kept.size;
    size_t length = event->text == NULL ? 0 : strnlen(event->text, LIMIT_RESULT_BYTES);
    const char *text = length == 0 ? NULL : arena_text_n(arena, event->text, length);
    kept.text = text == NULL ? "" : text;
    kept.left_out = 0; /* there is a note */
    return kept;
}

/* What a result keeps of a trace. */
struct kept {
    struct arena *arena;
    struct trace_event *to; /* NULL: they are only counted */
    size_t share, count;
};

static void keep_gap(struct kept *kept, size_t left_out, uint64_t at_ns)
{
    if (left_out == 0)
        return;
    const char *text = kept->to == NULL ? NULL : left_out == 1
                           ? "1 event is left out here"
                           : arena_printf(kept->arena, "%zu events are left out here", left_out);
    if (kept->to != NULL)
        kept->to[kept->count] =
            (struct trace_event){.kind = TRACE_NOTE, .at_ns = at_ns, .text = text == NULL ? "" : text};
    kept->count++;
}

static void keep_events(struct kept *kept, const struct trace *trace)
{
    /* Those that are kept for the closing, and the notes, need their places too. */
    const size_t head = LIMIT_RESULT_EVENTS / 2, tail = LIMIT_RESULT_EVENTS / 2 - 10;
    bool whole = trace->count + (trace->left_out != 0) <= LIMIT_RESULT_EVENTS;
    struct trace_closing closing = {0};
    size_t gap = 0;
    uint64_t at_ns = 0;
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_event *event = &trace->events[i];
        bool wanted = trace_closes(&closing, event) || whole || i < head || i >= trace->count - tail;
        gap += event->left_out + !wanted;
        if (!wanted)
            continue;
        keep_gap(kept, gap, at_ns);
        gap = 0;
        at_ns = event->at_ns;
        if (kept->to != NULL)
            kept->to[kept->count] = keep_event(kept->arena, event, kept->share);
        kept->count++;
    }
    keep_gap(kept, gap + trace->left_out_behind, at_ns);
}

void case_result_keep(struct run_result *run, struct case_result *result, const struct trace *trace)
{
    struct kept kept = {.arena = &run->arena};
    result->counts = trace->counts;
    result->event_count = 0;
    keep_events(&kept, trace);
    size_t share = LIMIT_RESULT_SHARED / (kept.count + 1);
    kept.share = share < LIMIT_RESULT_SHARE ? LIMIT_RESULT_SHARE
               : share < LIMIT_RESULT_BYTES ? share
                                            : LIMIT_RESULT_BYTES;
    result->events = kept.to = arena_alloc(&run->arena, (kept.count + 1) * sizeof *kept.to);
    if (kept.to == NULL)
        return;
    kept.count = 0;
    keep_events(&kept, trace);
    result->event_count = kept.count;
}

bool run_result_share(struct run_result *run, struct case_result *of_another)
{
    if (!make_room(run))
        return false;
    run->cases[run->count++] = of_another;
    return true;
}

bool case_result_is_known(const struct case_result *result)
{
    return result->verdict == VERDICT_FAIL && result->known != NULL;
}

bool case_result_fails(const struct case_result *result)
{
    return result->verdict >= VERDICT_FAIL && !case_result_is_known(result);
}

bool case_result_is_bad(const struct case_result *result)
{
    bool bad = case_result_fails(result) || result->verdict == VERDICT_NON_STRICT;
    return bad && !result->not_played;
}

struct run_summary run_summary(const struct run_result *run)
{
    struct run_summary summary = {.total = run->count};
    for (size_t i = 0; i < run->count; i++) {
        const struct case_result *result = run->cases[i];
        summary.by[result->verdict]++;
        summary.known += case_result_is_known(result);
        summary.not_played += result->not_played;
    }
    return summary;
}

bool run_is_flaky(const struct run_result *run, size_t at, size_t by[VERDICTS])
{
    size_t step = run->rounds < 2 ? 0 : run->planned / run->rounds;
    bool differ = false;
    for (int v = 0; v < VERDICTS; v++)
        by[v] = 0;
    for (size_t i = at; step != 0 && i < run->count; i += step) {
        if (run->cases[i]->not_played)
            continue;
        differ |= run->cases[i]->verdict != run->cases[at]->verdict;
        by[run->cases[i]->verdict]++;
    }
    return differ;
}

struct run_rounds run_rounds(const struct run_result *run)
{
    struct run_rounds rounds = {0};
    size_t step = run->rounds < 2 ? 0 : run->planned / run->rounds;
    for (size_t from = 0; step != 0 && from < run->count; from += step) {
        size_t played = 0;
        for (size_t i = from; i < from + step && i < run->count; i++)
            played += !run->cases[i]->not_played;
        rounds.begun += played != 0;
        rounds.whole += played == step;
    }
    return rounds;
}

int run_exit_status(const struct run_result *run)
{
    struct run_summary summary = run_summary(run);
    if (summary.by[VERDICT_FAIL] > summary.known) /* what the testee did stands, whatever trouble we had beside it */
        return 1;
    return summary.by[VERDICT_ERROR] ? 3 : 0;
}
