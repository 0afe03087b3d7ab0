/* Plays a case: its steps in order, each one a function of the table below, that
 * is called again whenever something happened until it is done. Nothing is
 * decided inside a callback of a connection: those wake the runner, and the
 * loop calls it. */
#include "engine/language/value.h"
#include "engine/runner/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_AT_ONCE 256u /* then other runners have their turn */
#define DEFAULT_TIMEOUT_NS (2 * NS_PER_S)
#define RUNNER_KNOWN 7u    /* names that are not captured: ${i}, ${accept} ... */

static step_fn *const step_fns[FORMS] = {
    [FORM_OPEN] = step_open,
    [FORM_ACCEPT] = step_open,
    [FORM_CONNECT] = step_open,
    [FORM_CONNECT_PLAIN] = step_open,
    [FORM_OPEN_SOCKETIO] = step_open,
    [FORM_ACCEPT_SOCKETIO] = step_open,
    [FORM_RECONNECT] = step_reconnect,
    [FORM_SEND_TEXT] = step_send_frame,
    [FORM_SEND_BINARY] = step_send_frame,
    [FORM_SEND_CONTINUE] = step_send_frame,
    [FORM_SEND_PING] = step_send_frame,
    [FORM_SEND_PONG] = step_send_frame,
    [FORM_SEND_CLOSE] = step_send_frame,
    [FORM_SEND_HTTP] = step_send_bytes,
    [FORM_SEND_PAYLOAD] = step_send_bytes,
    [FORM_SEND_RAW] = step_send_bytes,
    [FORM_SEND_SIO_CONNECT] = step_send_packet,
    [FORM_SEND_SIO_DISCONNECT] = step_send_packet,
    [FORM_SEND_SIO_EVENT] = step_send_packet,
    [FORM_SEND_SIO_ACK] = step_send_packet,
    [FORM_SEND_SIO_ERROR] = step_send_packet,
    [FORM_SEND_SIO_PING] = step_send_packet,
    [FORM_SEND_SIO_PONG] = step_send_packet,
    [FORM_SEND_SIO_CLOSE] = step_send_packet,
    [FORM_EXPECT_SIO_OPEN] = step_expect,
    [FORM_EXPECT_SIO_CONNECT] = step_expect,
    [FORM_EXPECT_SIO_ERROR] = step_expect,
    [FORM_EXPECT_SIO_DISCONNECT] = step_expect,
    [FORM_EXPECT_SIO_EVENT] = step_expect,
    [FORM_EXPECT_SIO_ACK] = step_expect,
    [FORM_EXPECT_SIO_PING] = step_expect,
    [FORM_EXPECT_SIO_PONG] = step_expect,
    [FORM_EXPECT_SIO_CLOSE] = step_expect,
    [FORM_HEARTBEAT_ON] = step_heartbeat,
    [FORM_HEARTBEAT_OFF] = step_heartbeat,
    [FORM_EXPECT_OPEN] = step_expect,
    [FORM_EXPECT_STATUS] = step_expect,
    [FORM_EXPECT_HEADER] = step_expect,
    [FORM_EXPECT_NO_HEADER] = step_expect,
    [FORM_EXPECT_REFUSED] = step_expect,
    [FORM_EXPECT_BODY] = step_expect,
    [FORM_EXPECT_NO_BODY] = step_expect,
    [FORM_EXPECT_TEXT] = step_expect,
    [FORM_EXPECT_BINARY] = step_expect,
    [FORM_EXPECT_MESSAGE] = step_expect,
    [FORM_EXPECT_ECHO] = step_expect,
    [FORM_EXPECT_PING] = step_expect,
    [FORM_EXPECT_PONG] = step_expect,
    [FORM_EXPECT_CLOSE] = step_expect,
    [FORM_EXPECT_FAIL] = step_expect,
    [FORM_EXPECT_EOF] = step_expect,
    [FORM_EXPECT_RESET] = step_expect,
    [FORM_EXPECT_DROP] = step_expect,
    [FORM_EXPECT_FRAME] = step_expect,
    [FORM_EXPECT_NOTHING] = step_expect,
    [FORM_EXPECT_TESTEE_ALIVE] = step_testee_alive,
    [FORM_EXPECT_TESTEE_MEMORY] = step_testee_usage,
    [FORM_EXPECT_TESTEE_MEMORY_GROWTH] = step_testee_usage,
    [FORM_EXPECT_TESTEE_DESCRIPTORS] = step_testee_usage,
    [FORM_EXPECT_TESTEE_DESCRIPTOR_GROWTH] = step_testee_usage,
    [FORM_EXPECT_STAYS] = step_expect,
    [FORM_EXPECT_NOBODY] = step_nobody,
    [FORM_EXPECT_ATTEMPTS] = step_attempts,
    [FORM_EXPECT_GAPS] = step_gaps,
    [FORM_EXPECT_NUMBERS] = step_numbers,
    [FORM_EXPECT_SETUP] = step_setup,
    [FORM_EXPECT_REQUEST] = step_expect,
    [FORM_EXPECT_NO_REQUEST] = step_expect,
    [FORM_EXPECT_TOLD_OPEN] = step_expect,
    [FORM_EXPECT_TOLD_FAILED] = step_expect,
    [FORM_EXPECT_SNI] = step_expect,
    [FORM_TUNNEL] = step_tunnel,
    [FORM_LISTEN_OFF] = step_listen,
    [FORM_LISTEN_CERTIFICATE] = step_listen,
    [FORM_LISTEN_CUT] = step_listen,
    [FORM_LISTEN_ON] = step_listen,
    [FORM_PUBLISH] = step_publish,
    [FORM_EXPECT_RECOVERED_HALF] = step_recovered,
    [FORM_EXPECT_RECOVERED_MOST] = step_recovered,
    [FORM_EXPECT_RECOVERED_ALL] = step_recovered,
    [FORM_EXPECT_HANDSHAKE_HALF] = step_measured,
    [FORM_EXPECT_HANDSHAKE_MOST] = step_measured,
    [FORM_EXPECT_ARRIVALS] = step_measured,
    [FORM_EXPECT_AT_ONCE] = step_measured,
    [FORM_EXPECT_TRIES] = step_measured,
    [FORM_FLEET] = step_fleet,
    [FORM_FENCE] = step_fence,
    [FORM_AUTO_PONG_ON] = step_auto_pong,
    [FORM_AUTO_PONG_OFF] = step_auto_pong,
    [FORM_DROP_FIN] = step_drop,
    [FORM_DROP_RESET] = step_drop,
    [FORM_DROP_SILENT] = step_drop,
    [FORM_DROP_MUTE] = step_drop,
    [FORM_WAIT] = step_wait,
    [FORM_FAULT_OFF] = step_fault,
    [FORM_FAULT_LATENCY] = step_fault,
    [FORM_FAULT_BANDWIDTH] = step_fault,
    [FORM_FAULT_SLICE] = step_fault,
    [FORM_FAULT_CUT] = step_fault,
    [FORM_FAULT_STALL] = step_fault,
    [FORM_FAULT_BLACK_HOLE] = step_fault,
    [FORM_FAULT_CORRUPT] = step_fault,
    [FORM_FAULT_LIMIT] = step_fault,
    [FORM_FAULT_SLOW_CLOSE] = step_fault,
    [FORM_TESTEE_RESTART] = step_testee_restart,
    [FORM_TESTEE_KILL] = step_testee,
    [FORM_TESTEE_TERMINATE] = step_testee,
    [FORM_TESTEE_PAUSE] = step_testee,
    [FORM_TESTEE_RESUME] = step_testee,
    [FORM_TESTEE_STOP] = step_testee,
    [FORM_TESTEE_WEIGH] = step_testee_weigh,
};

