/* A TCP or TLS proxy that understands WebSocket: it hands bytes on as they are,
 * sees heads, frames and messages in them, and does to each connection what its
 * scripts say. One proxy is one address to listen on and one server behind it. */
#ifndef ENGINE_PROXY_H
#define ENGINE_PROXY_H

#include "base/buf.h"
#include "engine/language/script.h"
#include "net/loop.h"
#include "net/tls.h"
#include "wire/frame.h"

struct proxy;

/* ---- scripts: what happens to which connection (docs/proxy.md) ---- */

struct proxy_script;
/* Reads a scenario whose steps are `connection`, `after`, `wait`, `repeat` and
 * `fault` lines. NULL with a diag; `errors` then has all mistakes with place and
 * mend. `label` is how messages call the text. */
struct proxy_script *proxy_script_read(const char *label, const char *text, size_t size, struct buf *errors,
                                       struct diag *why);
/* The short form of flags and of the control API: lines joined by `;`, each with its verb or, for `fault`, without:
 * "connection 2; after 3 messages; reset". Without `connection` it is for all, of which `chance` (0 .. 1) are hit. */
struct proxy_script *proxy_script_short(const char *label, const char *line, double chance, struct buf *errors,
                                        struct diag *why);
void proxy_script_free(struct proxy_script *script);

/* ---- what is seen ---- */

enum proxy_event_kind {
    PROXY_ACCEPTED,  /* a client came; text: its number among all is `connection` */
    PROXY_CONNECTED, /* the server took us */
    PROXY_HEAD,      /* a request (upstream) or response head, as it was passed on */
    PROXY_FRAME,     /* a whole frame; text says what was done to it, "" when it passed */
    PROXY_FAULT,     /* a fault began or was taken away */
    PROXY_NOTE,      /* something worth knowing: the server refused, TLS failed ... */
    PROXY_ENDED,     /* one side's bytes ended: `end`; upstream: the client's */
    PROXY_OVER,      /* the connection is gone; text: how */
};

struct proxy_event {
    enum proxy_event_kind kind;
    const struct proxy *proxy;
    unsigned connection;       /* 1 ..; 0: none */
    uint64_t at_ns;            /* loop time */
    bool upstream;             /* from the client to the server */
    struct ws_frame_head head; /* FRAME */
    const uint8_t *bytes;      /* HEAD; FRAME: what was kept of the payload, unmasked */
    size_t size;
    uint64_t whole;            /* bytes in all */
    enum layer_end end;        /* ENDED */
    const char *text;          /* never NULL */
};

struct proxy_watch {
    void (*event)(void *arg, const struct proxy_event *event); /* may be NULL */
    void *arg;
    bool frames; /* PROXY_FRAME is wanted */
    size_t keep; /* so many bytes of each frame's payload */
};

/* ---- the proxy ---- */

struct proxy_config {
    const char *name;                  /* "" when there is but one */
    struct net_address at, to;
    struct tls_context *tls;           /* server context towards clients; NULL: ws */
    struct tls_context *to_tls;        /* client context towards the server; NULL: ws */
    bool keep_deflate;                 /* where messages matter: it stays, without context takeover; else it goes */
    bool keep_host;                    /* Host goes through as the client wrote it; else it names the server */
    bool plain;                        /* offers of extensions are taken out, so that messages can be read */
    uint64_t seed;
    const char *file_dir;              /* for file("..."), NULL: not allowed */
    struct proxy_watch watch;
    struct proxy_share *share;         /* other processes have its connections (share.h); NULL: this one has */
    void (*refuse)(void *arg, uint64_t time_ns); /* who listens is to stop for this time; NULL: we do. arg: watch's */
};

/* Does not listen yet. Strings are copied. NULL only without memory. */
struct proxy *proxy_new(struct loop *loop, const struct proxy_config *config);
/* Ends all connections (RST) and frees. */
void proxy_free(struct proxy *proxy);

/* On: listens (false with a diag when the address cannot be had). Off: no more,
 * and its connections are reset, as if the machine had lost its network. */
bool proxy_enable(struct proxy *proxy, bool on, struct diag *why);
/* Its connections are reset. */
void proxy_reset(struct proxy *proxy, const char *how);
bool proxy_enabled(const struct proxy *proxy);
const struct proxy_config *proxy_config(const struct proxy *proxy); /* `at` with the port in use */
uint16_t proxy_port(const struct proxy *proxy);
/* Another server, for connections to come. */
void proxy_redirect(struct proxy *proxy, const struct net_address *to, struct tls_context *tls);

/* Takes the script; connections that are open hear of it at once. False when that name is taken. */
bool proxy_add(struct proxy *proxy, const char *name, struct proxy_script *script);
/* False when there is none of that name. What it held back is delivered; what it broke stays broken. */
bool proxy_remove(struct proxy *proxy, const char *name);
void proxy_remove_all(struct proxy *proxy);

/* ---- for a view ---- */

struct proxy_flow { uint64_t bytes, frames, messages; };
enum proxy_state {
    PROXY_IS_CONNECTING,
    PROXY_IS_HANDSHAKE,
    PROXY_IS_OPEN,
    PROXY_IS_RAW,      /* not WebSocket */
    PROXY_IS_ENDING,
    PROXY_IS_ANSWERED, /* here, in place of the server */
};
const char *proxy_state_word(enum proxy_state state); /* "connecting" ... */
struct proxy_status {
    unsigned connection;
    uint64_t since_ns;           /* loop time of its beginning */
    enum proxy_state state;
    struct proxy_flow up, down;
    size_t faults;               /* in force */
};
size_t proxy_connections(const struct proxy *proxy);  /* open now */
unsigned proxy_count(const struct proxy *proxy);      /* so far */
struct proxy_flow proxy_flow(const struct proxy *proxy, bool upstream); /* of all, so far */
/* The newest first, at most `room`; returns how many. */
size_t proxy_look(const struct proxy *proxy, struct proxy_status *status, size_t room);
/* Appends the faults in force on that connection, joined by commas. */
void proxy_faults_of(const struct proxy *proxy, unsigned connection, struct buf *out);

#endif
