/* Payload expressions to bytes. What it makes depends on the scope alone:
 * captures, one stream of randomness, and files below one folder. */
#include "engine/language/value.h"

#include "base/limits.h"
#include "engine/language/lex.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct maker {
    const struct payload_scope *scope;
    struct buf *out;
    size_t most;       /* out->size must not grow past this */
    struct diag *why;
};

static bool make(struct maker *m, const struct payload *payload);

/* Is there room for so many bytes more, in the limit and in memory? */
static bool room_for(struct maker *m, uint64_t more)
{
    if (more > m->most - m->out->size)
        return diag_set(m->why, DIAG_USAGE, "a payload is larger than %u MiB", LIMIT_PAYLOAD_BYTES >> 20);
    return buf_reserve(m->out, (size_t)more) ||
           diag_set(m->why, DIAG_TROUBLE, "no room for a payload of %llu bytes", (unsigned long long)more);
}

static const struct capture *find_capture(struct maker *m, const char *name)
{
    for (size_t i = 0; i < m->scope->capture_count; i++)
        if (strcmp(m->scope->captures[i].name, name) == 0)
            return &m->scope->captures[i];
    diag_set(m->why, DIAG_USAGE, "nothing was captured as ${%s}", name);
    return NULL;
}

/* The piece's number, which may be a ${name}. */
static bool times_of(struct maker *m, const struct piece *piece, uint64_t *times)
{
    *times = piece->times;
    if (piece->name == NULL)
        return true;
    const struct capture *c = find_capture(m, piece->name);
    struct value_fault fault;
    if (c == NULL)
        return false;
    if (!value_read_size((const char *)c->bytes, c->size, times, &fault))
        return diag_set(m->why, DIAG_USAGE, "${%s}: %s", piece->name, fault.message);
    return true;
}

/* ---- one maker a kind ---- */

static bool make_text(struct maker *m, const struct piece *piece)
{
    return room_for(m, piece->size) && buf_append(m->out, piece->bytes, piece->size);
}

static bool make_capture(struct maker *m, const struct piece *piece)
{
    const struct capture *c = find_capture(m, piece->name);
    return c != NULL && room_for(m, c->size) && buf_append(m->out, c->bytes, c->size);
}

static bool make_hex(struct maker *m, const struct piece *piece)
{
    if (piece->name == NULL)
        return make_text(m, piece);
    const struct capture *c = find_capture(m, piece->name);
    if (c == NULL || !room_for(m, c->size / 2))
        return false;
    for (size_t i = 0; i + 1 < c->size; i += 2) {
        char digits[5] = {'0', 'x', (char)c->bytes[i], (char)c->bytes[i + 1]};
        uint64_t byte;
        struct value_fault fault;
        if (!value_read_number(digits, 4, &byte, &fault))
            return diag_set(m->why, DIAG_USAGE, "${%s} is not hex", piece->name);
        buf_append_byte(m->out, (uint8_t)byte);
    }
    return c->size % 2 == 0 || diag_set(m->why, DIAG_USAGE, "${%s} has an odd number of hex digits", piece->name);
}

static bool make_fill(struct maker *m, const struct piece *piece)
{
    uint64_t times;
    return times_of(m, piece, &times) && room_for(m, times) &&
           buf_append_fill(m->out, piece->byte, (size_t)times);
}

/* What was made behind `begin` is repeated until it is so many bytes, and cut there. */
static bool fill_up(struct maker *m, size_t begin, size_t size, uint64_t bytes)
{
    if (bytes > size && !room_for(m, bytes - size))
        return false;
    for (uint64_t have = size; have < bytes;) {
        size_t left = (size_t)(bytes - have), n = left < size ? left : size;
        buf_append(m->out, m->out->data + begin, n);
        have += n;
    }
    m->out->size = begin + (size_t)bytes;
    return true;
}

/* Made once, then copied: the same bytes each time, also of random(). */
static bool make_repeat(struct maker *m, const struct piece *piece)
{
    uint64_t times;
    size_t begin = m->out->size;
    if (!times_of(m, piece, &times))
        return false;
    if (times == 0)
        return true;
    if (!make(m, piece->inner))
        return false;
    size_t size = m->out->size - begin;
    if (size == 0)
        return true;
    if (piece->to)
        return fill_up(m, begin, size, times);
    if (times - 1 > LIMIT_PAYLOAD_BYTES || !room_for(m, (times - 1) * size))
        return false;
    for (uint64_t i = 1; i < times; i++)
        buf_append(m->out, m->out->data + begin, size); /* there is room: data stays where it is */
    return true;
}

/* The kind may be a ${name}, as the number may. */
static bool make_sample(struct maker *m, const struct piece *piece)
{
    uint64_t count;
    enum sample_kind kind = piece->sample;
    if (m->scope->samples == NULL)
        return diag_set(m->why, DIAG_USAGE, "sample() cannot stand here");
    if (piece->sample_name != NULL) {
        const struct capture *c = find_capture(m, piece->sample_name);
        if (c == NULL)
            return false;
        kind = sample_find((const char *)c->bytes, c->size);
        if (kind == SAMPLES)
            return diag_set(m->why, DIAG_USAGE, "${%s} is no kind of data", piece->sample_name);
    }
    if (!times_of(m, piece, &count) || !room_for(m, count))
        return false;
    return sample_read(m->scope->samples, kind, (size_t)count, m->out) ||
           diag_set(m->why, DIAG_TROUBLE, "no room for a payload of %llu bytes", (unsigned long long)count);
}

