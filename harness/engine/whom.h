/* Whom a run plays against: the built-in peer, a server that we start, or one at a URL. */
#ifndef ENGINE_WHOM_H
#define ENGINE_WHOM_H

#include "base/buf.h"
#include "engine/peer/peer_testee.h"
#include "engine/testee.h"

struct whom_options {
    /* none of url and command is the built-in peer */
    const char *url;
    const char *command;        /* of --exec */
    bool simulated;             /* the built-in peer, in virtual time */
    bool tls;                   /* built-in peer and --exec: wss */
    const char *fault;          /* of the built-in peer */
    bool socketio;              /* the built-in peer is a Socket.IO server */
    unsigned eio;               /* what is played speaks this version of Engine.IO; 0: not said */
    const char *ca_file;
    bool insecure;
    const char *const *headers; /* further request header lines; NULL-terminated, may be NULL */
    const char *origin;         /* NULL: none */
    const char *const *protocols; /* to offer; NULL-terminated, may be NULL */
    uint64_t seed;
    double patience;            /* factor on time limits */
    uint64_t message_max;       /* of the built-in peer; 0: its own */
    bool shared_port;           /* the built-in peer's: other processes of ours listen on it too */
    const char *replay;         /* the command that plays against the same again, without whom: "wsgauntlet test" */
    bool url_option;            /* that command takes the URL as --url, not as its argument */
};

struct whom {
    const struct whom_options *options;
    struct loop *loop;
    struct testee testee;
    struct buf url;
    struct buf against;   /* for the report's first line */
    struct buf replay;    /* the command that plays against the same again */
    bool builtin;

    struct peer_testee peer;
    struct tls_context *server_tls;
    struct exec_testee *process;
    struct buf folder;    /* certificate and key, for as long as somebody reads them; empty: none */
    struct buf certificate_file, key_file;
    struct diag *why;     /* while waiting for the process */
    bool interrupted;
};

/* The loop, and the testee ready to be played against. False with the reason; whom_end in either case. */
bool whom_start(struct whom *whom, const struct whom_options *options, struct diag *why);
/* The file of certificates that the testee's is verified with; NULL: the system's. */
const char *whom_trusts(const struct whom *whom);
/* What is known once the URL is: where to, what is said in every opening handshake, and how it is trusted. */
bool whom_aim(struct testee *testee, const struct whom_options *options, const char *url, const char *ca_file,
              struct diag *why);
/* Ends what we started, frees the loop. */
void whom_end(struct whom *whom);

#endif
