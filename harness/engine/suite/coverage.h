/* Requirement coverage: which requirements have a conformance case, counted by
 * document, by role of the testee, and apart for what a document says (explicit)
 * and what follows from it (derived). Pure: from a suite and the requirements. */
#ifndef ENGINE_COVERAGE_H
#define ENGINE_COVERAGE_H

#include "engine/suite/requirement.h"
#include "engine/suite/suite.h"

/* Of the requirements that a testee of a role can show on the wire (testable: yes or partial). */
struct coverage_count {
    size_t testable;
    size_t shown;     /* have a case */
    size_t explained; /* have none, and uncovered.tsv says why */
};

struct coverage_document {
    const char *document; /* "RFC6455" */
    struct coverage_count counts[ROLES][BASES];
};

struct coverage {
    struct coverage_document *documents; /* in the order of requirements.tsv */
    size_t count;
    size_t *cases[ROLES];                /* of each requirement, in their order: how many cases it has */
    struct arena arena;
};

/* What the suite's conformance cases show; scenarios are not counted. Both roles
 * are looked at, so pass a suite that was not filtered by role. The documents'
 * names live in `requirements`. False without memory. */
bool coverage_count(const struct suite *suite, const struct requirements *requirements, struct coverage *coverage);
void coverage_free(struct coverage *coverage);

/* Both bases together. */
struct coverage_count coverage_sum(const struct coverage_document *document, enum tested_role role);
/* Shown of testable, rounded down; 100 of none. */
unsigned coverage_percent(struct coverage_count count);
/* Does the case show this requirement, to a testee of this role? */
bool coverage_shows(const struct test_case *test, enum tested_role role, const char *requirement);

#endif
