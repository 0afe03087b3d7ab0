/* RFC 7692 section 7.2 over zlib's raw streams. What zlib does not do is here:
 * the tail of a message, BFINAL blocks that end a stream but not the message,
 * and windows smaller than what zlib can see. See deflate.h. */
#include "deflate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define TAIL_SIZE 4u
#define STRETCH_MAX 8192u /* half a window of 14 bits */
#define ROOM 4096u  /* bytes of output that a deflater keeps */
#define MARK_MAX 16u /* a sync flush behind a finished block takes 6 bytes */

static const uint8_t tail[TAIL_SIZE] = {0x00, 0x00, 0xff, 0xff};

/* zlib's allocations, as calls of our own object: tests make them fail. */
static voidpf allocate(voidpf unused, uInt items, uInt size)
{
    (void)unused;
    return calloc(items, size);
}

static void release(voidpf unused, voidpf memory)
{
    (void)unused;
    free(memory);
}

static uInt zlib_size(size_t size)
{
    return size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)size;
}

static uInt smaller(uInt a, uInt b)
{
    return a < b ? a : b;
}

/* ---- deflating ---- */

/* What a message has gone through. The block is ended before the mark is
 * asked for, so that the mark comes into an empty buffer and is never cut:
 * zlib would write a cut one twice. */
enum phase { TAKING_INPUT, ENDING_BLOCK, MARKED };

struct ws_deflater {
    z_stream z;
    bool context_takeover;
    enum phase phase;
    size_t begin, end;   /* of what waits in ready */
    uint8_t ready[ROOM];
};

