/* The desk: what a whole request asks for. One row per path. A request that is
 * wrong gets a sentence with its mend, and changes nothing. */
#include "engine/serve/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void desk_fn(struct call *call);

/* ---- what the query names ---- */

/* NULL: it was refused. */
static const struct serve_slot *case_of(struct call *call)
{
    const struct numbering *numbering = &call->serve->numbering;
    const struct query *query = &call->query;
    const struct serve_slot *slot = NULL;
    const char *number = query->values[QUERY_CASE];
    bool digits = query->has[QUERY_CASE] && strspn(number, "0123456789") == strlen(number) && strlen(number) < 10;
    if (query->has[QUERY_CASETUPLE])
        slot = numbering_find(numbering, query->values[QUERY_CASETUPLE]);
    else if (digits)
        slot = numbering_at(numbering, strtoul(number, NULL, 10));
    if (slot != NULL)
        return slot;
    if (query->has[QUERY_CASETUPLE])
        web_refuse(call, 400, "there is no case %s here", query->values[QUERY_CASETUPLE]);
    else if (query->has[QUERY_CASE])
        web_refuse(call, 400, "case has to be a number from 1 to %zu, as /getCaseCount says", numbering->numbers);
    else
        web_refuse(call, 400, "%s wants case=N (or casetuple=ID)", query->path);
    return NULL;
}

/* False: it was refused. */
static bool names_agent(struct call *call)
{
    if (!call->query.has[QUERY_AGENT])
        web_refuse(call, 400, "%s wants agent=NAME, the name of the client", call->query.path);
    return call->query.has[QUERY_AGENT];
}

/* Of a call by which a case begins: who makes it is a client under test. NULL: it was refused. */
static struct agent *agent_of(struct call *call)
{
    if (!names_agent(call))
        return NULL;
    struct agent *agent = agent_find(call->serve, call->query.values[QUERY_AGENT], true);
    if (agent == NULL)
        web_refuse(call, 503, "%u agents are known already; use the name of one of them", AGENTS_MAX);
    return agent;
}

/* ---- the paths ---- */

static void get_case_count(struct call *call)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", call->serve->numbering.numbers);
    talk(call, text);
}

static void json_text(struct buf *out, const char *text)
{
    buf_append_byte(out, '"');
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\')
            buf_append_byte(out, '\\');
        if ((unsigned char)*text >= 0x20)
            buf_append_byte(out, (uint8_t)*text);
    }
    buf_append_byte(out, '"');
}

static void get_case_info(struct call *call)
{
    const struct serve_slot *slot = case_of(call);
    struct buf text;
    if (slot == NULL)
        return;
    buf_init(&text, 0);
    buf_append_text(&text, "{\"id\": ");
    json_text(&text, slot->label);
    buf_append_text(&text, ", \"description\": ");
    json_text(&text, slot->of->test->title == NULL ? "" : slot->of->test->title);
    buf_append_text(&text, "}");
    talk(call, buf_text(&text));
    buf_free(&text);
}

/* The numbers of the cases that have hints. */
static void get_case_hints(struct call *call)
{
    const struct numbering *numbering = &call->serve->numbering;
    const char *between = "";
    struct buf text;
    buf_init(&text, 0);
    buf_append_byte(&text, '[');
    for (size_t i = 0; i < numbering->count; i++) {
        if (numbering->slots[i].of->test->hints == NULL)
            continue;
        buf_printf(&text, "%s%zu", between, numbering->slots[i].first);
        between = ",";
    }
    buf_append_byte(&text, ']');
    talk(call, buf_text(&text));
    buf_free(&text);
}

static void get_case_hint(struct call *call)
{
    const struct serve_slot *slot = case_of(call);
    if (slot == NULL)
        return;
    if (slot->of->test->hints == NULL) {
        web_refuse(call, 400, "this case has no hint; /getCaseHints lists those that have one");
        return;
    }
    struct agent *agent = agent_of(call);
    if (agent != NULL)
        entry_hint(agent_entry(agent, slot), call);
}

