/* The rows of verbs.def as C arrays, for those who read, print and explain the
 * language (lex, value, parse, cases, print, lint, help). Others use script.h. */
#ifndef ENGINE_VERBS_H
#define ENGINE_VERBS_H

#include "engine/language/script.h"

enum place { PLACE_TOP = 1, PLACE_HEAD = 2, PLACE_TOP_OR_HEAD = 3, PLACE_STEP = 4 };

enum group {
    GROUP_ANY, /* of an option: it goes with every form of its verb */
    GROUP_NONE, GROUP_HANDSHAKE, GROUP_FRAME, GROUP_BYTES, GROUP_TEXT, GROUP_FIN, GROUP_LATENCY,
    GROUP_ONE_WAY, GROUP_CUT, GROUP_SLICE, GROUP_STATUS, GROUP_RESET, GROUP_REPLY, GROUP_BEAT, GROUP_ATTEMPTS,
    GROUP_GAPS, GROUP_NUMBERS, GROUP_SETUP,
    GROUP_SIO_OPEN, GROUP_SIO_ACCEPT, GROUP_SIO_PLAIN, GROUP_SIO_EVENT, GROUP_SIO_ACK,
    GROUP_SIO_ENGINE, GROUP_SIO_WANTED, GROUP_SIO_HEARD, GROUP_SIO_ANSWER,
    GROUPS
};

struct value_row { const char *name, *help; };
struct piece_row { const char *example, *help; };
struct slot_row {
    const char *word;      /* of an option; of an argument what help calls it */
    const char *legal;
    enum value_kind value; /* of an argument */
    const char *help;      /* of an argument */
};
struct verb_row { const char *word, *summary; enum place place; };
struct form_row {
    enum verb verb;
    const char *words;
    enum group group;
    enum slot argument[2];
    bool needed[2];
    const char *help;
};
struct option_row {
    enum verb verb;
    enum group group;
    enum slot slot;
    enum value_kind value;
    bool many;
    const char *help;
};

extern const struct value_row value_rows[VALUES];
extern const struct piece_row piece_rows[PIECES];
extern const struct slot_row slot_rows[SLOTS];
extern const struct verb_row verb_rows[VERBS];
extern const struct form_row form_rows[FORMS];
extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* `or` takes the forms and options of `expect`. */
enum verb verb_grammar(enum verb verb);
/* How an option or argument of that form is written; NULL when it has no such slot. */
const struct option_row *form_option(enum form form, enum slot slot);
enum value_kind form_value_kind(enum form form, enum slot slot);
bool form_has_option(enum form form, const struct option_row *option);

#endif
