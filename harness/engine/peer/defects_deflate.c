/* See defects_deflate.h. As everywhere a defect changes one thing and leaves the rest alone. */
#include "engine/peer/defects_deflate.h"

#include <string.h>

/* ---- what is answered ---- */

static void read_offers(const struct ws_head *head, struct ws_extension_list *offers)
{
    const struct ws_header *header;
    size_t from = 0;

    memset(offers, 0, sizeof *offers);
    while (head != NULL && (header = ws_head_next(head, WS_HEADER_EXTENSIONS, &from)) != NULL)
        ws_extension_parse(offers, header->value);
}

/* The last valid offer; false when there is none. `named`: is there one at all, valid or not? */
static bool last_offer(const struct ws_head *head, struct ws_deflate_params *offer, bool *named)
{
    struct ws_extension_list offers;
    struct ws_deflate_params one;
    bool found = false;

    read_offers(head, &offers);
    *named = false;
    for (size_t i = 0; i < offers.count; i++) {
        enum ws_deflate_break broken = ws_deflate_offer_break(&offers.items[i], &one);
        *named |= broken != WS_DEFLATE_OTHER_NAME;
        if (broken == WS_DEFLATE_FINE) {
            *offer = one;
            found = true;
        }
    }
    return found;
}

void answer_any_offer(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    struct ws_deflate_params offer;
    bool named;

    (void)conn;
    if (!answer->accept || last_offer(head, &offer, &named) || !named)
        return;
    answer->deflate = true;
    answer->deflate_params = (struct ws_deflate_params){0};
}

void answer_last_offer(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    static const struct ws_deflate_policy policy = {.enabled = true};
    struct ws_deflate_params offer;
    bool named;

    (void)conn;
    if (answer->deflate && last_offer(head, &offer, &named))
        ws_deflate_agree(&offer, &policy, &answer->deflate_params);
}

void answer_no_takeover_unsaid(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn, (void)head;
    answer->deflate_params.server_no_context_takeover = false;
}

void answer_bits_unsaid(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn, (void)head;
    answer->deflate_params.server_max_window_bits = 0;
}

void answer_more_bits(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn, (void)head;
    if (answer->deflate_params.server_max_window_bits != 0)
        answer->deflate_params.server_max_window_bits = 15;
}

void answer_more_client_bits(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    struct ws_deflate_params offer;
    bool named;

    (void)conn;
    if (answer->deflate && last_offer(head, &offer, &named) && offer.client_max_window_bits != 0)
        answer->deflate_params.client_max_window_bits = 15;
}

void answer_bare_client_bits(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    struct ws_deflate_params offer;
    bool named;

    (void)conn;
    if (answer->deflate && last_offer(head, &offer, &named))
        answer->deflate_params.client_max_window_bits_bare = offer.client_max_window_bits_bare;
}

void answer_hint_unsaid(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)head;
    conn->memory.step = answer->deflate_params.client_no_context_takeover;
    answer->deflate_params.client_no_context_takeover = false;
}

/* ---- what is then done ---- */

void agree_small_window(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)conn;
    params->client_max_window_bits = 14;
}

/* Goes with answer_hint_unsaid, where only a hint makes it take the window for reset; alone it always does. */
void agree_client_reset(struct peer_conn *conn, struct ws_deflate_params *params)
{
    bool by_hint = conn->hooks->answer == answer_hint_unsaid;

    params->client_no_context_takeover = !by_hint || conn->memory.step != 0;
}

/* ---- what is read ---- */

static bool begins_message(const struct read_frame *frame)
{
    return frame->head.opcode == WS_TEXT || frame->head.opcode == WS_BINARY;
}

void read_plain_as_compressed(struct peer_conn *conn, struct read_frame *frame)
{
    if (begins_message(frame) && endpoint_deflate(conn->endpoint))
        frame->head.rsv |= 4;
}

void read_no_rsv1_behind_first(struct peer_conn *conn, struct read_frame *frame)
{
    if (!begins_message(frame) && endpoint_deflate(conn->endpoint))
        frame->head.rsv &= 3;
}

void read_no_rsv2_rsv3(struct peer_conn *conn, struct read_frame *frame)
{
    if (endpoint_deflate(conn->endpoint))
        frame->head.rsv &= 4;
}

void refuse_wire_not_utf8(struct peer_conn *conn, const struct ws_frame_part *part)
{
    struct ws_utf8 *utf8 = &conn->memory.utf8;
    bool wire = conn->memory.started == WS_TEXT && !ws_opcode_is_control(part->head.opcode);

    if (!wire || !endpoint_deflate(conn->endpoint))
        return;
    if (ws_utf8_feed(utf8, part->payload, part->length) != part->length)
        peer_conn_close(conn, 1007);
    if (part->ends && part->head.fin)
        *utf8 = (struct ws_utf8){0};
}

/* What could not be inflated is passed over, what could be is a message. */
bool deliver_corrupt(struct peer_conn *conn, const struct ws_event *event)
{
    bool corrupt = event->kind == WS_EVENT_VIOLATION &&
                   (event->violation == WS_V_DEFLATE_CORRUPT || event->violation == WS_V_DEFLATE_DISTANCE);

    if (corrupt)
        peer_conn_send(conn, &(struct frame_order){
                                 .opcode = conn->opcode != 0 ? conn->opcode : WS_TEXT,
                                 .payload = conn->message.data,
                                 .size = conn->message.size,
                             });
    return corrupt;
}

/* ---- what is sent ---- */

bool send_close_with_rsv1(struct peer_conn *conn, struct frame_order *order)
{
    if (order->opcode == WS_CLOSE && endpoint_deflate(conn->endpoint))
        order->rsv = 4;
    return true;
}

/* The message, and an empty last fragment with RSV1. */
bool send_continuation_with_rsv1(struct peer_conn *conn, struct frame_order *order)
{
    if (!order->compress)
        return true;
    order->more = true;
    endpoint_send(conn->endpoint, order);
    *order = (struct frame_order){.opcode = WS_CONTINUATION, .rsv = 4, .compress = true};
    return true;
}

bool send_with_tail(struct peer_conn *conn, struct frame_order *order)
{
    static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff};
    struct buf packed;

    if (!order->compress)
        return true;
    buf_init(&packed, 0);
    if (endpoint_pack(conn->endpoint, order->payload, order->size, true, &packed) &&
        buf_append(&packed, tail, sizeof tail))
        endpoint_send(conn->endpoint, &(struct frame_order){
                                          .opcode = order->opcode,
                                          .rsv = 4,
                                          .payload = packed.data,
                                          .size = packed.size,
                                      });
    buf_free(&packed);
    return false;
}
