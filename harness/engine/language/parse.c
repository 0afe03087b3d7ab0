/* Lines to steps: finds the row of the table that a line is, reads its values,
 * and reports what does not fit: one message for each mistake, then on with
 * what can still be understood. Ends with script->lines; cases.c goes on. */
#include "engine/language/parse.h"
#include "engine/language/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *parse_alloc(struct parser *p, size_t size)
{
    void *memory = arena_alloc(&p->script->arena, size);
    p->no_memory = p->no_memory || memory == NULL;
    return memory;
}

char *parse_text(struct parser *p, const char *text, size_t size)
{
    char *copy = arena_text_n(&p->script->arena, text, size);
    p->no_memory = p->no_memory || copy == NULL;
    return copy;
}

void parse_next(struct parser *p)
{
    p->token = lex_next(&p->lexer);
    if (p->token.kind != TOKEN_OPEN_QUOTE)
        return;
    parse_wrong(p, "this quote is not closed");
    mistake_hint(&p->mistakes, p->token.at[-1] == '"' ? "\\\" for a quote in the text"
                                                      : "a text with ' in it needs double quotes");
    p->mistakes.quiet = true;
    p->token.kind = TOKEN_END;
}

/* ---- which row of the table a line is ---- */

/* Is `verb` spelled by the token? Two verbs may share a word. */
static bool is_verb(const struct token *token, enum verb verb)
{
    return token_is(token, verb_rows[verb].word);
}

/* The first verb of that word, VERBS when there is none. */
static enum verb find_verb(const struct token *token)
{
    enum verb verb = 0;
    while (verb < VERBS && !is_verb(token, verb))
        verb++;
    return verb;
}

/* Do verb and form belong together? `word` is how the verb is spelled. */
static bool is_form_of(enum form form, enum verb verb)
{
    return strcmp(verb_word(form_rows[form].verb), verb_word(verb_grammar(verb))) == 0;
}

/* One word of several: its size, and where the next one begins. */
static size_t first_word(const char *words, const char **rest)
{
    size_t size = strcspn(words, " ");
    *rest = words[size] == ' ' ? words + size + 1 : words + size;
    return size;
}

/* How many words of the form stand at the parser's token; *whole: all of them. */
static unsigned form_matches(const struct parser *p, const char *words, bool *whole)
{
    struct lexer lexer = p->lexer;
    struct token token = p->token;
    unsigned n = 0;
    while (*words != 0) {
        const char *rest;
        size_t size = first_word(words, &rest);
        if (token.kind != TOKEN_WORD || token.call || token.size != size || memcmp(token.at, words, size) != 0)
            break;
        n++;
        words = rest;
        token = lex_next(&lexer);
    }
    *whole = *words == 0;
    return n;
}

/* The form's word number n, for suggestions; NULL when it has fewer. */
static const char *form_word_at(enum form form, unsigned n, size_t *size)
{
    const char *words = form_rows[form].words, *rest = words;
    for (unsigned i = 0; *words != 0; i++, words = rest) {
        *size = first_word(words, &rest);
        if (i == n)
            return words;
    }
    return NULL;
}

/* No form stands here: says which would, and takes the nearest one. */
static enum form wrong_form(struct parser *p, enum verb verb, unsigned depth)
{
    bool fits[FORMS], whole;
    for (enum form form = 0; form < FORMS; form++)
        fits[form] = is_form_of(form, verb) && form_matches(p, form_rows[form].words, &whole) == depth;
    for (unsigned i = 0; i < depth; i++)
        parse_next(p);
    struct suggestion near = suggest(p->token.at, p->token.kind == TOKEN_WORD ? p->token.size : 0);
    enum form best = FORMS;
    char list[300] = "";
    size_t used = 0, last_size = 0;
    const char *last = NULL; /* forms that begin alike are neighbours */
    for (enum form form = 0; form < FORMS; form++) {
        size_t size;
        const char *word = fits[form] ? form_word_at(form, depth, &size) : NULL;
        if (word == NULL)
            continue;
        const char *before = near.best;
        suggest_word(&near, word, size);
        best = near.best != before ? form : best;
        bool said = last != NULL && last_size == size && memcmp(last, word, size) == 0;
        if (!said && used + size + 4 < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", used == 0 ? "" : ", ",
                                     (int)size, word);
        last = word;
        last_size = size;
    }
    bool missing = p->token.kind != TOKEN_WORD;
    parse_wrong(p, missing ? "missing word behind '%s'" : "unknown kind of '%s'", verb_word(verb));
    if (!suggest_hint(&near, &p->mistakes))
        mistake_hint(&p->mistakes, strchr(list, ',') == NULL ? "expected %s" : "one of: %s", list);
    if (best != FORMS)
        parse_next(p);
    return best;
}

