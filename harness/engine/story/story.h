/* A session that was seen (by the proxy, in a browser's HAR) as a scenario that
 * plays it again: from the client's side against the server, and mirrored, from
 * the server's side against the client. Times become ranges, values that the
 * peer makes up become captures or patterns, secrets are masked. */
#ifndef ENGINE_STORY_H
#define ENGINE_STORY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

#include <stdint.h>

enum story_kind {
    STORY_OPEN,    /* a connection was opened; text: the request head, or a target and nothing else */
    STORY_ANSWER,  /* text: the response head */
    STORY_MESSAGE, /* whole, of opcode 1 or 2 */
    STORY_PING,
    STORY_CLOSE,   /* code (0: none) and reason */
    STORY_FIN,     /* that side ended TCP */
    STORY_RESET,
    STORY_GONE,    /* ended, nobody knows how */
};

struct story_event {
    enum story_kind kind;
    unsigned connection;  /* 1 .. */
    uint64_t at_ns;       /* of one clock for all */
    bool client;          /* the client did it */
    uint8_t opcode;       /* MESSAGE */
    unsigned code;        /* CLOSE */
    const uint8_t *bytes;
    size_t size;
    uint64_t whole;       /* bytes in all; more than size when not everything was kept */
    size_t order;         /* set by story_add */
};

#define STORY_EVENTS_MAX 20000u
#define STORY_BYTES_MAX (64u << 20)

struct story {
    struct arena arena;
    struct story_event *events;
    size_t count, capacity;
    size_t left_out;      /* beyond the limits */
};

void story_init(struct story *story);
void story_free(struct story *story);
/* Copies the bytes. In any order; story_write sorts by time. */
void story_add(struct story *story, const struct story_event *event);

struct story_options {
    const char *title;    /* of the scenarios */
    bool secrets;         /* masked otherwise */
};
/* Appends the file: a scenario for a server, and the same mirrored for a client.
 * False with a diag: nothing was recorded, or no memory. */
bool story_write(struct story *story, const struct story_options *options, struct buf *out, struct diag *why);

#endif
