/* The reference model: what it reports, at which byte, and what it predicts;
 * the same for every cut; bounded on every hostile input. */
#include "judged.h"

#include "base/prng.h"

enum { LIMIT = 1000 };

/* ---- one stream of bytes, one finding ---- */

enum setting { SERVER, CLIENT, SERVER_DEFLATE, CLIENT_DEFLATE, SERVER_LIMIT, DEFLATE_LIMIT };

static const struct ws_judge_config settings[] = {
    [SERVER] = {.receiver = WS_SERVER},
    [CLIENT] = {.receiver = WS_CLIENT},
    [SERVER_DEFLATE] = {.receiver = WS_SERVER, .deflate = true, .context_takeover = true},
    [CLIENT_DEFLATE] = {.receiver = WS_CLIENT, .deflate = true, .context_takeover = false,
                        .window_bits = 9},
    [SERVER_LIMIT] = {.receiver = WS_SERVER, .message_max = LIMIT},
    [DEFLATE_LIMIT] = {.receiver = WS_CLIENT, .deflate = true, .context_takeover = true,
                       .message_max = LIMIT},
};

#define OK WS_OUTCOME_OK
#define WAIT WS_OUTCOME_WAIT
#define FAIL WS_OUTCOME_FAIL
#define SOON WS_OUTCOME_FAIL_SOON
#define MAY WS_OUTCOME_MAY_FAIL
#define NOTHING WS_VIOLATIONS

/* Mask keys are zero, so that the bytes can be read. */
#define KEY "\0\0\0\0"
#define BYTES(text) (text), sizeof(text) - 1

