/* See value.h. Reading and printing of one kind are a pair. */
#include "engine/language/value.h"

#include "base/limits.h"
#include "engine/language/mistake.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit { const char *word; uint64_t factor; };

/* Smallest first: the largest one that divides is printed. */
static const struct unit time_units[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000},
    {"h", 3600000000000}, {NULL, 0},
};
static const struct unit size_units[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};
static const struct unit rate_units[] = {
    {"B/s", 1}, {"KiB/s", 1 << 10}, {"MiB/s", 1 << 20}, {"GiB/s", 1 << 30}, {NULL, 0},
};

/* A word that is being read. */
struct reader {
    struct arena *arena;
    enum slot slot;
    const char *at, *end;
    struct value_fault *fault;
};

static bool wrong(struct reader *r, const char *message, const char *hint)
{
    snprintf(r->fault->message, sizeof r->fault->message, "%s", message);
    snprintf(r->fault->hint, sizeof r->fault->hint, "%s", hint);
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *found = strchr(digits, c | 0x20);
    return c == 0 || found == NULL || (c < '0') ? -1 : (int)(found - digits);
}

/* Digits, or 0x and hex digits, at the cursor. */
static bool read_digits(struct reader *r, uint64_t *number)
{
    bool hex = r->end - r->at > 2 && r->at[0] == '0' && (r->at[1] | 0x20) == 'x';
    uint64_t base = hex ? 16 : 10, n = 0;
    const char *begin = r->at += hex ? 2 : 0;
    for (; r->at < r->end && (hex ? hex_digit(*r->at) >= 0 : is_digit(*r->at)); r->at++) {
        uint64_t digit = (uint64_t)hex_digit(*r->at);
        if (n > (UINT64_MAX - digit) / base)
            return wrong(r, "a number this large does not fit 64 bits", "");
        n = n * base + digit;
    }
    *number = n;
    return r->at > begin || wrong(r, "not a number", "");
}

/* "0..7", "1..": is the number within? Anything else allows every number. */
static bool check_range(struct reader *r, double number)
{
    const char *legal = slot_rows[r->slot].legal, *dots = strstr(legal, "..");
    if (dots == NULL)
        return true;
    double lowest = strtod(legal, NULL);
    if (number >= lowest && (dots[2] == 0 || number <= strtod(dots + 2, NULL)))
        return true;
    snprintf(r->fault->message, sizeof r->fault->message, "%s is out of range",
             slot_rows[r->slot].word);
    if (dots[2] == 0)
        snprintf(r->fault->hint, sizeof r->fault->hint, "at least %.*s", (int)(dots - legal), legal);
    else
        snprintf(r->fault->hint, sizeof r->fault->hint, "%.*s to %s", (int)(dots - legal), legal, dots + 2);
    return false;
}

/* The unit at the cursor, which ends the word (or stands before `..`). */
static bool read_unit(struct reader *r, const struct unit *units, bool needed, uint64_t *factor)
{
    const char *begin = r->at;
    while (r->at < r->end && *r->at != '.')
        r->at++;
    size_t size = (size_t)(r->at - begin);
    *factor = 1;
    if (size == 0 && !needed)
        return true;
    struct suggestion near = suggest(begin, size);
    for (const struct unit *u = units; u->word != NULL; u++) {
        if (size == strlen(u->word) && memcmp(begin, u->word, size) == 0) {
            *factor = u->factor;
            return true;
        }
        suggest_word(&near, u->word, strlen(u->word));
    }
    bool time = units == time_units;
    wrong(r, size != 0 ? "unknown unit" : time ? "a time needs its unit" : "the unit is missing",
          time ? "ms, s, m or h: 250ms, 2s" : units == rate_units ? "B/s, KiB/s or MiB/s: 64KiB/s" : "B, KiB or MiB");
    if (near.best != NULL)
        snprintf(r->fault->hint, sizeof r->fault->hint, "did you mean '%s'?", near.best);
    return false;
}

static bool read_amount(struct reader *r, const struct unit *units, bool unit_needed, uint64_t *amount)
{
    uint64_t factor;
    if (!read_digits(r, amount) || !read_unit(r, units, unit_needed, &factor))
        return false;
    if (*amount > UINT64_MAX / factor)
        return wrong(r, "a number this large does not fit 64 bits", "");
    *amount *= factor;
    return true;
}

