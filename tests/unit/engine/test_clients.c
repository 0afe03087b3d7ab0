/* The cases for clients are tested by the reference client, and it by them: the
 * correct one passes every case, each deliberate defect is caught by the case
 * that its row in client_faults.def names, and every case for clients alone is
 * failed by some defect. By the driver protocol, in the simulation; what needs TLS over that. */
#include "unit.h"

#include "base/file.h"
#include "engine/peer/driver.h"
#include "engine/serve/serve.h"
#include "engine/suite/requirement.h"

enum { SEED = 0x57a1 };

static const char *const conformance[] = {"handshake", "rfc6455", "rfc7692", NULL};
static const char *const spoken[] = {"chat", "superchat", NULL};

/* Of the wss cases: the serving's, the client's, and the careless client's. */
static struct tls_context *secure[3];

static void make_secure(void)
{
    struct diag why = {0};
    secure[0] = tls_server_new(&(struct tls_server_options){.alpn = "http/1.1"}, &why);
    ck_assert_msg(secure[0] != NULL, "%s", why.text);
    const char *pem = tls_certificate_pem(secure[0]);
    ck_assert_msg(file_write("ca.pem", pem, strlen(pem), &why), "%s", why.text);
    secure[1] = tls_client_new(&(struct tls_client_options){.ca_file = "ca.pem"}, &why);
    secure[2] = tls_client_new(&(struct tls_client_options){.insecure = true}, &why);
    ck_assert_msg(secure[1] != NULL && secure[2] != NULL, "%s", why.text);
}

static void free_secure(void)
{
    for (size_t i = 0; i < 3; i++) {
        tls_context_free(secure[i]);
        secure[i] = NULL;
    }
}

/* All cases, read once; each stage takes those that it filters out of them. */
static struct suite all_cases;

/* One serving of these cases, and one client that a driver takes through them. */
struct stage {
    struct loop *loop;
    struct suite suite; /* its scripts are those of all_cases */
    struct serve *serve;
    struct driver *driver;
    struct ws_url url;
    struct diag why;
};

static void on_done(void *arg, const struct diag *why)
{
    struct stage *s = arg;
    if (why != NULL)
        s->why = *why;
    loop_stop(s->loop);
}

static void gather(struct suite *suite, const struct suite_filter *filter)
{
    struct diag why = {0};
    if (all_cases.case_count == 0)
        ck_assert_msg(suite_add_embedded(&all_cases, conformance, &why), "%s", why.text);
    *suite = all_cases;
    suite->cases = malloc(all_cases.case_count * sizeof *suite->cases);
    ck_assert_ptr_nonnull(suite->cases);
    memcpy(suite->cases, all_cases.cases, all_cases.case_count * sizeof *suite->cases);
    suite_filter(suite, filter);
}

static void stage_play(struct stage *s, const struct suite_filter *filter, const struct peer_fault *fault,
                       bool protocols, bool wss)
{
    char url[64];
    if (wss && secure[0] == NULL)
        make_secure();
    const char *reason;
    memset(s, 0, sizeof *s);
    s->loop = loop_sim_new(SEED, &(struct sim_options){.latency_ns = NS_PER_MS});
    gather(&s->suite, filter);
    s->serve = serve_start(&(struct serve_config){.loop = s->loop, .suite = &s->suite, .seed = SEED,
                                                  .tls = wss ? secure[0] : NULL}, &s->why);
    ck_assert_msg(s->serve != NULL, "%s", s->why.text);
    snprintf(url, sizeof url, "%s://127.0.0.1:%u", wss ? "wss" : "ws", serve_port(s->serve));
    ck_assert(ws_url_parse(&s->url, url, false, &reason));
    s->driver = driver_start(s->loop, &(struct driver_config){
        .base = &s->url, .agent = "reference", .verifies = true, .tls = wss ? secure[1] : NULL,
        .any_tls = wss ? secure[2] : NULL, .deflate = true, .protocols = protocols ? spoken : NULL,
        .fault = fault, .seed = SEED, .done = on_done, .arg = s});
    loop_run(s->loop);
    ck_assert_msg(s->why.kind == DIAG_NONE, "%s", s->why.text);
    while (!serve_is_idle(s->serve)) { /* its last case may see more of its end than the client does */
        timer_start(s->loop, NS_PER_S, (loop_fn *)loop_stop, s->loop);
        loop_run(s->loop);
    }
}

