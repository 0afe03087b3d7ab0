/* Cases from the lines of a file: gathers what the head lines say, copies the
 * steps, and makes one case of each value of a family, with the value in place. */
#include "engine/language/parse.h"
#include "engine/language/promises.h"
#include "engine/language/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t patience_ns = UINT64_C(2000000000); /* of an expect, when nothing is said */

/* The lines of one case, `end` excluded. */
struct chapter {
    struct parser *p;
    const struct step *head, *steps, *end;
    const char *suite;
    uint64_t timeout_ns;
    enum role_tested tested;
    const char *stem;       /* of the file's name: id of a scenario */
    bool only;              /* the one scenario of the file */
    struct family_value values[SCRIPT_EACH_MAX]; /* of a family, this member's */
    size_t value_count;     /* 0: no family */
    size_t member, members; /* its number, of how many */
    bool failed;            /* this member has a mistake */
    struct test_case *test_case;
};

static void chapter_wrong(struct chapter *c, enum slot slot, const char *message, const char *hint)
{
    const struct setting *setting = step_setting(c->head, slot);
    mistake_add(&c->p->mistakes, c->head->line, setting == NULL ? c->head->column : setting->column, "%s", message);
    if (hint[0] != 0)
        mistake_hint(&c->p->mistakes, "%s", hint);
    c->failed = true;
}

/* ---- texts ---- */

/* A title with the family's values in place. */
static const char *title_text(struct chapter *c, const struct payload *payload)
{
    struct parser *p = c->p;
    struct capture values[SCRIPT_EACH_MAX];
    for (size_t i = 0; i < c->value_count; i++) {
        const char *value = c->values[i].value;
        values[i] = (struct capture){c->values[i].name, (const uint8_t *)value, strlen(value)};
    }
    struct payload_scope scope = {.captures = values, .capture_count = c->value_count};
    struct buf text;
    struct diag why = {0};
    const char *what;
    buf_init(&text, LIMIT_SCRIPT_BYTES);
    const char *title = "";
    if (!payload_bytes(payload, &scope, &text, &why))
        chapter_wrong(c, SLOT_TITLE, why.text, "");
    else if (text_bad(buf_text(&text), text.size, &what) != SIZE_MAX)
        chapter_wrong(c, SLOT_TITLE, "a title is one line of readable text", "");
    else
        title = parse_text(p, buf_text(&text), text.size);
    buf_free(&text);
    return title;
}

static const char *head_title(struct chapter *c)
{
    const struct setting *title = step_setting(c->head, SLOT_TITLE);
    return title == NULL ? "" : title_text(c, title->value.bytes);
}

/* ---- the family's value ---- */

/* What stands for the ${name} at `at`, which is one of the family's. */
static const char *value_at(const struct chapter *c, const char *at)
{
    for (size_t i = 0; i < c->value_count; i++) {
        size_t size = strlen(c->values[i].name);
        if (strncmp(at + 2, c->values[i].name, size) == 0 && at[2 + size] == '}')
            return c->values[i].value;
    }
    return c->values[0].value; /* the line of the family has a mistake, and any name passes */
}

/* The word with the family's values in place of each ${name}, which are all its own. */
static const char *filled_in(struct chapter *c, const char *word)
{
    struct buf text;
    buf_init(&text, LIMIT_SCRIPT_BYTES);
    for (const char *at; (at = strstr(word, "${")) != NULL; word = strchrnul(at, '}') + 1) {
        buf_append(&text, word, (size_t)(at - word));
        buf_append_text(&text, value_at(c, at));
    }
    buf_append_text(&text, word);
    const char *filled = text.failed ? NULL : parse_text(c->p, buf_text(&text), text.size);
    c->p->no_memory = c->p->no_memory || filled == NULL;
    buf_free(&text);
    return filled;
}

/* A setting with the family's value in its word. */
static struct setting *resolved(struct chapter *c, const struct step *step, const struct setting *from)
{
    struct setting *setting = arena_copy(&c->p->script->arena, from, sizeof *from);
    struct value_fault fault;
    c->p->no_memory = c->p->no_memory || setting == NULL;
    if (setting == NULL || from->value.written == NULL)
        return setting;
    if (word_is_promised(from->value.written)) { /* the value comes with a profile */
        setting->value.promised = from->value.written;
        setting->value.written = NULL;
        return setting;
    }
    if (c->value_count == 0)
        return setting;
    const char *word = filled_in(c, from->value.written);
    if (word == NULL ||
        value_read(&c->p->script->arena, from->value.kind, from->slot, word, strlen(word), &setting->value, &fault))
        return setting;
    c->p->no_memory = c->p->no_memory || fault.message[0] == 0;
    if (c->failed)
        return setting; /* one message for a value, however often it is used */
    const struct setting *each = step_setting(c->head, SLOT_EACH);
    const char *value = value_at(c, strstr(from->value.written, "${"));
    mistake_add(&c->p->mistakes, c->head->line, each->column, "value %.40s: %s", value, fault.message);
    mistake_hint(&c->p->mistakes, "it stands in '%.40s' in line %d%s%s", from->value.written, step->line,
                 fault.hint[0] == 0 ? "" : ": ", fault.hint);
    c->failed = true;
    return setting;
}

