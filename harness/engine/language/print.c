/* Scripts to canonical text, the other half of the parser: what is printed
 * parses to the same script, and prints the same again. */
#include "engine/language/lex.h"
#include "engine/language/value.h"

#include <inttypes.h>
#include <string.h>

/* ---- payloads ---- */

static bool is_text(const struct piece *piece)
{
    return piece->kind == PIECE_QUOTED || piece->kind == PIECE_RAW || piece->kind == PIECE_CAPTURE;
}

/* The first piece behind this literal. */
static const struct piece *literal_end(const struct piece *piece)
{
    do
        piece = piece->next;
    while (piece != NULL && is_text(piece) && piece->glued);
    return piece;
}

/* Can the literal stand between single quotes, where nothing is an escape? */
static bool can_be_raw(const struct piece *piece, const struct piece *end)
{
    bool raw = false;
    for (; piece != end; piece = piece->next) {
        const char *bytes = (const char *)piece->bytes, *what;
        raw = raw || piece->kind == PIECE_RAW;
        if (piece->kind == PIECE_QUOTED)
            return false;
        if (piece->kind == PIECE_RAW && piece->size != 0 &&
            (memchr(bytes, '\'', piece->size) != NULL || memchr(bytes, '\t', piece->size) != NULL ||
             memmem(bytes, piece->size, "${", 2) != NULL || text_bad(bytes, piece->size, &what) != SIZE_MAX))
            return false;
    }
    return raw;
}

/* Private use, noncharacters and the planes without letters show as empty boxes. */
static bool has_glyph(uint32_t c)
{
    return c < 0xe0000 && (c < 0xe000 || c > 0xf8ff) && (c & 0xfffe) != 0xfffe;
}

/* One character of a quoted text; returns its bytes. */
static size_t print_character(const char *text, size_t size, struct buf *out)
{
    static const char marks[] = "\n\r\t\\\"", letters[] = "nrt\\\"";
    const char *mark = *text == 0 ? NULL : strchr(marks, *text), *what;
    uint32_t c = 0;
    size_t n = text_character(text, size, &c);
    if (mark != NULL)
        buf_printf(out, "\\%c", letters[mark - marks]);
    else if (size > 1 && text[0] == '$' && text[1] == '{')
        buf_append_text(out, "\\$");
    else if (n == 0 || c < 0x20 || c == 0x7f)
        buf_printf(out, "\\x%02x", (uint8_t)*text);
    else if (text_bad(text, n, &what) != SIZE_MAX || !has_glyph(c))
        buf_printf(out, "\\u{%" PRIx32 "}", c);
    else
        buf_append(out, text, n);
    return n == 0 ? 1 : n;
}

static const struct piece *print_literal(const struct piece *piece, struct buf *out)
{
    const struct piece *end = literal_end(piece);
    bool raw = can_be_raw(piece, end);
    buf_append_byte(out, raw ? '\'' : '"');
    for (; piece != end; piece = piece->next) {
        if (piece->kind == PIECE_CAPTURE)
            buf_printf(out, "${%s}", piece->name);
        else if (raw)
            buf_append(out, piece->bytes, piece->size);
        else
            for (size_t i = 0; i < piece->size;)
                i += print_character((const char *)piece->bytes + i, piece->size - i, out);
    }
    buf_append_byte(out, raw ? '\'' : '"');
    return end;
}

/* The ${name} that stands for the piece's number or digits; false when there is none. */
static bool print_name(const struct piece *piece, struct buf *out)
{
    if (piece->name != NULL)
        buf_printf(out, "${%s}", piece->name);
    return piece->name != NULL;
}

static void print_hex(const struct piece *piece, struct buf *out)
{
    if (!print_name(piece, out))
        for (size_t i = 0; i < piece->size; i++)
            buf_printf(out, "%s%02x", i == 0 ? "" : " ", piece->bytes[i]);
}

static void print_times(const struct piece *piece, struct buf *out)
{
    buf_append_text(out, " x ");
    if (!print_name(piece, out))
        buf_printf(out, "%" PRIu64, piece->times);
}

static void print_fill(const struct piece *piece, struct buf *out)
{
    buf_printf(out, "0x%02x", piece->byte);
    print_times(piece, out);
}

static void print_repeat(const struct piece *piece, struct buf *out)
{
    payload_print(piece->inner, out);
    if (!piece->to) {
        print_times(piece, out);
        return;
    }
    buf_append_text(out, " to ");
    if (!print_name(piece, out))
        value_print_size(piece->times, out);
}

static void print_size(const struct piece *piece, struct buf *out)
{
    if (!print_name(piece, out))
        value_print_size(piece->times, out);
}

static void print_sample(const struct piece *piece, struct buf *out)
{
    if (piece->sample_name != NULL)
        buf_printf(out, "${%s} ", piece->sample_name);
    else
        buf_printf(out, "%s ", sample_word(piece->sample));
    print_size(piece, out);
}

static void print_path(const struct piece *piece, struct buf *out)
{
    payload_print(piece->inner, out);
}

/* What stands in the brackets of a call. */
static void (*const inside[PIECES])(const struct piece *piece, struct buf *out) = {
    [PIECE_HEX] = print_hex,     [PIECE_FILL] = print_fill, [PIECE_REPEAT] = print_repeat,
    [PIECE_RANDOM] = print_size, [PIECE_TEXT] = print_size, [PIECE_FILE] = print_path,
    [PIECE_SAMPLE] = print_sample,
};

/* Returns the piece behind what was printed. */
static const struct piece *print_piece(const struct piece *piece, struct buf *out)
{
    const char *example = piece_rows[piece->kind].example;
    if (inside[piece->kind] == NULL)
        return print_literal(piece, out);
    buf_append(out, example, strcspn(example, "(") + 1);
    inside[piece->kind](piece, out);
    buf_append_byte(out, ')');
    return piece->next;
}

