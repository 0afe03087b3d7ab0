/* Socket.IO packets: revision 5 over Engine.IO 4, revisions 3 and 4 over Engine.IO 3.
 * `<type>[<attachments>-][<namespace>,][<ack id>][JSON]`, then the attachments as binary
 * messages of their own. Bytes in, values out; no I/O. Source: the socket.io-protocol repository. */
#ifndef SOCKETIO_PACKET_H
#define SOCKETIO_PACKET_H

#include "socketio/engineio.h"

#include <jansson.h>

#define SIO_NAMESPACE_MAX   256u /* bytes of a name, its query included */
#define SIO_ATTACHMENTS_MAX 64u  /* of one packet */

enum sio_type {
    SIO_CONNECT, SIO_DISCONNECT, SIO_EVENT, SIO_ACK, SIO_CONNECT_ERROR, SIO_BINARY_EVENT, SIO_BINARY_ACK, SIO_TYPES
};
/* "CONNECT" ... */
const char *sio_type_name(enum sio_type type);

struct sio_packet {
    enum sio_type type;
    unsigned attachments; /* that follow; of BINARY_EVENT and BINARY_ACK */
    const char *name;     /* of the namespace, "/" or "/chat", with the query where it has one; not NUL-terminated */
    size_t name_size;
    bool has_id;
    uint64_t id;          /* of the ack that is asked for, or given; at most 2^53 - 1 */
    const char *json;     /* as it stands, within what was decoded; NULL: none */
    size_t json_size;
    json_t *data;         /* its value; NULL: none. sio_packet_free lets go of it */
};

/* The data of one Engine.IO MESSAGE in text, judged by itself: what the type, the JSON and its placeholders must be.
 * False with a sentence as eio_decode gives; then there is nothing to free. */
bool sio_decode(enum eio_version version, const uint8_t *text, size_t size, struct sio_packet *packet,
                const char **why);
/* Appends the packet without its Engine.IO type; takes `json`, not `data`. False without memory. */
bool sio_encode(const struct sio_packet *packet, struct buf *out);
void sio_packet_free(struct sio_packet *packet);
/* Bytes of its namespace's name without the query: both mean the same namespace. */
size_t sio_bare_size(const struct sio_packet *packet);

/* Do they mean the same? Numbers by their value, objects in any order. */
bool sio_json_same(const json_t *a, const json_t *b);
/* Any JSON value, with numbers of any size; NULL when it is none. */
json_t *sio_json_read(const char *text, size_t size);

#endif