static void stage_clear(struct stage *s)
{
    driver_stop(s->driver);
    serve_stop(s->serve);
    free(s->suite.cases);
    loop_free(s->loop);
}

static bool needs(const struct suite *suite, const char *id, enum form form)
{
    size_t i = 0;
    while (strcmp(suite->cases[i].test->id, id) != 0)
        i++;
    return suite->cases[i].test->needs[form];
}

static void passes_every_case(const struct suite_filter *which, bool wss)
{
    struct stage s;
    stage_play(&s, which, NULL, true, wss);
    const struct run_result *run = serve_run(s.serve, 0);
    ck_assert_ptr_nonnull(run);
    ck_assert_uint_eq(run->count, serve_cases(s.serve));
    size_t bad = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct case_result *r = run->cases[i];
        bool lacks = needs(&s.suite, r->id, wss ? FORM_NEEDS_PLAIN : FORM_NEEDS_TLS);
        bool fine = (lacks ? r->verdict == VERDICT_UNIMPLEMENTED
                           : r->verdict == VERDICT_PASS || r->verdict == VERDICT_INFO) &&
                    (r->close_verdict == CLOSE_OK || r->close_verdict == CLOSE_NONE);
        if (!fine)
            fprintf(stderr, "%s is %s, closed %s: expected %s, seen %s (%s)\n", r->id, verdict_word(r->verdict),
                    close_verdict_word(r->close_verdict), r->expected, r->seen, r->detail);
        bad += !fine;
    }
    ck_assert_uint_eq(bad, 0);
    stage_clear(&s);
}

START_TEST(the_correct_client_passes_every_case)
{
    struct suite_filter all = {.role = TESTED_CLIENT, .no_scenarios = true};
    passes_every_case(&all, false);
    suite_free(&all_cases);
}
END_TEST

START_TEST(the_correct_client_passes_those_for_clients_alone_over_tls)
{
    struct suite_filter own = {.include = (const char *const[]){"client-*", NULL}, .role = TESTED_CLIENT};
    passes_every_case(&own, true);
    free_secure();
    suite_free(&all_cases);
}
END_TEST

/* The worst verdict of the cases that match; VERDICTS when there is none. */
static enum verdict caught_as(const struct peer_fault *fault, const char *id)
{
    char family[128];
    snprintf(family, sizeof family, "%s/*", id);
    const char *const globs[] = {id, family, NULL};
    struct suite_filter filter = {.include = globs, .role = TESTED_CLIENT};
    struct suite suite;
    gather(&suite, &filter);
    size_t count = suite.case_count;
    free(suite.cases);
    if (count == 0)
        return VERDICTS;
    struct stage s;
    stage_play(&s, &filter, fault, fault->needs_protocol, fault->needs_tls);
    const struct run_result *run = serve_run(s.serve, 0);
    enum verdict worst = VERDICT_PASS;
    for (size_t i = 0; run != NULL && i < run->count; i++)
        if (run->cases[i]->verdict > worst && run->cases[i]->verdict != VERDICT_ERROR)
            worst = run->cases[i]->verdict;
    stage_clear(&s);
    return worst;
}

/* A broken MUST fails; what should not be, or what the text forbids the sender and hardly the receiver, is NON_STRICT;
 * a choice is INFO. As the level of the requirement in the row says, but for what is listed here. */
static enum verdict expected_of(const struct peer_fault *fault)
{
    static const struct { const char *name; enum verdict verdict; } others[] = {
        {"target-fragment", VERDICT_NON_STRICT}, /* who receives one hardly has to refuse it */
        {"fragments-limited", VERDICT_INFO},     /* a limit is nobody's mistake */
        {"deflate-client-window-greater", VERDICT_NON_STRICT}, /* it takes the answer, and then cannot read */
        {"url-query-empty", VERDICT_NON_STRICT}, /* URL libraries keep it */
        {"deflate-name-case", VERDICT_INFO},     /* lenient: both occur */
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(fault->name, others[i].name) == 0)
            return others[i].verdict;
    struct requirements all;
    ck_assert(requirements_read(&all));
    size_t i = 0;
    while (i < all.count && strcmp(all.rows[i].id, fault->requirement) != 0)
        i++;
    ck_assert_msg(i < all.count, "%s: there is no requirement %s", fault->name, fault->requirement);
    bool should = strncmp(all.rows[i].level, "SHOULD", 6) == 0, may = strcmp(all.rows[i].level, "MAY") == 0;
    requirements_free(&all);
    return should ? VERDICT_NON_STRICT : may ? VERDICT_INFO : VERDICT_FAIL;
}

