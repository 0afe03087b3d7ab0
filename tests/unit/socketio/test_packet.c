/* Packets of Engine.IO and Socket.IO: what the specifications and captured
 * conversations hold is read as it stands and written the same again; what breaks
 * them is refused with a sentence; no bytes crash. */
#include "unit.h"

#include "base/prng.h"
#include "socketio/packet.h"

/* ---- Engine.IO ---- */

static const struct engine_row {
    enum eio_version version;
    bool binary;
    const char *bytes;
    size_t size;
    enum eio_type type; /* EIO_TYPES: refused */
    const char *data;
} engine_rows[] = {
    {EIO_4, false, "2", 1, EIO_PING, ""},          {EIO_4, false, "3probe", 6, EIO_PONG, "probe"},
    {EIO_4, false, "40", 2, EIO_MESSAGE, "0"},     {EIO_4, true, "\0\1", 2, EIO_MESSAGE, "\0\1"},
    {EIO_4, true, "", 0, EIO_MESSAGE, ""},         {EIO_3, true, "\4\1", 2, EIO_MESSAGE, "\1"},
    {EIO_3, true, "\2", 1, EIO_PING, ""},          {EIO_3, false, "6", 1, EIO_NOOP, ""},
    {EIO_4, false, "", 0, EIO_TYPES, NULL},        {EIO_4, false, "7", 1, EIO_TYPES, NULL},
    {EIO_4, false, "/", 1, EIO_TYPES, NULL},       {EIO_4, false, "HTTP/1.1 400", 12, EIO_TYPES, NULL},
    {EIO_3, true, "", 0, EIO_TYPES, NULL},         {EIO_3, true, "4a", 2, EIO_TYPES, NULL},
};

static void check_engine(size_t i)
{
    const struct engine_row *row = &engine_rows[i];
    struct eio_packet packet;
    const char *why = NULL;
    bool good = eio_decode(row->version, row->binary, (const uint8_t *)row->bytes, row->size, &packet, &why);
    ck_assert_int_eq(good, row->type != EIO_TYPES);
    if (!good) {
        ck_assert_ptr_nonnull(why);
        return;
    }
    ck_assert_int_eq(packet.type, row->type);
    ck_assert_int_eq(memcmp(packet.data, row->data, packet.size), 0);
    struct buf out;
    buf_init(&out, 0);
    ck_assert(eio_encode(row->version, &packet, &out));
    ck_assert_uint_eq(out.size, row->size);
    ck_assert(row->size == 0 || memcmp(out.data, row->bytes, row->size) == 0);
    buf_free(&out);
}

START_TEST(engine_packets_are_read_and_written)
{
    for (size_t i = 0; i < sizeof engine_rows / sizeof *engine_rows; i++)
        check_engine(i);
}
END_TEST

START_TEST(the_open_packet_is_read_back)
{
    struct eio_open open = {.sid = "X2o_1INv9VVp", .interval_ms = 25000, .timeout_ms = 20000,
                            .max_payload = 1000000}, back;
    struct buf out;
    const char *why = "";
    buf_init(&out, 0);
    ck_assert(eio_open_write(&open, &out));
    ck_assert_str_eq(buf_text(&out), "0{\"sid\":\"X2o_1INv9VVp\",\"upgrades\":[],\"pingInterval\":25000,"
                                     "\"pingTimeout\":20000,\"maxPayload\":1000000}");
    ck_assert_msg(eio_open_read(out.data + 1, out.size - 1, &back, &why), "%s", why);
    ck_assert_str_eq(back.sid, open.sid);
    ck_assert_uint_eq(back.interval_ms + back.timeout_ms + back.max_payload, 1045000);
    buf_free(&out);
}
END_TEST

static const char *const bad_opens[] = {
    "", "[]", "{}", "{\"sid\":\"\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":1}",
    "{\"sid\":\"x\",\"pingInterval\":1,\"pingTimeout\":1}",
    "{\"sid\":\"x\",\"upgrades\":[1],\"pingInterval\":1,\"pingTimeout\":1}",
    "{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":0,\"pingTimeout\":1}",
    "{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":\"1\",\"pingTimeout\":1}",
    "{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":-1}",
    "{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":1,\"maxPayload\":\"big\"}",
};

static void check_bad_open(size_t i)
{
    struct eio_open open;
    const char *why = NULL, *json = bad_opens[i];
    ck_assert(!eio_open_read((const uint8_t *)json, strlen(json), &open, &why));
    ck_assert_ptr_nonnull(why);
}

START_TEST(a_bad_open_packet_is_told)
{
    for (size_t i = 0; i < sizeof bad_opens / sizeof *bad_opens; i++)
        check_bad_open(i);
}
END_TEST

/* ---- Socket.IO ---- */

