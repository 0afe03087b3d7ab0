/* permessage-deflate (wire/deflate.h). Oracles: what is compressed comes back,
 * however both sides are cut into pieces; hostile input gives the same bytes
 * and the same end in one piece and in many, and no more output than was asked for. */
#include "fuzz.h"

#include "base/buf.h"
#include "wire/deflate.h"

FUZZ_TARGET("deflate");

#define OUTPUT_MOST (256u << 10)
#define ROOM 1024u

typedef enum ws_codec_status step_fn(void *codec, struct ws_codec_step *step, bool last);

static enum ws_codec_status deflate_step(void *codec, struct ws_codec_step *step, bool last)
{
    return ws_deflater_step(codec, step, last ? WS_PIECE_LAST : WS_PIECE_GOES_ON);
}

static enum ws_codec_status flush_step(void *codec, struct ws_codec_step *step, bool last)
{
    return ws_deflater_step(codec, step, last ? WS_PIECE_LAST : WS_PIECE_FLUSH);
}

static enum ws_codec_status inflate_step(void *codec, struct ws_codec_step *step, bool last)
{
    return ws_inflater_step(codec, step, last);
}

/* One piece, with as many outputs as it takes. */
static enum ws_codec_status piece_through(step_fn *fn, void *codec, const uint8_t *in, size_t size, bool last,
                                          struct buf *out)
{
    struct ws_codec_step step = {.in = in, .in_size = size, .out_size = ROOM};
    enum ws_codec_status status = WS_CODEC_MORE_ROOM;
    while (status == WS_CODEC_MORE_ROOM && out->size < OUTPUT_MOST) {
        must(buf_reserve(out, ROOM), "no memory");
        step.out = out->data + out->size;
        status = fn(codec, &step, last);
        must(step.in_used <= step.in_size && step.out_made <= ROOM, "%zu of %zu bytes used, %zu of %u made",
             step.in_used, step.in_size, step.out_made, ROOM);
        out->size += step.out_made;
        step.in += step.in_used;
        step.in_size -= step.in_used;
    }
    must(status != WS_CODEC_OK || step.in_size == 0, "content with %zu bytes left", step.in_size);
    return status;
}

/* A whole message. Ends early when it is corrupt, or over OUTPUT_MOST. */
static enum ws_codec_status message_through(step_fn *fn, void *codec, const uint8_t *in, size_t size,
                                            struct fuzz_cut cut, struct buf *out)
{
    struct fuzz_feed feed = fuzz_feed_begin(in, size, cut);
    enum ws_codec_status status = size == 0 ? piece_through(fn, codec, in, 0, true, out) : WS_CODEC_OK;
    uint8_t *data;
    for (size_t piece; (data = fuzz_feed_next(&feed, &piece)) != NULL;)
        if (status == WS_CODEC_OK)
            status = piece_through(fn, codec, data, piece, feed.at == size, out);
    return status;
}

static void round_trip(const uint8_t *data, size_t size, int bits, bool takeover, int level, uint8_t seed)
{
    struct ws_deflater *d = ws_deflater_new(bits, takeover, level);
    struct ws_inflater *i = ws_inflater_new(bits, takeover);
    bool flushed = level == 1;
    must(d != NULL && i != NULL, "no memory");
    for (uint32_t message = 0; message < 3; message++) { /* the second and third may refer to the first */
        struct buf packed, plain;
        buf_init(&packed, 0);
        buf_init(&plain, 0);
        enum ws_codec_status status =
            message_through(flushed ? flush_step : deflate_step, d, data, size, fuzz_cut_by(seed + message), &packed);
        must(status == WS_CODEC_OK, "deflating ends with %d", status);
        status = message_through(inflate_step, i, packed.data, packed.size, fuzz_cut_by(seed / 2u + message), &plain);
        must(status == WS_CODEC_OK && !ws_inflater_truncated(i), "inflating ends with %d", status);
        must(plain.size == size && (size == 0 || memcmp(plain.data, data, size) == 0), "%zu bytes came back as %zu",
             size, plain.size);
        buf_free(&packed);
        buf_free(&plain);
    }
    ws_deflater_free(d);
    ws_inflater_free(i);
}

static void hostile(const uint8_t *data, size_t size, int bits, bool takeover, uint8_t seed)
{
    struct buf whole, cut;
    enum ws_codec_status status[2];
    buf_init(&whole, 0);
    buf_init(&cut, 0);
    for (int way = 0; way < 2; way++) {
        struct ws_inflater *i = ws_inflater_new(bits, takeover);
        must(i != NULL, "no memory");
        status[way] = message_through(inflate_step, i, data, size, fuzz_cut_by(way == 0 ? CUT_WHOLE : 1u + seed),
                                      way == 0 ? &whole : &cut);
        ws_inflater_free(i);
    }
    must(whole.size < OUTPUT_MOST + ROOM, "%zu bytes of output", whole.size);
    if (whole.size >= OUTPUT_MOST || cut.size >= OUTPUT_MOST)
        must(whole.size >= OUTPUT_MOST && cut.size >= OUTPUT_MOST, "%zu bytes in one piece, %zu in many", whole.size,
             cut.size);
    else
        must(status[0] == status[1] && whole.size == cut.size &&
                 (whole.size == 0 || memcmp(whole.data, cut.data, whole.size) == 0),
             "in one piece %zu bytes and %d, in many %zu and %d", whole.size, status[0], cut.size, status[1]);
    buf_free(&whole);
    buf_free(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int levels[] = {6, 1, 9, 0};
    uint8_t way = fuzz_take(&data, &size), options = fuzz_take(&data, &size);
    int bits = (options & 15) < 8 ? 8 + (options & 7) : options & 15;
    bool takeover = (options & 16) == 0;
    must((options & 15) > 7 || (ws_deflater_new(options & 15, takeover, 6) == NULL &&
                                ws_inflater_new(options & 15, takeover) == NULL &&
                                ws_deflater_new(bits, takeover, 10) == NULL && ws_inflater_new(16, takeover) == NULL),
         "windows and levels that are none");
    if (way % 3 == 1)
        hostile(data, size, bits, takeover, options >> 5);
    else
        round_trip(data, size, bits, takeover, levels[options >> 5 & 3], (uint8_t)(way / 3));
    return 0;
}
