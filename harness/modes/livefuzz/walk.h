/* Every byte at the front of a session's payloads, with every value: how a
 * comparison in an instrumented testee is got over, one byte after the other. */
#ifndef MODES_LIVEFUZZ_WALK_H
#define MODES_LIVEFUZZ_WALK_H

#include "engine/fuzz/session.h"
#include "net/loop.h"

#define WALKS_MAX     64u
#define WALK_QUICK_NS (45 * NS_PER_MS) /* `nothing for 50ms` is not */

struct walk {
    struct session *of;
    size_t move, at;
    unsigned value;
};
/* Zero-initialise. The latest is walked first, since it has come furthest; what waits for something that does not
 * come costs as much as many others, and is walked when nothing else is left. */
struct walks {
    struct walk list[WALKS_MAX];
    size_t count;
};

/* Copies the session, which took so long to play. When there are too many, one that waits goes, or the oldest. */
void walks_add(struct walks *walks, const struct session *session, uint64_t took_ns);
/* The next variation, a new session; NULL when there is none left. */
struct session *walks_next(struct walks *walks);
void walks_free(struct walks *walks);

#endif
