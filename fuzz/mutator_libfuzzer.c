/* The mutator behind libFuzzer's hooks. The target says which it is: FUZZ_TARGET
 * in fuzz.h. */
#include "mutator.h"

#include "fuzz.h"

/* libFuzzer's own; other engines that call these hooks lack it. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max, unsigned seed);

static const struct mutator_target *target(void)
{
    static const struct mutator_target *found;
    if (found == NULL)
        found = mutator_find(fuzz_target);
    must(found != NULL, "%s has no row in fuzz/targets.def", fuzz_target);
    return found;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return mutator_mutate(target(), data, size, max, seed, LLVMFuzzerMutate);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t max, unsigned seed)
{
    return mutator_cross(target(), a, a_size, b, b_size, out, max, seed);
}
