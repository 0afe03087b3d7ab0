/* See twin.h. */
#include "engine/fuzz/twin.h"

#include "base/prng.h"

#define CHANGED_LEAST 64u /* bytes: with fewer other ones it is the same session */

static bool has_free_payload(const struct move *move)
{
    return move_opcode(move->kind) != MOVE_NO_FRAME && move->kind != MOVE_CLOSE;
}

static bool is_packed_by_hand(const struct session *session)
{
    for (size_t i = 0; i < session->count; i++)
        if (session->moves[i].rsv != 0)
            return true;
    return false;
}

struct session *session_in_letters(const struct session *session)
{
    struct session *twin = is_packed_by_hand(session) ? NULL : session_copy(session);
    struct prng random = prng_stream(1, "twin");
    size_t changed = 0;
    for (size_t i = 0; twin != NULL && i < twin->count; i++) {
        struct move *move = &twin->moves[i];
        uint8_t *bytes = (uint8_t *)(uintptr_t)move->bytes; /* of the twin's own arena */
        for (size_t at = 0; has_free_payload(move) && at < move->size; at++) {
            uint8_t letter = (uint8_t)('a' + prng_below(&random, 26));
            changed += bytes[at] != letter;
            bytes[at] = letter;
        }
    }
    if (changed >= CHANGED_LEAST)
        return twin;
    session_free(twin);
    return NULL;
}

struct session *session_cut_to_eighth(const struct session *session)
{
    struct session *cut = session_copy(session);
    for (size_t i = 0; cut != NULL && i < cut->count; i++) {
        struct move *move = &cut->moves[i];
        if (!has_free_payload(move))
            continue;
        size_t eighth = move->size / 8, back = 0;
        while (back < 3 && back < eighth && (move->bytes[eighth - back] & 0xc0) == 0x80)
            back++;
        move->size = eighth - back;
    }
    return cut;
}
