/* Autobahn's spec files, fuzzingclient.json (it tests servers) and fuzzingserver.json (it tests clients): which cases,
 * for whom not, and where. */
#ifndef ENGINE_SPEC_H
#define ENGINE_SPEC_H

#include "base/arena.h"
#include "base/diag.h"
#include "engine/suite/suite.h"

#include <stdio.h>
#include <stdbool.h>

struct spec_agent {
    const char *agent;          /* pattern */
    const char *const *cases;   /* patterns; NULL-terminated */
};

struct spec_server {
    const char *url;
    const char *agent;          /* how reports call it; NULL: as it calls itself */
    const char *origin;         /* NULL: none */
    const char *const *protocols; /* to offer; NULL-terminated, or NULL */
};

enum spec_kind { SPEC_OF_SERVERS, SPEC_OF_CLIENTS };

/* Strings live in the arena. */
struct spec {
    struct arena arena;
    const char *path;
    struct spec_server *servers; /* of fuzzingclient.json; ends with a NULL url */
    const char *url;            /* of fuzzingserver.json: where it listens; NULL: not said */
    const char *outdir;         /* NULL: not said */
    const char *certificate, *key;
    const char *const *cases, *const *exclude; /* patterns over Autobahn's ids; NULL-terminated; NULL: all, none */
    struct spec_agent *agents;  /* ends with a NULL agent */
};

/* False with a line that names the place, or that it is a file of the other kind; spec_free in either case. */
bool spec_read(struct spec *spec, const char *path, enum spec_kind kind, struct diag *why);
void spec_free(struct spec *spec);
/* Does it want this case of Autobahn's, whoever is tested? */
bool spec_includes(const struct spec *spec, const char *id);
/* Not from this agent? */
bool spec_excludes(const struct spec *spec, const char *agent, const char *id);
/* Says which of its patterns no case of the suite has an id for: typos, most likely. */
void spec_tell_idle(const struct spec *spec, const struct suite *suite, FILE *errors);
/* Nothing is left to play. A diag that names what the filter and the file (NULL: none) ask for, as far as they do;
 * `of_others` cases match, but are for `others` ("clients"). */
bool spec_nothing_left(const struct spec *spec, const struct suite_filter *filter, size_t of_others,
                       const char *others, struct diag *why);

#endif
