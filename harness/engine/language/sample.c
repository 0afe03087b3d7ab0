/* See sample.h. The sets are made of words by chance, with the repetitions that
 * such data has; how far each packs is held by tests/unit/engine/test_sample.c. */
#include "engine/language/sample.h"

#include "base/prng.h"

#include <stdlib.h>
#include <string.h>

enum { OCTAVES = 13, WORDS = 1 << OCTAVES, WORD_SIZE = 24, MARK = 1024, WIDE = 512 };

struct vocabulary {
    char words[WORDS][WORD_SIZE];
};

struct set {
    const uint8_t *bytes;
    size_t marks[SAMPLE_SIZE / MARK + 1]; /* of a text: where each so many characters begin */
};

struct sample_sets {
    struct arena *arena;
    uint64_t seed;
    struct set *made[SAMPLES];
};

/* ---- words ---- */

static void make_words(struct vocabulary *v, struct prng *random)
{
    static const char *const heads[] = {"b", "br", "d", "f", "fl", "g", "gr", "h", "k", "kl", "l", "m", "n",
                                        "r", "s", "sch", "st", "t", "tr", "v", "w", "z", "pr", "schl"};
    static const char *const hearts[] = {"a", "e", "e", "e", "i", "o", "u", "ei", "ie", "au", "\u00e4", "\u00fc"};
    static const char *const tails[] = {"", "", "n", "r", "l", "ch", "s", "t", "nd", "ng"};
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t syllables = 1 + prng_below(random, i < 128 ? 2 : 3);
        for (char *end = v->words[i]; syllables > 0; syllables--) {
            end = stpcpy(end, heads[prng_below(random, sizeof heads / sizeof *heads)]);
            end = stpcpy(end, hearts[prng_below(random, sizeof hearts / sizeof *hearts)]);
            end = stpcpy(end, tails[prng_below(random, sizeof tails / sizeof *tails)]);
        }
    }
}

/* The few first words are common, the many last ones rare, as in any language. */
static const char *pick_word(const struct vocabulary *v, struct prng *random)
{
    uint64_t octave = prng_below(random, OCTAVES), other = prng_below(random, OCTAVES);
    octave = other > octave ? other : octave;
    return v->words[(UINT64_C(1) << octave) - 1 + prng_below(random, UINT64_C(1) << octave)];
}

static void put_prose(struct buf *out, const struct vocabulary *v, struct prng *random, uint64_t words)
{
    static const char *const endings[9] = {"", "", "", "e", "en", "er", "t", "est", "ung"};
    for (uint64_t i = 0; i < words; i++) {
        const char *word = pick_word(v, random);
        buf_printf(out, "%s%s%s%s", i == 0 ? "" : " ", word, endings[prng_below(random, 9)],
                   i + 1 == words ? "." : prng_below(random, 9) == 0 ? "," : "");
    }
}

static unsigned below(struct prng *random, unsigned below) { return (unsigned)prng_below(random, below); }

/* ---- one maker a kind: the front, then a piece at a time ---- */

static void put_record(struct buf *out, const struct vocabulary *v, struct prng *random, unsigned n)
{
    static const char *const states[] = {"open", "filled", "cancelled", "rejected"};
    unsigned price = 1000 + below(random, 90000);
    buf_printf(out, "%s{\"id\":%u,\"symbol\":\"%s\",\"state\":\"%s\",\"price\":%u.%02u,\"amount\":%u,",
               n == 0 ? "[" : ",\n ", 4100000 + 7 * n, v->words[below(random, 64)],
               states[below(random, 4)], price / 100, price % 100, below(random, 500));
    buf_printf(out, "\"at\":\"2024-%02u-%02uT%02u:%02u:%02u.%03uZ\",", 1 + n / 4000 % 12, 1 + n / 140 % 28, n / 6 % 24,
               below(random, 60), below(random, 60), below(random, 1000));
    buf_printf(out, "\"user\":{\"id\":%u,\"name\":\"%s %s\",\"verified\":%s},", below(random, 100000),
               pick_word(v, random), pick_word(v, random),
               below(random, 2) ? "true" : "false");
    buf_append_text(out, "\"note\":\"");
    put_prose(out, v, random, below(random, 8));
    buf_printf(out, "\",\"tags\":[\"%s\",\"%s\"],\"parent\":null}", pick_word(v, random), pick_word(v, random));
}

