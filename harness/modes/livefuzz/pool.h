/* Sessions worth changing further: those whose answers, or whose way through an
 * instrumented testee, were new. In memory, and in a folder for the next time. */
#ifndef MODES_LIVEFUZZ_POOL_H
#define MODES_LIVEFUZZ_POOL_H

#include "base/diag.h"
#include "base/prng.h"
#include "engine/fuzz/session.h"
#include "engine/result.h"

#define POOL_SESSIONS_MAX 4096u
#define POOL_PAIRS (1u << 16)

struct pool {
    struct session *sessions[POOL_SESSIONS_MAX];
    size_t count;
    uint8_t seen[POOL_PAIRS / 8]; /* pairs of neighbouring events that any session has shown */
    size_t shapes;                /* how many of them */
};

/* Did this result show two neighbouring events that none did before? Remembers them. */
bool pool_new_shape(struct pool *pool, const struct case_result *result);
/* Copies the session; a full pool forgets another. */
void pool_add(struct pool *pool, const struct session *session, struct prng *random);
/* One of them, every other time one of the last; NULL when empty. */
const struct session *pool_pick(const struct pool *pool, struct prng *random);
void pool_free(struct pool *pool);

#endif
