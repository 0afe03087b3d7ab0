/* The reference peer as a Socket.IO server: Engine.IO 3 and 4 over WebSocket, the
 * namespaces /, /chat and /locked, and the events that docs/socketio.md asks of a
 * server under test. Correct by default, with one deliberate defect of
 * socketio_faults.def on request. For the files of this folder alone. */
#ifndef ENGINE_SOCKETIO_PEER_H
#define ENGINE_SOCKETIO_PEER_H

#include "engine/peer/peer_conn.h"
#include "socketio/judge.h"

enum sio_fault {
    SIO_FAULT_NONE,
#define FAULT(id, name, caught_by, eio, summary, overlooks) SIO_FAULT_##id,
#include "engine/peer/socketio_faults.def"
#undef FAULT
    SIO_FAULTS
};

#define SIO_HISTORY_MAX 64u   /* events that are kept for who comes back */
#define SIO_STATES_MAX  4096u /* of a hub; the oldest of the lost ones go then */
#define SIO_KEPT_MAX    (16u << 20) /* bytes of all such events */

/* An event that was sent, or could not be. */
struct sio_past { char offset[24]; char *json; };

/* A namespace of one client; it outlives the connection, for who comes back. */
struct sio_state {
    char name[SIO_NAMESPACE_MAX + 1];
    char sid[32], pid[32];
    char *token;                     /* of auth or query, as JSON; NULL: none */
    struct sio_session *live;        /* NULL: the connection was lost */
    struct sio_past past[SIO_HISTORY_MAX];
    size_t past_count;
    struct sio_state *next;
};

/* What all connections of a peer share. */
struct sio_hub {
    struct sio_state *states;
    size_t count, kept;
    uint64_t numbers;                /* of sids, offsets, acks */
    char *held;                      /* a defect's */
};
void sio_hub_free(struct sio_hub *hub);

struct sio_session {
    struct peer_conn *conn;
    struct sio_hub *hub;
    enum sio_fault fault;
    struct sio_judge judge;
    char sid[32];
    struct timer *beat;              /* the next ping, or the end for want of one */
    struct timer *connects;          /* until it asks for a namespace */
    bool pinged;                     /* and not answered */
    bool refused;                    /* a namespace, for a defect */
};

/* The target of an opening handshake: does it ask for Socket.IO here? */
bool sio_target_fine(struct ws_span target, enum sio_fault fault, enum eio_version *version);
/* Frames may go: the open packet does. NULL without memory. */
struct sio_session *sio_session_new(struct peer_conn *conn, struct sio_hub *hub, enum eio_version version,
                                    enum sio_fault fault);
void sio_session_free(struct sio_session *session);
/* A whole message. */
void sio_session_message(struct sio_session *session, bool binary, const uint8_t *bytes, size_t size);

/* ---- between socketio_peer.c and socketio_app.c ---- */

/* The packet with its attachments goes out; what lies in `json` is taken. */
void sio_session_send(struct sio_session *session, const struct sio_packet *packet, const struct buf *attachments);
struct sio_state *sio_state_of(struct sio_session *session, const char *name, size_t size);
void sio_state_drop(struct sio_hub *hub, struct sio_state *state);
/* An event of ours: with its offset where it is kept. `data`: the array, borrowed. */
void sio_state_emit(struct sio_hub *hub, struct sio_state *state, json_t *data, const struct buf *attachments,
                    unsigned count);
/* An event or an ack has come. */
void sio_app_packet(struct sio_session *session, struct sio_state *state, const struct sio_whole *whole);

#endif
