/* The opening handshake of a told connection, from the side of whoever asks and of whoever lets in. RFC 6455 4. */
#include "engine/story/teller.h"

#include "engine/language/script.h"
#include "engine/proxy/secrets.h"
#include "wire/http1.h"

#include <string.h>

static const char *const usual[] = {
    "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions",
    "sec-websocket-protocol", "origin", "user-agent", "accept-encoding", "accept-language", "accept", "cache-control",
    "pragma", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site",
};

static bool is_usual(struct ws_span name)
{
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (ws_span_is_nocase(name, usual[i]))
            return true;
    return false;
}

static void protocols(struct teller *t, const struct ws_head *head)
{
    size_t from = 0;
    for (const struct ws_header *h; (h = ws_head_next(head, WS_HEADER_PROTOCOL, &from)) != NULL;) {
        struct ws_span rest = h->value, element;
        while (ws_list_next(&rest, &element)) {
            buf_append_text(t->out, " protocol ");
            bytes_print((const uint8_t *)element.at, element.size, t->out);
        }
    }
}

static void other_headers(struct teller *t, const struct ws_head *head, struct buf *masked)
{
    size_t from = 0;
    const struct ws_header *origin = ws_head_next(head, WS_HEADER_ORIGIN, &from);
    if (origin != NULL) {
        buf_append_text(t->out, " origin ");
        bytes_print((const uint8_t *)origin->value.at, origin->value.size, t->out);
    }
    for (size_t i = 0; i < head->header_count; i++) {
        const struct ws_header *h = &head->headers[i];
        if (is_usual(h->name) || h->oddities != 0)
            continue;
        if (secrets_is_header(h->name.at, h->name.size) && !t->options->secrets) {
            buf_printf(masked, "%s%.*s", masked->size == 0 ? "" : ", ", (int)h->name.size, h->name.at);
            continue;
        }
        buf_append_text(t->out, " header ");
        struct buf line;
        buf_init(&line, 0);
        buf_printf(&line, "%.*s: %.*s", (int)h->name.size, h->name.at, (int)h->value.size, h->value.at);
        bytes_print(line.data, line.size, t->out);
        buf_free(&line);
    }
}

static bool read_head(struct ws_head *head, const struct story_event *e, bool response)
{
    return e->size != 0 &&
           ws_head_parse(head, response, (const char *)e->bytes, e->size, 0, 0).answer == WS_SCAN_DONE;
}

static void open_path(struct teller *t, struct ws_span target, struct buf *masked)
{
    struct buf path;
    buf_init(&path, 0);
    secrets_target(target.at, target.size, t->options->secrets, &path);
    if (path.size != target.size || memcmp(path.data, target.at, path.size) != 0)
        buf_printf(masked, "%sa part of the path", masked->size == 0 ? "" : ", ");
    buf_append_text(t->out, " path ");
    bytes_print(path.data, path.size, t->out);
    buf_free(&path);
}

/* Does it ask for what the connection before asked for? */
static bool same_request(const struct teller *t, const struct story_event *e)
{
    const struct story_event *last = NULL;
    for (const struct story_event *at = t->story->events; at < e; at++)
        last = at->kind == STORY_OPEN ? at : last;
    const uint8_t *a = last == NULL ? NULL : memchr(last->bytes, '\r', last->size);
    const uint8_t *b = memchr(e->bytes, '\r', e->size);
    size_t size = b == NULL ? e->size : (size_t)(b - e->bytes);
    return last != NULL && size == (a == NULL ? last->size : (size_t)(a - last->bytes)) &&
           memcmp(last->bytes, e->bytes, size) == 0;
}

/* The client's side: the same request again; after the first a new one, with the pause there was. */
static void open_ours(struct teller *t, const struct story_event *e, const struct ws_head *head, struct buf *masked)
{
    bool known = head != NULL;
    if (t->open > 1 && !t->actors && same_request(t, e)) {
        buf_append_text(t->out, "  reconnect after ");
        teller_time(t->out, e->at_ns - t->last_ns);
        buf_append_text(t->out, " tries 5");
        return;
    }
    if (t->open > 1)
        teller_pause(t, e);
    teller_begin(t, e);
    buf_append_text(t->out, "open");
    open_path(t, known ? head->target : (struct ws_span){(const char *)e->bytes, e->size}, masked);
    if (known) {
        protocols(t, head);
        other_headers(t, head, masked);
    }
}

/* The server's side: whoever comes, in its time, is let in as it was then. */
static void open_theirs(struct teller *t, const struct story_event *e, size_t index)
{
    struct ws_head head;
    teller_begin(t, e);
    buf_append_text(t->out, "accept");
    for (size_t i = index + 1; i < t->story->count; i++) {
        const struct story_event *answer = &t->story->events[i];
        if (answer->connection != e->connection || answer->kind != STORY_ANSWER || !read_head(&head, answer, true))
            continue;
        protocols(t, &head);
        if (head.status != 101 && head.status > 0)
            buf_printf(t->out, " status %d", head.status);
        break;
    }
    if (t->open > 1) {
        uint64_t gap = e->at_ns - t->last_ns;
        buf_append_text(t->out, " within ");
        teller_time(t->out, 3 * gap + 5 * NS_PER_S);
    }
}

void teller_opening(struct teller *t, size_t index, const struct story_event *e)
{
    struct ws_head head;
    struct buf masked;
    bool known = read_head(&head, e, false);
    buf_init(&masked, 0);
    t->open++;
    if (t->client)
        open_ours(t, e, known ? &head : NULL, &masked);
    else
        open_theirs(t, e, index);
    if (masked.size != 0)
        buf_printf(t->out, "  # masked: %s", buf_text(&masked));
    teller_finish(t);
    buf_free(&masked);
}

void teller_answer(struct teller *t, const struct story_event *e)
{
    struct ws_head head;
    if (!t->client || !read_head(&head, e, true) || head.status == 101)
        return;
    teller_begin(t, e);
    buf_printf(t->out, "expect status %d", head.status);
    teller_finish(t);
    t->gone[e->connection] = true;
}
