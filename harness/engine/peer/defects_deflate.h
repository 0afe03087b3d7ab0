/* The defects of the reference peer that have to do with permessage-deflate:
 * for the table in peer_faults.c alone. */
#ifndef ENGINE_DEFECTS_DEFLATE_H
#define ENGINE_DEFECTS_DEFLATE_H

#include "engine/peer/peer_conn.h"

/* ---- what is answered ---- */
typedef void answer_fn(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer);
answer_fn answer_any_offer, answer_last_offer, answer_no_takeover_unsaid, answer_bits_unsaid, answer_more_bits;
answer_fn answer_more_client_bits, answer_bare_client_bits, answer_hint_unsaid;

/* ---- what is then done ---- */
typedef void agree_fn(struct peer_conn *conn, struct ws_deflate_params *params);
agree_fn agree_small_window, agree_client_reset;

/* ---- what is read ---- */
void read_plain_as_compressed(struct peer_conn *conn, struct read_frame *frame);
void read_no_rsv1_behind_first(struct peer_conn *conn, struct read_frame *frame);
void read_no_rsv2_rsv3(struct peer_conn *conn, struct read_frame *frame);
void refuse_wire_not_utf8(struct peer_conn *conn, const struct ws_frame_part *part);
bool deliver_corrupt(struct peer_conn *conn, const struct ws_event *event);

/* ---- what is sent ---- */
bool send_close_with_rsv1(struct peer_conn *conn, struct frame_order *order);
bool send_continuation_with_rsv1(struct peer_conn *conn, struct frame_order *order);
bool send_with_tail(struct peer_conn *conn, struct frame_order *order);

#endif
