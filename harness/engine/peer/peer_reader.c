/* How a peer with a defect in its reading takes in frames: they are parsed,
 * changed into what it believes to have read, and written again for the judge. */
#include "engine/peer/peer_conn.h"

#include "wire/mask.h"

#include <string.h>

void peer_reader_init(struct peer_conn *conn)
{
    ws_frame_parser_init(&conn->memory.parser, conn->role);
}

static void read_begin(struct peer_conn *conn, const struct ws_frame_head *head, struct buf *out)
{
    struct peer_memory *memory = &conn->memory;
    struct read_frame *frame = &memory->reading;
    uint8_t bytes[WS_FRAME_HEAD_MAX];

    *frame = (struct read_frame){.head = *head, .keep = UINT64_MAX};
    if (memory->frames++ == 0)
        memcpy(memory->key, head->masking_key, sizeof memory->key);
    if (conn->hooks->read_head != NULL)
        conn->hooks->read_head(conn, frame);
    if (head->opcode == WS_TEXT || head->opcode == WS_BINARY)
        memory->started = head->opcode;
    if (!ws_opcode_is_control(frame->head.opcode) && !frame->dropped)
        memory->in_message = !frame->head.fin;
    if (!frame->dropped)
        buf_append(out, bytes, ws_frame_head_write(&frame->head, bytes));
}

/* The payload goes on masked as it came. */
static void read_payload(struct peer_conn *conn, const struct ws_frame_part *part, struct buf *out)
{
    const struct read_frame *frame = &conn->memory.reading;
    uint64_t room = part->offset < frame->keep ? frame->keep - part->offset : 0;
    size_t size = part->length < room ? part->length : (size_t)room;

    if (conn->hooks->read_payload != NULL)
        conn->hooks->read_payload(conn, part);
    if (frame->dropped || !buf_append(out, part->payload, size))
        return;
    if (part->head.masked && frame->head.masked)
        ws_mask(out->data + out->size - size, size, part->head.masking_key, part->offset);
}

/* One part at a time, so that what it was is still known when the judge's event comes of it. */
size_t peer_reader(void *owner, uint8_t *bytes, size_t size, struct buf *out)
{
    struct peer_conn *conn = owner;
    struct ws_frame_part part;
    size_t count;
    size_t used = ws_frame_parse(&conn->memory.parser, bytes, size, &part, 1, &count);

    if (count == 0)
        return used;
    if (part.begins)
        read_begin(conn, &part.head, out);
    read_payload(conn, &part, out);
    return used;
}
