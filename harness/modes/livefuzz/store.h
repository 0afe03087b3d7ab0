/* The folder of a campaign: findings/NAME.wsg, corpus/NAME.wsg, and `state`, from
 * which a campaign that was interrupted goes on. */
#ifndef MODES_LIVEFUZZ_STORE_H
#define MODES_LIVEFUZZ_STORE_H

#include "base/buf.h"
#include "base/diag.h"

#include <stdbool.h>
#include <stdint.h>

struct store {
    struct buf folder; /* its path */
    int lock;          /* the descriptor that holds it, plus one; 0: none */
};

struct store_state {
    uint64_t seed;
    uint64_t sessions;     /* played so far */
    uint64_t spent_ns;
    char against[512];     /* whom: another testee is another campaign */
};

/* Makes the folders, and keeps other campaigns out until store_close. False with one line. */
bool store_open(struct store *store, const char *folder, struct diag *why);
void store_close(struct store *store);

/* True when there is a state of an earlier campaign; a damaged one is a diag. */
bool store_read_state(const struct store *store, struct store_state *state, struct diag *why);
bool store_write_state(const struct store *store, const struct store_state *state, struct diag *why);

/* Writes KIND/NAME.wsg, whole or not at all. */
bool store_write(const struct store *store, const char *kind, const char *name, const struct buf *text,
                 struct diag *why);
/* Where that is. */
void store_file(const struct store *store, const char *kind, const char *name, struct buf *path);
/* The folder of that kind, "findings" or "corpus". */
void store_path(const struct store *store, const char *kind, struct buf *path);

#endif
