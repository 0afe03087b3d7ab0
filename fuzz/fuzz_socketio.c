/* Packets of Engine.IO and Socket.IO (harness/socketio), as one side sends them.
 * The input is a row of messages, each behind a byte: its lowest bit says binary,
 * the next one that the other side sends it. Oracles: what is decoded is encoded to the same meaning, and that to the
 * same bytes; the judge hears exactly the packets that decode, with all their
 * attachments; what it refuses it names; its memory stays within its limits. */
#include "fuzz.h"

#include "socketio/judge.h"

FUZZ_TARGET("socketio");

enum { SAME_MOST = 250 /* deeper JSON is not compared (packet.c, DEPTH_MAX) */ };
enum { SEPARATOR = 0x1e }; /* between messages, as between the packets of a polling payload */

static bool same_packet(const struct sio_packet *a, const struct sio_packet *b)
{
    return a->type == b->type && a->attachments == b->attachments && a->has_id == b->has_id && a->id == b->id &&
           a->name_size == b->name_size && memcmp(a->name, b->name, a->name_size) == 0 &&
           a->json_size == b->json_size && (a->json_size == 0 || memcmp(a->json, b->json, a->json_size) == 0);
}

static void check_sentence(const char *why)
{
    must(why != NULL && (strncmp(why, "sends ", 6) == 0 || strncmp(why, "announces ", 10) == 0), "refused with: %s",
         why == NULL ? "nothing" : why);
}

/* One packet of Socket.IO. True: it decodes. */
static bool check_packet(enum eio_version version, const uint8_t *text, size_t size)
{
    struct sio_packet packet, again;
    const char *why = NULL;
    if (!sio_decode(version, text, size, &packet, &why)) {
        check_sentence(why);
        return false;
    }
    must(packet.name_size >= 1 && packet.name[0] == '/' && packet.name_size <= SIO_NAMESPACE_MAX, "a namespace");
    must(packet.attachments <= SIO_ATTACHMENTS_MAX, "%u attachments", packet.attachments);
    bool binary = packet.type == SIO_BINARY_EVENT || packet.type == SIO_BINARY_ACK;
    must((packet.attachments != 0) == binary, "type %d with %u attachments", packet.type,
         packet.attachments);
    struct buf first, second;
    buf_init(&first, 0);
    buf_init(&second, 0);
    must(sio_encode(&packet, &first), "it cannot be encoded");
    must(sio_decode(version, first.data, first.size, &again, &why), "what was encoded is refused: %s", why);
    must(same_packet(&packet, &again), "what was encoded is another packet");
    must(sio_json_same(packet.data, again.data) || packet.json_size > SAME_MOST || packet.data == NULL,
         "what was encoded holds other JSON");
    must(sio_encode(&again, &second) && first.size == second.size && memcmp(first.data, second.data, first.size) == 0,
         "encoded twice, it differs");
    buf_free(&first);
    buf_free(&second);
    sio_packet_free(&packet);
    sio_packet_free(&again);
    return true;
}

static void check_open(const struct eio_packet *packet)
{
    struct eio_open open;
    const char *why = NULL;
    if (!eio_open_read(packet->data, packet->size, &open, &why)) {
        check_sentence(why);
        return;
    }
    must(*open.sid != '\0' && open.interval_ms > 0 && open.timeout_ms > 0, "an open packet without what it needs");
}

/* One message by itself. True: it is a packet of Engine.IO; *socketio: of Socket.IO, and right. */
static bool check_message(enum eio_version version, bool binary, const uint8_t *bytes, size_t size, bool *socketio)
{
    struct eio_packet packet;
    const char *why = NULL;
    *socketio = false;
    if (!eio_decode(version, binary, bytes, size, &packet, &why)) {
        check_sentence(why);
        return false;
    }
    struct buf out;
    buf_init(&out, 0);
    must(eio_encode(version, &packet, &out) && out.size == size && (size == 0 || memcmp(out.data, bytes, size) == 0),
         "a packet of Engine.IO is encoded to other bytes");
    buf_free(&out);
    if (packet.type == EIO_OPEN)
        check_open(&packet);
    if (packet.type == EIO_MESSAGE && !packet.binary)
        *socketio = check_packet(version, packet.data, packet.size);
    return true;
}

static void tell_sent(struct sio_judge *judge, const uint8_t *bytes, size_t size)
{
    struct sio_packet packet;
    const char *why;
    if (!sio_decode(judge->version, bytes, size, &packet, &why))
        return;
    sio_judge_sent(judge, &packet);
    sio_packet_free(&packet);
}

static void check_judge(struct sio_judge *judge, bool binary, const uint8_t *bytes, size_t size)
{
    bool socketio, engine = check_message(judge->version, binary, bytes, size, &socketio);
    struct sio_heard heard = sio_judge_message(judge, binary, bytes, size);
    const struct sio_whole *whole = &judge->whole;
    if (heard.kind == SIO_HEARD_WRONG) {
        must(heard.why != NULL && *heard.why != '\0', "a breach without a sentence");
        return;
    }
    must(engine, "the judge takes what is no packet");
    if (heard.kind == SIO_HEARD_PACKET && !binary)
        must(socketio && whole->packet.attachments == 0, "the judge hears a packet that does not decode");
    if (heard.kind == SIO_HEARD_PACKET && binary)
        must(judge->attachment_count == whole->packet.attachments, "an attachment is missing");
    must(judge->namespace_count <= SIO_NAMESPACES_MAX && judge->asked_count <= SIO_ASKED_MAX &&
             judge->attachment_count <= whole->packet.attachments + 1, "a limit is passed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t how = fuzz_take(&data, &size);
    struct sio_judge judge;
    sio_judge_init(&judge, how & 1 ? EIO_3 : EIO_4, how & 2);
    while (size > 0) {
        uint8_t kind = fuzz_take(&data, &size);
        const uint8_t *end = size == 0 ? NULL : memchr(data, SEPARATOR, size);
        size_t length = end == NULL ? size : (size_t)(end - data);
        uint8_t *copy = fuzz_copy(data, length);
        if (kind & 2)
            tell_sent(&judge, copy, length);
        else
            check_judge(&judge, kind & 1, copy, length);
        free(copy);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    sio_judge_free(&judge);
    return 0;
}
