/* What parses but is surely not meant: unknown requirements, captures that are
 * never made or never used, steps that cannot do anything. Each finding is
 * printed in the form of a mistake. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "engine/language/mistake.h"
#include "engine/language/verbs.h"
#include "socketio/packet.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACTORS_MAX = 16 };

/* What one actor's connection has been through. */
struct actor {
    const char *name;    /* NULL: the steps without one */
    int dropped_in;      /* the line, 0: not dropped */
    bool half_open;      /* by a FIN: what still comes can be expected */
    bool sent;
    bool socketio;       /* the connection was opened as one of Socket.IO */
    bool opened;
    const struct step *fleet; /* it is many */
};

struct name_use {
    const char *name;
    const struct step *step;
    const struct setting *setting; /* where it is captured */
    bool used;
};

struct lint {
    struct mistakes mistakes;
    const char *const *requirements;
    bool conformance;    /* some case of the file shows a requirement: then all should */
    const struct test_case *test_case; /* the one looked at */
    struct actor actors[ACTORS_MAX];
    unsigned actor_count;
    struct name_use captures[LIMIT_CAPTURES];
    unsigned capture_count;
    unsigned in_repeat, in_fleet;
    bool family_used[SCRIPT_EACH_MAX];
    bool socketio;       /* the file is about Socket.IO, whose texts are not among the requirements */
    bool looks;          /* some step looks at what the testee does */
};

#define warn(l, step, at, ...) mistake_add(&(l)->mistakes, (step)->line, at, __VA_ARGS__)
#define hint(l, ...) mistake_hint(&(l)->mistakes, __VA_ARGS__)

/* ---- names ---- */

/* What the runner knows by itself: of the latest request; of a case with hints, its port. */
static bool is_runners(const struct test_case *t, const char *name)
{
    static const char *const answers[] = {"accept", "accept_lower"};
    static const char *const places[] = {"here", "port", "scheme", "page"};
    for (size_t i = 0; t->tested == TESTED_CLIENT && i < sizeof answers / sizeof *answers; i++)
        if (strcmp(name, answers[i]) == 0)
            return true;
    for (size_t i = 0; t->hints != NULL && i < sizeof places / sizeof *places; i++)
        if (strcmp(name, places[i]) == 0)
            return true;
    return false;
}

static void use_name(struct lint *l, const struct step *step, int column, const char *name)
{
    const struct test_case *t = l->test_case;
    for (size_t i = 0; i < t->each_count; i++) {
        if (strcmp(name, t->each[i].name) == 0) {
            l->family_used[i] = true;
            return;
        }
    }
    if (l->in_repeat > 0 && strcmp(name, "i") == 0)
        return;
    if (is_runners(t, name))
        return;
    bool known = false;
    struct suggestion near = suggest(name, strlen(name));
    for (unsigned i = 0; i < l->capture_count; i++) {
        struct name_use *c = &l->captures[i];
        if (strcmp(c->name, name) == 0)
            known = c->used = true;
        suggest_word(&near, c->name, strlen(c->name));
    }
    if (known)
        return;
    warn(l, step, column, "nothing has captured ${%.40s} yet", name);
    if (!suggest_hint(&near, &l->mistakes))
        hint(l, strcmp(name, "i") == 0 ? "${i} counts inside of a repeat"
                                       : "'capture %.40s' behind an expect above", name);
}

static void use_payload(struct lint *l, const struct step *step, int column, const struct payload *payload)
{
    for (const struct piece *p = payload == NULL ? NULL : payload->pieces; p != NULL; p = p->next) {
        if (p->name != NULL)
            use_name(l, step, column, p->name);
        use_payload(l, step, column, p->inner);
    }
}

static void add_capture(struct lint *l, const struct step *step, const struct setting *setting)
{
    if (l->capture_count < LIMIT_CAPTURES)
        l->captures[l->capture_count++] =
            (struct name_use){.name = setting->value.word, .step = step, .setting = setting};
}

