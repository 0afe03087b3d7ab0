/* See list.h. */
#include "modes/list.h"

#include "engine/suite/requirement.h"
#include "engine/suite/suite.h"

#include <fnmatch.h>
#include <string.h>

static int id_width(const struct suite *suite)
{
    size_t width = 0;
    for (size_t i = 0; i < suite->case_count; i++) {
        size_t size = strlen(suite->cases[i].test->id);
        width = size > width ? size : width;
    }
    return (int)width;
}

static void list_cases(const struct suite *suite, FILE *out)
{
    int width = id_width(suite);
    for (size_t i = 0; i < suite->case_count; i++)
        fprintf(out, "%-*s  %s\n", width, suite->cases[i].test->id, suite->cases[i].test->title);
}

static bool case_shows(const struct test_case *test, const char *requirement)
{
    for (const char *const *id = test->requirements; *id != NULL; id++)
        if (strcmp(*id, requirement) == 0)
            return true;
    return false;
}

/* One requirement and its cases; returns how many these are. */
static size_t list_requirement(const struct suite *suite, const struct requirement *row, FILE *out)
{
    size_t count = 0;
    fprintf(out, "%s  %s %s, %s %s: %s\n", row->id, row->document, row->section, row->role, row->level, row->text);
    for (size_t i = 0; i < suite->case_count; i++) {
        if (case_shows(suite->cases[i].test, row->id)) {
            fprintf(out, "    %s\n", suite->cases[i].test->id);
            count++;
        }
    }
    return count;
}

static size_t list_requirements(const struct suite *suite, const struct requirements *all,
                                const char *pattern, FILE *out)
{
    size_t listed = 0, testable = 0, shown = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct requirement *row = &all->rows[i];
        if (pattern != NULL && fnmatch(pattern, row->id, 0) != 0)
            continue;
        listed++;
        bool has_case = list_requirement(suite, row, out) != 0;
        if (row->server == TESTABLE_YES) {
            testable++;
            shown += has_case;
        }
    }
    if (listed != 0)
        fprintf(out, "%zu requirements; of %zu that a server can be tested for, %zu have a case\n", listed,
                testable, shown);
    return listed;
}

int list_main(const struct list_options *options, struct diag *why)
{
    struct suite suite = {0};
    struct requirements requirements = {0};
    size_t listed = 0;
    if (suite_add_embedded(&suite, NULL, why)) {
        const char *const only[] = {options->pattern, NULL};
        bool by_id = !options->requirements && options->pattern != NULL;
        suite_filter(&suite, &(struct suite_filter){.include = by_id ? only : NULL, .no_scenarios = true});
        if (!options->requirements) {
            list_cases(&suite, options->out);
            listed = suite.case_count;
        } else if (requirements_read(&requirements)) {
            listed = list_requirements(&suite, &requirements, options->pattern, options->out);
        } else {
            diag_set(why, DIAG_TROUBLE, "out of memory");
        }
        if (listed == 0 && why->kind == DIAG_NONE)
            diag_set(why, DIAG_USAGE, "nothing matches '%s'", options->pattern == NULL ? "*" : options->pattern);
    }
    requirements_free(&requirements);
    suite_free(&suite);
    return (int)why->kind;
}
