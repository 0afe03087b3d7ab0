/* A fuzzed session: what is sent to a server, move by move, and nothing of what
 * is expected of it. The generator makes sessions, the mutator changes them, the
 * minimiser shortens them; the oracle (oracle.h) knows what has to come back. */
#ifndef ENGINE_FUZZ_SESSION_H
#define ENGINE_FUZZ_SESSION_H

#include "base/arena.h"
#include "engine/language/script.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

#define SESSION_MOVES_MAX 24u
#define SESSION_BYTES_MAX (256u << 10) /* payloads of one session */
#define SESSION_LIMIT_MAX (128u << 10) /* a testee's limit on messages: sessions go beyond it */
#define SESSION_WAIT_MS 50u /* in all: the rate is worth more */
#define SESSION_ACTORS 2u

enum move_kind {
#define MOVE(id, form, opcode) MOVE_##id,
#include "engine/fuzz/moves.def"
    MOVES
};

/* Form of the step that a move prints as; of a frame its opcode, else MOVE_NO_FRAME. */
#define MOVE_NO_FRAME 0xffu
enum form move_form(enum move_kind kind);
uint8_t move_opcode(enum move_kind kind);
bool move_is_data(enum move_kind kind); /* TEXT, BINARY, CONTINUE */

/* Zeroed but for kind: the plain, valid thing. */
struct move {
    enum move_kind kind;
    uint8_t actor;             /* 0 .. SESSION_ACTORS-1 */
    /* frames */
    bool more;                 /* FIN clear */
    bool compress;             /* needs a connection that offers permessage-deflate */
    bool opcode_set;           /* another opcode than the kind's */
    uint8_t opcode;
    uint8_t rsv;               /* 0 .. 7 */
    uint8_t long_length;       /* 0, 16 or 64 */
    enum { SESSION_MASK_OURS, SESSION_MASK_NONE, SESSION_MASK_KEY } mask;
    uint8_t key[4];
    bool claim;                /* the head says `length` */
    uint64_t length;
    bool cut_set;              /* only the first `cut` bytes are sent */
    uint32_t cut;
    uint32_t fragment;         /* message in fragments of so many bytes; 0: one frame */
    bool code_set;             /* CLOSE */
    uint16_t code;
    /* everything that sends */
    bool joined;               /* a message that is awaited only behind the next one */
    uint32_t chunk;            /* in writes of so many bytes; 0: one */
    uint16_t wait_ms;          /* WAIT: so long; else between two writes of a chunk */
    const uint8_t *bytes;      /* payload, head or raw bytes, in the session's arena */
    size_t size;
    /* OPEN */
    const char *offer;         /* NULL: none; else parameters of permessage-deflate, "" for none */
    const char *protocol;      /* offered subprotocol; NULL: none */
};

struct session {
    struct arena arena;
    struct move moves[SESSION_MOVES_MAX];
    size_t count;
    uint64_t number; /* among those of its campaign */
};

/* Empty. NULL without memory; freed with session_free. */
struct session *session_new(void);
struct session *session_copy(const struct session *session);
void session_free(struct session *session);

/* A plain move of that kind at the end; NULL when the session is full. */
struct move *session_add(struct session *session, enum move_kind kind, unsigned actor);
void session_remove(struct session *session, size_t at, size_t count);
/* Copies bytes into the session and makes them the move's. False without memory. */
bool session_bytes(struct session *session, struct move *move, const void *bytes, size_t size);
size_t session_size(const struct session *session); /* bytes of all payloads */
/* Shortens its waits to SESSION_WAIT_MS in all, the later ones to nothing. */
void session_cap_waits(struct session *session);

/* The moves of a case as it stands in a suite or a corpus; expectations are left
 * out. NULL when it has steps or options that are no moves (faults, families'
 * long repeats, files), is for clients, or is too large. */
struct session *session_of_case(const struct test_case *test_case);

/* One move as a step of the language, without newline. */
void move_print(const struct move *move, bool actors, struct buf *out);
/* Does any move use the second connection? Then all name theirs. */
bool session_has_actors(const struct session *session);

#endif
