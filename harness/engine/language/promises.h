/* What a client under test promises, and how the server that we play behaves
 * towards it: the `promise` and `service` lines of a profile, which is a
 * scenario file without cases. Cases name what is promised: `within ${back}`. */
#ifndef ENGINE_PROMISES_H
#define ENGINE_PROMISES_H

#include "engine/language/script.h"

#define PROMISES_SERVICE_MAX 32u /* service lines of one profile */

/* Zero-initialise. The lines belong to the scripts that were added, which must outlive it. */
struct promises {
    const struct step *lines[FORMS]; /* FORM_PROMISE_*; the last one that was said stands */
    const struct step *service[PROMISES_SERVICE_MAX];
    size_t service_count;
    const struct payload *title;     /* of the last profile that has one; NULL: none */
};

/* The lines at the top of the script go before those that were added earlier; service lines of it replace them all.
 * False with a diag when there are too many. */
bool promises_add(struct promises *promises, const struct script *script, struct diag *why);

/* Is `${name}` one that a promise gives? A time or number: back; an end of A..B: cap_least, cap_most. */
bool promise_is_name(const char *name, size_t size);
/* Are there such names in the word, and no others? */
bool word_is_promised(const char *word);
/* Puts the values in the place of their names in all cases of the script; may be said again with others.
 * False with a diag when a value does not fit its place. */
bool promises_bind(const struct promises *promises, struct script *script, struct diag *why);

/* Is this promised (and not taken back by `promise no`)? FORM_PROMISE_*. */
bool promises_has(const struct promises *promises, enum form form);
/* Why the case is not applicable to such a client, by its `needs` lines: "a client that promises persistence";
 * `out` is filled. False: it is applicable. */
bool promises_unmet(const struct promises *promises, const struct test_case *test, struct buf *out);
/* Appends what the case needs of a client: "liveness, leaves", "retry 1001"; nothing when any will do. */
void promises_needed(const struct test_case *test, struct buf *out);

#endif
