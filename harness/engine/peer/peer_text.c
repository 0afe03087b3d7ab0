/* The text of the peer's part of an opening handshake, as its defects change it. */
#include "engine/peer/peer_conn.h"

#include <string.h>

bool peer_is_acceptance(const struct buf *text)
{
    return strncmp(buf_text(text), "HTTP/1.1 101 ", 13) == 0;
}

/* Replaces text[from .. to). */
static void text_replace(struct buf *text, size_t from, size_t to, const char *with)
{
    struct buf changed;

    buf_init(&changed, 0);
    buf_append(&changed, text->data, from);
    buf_append_text(&changed, with);
    buf_append(&changed, text->data + to, text->size - to);
    buf_free(text);
    *text = changed;
}

void peer_line_replace(struct buf *text, const char *begin, const char *with)
{
    const char *all = buf_text(text), *line = strstr(all, begin);

    if (line != NULL)
        text_replace(text, (size_t)(line - all), (size_t)(strstr(line, "\r\n") + 2 - all), with);
}

void peer_line_add(struct buf *text, const char *line)
{
    text_replace(text, text->size - 2, text->size - 2, line);
}

void peer_text_spoil(struct peer_conn *conn, struct buf *text)
{
    const struct peer_hooks *hooks = conn->hooks;

    bool spoilt = conn->role == WS_CLIENT || peer_is_acceptance(text);

    if (hooks->drops != NULL && spoilt)
        peer_line_replace(text, hooks->drops, "");
    if (hooks->adds != NULL && spoilt)
        peer_line_add(text, hooks->adds);
    if (hooks->head != NULL)
        hooks->head(conn, text);
}