/* 250ms, 1.5s; at most six decimals, so that nothing overflows. */
static bool read_time(struct reader *r, uint64_t *ns)
{
    uint64_t whole, part = 0, scale = 1, factor;
    if (!read_digits(r, &whole))
        return wrong(r, "not a time", "a number and its unit: 250ms, 2s");
    if (r->end - r->at > 1 && r->at[0] == '.' && is_digit(r->at[1])) {
        for (r->at++; r->at < r->end && is_digit(*r->at); r->at++, scale *= 10) {
            if (scale == 1000000)
                return wrong(r, "too many decimals", "a smaller unit: us, ms");
            part = part * 10 + (uint64_t)hex_digit(*r->at);
        }
    }
    if (!read_unit(r, time_units, true, &factor))
        return false;
    const uint64_t longest = LIMIT_DURATION_S * UINT64_C(1000000000);
    if (whole > longest / factor || whole * factor + part * factor / scale > longest)
        return wrong(r, "a time this long is over the limit", "24h at most");
    if (part * factor % scale != 0)
        return wrong(r, "finer than a nanosecond", "");
    *ns = whole * factor + part * factor / scale;
    return true;
}

static bool at_end(struct reader *r)
{
    return r->at == r->end || wrong(r, "unexpected letters behind the value", "");
}

/* ---- one reader a kind ---- */

static bool read_int(struct reader *r, struct value *v)
{
    return read_digits(r, &v->number) && at_end(r) && check_range(r, (double)v->number);
}

static bool read_size(struct reader *r, struct value *v)
{
    return read_amount(r, size_units, false, &v->number) && at_end(r) &&
           check_range(r, (double)v->number);
}

static bool read_rate(struct reader *r, struct value *v)
{
    return read_amount(r, rate_units, true, &v->number) && at_end(r) &&
           check_range(r, (double)v->number);
}

static bool read_frequency(struct reader *r, struct value *v)
{
    if (!read_digits(r, &v->number) || r->end - r->at != 2 || memcmp(r->at, "/s", 2) != 0)
        return wrong(r, "not a frequency", "so many a second: 500/s");
    r->at += 2;
    return check_range(r, (double)v->number);
}

static bool read_one_time(struct reader *r, struct value *v)
{
    return read_time(r, &v->number) && at_end(r);
}

static bool read_range(struct reader *r, struct value *v)
{
    if (!read_time(r, &v->to))
        return false;
    v->from = v->kind == VALUE_SPAN ? v->to : 0;
    if (r->end - r->at >= 2 && memcmp(r->at, "..", 2) == 0) {
        r->at += 2;
        v->from = v->to;
        if (!read_time(r, &v->to))
            return false;
    }
    if (v->from > v->to)
        return wrong(r, "a range runs from the shorter time to the longer", "");
    return at_end(r);
}

/* A plain decimal number; up to 12 digits it survives printing and reading. */
static bool read_decimal(struct reader *r, double *number)
{
    uint64_t digits = 0, scale = 1;
    const char *begin = r->at;
    bool point = false;
    for (; r->at < r->end && (is_digit(*r->at) || (*r->at == '.' && !point)); r->at++) {
        if (*r->at == '.') {
            point = true;
            continue;
        }
        digits = digits * 10 + (uint64_t)(*r->at - '0');
        scale *= point ? 10 : 1;
        if (digits >= UINT64_C(1000000000000) || scale > UINT64_C(1000000000000))
            return wrong(r, "too many digits", "");
    }
    if (r->at == begin || !is_digit(*begin) || r->at[-1] == '.')
        return wrong(r, "not a number", "2, 1.5");
    *number = (double)digits / (double)scale;
    return true;
}

static bool read_real(struct reader *r, struct value *v)
{
    return read_decimal(r, &v->real) && at_end(r) && check_range(r, v->real);
}

static bool read_percent(struct reader *r, struct value *v)
{
    double percent;
    if (!read_decimal(r, &percent))
        return wrong(r, "not a percentage", "20%");
    if (r->at == r->end || *r->at != '%')
        return wrong(r, "the percent sign is missing", "20%");
    r->at++;
    v->real = percent / 100;
    return at_end(r) && check_range(r, percent);
}

static bool read_word(struct reader *r, struct value *v)
{
    v->word = arena_text_n(r->arena, r->at, (size_t)(r->end - r->at));
    return v->word != NULL;
}

