/* The deliberate defects of the reference peer: what the rows of
 * peer_faults.def do to the opening handshake; for the rest see defects.h. */
#include "base/nearest.h"
#include "engine/peer/defects.h"
#include "engine/peer/defects_deflate.h"
#include "engine/peer/defects_server.h"

#include <string.h>

/* ---- the opening handshake: the answer ---- */

static void accept_of_another_key(struct peer_conn *conn, const struct ws_head *head,
                                  struct ws_server_answer *answer)
{
    (void)conn, (void)head;
    if (answer->accept)
        ws_accept_key("AAAAAAAAAAAAAAAAAAAAAA==", WS_KEY_SIZE, answer->accept_key);
}

static void answer_unoffered_protocol(struct peer_conn *conn, const struct ws_head *head,
                                      struct ws_server_answer *answer)
{
    (void)conn, (void)head;
    answer->protocol = "never.offered";
}

static void answer_client_bits(struct peer_conn *conn, const struct ws_head *head,
                               struct ws_server_answer *answer)
{
    (void)conn, (void)head;
    answer->deflate_params.client_max_window_bits = 15;
}

/* Refuses where the only header of that id has another value than the one expected. */
static void refuse_unless(const struct ws_head *head, enum ws_header_id id,
                          bool (*same)(struct ws_span, const char *), const char *expected,
                          struct ws_server_answer *answer)
{
    size_t from = 0;
    const struct ws_header *header = head != NULL ? ws_head_next(head, id, &from) : NULL;

    if (header == NULL || !answer->accept || same(header->value, expected))
        return;
    answer->accept = false;
    answer->status = 400;
}

static void refuse_connection_list(struct peer_conn *conn, const struct ws_head *head,
                                   struct ws_server_answer *answer)
{
    (void)conn;
    refuse_unless(head, WS_HEADER_CONNECTION, ws_span_is_nocase, "upgrade", answer);
}

static void refuse_upgrade_in_capitals(struct peer_conn *conn, const struct ws_head *head,
                                       struct ws_server_answer *answer)
{
    (void)conn;
    refuse_unless(head, WS_HEADER_UPGRADE, ws_span_is, "websocket", answer);
}

/* ---- the opening handshake: its text ---- */

static void head_without_version(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    peer_line_replace(text, "Sec-WebSocket-Version:", "");
}

static void head_with_status_200(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    peer_line_replace(text, "HTTP/1.1 101 ", "HTTP/1.1 200 OK\r\n");
}

static void head_with_empty_protocol(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (peer_is_acceptance(text) && strstr(buf_text(text), "Sec-WebSocket-Protocol:") == NULL)
        peer_line_add(text, "Sec-WebSocket-Protocol: \r\n");
}

static void head_with_protocol_in_capitals(struct peer_conn *conn, struct buf *text)
{
    static const char name[] = "Sec-WebSocket-Protocol: ";
    const char *line = strstr(buf_text(text), name);

    (void)conn;
    if (line == NULL)
        return;
    for (uint8_t *c = text->data + (line - buf_text(text)) + sizeof name - 1; *c != '\r'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (uint8_t)(*c - 'a' + 'A');
}

static void head_with_body(struct peer_conn *conn, struct buf *text)
{
    (void)conn;
    if (peer_is_acceptance(text))
        buf_append_text(text, "Welcome!\r\n");
}

/* RFC 9110 section 9.3.2: what a GET would have got. */
static void note_head_request(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer)
{
    (void)answer;
    conn->memory.step = ws_span_is(head->method, "HEAD");
}

static void refusal_with_body(struct peer_conn *conn, struct buf *text)
{
    if (conn->memory.step != 0)
        buf_append_text(text, "Only GET opens a WebSocket connection.\n");
}

/* ---- what is done about compression ---- */

static void agree_takeover(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)conn;
    params->server_no_context_takeover = false;
}

static void agree_full_window(struct peer_conn *conn, struct ws_deflate_params *params)
{
    (void)conn;
    params->server_max_window_bits = 15;
}

/* ---- the table ---- */

enum needs { PLAIN, DEFLATE, TLS };

static const struct peer_fault faults[] = {
#define FAULT(name, section, requirement, caught_by, needs, summary, ...) \
    {name, section, requirement, caught_by, summary, needs == DEFLATE, false, needs == TLS, \
     &(const struct peer_hooks){__VA_ARGS__}},
#include "engine/peer/peer_faults.def"
#undef FAULT
};

const struct peer_fault *peer_faults(size_t *count)
{
    *count = sizeof faults / sizeof *faults;
    return faults;
}

const struct peer_fault *peer_fault_in(peer_fault_table *table, const char *name)
{
    size_t count;
    const struct peer_fault *rows = table(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

const struct peer_fault *peer_fault_wanted(peer_fault_table *table, const char *name, struct diag *why)
{
    struct nearest nearest = {0};
    size_t count;
    const struct peer_fault *rows = table(&count), *found = name != NULL ? peer_fault_in(table, name) : NULL;

    if (name == NULL || found != NULL)
        return found;
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, name, rows[i].name);
    if (nearest.word != NULL)
        diag_set(why, DIAG_USAGE, "there is no fault '%s'; did you mean '%s'?", name, nearest.word);
    else
        diag_set(why, DIAG_USAGE, "there is no fault '%s'; --fault list shows all", name);
    return NULL;
}

void peer_fault_print(peer_fault_table *table, struct buf *out)
{
    size_t count;
    const struct peer_fault *rows = table(&count);

    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%-28s %-16s %s\n", rows[i].name, rows[i].section, rows[i].summary);
}

const struct peer_fault *peer_fault_find(const char *name) { return peer_fault_in(peer_faults, name); }

void peer_fault_list(struct buf *out) { peer_fault_print(peer_faults, out); }
