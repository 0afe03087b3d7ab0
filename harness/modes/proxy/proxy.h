/* `wsgauntlet proxy`: proxies on a loop, driven by scripts, flags and an HTTP
 * interface, and what they see, told to a person, a pipe or a file. */
#ifndef MODES_PROXY_H
#define MODES_PROXY_H

#include "base/diag.h"
#include "engine/proxy/address.h"
#include "report/telling.h"

#include <stdio.h>

struct proxy_options {
    const char *listen, *upstream;   /* both NULL: none yet, --control makes them */
    const char *script;              /* a .wsg file; may be NULL */
    const char *const *faults;       /* lines in the short form; NULL-terminated, may be NULL */
    struct proxy_certificates certificates;
    bool keep_host, keep_deflate;
    const char *control;             /* address of the HTTP interface; NULL: none */
    const char *events;              /* JSON lines go to this file, "-" is standard output; may be NULL */
    bool secrets;                    /* heads are told whole */
    struct telling tell;             /* verbose: frames too */
    uint64_t workers;                /* processes that have the connections; 0: this one */
    uint64_t seed;
};

/* Serves until SIGINT or SIGTERM. Returns the exit status: 0, or that of `why`. */
int proxy_main(const struct proxy_options *options, struct diag *why);

#endif
