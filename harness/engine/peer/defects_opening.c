/* Deliberate defects in the opening handshake: good requests that are refused
 * for something they have, and answers that say something wrong. One row of
 * peer_faults.def each. */
#include "engine/peer/defects_server.h"

#include <stdio.h>
#include <string.h>

/* ---- good requests that are refused ---- */

static void refuse_if(bool so, struct ws_server_answer *answer)
{
    if (!so || !answer->accept)
        return;
    answer->accept = false;
    answer->status = 400;
}

static bool holds(struct ws_span span, const char *bytes)
{
    for (size_t i = 0; i < span.size; i++)
        if (span.at[i] != 0 && strchr(bytes, span.at[i]) != NULL)
            return true;
    return false;
}

static bool begins(struct ws_span span, const char *with)
{
    return span.size >= strlen(with) && strncasecmp(span.at, with, strlen(with)) == 0;
}

void refuse_names_in_other_case(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    bool other = false;

    (void)conn;
    for (size_t i = 0; i < head->header_count; i++)
        other |= head->headers[i].id == WS_HEADER_KEY && !ws_span_is(head->headers[i].name, "Sec-WebSocket-Key");
    refuse_if(other, answer);
}

void refuse_order(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    refuse_if(head->header_count != 0 && head->headers[0].id != WS_HEADER_HOST, answer);
    refuse_if(head->id_last[WS_HEADER_CONNECTION] < head->id_last[WS_HEADER_UPGRADE], answer);
}

/* One blank stands between a colon and its value, to the peer's mind. */
void refuse_padding(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct ws_header *header = &head->headers[i];
        bool bare = header->value.size == 0;
        refuse_if(!bare && header->value.at - (header->name.at + header->name.size) != 2, answer);
    }
}

void refuse_unknown_headers(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    for (size_t i = 0; i < head->header_count; i++)
        refuse_if(head->headers[i].id == WS_HEADER_OTHER, answer);
}

void refuse_8_bit(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    refuse_if((head->oddities & WS_ODD_OBS_TEXT) != 0, answer);
}

void refuse_many_lines(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    refuse_if(head->header_count > 20, answer);
}

void refuse_long_head(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    refuse_if(head->size > 4096, answer);
}

void refuse_empty_value(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    for (size_t i = 0; i < head->header_count; i++)
        refuse_if(head->headers[i].value.size == 0, answer);
}

void refuse_repeated_line(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    for (size_t i = 1; i < head->header_count; i++) {
        struct ws_span a = head->headers[i - 1].name, b = head->headers[i].name;
        refuse_if(a.size == b.size && memcmp(a.at, b.at, a.size) == 0, answer);
    }
}

void refuse_origin(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    refuse_if(head->id_count[WS_HEADER_ORIGIN] != 0, answer);
}

void refuse_absolute_target(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    refuse_if(begins(head->target, "http"), answer);
}

void refuse_odd_target(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    refuse_if(holds(head->target, "?&=;%,@"), answer);
}

void refuse_host_port(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *host = ws_head_next(head, WS_HEADER_HOST, &from);

    (void)conn;
    refuse_if(host != NULL && (begins(host->value, "localhost") || begins(host->value, "[")), answer);
}

/* Looks at one of several Connection lines. */
static void look_at_connection(const struct ws_head *head, size_t line, struct ws_server_answer *answer)
{
    refuse_if(head->id_count[WS_HEADER_CONNECTION] > 1 && begins(head->headers[line].value, "keep-alive"), answer);
}

void look_at_first_connection_line(struct peer_conn *conn, const struct ws_head *head,
                                   struct ws_server_answer *answer)
{
    size_t from = 0;

    (void)conn;
    if (ws_head_next(head, WS_HEADER_CONNECTION, &from) != NULL)
        look_at_connection(head, from - 1, answer);
}

void look_at_last_connection_line(struct peer_conn *conn, const struct ws_head *head,
                                  struct ws_server_answer *answer)
{
    (void)conn;
    look_at_connection(head, head->id_last[WS_HEADER_CONNECTION], answer);
}

void refuse_empty_elements(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *line = ws_head_next(head, WS_HEADER_CONNECTION, &from);

    (void)conn;
    refuse_if(line != NULL && begins(line->value, ","), answer);
}

void refuse_unknown_extension(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *line;

    (void)conn;
    while ((line = ws_head_next(head, WS_HEADER_EXTENSIONS, &from)) != NULL)
        refuse_if(begins(line->value, "x-"), answer);
}

void refuse_spaced_extension(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *line = ws_head_next(head, WS_HEADER_EXTENSIONS, &from);

    (void)conn;
    refuse_if(line != NULL && memmem(line->value.at, line->value.size, " ;", 2) != NULL, answer);
}

void refuse_leading_lines(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    refuse_if((head->start_oddities & WS_START_LEADING_CRLF) != 0, answer);
}

void refuse_while_busy(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)head;
    refuse_if(peer_connections(conn->owner) > 1, answer);
}

/* ---- what is answered ---- */

void answer_protocol_any_case(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *line = ws_head_next(head, WS_HEADER_PROTOCOL, &from);

    (void)conn;
    if (answer->accept && line != NULL && answer->protocol == NULL)
        answer->protocol = ws_span_is_nocase(line->value, "chat")        ? "chat"
                           : ws_span_is_nocase(line->value, "superchat") ? "superchat"
                                                                         : NULL;
}

void answer_first_protocol_line(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    if (head->id_count[WS_HEADER_PROTOCOL] > 1)
        answer->protocol = NULL;
}

