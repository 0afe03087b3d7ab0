/* See oracle.h. First every move is put before the model (judge_moves), then
 * moves and what is due are written down (write_moves). */
#include "engine/fuzz/oracle.h"

#include "engine/fuzz/model.h"

#include <stdio.h>
#include <string.h>

struct oracle {
    const struct session *session;
    const struct oracle_config *config;
    struct model lines[SESSION_ACTORS];
    struct outcome outcomes[SESSION_MOVES_MAX];
    bool actors;
    bool deflate; /* a connection offers it */
    struct buf *out;
};

/* ---- what is due ---- */

static void judge_moves(struct oracle *o)
{
    bool declined = false; /* an offer that is not valid: who declines it lacks nothing */
    for (size_t i = 0; i < o->session->count; i++) {
        const struct move *move = &o->session->moves[i];
        model_move(&o->lines[move->actor], move, &o->outcomes[i]);
        o->deflate |= o->outcomes[i].played && move->offer != NULL;
        declined |= o->outcomes[i].played && move->offer != NULL && !deflate_offer_is_valid(move->offer);
        o->actors |= o->outcomes[i].played && move->actor != 0;
    }
    o->deflate &= !declined;
}

static bool overflown(const struct oracle *o)
{
    bool over = false;
    for (size_t i = 0; i < o->session->count; i++)
        over |= o->outcomes[i].overflow;
    return over;
}

/* ---- writing ---- */

static void write_codes(struct buf *out, const uint16_t *codes)
{
    for (size_t i = 0; i < WS_PREDICTION_CODES_MAX && codes[i] != 0; i++)
        if (codes[i] == WS_CODE_ANY)
            return;
    for (size_t i = 0; i < WS_PREDICTION_CODES_MAX && codes[i] != 0; i++)
        buf_printf(out, "%c%u", i == 0 ? ' ' : '|', codes[i]);
}

static void write_message(struct buf *out, const struct due *due)
{
    if (!due->literal) {
        buf_append_text(out, "echo");
        return;
    }
    buf_append_text(out, due->opcode == WS_TEXT ? "text " : "binary ");
    bytes_print(due->bytes, due->size, out);
}

/* The piece of a due's lines that stands for a value: its size in the text; 0: none begins here. */
static size_t write_value(struct buf *out, const struct due *due, const char *at)
{
    static const char *const names[] = {"$message", "$bytes", "$codes"};
    size_t which = 0;
    while (which < 3 && strncmp(at, names[which], strlen(names[which])) != 0)
        which++;
    if (which == 0)
        write_message(out, due);
    else if (which == 1)
        bytes_print(due->bytes, due->size, out);
    else if (which == 2)
        write_codes(out, due->codes);
    return which == 3 ? 0 : strlen(names[which]);
}

/* The lines of its row; what it is about stands behind the first `expect`. */
static void write_due(struct buf *out, const struct due *due, const char *actor)
{
    static const char *const lines[DUES] = {
#define DUE(id, label, lines) [DUE_##id] = lines,
#include "engine/fuzz/dues.def"
    };
    bool labelled = false;
    for (const char *at = lines[due->kind], *end; *at != 0; at = end + (*end != 0)) {
        end = at + strcspn(at, "\n");
        bool expects = strncmp(at, "expect", 6) == 0;
        buf_printf(out, "  %s", actor);
        while (at < end) {
            size_t value = *at == '$' ? write_value(out, due, at) : 0;
            if (value == 0)
                buf_append_byte(out, (uint8_t)*at);
            at += value == 0 ? 1 : value;
        }
        if (expects && !labelled)
            buf_printf(out, " # %s", due->label);
        labelled |= expects;
        buf_append_byte(out, '\n');
    }
}

static const char *actor_of(const struct oracle *o, size_t at)
{
    return !o->actors ? "" : o->session->moves[at].actor == 0 ? "a: " : "b: ";
}

static void write_dues(struct oracle *o, size_t at)
{
    const struct outcome *outcome = &o->outcomes[at];
    for (size_t i = 0; i < outcome->count; i++)
        write_due(o->out, &outcome->dues[i], actor_of(o, at));
    if (outcome->dropped)
        buf_printf(o->out, "  %sdrop reset\n", actor_of(o, at));
}

