/* What stands behind the verb: finds the option of the table that a word is,
 * reads the values, and reports what does not fit: one message for each
 * mistake, then on to the next word that can be understood. */
#include "engine/language/parse.h"
#include "engine/language/promises.h"
#include "engine/language/value.h"

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

/* The option of this line that is spelled most like the token. */
static struct suggestion near_option(const struct parser *p)
{
    struct suggestion near = suggest(p->token.at, p->token.size);
    for (size_t i = 0; i < option_row_count; i++) {
        const char *word = slot_rows[option_rows[i].slot].word;
        if (form_has_option(p->form, &option_rows[i]))
            suggest_word(&near, word, strlen(word));
    }
    for (enum form form = 0; form < FORMS && form_rows[p->form].words[0] == 0; form++) /* `open socketio` is one too */
        if (form_rows[form].verb == form_rows[p->form].verb && form_rows[form].words[0] != 0)
            suggest_word(&near, form_rows[form].words, strlen(form_rows[form].words));
    return near;
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

/* The family's name that stands at "${"; NULL when it is none of them. */
static const char *family_name_at(const struct parser *p, const char *at)
{
    const struct setting *each = p->family == NULL ? NULL : step_setting(p->family, SLOT_EACH);
    for (; each != NULL; each = step_next_setting(each)) {
        const char *name = each->value.word_count == 0 ? "" : each->value.words[0];
        size_t size = strlen(name);
        if (size != 0 && strncmp(at + 2, name, size) == 0 && at[2 + size] == '}')
            return name;
    }
    return NULL;
}

/* Is each ${name} in the word a value of this family, or of a promise? What it stands for is read later. */
static bool only_known_names(struct parser *p, const char *word)
{
    const char *at = word;
    if (p->among_steps && word_is_promised(word))
        return true;
    while (!p->family_unknown && (at = strstr(at, "${")) != NULL) {
        if (family_name_at(p, at) == NULL) {
            const struct setting *each = p->family == NULL ? NULL : step_setting(p->family, SLOT_EACH);
            bool named = each != NULL && each->value.word_count != 0;
            parse_wrong(p, "only the value of a family%s may stand here", p->among_steps ? ", or a promise," : "");
            mistake_hint(&p->mistakes, named ? "this family's is ${%.40s}" : "case ID each NAME VALUE...",
                         named ? each->value.words[0] : "");
            return false;
        }
        at += 2;
    }
    return true;
}

/* A value that is one word, maybe with ${name} in it. */
static bool read_word_value(struct parser *p, enum value_kind kind, enum slot slot, struct value *value)
{
    struct value_fault fault;
    *value = (struct value){.kind = kind};
    if (memchr(p->token.at, 0, p->token.size) != NULL)
        return false; /* told with its line; no text of ours can hold it */
    if (memmem(p->token.at, p->token.size, "${", 2) != NULL) {
        value->written = parse_text(p, p->token.at, p->token.size);
        return value->written != NULL && only_known_names(p, value->written);
    }
    if (value_read(&p->script->arena, kind, slot, p->token.at, p->token.size, value, &fault))
        return true;
    wrong_value(p, &fault);
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
    for (; value->words != NULL && p->token.kind == TOKEN_WORD && find_option(p) == NULL; parse_next(p)) {
        struct value word;
        struct value_fault fault;
        if (value_read(&p->script->arena, VALUE_WORD, slot, p->token.at, p->token.size, &word, &fault)) {
            value->words[value->word_count++] = word.word;
        } else {
            wrong_value(p, &fault);
            fine = false;
        }
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

/* "none", "none|1000" */
static bool begins_none(const struct token *t)
{
    return t->size >= 4 && memcmp(t->at, "none", 4) == 0 && (t->size == 4 || t->at[4] == '|');
}

/* Can a value of this kind begin with the token? For one that may be left out. */
static bool may_begin(const struct parser *p, enum value_kind kind)
{
    const struct token *t = &p->token;
    if (is_bytes(kind))
        return parse_is_payload(t);
    return t->kind == TOKEN_WORD &&
           ((*t->at >= '0' && *t->at <= '9') || *t->at == '$' || (kind == VALUE_CODES && begins_none(t)));
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
static void no_value(struct parser *p, enum value_kind kind, enum slot slot)
{
    const struct slot_row *row = &slot_rows[slot];
    bool here = p->token.kind != TOKEN_END && find_option(p) == NULL;
    if (row->help[0] != 0)
        parse_wrong(p, "missing %s", row->word);
    else
        parse_wrong(p, "'%s' needs %s", row->word, value_rows[kind].name);
    if (here && is_bytes(kind) && p->token.kind == TOKEN_WORD)
        mistake_hint(&p->mistakes, "bytes stand in quotes: \"%.*s\"", short_size(&p->token), p->token.at);
    else
        mistake_hint(&p->mistakes, "%s", row->help[0] != 0 ? row->help : value_rows[kind].help);
    if (here)
        skip_to_option(p);
}

/* Reads what the slot takes as a new setting. The token is behind it then, also when it was wrong. */
static void read_setting(struct parser *p, enum value_kind kind, enum slot slot, int column)
{
    struct value value = {.kind = kind};
    bool fine;
    if (kind == VALUE_FLAG || (kind == VALUE_MAYBE_BYTES && !parse_is_payload(&p->token))) {
        fine = true;
    } else if (!must_begin(p, kind)) {
        no_value(p, kind, slot);
        fine = false;
    } else if (is_bytes(kind)) {
        fine = read_bytes(p, kind, &value);
    } else if (kind == VALUE_WORDS) {
        fine = read_words(p, slot, &value);
    } else {
        fine = read_word_value(p, kind, slot, &value);
        parse_next(p);
        if (!fine && p->token.kind == TOKEN_WORD && find_option(p) == NULL && near_option(p).best == NULL)
            skip_to_option(p); /* as in `wait 1 s`: it belongs to the same mistake */
    }
    struct setting *setting = fine ? parse_alloc(p, sizeof *setting) : NULL;
    if (setting == NULL)
        return;
    *setting = (struct setting){.slot = slot, .value = value, .column = column};
    *p->setting_tail = setting;
    p->setting_tail = &setting->next;
}

/* Does the form take a payload that has not been read yet? */
static bool payload_is_due(const struct parser *p, const struct step *step)
{
    const struct form_row *row = &form_rows[p->form];
    return (row->argument[0] == SLOT_PAYLOAD || row->argument[1] == SLOT_PAYLOAD) &&
           step_setting(step, SLOT_PAYLOAD) == NULL;
}

/* A payload may stand behind options too; in the step it comes before them. */
static void read_late_payload(struct parser *p, struct setting **behind_arguments)
{
    struct setting *options = *behind_arguments, **tail = p->setting_tail;
    *behind_arguments = NULL;
    p->setting_tail = behind_arguments;
    read_setting(p, VALUE_BYTES, SLOT_PAYLOAD, p->token.column);
    *p->setting_tail = options;
    p->setting_tail = options != NULL ? tail : p->setting_tail;
}

static void read_arguments(struct parser *p)
{
    const struct form_row *row = &form_rows[p->form];
    for (int i = 0; i < 2 && row->argument[i] != SLOT_NONE; i++) {
        const struct slot_row *slot = &slot_rows[row->argument[i]];
        if (row->needed[i] || may_begin(p, slot->value))
            read_setting(p, slot->value, row->argument[i], p->token.column);
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
static void unknown_option(struct parser *p, bool has_payload)
{
    const struct form_row *row = &form_rows[p->form];
    bool elsewhere = false, begins_line = false;
    for (size_t i = 0; i < option_row_count; i++)
        elsewhere = elsewhere || (option_rows[i].verb == row->verb &&
                                  token_is(&p->token, slot_rows[option_rows[i].slot].word));
    for (enum verb verb = 0; verb < VERBS; verb++)
        begins_line = begins_line || token_is(&p->token, verb_word(verb));
    struct suggestion near = near_option(p);
    if (p->token.tight) {
        parse_wrong(p, "the text ends before this");
        mistake_hint(&p->mistakes, "a quote in a text: \\\" in double quotes, or ' in double and \" in single ones");
        p->mistakes.quiet = true; /* where the other quotes of the line belong cannot be known */
    } else if (elsewhere) {
        parse_wrong(p, "'%.*s' does not go with '%s %s'", short_size(&p->token), p->token.at,
                    verb_word(row->verb), row->words);
        hint_options(p);
    } else {
        parse_wrong(p, "unknown option");
        if (begins_line)
            mistake_hint(&p->mistakes, "'%.*s' begins a line of its own", short_size(&p->token), p->token.at);
        else if (suggest_hint(&near, &p->mistakes))
            return;
        else if (row->argument[0] == SLOT_PAYLOAD && !has_payload)
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
    read_setting(p, option->value, option->slot, column);
}

void parse_settings(struct parser *p, struct step *step)
{
    bool seen[SLOTS] = {false};
    p->form = step->form;
    p->setting_tail = &step->settings;
    bool has_payload = parse_is_payload(&p->token);
    read_arguments(p);
    struct setting **behind_arguments = p->setting_tail;
    while (p->token.kind != TOKEN_END && !p->no_memory) {
        const struct option_row *option = find_option(p);
        if (option != NULL) {
            read_option(p, option, &seen[option->slot]);
            continue;
        }
        if (parse_is_payload(&p->token) && !has_payload && payload_is_due(p, step)) {
            has_payload = true;
            read_late_payload(p, behind_arguments);
            continue;
        }
        if (p->token.kind == TOKEN_WORD) {
            unknown_option(p, has_payload);
        } else {
            parse_wrong(p, "unexpected here");
            hint_options(p);
        }
        skip_to_option(p);
    }
}
