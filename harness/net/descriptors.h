/* How many sockets this process may have. */
#ifndef NET_DESCRIPTORS_H
#define NET_DESCRIPTORS_H

#include <stddef.h>

/* Raises the soft limit of open files to the hard one, and that as far as we may and need; returns what it is now. */
size_t descriptors_raise(void);
/* The same, and the hard one to `wanted` where it is lower and we may (root). What we start inherits it. */
size_t descriptors_want(size_t wanted);

#endif
