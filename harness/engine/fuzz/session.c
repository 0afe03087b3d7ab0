/* See session.h. Between scenario steps and moves there is one table, moves.def. */
#include "engine/fuzz/session.h"

#include "engine/language/verbs.h"
#include "net/loop.h"

#include <stdlib.h>
#include <string.h>

static const struct move_row {
    enum form form;
    uint8_t opcode;
} rows[MOVES] = {
#define MOVE(id, form, opcode) [MOVE_##id] = {FORM_##form, opcode},
#include "engine/fuzz/moves.def"
};

enum form move_form(enum move_kind kind)
{
    return rows[kind].form;
}

uint8_t move_opcode(enum move_kind kind)
{
    return rows[kind].opcode;
}

bool move_is_data(enum move_kind kind)
{
    return rows[kind].opcode != MOVE_NO_FRAME && !ws_opcode_is_control(rows[kind].opcode);
}

/* ---- the list ---- */

struct session *session_new(void)
{
    struct session *session = calloc(1, sizeof *session);
    if (session != NULL)
        arena_init(&session->arena);
    return session;
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    arena_free(&session->arena);
    free(session);
}

static bool copy_texts(struct session *to, struct move *move, const struct move *from)
{
    if (from->offer != NULL)
        move->offer = arena_text(&to->arena, from->offer);
    if (from->protocol != NULL)
        move->protocol = arena_text(&to->arena, from->protocol);
    return (from->offer == NULL) == (move->offer == NULL) && (from->protocol == NULL) == (move->protocol == NULL);
}

struct session *session_copy(const struct session *session)
{
    struct session *copy = session_new();
    if (copy != NULL)
        copy->number = session->number;
    for (size_t i = 0; copy != NULL && i < session->count; i++) {
        const struct move *from = &session->moves[i];
        struct move *move = &copy->moves[copy->count++];
        *move = *from;
        move->offer = move->protocol = NULL;
        if (session_bytes(copy, move, from->bytes, from->size) && copy_texts(copy, move, from))
            continue;
        session_free(copy);
        return NULL;
    }
    return copy;
}

struct move *session_add(struct session *session, enum move_kind kind, unsigned actor)
{
    if (session->count == SESSION_MOVES_MAX)
        return NULL;
    struct move *move = &session->moves[session->count++];
    *move = (struct move){.kind = kind, .actor = (uint8_t)actor};
    return move;
}

void session_remove(struct session *session, size_t at, size_t count)
{
    memmove(&session->moves[at], &session->moves[at + count],
            (session->count - at - count) * sizeof *session->moves);
    session->count -= count;
}

bool session_bytes(struct session *session, struct move *move, const void *bytes, size_t size)
{
    move->bytes = NULL;
    move->size = 0;
    if (size == 0)
        return true;
    move->bytes = arena_copy(&session->arena, bytes, size);
    move->size = move->bytes == NULL ? 0 : size;
    return move->bytes != NULL;
}

size_t session_size(const struct session *session)
{
    size_t size = 0;
    for (size_t i = 0; i < session->count; i++)
        size += session->moves[i].size;
    return size;
}

/* How often the move waits. */
static uint64_t waits_of(const struct move *move)
{
    uint64_t bytes = (uint64_t)move->size + (move->kind == MOVE_HEAD ? 0 : WS_FRAME_HEAD_MAX);
    return move->kind == MOVE_WAIT ? 1 : move->chunk == 0 ? 0 : bytes / move->chunk;
}

void session_cap_waits(struct session *session)
{
    uint64_t left = SESSION_WAIT_MS;
    for (size_t i = 0; i < session->count; i++) {
        struct move *move = &session->moves[i];
        uint64_t times = waits_of(move), most = times == 0 ? 0 : left / times;
        move->wait_ms = move->wait_ms < most ? move->wait_ms : (uint16_t)most;
        left -= times * move->wait_ms;
    }
}

bool session_has_actors(const struct session *session)
{
    for (size_t i = 0; i < session->count; i++)
        if (session->moves[i].actor != 0)
            return true;
    return false;
}

/* ---- printing ---- */

static void print_mask(const struct move *move, struct buf *out)
{
    if (move->mask == SESSION_MASK_NONE)
        buf_append_text(out, " mask none");
    else if (move->mask == SESSION_MASK_KEY)
        buf_printf(out, " mask %02x%02x%02x%02x", move->key[0], move->key[1], move->key[2], move->key[3]);
}

