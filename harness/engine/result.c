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
    result->expected = result->seen = result->detail = result->replay = "";
    result->source = result->trace = result->stderr_tail = "";
    result->requirements = no_requirements;
    result->close_verdict = CLOSE_NONE;
    run->cases[run->count++] = result;
    return result;
}

/* At most `share` bytes of a payload; a head is worth more. */
static struct trace_event keep_event(struct arena *arena, const struct trace_event *event, size_t share)
{
    struct trace_event kept = *event;
    size_t most = event->kind == TRACE_HEAD ? LIMIT_RESULT_BYTES : share;
    kept.size = event->size < most ? event->size : most;
    kept.bytes = kept.size == 0 ? NULL : arena_copy(arena, event->bytes, kept.size);
    kept.size = kept.bytes == NULL ? 0 : kept.size;
    size_t length = event->text == NULL ? 0 : strnlen(event->text, LIMIT_RESULT_BYTES);
    const char *text = length == 0 ? NULL : arena_text_n(arena, event->text, length);
    kept.text = text == NULL ? "" : text;
    return kept;
}

void case_result_keep(struct run_result *run, struct case_result *result, const struct trace *trace)
{
    const size_t half = LIMIT_RESULT_EVENTS / 2;
    bool whole = trace->count + (trace->left_out != 0) <= LIMIT_RESULT_EVENTS;
    size_t head = whole ? trace->count : half, tail = whole ? 0 : half - 1;
    size_t left_out = trace->count - head - tail + trace->left_out;
    struct trace_event *events = arena_alloc(&run->arena, (head + tail + 1) * sizeof *events);
    result->events = events;
    result->event_count = 0;
    if (events == NULL)
        return;
    size_t count = 0, share = LIMIT_RESULT_SHARED / (head + tail + 1);
    share = share < LIMIT_RESULT_SHARE ? LIMIT_RESULT_SHARE : share < LIMIT_RESULT_BYTES ? share : LIMIT_RESULT_BYTES;
    for (size_t i = 0; i < head; i++)
        events[count++] = keep_event(&run->arena, &trace->events[i], share);
    if (left_out != 0) {
        const char *text = arena_printf(&run->arena, "%zu events are left out here", left_out);
        uint64_t at = head == 0 ? 0 : events[count - 1].at_ns;
        events[count++] = (struct trace_event){.kind = TRACE_NOTE, .at_ns = at, .text = text == NULL ? "" : text};
    }
    for (size_t i = trace->count - tail; i < trace->count; i++)
        events[count++] = keep_event(&run->arena, &trace->events[i], share);
    result->event_count = count;
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

int run_exit_status(const struct run_result *run)
{
    struct run_summary summary = run_summary(run);
    if (summary.by[VERDICT_FAIL] > summary.known) /* what the testee did stands, whatever trouble we had beside it */
        return 1;
    return summary.by[VERDICT_ERROR] ? 3 : 0;
}
