/* Edges for `wsgauntlet fuzz --coverage` without AFL++: link this file to a server
 * built with `-fsanitize-coverage=trace-pc-guard` (clang; gcc has trace-pc only).
 * It counts each edge in the shared memory that __AFL_SHM_ID names, as AFL++'s
 * run-time does; without that variable the server just runs.
 *
 *     clang -O1 -g -fsanitize-coverage=trace-pc-guard -c server.c
 *     clang -O1 -c guard.c                                 (this file itself uninstrumented)
 *     clang -o server server.o guard.o
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/shm.h>

#define FEW 8u /* where edges go as long as there is no map */

void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);
void __sanitizer_cov_trace_pc_guard(uint32_t *guard);

static uint8_t nowhere[FEW];
static uint8_t *map = nowhere;
static uint32_t map_size = FEW, edges;

static void attach(void)
{
    const char *id = getenv("__AFL_SHM_ID"), *size = getenv("AFL_MAP_SIZE");
    struct shmid_ds about;
    if (id == NULL || map != nowhere || shmctl(atoi(id), IPC_STAT, &about) != 0)
        return;
    void *at = shmat(atoi(id), NULL, 0);
    if (at == (void *)-1)
        return;
    unsigned long said = size == NULL ? 0 : strtoul(size, NULL, 10);
    map_size = said != 0 && said <= about.shm_segsz ? (uint32_t)said : (uint32_t)about.shm_segsz;
    map = at;
}

/* Once or more for each program and library: its guards are numbered from 1. More edges than the map has fold onto
 * each other. */
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop)
{
    attach();
    bool done = start == stop || *start != 0;
    for (uint32_t *guard = start; !done && guard < stop; guard++)
        *guard = ++edges;
}

/* A count that comes round stays above nothing. */
void __sanitizer_cov_trace_pc_guard(uint32_t *guard)
{
    uint8_t *count = &map[*guard % map_size];
    *count = (uint8_t)(*count + 1 == 256 ? 255 : *count + 1);
}
