/* Scripts on a connection: each `connection` section that names it is played
 * from its first line, and waits at `wait` and `after` lines. */
#include "engine/proxy/inside.h"

#include "engine/fault_step.h"

#include <stdlib.h>

/* ---- faults that are in force ---- */

/* Of several of one kind the last one counts: when it is taken away the one before is back. */
static void apply_bytes(struct armed *armed)
{
    struct proxy_conn *conn = armed->play->conn;
    for (int up = 0; up < 2; up++) {
        struct layer *faults = (up ? armed->up : armed->down) ? way_faults(conn_way(conn, up)) : NULL;
        armed->setting.direction = FAULT_OUT;
        if (faults != NULL)
            fault_set(faults, &armed->setting);
    }
}

static void lift_bytes(struct proxy_conn *conn, const struct armed *gone)
{
    struct proxy_end *ends[2] = {&conn->client, &conn->server};
    for (int up = 0; up < 2; up++)
        if ((up ? gone->up : gone->down) && ends[up]->fault != NULL)
            fault_lift(ends[up]->fault, gone->setting.kind, FAULT_OUT);
    for (struct armed *a = conn->armed; a != NULL; a = a->next)
        if (a->fault == NULL && a->setting.kind == gone->setting.kind)
            apply_bytes(a);
}

static void disarm_one(struct proxy_conn *conn, struct armed *armed)
{
    struct armed **at = &conn->armed;
    while (*at != armed)
        at = &(*at)->next;
    *at = armed->next;
    if (conn->up.by == armed)
        conn->up.by = NULL;
    if (conn->down.by == armed)
        conn->down.by = NULL;
    if (armed->fault == NULL && !conn->over)
        lift_bytes(conn, armed);
    free(armed);
}

/* `fault off`, or the end of the script: what this play has brought goes. */
static void disarm(struct proxy_play *play)
{
    struct proxy_conn *conn = play->conn;
    for (struct armed *armed = conn->armed, *next; armed != NULL; armed = next) {
        next = armed->next;
        if (armed->play == play && armed != conn->own)
            disarm_one(conn, armed);
    }
}

static void arm(struct proxy_play *play, const struct step *step)
{
    struct proxy_conn *conn = play->conn;
    play->did = true;
    for (struct armed *again = conn->armed; again != NULL; again = again->next)
        if (again->play == play && again->step == step) {
            disarm_one(conn, again); /* a repeat comes by once more */
            break;
        }
    struct armed *armed = calloc(1, sizeof *armed), **tail = &conn->armed;
    if (armed == NULL)
        return;
    bool up = step_flag(step, SLOT_UPSTREAM), down = step_flag(step, SLOT_DOWNSTREAM);
    *armed = (struct armed){.play = play, .step = step, .up = up || !down, .down = down || !up,
                            .fault = proxy_fault_of(step->form)};
    while (*tail != NULL)
        tail = &(*tail)->next;
    *tail = armed;
    struct buf line;
    buf_init(&line, 0);
    step_print(step, &line);
    conn_note(conn, PROXY_FAULT, "%s", buf_text(&line));
    buf_free(&line);
    if (fault_of_step(step, &armed->setting))
        apply_bytes(armed);
    else if (armed->fault->first && (conn->up.flow.bytes != 0 || conn->server.layer != NULL))
        armed->done = true; /* too late for this one: the server is answering */
    else if (armed->fault->first)
        conn->own = armed;
    else if (armed->fault->begin != NULL) {
        armed->done = true; /* it is one moment */
        armed->fault->begin(conn, armed);
    }
}

void play_dialled(struct proxy_conn *conn)
{
    for (struct armed *a = conn->armed; a != NULL; a = a->next)
        if (a->fault == NULL && a->up)
            apply_bytes(a);
}

bool armed_payload(struct armed *armed, enum slot slot, struct buf *out)
{
    struct proxy_conn *conn = armed->play->conn;
    const struct setting *setting = step_setting(armed->step, slot);
    struct payload_scope scope = {.random = &conn->random, .file_dir = conn->proxy->config.file_dir};
    struct diag why = {0};
    if (setting == NULL || payload_bytes(setting->value.bytes, &scope, out, &why))
        return true;
    conn_note(conn, PROXY_NOTE, "%s", why.text);
    return false;
}

/* ---- going on ---- */

static void play_run(struct proxy_play *play);

static void on_time(void *arg)
{
    struct proxy_play *play = arg;
    struct proxy_conn *conn = play->conn;
    conn_enter(conn);
    play->timer = NULL;
    play_run(play);
    conn_settle(conn);
    conn_leave(conn);
}

static uint64_t flow_of(const struct proxy_play *play)
{
    const struct proxy_conn *conn = play->conn;
    uint64_t up = play->counts_bytes ? conn->up.flow.bytes : conn->up.flow.messages;
    uint64_t down = play->counts_bytes ? conn->down.flow.bytes : conn->down.flow.messages;
    return (play->counts_up ? up : 0) + (play->counts_down ? down : 0);
}