static const struct finding {
    enum setting setting;
    const char *bytes;
    size_t size;
    enum ws_outcome outcome;
    enum ws_violation_id violation; /* the first that is reported */
    uint64_t at;
    unsigned code;                  /* the first one predicted; 0: none */
} findings[] = {
    /* legal */
    {SERVER, BYTES(""), OK, NOTHING, 0, 0},
    {SERVER, BYTES("\x81"), WAIT, NOTHING, 0, 0},
    {SERVER, BYTES("\x81\x81" KEY "a"), OK, NOTHING, 0, 0},
    {SERVER, BYTES("\x01\x81" KEY "a"), WAIT, NOTHING, 0, 0},
    {SERVER, BYTES("\x01\x81" KEY "a\x80\x80" KEY), OK, NOTHING, 0, 0},
    /* the first byte decides */
    {SERVER, BYTES("\x83"), SOON, WS_V_RESERVED_DATA_OPCODE, 0, 1002},
    {SERVER, BYTES("\x83\x80" KEY), FAIL, WS_V_RESERVED_DATA_OPCODE, 0, 1002},
    {SERVER, BYTES("\x83\xfe"), SOON, WS_V_RESERVED_DATA_OPCODE, 0, 1002},
    {CLIENT, BYTES("\x81\x01" "a\x8b"), SOON, WS_V_RESERVED_CONTROL_OPCODE, 3, 1002},
    {CLIENT, BYTES("\xc1"), SOON, WS_V_RSV_DATA, 0, 1002},
    {CLIENT, BYTES("\xf2\x00"), FAIL, WS_V_RSV_DATA, 0, 1002},
    {CLIENT, BYTES("\x01\x00\x90\x00"), FAIL, WS_V_RSV_CONTINUATION, 2, 1002},
    {CLIENT, BYTES("\xa9\x00"), FAIL, WS_V_RSV_CONTROL, 0, 1002},
    {CLIENT_DEFLATE, BYTES("\xa1\x00"), FAIL, WS_V_DEFLATE_RSV2_RSV3, 0, 1002},
    {CLIENT_DEFLATE, BYTES("\x99\x00"), FAIL, WS_V_DEFLATE_RSV2_RSV3, 0, 1002},
    {CLIENT_DEFLATE, BYTES("\x41\x00\xc0\x00"), FAIL, WS_V_DEFLATE_RSV1_CONTINUATION, 2, 1002},
    {CLIENT_DEFLATE, BYTES("\xc9\x00"), FAIL, WS_V_DEFLATE_RSV1_CONTROL, 0, 1002},
    {CLIENT, BYTES("\x09\x00"), FAIL, WS_V_CONTROL_FRAGMENTED, 0, 1002},
    {CLIENT, BYTES("\x80\x00"), FAIL, WS_V_CONTINUATION_ALONE, 0, 1002},
    {CLIENT, BYTES("\x01\x00\x80\x00\x80"), SOON, WS_V_CONTINUATION_ALONE, 4, 1002},
    {CLIENT, BYTES("\x01\x00\x82\x00"), FAIL, WS_V_MESSAGE_INSIDE_MESSAGE, 2, 1002},
    /* the rest of the head */
    {SERVER, BYTES("\x81\x05"), SOON, WS_V_UNMASKED, 1, 1002},
    {SERVER, BYTES("\x81\x00"), FAIL, WS_V_UNMASKED, 1, 1002},
    {CLIENT, BYTES("\x89\x80"), SOON, WS_V_MASKED, 1, 1002},
    {CLIENT, BYTES("\x89\x7e"), SOON, WS_V_CONTROL_TOO_LONG, 1, 1002},
    {CLIENT, BYTES("\x88\x01"), SOON, WS_V_CLOSE_BODY_SHORT, 1, 1002},
    {CLIENT, BYTES("\x88\x01x"), FAIL, WS_V_CLOSE_BODY_SHORT, 1, 1002},
    {CLIENT, BYTES("\x82\x7f\x80"), SOON, WS_V_LENGTH_TOP_BIT, 2, 1002},
    {CLIENT, BYTES("\x82\x7f\x80\0\0\0\0\0\0\0"), FAIL, WS_V_LENGTH_TOP_BIT, 2, 1002},
    {CLIENT, BYTES("\x82\x7e\0\x7d"), MAY, WS_V_LENGTH_NOT_MINIMAL, 3, 1002},
    {CLIENT, BYTES("\x82\x7e\0\x7e"), WAIT, NOTHING, 0, 0},
    {CLIENT, BYTES("\x82\x7f\0\0\0\0\0\0\xff\xff"), MAY, WS_V_LENGTH_NOT_MINIMAL, 9, 1002},
    {CLIENT, BYTES("\x82\x7f\0\0\0\0\0\1\0\0"), WAIT, NOTHING, 0, 0},
    {SERVER_LIMIT, BYTES("\x82\xfe\x03\xe8"), WAIT, NOTHING, 0, 0},
    {SERVER_LIMIT, BYTES("\x82\xfe\x03\xe9"), MAY, WS_V_TOO_BIG, 3, 1009},
    {SERVER_LIMIT, BYTES("\x02\x81" KEY "a\x80\xfe\x03\xe8"), MAY, WS_V_TOO_BIG, 10, 1009},
    /* text */
    {CLIENT, BYTES("\x81\x04" "ab\xff"), SOON, WS_V_TEXT_INVALID, 4, 1007},
    {CLIENT, BYTES("\x81\x04" "ab\xff" "d"), FAIL, WS_V_TEXT_INVALID, 4, 1007},
    {CLIENT, BYTES("\x01\x02\xe2\x82\x00\x01" "a"), SOON, WS_V_TEXT_INVALID, 6, 1007},
    {CLIENT, BYTES("\x01\x01\xff\x80\x00"), FAIL, WS_V_TEXT_INVALID, 2, 1007},
    {CLIENT, BYTES("\x81\x03" "a\xe2\x82"), FAIL, WS_V_TEXT_CUT, 4, 1007},
    {CLIENT, BYTES("\x01\x01\xe2\x80\x00"), FAIL, WS_V_TEXT_CUT, 4, 1007},
    {CLIENT, BYTES("\x82\x01\xff"), OK, NOTHING, 0, 0},
    /* compressed: named by the last byte of the frame's head */
    {SERVER_DEFLATE, BYTES("\xc1\x84" KEY "\xfa\xff\x0f\x00"), FAIL, WS_V_TEXT_INVALID, 5, 1007},
    {SERVER_DEFLATE, BYTES("\xc1\x84" KEY "\x7a\xd4\x04\x00"), FAIL, WS_V_TEXT_CUT, 5, 1007},
    {CLIENT_DEFLATE, BYTES("\xc2\x01\x06"), FAIL, WS_V_DEFLATE_CORRUPT, 1, 1007},
    {CLIENT_DEFLATE, BYTES("\x42\x01\x06"), SOON, WS_V_DEFLATE_CORRUPT, 1, 1007},
    {CLIENT_DEFLATE, BYTES("\xc1\x05\xf2\x00\x11\x00\x00"), FAIL, WS_V_DEFLATE_DISTANCE, 1, 1007},
    {CLIENT_DEFLATE, BYTES("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"), MAY,
     WS_V_DEFLATE_SERVER_TAKEOVER, 10, 1007},
    {CLIENT_DEFLATE, BYTES("\xc1\x04\xf2\x48\xcd\xc9"), MAY, WS_V_DEFLATE_CUT, 1, 1007},
    {CLIENT_DEFLATE, BYTES("\xc1\x00\x81\x00"), MAY, WS_V_DEFLATE_CUT, 1, 1007},
    /* closing */
    {CLIENT, BYTES("\x88\x00"), OK, NOTHING, 0, 0},
    {CLIENT, BYTES("\x88\x02\x03\xe7"), FAIL, WS_V_CLOSE_CODE_LOW, 3, 1002},
    {CLIENT, BYTES("\x88\x02\x03\xec"), FAIL, WS_V_CLOSE_CODE_1004, 3, 1002},
    {CLIENT, BYTES("\x88\x02\x03\xed"), FAIL, WS_V_CLOSE_CODE_1005, 3, 1002},
    {CLIENT, BYTES("\x88\x02\x03\xee"), FAIL, WS_V_CLOSE_CODE_1006, 3, 1002},
    {CLIENT, BYTES("\x88\x02\x03\xf2"), OK, WS_V_CLOSE_CODE_1010, 3, 0},
    {SERVER, BYTES("\x88\x82" KEY "\x03\xf2"), OK, NOTHING, 0, 0},
    {CLIENT, BYTES("\x88\x02\x03\xf7"), FAIL, WS_V_CLOSE_CODE_1015, 3, 1002},
    {CLIENT, BYTES("\x88\x02\x03\xf8"), MAY, WS_V_CLOSE_CODE_UNASSIGNED, 3, 1002},
    {CLIENT, BYTES("\x88\x02\x13\x88"), MAY, WS_V_CLOSE_CODE_HIGH, 3, 1002},
    {CLIENT, BYTES("\x88\x04\x03\xe8" "a\xff"), FAIL, WS_V_CLOSE_REASON_INVALID, 5, 1007},
    {CLIENT, BYTES("\x88\x05\x03\xe8" "a\xe2\x82"), FAIL, WS_V_CLOSE_REASON_CUT, 6, 1007},
    {CLIENT, BYTES("\x88\x00\x81\x01" "a"), OK, WS_V_DATA_AFTER_CLOSE, 2, 0},
    {CLIENT, BYTES("\x88\x00\x83"), OK, WS_V_DATA_AFTER_CLOSE, 2, 0},
    {CLIENT, BYTES("\x88\x00\x89\x00\x88\x00"), OK, WS_V_CLOSE_AFTER_CLOSE, 4, 0},
    {CLIENT, BYTES("\x88\x00\xff\xff\xff\xff"), OK, NOTHING, 0, 0},
    {CLIENT, BYTES("\x01\x01" "a\x88\x00"), OK, NOTHING, 0, 0},
};

