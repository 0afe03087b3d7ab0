/* The inside of a proxy, shared by its files: proxy.c (the address and its
 * scripts), proxy_conn.c (a connection and its two ends), way.c (one direction of it),
 * play.c (scripts on a connection), rules.c (reading them), faults/. */
#ifndef ENGINE_PROXY_INSIDE_H
#define ENGINE_PROXY_INSIDE_H

#include "engine/proxy/cutter.h"
#include "engine/proxy/proxy.h"
#include "net/fault.h"
#include "wire/handshake.h"

struct proxy_conn;
struct proxy_way;
struct proxy_play;

/* ---- a fault that is in force on a connection ---- */

struct armed {
    struct armed *next;
    struct proxy_play *play;
    const struct step *step;
    const struct proxy_fault *fault; /* NULL: one of net/faults.def */
    struct fault_setting setting;    /* of those */
    bool up, down;                   /* the ways it is for */
    uint64_t seen[2];                /* messages that began since: [0] down, [1] up */
    bool done;
};

/* What a fault does, and when; any of them may be NULL. */
struct proxy_fault {
    bool first;    /* the proxy answers in place of the server: it has to stand before any wait */
    bool messages; /* it counts or changes messages, which must not be compressed then */
    /* Its line is reached. */
    void (*begin)(struct proxy_conn *conn, struct armed *armed);
    /* `first`: the client's request is complete. */
    void (*request)(struct proxy_conn *conn, struct armed *armed, const struct ws_head *head);
    /* The server's 101 is on its way, and may be changed. True: nothing of the server follows it. */
    bool (*response)(struct proxy_conn *conn, struct armed *armed, const struct ws_head *head, struct buf *text);
    /* A frame's head is to go. True: it was dealt with, and the way is shut. */
    bool (*frame)(struct proxy_way *way, struct armed *armed, const uint8_t *head, size_t size);
    /* A message that it names (argument N) begins: sets way->pass and way->keep. */
    void (*message)(struct proxy_way *way, struct armed *armed);
    /* That message is complete. */
    void (*message_over)(struct proxy_way *way, struct armed *armed);
    const char *did; /* for the trace: "dropped" */
};

#define PROXY_FAULT(id) extern const struct proxy_fault proxy_fault_##id;
#include "engine/proxy/faults.def"
#undef PROXY_FAULT
/* NULL: none of ours. */
const struct proxy_fault *proxy_fault_of(enum form form);

/* ---- scripts ---- */

struct proxy_rule {
    const struct value *connections; /* NTH */
    double chance;                   /* 0 .. 1 */
    const struct step *steps, *end;
};
struct proxy_script {
    struct proxy_script *next; /* of the proxy */
    char *name;
    uint64_t order;            /* of being added: its chances are drawn from it */
    struct script *text;
    struct proxy_rule *rules;
    size_t rule_count;
    bool messages;             /* a fault of it works on messages */
};

/* A script on one connection: where it is, and what it waits for. */
struct proxy_play {
    struct proxy_play *next;
    struct proxy_conn *conn;
    const struct proxy_script *script;
    const struct proxy_rule *rule;
    struct { const struct step *step, *repeat; uint64_t round; } at[LIMIT_REPEAT_DEPTH + 1];
    unsigned depth;
    struct timer *timer;
    bool did;              /* it has brought a fault: what waits, waits from then on */
    bool waits_open;       /* else the first `wait` counts from the opened connection: time of good service */
    bool counts;           /* `after`: until the flow has come to this */
    bool counts_bytes, counts_up, counts_down;
    uint64_t target;
};

/* ---- a connection ---- */

enum way_stage {
    WAY_HEAD,    /* its HTTP head is being read */
    WAY_WAITS,   /* upstream, behind a request: what the server says decides what this is */
    WAY_FRAMES,
    WAY_RAW,     /* not WebSocket: bytes are bytes */
};

struct proxy_way {
    struct proxy_conn *conn;
    bool up;
    enum way_stage stage;
    bool ended;             /* the source will send no more; `end` says how */
    bool finished;          /* and the other side was told */
    bool shut;              /* what comes is not passed on any more: behind a Close of ours, a cut, a refusal */
    bool choked;            /* the other side takes too little: the source is not read */
    enum layer_end end;
    struct timer *block;    /* held up by a fault */
    struct buf head;        /* HTTP */
    size_t head_seen;
    struct buf rest;        /* came while it was held up */
    struct buf held;        /* the head of the message that is held up: goes first */
    struct frame_cutter cutter;
    struct armed *by;       /* whose message this is; NULL: nobody's */
    bool in_message, pass, keep;
    uint8_t opcode;         /* of a message that is edited */
    struct buf kept;        /* the message, frame by frame as it came */
    struct buf late;        /* to go behind the next message */
    struct buf seen;        /* of the frame's payload, for the watcher */
    struct buf close;       /* a Close frame that waits for the end of the frame under way */
    struct proxy_flow flow;
};

struct proxy_end {
    struct layer *layer;    /* NULL: not there, or no more */
    struct layer *fault;    /* its top, when a byte-level fault was needed */
    bool opened;
};

