/* See generate.h: the grammar. */
#include "engine/fuzz/generate.h"

#include "engine/fuzz/material.h"

#include <string.h>

struct author {
    struct session *session;
    const struct generate_config *config;
    struct prng *random;
    unsigned actor;
    bool deflate;    /* offered on the connection that is written */
    struct buf work;
};

static uint64_t below(struct author *a, uint64_t n)
{
    return prng_below(a->random, n);
}

/* What lies in `work` becomes the move's; a full session takes no more. */
static struct move *add(struct author *a, enum move_kind kind)
{
    struct move *move = session_add(a->session, kind, a->actor);
    if (move != NULL && !session_bytes(a->session, move, a->work.data, a->work.size))
        session_remove(a->session, a->session->count - 1, 1);
    buf_clear(&a->work);
    return move;
}

static struct move *add_message(struct author *a, bool text, size_t size)
{
    if (text)
        material_text(a->random, size, &a->work);
    else
        material_binary(a->random, size, &a->work);
    return add(a, text ? MOVE_TEXT : MOVE_BINARY);
}

/* Of a message: where the server has a limit, just below it, at it and above it. */
static size_t message_length(struct author *a)
{
    uint64_t limit = a->config->message_max;
    if (limit != 0 && chance(a->random, 25))
        return (size_t)(limit - 1 + below(a, 3));
    return material_length(a->random);
}

/* In any writes; a large one not byte by byte. */
static void in_pieces(struct author *a, struct move *move)
{
    static const uint32_t sizes[] = {1, 2, 3, 7, 64, 1000};
    if (move != NULL && chance(a->random, 15))
        move->chunk = sizes[move->size > 600 ? 5 : below(a, 6)];
}

/* ---- plots ---- */

static void plot_message(struct author *a)
{
    struct move *move = add_message(a, chance(a->random, 60), message_length(a));
    if (move == NULL)
        return;
    move->compress = a->deflate && chance(a->random, 60);
    if (chance(a->random, 25))
        move->fragment = (uint32_t)(1 + below(a, 1 + move->size));
    if (move->fragment != 0 && move->size / move->fragment > 100)
        move->fragment = 1000;
    move->joined = chance(a->random, 30);
    in_pieces(a, move);
}

static void plot_ping(struct author *a)
{
    material_binary(a->random, chance(a->random, 30) ? 125 : (size_t)below(a, 126), &a->work);
    in_pieces(a, add(a, MOVE_PING));
}

static void plot_pong(struct author *a)
{
    material_binary(a->random, (size_t)below(a, 126), &a->work);
    add(a, MOVE_PONG);
}

/* A message cut anywhere, within characters too. */
static void plot_fragments(struct author *a)
{
    struct buf whole;
    buf_init(&whole, SESSION_BYTES_MAX);
    bool text = chance(a->random, 60), compress = a->deflate && chance(a->random, 40);
    if (text && chance(a->random, 15))
        material_no_text(a->random, &whole);
    else if (text)
        material_text(a->random, message_length(a), &whole);
    else
        material_binary(a->random, message_length(a), &whole);
    unsigned frames = 2 + (unsigned)below(a, 3);
    for (unsigned i = 0; i < frames; i++) {
        size_t size = i + 1 == frames ? whole.size : (size_t)below(a, whole.size + 1);
        buf_append(&a->work, whole.data, size);
        buf_consume(&whole, size);
        struct move *move = add(a, i != 0 ? MOVE_CONTINUE : text ? MOVE_TEXT : MOVE_BINARY);
        if (move == NULL)
            break;
        move->more = i + 1 < frames;
        move->compress = compress;
        in_pieces(a, move);
        if (move->more && chance(a->random, 30))
            plot_ping(a);
    }
    buf_free(&whole);
}

static void plot_no_text(struct author *a)
{
    material_no_text(a->random, &a->work);
    struct move *move = add(a, MOVE_TEXT);
    if (move != NULL)
        move->compress = a->deflate && chance(a->random, 40);
}

/* ---- one thing wrong with a head ---- */

