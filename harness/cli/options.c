/* See options.h. Each mistake is one line that names the mend. */
#include "cli/options.h"

#include "base/nearest.h"
#include "cli/values.h"
#include "wire/http1.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY SIZE_MAX

const struct command_row cli_commands[COMMANDS] = {
#define COMMAND(id, word, arguments, least, most, summary) {word, arguments, least, most, summary},
#include "cli/options.def"
};

#define ON(id) (1u << COMMAND_##id)
#define ON_ALL ((1u << COMMANDS) - 1)
const struct option_row cli_options[OPTIONS] = {
#define OPTION(id, word, letter, kind, argument, least, most, commands, help) \
    {word, letter, KIND_##kind, argument, least, most, commands, help},
#include "cli/options.def"
};

enum command command_find(const char *word)
{
    enum command command = 0;
    while (command < COMMANDS && strcmp(word, cli_commands[command].word) != 0)
        command++;
    return command;
}

static bool unknown_command(const char *word, struct diag *why)
{
    struct nearest nearest = {0};
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_offer(&nearest, word, cli_commands[i].word);
    if (nearest.word != NULL)
        return diag_set(why, DIAG_USAGE, "unknown command '%s'; did you mean '%s'?", word, nearest.word);
    return diag_set(why, DIAG_USAGE, "unknown command '%s'; `wsgauntlet help` lists them", word);
}

static bool unknown_option(enum command command, const char *word, struct diag *why)
{
    struct nearest nearest = {0};
    for (size_t i = 0; i < OPTIONS; i++)
        if (cli_options[i].commands & 1u << command)
            nearest_offer(&nearest, word, cli_options[i].word);
    if (nearest.word != NULL)
        return diag_set(why, DIAG_USAGE, "unknown option '--%s'; did you mean '--%s'?", word, nearest.word);
    return diag_set(why, DIAG_USAGE, "unknown option '--%s'; `wsgauntlet help %s` lists them", word,
                    cli_commands[command].word);
}

static bool wrong_command(const struct option_row *row, enum command command, struct diag *why)
{
    struct buf where;
    buf_init(&where, 0);
    for (size_t i = 0; i < COMMANDS; i++)
        if (row->commands & 1u << i)
            buf_printf(&where, "%s%s", where.size == 0 ? "" : ", ", cli_commands[i].word);
    diag_set(why, DIAG_USAGE, "'--%s' is an option of %s, not of %s", row->word, buf_text(&where),
             cli_commands[command].word);
    buf_free(&where);
    return false;
}

/* ---- readers of values, one per kind: false when the text is none ---- */

typedef bool read_fn(const struct option_row *row, struct option_value *value);

static bool read_text(const struct option_row *row, struct option_value *value)
{
    (void)row;
    return value->text != NULL;
}

static bool read_list(const struct option_row *row, struct option_value *value)
{
    (void)row;
    size_t count = 0;
    while (value->list != NULL && value->list[count] != NULL)
        count++;
    const char **list = realloc(value->list, (count + 2) * sizeof *list);
    if (list == NULL)
        return false;
    list[count] = value->text;
    list[count + 1] = NULL;
    value->list = list;
    return true;
}

static struct ws_span span_of(const struct option_value *value)
{
    return (struct ws_span){value->text, strlen(value->text)};
}

/* What goes into an opening handshake must not break it: the server would be blamed. */
static bool read_lines(const struct option_row *row, struct option_value *value)
{
    return ws_span_is_field_line(span_of(value)) && read_list(row, value);
}

/* None twice (RFC 6455 section 4.1, 10.). */
static bool read_tokens(const struct option_row *row, struct option_value *value)
{
    for (const char **known = value->list; known != NULL && *known != NULL; known++)
        if (strcmp(*known, value->text) == 0)
            return false;
    return ws_span_is_token(span_of(value)) && read_list(row, value);
}

static bool read_field_value(const struct option_row *row, struct option_value *value)
{
    (void)row;
    return value->text[0] != 0 && ws_span_is_field_value(span_of(value));
}

static bool read_number(const struct option_row *row, struct option_value *value)
{
    return value_number(value->text, &value->number) && value->number >= row->least &&
           value->number <= row->most;
}

static bool read_size(const struct option_row *row, struct option_value *value)
{
    (void)row;
    return value_size(value->text, &value->number);
}

static bool read_patience(const struct option_row *row, struct option_value *value)
{
    (void)row;
    return value_patience(value->text, &value->number, &value->factor);
}

static bool read_shard(const struct option_row *row, struct option_value *value)
{
    (void)row;
    return value_shard(value->text, &value->number, &value->shards);
}

static bool read_duration(const struct option_row *row, struct option_value *value)
{
    (void)row;
    return value_duration(value->text, &value->number);
}

/* Which of "a|b|c" it is. */
static bool read_choice(const struct option_row *row, struct option_value *value)
{
    const char *choices = row->argument;
    size_t size = strlen(value->text);
    for (value->number = 0; *choices != 0; value->number++) {
        size_t word = strcspn(choices, "|");
        if (word == size && strncmp(choices, value->text, word) == 0)
            return true;
        choices += word + (choices[word] == '|');
    }
    return false;
}

static const struct {
    read_fn *read;
    const char *wants; /* NULL: the row's argument says it */
} kinds[] = {
    [KIND_TEXT] = {read_text, "a value"},
    [KIND_LIST] = {read_list, "a value"},
    [KIND_NUMBER] = {read_number, "a number"},
    [KIND_SIZE] = {read_size, "a size such as 64KiB or 1MiB"},
    [KIND_SEED] = {read_number, "a number such as 7 or 0x51f0"},
    [KIND_DURATION] = {read_duration, "a time (90s, 5m, 2h)"},
    [KIND_PATIENCE] = {read_patience, "a factor (3, 0.5) or a time (500ms, 5s, 1m)"},
    [KIND_SHARD] = {read_shard, "a part of a whole such as 2/5"},
    [KIND_CHOICE] = {read_choice, NULL},
    [KIND_LINES] = {read_lines, "one header line such as 'X-Name: value'"},
    [KIND_TOKENS] = {read_tokens, "a word of letters, digits and !#$%&'*+-.^_`|~, and each only once"},
    [KIND_VALUE] = {read_field_value, "one line such as https://example.com"},
};

static bool value_read(const struct option_row *row, const char *text, struct option_value *value,
                       struct diag *why)
{
    value->set = true;
    value->text = text;
    if (row->kind == KIND_FLAG || kinds[row->kind].read(row, value))
        return true;
    const char *wants = kinds[row->kind].wants == NULL ? row->argument : kinds[row->kind].wants;
    if (row->kind == KIND_NUMBER)
        return diag_set(why, DIAG_USAGE, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                        row->word, row->least, row->most, text);
    return diag_set(why, DIAG_USAGE, "--%s takes %s, not '%s'", row->word, wants, text);
}

/* The row that --word or -letter names; NULL with the reason. A word may have a row for each command. */
static const struct option_row *row_find(enum command command, const char *word, size_t size, char letter,
                                         struct diag *why)
{
    const struct option_row *elsewhere = NULL;
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option_row *row = &cli_options[i];
        bool it = letter != 0 ? row->letter == letter
                              : strlen(row->word) == size && strncmp(row->word, word, size) == 0;
        if (it && (row->commands & 1u << command))
            return row;
        if (it)
            elsewhere = row;
    }
    if (elsewhere != NULL) {
        wrong_command(elsewhere, command, why);
        return NULL;
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name - 1), word);
    if (letter != 0)
        diag_set(why, DIAG_USAGE, "unknown option '-%c'; `wsgauntlet help %s` lists them", letter,
                 cli_commands[command].word);
    else
        unknown_option(command, name, why);
    return NULL;
}