static bool has_random(struct maker *m)
{
    return m->scope->random != NULL || diag_set(m->why, DIAG_USAGE, "random bytes cannot stand here");
}

static bool make_random(struct maker *m, const struct piece *piece)
{
    uint64_t size;
    if (!has_random(m) || !times_of(m, piece, &size) || !room_for(m, size))
        return false;
    size_t begin = m->out->size;
    buf_append_fill(m->out, 0, (size_t)size);
    prng_fill(m->scope->random, m->out->data + begin, (size_t)size);
    return true;
}

/* What text() is made of: ranges of characters of one length in UTF-8, with
 * weights that make about a third of the characters ASCII, a third Chinese. */
static const struct { unsigned weight; uint32_t from, to; } alphabets[] = {
    {6, 0x20, 0x7e},       {1, 0xa1, 0x17f},      {1, 0x391, 0x3a1},  {1, 0x410, 0x44f},
    {6, 0x4e00, 0x9fa5},   {1, 0x3041, 0x3096},   {1, 0xac00, 0xd7a3}, {3, 0x1f300, 0x1f64f},
    {1, 0x20000, 0x2a6d6},
};

/* A character of at most `room` bytes. */
static size_t random_character(struct prng *random, size_t room, uint8_t bytes[static 4])
{
    uint64_t pick = prng_below(random, 21);
    size_t i = 0;
    for (; pick >= alphabets[i].weight; i++)
        pick -= alphabets[i].weight;
    uint32_t span = alphabets[i].to - alphabets[i].from + 1;
    size_t size = text_encode(alphabets[i].from + (uint32_t)prng_below(random, span), bytes);
    return size <= room ? size : text_encode(0x61 + (uint32_t)prng_below(random, 26), bytes);
}

static bool make_random_text(struct maker *m, const struct piece *piece)
{
    uint64_t size;
    if (!has_random(m) || !times_of(m, piece, &size) || !room_for(m, size))
        return false;
    while (size > 0) {
        uint8_t bytes[4];
        size_t n = random_character(m->scope->random, size < 4 ? (size_t)size : 4, bytes);
        buf_append(m->out, bytes, n);
        size -= n;
    }
    return true;
}

/* Appends what the descriptor gives; closes it. */
static bool append_file(struct maker *m, int file, const char *path)
{
    bool fine = true;
    for (;;) {
        uint8_t piece[16384];
        ssize_t n = read(file, piece, sizeof piece);
        if (n < 0)
            fine = diag_set(m->why, DIAG_USAGE, "%s: %s", path, strerror(errno));
        if (n <= 0)
            break;
        fine = room_for(m, (uint64_t)n) && buf_append(m->out, piece, (size_t)n);
        if (!fine)
            break;
    }
    close(file);
    return fine;
}

/* Relative, and no ".." in it. */
static bool path_stays_below(const char *path)
{
    if (*path == '/' || *path == 0)
        return false;
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == 0))
            return false;
    }
    return true;
}

static bool make_file(struct maker *m, const struct piece *piece)
{
    struct buf path;
    buf_init(&path, 4096);
    struct maker name = {m->scope, &path, 4096, m->why};
    bool fine = make(&name, piece->inner);
    const char *text = buf_text(&path);
    if (!fine)
        ;
    else if (m->scope->file_dir == NULL)
        fine = diag_set(m->why, DIAG_USAGE, "file(\"%s\"): files cannot be read here", text);
    else if (!path_stays_below(text) || strlen(text) != path.size)
        fine = diag_set(m->why, DIAG_USAGE, "file(\"%s\"): the file must lie beside the scenario or below", text);
    else {
        int dir = open(m->scope->file_dir[0] == 0 ? "." : m->scope->file_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int file = dir < 0 ? -1 : openat(dir, text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (dir >= 0)
            close(dir);
        fine = file >= 0 ? append_file(m, file, text)
                         : diag_set(m->why, DIAG_USAGE, "file(\"%s\"): %s", text, strerror(errno));
    }
    buf_free(&path);
    return fine;
}

static bool (*const makers[PIECES])(struct maker *m, const struct piece *piece) = {
    [PIECE_QUOTED] = make_text,   [PIECE_RAW] = make_text,      [PIECE_CAPTURE] = make_capture,
    [PIECE_HEX] = make_hex,       [PIECE_FILL] = make_fill,     [PIECE_REPEAT] = make_repeat,
    [PIECE_RANDOM] = make_random, [PIECE_TEXT] = make_random_text, [PIECE_FILE] = make_file,
    [PIECE_SAMPLE] = make_sample,
};

static bool make(struct maker *m, const struct payload *payload)
{
    for (const struct piece *piece = payload->pieces; piece != NULL; piece = piece->next)
        if (!makers[piece->kind](m, piece))
            return false;
    return true;
}

bool payload_bytes(const struct payload *payload, const struct payload_scope *scope, struct buf *out,
                   struct diag *why)
{
    struct maker m = {scope, out, out->size + LIMIT_PAYLOAD_BYTES, why};
    return payload == NULL || make(&m, payload);
}
