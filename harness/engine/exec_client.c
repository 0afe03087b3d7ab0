/* See exec_client.h: a process, its command filled in, and how it ended in words. */
#include "engine/exec_client.h"

#include "engine/placeholder.h"
#include "wire/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct exec_client {
    struct process *process;
    const struct exec_client_events *events;
    void *arg;
    struct buf last_words;
};

static bool fill_command(const struct exec_client_options *options, struct buf *out, struct diag *why)
{
    struct ws_url url;
    char port[8];
    const char *reason = "";
    if (!ws_url_parse(&url, options->url, true, &reason))
        return diag_set(why, DIAG_USAGE, "%s is not a WebSocket URL: %s", options->url, reason);
    snprintf(port, sizeof port, "%u", url.port);
    const struct placeholder rows[] = {{"{url}", options->url},     {"{host}", url.host},
                                       {"{port}", port},            {"{agent}", options->agent},
                                       {"{ca}", options->ca_file},  {NULL, NULL}};
    return placeholders_fill(options->command, rows, out, why);
}

static void on_exited(void *arg, struct process_exit how)
{
    struct exec_client *client = arg;
    char words[64];
    if (how.signal)
        snprintf(words, sizeof words, "signal %d (%s)", how.signal, strsignal(how.signal));
    else
        snprintf(words, sizeof words, "exit status %d", how.status);
    const char *tail = process_stderr(client->process);
    buf_printf(&client->last_words, "%s%s%s", words, *tail ? "\n" : "", tail);
    client->events->ended(client->arg, how, words);
}

static void on_line(void *arg, const char *text, size_t size)
{
    const struct exec_client *client = arg;
    client->events->line(client->arg, text, size);
}

struct exec_client *exec_client_start(struct loop *loop, const struct exec_client_options *options,
                                      const struct exec_client_events *events, void *arg, struct diag *why)
{
    static const struct process_events silent = {.exited = on_exited};
    static const struct process_events heard = {.exited = on_exited, .line = on_line};
    struct exec_client *client = calloc(1, sizeof *client);
    struct buf command;
    if (!client) {
        diag_set(why, DIAG_TROUBLE, "no memory");
        return NULL;
    }
    client->events = events;
    client->arg = arg;
    buf_init(&client->last_words, 0);
    buf_init(&command, 0);
    if (fill_command(options, &command, why))
        client->process = process_start(loop, buf_text(&command), events->line ? &heard : &silent, client, why);
    buf_free(&command);
    if (client->process)
        return client;
    free(client);
    return NULL;
}

bool exec_client_running(const struct exec_client *client) { return process_running(client->process); }

void exec_client_signal(struct exec_client *client, int signal) { process_signal(client->process, signal); }

void exec_client_end(struct exec_client *client, uint64_t grace_ns)
{
    if (process_running(client->process))
        process_end(client->process, grace_ns);
}

const char *exec_client_last_words(const struct exec_client *client) { return buf_text(&client->last_words); }

void exec_client_how(const struct exec_client *client, char *out, size_t size)
{
    const char *words = buf_text(&client->last_words), *said = strchr(words, '\n'), *error = strstr(words, "rror: ");
    size_t how = strcspn(words, "\n");
    while (error != NULL && error > said && error[-1] != '\n') /* the line that says so */
        error--;
    said = said == NULL ? "" : error != NULL ? error : said + 1;
    snprintf(out, size, "%.*s%s%.*s", (int)how, words, *said ? ": " : "", (int)strcspn(said, "\n"), said);
}

void exec_client_release(struct exec_client *client)
{
    if (!client)
        return;
    process_release(client->process);
    buf_free(&client->last_words);
    free(client);
}
