/* See sarif.h. */
#include "report/sarif.h"

#include "report/json_words.h"
#include "report/words.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *rule_of(const struct case_result *result)
{
    return result->requirements != NULL && result->requirements[0] != NULL ? result->requirements[0] : result->id;
}

/* Where the scenario stands: a path as a URI, relative where the path is. A case that the program carries is in
 * nobody's repository. */
static json_t *location(const struct case_result *result)
{
    int line = result->step_line > 0 ? result->step_line : result->line;
    struct buf uri;
    buf_init(&uri, 0);
    buf_append_text(&uri, result->file[0] == '/' ? "file://" : "");
    bool fine = buf_append_encoded(&uri, result->file, "/");
    json_t *locations = NULL;
    if (fine)
        locations = json_pack("[{s:{s:{s:o},s:{s:i}}}]", "physicalLocation", "artifactLocation", "uri",
                              json_text(buf_text(&uri)), "region", "startLine", line > 0 ? line : 1);
    buf_free(&uri);
    return locations;
}

/* NULL without memory. */
static json_t *result_json(const struct run_result *run, const struct case_result *result)
{
    struct buf message;
    buf_init(&message, 0);
    words_of_case(&message, result);
    if (message.size == 0)
        buf_append_text(&message, result->title);
    json_t *object = json_pack(
        "{s:o,s:s,s:{s:o},s:{s:o,s:o}}", "ruleId", json_text(rule_of(result)), "level",
        result->verdict >= VERDICT_FAIL ? "error" : "warning", "message", "text", json_text(buf_text(&message)),
        "partialFingerprints", "case", json_text(result->id), "testee", json_text(words_of_testee(run)));
    bool fine = object != NULL && !message.failed;
    if (fine && result->replay[0] != 0)
        fine = json_object_set_new(object, "properties",
                                   json_pack("{s:o}", "replay", json_text(result->replay))) == 0;
    if (fine && result->file[0] != 0)
        fine = json_object_set_new(object, "locations", location(result)) == 0;
    buf_free(&message);
    if (fine)
        return object;
    json_decref(object);
    return NULL;
}

/* What the results name, once each. A case that is its own rule has its title to say; of a requirement the id says
 * all. `listed`: a member for each id that is among the rules. */
static bool add_rule(json_t *rules, json_t *listed, const struct case_result *result)
{
    json_t *id = json_text(rule_of(result));
    bool known = id != NULL && json_object_get(listed, json_string_value(id)) != NULL;
    if (id == NULL || known) {
        json_decref(id);
        return known;
    }
    bool fine = json_object_set(listed, json_string_value(id), id) == 0;
    json_t *rule = json_pack("{s:o}", "id", id);
    bool own = rule_of(result) == result->id && result->title[0] != 0;
    if (rule != NULL && own)
        fine &= json_object_set_new(rule, "shortDescription",
                                    json_pack("{s:o}", "text", json_text(result->title))) == 0;
    return json_array_append_new(rules, rule) == 0 && fine;
}

static json_t *run_json(const struct run_result *run)
{
    json_t *results = json_array(), *rules = json_array(), *listed = json_object();
    bool fine = results != NULL && rules != NULL && listed != NULL;
    for (size_t i = 0; i < run->count; i++) {
        const struct case_result *result = run->cases[i];
        if (fine && case_result_is_bad(result))
            fine = add_rule(rules, listed, result) && json_array_append_new(results, result_json(run, result)) == 0;
    }
    json_decref(listed);
    json_t *object = json_pack("{s:{s:{s:s,s:s,s:o}},s:o}", "tool", "driver", "name", "wsgauntlet", "version",
                               run->version == NULL ? "" : run->version, "rules", rules, "results", results);
    if (fine)
        return object;
    json_decref(object);
    return NULL;
}

bool sarif_report(const struct report *report, struct buf *out, struct diag *why)
{
    json_t *runs = json_array();
    bool fine = runs != NULL;
    for (size_t i = 0; i < report->count; i++)
        fine &= json_array_append_new(runs, run_json(report->runs[i])) == 0;
    json_t *document = json_pack("{s:s,s:s,s:o}", "$schema", "https://json.schemastore.org/sarif-2.1.0.json", "version",
                                 "2.1.0", "runs", runs);
    char *text = fine && document != NULL ? json_dumps(document, JSON_INDENT(2)) : NULL;
    fine = text != NULL && buf_printf(out, "%s\n", text);
    free(text);
    json_decref(document);
    return fine || diag_set(why, DIAG_TROUBLE, "out of memory for the SARIF report");
}
