/* A second opinion on DEFLATE (RFC 1951), written to be checked by eye rather
 * than to be fast: bit by bit, and it notes the largest distance used. Also the
 * other way: a writer of fixed-code blocks with distances of one's choice. */
#ifndef PLAIN_INFLATE_H
#define PLAIN_INFLATE_H

#include "unit.h"

#include "base/buf.h"

struct plain_bits {
    const uint8_t *bytes;
    size_t size;
    size_t at; /* bit */
    bool failed;
};

static inline unsigned plain_take(struct plain_bits *b, unsigned count)
{
    unsigned value = 0;
    for (unsigned i = 0; i < count; i++, b->at++) {
        if (b->at >= 8 * b->size) {
            b->failed = true;
            return 0;
        }
        value |= (unsigned)(b->bytes[b->at / 8] >> b->at % 8 & 1) << i;
    }
    return value;
}

/* A Huffman code, from the lengths of its words (section 3.2.2). */
struct plain_code {
    uint8_t lengths[288];
    uint16_t words[288];
    size_t count;
};

static inline void plain_code_make(struct plain_code *c, const uint8_t *lengths, size_t count)
{
    unsigned used[16] = {0}, next[16] = {0}, word = 0;
    c->count = count;
    memcpy(c->lengths, lengths, count);
    for (size_t i = 0; i < count; i++)
        used[lengths[i]]++;
    used[0] = 0;
    for (size_t bits = 1; bits < 16; bits++)
        next[bits] = word = (word + used[bits - 1]) << 1;
    for (size_t i = 0; i < count; i++)
        if (lengths[i] != 0)
            c->words[i] = (uint16_t)next[lengths[i]]++;
}

static inline unsigned plain_symbol(struct plain_bits *b, const struct plain_code *c)
{
    unsigned word = 0;
    for (unsigned bits = 1; bits < 16 && !b->failed; bits++) {
        word = word << 1 | plain_take(b, 1);
        for (size_t i = 0; i < c->count; i++)
            if (c->lengths[i] == bits && c->words[i] == word)
                return (unsigned)i;
    }
    b->failed = true;
    return 0;
}

static const uint16_t plain_length_base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,
                                             15, 17, 19, 23, 27, 31, 35, 43, 51,  59,
                                             67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t plain_length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                             2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t plain_distance_base[] = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t plain_distance_extra[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                               6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

static inline void plain_fixed(struct plain_code *letters, struct plain_code *distances)
{
    uint8_t lengths[288], fives[30];
    for (unsigned i = 0; i < 288; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    memset(fives, 5, sizeof fives);
    plain_code_make(letters, lengths, 288);
    plain_code_make(distances, fives, 30);
}

static inline void plain_dynamic(struct plain_bits *b, struct plain_code *letters,
                                 struct plain_code *distances)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned letter_count = 257 + plain_take(b, 5), distance_count = 1 + plain_take(b, 5);
    unsigned length_count = 4 + plain_take(b, 4);
    uint8_t lengths[320 + 138] = {0};
    struct plain_code meta;

    for (unsigned i = 0; i < length_count; i++)
        lengths[order[i]] = (uint8_t)plain_take(b, 3);
    plain_code_make(&meta, lengths, 19);
    memset(lengths, 0, 19);
    for (unsigned at = 0; at < letter_count + distance_count && !b->failed;) {
        unsigned symbol = plain_symbol(b, &meta);
        unsigned times = symbol < 16 ? 1 : symbol == 16 ? 3 + plain_take(b, 2)
                         : symbol == 17 ? 3 + plain_take(b, 3) : 11 + plain_take(b, 7);
        uint8_t value = symbol < 16 ? (uint8_t)symbol : symbol == 16 && at > 0 ? lengths[at - 1] : 0;
        while (times-- != 0)
            lengths[at++] = value;
    }
    plain_code_make(letters, lengths, letter_count);
    plain_code_make(distances, lengths + letter_count, distance_count);
}

/* Blocks up to the end of the bytes, behind the bytes already in `out`. False:
 * not DEFLATE. *farthest: the largest distance so far. */
static inline bool plain_inflate(const uint8_t *bytes, size_t size, struct buf *out, size_t *farthest)
{
    struct plain_bits b = {.bytes = bytes, .size = size};
    while (!b.failed && (b.at + 7) / 8 < size) {
        bool final = plain_take(&b, 1);
        unsigned type = plain_take(&b, 2);
        struct plain_code letters, distances;
        if (type == 0) {
            b.at = (b.at + 7) / 8 * 8;
            unsigned length = plain_take(&b, 16), complement = plain_take(&b, 16);
            b.failed |= length + complement != 0xffff || b.at / 8 + length > size;
            if (!b.failed)
                buf_append(out, bytes + b.at / 8, length);
            b.at += 8 * (size_t)length;
        } else if (type == 1) {
            plain_fixed(&letters, &distances);
        } else if (type == 2) {
            plain_dynamic(&b, &letters, &distances);
        }
        for (unsigned s = 0; type != 0 && !b.failed && (s = plain_symbol(&b, &letters)) != 256;) {
            if (s < 256) {
                buf_append_byte(out, (uint8_t)s);
                continue;
            }
            unsigned length = plain_length_base[s - 257] + plain_take(&b, plain_length_extra[s - 257]);
            unsigned d = plain_symbol(&b, &distances);
            size_t distance = plain_distance_base[d] + plain_take(&b, plain_distance_extra[d]);
            if (b.failed || distance > out->size)
                return false;
            *farthest = distance > *farthest ? distance : *farthest;
            while (length-- != 0)
                buf_append_byte(out, out->data[out->size - distance]);
        }
        if (final)
            b.at = (b.at + 7) / 8 * 8;
    }
    return !b.failed;
}

/* ---- writing ---- */

struct plain_writer {
    struct buf bytes;
    unsigned held, held_bits;
};

static inline void plain_put(struct plain_writer *w, unsigned value, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        w->held |= (value >> i & 1) << w->held_bits++;
        if (w->held_bits == 8) {
            buf_append_byte(&w->bytes, (uint8_t)w->held);
            w->held = w->held_bits = 0;
        }
    }
}

/* Words of a Huffman code stand with their first bit first. */
static inline void plain_put_word(struct plain_writer *w, unsigned word, unsigned count)
{
    while (count-- != 0)
        plain_put(w, word >> count & 1, 1);
}

static inline void plain_put_letter(struct plain_writer *w, uint8_t letter)
{
    if (letter < 144)
        plain_put_word(w, 0x30u + letter, 8);
    else
        plain_put_word(w, 0x190u + letter - 144u, 9);
}

/* Three bytes from that far back. */
static inline void plain_put_match(struct plain_writer *w, unsigned distance)
{
    unsigned d = 29;
    while (plain_distance_base[d] > distance)
        d--;
    plain_put_word(w, 1, 7);
    plain_put_word(w, d, 5);
    plain_put(w, distance - plain_distance_base[d], plain_distance_extra[d]);
}

static inline void plain_begin_block(struct plain_writer *w, bool final)
{
    plain_put(w, final, 1);
    plain_put(w, 1, 2);
}

static inline void plain_end_block(struct plain_writer *w)
{
    plain_put_word(w, 0, 7);
}

/* The header of the empty stored block whose rest a sender leaves out; also
 * the padding behind BFINAL when `header` is false. */
static inline void plain_align(struct plain_writer *w, bool header)
{
    plain_put(w, 0, header ? 3 : 0);
    plain_put(w, 0, (8 - w->held_bits) % 8);
}

#endif
