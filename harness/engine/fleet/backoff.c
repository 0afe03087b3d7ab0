/* See backoff.h. */
#include "engine/fleet/backoff.h"

#include <math.h>
#include <string.h>

struct backoff backoff_of(const struct step *step)
{
    const struct setting *backoff = step_setting(step, SLOT_BACKOFF);
    const struct setting *factor = step_setting(step, SLOT_FACTOR), *jitter = step_setting(step, SLOT_JITTER);
    return (struct backoff){
        .after_ns = step_number(step, SLOT_AFTER, 0),
        .grows = backoff != NULL,
        .first_ns = backoff == NULL ? 0 : backoff->value.from,
        .longest_ns = backoff == NULL ? 0 : backoff->value.to,
        .factor = factor == NULL ? 2 : factor->value.real,
        .jitter = jitter == NULL ? 0 : jitter->value.real,
    };
}

/* The language reads it: a policy is a line of a scenario. */
bool backoff_parse(const char *text, struct backoff *backoff, struct diag *why)
{
    struct buf source, errors;
    unsigned mistakes = 0;
    buf_init(&source, 4096);
    buf_init(&errors, 0);
    bool fine = strpbrk(text, "\r\n") == NULL &&
                buf_printf(&source, "scenario \"policy\"\n  open\n  reconnect %s\n", text);
    struct script *script = fine ? script_parse("policy", buf_text(&source), source.size, &errors, &mistakes) : NULL;
    if (script != NULL && mistakes == 0) {
        *backoff = backoff_of(script->cases[0].steps->next);
    } else {
        const char *sentence = strstr(buf_text(&errors), "error: "), *said = sentence == NULL ? "" : sentence + 7;
        size_t line = strcspn(text, "\r\n");
        diag_set(why, DIAG_USAGE, "'%.*s' is no policy%s%.*s; one is: after 1s backoff 2s..30s factor 2 jitter 50%%",
                 (int)(line < 100 ? line : 100), text, said[0] == 0 ? "" : ": ", (int)strcspn(said, "\n"), said);
        fine = false;
    }
    script_free(script);
    buf_free(&source);
    buf_free(&errors);
    return fine;
}

uint64_t backoff_wait(const struct backoff *b, unsigned tries, struct prng *random)
{
    double wait = (double)b->after_ns;
    if (tries > 1)
        wait = b->grows ? (double)b->first_ns * pow(b->factor, tries - 2) : 0;
    if (tries > 1 && !(wait < (double)b->longest_ns))
        wait = (double)b->longest_ns;
    if (b->jitter > 0)
        wait *= 1 + b->jitter * (2 * prng_unit(random) - 1);
    return (uint64_t)wait;
}