START_TEST(each_defect_is_caught_by_the_case_that_its_row_names)
{
    size_t count, missed = 0;
    const struct peer_fault *faults = client_faults(&count);
    ck_assert_uint_ge(count, 40);
    for (size_t i = 0; i < count; i++) {
        enum verdict v = caught_as(&faults[i], faults[i].caught_by);
        if (v != expected_of(&faults[i])) {
            fprintf(stderr, "%s is not caught by %s: %s\n", faults[i].name, faults[i].caught_by,
                    v == VERDICTS ? "no such case" : verdict_word(v));
            missed++;
        }
    }
    ck_assert_uint_eq(missed, 0);
    free_secure();
    suite_free(&all_cases);
}
END_TEST

/* Which of the cases a defect of their kind makes worse than they are with the correct client: a request that is
 * wrong fails every case, and shows nothing of what each is about. */
static void mark_caught(const struct suite *suite, const struct peer_fault *fault, const enum verdict *correct,
                        bool *caught)
{
    char kind[64];
    snprintf(kind, sizeof kind, "%.*s/*", (int)strcspn(fault->caught_by, "/"), fault->caught_by);
    if (strncmp(kind, "client-", 7) != 0)
        return;
    struct stage s;
    struct suite_filter filter = {.include = (const char *const[]){kind, NULL}, .role = TESTED_CLIENT};
    stage_play(&s, &filter, fault, true, fault->needs_tls);
    const struct run_result *run = serve_run(s.serve, 0);
    for (size_t i = 0; run != NULL && i < run->count; i++) {
        enum verdict v = run->cases[i]->verdict;
        size_t at = 0;
        while (strcmp(suite->cases[at].test->id, run->cases[i]->id) != 0)
            at++;
        enum verdict passed = correct[at] == VERDICT_UNIMPLEMENTED ? VERDICT_PASS : correct[at];
        caught[at] |= v != VERDICT_ERROR && v != VERDICT_UNIMPLEMENTED && v > passed;
    }
    stage_clear(&s);
}

START_TEST(every_case_for_clients_alone_can_fail)
{
    static const char *const globs[] = {"client-*", NULL};
    static enum verdict correct[1024];
    static bool caught[1024];
    struct suite_filter filter = {.include = globs, .role = TESTED_CLIENT};
    struct stage s;
    stage_play(&s, &filter, NULL, true, false);
    size_t cases = s.suite.case_count, count, missed = 0;
    ck_assert_uint_le(cases, 1024);
    for (size_t i = 0; i < cases; i++)
        correct[i] = serve_run(s.serve, 0)->cases[i]->verdict;
    const struct peer_fault *faults = client_faults(&count);
    for (size_t i = 0; i < count; i++)
        mark_caught(&s.suite, &faults[i], correct, caught);
    for (size_t i = 0; i < cases; i++) {
        /* What needs TLS is caught or not by the defects that do. */
        if (correct[i] == VERDICT_UNIMPLEMENTED && needs(&s.suite, s.suite.cases[i].test->id, FORM_NEEDS_TLS)) {
            missed += strstr(s.suite.cases[i].test->id, "/tls") == NULL && !caught[i];
            continue;
        }
        /* A choice in which the reference differs from what is preferred: nothing is below INFO. */
        bool lowest = correct[i] == VERDICT_UNIMPLEMENTED || correct[i] == VERDICT_INFO;
        if (!caught[i] && !lowest)
            fprintf(stderr, "no defect is caught by %s\n", s.suite.cases[i].test->id);
        missed += !caught[i] && !lowest;
    }
    stage_clear(&s);
    ck_assert_uint_eq(missed, 0);
    free_secure();
    suite_free(&all_cases);
}
END_TEST

UNIT_MAIN("clients", the_correct_client_passes_every_case, the_correct_client_passes_those_for_clients_alone_over_tls,
          each_defect_is_caught_by_the_case_that_its_row_names, every_case_for_clients_alone_can_fail)
