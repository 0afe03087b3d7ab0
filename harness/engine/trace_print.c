/* A trace as a scenario: our side as steps that send the same again, the
 * peer's as expectations, times and violations as comments. */
#include "engine/language/script.h"
#include "engine/trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What has to be known of a connection before its first line is printed. */
struct view {
    bool seen;
    size_t first, last; /* events */
    bool server;        /* our role: the first head is the peer's */
    bool headed;
    int answer;         /* server: status of our answer; 0: none */
};

struct printer {
    const struct trace *trace;
    struct buf *out;
    struct view *views; /* by connection */
    bool actors;        /* connections overlap: lines say whose they are */
};

/* ---- views ---- */

/* Of a response head; 0 when it has none. */
static int head_status(const struct trace_event *event)
{
    const char *space = event->size != 0 ? memchr(event->bytes, ' ', event->size) : NULL;
    char digits[4] = "";

    if (space == NULL || (size_t)((const char *)event->bytes + event->size - space) < sizeof digits)
        return 0;
    memcpy(digits, space + 1, 3);
    return atoi(digits);
}

static void view_head(struct view *view, const struct trace_event *event)
{
    if (!view->headed)
        view->server = !event->ours;
    view->headed = true;
    if (view->server && event->ours && view->answer == 0)
        view->answer = head_status(event);
}

/* False without memory. */
static bool printer_look(struct printer *p)
{
    const struct trace *trace = p->trace;
    unsigned highest = 0;
    size_t latest = 0;

    for (size_t i = 0; i < trace->count; i++)
        if (trace->events[i].connection > highest)
            highest = trace->events[i].connection;
    p->views = calloc(highest + 1u, sizeof *p->views);
    if (p->views == NULL)
        return false;
    for (size_t i = 0; i < trace->count; i++) {
        struct view *view = &p->views[trace->events[i].connection];
        if (!view->seen)
            view->first = i;
        view->seen = true;
        view->last = i;
        if (trace->events[i].kind == TRACE_HEAD)
            view_head(view, &trace->events[i]);
    }
    for (unsigned c = 1; c <= highest; c++) {
        if (!p->views[c].seen)
            continue;
        p->actors |= latest > p->views[c].first;
        latest = p->views[c].last > latest ? p->views[c].last : latest;
    }
    return true;
}

/* ---- pieces of a line ---- */

/* 1 is a, 26 is z, 27 is aa: an actor's name is letters. */
static void actor(struct printer *p, unsigned connection)
{
    if (connection > 26)
        actor(p, (connection - 1) / 26);
    buf_append_byte(p->out, (uint8_t)('a' + (connection - 1) % 26));
}

static void begin(struct printer *p, const struct trace_event *event)
{
    buf_append_text(p->out, "  ");
    if (!p->actors || event->connection == 0)
        return;
    actor(p, event->connection);
    buf_append_text(p->out, ": ");
}

/* In a comment: control characters would end it, or are an error of the language. */
static void comment_text(struct printer *p, const char *text)
{
    for (; *text != '\0'; text++)
        buf_append_byte(p->out, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : (uint8_t)*text);
}

static void finish(struct printer *p, const struct trace_event *event)
{
    buf_printf(p->out, "  # %.3fms", (double)event->at_ns / 1e6);
    if (event->size < event->whole && event->ours)
        buf_printf(p->out, "; the dots stand for %" PRIu64 " bytes that were not kept", event->whole - event->size);
    else if (event->size < event->whole)
        buf_printf(p->out, "; of %" PRIu64 " bytes", event->whole);
    buf_append_byte(p->out, '\n');
}

/* The kept bytes that can stand alone: none of a character that was cut. */
static size_t whole_characters(const struct trace_event *event)
{
    size_t size = event->size;

    if (size == event->whole || event->head.opcode != WS_TEXT)
        return size;
    for (unsigned back = 0; back < 3 && size != 0 && (event->bytes[size - 1] & 0xc0u) == 0x80u; back++)
        size--;
    return size != 0 && event->bytes[size - 1] >= 0xc0u ? size - 1 : size;
}