/* ---- what the parts ask for ---- */

uint64_t runner_now(const struct runner *r) { return loop_now(r->config.loop); }

uint64_t runner_patient(const struct runner *r, uint64_t ns)
{
    return (uint64_t)((double)ns * (r->config.patience > 0 ? r->config.patience : 1));
}

uint64_t runner_patience(const struct runner *r)
{
    return runner_patient(r, r->test->timeout_ns ? r->test->timeout_ns : DEFAULT_TIMEOUT_NS);
}

uint64_t runner_within(const struct runner *r, const struct setting *within)
{
    return within ? runner_patient(r, runner_paced(r, within->value.to)) + r->config.grace_ns : runner_patience(r);
}

uint64_t runner_paced(const struct runner *r, uint64_t ns)
{
    return r->config.pace > 0 ? (uint64_t)((double)ns * r->config.pace) : ns;
}

/* A client's machine and ours do not count alike; where no grace is given, they are one and the same. */
bool runner_too_early(const struct runner *r, uint64_t took_ns, uint64_t least_ns)
{
    uint64_t least = runner_paced(r, least_ns);
    if (r->config.grace_ns)
        return took_ns + least / 20 + r->config.grace_ns / 20 < least;
    return took_ns < least;
}

const char *runner_text(struct runner *r, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *kept = arena_text(&r->run->arena, text);
    return kept ? kept : "";
}

