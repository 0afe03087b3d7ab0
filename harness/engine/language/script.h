/* A scenario file in memory: what the parser makes, the printer prints, the
 * runner plays, a recorder writes and a minimiser shortens. Everything lives in
 * one arena; nothing here knows a socket. */
#ifndef ENGINE_SCRIPT_H
#define ENGINE_SCRIPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/prng.h"
#include "engine/language/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
#define VALUE(id, name, help) VALUE_##id,
#include "engine/language/verbs.def"
    VALUES
};
enum verb {
#define VERB(id, word, place, summary) VERB_##id,
#include "engine/language/verbs.def"
    VERBS
};
enum form {
#define FORM(verb, id, words, group, arg1, need1, arg2, need2, help) FORM_##id,
#include "engine/language/verbs.def"
    FORMS
};
/* Arguments and options share one name space: what a value means to its step. */
enum slot {
#define ARGUMENT(id, value, name, legal, help) SLOT_##id,
#define SLOT(id, word, legal) SLOT_##id,
#include "engine/language/verbs.def"
    SLOTS
};

/* ---- bytes, as they are written ---- */

enum piece_kind {
#define PIECE(id, example, help) PIECE_##id,
#include "engine/language/verbs.def"
    PIECES
};

/* One piece of a payload; neighbours are joined. A quoted text with ${name} in
 * it is several pieces: QUOTED, CAPTURE, QUOTED ..., glued. The bytes of QUOTED
 * and RAW mean themselves, whatever they are. */
struct piece {
    enum piece_kind kind;
    bool glued;            /* QUOTED, RAW, CAPTURE: in the same pair of quotes as the piece before */
    const uint8_t *bytes;  /* QUOTED, RAW, HEX */
    size_t size;
    const char *name;      /* CAPTURE; of the others the ${name} that stands for their number or digits, or NULL */
    enum sample_kind sample; /* SAMPLE: of what */
    const char *sample_name; /* SAMPLE: the ${name} that stands for its kind, or NULL */
    uint8_t byte;          /* FILL */
    bool to;               /* REPEAT: `times` is how many bytes in all */
    uint64_t times;        /* FILL, REPEAT: how often; RANDOM, TEXT: bytes; SAMPLE: characters or bytes */
    struct payload *inner; /* REPEAT: what; FILE: the path */
    struct piece *next;
};
struct payload {
    struct piece *pieces;
};

#define SCRIPT_CODES_MAX 16u
#define SCRIPT_CODE_NONE 0x10000u /* `none`: an empty Close */
#define SCRIPT_NTH_LAST UINT32_MAX /* the end of `4..` */
struct code_range { uint32_t from, to; }; /* 4xx is 400..499 */

struct value {
    enum value_kind kind;
    const char *written;         /* a word with the ${name} of a family in it, as it stands: the rest is unknown
                                    until the value is in its place. NULL in a test_case's steps */
    const char *promised;        /* in a test_case's steps: the word with the ${name} of a promise in it, whose value
                                    promises_bind puts in its place; NULL for all others */
    uint64_t number;             /* INT, SIZE (bytes), TIME (ns), RATE (bytes a second), FREQUENCY (a second) */
    uint64_t from, to;           /* RANGE, SPAN: ns; `within 1s` is 0 .. 1s, `backoff 1s` is 1s .. 1s */
    double real;                 /* NUMBER; PERCENT as a part of 1 */
    const char *word;            /* WORD */
    const char **words;          /* WORDS */
    size_t word_count;
    struct payload *bytes;       /* BYTES, STRING, DIGITS; MAYBE_BYTES: NULL when left out */
    struct code_range *codes;    /* CODES, NTH: at most SCRIPT_CODES_MAX; `any` is 1 .. SCRIPT_NTH_LAST */
    size_t code_count;
};

struct setting {
    enum slot slot;
    struct value value;
    int column;
    struct setting *next; /* in the order of the source */
};

struct step {
    enum verb verb;
    enum form form;
    int line;                 /* 1.. ; 0 when not from a file */
    int column;
    const char *actor;        /* NULL: the only one */
    struct setting *settings;
    struct step *body;        /* REPEAT, FLEET: its steps */
    struct step *end;         /* REPEAT, FLEET: the `end` line, for its comments; NULL when made */
    struct step *alternatives;/* EXPECT: the `or` lines behind it, chained by next */
    const char *comment;      /* behind the step, without '#', or NULL */
    const char *before;       /* comment and blank lines above it, one a line, or NULL */
    struct step *next;
};

/* ${name} of a family, in one of its cases. */
struct family_value { const char *name, *value; };
#define SCRIPT_EACH_MAX 4u

enum role_tested { TESTED_BOTH, TESTED_SERVER, TESTED_CLIENT };
enum grade { GRADE_MUST, GRADE_SHOULD, GRADE_MAY };