static void odd_rsv(struct author *a, struct move *move) { move->rsv = (uint8_t)(1 + below(a, 7)); }
static void odd_opcode(struct author *a, struct move *move)
{
    static const uint8_t reserved[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};
    move->opcode_set = true;
    move->opcode = reserved[below(a, sizeof reserved)];
}
static void odd_mask(struct author *a, struct move *move)
{
    move->mask = chance(a->random, 60) ? SESSION_MASK_NONE : SESSION_MASK_KEY;
    if (chance(a->random, 50))
        prng_fill(a->random, move->key, sizeof move->key);
}
static void odd_length(struct author *a, struct move *move)
{
    static const uint8_t forms[] = {16, 64};
    move->long_length = forms[below(a, 2)];
}
static void odd_claim(struct author *a, struct move *move)
{
    move->claim = true;
    move->length = chance(a->random, 50) ? UINT64_C(1) << 63 | below(a, 1000) : move->size + 1 + below(a, 200);
    move->long_length = move->length >> 63 != 0 ? 64 : 0;
}
static void odd_more(struct author *a, struct move *move)
{
    (void)a;
    move->more = true;
}
static void odd_cut(struct author *a, struct move *move)
{
    move->cut_set = true;
    move->cut = (uint32_t)below(a, 2 + move->size);
}

static void plot_odd_frame(struct author *a)
{
    static void (*const oddities[])(struct author *a, struct move *move) = {
        odd_rsv, odd_rsv, odd_opcode, odd_opcode, odd_mask, odd_length, odd_claim, odd_more, odd_cut,
    };
    static const enum move_kind kinds[] = {MOVE_TEXT, MOVE_BINARY, MOVE_PING, MOVE_PONG, MOVE_CLOSE, MOVE_CONTINUE};
    enum move_kind kind = kinds[below(a, sizeof kinds / sizeof *kinds)];
    bool control = kind == MOVE_PING || kind == MOVE_PONG, too_long = control && chance(a->random, 30);
    material_text(a->random, too_long ? 126 + (size_t)below(a, 200) : (size_t)below(a, 20), &a->work);
    if (kind == MOVE_CLOSE)
        buf_clear(&a->work);
    struct move *move = add(a, kind);
    if (move != NULL && !too_long)
        oddities[below(a, sizeof oddities / sizeof *oddities)](a, move);
}

static void plot_out_of_place(struct author *a)
{
    material_text(a->random, (size_t)below(a, 20), &a->work);
    struct move *move = add(a, chance(a->random, 50) ? MOVE_TEXT : MOVE_CONTINUE);
    bool inside = move != NULL && move->kind == MOVE_TEXT;
    if (move != NULL)
        move->more = inside || chance(a->random, 30);
    if (inside)
        add_message(a, chance(a->random, 50), (size_t)below(a, 20));
}

static void plot_close(struct author *a)
{
    static const size_t reasons[] = {0, 0, 5, 122, 123, 124};
    bool with_code = chance(a->random, 80);
    if (with_code && chance(a->random, 20))
        material_no_text(a->random, &a->work);
    else if (with_code)
        material_text(a->random, reasons[below(a, 6)], &a->work);
    else if (chance(a->random, 40))
        material_binary(a->random, 1, &a->work);
    struct move *move = add(a, MOVE_CLOSE);
    if (move == NULL)
        return;
    move->code_set = with_code;
    move->code = chance(a->random, 50) ? 1000 : material_close_code(a->random);
}

static void plot_deflate(struct author *a)
{
    if (!a->deflate)
        return;
    material_deflate(a->random, &a->work);
    bool halves = a->work.size > 1 && chance(a->random, 30);
    size_t keep = halves ? 1 + (size_t)below(a, a->work.size - 1) : a->work.size;
    struct buf rest;
    buf_init(&rest, 0);
    buf_append(&rest, a->work.data + keep, a->work.size - keep);
    a->work.size = keep;
    struct move *move = add(a, chance(a->random, 70) ? MOVE_TEXT : MOVE_BINARY);
    if (move != NULL) {
        move->rsv = 4;
        move->more = halves;
    }
    if (halves && chance(a->random, 50))
        plot_ping(a);
    buf_append(&a->work, rest.data, rest.size);
    if (halves)
        add(a, MOVE_CONTINUE);
    buf_free(&rest);
    buf_clear(&a->work);
    if (chance(a->random, 50))
        plot_message(a);
}

