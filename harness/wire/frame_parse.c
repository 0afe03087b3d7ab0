/* RFC 6455 section 5.2: the frame parser, resumable at any byte. A head that
 * lies whole in the caller's buffer is read there; one that is cut is gathered
 * in the parser first. Nothing is refused: what is wrong becomes a fault bit. */
#include "frame.h"
#include "mask.h"

#include <string.h>

static uint64_t get_big_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static size_t head_length(uint8_t second)
{
    size_t form = second & 0x7fu;
    return 2u + (form == 126 ? 2u : form == 127 ? 8u : 0u) + (second >> 7) * 4u;
}

static unsigned fault_if(bool broken, unsigned fault)
{
    return broken ? fault : 0;
}

static uint16_t head_faults(const struct ws_frame_head *head, uint8_t receiver)
{
    bool control = ws_opcode_is_control(head->opcode);
    uint64_t length = head->payload_length;
    unsigned faults = 0;

    faults |= fault_if(0xf8f8u >> head->opcode & 1u, WS_FAULT_RESERVED_OPCODE);
    faults |= fault_if(head->rsv != 0, WS_FAULT_RSV);
    faults |= fault_if(head->length_form == WS_LENGTH_16 && length < 126, WS_FAULT_NON_MINIMAL);
    faults |= fault_if(head->length_form == WS_LENGTH_64 && length <= 0xffff, WS_FAULT_NON_MINIMAL);
    faults |= fault_if(length >> 63, WS_FAULT_LENGTH_TOP_BIT);
    faults |= fault_if(control && !head->fin, WS_FAULT_CONTROL_FRAGMENTED);
    faults |= fault_if(control && length > 125, WS_FAULT_CONTROL_TOO_LONG);
    faults |= fault_if(head->masked && receiver == WS_CLIENT, WS_FAULT_MASKED);
    faults |= fault_if(!head->masked && receiver == WS_SERVER, WS_FAULT_UNMASKED);
    return (uint16_t)faults;
}

/* bytes: a whole head. */
static struct ws_frame_head head_read(const uint8_t *bytes, uint8_t receiver)
{
    size_t form = bytes[1] & 0x7fu;
    struct ws_frame_head head = {
        .payload_length = form,
        .opcode = bytes[0] & 15u,
        .rsv = bytes[0] >> 4 & 7u,
        .fin = bytes[0] >> 7,
        .masked = bytes[1] >> 7,
        .head_length = (uint8_t)head_length(bytes[1]),
        .length_form = WS_LENGTH_7,
    };

    if (form == 126) {
        head.length_form = WS_LENGTH_16;
        head.payload_length = get_big_endian(bytes + 2, 2);
    } else if (form == 127) {
        head.length_form = WS_LENGTH_64;
        head.payload_length = get_big_endian(bytes + 2, 8);
    }
    if (head.masked)
        memcpy(head.masking_key, bytes + head.head_length - 4, 4);
    head.faults = head_faults(&head, receiver);
    return head;
}

/* Moves head bytes into `pending` until it holds a whole head; returns how many. */
static size_t head_gather(struct ws_frame_parser *parser, const uint8_t *data, size_t size,
                          bool *whole)
{
    size_t at = 0;

    *whole = false;
    while (at < size && !*whole) {
        parser->pending[parser->pending_size++] = data[at++];
        *whole = parser->pending_size >= 2 && parser->pending_size == head_length(parser->pending[1]);
    }
    return at;
}

/* Hands out what there is of the payload under way. */
static size_t payload_take(struct ws_frame_parser *parser, uint8_t *data, size_t size,
                           bool begins, struct ws_frame_part *part)
{
    uint64_t left = parser->head.payload_length - parser->payload_done;
    size_t length = left < size ? (size_t)left : size;

    if (parser->head.masked)
        ws_mask(data, length, parser->head.masking_key, parser->payload_done);
    *part = (struct ws_frame_part){
        .head = parser->head,
        .payload = data,
        .length = length,
        .offset = parser->payload_done,
        .begins = begins,
        .ends = length == left,
    };
    parser->payload_done += length;
    parser->in_payload = !part->ends;
    return length;
}

size_t ws_frame_parse(struct ws_frame_parser *parser, uint8_t *data, size_t size,
                      struct ws_frame_part *parts, size_t capacity, size_t *count)
{
    size_t at = 0, made = 0;

    while (at < size && made < capacity) {
        bool begins = !parser->in_payload;
        if (begins) {
            bool whole;
            at += head_gather(parser, data + at, size - at, &whole);
            if (!whole)
                break;
            parser->head = head_read(parser->pending, parser->receiver);
            parser->payload_done = 0;
            parser->pending_size = 0;
        }
        at += payload_take(parser, data + at, size - at, begins, &parts[made++]);
    }
    *count = made;
    return at;
}
