/* See ledger.h. */
#include "modes/proxy/ledger.h"

#include "engine/proxy/secrets.h"
#include "report/sinks.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    const struct proxy *proxy;
    unsigned connection;
    uint64_t began;
    size_t left_out;
    bool hit;            /* a fault was begun on it */
    struct trace trace;
    struct buf title;    /* its request, in a line */
    struct buf faults;
    struct case_result *result;
};

struct ledger {
    struct serve *serve;
    struct sinks sinks;
    struct run_result *run;
    struct entry *open;  /* the newest first */
    size_t begun, later; /* with a case; without one */
    struct figure_series *arrivals, *hits;
};

struct ledger *ledger_new(struct serve *serve, struct diag *why)
{
    const struct telling *tell = &serve->options->tell;
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL || (ledger->run = run_result_new()) == NULL) {
        free(ledger);
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return NULL;
    }
    ledger->serve = serve;
    struct run_result *run = ledger->run;
    run->mode = "proxy";
    run->version = tell->version;
    run->started = tell->started;
    run->seed = serve->options->seed;
    struct figure *figure = figure_add(&run->arena, &run->figures, "connections", "s", "in a second");
    ledger->arrivals = figure_series(&run->arena, figure, FIGURE_BARS, "accepted");
    ledger->hits = figure_series(&run->arena, figure, FIGURE_BARS, "faults begun");
    if (sinks_open(&ledger->sinks, tell->reports, tell->json_file, why))
        return ledger;
    ledger_free(ledger);
    return NULL;
}

/* One more in the column of that second. Events come in the order of time, but for one of another process that comes
 * late: it counts where time is by now. */
static void count(struct ledger *ledger, struct figure_series *series, uint64_t at_ns)
{
    double second = (double)(at_ns / NS_PER_S);
    if (series == NULL)
        return;
    struct figure_point *last = series->count == 0 ? NULL : &series->points[series->count - 1];
    if (last != NULL && last->x >= second)
        last->y++;
    else
        figure_point(&ledger->run->arena, series, &(struct figure_point){.x = second, .y = 1});
}

static void begin(struct ledger *ledger, const struct proxy_event *event)
{
    const char *name = proxy_config(event->proxy)->name;
    struct run_result *run = ledger->run;
    struct entry *entry = ledger->begun < LEDGER_CONNECTIONS ? calloc(1, sizeof *entry) : NULL;
    struct case_result *result = entry == NULL ? NULL : run_result_add(run);
    if (result == NULL) {
        free(entry);
        ledger->later++;
        return;
    }
    *entry = (struct entry){.next = ledger->open, .proxy = event->proxy, .connection = event->connection,
                            .began = event->at_ns, .result = result};
    ledger->open = entry;
    ledger->begun++;
    trace_init(&entry->trace);
    entry->trace.start_ns = event->at_ns;
    buf_init(&entry->title, 200);
    buf_init(&entry->faults, 400);
    result->id = arena_printf(&run->arena, "%s/%u", name, event->connection);
    result->section = "proxy";
    result->close_verdict = CLOSE_NONE;
}

static void request_line(struct buf *out, const char *head, size_t size)
{
    for (size_t i = 0; i < size && head[i] != '\r' && head[i] != '\n'; i++)
        buf_append_byte(out, head[i] < 0x20 || head[i] > 0x7e ? '?' : (uint8_t)head[i]);
}

static void add_head(struct ledger *ledger, struct entry *entry, const struct proxy_event *event)
{
    struct buf head;
    buf_init(&head, 0);
    secrets_head((const char *)event->bytes, event->size, ledger->serve->options->secrets, &head);
    if (event->upstream && entry->title.size == 0)
        request_line(&entry->title, buf_text(&head), head.size);
    trace_add(&entry->trace, &(struct trace_event){.kind = TRACE_HEAD, .ours = event->upstream,
                                                   .at_ns = event->at_ns - entry->began, .connection = 1,
                                                   .bytes = head.data, .size = head.size, .whole = head.size});
    buf_free(&head);
}

