/* A part of a storm's clients, in a process of its own, and a part of the
 * built-in peer, where one process cannot hold all connections. */
#ifndef MODES_STORM_PART_H
#define MODES_STORM_PART_H

#include "modes/storm/storm.h"
#include "net/crew.h"

/* What is said to a part, and what it answers. */
enum part_word {
    PART_GATHER = CREW_TROUBLE + 1, /* struct part_order: be there, all of you */
    PART_IS_THERE,                  /* struct part_there */
    PART_STORM,                     /* struct part_policy: who is lost from now on comes back so */
    PART_IS_READY,
    PART_DROP,                      /* a byte, enum fleet_drop; else somebody else does it */
    PART_RESULT,                    /* the storm as JSON: one run with one case */
    PART_SERVE,                     /* struct part_peer: be a part of the built-in peer */
    PART_RESTART,                   /* it is killed and starts again */
    PART_SERVES,
};

#define PART_TEXT 1024u

struct part_order {
    size_t clients, first;
    uint64_t ramp;              /* of this part */
    char url[PART_TEXT], ca[PART_TEXT]; /* "": the system's certificates */
};
struct part_there {
    uint64_t clients, took_ns;
    uint64_t bytes;             /* that the process has grown by */
};
struct part_policy {
    char policy[PART_TEXT];     /* as behind `reconnect` */
    size_t all;                 /* clients, of all parts */
};
struct part_peer {
    uint16_t port;
    char certificate[PART_TEXT], key[PART_TEXT]; /* files; "": ws */
};

/* The scenario that does the same as a storm with this policy. */
void part_scenario(const struct storm_options *options, size_t clients, uint64_t ramp, const char *policy,
                   struct buf *out);
/* In the process of a part, whose options these are; returns its exit status. */
int part_live(void *options, int line);
/* The same for a part of the peer. */
int part_serve(void *options, int line);

#endif