static void tell_case(struct call *call)
{
    const char *outcome = call->query.values[QUERY_OUTCOME];
    bool opened = strcmp(outcome, "opened") == 0;
    if (!opened && strcmp(outcome, "failed") != 0) {
        web_refuse(call, 400, "outcome has to be opened or failed");
        return;
    }
    const struct serve_slot *slot = case_of(call);
    if (slot == NULL || !names_agent(call))
        return;
    struct agent *agent = agent_find(call->serve, call->query.values[QUERY_AGENT], false);
    if (agent == NULL)
        web_refuse(call, 400, "no case was begun for the agent %s; a hint comes first, by /getCaseHint",
                   call->query.values[QUERY_AGENT]);
    else
        entry_told(agent_entry(agent, slot), call, opened);
}

static void get_case_status(struct call *call)
{
    const struct serve_slot *slot = case_of(call);
    if (slot != NULL && names_agent(call))
        agent_ask(call, slot);
}

static void run_case(struct call *call)
{
    const struct serve_slot *slot = case_of(call);
    struct agent *agent = slot == NULL ? NULL : agent_of(call);
    if (agent == NULL)
        return;
    const struct serve_config *config = &call->serve->config;
    if (config->excluded != NULL && config->excluded(config->arg, agent->name, slot->label))
        talk(call, NULL);
    else
        entry_play(agent_entry(agent, slot), call, strtoul(call->query.values[QUERY_CASE], NULL, 10) <= slot->first);
}

static void shut_down(void *arg)
{
    struct serve *serve = arg;
    serve->shutdown = NULL;
    if (serve->config.shutdown != NULL)
        serve->config.shutdown(serve->config.arg);
}

/* Once what is under way has gone out. */
static void shut_down_soon(struct serve *serve)
{
    if (serve->shutdown == NULL)
        serve->shutdown = timer_start(serve->config.loop, 200 * NS_PER_MS, shut_down, serve);
}

static void update_reports(struct call *call)
{
    struct serve *serve = call->serve;
    const char *wish = call->query.values[QUERY_SHUTDOWN];
    bool ends = strcasecmp(wish, "true") == 0 || strcasecmp(wish, "yes") == 0;
    if (serve->config.update != NULL)
        serve->config.update(serve->config.arg);
    talk(call, NULL);
    if (ends)
        shut_down_soon(serve);
}

static void stop_server(struct call *call)
{
    struct serve *serve = call->serve;
    talk(call, NULL);
    shut_down_soon(serve);
}

static void explain_upgrade(struct call *call)
{
    web_refuse(call, 426, "%s is a WebSocket: use ws://", call->query.path);
}

struct route {
    const char *path;
    desk_fn *socket, *plain; /* for a WebSocket, and for a GET of a browser */
};
static const struct route routes[] = {
    {"/getCaseCount", get_case_count, explain_upgrade},   {"/getCaseInfo", get_case_info, explain_upgrade},
    {"/getCaseStatus", get_case_status, explain_upgrade}, {"/runCase", run_case, explain_upgrade},
    {"/getCaseHints", get_case_hints, explain_upgrade},   {"/getCaseHint", get_case_hint, explain_upgrade},
    {"/tellCase", tell_case, explain_upgrade},
    {"/updateReports", update_reports, explain_upgrade},  {"/stopServer", stop_server, explain_upgrade},
    {"/", NULL, web_page},                                {"/results.json", NULL, web_results},
};

/* Does it look like an opening handshake, however bad? A client that forgets one of its headers has to be played. */
static bool wants_socket(const struct ws_head *head)
{
    return head->id_count[WS_HEADER_UPGRADE] + head->id_count[WS_HEADER_KEY] + head->id_count[WS_HEADER_VERSION] != 0;
}

void desk_call(struct call *call, const struct ws_head *head)
{
    struct diag why = {0};
    timer_stop(call->patience);
    call->patience = NULL;
    call->upgrade = wants_socket(head);
    if (!query_read(&call->query, head->target, &why)) {
        web_refuse(call, 400, "%s", why.text);
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const struct route *route = &routes[i];
        if (strcmp(route->path, call->query.path) != 0)
            continue;
        desk_fn *fn = call->upgrade ? route->socket : route->plain;
        if (!call->upgrade && !ws_span_is(head->method, "GET"))
            web_refuse(call, 405, "only GET is answered here");
        else if (fn == NULL)
            web_refuse(call, 404, "there is no WebSocket at %s; a driver begins with /getCaseCount", route->path);
        else
            fn(call);
        return;
    }
    web_refuse(call, 404, "there is nothing at %s; a driver calls /getCaseCount, /runCase?case=N&agent=A and "
               "/updateReports?agent=A, a browser /", call->query.path);
}
