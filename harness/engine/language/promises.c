/* See promises.h. Names are replaced as texts and read again in their place, so
 * that what a profile says passes the same checks as what a file says. */
#include "engine/language/promises.h"

#include "base/limits.h"
#include "engine/language/value.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static bool is_promise(enum form form)
{
    return form_rows[form].verb == VERB_PROMISE && form != FORM_PROMISE_NO;
}

/* The promise of that word, FORMS when there is none. */
static enum form find_promise(const char *word, size_t size)
{
    enum form form = 0;
    while (form < FORMS && !(is_promise(form) && strlen(form_rows[form].words) == size &&
                             memcmp(form_rows[form].words, word, size) == 0))
        form++;
    return form;
}

enum end { END_BOTH, END_LEAST, END_MOST };

/* "cap_most" is an end of "cap". */
static enum form find_name(const char *name, size_t size, enum end *end)
{
    static const char *const suffixes[] = {[END_LEAST] = "_least", [END_MOST] = "_most"};
    *end = END_BOTH;
    for (enum end e = END_LEAST; e <= END_MOST; e++) {
        size_t tail = strlen(suffixes[e]);
        if (size > tail && memcmp(name + size - tail, suffixes[e], tail) == 0) {
            *end = e;
            size -= tail;
            break;
        }
    }
    enum form form = find_promise(name, size);
    if (form == FORMS || form_rows[form].argument[0] == SLOT_NONE)
        return FORMS;
    bool span = slot_rows[form_rows[form].argument[0]].value == VALUE_SPAN;
    return *end != END_BOTH && !span ? FORMS : form;
}

bool promise_is_name(const char *name, size_t size)
{
    enum end end;
    return find_name(name, size, &end) != FORMS;
}

bool word_is_promised(const char *word)
{
    bool some = false;
    for (const char *at; (at = strstr(word, "${")) != NULL; word = at + 2, some = true)
        if (!promise_is_name(at + 2, (size_t)(strchrnul(at, '}') - at - 2)))
            return false;
    return some;
}

/* ---- gathering ---- */

static const struct setting *argument_of(const struct step *line)
{
    return line == NULL ? NULL : step_setting(line, form_rows[line->form].argument[0]);
}

bool promises_add(struct promises *promises, const struct script *script, struct diag *why)
{
    bool serves = false;
    for (const struct step *s = script->lines; s != NULL; s = s->next) {
        if (s->verb == VERB_CASE || s->verb == VERB_SCENARIO)
            break;
        if (s->verb == VERB_PROMISE && s->form == FORM_PROMISE_NO)
            promises->lines[find_promise(argument_of(s)->value.word, strlen(argument_of(s)->value.word))] = NULL;
        else if (s->verb == VERB_PROMISE)
            promises->lines[s->form] = s;
        if (s->verb == VERB_SUITE)
            promises->title = step_setting(s, SLOT_TITLE)->value.bytes;
        if (s->verb != VERB_SERVICE)
            continue;
        promises->service_count = serves ? promises->service_count : 0;
        serves = true;
        if (promises->service_count == PROMISES_SERVICE_MAX)
            return diag_set(why, DIAG_USAGE, "%s: more than %u service lines", script->name, PROMISES_SERVICE_MAX);
        promises->service[promises->service_count++] = s;
    }
    return true;
}

/* ---- values ---- */

static void print_value(const struct value *value, enum end end, struct buf *out)
{
    if (value->kind != VALUE_SPAN) {
        value_print(value, out);
        return;
    }
    /* Both ends, always: as a range, one time alone would mean "up to". */
    struct value time = {.kind = VALUE_TIME, .number = value->from};
    if (end != END_MOST)
        value_print(&time, out);
    if (end == END_BOTH)
        buf_append_text(out, "..");
    time.number = value->to;
    if (end != END_LEAST)
        value_print(&time, out);
}

/* The word with values in the place of its names. False: one of them is not promised. */
static bool fill_in(const struct promises *promises, const char *word, struct buf *out)
{
    for (const char *at; (at = strstr(word, "${")) != NULL; word = strchrnul(at, '}') + 1) {
        enum end end;
        enum form form = find_name(at + 2, (size_t)(strchrnul(at, '}') - at - 2), &end);
        const struct setting *value = form == FORMS ? NULL : argument_of(promises->lines[form]);
        if (value == NULL)
            return false;
        buf_append(out, word, (size_t)(at - word));
        print_value(&value->value, end, out);
    }
    return buf_append_text(out, word);
}

