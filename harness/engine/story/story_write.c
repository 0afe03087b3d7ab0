/* A story as a file of two scenarios. Each is the timeline of all connections as
 * one side lives it: what it did is a step, what the other did is expected. */
#include "engine/story/teller.h"

#include "engine/language/script.h"
#include "net/loop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_LEAST (50 * NS_PER_MS)  /* a shorter one is not worth a line */
#define PUSH_LEAST (500 * NS_PER_MS)  /* what comes by itself after so long comes not sooner than half of it */
#define ANSWER_USUAL (2 * NS_PER_S)   /* as long as an expect waits anyway */

/* ---- order ---- */

static int by_time(const void *a, const void *b)
{
    const struct story_event *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static unsigned highest(const struct story *story)
{
    unsigned most = 0;
    for (size_t i = 0; i < story->count; i++)
        most = story->events[i].connection > most ? story->events[i].connection : most;
    return most;
}

static bool overlap(const struct story *story)
{
    unsigned last = 0, most = highest(story);
    bool *seen = calloc(most + 1u, sizeof *seen), found = false;
    for (size_t i = 0; seen != NULL && i < story->count && !found; i++) {
        unsigned c = story->events[i].connection;
        found = c != last && seen[c];
        seen[c] = true;
        last = c;
    }
    free(seen);
    return found;
}

/* ---- lines ---- */

void teller_begin(struct teller *t, const struct story_event *e)
{
    buf_append_text(t->out, "  ");
    if (!t->actors)
        return;
    unsigned n = e->connection - 1;
    if (n >= 26)
        buf_append_byte(t->out, (uint8_t)('a' + (n / 26 - 1) % 26));
    buf_printf(t->out, "%c: ", 'a' + (int)(n % 26));
}

void teller_finish(struct teller *t)
{
    buf_append_byte(t->out, '\n');
}

/* A time as a person would say it: two digits are enough. */
void teller_time(struct buf *out, uint64_t ns)
{
    uint64_t ms = ns / NS_PER_MS, step = ms >= 10000 ? 1000 : ms >= 1000 ? 100 : ms >= 100 ? 10 : 1;
    buf_printf(out, "%" PRIu64 "ms", ms / step * step == 0 ? 1 : ms / step * step);
}

void teller_pause(struct teller *t, const struct story_event *e)
{
    uint64_t gap = e->at_ns - t->last_ns;
    if (t->last_ns == 0 || gap < PAUSE_LEAST)
        return;
    teller_begin(t, e);
    buf_append_text(t->out, "wait ");
    teller_time(t->out, gap);
    teller_finish(t);
}

/* How long it may take: twice what it took and a second; what comes by itself not sooner than half. */
static void within(struct teller *t, const struct story_event *e)
{
    uint64_t gap = t->last_ns == 0 ? 0 : e->at_ns - t->last_ns;
    bool push = !t->last_ours && gap >= PUSH_LEAST;
    if (!push && 2 * gap + NS_PER_S <= ANSWER_USUAL)
        return;
    buf_append_text(t->out, " within ");
    if (push) {
        teller_time(t->out, gap / 2);
        buf_append_text(t->out, "..");
    }
    teller_time(t->out, 2 * gap + NS_PER_S);
}

static void message(struct teller *t, size_t index, const struct story_event *e)
{
    const char *kind = e->opcode == 1 ? "text" : "binary";
    bool ours = e->client == t->client, cut = e->size < e->whole;
    if (ours)
        teller_pause(t, e);
    teller_begin(t, e);
    buf_printf(t->out, "%s %s", ours ? "send" : "expect", kind);
    if (ours) {
        buf_append_byte(t->out, ' ');
        if (teller_is_text(e))
            teller_our_text(t, e);
        else
            bytes_print(e->bytes, e->size, t->out);
        if (cut)
            buf_printf(t->out, " fill(0x2e x %" PRIu64 ")", e->whole - e->size);
    } else if (teller_is_text(e) && e->size <= EXACT_MAX) {
        teller_their_text(t, index, e);
    } else if (!cut && e->size <= EXACT_MAX) {
        buf_append_byte(t->out, ' ');
        bytes_print(e->bytes, e->size, t->out);
    }
    if (!ours)
        within(t, e);
    if (cut || (!ours && e->size > EXACT_MAX))
        buf_printf(t->out, "  # of %" PRIu64 " bytes", e->whole);
    teller_finish(t);
}

static void ping(struct teller *t, const struct story_event *e)
{
    if (e->client != t->client)
        return; /* is answered by itself */
    teller_pause(t, e);
    teller_begin(t, e);
    buf_append_text(t->out, "send ping ");
    bytes_print(e->bytes, e->size, t->out);
    teller_finish(t);
    teller_begin(t, e);
    buf_append_text(t->out, "expect pong ");
    bytes_print(e->bytes, e->size, t->out);
    teller_finish(t);
}

static void close_frame(struct teller *t, const struct story_event *e)
{
    bool ours = e->client == t->client;
    if (ours)
        teller_pause(t, e);
    teller_begin(t, e);
    buf_printf(t->out, "%s close", ours ? "send" : "expect");
    if (e->code != 0)
        buf_printf(t->out, " %u", e->code);
    else if (!ours)
        buf_append_text(t->out, " none");
    if (e->size != 0) {
        buf_append_byte(t->out, ' ');
        bytes_print(e->bytes, e->size, t->out);
    }
    if (!ours)
        within(t, e);
    teller_finish(t);
    t->closed[e->connection] = true;
}

static void ending(struct teller *t, const struct story_event *e)
{
    bool ours = e->client == t->client && e->kind != STORY_GONE;
    if (t->gone[e->connection] || (t->closed[e->connection] && e->kind != STORY_RESET))
        return; /* a closing handshake sees to the rest */
    t->gone[e->connection] = true;
    if (ours)
        teller_pause(t, e);
    teller_begin(t, e);
    if (e->kind == STORY_GONE)
        buf_append_text(t->out, "drop fin  # how it ended is not known"); /* whoever is played can do it */
    else if (ours)
        buf_append_text(t->out, e->kind == STORY_FIN ? "drop fin" : "drop reset");
    else
        buf_append_text(t->out, "expect drop");
    if (!ours && e->kind != STORY_GONE)
        within(t, e);
    teller_finish(t);
}

static void tell(struct teller *t, size_t index)
{
    const struct story_event *e = &t->story->events[index];
    switch (e->kind) {
    case STORY_OPEN: teller_opening(t, index, e); break;
    case STORY_ANSWER: teller_answer(t, e); break;
    case STORY_MESSAGE: message(t, index, e); break;
    case STORY_PING: ping(t, e); break;
    case STORY_CLOSE: close_frame(t, e); break;
    default: ending(t, e); break;
    }
    if (e->kind != STORY_ANSWER) {
        t->last_ns = e->at_ns;
        t->last_ours = e->client == t->client;
    }
}

static bool tell_side(struct story *story, const struct story_options *options, bool client, struct buf *out)
{
    struct teller *t = calloc(1, sizeof *t);
    unsigned most = highest(story);
    bool *flags = calloc(2 * (most + 1u), sizeof *flags);
    if (t != NULL && flags != NULL) {
        *t = (struct teller){.story = story, .options = options, .out = out, .client = client,
                             .actors = overlap(story), .closed = flags, .gone = flags + most + 1};
        buf_append_text(out, "scenario ");
        struct buf title;
        buf_init(&title, 0);
        buf_printf(&title, "%s%s", options->title, client ? "" : ", mirrored: we are the server");
        bytes_print(title.data, title.size, out);
        buf_free(&title);
        buf_printf(out, "\n  testee %s\n  timeout 5s\n", client ? "server" : "client");
        teller_find_values(t);
        for (size_t i = 0; i < story->count; i++)
            tell(t, i);
    }
    bool fine = t != NULL && flags != NULL;
    free(flags);
    free(t);
    return fine;
}

bool story_write(struct story *story, const struct story_options *options, struct buf *out, struct diag *why)
{
    struct buf text;
    unsigned mistakes = 0;
    if (story->count == 0)
        return diag_set(why, DIAG_TROUBLE, "nothing was recorded: no connection came");
    qsort(story->events, story->count, sizeof *story->events, by_time);
    buf_init(&text, 0);
    bool fine = tell_side(story, options, true, &text);
    buf_append_byte(&text, '\n');
    fine = fine && tell_side(story, options, false, &text);
    if (story->left_out != 0)
        buf_printf(&text, "  # %zu more events were not kept\n", story->left_out);
    struct buf errors;
    buf_init(&errors, 0);
    struct script *script = fine && !text.failed ? script_parse("story", buf_text(&text), text.size, &errors, &mistakes)
                                                 : NULL;
    if (script == NULL)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    else if (mistakes != 0)
        diag_set(why, DIAG_TROUBLE, "the session is too long for one scenario: %.200s", buf_text(&errors));
    else
        script_print(script, out);
    fine = script != NULL && mistakes == 0;
    if (script != NULL)
        script_free(script);
    buf_free(&errors);
    buf_free(&text);
    return fine;
}