/* A setting of a head line, with the family's value in its word. */
static const struct setting *head_setting(struct chapter *c, const struct step *line, enum slot slot)
{
    const struct setting *setting = step_setting(line, slot);
    return setting == NULL || setting->value.written == NULL ? setting : resolved(c, line, setting);
}

/* ---- head lines ---- */

static size_t count_lines(const struct chapter *c, bool (*is_one)(enum verb verb))
{
    size_t n = 0;
    for (const struct step *s = c->head->next; s != c->steps; s = s->next)
        n += is_one(s->verb);
    return n;
}

static bool is_requirement(enum verb verb)
{
    return verb == VERB_MUST || verb == VERB_SHOULD || verb == VERB_MAY;
}

static void read_requirements(struct chapter *c)
{
    size_t n = count_lines(c, is_requirement), i = 0;
    const char **ids = parse_alloc(c->p, (n + 1) * sizeof *ids);
    enum grade *grades = parse_alloc(c->p, (n + 1) * sizeof *grades);
    if (ids == NULL || grades == NULL)
        return;
    for (const struct step *s = c->head->next; s != c->steps; s = s->next) {
        const struct setting *id = is_requirement(s->verb) ? head_setting(c, s, SLOT_ID) : NULL;
        if (id == NULL || id->value.word == NULL)
            continue;
        ids[i] = id->value.word;
        grades[i++] = s->verb == VERB_MUST ? GRADE_MUST : s->verb == VERB_SHOULD ? GRADE_SHOULD : GRADE_MAY;
    }
    c->test_case->requirements = ids;
    c->test_case->grades = grades;
}

/* Of "9.7.1..6" how many ids it is, what stands before the number, and the first one's; a plain id is one. */
struct id_row { size_t count, stem; unsigned first; bool plain; };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One or two digits; a row is never long. */
static bool read_small(const char *digits, size_t size, unsigned *n)
{
    *n = 0;
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(digits[i]))
            return false;
        *n = *n * 10 + (unsigned)(digits[i] - '0');
    }
    return size == 1 || size == 2;
}

static struct id_row read_id_row(const char *word)
{
    const char *dots = strstr(word, ".."), *digits = dots;
    struct id_row row = {.count = 1, .plain = true};
    unsigned first, last;
    if (dots == NULL)
        return row;
    while (digits > word && is_digit(digits[-1]))
        digits--;
    if (!read_small(digits, (size_t)(dots - digits), &first) || !read_small(dots + 2, strlen(dots + 2), &last) ||
        last < first)
        return row;
    return (struct id_row){.count = last - first + 1, .stem = (size_t)(digits - word), .first = first};
}

static size_t id_count(const struct value *ids)
{
    size_t n = 0;
    for (size_t i = 0; i < ids->word_count; i++)
        n += read_id_row(ids->words[i]).count;
    return n;
}

/* The n-th id of a line, its rows told one by one. */
static const char *id_at(struct chapter *c, const struct value *ids, size_t n)
{
    size_t i = 0;
    struct id_row row = read_id_row(ids->words[0]);
    while (n >= row.count) {
        n -= row.count;
        row = read_id_row(ids->words[++i]);
    }
    const char *word = ids->words[i];
    if (row.plain)
        return word;
    const char *id = arena_printf(&c->p->script->arena, "%.*s%u", (int)row.stem, word, row.first + (unsigned)n);
    c->p->no_memory = c->p->no_memory || id == NULL;
    return id == NULL ? "-" : id;
}

static size_t alias_count(const struct chapter *c)
{
    size_t n = 0;
    for (const struct step *s = c->head->next; s != c->steps; s = s->next)
        for (const struct setting *ids = step_setting(s, SLOT_IDS); ids != NULL; ids = NULL)
            n += id_count(&ids->value);
    return n;
}

