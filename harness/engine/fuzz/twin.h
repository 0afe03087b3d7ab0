/* What a session is compared with when it took long: the same session, but for
 * what its payloads say, or for how much they say. */
#ifndef ENGINE_FUZZ_TWIN_H
#define ENGINE_FUZZ_TWIN_H

#include "engine/fuzz/session.h"

/* The same moves and sizes, and letters from a to z, drawn by lot, in every payload of a message, ping or pong:
 * compressed they are not small either. A new session; NULL when that is nearly the same one, when payloads are
 * compressed by hand, or without memory. */
struct session *session_in_letters(const struct session *session);
/* The same moves, each such payload cut to an eighth, at a character. A new session; NULL without memory. */
struct session *session_cut_to_eighth(const struct session *session);

#endif
