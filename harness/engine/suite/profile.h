/* Profiles of clients: what one promises, from a file of the user's or from
 * those that the program carries (scenarios/profiles/), on top of what any
 * client should promise (scenarios/profiles/generic.wsg). */
#ifndef ENGINE_PROFILE_H
#define ENGINE_PROFILE_H

#include "engine/language/promises.h"

#define PROFILES_MAX 8u /* on top of the generic one */

struct profile {
    struct promises promises; /* of all scripts */
    struct script *scripts[PROFILES_MAX + 1];
    size_t count;
    struct buf name; /* as asked for: "sockette"; "generic" */
};

/* `names`: of carried profiles, or paths, each going before those in front of it; NULL-terminated, or NULL.
 * Zero-initialise; profile_free in either case. False with a diag; `errors` has the mistakes of a file. */
bool profile_load(struct profile *profile, const char *const *names, struct buf *errors, struct diag *why);
void profile_free(struct profile *profile);
/* The carried ones, a line each: name and title. */
void profile_list(struct buf *out);

#endif