static void keep_alias(const char **ids, size_t *n, const char *id)
{
    if (strcmp(id, "-") != 0)
        ids[(*n)++] = id;
}

/* Of a family, each line of aliases holds one for each member, in their order. */
static void read_aliases(struct chapter *c)
{
    const char **ids = parse_alloc(c->p, (alias_count(c) + 1) * sizeof *ids);
    bool family = c->value_count != 0;
    size_t n = 0;
    if (ids == NULL)
        return;
    for (const struct step *s = c->head->next; s != c->steps; s = s->next) {
        const struct setting *line = step_setting(s, SLOT_IDS);
        size_t count = line == NULL ? 0 : id_count(&line->value);
        for (size_t i = 0; i < count && !family; i++)
            keep_alias(ids, &n, id_at(c, &line->value, i));
        if (family && c->member < count)
            keep_alias(ids, &n, id_at(c, &line->value, c->member));
        if (line != NULL && family && c->member == 0 && count != c->members) {
            mistake_add(&c->p->mistakes, s->line, line->column, "%zu ids for %zu values", count, c->members);
            mistake_hint(&c->p->mistakes, "one for each value of the family, - for none");
        }
    }
    c->test_case->autobahn = ids;
}

static enum role_tested role_of(const struct step *line)
{
    return line->form == FORM_TESTEE_SERVER ? TESTED_SERVER
         : line->form == FORM_TESTEE_CLIENT ? TESTED_CLIENT : TESTED_BOTH;
}

static struct setting *copy_settings(struct chapter *c, const struct step *step);

static void keep_hint(struct chapter *c, const struct step *line)
{
    struct step **at = &c->test_case->hints;
    while (*at != NULL)
        at = &(*at)->next;
    *at = line->form == FORMS ? NULL : arena_copy(&c->p->script->arena, line, sizeof *line);
    c->p->no_memory = c->p->no_memory || (*at == NULL && line->form != FORMS);
    if (*at == NULL)
        return;
    (*at)->next = NULL;
    (*at)->settings = copy_settings(c, line);
}

/* The lines of which there is one, or one of each kind. */
static void read_head_line(struct chapter *c, const struct step *s)
{
    struct test_case *t = c->test_case;
    switch (s->verb) {
    case VERB_TIMEOUT: {
        const struct setting *time = head_setting(c, s, SLOT_DURATION);
        t->timeout_ns = time == NULL ? t->timeout_ns : time->value.number;
        break;
    }
    case VERB_ALONE:
        t->alone = true;
        break;
    case VERB_TESTEE_ROLE:
        t->tested = role_of(s);
        break;
    case VERB_HINT:
        keep_hint(c, s);
        break;
    case VERB_CLIENTS:
        t->clients = (unsigned)step_number(s, SLOT_COUNT, 1);
        break;
    case VERB_UNSERVED:
        t->unserved = true;
        break;
    case VERB_RATE:
        t->rate = (unsigned)step_number(s, SLOT_COUNT, 0);
        break;
    case VERB_NEEDS:
        if (s->form != FORMS)
            t->needs[s->form] = true;
        if (s->form != FORM_NEEDS_PROTOCOL)
            break;
        if (step_setting(s, SLOT_TITLE) != NULL)
            t->needs_protocol = title_text(c, step_setting(s, SLOT_TITLE)->value.bytes);
        break;
    default: break;
    }
}

/* ---- steps ---- */

static struct setting *copy_settings(struct chapter *c, const struct step *step)
{
    bool written = false;
    for (const struct setting *s = step->settings; s != NULL; s = s->next)
        written = written || s->value.written != NULL;
    if (!written)
        return step->settings;
    struct setting *first = NULL, **tail = &first;
    for (const struct setting *s = step->settings; s != NULL && !c->p->no_memory; s = s->next) {
        *tail = resolved(c, step, s);
        if (*tail != NULL)
            tail = &(*tail)->next;
    }
    *tail = NULL;
    return first;
}

/* Depth is bounded: repeats nest LIMIT_REPEAT_DEPTH deep, alternatives once. */
static struct step *copy_steps(struct chapter *c, const struct step *from, const struct step *end)
{
    struct step *first = NULL, **tail = &first;
    for (; from != end && !c->p->no_memory; from = from->next) {
        if (from->form == FORMS)
            continue;
        if (++c->p->steps > LIMIT_SCRIPT_STEPS)
            break;
        struct step *step = arena_copy(&c->p->script->arena, from, sizeof *from);
        c->p->no_memory = c->p->no_memory || step == NULL;
        if (step == NULL)
            return first;
        step->next = NULL;
        step->settings = copy_settings(c, from);
        step->body = copy_steps(c, from->body, NULL);
        step->alternatives = copy_steps(c, from->alternatives, NULL);
        c->test_case->step_count++;
        *tail = step;
        tail = &step->next;
    }
    return first;
}

