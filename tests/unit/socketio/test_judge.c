/* One side of a Socket.IO connection, judged: whole packets come out with their
 * attachments, and each breach is told by its sentence. */
#include "unit.h"

#include "socketio/judge.h"

#define OPEN "0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":1}"
#define PLACE "{\"_placeholder\":true,\"num\":0}"

/* What is said: ">text" is sent by the other side, "<text" by the judged one, "#bytes" a binary message of it. */
static const struct {
    const char *name;
    enum eio_version version;
    bool of_server;
    const char *said[12];
    const char *why; /* of the last one; NULL: nothing is wrong */
} talks[] = {
    {"a plain talk", EIO_4, true,
     {"<" OPEN, ">0", "<40{\"sid\":\"s\"}", ">2[\"x\"]", "<42[\"x\"]", "<2", ">27[\"y\"]", "<437[]"}, NULL},
    {"of a client", EIO_4, false, {"<40", ">0{\"sid\":\"s\"}", "<427[\"x\"]", "<3", "<41"}, NULL},
    {"the older version", EIO_3, true, {"<" OPEN, "<40", "<42[\"x\"]", "<3", ">0/chat?a=b", "<40/chat,"}, NULL},
    {"its client", EIO_3, false, {"<42[\"x\"]", "<2", "<40/chat?a=b"}, NULL},
    {"bytes", EIO_4, true, {"<" OPEN, ">0", "<40{\"sid\":\"s\"}", "<451-[\"b\"," PLACE "]", "<2", "#xyz"}, NULL},
    {"restored", EIO_4, true, {"<" OPEN, ">0{\"pid\":\"p\"}", "<42[\"missed\"]", "<40{\"sid\":\"s\"}"}, NULL},
    {"still on its way", EIO_4, true, {"<" OPEN, ">0", "<40{\"sid\":\"s\"}", ">1", "<42[\"late\"]", "<41"}, NULL},
    {"refused, then taken", EIO_4, true,
     {"<" OPEN, ">0/a,", "<44/a,{\"message\":\"no\"}", ">0/a,", "<40/a,{\"sid\":\"s\"}"}, NULL},

    {"no open", EIO_4, true, {"<40{\"sid\":\"s\"}"}, "begins with something else than the open packet"},
    {"two opens", EIO_4, true, {"<" OPEN, "<" OPEN}, "sends a second open packet"},
    {"open of a client", EIO_4, false, {"<" OPEN}, "sends an open packet, which is a server's"},
    {"ping of a client", EIO_4, false, {"<2"}, "sends a ping, which is the other side's in this version of Engine.IO"},
    {"ping of an old server", EIO_3, true, {"<" OPEN, "<2"},
     "sends a ping, which is the other side's in this version of Engine.IO"},
    {"pong of a server", EIO_4, true, {"<" OPEN, "<3"},
     "sends a pong, which is the other side's in this version of Engine.IO"},
    {"upgrade", EIO_4, true, {"<" OPEN, "<5"}, "sends an upgrade packet where there is nothing to upgrade"},
    {"noop of a client", EIO_4, false, {"<6"}, "sends a noop packet, which is a server's"},
    {"unasked", EIO_4, true, {"<" OPEN, "<40{\"sid\":\"s\"}"}, "connects a namespace unasked"},
    {"another", EIO_4, true, {"<" OPEN, ">0", "<40/chat,{\"sid\":\"s\"}"}, "connects a namespace unasked"},
    {"no sid", EIO_4, true, {"<" OPEN, ">0", "<40{}"}, "connects a namespace without a sid"},
    {"an old server to a new client", EIO_4, true, {"<" OPEN, ">0", "<40"}, "connects a namespace without a sid"},
    {"twice", EIO_4, false, {"<40", ">0{\"sid\":\"s\"}", "<40"}, "connects a namespace twice"},
    {"refused unasked", EIO_4, true, {"<" OPEN, "<44/a,{\"message\":\"no\"}"},
     "refuses a namespace that nobody asked for"},
    {"error of a client", EIO_4, false, {"<44{\"message\":\"no\"}"}, "sends a CONNECT_ERROR, which is a server's"},
    {"too early", EIO_4, false, {"<40", "<42[\"x\"]"}, "sends an event in a namespace that is not connected"},
    {"nowhere", EIO_4, false, {"<42/chat,[\"x\"]"}, "sends an event in a namespace that is not connected"},
    {"behind its own end", EIO_4, false, {"<40", ">0{\"sid\":\"s\"}", "<41", "<42[\"x\"]"},
     "sends an event in a namespace that is not connected"},
    {"end of nothing", EIO_4, false, {"<41"}, "disconnects a namespace that is not connected"},
    {"ack unasked", EIO_4, true, {"<" OPEN, ">0", "<40{\"sid\":\"s\"}", ">27[\"y\"]", "<438[]"},
     "sends an ack that nobody asked for"},
    {"ack twice", EIO_4, true, {"<" OPEN, ">0", "<40{\"sid\":\"s\"}", ">27[\"y\"]", "<437[]", "<437[]"},
     "sends an ack that nobody asked for"},
    {"ack elsewhere", EIO_4, true,
     {"<" OPEN, ">0", "<40{\"sid\":\"s\"}", ">0/a,", "<40/a,{\"sid\":\"t\"}", ">27[\"y\"]", "<43/a,7[]"},
     "sends an ack that nobody asked for"},
    {"ack nowhere", EIO_4, false, {"<431[]"}, "sends an ack in a namespace that is not connected"},
    {"bytes unannounced", EIO_4, true, {"<" OPEN, "#x"}, "sends a binary message that no packet announced"},
    {"bytes missing", EIO_4, true, {"<" OPEN, ">0", "<40{\"sid\":\"s\"}", "<451-[\"b\"," PLACE "]", "<42[\"x\"]"},
     "sends text where an attachment is due"},
    {"bytes with the type of the older version", EIO_3, true, {"<" OPEN, "<40", "<451-[\"b\"," PLACE "]", "#\x09x"},
     "sends an unknown Engine.IO packet type"},
};

