/* RFC 6455 section 4: the table of handshake rules, and what the validators of
 * requests (handshake_request.c) and responses (handshake_response.c) share. */
#include "handshake_rules.h"

#define NOTED false
#define REFUSED true

const struct ws_handshake_rule ws_handshake_rule_table[WS_RULES] = {
#define REQUEST(id, name, broken, where, requirement, certainty, status, sentence) \
    [WS_RULE_##id] = {name, requirement, certainty, WS_SERVER, status, (status) != 0, sentence},
#define RESPONSE(id, name, broken, where, requirement, certainty, refused, sentence) \
    [WS_RULE_##id] = {name, requirement, certainty, WS_CLIENT, 0, refused, sentence},
#define SWITCH RESPONSE
#define UNREAD_REQUEST(id, name, head_break, requirement, certainty, status, sentence) \
    REQUEST(id, name, , , requirement, certainty, status, sentence)
#define UNREAD_RESPONSE(id, name, head_break, requirement, certainty, refused, sentence) \
    RESPONSE(id, name, , , requirement, certainty, refused, sentence)
#include "handshake_rules.def"
};

const struct ws_handshake_rule *ws_handshake_rules(size_t *rule_count)
{
    *rule_count = WS_RULES;
    return ws_handshake_rule_table;
}

struct ws_span ws_fields_line_with(const struct ws_head *head, enum ws_header_oddity bit)
{
    for (size_t i = 0; i < head->header_count; i++) {
        const struct ws_header *h = &head->headers[i];
        if (h->oddities & bit) {
            const char *end = h->value.at + h->value.size;
            return (struct ws_span){h->name.at, (size_t)(end - h->name.at)};
        }
    }
    return nowhere;
}

struct ws_tally ws_fields_tally(const struct ws_head *head, enum ws_header_id id, const char *token)
{
    struct ws_tally tally = {0, 0};
    const struct ws_header *line = ws_fields_first(head, id);
    if (!line)
        return tally;
    for (unsigned left = head->id_count[id];; line = ws_fields_next(line)) {
        struct ws_span rest = line->value, element;
        if (ws_span_is_nocase(rest, token)) {
            tally.hits++;
        } else {
            while (ws_list_next(&rest, &element)) {
                if (ws_span_is_nocase(element, token))
                    tally.hits++;
                else
                    tally.others++;
            }
        }
        if (--left == 0)
            return tally;
    }
}

enum ws_extension_break ws_fields_extensions(const struct ws_head *head, struct ws_extension_list *list,
                                             struct ws_span *at)
{
    const struct ws_header *line = ws_fields_first(head, WS_HEADER_EXTENSIONS);
    list->count = 0;
    if (!line)
        return WS_EXTENSION_FINE;
    for (unsigned left = head->id_count[line->id];; line = ws_fields_next(line)) {
        const struct ws_extension_scan scan = ws_extension_parse(list, line->value);
        if (scan.broken) {
            *at = (struct ws_span){line->value.at + scan.at, line->value.size - scan.at};
            return scan.broken;
        }
        if (--left == 0)
            return WS_EXTENSION_FINE;
    }
}

const struct ws_handshake_rule *ws_breaches_decide(struct ws_breach *breaches, size_t breach_count,
                                                   bool lenient)
{
    for (size_t i = 0; i < breach_count; i++) {
        const struct ws_breach deciding = breaches[i];
        const bool grave = deciding.rule->certainty == WS_MUST || deciding.rule->certainty == WS_SHOULD;
        if (!deciding.rule->refused || (lenient && !grave))
            continue;
        for (; i > 0; i--)
            breaches[i] = breaches[i - 1];
        breaches[0] = deciding;
        return deciding.rule;
    }
    return NULL;
}
