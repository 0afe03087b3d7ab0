/* Values that are one word: read from the source, or from the value of a
 * family that stands in their place; and printed back. */
#ifndef ENGINE_VALUE_H
#define ENGINE_VALUE_H

#include "engine/language/verbs.h"

struct value_fault {
    char message[80];
    char hint[120];
};

/* Reads a word as a value of that kind (not bytes, words or flags), legal for
 * the slot. False with a fault, or with an empty fault when there is no memory. */
bool value_read(struct arena *arena, enum value_kind kind, enum slot slot, const char *word,
                size_t size, struct value *value, struct value_fault *fault);
/* A number of bytes or of times, as inside of fill(). */
bool value_read_size(const char *word, size_t size, uint64_t *bytes, struct value_fault *fault);
bool value_read_number(const char *word, size_t size, uint64_t *number, struct value_fault *fault);
/* How a row's `legal` is shown to a person: # as 0. */
void value_print_legal(const char *legal, char *out, size_t room);
/* Letters, digits and _, not beginning with a digit. */
bool value_is_name(const char *word, size_t size);
/* "${name}": the length of name, 0 when it is something else. */
size_t value_variable(const char *word, size_t size);

/* Prints a value of any kind; a RANGE from 0 is its end alone. */
void value_print(const struct value *value, struct buf *out);
/* A number of bytes: 3, 64KiB. */
void value_print_size(uint64_t bytes, struct buf *out);

#endif