/* One of `1002`, `4xx`, `3000..4999`, `none`, up to the next '|'. */
static bool read_code(struct reader *r, struct code_range *code)
{
    size_t size = (size_t)(r->end - r->at);
    if (size >= 4 && memcmp(r->at, "none", 4) == 0) {
        r->at += 4;
        *code = (struct code_range){SCRIPT_CODE_NONE, SCRIPT_CODE_NONE};
        return true;
    }
    if (size >= 3 && r->at[0] >= '1' && r->at[0] <= '9' && memcmp(r->at + 1, "xx", 2) == 0) {
        code->from = (uint32_t)(r->at[0] - '0') * 100;
        code->to = code->from + 99;
        r->at += 3;
        return true;
    }
    uint64_t from, to;
    if (!read_digits(r, &from))
        return wrong(r, "not a code", "1002, 1002|1007, 1000|none, 4xx, 3000..4999");
    to = from;
    if (r->end - r->at >= 2 && memcmp(r->at, "..", 2) == 0) {
        r->at += 2;
        if (!read_digits(r, &to))
            return false;
    }
    if (from > 65535 || to > 65535 || from > to)
        return wrong(r, "code is out of range", "0 to 65535");
    *code = (struct code_range){(uint32_t)from, (uint32_t)to};
    return true;
}

/* One of `2`, `2..5`, `4..`, `any`, up to the next '|'. */
static bool read_ordinal(struct reader *r, struct code_range *range)
{
    uint64_t from, to;
    size_t size = (size_t)(r->end - r->at);
    if (size >= 3 && memcmp(r->at, "any", 3) == 0) {
        r->at += 3;
        *range = (struct code_range){1, SCRIPT_NTH_LAST};
        return true;
    }
    if (!read_digits(r, &from))
        return wrong(r, "not a number of one", "2, 1|3, 2..5, 4.., any");
    to = from;
    if (r->end - r->at >= 2 && memcmp(r->at, "..", 2) == 0) {
        r->at += 2;
        bool open = r->at == r->end || *r->at == '|';
        to = SCRIPT_NTH_LAST;
        if (!open && !read_digits(r, &to))
            return false;
    }
    if (from == 0 || from > to || to > SCRIPT_NTH_LAST)
        return wrong(r, "no such number", "they are counted from 1: 2, 2..5, 4.., any");
    *range = (struct code_range){(uint32_t)from, (uint32_t)to};
    return true;
}

static bool read_codes(struct reader *r, struct value *v)
{
    bool ordinals = v->kind == VALUE_NTH;
    struct code_range codes[SCRIPT_CODES_MAX];
    do {
        r->at += v->code_count > 0; /* the '|' */
        if (v->code_count == SCRIPT_CODES_MAX)
            return wrong(r, ordinals ? "more of them than 16" : "more codes than 16",
                         ordinals ? "a range: 2..5" : "a range: 3000..4999, 4xx");
        if (!(ordinals ? read_ordinal : read_code)(r, &codes[v->code_count]))
            return false;
        v->code_count++;
    } while (r->at < r->end && *r->at == '|');
    if (r->at != r->end && ordinals)
        return wrong(r, "unexpected letters behind a number", "several are joined with '|': 1|3");
    if (r->at != r->end)
        return wrong(r, "unexpected letters behind a code", "several are joined with '|': 1002|1007");
    v->codes = arena_copy(r->arena, codes, v->code_count * sizeof *codes);
    return v->codes != NULL;
}

/* ---- what a word may look like ---- */

bool value_is_name(const char *word, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    for (size_t i = 0; i < size; i++)
        if (word[i] == 0 || strchr(letters, word[i]) == NULL)
            return false;
    return size > 0 && !is_digit(word[0]);
}

static bool all_of(const char *word, size_t size, const char *marks)
{
    for (size_t i = 0; i < size; i++)
        if (!value_is_name(&word[i], 1) && !is_digit(word[i]) &&
            (word[i] == 0 || strchr(marks, word[i]) == NULL))
            return false;
    return size > 0;
}

/* Is the word the alternative `begin` .. `end`, in which # is a hex digit? */
static bool is_alternative(const char *word, size_t size, const char *begin, const char *end)
{
    if (size != (size_t)(end - begin))
        return false;
    for (size_t i = 0; i < size; i++)
        if (begin[i] == '#' ? hex_digit(word[i]) < 0 : begin[i] != word[i])
            return false;
    return true;
}

