/* The language explained from its table: `wsgauntlet help` in 80 columns, and
 * the reference section of the manual in Markdown. */
#include "engine/language/value.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 79, LEFT_MOST = 30, FORM_TEXT = 160 };

/* ---- what both share ---- */

/* "send close [CODE] [PAYLOAD]" */
static void form_usage(enum form form, char out[FORM_TEXT])
{
    const struct form_row *row = &form_rows[form];
    int n = snprintf(out, FORM_TEXT, "%s%s%s", verb_word(row->verb), row->words[0] == 0 ? "" : " ", row->words);
    for (int i = 0; i < 2; i++)
        if (row->argument[i] != SLOT_NONE)
            n += snprintf(out + n, (size_t)(FORM_TEXT - n), row->needed[i] ? " %s" : " [%s]",
                          slot_word(row->argument[i]));
}

/* "rsv 0..7", "within A..B" */
static void option_usage(const struct option_row *row, char out[FORM_TEXT])
{
    const char *legal = slot_rows[row->slot].legal, *name = value_rows[row->value].name;
    char shown[64];
    value_print_legal(legal, shown, sizeof shown);
    /* "ID" and the like are letters of a word; ranges and alternatives say more than the kind's name. */
    if (strpbrk(legal, ".|") != NULL && legal[strlen(legal) - 1] != '.')
        name = shown;
    snprintf(out, FORM_TEXT, "%s%s%s", slot_word(row->slot), name[0] == 0 ? "" : " ", name);
}

static const struct place_title { enum place place; const char *title; } place_titles[] = {
    {PLACE_TOP, "at the top of a file, or to begin a case"},
    {PLACE_TOP_OR_HEAD, "at the top of a file, or at the head of a case"},
    {PLACE_HEAD, "at the head of a case"},
    {PLACE_STEP, "of a case: its steps"},
};
enum { PLACES = sizeof place_titles / sizeof *place_titles };

/* The forms an option goes with: "text, binary"; "" when it goes with every form of its verb. */
static void option_forms(enum verb verb, enum group group, char out[FORM_TEXT])
{
    int n = 0;
    out[0] = 0;
    for (enum form form = 0; group != GROUP_ANY && form < FORMS; form++)
        if (form_rows[form].verb == verb && form_rows[form].group == group && n < FORM_TEXT)
            n += snprintf(out + n, (size_t)(FORM_TEXT - n), "%s%s", n == 0 ? "" : ", ", form_word(form));
}

static bool has_options(enum verb verb, enum group group)
{
    for (size_t i = 0; i < option_row_count; i++)
        if (option_rows[i].verb == verb && option_rows[i].group == group)
            return true;
    return false;
}

/* ---- help ---- */

/* Words wrapped at WIDTH, from column `at`; the lines that follow begin at column `indent`. */
static void wrap(struct buf *out, size_t at, size_t indent, const char *text)
{
    while (*text != 0) {
        size_t size = strcspn(text, " ");
        if (at > indent && at + 1 + size > WIDTH) {
            buf_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            buf_append_byte(out, ' ');
            at++;
        }
        buf_append(out, text, size);
        at += size;
        text += size + (text[size] == ' ');
    }
    buf_append_byte(out, '\n');
}

/* A row of two columns; a left one that is too wide gets a line of its own. */
static void row(struct buf *out, size_t left_width, const char *left, const char *text)
{
    size_t indent = 2 + left_width + 2;
    if (text[0] == 0) {
        buf_printf(out, "  %s\n", left);
        return;
    }
    if (strlen(left) > left_width)
        buf_printf(out, "  %s\n%*s", left, (int)indent, "");
    else
        buf_printf(out, "  %-*s  ", (int)left_width, left);
    wrap(out, indent, indent, text);
}

/* How wide the left column is: what is wider than LEFT_MOST does not count. */
static size_t wider(size_t width, const char *left)
{
    size_t n = strlen(left);
    return n > width && n <= LEFT_MOST ? n : width;
}