static void check_finding(size_t n)
{
    const struct finding *f = &findings[n];
    struct judged j;
    char expected[100];
    judged_init(&j, settings[f->setting]);
    judged_feed(&j, (const uint8_t *)f->bytes, f->size);
    struct ws_prediction p = ws_judge_predict(j.judge);
    ck_assert_msg(p.outcome == f->outcome, "finding %zu: outcome %d", n, (int)p.outcome);
    ck_assert_msg(p.codes[0] == f->code, "finding %zu: code %u", n, (unsigned)p.codes[0]);

    const char *first = strstr(buf_text(&j.log), "violation");
    snprintf(expected, sizeof expected, "violation @%llu %s", (unsigned long long)f->at,
             f->violation == NOTHING ? "" : ws_violation_get(f->violation)->name);
    ck_assert_msg(f->violation == NOTHING ? first == NULL
                                          : first != NULL && strncmp(first, expected, strlen(expected)) == 0,
                  "finding %zu: %s", n, buf_text(&j.log));
    judged_free(&j);
}

START_TEST(each_finding)
{
    for (size_t n = 0; n < sizeof findings / sizeof *findings; n++)
        check_finding(n);
}
END_TEST

START_TEST(each_violation_has_a_finding)
{
    for (enum ws_violation_id id = 0; id < WS_VIOLATIONS; id++) {
        /* these three have tests of their own: they need longer data or another role */
        if (id == WS_V_DEFLATE_PAST_SERVER_WINDOW || id == WS_V_DEFLATE_PAST_CLIENT_WINDOW ||
            id == WS_V_DEFLATE_CLIENT_TAKEOVER)
            continue;
        bool found = false;
        for (size_t n = 0; n < sizeof findings / sizeof *findings; n++)
            found = found || findings[n].violation == id;
        ck_assert_msg(found, "%s", ws_violation_get(id)->name);
    }
}
END_TEST

