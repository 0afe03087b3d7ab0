/* The deliberate defects of the reference client: what the rows of
 * client_faults.def do to the opening handshake, and to masks; for the rest see defects.h. */
#include "engine/peer/client.h"
#include "engine/peer/defects.h"

#include <string.h>

/* ---- the request ---- */

static void head_with_post(struct peer_conn *conn, struct buf *text)
{
    struct buf changed;

    (void)conn;
    buf_init(&changed, 0);
    buf_printf(&changed, "POST%s", buf_text(text) + 3);
    buf_free(text);
    *text = changed;
}

/* In the request line the first `from` becomes `to`. */
static void change_line(struct buf *text, const char *from, const char *to)
{
    struct buf changed;
    const char *all = buf_text(text), *at = strstr(all, from);

    buf_init(&changed, 0);
    buf_printf(&changed, "%.*s%s%s", (int)(at - all), all, to, at + strlen(from));
    buf_free(text);
    *text = changed;
}

static void head_with_http_10(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    change_line(text, " HTTP/1.1", " HTTP/1.0");
}

static void head_with_fragment(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    change_line(text, " HTTP/1.1", "#top HTTP/1.1");
}

static void head_without_port(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    peer_line_replace(text, "Host:", "Host: 127.0.0.1\r\n");
}

static void head_with_path_doubled(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    change_line(text, " /", " //");
}

static void head_without_path(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (strstr(buf_text(text), " /?") != NULL)
        change_line(text, " /?", " ?");
}

static void head_with_hash(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (strstr(buf_text(text), "%23") != NULL)
        change_line(text, "%23", "#");
}

static void head_without_brackets(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (strstr(buf_text(text), "Host: [::1]") != NULL)
        change_line(text, "Host: [::1]", "Host: ::1");
}

static void head_with_other_upgrade(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    peer_line_replace(text, "Upgrade:", "Upgrade: h2c\r\n");
}

static void head_with_version_8(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    peer_line_replace(text, "Sec-WebSocket-Version:", "Sec-WebSocket-Version: 8\r\n");
}

static void head_with_short_key(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    peer_line_replace(text, "Sec-WebSocket-Key:", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4P\r\n");
}

static void head_with_padded_key(struct peer_conn *conn, struct buf *text)
{
    char *end = strstr((char *)text->data, "==\r\n");

    (void)conn;
    end[-1] = end[-1] == 'A' ? 'B' : end[-1] == 'Q' ? 'R' : end[-1] == 'g' ? 'h' : 'x';
}

static void head_with_constant_key(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    peer_line_replace(text, "Sec-WebSocket-Key:", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n");
}

static void send_frame_early(struct peer_conn *conn)
{
    static const uint8_t early[] = {0x81, 0x82, 0, 0, 0, 0, 'h', 'i'};

    endpoint_write(conn->endpoint, early, sizeof early);
}

/* ---- the answer: right ones that are refused ---- */

static const struct ws_header *find(const struct ws_head *head, enum ws_header_id id)
{
    size_t from = 0;

    return ws_head_next(head, id, &from);
}

static bool refuse_names_in_other_case(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return !ws_span_is(find(head, WS_HEADER_UPGRADE)->name, "Upgrade");
}

static bool refuse_other_order(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return head->headers[0].id != WS_HEADER_UPGRADE;
}

static bool refuse_upgrade_in_other_case(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return !ws_span_is(find(head, WS_HEADER_UPGRADE)->value, "websocket");
}

/* How many bytes stand between a header's name and its value. */
static size_t gap(const struct ws_header *header)
{
    return (size_t)(header->value.at - (header->name.at + header->name.size));
}

static bool refuse_padding(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return gap(find(head, WS_HEADER_UPGRADE)) > 2 || gap(find(head, WS_HEADER_ACCEPT)) > 2;
}

static bool refuse_missing_space(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return gap(find(head, WS_HEADER_ACCEPT)) < 2;
}

static bool refuse_connection_in_other_case(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return ws_span_is_nocase(find(head, WS_HEADER_CONNECTION)->value, "upgrade") &&
           !ws_span_is(find(head, WS_HEADER_CONNECTION)->value, "Upgrade");
}

static bool refuse_connection_with_more(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return !ws_span_is_nocase(find(head, WS_HEADER_CONNECTION)->value, "upgrade");
}

static bool refuse_other_reason(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return !ws_span_is(head->reason, "Switching Protocols");
}

static bool refuse_cookie(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return ws_head_find(head, "Set-Cookie") != NULL;
}

static bool refuse_obs_text(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return (head->oddities & WS_ODD_OBS_TEXT) != 0;
}

static bool refuse_slow_head(struct peer_conn *conn, const struct ws_head *head)
{
    (void)head;
    return loop_now(conn->loop) - conn->memory.since_ns > 100 * NS_PER_MS;
}

static void note_time(struct peer_conn *conn)
{
    conn->memory.since_ns = loop_now(conn->loop);
}

static bool refuse_protocol(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return find(head, WS_HEADER_PROTOCOL) != NULL;
}

static bool refuse_no_protocol(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return find(head, WS_HEADER_PROTOCOL) == NULL;
}

/* Instead of ending TCP alone. */
static bool fail_with_close(struct peer_conn *conn)
{
    if (endpoint_begin(conn->endpoint, NULL))
        endpoint_send_close(conn->endpoint, 1002, NULL);
    return false;
}

static bool fail_never(struct peer_conn *conn)
{
    endpoint_discard(conn->endpoint);
    peer_conn_stay(conn);
    return true;
}

static void close_at_once(struct peer_conn *conn)
{
    peer_conn_close(conn, 1001);
}

static bool lose_first_message(struct peer_conn *conn, const struct ws_event *event)
{
    if (event->kind != WS_EVENT_MESSAGE || conn->memory.step != 0)
        return false;
    conn->memory.step = event->last;
    return true;
}

/* ---- masks ---- */

static bool send_unmasked(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    order->mask = MASK_NONE;
    return true;
}

static bool send_unmasked_close(struct peer_conn *conn, struct frame_order *order)
{
    return order->opcode != WS_CLOSE || send_unmasked(conn, order);
}

static bool send_zero_mask(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    order->mask = MASK_KEY;
    memset(order->key, 0, sizeof order->key);
    return true;
}

static bool send_counted_mask(struct peer_conn *conn, struct frame_order *order)
{
    order->mask = MASK_KEY;
    memcpy(order->key, (const uint8_t[]){0x37, 0xfa, 0x21, (uint8_t)++conn->memory.step}, sizeof order->key);
    return true;
}

/* The row looks random, but is the same on every connection. */
static bool send_row_of_masks(struct peer_conn *conn, struct frame_order *order)
{
    uint32_t step = ++conn->memory.step, key = (step * 2654435761u) ^ (step * step * 40503u);

    order->mask = MASK_KEY;
    memcpy(order->key, &key, sizeof order->key);
    return true;
}

static bool send_masked_control(struct peer_conn *conn, struct frame_order *order)
{
    return !ws_opcode_is_control(order->opcode) || send_masked(conn, order);
}

static void read_masked(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->head.masked = 0;
}

static void refuse_many_frames(struct peer_conn *conn, struct read_frame *frame)
{
    (void)frame;
    if (conn->memory.frames == 1001)
        peer_conn_close(conn, 1009);
}

/* ---- permessage-deflate ---- */

static void agree_nothing(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)params;
    conn->plain = true;
}

static void agree_no_server_takeover(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)conn;
    params->server_no_context_takeover = true;
}

