/* What proxy.c asks of a share, in place of doing it to connections of its own. */
#ifndef ENGINE_PROXY_SHARE_INSIDE_H
#define ENGINE_PROXY_SHARE_INSIDE_H

#include "engine/proxy/share.h"

struct proxy_flow;

void share_new(struct proxy *proxy);
void share_free(struct proxy *proxy);
void share_accept(struct proxy *proxy, struct layer *fresh);
void share_add(struct proxy *proxy, const char *name, const struct script *text);
void share_remove(struct proxy *proxy, const char *name); /* NULL: all */
void share_reset(struct proxy *proxy, const char *how);
void share_redirect(struct proxy *proxy);
size_t share_look(const struct proxy *proxy, struct proxy_status *status, size_t room);
struct proxy_flow share_flow(const struct proxy *proxy, bool upstream);
void share_faults_of(const struct proxy *proxy, unsigned connection, struct buf *out);

#endif