static bool only_messages(const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->count; i++)
        if (outcome->dues[i].kind != DUE_MESSAGE)
            return false;
    return outcome->played && outcome->count != 0 && !outcome->dropped;
}

/* Messages may go at once and come back later; everything else is awaited where it stands. */
static bool waits_for_next(const struct oracle *o, size_t at)
{
    const struct move *moves = o->session->moves;
    return moves[at].joined && at + 1 < o->session->count && moves[at + 1].actor == moves[at].actor &&
           only_messages(&o->outcomes[at]) && only_messages(&o->outcomes[at + 1]);
}

static size_t write_moves(struct oracle *o)
{
    size_t written = 0, due_from = 0;
    for (size_t i = 0; i < o->session->count; i++) {
        if (o->outcomes[i].played) {
            buf_append_text(o->out, "  ");
            move_print(&o->session->moves[i], o->actors, o->out);
            buf_append_byte(o->out, '\n');
            written++;
        }
        if (waits_for_next(o, i))
            continue;
        for (; due_from <= i; due_from++)
            write_dues(o, due_from);
    }
    for (unsigned actor = 0; actor < SESSION_ACTORS; actor++)
        if (model_left_open(&o->lines[actor]))
            buf_printf(o->out, "  %sdrop reset\n", !o->actors ? "" : actor == 0 ? "a: " : "b: ");
    return written;
}

/* Connections that are still there at the end of a round. */
static void write_end_of_round(struct oracle *o)
{
    for (unsigned actor = 0; actor < SESSION_ACTORS; actor++)
        if (o->lines[actor].stage == MODEL_OPEN && !model_left_open(&o->lines[actor]))
            buf_printf(o->out, "  %sdrop reset\n", !o->actors ? "" : actor == 0 ? "a: " : "b: ");
}

static size_t write_rounds(struct oracle *o, const struct oracle_loop *loop)
{
    buf_printf(o->out, "  repeat %u\n", loop->warm);
    write_moves(o);
    write_end_of_round(o);
    buf_printf(o->out, "  end\n  testee weigh\n  repeat %u\n", loop->times);
    size_t written = write_moves(o);
    write_end_of_round(o);
    buf_printf(o->out, "  end\n  expect %s # %s\n", loop->due, loop->label);
    return written;
}

bool oracle_write(const struct session *session, const struct oracle_config *config, struct buf *out)
{
    struct oracle o = {.session = session, .config = config, .out = out};
    for (unsigned actor = 0; actor < SESSION_ACTORS; actor++)
        model_init(&o.lines[actor], config);
    judge_moves(&o);
    size_t written = 0, start = out->size;
    bool fine = !overflown(&o);
    if (fine) {
        buf_append_text(out, "scenario ");
        bytes_print((const uint8_t *)config->title, strlen(config->title), out);
        buf_printf(out, "\n  testee server\n%s", o.deflate ? "  needs deflate\n" : "");
        if (config->loop != NULL)
            buf_append_text(out, "  needs exec\n");
        if (config->timeout_ns != 0)
            buf_printf(out, "  timeout %llums\n", (unsigned long long)(config->timeout_ns / 1000000u));
        written = config->loop == NULL ? write_moves(&o) : write_rounds(&o, config->loop);
    }
    for (size_t i = 0; i < session->count; i++)
        outcome_free(&o.outcomes[i]);
    for (unsigned actor = 0; actor < SESSION_ACTORS; actor++)
        model_free(&o.lines[actor]);
    return written != 0 && !out->failed && out->size - start <= ORACLE_TEXT_MAX;
}

void oracle_label(const char *text, int line, char *out, size_t size)
{
    out[0] = 0;
    for (int at = 1; at < line && text != NULL; at++) {
        text = strchr(text, '\n');
        text = text == NULL ? NULL : text + 1;
    }
    if (text == NULL || line < 1)
        return;
    text += strspn(text, " ");
    if (text[0] != 0 && text[1] == ':')
        text += 3; /* an actor */
    snprintf(out, size, "%.*s", (int)strcspn(text, " \n"), text); /* without a comment: the verb */
    int length = (int)strcspn(text, "\n");
    for (int i = length - 3; i >= 0; i--)
        if (memcmp(text + i, " # ", 3) == 0) {
            snprintf(out, size, "%.*s", length - i - 3, text + i + 3);
            return;
        }
}
