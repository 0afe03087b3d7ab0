/* See walk.h. */
#include "modes/livefuzz/walk.h"

#include <string.h>

#define BYTES_WALKED 8u /* of each payload */

static void forget(struct walks *walks, size_t at)
{
    session_free(walks->list[at].of);
    memmove(&walks->list[at], &walks->list[at + 1], (walks->count - at - 1) * sizeof *walks->list);
    walks->count--;
}

void walks_add(struct walks *walks, const struct session *session, uint64_t took_ns)
{
    struct session *copy = session_copy(session);
    if (copy == NULL)
        return;
    if (walks->count == WALKS_MAX)
        forget(walks, 0);
    size_t at = took_ns < WALK_QUICK_NS ? walks->count : 0;
    memmove(&walks->list[at + 1], &walks->list[at], (walks->count - at) * sizeof *walks->list);
    walks->list[at] = (struct walk){.of = copy};
    walks->count++;
}

/* Steps over what has no bytes; false at the end. */
static bool settle(struct walk *walk)
{
    for (; walk->move < walk->of->count; walk->move++, walk->at = 0) {
        const struct move *move = &walk->of->moves[walk->move];
        if (move_opcode(move->kind) != MOVE_NO_FRAME && walk->at < move->size && walk->at < BYTES_WALKED)
            return true;
    }
    return false;
}

struct session *walks_next(struct walks *walks)
{
    while (walks->count != 0 && !settle(&walks->list[walks->count - 1]))
        forget(walks, walks->count - 1);
    if (walks->count == 0)
        return NULL;
    struct walk *walk = &walks->list[walks->count - 1];
    struct session *copy = session_copy(walk->of);
    if (copy == NULL)
        return NULL;
    uint8_t *bytes = (uint8_t *)(uintptr_t)copy->moves[walk->move].bytes; /* of the copy's own arena */
    bytes[walk->at] = (uint8_t)walk->value;
    if (++walk->value == 256) {
        walk->value = 0;
        walk->at++;
    }
    return copy;
}

void walks_free(struct walks *walks)
{
    while (walks->count != 0)
        forget(walks, walks->count - 1);
}
