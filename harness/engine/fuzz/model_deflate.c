/* See model.h: what is certain of a compressed message, whatever was agreed and
 * whoever inflates it (RFC 7692 7.2). */
#include "engine/fuzz/model.h"

#include "wire/extension.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static enum ws_codec_status inflate_alone(const struct move *move, bool last)
{
    struct ws_inflater *inflater = ws_inflater_new(15, false);
    uint8_t out[1024];
    struct ws_codec_step step = {.in = move->bytes, .in_size = move->size, .out = out, .out_size = sizeof out};
    enum ws_codec_status status = inflater == NULL ? WS_CODEC_MORE_ROOM : ws_inflater_step(inflater, &step, last);
    ws_inflater_free(inflater);
    return status;
}

/* Bytes that are no DEFLATE for any reader: in one frame, without the help of the tail that is added to them, and
 * not behind a final block, where many stop to read. What is cut within a block is each reader's own affair. */
bool deflate_is_surely_corrupt(const struct move *move)
{
    bool whole = (move->kind == MOVE_TEXT || move->kind == MOVE_BINARY) && !move->more && !move->compress;
    return whole && move->size != 0 && (move->bytes[0] & 1u) == 0 && inflate_alone(move, false) == WS_CODEC_CORRUPT;
}

/* A final block ends a stream but not the message (RFC 7692 7.2.3.4). What stands behind it is read as a new stream
 * by some and thrown away by others: certain is only nothing, or the one empty block of that section's example. */
static bool ends_plainly(const struct move *move)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)move->bytes, .avail_in = (uInt)move->size};
    uint8_t out[1024];
    if (inflateInit2(&z, -15) != Z_OK)
        return false;
    int status = Z_OK;
    while (status == Z_OK && z.avail_in != 0) {
        z.next_out = out;
        z.avail_out = sizeof out;
        status = inflate(&z, Z_NO_FLUSH);
    }
    bool plain = status != Z_STREAM_END || z.avail_in == 0 || (z.avail_in == 1 && *z.next_in == 0);
    inflateEnd(&z);
    return plain;
}

/* Does it refer to nothing before it? */
static bool stands_alone(const struct move *move)
{
    return inflate_alone(move, true) == WS_CODEC_OK;
}

/* Whose window is it? What refers back is only certain within one message, whatever was negotiated: by hand
 * behind something compressed only what never does; by our compressor behind that, nothing. */
bool deflate_window_is_known(const struct model *m, const struct move *move)
{
    bool by_hand = m->deflater != NULL && !move->compress && (move->rsv & 4u) != 0 && move_is_data(move->kind);
    if (by_hand && move->more)
        return false; /* where its blocks end shows only when all of it is together */
    if (move->compress)
        return !m->packed_by_hand;
    bool first = !m->packed_by_us && !m->packed_by_hand;
    return !by_hand || (ends_plainly(move) && (first || stands_alone(move)));
}

/* By RFC 7692 7: known parameters, each once, each with the value that it has to have. */
bool deflate_offer_is_valid(const char *params)
{
    char offer[256];
    struct ws_deflate_params read;
    struct ws_extension_list *list = calloc(1, sizeof *list);
    int size = snprintf(offer, sizeof offer, "permessage-deflate%s%s", params[0] == 0 ? "" : "; ", params);
    bool valid = list != NULL && size < (int)sizeof offer &&
                 ws_extension_parse(list, (struct ws_span){offer, (size_t)size}).broken == WS_EXTENSION_FINE &&
                 list->count == 1 && ws_deflate_offer_break(&list->items[0], &read) == WS_DEFLATE_FINE;
    free(list);
    return valid;
}
