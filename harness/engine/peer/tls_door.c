/* See tls_door.h. */
#include "engine/peer/tls_door.h"

#include "base/limits.h"
#include "net/pushback.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BEGINNING = 6, RECORD_HANDSHAKE = 0x16, CLIENT_HELLO = 1 }; /* a record's head, and the message's type */

struct caller {
    struct tls_door *door;
    struct layer *layer;
    uint8_t bytes[BEGINNING];
    size_t size;
    bool judged;
    struct caller *next, **link;
};

struct tls_door {
    enum tls_door_defect defect;
    tls_door_enter_fn *enter;
    void *arg;
    struct caller *callers;
    size_t count;
};

static void caller_free(struct caller *caller)
{
    *caller->link = caller->next;
    if (caller->next != NULL)
        caller->next->link = caller->link;
    caller->door->count--;
    layer_release(caller->layer);
    free(caller);
}

/* The beginning is whole; what else came with it stands at `rest`. */
static void judge(struct caller *caller, const uint8_t *rest, size_t size)
{
    struct tls_door *door = caller->door;
    bool tls = caller->bytes[0] == RECORD_HANDSHAKE && caller->bytes[BEGINNING - 1] == CLIENT_HELLO;

    caller->judged = true;
    if (!tls && door->defect == DOOR_KEEPS)
        return;
    uint8_t *all = malloc(BEGINNING + size);
    if (all != NULL) {
        memcpy(all, caller->bytes, BEGINNING);
        memcpy(all + BEGINNING, rest, size);
        struct layer *layer = pushback_layer(caller->layer, all, BEGINNING + size, NULL, NULL);
        caller->layer = NULL;
        door->enter(door->arg, layer, tls);
    }
    free(all);
    caller_free(caller);
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct caller *caller = owner;
    size_t room = BEGINNING - caller->size, taken = size < room ? size : room;

    if (caller->judged)
        return;
    memcpy(caller->bytes + caller->size, bytes, taken);
    caller->size += taken;
    if (caller->size == BEGINNING)
        judge(caller, bytes + taken, size - taken);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    (void)end, (void)why;
    caller_free(owner);
}

struct tls_door *tls_door_new(enum tls_door_defect defect, tls_door_enter_fn *enter, void *arg)
{
    struct tls_door *door = calloc(1, sizeof *door);

    if (door != NULL)
        *door = (struct tls_door){.defect = defect, .enter = enter, .arg = arg};
    return door;
}

void tls_door_watch(struct tls_door *door, struct layer *layer)
{
    static const struct layer_sink sink = {.data = on_data, .ended = on_ended};
    struct caller *caller = door->count < LIMIT_CONNECTIONS ? calloc(1, sizeof *caller) : NULL;

    if (caller == NULL) {
        layer_release(layer);
        return;
    }
    *caller = (struct caller){.door = door, .layer = layer, .next = door->callers, .link = &door->callers};
    if (caller->next != NULL)
        caller->next->link = &caller->next;
    door->callers = caller;
    door->count++;
    layer_listen(layer, &sink, caller);
}

void tls_door_free(struct tls_door *door)
{
    if (door == NULL)
        return;
    while (door->callers != NULL)
        caller_free(door->callers);
    free(door);
}