enum progress end_case(struct runner *r, enum verdict verdict, const char *expected, const char *seen,
                       const char *detail, ...)
{
    char text[1024];
    va_list args;
    if (r->decided)
        return STEP_OVER;
    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    r->decided = true;
    r->verdict = verdict;
    r->expected = expected;
    r->seen = seen;
    r->detail = runner_text(r, "%s", text);
    r->line = r->step ? r->step->line : r->test->line;
    runner_wake(r);
    return STEP_OVER;
}

/* NON_STRICT outweighs INFO; the first sentence of each grade stands. */
void remark(struct runner *r, enum verdict verdict, const char *detail, ...)
{
    char text[1024];
    va_list args;
    bool heavier = r->verdict == VERDICT_PASS || (r->verdict == VERDICT_INFO && verdict == VERDICT_NON_STRICT);
    if (r->decided || !heavier)
        return;
    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    r->verdict = verdict;
    r->detail = runner_text(r, "%s", text);
    r->line = r->step ? r->step->line : r->test->line;
}

void runner_note(struct runner *r, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    trace_add(&r->trace, &(struct trace_event){.kind = TRACE_NOTE, .at_ns = runner_now(r) - r->began_ns, .text = text});
}

enum progress wait_until(struct runner *r, uint64_t at_ns)
{
    if (at_ns < r->wake_at)
        r->wake_at = at_ns;
    return STEP_WAIT;
}

/* What the runner knows by itself. */
static size_t add_known(const struct runner *r, struct capture *all, size_t count)
{
    const struct hinted *hinted = r->config.hinted;
    const struct { const char *name, *value; } known[RUNNER_KNOWN] = {
        {"i", r->round_text}, {"accept", r->accept_key}, {"accept_lower", r->accept_lower},
        {"here", hinted ? hinted->here : ""}, {"port", hinted ? hinted->port : ""},
        {"scheme", hinted ? hinted->scheme : ""}, {"page", hinted ? hinted->page : ""}};
    for (size_t i = 0; i < RUNNER_KNOWN; i++)
        if (*known[i].value)
            all[count++] = (struct capture){known[i].name, (const uint8_t *)known[i].value, strlen(known[i].value)};
    return count;
}

bool runner_payload(struct runner *r, const struct payload *payload, struct buf *out)
{
    struct capture all[LIMIT_CAPTURES + SCRIPT_EACH_MAX + RUNNER_KNOWN];
    struct diag why = {0};
    size_t count = r->capture_count;
    memcpy(all, r->captures, count * sizeof *all);
    for (size_t i = 0; i < r->test->each_count; i++)
        all[count++] = (struct capture){r->test->each[i].name, (const uint8_t *)r->test->each[i].value,
                                        strlen(r->test->each[i].value)};
    count = add_known(r, all, count);
    if (!r->run->samples)
        r->run->samples = sample_sets_new(&r->run->arena, r->config.seed);
    r->samples.sets = r->run->samples;
    struct payload_scope scope = {.captures = all, .capture_count = count, .random = &r->random,
                                  .samples = r->samples.sets ? &r->samples : NULL,
                                  .file_dir = r->config.file_dir};
    if (payload_bytes(payload, &scope, out, &why))
        return true;
    end_case(r, VERDICT_ERROR, "", "", "%s", why.text);
    return false;
}

bool runner_option(struct runner *r, const struct setting *setting, const char *otherwise, struct buf *out)
{
    return setting ? runner_payload(r, setting->value.bytes, out) : buf_append_text(out, otherwise);
}

/* ---- the cursor ---- */

static struct cursor *top(struct runner *r) { return &r->cursors[r->depth]; }

static void set_round(struct runner *r)
{
    if (top(r)->repeat)
        snprintf(r->round_text, sizeof r->round_text, "%llu", (unsigned long long)top(r)->round);
    else
        *r->round_text = '\0';
}

static uint64_t rounds_of(const struct runner *r, const struct step *step)
{
    uint64_t rounds = step_number(step, SLOT_COUNT, 1);
    return r->config.full ? step_number(step, SLOT_FULL, rounds) : rounds;
}

