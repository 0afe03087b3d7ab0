/* See clean.h. */
#include "report/clean.h"

#include "engine/language/lex.h"

#include <string.h>

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static void clean(struct buf *out, const char *text, size_t size, bool no_controls)
{
    const char *end = text + size;
    while (text < end) {
        uint32_t character = 0;
        size_t n = text_character(text, (size_t)(end - text), &character);
        if (n != 0 && !(no_controls && is_control(character))) {
            buf_append(out, text, n);
            text += n;
            continue;
        }
        for (n = n == 0 ? 1 : n; n != 0; n--)
            buf_printf(out, "\\x%02x", (uint8_t)*text++);
    }
}

void clean_utf8(struct buf *out, const char *text)
{
    clean(out, text, strlen(text), false);
}

void clean_line(struct buf *out, const char *text)
{
    clean(out, text, strlen(text), true);
}

void clean_xml(struct buf *out, const char *text)
{
    for (const char *end = text + strlen(text); text < end;) {
        uint32_t c = 0;
        size_t n = text_character(text, (size_t)(end - text), &c);
        bool line = c == '\n' || c == '\t';
        if (n == 0 || (is_control(c) && !line) || c == 0xfffe || c == 0xffff) {
            for (n = n == 0 ? 1 : n; n != 0; n--)
                buf_printf(out, "\\x%02x", (uint8_t)*text++);
            continue;
        }
        const char *name = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : NULL;
        if (name != NULL)
            buf_append_text(out, name);
        else
            buf_append(out, text, n);
        text += n;
    }
}

void clean_block(struct buf *out, const char *indent, const char *text)
{
    while (*text != 0) {
        size_t size = strcspn(text, "\n");
        buf_append_text(out, indent);
        clean(out, text, size, true);
        buf_append_byte(out, '\n');
        text += size + (text[size] == '\n');
    }
}

/* Unicode 15: East Asian Width W and F, roughly by block; and what has no width. */
static unsigned width_of(uint32_t c)
{
    static const struct { uint32_t from, to; unsigned width; } ranges[] = {
        {0x0300, 0x036f, 0}, {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0}, {0x2e80, 0x303e, 2},
        {0x3041, 0xa4cf, 2}, {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},
        {0xfe30, 0xfe6f, 2}, {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1f64f, 2},
        {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return ranges[i].width;
    return 1;
}

/* How many bytes of the text fit into so many columns, whole characters only. */
static size_t fitting(const char *text, size_t columns, size_t *used)
{
    size_t size = strlen(text), at = 0;
    *used = 0;
    while (at < size) {
        uint32_t character = 0;
        size_t n = text_character(text + at, size - at, &character);
        unsigned width = n == 0 ? 1 : width_of(character);
        if (*used + width > columns)
            break;
        *used += width;
        at += n == 0 ? 1 : n;
    }
    return at;
}

size_t clean_columns(const char *text)
{
    size_t used;
    fitting(text, SIZE_MAX, &used);
    return used;
}

void clean_cut(struct buf *out, const char *text, size_t columns)
{
    size_t used, size = fitting(text, columns, &used);
    bool cut = text[size] != 0;
    if (cut && columns != 0)
        size = fitting(text, columns - 1, &used);
    buf_append(out, text, size);
    if (cut && columns != 0)
        buf_append_text(out, "…");
}
