/* Defects of a server alone: the functions that peer_faults.def names and that
 * are neither in defects.h, which both roles share, nor in peer_faults.c; by the
 * hook that they are for (peer_conn.h, struct peer_hooks). */
#ifndef ENGINE_DEFECTS_SERVER_H
#define ENGINE_DEFECTS_SERVER_H

#include "engine/peer/peer_conn.h"

typedef void peer_answer_fn(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer);
peer_answer_fn refuse_names_in_other_case, refuse_order, refuse_padding, refuse_unknown_headers, refuse_8_bit,
    refuse_many_lines, refuse_long_head, refuse_empty_value, refuse_repeated_line, refuse_origin,
    refuse_absolute_target, refuse_odd_target, refuse_host_port, look_at_first_connection_line,
    look_at_last_connection_line, refuse_empty_elements, refuse_unknown_extension, refuse_spaced_extension,
    refuse_leading_lines, refuse_while_busy, answer_protocol_any_case, answer_first_protocol_line,
    answer_broken_protocol, answer_first_extension_line, answer_without_params, answer_redirect,
    answer_unauthorized, answer_key_encoded_again, note_odd, note_unknown_offer, note_protocols, note_broken_offer;

typedef void peer_head_fn(struct peer_conn *conn, struct buf *text);
peer_head_fn head_lost_when_odd, head_lost_when_refused, head_200_when_refused, head_426_without_upgrade,
    head_426_without_connection, head_405_without_allow, head_with_unknown_extension, head_with_all_protocols,
    head_with_deflate;

typedef void peer_read_head_fn(struct peer_conn *conn, struct read_frame *frame);
peer_read_head_fn read_no_control_rsv, read_no_continuation_rsv, drop_rsv, drop_reserved_inside,
    read_reserved_as_text, read_unmasked_control, read_unmasked_empty, read_unmasked_later, drop_continuation_alone,
    read_long_form, read_huge_as_empty, reserve_announced, reserve_each_frame, drop_interleaved, read_at_most_64k,
    refuse_zero_key;

typedef void peer_read_payload_fn(struct peer_conn *conn, const struct ws_frame_part *part);
peer_read_payload_fn unmask_on_and_on, unmask_no_tail, unmask_first_64, unmask_first_4096, mend_lone, mend_never,
    mend_surrogates, mend_overlong, mend_too_high, mend_cut, mend_behind_64, mend_continuations,
    mend_later_messages, read_code_1004, read_codes_never_sent, read_codes_unassigned, mend_reason;

typedef bool peer_event_fn(struct peer_conn *conn, const struct ws_event *event);
peer_event_fn refuse_controls, refuse_noncharacters, refuse_three_bytes, refuse_two_bytes, check_binary,
    refuse_library_codes, refuse_private_codes, refuse_registered_codes, refuse_codes_but_1000, refuse_reason,
    refuse_empty_close, answer_two_pings, ignore_binary_ping, answer_pong, echo_three_messages, echo_no_binary,
    fail_with_1000, deaf_behind_failure, close_at_ping, wait_for_more, answer_close_with_1001, note_failure,
    lose_behind_loss, answer_close_late;

typedef bool peer_send_fn(struct peer_conn *conn, struct frame_order *order);
peer_send_fn send_rsv_on_control, send_long_pong_length, send_pong_in_pieces, send_large_in_wrong_fragments,
    send_pong_masked, send_composed;

typedef bool peer_end_fn(struct peer_conn *conn);
peer_end_fn end_kept_when_refused, end_kept_when_ended, end_lingers_when_failed;

typedef void peer_lost_fn(struct peer_conn *conn);
peer_lost_fn deaf_behind_loss, mark_loss;

#endif
