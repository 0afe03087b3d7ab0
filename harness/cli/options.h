/* The command line, read by the tables of options.def. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/buf.h"
#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
#define COMMAND(id, word, arguments, least, most, summary) COMMAND_##id,
#include "cli/options.def"
    COMMANDS
};

enum option {
#define OPTION(id, word, letter, kind, argument, least, most, commands, help) OPTION_##id,
#include "cli/options.def"
    OPTIONS
};

enum option_kind {
    KIND_FLAG, KIND_TEXT, KIND_LIST, KIND_NUMBER, KIND_SIZE, KIND_SEED, KIND_PATIENCE, KIND_SHARD,
    KIND_DURATION, KIND_CHOICE, KIND_LINES, KIND_TOKENS, KIND_VALUE,
};

struct command_row {
    const char *word, *arguments;
    size_t least, most; /* arguments */
    const char *summary;
};
extern const struct command_row cli_commands[COMMANDS];

struct option_row {
    const char *word;
    char letter; /* 0: none */
    enum option_kind kind;
    const char *argument;
    uint64_t least, most;
    unsigned commands;  /* bit 1 << COMMAND_...: where it may stand */
    const char *help;
};
extern const struct option_row cli_options[OPTIONS];

struct option_value {
    bool set;
    const char *text;  /* as written; the last one, when it stands twice */
    uint64_t number;   /* NUMBER, SEED; SIZE: bytes; PATIENCE: ns, 0 for a factor; DURATION: ns;
                          CHOICE: which word; SHARD: which */
    double factor;     /* PATIENCE */
    uint64_t shards;   /* SHARD: of how many */
    const char **list; /* LIST, LINES, TOKENS: all of them, NULL-terminated; NULL when not set */
};

struct options {
    enum command command;
    struct option_value values[OPTIONS];
    const char **words;  /* the arguments that are no options, NULL-terminated */
    size_t word_count;
};

/* Reads argv[1] ... : a command, options and arguments in any order; `--` ends
 * the options. Strings of argv are kept. False with one line in `why`, always a
 * matter of usage. Freed with options_free in either case. */
bool options_parse(struct options *options, int argc, char *const *argv, struct diag *why);
void options_free(struct options *options);

/* What is set, else `otherwise`. */
const char *option_text(const struct options *options, enum option option);
uint64_t option_number(const struct options *options, enum option option, uint64_t otherwise);

/* COMMANDS when there is none of that name. */
enum command command_find(const char *word);

#endif
