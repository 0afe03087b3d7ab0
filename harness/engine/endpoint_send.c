/* The writing half of an endpoint: frames as they are ordered, right or wrong. */
#include "engine/endpoint_state.h"

#include "wire/mask.h"

#include <stdlib.h>
#include <string.h>

void endpoint_push(struct endpoint *e, const void *bytes, size_t size)
{
    if (e->released)
        return;
    if (e->config.trace != NULL)
        trace_sent(e->config.trace, bytes, size);
    layer_write(e->layer, bytes, size);
}

static void trace_raw(struct endpoint *e, const void *bytes, size_t size)
{
    endpoint_trace(e, (struct trace_event){
                          .kind = e->judge == NULL ? TRACE_HEAD : TRACE_RAW,
                          .ours = true,
                          .bytes = bytes,
                          .size = size,
                          .whole = size,
                      });
}

void endpoint_write(struct endpoint *e, const void *bytes, size_t size)
{
    trace_raw(e, bytes, size);
    endpoint_push(e, bytes, size);
}

static bool deflate_bytes(struct ws_deflater *deflater, const uint8_t *bytes, size_t size, bool last, struct buf *out)
{
    enum { PIECE = 16384 };
    enum ws_piece_end end = last ? WS_PIECE_LAST : WS_PIECE_FLUSH;
    struct ws_codec_step step = {.in = bytes, .in_size = size, .out_size = PIECE};
    enum ws_codec_status status;

    do {
        if (!buf_reserve(out, PIECE))
            return false;
        step.out = out->data + out->size;
        status = ws_deflater_step(deflater, &step, end);
        step.in += step.in_used;
        step.in_size -= step.in_used;
        out->size += step.out_made;
    } while (status == WS_CODEC_MORE_ROOM);
    return status == WS_CODEC_OK;
}

/* ---- what was packed before, for messages that are packed each by itself ---- */

#define PACKED_LEAST 1024u /* shorter ones are packed as fast as found */

struct packed {
    struct packed *next;
    uint64_t hash; /* of what it is, unpacked */
    size_t plain, size;
    uint8_t bytes[];
};

static const struct packed *packed_find(const struct endpoint *e, uint64_t hash, size_t plain)
{
    const struct packed *p = e->packed;
    while (p != NULL && (p->hash != hash || p->plain != plain))
        p = p->next;
    return p;
}

static void packed_keep(struct endpoint *e, uint64_t hash, size_t plain, const uint8_t *bytes, size_t size)
{
    bool room = e->packed_bytes + size + sizeof(struct packed) <= ENDPOINT_PACKED_MAX;
    struct packed *p = room ? malloc(sizeof *p + size) : NULL;
    if (p == NULL)
        return;
    *p = (struct packed){.next = e->packed, .hash = hash, .plain = plain, .size = size};
    memcpy(p->bytes, bytes, size);
    e->packed = p;
    e->packed_bytes += size + sizeof *p;
}

void endpoint_forget_packed(struct endpoint *e)
{
    while (e->packed != NULL) {
        struct packed *p = e->packed;
        e->packed = p->next;
        free(p);
    }
}

bool endpoint_pack(struct endpoint *e, const uint8_t *bytes, size_t size, bool last, struct buf *out)
{
    bool alone = last && !e->packing && !e->takeover && e->config.keep_packed && size >= PACKED_LEAST;
    uint64_t hash = alone ? hash_of(bytes, size) : 0;
    const struct packed *known = alone ? packed_find(e, hash, size) : NULL;
    size_t begin = out->size;
    if (e->deflater == NULL)
        return false;
    if (known != NULL)
        return buf_append(out, known->bytes, known->size);
    e->packing = !last;
    if (!deflate_bytes(e->deflater, bytes, size, last, out))
        return false;
    if (alone)
        packed_keep(e, hash, size, out->data + begin, out->size - begin);
    return true;
}

/* ---- frames ---- */

static void choose_mask(struct endpoint *e, const struct frame_order *order, struct ws_frame_head *head)
{
    head->masked = order->mask == MASK_KEY || (order->mask == MASK_BY_ROLE && e->config.role == WS_CLIENT);
    if (order->mask == MASK_KEY)
        memcpy(head->masking_key, order->key, sizeof head->masking_key);
    else if (head->masked)
        prng_fill(&e->mask, head->masking_key, sizeof head->masking_key);
}

static void trace_frame(struct endpoint *e, const struct ws_frame_head *head, const uint8_t *payload, size_t size)
{
    endpoint_trace(e, (struct trace_event){
                          .kind = TRACE_FRAME,
                          .ours = true,
                          .head = *head,
                          .bytes = payload,
                          .size = size,
                          .whole = size,
                      });
}

