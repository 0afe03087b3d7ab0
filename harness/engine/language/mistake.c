/* See mistake.h. */
#include "engine/language/mistake.h"

#include "engine/language/lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mistake_add(struct mistakes *m, int line, int column, const char *format, ...)
{
    if (m->quiet)
        return;
    if (m->count < LIMIT_SCRIPT_ERRORS) {
        struct mistake *item = &m->items[m->count];
        *item = (struct mistake){.line = line, .column = column, .order = m->count};
        va_list args;
        va_start(args, format);
        vsnprintf(item->message, sizeof item->message, format, args);
        va_end(args);
    }
    m->count++;
}

void mistake_hint(struct mistakes *m, const char *format, ...)
{
    if (m->quiet || m->count == 0 || m->count > LIMIT_SCRIPT_ERRORS)
        return;
    struct mistake *item = &m->items[m->count - 1];
    va_list args;
    va_start(args, format);
    vsnprintf(item->hint, sizeof item->hint, format, args);
    va_end(args);
}

/* ---- printing ---- */

enum { LINE_SHOWN = 160, LINE_BEFORE_CARET = 100 }; /* characters of a long line */

/* How much room a character takes on a terminal. */
static int character_width(uint32_t c)
{
    static const struct { uint32_t from, to; int width; } ranges[] = {
        {0x0300, 0x036f, 0}, {0x1100, 0x115f, 2}, {0x2e80, 0xa4cf, 2}, {0xac00, 0xd7a3, 2},
        {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0}, {0xfe30, 0xfe6f, 2}, {0xff00, 0xff60, 2},
        {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return ranges[i].width;
    return 1;
}

/* One character as it is shown: what is no text, or would drive the terminal,
 * is U+FFFD; *c is what was shown. Returns its bytes. */
static size_t show_character(const char *text, size_t size, struct buf *out, uint32_t *c)
{
    const char *what;
    size_t n = text_character(text, size, c);
    if (n != 0 && text_bad(text, n, &what) == SIZE_MAX) {
        buf_append(out, text, n);
        return n;
    }
    *c = 0xfffd;
    buf_append_text(out, "\xef\xbf\xbd");
    return n == 0 ? 1 : n;
}

/* A sentence of ours, which may quote the source and be cut. */
static void show_sentence(const char *text, struct buf *out)
{
    uint32_t c;
    for (size_t i = 0, size = strlen(text); i < size;)
        i += show_character(text + i, size - i, out, &c);
}

static void print_hint(const struct mistake *item, const char *indent, struct buf *out)
{
    buf_append_text(out, indent);
    show_sentence(item->hint, out);
    buf_append_byte(out, '\n');
}

static void print_source(const struct mistake *item, const char *line, size_t size, struct buf *out)
{
    struct buf shown, under;
    buf_init(&shown, 0);
    buf_init(&under, 0);
    int column = 1;
    int from = item->column > LINE_BEFORE_CARET ? item->column - LINE_BEFORE_CARET : 1;
    for (size_t i = 0; i < size && column < from + LINE_SHOWN;) {
        uint32_t c;
        i += show_character(line + i, size - i, &shown, &c);
        if (column < from)
            buf_clear(&shown);
        else if (column < item->column)
            buf_append_fill(&under, c == '\t' ? '\t' : ' ', (size_t)character_width(c));
        /* Columns are counted as the lexer does, so that stray continuation bytes stay with the one before. */
        column += i >= size || ((uint8_t)line[i] & 0xc0) != 0x80;
    }
    const char *dots = from > 1 ? "..." : "";
    buf_printf(out, "%5d | %s%s\n", item->line, dots, buf_text(&shown));
    if (item->column > 0)
        buf_printf(out, "      | %s%s^%s", from > 1 ? "   " : "", buf_text(&under), item->hint[0] == 0 ? "\n" : " ");
    if (item->hint[0] != 0)
        print_hint(item, item->column > 0 ? "" : "      | ", out);
    buf_free(&shown);
    buf_free(&under);
}

static int by_place(const void *a, const void *b)
{
    const struct mistake *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void mistakes_print(struct mistakes *m, const char *name, const char *text, size_t size,
                    struct buf *out)
{
    unsigned kept = m->count < LIMIT_SCRIPT_ERRORS ? m->count : LIMIT_SCRIPT_ERRORS;
    qsort(m->items, kept, sizeof *m->items, by_place);
    const char *at = text, *end = text + size;
    int line = 1;
    for (unsigned i = 0; i < kept; i++) {
        const struct mistake *item = &m->items[i];
        const char *stop;
        for (; line < item->line && (stop = memchr(at, '\n', (size_t)(end - at))) != NULL; line++)
            at = stop + 1;
        buf_printf(out, "%s:%d:", name, item->line);
        if (item->column > 0)
            buf_printf(out, "%d:", item->column);
        buf_printf(out, " %s: ", m->kind);
        show_sentence(item->message, out);
        buf_append_byte(out, '\n');
        if (line == item->line && size != 0) {
            stop = memchr(at, '\n', (size_t)(end - at));
            size_t length = (size_t)((stop == NULL ? end : stop) - at);
            length -= length > 0 && at[length - 1] == '\r';
            print_source(item, at, length, out);
        } else if (item->hint[0] != 0) {
            print_hint(item, "      | ", out);
        }
    }
    if (m->count > kept)
        buf_printf(out, "%s: %u more %ss, not shown\n", name, m->count - kept, m->kind);
}

/* ---- suggestions ---- */

enum { SUGGEST_LETTERS = 64 };

/* Insertions, deletions, changes and swaps of neighbours between two short
 * words, not looking at case. */
static unsigned edit_distance(const char *a, size_t an, const char *b, size_t bn)
{
    unsigned row[3][SUGGEST_LETTERS + 1];
    for (unsigned j = 0; j <= bn; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= an; i++) {
        unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= bn; j++) {
            bool same = tolower((uint8_t)a[i - 1]) == tolower((uint8_t)b[j - 1]);
            unsigned best = last[j - 1] + !same;
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[an % 3][bn];
}

struct suggestion suggest(const char *word, size_t size)
{
    /* One slip in a short word, more in a long one: what is further away confuses. */
    return (struct suggestion){.word = word, .size = size, .cost = 2 * (1 + (unsigned)(size + 2) / 4)};
}

void suggest_word(struct suggestion *s, const char *candidate, size_t size)
{
    if (s->size == 0 || s->size > SUGGEST_LETTERS || size == 0 || size > SUGGEST_LETTERS)
        return;
    unsigned distance = edit_distance(s->word, s->size, candidate, size);
    unsigned cost = 2 * distance + (*candidate != *s->word); /* of two as near, the one that begins alike */
    if (cost < s->cost && distance < s->size) {
        s->cost = cost;
        s->best = candidate;
        s->best_size = size;
    }
}

bool suggest_hint(const struct suggestion *s, struct mistakes *m)
{
    if (s->best == NULL)
        return false;
    mistake_hint(m, "did you mean '%.*s'?", (int)s->best_size, s->best);
    return true;
}
