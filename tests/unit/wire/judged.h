/* A judge with an ear: keeps what it reported in two forms. The log holds
 * every event and is equal for equal bytes, however they were cut; the items
 * are whole messages and control frames. */
#ifndef JUDGED_H
#define JUDGED_H

#include "unit.h"

#include "base/buf.h"
#include "wire/judge.h"

#define JUDGED_ITEMS_MAX 64

struct item {
    const char *kind; /* "text", "binary", "ping", "pong", "close" */
    unsigned code;    /* of a Close */
    struct buf bytes;
};

struct judged {
    struct ws_judge *judge;
    struct buf log;
    bool in_piece;    /* the log ends in a piece of a message */
    size_t count;
    struct item items[JUDGED_ITEMS_MAX];
    struct buf message;
    size_t frames;
    size_t message_bytes; /* of all messages together */
    size_t violations[WS_VIOLATIONS];
    bool keep_nothing;    /* count bytes, keep no text */
};

static inline void judged_keep(struct judged *j, const char *kind, unsigned code,
                               const uint8_t *bytes, size_t size)
{
    if (j->count == JUDGED_ITEMS_MAX)
        return;
    struct item *item = &j->items[j->count++];
    item->kind = kind;
    item->code = code;
    buf_init(&item->bytes, 0);
    buf_append(&item->bytes, bytes, size);
}

static inline void judged_log_hex(struct judged *j, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    buf_reserve(&j->log, 2 * size);
    for (size_t i = 0; i < size; i++) {
        buf_append_byte(&j->log, (uint8_t)digits[bytes[i] >> 4]);
        buf_append_byte(&j->log, (uint8_t)digits[bytes[i] & 15]);
    }
}

static inline void judged_piece(struct judged *j, const struct ws_event *e)
{
    const char *kind = e->opcode == WS_TEXT ? "text" : "binary";
    if (e->first || !j->in_piece)
        buf_printf(&j->log, "\n%s%s%s ", e->first ? "first " : "more ", kind,
                   e->compressed ? " compressed" : "");
    if (e->first)
        buf_clear(&j->message);
    judged_log_hex(j, e->data, e->size);
    buf_append(&j->message, e->data, e->size);
    j->in_piece = !e->last;
    if (e->last) {
        buf_append_text(&j->log, " last");
        judged_keep(j, kind, 0, j->message.data, j->message.size);
    }
}

static inline void judged_hear(void *context, const struct ws_event *e)
{
    struct judged *j = context;
    if (e->kind == WS_EVENT_MESSAGE)
        j->message_bytes += e->size;
    if (e->kind == WS_EVENT_VIOLATION)
        j->violations[e->violation]++;
    if (j->keep_nothing)
        return;
    if (e->kind == WS_EVENT_MESSAGE) {
        judged_piece(j, e);
        return;
    }
    if (e->kind == WS_EVENT_FRAME) {
        j->frames++; /* does not part the pieces of a message */
        return;
    }
    static const char *const names[] = {
        [WS_EVENT_PING] = "ping", [WS_EVENT_PONG] = "pong", [WS_EVENT_CLOSE] = "close",
        [WS_EVENT_VIOLATION] = "violation"};
    j->in_piece = false;
    buf_printf(&j->log, "\n%s @%llu ", names[e->kind], (unsigned long long)e->at);
    if (e->kind == WS_EVENT_VIOLATION)
        buf_printf(&j->log, "%s%s", ws_violation_get(e->violation)->name, e->deaf ? " deaf" : "");
    else
        judged_keep(j, names[e->kind], e->code, e->data, e->size);
    judged_log_hex(j, e->data, e->size);
    buf_printf(&j->log, " %u", (unsigned)e->code);
}

/* config's event and context are ours. */
static inline void judged_init(struct judged *j, struct ws_judge_config config)
{
    memset(j, 0, sizeof *j);
    config.event = judged_hear;
    config.context = j;
    j->judge = ws_judge_new(&config);
    ck_assert_ptr_nonnull(j->judge);
}

static inline void judged_free(struct judged *j)
{
    ws_judge_free(j->judge);
    buf_free(&j->log);
    buf_free(&j->message);
    for (size_t i = 0; i < j->count; i++)
        buf_free(&j->items[i].bytes);
}

/* Feeds a copy, for the judge unmasks in place, and frees it. */
static inline void judged_feed_guard(struct judged *j, struct guard g)
{
    ws_judge_feed(j->judge, g.bytes, g.size);
    guard_free(&g);
}

static inline void judged_feed(struct judged *j, const uint8_t *bytes, size_t size)
{
    judged_feed_guard(j, guard_end(bytes, size));
}

static inline bool judged_same(const struct judged *a, const struct judged *b)
{
    struct ws_prediction p = ws_judge_predict(a->judge), q = ws_judge_predict(b->judge);
    return strcmp(buf_text(&a->log), buf_text(&b->log)) == 0 && a->frames == b->frames && p.outcome == q.outcome &&
           p.violation == q.violation && p.closed == q.closed &&
           memcmp(p.codes, q.codes, sizeof p.codes) == 0 &&
           ws_judge_bytes(a->judge) == ws_judge_bytes(b->judge) &&
           ws_judge_in_message(a->judge) == ws_judge_in_message(b->judge);
}

#endif