/* The form whose words stand at the token, which is behind the verb's word. */
static enum form read_form(struct parser *p, enum verb verb)
{
    enum form best = FORMS;
    unsigned most = 0, deepest = 0;
    for (enum form form = 0; form < FORMS; form++) {
        if (!is_form_of(form, verb))
            continue;
        bool whole;
        unsigned n = form_matches(p, form_rows[form].words, &whole);
        deepest = n > deepest ? n : deepest;
        if (whole && (best == FORMS || n > most)) {
            best = form;
            most = n;
        }
    }
    if (best == FORMS)
        return wrong_form(p, verb, deepest);
    for (unsigned i = 0; i < most; i++)
        parse_next(p);
    return best;
}

/* "a:" before the verb. */
static const char *read_actor(struct parser *p)
{
    struct token *t = &p->token;
    if (t->kind != TOKEN_WORD || t->size < 2 || t->at[t->size - 1] != ':')
        return NULL;
    for (size_t i = 0; i + 1 < t->size; i++) {
        char c = t->at[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            continue;
        parse_wrong(p, "the name of an actor is letters");
        break;
    }
    const char *name = parse_text(p, t->at, t->size - 1);
    parse_next(p);
    return name;
}

/* The verb at the token; an unknown one is reported, and the nearest taken so
 * that the lines around keep their sense. VERBS when nothing is near. */
static enum verb read_verb(struct parser *p)
{
    enum verb verb = p->token.kind == TOKEN_WORD ? find_verb(&p->token) : VERBS;
    if (verb != VERBS)
        return verb;
    struct suggestion near = suggest(p->token.at, p->token.kind == TOKEN_WORD ? p->token.size : 0);
    for (enum verb other = 0; other < VERBS; other++) {
        const char *before = near.best;
        suggest_word(&near, verb_rows[other].word, strlen(verb_rows[other].word));
        verb = near.best != before ? other : verb;
    }
    parse_wrong(p, p->token.kind == TOKEN_WORD ? "unknown verb" : "a line begins with a verb");
    if (!suggest_hint(&near, &p->mistakes))
        mistake_hint(&p->mistakes, "`wsgauntlet help` lists them");
    p->mistakes.quiet = true;
    return verb;
}

/* ---- where lines may stand, and what they hang in ---- */

static void line_wrong(struct parser *p, const struct step *step, const char *message, const char *hint)
{
    mistake_add(&p->mistakes, p->line, step->column, "%s", message);
    mistake_hint(&p->mistakes, "%s", hint);
}

/* Is the line in its place? Steps without a case are reported once. */
static bool check_place(struct parser *p, const struct step *step)
{
    enum place place = verb_rows[step->verb].place;
    bool once = step->verb == VERB_SUITE || step->verb == VERB_TIMEOUT || step->verb == VERB_TESTEE_ROLE;
    if (step->verb == VERB_CASE || step->verb == VERB_SCENARIO || step->form == FORMS)
        return true; /* of an unknown form the place is not known either */
    if (place == PLACE_TOP && p->in_case) {
        line_wrong(p, step, "this stands before the first case", "move it to the top of the file");
    } else if ((place & PLACE_TOP) == 0 && !p->in_case) {
        if (!p->told_no_case)
            line_wrong(p, step, "no case has begun", "a line above: case ID \"title\", or scenario \"title\"");
        p->told_no_case = true;
    } else if (place != PLACE_STEP && p->in_steps) {
        line_wrong(p, step, "this stands before the first step of its case",
                   "move it up, right below 'case' or 'scenario'");
    } else if (once && p->seen[step->verb]) {
        line_wrong(p, step, "this is said twice", "one of the two lines is enough");
    } else {
        return true;
    }
    return false;
}

static void begin_case(struct parser *p, const struct step *step, bool fine)
{
    p->in_case = true;
    p->in_steps = p->told_no_case = false;
    memset(p->seen, 0, sizeof p->seen);
    p->family = step_setting(step, SLOT_EACH) != NULL ? step : NULL;
    p->family_unknown = !fine;
}

static struct level *level(struct parser *p)
{
    return &p->levels[p->depth];
}

/* An `end` is missing for each repeat or fleet that is still open. */
static void close_blocks(struct parser *p)
{
    for (; p->depth > 0; p->depth--) {
        const struct step *block = level(p)->block;
        mistake_add(&p->mistakes, block->line, block->column, "this %s is not closed", verb_word(block->verb));
        mistake_hint(&p->mistakes, "'end' on a line of its own, behind its last step");
    }
    p->too_deep = 0;
}

static void hang_in(struct parser *p, struct step *step)
{
    *level(p)->tail = step;
    level(p)->tail = &step->next;
}

static void add_block(struct parser *p, struct step *step)
{
    if (p->depth == LIMIT_REPEAT_DEPTH) {
        line_wrong(p, step, "block inside block goes too deep", "4 levels at most");
        p->too_deep++;
        return;
    }
    hang_in(p, step);
    p->depth++;
    *level(p) = (struct level){step, &step->body};
}

static void add_end(struct parser *p, struct step *step)
{
    if (p->too_deep > 0) {
        p->too_deep--;
    } else if (p->depth == 0 && p->in_case) {
        line_wrong(p, step, "there is no repeat to end", "'repeat N' or 'fleet N' above, or leave this line out");
    } else if (p->depth > 0) {
        struct step *block = level(p)->block;
        block->end = step;
        p->depth--;
        if (block->verb == VERB_FLEET)
            parse_check_fleet(p, block);
    }
}

static void add_or(struct parser *p, struct step *step)
{
    if (p->expect == NULL && !p->after_unknown && p->in_case)
        line_wrong(p, step, "'or' stands right below an expect", "expect ..., and on the next line: or ...");
    if (p->expect == NULL)
        return;
    *p->or_tail = step;
    p->or_tail = &step->next;
}

/* Hangs the line in where it belongs. */
static void add_line(struct parser *p, struct step *step, bool fine)
{
    bool begins = step->verb == VERB_CASE || step->verb == VERB_SCENARIO;
    if (begins)
        close_blocks(p);
    bool placed = check_place(p, step);
    if (begins)
        begin_case(p, step, fine);
    p->in_steps = p->in_steps || (verb_rows[step->verb].place == PLACE_STEP && p->in_case);
    p->seen[step->verb] = true;
    if (step->verb != VERB_OR)
        p->expect = NULL;
    if (step->verb == VERB_REPEAT || step->verb == VERB_FLEET)
        add_block(p, step);
    else if (step->verb == VERB_END)
        add_end(p, step);
    else if (step->verb == VERB_OR)
        add_or(p, step);
    else if (placed)
        hang_in(p, step);
    if (step->verb == VERB_EXPECT) {
        p->expect = step;
        p->or_tail = &step->alternatives;
    }
    p->after_unknown = false;
}

/* ---- lines ---- */

/* A line that holds something to do; the token is its first. */
static void read_step(struct parser *p)
{
    if (++p->steps > LIMIT_SCRIPT_STEPS) {
        if (p->steps == LIMIT_SCRIPT_STEPS + 1)
            parse_wrong(p, "more steps than %u", LIMIT_SCRIPT_STEPS);
        return;
    }
    struct step *step = parse_alloc(p, sizeof *step);
    if (step == NULL)
        return;
    unsigned mistakes = p->mistakes.count;
    step->actor = read_actor(p);
    step->line = p->line;
    step->column = p->token.column;
    step->verb = read_verb(p);
    if (step->verb == VERBS) {
        p->after_unknown = true;
        p->expect = NULL;
        return;
    }
    if (step->verb == VERB_CASE || step->verb == VERB_SCENARIO) {
        p->family = NULL; /* that of the case above */
        p->family_unknown = false;
    }
    p->among_steps = verb_rows[step->verb].place == PLACE_STEP;
    parse_next(p);
    step->form = read_form(p, step->verb);
    if (step->form != FORMS) {
        step->verb = step->verb == VERB_OR ? VERB_OR : form_rows[step->form].verb;
        parse_settings(p, step);
    }
    if (step->actor != NULL && verb_rows[step->verb].place != PLACE_STEP)
        line_wrong(p, step, "only a step belongs to an actor", "leave out what stands before it");
    while (p->token.kind != TOKEN_END)
        parse_next(p);
    if (p->lexer.comment != NULL)
        step->comment = parse_text(p, p->lexer.comment, p->lexer.comment_size);
    if (p->before.size > 0)
        step->before = parse_text(p, buf_text(&p->before), p->before.size);
    buf_clear(&p->before);
    add_line(p, step, p->mistakes.count == mistakes && !p->mistakes.quiet);
}

/* A comment of its own, or a blank line: it belongs to the next step. */
static void keep_before(struct parser *p, const char *line, size_t size)
{
    struct buf *b = &p->before;
    const char *kept = buf_text(b);
    bool blank_above = b->size == 0 ? p->script->lines == NULL
                                    : b->size == 1 || kept[b->size - 2] == '\n';
    if (size > 0 || !blank_above)
        p->no_memory = p->no_memory || !buf_append(b, line, size) || !buf_append_byte(b, '\n');
}

static void read_line(struct parser *p, const char *line, size_t size)
{
    const char *what;
    size_t bad = text_bad(line, size, &what);
    p->mistakes.quiet = false;
    if (bad != SIZE_MAX) {
        mistake_add(&p->mistakes, p->line, text_columns(line, bad) + 1, "%s", what);
        mistake_hint(&p->mistakes, "in a payload: \\xHH, or \\u{...}");
        p->mistakes.quiet = true;
    }
    while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\t'))
        size--;
    p->lexer = lex_line(line, size);
    p->form = FORMS;
    parse_next(p);
    if (p->token.kind != TOKEN_END || p->mistakes.quiet)
        read_step(p);
    else
        keep_before(p, p->token.at, (size_t)(line + size - p->token.at));
}

static void read_lines(struct parser *p)
{
    const char *at = p->script->text, *end = at + p->script->size;
    if (p->script->size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3; /* editors put it there unasked */
    while (at < end && !p->no_memory) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop == NULL ? end : stop) - at);
        size_t shown = size > 0 && at[size - 1] == '\r' ? size - 1 : size;
        p->line++;
        read_line(p, at, shown);
        at += size + (stop != NULL);
    }
    p->mistakes.quiet = false;
    close_blocks(p);
    if (p->before.size > 0)
        p->script->after = parse_text(p, buf_text(&p->before), p->before.size);
}

