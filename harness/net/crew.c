/* See crew.h. */
#include "net/crew.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool crew_start(struct crew *crew, const char *what, size_t count, worker_fn *fn, void *arg, struct diag *why)
{
    *crew = (struct crew){.what = what, .members = calloc(count + 1, sizeof *crew->members)};
    if (crew->members == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    for (; crew->count < count; crew->count++) {
        crew->members[crew->count].crew = crew;
        if (!worker_start(&crew->members[crew->count].worker, fn, arg, why))
            return false;
    }
    return true;
}

static void fail(struct crew_member *m, const struct diag *why)
{
    struct crew *crew = m->crew;
    if (crew->trouble.kind == DIAG_NONE)
        crew->trouble = *why;
    if (crew->other != NULL)
        crew->other(crew->other_arg, (size_t)(m - crew->members), CREW_TROUBLE, (const uint8_t *)why, sizeof *why);
    if (crew->wanted != 0)
        loop_stop(crew->loop);
}

static void on_message(void *arg, unsigned kind, const uint8_t *bytes, size_t size, bool carries)
{
    struct crew_member *m = arg;
    struct crew *crew = m->crew;
    struct diag why;
    (void)carries;
    if (kind == CREW_TROUBLE && size == sizeof why) {
        memcpy(&why, bytes, sizeof why);
        fail(m, &why);
    }
    else if (kind != crew->wanted && crew->other != NULL)
        crew->other(crew->other_arg, (size_t)(m - crew->members), kind, bytes, size);
    if (kind != crew->wanted || m->heard)
        return;
    m->heard = true;
    if (crew->told != NULL)
        crew->told(crew->arg, (size_t)(m - crew->members), bytes, size);
    if (--crew->missing == 0)
        loop_stop(crew->loop);
}

static void on_ended(void *arg)
{
    struct crew_member *m = arg;
    struct crew *crew = m->crew;
    struct diag why = {0};
    char how[64];
    line_free(m->line);
    m->line = NULL;
    worker_wait(&m->worker, how);
    diag_set(&why, DIAG_TROUBLE, "%s %zu of %zu ended: %s", crew->what, (size_t)(m - crew->members) + 1, crew->count,
             how);
    fail(m, &why);
}

void crew_meet(struct crew *crew, struct loop *loop)
{
    static const struct line_events events = {.message = on_message, .ended = on_ended};
    crew->loop = loop;
    for (size_t i = 0; i < crew->count; i++) {
        struct crew_member *m = &crew->members[i];
        m->line = line_new(loop, m->worker.line, &events, m);
        m->worker.line = -1;
    }
}

void crew_tell(struct crew *crew, size_t member, unsigned kind, const void *bytes, size_t size)
{
    if (crew->members[member].line != NULL)
        line_send(crew->members[member].line, kind, bytes, size);
}

void crew_tell_all(struct crew *crew, unsigned kind, const void *bytes, size_t size)
{
    for (size_t i = 0; i < crew->count; i++)
        crew_tell(crew, i, kind, bytes, size);
}

bool crew_hear(struct crew *crew, unsigned kind, void (*told)(void *arg, size_t member, const uint8_t *, size_t),
               void *arg, struct diag *why)
{
    crew->wanted = kind;
    crew->told = told;
    crew->arg = arg;
    crew->missing = crew->count;
    for (size_t i = 0; i < crew->count; i++)
        crew->members[i].heard = false;
    if (crew->missing != 0 && crew->trouble.kind == DIAG_NONE)
        loop_run(crew->loop);
    crew->wanted = 0;
    if (crew->trouble.kind != DIAG_NONE)
        *why = crew->trouble;
    return crew->missing == 0 && crew->trouble.kind == DIAG_NONE;
}

void crew_end(struct crew *crew)
{
    char how[64];
    for (size_t i = 0; i < crew->count; i++) {
        struct crew_member *m = &crew->members[i];
        line_free(m->line);
        if (m->worker.line >= 0 && m->worker.pid != 0)
            close(m->worker.line);
    }
    for (size_t i = 0; i < crew->count; i++)
        worker_wait(&crew->members[i].worker, how);
    free(crew->members);
    *crew = (struct crew){0};
}

void crew_say_trouble(struct line *line, const struct diag *why)
{
    line_send(line, CREW_TROUBLE, why, sizeof *why);
}
