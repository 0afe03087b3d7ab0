/* Deliberate defects in frames, text, closing and compression: what a row of
 * peer_faults.def or client_faults.def names. Each changes one thing; see the
 * hooks of peer_conn.h. Those that both roles can have are written once. */
#ifndef ENGINE_PEER_DEFECTS_H
#define ENGINE_PEER_DEFECTS_H

#include "engine/peer/peer_conn.h"

typedef bool defect_send_fn(struct peer_conn *conn, struct frame_order *order);
typedef void defect_read_head_fn(struct peer_conn *conn, struct read_frame *frame);
typedef void defect_read_payload_fn(struct peer_conn *conn, const struct ws_frame_part *part);
typedef bool defect_event_fn(struct peer_conn *conn, const struct ws_event *event);
typedef bool defect_end_fn(struct peer_conn *conn);

defect_send_fn send_long_length, send_swapped_length, send_rsv3, send_no_empty, send_at_most_65535,
    send_masked, send_no_pong, send_other_pong, send_short_pong, send_binary_as_text, send_text_as_binary,
    send_without_bom, send_no_close, send_1005_for_none, send_close_as_it_came, send_without_rsv1,
    send_pong_with_rsv1;
defect_read_head_fn read_no_top_bit, read_no_rsv, drop_reserved_data, drop_reserved_control,
    drop_empty_fragment, read_unmasked, read_with_first_key, read_fragment_as_message,
    read_continuation_as_start, read_start_as_continuation, read_long_control, read_fragmented_control,
    read_text_as_binary, read_short_close, read_no_close_reason;
defect_read_payload_fn stash_close, read_any_close_code, refuse_cut_character, note_bfinal;
defect_event_fn lose_behind_bfinal, forget_message_at_ping, answer_ping_late, refuse_pong, refuse_four_bytes,
    refuse_ping_in_compressed, refuse_plain, fail_with_1006, fail_not;
defect_end_fn send_close_again, end_with_reset, end_never, end_with_message;

#endif