/* First what a step uses, then what it captures: its own captures come too late for it. */
static void check_names(struct lint *l, const struct step *step)
{
    for (const struct setting *s = step->settings; s != NULL; s = s->next)
        use_payload(l, step, s->column, s->value.bytes);
    for (const struct setting *s = step_setting(step, SLOT_CAPTURE); s != NULL; s = step_next_setting(s))
        add_capture(l, step, s);
}

static void check_unused(struct lint *l)
{
    for (unsigned i = 0; i < l->capture_count; i++) {
        const struct name_use *c = &l->captures[i];
        if (!c->used) {
            warn(l, c->step, c->setting->column, "${%.40s} is captured and never used", c->name);
            hint(l, "leave 'capture %.40s' out", c->name);
        }
    }
}

/* ---- one step ---- */

static struct actor *actor_of(struct lint *l, const char *name)
{
    for (unsigned i = 0; i < l->actor_count; i++) {
        const char *other = l->actors[i].name;
        if (name == other || (name != NULL && other != NULL && strcmp(name, other) == 0))
            return &l->actors[i];
    }
    unsigned i = l->actor_count < ACTORS_MAX ? l->actor_count++ : ACTORS_MAX - 1;
    l->actors[i] = (struct actor){.name = name};
    return &l->actors[i];
}

/* Does the step need a connection that still carries frames? */
static bool needs_connection(const struct step *step, const struct actor *actor)
{
    if (step_is_nobodys(step) || (actor->half_open && step->verb == VERB_EXPECT))
        return false;
    switch (step->form) {
    case FORM_EXPECT_NOTHING:
    case FORM_EXPECT_EOF:
    case FORM_EXPECT_RESET:
    case FORM_EXPECT_DROP:
    case FORM_EXPECT_NOBODY:
    case FORM_EXPECT_BODY:
    case FORM_EXPECT_NO_BODY:
    case FORM_EXPECT_ATTEMPTS:
    case FORM_EXPECT_GAPS:
    case FORM_EXPECT_NUMBERS:
    case FORM_EXPECT_SETUP:
    case FORM_EXPECT_OPEN: return false;
    default: return step->verb == VERB_SEND || step->verb == VERB_EXPECT || step->verb == VERB_FENCE;
    }
}

/* A step of an actor who is many, or that only such a one may have. */
static void check_fleet(struct lint *l, const struct step *step, const struct step *fleet)
{
    bool comes_back = false;
    l->looks = true;
    for (const struct step *s = fleet == NULL ? NULL : fleet->body; s != NULL; s = s->next)
        comes_back = comes_back || s->form == FORM_RECONNECT;
    if (fleet == NULL) {
        warn(l, step, step->column, "there is no fleet of which this could be expected");
        hint(l, "fleet N ... end comes first");
    } else if (form_is_of_fleets(step->form) && !comes_back) {
        warn(l, step, step->column, "no client of the fleet of line %d comes back", fleet->line);
        hint(l, "reconnect, among its steps");
    } else if (step->verb != VERB_FLEET && step->verb != VERB_DROP && !form_is_of_fleets(step->form)) {
        warn(l, step, step->column, "this is nothing for a fleet");
        hint(l, "among its steps, or another client's: give both a name");
    }
    for (const struct setting *s = step->settings; s != NULL && form_is_of_fleets(step->form); s = s->next)
        if (s->slot == SLOT_WITHIN || s->slot == SLOT_FOR || s->slot == SLOT_AS)
            warn(l, step, s->column, "'%s' does nothing here", slot_word(s->slot));
    if (step->alternatives != NULL && form_is_of_fleets(step->form))
        warn(l, step->alternatives, step->alternatives->column, "'or' does nothing behind what is expected of a fleet");
}

