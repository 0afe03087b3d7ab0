/* The writing half of an endpoint: frames as they are ordered, right or wrong. */
#include "engine/endpoint_state.h"

#include "wire/mask.h"

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

/* Appends the payload, compressed; `last`: the message ends with it. */
static bool deflate_payload(struct ws_deflater *deflater, const struct frame_order *order, struct buf *out)
{
    enum { PIECE = 16384 };
    struct ws_codec_step step = {.in = order->payload, .in_size = order->size, .out_size = PIECE};
    enum ws_codec_status status;

    do {
        if (!buf_reserve(out, PIECE))
            return false;
        step.out = out->data + out->size;
        status = ws_deflater_step(deflater, &step, !order->more);
        step.in += step.in_used;
        step.in_size -= step.in_used;
        out->size += step.out_made;
    } while (status == WS_CODEC_MORE_ROOM);
    return status == WS_CODEC_OK;
}

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

bool endpoint_frame_bytes(struct endpoint *e, const struct frame_order *order, struct buf *out)
{
    struct ws_frame_head head = {
        .opcode = order->opcode,
        .fin = !order->more,
        .rsv = order->rsv,
        .length_form = (uint8_t)order->form,
    };
    const uint8_t *payload = order->payload;
    size_t size = order->size, start = out->size;
    uint8_t head_bytes[WS_FRAME_HEAD_MAX];
    struct buf packed;
    bool whole = true;

    buf_init(&packed, 0);
    if (order->compress) {
        whole = e->deflater != NULL && deflate_payload(e->deflater, order, &packed);
        payload = packed.data;
        size = packed.size;
        if (order->opcode != WS_CONTINUATION && !order->rsv1_off)
            head.rsv |= 4u;
    }
    head.payload_length = order->claim ? order->claimed_length : size;
    choose_mask(e, order, &head);
    if (order->claim)
        note_unfinished(e, &head, size);
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