struct ws_deflater *ws_deflater_new(int window_bits, bool context_takeover, int level)
{
    if (window_bits < 8 || window_bits > 15 || level < 0 || level > 9)
        return NULL;
    struct ws_deflater *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->context_takeover = context_takeover;
    d->z.zalloc = allocate;
    d->z.zfree = release;
    int bits = window_bits == 8 ? 9 : window_bits;
    if (deflateInit2(&d->z, level, Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(d);
        return NULL;
    }
    return d;
}

void ws_deflater_free(struct ws_deflater *d)
{
    if (d == NULL)
        return;
    deflateEnd(&d->z);
    free(d);
}

/* Moves what is ready to the caller. The last four bytes are kept: they may be
 * the tail, which is dropped once the mark is written. False: no more room. */
static bool deliver(struct ws_deflater *d, struct ws_codec_step *step)
{
    size_t waiting = d->end - d->begin;
    size_t due = waiting > TAIL_SIZE ? waiting - TAIL_SIZE : 0;
    size_t room = step->out_size - step->out_made;
    size_t n = due < room ? due : room;
    if (n != 0)
        memcpy(step->out + step->out_made, d->ready + d->begin, n);
    d->begin += n;
    step->out_made += n;
    return n == due;
}

/* Compresses into what is free of `ready`, and moves on to the next phase. `mark`: all of the input is to be out. */
static void compress_some(struct ws_deflater *d, struct ws_codec_step *step, bool mark)
{
    memmove(d->ready, d->ready + d->begin, d->end - d->begin);
    d->end -= d->begin;
    d->begin = 0;

    bool ending = d->phase == ENDING_BLOCK;
    uInt given = zlib_size(step->in_size - step->in_used);
    d->z.avail_in = ending ? 0 : given;
    if (d->z.avail_in != 0)
        d->z.next_in = (Bytef *)(uintptr_t)(step->in + step->in_used);
    d->z.next_out = d->ready + d->end;
    d->z.avail_out = (uInt)(ROOM - d->end);
    int answer = deflate(&d->z, ending ? Z_BLOCK : Z_NO_FLUSH);
    assert(answer == Z_OK || answer == Z_BUF_ERROR);
    if (!ending)
        step->in_used += given - d->z.avail_in;
    if (ending && d->z.avail_out >= MARK_MAX) {
        d->z.avail_in = 0;
        answer = deflate(&d->z, Z_SYNC_FLUSH);
        assert(answer == Z_OK && d->z.avail_out != 0);
        d->phase = MARKED;
    } else if (mark && step->in_used == step->in_size && d->z.avail_out != 0) {
        d->phase = ENDING_BLOCK;
    }
    d->end = ROOM - d->z.avail_out;
}

enum ws_codec_status ws_deflater_step(struct ws_deflater *d, struct ws_codec_step *step, enum ws_piece_end end)
{
    step->in_used = step->out_made = 0;
    for (;;) {
        if (!deliver(d, step))
            return WS_CODEC_MORE_ROOM;
        if (d->phase == MARKED)
            break;
        if (end == WS_PIECE_GOES_ON && step->in_used == step->in_size)
            return WS_CODEC_OK;
        compress_some(d, step, end != WS_PIECE_GOES_ON);
    }
    assert(memcmp(d->ready + d->begin, tail, TAIL_SIZE) == 0);
    d->phase = TAKING_INPUT;
    if (end == WS_PIECE_FLUSH)
        return WS_CODEC_OK; /* what is kept is no tail: it comes with the next piece */
    d->begin = d->end = 0;
    if (!d->context_takeover)
        deflateReset(&d->z);
    return WS_CODEC_OK;
}

/* ---- inflating ---- */

struct ws_inflater {
    z_stream z;
    /* For windows below 32 KiB: the same stream in half the window, which shows
     * that what it takes reaches no further back than it may (see inflate_some). */
    z_stream scout;
    bool scout_made, scouting;
    size_t window;          /* bytes a distance may reach back */
    bool context_takeover;
    size_t history;         /* bytes a distance can reach, at most `window` */
    bool earlier_message;   /* without takeover: there was one with bytes in it */
    bool at_boundary;       /* nothing of a next block has been read */
    bool pending;           /* the output buffer was filled: there may be more without more input */
    bool truncated;
    size_t tail_used;       /* by the message that ends */
    enum ws_inflate_fault fault;
};

/* zlib allocates the window at first use. Used here, it is there for good:
 * inflating never allocates. */
static bool inflater_start(z_stream *z, int window_bits)
{
    if (inflateInit2(z, -window_bits) != Z_OK)
        return false;
    if (inflateSetDictionary(z, tail, 1) == Z_OK)
        return true;
    inflateEnd(z);
    return false;
}

struct ws_inflater *ws_inflater_new(int window_bits, bool context_takeover)
{
    if (window_bits < 8 || window_bits > 15)
        return NULL;
    struct ws_inflater *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    i->z.zalloc = allocate;
    i->z.zfree = release;
    i->window = (size_t)1 << window_bits;
    i->context_takeover = context_takeover;
    i->scout.zalloc = allocate;
    i->scout.zfree = release;
    if (!inflater_start(&i->z, window_bits)) {
        free(i);
        return NULL;
    }
    bool small = window_bits > 8 && window_bits < 15;
    i->scout_made = small && inflater_start(&i->scout, window_bits - 1);
    if (small && !i->scout_made) {
        inflateEnd(&i->z);
        free(i);
        return NULL;
    }
    ws_inflater_reset(i);
    return i;
}

void ws_inflater_free(struct ws_inflater *i)
{
    if (i == NULL)
        return;
    inflateEnd(&i->z);
    if (i->scout_made)
        inflateEnd(&i->scout);
    free(i);
}

static void forget_window(struct ws_inflater *i)
{
    inflateReset(&i->z);
    if (i->scout_made)
        inflateReset(&i->scout);
    i->scouting = i->scout_made;
    i->history = 0;
    i->at_boundary = true;
}

/* A new DEFLATE stream over the window of the old one. (inflateReset would
 * drop the window; copying it out and in would make a train of empty BFINAL
 * blocks a weapon.) */
static void new_stream(struct ws_inflater *i)
{
    inflateResetKeep(&i->z);
    if (i->scouting)
        inflateResetKeep(&i->scout);
    i->at_boundary = true;
}

void ws_inflater_reset(struct ws_inflater *i)
{
    forget_window(i);
    i->earlier_message = i->pending = i->truncated = false;
    i->tail_used = 0;
    i->fault = WS_INFLATE_FINE;
}

static enum ws_inflate_fault name_fault(const struct ws_inflater *i)
{
    if (i->z.msg == NULL || strstr(i->z.msg, "too far back") == NULL)
        return WS_INFLATE_NOT_DEFLATE;
    if (i->history == i->window)
        return WS_INFLATE_PAST_WINDOW;
    return i->earlier_message ? WS_INFLATE_BEFORE_MESSAGE : WS_INFLATE_BEFORE_START;
}

/* How much zlib may write at once. It looks for a distance in its output
 * buffer as well as in its window; where both together could reach further
 * back than the sender may, we go byte by byte. */
static uInt room_for_exactness(const struct ws_inflater *i, uInt room)
{
    if (i->window == 32768)
        return room;
    size_t reach = i->history < i->window ? i->window - i->history : 1;
    return smaller(room, (uInt)reach);
}

/* Byte by byte is slow. The scout goes first: its window is half as large, so
 * that in a stretch of at most the other half all that it finds lies within
 * reach, and the stretch may be inflated at once. What it does not find may
 * still be fine; then it is of no more use before the window is forgotten. */
static uInt room_by_scout(struct ws_inflater *i, const uint8_t *in, uInt given, uInt room)
{
    if (!i->scouting)
        return room_for_exactness(i, room);
    uInt stretch = smaller(room, (uInt)(i->window / 2));
    uint8_t out[STRETCH_MAX];
    i->scout.next_in = (Bytef *)(uintptr_t)in;
    i->scout.avail_in = given;
    i->scout.next_out = out;
    i->scout.avail_out = stretch;
    i->scouting = inflate(&i->scout, Z_BLOCK) != Z_DATA_ERROR;
    return i->scouting ? stretch : room_for_exactness(i, room);
}

/* Inflates from in[0 .. size) to the end of a block at most. Returns the bytes
 * of input used. */
static size_t inflate_some(struct ws_inflater *i, const uint8_t *in, size_t size,
                           struct ws_codec_step *step)
{
    uInt given = zlib_size(size);
    uInt room = room_by_scout(i, in, given, zlib_size(step->out_size - step->out_made));
    i->z.next_in = (Bytef *)(uintptr_t)in;
    i->z.avail_in = given;
    i->z.next_out = step->out + step->out_made;
    i->z.avail_out = room;
    int answer = inflate(&i->z, Z_BLOCK);
    assert(answer != Z_MEM_ERROR && answer != Z_STREAM_ERROR && answer != Z_NEED_DICT);
    size_t made = room - i->z.avail_out;
    step->out_made += made;
    if (answer == Z_DATA_ERROR)
        i->fault = name_fault(i);
    i->history = made < i->window - i->history ? i->history + made : i->window;
    bool block_ended = (i->z.data_type & 128) != 0;
    bool was_final = (i->z.data_type & 64) != 0;
    /* Bits left over are those of a next block, but behind BFINAL padding. */
    i->at_boundary = block_ended && (i->z.data_type & 63) == 0;
    i->pending = i->z.avail_out == 0 && !block_ended;
    if (i->fault == WS_INFLATE_FINE && block_ended && was_final)
        new_stream(i);
    return given - i->z.avail_in;
}

static void end_message(struct ws_inflater *i)
{
    i->tail_used = 0;
    i->truncated = !i->at_boundary;
    if (!i->context_takeover) {
        i->earlier_message = i->earlier_message || i->history != 0;
        forget_window(i);
    } else if (i->truncated) {
        new_stream(i);
    }
}

enum ws_codec_status ws_inflater_step(struct ws_inflater *i, struct ws_codec_step *step, bool last)
{
    step->in_used = step->out_made = 0;
    while (i->fault == WS_INFLATE_FINE) {
        bool in_tail = step->in_used == step->in_size;
        size_t left = !in_tail ? step->in_size - step->in_used : last ? TAIL_SIZE - i->tail_used : 0;
        if (left == 0 && !i->pending)
            break;
        if (step->out_made == step->out_size)
            return WS_CODEC_MORE_ROOM;
        const uint8_t *in = in_tail ? tail + i->tail_used : step->in + step->in_used;
        size_t used = inflate_some(i, in, left, step);
        if (in_tail)
            i->tail_used += used;
        else
            step->in_used += used;
    }
    if (i->fault != WS_INFLATE_FINE)
        return WS_CODEC_CORRUPT;
    if (last)
        end_message(i);
    return WS_CODEC_OK;
}

bool ws_inflater_truncated(const struct ws_inflater *i)
{
    return i->truncated;
}

enum ws_inflate_fault ws_inflater_fault(const struct ws_inflater *i)
{
    return i->fault;
}
