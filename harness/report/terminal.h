/* What a command may do on the stream that it tells people things on. */
#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER }; /* --color auto|always|never */

struct terminal {
    bool color;       /* on a terminal, unless NO_COLOR is set or TERM is dumb; or as was chosen */
    bool live;        /* lines can be written over */
    unsigned columns; /* 80 where nobody knows */
};

struct terminal terminal_of(FILE *out, enum color_choice choice);

#endif
