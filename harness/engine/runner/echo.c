/* What `expect echo` waits for: the messages that we sent and have not had back.
 * Any message that is taken counts as the oldest one's return when it equals it. */
#include "engine/runner/play.h"

#include <stdlib.h>
#include <string.h>

static void add_bytes(struct sent_message *m, const uint8_t *body, size_t size)
{
    size_t room = m->size < PREVIEW_BYTES ? PREVIEW_BYTES - (size_t)m->size : 0;
    memcpy(m->preview + (m->size < PREVIEW_BYTES ? m->size : 0), body, size < room ? size : room);
    hash_add(&m->hash, body, size);
    m->size += size;
}

static void forget_sending(struct conn *c)
{
    free(c->sending);
    c->sending = NULL;
}

/* A message is complete when a frame without `more` ends it; a frame that is broken is none. */
void echo_sent(struct conn *c, const struct frame_order *order, const uint8_t *body, size_t size)
{
    bool broken = order->rsv || order->claim || order->cut_set || order->opcode > WS_BINARY;
    bool begins = order->opcode != WS_CONTINUATION;
    if (!c->runner->uses_echo)
        return;
    if (broken || begins == (c->sending != NULL)) {
        forget_sending(c);
        return;
    }
    if (begins) {
        if (c->unreturned_count >= LIMIT_QUEUED_EVENTS || !(c->sending = calloc(1, sizeof *c->sending))) {
            end_case(c->runner, VERDICT_ERROR, "", "", "more than %u messages were sent and not expected back",
                     LIMIT_QUEUED_EVENTS);
            return;
        }
        c->sending->opcode = order->opcode;
        c->sending->hash = HASH_EMPTY;
    }
    add_bytes(c->sending, body, size);
    if (order->more)
        return;
    *c->unreturned_last = c->sending;
    c->unreturned_last = &c->sending->next;
    c->unreturned_count++;
    c->sending = NULL;
}

bool echo_equals(const struct sent_message *sent, const struct item *item)
{
    return item->kind == ITEM_MESSAGE && item->opcode == sent->opcode && item->size == sent->size &&
           hash_of(item->data, item->size) == hash_value(&sent->hash);
}

void echo_taken(struct conn *c, const struct item *item)
{
    struct sent_message *first = c->unreturned;
    if (!first || !echo_equals(first, item))
        return;
    c->unreturned = first->next;
    if (!c->unreturned)
        c->unreturned_last = &c->unreturned;
    c->unreturned_count--;
    free(first);
}

void echo_free(struct conn *c)
{
    while (c->unreturned) {
        struct sent_message *first = c->unreturned;
        c->unreturned = first->next;
        free(first);
    }
    forget_sending(c);
}
