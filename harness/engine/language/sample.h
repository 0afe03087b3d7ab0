/* Data as it travels in the wild, made from the seed: sample(json 64KiB). Five
 * sets of 256 Ki characters or bytes, from what packs to a tenth to what does
 * not pack at all. A case reads on where it was, and from the front again. */
#ifndef ENGINE_SAMPLE_H
#define ENGINE_SAMPLE_H

#include "base/arena.h"
#include "base/buf.h"

enum sample_kind {
    SAMPLE_JSON,   /* records; text */
    SAMPLE_HTML,   /* a page; text */
    SAMPLE_PLAY,   /* a play in something like German */
    SAMPLE_BITMAP, /* grey, 512 x 512 */
    SAMPLE_PDF,    /* objects with packed streams */
    SAMPLES
};
#define SAMPLE_SIZE 262144u /* of a set: characters of a text, else bytes */

/* "json"; SAMPLES when there is none of that name. */
enum sample_kind sample_find(const char *word, size_t size);
const char *sample_word(enum sample_kind kind);

/* The sets of one run, each made when it is first read. Lives in the arena; NULL without memory. */
struct sample_sets;
struct sample_sets *sample_sets_new(struct arena *arena, uint64_t seed);

/* Where a case has read to. */
struct sample_reader {
    struct sample_sets *sets;
    size_t at[SAMPLES];
};
/* Appends the next so many characters of a text, or bytes. False without memory. */
bool sample_read(struct sample_reader *reader, enum sample_kind kind, size_t count, struct buf *out);

#endif
