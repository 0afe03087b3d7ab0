/* See spec.h. Members that say how Autobahn's own library shall behave
 * ("options") have no meaning here and are passed over, as unknown ones are. */
#include "engine/suite/spec.h"

#include "base/buf.h"
#include "base/file.h"
#include "engine/serve/numbering.h"
#include "wire/http1.h"

#include <jansson.h>
#include <string.h>

#define SPEC_BYTES_MAX (1u << 20)

static bool wrong(struct diag *why, const char *member, const char *what)
{
    return diag_set(why, DIAG_USAGE, "\"%s\" has to be %s", member, what);
}

/* NULL when it is not there. */
static bool read_text(struct spec *spec, const json_t *root, const char *member, const char **out, struct diag *why)
{
    const json_t *value = json_object_get(root, member);
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_string(value))
        return wrong(why, member, "a string");
    *out = arena_text(&spec->arena, json_string_value(value));
    return *out != NULL || diag_set(why, DIAG_TROUBLE, "out of memory");
}

static bool read_list(struct spec *spec, const json_t *value, const char *member, const char *const **out,
                      struct diag *why)
{
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_array(value))
        return wrong(why, member, "a list of strings");
    const char **list = arena_alloc(&spec->arena, (json_array_size(value) + 1) * sizeof *list);
    for (size_t i = 0; list != NULL && i < json_array_size(value); i++) {
        const char *text = json_string_value(json_array_get(value, i));
        if (text == NULL)
            return wrong(why, member, "a list of strings");
        list[i] = arena_text(&spec->arena, text);
        if (list[i] == NULL)
            list = NULL;
    }
    *out = list;
    return list != NULL || diag_set(why, DIAG_TROUBLE, "out of memory");
}

