/* Plain HTTP answers: refusals, the page for a browser (reports/serve.html), and
 * what it shows. One answer a connection, which ends behind it. */
#include "engine/serve/parts.h"

#include "engine/suite/embedded.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *reason_of(int status)
{
    static const struct { int status; const char *reason; } reasons[] = {
        {200, "OK"},                    {400, "Bad Request"},
        {404, "Not Found"},             {405, "Method Not Allowed"},
        {408, "Request Timeout"},       {414, "URI Too Long"},
        {426, "Upgrade Required"},      {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"}, {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

static void ignore(void *owner, uint8_t *bytes, size_t size) { (void)owner, (void)bytes, (void)size; }

static void over(void *owner, enum layer_end end, const struct diag *why)
{
    (void)end, (void)why;
    call_free(owner);
}

static void time_is_up(void *arg)
{
    struct call *call = arg;
    call->patience = NULL;
    call_free(call);
}

/* The other side ends the connection when it has read the answer; until then it stays, so that no reset cuts it. */
void web_answer(struct call *call, int status, const char *type, const void *body, size_t size)
{
    static const struct layer_sink sink = {.data = ignore, .ended = over};
    struct buf head;
    buf_init(&head, 0);
    buf_printf(&head, "HTTP/1.1 %d %s\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\n"
               "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s%s\r\n",
               status, reason_of(status), type, size, status == 405 ? "Allow: GET\r\n" : "",
               status == 426 ? "Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                             : "Connection: close\r\n");
    timer_stop(call->patience);
    call->patience = timer_start(call->serve->config.loop, TALK_PATIENCE_NS, time_is_up, call);
    layer_listen(call->layer, &sink, call);
    layer_write(call->layer, head.data, head.size);
    layer_write(call->layer, body, size);
    layer_finish(call->layer, FINISH_CLEAN);
    buf_free(&head);
}

void web_refuse(struct call *call, int status, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text - 1, format, args);
    va_end(args);
    if (size < 0 || (size_t)size > sizeof text - 2)
        size = (int)sizeof text - 2;
    text[size++] = '\n';
    web_answer(call, status, "text/plain", text, (size_t)size);
}

void web_page(struct call *call)
{
    const struct embedded_file *file = embedded_files;
    while (file->path != NULL && strcmp(file->path, "reports/serve.html") != 0)
        file++;
    if (file->path == NULL)
        web_refuse(call, 404, "this program was built without its page");
    else
        web_answer(call, 200, "text/html", file->text, file->size);
}

/* ---- results ---- */

/* A JSON string; what is not UTF-8 or may not stand in one becomes a question mark. */
static void put_text(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, ",\"%s\":\"", name);
    for (const unsigned char *c = (const unsigned char *)(text == NULL ? "" : text); *c != 0; c++) {
        if (*c == '"' || *c == '\\')
            buf_append_byte(out, '\\');
        buf_append_byte(out, *c < 0x20 || *c >= 0x7f ? '?' : *c);
    }
    buf_append_byte(out, '"');
}

static void put_slot(struct buf *out, const struct serve_slot *slot, const struct entry *entry)
{
    const struct case_result *result = entry == NULL || entry->done == NULL ? NULL : entry->done->cases[0];
    char section[64];
    suite_section(slot->of->script, section, sizeof section);
    buf_printf(out, "{\"number\":%zu,\"connections\":%u", slot->first, slot->connections);
    put_text(out, "id", slot->label);
    put_text(out, "title", slot->of->test->title);
    put_text(out, "section", section);
    if (result != NULL) {
        put_text(out, "verdict", verdict_word(result->verdict));
        put_text(out, "detail", result->detail);
        put_text(out, "expected", result->expected);
        put_text(out, "seen", result->seen);
        buf_printf(out, ",\"ms\":%.3f", (double)result->duration_ns / 1e6);
    }
    buf_append_byte(out, '}');
}

void web_results(struct call *call)
{
    struct serve *serve = call->serve;
    struct agent *agent = agent_find(serve, call->query.values[QUERY_AGENT], false);
    struct buf out;
    buf_init(&out, 0);
    buf_printf(&out, "{\"numbers\":%zu,\"under_way\":%zu", serve->numbering.numbers, serve->under_way);
    put_text(&out, "agent", call->query.values[QUERY_AGENT]);
    buf_append_text(&out, ",\"cases\":[");
    for (size_t i = 0; i < serve->numbering.count; i++) {
        buf_append_text(&out, i == 0 ? "" : ",\n");
        put_slot(&out, &serve->numbering.slots[i], agent == NULL ? NULL : &agent->entries[i]);
    }
    buf_append_text(&out, "]}\n");
    if (out.failed)
        web_refuse(call, 500, "there is no memory for the answer");
    else
        web_answer(call, 200, "application/json", out.data, out.size);
    buf_free(&out);
}
