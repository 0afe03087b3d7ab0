/* See judge.h. */
#include "socketio/judge.h"

#include <stdlib.h>
#include <string.h>

void sio_whole_free(struct sio_whole *whole)
{
    for (unsigned i = 0; whole->attachments != NULL && i < whole->packet.attachments; i++)
        buf_free(&whole->attachments[i]);
    free(whole->attachments);
    sio_packet_free(&whole->packet);
    buf_free(&whole->text);
    *whole = (struct sio_whole){0};
}

void sio_judge_init(struct sio_judge *judge, enum eio_version version, bool of_server)
{
    *judge = (struct sio_judge){.version = version, .of_server = of_server};
    if (version == EIO_3) /* the main namespace is connected unasked */
        judge->namespaces[judge->namespace_count++] =
            (struct sio_namespace){.name = "/", .size = 1, .state = of_server ? SIO_ASKED : SIO_CONNECTED};
}

void sio_judge_free(struct sio_judge *judge) { sio_whole_free(&judge->whole); }

struct sio_whole sio_judge_take(struct sio_judge *judge)
{
    struct sio_whole whole = judge->whole;
    judge->whole = (struct sio_whole){0};
    return whole;
}

/* ---- namespaces and acks ---- */

static struct sio_namespace *find_namespace(struct sio_judge *judge, const struct sio_packet *packet)
{
    size_t size = sio_bare_size(packet);
    for (size_t i = 0; i < judge->namespace_count; i++)
        if (judge->namespaces[i].size == size && memcmp(judge->namespaces[i].name, packet->name, size) == 0)
            return &judge->namespaces[i];
    return NULL;
}

/* NULL: there are too many. */
static struct sio_namespace *keep_namespace(struct sio_judge *judge, const struct sio_packet *packet)
{
    struct sio_namespace *of = find_namespace(judge, packet);
    size_t size = sio_bare_size(packet);
    if (of == NULL && judge->namespace_count < SIO_NAMESPACES_MAX && size <= SIO_NAMESPACE_MAX) {
        of = &judge->namespaces[judge->namespace_count++];
        of->size = size;
        memcpy(of->name, packet->name, size);
    }
    judge->unsure |= of == NULL;
    return of;
}

static void ask(struct sio_judge *judge, const struct sio_namespace *of, uint64_t id)
{
    if (of != NULL && judge->asked_count < SIO_ASKED_MAX)
        judge->asked[judge->asked_count++] = (struct sio_asked){of, id};
    else
        judge->unsure = true;
}

static bool take_asked(struct sio_judge *judge, const struct sio_namespace *of, uint64_t id)
{
    for (size_t i = 0; i < judge->asked_count; i++) {
        if (judge->asked[i].of != of || judge->asked[i].id != id)
            continue;
        judge->asked[i] = judge->asked[--judge->asked_count];
        return true;
    }
    return false;
}

void sio_judge_sent(struct sio_judge *judge, const struct sio_packet *packet)
{
    struct sio_namespace *of = keep_namespace(judge, packet);
    bool event = packet->type == SIO_EVENT || packet->type == SIO_BINARY_EVENT;
    if (event && packet->has_id)
        ask(judge, of, packet->id);
    if (of == NULL)
        return;
    if (packet->type == SIO_CONNECT && of->state != SIO_CONNECTED)
        of->state = judge->of_server ? SIO_ASKED : SIO_CONNECTED;
    else if (packet->type == SIO_DISCONNECT)
        of->state = SIO_LEFT;
    else if (packet->type == SIO_CONNECT_ERROR)
        of->state = SIO_NONE;
}

/* ---- Socket.IO ---- */

static const char *hear_connect(struct sio_judge *judge, const struct sio_packet *packet, struct sio_namespace *of)
{
    if (of->state == SIO_CONNECTED)
        return "connects a namespace twice";
    if (judge->of_server && of->state != SIO_ASKED)
        return "connects a namespace unasked";
    if (judge->of_server && judge->version == EIO_4 && json_string_length(json_object_get(packet->data, "sid")) == 0)
        return "connects a namespace without a sid";
    of->state = judge->of_server ? SIO_CONNECTED : SIO_ASKED;
    return NULL;
}

static const char *hear_error(struct sio_judge *judge, struct sio_namespace *of)
{
    if (!judge->of_server)
        return "sends a CONNECT_ERROR, which is a server's";
    if (judge->version == EIO_4 && of->state != SIO_ASKED)
        return "refuses a namespace that nobody asked for";
    of->state = SIO_NONE;
    return NULL;
}

/* A server that restores a connection sends what was missed before its CONNECT. */
static bool may_talk(const struct sio_judge *judge, const struct sio_namespace *of)
{
    return of->state == SIO_CONNECTED || of->state == SIO_LEFT || (judge->of_server && of->state == SIO_ASKED);
}