static void note_unfinished(struct endpoint *e, const struct ws_frame_head *head, size_t sent)
{
    e->unfinished.masked = head->masked;
    memcpy(e->unfinished.key, head->masking_key, sizeof e->unfinished.key);
    e->unfinished.sent = sent;
    e->unfinished.claimed = head->payload_length;
}

bool endpoint_go_on(struct endpoint *e, uint8_t *bytes, size_t size)
{
    if (e->unfinished.masked)
        ws_mask(bytes, size, e->unfinished.key, e->unfinished.sent);
    e->unfinished.sent += size;
    return e->unfinished.sent == e->unfinished.claimed;
}

/* Cuts the frame that begins at `start`; what is left is traced as bytes. */
static void cut_frame(struct endpoint *e, const struct frame_order *order, struct buf *out, size_t start)
{
    if (order->cut < out->size - start)
        out->size = start + order->cut;
    trace_raw(e, out->data + start, out->size - start);
}

static struct ws_frame_head head_of(struct endpoint *e, const struct frame_order *order, size_t size)
{
    struct ws_frame_head head = {
        .opcode = order->opcode,
        .fin = !order->more,
        .rsv = order->rsv,
        .length_form = (uint8_t)order->form,
        .payload_length = order->claim ? order->claimed_length : size,
    };
    if (order->compress && order->opcode != WS_CONTINUATION && !order->rsv1_off)
        head.rsv |= 4u;
    choose_mask(e, order, &head);
    if (order->claim)
        note_unfinished(e, &head, size);
    return head;
}

size_t endpoint_frame_in_place(struct endpoint *e, const struct frame_order *order, uint8_t *payload)
{
    struct ws_frame_head head = head_of(e, order, order->size);
    uint8_t head_bytes[WS_FRAME_HEAD_MAX];
    size_t size = ws_frame_head_write(&head, head_bytes);

    head.head_length = (uint8_t)size;
    trace_frame(e, &head, payload, order->size);
    memcpy(payload - size, head_bytes, size);
    if (head.masked)
        ws_mask(payload, order->size, head.masking_key, 0);
    return size;
}

bool endpoint_frame_bytes(struct endpoint *e, const struct frame_order *order, struct buf *out)
{
    const uint8_t *payload = order->payload;
    size_t size = order->size, start = out->size;
    uint8_t head_bytes[WS_FRAME_HEAD_MAX];
    struct buf packed;
    bool whole = true;

    buf_init(&packed, 0);
    if (order->compress) {
        whole = endpoint_pack(e, order->payload, order->size, !order->more, &packed);
        payload = packed.data;
        size = packed.size;
    }
    struct ws_frame_head head = head_of(e, order, size);
    head.head_length = (uint8_t)ws_frame_head_write(&head, head_bytes);
    whole = whole && buf_append(out, head_bytes, head.head_length) && buf_append(out, payload, size);
    if (whole && head.masked)
        ws_mask(out->data + start + head.head_length, size, head.masking_key, 0);
    if (whole && order->cut_set)
        cut_frame(e, order, out, start);
    else if (whole)
        trace_frame(e, &head, payload, size);
    buf_free(&packed);
    return whole;
}

bool endpoint_send(struct endpoint *e, const struct frame_order *order)
{
    struct buf bytes;

    buf_init(&bytes, 0);
    bool made = endpoint_frame_bytes(e, order, &bytes);
    size_t chunk = order->chunk != 0 ? order->chunk : bytes.size;
    for (size_t at = 0; made && at < bytes.size; at += chunk)
        endpoint_push(e, bytes.data + at, bytes.size - at < chunk ? bytes.size - at : chunk);
    buf_free(&bytes);
    return made;
}

bool endpoint_send_message(struct endpoint *e, enum ws_opcode opcode, const void *bytes, size_t size,
                           bool compress)
{
    return endpoint_send(e, &(struct frame_order){
                                .opcode = (uint8_t)opcode,
                                .compress = compress,
                                .payload = bytes,
                                .size = size,
                            });
}

bool endpoint_send_close(struct endpoint *e, uint16_t code, const char *reason)
{
    uint8_t body[125] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t size = reason != NULL ? strnlen(reason, sizeof body - 2) : 0;

    memcpy(body + 2, reason != NULL ? reason : "", size);
    return endpoint_send_control(e, WS_CLOSE, body, code != 0 ? 2 + size : 0);
}

bool endpoint_send_control(struct endpoint *e, enum ws_opcode opcode, const void *bytes, size_t size)
{
    return endpoint_send_message(e, opcode, bytes, size, false);
}
