/* What one side of a connection sends, message by message: whole packets come
 * out, with their attachments, and what breaks the protocol is a sentence. It
 * keeps what a receiver has to know for that: the namespaces, the acks that are
 * due, the attachments that are missing. No I/O, no clock. */
#ifndef SOCKETIO_JUDGE_H
#define SOCKETIO_JUDGE_H

#include "socketio/packet.h"

#define SIO_NAMESPACES_MAX       16u /* that are kept; in more, order is not judged */
#define SIO_ASKED_MAX            256u /* acks that are due; of more, ids are not judged */
#define SIO_ATTACHMENT_BYTES_MAX (16u << 20) /* of one packet together */

struct sio_namespace {
    char name[SIO_NAMESPACE_MAX]; /* without its query */
    size_t size;
    /* LEFT: the other side has ended it; what was on its way may still come. */
    enum { SIO_NONE, SIO_ASKED, SIO_CONNECTED, SIO_LEFT } state;
};

struct sio_asked { const struct sio_namespace *of; uint64_t id; };

/* A packet with all that belongs to it. Zero-initialise. */
struct sio_whole {
    struct buf text;             /* what the packet's slices point into */
    struct sio_packet packet;
    struct buf *attachments;     /* packet.attachments of them */
};
void sio_whole_free(struct sio_whole *whole);

struct sio_judge {
    enum eio_version version;
    bool of_server;              /* what a server sends is judged; else a client's */
    bool opened;                 /* the OPEN packet came */
    struct eio_open open;        /* what it said */
    struct sio_namespace namespaces[SIO_NAMESPACES_MAX];
    size_t namespace_count;
    struct sio_asked asked[SIO_ASKED_MAX];
    size_t asked_count;
    bool unsure;                 /* a limit was passed: what is not known is taken for right */
    struct sio_whole whole;      /* the last packet, or the one under way */
    unsigned attachment_count;   /* of its attachments that have come */
    size_t attachment_bytes;
};

struct sio_heard {
    enum {
        SIO_HEARD_PART,          /* more of a packet follows */
        SIO_HEARD_ENGINE,        /* a packet of Engine.IO: all but MESSAGE */
        SIO_HEARD_PACKET,        /* judge->whole, good until the next call; sio_judge_take keeps it */
        SIO_HEARD_WRONG,         /* `why` */
    } kind;
    struct eio_packet engine;    /* ENGINE: within the message */
    const char *why;             /* goes on from "the testee ..."; static */
};

void sio_judge_init(struct sio_judge *judge, enum eio_version version, bool of_server);
void sio_judge_free(struct sio_judge *judge);
/* Is it the judged side that pings? With Engine.IO 4 the server does, with 3 the client. */
bool sio_judge_pings(const struct sio_judge *judge);
/* One WebSocket message of the side that is judged. */
struct sio_heard sio_judge_message(struct sio_judge *judge, bool binary, const uint8_t *bytes, size_t size);
/* The packet that was heard last, to be freed by the caller. */
struct sio_whole sio_judge_take(struct sio_judge *judge);
/* What the other side sent, right or wrong: it is what packets answer to. */
void sio_judge_sent(struct sio_judge *judge, const struct sio_packet *packet);

#endif
