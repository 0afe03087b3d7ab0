/* Proves that the set-up can see a failure: three bugs, each behind one word,
 * one for the oracles and one for each sanitizer. Every input in corpus/canary
 * must fail; a set-up in which one passes is blind. */
#include "fuzz.h"

FUZZ_TARGET("canary");

static bool says(const uint8_t *data, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(data, word, size) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(data, size);
    volatile int big = 0x7ffffff0;
    must(!says(data, size, "oracle"), "the canary's oracle");
    if (says(data, size, "address"))
        big = ((volatile uint8_t *)copy)[size]; /* one behind the end */
    if (says(data, size, "undefined"))
        big = big + (int)size * 2; /* over INT_MAX */
    free(copy);
    return 0;
}
