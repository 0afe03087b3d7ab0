/* What the two validators of the opening handshake share: the rules' ids, and
 * the words that the rows of handshake_rules.def are written in. Inside wire/ only. */
#ifndef WS_HANDSHAKE_RULES_H
#define WS_HANDSHAKE_RULES_H

#include "handshake.h"

enum ws_handshake_rule_id {
#define REQUEST(id, ...) WS_RULE_##id,
#define RESPONSE REQUEST
#define SWITCH REQUEST
#define UNREAD_REQUEST REQUEST
#define UNREAD_RESPONSE REQUEST
#include "handshake_rules.def"
    WS_RULES
};
extern const struct ws_handshake_rule ws_handshake_rule_table[WS_RULES];

/* The words of the rows; r is a struct with `head`. */
#define start(r, bits) (((r)->head->start_oddities & (uint32_t)(bits)) != 0)
#define odd(r, bits) (((r)->head->oddities & (uint32_t)(bits)) != 0)
#define count(r, id) ((r)->head->id_count[id])
#define value(r, id) (ws_fields_first((r)->head, id)->value)
#define last_value(r, id) ((r)->head->headers[(r)->head->id_last[id]].value)
#define line_with(r, bit) ws_fields_line_with((r)->head, bit)
static const struct ws_span nowhere = {NULL, 0};

/* The first header of that id, NULL when there is none. */
static inline const struct ws_header *ws_fields_first(const struct ws_head *head, enum ws_header_id id)
{
    size_t from = 0;
    if (head->id_count[id] == 1)
        return &head->headers[head->id_last[id]];
    return head->id_count[id] ? ws_head_next(head, id, &from) : NULL;
}
/* The first header line with that oddity; empty when none (the start line's, the empty line's). */
struct ws_span ws_fields_line_with(const struct ws_head *head, enum ws_header_oddity bit);

/* Runs over the `left` lines of one id without comparing names. */
static inline const struct ws_header *ws_fields_next(const struct ws_header *header)
{
    const uint16_t id = header->id;
    do
        header++;
    while (header->id != id);
    return header;
}

/* How often `token` stands in the lists of that id (letter case ignored), and other elements. */
struct ws_tally {
    unsigned hits;
    unsigned others;
};
struct ws_tally ws_fields_tally(const struct ws_head *head, enum ws_header_id id, const char *token);

/* Reads all lines of Sec-WebSocket-Extensions into list; *at names the broken place. */
enum ws_extension_break ws_fields_extensions(const struct ws_head *head, struct ws_extension_list *list,
                                             struct ws_span *at);

static inline void ws_breach_add(struct ws_breach *breaches, size_t *breach_count,
                                 enum ws_handshake_rule_id id, struct ws_span where)
{
    breaches[(*breach_count)++] = (struct ws_breach){&ws_handshake_rule_table[id], where};
}
/* Moves the deciding breach to the front. NULL when none of them is refused. */
const struct ws_handshake_rule *ws_breaches_decide(struct ws_breach *breaches, size_t breach_count,
                                                   bool lenient);

#endif