static void plot_windows(struct author *a)
{
    if (!a->deflate)
        return;
    size_t first = a->session->count;
    material_windowed(a->random, &a->work);
    struct move *move = add(a, MOVE_TEXT);
    if (move == NULL || a->session->count == first)
        return;
    move->compress = true;
    struct move *again = session_add(a->session, MOVE_TEXT, a->actor);
    if (again == NULL || chance(a->random, 40))
        return;
    again->bytes = a->session->moves[first].bytes;
    again->size = a->session->moves[first].size;
    again->compress = true;
}

static void plot_comes_back(struct author *a)
{
    add(a, chance(a->random, 50) ? MOVE_DROP_RESET : MOVE_DROP_FIN);
    add(a, MOVE_RECONNECT);
}

static void plot_raw(struct author *a)
{
    material_binary(a->random, 1 + (size_t)below(a, 40), &a->work);
    add(a, MOVE_RAW);
}

/* ---- the whole ---- */

static const struct plot {
    void (*write)(struct author *a);
    unsigned weight;
} plots[] = {
#define PLOT(id, weight) {plot_##id, weight},
#include "engine/fuzz/plots.def"
};

static void write_plot(struct author *a)
{
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof plots / sizeof *plots; i++)
        sum += plots[i].weight;
    uint64_t pick = below(a, sum);
    const struct plot *plot = plots;
    for (; pick >= plot->weight; plot++)
        pick -= plot->weight;
    plot->write(a);
}

static void write_opening(struct author *a)
{
    bool by_hand = a->config->handshake && chance(a->random, 12);
    a->deflate = false;
    if (by_hand)
        material_head(a->random, a->config, &a->work);
    struct move *move = add(a, by_hand ? MOVE_HEAD : MOVE_OPEN);
    if (move == NULL || by_hand)
        return;
    a->deflate = a->config->deflate && chance(a->random, 40);
    if (a->deflate)
        move->offer = material_offer(a->random);
    if (chance(a->random, 15) && !a->config->no_protocols)
        move->protocol = material_protocol(a->random);
}

/* Few sessions wait, for they cost others their time: somewhere between two moves (fragments, a Close and what is
 * before it), or within the bytes of one. */
static void write_wait(struct author *a)
{
    struct session *session = a->session;
    size_t at = (size_t)below(a, session->count);
    struct move *within = &session->moves[at];
    bool bytes = within->kind == MOVE_HEAD || move_opcode(within->kind) != MOVE_NO_FRAME;
    uint16_t ms = (uint16_t)(1 + below(a, 20));
    if (bytes && within->size < 1000 && chance(a->random, 50)) {
        within->chunk = (uint32_t)(1 + within->size / 3);
        within->wait_ms = ms;
    } else if (session_add(session, MOVE_WAIT, within->actor) != NULL) {
        struct move wait = session->moves[session->count - 1];
        memmove(&session->moves[at + 2], &session->moves[at + 1], (session->count - at - 2) * sizeof wait);
        session->moves[at + 1] = wait;
        session->moves[at + 1].wait_ms = ms;
    }
    session_cap_waits(session);
}

struct session *session_generate(const struct generate_config *config, struct prng *random)
{
    struct author author = {.session = session_new(), .config = config, .random = random};
    if (author.session == NULL)
        return NULL;
    buf_init(&author.work, SESSION_BYTES_MAX);
    bool two = chance(random, 10);
    write_opening(&author);
    bool deflate[SESSION_ACTORS] = {author.deflate};
    if (two) {
        author.actor = 1;
        write_opening(&author);
        deflate[1] = author.deflate;
    }
    for (uint64_t left = 1 + prng_below(random, 5); left > 0; left--) {
        author.actor = two ? (unsigned)prng_below(random, SESSION_ACTORS) : 0;
        author.deflate = deflate[author.actor];
        write_plot(&author);
    }
    if (chance(random, 5) && author.session->count != 0) /* last: it changes no other session */
        write_wait(&author);
    buf_free(&author.work);
    return author.session;
}
