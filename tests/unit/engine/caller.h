/* A client for tests of the reference peer: sends bytes as they are, keeps what
 * comes, and says it in one line: "101 pong(x) text(Hello) close(1000) eof". */
#ifndef TEST_CALLER_H
#define TEST_CALLER_H

#include "engine/peer/peer.h"
#include "wire/http1.h"
#include "wirelog.h"

struct caller {
    struct loop *loop;
    struct layer *layer;   /* NULL once released */
    struct buf in;
    struct buf to_send;    /* as soon as the transport is there */
    bool stays;            /* does not end its side when the peer has */
    bool deaf;             /* does not read */
    const char *end;       /* "", "eof", "reset", "error" */
    uint64_t ended_at;
    size_t stop_at;        /* bytes that stop the loop; 0: never */
};

static inline void caller_opened(void *owner)
{
    struct caller *c = owner;
    layer_pause(c->layer, c->deaf);
    layer_write(c->layer, c->to_send.data, c->to_send.size);
}

static inline void caller_data(void *owner, uint8_t *bytes, size_t size)
{
    struct caller *c = owner;
    ck_assert(buf_append(&c->in, bytes, size));
    if (c->stop_at != 0 && c->in.size >= c->stop_at)
        loop_stop(c->loop);
}

static inline void caller_ended(void *owner, enum layer_end end, const struct diag *why)
{
    static const char *const words[] = {"eof", "cut", "reset", "error"};
    struct caller *c = owner;
    (void)why;
    c->end = words[end];
    c->ended_at = loop_now(c->loop);
    if (!c->stays)
        layer_finish(c->layer, FINISH_CLEAN);
    if (c->stop_at != 0)
        loop_stop(c->loop);
}

static const struct layer_sink caller_sink = {caller_opened, caller_data, caller_ended, NULL};

static inline void caller_init(struct caller *c, struct loop *loop)
{
    *c = (struct caller){.loop = loop, .end = ""};
    buf_init(&c->in, 0);
    buf_init(&c->to_send, 0);
}

static inline void caller_connect(struct caller *c, uint16_t port)
{
    struct net_address to = {.host = "127.0.0.1", .port = port};
    c->layer = loop_connect(c->loop, &to, &caller_sink, c);
}

static inline void caller_free(struct caller *c)
{
    layer_release(c->layer);
    buf_free(&c->in);
    buf_free(&c->to_send);
}

static inline void say_frame(const struct ws_frame_part *part, const uint8_t *payload, struct buf *out)
{
    const struct ws_frame_head *head = &part->head;

    buf_printf(out, " %s%s", head->masked ? "masked " : "", ws_opcode_name(head->opcode));
    if (head->rsv != 0)
        buf_printf(out, "/rsv%u", head->rsv);
    if (head->length_form != ws_frame_head_make(WS_TEXT, head->payload_length, NULL).length_form)
        buf_append_text(out, "/long");
    if (head->opcode == WS_CLOSE && head->payload_length >= 2)
        buf_printf(out, "(%u%s)", (unsigned)payload[0] << 8 | payload[1], head->payload_length > 2 ? ".." : "");
    else if (head->payload_length > 40)
        buf_printf(out, "(%c.. %u)", payload[0], (unsigned)head->payload_length);
    else
        buf_printf(out, "(%.*s)", (int)head->payload_length, (const char *)payload);
}

/* Everything that came, in one line. */
static inline void caller_say(struct caller *c, struct buf *out)
{
    static struct ws_head head;
    struct ws_head_scan scan = ws_head_parse(&head, true, buf_text(&c->in), c->in.size, 0, 0);
    size_t at = scan.answer == WS_SCAN_DONE ? head.size : 0;
    struct ws_frame_parser parser;

    buf_clear(out);
    ws_frame_parser_init(&parser, WS_CLIENT);
    if (scan.answer == WS_SCAN_DONE)
        buf_printf(out, "%d", head.status);
    while (scan.answer == WS_SCAN_DONE && at < c->in.size) {
        struct ws_frame_part part;
        size_t count;
        at += ws_frame_parse(&parser, c->in.data + at, c->in.size - at, &part, 1, &count);
        if (count == 1 && part.ends)
            say_frame(&part, part.payload, out);
    }
    buf_printf(out, "%s%s", *c->end != '\0' ? " " : "", c->end);
}

#endif
