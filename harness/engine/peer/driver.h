/* A driver: takes the reference client through all cases of a serving, ours or
 * Autobahn's fuzzingserver: /getCaseCount, each /runCase, /updateReports; ours has
 * hints for some (/getCaseHints), which it follows. */
#ifndef ENGINE_DRIVER_H
#define ENGINE_DRIVER_H

#include "engine/peer/client.h"

struct driver;

struct driver_config {
    const struct ws_url *base;      /* ws://127.0.0.1:9001 */
    const char *agent;
    unsigned parallel;              /* cases at once; 0: 1 */
    struct tls_context *tls;
    struct tls_context *any_tls;    /* that takes any certificate, for a defect; may be NULL */
    bool verifies;                  /* `tls` does not */
    bool deflate;
    const char *const *protocols;
    const struct peer_fault *fault; /* in its cases alone: a driver has to be able to ask */
    uint64_t message_max;
    uint64_t seed;
    /* All cases were called for; or `why` they could not be. */
    void (*done)(void *arg, const struct diag *why);
    void *arg;
};

/* Strings are copied, but for those that structures point to. NULL without memory. */
struct driver *driver_start(struct loop *loop, const struct driver_config *config);
size_t driver_count(const struct driver *driver); /* of cases, once known */
/* Ends what is under way. NULL is fine. */
void driver_stop(struct driver *driver);

#endif
