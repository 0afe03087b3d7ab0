/* What of a session should not end up in a file: cookies, credentials, tokens in
 * URLs. Masked is the value; that there was one stays to be seen. */
#ifndef ENGINE_SECRETS_H
#define ENGINE_SECRETS_H

#include "base/buf.h"

/* Appends the head with the values of its secret headers, and of secret keys in
 * its request target, written as "***"; all of it when `whole`. */
void secrets_head(const char *head, size_t size, bool whole, struct buf *out);
/* Appends the request target ("/chat?token=...") in the same way. */
void secrets_target(const char *target, size_t size, bool whole, struct buf *out);
/* Is that the name of something secret? Letter case and - _ do not count. */
bool secrets_is_key(const char *name, size_t size);
bool secrets_is_header(const char *name, size_t size);
#define SECRETS_MASK "***"

#endif