/* "chat room" is "chat", to its mind: up to the first character that no token has. */
void answer_broken_protocol(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *line = ws_head_next(head, WS_HEADER_PROTOCOL, &from);

    (void)conn;
    if (answer->accept || line == NULL || !begins(line->value, "ch") || ws_span_is_token(line->value))
        return;
    from = 0;
    const struct ws_header *key = ws_head_next(head, WS_HEADER_KEY, &from);
    answer->accept = true;
    answer->status = 101;
    answer->protocol = "chat";
    ws_accept_key(key != NULL ? key->value.at : "", key != NULL ? key->value.size : 0, answer->accept_key);
}

void answer_first_extension_line(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    if (head->id_count[WS_HEADER_EXTENSIONS] > 1)
        answer->deflate = false;
}

void answer_without_params(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn, (void)head;
    answer->deflate_params = (struct ws_deflate_params){0};
}

static bool is_nowhere(const struct ws_head *head)
{
    return begins(head->target, "/no/such/");
}

static void answer_nowhere(const struct ws_head *head, int status, struct ws_server_answer *answer)
{
    refuse_if(is_nowhere(head), answer);
    if (is_nowhere(head))
        answer->status = status;
}

void answer_redirect(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    answer_nowhere(head, 302, answer);
}

void answer_unauthorized(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)conn;
    answer_nowhere(head, 401, answer);
}

/* Makes the accept value of the key with its pad bits cleared, as if it had been decoded and encoded again. */
void answer_key_encoded_again(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *line = ws_head_next(head, WS_HEADER_KEY, &from);
    char key[WS_KEY_SIZE];

    (void)conn;
    if (!answer->accept || line == NULL || line->value.size != WS_KEY_SIZE)
        return;
    memcpy(key, line->value.at, sizeof key);
    key[21] = key[21] >= 'A' && key[21] <= 'P'   ? 'A'
              : key[21] >= 'Q' && key[21] <= 'f' ? 'Q'
              : key[21] >= 'g' && key[21] <= 'v' ? 'g'
                                                 : 'w';
    ws_accept_key(key, sizeof key, answer->accept_key);
}

/* Remembers that there is something odd about a request that is accepted, or that it is refused. */
void note_odd(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)head;
    conn->memory.step = answer->accept && answer->breach_count != 0;
}

/* ---- its text ---- */

void head_lost_when_odd(struct peer_conn *conn, struct buf *text)
{
    if (conn->memory.step != 0)
        buf_clear(text);
}

void head_lost_when_refused(struct peer_conn *conn, struct buf *text)
{
    conn->memory.step = !peer_is_acceptance(text);
    if (conn->memory.step != 0)
        buf_clear(text);
}

bool end_kept_when_refused(struct peer_conn *conn)
{
    return conn->memory.step != 0;
}

void head_200_when_refused(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (!peer_is_acceptance(text))
        peer_line_replace(text, "HTTP/1.1 ", "HTTP/1.1 200 OK\r\n");
}

static bool is_status(const struct buf *text, const char *status)
{
    return strncmp(buf_text(text) + strlen("HTTP/1.1 "), status, 3) == 0;
}

void head_426_without_upgrade(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (is_status(text, "426"))
        peer_line_replace(text, "Upgrade:", "");
}

void head_426_without_connection(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (is_status(text, "426"))
        peer_line_replace(text, "Connection:", "Connection: close\r\n");
}

void head_405_without_allow(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (is_status(text, "405"))
        peer_line_replace(text, "Allow:", "");
}

/* Remembers the name of the first extension offered, if it is one that it does not know. */
void note_unknown_offer(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    static const char known[] = "permessage-deflate";
    size_t from = 0, size = 0;
    const struct ws_header *line = ws_head_next(head, WS_HEADER_EXTENSIONS, &from);

    while (line != NULL && size < line->value.size && strchr(",; \t", line->value.at[size]) == NULL)
        size++;
    bool unknown = size != 0 && (size != strlen(known) || memcmp(line->value.at, known, size) != 0);
    if (!answer->accept || !unknown || size >= sizeof conn->memory.stash)
        return;
    memcpy(conn->memory.stash, line->value.at, size);
    conn->memory.stashed = size;
    answer->deflate = false;
}

void head_with_unknown_extension(struct peer_conn *conn, struct buf *text)
{
    char line[sizeof "Sec-WebSocket-Extensions: \r\n" + sizeof conn->memory.stash];

    if (conn->memory.stashed == 0)
        return;
    snprintf(line, sizeof line, "Sec-WebSocket-Extensions: %.*s\r\n", (int)conn->memory.stashed,
             (const char *)conn->memory.stash);
    peer_line_add(text, line);
}

void note_protocols(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *line = ws_head_next(head, WS_HEADER_PROTOCOL, &from);

    conn->memory.step = answer->accept && line != NULL && memchr(line->value.at, ',', line->value.size) != NULL;
}

void head_with_all_protocols(struct peer_conn *conn, struct buf *text)
{
    if (conn->memory.step != 0)
        peer_line_replace(text, "Sec-WebSocket-Protocol:", "Sec-WebSocket-Protocol: superchat, chat\r\n");
}

/* An offer that it could not read is taken for a good one. */
void note_broken_offer(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *key = ws_head_next(head, WS_HEADER_KEY, &from);
    bool broken = !answer->accept && head->id_count[WS_HEADER_EXTENSIONS] != 0 && answer->status == 400;

    conn->memory.step = broken;
    if (!broken || key == NULL)
        return;
    answer->accept = true;
    answer->status = 101;
    ws_accept_key(key->value.at, key->value.size, answer->accept_key);
}

void head_with_deflate(struct peer_conn *conn, struct buf *text)
{
    if (conn->memory.step != 0)
        peer_line_add(text, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
}
