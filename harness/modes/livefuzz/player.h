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
    loop_fn *interrupted;    /* Ctrl-C between two plays; one that is under way it ends. NULL: as without us */
    void *interrupted_arg;
    struct pacing *pacing;   /* of its connections; NULL: as fast as it goes */
    uint64_t most_ns;        /* of a play (play_config) */
    bool unchecked;          /* without a check of the testee before and behind the text */
    void (*note)(void *arg, const char *text); /* news of the testee; may be NULL */
    /* A result is there; may be NULL. */
    void (*progress)(void *arg, const struct run_result *run, const struct case_result *done);
    void *told;              /* the arg of both */
};

/* Starts the testee (whom_start). In either case player_end follows. */
bool player_start(struct player *player, const struct whom_options *options, struct diag *why);
/* Ctrl-C ends the program at once from here on. */
void player_deafen(struct player *player);
void player_end(struct player *player);

/* Plays every case of the text, `parallel` at once. The results are in the order of
 * the text, those that were not played at the end are missing. *run is the caller's
 * (run_result_free), NULL without memory. `why` as of suite_play. */
enum play_end player_play_suite(struct player *player, const struct suite *suite, struct run_result **run,
                                struct diag *why);
enum play_end player_play(struct player *player, const struct buf *text, struct run_result **run, struct diag *why);

#endif