void payload_print(const struct payload *payload, struct buf *out)
{
    const struct piece *piece = payload == NULL ? NULL : payload->pieces;
    while (piece != NULL) {
        piece = print_piece(piece, out);
        if (piece != NULL)
            buf_append_byte(out, ' ');
    }
}

enum { FILL_LEAST = 16 };

void bytes_print(const uint8_t *bytes, size_t size, struct buf *out)
{
    size_t same = 1, readable = 0;
    while (same < size && bytes[same] == bytes[0])
        same++;
    for (size_t i = 0, n; i < size; i += n) {
        uint32_t c = 0;
        n = text_character((const char *)bytes + i, size - i, &c);
        readable += n > 0 && (c >= 0x20 || c == '\n' || c == '\r') ? n : 0;
        n = n == 0 ? 1 : n;
    }
    struct piece piece = {.kind = PIECE_QUOTED, .bytes = bytes, .size = size};
    if (size >= FILL_LEAST && same == size)
        piece = (struct piece){.kind = PIECE_FILL, .byte = bytes[0], .times = size};
    else if (readable < size - size / 4)
        piece.kind = PIECE_HEX;
    print_piece(&piece, out);
}

/* ---- lines ---- */

static void print_setting(const struct setting *setting, bool named, struct buf *out)
{
    if (named)
        buf_printf(out, " %s", slot_word(setting->slot));
    bool empty = setting->value.kind == VALUE_FLAG ||
                 (setting->value.kind == VALUE_MAYBE_BYTES && setting->value.bytes == NULL);
    if (empty)
        return;
    buf_append_byte(out, ' ');
    value_print(&setting->value, out);
}

void step_print(const struct step *step, struct buf *out)
{
    const struct form_row *row = &form_rows[step->form];
    if (step->actor != NULL)
        buf_printf(out, "%s: ", step->actor);
    buf_printf(out, "%s%s%s", verb_word(step->verb), row->words[0] == 0 ? "" : " ", row->words);
    for (int i = 0; i < 2; i++)
        for (const struct setting *s = step->settings; s != NULL; s = s->next)
            if (s->slot == row->argument[i])
                print_setting(s, false, out);
    for (const struct setting *s = step->settings; s != NULL; s = s->next)
        if (s->slot != row->argument[0] && s->slot != row->argument[1])
            print_setting(s, true, out);
}

/* Where print has come to. */
struct printer {
    struct buf *out;
    size_t begin;  /* of the whole text in `out` */
    int indent;
};

/* Comments and blank lines above a step: comments at its indent, no blank line
 * twice or at the top. A case always has a blank line above it. */
static void print_before(struct printer *p, const char *before, bool begins)
{
    bool blank = p->out->size == p->begin;
    if (begins && !blank && (before == NULL || strchr(before, '\n') != before)) {
        /* A comment right above the case stays with it. */
        bool has_blank = before != NULL && strstr(before, "\n\n") != NULL;
        if (!has_blank)
            buf_append_byte(p->out, '\n');
        blank = !has_blank;
    }
    for (const char *at = before, *stop; at != NULL && *at != 0; at = stop + 1) {
        stop = strchrnul(at, '\n');
        if (stop > at)
            buf_printf(p->out, "%*s%.*s\n", p->indent, "", (int)(stop - at), at);
        else if (!blank)
            buf_append_byte(p->out, '\n');
        blank = stop == at;
        if (*stop == 0)
            break;
    }
}

static void print_line(struct printer *p, const struct step *step)
{
    enum verb verb = step->verb;
    bool begins = verb == VERB_CASE || verb == VERB_SCENARIO;
    print_before(p, step->before, begins);
    buf_printf(p->out, "%*s", p->indent, "");
    step_print(step, p->out);
    if (step->comment != NULL)
        buf_printf(p->out, "  #%s", step->comment);
    buf_append_byte(p->out, '\n');
}

static void print_steps(struct printer *p, const struct step *step, const struct step *end)
{
    static const struct step made_end = {.verb = VERB_END, .form = FORM_END};
    for (; step != end; step = step->next) {
        if (step->form == FORMS)
            continue;
        print_line(p, step);
        print_steps(p, step->alternatives, NULL);
        p->indent += 2;
        print_steps(p, step->body, NULL);
        p->indent -= 2;
        if (step->verb == VERB_REPEAT || step->verb == VERB_FLEET)
            print_line(p, step->end != NULL ? step->end : &made_end);
    }
}

/* A case, with what is behind its first line one step further in. */
static const struct step *print_case(struct printer *p, const struct step *head)
{
    const struct step *end = head->next;
    while (end != NULL && end->verb != VERB_CASE && end->verb != VERB_SCENARIO)
        end = end->next;
    print_line(p, head);
    p->indent = 2;
    print_steps(p, head->next, end);
    p->indent = 0;
    return end;
}

void test_case_print(const struct test_case *test_case, struct buf *out)
{
    struct printer p = {.out = out, .begin = out->size};
    if (test_case->head != NULL)
        print_case(&p, test_case->head);
}

void script_print(const struct script *script, struct buf *out)
{
    struct printer p = {.out = out, .begin = out->size};
    for (const struct step *line = script->lines; line != NULL;) {
        if (line->verb == VERB_CASE || line->verb == VERB_SCENARIO) {
            line = print_case(&p, line);
        } else {
            print_line(&p, line);
            line = line->next;
        }
    }
    print_before(&p, script->after, false);
    while (out->size > p.begin + 1 && out->data[out->size - 2] == '\n' && out->data[out->size - 1] == '\n')
        out->data[--out->size] = 0;
}
