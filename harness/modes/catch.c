/* See catch.h. */
#include "modes/catch.h"

#include "engine/suite/rehearsal.h"
#include "engine/suite/suite.h"

#include <stdlib.h>
#include <string.h>

enum { INDENT = 4, WIDTH = 100 };
#define LARGE (64u << 10) /* bytes of a payload: such a case is the repetition of a smaller one */

struct catcher {
    const struct catch_options *options;
    struct suite suite;
    size_t *noticed; /* by each case: how many defects */
    int column;
};

static void put_id(struct catcher *c, const char *id)
{
    int size = (int)strlen(id);
    if (c->column == 0 || c->column + size + 1 > WIDTH) {
        fprintf(c->options->out, "%s%*s", c->column == 0 ? "" : "\n", INDENT, "");
        c->column = INDENT;
    }
    fprintf(c->options->out, "%s%s", c->column == INDENT ? "" : " ", id);
    c->column += size + 1;
}

static void put_fault(const struct catcher *c, const struct peer_fault *fault, bool loud)
{
    fprintf(c->options->out, "%s: %s%s\n", fault->name, fault->summary,
            loud ? "; a plain open, echo and close notices it" : "");
}

/* There is no TLS in the simulation. */
static void print_unplayed(const struct catcher *c, const struct peer_fault *fault)
{
    if (c->options->include == NULL)
        fprintf(c->options->out, "%s: %s\n%*sshows over TLS alone, and is not played here; %s fails\n", fault->name,
                fault->summary, INDENT, "", fault->caught_by);
}

/* The cases that notice it, a line or more; of a few cases that were asked for, what they do not notice is left out. */
static void print_fault(struct catcher *c, const struct peer_fault *fault)
{
    bool loud = rehearsal_is_loud(fault, c->options->seed);
    size_t count = 0;
    c->column = 0;
    if (c->options->include == NULL)
        put_fault(c, fault, loud);
    for (size_t i = 0; i < c->suite.case_count; i++) {
        const struct test_case *test = c->suite.cases[i].test;
        if (runner_weight(test) > LARGE || !rehearsal_notices(test, fault, c->options->seed))
            continue;
        c->noticed[i]++;
        if (count++ == 0 && c->options->include != NULL)
            put_fault(c, fault, loud);
        if (!loud)
            put_id(c, test->id);
    }
    if (count != 0 || c->options->include == NULL)
        fprintf(c->options->out, "%s%*s%zu case%s\n", c->column == 0 ? "" : "\n", INDENT, "", count,
                count == 1 ? "" : "s");
    fflush(c->options->out);
}

/* Returns how many notice nothing. */
static size_t print_toothless(const struct catcher *c)
{
    size_t count = 0, skipped = 0;
    for (size_t i = 0; i < c->suite.case_count; i++) {
        const struct test_case *test = c->suite.cases[i].test;
        bool large = runner_weight(test) > LARGE || test->needs[FORM_NEEDS_TLS];
        skipped += large;
        if (large || c->noticed[i] != 0)
            continue;
        fprintf(c->options->out, "no defect is noticed by %s\n", test->id);
        count++;
    }
    fprintf(c->options->out, "%zu cases, %zu of them large or about TLS and not played; %zu notice no defect\n",
            c->suite.case_count, skipped, count);
    return count;
}

int catch_main(const struct catch_options *options, struct diag *why)
{
    struct catcher c = {.options = options};
    size_t count, toothless = 0;
    const struct peer_fault *faults = peer_faults(&count);
    if (suite_add_embedded(&c.suite, NULL, why)) {
        suite_filter(&c.suite, &(struct suite_filter){
                                   .include = options->include, .role = TESTED_SERVER, .no_scenarios = true});
        c.noticed = calloc(c.suite.case_count + 1, sizeof *c.noticed);
        if (c.noticed == NULL)
            diag_set(why, DIAG_TROUBLE, "out of memory");
        else if (c.suite.case_count == 0)
            diag_set(why, DIAG_USAGE, "no case matches; `wsgauntlet list` has them all");
    }
    for (size_t i = 0; i < count && why->kind == DIAG_NONE; i++)
        faults[i].needs_tls ? print_unplayed(&c, &faults[i]) : print_fault(&c, &faults[i]);
    if (why->kind == DIAG_NONE)
        toothless = print_toothless(&c);
    free(c.noticed);
    suite_free(&c.suite);
    return why->kind != DIAG_NONE ? (int)why->kind : toothless != 0;
}
