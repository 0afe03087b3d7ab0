/* See paper.h: a heap of what happens next. */
#include "engine/fleet/paper.h"

#include <stdlib.h>

#define ROUND_TRIP_NS 1000000u

enum happening { TRIES, GIVES_UP, IS_BACK };

struct event {
    uint64_t at, began;
    uint32_t client;
    uint32_t kind;
};

struct table {
    const struct paper *paper;
    struct measure *measure;
    struct event *heap; /* one event per client at most */
    size_t count;
    uint16_t *tries;
    struct prng random;
    uint64_t *done;     /* a ring: when the server is done with those in its queue */
    size_t done_first, done_count;
    uint64_t free_at;   /* when the server has nothing to do */
};

static void push(struct table *t, struct event event)
{
    size_t at = t->count++;
    for (; at != 0 && t->heap[(at - 1) / 2].at > event.at; at = (at - 1) / 2)
        t->heap[at] = t->heap[(at - 1) / 2];
    t->heap[at] = event;
}

static struct event pop(struct table *t)
{
    struct event first = t->heap[0], last = t->heap[--t->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < t->count; at = child) {
        child += child + 1 < t->count && t->heap[child + 1].at < t->heap[child].at;
        if (t->heap[child].at >= last.at)
            break;
        t->heap[at] = t->heap[child];
    }
    t->heap[at] = last;
    return first;
}

static void try_again(struct table *t, uint32_t client, uint64_t now)
{
    if (t->tries[client] != UINT16_MAX)
        t->tries[client]++;
    uint64_t wait = backoff_wait(&t->paper->policy, t->tries[client], &t->random);
    push(t, (struct event){.at = now + wait, .client = client, .kind = TRIES});
}

/* Those that the server is done with by then leave its queue. */
static void serve_until(struct table *t, uint64_t now)
{
    while (t->done_count != 0 && t->done[t->done_first] <= now) {
        t->done_first = (t->done_first + 1) % t->paper->queue;
        t->done_count--;
    }
}

static void on_try(struct table *t, const struct event *event)
{
    const struct paper *p = t->paper;
    struct event then = {.at = event->at + p->patience_ns, .began = event->at, .client = event->client,
                         .kind = GIVES_UP};
    measure_try(t->measure, event->at);
    serve_until(t, event->at);
    if (event->at < p->outage_ns) {
        then.at = event->at + ROUND_TRIP_NS; /* refused: time goes on, however eager the client is */
    } else if (t->done_count < p->queue) {
        uint64_t start = t->free_at > event->at ? t->free_at : event->at;
        t->free_at = start + p->handshake_ns;
        t->done[(t->done_first + t->done_count++) % p->queue] = t->free_at;
        if (t->free_at <= then.at) {
            then.at = t->free_at;
            then.kind = IS_BACK;
        }
    }
    push(t, then);
}

static void play(struct table *t)
{
    for (uint32_t client = 0; client < t->paper->clients; client++)
        try_again(t, client, 0);
    while (t->count != 0 && t->heap[0].at <= t->paper->most_ns) {
        struct event event = pop(t);
        if (event.kind == TRIES) {
            on_try(t, &event);
            continue;
        }
        measure_answered(t->measure, event.at);
        if (event.kind == IS_BACK) {
            measure_back(t->measure, event.at, event.at - event.began);
        } else {
            measure_failed(t->measure, event.at);
            try_again(t, event.client, event.at);
        }
    }
}

bool paper_play(const struct paper *paper, struct measure *measure)
{
    struct table table = {
        .paper = paper,
        .measure = measure,
        .heap = calloc(paper->clients + 1, sizeof *table.heap),
        .tries = calloc(paper->clients + 1, sizeof *table.tries),
        .done = calloc(paper->queue + 1, sizeof *table.done),
        .random = prng_stream(paper->seed, "backoff"),
        .free_at = paper->outage_ns,
    };
    bool fine = table.heap != NULL && table.tries != NULL && table.done != NULL && paper->queue != 0;
    if (fine)
        play(&table);
    free(table.heap);
    free(table.tries);
    free(table.done);
    return fine;
}
