/* What the files of the mode share: the proxies by name, and who is told what. */
#ifndef MODES_PROXY_SERVE_H
#define MODES_PROXY_SERVE_H

#include "engine/proxy/share.h"
#include "modes/proxy/proxy.h"

#include <jansson.h>

#define PROXIES_MAX 1000u
#define TOXICS_MAX 100u /* of one proxy */

struct toxic;

struct served {
    struct served *next;
    struct serve *serve;
    char *name;
    struct proxy *proxy;
    struct toxic *toxics;    /* made over HTTP, in their order */
    bool secure, to_secure;
};

struct serve {
    const struct proxy_options *options;
    struct loop *loop;
    char *folder;            /* of the script: where its file("...") are */
    struct proxy_share *share; /* the processes that have the connections; NULL: this one */
    struct tls_context *tls, *to_tls; /* made when the first proxy needs them */
    struct served *first;
    size_t count;
    struct control *control;
    struct view *view;       /* NULL: lines */
    struct ledger *ledger;   /* for --report; NULL: none */
    FILE *events;            /* JSON lines; NULL: none */
    bool interrupted;
};

/* ---- served.c: the proxies by name ---- */

/* Makes one, off; NULL with a diag. */
struct served *served_new(struct serve *serve, const char *name, const char *listen, const char *upstream,
                          struct diag *why);
struct served *served_find(struct serve *serve, const char *name);
void served_free(struct served *served);
void served_free_all(struct serve *serve);
/* The server's address changes, for connections to come. */
bool served_redirect(struct served *served, const char *upstream, struct diag *why);

/* ---- lines.c, events.c, view.c: what is seen, for a person, a program, a terminal ---- */

void lines_event(struct serve *serve, const struct proxy_event *event);
void events_event(struct serve *serve, const struct proxy_event *event);
struct view *view_new(struct serve *serve);
void view_event(struct view *view, const struct proxy_event *event);
void view_free(struct view *view);

/* ---- toxic.c: faults over HTTP, in toxiproxy's words and in ours ---- */

/* 200, or the status of the error in `why`. */
int toxic_create(struct served *served, const json_t *body, json_t **answer, struct diag *why);
int toxic_update(struct served *served, const char *name, const json_t *body, json_t **answer, struct diag *why);
int toxic_remove(struct served *served, const char *name, struct diag *why);
json_t *toxic_json(const struct served *served, const char *name); /* NULL: there is none */
json_t *toxics_json(const struct served *served);
void toxics_remove_all(struct served *served);

/* ---- control.c, api.c: HTTP ---- */

struct control *control_new(struct serve *serve, const char *at, struct diag *why);
uint16_t control_port(const struct control *control);
void control_free(struct control *control);
/* Answers one request: a status, and what stands in the body (NULL: nothing; text when *text). */
int api_answer(struct serve *serve, const char *method, const char *path, const char *body, size_t size,
               json_t **answer, const char **text);

#endif