static void put_article(struct buf *out, const struct vocabulary *v, struct prng *random, unsigned n)
{
    if (n == 0)
        buf_append_text(out, "<!DOCTYPE html>\n<html lang=\"de\">\n<head><meta charset=\"utf-8\"><title>\u00dcbersicht"
                             "</title></head>\n<body>\n");
    buf_printf(out, "<div class=\"article\" id=\"a%u\">\n  <h2><a href=\"/wiki/%s_%s\" title=\"%s\">%s</a></h2>\n", n,
               pick_word(v, random), pick_word(v, random), pick_word(v, random), pick_word(v, random));
    for (unsigned i = 1 + below(random, 4); i > 0; i--) {
        buf_append_text(out, "  <p class=\"text\">");
        put_prose(out, v, random, 4 + below(random, 30));
        buf_printf(out, " <sup class=\"reference\"><a href=\"#cite_note-%u\">[%u]</a></sup></p>\n", n + i, n + i);
    }
    buf_append_text(out, "  <ul class=\"links\">\n");
    for (unsigned i = below(random, 6); i > 0; i--)
        buf_printf(out, "    <li class=\"toc\"><a href=\"/wiki/%s\"><span class=\"toctext\">%s</span></a></li>\n",
                   pick_word(v, random), pick_word(v, random));
    buf_append_text(out, "  </ul>\n</div>\n");
}

static void put_speech(struct buf *out, const struct vocabulary *v, struct prng *random, unsigned n)
{
    buf_printf(out, "%s%s:\n", n % 40 == 39 ? "\n\nSZENE\n\n" : "\n", v->words[below(random, 12)]);
    for (unsigned lines = 1 + below(random, 9); lines > 0; lines--) {
        put_prose(out, v, random, 4 + below(random, 6));
        buf_append_text(out, "\r\n");
    }
}

/* One row of the picture: slopes, and the grain of a film. */
static void put_row(struct buf *out, const struct vocabulary *v, struct prng *random, unsigned n)
{
    (void)v;
    if (n == 0) {
        static const uint8_t head[54] = {'B', 'M', [10] = 0x36, 4, [14] = 40, [19] = 2, [23] = 2, [26] = 1, [28] = 8};
        buf_append(out, head, sizeof head);
        for (unsigned i = 0; i < 256; i++)
            buf_append(out, (uint8_t[4]){(uint8_t)i, (uint8_t)i, (uint8_t)i, 0}, 4);
    }
    for (unsigned x = 0; x < WIDE; x++) {
        unsigned slope = (x * 3 + n * 5) / 16 + (x ^ n) / 64 * 9;
        buf_append_byte(out, (uint8_t)(slope + below(random, 8) + below(random, 8)));
    }
}

