/* What the proxies see as JSON, one object a line (docs/proxy.md, "Events"). The
 * values of headers that carry secrets are not told unless --secrets says so. */
#include "modes/proxy/serve.h"

#include "engine/proxy/secrets.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [PROXY_ACCEPTED] = "accepted", [PROXY_CONNECTED] = "connected", [PROXY_HEAD] = "head", [PROXY_FRAME] = "frame",
    [PROXY_FAULT] = "fault",       [PROXY_NOTE] = "note",           [PROXY_ENDED] = "ended", [PROXY_OVER] = "over",
};

static bool is_utf8(const uint8_t *bytes, size_t size)
{
    json_t *text = json_stringn((const char *)bytes, size);
    json_decref(text);
    return text != NULL;
}

static void set_hex(json_t *json, const char *key, const uint8_t *bytes, size_t size)
{
    struct buf hex;
    buf_init(&hex, 0);
    for (size_t i = 0; i < size; i++)
        buf_printf(&hex, "%02x", bytes[i]);
    json_object_set_new(json, key, json_string(buf_text(&hex)));
    buf_free(&hex);
}

static void set_bytes(json_t *json, const uint8_t *bytes, size_t size)
{
    if (is_utf8(bytes, size))
        json_object_set_new(json, "text", json_stringn(size == 0 ? "" : (const char *)bytes, size));
    else
        set_hex(json, "hex", bytes, size);
}

static void frame(json_t *json, const struct proxy_event *event)
{
    const struct ws_frame_head *head = &event->head;
    bool close = head->opcode == WS_CLOSE && event->size >= 2;
    json_object_set_new(json, "opcode", json_integer(head->opcode));
    json_object_set_new(json, "fin", json_boolean(head->fin));
    json_object_set_new(json, "rsv", json_integer(head->rsv));
    json_object_set_new(json, "masked", json_boolean(head->masked));
    json_object_set_new(json, "size", json_integer((json_int_t)event->whole));
    if (close)
        json_object_set_new(json, "code", json_integer(event->bytes[0] << 8 | event->bytes[1]));
    set_bytes(json, event->bytes + (close ? 2 : 0), event->size - (close ? 2u : 0u));
    if (event->size < event->whole)
        json_object_set_new(json, "cut", json_true());
    if (event->text[0] != 0)
        json_object_set_new(json, "action", json_string(event->text));
}

void events_event(struct serve *serve, const struct proxy_event *event)
{
    json_t *json = json_pack("{s:f, s:s, s:i, s:s}", "time", (double)event->at_ns / 1e9, "proxy",
                             proxy_config(event->proxy)->name, "connection", (int)event->connection, "event",
                             names[event->kind]);
    bool directed = event->kind == PROXY_HEAD || event->kind == PROXY_FRAME || event->kind == PROXY_ENDED;
    if (directed)
        json_object_set_new(json, "direction", json_string(event->upstream ? "upstream" : "downstream"));
    if (event->kind == PROXY_FRAME) {
        frame(json, event);
    } else if (event->kind == PROXY_HEAD) {
        struct buf head;
        buf_init(&head, 0);
        secrets_head((const char *)event->bytes, event->size, serve->options->secrets, &head);
        set_bytes(json, head.data, head.size);
        buf_free(&head);
    } else if (event->kind == PROXY_ENDED) {
        static const char *const ends[] = {
            [LAYER_EOF] = "fin", [LAYER_CUT] = "cut", [LAYER_RESET] = "reset", [LAYER_ERROR] = "error"};
        json_object_set_new(json, "end", json_string(ends[event->end]));
    } else {
        json_object_set_new(json, "text", json_string(event->text));
    }
    char *line = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9));
    fprintf(serve->events, "%s\n", line == NULL ? "{}" : line);
    fflush(serve->events);
    free(line);
    json_decref(json);
}
