/* See generate.h: sessions from sessions. */
#include "engine/fuzz/material.h"

#include <string.h>

struct editor {
    struct session *session;
    const struct session *other;
    struct prng *random;
};

static uint64_t below(struct editor *e, uint64_t n)
{
    return prng_below(e->random, n);
}

/* Any move of a session that has some. */
static struct move *any(struct editor *e)
{
    return &e->session->moves[below(e, e->session->count)];
}

static void change_leave_out(struct editor *e)
{
    if (e->session->count > 1)
        session_remove(e->session, (size_t)below(e, e->session->count), 1);
}

/* Makes room for a move behind `at`; false when the session is full. */
static bool insert(struct session *session, size_t at, const struct move *move)
{
    if (session->count == SESSION_MOVES_MAX)
        return false;
    struct move copy = *move;
    memmove(&session->moves[at + 1], &session->moves[at], (session->count - at) * sizeof *session->moves);
    session->moves[at] = copy;
    session->count++;
    return true;
}

static void change_twice(struct editor *e)
{
    size_t at = (size_t)below(e, e->session->count);
    if (session_size(e->session) + e->session->moves[at].size <= SESSION_BYTES_MAX)
        insert(e->session, at, &e->session->moves[at]);
}

static void change_exchange(struct editor *e)
{
    if (e->session->count < 3)
        return;
    size_t at = 1 + (size_t)below(e, e->session->count - 2); /* the opening stays in front */
    struct move move = e->session->moves[at];
    e->session->moves[at] = e->session->moves[at + 1];
    e->session->moves[at + 1] = move;
}

static void change_take_from_other(struct editor *e)
{
    if (e->other == NULL || e->other->count < 2)
        return;
    size_t from = 1 + (size_t)below(e, e->other->count - 1), most = e->other->count - from;
    size_t count = 1 + (size_t)below(e, most < 4 ? most : 4);
    size_t at = e->session->count == 0 ? 0 : 1 + (size_t)below(e, e->session->count);
    for (size_t i = 0; i < count; i++) {
        struct move move = e->other->moves[from + i];
        bool opens = move.kind == MOVE_OPEN || move.kind == MOVE_HEAD;
        if (opens || session_size(e->session) + move.size > SESSION_BYTES_MAX)
            return;
        if (!session_bytes(e->session, &move, move.bytes, move.size) || !insert(e->session, at + i, &move))
            return;
    }
}

static void change_flags(struct editor *e)
{
    struct move *move = any(e);
    switch (below(e, 8)) {
    case 0: move->more = !move->more; break;
    case 1: move->rsv = (uint8_t)below(e, 8); break;
    case 2: move->opcode_set = true; move->opcode = (uint8_t)below(e, 16); break;
    case 3: move->mask = chance(e->random, 50) ? SESSION_MASK_NONE : SESSION_MASK_KEY; break;
    case 4: move->long_length = move->long_length == 0 ? 16 : move->long_length == 16 ? 64 : 0; break;
    case 5: move->fragment = (uint32_t)below(e, 2 + move->size); break;
    case 6: move->chunk = move->size > 600 ? 500 : (uint32_t)below(e, 8); break;
    default: move->compress = !move->compress; break;
    }
    if (move->fragment != 0 && move->size / move->fragment > 100)
        move->fragment = 1000;
    if (move->chunk != 0 && move->size / move->chunk > 600)
        move->chunk = 1000;
}

/* The move's bytes, to be changed; empty when there is no memory. */
static struct buf taken(const struct move *move)
{
    struct buf bytes;
    buf_init(&bytes, SESSION_BYTES_MAX);
    buf_append(&bytes, move->bytes, move->size);
    return bytes;
}

static void put(struct editor *e, struct move *move, struct buf *bytes)
{
    if (!bytes->failed && session_size(e->session) - move->size + bytes->size <= SESSION_BYTES_MAX)
        session_bytes(e->session, move, bytes->data, bytes->size);
    buf_free(bytes);
}

static void change_bytes(struct editor *e)
{
    struct move *move = any(e);
    if (move->size == 0)
        return;
    struct buf bytes = taken(move);
    for (uint64_t times = 1 + below(e, 3); times > 0 && bytes.size != 0; times--) {
        uint8_t *byte = &bytes.data[below(e, bytes.size)];
        const uint64_t flip = UINT64_C(1) << below(e, 8), other = prng_next(e->random);
        *byte = (uint8_t)(chance(e->random, 50) ? *byte ^ flip : other);
    }
    put(e, move, &bytes);
}

/* What a testee looks at stands at the front, mostly. */
static void change_one_byte(struct editor *e)
{
    struct move *move = any(e);
    struct buf bytes = taken(move);
    if (bytes.size != 0)
        bytes.data[below(e, bytes.size < 16 ? bytes.size : 16)] = (uint8_t)prng_next(e->random);
    put(e, move, &bytes);
}

static void change_length(struct editor *e)
{
    struct move *move = any(e);
    if (move->kind == MOVE_OPEN || move->kind == MOVE_HEAD || move->kind == MOVE_RECONNECT)
        return;
    struct buf bytes = taken(move);
    size_t size = material_length(e->random);
    if (size <= bytes.size)
        bytes.size = size;
    else
        buf_append_fill(&bytes, 'x', size - bytes.size);
    put(e, move, &bytes);
}

static void change_code(struct editor *e)
{
    struct move *move = any(e);
    if (move->kind != MOVE_CLOSE)
        return;
    move->code_set = chance(e->random, 90);
    move->code = material_close_code(e->random);
}

static void change_kind(struct editor *e)
{
    struct move *move = any(e);
    if (move_opcode(move->kind) != MOVE_NO_FRAME)
        move->kind = (enum move_kind)(MOVE_TEXT + below(e, MOVE_CLOSE - MOVE_TEXT + 1));
    move->code_set &= move->kind == MOVE_CLOSE;
}

static const struct change {
    void (*make)(struct editor *e);
    unsigned weight;
} changes[] = {
#define CHANGE(id, weight) {change_##id, weight},
#include "engine/fuzz/changes.def"
};

void session_mutate(struct session *session, const struct session *other, struct prng *random)
{
    struct editor editor = {.session = session, .other = other, .random = random};
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        sum += changes[i].weight;
    for (uint64_t times = 1 + prng_below(random, 4); times > 0 && session->count != 0; times--) {
        uint64_t pick = prng_below(random, sum);
        const struct change *change = changes;
        for (; pick >= change->weight; change++)
            pick -= change->weight;
        change->make(&editor);
    }
    session_cap_waits(session);
}
