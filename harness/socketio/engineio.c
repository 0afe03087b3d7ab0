/* See engineio.h. */
#include "socketio/engineio.h"

#include <jansson.h>
#include <string.h>

#define INTERVAL_MOST (24u * 3600u * 1000u)

bool eio_target_has(const char *target, size_t size, const char *part)
{
    const char *end = target + size, *at = memchr(target, '?', size);
    size_t length = strlen(part);
    while (at != NULL) {
        const char *from = at + 1;
        at = memchr(from, '&', (size_t)(end - from));
        if ((size_t)((at != NULL ? at : end) - from) == length && memcmp(from, part, length) == 0)
            return true;
    }
    return false;
}

const char *eio_type_name(enum eio_type type)
{
    static const char *const names[EIO_TYPES] = {"open", "close", "ping", "pong", "message", "upgrade", "noop"};
    return names[type];
}

bool eio_decode(enum eio_version version, bool binary, const uint8_t *bytes, size_t size, struct eio_packet *packet,
                const char **why)
{
    *packet = (struct eio_packet){.type = EIO_MESSAGE, .binary = binary, .data = bytes, .size = size};
    if (binary && version == EIO_4)
        return true;
    *why = "sends a message without an Engine.IO packet type";
    if (size == 0)
        return false;
    unsigned type = binary ? bytes[0] : (unsigned)bytes[0] - '0';
    *why = "sends an unknown Engine.IO packet type";
    if (type >= EIO_TYPES)
        return false;
    packet->type = (enum eio_type)type;
    packet->data++;
    packet->size--;
    return true;
}

bool eio_encode(enum eio_version version, const struct eio_packet *packet, struct buf *out)
{
    bool bare = packet->binary && version == EIO_4;
    uint8_t type = (uint8_t)(packet->binary ? packet->type : '0' + packet->type);
    return (bare || buf_append_byte(out, type)) && buf_append(out, packet->data, packet->size);
}

/* ---- OPEN ---- */

static bool read_ms(const json_t *object, const char *name, uint64_t *ms)
{
    const json_t *value = json_object_get(object, name);
    json_int_t n = json_integer_value(value);
    *ms = n > 0 ? (uint64_t)n : 0;
    return json_is_integer(value) && n > 0 && n <= INTERVAL_MOST;
}

static bool all_text(const json_t *array)
{
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value)
        if (!json_is_string(value))
            return false;
    return json_is_array(array);
}

static const char *read_open(const json_t *root, struct eio_open *open)
{
    const json_t *sid = json_object_get(root, "sid"), *most = json_object_get(root, "maxPayload");
    size_t size = json_string_length(sid);
    if (!json_is_object(root))
        return "sends an open packet that is no JSON object";
    if (size == 0 || size > EIO_SID_MAX)
        return "sends an open packet without a sid";
    memcpy(open->sid, json_string_value(sid), size);
    if (!all_text(json_object_get(root, "upgrades")))
        return "sends an open packet without a list of upgrades";
    if (!read_ms(root, "pingInterval", &open->interval_ms))
        return "sends an open packet without a pingInterval in milliseconds";
    if (!read_ms(root, "pingTimeout", &open->timeout_ms))
        return "sends an open packet without a pingTimeout in milliseconds";
    if (most != NULL && (!json_is_integer(most) || json_integer_value(most) <= 0))
        return "sends an open packet whose maxPayload is no number of bytes";
    open->max_payload = (uint64_t)json_integer_value(most);
    return NULL;
}

bool eio_open_read(const uint8_t *json, size_t size, struct eio_open *open, const char **why)
{
    json_t *root = json_loadb((const char *)json, size, 0, NULL);
    *open = (struct eio_open){.sid = ""};
    const char *wrong = read_open(root, open);
    json_decref(root);
    if (wrong != NULL)
        *why = wrong;
    return wrong == NULL;
}

bool eio_open_write(const struct eio_open *open, struct buf *out)
{
    buf_printf(out, "0{\"sid\":\"%s\",\"upgrades\":[],\"pingInterval\":%llu,\"pingTimeout\":%llu", open->sid,
               (unsigned long long)open->interval_ms, (unsigned long long)open->timeout_ms);
    if (open->max_payload != 0)
        buf_printf(out, ",\"maxPayload\":%llu", (unsigned long long)open->max_payload);
    return buf_append_text(out, "}");
}