static void enter_repeat(struct runner *r, const struct step *step)
{
    uint64_t rounds = rounds_of(r, step);
    top(r)->step = step->next;
    if (!step->body || rounds == 0 || r->depth == LIMIT_REPEAT_DEPTH)
        return;
    const struct setting *time = step_setting(step, SLOT_FOR);
    uint64_t until = time ? runner_now(r) + runner_paced(r, time->value.number) : NEVER;
    r->cursors[++r->depth] = (struct cursor){.step = step->body, .repeat = step, .round = 1, .rounds = rounds,
                                             .until = until};
    set_round(r);
}

static void next_round(struct runner *r)
{
    struct cursor *cursor = top(r);
    if (cursor->round == cursor->rounds) {
        r->depth--;
    } else {
        cursor->round++;
        cursor->step = cursor->repeat->body;
    }
    set_round(r);
}

/* The next step that is no bookkeeping; NULL at the end of the case. */
static const struct step *fetch(struct runner *r)
{
    for (;;) {
        const struct step *step = top(r)->step;
        if (!step && r->depth == 0)
            return NULL;
        if (!step)
            next_round(r);
        else if (step->form == FORM_REPEAT)
            enter_repeat(r, step);
        else if (step->form == FORM_END)
            top(r)->step = step->next;
        else
            return step;
    }
}

const struct step *runner_next_step(const struct runner *r)
{
    const char *actor = r->step->actor;
    for (const struct step *s = r->step->next; s; s = s->next)
        if (s->actor == actor || (s->actor && actor && strcmp(s->actor, actor) == 0))
            return s;
    return NULL;
}

/* The time of a `repeat ... for` is up: what it waits for is given up, and it goes on behind its end. */
static void end_timed_repeats(struct runner *r)
{
    for (unsigned depth = 1; depth <= r->depth; depth++) {
        if (runner_now(r) < r->cursors[depth].until)
            continue;
        for (struct conn *c = r->conns; c; c = c->next)
            if (c->waiter.waiting)
                listener_share_forget(r->config.listener, &c->waiter);
        buf_free(&r->pump.bytes);
        r->pump.at = 0;
        r->step = NULL;
        r->depth = depth - 1;
        set_round(r);
        return;
    }
}

static enum progress wait_in_repeats(struct runner *r)
{
    for (unsigned depth = 1; depth <= r->depth; depth++)
        wait_until(r, r->cursors[depth].until);
    return STEP_WAIT;
}

/* ---- playing ---- */

/* What waits for its turn has not begun: nobody is late by it, and it is no part of how long the case took. */
static void wait_for_turn(struct runner *r)
{
    bool connects = r->step && (r->step->verb == VERB_OPEN || r->step->verb == VERB_CONNECT ||
                                r->step->verb == VERB_RECONNECT);
    if (!connects || r->config.role != WS_CLIENT)
        return;
    uint64_t now = r->step_ns;
    r->step_ns = pacing_turn(r->config.pacing, now);
    r->paced_ns += r->step_ns - now;
}

static bool begin_step(struct runner *r)
{
    r->step = fetch(r);
    r->step_fresh = true;
    r->phase = 0;
    r->step_ns = runner_now(r);
    wait_for_turn(r);
    return r->step != NULL;
}

static enum progress of_the_proxy(struct runner *r)
{
    return end_case(r, VERDICT_ERROR, "", "",
                    "line %d: '%s %s' is for the proxy: wsgauntlet proxy LISTEN UPSTREAM --script FILE", r->step->line,
                    verb_word(r->step->verb), form_word(r->step->form));
}

static enum progress play_step(struct runner *r)
{
    struct conn *c = conn_of(r, r->step->actor);
    step_fn *fn = c && c->fleet && r->step->verb == VERB_DROP ? step_fleet_drop : step_fns[r->step->form];
    if (!c || !fleet_step_allowed(r, c, r->step))
        return STEP_OVER;
    enum progress progress = fn ? fn(r, c, r->step) : of_the_proxy(r);
    r->step_fresh = false;
    if (r->decided)
        return STEP_OVER;
    if (progress == STEP_DONE) {
        top(r)->step = r->step->next;
        r->step = NULL;
    }
    return progress;
}

/* DONE: all steps are played. */
static enum progress play_steps(struct runner *r)
{
    for (unsigned n = 0; n < STEPS_AT_ONCE; n++) {
        if (r->decided)
            return STEP_OVER;
        end_timed_repeats(r);
        if (!r->step && !begin_step(r))
            return STEP_DONE;
        if (r->step_ns > runner_now(r))
            return wait_until(r, r->step_ns);
        enum progress progress = play_step(r);
        if (progress != STEP_DONE)
            return progress == STEP_WAIT ? wait_in_repeats(r) : progress;
    }
    return wait_until(r, runner_now(r));
}

