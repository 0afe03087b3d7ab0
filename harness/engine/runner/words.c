/* What was expected and what came, in words for a person. */
#include "engine/runner/play.h"

#include <string.h>

const char *runner_words(struct runner *r, struct buf *words)
{
    const char *text = runner_text(r, "%s", buf_text(words));
    buf_free(words);
    return text;
}

#define HEADER_LINES_TOLD 3u

static void preview(const uint8_t *bytes, size_t size, uint64_t whole, struct buf *out)
{
    size_t shown = size < PREVIEW_BYTES ? size : PREVIEW_BYTES;
    bytes_print(bytes, shown, out);
    if (whole > shown)
        buf_printf(out, "... (%llu bytes)", (unsigned long long)whole);
}

static void frame_words(const struct item *item, struct buf *out)
{
    buf_printf(out, "frame %s%s", ws_opcode_name(item->head.opcode), item->head.fin ? "" : " more");
    if (item->head.rsv)
        buf_printf(out, " rsv %u", item->head.rsv);
    buf_append_byte(out, ' ');
    preview(item->data, item->size, item->head.payload_length, out);
}

static void message_words(const struct item *item, struct buf *out)
{
    buf_printf(out, "%s ", ws_opcode_name(item->opcode));
    preview(item->data, item->size, item->size, out);
}

static void packet_words(const struct item *item, struct buf *out)
{
    const struct item_packet *packet = item->packet;
    if (packet && packet->engine == EIO_MESSAGE) {
        buf_printf(out, "Socket.IO packet %s ", sio_type_name(packet->whole.packet.type));
        preview(packet->whole.text.data, packet->whole.text.size, packet->whole.text.size, out);
    } else {
        buf_printf(out, "Socket.IO packet %s ", packet ? eio_type_name(packet->engine) : "");
        preview(item->data, item->size, item->size, out);
    }
}

static void control_words(const struct item *item, struct buf *out)
{
    buf_printf(out, "%s ", item->kind == ITEM_PING ? "ping" : "pong");
    preview(item->data, item->size, item->size, out);
}

static void close_words(const struct item *item, struct buf *out)
{
    if (item->code == 1005)
        buf_append_text(out, "close without a code");
    else
        buf_printf(out, "close %u", item->code);
    if (item->size) {
        buf_append_byte(out, ' ');
        preview(item->data, item->size, item->size, out);
    }
}

static void end_item_words(const struct item *item, struct buf *out)
{
    static const char *const words[] = {
        [LAYER_EOF] = "the end of the connection (FIN)",
        [LAYER_CUT] = "the end of the connection (FIN without TLS close_notify)",
        [LAYER_RESET] = "a reset connection (RST)",
        [LAYER_ERROR] = "a failed connection",
    };
    buf_append_text(out, words[item->end]);
    if (item->end == LAYER_ERROR && item->size)
        buf_printf(out, ": %.*s", (int)item->size, (const char *)item->data);
}

void item_words(const struct item *item, struct buf *out)
{
    static const struct { enum item_kind kind; void (*words)(const struct item *, struct buf *); } rows[] = {
        {ITEM_FRAME, frame_words}, {ITEM_MESSAGE, message_words}, {ITEM_PING, control_words},
        {ITEM_PACKET, packet_words}, {ITEM_BEAT, packet_words}, {ITEM_PONG, control_words},
        {ITEM_CLOSE, close_words}, {ITEM_END, end_item_words}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].kind == item->kind)
            rows[i].words(item, out);
}

void head_words(const struct conn *c, struct buf *out)
{
    if (c->head.broken) {
        buf_append_text(out, "bytes that are no HTTP head");
        return;
    }
    struct ws_span line = c->head.head.start_line;
    preview((const uint8_t *)line.at, line.size, line.size, out);
}

bool body_words(const struct conn *c, struct buf *out)
{
    if (c->head.broken || c->body.size == 0)
        return false;
    head_words(c, out);
    buf_append_text(out, " with a body ");
    preview(c->body.data, c->body.size, c->body.size, out);
    return true;
}

bool header_words(struct runner *r, const struct conn *c, const struct step *step, struct buf *out)
{
    struct buf line;
    size_t lines = 0;
    buf_init(&line, 0);
    if (!c->head.broken && runner_payload(r, step_setting(step, SLOT_LINE)->value.bytes, &line)) {
        size_t name = strcspn(buf_text(&line), ":");
        for (size_t i = 0; i < c->head.head.header_count && lines < HEADER_LINES_TOLD; i++) {
            const struct ws_header *h = &c->head.head.headers[i];
            if (!header_is_named(h, buf_text(&line), name))
                continue;
            buf_append_text(out, lines++ == 0 ? "" : " and ");
            size_t size = (size_t)(h->value.at + h->value.size - h->name.at);
            preview((const uint8_t *)h->name.at, size, size, out);
        }
    }
    buf_free(&line);
    return lines != 0;
}

const char *end_words(struct runner *r, const struct conn *c)
{
    struct buf words;
    buf_init(&words, 0);
    item_words(c->end, &words);
    return runner_words(r, &words);
}

/* The step without its verb, as it is written. */
static void step_words(const struct step *step, struct buf *out)
{
    struct buf line;
    buf_init(&line, 0);
    step_print(step, &line);
    const char *text = buf_text(&line), *verb = verb_word(step->verb), *at = strstr(text, verb);
    if (step->verb == VERB_EXPECT || step->verb == VERB_OR)
        text = at + strlen(verb) + 1;
    const char *comment = step->comment ? strstr(text, "  #") : NULL;
    buf_append(out, text, comment ? (size_t)(comment - text) : strlen(text));
    buf_free(&line);
}

static void echo_words(const struct sent_message *m, struct buf *out)
{
    buf_printf(out, "the echo of %s ", ws_opcode_name(m->opcode));
    preview(m->preview, m->size < PREVIEW_BYTES ? (size_t)m->size : PREVIEW_BYTES, m->size, out);
}

const char *expected_words(struct runner *r, const struct step *step)
{
    struct buf words;
    struct conn *c = conn_of(r, step->actor);
    buf_init(&words, 0);
    if (step->form == FORM_EXPECT_ECHO && c && c->unreturned)
        echo_words(c->unreturned, &words);
    else
        step_words(step, &words);
    for (const struct step *one = step->alternatives; one; one = one->next) {
        buf_append_text(&words, " or ");
        step_words(one, &words);
    }
    return runner_words(r, &words);
}

const char *duration_words(struct runner *r, uint64_t ns)
{
    if (ns < NS_PER_MS)
        return runner_text(r, "%llu us", (unsigned long long)(ns / NS_PER_US));
    if (ns < 10 * NS_PER_S)
        return runner_text(r, "%llu ms", (unsigned long long)(ns / NS_PER_MS));
    return runner_text(r, "%.1f s", (double)ns / (double)NS_PER_S);
}
