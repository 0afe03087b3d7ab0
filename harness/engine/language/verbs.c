/* verbs.def as arrays, and the plain questions about them. */
#include "engine/language/verbs.h"

#include <string.h>

const struct value_row value_rows[VALUES] = {
#define VALUE(id, value_name, value_help) [VALUE_##id] = {value_name, value_help},
#include "engine/language/verbs.def"
};

const struct piece_row piece_rows[PIECES] = {
#define PIECE(id, piece_example, piece_help) [PIECE_##id] = {piece_example, piece_help},
#include "engine/language/verbs.def"
};

const struct slot_row slot_rows[SLOTS] = {
#define ARGUMENT(id, kind, name, slot_legal, slot_help) \
    [SLOT_##id] = {name, slot_legal, VALUE_##kind, slot_help},
#define SLOT(id, option_word, slot_legal) [SLOT_##id] = {option_word, slot_legal, VALUE_FLAG, ""},
#include "engine/language/verbs.def"
};

const struct verb_row verb_rows[VERBS] = {
#define VERB(id, verb_word, verb_place, verb_summary) \
    [VERB_##id] = {verb_word, verb_summary, PLACE_##verb_place},
#include "engine/language/verbs.def"
};

enum { NEED = true, MAY = false };
const struct form_row form_rows[FORMS] = {
#define FORM(form_verb, id, form_words, form_group, arg1, need1, arg2, need2, form_help)          \
    [FORM_##id] = {VERB_##form_verb, form_words, GROUP_##form_group, {SLOT_##arg1, SLOT_##arg2}, \
                   {need1, need2}, form_help},
#include "engine/language/verbs.def"
};

enum { ONCE = false, MANY = true };
const struct option_row option_rows[] = {
#define OPTION(option_verb, option_group, option_slot, kind, option_many, option_help)        \
    {VERB_##option_verb, GROUP_##option_group, SLOT_##option_slot, VALUE_##kind, option_many, \
     option_help},
#include "engine/language/verbs.def"
};
const size_t option_row_count = sizeof option_rows / sizeof *option_rows;

enum verb verb_grammar(enum verb verb)
{
    return verb == VERB_OR ? VERB_EXPECT : verb;
}

bool form_has_option(enum form form, const struct option_row *option)
{
    const struct form_row *row = &form_rows[form];
    return option->verb == row->verb && (option->group == GROUP_ANY || option->group == row->group);
}

const struct option_row *form_option(enum form form, enum slot slot)
{
    for (size_t i = 0; i < option_row_count; i++)
        if (option_rows[i].slot == slot && form_has_option(form, &option_rows[i]))
            return &option_rows[i];
    return NULL;
}

enum value_kind form_value_kind(enum form form, enum slot slot)
{
    const struct option_row *option = form_option(form, slot);
    return option != NULL ? option->value : slot_rows[slot].value;
}

const char *verb_word(enum verb verb)
{
    return verb_rows[verb].word;
}

const char *form_word(enum form form)
{
    return form_rows[form].words;
}

const char *slot_word(enum slot slot)
{
    return slot_rows[slot].word;
}

bool step_is_of_head(const struct step *step)
{
    return verb_rows[step->verb].place != PLACE_STEP;
}

bool form_is_of_fleets(enum form form)
{
    return form >= FORM_EXPECT_RECOVERED_HALF && form <= FORM_EXPECT_TRIES;
}

bool step_is_nobodys(const struct step *step)
{
    bool of_testee = step->form >= FORM_EXPECT_TESTEE_ALIVE && step->form <= FORM_EXPECT_TESTEE_DESCRIPTOR_GROWTH;
    switch (step->verb) {
    case VERB_REPEAT:
    case VERB_END:
    case VERB_WAIT:
    case VERB_TESTEE: return true;
    default: return of_testee;
    }
}
