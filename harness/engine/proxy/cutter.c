/* See cutter.h. */
#include "engine/proxy/cutter.h"

#include <string.h>

/* RFC 6455 section 5.2: what the second byte says of the head's length. */
static size_t head_length(uint8_t second)
{
    uint8_t length = second & 0x7fu;
    return 2u + (length == 126 ? 2u : length == 127 ? 8u : 0u) + ((second & 0x80u) != 0 ? 4u : 0u);
}

/* The library reads the head, from a copy. */
static void decode(struct frame_cutter *cutter, const uint8_t *bytes, size_t size)
{
    uint8_t copy[WS_FRAME_HEAD_MAX];
    struct ws_frame_parser parser;
    struct ws_frame_part part;
    size_t count;
    memcpy(copy, bytes, size);
    ws_frame_parser_init(&parser, WS_SERVER); /* masked or not is not our business */
    ws_frame_parse(&parser, copy, size, &part, 1, &count);
    cutter->head = part.head;
    cutter->left = part.head.payload_length;
    cutter->in_payload = cutter->left != 0;
}

static size_t next_head(struct frame_cutter *cutter, const uint8_t *bytes, size_t size, struct frame_bit *bit)
{
    size_t have = cutter->pending_size;
    if (have == 0 && size >= 2 && size >= head_length(bytes[1])) {
        bit->size = head_length(bytes[1]);
        bit->bytes = bytes;
        decode(cutter, bytes, bit->size);
        bit->ends = !cutter->in_payload;
        return bit->size;
    }
    size_t used = 0;
    while (used < size && (have < 2 || have < head_length(cutter->pending[1])))
        cutter->pending[have++] = bytes[used++];
    cutter->pending_size = (uint8_t)have;
    if (have < 2 || have < head_length(cutter->pending[1])) {
        bit->begins = false;
        return used;
    }
    bit->bytes = cutter->pending;
    bit->size = have;
    decode(cutter, cutter->pending, have);
    bit->ends = !cutter->in_payload;
    cutter->pending_size = 0;
    return used;
}

size_t frame_cutter_next(struct frame_cutter *cutter, const uint8_t *bytes, size_t size, struct frame_bit *bit)
{
    *bit = (struct frame_bit){.bytes = bytes, .begins = !cutter->in_payload};
    if (!cutter->in_payload)
        return next_head(cutter, bytes, size, bit);
    bit->size = cutter->left < size ? (size_t)cutter->left : size;
    bit->offset = cutter->head.payload_length - cutter->left;
    cutter->left -= bit->size;
    cutter->in_payload = cutter->left != 0;
    bit->ends = !cutter->in_payload;
    return bit->size;
}
