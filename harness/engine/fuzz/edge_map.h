/* The edges that an instrumented testee goes over: the shared memory of AFL++'s
 * run-time (afl-clang-fast, also for -fsanitize-coverage=trace-pc-guard linked with
 * it), handed over through the environment. No fork server: the testee just runs. */
#ifndef ENGINE_FUZZ_EDGE_MAP_H
#define ENGINE_FUZZ_EDGE_MAP_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct edge_map;

/* Makes the map, and names it in this process's environment, which a testee that is started
 * later inherits (__AFL_SHM_ID, AFL_MAP_SIZE). NULL with a diag. */
struct edge_map *edge_map_new(struct diag *why);
void edge_map_free(struct edge_map *map);

/* Forgets what was gone over since the last call. */
void edge_map_clear(struct edge_map *map);
#define EDGE_NEWS_MAX 16u
/* What was gone over that never was, or never as often (by powers of two). */
struct edge_news {
    size_t count; /* 0: nothing is new */
    size_t edges; /* of them, those that were never gone over at all */
    struct { uint32_t edge; uint8_t magnitude; } first[EDGE_NEWS_MAX]; /* the first of them */
};
/* Remembers it. */
struct edge_news edge_map_news(struct edge_map *map);
/* Was all of this gone over since the last clear, and as often? */
bool edge_map_shows(const struct edge_map *map, const struct edge_news *news);
/* Edges gone over so far. 0: the testee is not instrumented. */
size_t edge_map_count(const struct edge_map *map);

#endif