/* ---- streams of more than one thing ---- */

static struct ws_prediction judge_all(struct judged *j, struct ws_judge_config config,
                                      const char *bytes, size_t size)
{
    judged_init(j, config);
    judged_feed(j, (const uint8_t *)bytes, size);
    return ws_judge_predict(j->judge);
}

static void check_log(enum setting setting, const char *bytes, size_t size, const char *expected)
{
    struct judged j;
    judge_all(&j, settings[setting], bytes, size);
    ck_assert_str_eq(buf_text(&j.log), expected);
    judged_free(&j);
}

START_TEST(control_frames_between_compressed_fragments)
{
    check_log(SERVER_DEFLATE,
              BYTES("\x41\x83" KEY "\xf2\x48\xcd\x89\x81" KEY "p\x00\x80" KEY
                    "\x8a\x80" KEY "\x80\x84" KEY "\xc9\xc9\x07\x00"),
              "\nfirst text compressed 4865\nping @15 70 0\npong @27  0\nmore text compressed 6c6c6f last");
}
END_TEST

START_TEST(a_message_after_one_that_ends_in_a_final_block)
{
    check_log(SERVER_DEFLATE,
              BYTES("\xc1\x88" KEY "\xf3\x48\xcd\xc9\xc9\x07\x00\x00" "\xc1\x85" KEY "\xf2\x00\x11\x00\x00"),
              "\nfirst text compressed 48656c6c6f last\nfirst text compressed 48656c6c6f last");
}
END_TEST

START_TEST(what_may_be_overlooked_is_reported_and_decoded)
{
    check_log(CLIENT, BYTES("\x81\x7e\0\1a\x89\x00\x88\x02\x13\x88"),
              "\nviolation @3 length-not-minimal 0\nfirst text 61 last\nping @6  0"
              "\nviolation @10 close-code-high 0\nclose @10  5000");
    /* "Hel", and what the cut block makes of the tail */
    check_log(SERVER_DEFLATE, BYTES("\xc1\x84" KEY "\xf2\x48\xcd\xc9\x81\x80" KEY),
              "\nfirst text compressed 48656c68\nviolation @5 deflate-cut 0"
              "\nmore text compressed  last\nfirst text  last");
}
END_TEST

START_TEST(after_a_failure_nothing_is_reported)
{
    check_log(CLIENT, BYTES("\x81\x01" "a\x83\x00\x89\x00\x81\x01" "b"),
              "\nfirst text 61 last\nviolation @3 reserved-data-opcode deaf 0");
    check_log(CLIENT, BYTES("\x01\x02" "a\xff\x89\x00\x80\x01" "b"),
              "\nfirst text 61\nviolation @3 text-invalid deaf 0");
}
END_TEST

START_TEST(after_a_close_only_the_senders_slips_are_reported)
{
    check_log(CLIENT, BYTES("\x88\x00\x89\x00\x82\x01x\x88\x02\x03\xe9"),
              "\nclose @1  1005\nviolation @4 data-after-close 0\nviolation @7 close-after-close 0");
}
END_TEST

