/* See completion.h. What the tables say stands in two `case`s, the options of a command and the words of an option;
 * what never changes stands around them. */
#include "cli/completion.h"
#include "cli/options.h"

#include <string.h>

/* Options whose words the program itself prints, the first of each line. */
static const struct asked {
    enum option option;
    const char *command;
} asked[] = {
    {OPTION_FAULT, "echo --fault list"},
    {OPTION_PROFILE, "resilience --profile list"},
};

static const char report_formats[] = ""
#define FORMAT(word, place, render, file, spread, help) word " "
#include "report/formats.def"
    "merge diff";

static void options_of(struct buf *out, enum command command)
{
    buf_printf(out, "    %s) options='", cli_commands[command].word);
    for (size_t i = 0; i < OPTIONS; i++) {
        if (cli_options[i].commands & 1u << command)
            buf_printf(out, "--%s ", cli_options[i].word);
    }
    buf_append_text(out, "' ;;\n");
}

/* "run--color|test--color": an option as the function sees it, with each command that knows it. */
static void pattern(struct buf *out, const struct option_row *row)
{
    const char *separator = "    ";
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!(row->commands & 1u << i))
            continue;
        buf_printf(out, "%s%s--%s", separator, cli_commands[i].word, row->word);
        separator = "|";
        if (row->letter != 0)
            buf_printf(out, "|%s-%c", cli_commands[i].word, row->letter);
    }
}

static void values_of(struct buf *out, enum option option)
{
    const struct option_row *row = &cli_options[option];
    if (row->kind == KIND_FLAG)
        return;
    pattern(out, row);
    buf_append_text(out, ") value=1");
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        if (asked[i].option == option)
            buf_printf(out, " words=\"list $(\"$1\" %s 2>/dev/null | cut -d ' ' -f 1)\"", asked[i].command);
    }
    if (row->kind == KIND_CHOICE) {
        buf_append_text(out, " words='");
        for (const char *c = row->argument; *c != 0; c++)
            buf_append_byte(out, *c == '|' ? ' ' : (uint8_t)*c);
        buf_append_byte(out, '\'');
    }
    buf_append_text(out, " ;;\n");
}

void completion_bash(struct buf *out)
{
    buf_append_text(out, "# Completion of wsgauntlet for bash:  eval \"$(wsgauntlet help completion)\"\n"
                         "_wsgauntlet()\n{\n"
                         "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                         "    local command=${COMP_WORDS[1]} commands='");
    for (size_t i = 0; i < COMMANDS; i++)
        buf_printf(out, "%s ", cli_commands[i].word);
    buf_append_text(out, "' options= words= value=\n    case $command in\n");
    for (size_t i = 0; i < COMMANDS; i++)
        options_of(out, (enum command)i);
    buf_append_text(out, "    esac\n    case $command$before in\n");
    for (size_t i = 0; i < OPTIONS; i++)
        values_of(out, (enum option)i);
    buf_append_text(out, "    esac\n"
                         "    if ((COMP_CWORD == 1)); then\n"
                         "        words=\"$commands --help --version\"\n"
                         "    elif [[ $value ]]; then\n"
                         "        :\n"
                         "    elif [[ $word == -* ]]; then\n"
                         "        words=$options\n"
                         "    elif [[ $command == help ]]; then\n"
                         "        words=\"$commands verbs completion\"\n"
                         "    elif [[ $command == report ]] && ((COMP_CWORD == 2)); then\n");
    buf_printf(out, "        words='%s'\n", report_formats);
    buf_append_text(out, "    fi\n"
                         "    COMPREPLY=()\n"
                         "    [[ $words ]] && COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                         "}\n"
                         "complete -o default -F _wsgauntlet wsgauntlet\n");
}
