/* See coverage.h. */
#include "engine/suite/coverage.h"

#include <string.h>

static bool is_for(const struct test_case *test, enum tested_role role)
{
    return !test->is_scenario &&
           (test->tested == TESTED_BOTH || test->tested == (role == ROLE_SERVER ? TESTED_SERVER : TESTED_CLIENT));
}

bool coverage_shows(const struct test_case *test, enum tested_role role, const char *requirement)
{
    if (!is_for(test, role))
        return false;
    for (const char *const *id = test->requirements; *id != NULL; id++)
        if (strcmp(*id, requirement) == 0)
            return true;
    return false;
}

static struct coverage_document *document_of(struct coverage *coverage, const char *name)
{
    for (size_t i = 0; i < coverage->count; i++)
        if (strcmp(coverage->documents[i].document, name) == 0)
            return &coverage->documents[i];
    struct coverage_document *fresh = &coverage->documents[coverage->count++];
    fresh->document = name;
    return fresh;
}

static void count_row(const struct suite *suite, const struct requirement *row, enum tested_role role,
                      size_t *cases, struct coverage_count *count)
{
    for (size_t i = 0; i < suite->case_count; i++)
        *cases += coverage_shows(suite->cases[i].test, role, row->id);
    if (row->testable[role] == TESTABLE_NO)
        return;
    count->testable++;
    count->shown += *cases != 0;
    count->explained += *cases == 0 && row->without[role] != NULL;
}

bool coverage_count(const struct suite *suite, const struct requirements *requirements, struct coverage *coverage)
{
    *coverage = (struct coverage){0};
    arena_init(&coverage->arena);
    size_t rows = requirements->count;
    coverage->documents = arena_alloc(&coverage->arena, (rows + 1) * sizeof *coverage->documents);
    bool memory = coverage->documents != NULL;
    for (enum tested_role role = 0; role < ROLES; role++) {
        coverage->cases[role] = arena_alloc(&coverage->arena, (rows + 1) * sizeof *coverage->cases[role]);
        memory = memory && coverage->cases[role] != NULL;
    }
    for (size_t i = 0; memory && i < rows; i++) {
        const struct requirement *row = &requirements->rows[i];
        struct coverage_document *document = document_of(coverage, row->document);
        for (enum tested_role role = 0; role < ROLES; role++)
            count_row(suite, row, role, &coverage->cases[role][i], &document->counts[role][row->basis]);
    }
    if (!memory)
        coverage_free(coverage);
    return memory;
}

void coverage_free(struct coverage *coverage)
{
    arena_free(&coverage->arena);
    *coverage = (struct coverage){0};
}

struct coverage_count coverage_sum(const struct coverage_document *document, enum tested_role role)
{
    struct coverage_count sum = {0};
    for (enum basis basis = 0; basis < BASES; basis++) {
        sum.testable += document->counts[role][basis].testable;
        sum.shown += document->counts[role][basis].shown;
        sum.explained += document->counts[role][basis].explained;
    }
    return sum;
}

unsigned coverage_percent(struct coverage_count count)
{
    return count.testable == 0 ? 100 : (unsigned)(count.shown * 100 / count.testable);
}
