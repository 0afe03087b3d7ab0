/* See packet.h. */
#include "socketio/packet.h"

#include <string.h>

#define ID_DIGITS 16u
#define ID_MOST   9007199254740991u /* of a number that JavaScript keeps exactly */
#define DEPTH_MAX 256u              /* of values in values, where we walk ourselves */

struct type_row {
    const char *name;
    bool binary;
};
static const struct type_row types[SIO_TYPES] = {
    [SIO_CONNECT] = {"CONNECT", false},
    [SIO_DISCONNECT] = {"DISCONNECT", false},
    [SIO_EVENT] = {"EVENT", false},
    [SIO_ACK] = {"ACK", false},
    [SIO_CONNECT_ERROR] = {"CONNECT_ERROR", false},
    [SIO_BINARY_EVENT] = {"BINARY_EVENT", true},
    [SIO_BINARY_ACK] = {"BINARY_ACK", true},
};

const char *sio_type_name(enum sio_type type) { return types[type].name; }

/* ---- JSON ---- */

json_t *sio_json_read(const char *text, size_t size)
{
    size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *value = json_loadb(text, size, flags, NULL);
    return value != NULL ? value : json_loadb(text, size, flags | JSON_DECODE_INT_AS_REAL, NULL);
}

static bool same(const json_t *a, const json_t *b, unsigned depth);

static bool same_objects(const json_t *a, const json_t *b, unsigned depth)
{
    const char *key;
    size_t size;
    json_t *value;
    json_object_keylen_foreach((json_t *)(uintptr_t)a, key, size, value)
        if (!same(value, json_object_getn(b, key, size), depth))
            return false;
    return json_object_size(a) == json_object_size(b);
}

static bool same_arrays(const json_t *a, const json_t *b, unsigned depth)
{
    size_t i;
    json_t *value;
    json_array_foreach(a, i, value)
        if (!same(value, json_array_get(b, i), depth))
            return false;
    return json_array_size(a) == json_array_size(b);
}

static bool same(const json_t *a, const json_t *b, unsigned depth)
{
    if (a == NULL || b == NULL || depth == DEPTH_MAX)
        return false;
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    if (json_is_number(a) && json_is_number(b)) {
        double x = json_number_value(a), y = json_number_value(b);
        return !(x < y) && !(x > y);
    }
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_object(a))
        return same_objects(a, b, depth + 1);
    if (json_is_array(a))
        return same_arrays(a, b, depth + 1);
    return json_equal(a, b);
}

bool sio_json_same(const json_t *a, const json_t *b) { return same(a, b, 0); }

/* ---- what the data must be ---- */

/* Marks the attachments that are referred to. False: a number beyond, or no number. */
static bool mark_places(const json_t *value, unsigned attachments, bool *seen, unsigned depth)
{
    const char *key;
    size_t i;
    json_t *inner;
    if (depth == DEPTH_MAX)
        return true;
    if (json_is_array(value)) {
        json_array_foreach(value, i, inner)
            if (!mark_places(inner, attachments, seen, depth + 1))
                return false;
    } else if (json_is_true(json_object_get(value, "_placeholder"))) {
        const json_t *number = json_object_get(value, "num");
        json_int_t n = json_integer_value(number);
        if (!json_is_integer(number) || n < 0 || n >= attachments)
            return false;
        seen[n] = true;
    } else if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, inner)
            if (!mark_places(inner, attachments, seen, depth + 1))
                return false;
    }
    return true;
}

static const char *check_places(const struct sio_packet *packet)
{
    bool seen[SIO_ATTACHMENTS_MAX] = {false};
    if (!mark_places(packet->data, packet->attachments, seen, 0))
        return "sends a placeholder without its attachment";
    for (unsigned i = 0; i < packet->attachments; i++)
        if (!seen[i])
            return "sends an attachment that no placeholder names";
    return NULL;
}

static const char *check_event(const json_t *data)
{
    static const char *const reserved[] = {"connect", "connect_error", "disconnect", "disconnecting",
                                           "newListener", "removeListener"};
    const json_t *name = json_array_get(data, 0);
    if (!json_is_string(name) && !json_is_number(name))
        return "sends an event without a name";
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (json_is_string(name) && strcmp(json_string_value(name), reserved[i]) == 0)
            return "sends an event with a reserved name";
    return NULL;
}

