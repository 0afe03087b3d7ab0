/* RFC 6455 section 5.2: frames, both ways. Decodes everything that can be
 * represented and refuses nothing: what is wrong with a frame is a fault bit
 * for the judge. No I/O, no clock, no randomness, no allocation. */
#ifndef WS_FRAME_H
#define WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_role { WS_SERVER, WS_CLIENT };

enum ws_opcode {
    WS_CONTINUATION = 0x0,
    WS_TEXT = 0x1,
    WS_BINARY = 0x2,
    WS_CLOSE = 0x8,
    WS_PING = 0x9,
    WS_PONG = 0xA,
};

/* How the payload length stands on the wire. */
enum ws_length_form {
    WS_LENGTH_MINIMAL = 0, /* writing only: the shortest that holds the length */
    WS_LENGTH_7 = 7,
    WS_LENGTH_16 = 16,
    WS_LENGTH_64 = 64,
};

/* What is wrong with a head seen alone; several may be set. RSV and mask are
 * judged against what was negotiated and the receiver's role, not here. */
enum ws_frame_fault {
    WS_FAULT_RESERVED_OPCODE = 1u << 0,      /* 3-7, 11-15 */
    WS_FAULT_RSV = 1u << 1,                  /* any of the three bits; legal only by extension */
    WS_FAULT_NON_MINIMAL = 1u << 2,          /* length not in its shortest form */
    WS_FAULT_LENGTH_TOP_BIT = 1u << 3,       /* 64-bit length with the most significant bit */
    WS_FAULT_CONTROL_FRAGMENTED = 1u << 4,   /* control frame with FIN clear */
    WS_FAULT_CONTROL_TOO_LONG = 1u << 5,     /* control frame over 125 bytes */
    WS_FAULT_MASKED = 1u << 6,               /* masked, though it comes from a server */
    WS_FAULT_UNMASKED = 1u << 7,             /* not masked, though it comes from a client */
};

#define WS_FRAME_HEAD_MAX 14u /* bytes */

struct ws_frame_head {
    uint64_t payload_length; /* bytes, as claimed; up to 2^64-1 */
    uint16_t faults;         /* enum ws_frame_fault bits */
    uint8_t opcode;          /* 0 .. 15 */
    uint8_t rsv;             /* 0 .. 7; 4 is RSV1, 2 RSV2, 1 RSV3 */
    uint8_t fin;             /* 0 or 1 */
    uint8_t masked;          /* 0 or 1 */
    uint8_t head_length;     /* bytes, 2 .. 14 */
    uint8_t length_form;     /* enum ws_length_form: 7, 16 or 64 */
    uint8_t masking_key[4];  /* zero when not masked */
};

/* A frame, or as much of it as one call saw. The parts of one frame come in
 * order; the first has offset 0, the last has `ends` set. */
struct ws_frame_part {
    struct ws_frame_head head;
    uint8_t *payload; /* into the caller's buffer, already unmasked in place */
    size_t length;    /* bytes at payload */
    uint64_t offset;  /* of these bytes within the frame's payload */
    uint8_t begins;   /* first part of its frame */
    uint8_t ends;     /* last part of its frame */
    uint8_t ascii;    /* text or a continuation, masked, and no byte has its high bit set; else 0:
                       * such a part needs no ws_utf8_feed() between characters */
};

struct ws_frame_parser {
    struct ws_frame_head head; /* of the frame under way */
    uint64_t payload_done;     /* bytes of its payload already handed out */
    uint8_t pending[WS_FRAME_HEAD_MAX]; /* head bytes of an unfinished head */
    uint8_t pending_size;
    uint8_t in_payload;
    uint8_t receiver;          /* enum ws_role */
};

/* `receiver`: who reads these bytes. A server receives masked frames. */
void ws_frame_parser_init(struct ws_frame_parser *parser, enum ws_role receiver);

/* Parses data[0 .. size), unmasks payload in place, writes at most `capacity`
 * (>= 1) parts and their number to *count. Returns the bytes consumed: all of
 * them unless the parts ran out; call again with the rest. Bytes of an
 * unfinished head are consumed and kept. A payload part is handed out as soon
 * as a byte of it is there; a head whose payload has not begun is handed out
 * at once as an empty part (begins set, ends clear), so that a receiver can
 * refuse early. Concatenated, the parts are the same for any split of the
 * input (but for where the payload is cut). */
size_t ws_frame_parse(struct ws_frame_parser *parser, uint8_t *data, size_t size,
                      struct ws_frame_part *parts, size_t capacity, size_t *count);

/* True between frames: nothing of a next frame has been seen. */
bool ws_frame_parser_idle(const struct ws_frame_parser *parser);

/* Writes the head as it is described, legal or not: opcode, rsv, fin, masked,
 * masking_key, payload_length and length_form are used, the rest ignored. A
 * length that does not fit its form is written modulo the form's range (form 7:
 * the low 7 bits). Returns its bytes, 2 .. 14. The payload is the caller's:
 * ws_mask() it when masked. */
size_t ws_frame_head_write(const struct ws_frame_head *head, uint8_t out[WS_FRAME_HEAD_MAX]);

/* The usual frame: fin, minimal length, no rsv. key NULL: unmasked. */
struct ws_frame_head ws_frame_head_make(enum ws_opcode opcode, uint64_t payload_length,
                                        const uint8_t *key);

/* "text", "ping", "reserved 11" ...; never NULL. */
const char *ws_opcode_name(unsigned opcode);

static inline bool ws_opcode_is_control(unsigned opcode) { return (opcode & 8u) != 0; }

#endif
