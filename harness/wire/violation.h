/* What a peer can do wrong once the connection is open: one table
 * (violations.def), from which come the judge's findings, the report's sentences
 * and the fuzzer's oracle. */
#ifndef WS_VIOLATION_H
#define WS_VIOLATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How sure the text is. A tester fails a testee only on MUST. */
enum ws_certainty {
    WS_MUST,     /* by the text */
    WS_STRICT,   /* by the text, but it binds the sender more clearly than the receiver */
    WS_SHOULD,
    WS_DISPUTED, /* the text can be read both ways */
    WS_LENIENT,  /* the text prefers one, both occur */
    WS_POLICY,   /* both are legal; record only */
};
/* "must", "strict" ... */
const char *ws_certainty_name(enum ws_certainty certainty);

/* What a correct receiver does about it. */
enum ws_reaction {
    WS_REACT_FAIL,     /* must fail the connection */
    WS_REACT_MAY_FAIL, /* may fail it, or go on as if nothing was */
    WS_REACT_IGNORE,   /* takes no notice (bytes after a Close ...) */
};

#define WS_VIOLATION_CODES_MAX 3u
/* In a list of close codes: the text demands none of them, any will do. */
#define WS_CODE_ANY 1u

struct ws_violation {
    const char *name;        /* "reserved-data-opcode" */
    const char *requirement; /* id of requirements.tsv that the sender broke */
    enum ws_certainty certainty; /* that the sender is in the wrong */
    enum ws_reaction reaction;   /* the receiver's: surely wrong may still be overlooked */
    uint16_t codes[WS_VIOLATION_CODES_MAX]; /* close codes a receiver may fail with, best first; 0 ends */
    const char *sentence;    /* what the sender does: "sends a second Close" */
};

/* Ids are the row numbers: WS_V_RESERVED_DATA_OPCODE ... */
enum ws_violation_id {
#define X(id, name, requirement, certainty, reaction, c1, c2, c3, sentence) WS_V_##id,
#include "violations.def"
#undef X
    WS_VIOLATIONS
};
/* id < WS_VIOLATIONS; never NULL. */
const struct ws_violation *ws_violation_get(enum ws_violation_id id);
/* The row of that name; NULL when there is none. */
const struct ws_violation *ws_violation_find(const char *name);

#endif
