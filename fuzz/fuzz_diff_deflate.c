/* Our inflater, fed in pieces, against zlib's inflate over the whole message at
 * once. Oracles: with the largest window the same bytes and the same verdict,
 * two messages behind each other with and without context takeover; with a
 * smaller window we may refuse what zlib takes, never the other way round. */
#include "fuzz.h"

#include "wire/deflate.h"

#include <zlib.h>

FUZZ_TARGET("diff_deflate");

#define OUTPUT_MAX (1u << 16)
#define WINDOW_MAX 32768u

struct text {
    uint8_t bytes[2 * OUTPUT_MAX];
    size_t size;
    bool good, full;
};

/* RFC 7692 section 7.2.2 as it is written: the tail is added, and all of it is
 * inflated at once. Behind a final block a new stream begins, over the same window. */
static void one_shot(struct text *t, const uint8_t *message, size_t size, size_t window_from)
{
    uint8_t *whole = malloc(size + 4);
    z_stream z = {0};
    const size_t room = t->size + OUTPUT_MAX;
    must(whole != NULL && inflateInit2(&z, -15) == Z_OK, "no memory");
    if (size != 0)
        memcpy(whole, message, size);
    memcpy(whole + size, "\x00\x00\xff\xff", 4);
    z.next_in = whole;
    z.avail_in = (uInt)(size + 4);
    int answer = Z_STREAM_END;
    while (answer == Z_STREAM_END && z.avail_in != 0) {
        size_t behind = t->size - window_from < WINDOW_MAX ? t->size - window_from : WINDOW_MAX;
        must(inflateReset(&z) == Z_OK, "zlib does not begin");
        must(behind == 0 || inflateSetDictionary(&z, t->bytes + t->size - behind, (uInt)behind) == Z_OK,
             "zlib takes no window");
        z.next_out = t->bytes + t->size;
        z.avail_out = (uInt)(room - t->size);
        answer = inflate(&z, Z_SYNC_FLUSH);
        t->size = room - z.avail_out;
    }
    t->full = z.avail_out == 0;
    t->good = answer == Z_OK || answer == Z_BUF_ERROR || answer == Z_STREAM_END;
    inflateEnd(&z);
    free(whole);
}

static enum ws_codec_status piece_through(struct text *t, struct ws_inflater *inflater, const uint8_t *piece,
                                          size_t size, bool last, size_t room)
{
    struct ws_codec_step step = {.in = piece, .in_size = size};
    enum ws_codec_status status;
    do {
        step.out = t->bytes + t->size;
        step.out_size = room - t->size < 700 ? room - t->size : 700;
        status = ws_inflater_step(inflater, &step, last);
        t->size += step.out_made;
        step.in += step.in_used;
        step.in_size -= step.in_used;
    } while (status == WS_CODEC_MORE_ROOM && t->size < room);
    return status;
}

static void in_pieces(struct text *t, struct ws_inflater *inflater, const uint8_t *message, size_t size,
                      struct fuzz_cut cut)
{
    const size_t room = t->size + OUTPUT_MAX;
    struct fuzz_feed feed = fuzz_feed_begin(message, size, cut);
    enum ws_codec_status status = size == 0 ? piece_through(t, inflater, message, 0, true, room) : WS_CODEC_OK;
    uint8_t *data;
    for (size_t piece; (data = fuzz_feed_next(&feed, &piece)) != NULL;)
        if (status == WS_CODEC_OK)
            status = piece_through(t, inflater, data, piece, feed.at == size, room);
    t->good = status != WS_CODEC_CORRUPT;
    t->full = t->size == room;
    must(t->good == (ws_inflater_fault(inflater) == WS_INFLATE_FINE), "a fault without a fault");
}

/* False: nothing behind this message can be compared. */
static bool compare(const struct text *zlib, const struct text *ours, int bits)
{
    if (zlib->full || ours->full) {
        size_t both = zlib->size < ours->size ? zlib->size : ours->size;
        must(memcmp(zlib->bytes, ours->bytes, both) == 0, "other bytes before the limit");
        return false;
    }
    must(!ours->good || zlib->good, "we inflate what zlib calls corrupt");
    must(ours->good || !zlib->good || bits < 15, "zlib inflates what we call corrupt");
    if (!ours->good)
        return false;
    must(zlib->size == ours->size && (ours->size == 0 || memcmp(zlib->bytes, ours->bytes, ours->size) == 0),
         "%zu bytes in pieces, %zu at once, or others", ours->size, zlib->size);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct text zlib, ours;
    uint8_t options = fuzz_take(&data, &size), split = fuzz_take(&data, &size);
    int bits = options & 1 ? 15 : 8 + (options >> 1 & 7);
    bool takeover = options & 16;
    struct ws_inflater *inflater = ws_inflater_new(bits, takeover);
    must(inflater != NULL, "no memory");
    zlib.size = ours.size = 0;
    size_t first = size * split / 255;
    one_shot(&zlib, data, first, 0);
    in_pieces(&ours, inflater, data, first, fuzz_cut_by(1u + (options >> 5)));
    if (compare(&zlib, &ours, bits) && !ws_inflater_truncated(inflater)) {
        one_shot(&zlib, data + first, size - first, takeover ? 0 : zlib.size);
        in_pieces(&ours, inflater, data + first, size - first, fuzz_cut_by(2u + (options >> 5)));
        compare(&zlib, &ours, bits);
    }
    ws_inflater_free(inflater);
    return 0;
}
