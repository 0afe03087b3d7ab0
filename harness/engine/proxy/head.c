/* The opening handshake on its way through the proxy: the request may get
 * another Host and lose its extensions, the answer may be spoiled by a fault, and
 * what the server says decides whether frames follow. RFC 6455 section 4. */
#include "engine/proxy/inside.h"

#include <string.h>

static void say_head(struct proxy_way *way, const struct buf *text)
{
    proxy_say(way->conn->proxy,
              (struct proxy_event){.kind = PROXY_HEAD, .connection = way->conn->number, .upstream = way->up,
                                   .bytes = text->data, .size = text->size, .whole = text->size});
}

/* "host", "host:port" as a Host header has it (RFC 9112 section 3.2). */
static void write_host(const struct proxy *proxy, struct buf *out)
{
    const struct net_address *to = &proxy->config.to;
    bool usual = to->port == (proxy->config.to_tls != NULL ? 443 : 80);
    bool six = strchr(to->host, ':') != NULL;
    buf_printf(out, "%s%s%s", six ? "[" : "", to->host, six ? "]" : "");
    if (!usual)
        buf_printf(out, ":%u", to->port);
}

static bool messages_matter(const struct proxy *proxy)
{
    for (const struct proxy_script *script = proxy->scripts; script != NULL; script = script->next)
        if (script->messages)
            return true;
    return proxy->config.plain;
}

/* What stands for the value of this line; false: the line goes. */
static bool write_value(const struct proxy *proxy, const struct ws_header *h, struct buf *out)
{
    if (h->id == WS_HEADER_EXTENSIONS)
        return proxy->config.keep_deflate && offers_alone(h->value, out);
    write_host(proxy, out);
    return true;
}

/* The head with the lines that are changed; everything else is as it was, byte for byte. `head` points into `text`. */
static void rewrite(struct proxy_conn *conn, const struct ws_head *head, const char *text, struct buf *out)
{
    const struct proxy *proxy = conn->proxy;
    const char *at = text, *end = at + head->size;
    bool matters = messages_matter(proxy);
    struct buf value;
    buf_init(&value, 0);
    for (size_t i = 0; i < head->header_count; i++) {
        const struct ws_header *h = &head->headers[i];
        bool host = h->id == WS_HEADER_HOST && !head->is_response && !proxy->config.keep_host;
        if (!host && !(h->id == WS_HEADER_EXTENSIONS && matters))
            continue;
        const char *value_end = h->value.at + h->value.size;
        const char *behind = memchr(value_end, '\n', (size_t)(end - value_end));
        if (behind == NULL || h->name.at < at)
            continue;
        buf_clear(&value);
        bool stays = write_value(proxy, h, &value);
        buf_append(out, at, (size_t)(stays ? h->value.at - at : h->name.at - at));
        buf_append(out, value.data, value.size);
        at = stays ? value_end : behind + 1;
    }
    buf_append(out, at, (size_t)(end - at));
    buf_free(&value);
}

static bool asks_for_websocket(const struct ws_head *head)
{
    size_t from = 0;
    for (const struct ws_header *h; (h = ws_head_next(head, WS_HEADER_UPGRADE, &from)) != NULL;) {
        struct ws_span rest = h->value, element;
        while (ws_list_next(&rest, &element))
            if (ws_span_is_nocase(element, "websocket"))
                return true;
    }
    return false;
}

static void request_complete(struct proxy_way *way, const struct ws_head *head)
{
    struct proxy_conn *conn = way->conn;
    struct buf text;
    buf_init(&text, 0);
    rewrite(conn, head, (const char *)conn->up.head.data, &text);
    conn->upgrade = asks_for_websocket(head);
    say_head(way, &text);
    way->flow.bytes += text.size;
    if (conn->own != NULL) {
        conn->own->fault->request(conn, conn->own, head);
        way->shut = true;
    } else {
        way_write(way, text.data, text.size);
        way->stage = conn->upgrade ? WAY_WAITS : WAY_RAW;
    }
    buf_free(&text);
}

/* A 101: the faults that spoil it, then frames. */
static void switched(struct proxy_way *way, const struct ws_head *head, struct buf *text)
{
    struct proxy_conn *conn = way->conn;
    bool last = false;
    for (struct armed *a = conn->armed; a != NULL; a = a->next)
        if (!a->done && a->fault != NULL && a->fault->response != NULL)
            last = a->fault->response(conn, a, head, text) || last;
    conn->open = true;
    way_write(way, text->data, text->size);
    say_head(way, text);
    way_begin(way, WAY_FRAMES);
    way_begin(&conn->up, WAY_FRAMES);
    if (last) {
        conn->up.shut = true;
        conn_finish_client(conn);
    }
    play_opened(conn);
}

static void response_complete(struct proxy_way *way, const struct ws_head *head, struct buf *text)
{
    struct proxy_conn *conn = way->conn;
    way->flow.bytes += text->size;
    if (head->status == 101 && conn->upgrade) {
        switched(way, head, text);
    } else {
        way_write(way, text->data, text->size);
        say_head(way, text);
        if (head->status >= 100 && head->status < 200)
            return; /* the answer proper is still to come */
        way_begin(way, WAY_RAW);
        way_begin(&conn->up, WAY_RAW);
        play_opened(conn);
    }
    if (!conn->over)
        way_go_on(&conn->up);
}

/* No HTTP at all, or too much of it: bytes are bytes from here on. */
static void not_http(struct proxy_way *way)
{
    struct proxy_conn *conn = way->conn;
    way_begin(way, WAY_RAW);
    way->flow.bytes += way->head.size;
    way_write(way, way->head.data, way->head.size);
    if (way->up)
        conn->down.stage = WAY_RAW;
    else
        way_begin(&conn->up, WAY_RAW);
    play_opened(conn);
    if (!way->up && !conn->over)
        way_go_on(&conn->up);
}

size_t way_take_head(struct proxy_way *way, const uint8_t *bytes, size_t size)
{
    struct proxy *proxy = way->conn->proxy;
    size_t before = way->head.size;
    if (!buf_append(&way->head, bytes, size))
        return size;
    if (way->up && way->conn->own != NULL && way->conn->own->fault->request == NULL) {
        buf_clear(&way->head); /* nobody will ever answer */
        return size;
    }
    struct ws_head_scan scan = ws_head_parse(&proxy->head, !way->up, (const char *)way->head.data, way->head.size,
                                             way->head_seen, 0);
    way->head_seen = way->head.size;
    if (scan.answer == WS_SCAN_MORE)
        return size;
    way->head_seen = 0;
    if (scan.answer == WS_SCAN_BROKEN) {
        not_http(way);
        buf_free(&way->head);
        return size;
    }
    struct buf text = way->head;
    if (way->up) {
        request_complete(way, &proxy->head);
        way->head = (struct buf){0};
    } else {
        way->head = (struct buf){0};
        struct buf head;
        buf_init(&head, 0);
        /* Faults write into this copy, where *head then points. A server that was not offered an extension and
         * names one is left to the client. */
        if (way->conn->upgrade && proxy->config.keep_deflate)
            rewrite(way->conn, &proxy->head, (const char *)text.data, &head);
        else
            buf_append(&head, text.data, scan.at);
        ws_head_parse(&proxy->head, true, (const char *)head.data, head.size, 0, 0);
        response_complete(way, &proxy->head, &head);
        buf_free(&head);
    }
    buf_free(&text);
    return scan.at - before;
}
