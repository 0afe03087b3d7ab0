/* A storm in a result: its figures, and the sentence that is made from them.
 * Figures of several runs add up (`report merge`, the workers of a storm), and
 * the sentence is made again, so that it speaks of the whole. */
#ifndef ENGINE_FLEET_TOLD_H
#define ENGINE_FLEET_TOLD_H

#include "engine/fleet/measure.h"
#include "engine/result.h"

/* What the figures say. */
struct storm_numbers {
    uint64_t clients, back, tries, failures;
    uint64_t peak;                          /* tries that began in the fullest 100 ms */
    uint64_t at_once;                       /* handshakes; of several runs the sum of the highest in the same 100 ms */
    uint64_t half_ns, most_ns, all_ns;      /* when half, 99 of 100 and all were back; UINT64_MAX: never */
    uint64_t handshake_ns, handshakes_ns;   /* in which half, and 99 of 100, of the handshakes were answered; 0: none */
};

struct storm_numbers storm_numbers_of(const struct measure *measure);
/* Adds the figures of the storm to the result. */
void storm_draw(struct run_result *run, struct case_result *result, const struct measure *measure);
/* From its figures; false when it has none of a storm. */
bool storm_read(const struct case_result *result, struct storm_numbers *numbers);
/* "2000 of 2000 are back: half after 1.02 s ...", and what else there is to say. */
const char *storm_sentence(struct arena *arena, const struct storm_numbers *numbers);
const char *storm_details(struct arena *arena, const struct storm_numbers *numbers);
/* Both, in one line. */
const char *storm_story(struct arena *arena, const struct storm_numbers *numbers);
/* Makes the sentences of a case with figures of a storm anew, after they were added up; others stay as they are. */
void storm_retell(struct arena *arena, struct case_result *result);
/* "1.02 s", "never" */
const char *storm_seconds(char text[24], uint64_t ns);

#endif