/* ---- the end ---- */

static void release_connections(struct runner *r)
{
    while (r->conns) {
        struct conn *c = r->conns;
        r->conns = c->next;
        conn_free(c);
    }
    conn_free(r->alive);
    r->alive = NULL;
    limbo_free(r);
}

static void finish(struct runner *r)
{
    r->stage = OVER;
    if (r->ticket)
        r->ticket->runner = NULL;
    if (r->kick)
        timer_stop(r->kick);
    if (r->timer)
        timer_stop(r->timer);
    if (r->config.own_listener)
        listener_share_watch(r->config.listener, NULL);
    fleet_tell(r);
    release_connections(r);
    service_free(r->service);
    grade_fill(r);
    if (r->done)
        r->done(r->done_arg, r->result, &r->trace);
    trace_free(&r->trace);
    buf_free(&r->pump.bytes);
    pattern_free_captures(r);
    free(r->sent_numbers.at);
    free(r->received_numbers.at);
    free(r->scratch);
    free(r);
}

/* ---- driven by the loop ---- */

static void advance(struct runner *r);

static void on_kick(void *arg)
{
    struct runner *r = arg;
    r->kick = NULL;
    advance(r);
}

static void on_timer(void *arg)
{
    struct runner *r = arg;
    r->timer = NULL;
    advance(r);
}

void runner_wake(struct runner *r)
{
    if (!r->kick && r->stage != OVER)
        r->kick = timer_start(r->config.loop, 0, on_kick, r);
}

static void arm(struct runner *r)
{
    uint64_t now = runner_now(r);
    if (r->timer)
        timer_stop(r->timer);
    r->timer = NULL;
    if (r->wake_at != NEVER)
        r->timer = timer_start(r->config.loop, r->wake_at > now ? r->wake_at - now : 0, on_timer, r);
}

static void advance(struct runner *r)
{
    static enum progress (*const stages[])(struct runner *r) = {
        [PLAYING] = play_steps, [CLOSING] = closing_poll, [WATCHING] = grade_watch};
    r->wake_at = NEVER;
    while (r->stage != OVER) {
        if (stages[r->stage](r) == STEP_WAIT) {
            arm(r);
            return;
        }
        r->stage = r->decided && r->stage < WATCHING ? WATCHING : r->stage + 1;
    }
    finish(r);
}

void runner_interrupt(struct runner *r)
{
    r->result->not_played = !r->decided;
    end_case(r, VERDICT_ERROR, "", "", "interrupted");
    finish(r);
}

void runner_abandon(struct runner *r)
{
    r->done = NULL;
    runner_interrupt(r);
}

/* How many bytes or times a piece says, a family's value in place; false when that is not known before it is played. */
static bool piece_times(const struct test_case *test, const struct piece *piece, uint64_t *times)
{
    struct value_fault fault;
    const char *value = piece->name ? family_value(test, piece->name) : NULL;
    *times = piece->times;
    if (!piece->name || piece->kind == PIECE_CAPTURE)
        return piece->kind != PIECE_FILE;
    return value && value_read_size(value, strlen(value), times, &fault);
}

/* Bytes of a payload as far as the script tells; what it does not tell counts as much. */
static uint64_t payload_weight(const struct test_case *test, const struct payload *payload)
{
    uint64_t weight = 0, times;
    for (const struct piece *piece = payload ? payload->pieces : NULL; piece; piece = piece->next) {
        uint64_t each = piece->kind == PIECE_REPEAT && !piece->to ? payload_weight(test, piece->inner)
                        : piece->kind == PIECE_SAMPLE ? 2 : 1; /* its characters may be two bytes long */
        if (!piece_times(test, piece, &times) || each >= LIMIT_MESSAGE_BYTES || times >= LIMIT_MESSAGE_BYTES)
            weight += LIMIT_MESSAGE_BYTES;
        else
            weight += times ? each * times : piece->size;
    }
    return weight < LIMIT_MESSAGE_BYTES ? weight : LIMIT_MESSAGE_BYTES;
}

/* The largest payload of these steps. */
static uint64_t steps_weight(const struct test_case *test, const struct step *step)
{
    uint64_t most = 0;
    for (; step; step = step->next) {
        const struct setting *payload = step_setting(step, SLOT_PAYLOAD);
        uint64_t own = payload ? payload_weight(test, payload->value.bytes) : 0, below = steps_weight(test, step->body);
        most = own > most ? own : most;
        most = below > most ? below : most;
    }
    return most;
}

