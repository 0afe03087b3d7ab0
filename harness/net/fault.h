/* Network faults as a layer: what happens to bytes on their way, one row of
 * faults.def each. The same rows serve `fault` steps, the proxy and their help. */
#ifndef NET_FAULT_H
#define NET_FAULT_H

#include "base/prng.h"
#include "net/layer.h"

enum fault_kind {
#define FAULT(id, word, argument, summary) FAULT_##id,
#include "net/faults.def"
#undef FAULT
    FAULTS
};

enum fault_direction { FAULT_OUT = 1, FAULT_IN = 2, FAULT_BOTH = 3 };

struct fault_setting {
    enum fault_kind kind;
    enum fault_direction direction;
    uint64_t time_ns;   /* latency: the delay; slice: the pause between pieces; slow-close: how long */
    uint64_t jitter_ns; /* latency: uniform on top; order is kept */
    /* bandwidth: bytes per second; slice: bytes per write; cut, limit: bytes that
     * still pass; corrupt: one bit in so many bytes */
    uint64_t amount;
};

/* Puts a fault stage on `below`, which may be in use, and owns it; it passes everything
 * until told. An end keeps its place behind held bytes. After a cut both sides hear of a
 * reset; after a limit the receiver of that way hears FIN. */
struct layer *fault_layer(struct layer *below, struct prng random, const struct layer_sink *sink,
                          void *owner);
/* `below` is not open yet: nothing goes out before it is, so that what still may pass does so before a cut. */
void fault_unopened(struct layer *fault);
/* Adds or changes one fault; FAULT_OFF takes all away (what was held back is then delivered in order). */
void fault_set(struct layer *fault, const struct fault_setting *setting);
/* Takes one fault away; the others stay. */
void fault_lift(struct layer *fault, enum fault_kind kind, enum fault_direction direction);

const char *fault_word(enum fault_kind kind);
const char *fault_summary(enum fault_kind kind);

#endif
