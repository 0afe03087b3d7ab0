/* See values.h. */
#include "cli/values.h"

#include "base/limits.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

bool value_number(const char *text, uint64_t *out)
{
    bool hex = strncmp(text, "0x", 2) == 0;
    const char *digits = hex ? text + 2 : text;
    char *end;
    errno = 0;
    *out = strtoull(digits, &end, hex ? 16 : 10);
    return isalnum((unsigned char)*digits) && *end == 0 && errno == 0;
}

struct unit {
    const char *word;
    double worth;
};

/* A decimal number, then one of the units (ended by a NULL word). */
static bool with_unit(const char *text, const struct unit *units, double *out)
{
    char *end;
    double number = strtod(text, &end);
    if (!isdigit((unsigned char)*text) || end != text + strspn(text, "0123456789."))
        return false; /* 0x10, 1e3, nan, 1.2.3 */
    for (const struct unit *unit = units; unit->word != NULL; unit++) {
        if (strcmp(end, unit->word) == 0) {
            *out = number * unit->worth;
            return isfinite(*out);
        }
    }
    return false;
}

bool value_size(const char *text, uint64_t *out)
{
    static const struct unit units[] = {
        {"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {0}};
    double bytes;
    if (!with_unit(text, units, &bytes) || bytes < 1 || bytes > 0x1p53)
        return false;
    *out = (uint64_t)bytes;
    return true;
}

bool value_patience(const char *text, uint64_t *ns, double *factor)
{
    static const struct unit times[] = {{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {0}};
    static const struct unit factors[] = {{"", 1}, {"x", 1}, {0}};
    double time;
    *ns = 0;
    *factor = 1;
    if (with_unit(text, factors, factor))
        return *factor >= 0.001 && *factor <= 1000;
    if (!with_unit(text, times, &time) || time < 1e6 || time > LIMIT_DURATION_S * 1e9)
        return false;
    *ns = (uint64_t)time;
    return true;
}

bool value_shard(const char *text, uint64_t *shard, uint64_t *shards)
{
    const char *slash = strchr(text, '/');
    char first[8];
    if (slash == NULL || (size_t)(slash - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(slash - text));
    first[slash - text] = 0;
    return value_number(first, shard) && value_number(slash + 1, shards) && *shards <= 1000 && *shard >= 1 &&
           *shard <= *shards;
}

bool value_duration(const char *text, uint64_t *ns)
{
    static const struct unit times[] = {{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {0}};
    double time;
    if (!with_unit(text, times, &time) || time < 1e6 || time > 365.0 * LIMIT_DURATION_S * 1e9)
        return false;
    *ns = (uint64_t)time;
    return true;
}
