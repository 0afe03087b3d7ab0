/* See descriptors.h. */
#include "net/descriptors.h"

#include <sys/resource.h>

size_t descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    struct rlimit raised = {limit.rlim_max, limit.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? (size_t)raised.rlim_cur : (size_t)limit.rlim_cur;
}
