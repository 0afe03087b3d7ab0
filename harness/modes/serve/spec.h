/* Autobahn's fuzzingserver.json: which cases, for whom not, and where. */
#ifndef MODES_SERVE_SPEC_H
#define MODES_SERVE_SPEC_H

#include "base/arena.h"
#include "base/diag.h"

#include <stdbool.h>

struct spec_agent {
    const char *agent;          /* pattern */
    const char *const *cases;   /* patterns; NULL-terminated */
};

/* Strings live in the arena. */
struct spec {
    struct arena arena;
    const char *url;            /* where it listens; NULL: not said */
    const char *outdir;         /* NULL: not said */
    const char *certificate, *key;
    const char *const *cases, *const *exclude; /* patterns over Autobahn's ids; NULL-terminated; NULL: all, none */
    struct spec_agent *agents;  /* ends with a NULL agent */
};

/* False with a line that names the place; spec_free in either case. */
bool spec_read(struct spec *spec, const char *path, struct diag *why);
void spec_free(struct spec *spec);
bool spec_excludes(const struct spec *spec, const char *agent, const char *id);

#endif
