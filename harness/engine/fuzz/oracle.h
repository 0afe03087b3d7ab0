/* The oracle: what a correct server has to do about a session. It reads the very
 * bytes that the session sends with the reference model (wire/judge.h, the
 * handshake rules) and writes a scenario: the moves, and behind each what must
 * come back. The runner plays it like any other; what fails is a finding. */
#ifndef ENGINE_FUZZ_ORACLE_H
#define ENGINE_FUZZ_ORACLE_H

#include "base/limits.h"
#include "engine/fuzz/session.h"

/* The session again and again, and what the testee may use more behind it than before. */
struct oracle_loop {
    unsigned warm, times; /* so often before it is weighed, and behind that */
    const char *due;      /* "testee memory grows < 32MiB" */
    const char *label;
};

struct oracle_config {
    const char *title;    /* of the scenario */
    const char *target;   /* where the server's resource is; NULL: "/" */
    bool deflate;         /* the server is known to agree to permessage-deflate */
    bool no_protocols;    /* the server refuses who offers a subprotocol that it does not speak, as it may */
    bool echoes;          /* the server sends messages back; else they are not sent whole */
    uint64_t message_max; /* the server's limit on a message, in bytes after inflating; 0: not known, none is reached */
    const struct oracle_loop *loop; /* NULL: the session once */
    uint64_t timeout_ns;  /* of each expectation; 0: the language's own */
};

/* A scenario is at most so long: the rest of what one file may hold is for those played with it. */
#define ORACLE_TEXT_MAX (LIMIT_SCRIPT_BYTES / 4 * 3)

/* Appends the scenario. Moves that make no sense where they stand (a frame before
 * the handshake, anything behind a failure) are left out, so that any list of
 * moves is a session. Behind each expectation a comment names what it is about:
 * "echo", "pong", a row of violations.def, a row of handshake_rules.def. False
 * when nothing is left to send, or more comes of it than the oracle keeps. */
bool oracle_write(const struct session *session, const struct oracle_config *config, struct buf *out);

/* The comment at that line (1..) of an oracle's scenario, else its verb; "" when there
 * is no such line. At most size - 1 bytes. */
void oracle_label(const char *text, int line, char *out, size_t size);

#endif