static void check_prediction(enum setting setting, const char *bytes, size_t size, enum ws_outcome outcome,
                             enum ws_violation_id violation, unsigned allowed, unsigned refused)
{
    struct judged j;
    struct ws_prediction p = judge_all(&j, settings[setting], bytes, size);
    ck_assert_int_eq(p.outcome, outcome);
    ck_assert_int_eq(p.violation, violation);
    ck_assert(ws_prediction_allows(&p, allowed));
    ck_assert(!ws_prediction_allows(&p, refused));
    judged_free(&j);
}

/* A receiver may wait for the end of a bad text; meanwhile other things come. */
START_TEST(a_patient_receiver)
{
    /* a Close, which it answers */
    check_prediction(CLIENT, BYTES("\x01\x01\xff\x88\x00"), MAY, WS_V_TEXT_INVALID, 1007, 1002);
    /* a bad Close, which it cannot */
    check_prediction(CLIENT, BYTES("\x01\x01\xff\x88\x01x"), FAIL, WS_V_TEXT_INVALID, 1002, 1009);
    /* a bad frame, for which it fails with another code */
    check_prediction(CLIENT, BYTES("\x01\x01\xff\x89\x00\x83\x00"), FAIL, WS_V_TEXT_INVALID, 1002, 1009);
    check_prediction(CLIENT, BYTES("\x01\x01\xff\x89\x00\x83\x00"), FAIL, WS_V_TEXT_INVALID, 1007, 1003);
}
END_TEST

START_TEST(codes_of_all_violations_are_allowed)
{
    /* unmasked as well as reserved: any code will do, none as well */
    struct judged j;
    struct ws_prediction p = judge_all(&j, settings[SERVER], BYTES("\xc1\x00"));
    ck_assert_int_eq(p.violation, WS_V_RSV_DATA);
    ck_assert_uint_eq(p.codes[0], 1002);
    ck_assert(ws_prediction_allows(&p, 1008) && ws_prediction_allows(&p, 1005));
    judged_free(&j);
    /* what decides is the failure, not what may be overlooked before it */
    check_prediction(CLIENT, BYTES("\x81\x7e\0\1\xff"), FAIL, WS_V_TEXT_INVALID, 1002, 1009);
}
END_TEST

START_TEST(deaf_but_not_failed)
{
    struct judged j;
    struct ws_prediction p =
        judge_all(&j, settings[SERVER_LIMIT], BYTES("\x82\xff\0\0\0\0\0\1\0\0"));
    ck_assert_str_eq(buf_text(&j.log), "\nviolation @9 too-big deaf 0");
    ck_assert_int_eq(p.outcome, WS_OUTCOME_MAY_FAIL);
    judged_free(&j);
    /* Whoever reads on must fail all the same. */
    p = judge_all(&j, settings[SERVER_LIMIT], BYTES("\x82\xfe\x03\xe9" KEY));
    ck_assert_int_eq(p.outcome, WS_OUTCOME_MAY_FAIL);
    static uint8_t payload[LIMIT + 1];
    judged_feed(&j, payload, sizeof payload);
    judged_feed(&j, (const uint8_t *)"\x83\x80" KEY, 6);
    p = ws_judge_predict(j.judge);
    ck_assert_int_eq(p.outcome, WS_OUTCOME_FAIL);
    ck_assert_int_eq(p.violation, WS_V_RESERVED_DATA_OPCODE);
    ck_assert_uint_eq(p.codes[0], 1002);
    ck_assert(ws_prediction_allows(&p, 1009));
    judged_free(&j);
}
END_TEST

/* The limit is one of messages: a frame behind one has nothing to do with it. */
START_TEST(a_stray_frame_is_not_too_big)
{
    static uint8_t message[4 + LIMIT] = {0x82, 0x7e, LIMIT >> 8, LIMIT & 255};
    struct judged j;
    struct ws_judge_config config = {.receiver = WS_CLIENT, .message_max = LIMIT};
    judge_all(&j, config, (char *)message, sizeof message);
    judged_feed(&j, (const uint8_t *)"\x80\x01x", 3);
    struct ws_prediction p = ws_judge_predict(j.judge);
    ck_assert_int_eq(p.outcome, WS_OUTCOME_FAIL);
    ck_assert(!ws_prediction_allows(&p, 1009));
    judged_free(&j);
}
END_TEST

