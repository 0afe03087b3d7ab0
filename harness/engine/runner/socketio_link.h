/* What a connection is that was opened with `open socketio` or `accept socketio`:
 * packets come out of its messages, Engine.IO's heartbeat goes by itself, and
 * what breaks the protocol fails the case. Part of play.h. */
#ifndef ENGINE_SOCKETIO_LINK_H
#define ENGINE_SOCKETIO_LINK_H

#include "socketio/judge.h"

struct conn;
struct step;
struct item;
struct runner;

struct sio_link {
    struct conn *conn;
    struct sio_judge judge;     /* of what the testee sends */
    uint64_t interval_ms, timeout_ms; /* as server: what our open packet says */
    struct timer *beat;         /* of our pings, where they are ours */
    bool asked;                 /* an event was expected that asks for an ack ... */
    uint64_t asked_id;          /* ... by this id */
    char asked_in[SIO_NAMESPACE_MAX + 1];
    uint64_t our_id;            /* of the last ack that we asked for */
    char our_in[SIO_NAMESPACE_MAX + 1];
    unsigned sids;              /* that we gave */
};

/* What an ITEM_PACKET or ITEM_BEAT holds beside its bytes. */
struct item_packet {
    enum eio_type engine;       /* MESSAGE: a packet of Socket.IO */
    struct sio_whole whole;
};
void item_packet_free(struct item_packet *packet);

/* For a connection that this step opens; nothing where it is no socketio step. False: the case is over. */
bool link_begin(struct conn *c, const struct step *step);
void link_free(struct sio_link *link);
/* Ends a case that needs another version of Engine.IO than the run speaks. */
void link_check_needs(struct runner *r);
/* Client: the target of the opening handshake, appended. False: the case is over. */
bool link_target(struct runner *r, const struct conn *c, const struct step *step, struct buf *out);
/* Server: our answer is out: the open packet follows. */
void link_opened(struct conn *c);
/* A whole message; it is taken. */
void link_message(struct conn *c, uint8_t opcode, const uint8_t *bytes, size_t size);
/* A text of ours that is no step's packet: what it says counts all the same. */
void link_sent_text(struct conn *c, const uint8_t *bytes, size_t size);
void link_heartbeat(struct conn *c, bool on);
/* The namespace that the step names; "/" by default. False: the case is over. */
bool link_namespace(struct runner *r, const struct step *step, const char *otherwise, struct buf *out);
/* The namespace of the packet, without its query, NUL-terminated. */
void link_keep_name(char kept[static SIO_NAMESPACE_MAX + 1], const struct sio_packet *packet);
/* The JSON of the step as a text, with an event's name and the array around it; nothing is appended where none is
 * said. So many attachments stand for the arguments that are left out. *value: what the text means, for the caller to
 * let go of; NULL with none. False: the case is over, also when it is no JSON. */
bool link_json(struct runner *r, const struct step *step, unsigned attachments, struct buf *out, json_t **value);
unsigned link_attachments(const struct step *step);

#endif
