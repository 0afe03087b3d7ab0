/* The reference peer as a testee that is ours: it can be restarted, killed,
 * paused and resumed like a process, in the same process and in virtual time. */
#ifndef ENGINE_PEER_TESTEE_H
#define ENGINE_PEER_TESTEE_H

#include "engine/peer/peer.h"
#include "engine/testee.h"

struct peer_testee {
    struct loop *loop;
    struct peer_config config; /* its port is fixed once the peer listens */
    struct peer *peer;         /* NULL while it is dead */
    bool leaves;               /* it was asked to end */
    struct timer *answers;     /* the news of a restart is on its way */
    loop_fn *fn;
    void *fn_arg;
};

/* Starts it. False with a diag when the address cannot be had. */
bool peer_testee_start(struct peer_testee *testee, struct loop *loop, const struct peer_config *config,
                       struct diag *why);
uint16_t peer_testee_port(const struct peer_testee *testee);
/* Ends it for good; zeroed is fine. */
void peer_testee_end(struct peer_testee *testee);
const struct testee_ops *peer_testee_ops(void); /* arg: the peer_testee */

#endif