struct proxy_conn {
    struct proxy *proxy;
    struct proxy_conn *next, **link;
    unsigned number;
    uint64_t since_ns;
    struct proxy_end client, server;
    struct proxy_way up, down;
    struct proxy_play *plays;
    struct armed *armed;
    struct armed *own;      /* `first`: the proxy answers */
    struct timer *patience; /* its end was begun here: both sides have so long for theirs */
    unsigned counting;      /* plays that wait for messages or bytes */
    struct prng random;     /* masks, and payloads of scripts */
    bool upgrade;           /* the request asks for WebSocket */
    bool open;              /* and it was granted */
    bool begun;             /* either that, or it is known not to be WebSocket */
    bool over;
    unsigned calls;         /* running now; it is freed behind the last */
};

#define PROXY_PROCESSES_MAX 64u

struct proxy {
    struct loop *loop;
    struct proxy_config config;
    struct listener *listener;
    struct timer *refuse;   /* listens again then */
    struct proxy_conn *conns;
    size_t count;
    unsigned number;
    bool enabled, full;
    struct proxy_script *scripts;
    uint64_t script_order;
    struct proxy_flow up, down; /* of connections that are gone */
    struct ws_head head;    /* scratch */
    uint32_t share_id;              /* with config.share: what its processes call it */
    size_t shared[PROXY_PROCESSES_MAX]; /* and how many connections each of them has */
};

#define PROXY_QUEUE (256u << 10)  /* bytes written and not taken: above it the source is not read */

/* proxy.c */
void proxy_say(struct proxy *proxy, struct proxy_event event);
void proxy_refuse(struct proxy *proxy, uint64_t time_ns);

/* proxy_conn.c */
void conn_accept(struct proxy *proxy, struct layer *fresh);
void conn_enter(struct proxy_conn *conn);
/* False: it is over, and may be freed. */
bool conn_leave(struct proxy_conn *conn);
enum conn_end { CONN_FIN, CONN_RESET };
/* Ends both sides in these ways, at once. */
void conn_end(struct proxy_conn *conn, enum conn_end client, enum conn_end server, const char *how);
/* The proxy said the last word: whoever does not end within five seconds is ended. */
void conn_end_soon(struct proxy_conn *conn);
/* Tells the client the end of the server's bytes, of which none pass any more. */
void conn_finish_client(struct proxy_conn *conn);
/* Ends it when both ways are done and all is delivered. */
void conn_settle(struct proxy_conn *conn);
void conn_note(struct proxy_conn *conn, enum proxy_event_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The top layer of the side that this way goes to or comes from; may be NULL. */
struct layer *way_sink(const struct proxy_way *way);
struct layer *way_source(const struct proxy_way *way);
/* The fault stage of the side this way goes to, put there when it is first wanted. */
struct layer *way_faults(struct proxy_way *way);
static inline struct proxy_way *conn_way(struct proxy_conn *conn, bool up) { return up ? &conn->up : &conn->down; }

/* way.c */
void way_feed(struct proxy_way *way, const uint8_t *bytes, size_t size);
/* The source ended. */
void way_end(struct proxy_way *way, enum layer_end end);
void way_write(struct proxy_way *way, const void *bytes, size_t size);
/* The sink took all. */
void way_drained(struct proxy_way *way);
/* Nothing passes for this time. */
void way_hold_up(struct proxy_way *way, uint64_t time_ns);
/* Goes on with what was held up. */
void way_go_on(struct proxy_way *way);
void way_release(struct proxy_way *way);
/* A frame of the proxy's own, masked towards the server, at the next end of a frame. */
void way_send(struct proxy_way *way, enum ws_opcode opcode, const void *bytes, size_t size);
/* What the server's answer made of the connection: frames or plain bytes. */
void way_begin(struct proxy_way *way, enum way_stage stage);

/* offers.c: appends the extensions of a header's value as they may pass where messages are lost or reordered:
 * permessage-deflate without context takeover. False: nothing of it may pass. */
bool offers_alone(struct ws_span value, struct buf *out);

/* head.c: the opening handshake on its way. */
size_t way_take_head(struct proxy_way *way, const uint8_t *bytes, size_t size);

/* play.c */
void play_begin_all(struct proxy_conn *conn, const struct proxy_script *script);
void play_end_all(struct proxy_conn *conn, const struct proxy_script *script); /* NULL: of all scripts */
/* There is a server's end now: byte faults that are in force upstream take hold. */
void play_dialled(struct proxy_conn *conn);
/* What the connection is, is known: time of good service begins. */
void play_opened(struct proxy_conn *conn);
/* No more timers: the connection is over. */
void play_stop_all(struct proxy_conn *conn);
/* Something passed: those who count may go on. */
void play_passed(struct proxy_conn *conn);
/* The bytes of a payload argument; false with a note. */
bool armed_payload(struct armed *armed, enum slot slot, struct buf *out);

/* rules.c */
bool rule_has(const struct value *numbers, uint64_t number);

#endif