static void count_captures(struct chapter *c, const struct step *step, unsigned *n)
{
    for (; step != NULL; step = step->next) {
        for (const struct setting *s = step_setting(step, SLOT_CAPTURE); s != NULL; s = step_next_setting(s))
            ++*n;
        count_captures(c, step->body, n);
        count_captures(c, step->alternatives, n);
    }
}

/* ---- cases ---- */

static void set_id(struct chapter *c)
{
    struct arena *arena = &c->p->script->arena;
    struct test_case *t = c->test_case;
    const struct setting *id = step_setting(c->head, SLOT_ID);
    if (t->is_scenario && c->only)
        t->id = c->stem;
    else if (t->is_scenario)
        t->id = arena_printf(arena, "%s:%d", c->stem, c->head->line);
    else
        t->id = id == NULL ? "" : id->value.word;
    for (size_t i = 0; i < c->value_count && t->id != NULL; i++)
        t->id = arena_printf(arena, "%s/%s", t->id, c->values[i].value);
    c->p->no_memory = c->p->no_memory || t->id == NULL;
    t->id = t->id == NULL ? "" : t->id;
}

/* Room for one more case; arrays double, so the copies stay linear. */
static struct test_case *new_case(struct parser *p, size_t *capacity)
{
    struct script *script = p->script;
    if (script->case_count == *capacity) {
        size_t room = *capacity == 0 ? 16 : 2 * *capacity;
        struct test_case *cases = parse_alloc(p, room * sizeof *cases);
        if (cases == NULL)
            return NULL;
        if (script->case_count != 0)
            memcpy(cases, script->cases, script->case_count * sizeof *cases);
        script->cases = cases;
        *capacity = room;
    }
    return &script->cases[script->case_count++];
}

static void make_case(struct chapter *c, size_t *capacity)
{
    struct test_case *t = c->test_case = new_case(c->p, capacity);
    if (t == NULL)
        return;
    *t = (struct test_case){.is_scenario = c->head->verb == VERB_SCENARIO, .suite = c->suite,
                            .file = c->p->script->name, .line = c->head->line, .timeout_ns = c->timeout_ns,
                            .tested = c->tested, .head = c->head};
    c->failed = false;
    if (c->value_count != 0) {
        t->each = arena_copy(&c->p->script->arena, c->values, c->value_count * sizeof *c->values);
        t->each_count = t->each == NULL ? 0 : c->value_count;
        c->p->no_memory = c->p->no_memory || t->each == NULL;
    }
    set_id(c);
    t->title = head_title(c);
    read_requirements(c);
    read_aliases(c);
    for (const struct step *s = c->head->next; s != c->steps; s = s->next)
        read_head_line(c, s);
    t->steps = copy_steps(c, c->steps, c->end);
    unsigned captures = 0;
    count_captures(c, t->steps, &captures);
    if (captures > LIMIT_CAPTURES)
        chapter_wrong(c, SLOT_ID, "more captures in one case than 64", "");
}

/* One `each`: a name, then values. False when it is wrong, which is told. */
static bool add_each(struct chapter *c, const struct value *v)
{
    size_t before = c->value_count;
    for (size_t i = 0; i < before; i++)
        if (v->word_count > 0 && strcmp(c->values[i].name, v->words[0]) == 0) {
            chapter_wrong(c, SLOT_EACH, "a family's values have a name each", "each size 1 2 each limit 3 4");
            return false;
        }
    if (v->word_count > 0 && !value_is_name(v->words[0], strlen(v->words[0])))
        chapter_wrong(c, SLOT_EACH, "a family's value has a name", "each code 1000 1001: letters, digits and _");
    else if (v->word_count < 2)
        chapter_wrong(c, SLOT_EACH, "a family has values", "each code 1000 1001");
    else if (v->word_count - 1 > LIMIT_FAMILY_CASES / c->members)
        chapter_wrong(c, SLOT_EACH, "more values in a family than 10000", "");
    else if (before == SCRIPT_EACH_MAX)
        chapter_wrong(c, SLOT_EACH, "more than four `each` in a family", "");
    else {
        c->values[c->value_count++].name = v->words[0];
        c->members *= v->word_count - 1;
        return true;
    }
    return false;
}

