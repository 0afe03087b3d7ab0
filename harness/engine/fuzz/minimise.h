/* Makes a session that shows something as small as it will go and still show it:
 * moves first (delta debugging), then their options, then their bytes. */
#ifndef ENGINE_FUZZ_MINIMISE_H
#define ENGINE_FUZZ_MINIMISE_H

#include "engine/fuzz/session.h"

/* Does this session still show it? Plays it, most likely. */
typedef bool shows_fn(void *arg, const struct session *session);

/* Returns the smallest session found, a new one; NULL only without memory. At
 * most `tries` calls of `shows`; with none left the best so far is returned. */
struct session *session_minimise(const struct session *session, unsigned tries, shows_fn *shows, void *arg);

#endif
