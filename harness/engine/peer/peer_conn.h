/* One connection of the reference peer, in either role, and the places where a
 * deliberate defect takes hold: for the files of this folder alone. */
#ifndef ENGINE_PEER_CONN_H
#define ENGINE_PEER_CONN_H

#include "engine/endpoint.h"
#include "engine/peer/peer.h"
#include "engine/peer/tls_door.h"

enum peer_stage {
    PEER_HEAD,   /* the opening handshake is awaited */
    PEER_OPEN,
    PEER_ENDING, /* our side of TCP has ended; we wait for the other */
};

/* A frame as a careless reader understands it: what a defect changes here is
 * what the peer then believes to have read. */
struct read_frame {
    struct ws_frame_head head;
    bool dropped;     /* takes no notice of it */
    uint64_t keep;    /* bytes of payload that are read; the rest is dropped */
};

/* What defects remember. */
struct peer_memory {
    struct ws_frame_parser parser; /* of the careless reader */
    struct read_frame reading;
    bool in_message;      /* one is open, to the reader's mind */
    uint8_t started;      /* opcode that the last message began with */
    struct ws_utf8 utf8;
    uint8_t key[4];       /* of the first frame */
    unsigned frames;      /* read so far */
    unsigned step;        /* of a defect that shows in several steps */
    uint64_t reserved;    /* bytes that a wasteful peer would have taken; counted only */
    uint64_t since_ns;
    uint8_t stash[125];
    size_t stashed;
    bool has_stash;
};

struct peer_conn {
    struct loop *loop;
    enum ws_role role;        /* ours */
    const struct peer_hooks *hooks;
    void (*released)(struct peer_conn *conn); /* it goes, by itself or by peer_conn_release: the owner forgets it */
    void *owner;              /* the peer or client that it is of */
    bool paused;              /* by the owner */
    bool keeps;               /* messages are kept instead of echoed */
    bool plain;               /* a defect: no compression, whatever was agreed */
    struct peer_conn *next, **link;
    struct endpoint *endpoint;
    enum peer_stage stage;
    struct timer *timer;      /* slow head; or how long we wait for the other side to end */
    void (*later)(struct peer_conn *conn);
    unsigned patience;        /* ticks of it that are left */
    size_t queued;            /* at its last tick */
    bool ended;               /* the other side of TCP has */
    bool stays;               /* a defect keeps ours from it */
    struct sio_session *session; /* a Socket.IO server: it gets the messages; NULL: they are echoed */
    struct buf message;       /* so far */
    uint8_t opcode;           /* of the message; 0: none is open */
    bool compressed;
    struct peer_memory memory;
};

struct peer_conn_config {
    enum ws_role role;
    const struct peer_hooks *hooks;
    uint64_t seed;
    unsigned number;
    uint64_t message_max;
    void (*released)(struct peer_conn *conn);
    void *owner;
};
/* Takes ownership of the layer. The sink is made of the owner's `head` and what follows here. NULL without memory. */
struct peer_conn *peer_conn_new(struct layer *layer, const struct peer_conn_config *config,
                                const struct endpoint_sink *sink);
void peer_conn_release(struct peer_conn *conn);
void peer_conn_opened(void *conn);
void peer_conn_event(void *conn, const struct ws_event *event);
void peer_conn_ended(void *conn, enum layer_end end, const struct diag *why);
void peer_conn_drained(void *conn);
/* The end of TCP, as it befits the role. */
void peer_conn_end(struct peer_conn *conn);
/* A defect keeps a connection; but not for ever. */
void peer_conn_stay(struct peer_conn *conn);

/* Where a defect takes hold; NULL members: correct. */
struct peer_hooks {
    /* Rule of handshake_rules.def ("request-method", "response-status") that is not applied. */
    const char *overlooks;
    /* Beginning of a line that an acceptance (a client: its request) lacks, and a line that it has too much. */
    const char *drops, *adds;
    unsigned ways; /* client: enum client_way, together */
    /* What will be answered. */
    void (*answer)(struct peer_conn *conn, const struct ws_head *head, struct ws_server_answer *answer);
    /* Client: fails a response that is right. */
    bool (*refuses)(struct peer_conn *conn, const struct ws_head *head);
    /* Client: its request is out, and nothing has come yet. */
    void (*requested)(struct peer_conn *conn);
    /* Client: the response is no good. True: the connection is kept all the same. */
    bool (*fails)(struct peer_conn *conn);
    /* Client: frames may go. */
    void (*welcomed)(struct peer_conn *conn);
    /* The answer, or the request, as text. */
    void (*head)(struct peer_conn *conn, struct buf *text);
    /* What is done about compression, whatever was agreed. */
    void (*agree)(struct peer_conn *conn, struct ws_deflate_params *params);
    /* A frame's head was read. */
    void (*read_head)(struct peer_conn *conn, struct read_frame *frame);
    /* Some of its payload, which may be changed. */
    void (*read_payload)(struct peer_conn *conn, const struct ws_frame_part *part);
    /* True: dealt with, the peer does nothing more about it. */
    bool (*event)(struct peer_conn *conn, const struct ws_event *event);
    /* A frame is to be sent. False: it is not. */
    bool (*send)(struct peer_conn *conn, struct frame_order *order);
    /* TCP is to be ended. True: dealt with. */
    bool (*end)(struct peer_conn *conn);
    /* Server: the other side ended or reset TCP, and there was no closing handshake. */
    void (*lost)(struct peer_conn *conn);
    /* Server: a request that does not come to its end is taken for a good one. */
    bool guesses;
    /* Server: asked to end, it ends its connections without a Close. */
    bool leaves_mute;
    /* Server: what its TLS port does with who does not speak TLS. */
    enum tls_door_defect door;
    /* Server of Socket.IO: enum sio_fault of socketio_peer.h, and the version of Engine.IO in which it shows. */
    unsigned socketio, eio;
};

/* Sends by way of the hook. */
void peer_conn_send(struct peer_conn *conn, struct frame_order *order);
/* A Close with the code (0: none), then the end. */
void peer_conn_close(struct peer_conn *conn, uint16_t code);

/* Calls fn after a while, unless the connection has ended by then. It must be open. */
void peer_conn_later(struct peer_conn *conn, uint64_t after_ns, void (*fn)(struct peer_conn *conn));

/* From now on it takes no connection: as good as dead. */
void peer_deafen(struct peer *peer);
/* What its connections share, for a defect to remember something in; 0 at first. */
unsigned *peer_mark(struct peer *peer);

/* The answer's text with its defects. */
void peer_text_spoil(struct peer_conn *conn, struct buf *text);
bool peer_is_acceptance(const struct buf *text);
/* The line that begins so, with its end, becomes `with`; a header line more. */
void peer_line_replace(struct buf *text, const char *begin, const char *with);
void peer_line_add(struct buf *text, const char *line);

/* The careless reader: rewrites the frames' bytes as its hooks want, for the endpoint (endpoint_config.reader). */
void peer_reader_init(struct peer_conn *conn);
size_t peer_reader(void *owner, uint8_t *bytes, size_t size, struct buf *out);

#endif
