/* The requirements of the RFCs, as rows of scenarios/requirements.tsv: what
 * cases name behind `must`, `should` and `may`. */
#ifndef ENGINE_REQUIREMENT_H
#define ENGINE_REQUIREMENT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Can a tester on the wire show it? */
enum testable { TESTABLE_NO, TESTABLE_PARTIAL, TESTABLE_YES };

struct requirement {
    const char *id;       /* "6455-5.5.3-pong-identical" */
    const char *document; /* "RFC6455" */
    const char *section;
    const char *level;    /* MUST, SHOULD ... */
    const char *role;     /* who has to: client, server, both ... */
    enum testable server, client;
    const char *text;
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
