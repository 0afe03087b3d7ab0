/* Cases against the reference peer, one at a time, in the simulation: whether
 * the correct peer passes them, and which of its deliberate defects they notice.
 * What a case cannot fail for is no test; this is how it is found out. */
#ifndef ENGINE_REHEARSAL_H
#define ENGINE_REHEARSAL_H

#include "engine/peer/peer.h"
#include "engine/runner/runner.h"

/* Plays a case to its end; the peer speaks permessage-deflate, "chat" and
 * "superchat", and has the defect (NULL: none). The result belongs to the run.
 * NULL without memory, or when the simulation could not be set up. */
const struct case_result *rehearse(const struct test_case *test, const struct peer_fault *fault, uint64_t seed,
                                   struct run_result *run);

/* The same against the peer as a Socket.IO server, for a case of scenarios/socketio; eio: the version
 * that is spoken. */
const struct case_result *rehearse_socketio(const struct test_case *test, const struct peer_fault *fault, unsigned eio,
                                            uint64_t seed, struct run_result *run);

/* From PASS over INFO and NON_STRICT to FAIL; what says nothing of the testee is no verdict here. */
bool verdict_is_worse(enum verdict verdict, enum verdict than);
/* Does the case come out worse against this defect than against the correct peer? */
bool rehearsal_notices(const struct test_case *test, const struct peer_fault *fault, uint64_t seed);
/* Does a plain open, echo and close already notice it? Such a defect proves little about any other case. */
bool rehearsal_is_loud(const struct peer_fault *fault, uint64_t seed);


/* The defects in the order in which they are tried: those that are not loud first, and of these the one that the last
 * case noticed. Zero-initialise. */
struct rehearsal_faults {
    const struct peer_fault **order;
    size_t count, quiet; /* the first `quiet` of them are not loud */
};
/* False without memory. */
bool rehearsal_faults_read(struct rehearsal_faults *faults, uint64_t seed);
void rehearsal_faults_free(struct rehearsal_faults *faults);
/* A defect that the case notices, one that is not loud where there is such a one; NULL: none. */
const struct peer_fault *rehearsal_noticed(const struct test_case *test, struct rehearsal_faults *faults,
                                           uint64_t seed);

#endif
