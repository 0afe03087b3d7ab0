/* What a network fault sees: one direction of a connection as a queue of pieces.
 * Each fault in force is asked how much of the head may go on now (`hold`), sees
 * what goes (`pass`), and may end the way (`over`). See faults.def and faults/. */
#ifndef NET_FAULT_WAY_H
#define NET_FAULT_WAY_H

#include "base/buf.h"
#include "net/fault.h"
#include "net/loop.h"

/* Bytes, or the end behind them. Small: each pong of a flood may be one. */
struct piece {
    struct piece *next;
    uint64_t due;    /* latency: not before */
    struct buf bytes;
    size_t at;       /* so many are gone */
    struct end *end; /* NULL: bytes */
};
struct end {
    uint64_t came;            /* when */
    enum layer_end end;       /* inwards */
    enum layer_finish finish; /* outwards */
    struct diag why;
};

struct fault_state {
    bool on;
    struct fault_setting setting;
    uint64_t next;  /* bandwidth: the time of the next byte */
    uint64_t count; /* cut, limit: bytes gone by; corrupt: bytes of this stretch */
    uint64_t at;    /* corrupt: the byte of this stretch that is hit */
};

struct way {
    struct fault *fault;
    bool out;
    bool shut; /* limit: its end was made here, and what comes now is thrown away */
    struct piece *first, *last;
    size_t pieces, held; /* their number, their bytes */
    uint64_t last_due;
    struct timer *wake;
    struct fault_state states[FAULTS];
};

/* What may happen to the head of a queue now. */
struct fault_verdict {
    size_t size;    /* so many bytes may go on */
    bool wait;      /* nothing may, */
    bool for_ever;  /* and no time will change that, */
    uint64_t until; /* or this one */
    bool turn;      /* what goes on goes alone: the next piece in another turn of the loop, */
    uint64_t pause; /* and not before so long */
};

enum fault_end { FAULT_GOES_ON, FAULT_RESETS, FAULT_FINISHES };

/* What a fault does; what it has nothing to do with is NULL. */
struct fault_acts {
    void (*hold)(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v);
    void (*pass)(struct way *way, struct fault_state *s, uint8_t *bytes, size_t size);
    enum fault_end (*over)(const struct fault_state *s);
    bool deaf; /* in either direction: no acknowledgement gets through */
};

#define FAULT(id, word, argument, summary) extern const struct fault_acts fault_acts_##id;
#include "net/faults.def"
#undef FAULT

/* Loop time. */
uint64_t way_now(const struct way *way);
/* The stream that this connection's faults draw from. */
struct prng *way_random(struct way *way);

/* `hold` of those who let nothing through. */
void hold_all(struct way *way, struct fault_state *s, const struct piece *head, struct fault_verdict *v);
void verdict_wait_until(struct fault_verdict *v, uint64_t time);
/* No more than `most` bytes; 0 counts as 1 where nothing could ever go. */
void verdict_limit(struct fault_verdict *v, uint64_t most);
static inline uint64_t fault_amount(const struct fault_state *s)
{
    return s->setting.amount == 0 ? 1 : s->setting.amount;
}

#endif