static void check_connection(struct lint *l, const struct step *step)
{
    if (step->actor == NULL && step_is_nobodys(step)) {
        l->looks = l->looks || step->verb == VERB_EXPECT;
        return;
    }
    struct actor *actor = actor_of(l, step->actor);
    if (step->verb == VERB_FLEET)
        actor->fleet = step;
    if (actor->fleet != NULL || form_is_of_fleets(step->form)) {
        check_fleet(l, step, actor->fleet);
        return;
    }
    bool connects = step->verb == VERB_OPEN || step->verb == VERB_CONNECT || step->verb == VERB_ACCEPT ||
                    step->verb == VERB_RECONNECT;
    bool socketio = step->form == FORM_OPEN_SOCKETIO || step->form == FORM_ACCEPT_SOCKETIO;
    if (connects) {
        actor->dropped_in = 0;
        actor->socketio = socketio || (actor->socketio && step->verb == VERB_RECONNECT);
        actor->opened = true;
    }
    if (actor->opened && !actor->socketio && strncmp(form_rows[step->form].words, "socketio ", 9) == 0) {
        warn(l, step, step->column, "this is no Socket.IO connection");
        hint(l, "'open socketio' (or 'accept socketio') comes first");
    }
    if (actor->dropped_in != 0 && needs_connection(step, actor)) {
        warn(l, step, step->column, "the connection was dropped in line %d", actor->dropped_in);
        hint(l, "reconnect, open, connect or accept comes first");
        actor->dropped_in = 0; /* said once */
    }
    bool message = step->form == FORM_EXPECT_TEXT || step->form == FORM_EXPECT_BINARY ||
                   step->form == FORM_EXPECT_MESSAGE || step->form == FORM_EXPECT_ECHO;
    if (actor->socketio && message) {
        warn(l, step, step->column, "on a Socket.IO connection packets come, not messages");
        hint(l, "expect socketio event, ack, connect ...");
    }
    if (step->form == FORM_EXPECT_ECHO && !actor->sent) {
        warn(l, step, step->column, "nothing was sent that could be echoed");
        hint(l, "send text, send binary");
    }
    actor->sent = actor->sent || step->verb == VERB_SEND;
    if (step->verb == VERB_DROP) {
        actor->dropped_in = step->line;
        actor->half_open = step->form == FORM_DROP_FIN;
    }
    l->looks = l->looks || connects || step->verb == VERB_EXPECT || step->verb == VERB_FENCE ||
               step->verb == VERB_CONNECTION; /* a script of the proxy */
}

/* Options that mean nothing without another one. */
static const struct { enum slot slot, needs; } companions[] = {
    {SLOT_EVERY, SLOT_CHUNK}, {SLOT_FACTOR, SLOT_BACKOFF}, {SLOT_JITTER, SLOT_BACKOFF},
};

static void check_options(struct lint *l, const struct step *step)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        const struct setting *s = step_setting(step, companions[i].slot);
        bool alone = step->verb == VERB_FAULT || step->verb == VERB_PUBLISH;
        if (s != NULL && !alone && step_setting(step, companions[i].needs) == NULL) {
            warn(l, step, s->column, "'%s' does nothing without '%s'", slot_word(s->slot),
                 slot_word(companions[i].needs));
        }
    }
    const struct setting *within = step_setting(step, SLOT_WITHIN), *time = step_setting(step, SLOT_FOR);
    if (within != NULL && within->value.to == 0 && within->value.promised == NULL) {
        warn(l, step, within->column, "nothing can come within no time");
        hint(l, "expect nothing for 500ms, or leave this out");
    }
    bool lasts = step->form == FORM_EXPECT_NOTHING || step->form == FORM_EXPECT_STAYS ||
                 step->form == FORM_EXPECT_NOBODY || step->form == FORM_EXPECT_NO_BODY;
    if (lasts && time == NULL) {
        warn(l, step, step->column, "'expect %s' does not say for how long", form_rows[step->form].words);
        hint(l, "expect %s for 500ms", form_rows[step->form].words);
    } else if (time != NULL && !lasts && step->verb != VERB_REPEAT) {
        warn(l, step, time->column, "'for' goes with 'expect nothing', 'stays', 'nobody' and 'no-body'");
        hint(l, "did you mean 'within'?");
    }
}