void value_print_legal(const char *legal, char *out, size_t room)
{
    size_t i = 0;
    for (; legal[i] != 0 && i + 1 < room; i++)
        out[i] = legal[i] == '#' ? '0' : legal[i];
    out[i] = 0;
}

static bool check_alternatives(struct reader *r, const char *legal)
{
    size_t size = (size_t)(r->end - r->at);
    struct suggestion near = suggest(r->at, size);
    for (const char *begin = legal, *end; *begin != 0; begin = *end == 0 ? end : end + 1) {
        end = strchrnul(begin, '|');
        if (is_alternative(r->at, size, begin, end))
            return true;
        suggest_word(&near, begin, (size_t)(end - begin));
    }
    snprintf(r->fault->message, sizeof r->fault->message, "not a value of '%s'", slot_rows[r->slot].word);
    if (near.best != NULL && *near.best != '#')
        snprintf(r->fault->hint, sizeof r->fault->hint, "did you mean '%.*s'?", (int)near.best_size, near.best);
    else
        value_print_legal(legal, r->fault->hint, sizeof r->fault->hint);
    return false;
}

static bool check_word(struct reader *r)
{
    const char *legal = slot_rows[r->slot].legal;
    size_t size = (size_t)(r->end - r->at);
    if (strcmp(legal, "ID") == 0)
        return all_of(r->at, size, "-./") || wrong(r, "not an id", "letters, digits and -._/");
    if (strcmp(legal, "NAME") == 0)
        return value_is_name(r->at, size) || wrong(r, "not a name", "letters, digits and _");
    if (strcmp(legal, "HEADER") == 0)
        return all_of(r->at, size, "!$%&*+-.^`|~") || wrong(r, "not the name of a header", "");
    return strchr(legal, '|') == NULL || check_alternatives(r, legal);
}

bool value_read_size(const char *word, size_t size, uint64_t *bytes, struct value_fault *fault)
{
    *fault = (struct value_fault){0};
    struct reader r = {.at = word, .end = word + size, .fault = fault};
    return read_amount(&r, size_units, false, bytes) && at_end(&r);
}

bool value_read_number(const char *word, size_t size, uint64_t *number, struct value_fault *fault)
{
    *fault = (struct value_fault){0};
    struct reader r = {.at = word, .end = word + size, .fault = fault};
    return read_digits(&r, number) && at_end(&r);
}

size_t value_variable(const char *word, size_t size)
{
    bool braces = size > 3 && word[0] == '$' && word[1] == '{' && word[size - 1] == '}';
    return braces && value_is_name(word + 2, size - 3) ? size - 3 : 0;
}

/* ---- printing ---- */

static void print_unit(uint64_t amount, const struct unit *units, struct buf *out)
{
    const struct unit *best = units;
    for (const struct unit *u = units; u->word != NULL; u++)
        if (amount != 0 && amount % u->factor == 0)
            best = u;
    buf_printf(out, "%" PRIu64 "%s", amount / best->factor, best->word);
}

void value_print_size(uint64_t bytes, struct buf *out)
{
    if (bytes % size_units[1].factor != 0 || bytes == 0)
        buf_printf(out, "%" PRIu64, bytes);
    else
        print_unit(bytes, size_units, out);
}

static void print_time(uint64_t ns, struct buf *out)
{
    if (ns == 0)
        buf_append_text(out, "0s");
    else
        print_unit(ns, time_units, out);
}

static void print_range(const struct value *v, struct buf *out)
{
    if (v->from != (v->kind == VALUE_SPAN ? v->to : 0)) {
        print_time(v->from, out);
        buf_append_text(out, "..");
    }
    print_time(v->to, out);
}

static void print_code(const struct code_range *code, struct buf *out)
{
    if (code->from == SCRIPT_CODE_NONE)
        buf_append_text(out, "none");
    else if (code->from >= 100 && code->from <= 900 && code->from % 100 == 0 && code->to == code->from + 99)
        buf_printf(out, "%uxx", code->from / 100);
    else if (code->from == code->to)
        buf_printf(out, "%u", code->from);
    else
        buf_printf(out, "%u..%u", code->from, code->to);
}

static void print_words(const struct value *v, struct buf *out)
{
    for (size_t i = 0; i < v->word_count; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : " ", v->words[i]);
}

