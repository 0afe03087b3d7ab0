/* Which case has which number: 1 .. count in the order of the suite, so that
 * the same selection has the same numbers. A case that wants several
 * connections has as many numbers in a row: a driver makes one for each. */
#ifndef ENGINE_SERVE_NUMBERING_H
#define ENGINE_SERVE_NUMBERING_H

#include "engine/suite/suite.h"

struct serve_slot {
    const struct suite_case *of;
    const char *label;       /* what a driver sees as its id: the case's, or Autobahn's */
    size_t first;            /* its first number */
    unsigned connections;
};

struct numbering {
    struct serve_slot *slots;
    size_t count;            /* of slots */
    size_t numbers;
};

/* Which of Autobahn's ids; each list NULL-terminated. */
struct autobahn_filter {
    const char *const *include; /* patterns; NULL or empty: all */
    const char *const *exclude; /* NULL: none */
};
/* Autobahn's patterns: an entry without `*` is an exact id; with one, `*` is any
 * text and the rest literal, from the beginning on ("1*" is 10 too), and, when
 * `whole`, up to the end. */
bool autobahn_pattern_matches(const char *pattern, const char *id, bool whole);

/* `autobahn` NULL: every case, in the order of the suite. Else one slot for each
 * id that the cases have there, sorted as it sorts them. False with a diag; numbering_free in either case. */
bool numbering_make(struct numbering *numbering, const struct suite *suite, const struct autobahn_filter *autobahn,
                    struct diag *why);
void numbering_free(struct numbering *numbering);
/* NULL when there is no such number. */
const struct serve_slot *numbering_at(const struct numbering *numbering, uint64_t number);
/* By label, id of the case, or Autobahn's id. */
const struct serve_slot *numbering_find(const struct numbering *numbering, const char *name);

#endif
