/* What stands behind an option, as a number with its unit. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal, or hexadecimal behind 0x; the whole text. False when it is none, or over 64 bits. */
bool value_number(const char *text, uint64_t *out);
/* 500, 16KiB, 2MiB, 1GiB in bytes. */
bool value_size(const char *text, uint64_t *out);
/* 250ms, 2s, 1.5s, 1m in nanoseconds: *ns; or a bare factor, 3, 0.5, 2x: *factor with *ns 0. Above zero. */
bool value_patience(const char *text, uint64_t *ns, double *factor);
/* 2/5: 1 to 1000 parts, counted from 1. */
bool value_shard(const char *text, uint64_t *shard, uint64_t *shards);
/* 500ms, 90s, 5m, 2h in nanoseconds. Above zero. */
bool value_duration(const char *text, uint64_t *ns);

#endif
