/* See measure.h. */
#include "engine/fleet/measure.h"

#include <stdlib.h>
#include <string.h>

bool measure_init(struct measure *m, size_t clients)
{
    *m = (struct measure){.clients = clients};
    m->bins = calloc(MEASURE_BINS_MAX, sizeof *m->bins);
    m->back_ns = calloc(clients + 1, sizeof *m->back_ns);
    m->handshake_ns = calloc(clients + 1, sizeof *m->handshake_ns);
    return m->bins != NULL && m->back_ns != NULL && m->handshake_ns != NULL;
}

void measure_clear(struct measure *m)
{
    memset(m->bins, 0, m->bin_count * sizeof *m->bins);
    m->bin_count = m->back = m->under_way = m->peak_under_way = 0;
    m->tries = m->failures = 0;
}

void measure_free(struct measure *m)
{
    free(m->bins);
    free(m->back_ns);
    free(m->handshake_ns);
    *m = (struct measure){0};
}

/* That many handshakes stay under way through the bins between. */
static struct measure_bin *bin_at(struct measure *m, uint64_t at)
{
    uint64_t bin = at / MEASURE_BIN_NS;
    if (bin >= MEASURE_BINS_MAX)
        bin = MEASURE_BINS_MAX - 1;
    for (; m->bin_count <= bin; m->bin_count++)
        m->bins[m->bin_count].under_way = (uint32_t)m->under_way;
    return &m->bins[bin];
}

void measure_try(struct measure *m, uint64_t at)
{
    struct measure_bin *bin = bin_at(m, at);
    bin->arrivals++;
    m->tries++;
    m->under_way++;
    if (m->under_way > bin->under_way)
        bin->under_way = (uint32_t)m->under_way;
    if (m->under_way > m->peak_under_way)
        m->peak_under_way = m->under_way;
}

void measure_answered(struct measure *m, uint64_t at)
{
    bin_at(m, at);
    m->under_way -= m->under_way > 0; /* one that began before the storm was not counted */
}

void measure_failed(struct measure *m, uint64_t at)
{
    bin_at(m, at)->failed++;
    m->failures++;
}

void measure_back(struct measure *m, uint64_t at, uint64_t handshake_ns)
{
    bin_at(m, at);
    if (m->back == m->clients)
        return;
    m->back_ns[m->back] = at;
    m->handshake_ns[m->back++] = handshake_ns;
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

uint64_t *measure_handshakes(const struct measure *m)
{
    uint64_t *sorted = m->back == 0 ? NULL : malloc(m->back * sizeof *sorted);
    if (sorted == NULL)
        return NULL;
    memcpy(sorted, m->handshake_ns, m->back * sizeof *sorted);
    qsort(sorted, m->back, sizeof *sorted, by_size);
    return sorted;
}

uint64_t measure_percentile(const uint64_t *sorted, size_t count, unsigned percent)
{
    return sorted == NULL ? 0 : sorted[(count * percent + 99) / 100 - 1];
}

uint64_t measure_handshake(const struct measure *m, unsigned percent)
{
    uint64_t *sorted = measure_handshakes(m);
    uint64_t found = measure_percentile(sorted, m->back, percent);
    free(sorted);
    return found;
}

uint32_t measure_peak(const struct measure *m)
{
    uint32_t peak = 0;
    for (size_t i = 0; i < m->bin_count; i++)
        peak = m->bins[i].arrivals > peak ? m->bins[i].arrivals : peak;
    return peak;
}
