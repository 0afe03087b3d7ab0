/* See numbering.h. */
#include "engine/serve/numbering.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 10000u

/* Connections that the steps wait for, when all are played. */
static uint64_t count_connections(const struct step *step)
{
    uint64_t count = 0;
    for (; step != NULL && count < CONNECTIONS_MAX; step = step->next) {
        bool one = step->verb == VERB_OPEN || step->verb == VERB_ACCEPT || step->verb == VERB_CONNECT ||
                   step->form == FORM_RECONNECT || step->form == FORM_EXPECT_TESTEE_ALIVE;
        count += one;
        if (step->form == FORM_REPEAT)
            count += step_number(step, SLOT_COUNT, 1) * count_connections(step->body);
    }
    return count;
}

static bool add(struct numbering *n, const struct suite_case *of, const char *label)
{
    uint64_t connections = of->test->hints != NULL ? 1 : count_connections(of->test->steps); /* by one call */
    if (connections > CONNECTIONS_MAX)
        return false;
    n->slots[n->count++] = (struct serve_slot){
        .of = of, .label = label, .connections = connections == 0 ? 1 : (unsigned)connections};
    return true;
}

/* Ids are numbers with dots between; 9.2.10 is behind 9.2.9. */
static int by_label(const void *left, const void *right)
{
    const char *a = ((const struct serve_slot *)left)->label, *b = ((const struct serve_slot *)right)->label;
    while (*a != 0 && *b != 0) {
        char *a_end, *b_end;
        unsigned long x = strtoul(a, &a_end, 10), y = strtoul(b, &b_end, 10);
        if (x != y)
            return x < y ? -1 : 1;
        if (a_end == a || b_end == b)
            break;
        a = a_end + (*a_end == '.');
        b = b_end + (*b_end == '.');
    }
    return strcmp(a, b);
}

bool autobahn_pattern_matches(const char *pattern, const char *id, bool whole)
{
    size_t part = strcspn(pattern, "*");
    if (strncmp(pattern, id, part) != 0)
        return false;
    if (pattern[part] == 0)
        return id[part] == 0;
    pattern += part;
    id += part;
    while (*pattern == '*') { /* the shortest text for each star leaves the most for the others */
        pattern++;
        part = strcspn(pattern, "*");
        if (pattern[part] == 0 && whole) {
            size_t rest = strlen(id);
            return rest >= part && strcmp(id + rest - part, pattern) == 0;
        }
        const char *found = part == 0 ? id : memmem(id, strlen(id), pattern, part);
        if (found == NULL)
            return false;
        id = found + part;
        pattern += part;
    }
    return true;
}

static bool any_matches(const char *const *patterns, const char *id)
{
    for (; patterns != NULL && *patterns != NULL; patterns++)
        if (autobahn_pattern_matches(*patterns, id, false))
            return true;
    return false;
}

static bool is_wanted(const struct autobahn_filter *filter, const char *id)
{
    bool all = filter->include == NULL || filter->include[0] == NULL;
    return (all || any_matches(filter->include, id)) && !any_matches(filter->exclude, id);
}

static size_t most_slots(const struct suite *suite, bool autobahn)
{
    size_t count = 0;
    for (size_t i = 0; i < suite->case_count; i++) {
        const char *const *alias = suite->cases[i].test->autobahn;
        count += !autobahn;
        for (; autobahn && alias != NULL && *alias != NULL; alias++)
            count++;
    }
    return count;
}

static bool fill(struct numbering *n, const struct suite *suite, const struct autobahn_filter *autobahn,
                 struct diag *why)
{
    for (size_t i = 0; i < suite->case_count; i++) {
        const struct suite_case *of = &suite->cases[i];
        bool fine = autobahn != NULL || add(n, of, of->test->id);
        const char *const *alias = of->test->autobahn;
        for (; fine && autobahn != NULL && alias != NULL && *alias != NULL; alias++)
            fine = !is_wanted(autobahn, *alias) || add(n, of, *alias);
        if (!fine)
            return diag_set(why, DIAG_USAGE, "%s wants more than %u connections", of->test->id, CONNECTIONS_MAX);
    }
    return true;
}

bool numbering_make(struct numbering *n, const struct suite *suite, const struct autobahn_filter *autobahn,
                    struct diag *why)
{
    size_t most = most_slots(suite, autobahn != NULL);
    *n = (struct numbering){0};
    if (most == 0)
        return diag_set(why, DIAG_USAGE, "no case for clients matches");
    n->slots = calloc(most, sizeof *n->slots);
    if (n->slots == NULL)
        return diag_set(why, DIAG_TROUBLE, "no memory");
    if (!fill(n, suite, autobahn, why))
        return false;
    if (n->count == 0)
        return diag_set(why, DIAG_USAGE, "no case for clients matches");
    if (autobahn != NULL)
        qsort(n->slots, n->count, sizeof *n->slots, by_label);
    for (size_t i = 0; i < n->count; i++) {
        n->slots[i].first = n->numbers + 1;
        n->numbers += n->slots[i].connections;
    }
    return true;
}

void numbering_free(struct numbering *n)
{
    free(n->slots);
    *n = (struct numbering){0};
}

const struct serve_slot *numbering_at(const struct numbering *n, uint64_t number)
{
    for (size_t i = 0; i < n->count; i++)
        if (number >= n->slots[i].first && number < n->slots[i].first + n->slots[i].connections)
            return &n->slots[i];
    return NULL;
}

static bool is_called(const struct serve_slot *slot, const char *name)
{
    const char *const *alias = slot->of->test->autobahn;
    for (; alias != NULL && *alias != NULL; alias++)
        if (strcmp(*alias, name) == 0)
            return true;
    return strcmp(slot->of->test->id, name) == 0;
}

const struct serve_slot *numbering_find(const struct numbering *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->slots[i].label, name) == 0)
            return &n->slots[i];
    for (size_t i = 0; i < n->count; i++)
        if (is_called(&n->slots[i], name))
            return &n->slots[i];
    return NULL;
}
