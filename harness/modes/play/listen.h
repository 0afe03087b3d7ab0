/* `wsgauntlet run FILE --listen PORT`: scenarios for clients, one after the other,
 * against whoever comes, or a client that we start. */
#ifndef MODES_PLAY_LISTEN_H
#define MODES_PLAY_LISTEN_H

#include "engine/suite/suite.h"
#include "modes/play/play.h"

/* Plays the suite, of which only cases for clients are left, into `run`. False with
 * a diag when nothing could be played. `known`: failures that are, may be NULL. `on_case` hears of each result. */
bool listen_play(const struct suite *suite, const struct play_options *options, const struct baseline *known,
                 struct run_result *run,
                 void (*on_case)(void *arg, const struct run_result *run, const struct case_result *result), void *arg,
                 struct diag *why);

#endif
