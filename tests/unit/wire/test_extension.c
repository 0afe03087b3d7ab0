/* extension.h: the grammar of RFC 6455 section 9.1, and the negotiation of
 * RFC 7692 section 7.1 from both sides, row by row. */
#include "unit.h"

#include "wire/extension.h"

static struct ws_extension_list list;

static struct ws_extension_scan read_list(const char *text)
{
    struct guard g = guard_end(text, strlen(text));
    memset(&list, 0, sizeof list);
    struct ws_extension_scan scan = ws_extension_parse(&list, (struct ws_span){(char *)g.bytes, g.size});
    guard_free(&g);
    memset(&list, 0, sizeof list); /* what it points to is gone: read again from the text */
    ws_extension_parse(&list, (struct ws_span){text, strlen(text)});
    return scan;
}

START_TEST(the_grammar)
{
    static const struct { const char *text; enum ws_extension_break broken; size_t count, params; } rows[] = {
        {"a", WS_EXTENSION_FINE, 1, 0},
        {"a; b; c=1; d=\"2\"", WS_EXTENSION_FINE, 1, 3},
        {"a ;b = 1,\tc", WS_EXTENSION_FINE, 2, 1},
        {"a, a, a;x, a;x;x", WS_EXTENSION_FINE, 4, 0},
        {", a,,", WS_EXTENSION_FINE, 1, 0},
        {"a; b=\"\\1\\0\"", WS_EXTENSION_FINE, 1, 1},
        {"a;", WS_EXTENSION_SYNTAX, 0, 0},
        {"a; =1", WS_EXTENSION_SYNTAX, 0, 0},
        {"a; b=", WS_EXTENSION_SYNTAX, 0, 0},
        {"a b", WS_EXTENSION_SYNTAX, 0, 0},
        {"a; b=\"1", WS_EXTENSION_SYNTAX, 0, 0},
        {"a; b=(1)", WS_EXTENSION_SYNTAX, 0, 0},
        {"a; b=\"1 2\"", WS_EXTENSION_VALUE, 0, 0},
        {"a; b=\"\"", WS_EXTENSION_VALUE, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ws_extension_scan scan = read_list(rows[i].text);
        ck_assert_msg(scan.broken == rows[i].broken, "'%s' is %d at %zu", rows[i].text, scan.broken, scan.at);
        if (scan.broken != WS_EXTENSION_FINE)
            continue;
        ck_assert_msg(list.count == rows[i].count && list.items[0].param_count == rows[i].params,
                      "'%s' has %zu elements, the first %zu parameters", rows[i].text, list.count,
                      list.items[0].param_count);
    }
    read_list("a; b=\"\\1\\0\"");
    ck_assert_str_eq(list.items[0].params[0].text, "10");
    ck_assert(list.items[0].params[0].quoted);
}
END_TEST

START_TEST(too_much_is_an_answer)
{
    static char text[8192];
    size_t n = 0;
    for (unsigned i = 0; i <= WS_EXTENSIONS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%sx%u", i ? ", " : "", i);
    ck_assert_int_eq(read_list(text).broken, WS_EXTENSION_TOO_MANY);
    n = (size_t)snprintf(text, sizeof text, "x");
    for (unsigned i = 0; i <= WS_EXTENSION_PARAMS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "; p%u", i);
    ck_assert_int_eq(read_list(text).broken, WS_EXTENSION_TOO_MANY);
    snprintf(text, sizeof text, "x; p=%0100d", 7);
    ck_assert_int_eq(read_list(text).broken, WS_EXTENSION_FINE);
    ck_assert(list.items[0].params[0].too_long);
}
END_TEST

/* What a server answers to an offer; NULL: nothing. */
START_TEST(a_server_accepts_or_declines)
{
    static const struct ws_deflate_policy usual = {.enabled = true}, off = {.enabled = false},
        narrow = {.enabled = true, .server_max_window_bits = 10, .client_max_window_bits = 11,
                  .server_no_context_takeover = true};
    static const struct { const struct ws_deflate_policy *policy; const char *offer, *answer; } rows[] = {
        {&usual, "permessage-deflate", "permessage-deflate"},
        {&usual, "permessage-deflate; client_max_window_bits", "permessage-deflate"},
        {&usual, "permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"},
        {&usual, "permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"},
        {&usual, "permessage-deflate; server_max_window_bits=\"12\"", "permessage-deflate; server_max_window_bits=12"},
        {&usual, "permessage-deflate; server_max_window_bits", NULL},
        {&usual, "permessage-deflate; server_max_window_bits=7", NULL},
        {&usual, "permessage-deflate; server_max_window_bits=16", NULL},
        {&usual, "permessage-deflate; server_max_window_bits=010", NULL},
        {&usual, "permessage-deflate; server_no_context_takeover=1", NULL},
        {&usual, "permessage-deflate; client_max_window_bits; client_max_window_bits", NULL},
        {&usual, "permessage-deflate; unknown", NULL},
        {&usual, "permessage-deflate; unknown, permessage-deflate", "permessage-deflate"},
        {&usual, "x-other", NULL},
        {&off, "permessage-deflate", NULL},
        {&narrow, "permessage-deflate", "permessage-deflate; server_no_context_takeover; server_max_window_bits=10"},
        {&narrow, "permessage-deflate; server_max_window_bits=9; client_max_window_bits",
         "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=11"},
        {&narrow, "permessage-deflate; client_max_window_bits=9",
         "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ws_deflate_params agreed;
        char text[200] = "";
        ck_assert_int_eq(read_list(rows[i].offer).broken, WS_EXTENSION_FINE);
        bool accepted = ws_deflate_accept(&list, rows[i].policy, &agreed);
        ck_assert_msg(accepted == (rows[i].answer != NULL), "'%s' is %s", rows[i].offer,
                      accepted ? "accepted" : "declined");
        if (!accepted)
            continue;
        ck_assert_uint_gt(ws_deflate_params_write(&agreed, text, sizeof text), 0);
        ck_assert_msg(strcmp(text, rows[i].answer) == 0, "'%s' is answered '%s'", rows[i].offer, text);
    }
}
END_TEST

/* What a client thinks of an answer to its offer. */
START_TEST(a_client_checks_the_answer)
{
    static const struct ws_deflate_params plain = {0}, bits = {.client_max_window_bits_bare = true},
        ten = {.server_max_window_bits = 10}, no_takeover = {.server_no_context_takeover = true};
    static const struct { const struct ws_deflate_params *offer; const char *answer; bool fine; } rows[] = {
        {&plain, "permessage-deflate", true},
        {&plain, "permessage-deflate; server_no_context_takeover", true},
        {&plain, "permessage-deflate; client_no_context_takeover", true},
        {&plain, "permessage-deflate; server_max_window_bits=12", true},
        {&plain, "permessage-deflate; client_max_window_bits=12", false},
        {&bits, "permessage-deflate; client_max_window_bits=8", true},
        {&bits, "permessage-deflate; client_max_window_bits", false},
        {&bits, "permessage-deflate; client_max_window_bits=16", false},
        {&ten, "permessage-deflate; server_max_window_bits=10", true},
        {&ten, "permessage-deflate; server_max_window_bits=11", false},
        {&ten, "permessage-deflate", false},
        {&no_takeover, "permessage-deflate; server_no_context_takeover", true},
        {&no_takeover, "permessage-deflate", false},
        {&plain, "permessage-deflate; unknown", false},
        {&plain, "permessage-deflate; server_no_context_takeover; server_no_context_takeover", false},
        {&plain, "permessage-deflate; server_no_context_takeover=1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ws_deflate_params agreed;
        const char *reason = NULL;
        ck_assert_int_eq(read_list(rows[i].answer).broken, WS_EXTENSION_FINE);
        bool fine = ws_deflate_check_answer(&list.items[0], rows[i].offer, 1, &agreed, &reason);
        ck_assert_msg(fine == rows[i].fine, "row %zu: '%s' is %s: %s", i, rows[i].answer, fine ? "taken" : "refused",
                      reason == NULL ? "" : reason);
        ck_assert_msg(fine || reason != NULL, "row %zu is refused without a reason", i);
    }
}
END_TEST

UNIT_MAIN("wire/extension", the_grammar, too_much_is_an_answer, a_server_accepts_or_declines,
          a_client_checks_the_answer)
