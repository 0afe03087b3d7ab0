/* RFC 9110 section 5: header fields once they are cut out of a head: finding
 * them, comparing names and tokens, walking lists. */
#include "chars.h"
#include "http1.h"

#include <string.h>

const struct ws_header *ws_head_next(const struct ws_head *head, enum ws_header_id id, size_t *from)
{
    for (size_t i = *from; i < head->header_count; i++) {
        if (head->headers[i].id == id) {
            *from = i + 1;
            return &head->headers[i];
        }
    }
    *from = head->header_count;
    return NULL;
}

const struct ws_header *ws_head_find(const struct ws_head *head, const char *name)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (ws_span_is_nocase(head->headers[i].name, name))
            return &head->headers[i];
    return NULL;
}

bool ws_span_is(struct ws_span s, const char *text)
{
    return s.size == strlen(text) && (s.size == 0 || memcmp(s.at, text, s.size) == 0);
}

bool ws_span_is_nocase(struct ws_span s, const char *text)
{
    for (size_t i = 0; i < s.size; i++) {
        const char a = s.at[i], b = text[i];
        if (b == '\0')
            return false;
        if (a == b)
            continue;
        const char letter = (char)(a | 0x20);
        if ((a ^ b) != 0x20 || letter < 'a' || letter > 'z')
            return false;
    }
    return text[s.size] == '\0';
}

bool ws_span_is_token(struct ws_span s)
{
    return s.size > 0 && ws_chars_are(s.at, s.size, WS_CHAR_TOKEN);
}

bool ws_span_is_field_value(struct ws_span s) { return ws_chars_are(s.at, s.size, WS_CHAR_QUOTED); }

bool ws_span_is_field_line(struct ws_span s)
{
    const char *colon = s.size == 0 ? NULL : memchr(s.at, ':', s.size);
    if (colon == NULL)
        return false;
    const size_t name = (size_t)(colon - s.at);
    return ws_span_is_token((struct ws_span){s.at, name}) &&
           ws_span_is_field_value((struct ws_span){colon + 1, s.size - name - 1});
}

/* The white space around an element; a folded value holds line ends too. */
static bool is_space(char c) { return ws_char_is_blank(c) || c == '\r' || c == '\n'; }

bool ws_list_next(struct ws_span *rest, struct ws_span *element)
{
    const char *at = rest->at;
    const char *end = rest->size ? at + rest->size : at;

    while (at != end && (is_space(*at) || *at == ','))
        at++;
    if (at == end) {
        *rest = (struct ws_span){end, 0};
        return false;
    }
    const char *start = at;
    bool quoted = false;
    for (; at != end && (quoted || *at != ','); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '\\' && quoted && at + 1 != end)
            at++;
    }
    const char *stop = at;
    while (is_space(stop[-1]))
        stop--;
    *element = (struct ws_span){start, (size_t)(stop - start)};
    *rest = (struct ws_span){at, (size_t)(end - at)};
    return true;
}
