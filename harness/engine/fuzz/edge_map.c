/* See edge_map.h. */
#include "engine/fuzz/edge_map.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#define MAP_BYTES (1u << 18) /* more edges than that fold onto each other */

struct edge_map {
    int id;
    uint8_t *map;            /* counts, written by the testee */
    uint8_t best[MAP_BYTES]; /* the highest count of each, as a power of two plus one */
    size_t edges;
};

struct edge_map *edge_map_new(struct diag *why)
{
    char text[24];
    struct edge_map *c = calloc(1, sizeof *c);
    if (c == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return NULL;
    }
    c->id = shmget(IPC_PRIVATE, MAP_BYTES, IPC_CREAT | IPC_EXCL | 0600);
    void *map = c->id < 0 ? (void *)-1 : shmat(c->id, NULL, 0);
    if (c->id >= 0)
        shmctl(c->id, IPC_RMID, NULL); /* goes with the last who uses it; Linux still lets the testee in */
    if (map == (void *)-1) {
        diag_set(why, DIAG_TROUBLE, "no shared memory for the coverage map: %s", strerror(errno));
        free(c);
        return NULL;
    }
    c->map = map;
    snprintf(text, sizeof text, "%d", c->id);
    setenv("__AFL_SHM_ID", text, 1);
    snprintf(text, sizeof text, "%u", MAP_BYTES);
    setenv("AFL_MAP_SIZE", text, 1);
    return c;
}

void edge_map_free(struct edge_map *c)
{
    if (c == NULL)
        return;
    shmdt(c->map);
    unsetenv("__AFL_SHM_ID");
    unsetenv("AFL_MAP_SIZE");
    free(c);
}

void edge_map_clear(struct edge_map *c)
{
    memset(c->map, 0, MAP_BYTES);
}

static uint8_t magnitude(uint8_t count)
{
    uint8_t bits = 0;
    for (; count != 0; count >>= 1)
        bits++;
    return bits;
}

struct edge_news edge_map_news(struct edge_map *c)
{
    struct edge_news news = {0};
    for (size_t i = 0; i < MAP_BYTES; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, c->map + i, sizeof word);
        for (size_t k = i; word != 0 && k < i + sizeof word; k++) {
            uint8_t now = magnitude(c->map[k]);
            if (now <= c->best[k])
                continue;
            news.edges += c->best[k] == 0;
            c->best[k] = now;
            if (news.count < EDGE_NEWS_MAX) {
                news.first[news.count].edge = (uint32_t)k;
                news.first[news.count].magnitude = now;
            }
            news.count++;
        }
    }
    c->edges += news.edges;
    return news;
}

bool edge_map_shows(const struct edge_map *c, const struct edge_news *news)
{
    bool all = true;
    for (size_t i = 0; i < news->count && i < EDGE_NEWS_MAX; i++)
        all &= magnitude(c->map[news->first[i].edge]) >= news->first[i].magnitude;
    return all;
}

size_t edge_map_count(const struct edge_map *c)
{
    return c->edges;
}
