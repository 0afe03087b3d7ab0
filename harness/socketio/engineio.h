/* Engine.IO, versions 3 and 4, over the WebSocket transport: one WebSocket
 * message is one packet. Bytes in, values out; no I/O, no clock.
 * Source: the engine.io-protocol repository, "Packet encoding" and "Handshake". */
#ifndef SOCKETIO_ENGINEIO_H
#define SOCKETIO_ENGINEIO_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum eio_version { EIO_3 = 3, EIO_4 = 4 };

/* Has the target of an opening handshake this part of a query, whole: "EIO=4"? */
bool eio_target_has(const char *target, size_t size, const char *part);

enum eio_type { EIO_OPEN, EIO_CLOSE, EIO_PING, EIO_PONG, EIO_MESSAGE, EIO_UPGRADE, EIO_NOOP, EIO_TYPES };
/* "open", "close" ... */
const char *eio_type_name(enum eio_type type);

struct eio_packet {
    enum eio_type type;
    bool binary;         /* its data are bytes: MESSAGE alone in version 4, any type in version 3 */
    const uint8_t *data; /* behind the type; within what was decoded */
    size_t size;
};

/* One WebSocket message, text or binary. False with a sentence that goes on from "the testee ...". */
bool eio_decode(enum eio_version version, bool binary, const uint8_t *bytes, size_t size, struct eio_packet *packet,
                const char **why);
/* Appends the message's bytes; packet->binary says as which opcode they go. False without memory. */
bool eio_encode(enum eio_version version, const struct eio_packet *packet, struct buf *out);

/* ---- the data of an OPEN packet ---- */

#define EIO_SID_MAX 128u
struct eio_open {
    char sid[EIO_SID_MAX + 1];
    uint64_t interval_ms, timeout_ms; /* pingInterval, pingTimeout */
    uint64_t max_payload;             /* bytes; 0: not said */
};
/* False with a sentence as above: no JSON object, no sid, no upgrades, intervals that are none. */
bool eio_open_read(const uint8_t *json, size_t size, struct eio_open *open, const char **why);
/* Appends the whole packet, `0{...}`, a text message. The sid must need no escapes. */
bool eio_open_write(const struct eio_open *open, struct buf *out);

#endif
