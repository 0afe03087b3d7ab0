/* See pool.h. */
#include "modes/livefuzz/pool.h"

#include "base/hash.h"

/* 0, 1, 2 .. 125, then by order of magnitude: what a length tells of the way it took. */
static uint8_t size_class(uint64_t size)
{
    return size == 0 ? 0 : size < 126 ? 1 : size < 65536 ? 2 : 3;
}

/* What one event looks like from afar. */
static uint64_t look(const struct trace_event *event)
{
    uint8_t features[8] = {(uint8_t)event->kind, event->ours};
    if (event->kind == TRACE_FRAME) {
        features[2] = event->head.opcode;
        features[3] = (uint8_t)(event->head.fin | event->head.rsv << 1 | event->head.masked << 4);
        features[4] = size_class(event->head.payload_length);
        if (event->head.opcode == WS_CLOSE && event->size >= 2) {
            features[5] = event->bytes[0];
            features[6] = event->bytes[1];
        }
    } else if (event->kind == TRACE_HEAD && !event->ours && event->size > 12) {
        features[2] = event->bytes[9]; /* the digits of the status */
        features[3] = event->bytes[10];
        features[4] = event->bytes[11];
    }
    return hash_bytes(HASH_START, features, sizeof features);
}

bool pool_new_shape(struct pool *pool, const struct case_result *result)
{
    uint64_t before = HASH_START;
    bool any = false;
    for (size_t i = 0; i < result->event_count; i++) {
        const struct trace_event *event = &result->events[i];
        if (event->kind == TRACE_NOTE)
            continue;
        uint64_t now = look(event);
        uint32_t pair = (uint32_t)((before * 31 ^ now) % POOL_PAIRS);
        uint8_t bit = (uint8_t)(1u << pair % 8);
        bool fresh = (pool->seen[pair / 8] & bit) == 0;
        pool->seen[pair / 8] |= bit;
        pool->shapes += fresh;
        any |= fresh;
        before = now;
    }
    return any;
}

void pool_add(struct pool *pool, const struct session *session, struct prng *random)
{
    struct session *copy = session_copy(session);
    if (copy == NULL)
        return;
    if (pool->count < POOL_SESSIONS_MAX) {
        pool->sessions[pool->count++] = copy;
        return;
    }
    size_t at = (size_t)prng_below(random, pool->count);
    session_free(pool->sessions[at]);
    pool->sessions[at] = copy;
}

const struct session *pool_pick(const struct pool *pool, struct prng *random)
{
    enum { LAST = 8 };
    bool last = prng_below(random, 2) == 0 && pool->count > LAST;
    if (pool->count == 0)
        return NULL;
    return pool->sessions[last ? pool->count - 1 - prng_below(random, LAST) : prng_below(random, pool->count)];
}

void pool_free(struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        session_free(pool->sessions[i]);
    pool->count = 0;
}