#define PLACE "{\"_placeholder\":true,\"num\":0}"
static const struct packet_row {
    const char *text;
    enum sio_type type;
    const char *name;
    bool has_id;
    uint64_t id;
    unsigned attachments;
    const char *json; /* NULL: none */
} packet_rows[] = {
    {"0", SIO_CONNECT, "/", false, 0, 0, NULL},
    {"0{\"sid\":\"a\"}", SIO_CONNECT, "/", false, 0, 0, "{\"sid\":\"a\"}"},
    {"0/chat,{\"token\":\"abc\"}", SIO_CONNECT, "/chat", false, 0, 0, "{\"token\":\"abc\"}"},
    {"1/chat,", SIO_DISCONNECT, "/chat", false, 0, 0, NULL},
    {"2[\"hello\",\"x\"]", SIO_EVENT, "/", false, 0, 0, "[\"hello\",\"x\"]"},
    {"20[\"hello\",{\"k\":1}]", SIO_EVENT, "/", true, 0, 0, "[\"hello\",{\"k\":1}]"},
    {"2/chat,17[\"hello\",1]", SIO_EVENT, "/chat", true, 17, 0, "[\"hello\",1]"},
    {"2[7]", SIO_EVENT, "/", false, 0, 0, "[7]"},
    {"2[\"a\",1e3,12345678901234567890123]", SIO_EVENT, "/", false, 0, 0, "[\"a\",1e3,12345678901234567890123]"},
    {"3/chat,17[]", SIO_ACK, "/chat", true, 17, 0, "[]"},
    {"39007199254740991[1]", SIO_ACK, "/", true, 9007199254740991u, 0, "[1]"},
    {"4/nowhere,{\"message\":\"Invalid namespace\"}", SIO_CONNECT_ERROR, "/nowhere", false, 0, 0,
     "{\"message\":\"Invalid namespace\"}"},
    {"51-[\"bin\"," PLACE "]", SIO_BINARY_EVENT, "/", false, 0, 1, "[\"bin\"," PLACE "]"},
    {"51-/chat,3[\"bin\",[{\"a\":" PLACE "}]]", SIO_BINARY_EVENT, "/chat", true, 3, 1,
     "[\"bin\",[{\"a\":" PLACE "}]]"},
    {"61-7[" PLACE ",\"z\"]", SIO_BINARY_ACK, "/", true, 7, 1, "[" PLACE ",\"z\"]"},
};

static void check_packet(size_t i)
{
    const struct packet_row *row = &packet_rows[i];
    struct sio_packet packet;
    const char *why = "";
    ck_assert_msg(sio_decode(EIO_4, (const uint8_t *)row->text, strlen(row->text), &packet, &why), "%s: %s",
                  row->text, why);
    ck_assert_int_eq(packet.type, row->type);
    ck_assert_uint_eq(packet.name_size, strlen(row->name));
    ck_assert_int_eq(memcmp(packet.name, row->name, packet.name_size), 0);
    ck_assert_int_eq(packet.has_id, row->has_id);
    ck_assert_uint_eq(packet.id, row->id);
    ck_assert_uint_eq(packet.attachments, row->attachments);
    ck_assert_int_eq(packet.json == NULL, row->json == NULL);
    if (row->json != NULL)
        ck_assert_mem_eq(packet.json, row->json, strlen(row->json));
    struct buf out;
    buf_init(&out, 0);
    ck_assert(sio_encode(&packet, &out));
    ck_assert_str_eq(buf_text(&out), row->text);
    buf_free(&out);
    sio_packet_free(&packet);
}

START_TEST(packets_are_read_and_written)
{
    for (size_t i = 0; i < sizeof packet_rows / sizeof *packet_rows; i++)
        check_packet(i);
}
END_TEST

static const struct {
    const char *text, *why;
    enum eio_version fine; /* in this version it is right; 0: in none */
} bad_packets[] = {
    {"", "sends a message without a Socket.IO packet type", 0},
    {"7", "sends an unknown Socket.IO packet type", 0},
    {"2", "sends an event without a name", 0},
    {"2[]", "sends an event without a name", 0},
    {"2{\"a\":1}", "sends an event without a name", 0},
    {"2[null]", "sends an event without a name", 0},
    {"2[\"connect_error\"]", "sends an event with a reserved name", 0},
    {"2[\"a\"", "sends data that are no JSON", 0},
    {"2[\"a\"]x", "sends data that are no JSON", 0},
    {"0[1]", "sends a CONNECT with other data than an object", 0},
    {"0{\"sid\":\"a\"}", "sends a CONNECT with other data than an object", EIO_4},
    {"1{}", "sends a DISCONNECT with data", 0},
    {"3[1]", "sends an ACK without an id", 0},
    {"31{}", "sends an ACK without an array", 0},
    {"31", "sends an ACK without an array", 0},
    {"399999999999999999[]", "sends an ack id beyond 2^53 - 1", 0},
    {"4\"no\"", "sends a CONNECT_ERROR without a message", EIO_3},
    {"5[\"a\"]", "sends a binary packet without a number of attachments", 0},
    {"5x-[\"a\"]", "sends a binary packet without a number of attachments", 0},
    {"51[\"a\"]", "sends a binary packet without a number of attachments", 0},
    {"50-[\"a\"]", "sends a binary packet without attachments", 0},
    {"565-[\"a\"]", "announces more than 64 attachments", 0},
    {"51-[\"a\"]", "sends an attachment that no placeholder names", 0},
    {"52-[\"a\"," PLACE "]", "sends an attachment that no placeholder names", 0},
    {"51-[\"a\",{\"_placeholder\":true,\"num\":1}]", "sends a placeholder without its attachment", 0},
    {"51-[\"a\",{\"_placeholder\":true,\"num\":-1}]", "sends a placeholder without its attachment", 0},
    {"51-[\"a\",{\"_placeholder\":true}]", "sends a placeholder without its attachment", 0},
    {"2[\"a\"," PLACE "]", "sends a placeholder without its attachment", 0},
};