/* Ours: as many bytes as were sent. */
static void sent_bytes(struct printer *p, const struct trace_event *event)
{
    size_t size = whole_characters(event);

    buf_append_byte(p->out, ' ');
    if (size != 0 || event->whole == 0)
        bytes_print(event->bytes, size, p->out);
    if (size != 0 && size < event->whole)
        buf_append_byte(p->out, ' ');
    if (size < event->whole)
        buf_printf(p->out, "fill(0x2e x %" PRIu64 ")", event->whole - size);
}

/* The peer's: only where all of them are known. */
static void seen_bytes(struct printer *p, const uint8_t *bytes, size_t size, bool known)
{
    if (!known)
        return;
    buf_append_byte(p->out, ' ');
    bytes_print(bytes, size, p->out);
}

/* ---- frames ---- */

static const char *const frame_words[16] = {
    [WS_CONTINUATION] = "continue", [WS_TEXT] = "text", [WS_BINARY] = "binary",
    [WS_CLOSE] = "close",           [WS_PING] = "ping", [WS_PONG] = "pong",
};

static unsigned close_code(const struct trace_event *event)
{
    return (unsigned)event->bytes[0] << 8 | event->bytes[1];
}

static void sent_close(struct printer *p, const struct trace_event *event)
{
    size_t skip = event->size >= 2 ? 2 : 0;

    if (skip != 0)
        buf_printf(p->out, " %u", close_code(event));
    if (event->whole > skip)
        sent_bytes(p, &(struct trace_event){
                          .bytes = event->bytes + skip,
                          .size = event->size - skip,
                          .whole = event->whole - skip,
                      });
}

static void sent_mask(struct printer *p, const struct trace_event *event)
{
    const uint8_t *key = event->head.masking_key;
    bool server = p->views[event->connection].server;
    static const uint8_t zero[4];

    if (!event->head.masked && !server)
        buf_append_text(p->out, " mask none");
    else if (event->head.masked && (server || memcmp(key, zero, sizeof zero) == 0))
        buf_printf(p->out, " mask %02x%02x%02x%02x", key[0], key[1], key[2], key[3]);
}

static void sent_length(struct printer *p, const struct trace_event *event)
{
    const struct ws_frame_head *head = &event->head;
    uint8_t minimal = ws_frame_head_make(WS_TEXT, head->payload_length, NULL).length_form;

    if (head->payload_length != event->whole)
        buf_printf(p->out, " length %" PRIu64, head->payload_length);
    if (head->length_form > minimal)
        buf_printf(p->out, " long-length %u", head->length_form);
}

static void print_sent_frame(struct printer *p, const struct trace_event *event)
{
    const struct ws_frame_head *head = &event->head;
    const char *word = frame_words[head->opcode];

    begin(p, event);
    buf_printf(p->out, "send %s", word != NULL ? word : "binary");
    if (head->opcode == WS_CLOSE)
        sent_close(p, event);
    else if (event->whole != 0)
        sent_bytes(p, event);
    if (word == NULL)
        buf_printf(p->out, " opcode %u", head->opcode);
    if (!head->fin)
        buf_append_text(p->out, " more");
    if (head->rsv != 0)
        buf_printf(p->out, " rsv %u", head->rsv);
    sent_length(p, event);
    sent_mask(p, event);
    finish(p, event);
}

static void print_seen_odd(struct printer *p, const struct trace_event *event)
{
    buf_append_text(p->out, "expect frame");
    seen_bytes(p, event->bytes, event->size, event->size == event->whole);
    buf_printf(p->out, " opcode %u", event->head.opcode);
    if (event->head.rsv != 0)
        buf_printf(p->out, " rsv %u", event->head.rsv);
    if (!event->head.fin)
        buf_append_text(p->out, " more");
}

static void print_seen_close(struct printer *p, const struct trace_event *event)
{
    if (event->size == 0) {
        buf_append_text(p->out, "expect close none");
        return;
    }
    buf_printf(p->out, "expect close %u", close_code(event));
    seen_bytes(p, event->bytes + 2, event->size - 2, event->size > 2);
}