/* argv[*at] is an option; its value may be the next one. */
static bool option_read(struct options *options, int argc, char *const *argv, int *at, struct diag *why)
{
    const char *text = argv[*at];
    bool is_long = text[1] == '-';
    const char *word = text + 2;
    size_t size = is_long ? strcspn(word, "=") : 1;
    const struct option_row *row =
        row_find(options->command, is_long ? word : text + 1, size, is_long ? 0 : text[1], why);
    if (row == NULL)
        return false;
    const char *value = is_long ? (word[size] == '=' ? word + size + 1 : NULL) : (text[2] != 0 ? text + 2 : NULL);
    if (row->kind == KIND_FLAG && value != NULL)
        return diag_set(why, DIAG_USAGE, "--%s takes no value", row->word);
    if (row->kind != KIND_FLAG && value == NULL) {
        if (*at + 1 >= argc)
            return diag_set(why, DIAG_USAGE, "--%s takes a value: %s", row->word, row->argument);
        value = argv[++*at];
    }
    return value_read(row, value, &options->values[row - cli_options], why);
}

static bool word_count_check(const struct options *options, struct diag *why)
{
    const struct command_row *row = &cli_commands[options->command];
    if (options->values[OPTION_HELP].set)
        return true;
    if (options->word_count < row->least)
        return diag_set(why, DIAG_USAGE, "what is missing: wsgauntlet %s %s", row->word, row->arguments);
    if (options->word_count > row->most)
        return diag_set(why, DIAG_USAGE, "'%s' is one argument too many for wsgauntlet %s %s",
                        options->words[row->most], row->word, row->arguments);
    return true;
}

bool options_parse(struct options *options, int argc, char *const *argv, struct diag *why)
{
    *options = (struct options){.command = COMMANDS};
    if (argc < 2)
        return diag_set(why, DIAG_USAGE, "a command is missing; `wsgauntlet help` lists them");
    options->command = command_find(argv[1]);
    if (options->command == COMMANDS)
        return unknown_command(argv[1], why);
    options->words = calloc((size_t)argc, sizeof *options->words);
    if (options->words == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    bool plain = false; /* behind -- */
    for (int i = 2; i < argc; i++) {
        if (!plain && strcmp(argv[i], "--") == 0)
            plain = true;
        else if (plain || argv[i][0] != '-' || argv[i][1] == 0)
            options->words[options->word_count++] = argv[i];
        else if (!option_read(options, argc, argv, &i, why))
            return false;
    }
    return word_count_check(options, why);
}

void options_free(struct options *options)
{
    for (size_t i = 0; i < OPTIONS; i++)
        free(options->values[i].list);
    free(options->words);
    *options = (struct options){.command = COMMANDS};
}

const char *option_text(const struct options *options, enum option option)
{
    return options->values[option].text;
}

uint64_t option_number(const struct options *options, enum option option, uint64_t otherwise)
{
    return options->values[option].set ? options->values[option].number : otherwise;
}
