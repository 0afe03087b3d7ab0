/* What was received and not yet expected, in order and within limits: a full
 * inbox stops the reading, and the peer feels it. */
#include "engine/runner/play.h"

#include <stdlib.h>
#include <string.h>

static void item_free(struct item *item)
{
    if (item) {
        free(item->data);
        item_packet_free(item->packet);
    }
    free(item);
}

static size_t item_weight(const struct item *item) { return sizeof *item + item->size + item->held; }

static bool is_full(const struct conn *c)
{
    bool others = c->runner->run->held > LIMIT_HELD_BYTES && c->queued_bytes > LIMIT_HELD_SHARE;
    return others || c->queued_bytes > LIMIT_QUEUED_BYTES || c->queued_items > LIMIT_QUEUED_EVENTS;
}

static void pace(struct conn *c)
{
    bool full = is_full(c);
    if (full == c->paused || !c->endpoint)
        return;
    c->paused = full;
    endpoint_pause(c->endpoint, full);
    if (full)
        runner_note(c->runner, "reading stops: %zu bytes in %zu events were received and not yet expected",
                    c->queued_bytes, c->queued_items);
}

struct item *inbox_item(struct conn *c, enum item_kind kind, const uint8_t *bytes, size_t size,
                             struct buf *steal)
{
    struct item *item = calloc(1, sizeof *item);
    uint8_t *copy = NULL;
    if (item && steal)
        copy = buf_steal(steal, &size);
    else if (item && size)
        copy = malloc(size);
    if (!item || (size && !copy)) {
        free(item);
        end_case(c->runner, VERDICT_ERROR, "", "", "no memory for what was received");
        return NULL;
    }
    if (size && !steal)
        memcpy(copy, bytes, size);
    *item = (struct item){.kind = kind, .at_ns = runner_now(c->runner), .frame = c->frames,
                          .data = copy, .size = size};
    return item;
}

void inbox_add(struct conn *c, struct item *item)
{
    *c->last = item;
    c->last = &item->next;
    c->queued_bytes += item_weight(item);
    c->queued_items++;
    c->runner->run->held += item_weight(item);
    pace(c);
}

static void unlink_item(struct conn *c, struct item *item)
{
    struct item **at = &c->first;
    while (*at != item)
        at = &(*at)->next;
    *at = item->next;
    if (c->last == &item->next)
        c->last = at;
    c->queued_bytes -= item_weight(item);
    c->queued_items--;
    c->runner->run->held -= item_weight(item);
    item_free(item);
}

/* Frames and messages are two views of the same bytes: taking one takes what it stands for in the other. */
static void take_shadows(struct conn *c, uint64_t frame, bool frames)
{
    for (struct item *item = c->first, *next; item; item = next) {
        next = item->next;
        if ((item->kind == ITEM_FRAME) != frames || item->frame > frame)
            continue;
        echo_taken(c, item);
        unlink_item(c, item);
    }
}

void inbox_take(struct conn *c, struct item *item)
{
    if (item->kind & (ITEM_CLOSE | ITEM_END))
        c->end_taken = true;
    if (item->kind == ITEM_END)
        return;
    bool is_frame = item->kind == ITEM_FRAME;
    uint64_t frame = item->frame;
    echo_taken(c, item);
    unlink_item(c, item);
    if (c->runner->uses_frames)
        take_shadows(c, frame, !is_frame);
    if (is_frame)
        c->frames_taken = frame;
    pace(c);
}

/* Pings are answered as they come, and a pong that answers nothing is legal at any time. */
static bool passed_over(const struct conn *c, const struct item *item, unsigned wanted)
{
    if (item->kind == ITEM_PING && !(wanted & ITEM_PING))
        return true;
    if (item->kind == ITEM_BEAT && !(wanted & ITEM_BEAT))
        return true;
    if (item->kind == ITEM_PONG && !item->answers && !(wanted & ITEM_PONG))
        return true;
    return item->kind != ITEM_FRAME && item->frame <= c->frames_taken;
}

struct item *inbox_peek(struct conn *c, unsigned wanted)
{
    bool frames = (wanted & ITEM_FRAME) != 0;
    for (struct item *item = c->first, *next; item; item = next) {
        next = item->next;
        if ((item->kind == ITEM_FRAME) != frames)
            continue;
        if (frames || !passed_over(c, item, wanted))
            return item;
        unlink_item(c, item);
    }
    pace(c);
    return c->end;
}

void inbox_discard(struct conn *c)
{
    for (struct item *item = c->first, *next; item; item = next) {
        next = item->next;
        if (item->kind != ITEM_CLOSE)
            unlink_item(c, item);
    }
    pace(c);
}

void inbox_free(struct conn *c)
{
    while (c->first)
        unlink_item(c, c->first);
    item_free(c->end);
}