/* The values of the member, whose number counts the last `each` fastest. */
static void set_values(struct chapter *c)
{
    const struct setting *each[SCRIPT_EACH_MAX], *s = step_setting(c->head, SLOT_EACH);
    size_t rest = c->member;
    for (size_t i = 0; i < c->value_count; i++, s = step_next_setting(s))
        each[i] = s;
    for (size_t i = c->value_count; i-- > 0;) {
        size_t count = each[i]->value.word_count - 1;
        c->values[i].value = each[i]->value.words[1 + rest % count];
        rest /= count;
    }
}

static void make_members(struct chapter *c, size_t *capacity)
{
    c->value_count = 0;
    c->members = 1;
    for (const struct setting *each = step_setting(c->head, SLOT_EACH); each != NULL; each = step_next_setting(each))
        if (!add_each(c, &each->value))
            return;
    for (c->member = 0; c->member < c->members && !c->p->no_memory; c->member++) {
        set_values(c);
        make_case(c, capacity);
    }
}

static int by_id(const void *a, const void *b)
{
    const struct test_case *x = *(const struct test_case *const *)a, *y = *(const struct test_case *const *)b;
    int order = strcmp(x->id, y->id);
    return order != 0 ? order : (x > y) - (x < y);
}

static void check_ids(struct parser *p)
{
    size_t n = p->script->case_count;
    const struct test_case **sorted = n < 2 ? NULL : parse_alloc(p, n * sizeof(struct test_case *));
    if (sorted == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        sorted[i] = &p->script->cases[i];
    qsort(sorted, n, sizeof(struct test_case *), by_id);
    for (size_t i = 1; i < n; i++) {
        const struct test_case *t = sorted[i];
        if (t->id[0] == 0 || strcmp(t->id, sorted[i - 1]->id) != 0)
            continue;
        const struct setting *id = step_setting(t->head, t->each_count != 0 ? SLOT_EACH : SLOT_ID);
        mistake_add(&p->mistakes, t->line, id == NULL ? t->head->column : id->column, "the id %.60s is taken", t->id);
        mistake_hint(&p->mistakes, "by line %d", sorted[i - 1]->line);
    }
}

/* "dir/name.wsg" -> "name". */
static const char *file_stem(struct parser *p)
{
    const char *slash = strrchr(p->script->name, '/'), *base = slash == NULL ? p->script->name : slash + 1;
    size_t size = strlen(base);
    if (size > 4 && strcmp(base + size - 4, ".wsg") == 0)
        size -= 4;
    return parse_text(p, base, size);
}

static bool begins_case(const struct step *line)
{
    return line->verb == VERB_CASE || line->verb == VERB_SCENARIO;
}

/* What the lines at the top of the file say for every case; returns the first case. */
static const struct step *read_top(struct chapter *common)
{
    const struct step *s = common->p->script->lines;
    for (; s != NULL && !begins_case(s); s = s->next) {
        common->head = s;
        if (s->verb == VERB_SUITE && step_setting(s, SLOT_TITLE) != NULL)
            common->suite = title_text(common, step_setting(s, SLOT_TITLE)->value.bytes);
        else if (s->verb == VERB_TIMEOUT)
            common->timeout_ns = step_number(s, SLOT_DURATION, common->timeout_ns);
        else if (s->verb == VERB_TESTEE_ROLE)
            common->tested = role_of(s);
    }
    return s;
}

void cases_build(struct parser *p)
{
    struct chapter common = {.p = p, .suite = "", .timeout_ns = patience_ns, .tested = TESTED_BOTH,
                             .stem = file_stem(p)};
    size_t scenarios = 0, capacity = 0;
    for (const struct step *line = p->script->lines; line != NULL; line = line->next)
        scenarios += line->verb == VERB_SCENARIO;
    common.only = scenarios == 1;
    p->steps = 0; /* from now on those of the cases */
    const struct step *s = read_top(&common);
    while (s != NULL && !p->no_memory) {
        struct chapter c = common;
        c.head = s;
        for (s = s->next; s != NULL && step_is_of_head(s) && !begins_case(s);)
            s = s->next;
        c.steps = s;
        while (s != NULL && !begins_case(s))
            s = s->next;
        c.end = s;
        make_members(&c, &capacity);
    }
    check_ids(p);
    if (p->steps > LIMIT_SCRIPT_STEPS) {
        mistake_add(&p->mistakes, 1, 0, "more steps than %u when its families are expanded", LIMIT_SCRIPT_STEPS);
        mistake_hint(&p->mistakes, "several files, or fewer values");
    }
}
