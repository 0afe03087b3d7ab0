/* See vectors.h. The notation: bytes in hex, or text with the escapes of C, and in
 * both {N*X} for N times X; in text also {N lines X}, where <i> counts from 0. */
#include "modes/corpus/vectors.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_BYTES_MAX (4u << 20)
#define COLUMNS_MAX 4u
#define ROW_BYTES_MAX (1u << 17) /* of what a row stands for; more is cut */

struct field {
    const char *at;
    size_t size;
};

static bool field_has(struct field f, const char *word) { return memmem(f.at, f.size, word, strlen(word)) != NULL; }

/* ---- what a row stands for ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs up to what is none; returns the characters read. */
static size_t hex_pairs(struct field f, struct buf *out)
{
    size_t at = 0;
    for (; at + 1 < f.size && hex_digit(f.at[at]) >= 0 && hex_digit(f.at[at + 1]) >= 0; at += 2)
        buf_append_byte(out, (uint8_t)(hex_digit(f.at[at]) << 4 | hex_digit(f.at[at + 1])));
    return at;
}

/* One character, or an escape; returns the characters read. */
static size_t text_byte(const char *at, size_t size, struct buf *out)
{
    static const char letters[] = "rnt\\\"", bytes[] = "\r\n\t\\\"";
    if (*at != '\\' || size < 2) {
        buf_append_byte(out, (uint8_t)*at);
        return 1;
    }
    if (size >= 4 && at[1] >= '0' && at[1] <= '3') {
        buf_append_byte(out, (uint8_t)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0')));
        return 4;
    }
    const char *letter = strchr(letters, at[1]);
    buf_append_byte(out, (uint8_t)(letter ? bytes[letter - letters] : at[1]));
    return 2;
}

/* The inside of a run, the i-th time. */
static void run_once(struct field inside, size_t i, bool hex, struct buf *out)
{
    if (hex) {
        hex_pairs(inside, out);
        return;
    }
    for (size_t at = 0; at < inside.size;) {
        if (inside.size - at >= 3 && memcmp(inside.at + at, "<i>", 3) == 0) {
            buf_printf(out, "%zu", i);
            at += 3;
        } else {
            at += text_byte(inside.at + at, inside.size - at, out);
        }
    }
}

/* "{N*X}" or "{N lines X}" at f.at; returns the characters read, 0 when it is none. */
static size_t run_read(struct field f, bool hex, struct buf *out)
{
    const char *end = memchr(f.at, '}', f.size);
    char *behind = NULL;
    if (end == NULL || f.size < 2 || f.at[1] < '0' || f.at[1] > '9')
        return 0;
    unsigned long times = strtoul(f.at + 1, &behind, 10);
    size_t mark = *behind == '*' ? 1 : strncmp(behind, " lines ", 7) == 0 ? 7 : 0;
    if (mark == 0)
        return 0;
    struct field inside = {behind + mark, (size_t)(end - behind) - mark};
    for (unsigned long i = 0; i < times && !out->failed; i++)
        run_once(inside, i, hex, out);
    return (size_t)(end - f.at) + 1;
}

/* False: it is too long, or not this notation. */
static bool expand(struct field f, bool hex, struct buf *out)
{
    buf_clear(out);
    while (f.size != 0 && !out->failed) {
        size_t used = *f.at == '{' ? run_read(f, hex, out) : 0;
        if (used == 0)
            used = hex ? hex_pairs(f, out) : text_byte(f.at, f.size, out);
        if (used == 0)
            return false;
        f.at += used;
        f.size -= used;
    }
    return !out->failed;
}

/* ---- tables ---- */

typedef void row_fn(struct seeds *seeds, const struct field *fields, struct buf *bytes);

static void frame_row(struct seeds *seeds, const struct field *fields, struct buf *bytes)
{
    const struct field role = fields[0], hex = fields[1], extensions = fields[2], events = fields[3];
    enum ws_role receiver = field_has(role, "client") ? WS_CLIENT : WS_SERVER;
    if (expand(hex, true, bytes))
        seed_stream(seeds, receiver, extensions.size > 1, !field_has(extensions, "no_context"), bytes->data,
                    bytes->size);
    const char *at = events.at, *end = events.at + events.size;
    while ((at = memmem(at, (size_t)(end - at), "text:", 5)) != NULL) {
        at += 5;
        buf_clear(bytes);
        hex_pairs((struct field){at, (size_t)(end - at)}, bytes);
        seed_payload(seeds, receiver, WS_TEXT, false, bytes->data, bytes->size);
    }
}

static void handshake_row(struct seeds *seeds, const struct field *fields, struct buf *bytes)
{
    if (expand(fields[1], false, bytes))
        seed_head(seeds, field_has(fields[0], "client"), bytes->data, bytes->size);
}

/* The fields of a line, up to COLUMNS_MAX of them by `wanted`, the numbers of their columns. */
static void line_fields(const char *line, const char *end, const size_t *wanted, struct field *fields)
{
    for (size_t i = 0; i < COLUMNS_MAX; i++)
        fields[i] = (struct field){"", 0};
    for (size_t column = 0; line <= end; column++) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *stop = tab ? tab : end;
        for (size_t i = 0; i < COLUMNS_MAX; i++)
            if (wanted[i] == column)
                fields[i] = (struct field){line, (size_t)(stop - line)};
        line = stop + 1;
    }
}

