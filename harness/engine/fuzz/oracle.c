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
    for (size_t i = 0; i < o->session->count; i++) {
        const struct move *move = &o->session->moves[i];
        model_move(&o->lines[move->actor], move, &o->outcomes[i]);
        o->deflate |= o->outcomes[i].played && move->offer != NULL;
        o->actors |= o->outcomes[i].played && move->actor != 0;
    }
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

/* How a due thing is written: `expect` and its words, what follows them, and the `or` below. */
static const struct due_row {
    const char *words;
    enum { BARE, MESSAGE, BYTES, CODES } follows;
    const char *other; /* NULL: nothing else will do */
    bool other_codes;
} due_rows[] = {
    [DUE_OPEN] = {"open", BARE, NULL, false},
    [DUE_REFUSED] = {"status 4xx|5xx", BARE, "refused", false},
    [DUE_OPEN_OR_NOT] = {"open", BARE, "refused", false},
    [DUE_MESSAGE] = {"", MESSAGE, NULL, false},
    [DUE_MESSAGE_OR_FAIL] = {"", MESSAGE, "fail", true},
    [DUE_PONG] = {"pong ", BYTES, NULL, false},
    [DUE_CLOSE] = {"close", BARE, NULL, false},
    [DUE_FAIL] = {"fail", CODES, NULL, false},
};

static void write_due(struct buf *out, const struct due *due, const char *actor)
{
    const struct due_row *row = &due_rows[due->kind];
    buf_printf(out, "  %sexpect %s", actor, row->words);
    if (row->follows == MESSAGE)
        write_message(out, due);
    else if (row->follows == BYTES)
        bytes_print(due->bytes, due->size, out);
    else if (row->follows == CODES)
        write_codes(out, due->codes);
    buf_printf(out, " # %s\n", due->label);
    if (due->kind == DUE_CLOSE) {
        buf_printf(out, "  %sexpect drop # tcp-ends\n", actor); /* RFC 6455 7.1.1: by the server, at once */
    } else if (due->says_version) {
        buf_printf(out, "  %sexpect header \"Sec-WebSocket-Version\" matches '(^|[ ,])13([ ,]|$)' # version-said\n",
                   actor);
    } else if (row->other != NULL) {
        buf_printf(out, "  %sor %s", actor, row->other);
        if (row->other_codes)
            write_codes(out, due->codes);
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

bool oracle_write(const struct session *session, const struct oracle_config *config, struct buf *out)
{
    struct oracle o = {.session = session, .config = config, .out = out};
    for (unsigned actor = 0; actor < SESSION_ACTORS; actor++)
        model_init(&o.lines[actor], config->echoes);
    judge_moves(&o);
    size_t written = 0;
    bool fine = !overflown(&o);
    if (fine) {
        buf_append_text(out, "scenario ");
        bytes_print((const uint8_t *)config->title, strlen(config->title), out);
        buf_printf(out, "\n  testee server\n%s", o.deflate ? "  needs deflate\n" : "");
        if (config->timeout_ns != 0)
            buf_printf(out, "  timeout %llums\n", (unsigned long long)(config->timeout_ns / 1000000u));
        written = write_moves(&o);
    }
    for (size_t i = 0; i < session->count; i++)
        outcome_free(&o.outcomes[i]);
    for (unsigned actor = 0; actor < SESSION_ACTORS; actor++)
        model_free(&o.lines[actor]);
    return written != 0 && !out->failed;
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
