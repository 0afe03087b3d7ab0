/* Autobahn's spec files, as they are: what is read, whom and what it leaves out, and what is no such file. */
#include "engine/suite/spec.h"

#include "base/file.h"
#include "scripts.h"

static void put(const char *text)
{
    struct diag why = {0};
    ck_assert_msg(file_write("spec.json", text, strlen(text), &why), "%s", why.text);
}

static const char client[] =
    "{\"options\": {\"failByDrop\": false}, \"outdir\": \"./reports/servers\",\n"
    " \"servers\": [{\"agent\": \"A/1\", \"url\": \"ws://127.0.0.1:9001\", \"options\": {\"version\": 18},\n"
    "   \"origin\": \"http://x\", \"protocols\": [\"chat\", \"b\"]}, {\"url\": \"wss://h:9002/p\"}],\n"
    " \"cases\": [\"1.*\", \"7.9.1\"], \"exclude-cases\": [\"1.2.*\"],\n"
    " \"exclude-agent-cases\": {\"A*\": [\"1.1.1\"]}}";

START_TEST(servers_cases_and_exclusions)
{
    struct spec spec;
    struct diag why = {0};
    put(client);
    ck_assert_msg(spec_read(&spec, "spec.json", SPEC_OF_SERVERS, &why), "%s", why.text);
    ck_assert_str_eq(spec.outdir, "./reports/servers");
    ck_assert_str_eq(spec.servers[0].url, "ws://127.0.0.1:9001");
    ck_assert_str_eq(spec.servers[0].agent, "A/1");
    ck_assert_str_eq(spec.servers[0].origin, "http://x");
    ck_assert_str_eq(spec.servers[0].protocols[1], "b");
    ck_assert_ptr_null(spec.servers[0].protocols[2]);
    ck_assert_str_eq(spec.servers[1].url, "wss://h:9002/p");
    ck_assert_ptr_null(spec.servers[1].agent);
    ck_assert_ptr_null(spec.servers[1].protocols);
    ck_assert_ptr_null(spec.servers[2].url);
    const struct {
        const char *id;
        bool included;
    } rows[] = {{"1.1.1", true},   {"1.1.8", true}, {"1.2.1", false},
                {"10.1.1", false}, {"7.9.1", true}, {"7.9.10", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(spec_includes(&spec, rows[i].id) == rows[i].included, "%s", rows[i].id);
    ck_assert(spec_excludes(&spec, "A/1", "1.1.1"));
    ck_assert(!spec_excludes(&spec, "A/1", "1.1.2"));
    ck_assert(!spec_excludes(&spec, "B", "1.1.1"));
    spec_free(&spec);
    put("{\"servers\": []}"); /* no cases: all of them */
    ck_assert(spec_read(&spec, "spec.json", SPEC_OF_SERVERS, &why));
    ck_assert_ptr_null(spec.servers[0].url);
    ck_assert(spec_includes(&spec, "13.7.18"));
    spec_free(&spec);
}
END_TEST

START_TEST(mistakes_are_named)
{
    static const struct {
        enum spec_kind kind;
        const char *text, *why;
    } rows[] = {
        {SPEC_OF_SERVERS, "{\"servers\": [", "spec.json:1:13: "},
        {SPEC_OF_SERVERS, "[]", "spec.json: the file has to be one JSON object"},
        {SPEC_OF_SERVERS, "{\"servers\": [{\"agent\": \"x\"}]}", "spec.json: \"servers\" has to be a list of objects"},
        {SPEC_OF_SERVERS, "{\"servers\": {}}", "spec.json: \"servers\" has to be a list of objects"},
        {SPEC_OF_SERVERS, "{\"servers\": [], \"cases\": \"*\"}", "spec.json: \"cases\" has to be a list of strings"},
        {SPEC_OF_SERVERS, "{\"servers\": [], \"exclude-agent-cases\": []}", "spec.json: \"exclude-agent-cases\" has"},
        {SPEC_OF_SERVERS, "{\"servers\": [{\"url\": \"ws://x\", \"origin\": \"x\\ny\"}]}",
         "spec.json: \"origin\" has to be one line"},
        {SPEC_OF_SERVERS, "{\"servers\": [{\"url\": \"ws://x\", \"protocols\": [\"a\", \"b c\"]}]}",
         "spec.json: \"protocols\" has to be a list of words"},
        {SPEC_OF_SERVERS, "{\"url\": \"ws://x\"}", "spec.json: this is a fuzzingserver.json"},
        {SPEC_OF_CLIENTS, client, "spec.json: this is a fuzzingclient.json"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spec spec;
        struct diag why = {0};
        put(rows[i].text);
        ck_assert(!spec_read(&spec, "spec.json", rows[i].kind, &why));
        ck_assert_int_eq(why.kind, DIAG_USAGE);
        ck_assert_msg(strncmp(why.text, rows[i].why, strlen(rows[i].why)) == 0, "%s", why.text);
        spec_free(&spec);
    }
}
END_TEST

START_TEST(typos_and_an_empty_choice_are_told)
{
    struct spec spec;
    struct suite suite = {0};
    struct diag why = {0};
    char *said = NULL;
    size_t size = 0;
    FILE *errors = open_memstream(&said, &size);
    put("{\"servers\": [], \"cases\": [\"1.*\", \"99.9\"], \"exclude-cases\": [\"1.1.1\"],"
        " \"exclude-agent-cases\": {\"x\": [\"1.1.1\", \"7\"]}}");
    ck_assert(spec_read(&spec, "spec.json", SPEC_OF_SERVERS, &why));
    ck_assert(suite_add_script(&suite, good_script("case a\n  alias autobahn 1.1.1\n  open\n"), &why));
    spec_tell_idle(&spec, &suite, errors);
    fclose(errors);
    ck_assert_str_eq(said, "note: spec.json: no case matches '99.9' in \"cases\"; `wsgauntlet list --autobahn` has the "
                           "ids\nnote: spec.json: no case matches '7' in \"exclude-agent-cases\"; `wsgauntlet list "
                           "--autobahn` has the ids\n");
    free(said);
    struct suite_filter filter = {.include = (const char *const[]){"a", NULL}, .shard = 1, .shards = 2};
    ck_assert(!spec_nothing_left(&spec, &filter, 1, "clients", &why));
    ck_assert_str_eq(why.text, "no case to play: nothing is left by --case 'a', --shard 1/2, --spec spec.json (cases, "
                               "exclude-cases, exclude-agent-cases); 1 of those that match is for clients");
    ck_assert(!spec_nothing_left(NULL, &(struct suite_filter){0}, 0, "clients", &why));
    ck_assert_str_eq(why.text, "no case to play: there is none");
    ck_assert_int_eq(why.kind, DIAG_USAGE);
    suite_free(&suite);
    spec_free(&spec);
}
END_TEST

UNIT_MAIN("spec", servers_cases_and_exclusions, mistakes_are_named, typos_and_an_empty_choice_are_told)
