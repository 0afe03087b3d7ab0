/* RFC 6455 section 3: ws and wss URLs. */
#ifndef WS_URL_H
#define WS_URL_H

#include "http1.h"

#define WS_HOST_MAX 255u
#define WS_RESOURCE_MAX 4096u

struct ws_url {
    bool secure;                    /* wss */
    char host[WS_HOST_MAX + 1];     /* lower case; IPv6 without brackets */
    bool ipv6;
    uint16_t port;                  /* 80 and 443 by default */
    bool default_port;              /* as the scheme's: Host leaves it out */
    char resource[WS_RESOURCE_MAX]; /* path and query, "/" when empty */
    char authority[WS_HOST_MAX + 10]; /* what the Host header says: host[:port], brackets kept */
};

/* http and https are read as ws and wss when `http_too`. False with a reason in
 * a few words: no scheme, bad port, fragment, user information, too long ... */
bool ws_url_parse(struct ws_url *url, const char *text, bool http_too, const char **reason);

#endif
