/* See shown.h. */
#include "report/shown.h"

#include <stdlib.h>
#include <string.h>

static int badness(enum verdict verdict)
{
    static const int order[VERDICTS] = {
        [VERDICT_PASS] = 0,       [VERDICT_INFO] = 1,  [VERDICT_UNIMPLEMENTED] = 2,
        [VERDICT_NON_STRICT] = 3, [VERDICT_ERROR] = 4, [VERDICT_FAIL] = 5,
    };
    return order[verdict];
}

/* Rows by their id: the file is in the order of the documents. */
static int by_id(const void *a, const void *b)
{
    const struct shown_requirement *const *left = a, *const *right = b;
    return strcmp((*left)->row->id, (*right)->row->id);
}

static struct shown_requirement *find(struct shown_requirement **sorted, size_t count, const char *id)
{
    const struct requirement row = {.id = id};
    const struct shown_requirement wanted = {.row = &row}, *key = &wanted;
    struct shown_requirement **found = bsearch(&key, sorted, count, sizeof(struct shown_requirement *), by_id);
    return found == NULL ? NULL : *found;
}

static void add(struct shown *shown, struct shown_requirement *entry, enum verdict verdict)
{
    shown->named += entry->cases == 0;
    if (entry->cases++ == 0 || badness(verdict) > badness(entry->worst))
        entry->worst = verdict;
}

bool shown_of(const struct run_result *run, struct shown *shown)
{
    *shown = (struct shown){0};
    if (!requirements_read(&shown->requirements))
        return false;
    size_t count = shown->requirements.count;
    shown->list = calloc(count + 1, sizeof *shown->list);
    struct shown_requirement **sorted = calloc(count + 1, sizeof(struct shown_requirement *));
    bool fine = shown->list != NULL && sorted != NULL;
    for (size_t i = 0; fine && i < count; i++) {
        shown->list[i].row = &shown->requirements.rows[i];
        sorted[i] = &shown->list[i];
    }
    if (fine)
        qsort(sorted, count, sizeof(struct shown_requirement *), by_id);
    for (size_t i = 0; fine && i < run->count; i++) {
        for (const char *const *id = run->cases[i]->requirements; *id != NULL; id++) {
            struct shown_requirement *entry = find(sorted, count, *id);
            if (entry != NULL && !run->cases[i]->not_played)
                add(shown, entry, run->cases[i]->verdict);
        }
    }
    free(sorted);
    return fine;
}

void shown_free(struct shown *shown)
{
    free(shown->list);
    requirements_free(&shown->requirements);
    *shown = (struct shown){0};
}