/* A regular expression that holds no ${name}: does it compile, has it the groups that are captured? */
static void check_pattern(struct lint *l, const struct step *step)
{
    const struct setting *matches = step_setting(step, SLOT_MATCHES);
    struct payload_scope none = {0};
    struct buf text;
    buf_init(&text, LIMIT_SCRIPT_BYTES);
    int error;
    PCRE2_SIZE at;
    if (matches != NULL && payload_bytes(matches->value.bytes, &none, &text, NULL)) {
        pcre2_code *code = pcre2_compile((PCRE2_SPTR)buf_text(&text), text.size, 0, &error, &at, NULL);
        uint32_t groups = 0, captures = 0;
        if (code == NULL) {
            char why[120] = "";
            pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof why);
            warn(l, step, matches->column, "not a regular expression");
            hint(l, "at its byte %zu: %s", at + 1, why);
        } else {
            pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
            for (const struct setting *s = step_setting(step, SLOT_CAPTURE); s != NULL; s = step_next_setting(s))
                if (++captures > groups && captures > 1) {
                    warn(l, step, s->column, "the expression has no group for this capture");
                    hint(l, "%u group%s: (...)", groups, groups == 1 ? "" : "s");
                }
        }
        pcre2_code_free(code);
    }
    buf_free(&text);
}

/* JSON that holds no ${name}. */
static void check_json(struct lint *l, const struct step *step)
{
    const struct setting *json = step_setting(step, SLOT_JSON);
    bool array = json != NULL && step->form != FORM_SEND_SIO_CONNECT && step->form != FORM_SEND_SIO_ERROR &&
                 step->form != FORM_EXPECT_SIO_CONNECT && step->form != FORM_EXPECT_SIO_ERROR;
    struct payload_scope none = {0};
    struct buf text;
    buf_init(&text, LIMIT_PAYLOAD_BYTES);
    if (array)
        buf_append_byte(&text, '[');
    if (json != NULL && payload_bytes(json->value.bytes, &none, &text, NULL)) {
        if (array)
            buf_append_byte(&text, ']');
        json_t *value = sio_json_read(buf_text(&text), text.size);
        if (value == NULL) {
            warn(l, step, json->column, "this is no JSON");
            hint(l, array ? "arguments have commas between them: '1,\"two\",{\"three\":3}'" : "an object: '{\"a\":1}'");
        }
        json_decref(value);
    }
    buf_free(&text);
}

static void lint_steps(struct lint *l, const struct step *step)
{
    for (; step != NULL; step = step->next) {
        if (step->verb != VERB_OR && l->in_fleet == 0) /* the parser has looked at what stands in one */
            check_connection(l, step);
        check_names(l, step);
        check_options(l, step);
        check_pattern(l, step);
        check_json(l, step);
        lint_steps(l, step->alternatives);
        bool counts = step->verb == VERB_REPEAT || step->verb == VERB_FLEET;
        l->in_repeat += counts;
        l->in_fleet += step->verb == VERB_FLEET;
        lint_steps(l, step->body);
        l->in_fleet -= step->verb == VERB_FLEET;
        l->in_repeat -= counts;
    }
}

/* ---- one case ---- */

static void check_requirement(struct lint *l, const struct step *line, const struct setting *id)
{
    struct suggestion near = suggest(id->value.word, strlen(id->value.word));
    for (const char *const *known = l->requirements; *known != NULL; known++) {
        if (strcmp(*known, id->value.word) == 0)
            return;
        suggest_word(&near, *known, strlen(*known));
    }
    warn(l, line, id->column, "unknown requirement");
    if (!suggest_hint(&near, &l->mistakes))
        hint(l, "requirements.tsv lists them");
}

static void check_head(struct lint *l)
{
    const struct test_case *t = l->test_case;
    bool shows = false;
    for (const struct step *s = t->head->next; s != NULL && step_is_of_head(s); s = s->next) {
        const struct setting *id = step_setting(s, SLOT_ID);
        bool requirement = s->verb == VERB_MUST || s->verb == VERB_SHOULD || s->verb == VERB_MAY;
        shows = shows || requirement;
        if (requirement && id != NULL && id->value.word != NULL && l->requirements != NULL)
            check_requirement(l, s, id);
    }
    if (t->timeout_ns == 0)
        warn(l, t->head, t->head->column, "with a timeout of no time nothing can be expected");
    bool client = !l->conformance && t->tested == TESTED_CLIENT; /* checks of a client's promises show none */
    bool wanted = !l->socketio && !client;
    if (!shows && wanted && !t->is_scenario && l->requirements != NULL) {
        warn(l, t->head, t->head->column, "this case shows no requirement");
        hint(l, "must ID, should ID or may ID");
    }
}