static void put_object(struct buf *out, const struct vocabulary *v, struct prng *random, unsigned n)
{
    (void)v;
    size_t size = 400 + below(random, 6000);
    if (n == 0)
        buf_append_text(out, "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
    buf_printf(out, "%u 0 obj\n<< /Length %zu /Filter /FlateDecode >>\nstream\n", n + 1, size);
    size_t begin = out->size;
    if (buf_append_fill(out, 0, size))
        prng_fill(random, out->data + begin, size);
    buf_printf(out, "\nendstream\nendobj\n%u 0 obj\n<< /Type /Page /Parent 3 0 R /Resources 7 0 R "
               "/MediaBox [0 0 595 842] /Contents %u 0 R >>\nendobj\n", 1000 + n, n + 1);
}

static const struct kind {
    const char *word;
    bool text;
    void (*put)(struct buf *out, const struct vocabulary *v, struct prng *random, unsigned n);
} kinds[SAMPLES] = {
    [SAMPLE_JSON] = {"json", true, put_record},  [SAMPLE_HTML] = {"html", true, put_article},
    [SAMPLE_PLAY] = {"play", false, put_speech}, [SAMPLE_BITMAP] = {"bitmap", false, put_row},
    [SAMPLE_PDF] = {"pdf", false, put_object},
};

enum sample_kind sample_find(const char *word, size_t size)
{
    enum sample_kind kind = 0;
    while (kind < SAMPLES && (strlen(kinds[kind].word) != size || memcmp(kinds[kind].word, word, size) != 0))
        kind++;
    return kind;
}

const char *sample_word(enum sample_kind kind) { return kinds[kind].word; }

/* ---- sets ---- */

static bool continues(uint8_t byte) { return (byte & 0xc0) == 0x80; }

/* Notes where characters begin; the set ends behind the last. */
static void mark_text(struct set *set, const uint8_t *bytes)
{
    size_t at = 0;
    for (size_t n = 0; n <= SAMPLE_SIZE; n++) {
        if (n % MARK == 0)
            set->marks[n / MARK] = at;
        at++;
        while (continues(bytes[at]))
            at++;
    }
}

static struct set *make_set(struct sample_sets *sets, enum sample_kind kind)
{
    struct prng random = prng_stream_n(sets->seed, "sample", kind);
    struct vocabulary *v = malloc(sizeof *v);
    struct set *set = arena_alloc(sets->arena, sizeof *set);
    struct buf out;
    buf_init(&out, 0);
    size_t characters = 0;
    if (v == NULL || set == NULL)
        out.failed = true;
    else
        make_words(v, &random);
    for (unsigned n = 0; characters <= SAMPLE_SIZE && !out.failed; n++) {
        size_t begin = out.size;
        kinds[kind].put(&out, v, &random, n);
        for (size_t i = begin; i < out.size; i++)
            characters += !kinds[kind].text || !continues(out.data[i]);
    }
    free(v);
    if (!out.failed && kinds[kind].text)
        mark_text(set, out.data);
    if (!out.failed)
        set->bytes = arena_copy(sets->arena, out.data, out.size);
    buf_free(&out);
    return set != NULL && set->bytes != NULL ? set : NULL;
}

struct sample_sets *sample_sets_new(struct arena *arena, uint64_t seed)
{
    struct sample_sets *sets = arena_alloc(arena, sizeof *sets);
    if (sets != NULL)
        *sets = (struct sample_sets){.arena = arena, .seed = seed};
    return sets;
}

/* ---- reading ---- */

static size_t offset_of(const struct set *set, bool text, size_t character)
{
    if (!text)
        return character;
    size_t at = set->marks[character / MARK];
    for (size_t n = character % MARK; n > 0; n--) {
        at++;
        while (continues(set->bytes[at]))
            at++;
    }
    return at;
}

bool sample_read(struct sample_reader *reader, enum sample_kind kind, size_t count, struct buf *out)
{
    struct sample_sets *sets = reader->sets;
    if (sets->made[kind] == NULL && (sets->made[kind] = make_set(sets, kind)) == NULL)
        return false;
    const struct set *set = sets->made[kind];
    while (count > 0) {
        size_t from = reader->at[kind], left = SAMPLE_SIZE - from, n = count < left ? count : left;
        size_t begin = offset_of(set, kinds[kind].text, from), end = offset_of(set, kinds[kind].text, from + n);
        if (!buf_append(out, set->bytes + begin, end - begin))
            return false;
        reader->at[kind] = (from + n) % SAMPLE_SIZE;
        count -= n;
    }
    return true;
}
