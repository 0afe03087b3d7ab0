/* What the parts of the serving share: calls on their way in, agents with their
 * cases, answers. Only the files of this folder include it. */
#ifndef ENGINE_SERVE_PARTS_H
#define ENGINE_SERVE_PARTS_H

#include "engine/endpoint.h"
#include "engine/runner/runner.h"
#include "engine/serve/numbering.h"
#include "engine/serve/query.h"
#include "engine/serve/serve.h"

#define CALLS_MAX 4096u   /* connections that are not (yet) a case's; further ones are reset */
#define AGENTS_MAX 256u
#define WAITING_MAX 64u   /* calls for a case that is under way with as many connections as it wants */
#define HEAD_PATIENCE_NS (10 * NS_PER_S)
#define TALK_PATIENCE_NS (10 * NS_PER_S) /* until the other side has ended what is over */
#define COME_PATIENCE_NS (10 * NS_PER_S) /* until the driver makes the next connection of a case */

/* ---- a call: one connection, until it is a case's or answered ---- */

struct call {
    struct serve *serve;
    struct layer *layer;     /* NULL once it is another's */
    struct buf head;         /* what came, head and behind it */
    size_t seen;
    struct query query;
    bool upgrade;            /* asks for a WebSocket, well or badly */
    struct timer *patience;
    struct endpoint *endpoint; /* of a conversation (talk.c) */
    bool talks;              /* its handshake is done */
    bool says;               /* a text, `head`; else only a Close */
    const struct serve_slot *asks; /* whose result it waits for, for the agent of its query; or NULL */
    struct entry *waits;     /* that it will play once its runner is through; or NULL */
    struct call *next, **at; /* in the serving's list */
    struct call *queued;     /* in the list of those that wait, an entry's, or that ask */
};

struct serve {
    struct serve_config config;
    struct listener *listener;
    struct numbering numbering;
    struct testee testee;
    struct agent *agents;    /* in the order of their coming */
    size_t agent_count;
    struct call *calls;
    size_t call_count;
    struct call *asking;     /* for results that are not there yet */
    size_t under_way;        /* cases */
    struct timer *idle;
    struct timer *shutdown;
    struct ws_head head;     /* scratch */
};

/* Forgets it and releases what it still has. */
void call_free(struct call *call);
/* The connection with all its bytes, as if nothing had been read; the call is freed. */
struct layer *call_take_layer(struct call *call);
/* A whole request has come. */
void desk_call(struct call *call, const struct ws_head *head);

/* ---- web.c: plain answers; the call is freed when they are out ---- */

void web_answer(struct call *call, int status, const char *type, const void *body, size_t size);
/* A sentence for a person, as text. */
void web_refuse(struct call *call, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void web_page(struct call *call);
/* Cases and what the agent of the query has of them, as JSON. */
void web_results(struct call *call);

/* ---- talk.c: a WebSocket with one text message (NULL: none), then a Close ---- */

void talk(struct call *call, const char *text);
/* The same, but the text comes with the result that the call asks for, by talk_say. */
void talk_later(struct call *call);
void talk_say(struct call *call, const char *text);

/* ---- own_port.c: where a case with hints is played ---- */

struct own_port {
    struct hinted hinted;
    struct listener_share *share;
    struct tls_context *untrusted; /* of its own port; NULL: the serving's */
    char here[WS_HOST_MAX + 10], port[8], page[WS_HOST_MAX + 20];
};
/* A port for this case, named as the driver names us in its call. NULL with a diag. */
struct own_port *own_port_new(const struct call *call, const struct test_case *test, struct diag *why);
void own_port_free(struct own_port *own);

/* ---- agent.c ---- */

/* One case for one agent. */
struct entry {
    struct agent *agent;
    const struct serve_slot *slot;
    struct run_result *playing; /* while it is under way, its result to be */
    struct runner *runner;
    struct listener_share *share;
    struct own_port *own;          /* of a case whose hints were asked for; NULL: it plays by calls */
    unsigned came;              /* connections of it */
    unsigned owed;              /* connections that a driver will still make for a case that ended before them */
    struct call *waiting;       /* for its end, to play it again */
    unsigned waiting_count;
    struct run_result *done;    /* the result that stands */
};
struct agent {
    struct serve *serve;
    struct agent *next;
    char name[QUERY_VALUE_MAX + 1];
    uint64_t began_ns;
    struct run_result *run;     /* what stands; its cases are those of the entries */
    struct entry entries[];     /* one per slot */
};

/* NULL: there are too many already, or there is no memory; with `make` false also: there is none of that name. */
struct agent *agent_find(struct serve *serve, const char *name, bool make);
struct entry *agent_entry(struct agent *agent, const struct serve_slot *slot);
/* The call is for this case: it is played with it. `first`: by the first of its numbers. */
void entry_play(struct entry *entry, struct call *call, bool first);
/* A case with hints begins on a port of its own, and the driver hears what to do. */
void entry_hint(struct entry *entry, struct call *call);
/* How it went. */
void entry_told(struct entry *entry, struct call *call, bool opened);
/* The call wants the result of this case, for the agent that it names, now or when it is there. Whoever asks makes
 * nobody a client under test. */
void agent_ask(struct call *call, const struct serve_slot *slot);
/* The call has gone, and neither waits nor asks any more. */
void agent_forget(struct call *call);
/* Brings agent->run up to date. */
const struct run_result *agent_run(struct agent *agent);
void agents_free(struct serve *serve);

#endif
