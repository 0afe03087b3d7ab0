/* See list.h. */
#include "modes/list.h"

#include "engine/language/promises.h"
#include "engine/suite/coverage.h"
#include "engine/suite/suite.h"

#include <fnmatch.h>
#include <stdlib.h>
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

/* ---- checks of clients ---- */

static void list_checks(const struct suite *suite, FILE *out)
{
    int width = id_width(suite);
    struct buf needs;
    for (size_t i = 0; i < suite->case_count; i++) {
        const struct test_case *test = suite->cases[i].test;
        buf_init(&needs, 0);
        promises_needed(test, &needs);
        fprintf(out, "%-*s  %s\n", width, test->id, test->title);
        if (needs.size != 0)
            fprintf(out, "%*s  needs %s\n", width, "", buf_text(&needs));
        buf_free(&needs);
    }
}

/* ---- ids of Autobahn|Testsuite ---- */

struct alias { const char *id; const struct test_case *test; };

static int by_number(const void *a, const void *b)
{
    return strverscmp(((const struct alias *)a)->id, ((const struct alias *)b)->id);
}

static size_t alias_count(const struct suite *suite)
{
    size_t n = 0;
    for (size_t i = 0; i < suite->case_count; i++)
        for (const char *const *id = suite->cases[i].test->autobahn; id != NULL && *id != NULL; id++)
            n++;
    return n;
}

/* Those that match, in the order of their numbers; returns how many. */
static size_t list_aliases(const struct suite *suite, const char *pattern, FILE *out, struct diag *why)
{
    size_t n = 0;
    struct alias *all = calloc(alias_count(suite) + 1, sizeof *all);
    if (all == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return 0;
    }
    for (size_t i = 0; i < suite->case_count; i++)
        for (const char *const *id = suite->cases[i].test->autobahn; id != NULL && *id != NULL; id++)
            if (pattern == NULL || fnmatch(pattern, *id, 0) == 0)
                all[n++] = (struct alias){*id, suite->cases[i].test};
    qsort(all, n, sizeof *all, by_number);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%-8s  %s\n", all[i].id, all[i].test->id);
    free(all);
    return n;
}

/* ---- requirements ---- */

/* One requirement, its cases, and for whom it has none though it could. */
static void list_requirement(const struct suite *suite, const struct requirement *row, FILE *out)
{
    fprintf(out, "%s  %s %s, %s %s: %s\n", row->id, row->document, row->section, row->role, row->level, row->text);
    for (size_t i = 0; i < suite->case_count; i++)
        if (coverage_shows(suite->cases[i].test, ROLE_SERVER, row->id) ||
            coverage_shows(suite->cases[i].test, ROLE_CLIENT, row->id))
            fprintf(out, "    %s\n", suite->cases[i].test->id);
}

static void list_missing(const struct requirement *row, const struct coverage *coverage, size_t at, FILE *out)
{
    for (enum tested_role role = 0; role < ROLES; role++)
        if (row->testable[role] != TESTABLE_NO && coverage->cases[role][at] == 0)
            fprintf(out, "    no case for a %s%s%s\n", tested_role_word(role), row->without[role] == NULL ? "" : ": ",
                    row->without[role] == NULL ? "" : row->without[role]);
}

static void list_document(const struct coverage_document *document, enum tested_role role, FILE *out)
{
    const struct coverage_count *said = &document->counts[role][BASIS_EXPLICIT];
    const struct coverage_count *derived = &document->counts[role][BASIS_DERIVED];
    struct coverage_count sum = coverage_sum(document, role);
    fprintf(out, "%-9s %-7s %6zu of %4zu %6zu of %4zu %4u %%  %zu of %zu\n", document->document,
            tested_role_word(role), said->shown, said->testable, derived->shown, derived->testable,
            coverage_percent(sum), sum.explained, sum.testable - sum.shown);
}

static void list_coverage(const struct coverage *coverage, FILE *out)
{
    fprintf(out, "\nRequirements that can be shown on the wire, and have a case:\n"
                 "document  testee         explicit        derived    all  others explained\n");
    for (size_t i = 0; i < coverage->count; i++)
        for (enum tested_role role = 0; role < ROLES; role++)
            list_document(&coverage->documents[i], role, out);
}

/* Returns how many were listed. The figures are always those of all requirements. */
static size_t list_requirements(const struct suite *suite, const struct requirements *all, const char *pattern,
                                FILE *out)
{
    struct coverage coverage;
    size_t listed = 0;
    if (!coverage_count(suite, all, &coverage))
        return 0;
    for (size_t i = 0; i < all->count; i++) {
        if (pattern != NULL && fnmatch(pattern, all->rows[i].id, 0) != 0)
            continue;
        listed++;
        list_requirement(suite, &all->rows[i], out);
        list_missing(&all->rows[i], &coverage, i, out);
    }
    if (listed != 0)
        list_coverage(&coverage, out);
    coverage_free(&coverage);
    return listed;
}

int list_main(const struct list_options *options, struct diag *why)
{
    if (options->requirements + options->autobahn + options->resilience + options->socketio > 1) {
        diag_set(why, DIAG_USAGE, "one list at a time: --requirements, --autobahn, --resilience or --socketio");
        return DIAG_USAGE;
    }
    struct suite suite = {0};
    struct requirements requirements = {0};
    size_t listed = 0;
    const char *const *folders = options->resilience ? suite_resilience : options->socketio ? suite_socketio : NULL;
    if (suite_add_embedded(&suite, folders, why)) {
        const char *const only[] = {options->pattern, NULL};
        bool by_id = !options->requirements && !options->autobahn && options->pattern != NULL;
        suite_filter(&suite, &(struct suite_filter){.include = by_id ? only : NULL, .no_scenarios = true});
        if (options->autobahn) {
            listed = list_aliases(&suite, options->pattern, options->out, why);
        } else if (!options->requirements) {
            (options->resilience ? list_checks : list_cases)(&suite, options->out);
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
