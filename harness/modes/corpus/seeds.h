/* Where seeds go: DIR/TARGET/HASH, each with the options in front that its
 * target takes off (fuzz/fuzz_TARGET.c). Equal seeds are one. Inside modes/corpus/ only. */
#ifndef MODES_CORPUS_SEEDS_H
#define MODES_CORPUS_SEEDS_H

#include "base/buf.h"
#include "base/diag.h"
#include "wire/frame.h"

#define SEED_BYTES_MAX 4096u /* a larger one is left out: fuzzing is for small inputs */

enum seed_target {
    SEED_FRAME, SEED_JUDGE, SEED_DIFF_FRAME, SEED_CLOSE, SEED_UTF8, SEED_DEFLATE, SEED_DIFF_DEFLATE,
    SEED_HEAD, SEED_RESPONSE, SEED_DIFF_HEAD, SEED_EXTENSION, SEED_SCRIPT, SEED_SESSION,
    SEED_TARGETS
};

struct seeds {
    const char *folder;
    struct diag *why;                 /* the first trouble; nothing is written behind it */
    size_t written[SEED_TARGETS];
    unsigned turn;                    /* of the options that a seed does not decide: each in its turn */
};

const char *seed_target_name(enum seed_target target);
/* A stream of frames as `receiver` reads it. */
void seed_stream(struct seeds *seeds, enum ws_role receiver, bool deflate, bool takeover, const void *bytes,
                 size_t size);
/* The unmasked payload of a frame of that opcode. */
void seed_payload(struct seeds *seeds, enum ws_role receiver, unsigned opcode, bool compressed, const void *bytes,
                  size_t size);
/* A request or response, and what its extensions say. */
void seed_head(struct seeds *seeds, bool is_response, const void *bytes, size_t size);
/* A scenario; `playable`: against the reference peer. */
void seed_script(struct seeds *seeds, bool playable, const void *bytes, size_t size);

#endif
