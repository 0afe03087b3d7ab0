/* See measure.h. */
#include "engine/fleet/measure.h"

#include <stdlib.h>
#include <string.h>

bool measure_init(struct measure *m, size_t clients)
{
    *m = (struct measure){.clients = clients};
    m->arrivals = calloc(MEASURE_BINS_MAX, sizeof *m->arrivals);
    m->back_ns = calloc(clients + 1, sizeof *m->back_ns);
    m->handshake_ns = calloc(clients + 1, sizeof *m->handshake_ns);
    return m->arrivals != NULL && m->back_ns != NULL && m->handshake_ns != NULL;
}

void measure_free(struct measure *m)
{
    free(m->arrivals);
    free(m->back_ns);
    free(m->handshake_ns);
    *m = (struct measure){0};
}

void measure_try(struct measure *m, uint64_t at)
{
    uint64_t bin = at / MEASURE_BIN_NS;
    if (bin >= MEASURE_BINS_MAX)
        bin = MEASURE_BINS_MAX - 1;
    m->arrivals[bin]++;
    if (bin >= m->bins)
        m->bins = (size_t)bin + 1;
    m->tries++;
    m->under_way++;
    if (m->under_way > m->peak_under_way)
        m->peak_under_way = m->under_way;
}

void measure_end(struct measure *m, uint64_t began, uint64_t at, bool back)
{
    m->under_way -= m->under_way > 0;
    m->failures += !back;
    if (!back || m->back == m->clients)
        return;
    m->back_ns[m->back] = at;
    m->handshake_ns[m->back++] = at - began;
}

uint64_t measure_back_at(const struct measure *m, unsigned percent)
{
    size_t wanted = (m->clients * percent + 99) / 100;
    return wanted == 0 ? 0 : wanted > m->back ? UINT64_MAX : m->back_ns[wanted - 1];
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t measure_handshake(const struct measure *m, unsigned percent)
{
    uint64_t *sorted = m->back == 0 ? NULL : malloc(m->back * sizeof *sorted);
    if (sorted == NULL)
        return 0;
    memcpy(sorted, m->handshake_ns, m->back * sizeof *sorted);
    qsort(sorted, m->back, sizeof *sorted, by_size);
    uint64_t found = sorted[(m->back * percent + 99) / 100 - 1];
    free(sorted);
    return found;
}

uint32_t measure_peak(const struct measure *m)
{
    uint32_t peak = 0;
    for (size_t i = 0; i < m->bins; i++)
        peak = m->arrivals[i] > peak ? m->arrivals[i] : peak;
    return peak;
}
