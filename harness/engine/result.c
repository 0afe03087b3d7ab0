/* The result model: words of the verdicts, counting, the exit status. */
#include "engine/result.h"

#include <stdlib.h>

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

struct run_result *run_result_new(void)
{
    struct run_result *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    arena_init(&run->arena);
    run->started = "";
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

struct run_summary run_summary(const struct run_result *run)
{
    struct run_summary summary = {.total = run->count};
    for (size_t i = 0; i < run->count; i++)
        summary.by[run->cases[i]->verdict]++;
    return summary;
}

int run_exit_status(const struct run_result *run)
{
    struct run_summary summary = run_summary(run);
    if (summary.by[VERDICT_FAIL]) /* what is known of the testee stands, whatever trouble we had beside it */
        return 1;
    return summary.by[VERDICT_ERROR] ? 3 : 0;
}