/* Does ${name} of the family stand in a word of these lines? */
static bool takes_value(const struct step *line, const char *name)
{
    char written[64];
    snprintf(written, sizeof written, "${%.40s}", name);
    for (; line != NULL && line->verb != VERB_CASE && line->verb != VERB_SCENARIO; line = line->next) {
        for (const struct setting *s = line->settings; s != NULL; s = s->next)
            if (s->value.written != NULL && strstr(s->value.written, written) != NULL)
                return true;
        if (takes_value(line->body, name) || takes_value(line->alternatives, name))
            return true;
    }
    return false;
}

static void check_actors(struct lint *l)
{
    unsigned named = 0;
    for (unsigned i = 0; i < l->actor_count; i++)
        named += l->actors[i].name != NULL;
    if (named == 1) {
        warn(l, l->test_case->head, l->test_case->head->column, "one actor needs no name");
        hint(l, "leave out '%.40s:'", l->actors[l->actors[0].name == NULL].name);
    } else if (named > 1 && named < l->actor_count) {
        warn(l, l->test_case->head, l->test_case->head->column, "some steps have an actor, some have none");
        hint(l, "say of each step whose it is");
    }
}

static void lint_case(struct lint *l, const struct test_case *t)
{
    l->test_case = t;
    l->actor_count = l->capture_count = l->in_repeat = 0;
    l->looks = false;
    memset(l->family_used, 0, sizeof l->family_used);
    check_head(l);
    for (const struct step *line = t->hints; line != NULL; line = line->next)
        check_names(l, line);
    lint_steps(l, t->steps);
    check_unused(l);
    check_actors(l);
    if (!l->looks) {
        warn(l, t->head, t->head->column, "this case looks at nothing that the testee does");
        hint(l, "open, expect or fence");
    }
    const struct setting *each = step_setting(t->head, SLOT_EACH), *title = step_setting(t->head, SLOT_TITLE);
    if (title != NULL)
        use_payload(l, t->head, title->column, title->value.bytes);
    for (size_t i = 0; i < t->each_count && each != NULL; i++, each = step_next_setting(each)) {
        if (l->family_used[i] || takes_value(t->head->next, t->each[i].name))
            continue;
        warn(l, t->head, each->column, "the value ${%.40s} of this family is not used", t->each[i].name);
        hint(l, "all its cases do the same");
    }
}

static bool speaks_socketio(const struct step *step)
{
    for (; step != NULL; step = step->next)
        if (step->form == FORM_OPEN_SOCKETIO || step->form == FORM_ACCEPT_SOCKETIO)
            return true;
    return false;
}

unsigned script_lint(const struct script *script, const char *const *requirements, struct buf *out)
{
    struct lint *l = calloc(1, sizeof *l);
    if (l == NULL) {
        buf_printf(out, "%s: error: out of memory\n", script->name);
        return 1;
    }
    l->mistakes.kind = "warning";
    l->requirements = requirements;
    for (size_t i = 0; i < script->case_count; i++)
        l->socketio |= speaks_socketio(script->cases[i].steps);
    for (size_t i = 0; i < script->case_count; i++)
        l->conformance |= script->cases[i].requirements != NULL && script->cases[i].requirements[0] != NULL;
    for (size_t i = 0; i < script->case_count; i++)
        if (i == 0 || script->cases[i].head != script->cases[i - 1].head) /* one member speaks for its family */
            lint_case(l, &script->cases[i]);
    mistakes_print(&l->mistakes, script->name, script->text, script->size, out);
    unsigned count = l->mistakes.count;
    free(l);
    return count;
}
