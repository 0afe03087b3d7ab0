/* What stands behind the verb: finds the option of the table that a word is,
 * reads the values, and reports what does not fit: one message for each
 * mistake, then on to the next word that can be understood. */
#include "engine/parse.h"
#include "engine/value.h"

#include <stdio.h>
#include <string.h>

static int short_size(const struct token *token)
{
    return token->size > 40 ? 40 : (int)token->size;
}

/* ---- options and values ---- */

/* The option that the token names on this line. */
static const struct option_row *find_option(const struct parser *p)
{
    for (size_t i = 0; i < option_row_count; i++)
        if (form_has_option(p->form, &option_rows[i]) &&
            token_is(&p->token, slot_rows[option_rows[i].slot].word))
            return &option_rows[i];
    return NULL;
}

/* To the next word that is an option here: what is between belongs to a mistake. */
static void skip_to_option(struct parser *p)
{
    do
        parse_next(p);
    while (p->token.kind != TOKEN_END && find_option(p) == NULL);
}

static void wrong_value(struct parser *p, const struct value_fault *fault)
{
    p->no_memory = p->no_memory || fault->message[0] == 0;
    parse_wrong(p, "%s", fault->message);
    if (fault->hint[0] != 0)
        mistake_hint(&p->mistakes, "%s", fault->hint);
}

/* A value that is one word, or ${name} in its place. */
static bool read_word_value(struct parser *p, enum value_kind kind, enum slot slot, struct value *value)
{
    size_t name = value_variable(p->token.at, p->token.size);
    struct value_fault fault;
    *value = (struct value){.kind = kind};
    if (name == 0) {
        if (value_read(&p->script->arena, kind, slot, p->token.at, p->token.size, value, &fault))
            return true;
        wrong_value(p, &fault);
        return false;
    }
    value->variable = parse_text(p, p->token.at + 2, name);
    if (p->family_unknown || p->no_memory || (p->family != NULL && strcmp(p->family, value->variable) == 0))
        return !p->no_memory;
    parse_wrong(p, "only the value of a family may stand here");
    mistake_hint(&p->mistakes, p->family != NULL ? "this family's is ${%s}" : "case ID each NAME VALUE...",
                 p->family);
    return false;
}

static bool read_words(struct parser *p, enum slot slot, struct value *value)
{
    size_t room = 0;
    struct lexer ahead = p->lexer;
    for (struct token t = p->token; t.kind == TOKEN_WORD; t = lex_next(&ahead))
        room++;
    value->words = parse_alloc(p, (room + 1) * sizeof *value->words);
    bool fine = value->words != NULL;
    for (; fine && p->token.kind == TOKEN_WORD; parse_next(p)) {
        struct value word;
        struct value_fault fault;
        fine = value_read(&p->script->arena, VALUE_WORD, slot, p->token.at, p->token.size, &word, &fault);
        if (fine)
            value->words[value->word_count++] = word.word;
        else
            wrong_value(p, &fault);
    }
    return fine;
}

static bool is_bytes(enum value_kind kind)
{
    return kind == VALUE_BYTES || kind == VALUE_MAYBE_BYTES || kind == VALUE_STRING || kind == VALUE_DIGITS;
}

/* DIGITS: a bare number is a text. */
static struct payload *read_bare_digits(struct parser *p)
{
    for (size_t i = 0; i < p->token.size; i++)
        if (p->token.at[i] < '0' || p->token.at[i] > '9')
            return NULL;
    struct payload *payload = payload_of(&p->script->arena, p->token.at, p->token.size);
    p->no_memory = p->no_memory || payload == NULL;
    parse_next(p);
    return payload;
}

static bool read_bytes(struct parser *p, enum value_kind kind, struct value *value)
{
    bool bare = kind == VALUE_DIGITS && p->token.kind == TOKEN_WORD && !p->token.call;
    value->bytes = bare ? read_bare_digits(p) : parse_payload(p, kind == VALUE_STRING);
    return value->bytes != NULL;
}

/* Can a value of this kind begin with the token? For one that may be left out. */
static bool may_begin(const struct parser *p, enum value_kind kind)
{
    const struct token *t = &p->token;
    if (is_bytes(kind))
        return parse_is_payload(t);
    return t->kind == TOKEN_WORD &&
           ((*t->at >= '0' && *t->at <= '9') || *t->at == '$' || (kind == VALUE_CODES && token_is(t, "none")));
}

/* Is there anything that can be read as such a value, right or wrong? */
static bool must_begin(const struct parser *p, enum value_kind kind)
{
    const struct token *t = &p->token;
    if (is_bytes(kind))
        return parse_is_payload(t) || (kind == VALUE_DIGITS && t->kind == TOKEN_WORD && *t->at >= '0' && *t->at <= '9');
    bool free_word = kind == VALUE_WORD || kind == VALUE_WORDS;
    return t->kind == TOKEN_WORD && !t->call && (free_word || find_option(p) == NULL);
}