static void help_forms(enum verb verb, struct buf *out)
{
    char left[FORM_TEXT];
    size_t width = 0;
    for (enum form form = 0; form < FORMS; form++) {
        form_usage(form, left);
        width = form_rows[form].verb == verb ? wider(width, left) : width;
    }
    for (enum form form = 0; form < FORMS; form++) {
        form_usage(form, left);
        if (form_rows[form].verb == verb)
            row(out, width, left, form_rows[form].help);
    }
}

static void help_options(enum verb verb, struct buf *out)
{
    char left[FORM_TEXT], title[FORM_TEXT + 60];
    size_t width = 0;
    for (size_t i = 0; i < option_row_count; i++) {
        option_usage(&option_rows[i], left);
        width = option_rows[i].verb == verb ? wider(width, left) : width;
    }
    for (enum group group = 0; group < GROUPS; group++) {
        if (!has_options(verb, group))
            continue;
        option_forms(verb, group, left);
        snprintf(title, sizeof title, "options%s%s, in any order:", left[0] == 0 ? "" : " of ", left);
        buf_append_byte(out, '\n');
        wrap(out, 0, 2, title);
        for (size_t i = 0; i < option_row_count; i++) {
            option_usage(&option_rows[i], left);
            if (option_rows[i].verb == verb && option_rows[i].group == group)
                row(out, width, left, option_rows[i].help);
        }
    }
}

static bool verb_takes(enum verb verb, enum slot argument)
{
    for (enum form form = 0; form < FORMS; form++)
        if (form_rows[form].verb == verb &&
            (form_rows[form].argument[0] == argument || form_rows[form].argument[1] == argument))
            return true;
    return false;
}

static bool verb_uses(enum verb verb, enum value_kind kind)
{
    for (size_t i = 0; i < option_row_count; i++)
        if (option_rows[i].verb == verb && option_rows[i].value == kind)
            return true;
    return false;
}

/* What the words in capitals stand for. */
static void help_values(enum verb verb, struct buf *out)
{
    const char *said[SLOTS + VALUES];
    size_t count = 0;
    for (unsigned i = 0; i < SLOTS + VALUES; i++) {
        bool argument = i < SLOTS;
        const char *name = argument ? slot_rows[i].word : value_rows[i - SLOTS].name;
        const char *help = argument ? slot_rows[i].help : value_rows[i - SLOTS].help;
        bool used = argument ? verb_takes(verb, (enum slot)i) : verb_uses(verb, (enum value_kind)(i - SLOTS));
        for (size_t k = 0; k < count; k++)
            used = used && strcmp(said[k], name) != 0;
        if (!used || name[0] == 0 || name[0] == '[' || help[0] == 0)
            continue;
        if (count == 0)
            buf_append_text(out, "\n");
        said[count++] = name;
        row(out, 12, name, help);
    }
}

static void help_verb(enum verb verb, struct buf *out)
{
    char title[400];
    snprintf(title, sizeof title, "%s: %s", verb_word(verb), verb_rows[verb].summary);
    wrap(out, 0, 2, title);
    buf_append_byte(out, '\n');
    help_forms(verb, out);
    help_options(verb, out);
    help_values(verb, out);
}

static void help_overview(struct buf *out)
{
    for (size_t i = 0; i < PLACES; i++) {
        buf_printf(out, "%s%s:\n", i == 0 ? "" : "\n", place_titles[i].title);
        for (enum verb verb = 0; verb < VERBS; verb++)
            if (verb_rows[verb].place == place_titles[i].place)
                row(out, 10, verb_word(verb), verb_rows[verb].summary);
    }
    buf_append_text(out, "\nbytes, joined when they are neighbours:\n");
    for (enum piece_kind kind = 0; kind < PIECES; kind++)
        row(out, 20, piece_rows[kind].example, piece_rows[kind].help);
}

