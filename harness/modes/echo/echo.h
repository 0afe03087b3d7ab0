/* `wsgauntlet echo`: the reference peer as a program of its own. */
#ifndef MODES_ECHO_H
#define MODES_ECHO_H

#include "base/diag.h"
#include "engine/peer/peer.h"
#include "wire/extension.h"

#include <stdio.h>

struct echo_options {
    const char *host;             /* NULL: loopback */
    uint16_t port;                /* 0: any free one */
    bool tls;
    const char *certificate_file; /* PEM; NULL: a fresh self-signed one */
    const char *key_file;
    const char *certificate_out;  /* the certificate in use is written there, for --ca of a client; may be NULL */
    struct ws_deflate_policy deflate;
    const char *const *protocols; /* NULL-terminated; may be NULL */
    uint64_t message_max;         /* bytes; 0: LIMIT_MESSAGE_BYTES */
    const char *fault;            /* name of a row of engine/peer/peer_faults.def, "list" to print them; NULL: correct.
                                     One that needs permessage-deflate turns it on */
    bool socketio;                /* be a Socket.IO server; `fault` is then of socketio_faults.def */
    uint64_t seed;
    FILE *out;                    /* "listening on ws://127.0.0.1:PORT/" is its first line */
};

/* Serves until SIGINT or SIGTERM. Returns the exit status: 0, or that of `why`. */
int echo_main(const struct echo_options *options, struct diag *why);
/* `--fault list`: a line for each row. Returns 0. */
int echo_list_faults(peer_fault_table *table, FILE *out);

#endif
