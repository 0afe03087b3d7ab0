/* Private to wire: all kernels, compiled once per vector unit. The including
 * file defines UNIT (its name), TARGET (the function attribute that lets the
 * compiler use it) and LANE (bytes of a vector), TARGET_SMALL and LANE_SHORT
 * (the same for small payloads), and with HAS_LOOKUP and HAS_BITS the vec_
 * operations that utf8_lanes.inc and head_lanes.inc need. */
#include "simd.h"

#include <string.h>

#define LEVEL_FUNCTION static TARGET
#define LEVEL_INLINE static inline TARGET __attribute__((always_inline))
#define SMALL_FUNCTION static TARGET_SMALL
#define SMALL_INLINE static inline TARGET_SMALL __attribute__((always_inline))
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define unlikely(what) __builtin_expect(!!(what), 0)
/* Kept a branch, so that what follows need not wait for it. */
#define predict(what) __builtin_expect_with_probability(!!(what), 1, 1.0)

#include "mask_lanes.inc"
#include "frame_parse.inc"
#include "head_lanes.inc"
#ifdef HAS_LOOKUP
#include "utf8_lanes.inc"
#else
/* Without look-ups the automaton does it all. */
static size_t utf8_skip(const uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return 0;
}
#endif

const struct ws_simd PASTE(ws_simd_, UNIT) = {
    .name = TEXT(UNIT),
    .mask = mask_call,
    .frame_parse = frame_parse,
    .utf8_skip = utf8_skip,
    .head_lines = head_lines,
};