START_TEST(states_that_can_be_asked)
{
    struct judged j;
    judge_all(&j, settings[CLIENT], BYTES("\x01\x01" "a\x89"));
    ck_assert_uint_eq(ws_judge_bytes(j.judge), 4);
    ck_assert(ws_judge_in_message(j.judge));
    ck_assert(ws_judge_in_frame(j.judge));
    judged_feed(&j, (const uint8_t *)"\0", 1);
    ck_assert(!ws_judge_in_frame(j.judge));
    judged_feed(&j, (const uint8_t *)"\x80\0", 2);
    ck_assert(!ws_judge_in_message(j.judge));
    ck_assert_uint_eq(j.frames, 3);
    ck_assert_uint_eq(ws_judge_bytes(j.judge), 7);
    judged_free(&j);
}
END_TEST

START_TEST(without_an_ear)
{
    struct ws_judge *judge = ws_judge_new(&settings[CLIENT]);
    uint8_t bytes[] = {0x81, 1, 'a', 0x83, 0};
    ws_judge_feed(judge, bytes, sizeof bytes);
    ck_assert_int_eq(ws_judge_predict(judge).outcome, WS_OUTCOME_FAIL);
    ws_judge_free(judge);
    ws_judge_free(NULL);
    struct ws_judge_config off = {.deflate = true, .window_bits = 7};
    ck_assert_ptr_null(ws_judge_new(&off));
}
END_TEST

/* ---- windows ---- */

/* A compressed message: 600 bytes stored, then three bytes from 513 back. */
static size_t write_far_message(uint8_t *out, enum ws_role receiver)
{
    static const uint8_t match[] = {0x02, 0x26, 0x00, 0x00, 0x00};
    size_t size = 0, payload = 5 + 600 + sizeof match;
    struct ws_frame_head head = ws_frame_head_make(
        WS_BINARY, payload, receiver == WS_SERVER ? (const uint8_t *)KEY : NULL);
    head.rsv = 4;
    size = ws_frame_head_write(&head, out);
    memcpy(out + size, "\x00\x58\x02\xa7\xfd", 5);
    memset(out + size + 5, 'a', 600);
    memcpy(out + size + 5 + 600, match, sizeof match);
    return size + payload;
}

START_TEST(further_back_than_the_window)
{
    for (enum ws_role role = WS_SERVER; role <= WS_CLIENT; role++) {
        uint8_t bytes[700];
        size_t size = write_far_message(bytes, role);
        struct judged j;
        struct ws_judge_config config = {
            .receiver = role, .deflate = true, .context_takeover = true, .window_bits = 10};
        struct ws_prediction p = judge_all(&j, config, (char *)bytes, size);
        ck_assert_int_eq(p.outcome, WS_OUTCOME_OK);
        ck_assert_uint_eq(j.message_bytes, 603);
        judged_free(&j);

        config.window_bits = 9;
        p = judge_all(&j, config, (char *)bytes, size);
        ck_assert_int_eq(p.outcome, WS_OUTCOME_MAY_FAIL);
        ck_assert_int_eq(p.violation, role == WS_SERVER ? WS_V_DEFLATE_PAST_CLIENT_WINDOW
                                                        : WS_V_DEFLATE_PAST_SERVER_WINDOW);
        judged_free(&j);
    }
}
END_TEST

START_TEST(a_client_that_takes_over)
{
    struct judged j;
    struct ws_judge_config config = {.receiver = WS_SERVER, .deflate = true};
    struct ws_prediction p = judge_all(
        &j, config,
        BYTES("\xc1\x87" KEY "\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x85" KEY "\xf2\x00\x11\x00\x00"));
    ck_assert_int_eq(p.violation, WS_V_DEFLATE_CLIENT_TAKEOVER);
    judged_free(&j);
}
END_TEST

/* ---- bounds ---- */

