/* Memory that is freed all at once: what a parsed script, a result or a suite
 * is made of. Aligned for any type, zeroed. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *blocks;
    size_t used; /* bytes handed out in all */
};

void arena_init(struct arena *a);
void arena_free(struct arena *a);
/* Everything that `from` holds is of `a` from now on; `from` is empty. */
void arena_adopt(struct arena *a, struct arena *from);
/* NULL only when there is no memory. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_copy(struct arena *a, const void *bytes, size_t size);
/* NUL-terminated copies. */
char *arena_text(struct arena *a, const char *text);
char *arena_text_n(struct arena *a, const char *text, size_t size);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
