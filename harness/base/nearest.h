/* "did you mean": of the words that could stand there, the one nearest to what
 * was written. Words are offered one by one, so any table will do. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/* Zero-initialise. */
struct nearest {
    const char *word; /* NULL while none is near enough to be meant */
    unsigned distance;
};

/* Keeps `candidate` when it is nearer to `written` than what was offered before:
 * inserted, left out, changed and swapped letters count 1 each, and at most
 * one letter in three may differ. An empty or over-long word is near to nothing. */
void nearest_offer(struct nearest *nearest, const char *written, const char *candidate);

#endif