bool verbs_help(const char *word, struct buf *out)
{
    bool found = word == NULL;
    if (word == NULL)
        help_overview(out);
    for (enum verb verb = 0; word != NULL && verb < VERBS; verb++) {
        if (strcmp(verb_word(verb), word) != 0)
            continue;
        if (found)
            buf_append_byte(out, '\n');
        help_verb(verb, out);
        found = true;
    }
    return found;
}

/* ---- manual ---- */

/* A cell of a table, in which '|' would end it. */
static void cell(struct buf *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '|')
            buf_append_byte(out, '\\');
        buf_append_byte(out, (uint8_t)*text);
    }
}

static void table_head(struct buf *out, const char *left, const char *right)
{
    buf_printf(out, "\n| %s | %s |\n|---|---|\n", left, right);
}

static void table_row(struct buf *out, const char *code, const char *text)
{
    buf_append_text(out, "| `");
    cell(out, code);
    buf_append_text(out, "` | ");
    cell(out, text);
    buf_append_text(out, " |\n");
}

static void manual_options(enum verb verb, struct buf *out)
{
    char usage[FORM_TEXT], help[600];
    bool first = true;
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *option = &option_rows[i];
        if (option->verb != verb)
            continue;
        if (first)
            table_head(out, "option", "meaning");
        first = false;
        option_forms(verb, option->group, usage);
        snprintf(help, sizeof help, "%s%s%s%s%s", option->help, option->many ? "; may be repeated" : "",
                 usage[0] == 0 ? "" : " (", usage, usage[0] == 0 ? "" : ")");
        option_usage(option, usage);
        table_row(out, usage, help);
    }
}

/* The form of a verb that has one, of which there is nothing to say; else FORMS. */
static enum form only_form(enum verb verb)
{
    enum form only = FORMS;
    for (enum form form = 0; form < FORMS; form++) {
        if (form_rows[form].verb != verb)
            continue;
        if (only != FORMS || form_rows[form].help[0] != 0)
            return FORMS;
        only = form;
    }
    return only;
}

static void manual_verb(enum verb verb, struct buf *out)
{
    char usage[FORM_TEXT];
    enum form only = only_form(verb);
    snprintf(usage, sizeof usage, "%s", verb_word(verb));
    if (only != FORMS)
        form_usage(only, usage);
    buf_printf(out, "\n#### `%s`\n\n%s.\n", usage, verb_rows[verb].summary);
    bool first = true;
    for (enum form form = 0; only == FORMS && form < FORMS; form++) {
        if (form_rows[form].verb != verb)
            continue;
        if (first)
            table_head(out, "line", "meaning");
        first = false;
        form_usage(form, usage);
        table_row(out, usage, form_rows[form].help);
    }
    manual_options(verb, out);
}

void verbs_manual(struct buf *out)
{
    for (size_t i = 0; i < PLACES; i++) {
        buf_printf(out, "%s### Lines %s\n", i == 0 ? "" : "\n", place_titles[i].title);
        for (enum verb verb = 0; verb < VERBS; verb++)
            if (verb_rows[verb].place == place_titles[i].place)
                manual_verb(verb, out);
    }
    buf_append_text(out, "\n### Bytes\n");
    table_head(out, "piece", "meaning");
    for (enum piece_kind kind = 0; kind < PIECES; kind++)
        table_row(out, piece_rows[kind].example, piece_rows[kind].help);
    buf_append_text(out, "\n### Arguments\n");
    table_head(out, "name", "meaning");
    for (enum slot slot = SLOT_NONE + 1; slot < SLOTS; slot++)
        if (slot_rows[slot].help[0] != 0)
            table_row(out, slot_rows[slot].word, slot_rows[slot].help);
    buf_append_text(out, "\n### Values of options\n");
    table_head(out, "name", "meaning");
    for (enum value_kind kind = VALUE_FLAG + 1; kind < VALUES; kind++)
        table_row(out, value_rows[kind].name, value_rows[kind].help);
}
