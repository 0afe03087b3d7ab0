/* Plays scenario text against one testee: what the campaign, the confirmation
 * and the minimiser have in common. */
#ifndef MODES_LIVEFUZZ_PLAYER_H
#define MODES_LIVEFUZZ_PLAYER_H

#include "engine/suite/suite.h"
#include "engine/whom.h"

struct player {
    struct whom whom;
    struct whom_options options;
    uint64_t seed;
    double patience;
    unsigned parallel;
    bool echoes;
    bool keeps_signals;      /* Ctrl-C between two plays is heard by the next, instead of ending the program */
    bool unchecked;          /* without a check of the testee before and behind the text */
    void (*note)(void *arg, const char *text); /* news of the testee; may be NULL */
    void *note_arg;
};

/* Starts the testee (whom_start). In either case player_end follows. */
bool player_start(struct player *player, const struct whom_options *options, struct diag *why);
void player_end(struct player *player);

/* Plays every case of the text, `parallel` at once. The results are in the order of
 * the text, those that were not played at the end are missing. *run is the caller's
 * (run_result_free), NULL without memory. `why` as of suite_play. */
enum play_end player_play(struct player *player, const struct buf *text, struct run_result **run, struct diag *why);

#endif
