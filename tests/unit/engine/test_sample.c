/* sample(): each set is of its kind, packs as far as such data does, and is read
 * in windows that go round. */
#include "unit.h"

#include "engine/language/sample.h"
#include "wire/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* How much of it is left when it is packed, at zlib's usual level. */
static const struct { const char *word; bool text; double least, most; const char *begins; } sets[SAMPLES] = {
    [SAMPLE_JSON] = {"json", true, 0.10, 0.30, "[{\"id\":"},
    [SAMPLE_HTML] = {"html", true, 0.15, 0.40, "<!DOCTYPE html>"},
    [SAMPLE_PLAY] = {"play", false, 0.35, 0.60, "\n"},
    [SAMPLE_BITMAP] = {"bitmap", false, 0.50, 0.90, "BM"},
    [SAMPLE_PDF] = {"pdf", false, 0.90, 1.00, "%PDF-"},
};

static struct buf read_set(struct arena *arena, uint64_t seed, enum sample_kind kind, size_t piece)
{
    struct sample_reader reader = {.sets = sample_sets_new(arena, seed)};
    struct buf out;
    buf_init(&out, 0);
    for (size_t at = 0; at < SAMPLE_SIZE; at += piece)
        ck_assert(sample_read(&reader, kind, piece, &out));
    return out;
}

static size_t characters(const struct buf *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->size; i++)
        n += (text->data[i] & 0xc0) != 0x80;
    return n;
}

START_TEST(each_is_of_its_kind)
{
    struct arena arena;
    arena_init(&arena);
    for (enum sample_kind kind = 0; kind < SAMPLES; kind++) {
        struct buf set = read_set(&arena, 7, kind, SAMPLE_SIZE);
        uLongf packed = compressBound(set.size);
        Bytef *room = malloc(packed);
        ck_assert_int_eq(compress2(room, &packed, set.data, set.size, 6), Z_OK);
        double left = (double)packed / (double)set.size;
        fprintf(stderr, "%-6s %zu bytes, packed to %.3f\n", sample_word(kind), set.size, left);
        ck_assert_msg(left > sets[kind].least && left < sets[kind].most, "%s packs to %.3f", sets[kind].word, left);
        ck_assert_mem_eq(set.data, sets[kind].begins, strlen(sets[kind].begins));
        ck_assert_uint_eq(sets[kind].text ? characters(&set) : set.size, SAMPLE_SIZE);
        if (sets[kind].text) {
            ck_assert(ws_utf8_valid(set.data, set.size, &(size_t){0}));
            ck_assert_uint_gt(set.size, SAMPLE_SIZE); /* not ASCII alone */
        }
        ck_assert_uint_eq(sample_find(sets[kind].word, strlen(sets[kind].word)), kind);
        free(room);
        buf_free(&set);
    }
    ck_assert_uint_eq(sample_find("jso", 3), SAMPLES);
    arena_free(&arena);
}
END_TEST

START_TEST(windows_are_the_same_bytes_and_go_round)
{
    struct arena arena;
    arena_init(&arena);
    for (enum sample_kind kind = 0; kind < SAMPLES; kind++) {
        struct buf whole = read_set(&arena, 7, kind, SAMPLE_SIZE), pieces = read_set(&arena, 7, kind, 64);
        ck_assert_uint_eq(whole.size, pieces.size);
        ck_assert_mem_eq(whole.data, pieces.data, whole.size);
        struct sample_reader reader = {.sets = sample_sets_new(&arena, 7)};
        struct buf around, other = read_set(&arena, 8, kind, SAMPLE_SIZE);
        buf_init(&around, 0);
        ck_assert(sample_read(&reader, kind, SAMPLE_SIZE - 5, &around));
        ck_assert(sample_read(&reader, kind, SAMPLE_SIZE + 5, &around));
        ck_assert_uint_eq(around.size, 2 * whole.size);
        ck_assert_mem_eq(around.data + whole.size, whole.data, whole.size);
        ck_assert(other.size != whole.size || memcmp(other.data, whole.data, whole.size) != 0);
        buf_free(&around);
        buf_free(&other);
        buf_free(&whole);
        buf_free(&pieces);
    }
    arena_free(&arena);
}
END_TEST

START_TEST(without_memory)
{
    int hit = 1;
    for (unsigned long n = 1; hit; n++) {
        struct arena arena;
        struct buf out;
        arena_init(&arena);
        buf_init(&out, 0);
        nomem_at(n, 0);
        struct sample_reader reader = {.sets = sample_sets_new(&arena, 7)};
        bool fine = reader.sets != NULL && sample_read(&reader, SAMPLE_JSON, 100, &out);
        hit = nomem_hit();
        nomem_at(0, 0);
        ck_assert(fine == !hit);
        buf_free(&out);
        arena_free(&arena);
    }
}
END_TEST

UNIT_MAIN("sample", each_is_of_its_kind, windows_are_the_same_bytes_and_go_round, without_memory)
