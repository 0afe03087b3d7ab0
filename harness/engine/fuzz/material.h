/* What fuzzed sessions are made of: lengths at the edges of the wire format,
 * texts, bytes that are no text, DEFLATE streams right and wrong, request heads
 * with one line changed. Inside engine/fuzz/ only. */
#ifndef ENGINE_FUZZ_MATERIAL_H
#define ENGINE_FUZZ_MATERIAL_H

#include "base/buf.h"
#include "base/prng.h"
#include "engine/fuzz/generate.h"

bool chance(struct prng *random, unsigned percent);

/* A payload length, mostly small, often at an edge (125, 126, 65535 ...). */
size_t material_length(struct prng *random);
void material_text(struct prng *random, size_t size, struct buf *out);    /* valid UTF-8 of about that size */
void material_no_text(struct prng *random, struct buf *out);              /* not UTF-8, its beginning mostly is */
void material_binary(struct prng *random, size_t size, struct buf *out);
void material_deflate(struct prng *random, struct buf *out);              /* a compressed payload by hand */
/* Long, and repeating itself at a distance, so that windows matter. */
void material_windowed(struct prng *random, struct buf *out);
uint16_t material_close_code(struct prng *random);
const char *material_offer(struct prng *random);    /* parameters of permessage-deflate */
const char *material_protocol(struct prng *random); /* NULL: none */
void material_head(struct prng *random, const struct generate_config *config, struct buf *out);

#endif
