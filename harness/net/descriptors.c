/* See descriptors.h. */
#include "net/descriptors.h"

#include "base/limits.h"

#include <sys/resource.h>

/* Two for a connection of a proxy, some for the rest. */
#define WANTED (2u * LIMIT_CONNECTIONS + 1024u)

size_t descriptors_raise(void)
{
    struct rlimit limit, raised = {WANTED, WANTED};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur >= WANTED || (limit.rlim_max < WANTED && setrlimit(RLIMIT_NOFILE, &raised) == 0))
        return limit.rlim_cur >= WANTED ? (size_t)limit.rlim_cur : WANTED; /* only root may pass the hard limit */
    raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? (size_t)raised.rlim_cur : (size_t)limit.rlim_cur;
}

size_t descriptors_want(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < wanted) {
        struct rlimit raised = {wanted, wanted};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            return wanted;
    }
    return descriptors_raise();
}
