/* See help.h. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 80u
#define OPTION_INDENT 28u
#define COMMAND_INDENT 10u

/* Words of `text` from column `at` on, broken before column 80, further lines
 * indented to `indent`; ends with a newline. */
static void wrap(struct buf *out, const char *text, size_t at, size_t indent)
{
    bool first = true;
    while (*text != 0) {
        size_t size = strcspn(text, " ");
        if (!first && at + 1 + size >= COLUMNS) {
            buf_append_byte(out, '\n');
            buf_append_fill(out, ' ', indent);
            at = indent;
        } else if (!first) {
            buf_append_byte(out, ' ');
            at++;
        }
        buf_append(out, text, size);
        at += size;
        text += size + strspn(text + size, " ");
        first = false;
    }
    buf_append_byte(out, '\n');
}

/* `left` in its column, then the text behind it, below when left is too wide. */
static void two_columns(struct buf *out, const char *left, const char *text, size_t indent)
{
    size_t size = strlen(left);
    buf_append_text(out, left);
    if (size + 1 >= indent) {
        buf_append_byte(out, '\n');
        size = 0;
    }
    buf_append_fill(out, ' ', indent - size);
    wrap(out, text, indent, indent);
}

void help_overview(struct buf *out)
{
    buf_append_text(out, "usage: wsgauntlet COMMAND [OPTION...] [ARGUMENT...]\n\n"
                         "Tests WebSocket servers and clients: conformance suites, scripted open/drop/\n"
                         "reconnect scenarios, network faults, live fuzzing, reconnect storms.\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        char left[COMMAND_INDENT + 8];
        snprintf(left, sizeof left, "  %s", cli_commands[i].word);
        two_columns(out, left, cli_commands[i].summary, COMMAND_INDENT);
    }
    buf_append_text(out, "\n`wsgauntlet help COMMAND` explains one with its options, `wsgauntlet help verbs`\n"
                         "the scenario language. Exit status: 0 all passed, 1 something failed, 2 wrong\n"
                         "usage or file, 3 trouble of our own, or no server to test.\n");
}

void help_command(enum command command, struct buf *out)
{
    const struct command_row *row = &cli_commands[command];
    buf_printf(out, "usage: wsgauntlet %s [OPTION...]%s%s\n\nwsgauntlet ", row->word,
               row->arguments[0] == 0 ? "" : " ", row->arguments);
    buf_printf(out, "%s ", row->word);
    wrap(out, row->summary, strlen("wsgauntlet  ") + strlen(row->word), 0);
    buf_append_byte(out, '\n');
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option_row *option = &cli_options[i];
        if (!(option->commands & 1u << command))
            continue;
        char left[64], letter[8] = "    ";
        if (option->letter != 0)
            snprintf(letter, sizeof letter, "-%c, ", option->letter);
        snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->word, option->argument[0] == 0 ? "" : " ",
                 option->argument);
        two_columns(out, left, option->help, OPTION_INDENT);
    }
}

/* For man(7): a hyphen that is to be copied is \-, and no line begins with a dot or quote. */
static void manual_text(struct buf *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '-')
            buf_append_text(out, "\\-");
        else if (*text == '\\')
            buf_append_text(out, "\\e");
        else if (*text == '\'')
            buf_append_text(out, "\\(aq");
        else
            buf_append_byte(out, (uint8_t)*text);
    }
}

/* Ends a tagged line, with what the command or option takes. */
static void manual_argument(struct buf *out, const char *argument)
{
    if (argument[0] != 0) {
        buf_append_text(out, " \\fI");
        manual_text(out, argument);
        buf_append_text(out, "\\fR");
    }
    buf_append_byte(out, '\n');
}

static void manual_option(struct buf *out, const struct option_row *row)
{
    buf_append_text(out, ".TP\n");
    if (row->letter != 0)
        buf_printf(out, "\\fB\\-%c\\fR, ", row->letter);
    buf_append_text(out, "\\fB\\-\\-");
    manual_text(out, row->word);
    buf_append_text(out, "\\fR");
    manual_argument(out, row->argument);
    manual_text(out, row->help);
    const char *separator = " (";
    for (size_t i = 0; i < COMMANDS; i++) {
        if (row->commands & 1u << i) {
            buf_printf(out, "%s%s", separator, cli_commands[i].word);
            separator = ", ";
        }
    }
    buf_append_text(out, ").\n");
}

void help_manual(struct buf *out)
{
    buf_append_text(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command_row *row = &cli_commands[i];
        buf_printf(out, ".TP\n\\fBwsgauntlet %s\\fR [\\fIOPTION\\fR...]", row->word);
        manual_argument(out, row->arguments);
        manual_text(out, row->summary);
        buf_append_text(out, ".\n");
    }
    buf_append_text(out, ".SH OPTIONS\nBehind each option stand the commands that know it.\n");
    for (size_t i = 0; i < OPTIONS; i++)
        manual_option(out, &cli_options[i]);
}