struct binding {
    const struct promises *promises;
    struct script *script;
    struct diag *why;
};

static bool bind_value(struct binding *b, const struct step *step, struct setting *setting)
{
    struct value_fault fault = {.message = "", .hint = ""};
    struct buf text;
    const char *promised = setting->value.promised;
    buf_init(&text, LIMIT_SCRIPT_BYTES);
    bool fine = true;
    if (fill_in(b->promises, promised, &text)) { /* what is not promised is not needed: the case is not applicable */
        fine = value_read(&b->script->arena, setting->value.kind, setting->slot, buf_text(&text), text.size,
                          &setting->value, &fault);
        setting->value.promised = promised;
    }
    if (!fine)
        diag_set(b->why, DIAG_USAGE, "%s:%d: %s, which is promised as %s: %s", b->script->name, step->line, promised,
                 buf_text(&text), fault.message[0] ? fault.message : "out of memory");
    buf_free(&text);
    return fine;
}

static bool bind_steps(struct binding *b, const struct step *step)
{
    for (; step != NULL; step = step->next) {
        for (struct setting *s = step->settings; s != NULL; s = s->next)
            if (s->value.promised != NULL && !bind_value(b, step, s))
                return false;
        if (!bind_steps(b, step->body) || !bind_steps(b, step->alternatives))
            return false;
    }
    return true;
}

bool promises_bind(const struct promises *promises, struct script *script, struct diag *why)
{
    struct binding b = {promises, script, why};
    for (size_t i = 0; i < script->case_count; i++)
        if (!bind_steps(&b, script->cases[i].steps))
            return false;
    return true;
}

/* ---- what is needed ---- */

bool promises_has(const struct promises *promises, enum form form)
{
    return promises->lines[form] != NULL;
}

static bool has_code(const struct promises *promises, enum form form, uint64_t code)
{
    const struct setting *codes = argument_of(promises->lines[form]);
    return codes != NULL && value_has_code(&codes->value, (uint32_t)code);
}

bool promises_unmet(const struct promises *promises, const struct test_case *test, struct buf *out)
{
    static const struct { enum form needs, list; const char *words; } by_code[] = {
        {FORM_NEEDS_RETRY, FORM_PROMISE_RETRIES, "come back"}, {FORM_NEEDS_STAY, FORM_PROMISE_STOPS, "stay away"}};
    for (const struct step *s = test->head->next; s != NULL && step_is_of_head(s); s = s->next) {
        const struct setting *word = step_setting(s, SLOT_PROMISED);
        if (s->form == FORM_NEEDS_PROMISE && word != NULL &&
            !promises_has(promises, find_promise(word->value.word, strlen(word->value.word))))
            return buf_printf(out, "a client that promises %s", word->value.word);
        const struct setting *by_family = step_setting(s, SLOT_CODE);
        bool written = by_family != NULL && by_family->value.written != NULL && test->each_count > 0;
        for (size_t i = 0; i < sizeof by_code / sizeof *by_code; i++) {
            uint64_t code = written ? strtoull(test->each[0].value, NULL, 10) : step_number(s, SLOT_CODE, 0);
            if (s->form == by_code[i].needs && !has_code(promises, by_code[i].list, code))
                return buf_printf(out, "a client that promises to %s behind close code %u", by_code[i].words,
                                  (unsigned)code);
        }
    }
    return false;
}

/* The rest of a `needs` line, in a case of a family with its value. */
void promises_needed(const struct test_case *test, struct buf *out)
{
    for (const struct step *s = test->head->next; s != NULL && step_is_of_head(s); s = s->next) {
        const struct setting *word = step_setting(s, SLOT_PROMISED), *code = step_setting(s, SLOT_CODE);
        if (s->verb != VERB_NEEDS || s->form == FORMS)
            continue;
        buf_append_text(out, out->size ? ", " : "");
        buf_append_text(out, word != NULL ? word->value.word : form_rows[s->form].words);
        if (code != NULL && code->value.written != NULL && test->each_count > 0)
            buf_printf(out, " %s", test->each[0].value);
        else if (code != NULL)
            buf_printf(out, " %u", (unsigned)code->value.number);
    }
}
