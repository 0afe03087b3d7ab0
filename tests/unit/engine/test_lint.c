/* Lint: each thing that is surely not meant is said once, where it is; what is
 * meant is not touched. */
#include "scripts.h"

static const char *const known[] = {"6455-5.4-interleave-text", "6455-5.5.3-pong-identical", NULL};

/* Steps of a case in line 3: column there, message and hint; column 0: somewhere. */
static const struct { const char *steps; int column; const char *message, *hint; } findings[] = {
    {"must 6455-5.4-interleave-txt\nopen", 6, "unknown requirement", "did you mean '6455-5.4-interleave-text'?"},
    {"open\nsend socketio event \"x\"\nfence", 0, "this is no Socket.IO connection", "comes first"},
    {"open socketio\nexpect text", 0, "packets come, not messages", "expect socketio event"},
    {"open socketio\nsend socketio event \"x\" '1,'\nexpect stays for 1s", 0, "this is no JSON", "commas between"},
    {"open socketio\nsend socketio connect '[1'\nexpect stays for 1s", 0, "this is no JSON", "an object"},
    {"may nothing-like-it\nopen", 5, "unknown requirement", "requirements.tsv lists them"},
    {"expect text capture sid", 13, "${sid} is captured and never used", "leave 'capture sid' out"},
    {"send text \"${sid}\"\nopen", 11, "nothing has captured ${sid} yet", "capture sid"},
    {"expect text \"${sid}\" capture sid\nsend text '${sid}'", 13, "nothing has captured ${sid} yet", ""},
    {"expect text capture sid\nsend text '${sdi} ${sid}'", 0, "nothing has captured ${sdi} yet", "did you mean 'sid'?"},
    {"send text \"${i}\"\nopen", 11, "nothing has captured ${i} yet", "inside of a repeat"},
    {"repeat 2\nopen\nend\nsend text repeat(\"${i}\" x 2)", 0, "nothing has captured ${i} yet", ""},
    {"expect text matches '('", 13, "not a regular expression", "missing closing parenthesis"},
    {"expect text matches '(a)' capture a capture b\nsend text \"${a}${b}\"", 37, "has no group for this capture",
     "1 group"},
    {"open\ndrop reset\nsend ping", 0, "the connection was dropped in line 4", "reconnect, open"},
    {"open\ndrop fin\nfence", 0, "the connection was dropped in line 4", "reconnect, open"},
    {"expect text within 0s", 13, "nothing can come within no time", ""},
    {"expect nothing", 1, "does not say for how long", "expect nothing for"},
    {"expect text for 3s", 13, "'for' goes with 'expect nothing'", "did you mean 'within'?"},
    {"expect echo", 1, "nothing was sent that could be echoed", "send text"},
    {"open every 3ms", 6, "'every' does nothing without 'chunk'", ""},
    {"reconnect factor 2", 11, "'factor' does nothing without 'backoff'", ""},
    {"a: open\na: fence", 0, "one actor needs no name", "leave out 'a:'"},
    {"a: open\nb: fence\nopen", 0, "some steps have an actor", ""},
    {"send text \"x\"", 0, "this case looks at nothing", "open, expect or fence"},
    {"timeout 0s\nopen", 0, "with a timeout of no time", ""},
};

static unsigned lint(const char *text, struct buf *out)
{
    struct script *s = good_script(text);
    buf_init(out, 0);
    unsigned n = script_lint(s, known, out);
    script_free(s);
    return n;
}

static void check_finding(const char *steps, int column, const char *message, const char *hint)
{
    char text[400], where[60] = "warning: ";
    struct buf out;
    snprintf(text, sizeof text, "case x\nmust 6455-5.4-interleave-text\n%s\n", steps);
    if (column > 0)
        snprintf(where, sizeof where, "test.wsg:3:%d: warning: ", column);
    unsigned n = lint(text, &out);
    ck_assert_msg(n == 1, "%s: %u findings\n%s", steps, n, buf_text(&out));
    ck_assert_msg(strstr(buf_text(&out), where) != NULL, "%s: not at %s\n%s", steps, where, buf_text(&out));
    ck_assert_msg(strstr(buf_text(&out), message) != NULL, "%s: not '%s'\n%s", steps, message, buf_text(&out));
    ck_assert_msg(strstr(buf_text(&out), hint) != NULL, "%s: no '%s'\n%s", steps, hint, buf_text(&out));
    buf_free(&out);
}

START_TEST(each_finding_is_said_once_in_its_place)
{
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++)
        check_finding(findings[i].steps, findings[i].column, findings[i].message, findings[i].hint);
}
END_TEST

START_TEST(a_case_shows_a_requirement)
{
    struct buf out;
    ck_assert_uint_eq(lint("case x\nopen\n", &out), 1);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "this case shows no requirement"));
    buf_free(&out);
    struct script *s = good_script("case x\nmust unheard-of\nopen\n");
    buf_init(&out, 0);
    ck_assert_uint_eq(script_lint(s, NULL, &out), 0); /* requirements not known: not checked */
    buf_free(&out);
    script_free(s);
}
END_TEST

START_TEST(a_family_uses_its_value)
{
    struct buf out;
    ck_assert_uint_eq(lint("case x each n 1 2 3\nmust 6455-5.4-interleave-text\nopen\n", &out), 1);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "test.wsg:1:8: warning: the value ${n} of this family is not used"));
    buf_free(&out);
    ck_assert_uint_eq(lint("case x each n 1 2 3\nmust 6455-5.4-interleave-text\nopen\nsend close ${n}\n", &out), 0);
    buf_free(&out);
    ck_assert_uint_eq(lint("case x each n 1 2 3\nmust 6455-5.4-interleave-text\nopen\nsend text '${n}'\n", &out), 0);
    buf_free(&out);
    ck_assert_uint_eq(lint("case x each n 1 2 3\nmust 6455-5.4-interleave-text\nopen\nexpect eof\nor close ${n}\n",
                           &out), 0);
    buf_free(&out);
}
END_TEST

START_TEST(a_sound_scenario_is_left_alone)
{
    struct buf out;
    unsigned n = lint("scenario \"x\"\nopen\nexpect text matches '(a)(b)' capture a capture b\n"
                      "send text \"${a} ${b}\"\nexpect echo\nor text '${a}' as info\ndrop reset\nexpect drop\n"
                      "wait 1s\nreconnect backoff 1s..2s jitter 20%\nrepeat 3\nsend text '${i}'\nfence\nend\n"
                      "expect nothing for 1s\ndrop fin\nexpect close\nor drop\n"
                      "drop silent\nopen chunk 3 every 3ms\nsend ping\nexpect pong\n"
                      "scenario \"two\"\na: open\nb: open\na: drop fin\nb: send ping\nb: fence\n"
                      "repeat 2\na: open\nend\nwait 1ms\nexpect testee alive\n",
                      &out);
    ck_assert_msg(n == 0, "%s", buf_text(&out));
    buf_free(&out);
}
END_TEST

UNIT_MAIN("engine/lint", each_finding_is_said_once_in_its_place, a_case_shows_a_requirement, a_family_uses_its_value,
          a_sound_scenario_is_left_alone)
