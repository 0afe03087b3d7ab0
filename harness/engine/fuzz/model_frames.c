/* See model.h: the bytes of a move. */
#include "engine/fuzz/model.h"

#include "wire/mask.h"

#include <string.h>

static bool pack(struct model *m, const uint8_t *bytes, size_t size, enum ws_piece_end end, struct buf *out)
{
    struct ws_codec_step step = {.in = bytes, .in_size = size};
    enum ws_codec_status status;
    do {
        if (!buf_reserve(out, 4096))
            return false;
        step.out = out->data + out->size;
        step.out_size = 4096;
        status = ws_deflater_step(m->deflater, &step, end);
        step.in += step.in_used;
        step.in_size -= step.in_used;
        out->size += step.out_made;
    } while (status == WS_CODEC_MORE_ROOM);
    return status == WS_CODEC_OK;
}

static bool frame_bytes(struct model *m, const struct move *move, uint8_t opcode, uint8_t rsv, bool more,
                        const uint8_t *payload, size_t size, struct buf *out)
{
    struct buf packed;
    bool fine = true;
    buf_init(&packed, SESSION_BYTES_MAX);
    if (move->compress) {
        fine = pack(m, payload, size, more ? WS_PIECE_FLUSH : WS_PIECE_LAST, &packed);
        payload = packed.data;
        size = packed.size;
        rsv |= opcode == WS_CONTINUATION ? 0u : 4u;
    }
    struct ws_frame_head head = {
        .opcode = opcode, .fin = !more, .rsv = rsv, .length_form = move->long_length,
        .masked = move->mask != SESSION_MASK_NONE, .payload_length = move->claim ? move->length : size,
    };
    if (move->mask == SESSION_MASK_KEY)
        memcpy(head.masking_key, move->key, sizeof head.masking_key);
    else if (head.masked)
        prng_fill(&m->masks, head.masking_key, sizeof head.masking_key);
    uint8_t head_bytes[WS_FRAME_HEAD_MAX];
    size_t head_size = ws_frame_head_write(&head, head_bytes), start = out->size;
    fine = fine && buf_append(out, head_bytes, head_size) && buf_append(out, payload, size);
    if (fine && head.masked)
        ws_mask(out->data + start + head_size, size, head.masking_key, 0);
    if (fine && move->cut_set && move->cut < out->size - start)
        out->size = start + move->cut;
    buf_free(&packed);
    return fine;
}

bool model_frames(struct model *m, const struct move *move, struct buf *out)
{
    struct buf body;
    buf_init(&body, SESSION_BYTES_MAX + 2u);
    if (move->kind == MOVE_CLOSE && move->code_set) {
        buf_append_byte(&body, (uint8_t)(move->code >> 8));
        buf_append_byte(&body, (uint8_t)move->code);
    }
    buf_append(&body, move->bytes, move->size);
    uint8_t opcode = move->opcode_set ? move->opcode : move_opcode(move->kind), rsv = move->rsv;
    bool fine = !body.failed;
    size_t at = 0;
    do {
        size_t left = body.size - at, piece = move->fragment != 0 && move->fragment < left ? move->fragment : left;
        const uint8_t *payload = body.data == NULL ? NULL : body.data + at;
        fine = fine && frame_bytes(m, move, opcode, rsv, move->more || at + piece < body.size, payload, piece, out);
        opcode = WS_CONTINUATION;
        rsv = 0;
        at += piece;
    } while (fine && at < body.size);
    buf_free(&body);
    return fine;
}