static void print_frame_options(const struct move *move, struct buf *out)
{
    buf_append_text(out, move->more ? " more" : "");
    if (move->rsv != 0)
        buf_printf(out, " rsv %u", move->rsv);
    if (move->opcode_set)
        buf_printf(out, " opcode %u", move->opcode);
    print_mask(move, out);
    if (move->claim)
        buf_printf(out, " length %llu", (unsigned long long)move->length);
    if (move->long_length != 0)
        buf_printf(out, " long-length %u", move->long_length);
    if (move->fragment != 0)
        buf_printf(out, " fragment %u", move->fragment);
    buf_append_text(out, move->compress ? " deflate" : "");
    if (move->cut_set)
        buf_printf(out, " cut %u", move->cut);
}

static void print_offer(const struct move *move, struct buf *out)
{
    if (move->protocol != NULL)
        buf_printf(out, " protocol \"%s\"", move->protocol);
    if (move->offer == NULL)
        return;
    buf_append_text(out, " deflate");
    if (move->offer[0] != 0)
        buf_printf(out, " '%s'", move->offer);
}

void move_print(const struct move *move, bool actors, struct buf *out)
{
    const char *actor = !actors ? "" : move->actor == 0 ? "a: " : "b: ";
    if (move->kind == MOVE_HEAD)
        buf_printf(out, "%sconnect\n  ", actor);
    struct step step = {.form = move_form(move->kind)};
    step.verb = form_rows[step.form].verb;
    buf_append_text(out, actor);
    step_print(&step, out);
    bool frame = rows[move->kind].opcode != MOVE_NO_FRAME;
    bool bytes = move->kind == MOVE_HEAD || move->kind == MOVE_RAW;
    if (move->kind == MOVE_CLOSE && move->code_set)
        buf_printf(out, " %u", move->code);
    if (bytes || (frame && move->size != 0)) {
        buf_append_byte(out, ' ');
        bytes_print(move->bytes, move->size, out);
    }
    if (frame)
        print_frame_options(move, out);
    if (move->kind == MOVE_OPEN)
        print_offer(move, out);
    if (move->kind == MOVE_WAIT)
        buf_printf(out, " %ums", move->wait_ms);
    if (move->chunk != 0 && (frame || bytes))
        buf_printf(out, " chunk %u", move->chunk);
    if (move->chunk != 0 && (frame || bytes) && move->wait_ms != 0)
        buf_printf(out, " every %ums", move->wait_ms);
}

/* ---- from steps ---- */

struct reader {
    struct session *session;
    struct prng random;
    const char *first_actor; /* the first one named is actor 0 */
    bool connected;          /* a `connect` that waits for its head */
};

static bool read_payload(struct reader *r, const struct step *step, enum slot slot, struct move *move)
{
    const struct setting *setting = step_setting(step, slot);
    if (setting == NULL)
        return true;
    struct payload_scope scope = {.random = &r->random};
    struct buf bytes;
    buf_init(&bytes, SESSION_BYTES_MAX);
    bool fine = payload_bytes(setting->value.bytes, &scope, &bytes, NULL) && !bytes.failed &&
                session_bytes(r->session, move, bytes.data, bytes.size);
    buf_free(&bytes);
    return fine;
}