static void check_bad_packet(size_t i)
{
    for (enum eio_version version = EIO_3; version <= EIO_4; version++) {
        struct sio_packet packet;
        const char *why = "", *text = bad_packets[i].text;
        bool good = sio_decode(version, (const uint8_t *)text, strlen(text), &packet, &why);
        ck_assert_msg(good == (version == bad_packets[i].fine), "%s in version %d: %s", text, (int)version, why);
        if (good)
            sio_packet_free(&packet);
        else
            ck_assert_str_eq(why, bad_packets[i].why);
    }
}

START_TEST(bad_packets_are_told)
{
    for (size_t i = 0; i < sizeof bad_packets / sizeof *bad_packets; i++)
        check_bad_packet(i);
}
END_TEST

START_TEST(the_target_names_its_version_as_a_whole_part)
{
    static const struct { const char *target; bool three, four; } rows[] = {
        {"/socket.io/?EIO=4&transport=websocket", false, true},
        {"/socket.io/?transport=websocket&EIO=3", true, false},
        {"/socket.io/?myEIO=3&EIO=4", false, true},
        {"/socket.io/?xEIO=4&EIO=4", false, true},
        {"/socket.io/?EIO=44&x=EIO=4", false, false},
        {"/EIO=3&EIO=3?EIO=4", false, true},
        {"/socket.io/?&&EIO=3&", true, false},
        {"/socket.io/EIO=3", false, false},
        {"?", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size = strlen(rows[i].target);
        ck_assert_msg(eio_target_has(rows[i].target, size, "EIO=3") == rows[i].three, "%s", rows[i].target);
        ck_assert_msg(eio_target_has(rows[i].target, size, "EIO=4") == rows[i].four, "%s", rows[i].target);
    }
    ck_assert(!eio_target_has("/?EIO=4", 6, "EIO=4")); /* what stands behind its size is not read */
}
END_TEST

static bool same(const char *a, const char *b)
{
    json_t *x = sio_json_read(a, strlen(a)), *y = sio_json_read(b, strlen(b));
    ck_assert(x != NULL && y != NULL);
    bool equal = sio_json_same(x, y);
    ck_assert_int_eq(equal, sio_json_same(y, x));
    json_decref(x);
    json_decref(y);
    return equal;
}

START_TEST(json_is_compared_by_its_meaning)
{
    ck_assert(same("{\"a\":1,\"b\":[2]}", " { \"b\" : [ 2.0 ] , \"a\" : 1e0 } "));
    ck_assert(same("\"\\u00e9\"", "\"\xc3\xa9\""));
    ck_assert(same("[\"a\\u0000b\"]", "[\"a\\u0000b\"]"));
    ck_assert(!same("[\"a\\u0000b\"]", "[\"a\\u0000c\"]"));
    ck_assert(!same("{\"a\":1}", "{\"a\":1,\"b\":2}"));
    ck_assert(!same("[1,2]", "[2,1]"));
    ck_assert(!same("1", "\"1\""));
    ck_assert(!same("null", "false"));
    ck_assert(!same("9007199254740993", "9007199254740992"));
}
END_TEST

START_TEST(no_bytes_crash)
{
    static const char letters[] = "0123456789-/,[]{}\"a:?_placeholder true num\\u\x80";
    struct prng random = prng_stream(7, "packets");
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t text[48];
        size_t size = (size_t)(prng_next(&random) % sizeof text);
        for (size_t j = 0; j < size; j++)
            text[j] = (uint8_t)letters[prng_next(&random) % (sizeof letters - 1)];
        struct sio_packet packet;
        const char *why = NULL;
        if (sio_decode(i % 2 ? EIO_3 : EIO_4, text, size, &packet, &why))
            sio_packet_free(&packet);
        else
            ck_assert_ptr_nonnull(why);
    }
}
END_TEST

UNIT_MAIN("packet", the_target_names_its_version_as_a_whole_part, engine_packets_are_read_and_written,
          the_open_packet_is_read_back, a_bad_open_packet_is_told,
          packets_are_read_and_written, bad_packets_are_told, json_is_compared_by_its_meaning, no_bytes_crash)
