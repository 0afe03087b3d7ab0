/* What the proxies see, one plain line each: for a pipe, a log, an eye. */
#include "modes/proxy/serve.h"

#include <inttypes.h>
#include <string.h>

#define PAYLOAD_SHOWN 60u

static void frame(struct buf *out, const struct proxy_event *event)
{
    const struct ws_frame_head *head = &event->head;
    size_t size = event->size < PAYLOAD_SHOWN ? event->size : PAYLOAD_SHOWN;
    buf_printf(out, "%s %" PRIu64, ws_opcode_name(head->opcode), event->whole);
    if (!head->fin)
        buf_append_text(out, " more");
    if (head->rsv != 0)
        buf_printf(out, " rsv %u", head->rsv);
    if (head->opcode == WS_CLOSE && event->size >= 2)
        buf_printf(out, " %u", (unsigned)event->bytes[0] << 8 | event->bytes[1]);
    size_t skip = head->opcode == WS_CLOSE && size >= 2 ? 2 : 0;
    if (size > skip) {
        buf_append_byte(out, ' ');
        bytes_print(event->bytes + skip, size - skip, out);
    }
    if (size < event->whole)
        buf_append_text(out, " ...");
    if (event->text[0] != 0)
        buf_printf(out, " (%s)", event->text);
}

/* The first line of a head. The others may hold secrets. */
static void head(struct buf *out, const struct proxy_event *event)
{
    const uint8_t *end = event->size == 0 ? NULL : memchr(event->bytes, '\r', event->size);
    size_t size = end == NULL ? event->size : (size_t)(end - event->bytes);
    const uint8_t *query = size == 0 ? NULL : memchr(event->bytes, '?', size);
    const uint8_t *behind = query == NULL ? NULL : memchr(query, ' ', size - (size_t)(query - event->bytes));
    size_t shown = query == NULL ? size : (size_t)(query - event->bytes) + 1;
    for (size_t i = 0; i < shown; i++)
        buf_append_byte(out, event->bytes[i] < 0x20 || event->bytes[i] > 0x7e ? '?' : event->bytes[i]);
    if (query != NULL)
        buf_append_text(out, "...");
    if (behind != NULL)
        buf_append(out, behind, size - (size_t)(behind - event->bytes));
}

static const char *end_word(const struct proxy_event *event)
{
    static const char *const words[] = {
        [LAYER_EOF] = "FIN", [LAYER_CUT] = "FIN without close_notify", [LAYER_RESET] = "RST", [LAYER_ERROR] = "error"};
    return words[event->end];
}

void lines_event(struct serve *serve, const struct proxy_event *event)
{
    static const char *const marks[] = {
        [PROXY_ACCEPTED] = "+", [PROXY_CONNECTED] = "=", [PROXY_HEAD] = "", [PROXY_FRAME] = "",
        [PROXY_FAULT] = "*",    [PROXY_NOTE] = "!",      [PROXY_ENDED] = "", [PROXY_OVER] = "-",
    };
    if (event->kind == PROXY_FRAME && !serve->options->tell.verbose)
        return;
    struct buf line;
    buf_init(&line, 0);
    buf_printf(&line, "%9.3f ", (double)event->at_ns / 1e9);
    if (serve->count > 1)
        buf_printf(&line, "%s ", proxy_config(event->proxy)->name);
    if (event->connection != 0)
        buf_printf(&line, "#%u ", event->connection);
    buf_printf(&line, "%s ", marks[event->kind][0] != 0 ? marks[event->kind] : event->upstream ? ">" : "<");
    if (event->kind == PROXY_FRAME)
        frame(&line, event);
    else if (event->kind == PROXY_HEAD)
        head(&line, event);
    else if (event->kind == PROXY_ENDED)
        buf_append_text(&line, end_word(event));
    else
        buf_append_text(&line, event->text);
    fprintf(serve->options->tell.out, "%s\n", buf_text(&line));
    fflush(serve->options->tell.out);
    buf_free(&line);
}