static bool read_agents(struct spec *spec, json_t *agents, struct diag *why)
{
    const char *agent;
    json_t *cases;
    size_t count = 0;
    if (agents != NULL && !json_is_object(agents))
        return wrong(why, "exclude-agent-cases", "an object of agent patterns, each with a list of case patterns");
    spec->agents = arena_alloc(&spec->arena, (json_object_size(agents) + 1) * sizeof *spec->agents);
    if (spec->agents == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    json_object_foreach(agents, agent, cases) {
        struct spec_agent *row = &spec->agents[count++];
        row->agent = arena_text(&spec->arena, agent);
        if (!read_list(spec, cases, "exclude-agent-cases", &row->cases, why))
            return false;
    }
    return true;
}

/* What goes into an opening handshake must not break it: the server would be blamed. */
static bool check_handshake(const struct spec_server *server, struct diag *why)
{
    const char *origin = server->origin;
    if (origin != NULL && (origin[0] == 0 || !ws_span_is_field_value((struct ws_span){origin, strlen(origin)})))
        return wrong(why, "origin", "one line such as https://example.com");
    for (const char *const *name = server->protocols; name != NULL && *name != NULL; name++)
        if (!ws_span_is_token((struct ws_span){*name, strlen(*name)}))
            return wrong(why, "protocols", "a list of words of letters, digits and !#$%&'*+-.^_`|~");
    return true;
}

static bool read_server(struct spec *spec, const json_t *object, struct spec_server *server, struct diag *why)
{
    if (!json_is_object(object) || !json_is_string(json_object_get(object, "url")))
        return wrong(why, "servers", "a list of objects, each with a string \"url\"");
    return read_text(spec, object, "url", &server->url, why) &&
           read_text(spec, object, "agent", &server->agent, why) &&
           read_text(spec, object, "origin", &server->origin, why) &&
           read_list(spec, json_object_get(object, "protocols"), "protocols", &server->protocols, why) &&
           check_handshake(server, why);
}

static bool read_servers(struct spec *spec, const json_t *servers, struct diag *why)
{
    size_t count = json_array_size(servers);
    if (servers != NULL && !json_is_array(servers))
        return wrong(why, "servers", "a list of objects, each with a string \"url\"");
    spec->servers = arena_alloc(&spec->arena, (count + 1) * sizeof *spec->servers);
    if (spec->servers == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    for (size_t i = 0; i < count; i++)
        if (!read_server(spec, json_array_get(servers, i), &spec->servers[i], why))
            return false;
    return true;
}

static bool read_root(struct spec *spec, json_t *root, enum spec_kind kind, struct diag *why)
{
    if (!json_is_object(root))
        return diag_set(why, DIAG_USAGE, "the file has to be one JSON object");
    bool of_servers = json_object_get(root, "servers") != NULL;
    if (of_servers && kind == SPEC_OF_CLIENTS)
        return diag_set(why, DIAG_USAGE, "this is a fuzzingclient.json: it is for `wsgauntlet test --spec`");
    if (!of_servers && kind == SPEC_OF_SERVERS && json_object_get(root, "url") != NULL)
        return diag_set(why, DIAG_USAGE, "this is a fuzzingserver.json: it is for `wsgauntlet serve --spec`");
    return read_servers(spec, json_object_get(root, "servers"), why) &&
           read_text(spec, root, "url", &spec->url, why) &&
           read_text(spec, root, "outdir", &spec->outdir, why) &&
           read_text(spec, root, "cert", &spec->certificate, why) &&
           read_text(spec, root, "key", &spec->key, why) &&
           read_list(spec, json_object_get(root, "cases"), "cases", &spec->cases, why) &&
           read_list(spec, json_object_get(root, "exclude-cases"), "exclude-cases", &spec->exclude, why) &&
           read_agents(spec, json_object_get(root, "exclude-agent-cases"), why);
}

bool spec_read(struct spec *spec, const char *path, enum spec_kind kind, struct diag *why)
{
    struct buf text;
    json_error_t error;
    *spec = (struct spec){0};
    arena_init(&spec->arena);
    spec->path = path;
    buf_init(&text, SPEC_BYTES_MAX);
    bool fine = file_read(path, &text, why);
    json_t *root = fine ? json_loadb(buf_text(&text), text.size, 0, &error) : NULL;
    if (fine && root == NULL)
        fine = diag_set(why, DIAG_USAGE, "%s:%d:%d: %s", path, error.line, error.column, error.text);
    else if (fine && !read_root(spec, root, kind, why))
        fine = diag_prefix(why, "%s: ", path);
    json_decref(root);
    buf_free(&text);
    return fine;
}

void spec_free(struct spec *spec) { arena_free(&spec->arena); }

static bool matches_any(const char *const *patterns, const char *id, bool whole)
{
    for (; patterns != NULL && *patterns != NULL; patterns++)
        if (autobahn_pattern_matches(*patterns, id, whole))
            return true;
    return false;
}

bool spec_includes(const struct spec *spec, const char *id)
{
    bool all = spec->cases == NULL || spec->cases[0] == NULL;
    return (all || matches_any(spec->cases, id, false)) && !matches_any(spec->exclude, id, false);
}

bool spec_excludes(const struct spec *spec, const char *agent, const char *id)
{
    for (const struct spec_agent *row = spec->agents; row != NULL && row->agent != NULL; row++)
        if (autobahn_pattern_matches(row->agent, agent, true) && matches_any(row->cases, id, true))
            return true;
    return false;
}

static bool is_idle(const struct suite *suite, const char *pattern, bool whole)
{
    for (size_t i = 0; i < suite->case_count; i++)
        for (const char *const *id = suite->cases[i].test->autobahn; id != NULL && *id != NULL; id++)
            if (autobahn_pattern_matches(pattern, *id, whole))
                return false;
    return true;
}

static void tell_idle(const struct spec *spec, const struct suite *suite, const char *member,
                    const char *const *patterns, bool whole, FILE *errors)
{
    for (; patterns != NULL && *patterns != NULL; patterns++)
        if (is_idle(suite, *patterns, whole))
            fprintf(errors, "note: %s: no case matches '%s' in \"%s\"; `wsgauntlet list --autobahn` has the ids\n",
                    spec->path, *patterns, member);
}

void spec_tell_idle(const struct spec *spec, const struct suite *suite, FILE *errors)
{
    tell_idle(spec, suite, "cases", spec->cases, false, errors);
    tell_idle(spec, suite, "exclude-cases", spec->exclude, false, errors);
    for (const struct spec_agent *row = spec->agents; row != NULL && row->agent != NULL; row++)
        tell_idle(spec, suite, "exclude-agent-cases", row->cases, true, errors);
}

static void say_members(const struct spec *spec, struct buf *out)
{
    const struct {
        const char *name;
        bool there;
    } members[] = {{"cases", spec->cases != NULL && spec->cases[0] != NULL},
                   {"exclude-cases", spec->exclude != NULL && spec->exclude[0] != NULL},
                   {"exclude-agent-cases", spec->agents != NULL && spec->agents[0].agent != NULL}};
    const char *between = " (";
    buf_printf(out, "%s--spec %s", out->size == 0 ? "" : ", ", spec->path);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (members[i].there) {
            buf_printf(out, "%s%s", between, members[i].name);
            between = ", ";
        }
    buf_append_text(out, between[0] == ',' ? ")" : "");
}

bool spec_nothing_left(const struct spec *spec, const struct suite_filter *filter, size_t of_others,
                       const char *others, struct diag *why)
{
    struct buf wishes;
    buf_init(&wishes, 0);
    suite_filter_say(filter, &wishes);
    if (spec != NULL)
        say_members(spec, &wishes);
    struct buf wrong;
    buf_init(&wrong, 0);
    if (of_others != 0)
        buf_printf(&wrong, "; %zu of those that match %s for %s", of_others, of_others == 1 ? "is" : "are", others);
    diag_set(why, DIAG_USAGE, "no case to play: %s%s%s", wishes.size == 0 ? "there is none" : "nothing is left by ",
             buf_text(&wishes), buf_text(&wrong));
    buf_free(&wishes);
    buf_free(&wrong);
    return false;
}
