/* What every unit test shares: a main, memory with a guard page behind it, and
 * allocations that fail on purpose. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs the tests; WSG_ROOT is the root of the project. */
int unit_run(const char *suite, const TTest *const *tests, size_t count);

#define UNIT_MAIN(suite, ...)                                                     \
    int main(void)                                                                \
    {                                                                             \
        const TTest *const unit_tests[] = {__VA_ARGS__};                          \
        return unit_run(suite, unit_tests, sizeof unit_tests / sizeof *unit_tests); \
    }

/* A copy of bytes that ends exactly at an unreadable page (and, with `before`,
 * one that begins exactly behind one). Freed with guard_free. */
struct guard {
    uint8_t *bytes;
    size_t size;
    void *map;
    size_t map_size;
};
struct guard guard_end(const void *bytes, size_t size);
struct guard guard_begin(const void *bytes, size_t size);
void guard_free(struct guard *g);

/* From now on the n-th allocation (1 is the next) returns NULL, and each one
 * behind it too when `for_ever`. 0 switches it off. malloc, calloc and realloc
 * of our own code are covered, not those inside shared libraries; libcheck's
 * own are, so no ck_assert between nomem_at(n) and nomem_at(0). */
void nomem_at(unsigned long n, int for_ever);
/* Did an allocation fail since nomem_at? */
int nomem_hit(void);

/* A file of the project, whole, with a NUL behind; free() it. Aborts when it is not there. */
char *unit_file(const char *path_below_root, size_t *size);

/* With WSG_UPDATE in the environment, writes a file of the project; else does nothing. */
void unit_update(const char *path_below_root, const char *text);

/* The text is exactly that of tests/golden/PATH; with WSG_UPDATE=1 in the
 * environment the file is written instead (look at the difference before committing it). */
void unit_golden(const char *path, const char *text);

#endif
