/* The program: reads the command line, runs the command, says what went wrong
 * in one line. Exit status: 0 all passed, 1 something failed, 2 wrong usage or
 * file, 3 our own trouble or no testee. */
#include "cli/commands.h"
#include "cli/help.h"
#include "report/clean.h"

#include <stdio.h>
#include <string.h>

/* One line, also where it repeats what was given, or what a peer said. */
static void complain(const struct options *options, const struct diag *why)
{
    const char *command = options->command < COMMANDS ? cli_commands[options->command].word : "";
    struct buf line;
    buf_init(&line, 0);
    clean_line(&line, why->text);
    fprintf(stderr, "wsgauntlet%s%s: %s\n", command[0] == 0 ? "" : " ", command, buf_text(&line));
    buf_free(&line);
}

/* What was printed must have arrived (a full disk behind >). */
static int close_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("wsgauntlet: cannot write the output");
    return DIAG_TROUBLE;
}

/* `wsgauntlet --version` and `wsgauntlet --help`, before any command. */
static bool answered(const char *word)
{
    if (strcmp(word, "--version") == 0) {
        puts("wsgauntlet " WSGAUNTLET_VERSION);
        return true;
    }
    if (strcmp(word, "--help") != 0 && strcmp(word, "-h") != 0)
        return false;
    struct buf text;
    buf_init(&text, 0);
    help_overview(&text);
    fputs(buf_text(&text), stdout);
    buf_free(&text);
    return true;
}

int main(int argc, char **argv)
{
    if (argc >= 2 && answered(argv[1]))
        return close_output(0);
    struct options options;
    struct diag why = {0};
    int status = DIAG_USAGE;
    if (options_parse(&options, argc, argv, &why))
        status = command_run(&options, &why);
    if (why.kind != DIAG_NONE)
        complain(&options, &why);
    options_free(&options);
    return close_output(status);
}
