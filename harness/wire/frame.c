/* RFC 6455 section 5.2: writing of frame heads, and the parser's small change.
 * The parse loop itself is in frame_parse.inc. */
#include "frame.h"

#include "simd.h"

#include <string.h>

void ws_frame_parser_init(struct ws_frame_parser *parser, enum ws_role receiver)
{
    *parser = (struct ws_frame_parser){.receiver = (uint8_t)receiver};
}

bool ws_frame_parser_idle(const struct ws_frame_parser *parser)
{
    return !parser->in_payload && parser->pending_size == 0;
}

size_t ws_frame_parse(struct ws_frame_parser *parser, uint8_t *data, size_t size,
                      struct ws_frame_part *parts, size_t capacity, size_t *count)
{
    return ws_simd()->frame_parse(parser, data, size, parts, capacity, count);
}

static uint8_t minimal_form(uint64_t length)
{
    return length < 126 ? WS_LENGTH_7 : length <= 0xffff ? WS_LENGTH_16 : WS_LENGTH_64;
}

static size_t put_big_endian(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    return bytes;
}

size_t ws_frame_head_write(const struct ws_frame_head *head, uint8_t out[WS_FRAME_HEAD_MAX])
{
    uint8_t form = head->length_form;
    if (form == WS_LENGTH_MINIMAL)
        form = minimal_form(head->payload_length);
    unsigned short_length = form == WS_LENGTH_64   ? 127u
                            : form == WS_LENGTH_16 ? 126u
                                                   : (unsigned)head->payload_length & 0x7fu;
    size_t at = 2;

    out[0] = (uint8_t)((head->fin ? 0x80u : 0u) | (head->rsv & 7u) << 4 | (head->opcode & 15u));
    out[1] = (uint8_t)((head->masked ? 0x80u : 0u) | short_length);
    if (form == WS_LENGTH_16)
        at += put_big_endian(out + at, head->payload_length, 2);
    else if (form == WS_LENGTH_64)
        at += put_big_endian(out + at, head->payload_length, 8);
    if (head->masked) {
        memcpy(out + at, head->masking_key, 4);
        at += 4;
    }
    return at;
}

struct ws_frame_head ws_frame_head_make(enum ws_opcode opcode, uint64_t payload_length,
                                        const uint8_t *key)
{
    struct ws_frame_head head = {
        .payload_length = payload_length,
        .opcode = (uint8_t)opcode,
        .fin = 1,
        .masked = key != NULL,
        .length_form = minimal_form(payload_length),
    };

    head.head_length = (uint8_t)(2u + (head.length_form == WS_LENGTH_16   ? 2u
                                       : head.length_form == WS_LENGTH_64 ? 8u
                                                                          : 0u) +
                                 (key ? 4u : 0u));
    if (key)
        memcpy(head.masking_key, key, 4);
    return head;
}

const char *ws_opcode_name(unsigned opcode)
{
    static const char *const names[16] = {
        "continuation", "text",        "binary",      "reserved 3",  "reserved 4",  "reserved 5",
        "reserved 6",   "reserved 7",  "close",       "ping",        "pong",        "reserved 11",
        "reserved 12",  "reserved 13", "reserved 14", "reserved 15",
    };
    return opcode < 16 ? names[opcode] : "not an opcode";
}
