/* Sessions from nothing, and from others. Both know the protocol: most sessions
 * get past the handshake, and most of what they send is right but for one thing.
 * All choices come from the stream that is given. */
#ifndef ENGINE_FUZZ_GENERATE_H
#define ENGINE_FUZZ_GENERATE_H

#include "base/prng.h"
#include "engine/fuzz/session.h"

/* Two offers on one line, of which a server takes the first: the oracle knows this one, and no other. */
#define OFFERS_TWO "permessage-deflate; server_max_window_bits=12, permessage-deflate"

struct generate_config {
    bool deflate;    /* the server is worth being offered permessage-deflate */
    bool no_protocols; /* and no subprotocol */
    bool handshake;  /* heads by hand too */
    uint64_t message_max; /* the server's limit on a message, to be aimed at; 0: none is known */
    const char *host; /* value of Host in those, and target: where the server is */
    const char *target;
};

/* A session of a few moves by the grammar (plots.def). NULL without memory. */
struct session *session_generate(const struct generate_config *config, struct prng *random);

/* Changes a session in place, in one to four ways (changes.def): moves are left out,
 * doubled, exchanged, taken from `other` (may be NULL), their options and bytes altered. */
void session_mutate(struct session *session, const struct session *other, struct prng *random);

#endif