/* NULL: as it should be. */
static const char *check_data(enum eio_version version, const struct sio_packet *packet)
{
    const json_t *data = packet->data;
    switch (packet->type) {
    case SIO_CONNECT:
        if (data == NULL || (version == EIO_4 && json_is_object(data)))
            return NULL;
        return "sends a CONNECT with other data than an object";
    case SIO_DISCONNECT:
        return data == NULL ? NULL : "sends a DISCONNECT with data";
    case SIO_CONNECT_ERROR:
        if (version == EIO_3)
            return NULL;
        return json_is_object(data) && json_is_string(json_object_get(data, "message"))
                   ? NULL : "sends a CONNECT_ERROR without a message";
    case SIO_EVENT:
    case SIO_BINARY_EVENT: {
        const char *wrong = check_event(data);
        return wrong == NULL ? check_places(packet) : wrong;
    }
    default:
        if (!json_is_array(data))
            return "sends an ACK without an array";
        return packet->has_id ? check_places(packet) : "sends an ACK without an id";
    }
}

/* ---- decoding ---- */

struct cursor { const char *at, *end; };

static bool is_digit(const struct cursor *c) { return c->at < c->end && *c->at >= '0' && *c->at <= '9'; }

/* Digits; false when there are too many of them for the most. */
static bool read_number(struct cursor *c, uint64_t most, uint64_t *number)
{
    *number = 0;
    for (unsigned digits = 0; is_digit(c); c->at++) {
        *number = *number * 10 + (uint64_t)(*c->at - '0');
        if (++digits > ID_DIGITS || *number > most)
            return false;
    }
    return true;
}

static const char *read_head(struct cursor *c, struct sio_packet *packet)
{
    unsigned type = c->at < c->end ? (unsigned)(uint8_t)*c->at - '0' : SIO_TYPES;
    if (type >= SIO_TYPES)
        return "sends an unknown Socket.IO packet type";
    packet->type = (enum sio_type)type;
    c->at++;
    if (types[type].binary) {
        uint64_t count;
        bool digits = is_digit(c);
        if (!read_number(c, SIO_ATTACHMENTS_MAX, &count))
            return "announces more than 64 attachments";
        if (!digits || c->at == c->end || *c->at != '-')
            return "sends a binary packet without a number of attachments";
        if (count == 0)
            return "sends a binary packet without attachments";
        packet->attachments = (unsigned)count;
        c->at++;
    }
    if (c->at < c->end && *c->at == '/') {
        const char *comma = memchr(c->at, ',', (size_t)(c->end - c->at));
        packet->name = c->at;
        packet->name_size = (size_t)((comma != NULL ? comma : c->end) - c->at);
        if (packet->name_size > SIO_NAMESPACE_MAX)
            return "sends a namespace of more than 256 bytes";
        c->at += packet->name_size + (comma != NULL);
    }
    packet->has_id = is_digit(c);
    return read_number(c, ID_MOST, &packet->id) ? NULL : "sends an ack id beyond 2^53 - 1";
}

bool sio_decode(enum eio_version version, const uint8_t *text, size_t size, struct sio_packet *packet, const char **why)
{
    struct cursor c = {(const char *)text, (const char *)text + size};
    *packet = (struct sio_packet){.name = "/", .name_size = 1};
    const char *wrong = size != 0 ? read_head(&c, packet) : "sends a message without a Socket.IO packet type";
    if (wrong == NULL && c.at < c.end) {
        packet->json = c.at;
        packet->json_size = (size_t)(c.end - c.at);
        packet->data = sio_json_read(packet->json, packet->json_size);
        wrong = packet->data == NULL ? "sends data that are no JSON" : NULL;
    }
    if (wrong == NULL)
        wrong = check_data(version, packet);
    if (wrong == NULL)
        return true;
    *why = wrong;
    sio_packet_free(packet);
    return false;
}

/* ---- encoding ---- */

bool sio_encode(const struct sio_packet *packet, struct buf *out)
{
    bool named = packet->name_size > 1;
    bool fine = buf_append_byte(out, (uint8_t)('0' + packet->type));
    if (types[packet->type].binary)
        fine = fine && buf_printf(out, "%u-", packet->attachments);
    if (named)
        fine = fine && buf_append(out, packet->name, packet->name_size);
    if (named)
        fine = fine && buf_append_byte(out, ',');
    if (packet->has_id)
        fine = fine && buf_printf(out, "%llu", (unsigned long long)packet->id);
    return fine && (packet->json == NULL || buf_append(out, packet->json, packet->json_size));
}

size_t sio_bare_size(const struct sio_packet *packet)
{
    const char *query = memchr(packet->name, '?', packet->name_size);
    return query != NULL ? (size_t)(query - packet->name) : packet->name_size;
}

void sio_packet_free(struct sio_packet *packet)
{
    json_decref(packet->data);
    packet->data = NULL;
}
