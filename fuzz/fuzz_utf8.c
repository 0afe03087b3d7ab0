/* ws_utf8_feed and ws_utf8_valid (RFC 3629). Oracles: a second decoder made
 * from the definition, and the same byte named on every vector unit, at any
 * alignment, whole, bytewise and cut as the input says. */
#include "fuzz.h"

#include "plain_utf8.h"
#include "wire/utf8.h"

FUZZ_TARGET("utf8");

/* Feeds it in pieces; the index of the byte that was named, or size. */
static size_t feed(const uint8_t *bytes, size_t size, struct fuzz_cut cut, bool *complete)
{
    struct ws_utf8 u = {0};
    size_t at = 0, piece;
    while ((piece = fuzz_cut_next(&cut, size - at)) != 0) {
        size_t good = ws_utf8_feed(&u, bytes + at, piece);
        must(good <= piece, "%zu of %zu bytes", good, piece);
        at += good;
        if (good != piece) {
            must(ws_utf8_feed(&u, bytes, 1) == 0, "a dead text goes on");
            break;
        }
    }
    *complete = ws_utf8_complete(&u);
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const units[] = {"plain", "sse2", "avx2", "avx512", "neon"};
    uint8_t options = fuzz_take(&data, &size);
    size_t shift = options & 31;
    bool complete, plain_complete;
    size_t bad, plain_bad = plain_utf8_bad(data, size, &plain_complete);
    uint8_t *room = malloc(shift + size + (shift + size == 0)); /* nothing readable behind the text */
    must(room != NULL, "no memory");
    if (size != 0)
        memcpy(room + shift, data, size);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!ws_simd_force(units[i]))
            continue;
        must(strcmp(ws_simd_name(), units[i]) == 0, "%s is called %s", units[i], ws_simd_name());
        for (uint32_t way = 0; way < 3; way++) {
            bad = feed(room + shift, size, fuzz_cut_by(way < 2 ? way : 2u + options), &complete);
            must(bad == plain_bad, "%s: bad at %zu, not %zu of %zu (way %u)", units[i], bad, plain_bad, size, way);
            must(complete == plain_complete, "%s: complete is %d (way %u)", units[i], complete, way);
        }
        must(ws_utf8_valid(room + shift, size, &bad) == plain_complete && bad == plain_bad, "%s: whole", units[i]);
    }
    ws_simd_force(NULL);
    free(room);
    return 0;
}
