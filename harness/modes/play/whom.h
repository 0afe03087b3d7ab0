/* Whom a run plays against: the built-in peer, a server that we start, or one at a URL. */
#ifndef MODES_PLAY_WHOM_H
#define MODES_PLAY_WHOM_H

#include "base/buf.h"
#include "engine/peer/peer_testee.h"
#include "engine/testee.h"
#include "modes/play/play.h"

struct whom {
    const struct play_options *options;
    struct loop *loop;
    struct testee testee;
    struct buf url;
    struct buf against;   /* for the report's first line */
    struct buf replay;    /* the command that plays against the same again */
    bool builtin;

    struct peer_testee peer;
    struct tls_context *server_tls;
    struct exec_testee *process;
    char folder[64];      /* certificate and key, for as long as somebody reads them; "" for none */
    struct buf certificate_file, key_file;
    struct diag *why;     /* while waiting for the process */
    bool interrupted;
};

/* The loop, and the testee ready to be played against. False with the reason; whom_end in either case. */
bool whom_start(struct whom *whom, const struct play_options *options, struct diag *why);
/* Ends what we started, frees the loop. */
void whom_end(struct whom *whom);

#endif