static void agree_client_takeover(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)conn;
    params->client_no_context_takeover = false;
}

static void agree_full_client_window(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)conn;
    params->client_max_window_bits = 15;
}

static void agree_full_server_window(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)conn;
    params->server_max_window_bits = 15;
}

static void agree_small_server_window(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)conn;
    params->server_max_window_bits = 9;
}

static bool extensions_have(const struct ws_head *head, const char *what)
{
    const struct ws_header *header = find(head, WS_HEADER_EXTENSIONS);

    return header != NULL && memmem(header->value.at, header->value.size, what, strlen(what)) != NULL;
}

static bool refuse_parameters(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return extensions_have(head, "server_");
}

static bool refuse_white_space(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return extensions_have(head, "\t;");
}

static bool refuse_quotes(struct peer_conn *conn, const struct ws_head *head)
{
    (void)conn;
    return extensions_have(head, "\"");
}

static void read_control_no_rsv(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (ws_opcode_is_control(frame->head.opcode))
        frame->head.rsv = 0;
}

static void read_continuation_no_rsv(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (frame->head.opcode == WS_CONTINUATION)
        frame->head.rsv = 0;
}

static void read_rsv1_alone(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->head.rsv &= 4;
}

static bool send_with_rsv1(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->opcode == WS_TEXT || order->opcode == WS_BINARY)
        order->rsv |= 4;
    return true;
}

/* ---- the end ---- */

static bool end_at_once(struct peer_conn *conn)
{
    endpoint_finish(conn->endpoint, FINISH_CLEAN);
    return false;
}

/* ---- the table ---- */

enum needs { PLAIN, DEFLATE, PROTOCOL, SECURE };

static const struct peer_fault faults[] = {
#define FAULT(name, section, requirement, caught_by, needs, summary, ...)                                 \
    {name, section, requirement, caught_by, summary, needs == DEFLATE, needs == PROTOCOL, \
     needs == SECURE, &(const struct peer_hooks){__VA_ARGS__}},
#include "engine/peer/client_faults.def"
#undef FAULT
};

const struct peer_fault *client_faults(size_t *count)
{
    *count = sizeof faults / sizeof *faults;
    return faults;
}