static bool only_digits(const struct payload *payload)
{
    const struct piece *p = payload == NULL ? NULL : payload->pieces;
    if (p == NULL || p->next != NULL || p->kind != PIECE_QUOTED || p->size == 0)
        return false;
    for (size_t i = 0; i < p->size; i++)
        if (!is_digit((char)p->bytes[i]))
            return false;
    return true;
}

static void print_int(const struct value *v, struct buf *out)
{
    buf_printf(out, "%" PRIu64, v->number);
}

static void print_size(const struct value *v, struct buf *out)
{
    value_print_size(v->number, out);
}

static void print_rate(const struct value *v, struct buf *out)
{
    print_unit(v->number, rate_units, out);
}

static void print_one_time(const struct value *v, struct buf *out)
{
    print_time(v->number, out);
}

static void print_real(const struct value *v, struct buf *out)
{
    buf_printf(out, "%.15g", v->real);
}

static void print_percent(const struct value *v, struct buf *out)
{
    buf_printf(out, "%.15g%%", v->real * 100);
}

static void print_word(const struct value *v, struct buf *out)
{
    buf_append_text(out, v->word);
}

static void print_codes(const struct value *v, struct buf *out)
{
    for (size_t i = 0; i < v->code_count; i++) {
        buf_append_text(out, i == 0 ? "" : "|");
        print_code(&v->codes[i], out);
    }
}

static void print_ordinals(const struct value *v, struct buf *out)
{
    for (size_t i = 0; i < v->code_count; i++) {
        const struct code_range *range = &v->codes[i];
        buf_append_text(out, i == 0 ? "" : "|");
        if (range->from == 1 && range->to == SCRIPT_NTH_LAST)
            buf_append_text(out, "any");
        else if (range->to == SCRIPT_NTH_LAST)
            buf_printf(out, "%u..", range->from);
        else if (range->to == range->from)
            buf_printf(out, "%u", range->from);
        else
            buf_printf(out, "%u..%u", range->from, range->to);
    }
}

static void print_bytes(const struct value *v, struct buf *out)
{
    payload_print(v->bytes, out);
}

static void print_frequency(const struct value *v, struct buf *out)
{
    buf_printf(out, "%" PRIu64 "/s", v->number);
}

static void print_digits(const struct value *v, struct buf *out)
{
    if (only_digits(v->bytes))
        buf_append(out, v->bytes->pieces->bytes, v->bytes->pieces->size);
    else
        payload_print(v->bytes, out);
}

/* ---- each kind with both; those of several tokens are read by the parser ---- */

static const struct {
    bool (*read)(struct reader *r, struct value *v);
    void (*print)(const struct value *v, struct buf *out);
} kinds[VALUES] = {
    [VALUE_INT] = {read_int, print_int},
    [VALUE_SIZE] = {read_size, print_size},
    [VALUE_TIME] = {read_one_time, print_one_time},
    [VALUE_RANGE] = {read_range, print_range},
    [VALUE_SPAN] = {read_range, print_range},
    [VALUE_RATE] = {read_rate, print_rate},
    [VALUE_FREQUENCY] = {read_frequency, print_frequency},
    [VALUE_NUMBER] = {read_real, print_real},
    [VALUE_PERCENT] = {read_percent, print_percent},
    [VALUE_WORD] = {read_word, print_word},
    [VALUE_CODES] = {read_codes, print_codes},
    [VALUE_NTH] = {read_codes, print_ordinals},
    [VALUE_WORDS] = {NULL, print_words},
    [VALUE_BYTES] = {NULL, print_bytes},
    [VALUE_MAYBE_BYTES] = {NULL, print_bytes},
    [VALUE_STRING] = {NULL, print_bytes},
    [VALUE_DIGITS] = {NULL, print_digits},
};

bool value_read(struct arena *arena, enum value_kind kind, enum slot slot, const char *word,
                size_t size, struct value *value, struct value_fault *fault)
{
    *fault = (struct value_fault){0};
    *value = (struct value){.kind = kind};
    struct reader r = {.arena = arena, .slot = slot, .at = word, .end = word + size, .fault = fault};
    return check_word(&r) && kinds[kind].read(&r, value);
}

void value_print(const struct value *value, struct buf *out)
{
    if (value->written != NULL)
        buf_append_text(out, value->written);
    else if (kinds[value->kind].print != NULL)
        kinds[value->kind].print(value, out);
}
