/* `wsgauntlet echo --connect URL`: the reference peer in the client role. A URL
 * without a path is a serving: the client takes itself through its cases by the
 * driver protocol. With a path it is one connection, echoed until it ends. */
#ifndef MODES_ECHO_CONNECT_H
#define MODES_ECHO_CONNECT_H

#include "base/diag.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct connect_options {
    const char *url;
    const char *agent;            /* NULL: "wsgauntlet", and the defect */
    unsigned parallel;            /* cases at once */
    const char *ca_file;          /* wss; NULL: the system's */
    bool insecure;
    bool deflate;
    const char *const *protocols; /* to offer; NULL-terminated, may be NULL */
    uint64_t message_max;
    const char *fault;            /* a row of engine/peer/client_faults.def, "list" to print them; NULL: correct */
    uint64_t seed;
    FILE *out;
};

/* Until it is through, or SIGINT or SIGTERM. 0, or the status of `why`: nobody is there, or it refuses. */
int connect_main(const struct connect_options *options, struct diag *why);

#endif
