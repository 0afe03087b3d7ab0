/* Every byte at the front of a session's payloads, with every value: how a
 * comparison in an instrumented testee is got over, one byte after the other. */
#ifndef MODES_LIVEFUZZ_WALK_H
#define MODES_LIVEFUZZ_WALK_H

#include "engine/fuzz/session.h"

#define WALKS_MAX 64u

struct walk {
    struct session *of;
    size_t move, at;
    unsigned value;
};
/* Zero-initialise. The latest is walked first, since it has come furthest. */
struct walks {
    struct walk list[WALKS_MAX];
    size_t count;
};

/* Copies the session; the oldest goes when there are too many. */
void walks_add(struct walks *walks, const struct session *session);
/* The next variation, a new session; NULL when there is none left. */
struct session *walks_next(struct walks *walks);
void walks_free(struct walks *walks);

#endif