static struct parser *parser_new(const char *name, const char *text, size_t size)
{
    struct parser *p = calloc(1, sizeof *p);
    struct script *script = calloc(1, sizeof *script);
    if (p == NULL || script == NULL) {
        free(p);
        free(script);
        return NULL;
    }
    p->script = script;
    p->mistakes.kind = "error";
    arena_init(&script->arena);
    buf_init(&p->before, 0);
    p->levels[0].tail = &script->lines;
    script->name = parse_text(p, name, strlen(name));
    script->text = parse_text(p, text, size);
    script->size = size;
    return p;
}

struct script *script_parse(const char *name, const char *text, size_t size, struct buf *errors,
                            unsigned *error_count)
{
    *error_count = 1;
    if (size > LIMIT_SCRIPT_BYTES) {
        buf_printf(errors, "%s: error: larger than a scenario file may be, %u bytes\n", name, LIMIT_SCRIPT_BYTES);
        text = "";
        size = 0;
    } else {
        *error_count = 0;
    }
    struct parser *p = parser_new(name, text, size);
    if (p != NULL && !p->no_memory)
        read_lines(p);
    if (p != NULL && !p->no_memory)
        cases_build(p);
    struct script *script = p == NULL ? NULL : p->script;
    if (p == NULL || p->no_memory) {
        buf_printf(errors, "%s: error: out of memory\n", name);
        *error_count = 1;
        script_free(script);
        script = NULL;
    } else {
        mistakes_print(&p->mistakes, name, text, size, errors);
        *error_count += p->mistakes.count;
    }
    if (p != NULL)
        buf_free(&p->before);
    free(p);
    return script;
}
