/* Choosing of a suite what is played: globs over ids, Autobahn's ids, places and requirements, and shards. */
#include "engine/suite/suite.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define AUTOBAHN "autobahn:"

/* ---- what one glob is held against ---- */

typedef bool match_fn(const struct suite_case *of, const char *glob);

static bool matches_list(const char *const *ids, const char *glob)
{
    for (; ids != NULL && *ids != NULL; ids++)
        if (fnmatch(glob, *ids, 0) == 0)
            return true;
    return false;
}

static bool matches_id(const struct suite_case *of, const char *glob)
{
    if (strncmp(glob, AUTOBAHN, strlen(AUTOBAHN)) == 0)
        return matches_list(of->test->autobahn, glob + strlen(AUTOBAHN));
    return fnmatch(glob, of->test->id, 0) == 0;
}

static bool matches_section(const struct suite_case *of, const char *glob)
{
    char folder[64], place[PATH_MAX];
    const char *name = of->script->name;
    suite_section(of->script, folder, sizeof folder);
    const char *slash = strrchr(name, '/');
    const char *file = slash == NULL ? name : slash + 1;
    const char *dot = strrchr(file, '.');
    int size = dot == NULL ? (int)strlen(file) : (int)(dot - file);
    snprintf(place, sizeof place, "%s%s%.*s", folder, folder[0] == 0 ? "" : "/", size, file);
    return fnmatch(glob, folder, 0) == 0 || fnmatch(glob, place, 0) == 0;
}

static bool matches_requirement(const struct suite_case *of, const char *glob)
{
    return matches_list(of->test->requirements, glob);
}

/* ---- the filter ---- */

static bool matches_any(const struct suite_case *of, const char *const *globs, match_fn *match)
{
    for (; *globs != NULL; globs++)
        if (match(of, *globs))
            return true;
    return false;
}

/* No such list, or one of it. */
static bool wanted(const struct suite_case *of, const char *const *globs, match_fn *match)
{
    return globs == NULL || matches_any(of, globs, match);
}

static bool chosen(const struct suite_filter *filter, const struct suite_case *of)
{
    return wanted(of, filter->include, matches_id) && wanted(of, filter->sections, matches_section) &&
           wanted(of, filter->requirements, matches_requirement) &&
           (filter->exclude == NULL || !matches_any(of, filter->exclude, matches_id)) &&
           !(filter->no_scenarios && of->test->is_scenario) &&
           (filter->wants == NULL || filter->wants(filter->wants_arg, of->test));
}

size_t suite_filter(struct suite *suite, const struct suite_filter *filter)
{
    size_t kept = 0, other_role = 0, fit = 0;
    for (size_t i = 0; i < suite->case_count; i++) {
        const struct suite_case *of = &suite->cases[i];
        bool other = of->test->tested != TESTED_BOTH && filter->role != TESTED_BOTH && of->test->tested != filter->role;
        if (!chosen(filter, of))
            continue;
        other_role += other;
        if (!other && (filter->shards == 0 || fit++ % filter->shards == filter->shard - 1))
            suite->cases[kept++] = *of;
    }
    suite->case_count = kept;
    return other_role;
}

static bool idle(const struct suite *suite, const char *glob, match_fn *match)
{
    for (size_t i = 0; i < suite->case_count; i++)
        if (match(&suite->cases[i], glob))
            return false;
    return true;
}

#define LISTS 4u

struct list {
    const char *option;
    const char *const *globs;
    match_fn *match;
};

static void lists_of(const struct suite_filter *filter, struct list lists[LISTS])
{
    lists[0] = (struct list){"--case", filter->include, matches_id};
    lists[1] = (struct list){"--exclude", filter->exclude, matches_id};
    lists[2] = (struct list){"--section", filter->sections, matches_section};
    lists[3] = (struct list){"--requirement", filter->requirements, matches_requirement};
}

const char *suite_filter_idle(const struct suite *suite, const struct suite_filter *filter, const char **option)
{
    struct list lists[LISTS];
    lists_of(filter, lists);
    for (size_t i = 0; i < LISTS; i++) {
        *option = lists[i].option;
        for (const char *const *glob = lists[i].globs; glob != NULL && *glob != NULL; glob++)
            if (idle(suite, *glob, lists[i].match))
                return *glob;
    }
    return NULL;
}

void suite_filter_say(const struct suite_filter *filter, struct buf *out)
{
    struct list lists[LISTS];
    lists_of(filter, lists);
    const char *between = "";
    for (size_t i = 0; i < LISTS; i++)
        for (const char *const *glob = lists[i].globs; glob != NULL && *glob != NULL; glob++, between = ", ")
            buf_printf(out, "%s%s '%s'", between, lists[i].option, *glob);
    if (filter->shards != 0)
        buf_printf(out, "%s--shard %u/%u", between, filter->shard, filter->shards);
}
