/* What may stand in a `fleet` block. Its clients are many and small: they know a
 * few steps, each with a few options, and anything else is a mistake of the file. */
#include "engine/language/parse.h"

#include <string.h>

#define OPTIONS_MAX 6

static const struct {
    enum form form;
    enum slot slots[OPTIONS_MAX]; /* that it may have; NONE ends them */
} known[] = {
    {FORM_OPEN, {SLOT_PATH, SLOT_PROTOCOL, SLOT_HEADER, SLOT_ORIGIN}},
    {FORM_SEND_TEXT, {SLOT_PAYLOAD}},
    {FORM_SEND_BINARY, {SLOT_PAYLOAD}},
    {FORM_SEND_PING, {SLOT_PAYLOAD}},
    {FORM_EXPECT_TEXT, {SLOT_PAYLOAD, SLOT_WITHIN}},
    {FORM_EXPECT_BINARY, {SLOT_PAYLOAD, SLOT_WITHIN}},
    {FORM_EXPECT_MESSAGE, {SLOT_PAYLOAD, SLOT_WITHIN}},
    {FORM_EXPECT_ECHO, {SLOT_WITHIN}},
    {FORM_FENCE, {SLOT_WITHIN}},
    {FORM_RECONNECT, {SLOT_AFTER, SLOT_BACKOFF, SLOT_FACTOR, SLOT_JITTER, SLOT_TRIES}},
};

static void wrong(struct parser *p, const struct step *step, int column, const char *message, const char *hint)
{
    mistake_add(&p->mistakes, step->line, column, "%s", message);
    mistake_hint(&p->mistakes, "%s", hint);
}

static const enum slot *slots_of(enum form form)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].form == form)
            return known[i].slots;
    return NULL;
}

static bool has_slot(const enum slot *slots, enum slot slot)
{
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        if (slots[i] == slot && slot != SLOT_NONE)
            return true;
    return false;
}

static void check_step(struct parser *p, const struct step *step)
{
    const enum slot *slots = slots_of(step->form);
    if (slots == NULL) {
        mistake_add(&p->mistakes, step->line, step->column, "'%s%s%s' cannot stand in a fleet", verb_word(step->verb),
                    form_word(step->form)[0] == 0 ? "" : " ", form_word(step->form));
        mistake_hint(&p->mistakes, step->verb == VERB_DROP || step->verb == VERB_TESTEE
                                       ? "behind its end: it happens to all of them at once"
                                       : "its clients know open, send text|binary|ping, expect "
                                         "text|binary|message|echo, fence, reconnect");
        return;
    }
    if (step->actor != NULL)
        wrong(p, step, step->column, "the clients of a fleet have no names", "before 'fleet' an actor may stand");
    if (step->alternatives != NULL)
        wrong(p, step->alternatives, step->alternatives->column, "'or' cannot stand in a fleet",
              "its clients expect one thing");
    for (const struct setting *s = step->settings; s != NULL; s = s->next) {
        if (has_slot(slots, s->slot))
            continue;
        mistake_add(&p->mistakes, step->line, s->column, "'%s' cannot stand in a fleet", slot_word(s->slot));
        mistake_hint(&p->mistakes, "a client of its own can do that: a step outside of the fleet");
    }
}

/* In each of its two lives a client opens first, and expects the echo of what it has sent. */
static void check_order(struct parser *p, const struct step *fleet)
{
    size_t sent = 0;
    bool came_back = false;
    for (const struct step *step = fleet->body; step != NULL; step = step->next) {
        bool reconnect = step->form == FORM_RECONNECT;
        if (step == fleet->body ? step->form != FORM_OPEN : step->form == FORM_OPEN)
            wrong(p, step, step->column, "a client of a fleet begins with 'open', once",
                  "open first; what it says when it is back stands behind 'reconnect'");
        if (reconnect && came_back)
            wrong(p, step, step->column, "a fleet has one 'reconnect'", "its clients come back by it each time");
        came_back |= reconnect;
        sent = reconnect ? 0 : sent + (step->form == FORM_SEND_TEXT || step->form == FORM_SEND_BINARY);
        if (step->form != FORM_EXPECT_ECHO)
            continue;
        if (sent == 0)
            wrong(p, step, step->column, "nothing was sent that could be echoed", "send text, send binary");
        sent -= sent > 0;
    }
    if (fleet->body == NULL)
        wrong(p, fleet, fleet->column, "this fleet does nothing", "open, on a line of its own below");
}

void parse_check_fleet(struct parser *p, const struct step *fleet)
{
    bool known_steps = true;
    for (const struct step *step = fleet->body; step != NULL; step = step->next) {
        known_steps = known_steps && step->form != FORMS;
        if (step->form != FORMS)
            check_step(p, step);
    }
    if (known_steps && !p->after_unknown)
        check_order(p, fleet);
}