static void print_seen_frame(struct printer *p, const struct trace_event *event)
{
    const struct ws_frame_head *head = &event->head;
    const char *word = frame_words[head->opcode];

    begin(p, event);
    if (event->whole != head->payload_length) {
        buf_printf(p->out, "# a %s frame ends after %" PRIu64 " of %" PRIu64 " bytes;", ws_opcode_name(head->opcode),
                   event->whole, head->payload_length);
    } else if (word == NULL || head->opcode == WS_CONTINUATION || !head->fin || head->rsv != 0 ||
               (head->opcode == WS_CLOSE && (event->whole == 1 || event->size != event->whole))) {
        print_seen_odd(p, event);
    } else if (head->opcode == WS_CLOSE) {
        print_seen_close(p, event);
    } else {
        buf_printf(p->out, "expect %s", word);
        seen_bytes(p, event->bytes, event->size, event->size == event->whole);
    }
    finish(p, event);
}

/* ---- the other events ---- */

static void print_word(struct printer *p, const struct trace_event *event, const char *words)
{
    begin(p, event);
    buf_append_text(p->out, words);
    finish(p, event);
}

static void print_connect(struct printer *p, const struct trace_event *event)
{
    if (!p->views[event->connection].server)
        print_word(p, event, "connect");
}

static void print_sent_head(struct printer *p, const struct trace_event *event)
{
    if (p->views[event->connection].server)
        return; /* `accept` says it */
    begin(p, event);
    buf_append_text(p->out, "send http");
    sent_bytes(p, event);
    finish(p, event);
}

static void print_seen_head(struct printer *p, const struct trace_event *event)
{
    const struct view *view = &p->views[event->connection];

    begin(p, event);
    if (!view->server)
        buf_printf(p->out, "expect status %d", head_status(event));
    else if (view->answer == 0 || view->answer == 101)
        buf_append_text(p->out, "accept");
    else
        buf_printf(p->out, "accept status %d", view->answer);
    finish(p, event);
}

static void print_sent_raw(struct printer *p, const struct trace_event *event)
{
    begin(p, event);
    buf_append_text(p->out, "send raw");
    sent_bytes(p, event);
    finish(p, event);
}

static void print_seen_raw(struct printer *p, const struct trace_event *event)
{
    begin(p, event);
    buf_append_text(p->out, "# no frame:");
    seen_bytes(p, event->bytes, event->size, true);
    finish(p, event);
}

static void print_eof(struct printer *p, const struct trace_event *event)
{
    print_word(p, event, event->ours ? "drop fin" : "expect eof");
}

static void print_reset(struct printer *p, const struct trace_event *event)
{
    print_word(p, event, event->ours ? "drop reset" : "expect reset");
}

static void print_text(struct printer *p, const struct trace_event *event)
{
    begin(p, event);
    buf_append_text(p->out, event->kind == TRACE_VIOLATION ? "# the peer " : "# ");
    comment_text(p, event->text);
    finish(p, event);
}

static void print_gap(struct printer *p, size_t left_out)
{
    if (left_out != 0)
        buf_printf(p->out, "  # %zu %s left out here\n", left_out, left_out == 1 ? "event is" : "events are");
}

void trace_print(const struct trace *trace, const char *title, struct buf *out)
{
    static void (*const printers[][2])(struct printer *, const struct trace_event *) = {
        [TRACE_CONNECT] = {print_connect, print_connect},
        [TRACE_HEAD] = {print_seen_head, print_sent_head},
        [TRACE_FRAME] = {print_seen_frame, print_sent_frame},
        [TRACE_RAW] = {print_seen_raw, print_sent_raw},
        [TRACE_EOF] = {print_eof, print_eof},
        [TRACE_RESET] = {print_reset, print_reset},
        [TRACE_VIOLATION] = {print_text, print_text},
        [TRACE_NOTE] = {print_text, print_text},
    };
    struct printer p = {.trace = trace, .out = out};

    if (!printer_look(&p)) {
        out->failed = true;
        return;
    }
    buf_append_text(out, "scenario ");
    bytes_print((const uint8_t *)title, strlen(title), out);
    buf_append_text(out, "\n  auto-pong off\n");
    for (size_t i = 0; i < trace->count; i++) {
        print_gap(&p, trace->events[i].left_out);
        printers[trace->events[i].kind][trace->events[i].ours](&p, &trace->events[i]);
    }
    print_gap(&p, trace->left_out_behind);
    free(p.views);
}