/* There is nothing that could be the value: says so, and steps over what stands there instead. */
static void no_value(struct parser *p, enum value_kind kind, enum slot slot, const char *name)
{
    bool here = p->token.kind != TOKEN_END && find_option(p) == NULL;
    if (here && is_bytes(kind) && p->token.kind == TOKEN_WORD) {
        parse_wrong(p, "%s needs quotes", name);
        mistake_hint(&p->mistakes, "\"%.*s\"", short_size(&p->token), p->token.at);
    } else {
        parse_wrong(p, "missing %s", name);
        mistake_hint(&p->mistakes, "%s",
                     slot_rows[slot].help[0] != 0 ? slot_rows[slot].help : value_rows[kind].help);
    }
    if (here)
        skip_to_option(p);
}

/* Reads what the slot takes as a new setting. The token is behind it then, also when it was wrong. */
static void read_setting(struct parser *p, enum value_kind kind, enum slot slot, const char *name, int column)
{
    struct value value = {.kind = kind};
    bool fine = true;
    if (kind == VALUE_FLAG || (kind == VALUE_MAYBE_BYTES && !parse_is_payload(&p->token))) {
        ;
    } else if (!must_begin(p, kind)) {
        no_value(p, kind, slot, name);
        fine = false;
    } else if (is_bytes(kind)) {
        fine = read_bytes(p, kind, &value);
    } else if (kind == VALUE_WORDS) {
        fine = read_words(p, slot, &value);
    } else {
        fine = read_word_value(p, kind, slot, &value);
        parse_next(p);
    }
    struct setting *setting = fine ? parse_alloc(p, sizeof *setting) : NULL;
    if (setting == NULL)
        return;
    *setting = (struct setting){.slot = slot, .value = value, .column = column};
    *p->setting_tail = setting;
    p->setting_tail = &setting->next;
}

static void read_arguments(struct parser *p)
{
    const struct form_row *row = &form_rows[p->form];
    for (int i = 0; i < 2 && row->argument[i] != SLOT_NONE; i++) {
        const struct slot_row *slot = &slot_rows[row->argument[i]];
        if (row->needed[i] || may_begin(p, slot->value))
            read_setting(p, slot->value, row->argument[i], slot->word, p->token.column);
    }
}

/* The words that may stand here, for a hint. */
static void hint_options(struct parser *p)
{
    char list[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < option_row_count; i++) {
        const char *word = slot_rows[option_rows[i].slot].word;
        if (!form_has_option(p->form, &option_rows[i]) || used + strlen(word) + 4 > sizeof list)
            continue;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used == 0 ? "" : ", ", word);
    }
    if (used == 0)
        mistake_hint(&p->mistakes, "nothing more is expected here");
    else
        mistake_hint(&p->mistakes, "here may stand: %s", list);
}

/* The token is no option of this line's form. */
static void unknown_option(struct parser *p, bool has_settings)
{
    const struct form_row *row = &form_rows[p->form];
    struct suggestion near = suggest(p->token.at, p->token.size);
    bool elsewhere = false;
    for (size_t i = 0; i < option_row_count; i++) {
        const char *word = slot_rows[option_rows[i].slot].word;
        if (form_has_option(p->form, &option_rows[i]))
            suggest_word(&near, word, strlen(word));
        else if (option_rows[i].verb == row->verb)
            elsewhere = elsewhere || token_is(&p->token, word);
    }
    if (elsewhere) {
        parse_wrong(p, "'%.*s' does not go with '%s %s'", short_size(&p->token), p->token.at,
                    verb_word(row->verb), row->words);
        hint_options(p);
    } else {
        parse_wrong(p, "unknown option");
        if (suggest_hint(&near, &p->mistakes))
            return;
        if (row->argument[0] == SLOT_PAYLOAD && !has_settings)
            mistake_hint(&p->mistakes, "bytes stand in quotes: \"%.*s\"", short_size(&p->token), p->token.at);
        else
            hint_options(p);
    }
}

static void read_option(struct parser *p, const struct option_row *option, bool *seen)
{
    int column = p->token.column;
    if (*seen && !option->many) {
        parse_wrong(p, "'%s' stands here twice", slot_rows[option->slot].word);
        skip_to_option(p);
        return;
    }
    *seen = true;
    parse_next(p);
    read_setting(p, option->value, option->slot, value_rows[option->value].name, column);
}

void parse_settings(struct parser *p, struct step *step)
{
    bool seen[SLOTS] = {false};
    p->form = step->form;
    p->setting_tail = &step->settings;
    read_arguments(p);
    while (p->token.kind != TOKEN_END && !p->no_memory) {
        const struct option_row *option = find_option(p);
        if (option != NULL) {
            read_option(p, option, &seen[option->slot]);
            continue;
        }
        if (p->token.kind == TOKEN_WORD) {
            unknown_option(p, step->settings != NULL);
        } else {
            parse_wrong(p, "unexpected here");
            hint_options(p);
        }
        skip_to_option(p);
    }
}