/* One thing to run: a case (of a family: one per value) or a scenario. */
struct test_case {
    const char *id;           /* "5.5.2/payload-125"; a scenario's is its file's name without .wsg, with :LINE
                                 behind it when the file has several */
    const char *title;
    bool is_scenario;
    const char *suite;        /* title of its file, "" */
    const char *file;         /* path as given, "" when embedded or made */
    int line;
    enum role_tested tested;
    uint64_t timeout_ns;
    const char *const *requirements; /* with their grade; NULL-terminated */
    const enum grade *grades;
    const char *const *autobahn;     /* alias ids, NULL-terminated */
    bool alone;               /* nothing else may play at the same time */
    bool needs[FORMS];        /* FORM_NEEDS_* */
    const char *needs_protocol;
    const struct family_value *each; /* of a family's case: what its names stand for */
    size_t each_count;
    struct step *hints;       /* its HINT lines, as steps are; NULL: none */
    unsigned clients;         /* processes of the client under test; 0: not said */
    bool unserved;            /* what a profile's `service` lines say does not hold */
    unsigned rate;            /* numbered messages that each is asked to make in a second; 0: not said */
    struct step *steps;       /* STEP verbs only; each member of a family has its own, with its value in place */
    size_t step_count;        /* bodies and alternatives among them */
    const struct step *head;  /* its `case` or `scenario` line in script->lines */
};

struct script {
    struct arena arena;
    const char *name;         /* for messages */
    const char *text;         /* the source, for messages; "" when made */
    size_t size;
    struct step *lines;       /* every line of the file in order, TOP and HEAD too: what is printed */
    const char *after;        /* comment lines at the end */
    struct test_case *cases;  /* families expanded */
    size_t case_count;
};

/* ---- text <-> script ---- */

/* Parses. Never NULL but without memory: on mistakes script->case_count is what
 * could be read and `errors` holds one message per mistake (file:line:column,
 * the line, a caret, a hint; see docs/scenario-language.md), sorted, the first
 * LIMIT_SCRIPT_ERRORS of them; *error_count is how many there are. */
struct script *script_parse(const char *name, const char *text, size_t size, struct buf *errors,
                            unsigned *error_count);
/* Reads the file, then parses. NULL with a diag when it cannot be read or has
 * mistakes (the diag then says how many; `errors` has them all). */
struct script *script_load(const char *path, struct buf *errors, struct diag *why);
void script_free(struct script *script);

/* The canonical text: what `fmt` writes. Parsing it gives the same script. */
void script_print(const struct script *script, struct buf *out);
/* One step, one line, no newline. */
void step_print(const struct step *step, struct buf *out);
/* The lines of one case as they stand in its file. */
void test_case_print(const struct test_case *test_case, struct buf *out);
void payload_print(const struct payload *payload, struct buf *out);
/* Any bytes as the shortest readable payload: a quoted string, or fill(), hex(). */
void bytes_print(const uint8_t *bytes, size_t size, struct buf *out);

/* What parses but is surely not meant (unknown requirement id, capture never
 * used, a step behind a drop ...), in the form of the mistakes, as warnings.
 * `requirements`: the known ids, NULL-terminated; NULL: not checked. Returns how many. */
unsigned script_lint(const struct script *script, const char *const *requirements, struct buf *out);

/* ---- made by hand: recorder, generator, mutator ---- */

/* A step without settings; NULL without memory. */
struct step *step_new(struct arena *arena, enum form form);
/* Adds a setting behind the others, its kind as the table says, and returns its
 * value to be filled in. NULL without memory; the slot must be one of the form's. */
struct value *step_add(struct arena *arena, struct step *step, enum slot slot);
/* A payload of these bytes, copied, as one QUOTED piece. */
struct payload *payload_of(struct arena *arena, const void *bytes, size_t size);

/* ---- the table, for help and grammars ---- */

/* `help` text: all verbs when word is NULL; false when there is no such verb. */
bool verbs_help(const char *word, struct buf *out);
/* The reference section of docs/scenario-language.md. */
void verbs_manual(struct buf *out);
const char *verb_word(enum verb verb);
const char *form_word(enum form form);
const char *slot_word(enum slot slot); /* of an argument: what help calls it */
/* Is it a line that says something of its case, before the steps? */
bool step_is_of_head(const struct step *step);
/* Is it an expectation that only a fleet can be asked? */
bool form_is_of_fleets(enum form form);
/* Is it a step about no connection: of the order of steps, of time, or of the testee itself? */
bool step_is_nobodys(const struct step *step);

/* ---- reading a step ---- */

/* First setting of that slot, or NULL; step_next_setting: the one behind it of the same slot. */
const struct setting *step_setting(const struct step *step, enum slot slot);
const struct setting *step_next_setting(const struct setting *setting);
uint64_t step_number(const struct step *step, enum slot slot, uint64_t otherwise);
bool step_flag(const struct step *step, enum slot slot);
bool value_has_code(const struct value *value, uint32_t code);
/* What ${name} of the family stands for in this case; NULL when it is none of its names. */
const char *family_value(const struct test_case *test_case, const char *name);

/* ---- payloads ---- */

struct capture { const char *name; const uint8_t *bytes; size_t size; };
struct payload_scope {
    const struct capture *captures; /* ${name}; the family's value and ${i} are among them */
    size_t capture_count;
    struct prng *random;            /* random(), text() */
    struct sample_reader *samples;  /* sample(); NULL: not allowed */
    const char *file_dir;           /* file("x") is relative to it; NULL: not allowed */
};
/* Appends the bytes. False with a diag: unknown ${name}, not a number, file not
 * readable or outside file_dir, over LIMIT_PAYLOAD_BYTES. NULL payload: none. */
bool payload_bytes(const struct payload *payload, const struct payload_scope *scope, struct buf *out,
                   struct diag *why);

#endif