/* Which columns have these names; false when one is missing. */
static bool columns_find(const char *line, const char *end, const char *const *names, size_t *wanted)
{
    size_t found = 0, sought = 0;
    for (size_t i = 0; i < COLUMNS_MAX; i++) {
        wanted[i] = SIZE_MAX;
        sought += names[i] != NULL;
    }
    for (size_t column = 0; line <= end; column++) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *stop = tab ? tab : end;
        for (size_t i = 0; i < COLUMNS_MAX; i++)
            if (names[i] != NULL && strlen(names[i]) == (size_t)(stop - line) &&
                memcmp(names[i], line, (size_t)(stop - line)) == 0) {
                wanted[i] = column;
                found++;
            }
        line = stop + 1;
    }
    return found == sought;
}

static bool table_export(const char *folder, const char *name, const char *const *columns, row_fn *row,
                         struct seeds *seeds, struct diag *why)
{
    struct buf path, text, bytes;
    struct field fields[COLUMNS_MAX];
    size_t wanted[COLUMNS_MAX];
    bool titled = false;
    buf_init(&path, 0);
    buf_init(&text, TABLE_BYTES_MAX);
    buf_init(&bytes, ROW_BYTES_MAX);
    buf_printf(&path, "%s/%s", folder, name);
    bool fine = file_read(buf_text(&path), &text, why);
    const char *end = buf_text(&text) + text.size;
    for (const char *line = buf_text(&text), *feed; fine && line < end; line = feed + 1) {
        feed = memchr(line, '\n', (size_t)(end - line));
        feed = feed ? feed : end;
        if (*line == '#')
            continue;
        if (titled) {
            line_fields(line, feed, wanted, fields);
            row(seeds, fields, &bytes);
            continue;
        }
        titled = columns_find(line, feed, columns, wanted);
        fine = titled || diag_set(why, DIAG_USAGE, "%s is no table of vectors: the column '%s' or another is missing",
                                  buf_text(&path), columns[0]);
    }
    buf_free(&path);
    buf_free(&text);
    buf_free(&bytes);
    return fine && why->kind == DIAG_NONE;
}

bool vectors_export(const char *folder, struct seeds *seeds, struct diag *why)
{
    static const char *const frame_columns[COLUMNS_MAX] = {"role", "hex", "extensions", "events"};
    static const char *const handshake_columns[COLUMNS_MAX] = {"role", "raw"};
    return table_export(folder, "frame-vectors.tsv", frame_columns, frame_row, seeds, why) &&
           table_export(folder, "handshake-vectors.tsv", handshake_columns, handshake_row, seeds, why);
}
