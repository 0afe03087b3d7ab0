/* RFC 3629 and RFC 6455 section 8.1: UTF-8, checked as it arrives. Fail-fast:
 * the byte at which the text can no longer become valid is named exactly. */
#ifndef WS_UTF8_H
#define WS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* State between pieces: 0 is "between characters"; zero-initialise. */
struct ws_utf8 {
    uint32_t state;
};

/* Feeds a piece. Returns `size` when the text so far is valid or can still
 * become so, else the index in this piece of the first byte that makes it
 * invalid (the state is then dead: every later call returns 0). */
size_t ws_utf8_feed(struct ws_utf8 *u, const uint8_t *bytes, size_t size);

/* May the text end here? False within a character, and when dead. */
bool ws_utf8_complete(const struct ws_utf8 *u);

/* A whole text at once: the index of the first bad byte, `size` when valid; a
 * text that ends within a character is bad at `size_out` = size and returns false. */
bool ws_utf8_valid(const uint8_t *bytes, size_t size, size_t *bad_at);

#endif
