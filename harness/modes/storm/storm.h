/* `wsgauntlet storm`: what happens to a server when all its clients lose their
 * connection at once, and which reconnect policy saves it. */
#ifndef MODES_STORM_STORM_H
#define MODES_STORM_STORM_H

#include "engine/whom.h"
#include "report/telling.h"

enum storm_drop { STORM_DROP_AUTO, STORM_DROP_RESTART, STORM_DROP_RESET, STORM_DROP_FIN };

struct storm_options {
    struct whom_options whom;     /* replay, url_option: set by storm_main; `simulated`: on paper */
    uint64_t clients;
    uint64_t ramp;                /* so many a second come at first; 0: 2000 */
    const char *const *policies;  /* as behind `reconnect`; NULL: three that everybody has */
    enum storm_drop drop;         /* AUTO: restart what we started, else reset all connections */
    uint64_t most_ns;             /* how long a storm is watched; 0: 60 s */
    uint64_t handshakes;          /* on paper: how many a second the server does; 0: 2000 */
    uint64_t outage_ns;           /* on paper: how long nobody listens; 0: 2 s */
    uint64_t workers;             /* processes that share the clients; 0: as many as it takes */
    uint64_t shard, shards;       /* only this part of the clients, of shards; 0: all */

    struct telling tell;
};

#define STORM_PATIENCE_NS (10 * NS_PER_S) /* of a client, for one try */
/* As asked for, or by default. */
uint64_t storm_most_ns(const struct storm_options *options);
uint64_t storm_ramp(const struct storm_options *options);

/* Returns the exit status: 0 all came back each time, 1 some did not, 2 wrong usage, 3 trouble of our own or no
 * server. */
int storm_main(const struct storm_options *options, struct diag *why);

#endif
