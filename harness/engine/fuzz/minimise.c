/* See minimise.h. */
#include "engine/fuzz/minimise.h"

#include <string.h>

struct search {
    struct session *best;
    unsigned tries;
    shows_fn *shows;
    void *arg;
};

/* Owns the candidate. True when it is the new best. */
static bool attempt(struct search *s, struct session *candidate)
{
    if (candidate == NULL)
        return false;
    bool better = s->tries != 0 && candidate->count != 0;
    if (better) {
        s->tries--;
        better = s->shows(s->arg, candidate);
    }
    session_free(better ? s->best : candidate);
    if (better)
        s->best = candidate;
    return better;
}

/* ---- moves ---- */

static bool without(struct search *s, size_t at, size_t count)
{
    struct session *candidate = session_copy(s->best);
    if (candidate != NULL)
        session_remove(candidate, at, count);
    return attempt(s, candidate);
}

/* Halves, quarters ... single moves, from the end, since what stands behind the place is of no use. */
static bool fewer_moves(struct search *s)
{
    bool any = false;
    for (size_t size = (s->best->count + 1) / 2; size >= 1; size /= 2)
        for (size_t end = s->best->count; end >= size && s->tries != 0;) {
            bool gone = without(s, end - size, size);
            any |= gone;
            end = gone ? (end - size > s->best->count ? s->best->count : end - size) : end - 1;
        }
    return any;
}

/* A fragment and what continues it become one. */
static bool whole_messages(struct search *s)
{
    bool any = false;
    for (size_t i = 0; i + 1 < s->best->count && s->tries != 0; i++) {
        const struct move *first = &s->best->moves[i], *second = first + 1;
        if (!first->more || second->kind != MOVE_CONTINUE || second->actor != first->actor)
            continue;
        struct session *candidate = session_copy(s->best);
        uint8_t *both = candidate == NULL ? NULL : arena_alloc(&candidate->arena, first->size + second->size + 1);
        if (both != NULL) {
            struct move *move = &candidate->moves[i];
            if (first->size != 0)
                memcpy(both, first->bytes, first->size);
            if (second->size != 0)
                memcpy(both + first->size, second->bytes, second->size);
            move->bytes = both;
            move->size += second->size;
            move->more = second->more;
            session_remove(candidate, i + 1, 1);
        }
        any |= attempt(s, candidate);
    }
    return any;
}

/* ---- options: each alone back to what is plain ---- */

static void plain_joined(struct move *m) { m->joined = false; }
static void plain_every(struct move *m) { m->wait_ms = m->kind == MOVE_WAIT ? m->wait_ms : 0; }
static void plain_chunk(struct move *m) { m->chunk = 0; }
static void plain_fragment(struct move *m) { m->fragment = 0; }
static void plain_compress(struct move *m) { m->compress = false; }
static void plain_mask(struct move *m) { m->mask = SESSION_MASK_OURS; }
static void plain_length(struct move *m) { m->long_length = 0; }
static void plain_claim(struct move *m) { m->claim = false; }
static void plain_cut(struct move *m) { m->cut_set = false; }
static void plain_rsv(struct move *m) { m->rsv = 0; }
static void plain_opcode(struct move *m) { m->opcode_set = false; }
static void plain_more(struct move *m) { m->more = false; }
static void plain_offer(struct move *m) { m->offer = m->offer != NULL && m->offer[0] != 0 ? "" : NULL; }
static void plain_protocol(struct move *m) { m->protocol = NULL; }
static void plain_kind(struct move *m) { m->kind = m->kind == MOVE_BINARY ? MOVE_TEXT : m->kind; }

static bool plainer(struct search *s)
{
    static void (*const simplify[])(struct move *move) = {
        plain_joined, plain_every, plain_chunk, plain_fragment, plain_compress, plain_mask, plain_length, plain_claim,
        plain_cut, plain_rsv, plain_opcode, plain_more, plain_offer, plain_protocol, plain_kind,
    };
    bool any = false;
    for (size_t i = 0; i < s->best->count; i++)
        for (size_t k = 0; k < sizeof simplify / sizeof *simplify && s->tries != 0; k++) {
            struct move move = s->best->moves[i];
            simplify[k](&move);
            if (memcmp(&move, &s->best->moves[i], sizeof move) == 0)
                continue;
            struct session *candidate = session_copy(s->best);
            if (candidate != NULL)
                simplify[k](&candidate->moves[i]);
            any |= attempt(s, candidate);
        }
    return any;
}

/* All on one connection. */
static bool one_actor(struct search *s)
{
    struct session *candidate = session_has_actors(s->best) ? session_copy(s->best) : NULL;
    for (size_t i = 0; candidate != NULL && i < candidate->count; i++)
        candidate->moves[i].actor = 0;
    return attempt(s, candidate);
}

/* ---- bytes ---- */

static struct session *cut_bytes(const struct session *session, size_t at, size_t from, size_t count)
{
    struct session *copy = session_copy(session);
    if (copy == NULL)
        return NULL;
    struct move *move = &copy->moves[at];
    uint8_t *bytes = (uint8_t *)(uintptr_t)move->bytes; /* of the copy's own arena */
    memmove(bytes + from, bytes + from + count, move->size - from - count);
    move->size -= count;
    return copy;
}

static bool fewer_bytes(struct search *s)
{
    bool any = false;
    for (size_t i = 0; i < s->best->count; i++)
        for (size_t size = s->best->moves[i].size; size >= 1; size /= 2)
            for (size_t from = 0; from + size <= s->best->moves[i].size && s->tries != 0;) {
                bool gone = attempt(s, cut_bytes(s->best, i, from, size));
                any |= gone;
                from += gone ? 0 : size;
            }
    return any;
}

/* The bytes from there on become one letter. */
static struct session *even_from(const struct session *session, size_t at, size_t from)
{
    struct session *copy = session_copy(session);
    if (copy != NULL) /* of the copy's own arena */
        memset((uint8_t *)(uintptr_t)copy->moves[at].bytes + from, 'a', copy->moves[at].size - from);
    return copy;
}

static bool is_even(const struct move *move, size_t from)
{
    while (from < move->size && move->bytes[from] == 'a')
        from++;
    return from == move->size;
}

/* Payloads of one letter behind the bytes that matter. */
static void even_bytes(struct search *s)
{
    enum { FRONT = 8 };
    for (size_t i = 0; i < s->best->count; i++)
        for (size_t from = 0; from < FRONT && s->tries != 0; from++)
            if (s->best->moves[i].kind == MOVE_HEAD || is_even(&s->best->moves[i], from) ||
                attempt(s, even_from(s->best, i, from)))
                break;
}

struct session *session_minimise(const struct session *session, unsigned tries, shows_fn *shows, void *arg)
{
    struct search search = {.best = session_copy(session), .tries = tries, .shows = shows, .arg = arg};
    if (search.best == NULL)
        return NULL;
    bool any = true;
    while (any && search.tries != 0) {
        any = fewer_moves(&search);
        any |= whole_messages(&search);
        any |= one_actor(&search);
        any |= plainer(&search);
        even_bytes(&search);
        any |= fewer_bytes(&search);
    }
    return search.best;
}
