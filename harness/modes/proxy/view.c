/* The live view of a terminal: connections and what is done to them, written
 * over a few times a second, with the last events below. */
#include "modes/proxy/serve.h"

#include <stdlib.h>
#include <string.h>

#define EVERY (250 * NS_PER_MS)
#define ROWS 12u
#define NEWS 6u
#define NEWS_TEXT 200u

struct view {
    struct serve *serve;
    struct timer *timer;
    unsigned drawn; /* lines on the screen */
    char news[NEWS][NEWS_TEXT];
    unsigned told;
};

static void line(struct view *view, struct buf *out, const char *text)
{
    unsigned columns = terminal_of(view->serve->options->tell.out, view->serve->options->tell.color).columns;
    size_t size = strlen(text), room = columns > 1 ? columns - 1 : 1;
    buf_append_text(out, "\r\x1b[K");
    buf_append(out, text, size < room ? size : room);
    buf_append_byte(out, '\n');
    view->drawn++;
}

static void row(struct view *view, struct buf *out, const struct served *served, const struct proxy_status *status)
{
    struct buf text;
    buf_init(&text, 0);
    double age = (double)(loop_now(view->serve->loop) - status->since_ns) / 1e9;
    buf_printf(&text, " #%-6u %8.1fs  %-14s > %-6llu < %-6llu  ", status->connection, age,
               proxy_state_word(status->state), (unsigned long long)status->up.messages,
               (unsigned long long)status->down.messages);
    if (status->faults != 0)
        proxy_faults_of(served->proxy, status->connection, &text);
    line(view, out, buf_text(&text));
    buf_free(&text);
}

static void proxy_lines(struct view *view, struct buf *out, const struct served *served)
{
    struct proxy_status rows[ROWS];
    struct buf text;
    size_t open = proxy_connections(served->proxy), shown = proxy_look(served->proxy, rows, ROWS);
    const struct proxy_config *config = proxy_config(served->proxy);
    buf_init(&text, 0);
    proxy_address_print(&config->at, served->secure, true, &text);
    buf_append_text(&text, " -> ");
    proxy_address_print(&config->to, served->to_secure, true, &text);
    buf_printf(&text, "  %s; %zu open of %u", proxy_enabled(served->proxy) ? "listening" : "off", open,
               proxy_count(served->proxy));
    line(view, out, buf_text(&text));
    buf_free(&text);
    for (size_t i = 0; i < shown; i++)
        row(view, out, served, &rows[i]);
    if (open > shown) {
        char more[64];
        snprintf(more, sizeof more, " ... and %zu more", open - shown);
        line(view, out, more);
    }
}

static void draw(struct view *view)
{
    struct buf out;
    buf_init(&out, 0);
    if (view->drawn != 0)
        buf_printf(&out, "\x1b[%uA\x1b[J", view->drawn);
    view->drawn = 0;
    for (const struct served *s = view->serve->first; s != NULL && view->drawn < 40; s = s->next)
        proxy_lines(view, &out, s);
    unsigned first = view->told > NEWS ? view->told - NEWS : 0;
    for (unsigned i = first; i < view->told; i++)
        line(view, &out, view->news[i % NEWS]);
    fputs(buf_text(&out), view->serve->options->tell.out);
    fflush(view->serve->options->tell.out);
    buf_free(&out);
}

static void on_time(void *arg)
{
    struct view *view = arg;
    draw(view);
    view->timer = timer_start(view->serve->loop, EVERY, on_time, view);
}

struct view *view_new(struct serve *serve)
{
    struct view *view = calloc(1, sizeof *view);
    if (view == NULL)
        return NULL;
    view->serve = serve;
    view->timer = timer_start(serve->loop, 0, on_time, view);
    return view;
}

void view_event(struct view *view, const struct proxy_event *event)
{
    if (event->kind != PROXY_FAULT && event->kind != PROXY_NOTE && event->kind != PROXY_OVER)
        return;
    char *news = view->news[view->told++ % NEWS];
    snprintf(news, NEWS_TEXT, "%9.3f #%u %s", (double)event->at_ns / 1e9, event->connection, event->text);
    for (; *news != 0; news++)
        if ((unsigned char)*news < 0x20 || *news == 0x7f)
            *news = '?';
}

void view_free(struct view *view)
{
    if (view == NULL)
        return;
    draw(view);
    timer_stop(view->timer);
    free(view);
}
