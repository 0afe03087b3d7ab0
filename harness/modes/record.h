/* `wsgauntlet record`: a session that went through a proxy becomes a scenario. */
#ifndef MODES_RECORD_H
#define MODES_RECORD_H

#include "base/diag.h"
#include "engine/proxy/address.h"

#include <stdio.h>

struct record_options {
    const char *listen, *upstream;
    const char *out_file;          /* the scenario; NULL or "-": `out` at the end */
    struct proxy_certificates certificates;
    bool keep_host;
    bool secrets;                  /* written as they are; masked otherwise */
    unsigned sessions;             /* ends when so many connections are over; 0: at an interrupt */
    uint64_t seed;
    FILE *out, *errors;
};
/* Until SIGINT or SIGTERM. Returns the exit status: 0, or that of `why`; with nothing recorded that is trouble. */
int record_main(const struct record_options *options, struct diag *why);

#endif
