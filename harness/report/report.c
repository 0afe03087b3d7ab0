/* See report.h. */
#include "report/report.h"

#include "base/nearest.h"
#include "report/autobahn.h"
#include "report/github.h"
#include "report/html.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/sarif.h"
#include "report/tap.h"
#include "report/text.h"

#include <string.h>

const struct report_format report_formats[] = {
#define FORMAT(word, place, render, file, spread, help) {word, REPORT_##place, render, file, spread, help},
#include "report/formats.def"
    {0},
};

static bool unknown(const char *word, struct diag *why)
{
    struct nearest nearest = {0};
    struct buf words;
    buf_init(&words, 0);
    for (const struct report_format *format = report_formats; format->word != NULL; format++) {
        nearest_offer(&nearest, word, format->word);
        buf_printf(&words, "%s%s", words.size == 0 ? "" : ", ", format->word);
    }
    if (nearest.word != NULL)
        diag_set(why, DIAG_USAGE, "no report format '%s'; did you mean '%s'?", word, nearest.word);
    else
        diag_set(why, DIAG_USAGE, "no report format '%s'; there are %s", word, buf_text(&words));
    buf_free(&words);
    return false;
}

const struct report_format *report_format_find(const char *word, struct diag *why)
{
    for (const struct report_format *format = report_formats; format->word != NULL; format++)
        if (strcmp(format->word, word) == 0)
            return format;
    unknown(word, why);
    return NULL;
}
