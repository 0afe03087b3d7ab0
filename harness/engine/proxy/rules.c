/* Reading scripts of the proxy: which lines may stand in one, and where. The
 * language's own parser has seen to everything else. */
#include "engine/proxy/inside.h"

#include "engine/fault_step.h"

#include <stdlib.h>
#include <string.h>

static const struct proxy_fault *const faults[FORMS] = {
#define PROXY_FAULT(id) [FORM_FAULT_##id] = &proxy_fault_##id,
#include "engine/proxy/faults.def"
#undef PROXY_FAULT
};

const struct proxy_fault *proxy_fault_of(enum form form)
{
    return faults[form];
}

bool rule_has(const struct value *numbers, uint64_t number)
{
    for (size_t i = 0; i < numbers->code_count; i++)
        if (number >= numbers->codes[i].from &&
            (number <= numbers->codes[i].to || numbers->codes[i].to == SCRIPT_NTH_LAST))
            return true;
    return false;
}

/* ---- checking ---- */

struct check {
    struct proxy_script *script;
    struct diag *why;
    bool waited; /* in this section */
};

static bool wrong(struct check *c, const struct step *step, const char *sentence)
{
    return diag_set(c->why, DIAG_USAGE, "%s:%d: %s", c->script->text->name, step->line, sentence);
}

static bool check_fault(struct check *c, const struct step *step)
{
    const struct proxy_fault *fault = faults[step->form];
    if (step_flag(step, SLOT_IN) || step_flag(step, SLOT_OUT))
        return wrong(c, step, "between a client and a server the ways are called upstream and downstream");
    if (fault != NULL && fault->first && c->waited)
        return wrong(c, step, "this answers in place of the server: it has to stand before any wait or after");
    if (fault != NULL && (step_flag(step, SLOT_UPSTREAM) || step_flag(step, SLOT_DOWNSTREAM)) &&
        (fault->first || fault->response != NULL || step->form == FORM_FAULT_REFUSE))
        return wrong(c, step, "this fault has no direction");
    c->script->messages = c->script->messages || (fault != NULL && fault->messages);
    return true;
}

/* A repeat that never waits would go round for nothing. */
static bool waits(const struct step *step)
{
    for (; step != NULL; step = step->next)
        if (step->verb == VERB_WAIT || step->verb == VERB_AFTER || waits(step->body))
            return true;
    return false;
}

static bool check_steps(struct check *c, const struct step *step, const struct step *end)
{
    for (; step != end; step = step->next) {
        if (step->actor != NULL)
            return wrong(c, step, "a script of the proxy has no actors");
        switch (step->verb) {
        case VERB_FAULT:
            if (!check_fault(c, step))
                return false;
            break;
        case VERB_AFTER:
            if (step_flag(step, SLOT_MESSAGES) == step_flag(step, SLOT_BYTES))
                return wrong(c, step, "of what? `after 3 messages` or `after 4096 bytes`");
            c->waited = true;
            break;
        case VERB_WAIT:
            c->waited = true;
            break;
        case VERB_REPEAT:
            if (!waits(step->body))
                return wrong(c, step, "nothing in this repeat takes time: wait or after");
            if (!check_steps(c, step->body, NULL))
                return false;
            break;
        case VERB_END:
            break;
        case VERB_CONNECTION:
            return wrong(c, step, "`connection` cannot stand in a repeat");
        default:
            return wrong(c, step, "this is no line of a proxy script: connection, after, wait, repeat and fault are");
        }
    }
    return true;
}

static const struct step *section_end(const struct step *step)
{
    while (step != NULL && step->verb != VERB_CONNECTION)
        step = step->next;
    return step;
}

static bool read_section(struct check *c, const struct step *head)
{
    struct proxy_rule *rule = &c->script->rules[c->script->rule_count++];
    const struct setting *chance = step_setting(head, SLOT_CHANCE);
    *rule = (struct proxy_rule){
        .connections = &step_setting(head, SLOT_NTH)->value,
        .chance = chance == NULL ? 1 : chance->value.real,
        .steps = head->next,
        .end = section_end(head->next),
    };
    c->waited = false;
    return check_steps(c, rule->steps, rule->end);
}

static bool read_rules(struct check *c)
{
    const struct script *text = c->script->text;
    if (text->case_count != 1)
        return diag_set(c->why, DIAG_USAGE, "%s: a script of the proxy is one scenario, this file has %zu", text->name,
                        text->case_count);
    const struct step *steps = text->cases[0].steps;
    if (steps == NULL || steps->verb != VERB_CONNECTION)
        return diag_set(c->why, DIAG_USAGE,
                        "%s: a script of the proxy begins with `connection N`: what follows is for it", text->name);
    c->script->rules = calloc(text->cases[0].step_count, sizeof *c->script->rules);
    if (c->script->rules == NULL)
        return diag_set(c->why, DIAG_TROUBLE, "out of memory");
    for (const struct step *head = steps; head != NULL; head = section_end(head->next))
        if (!read_section(c, head))
            return false;
    return true;
}

/* ---- reading ---- */

void proxy_script_free(struct proxy_script *script)
{
    if (script == NULL)
        return;
    free(script->rules);
    free(script->name);
    if (script->text != NULL)
        script_free(script->text);
    free(script);
}

struct proxy_script *proxy_script_read(const char *label, const char *text, size_t size, struct buf *errors,
                                       struct diag *why)
{
    unsigned mistakes = 0;
    struct proxy_script *script = calloc(1, sizeof *script);
    struct check c = {.script = script, .why = why};
    if (script == NULL || (script->text = script_parse(label, text, size, errors, &mistakes)) == NULL)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    else if (mistakes != 0)
        diag_set(why, DIAG_USAGE, "%s: %u mistake%s", label, mistakes, mistakes == 1 ? "" : "s");
    else if (read_rules(&c))
        return script;
    proxy_script_free(script);
    return NULL;
}

/* The end of a line in the short form: a `;` outside of quotes. */
static size_t line_size(const char *line)
{
    char quote = 0;
    size_t i = 0;
    for (; line[i] != 0 && (quote != 0 || line[i] != ';'); i++) {
        if (quote == '"' && line[i] == '\\' && line[i + 1] != 0)
            i++;
        else if (quote != 0)
            quote = line[i] == quote ? 0 : quote;
        else if (line[i] == '"' || line[i] == '\'')
            quote = line[i];
    }
    return i;
}

static bool begins_with(const char *line, size_t size, const char *word)
{
    size_t n = strlen(word);
    return size >= n && strncmp(line, word, n) == 0 && (size == n || line[n] == ' ');
}

struct proxy_script *proxy_script_short(const char *label, const char *line, double chance, struct buf *errors,
                                        struct diag *why)
{
    static const char *const verbs[] = {"connection", "after", "wait", "fault", "repeat", "end"};
    struct buf text;
    buf_init(&text, LIMIT_SCRIPT_BYTES);
    buf_append_text(&text, "scenario \"\"\n");
    line += strspn(line, " ");
    if (!begins_with(line, strlen(line), "connection"))
        buf_printf(&text, "connection any chance %.15g%%\n", chance * 100);
    for (size_t size; *line != 0; line += size + (line[size] == ';')) {
        line += strspn(line, " ");
        size = line_size(line);
        bool verb = size == 0;
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
            verb = verb || begins_with(line, size, verbs[i]);
        buf_append_text(&text, verb ? "" : "fault ");
        buf_append(&text, line, size);
        buf_append_byte(&text, '\n');
    }
    struct proxy_script *script = proxy_script_read(label, buf_text(&text), text.size, errors, why);
    buf_free(&text);
    return script;
}
