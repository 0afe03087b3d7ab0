/* Proxies whose connections are in other processes of ours, since each takes two
 * descriptors, and a process may have only so many. The one that listens takes
 * connections, numbers them, and hands them over (SCM_RIGHTS); scripts, views and
 * events are the same as with one process. */
#ifndef ENGINE_PROXY_SHARE_H
#define ENGINE_PROXY_SHARE_H

#include "engine/proxy/proxy.h"

struct proxy_share;

/* Before any loop is made. The contexts are all that its proxies can use; either may be NULL. NULL with a diag. */
struct proxy_share *proxy_share_start(size_t processes, struct tls_context *tls, struct tls_context *to_tls,
                                      struct diag *why);
/* For the proxies of this loop, from their config.share on. */
void proxy_share_meet(struct proxy_share *share, struct loop *loop);
/* Behind its last proxy: the processes end. NULL is fine. */
void proxy_share_end(struct proxy_share *share);

#endif
