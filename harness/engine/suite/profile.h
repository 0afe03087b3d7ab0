/* Profiles of clients: what one promises, from a file of the user's or from
 * those that the program carries (scenarios/profiles/), on top of what any
 * client should promise (scenarios/profiles/generic.wsg). */
#ifndef ENGINE_PROFILE_H
#define ENGINE_PROFILE_H

#include "engine/language/promises.h"

struct profile {
    struct promises promises; /* of both scripts */
    struct script *generic, *own; /* own: NULL when none was asked for */
    const char *name;             /* as asked for; "generic" */
};

/* `name`: NULL, the name of a carried profile, or a path. Zero-initialise; profile_free in either case. False with a
 * diag; `errors` has the mistakes of a file. */
bool profile_load(struct profile *profile, const char *name, struct buf *errors, struct diag *why);
void profile_free(struct profile *profile);
/* The carried ones, a line each: name and title. */
void profile_list(struct buf *out);

#endif
