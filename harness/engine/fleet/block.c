/* See block.h. What may stand in a block is the parser's to say (language/parse_fleet.c). */
#include "engine/fleet/block.h"

#include <stdio.h>
#include <string.h>

struct fleet_block fleet_block_of(const struct step *fleet, const struct test_case *of, const char *file_dir)
{
    struct fleet_block block = {.open = fleet->body, .of = of, .file_dir = file_dir,
                                .ramp = step_number(fleet, SLOT_RAMP, 0)};
    for (const struct step *step = fleet->body; step != NULL; step = step->next)
        if (step->form == FORM_RECONNECT)
            block.again = step;
    if (block.again != NULL) {
        block.policy = backoff_of(block.again);
        block.tries = step_number(block.again, SLOT_TRIES, 0);
    }
    if (block.ramp > 1000000000) /* nobody could tell it from all at once */
        block.ramp = 0;
    return block;
}

bool fleet_block_ends(const struct step *step)
{
    return step == NULL || step->form == FORM_RECONNECT;
}

bool fleet_block_bytes(const struct fleet_block *block, const struct step *step, const struct setting *setting,
                       uint64_t i, uint64_t seed, struct buf *out, struct diag *why)
{
    struct capture names[SCRIPT_EACH_MAX + 1];
    char number[24];
    size_t count = 0;
    int size = snprintf(number, sizeof number, "%llu", (unsigned long long)i);
    names[count++] = (struct capture){"i", (const uint8_t *)number, (size_t)size};
    for (size_t k = 0; block->of != NULL && k < block->of->each_count; k++) {
        const struct family_value *value = &block->of->each[k];
        names[count++] = (struct capture){value->name, (const uint8_t *)value->value, strlen(value->value)};
    }
    struct prng random = prng_stream_n(seed, "payload", i ^ (uint64_t)step->line << 32);
    struct payload_scope scope = {.captures = names, .capture_count = count, .random = &random,
                                  .file_dir = block->file_dir};
    return setting == NULL || payload_bytes(setting->value.bytes, &scope, out, why);
}

/* The n-th echo of a life is that of its n-th message. */
const struct step *fleet_block_sent(const struct fleet_block *block, const struct step *echo)
{
    const struct step *begin = block->open;
    size_t before = 0;
    for (const struct step *step = block->open; step != echo; step = step->next) {
        before = step->form == FORM_RECONNECT ? 0 : before + (step->form == FORM_EXPECT_ECHO);
        begin = step->form == FORM_RECONNECT ? step->next : begin;
    }
    for (const struct step *step = begin; step != echo; step = step->next)
        if ((step->form == FORM_SEND_TEXT || step->form == FORM_SEND_BINARY) && before-- == 0)
            return step;
    return NULL;
}
