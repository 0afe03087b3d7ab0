/* The requirements of the RFCs, as rows of scenarios/requirements.tsv: what
 * cases name behind `must`, `should` and `may`; and of scenarios/uncovered.tsv,
 * why a requirement has no case for a role. */
#ifndef ENGINE_REQUIREMENT_H
#define ENGINE_REQUIREMENT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Can a tester on the wire show it? */
enum testable { TESTABLE_NO, TESTABLE_PARTIAL, TESTABLE_YES };
/* Does the document say it, with a keyword or as a step of an algorithm, or does it follow from what it says? */
enum basis { BASIS_EXPLICIT, BASIS_DERIVED, BASES };
enum tested_role { ROLE_SERVER, ROLE_CLIENT, ROLES };
const char *tested_role_word(enum tested_role role); /* "server" */

struct requirement {
    const char *id;       /* "6455-5.5.3-pong-identical" */
    const char *document; /* "RFC6455" */
    const char *section;
    const char *level;    /* MUST, SHOULD ... */
    const char *role;     /* who has to: client, server, both ... */
    enum testable testable[ROLES];
    enum basis basis;
    const char *text;
    const char *without[ROLES]; /* why it has no case for a testee of that role; NULL */
};

struct requirements {
    struct arena arena;
    struct requirement *rows;
    const char **ids; /* of all rows, NULL-terminated */
    size_t count;
};

/* Those compiled in. False without memory. */
bool requirements_read(struct requirements *requirements);
void requirements_free(struct requirements *requirements);

#endif