uint64_t runner_weight(const struct test_case *test_case) { return steps_weight(test_case, test_case->steps); }

/* The largest message that the case is about: one payload, or all fragments together. */
static void scan_payload(struct runner *r, const struct step *step, uint64_t rounds)
{
    const struct setting *payload = step_setting(step, SLOT_PAYLOAD);
    uint64_t weight = payload ? payload_weight(r->test, payload->value.bytes) : 0;
    if (step->form == FORM_SEND_CONTINUE || step_flag(step, SLOT_MORE))
        weight = r->fragment_bytes += weight * rounds;
    if (weight > r->message_max)
        r->message_max = weight < LIMIT_MESSAGE_BYTES ? weight : LIMIT_MESSAGE_BYTES;
}

/* What the case needs: which views of the bytes, and how large its messages may be. */
static void scan_steps(struct runner *r, const struct step *step, uint64_t rounds)
{
    for (; step; step = step->next) {
        scan_payload(r, step, rounds);
        for (const struct setting *s = step->settings; s; s = s->next)
            r->uses_promises |= s->value.promised != NULL;
        r->uses_fault |= step->verb == VERB_FAULT;
        r->uses_frames |= step->form == FORM_EXPECT_FRAME;
        r->uses_pings |= step->form == FORM_EXPECT_PING;
        r->uses_echo |= step->form == FORM_EXPECT_ECHO;
        r->uses_engine |= match_engine_wanted(step->form);
        uint64_t times = rounds * rounds_of(r, step);
        scan_steps(r, step->body, times < LIMIT_MESSAGE_BYTES ? times : LIMIT_MESSAGE_BYTES);
        scan_steps(r, step->alternatives, rounds);
    }
}

static bool runner_alive(const struct runner *r)
{
    const struct testee *testee = r->config.testee;
    return !testee->ops || !testee->ops->running || testee->ops->running(testee->ops_arg);
}

struct runner *runner_start(const struct runner_config *config, const struct test_case *test_case,
                            struct run_result *run, struct case_result *result,
                            runner_done_fn *done, void *arg)
{
    struct runner *r = calloc(1, sizeof *r);
    struct ws_handshake_scratch *scratch = calloc(1, sizeof *scratch);
    if (!r || !scratch) {
        free(r);
        free(scratch);
        return NULL;
    }
    struct prng of_case = prng_stream_n(config->seed, "case",
                                        hash_bytes(HASH_START, test_case->id, strlen(test_case->id)));
    *r = (struct runner){.config = *config, .test = test_case, .run = run, .result = result, .done = done,
                         .done_arg = arg, .scratch = scratch, .began_ns = loop_now(config->loop),
                         .seed = prng_next(&of_case), .expected = "", .seen = "", .detail = "",
                         .last_words = "", .close_verdict = CLOSE_NONE};
    r->random = prng_stream(r->seed, "payload");
    r->backoff = prng_stream(r->seed, "backoff");
    r->cursors[0] = (struct cursor){.step = test_case->steps, .until = NEVER};
    r->alive_before = runner_alive(r);
    buf_init(&r->pump.bytes, 0);
    trace_init(&r->trace);
    r->trace.start_ns = r->began_ns;
    r->message_max = LIMIT_MESSAGE_LEAST;
    scan_steps(r, test_case->steps, 1);
    grade_prepare(r);
    if (config->own_listener) {
        struct listener_watch watch = attempts_watch;
        watch.arg = r;
        listener_share_watch(config->listener, &watch);
    }
    if (config->promises && !test_case->unserved)
        r->service = service_new(r, config->promises);
    else if (!config->promises && r->uses_promises)
        end_case(r, VERDICT_ERROR, "", "", "it names what a client promises: play it with `wsgauntlet resilience`");
    runner_wake(r);
    return r;
}

/* ---- what is known from outside the wire ---- */

size_t runner_attempts(const struct runner *r) { return r->attempt_count; }

void runner_heard_number(struct runner *r, uint64_t n)
{
    if (r->stage == PLAYING)
        numbers_add(&r->received_numbers, n, runner_now(r));
}

void runner_heard(struct runner *r, const char *text)
{
    if (r->stage != OVER)
        runner_note(r, "the client says: %s", text);
}

void runner_client_ended(struct runner *r, const char *how)
{
    if (r->stage == OVER)
        return;
    r->client_ended = runner_text(r, "%s", how);
    runner_note(r, "the client's process has ended: %s", how);
    runner_wake(r);
}
