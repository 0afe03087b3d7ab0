/* A second opinion on RFC 6455 section 5.2: the whole stream at once, field by
 * field as the section's picture has them, one byte of payload after the other. */
#ifndef PLAIN_FRAME_H
#define PLAIN_FRAME_H

#include "fuzz.h"

#include "wire/frame.h"

#define PLAIN_FRAMES_MAX 8192u /* and bytes of a stream */

struct plain_frame {
    struct ws_frame_head head;
    size_t at;     /* of its first byte in the stream */
    uint64_t kept; /* bytes of payload that were there */
};
struct plain_stream {
    struct plain_frame frames[PLAIN_FRAMES_MAX];
    size_t count;
    uint8_t *payload; /* of all frames, joined and unmasked; the caller frees it */
    size_t payload_size;
    bool idle;        /* the stream ends between frames */
};

static inline uint64_t plain_number(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

static inline uint16_t plain_faults(const struct ws_frame_head *head, enum ws_role receiver)
{
    const uint64_t n = head->payload_length;
    const bool control = head->opcode >= 8, reserved = (head->opcode & 7) > 2;
    const bool shorter = (head->length_form == 16 && n < 126) || (head->length_form == 64 && n < 65536);
    return (uint16_t)((reserved ? WS_FAULT_RESERVED_OPCODE : 0) | (head->rsv ? WS_FAULT_RSV : 0) |
                      (shorter ? WS_FAULT_NON_MINIMAL : 0) | (n >> 63 ? WS_FAULT_LENGTH_TOP_BIT : 0) |
                      (control && !head->fin ? WS_FAULT_CONTROL_FRAGMENTED : 0) |
                      (control && n > 125 ? WS_FAULT_CONTROL_TOO_LONG : 0) |
                      (head->masked && receiver == WS_CLIENT ? WS_FAULT_MASKED : 0) |
                      (!head->masked && receiver == WS_SERVER ? WS_FAULT_UNMASKED : 0));
}

/* The head at bytes[0 .. size); false when it is not all there. */
static inline bool plain_head(struct ws_frame_head *head, enum ws_role receiver, const uint8_t *bytes, size_t size)
{
    memset(head, 0, sizeof *head);
    if (size < 2)
        return false;
    head->fin = bytes[0] >> 7;
    head->rsv = bytes[0] >> 4 & 7;
    head->opcode = bytes[0] & 15;
    head->masked = bytes[1] >> 7;
    const uint8_t seven = bytes[1] & 127;
    const size_t extended = seven == 127 ? 8 : seven == 126 ? 2 : 0;
    head->length_form = (uint8_t)(extended ? 8 * extended : 7);
    head->head_length = (uint8_t)(2 + extended + (head->masked ? 4 : 0));
    if (size < head->head_length)
        return false;
    head->payload_length = extended ? plain_number(bytes + 2, extended) : seven;
    if (head->masked)
        memcpy(head->masking_key, bytes + 2 + extended, 4);
    head->faults = plain_faults(head, receiver);
    return true;
}

/* Field by field: a head has padding. */
static inline bool plain_same(const struct ws_frame_head *a, const struct ws_frame_head *b)
{
    return a->payload_length == b->payload_length && a->faults == b->faults && a->opcode == b->opcode &&
           a->rsv == b->rsv && a->fin == b->fin && a->masked == b->masked && a->head_length == b->head_length &&
           a->length_form == b->length_form && memcmp(a->masking_key, b->masking_key, 4) == 0;
}

static inline void plain_read(struct plain_stream *s, enum ws_role receiver, const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    struct ws_frame_head head;
    s->count = s->payload_size = 0;
    s->payload = fuzz_copy(bytes, size);
    s->idle = true;
    while (at < size) {
        s->idle = false;
        if (!plain_head(&head, receiver, bytes + at, size - at))
            return;
        struct plain_frame *frame = &s->frames[s->count++];
        *frame = (struct plain_frame){.head = head, .at = at};
        for (at += head.head_length; frame->kept < head.payload_length && at < size; frame->kept++, at++)
            s->payload[s->payload_size++] = bytes[at] ^ head.masking_key[frame->kept % 4];
        s->idle = frame->kept == head.payload_length;
    }
}

#endif
