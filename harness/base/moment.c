/* See moment.h. */
#include "base/moment.h"

#include <stdio.h>
#include <time.h>

void moment_print(uint64_t unix_ms, char out[MOMENT_SIZE])
{
    struct tm utc;
    time_t seconds = (time_t)(unix_ms / 1000);
    out[0] = 0;
    if (unix_ms == 0 || gmtime_r(&seconds, &utc) == NULL)
        return;
    size_t size = strftime(out, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + size, MOMENT_SIZE - size, ".%03uZ", (unsigned)(unix_ms % 1000));
}
