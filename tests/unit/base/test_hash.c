/* struct hash is the same however the bytes come in pieces, and another for other bytes. */
#include "unit.h"

#include "base/hash.h"
#include "base/prng.h"

enum { SIZE = 300 };

START_TEST(pieces_do_not_matter)
{
    uint8_t bytes[SIZE];
    struct prng random = prng_stream(1, "hash");
    prng_fill(&random, bytes, sizeof bytes);
    for (size_t size = 0; size <= SIZE; size++) {
        uint64_t whole = hash_of(bytes, size);
        for (int turn = 0; turn < 20; turn++) {
            struct hash h = HASH_EMPTY;
            for (size_t at = 0; at < size;) {
                size_t piece = 1 + (size_t)prng_below(&random, turn == 0 ? 1 : 70);
                piece = piece < size - at ? piece : size - at;
                hash_add(&h, bytes + at, piece);
                at += piece;
                hash_add(&h, NULL, 0);
            }
            ck_assert_uint_eq(hash_value(&h), whole);
            ck_assert_uint_eq(hash_value(&h), whole); /* looking does not change it */
        }
    }
}
END_TEST

START_TEST(each_bit_and_the_length_matter)
{
    uint8_t bytes[SIZE] = {0};
    uint64_t whole = hash_of(bytes, SIZE);
    for (size_t bit = 0; bit < 8 * SIZE; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_uint_ne(hash_of(bytes, SIZE), whole);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < SIZE; size++)
        ck_assert_uint_ne(hash_of(bytes, size), hash_of(bytes, size + 1));
}
END_TEST

UNIT_MAIN("hash", pieces_do_not_matter, each_bit_and_the_length_matter)