static void read_mask(const struct setting *mask, struct move *move)
{
    if (mask == NULL)
        return;
    move->mask = strcmp(mask->value.word, "none") == 0 ? SESSION_MASK_NONE : SESSION_MASK_KEY;
    for (unsigned i = 0; move->mask == SESSION_MASK_KEY && i < 4; i++) {
        const char digits[3] = {mask->value.word[2 * i], mask->value.word[2 * i + 1], 0};
        move->key[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

/* At most what a session may wait; a part of a millisecond is one. */
static uint16_t read_ms(const struct step *step, enum slot slot)
{
    uint64_t ns = step_number(step, slot, 0), most = SESSION_WAIT_MS * NS_PER_MS;
    return (uint16_t)(((ns < most ? ns : most) + NS_PER_MS - 1) / NS_PER_MS);
}

static bool read_frame(struct reader *r, const struct step *step, struct move *move)
{
    move->more = step_flag(step, SLOT_MORE);
    move->compress = step_flag(step, SLOT_DEFLATE);
    move->opcode_set = step_setting(step, SLOT_OPCODE) != NULL;
    move->opcode = (uint8_t)step_number(step, SLOT_OPCODE, 0);
    move->rsv = (uint8_t)step_number(step, SLOT_RSV, 0);
    move->long_length = (uint8_t)step_number(step, SLOT_LONG_LENGTH, 0);
    read_mask(step_setting(step, SLOT_MASK), move);
    move->claim = step_setting(step, SLOT_LENGTH) != NULL;
    move->length = step_number(step, SLOT_LENGTH, 0);
    move->cut_set = step_setting(step, SLOT_CUT) != NULL;
    move->cut = (uint32_t)step_number(step, SLOT_CUT, 0);
    move->fragment = (uint32_t)step_number(step, SLOT_FRAGMENT, 0);
    move->chunk = (uint32_t)step_number(step, SLOT_CHUNK, 0);
    move->wait_ms = read_ms(step, SLOT_EVERY);
    move->code_set = step_setting(step, SLOT_CODE) != NULL;
    move->code = (uint16_t)step_number(step, SLOT_CODE, 0);
    return read_payload(r, step, SLOT_PAYLOAD, move);
}

/* One word of one setting, as text; NULL when it is there and cannot be read so. */
static bool read_word(struct reader *r, const struct setting *setting, const char **word)
{
    if (setting == NULL)
        return true;
    const struct payload *bytes = setting->value.bytes;
    const struct piece *piece = bytes == NULL ? NULL : bytes->pieces;
    if (bytes != NULL && (piece == NULL || piece->next != NULL || piece->name != NULL ||
                          (piece->kind != PIECE_QUOTED && piece->kind != PIECE_RAW)))
        return false;
    *word = piece == NULL ? "" : arena_text_n(&r->session->arena, (const char *)piece->bytes, piece->size);
    return *word != NULL && strpbrk(*word, "'\"\\") == NULL;
}

static bool read_open(struct reader *r, const struct step *step, struct move *move)
{
    for (const struct setting *s = step->settings; s != NULL; s = s->next)
        if (s->slot != SLOT_DEFLATE && s->slot != SLOT_PROTOCOL)
            return false;
    const struct setting *deflate = step_setting(step, SLOT_DEFLATE), *protocol = step_setting(step, SLOT_PROTOCOL);
    bool one = (deflate == NULL || step_next_setting(deflate) == NULL) &&
               (protocol == NULL || step_next_setting(protocol) == NULL);
    return one && read_word(r, deflate, &move->offer) && read_word(r, protocol, &move->protocol);
}

static bool has_slot(const struct step *step, enum slot slot)
{
    return step_setting(step, slot) != NULL;
}

/* The kind of move that a step is; MOVES when it is none. */
static enum move_kind kind_of(const struct step *step)
{
    for (enum move_kind kind = 0; kind < MOVES; kind++)
        if (rows[kind].form == step->form)
            return kind;
    return MOVES;
}

static bool read_step(struct reader *r, const struct step *step)
{
    bool no_room = r->connected || r->session->count >= SESSION_MOVES_MAX / 2; /* a wait is worth less than a move */
    if (step->verb == VERB_EXPECT || step->verb == VERB_OR || step->verb == VERB_FENCE ||
        (step->verb == VERB_WAIT && no_room))
        return true;
    if (step->form == FORM_CONNECT) {
        r->connected = true;
        return true;
    }
    enum move_kind kind = kind_of(step);
    bool head = kind == MOVE_HEAD;
    if (kind == MOVES || has_slot(step, SLOT_ABRUPT) || head != r->connected)
        return false;
    r->connected = false;
    if (r->first_actor == NULL)
        r->first_actor = step->actor;
    bool first = step->actor == NULL || strcmp(step->actor, r->first_actor) == 0;
    struct move *move = session_add(r->session, kind, first ? 0 : 1);
    if (move == NULL)
        return false;
    if (kind == MOVE_WAIT)
        move->wait_ms = read_ms(step, SLOT_DURATION);
    return kind == MOVE_WAIT || (kind == MOVE_OPEN ? read_open(r, step, move) : read_frame(r, step, move));
}

static bool read_steps(struct reader *r, const struct step *steps)
{
    for (const struct step *step = steps; step != NULL; step = step->next) {
        uint64_t times = step->verb == VERB_REPEAT ? step_number(step, SLOT_COUNT, 1) : 0;
        if (times > SESSION_MOVES_MAX || (times == 0 && !read_step(r, step)))
            return false;
        for (uint64_t i = 0; i < times; i++)
            if (!read_steps(r, step->body))
                return false;
    }
    return session_size(r->session) <= SESSION_BYTES_MAX;
}

struct session *session_of_case(const struct test_case *test_case)
{
    struct reader reader = {.session = session_new(), .random = prng_stream(1, "payload")};
    if (reader.session == NULL)
        return NULL;
    if (test_case->tested != TESTED_CLIENT && read_steps(&reader, test_case->steps) && reader.session->count != 0) {
        session_cap_waits(reader.session);
        return reader.session;
    }
    session_free(reader.session);
    return NULL;
}
