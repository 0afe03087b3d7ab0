/* See nearest.h: the optimal string alignment distance, three rows at a time. */
#include "base/nearest.h"

#include <string.h>

#define WORD_MAX 48u

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_size; j++)
        above[j] = (unsigned)j;
    for (size_t i = 1; i <= a_size; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            unsigned changed = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(changed, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_size];
}

void nearest_offer(struct nearest *nearest, const char *written, const char *candidate)
{
    size_t written_size = strlen(written), size = strlen(candidate);
    if (written_size == 0 || size == 0 || written_size > WORD_MAX || size > WORD_MAX)
        return;
    unsigned d = distance(written, written_size, candidate, size);
    size_t longer = written_size > size ? written_size : size;
    if (d > (longer + 2) / 3 || d >= longer || (nearest->word != NULL && d >= nearest->distance))
        return;
    *nearest = (struct nearest){.word = candidate, .distance = d};
}