static void wait_for_flow(struct proxy_play *play, const struct step *step)
{
    bool up = step_flag(step, SLOT_UPSTREAM), down = step_flag(step, SLOT_DOWNSTREAM);
    play->counts_bytes = step_flag(step, SLOT_BYTES);
    play->counts_up = up || !down;
    play->counts_down = down || !up;
    play->target = flow_of(play) + step_number(step, SLOT_MUCH, 1);
    play->counts = true;
    play->conn->counting++;
}

static void stop_counting(struct proxy_play *play)
{
    play->conn->counting -= play->counts;
    play->counts = false;
}

/* The next line that does something; NULL at the end. Repeats are gone round here. */
static const struct step *fetch(struct proxy_play *play)
{
    for (;;) {
        const struct step *step = play->at[play->depth].step;
        bool ended = play->depth == 0 ? step == play->rule->end : step == NULL;
        if (ended && play->depth == 0)
            return NULL;
        if (ended) {
            const struct step *repeat = play->at[play->depth].repeat;
            if (++play->at[play->depth].round < step_number(repeat, SLOT_COUNT, 1)) {
                play->at[play->depth].step = repeat->body;
            } else {
                play->depth--;
            }
            continue;
        }
        play->at[play->depth].step = step->next;
        if (step->verb == VERB_REPEAT && step->body != NULL && play->depth < LIMIT_REPEAT_DEPTH) {
            play->depth++;
            play->at[play->depth].step = step->body;
            play->at[play->depth].repeat = step;
            play->at[play->depth].round = 0;
        } else if (step->verb != VERB_END && step->verb != VERB_REPEAT) {
            return step;
        }
    }
}

static void play_run(struct proxy_play *play)
{
    struct proxy_conn *conn = play->conn;
    const struct step *step;
    while (!conn->over && (step = fetch(play)) != NULL) {
        if (step->verb == VERB_WAIT && !conn->begun && !play->did) {
            play->waits_open = true;
            play->target = step_number(step, SLOT_DURATION, 0);
            return;
        }
        if (step->verb == VERB_WAIT) {
            play->timer = timer_start(conn->proxy->loop, step_number(step, SLOT_DURATION, 0), on_time, play);
            return;
        }
        if (step->verb == VERB_AFTER) {
            wait_for_flow(play, step);
            return;
        }
        if (step->form == FORM_FAULT_OFF)
            disarm(play);
        else
            arm(play, step);
    }
}

static bool is_meant(const struct proxy_conn *conn, const struct proxy_script *script, size_t rule)
{
    const struct proxy_rule *r = &script->rules[rule];
    if (!rule_has(r->connections, conn->number))
        return false;
    struct prng random = prng_stream_n(conn->proxy->config.seed ^ (script->order << 16 ^ rule), "chance", conn->number);
    return r->chance >= 1 || prng_unit(&random) < r->chance;
}

void play_begin_all(struct proxy_conn *conn, const struct proxy_script *script)
{
    for (size_t i = 0; i < script->rule_count && !conn->over; i++) {
        if (!is_meant(conn, script, i))
            continue;
        struct proxy_play *play = calloc(1, sizeof *play), **tail = &conn->plays;
        if (play == NULL)
            return;
        *play = (struct proxy_play){.conn = conn, .script = script, .rule = &script->rules[i]};
        play->at[0].step = play->rule->steps;
        while (*tail != NULL)
            tail = &(*tail)->next;
        *tail = play;
        play_run(play);
    }
}

void play_stop_all(struct proxy_conn *conn)
{
    for (struct proxy_play *play = conn->plays; play != NULL; play = play->next) {
        timer_stop(play->timer);
        play->timer = NULL;
    }
}

void play_end_all(struct proxy_conn *conn, const struct proxy_script *script)
{
    for (struct proxy_play **at = &conn->plays; *at != NULL;) {
        struct proxy_play *play = *at;
        if (script != NULL && play->script != script) {
            at = &play->next;
            continue;
        }
        *at = play->next;
        timer_stop(play->timer);
        stop_counting(play);
        if (conn->own != NULL && conn->own->play == play && !conn->over)
            conn_end(conn, CONN_RESET, CONN_RESET, "its script was taken away");
        if (conn->own != NULL && conn->own->play == play)
            conn->own = NULL;
        disarm(play);
        free(play);
    }
}

void play_opened(struct proxy_conn *conn)
{
    conn->begun = true;
    for (struct proxy_play *play = conn->plays; play != NULL && !conn->over; play = play->next) {
        if (!play->waits_open)
            continue;
        play->waits_open = false;
        play->timer = timer_start(conn->proxy->loop, play->target, on_time, play);
    }
}

void play_passed(struct proxy_conn *conn)
{
    for (struct proxy_play *play = conn->plays; play != NULL && !conn->over; play = play->next) {
        if (!play->counts || flow_of(play) < play->target)
            continue;
        stop_counting(play);
        play_run(play);
    }
}
