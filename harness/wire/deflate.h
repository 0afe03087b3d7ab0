/* RFC 7692 section 7.2: message payloads through DEFLATE and back, over zlib.
 * Allocates only at init; each output is bounded by the caller. */
#ifndef WS_DEFLATE_H
#define WS_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ws_deflater; /* opaque: holds a z_stream */
struct ws_inflater;

/* window_bits 8 .. 15: the largest distance used is 2^bits. (zlib has no raw
 * window of 8 bits; with 9 it never refers further back than 250 bytes, which
 * an 8-bit window holds.) level 0 .. 9. NULL when there is no memory or an argument is off. */
struct ws_deflater *ws_deflater_new(int window_bits, bool context_takeover, int level);
void ws_deflater_free(struct ws_deflater *d);

/* One step of a streaming codec: eats input, fills output; both counters are
 * set to what was used. */
struct ws_codec_step {
    const uint8_t *in;
    size_t in_size;
    uint8_t *out;
    size_t out_size;
    size_t in_used;
    size_t out_made;
};

enum ws_codec_status {
    WS_CODEC_OK,        /* all input eaten, all output out; more may follow */
    WS_CODEC_MORE_ROOM, /* call again with room for output */
    WS_CODEC_CORRUPT,   /* inflate: see ws_inflater_fault; every later step says so again */
};

/* What stands behind a piece of a message. */
enum ws_piece_end {
    WS_PIECE_GOES_ON, /* more of it; output may wait for that */
    WS_PIECE_LAST,    /* nothing: the message ends (sync flush without the 00 00 ff ff; an empty one is the byte 00) */
    WS_PIECE_FLUSH,   /* more of it, but who has this piece's output can inflate all of the piece: a fragment's */
};

/* Compresses a piece of a message. Without context takeover the window is reset behind the message. */
enum ws_codec_status ws_deflater_step(struct ws_deflater *d, struct ws_codec_step *step, enum ws_piece_end end);

struct ws_inflater *ws_inflater_new(int window_bits, bool context_takeover);
void ws_inflater_free(struct ws_inflater *i);
/* Forgets everything: for the next connection. */
void ws_inflater_reset(struct ws_inflater *i);

/* Inflates a piece of a message; with `last` the tail 00 00 ff ff is added
 * (RFC 7692 7.2.2). A block with BFINAL set ends a stream but not the message:
 * what follows is read as a new stream, with the window kept (7.2.3.4-5).
 * Output is written only into `out`, so a bomb costs the caller what he lets it. */
enum ws_codec_status ws_inflater_step(struct ws_inflater *i, struct ws_codec_step *step, bool last);
/* After `last` was accepted: did the data end in the middle of a block? What
 * was inflated stands; the next message begins with a new block. */
bool ws_inflater_truncated(const struct ws_inflater *i);

enum ws_inflate_fault {
    WS_INFLATE_FINE,
    WS_INFLATE_NOT_DEFLATE,
    WS_INFLATE_BEFORE_START,   /* a distance to before the first byte ever */
    WS_INFLATE_BEFORE_MESSAGE, /* ... into an earlier message, without context takeover */
    WS_INFLATE_PAST_WINDOW,    /* ... further back than the window */
};
/* After WS_CODEC_CORRUPT: why. */
enum ws_inflate_fault ws_inflater_fault(const struct ws_inflater *i);

#endif
