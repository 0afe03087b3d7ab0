/* See terminal.h. */
#include "report/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal terminal_of(FILE *out, enum color_choice choice)
{
    int fd = fileno(out);
    bool tty = fd >= 0 && isatty(fd);
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool dumb = term == NULL || strcmp(term, "dumb") == 0;
    bool plain = dumb || (no_color != NULL && no_color[0] != 0);
    struct winsize size = {0};
    if (tty && ioctl(fd, TIOCGWINSZ, &size) != 0)
        size.ws_col = 0;
    return (struct terminal){
        .color = choice == COLOR_ALWAYS || (choice == COLOR_AUTO && tty && !plain),
        .live = tty && !dumb,
        .columns = size.ws_col == 0 ? 80 : size.ws_col,
    };
}