static const char *hear_packet(struct sio_judge *judge, const struct sio_packet *packet)
{
    struct sio_namespace *of = keep_namespace(judge, packet);
    if (of == NULL)
        return NULL;
    switch (packet->type) {
    case SIO_CONNECT:
        return hear_connect(judge, packet, of);
    case SIO_CONNECT_ERROR:
        return hear_error(judge, of);
    case SIO_DISCONNECT:
        if (of->state != SIO_CONNECTED && of->state != SIO_LEFT && !judge->unsure)
            return "disconnects a namespace that is not connected";
        of->state = SIO_NONE;
        return NULL;
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        return may_talk(judge, of) || judge->unsure ? NULL : "sends an event in a namespace that is not connected";
    default:
        if (!may_talk(judge, of) && !judge->unsure)
            return "sends an ack in a namespace that is not connected";
        return take_asked(judge, of, packet->id) || judge->unsure ? NULL : "sends an ack that nobody asked for";
    }
}

static struct sio_heard wrong(const char *why) { return (struct sio_heard){.kind = SIO_HEARD_WRONG, .why = why}; }

static struct sio_heard heard_whole(struct sio_judge *judge)
{
    const char *why = hear_packet(judge, &judge->whole.packet);
    return why != NULL ? wrong(why) : (struct sio_heard){.kind = SIO_HEARD_PACKET};
}

static bool is_waiting(const struct sio_judge *judge)
{
    return judge->whole.packet.data != NULL && judge->attachment_count < judge->whole.packet.attachments;
}

static struct sio_heard hear_text(struct sio_judge *judge, const struct eio_packet *packet)
{
    struct sio_whole *whole = &judge->whole;
    const char *why = "";
    if (is_waiting(judge))
        return wrong("sends text where an attachment is due");
    sio_whole_free(whole);
    judge->attachment_count = 0;
    judge->attachment_bytes = 0;
    if (!buf_append(&whole->text, packet->data, packet->size))
        return wrong("sends more than there is memory for");
    if (!sio_decode(judge->version, whole->text.data, whole->text.size, &whole->packet, &why))
        return wrong(why);
    if (whole->packet.attachments == 0)
        return heard_whole(judge);
    whole->attachments = calloc(whole->packet.attachments, sizeof *whole->attachments);
    return whole->attachments != NULL ? (struct sio_heard){.kind = SIO_HEARD_PART}
                                      : wrong("sends more than there is memory for");
}

static struct sio_heard hear_binary(struct sio_judge *judge, const struct eio_packet *packet)
{
    if (!is_waiting(judge))
        return wrong("sends a binary message that no packet announced");
    judge->attachment_bytes += packet->size;
    struct buf *attachment = &judge->whole.attachments[judge->attachment_count++];
    if (judge->attachment_bytes > SIO_ATTACHMENT_BYTES_MAX || !buf_append(attachment, packet->data, packet->size))
        return wrong("sends attachments of more than 16 MiB");
    return is_waiting(judge) ? (struct sio_heard){.kind = SIO_HEARD_PART} : heard_whole(judge);
}

/* ---- Engine.IO ---- */

bool sio_judge_pings(const struct sio_judge *judge) { return judge->of_server == (judge->version == EIO_4); }

/* Who may send it; NULL: this side may. */
static const char *check_engine(const struct sio_judge *judge, enum eio_type type)
{
    bool pings = sio_judge_pings(judge);
    switch (type) {
    case EIO_OPEN:
        return !judge->of_server ? "sends an open packet, which is a server's"
               : judge->opened   ? "sends a second open packet" : NULL;
    case EIO_PING:
        return pings ? NULL : "sends a ping, which is the other side's in this version of Engine.IO";
    case EIO_PONG:
        return pings ? "sends a pong, which is the other side's in this version of Engine.IO" : NULL;
    case EIO_UPGRADE:
        return "sends an upgrade packet where there is nothing to upgrade";
    case EIO_NOOP:
        return judge->of_server ? NULL : "sends a noop packet, which is a server's";
    default:
        return NULL;
    }
}

struct sio_heard sio_judge_message(struct sio_judge *judge, bool binary, const uint8_t *bytes, size_t size)
{
    struct eio_packet packet;
    const char *why = "";
    if (!eio_decode(judge->version, binary, bytes, size, &packet, &why))
        return wrong(why);
    if (judge->of_server && !judge->opened && packet.type != EIO_OPEN)
        return wrong("begins with something else than the open packet");
    if (packet.type == EIO_MESSAGE)
        return packet.binary ? hear_binary(judge, &packet) : hear_text(judge, &packet);
    if ((why = check_engine(judge, packet.type)) != NULL)
        return wrong(why);
    if (packet.type == EIO_OPEN) {
        if (!eio_open_read(packet.data, packet.size, &judge->open, &why))
            return wrong(why);
        judge->opened = true;
    }
    return (struct sio_heard){.kind = SIO_HEARD_ENGINE, .engine = packet};
}