static struct sio_heard say(struct sio_judge *judge, const char *line)
{
    const uint8_t *bytes = (const uint8_t *)line + 1;
    size_t size = strlen(line) - 1;
    struct sio_packet packet;
    const char *why = "";
    if (*line != '>')
        return sio_judge_message(judge, *line == '#', bytes, size);
    ck_assert_msg(sio_decode(judge->version, bytes, size, &packet, &why), "%s %s", line, why);
    sio_judge_sent(judge, &packet);
    sio_packet_free(&packet);
    return (struct sio_heard){.kind = SIO_HEARD_PART};
}

static void check_talk(size_t n)
{
    struct sio_judge judge;
    sio_judge_init(&judge, talks[n].version, talks[n].of_server);
    for (size_t i = 0; talks[n].said[i] != NULL; i++) {
        struct sio_heard heard = say(&judge, talks[n].said[i]);
        bool last = talks[n].said[i + 1] == NULL;
        bool wrong = heard.kind == SIO_HEARD_WRONG;
        ck_assert_msg(wrong == (last && talks[n].why != NULL), "%s: %s: %s", talks[n].name, talks[n].said[i],
                      wrong ? heard.why : "taken");
        if (wrong)
            ck_assert_str_eq(heard.why, talks[n].why);
    }
    sio_judge_free(&judge);
}

START_TEST(each_breach_is_told_and_nothing_else)
{
    for (size_t n = 0; n < sizeof talks / sizeof *talks; n++)
        check_talk(n);
}
END_TEST

START_TEST(a_packet_is_whole_with_its_last_attachment)
{
    static const char text[] = "452-[\"pair\",{\"a\":" PLACE ",\"l\":[{\"_placeholder\":true,\"num\":1}]}]";
    struct sio_judge judge;
    sio_judge_init(&judge, EIO_4, false);
    say(&judge, "<40");
    say(&judge, ">0{\"sid\":\"s\"}");
    ck_assert_int_eq(sio_judge_message(&judge, false, (const uint8_t *)text, sizeof text - 1).kind, SIO_HEARD_PART);
    ck_assert_int_eq(sio_judge_message(&judge, true, (const uint8_t *)"\1", 1).kind, SIO_HEARD_PART);
    ck_assert_int_eq(sio_judge_message(&judge, true, (const uint8_t *)"\2\3", 2).kind, SIO_HEARD_PACKET);
    struct sio_whole whole = sio_judge_take(&judge);
    sio_judge_free(&judge);
    ck_assert_uint_eq(whole.packet.attachments, 2);
    ck_assert_mem_eq(whole.attachments[0].data, "\1", 1);
    ck_assert_mem_eq(whole.attachments[1].data, "\2\3", 2);
    ck_assert_mem_eq(whole.packet.json, "[\"pair\"", 7);
    sio_whole_free(&whole);
}
END_TEST

/* What a peer can make us keep is bounded; beyond it nothing is held against it. */
START_TEST(limits_are_kept)
{
    struct sio_judge judge;
    char line[64];
    sio_judge_init(&judge, EIO_4, false);
    for (unsigned i = 0; i < 2 * SIO_NAMESPACES_MAX; i++) {
        snprintf(line, sizeof line, "<40/n%u,", i);
        ck_assert_int_eq(say(&judge, line).kind, SIO_HEARD_PACKET);
    }
    ck_assert_uint_eq(judge.namespace_count, SIO_NAMESPACES_MAX);
    ck_assert_int_eq(say(&judge, "<42/n31,[\"x\"]").kind, SIO_HEARD_PACKET);
    for (unsigned i = 0; i < 2 * SIO_ASKED_MAX; i++) {
        snprintf(line, sizeof line, ">2%u[\"x\"]", i);
        say(&judge, line);
    }
    ck_assert_uint_le(judge.asked_count, SIO_ASKED_MAX);
    sio_judge_free(&judge);
}
END_TEST

UNIT_MAIN("judge", each_breach_is_told_and_nothing_else, a_packet_is_whole_with_its_last_attachment, limits_are_kept)
