/* What is said between the process that listens (share.c) and those that have the
 * connections (share_member.c). Both are one program, and structs go as they are. */
#ifndef ENGINE_PROXY_SHARE_WORDS_H
#define ENGINE_PROXY_SHARE_WORDS_H

#include "engine/proxy/inside.h"
#include "engine/proxy/share.h"
#include "net/crew.h"

enum share_word {
    /* to a process; each is answered with SHARE_DONE but NEW and ACCEPT */
    SHARE_NEW = CREW_TROUBLE + 1, /* struct share_proxy */
    SHARE_ACCEPT,                 /* struct share_about, with a connection */
    SHARE_ADD,                    /* struct share_about, then name, NUL, the script's text */
    SHARE_REMOVE,                 /* ... then the name */
    SHARE_REMOVE_ALL,
    SHARE_RESET,                  /* ... then why */
    SHARE_REDIRECT,               /* struct share_proxy */
    SHARE_FREE,
    SHARE_LOOK,                   /* about: how many */
    SHARE_FLOW,
    SHARE_FAULTS,                 /* about: of which connection */
    /* from one */
    SHARE_DONE,
    SHARE_SEEN,                   /* struct proxy_status ... */
    SHARE_FLOWS,                  /* two struct proxy_flow: up, down */
    SHARE_FAULTY,                 /* text */
    SHARE_EVENT,                  /* struct share_event, bytes, text */
    SHARE_REFUSE,                 /* struct share_about: number is ns */
};

struct share_about {
    uint32_t proxy;
    uint64_t number;
};

struct share_proxy {
    uint32_t proxy;
    struct proxy_config config; /* pointers are only whether there is one */
    char name[256], file_dir[4096];
};

/* Its time, like those of SHARE_SEEN, is the machine's: that of the loop and loop_begin. */
struct share_event {
    uint32_t proxy;
    struct proxy_event event; /* without pointers */
};

/* share.c: towards clients, or to the server. */
struct tls_context *share_tls(const struct proxy_share *share, bool to_server);
/* share_member.c: the life of a process. */
int share_live(void *share, int line);

#endif
