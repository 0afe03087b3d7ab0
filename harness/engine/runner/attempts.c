/* The connections of a client under test: when each came, what became of it,
 * and what that tells of the client, in numbers and in a sentence. */
#include "engine/runner/play.h"

#include <stdio.h>
#include <string.h>

#define STORY_GAPS 4u /* told one by one */

static uint64_t since_began(const struct runner *r) { return runner_now(r) - r->began_ns; }

static size_t came(void *arg)
{
    struct runner *r = arg;
    if (r->attempt_count == LIMIT_ATTEMPTS) {
        r->attempts_left_out++;
        return 0;
    }
    if (r->attempt_count == r->attempt_capacity) {
        size_t capacity = r->attempt_capacity ? 2 * r->attempt_capacity : 16;
        struct attempt *more = arena_alloc(&r->run->arena, capacity * sizeof *more);
        if (!more) {
            end_case(r, VERDICT_ERROR, "", "", "no memory for a connection");
            return 0;
        }
        if (r->attempt_count)
            memcpy(more, r->attempts, r->attempt_count * sizeof *more);
        r->attempts = more;
        r->attempt_capacity = capacity;
    }
    r->attempts[r->attempt_count++] = (struct attempt){.came_ns = since_began(r), .fate = ""};
    runner_wake(r);
    return r->attempt_count;
}

struct attempt *attempt_of(struct runner *r, size_t ticket)
{
    return ticket == 0 ? NULL : &r->attempts[ticket - 1];
}

void attempt_opened(struct runner *r, size_t ticket)
{
    struct attempt *a = attempt_of(r, ticket);
    if (a)
        a->open_ns = since_began(r);
}

void attempt_failed(struct runner *r, size_t ticket, const char *fate)
{
    struct attempt *a = attempt_of(r, ticket);
    if (!a || a->failed_ns)
        return;
    a->failed_ns = since_began(r);
    a->fate = runner_text(r, "%s", fate);
}

void attempt_ended(struct runner *r, size_t ticket)
{
    struct attempt *a = attempt_of(r, ticket);
    if (!a || a->ended_ns)
        return;
    attempt_failed(r, ticket, "left by the client");
    a->ended_ns = since_began(r);
}

static void gone(void *arg, size_t ticket) { attempt_ended(arg, ticket); }

/* Nothing will come of it: its wait begins where it came. */
static void spoilt(void *arg, size_t ticket, const char *how) { attempt_failed(arg, ticket, how); }

static void taken(void *arg, size_t ticket)
{
    struct runner *r = arg;
    r->taken++;
    runner_note(r, "connection %zu takes the certificate that it is shown", ticket);
    attempt_ended(r, ticket);
}

const struct listener_watch attempts_watch = {.came = came, .gone = gone, .spoilt = spoilt, .taken = taken};

/* ---- in words ---- */

static const char *ordinal(struct runner *r, size_t n)
{
    static const char *const ends[] = {"th", "st", "nd", "rd"};
    size_t last = n % 10;
    bool teen = n % 100 >= 11 && n % 100 <= 13;
    return runner_text(r, "%zu%s", n, ends[teen || last > 3 ? 0 : last]);
}

static void tell_gap(struct runner *r, size_t i, struct buf *out)
{
    const struct attempt *before = &r->attempts[i - 1];
    buf_printf(out, "%s%s in %.1f s", out->size ? ", " : "came back ",
               runner_text(r, "after the %s %s", ordinal(r, i), *before->fate ? before->fate : "connection"),
               (double)attempt_gap(r->attempts, i) / 1e9);
}

const char *attempts_story(struct runner *r, uint64_t waited_ns)
{
    struct buf story;
    size_t count = r->attempt_count;
    buf_init(&story, 0);
    for (size_t i = 1; i < count && i <= STORY_GAPS; i++)
        tell_gap(r, i, &story);
    if (count > STORY_GAPS + 1)
        buf_printf(&story, ", and %zu more times", count - 1 - STORY_GAPS);
    if (waited_ns && count == 0)
        buf_printf(&story, "never came (waited %.1f s)", (double)waited_ns / 1e9);
    else if (waited_ns)
        buf_printf(&story, "%snever%s after the %s %s (waited %.1f s)", count > 1 ? ", " : "",
                   count > 1 ? "" : " came back", ordinal(r, count),
                   *r->attempts[count - 1].fate ? r->attempts[count - 1].fate : "connection",
                   (double)waited_ns / 1e9);
    return runner_words(r, &story);
}
