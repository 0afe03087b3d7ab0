/* The mutator's view of UTF-8, by characters (RFC 3629), and of bytes without
 * any structure. */
#include "mutator.h"

#include <string.h>

/* As its first byte has it, or one byte. */
static size_t character(const uint8_t *bytes, size_t size)
{
    size_t length = *bytes >= 0xf0 ? 4 : *bytes >= 0xe0 ? 3 : *bytes >= 0xc0 ? 2 : 1;
    return length < size ? length : size;
}

static size_t tweak_character(struct prng *chance, uint8_t *unit, size_t size, size_t max)
{
    /* Both sides of every edge of the encoding, and texts as long as vectors are. */
    static const char *const edges[] = {
        "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "\xe2\x82",
        "\xf0\x9f\x98", "aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
        "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"};
    const char *text = chance_of(chance, edges);
    if (size != 0 && chance_one_in(chance, 3))
        return mutator_few_bytes(chance, unit, size, max);
    size_t old = chance_one_in(chance, 2) ? size : 0;
    return mutator_put(unit, size, max, 0, old, text, strlen(text));
}

const struct mutator_grammar mutator_TEXT = {character, tweak_character, NULL};

static size_t eight(const uint8_t *bytes, size_t size)
{
    (void)bytes;
    return size < 8 ? size : 8;
}

const struct mutator_grammar mutator_BYTES = {eight, mutator_few_bytes, NULL};