/* From the client's side: upstream is what we send. */
static void add(struct ledger *ledger, struct entry *entry, const struct proxy_event *event)
{
    struct trace_event one = {.ours = event->upstream, .at_ns = event->at_ns - entry->began, .connection = 1,
                              .text = event->text};
    if (entry->trace.count >= LEDGER_EVENTS && event->kind != PROXY_FAULT && event->kind != PROXY_ENDED) {
        entry->left_out++;
        if (event->kind == PROXY_FRAME)
            trace_count(&entry->trace.counts,
                        &(struct trace_event){.kind = TRACE_FRAME, .ours = one.ours, .head = event->head});
        return;
    }
    switch (event->kind) {
    case PROXY_CONNECTED:
        one.kind = TRACE_CONNECT;
        break;
    case PROXY_HEAD:
        add_head(ledger, entry, event);
        return;
    case PROXY_FRAME:
        one.kind = TRACE_FRAME;
        one.head = event->head;
        one.bytes = event->bytes;
        one.size = event->size < LEDGER_BYTES ? event->size : LEDGER_BYTES;
        one.whole = event->whole;
        one.text = NULL; /* what was done to it stands behind it */
        break;
    case PROXY_ENDED:
        one.kind = event->end == LAYER_EOF || event->end == LAYER_CUT ? TRACE_EOF : TRACE_RESET;
        break;
    default:
        one.kind = TRACE_NOTE;
        break;
    }
    trace_add(&entry->trace, &one);
    if (event->kind == PROXY_FRAME && event->text[0] != 0)
        trace_add(&entry->trace, &(struct trace_event){.kind = TRACE_NOTE, .at_ns = one.at_ns, .connection = 1,
                                                       .text = event->text});
}

static void finish(struct ledger *ledger, struct entry *entry, const struct proxy_event *event)
{
    struct arena *arena = &ledger->run->arena;
    struct case_result *result = entry->result;
    struct buf text;
    result->verdict = entry->hit ? VERDICT_INFO : VERDICT_PASS;
    result->duration_ns = event->at_ns - entry->began;
    result->title = arena_text(arena, entry->title.size == 0 ? "no request" : buf_text(&entry->title));
    if (entry->hit)
        result->detail = arena_printf(arena, "%s: %s", buf_text(&entry->faults), event->text);
    else
        result->detail = arena_text(arena, event->text);
    if (entry->left_out != 0)
        trace_add(&entry->trace, &(struct trace_event){
            .kind = TRACE_NOTE, .at_ns = result->duration_ns, .connection = 1,
            .text = arena_printf(arena, "%zu events are left out above", entry->left_out)});
    case_result_keep(ledger->run, result, &entry->trace);
    buf_init(&text, LIMIT_TRACE_SHARE);
    trace_print(&entry->trace, result->id, &text);
    result->trace = text.failed ? "" : arena_text(arena, buf_text(&text));
    buf_free(&text);
    ledger->run->ended++;
}

static void drop(struct entry **at)
{
    struct entry *entry = *at;
    *at = entry->next;
    trace_free(&entry->trace);
    buf_free(&entry->title);
    buf_free(&entry->faults);
    free(entry);
}

void ledger_event(struct ledger *ledger, const struct proxy_event *event)
{
    struct entry **at = &ledger->open;
    if (event->kind == PROXY_ACCEPTED) {
        count(ledger, ledger->arrivals, event->at_ns);
        begin(ledger, event);
        return;
    }
    if (event->kind == PROXY_FAULT)
        count(ledger, ledger->hits, event->at_ns);
    while (*at != NULL && ((*at)->proxy != event->proxy || (*at)->connection != event->connection))
        at = &(*at)->next;
    if (*at == NULL)
        return;
    if (event->kind == PROXY_FAULT) {
        const char *fault = strncmp(event->text, "fault ", 6) == 0 ? event->text + 6 : event->text;
        (*at)->hit = true;
        buf_printf(&(*at)->faults, "%s%s", (*at)->faults.size == 0 ? "" : ", ", fault);
    }
    if (event->kind == PROXY_OVER) {
        finish(ledger, *at, event);
        drop(at);
    } else {
        add(ledger, *at, event);
    }
}

bool ledger_write(struct ledger *ledger, const char *url, struct diag *why)
{
    struct run_result *run = ledger->run;
    const struct report report = {.runs = &run, .count = 1, .trace = true};
    run->testee = (struct testee_info){.url = url, .command = "", .agent = ""};
    run->planned = run->count;
    if (ledger->later != 0)
        fprintf(ledger->serve->options->tell.errors, "note: the first %zu of %zu connections are in the report\n",
                run->count, run->count + ledger->later);
    for (size_t i = 0; i < run->count; i++)
        run->duration_ns = run->cases[i]->duration_ns > run->duration_ns ? run->cases[i]->duration_ns
                                                                          : run->duration_ns;
    return sinks_write(&ledger->sinks, &report, why);
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    while (ledger->open != NULL)
        drop(&ledger->open);
    sinks_free(&ledger->sinks);
    run_result_free(ledger->run);
    free(ledger);
}
