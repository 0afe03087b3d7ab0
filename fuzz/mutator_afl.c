/* The mutator and trimmer behind AFL++'s custom mutator API, as a shared object:
 * AFL_CUSTOM_MUTATOR_LIBRARY=.../mutator.so FUZZ_TARGET=judge afl-fuzz ...
 * AFL++ goes on with its own byte mutations; here are only those of units. */
#include "mutator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state {
    const struct mutator_target *target;
    struct prng chance;
    struct trimmer trimmer;
    uint8_t *out;
    size_t out_room;
};

/* AFL++ finds these by name. */
struct state *afl_custom_init(void *afl, unsigned seed);
void afl_custom_deinit(struct state *s);
size_t afl_custom_fuzz(struct state *s, uint8_t *buf, size_t size, uint8_t **out, uint8_t *add, size_t add_size,
                       size_t max);
int32_t afl_custom_init_trim(struct state *s, uint8_t *buf, size_t size);
size_t afl_custom_trim(struct state *s, uint8_t **out);
int32_t afl_custom_post_trim(struct state *s, uint8_t success);

struct state *afl_custom_init(void *afl, unsigned seed)
{
    (void)afl;
    const char *name = getenv("FUZZ_TARGET");
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->target = mutator_find(name);
    s->chance = prng_stream(seed, "afl");
    if (s->target == NULL) {
        fprintf(stderr, "FUZZ_TARGET=%s: no such row in fuzz/targets.def\n", name ? name : "");
        free(s);
        return NULL;
    }
    return s;
}

void afl_custom_deinit(struct state *s)
{
    trimmer_end(&s->trimmer);
    free(s->out);
    free(s);
}

/* Mutates, or crosses with the other input. *out is ours until the next call; returning 0 skips this try. */
size_t afl_custom_fuzz(struct state *s, uint8_t *buf, size_t size, uint8_t **out, uint8_t *add, size_t add_size,
                       size_t max)
{
    if (max > s->out_room) {
        uint8_t *more = realloc(s->out, max);
        if (more == NULL)
            return 0;
        s->out = more;
        s->out_room = max;
    }
    *out = s->out;
    if (add != NULL && chance_one_in(&s->chance, 4))
        return mutator_cross(s->target, buf, size, add, add_size, s->out, max, prng_next(&s->chance));
    if (size > max)
        return 0;
    if (size != 0)
        memcpy(s->out, buf, size);
    return mutator_mutate(s->target, s->out, size, max, prng_next(&s->chance), NULL);
}

/* How many tries are left is not known before: one, until there is none. */
int32_t afl_custom_init_trim(struct state *s, uint8_t *buf, size_t size)
{
    trimmer_end(&s->trimmer);
    return trimmer_start(&s->trimmer, s->target, buf, size) && trimmer_next(&s->trimmer);
}

size_t afl_custom_trim(struct state *s, uint8_t **out)
{
    *out = s->trimmer.candidate;
    return s->trimmer.candidate_size;
}

int32_t afl_custom_post_trim(struct state *s, uint8_t success)
{
    trimmer_tell(&s->trimmer, success != 0);
    return !trimmer_next(&s->trimmer);
}