/* 64 MiB of zeros in 64 KiB; `frames` of the message are fed until it ends. */
static struct buf write_bomb(void)
{
    static uint8_t zeros[1u << 16], out[1u << 16];
    struct buf payload;
    struct ws_deflater *d = ws_deflater_new(15, true, 9);
    buf_init(&payload, 0);
    for (int n = 0; n < 1024; n++) {
        enum ws_codec_status status = WS_CODEC_MORE_ROOM;
        struct ws_codec_step step = {.in = zeros, .in_size = sizeof zeros};
        while (status == WS_CODEC_MORE_ROOM) {
            step.out = out;
            step.out_size = sizeof out;
            status = ws_deflater_step(d, &step, n == 1023 ? WS_PIECE_LAST : WS_PIECE_GOES_ON);
            buf_append(&payload, out, step.out_made);
            step.in += step.in_used;
            step.in_size -= step.in_used;
        }
    }
    ws_deflater_free(d);
    struct ws_frame_head head = ws_frame_head_make(WS_BINARY, payload.size, NULL);
    head.rsv = 4;
    struct buf frame;
    uint8_t bytes[WS_FRAME_HEAD_MAX];
    buf_init(&frame, 0);
    buf_append(&frame, bytes, ws_frame_head_write(&head, bytes));
    buf_append(&frame, payload.data, payload.size);
    buf_free(&payload);
    return frame;
}

START_TEST(a_bomb_stops_at_the_limit)
{
    struct buf bomb = write_bomb();
    static const uint64_t limits[] = {1, LIMIT, 1u << 20, 0};
    for (size_t n = 0; n < 4; n++) {
        struct judged j;
        struct ws_judge_config config = settings[DEFLATE_LIMIT];
        config.message_max = limits[n];
        judged_init(&j, config);
        j.keep_nothing = true;
        struct guard g = guard_end(bomb.data, bomb.size);
        nomem_at(1, 1);
        ws_judge_feed(j.judge, g.bytes, g.size);
        bool hit = nomem_hit();
        nomem_at(0, 0);
        guard_free(&g);
        ck_assert(!hit); /* not a byte of memory more */
        ck_assert_uint_eq(j.message_bytes, limits[n] == 0 ? 64u << 20 : limits[n]);
        ck_assert_uint_eq(j.violations[WS_V_TOO_BIG], limits[n] != 0);
        ck_assert_int_eq(ws_judge_predict(j.judge).outcome,
                         limits[n] == 0 ? WS_OUTCOME_OK : WS_OUTCOME_MAY_FAIL);
        judged_free(&j);
    }
    buf_free(&bomb);
}
END_TEST

START_TEST(a_message_of_just_the_limit)
{
    static uint8_t bytes[LIMIT + 1];
    for (size_t size = LIMIT; size <= LIMIT + 1; size++) {
        struct ws_deflater *d = ws_deflater_new(15, true, 6);
        uint8_t wire[100] = {0xc2, 0};
        struct ws_codec_step step = {.in = bytes, .in_size = size, .out = wire + 2, .out_size = 98};
        ck_assert_int_eq(ws_deflater_step(d, &step, WS_PIECE_LAST), WS_CODEC_OK);
        wire[1] = (uint8_t)step.out_made;
        struct judged j;
        judge_all(&j, settings[DEFLATE_LIMIT], (char *)wire, 2 + step.out_made);
        ck_assert_uint_eq(j.message_bytes, LIMIT);
        ck_assert_uint_eq(j.violations[WS_V_TOO_BIG], size > LIMIT);
        judged_free(&j);
        ws_deflater_free(d);
    }
}
END_TEST

START_TEST(allocations_that_fail)
{
    unsigned long tries = 0;
    for (bool hit = true; hit; tries++) {
        nomem_at(tries + 1, 0);
        struct ws_judge *judge = ws_judge_new(&settings[SERVER_DEFLATE]);
        hit = nomem_hit();
        nomem_at(0, 0);
        ck_assert_int_eq(judge == NULL, hit);
        ws_judge_free(judge);
    }
    ck_assert_uint_ge(tries, 5); /* judge, inflater, its state, its window */
}
END_TEST

START_TEST(a_million_empty_fragments)
{
    struct judged j;
    uint8_t bytes[] = {0x00, 0};
    judged_init(&j, settings[CLIENT]);
    j.keep_nothing = true;
    ws_judge_feed(j.judge, (uint8_t[]){0x01, 0}, 2);
    nomem_at(1, 1);
    for (int n = 0; n < 1000000; n++)
        ws_judge_feed(j.judge, bytes, sizeof bytes);
    bool hit = nomem_hit();
    nomem_at(0, 0);
    ck_assert(!hit);
    ck_assert_int_eq(ws_judge_predict(j.judge).outcome, WS_OUTCOME_WAIT);
    judged_free(&j);
}
END_TEST

/* ---- noise ---- */

/* A few frames, mostly legal, then a few bytes spoilt. */
static size_t write_noise(uint8_t *out, struct prng *p, enum setting setting)
{
    static const uint8_t opcodes[] = {0, 0, 0, 1, 1, 2, 8, 9, 10, 3, 11};
    bool masked = settings[setting].receiver == WS_SERVER;
    size_t size = 0, frames = 1 + prng_below(p, 4);
    for (size_t n = 0; n < frames; n++) {
        struct ws_frame_head head = ws_frame_head_make(WS_TEXT, prng_below(p, 9), NULL);
        head.opcode = opcodes[prng_below(p, sizeof opcodes)];
        if (n == 0 && head.opcode == 0)
            head.opcode = prng_below(p, 2) == 0 ? WS_TEXT : WS_BINARY;
        head.fin = prng_below(p, 3) != 0 || head.opcode > 7;
        head.masked = masked;
        if (settings[setting].deflate && (head.opcode == 1 || head.opcode == 2))
            head.rsv = prng_below(p, 4) == 0 ? 0 : 4;
        head.length_form = prng_below(p, 20) == 0 ? WS_LENGTH_16 : WS_LENGTH_MINIMAL;
        size += ws_frame_head_write(&head, out + size);
        prng_fill(p, out + size, (size_t)head.payload_length);
        for (size_t i = 0; i < head.payload_length && prng_below(p, 8) != 0; i++)
            out[size + i] &= head.rsv ? 0xfb : 0x7f;
        size += (size_t)head.payload_length;
    }
    if (prng_below(p, 3) == 0)
        out[prng_below(p, size)] = (uint8_t)prng_next(p);
    return size - prng_below(p, 3) % size;
}

START_TEST(noise)
{
    struct prng p = prng_stream(5, "noise");
    size_t outcomes[5] = {0};
    uint8_t bytes[200], copy[200];
    for (int n = 0; n < 200000; n++) {
        enum setting setting = (enum setting)(n % 16 < 10 ? n % 2 : n % 6);
        size_t size = write_noise(bytes, &p, setting);
        struct judged whole, cut;
        judged_init(&whole, settings[setting]);
        judged_init(&cut, settings[setting]);
        memcpy(copy, bytes, size);
        ws_judge_feed(whole.judge, copy, size);
        for (size_t i = 0; i < size; i++)
            ws_judge_feed(cut.judge, bytes + i, 1);
        if (!judged_same(&whole, &cut))
            ck_abort_msg("input %d: %s\n---%s", n, buf_text(&whole.log), buf_text(&cut.log));
        outcomes[ws_judge_predict(whole.judge).outcome]++;
        judged_free(&whole);
        judged_free(&cut);
    }
    for (size_t i = 0; i < 5; i++)
        ck_assert_msg(outcomes[i] > 1000, "outcome %zu only %zu times", i, outcomes[i]);
}
END_TEST

UNIT_MAIN("judge", each_finding, each_violation_has_a_finding,
          control_frames_between_compressed_fragments, a_message_after_one_that_ends_in_a_final_block,
          what_may_be_overlooked_is_reported_and_decoded, after_a_failure_nothing_is_reported,
          after_a_close_only_the_senders_slips_are_reported, a_patient_receiver,
          codes_of_all_violations_are_allowed, deaf_but_not_failed,
          a_stray_frame_is_not_too_big, states_that_can_be_asked, without_an_ear, further_back_than_the_window,
          a_client_that_takes_over, a_bomb_stops_at_the_limit, a_message_of_just_the_limit,
          allocations_that_fail, a_million_empty_fragments, noise)
