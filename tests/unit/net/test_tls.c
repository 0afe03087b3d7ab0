/* TLS on both loops: opening, ending with and without close_notify, and whom we trust. */
#include "net/fault.h"
#include "net/tls.h"
#include "pair.h"

#include <unistd.h>

#define MIB (1u << 20)

static struct tls_context *server, *client;
static const char *server_name;

static struct layer *stack_tls(struct peer *top, struct layer *raw)
{
    bool ours = top == &top->pair->a;
    return tls_layer(ours ? client : server, raw, ours ? server_name : NULL, &peer_sink, top);
}

static const char *write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static void contexts(const struct tls_client_options *options, const char *alpn)
{
    struct diag why = {0};
    server = tls_server_new(&(struct tls_server_options){.alpn = alpn}, &why);
    ck_assert_msg(server != NULL, "%s", why.text);
    client = tls_client_new(options, &why);
    ck_assert_msg(client != NULL, "%s", why.text);
    server_name = "localhost";
}

static void contexts_free(void)
{
    tls_context_free(server);
    tls_context_free(client);
    unlink("ca.pem");
}

/* Trusts the server by its certificate, as --ca does. */
static void trusting_contexts(struct pair *p)
{
    struct diag why = {0};
    contexts(&(struct tls_client_options){.insecure = true, .alpn = "http/1.1"}, "http/1.1");
    tls_context_free(client);
    write_file("ca.pem", tls_certificate_pem(server));
    client = tls_client_new(&(struct tls_client_options){.ca_file = "ca.pem", .alpn = "http/1.1"}, &why);
    ck_assert_msg(client != NULL, "%s", why.text);
    p->stack = stack_tls;
}

PAIR_TEST(verified_by_each_of_its_names)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", "LOCALHOST"};
    trusting_contexts(p);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        server_name = names[i];
        pair_open(p);
        ck_assert_str_eq(tls_layer_alpn(p->a.layer), "http/1.1");
        ck_assert_str_eq(tls_layer_alpn(p->b.layer), "http/1.1");
        peer_again(&p->a);
        peer_again(&p->b);
    }
    contexts_free();
}

PAIR_TEST(a_mebibyte_both_ways)
{
    uint8_t *bytes = pattern(MIB);
    trusting_contexts(p);
    pair_connect(p);
    layer_write(p->a.layer, bytes, MIB); /* before it is open */
    ck_assert_uint_eq(layer_queued(p->a.layer), MIB);
    UNTIL(p, p->b.heard[HEARD_OPENED]);
    layer_write(p->b.layer, bytes, MIB);
    UNTIL(p, p->a.got.size == MIB && p->b.got.size == MIB);
    ck_assert(memcmp(p->a.got.data, bytes, MIB) == 0);
    ck_assert(memcmp(p->b.got.data, bytes, MIB) == 0);
    UNTIL(p, p->a.heard[HEARD_DRAINED] && p->b.heard[HEARD_DRAINED]);
    contexts_free();
    free(bytes);
}

PAIR_TEST(clean_finish_is_eof_and_half_open)
{
    trusting_contexts(p);
    pair_open(p);
    layer_write(p->a.layer, "last", 4);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    ck_assert(peer_got(&p->b, "last"));
    layer_write(p->b.layer, "answer", 6);
    layer_finish(p->b.layer, FINISH_CLEAN);
    UNTIL(p, p->a.ends[LAYER_EOF]);
    ck_assert(peer_got(&p->a, "answer"));
    ck_assert_uint_eq(p->a.ends[LAYER_CUT] + p->b.ends[LAYER_CUT], 0);
    contexts_free();
}

PAIR_TEST(abrupt_finish_is_a_cut)
{
    trusting_contexts(p);
    pair_open(p);
    layer_write(p->b.layer, "last", 4);
    layer_finish(p->b.layer, FINISH_ABRUPT);
    UNTIL(p, p->a.ends[LAYER_CUT]);
    ck_assert(peer_got(&p->a, "last"));
    ck_assert_uint_eq(p->a.ends[LAYER_EOF], 0);
    contexts_free();
}

PAIR_TEST(reset_under_tls)
{
    trusting_contexts(p);
    pair_open(p);
    layer_write(p->a.layer, "last", 4);
    layer_reset(p->a.layer);
    UNTIL(p, p->b.ends[LAYER_RESET]);
    ck_assert(peer_got(&p->b, "last"));
    contexts_free();
}

PAIR_TEST(finish_before_open)
{
    trusting_contexts(p);
    pair_connect(p);
    layer_write(p->a.layer, "early", 5);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    ck_assert(peer_got(&p->b, "early"));
    contexts_free();
}

PAIR_TEST(paused_records_wait_and_the_end_waits_behind_them)
{
    uint8_t *bytes = pattern(MIB);
    trusting_contexts(p);
    pair_open(p);
    pair_pause_behind_each_piece(p, bytes, MIB);
    ck_assert_uint_eq(p->b.ends[LAYER_CUT], 1);
    contexts_free();
    free(bytes);
}

PAIR_TEST(release_in_each_callback)
{
    trusting_contexts(p);
    pair_release_in_each_callback(p);
    contexts_free();
}

/* ---- TLS over a faulty link ---- */

static struct fault_setting link_fault;

static struct layer *stack_tls_on_fault(struct peer *top, struct layer *raw)
{
    if (top == &top->pair->b)
        return stack_tls(top, raw);
    struct layer *fault = fault_layer(raw, prng_stream(9, "fault"), &peer_sink, top);
    struct layer *tls = stack_tls(top, fault);
    fault_set(fault, &link_fault);
    return tls;
}

PAIR_TEST(records_byte_by_byte)
{
    link_fault = (struct fault_setting){.kind = FAULT_SLICE, .direction = FAULT_BOTH, .amount = 1};
    trusting_contexts(p);
    p->stack = stack_tls_on_fault;
    pair_open(p);
    layer_write(p->a.layer, "ping", 4);
    layer_finish(p->a.layer, FINISH_CLEAN);
    UNTIL(p, p->b.ends[LAYER_EOF]);
    ck_assert(peer_got(&p->b, "ping"));
    layer_write(p->b.layer, "pong", 4);
    layer_finish(p->b.layer, FINISH_ABRUPT);
    UNTIL(p, p->a.ends[LAYER_CUT]);
    ck_assert(peer_got(&p->a, "pong"));
    contexts_free();
}

PAIR_TEST(a_flipped_bit_is_noticed)
{
    link_fault = (struct fault_setting){.kind = FAULT_CORRUPT, .direction = FAULT_IN, .amount = 100};
    trusting_contexts(p);
    p->stack = stack_tls_on_fault;
    pair_connect(p);
    UNTIL(p, p->a.heard[HEARD_ENDED]);
    ck_assert_uint_eq(p->a.ends[LAYER_ERROR], 1);
    ck_assert_msg(strncmp(p->a.why.text, "TLS handshake failed: ", 22) == 0, "%s", p->a.why.text);
    contexts_free();
}

/* ---- refusals, each with its mend ---- */

static void expect_sentence(struct pair *p, const char *sentence)
{
    p->stack = stack_tls;
    pair_connect(p);
    UNTIL(p, p->a.heard[HEARD_ENDED]);
    ck_assert_uint_eq(p->a.ends[LAYER_ERROR], 1);
    ck_assert_uint_eq(p->a.heard[HEARD_OPENED], 0);
    ck_assert_msg(strstr(p->a.why.text, sentence) != NULL, "%s", p->a.why.text);
}

PAIR_TEST(an_unknown_certificate)
{
    contexts(&(struct tls_client_options){0}, NULL);
    expect_sentence(p, "certificate verify failed: self-signed certificate; pass --ca FILE or --insecure");
    UNTIL(p, p->b.ends[LAYER_ERROR]);
    ck_assert_msg(strstr(p->b.why.text, "does not trust our certificate") != NULL, "%s", p->b.why.text);
    contexts_free();
}

PAIR_TEST(a_certificate_of_another)
{
    trusting_contexts(p);
    server_name = "example.org";
    expect_sentence(p, "hostname mismatch for example.org; connect by a name that it holds");
    contexts_free();
}

PAIR_TEST(a_certificate_of_another_address)
{
    trusting_contexts(p);
    server_name = "127.0.0.2";
    expect_sentence(p, "IP address mismatch for 127.0.0.2; connect by a name that it holds");
    contexts_free();
}

/* Of an authority that the client trusts: one flaw each, and it is that one which is found. */
PAIR_TEST(certificates_with_one_flaw)
{
    static const struct { enum tls_flaw flaw; const char *sentence; } rows[] = {
        {TLS_EXPIRED, "certificate has expired"}, {TLS_OTHER_NAME, "IP address mismatch for 127.0.0.7"},
        {TLS_UNKNOWN, "self-signed certificate"}, {TLS_FLAWLESS, NULL}};
    struct diag why = {0};
    struct tls_authority *authority = tls_authority_new(&why);
    ck_assert_ptr_nonnull(authority);
    p->stack = stack_tls;
    server_name = "127.0.0.7";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        server = tls_server_new(&(struct tls_server_options){.authority = authority, .flaw = rows[i].flaw,
                                                             .name = "127.0.0.7"}, &why);
        write_file("ca.pem", tls_authority_pem(authority));
        client = tls_client_new(&(struct tls_client_options){.ca_file = "ca.pem"}, &why);
        ck_assert(server != NULL && client != NULL);
        if (rows[i].sentence != NULL)
            expect_sentence(p, rows[i].sentence);
        else
            pair_open(p);
        peer_again(&p->a);
        peer_again(&p->b);
        contexts_free();
    }
    tls_authority_free(authority);
}

PAIR_TEST(insecure_takes_any)
{
    contexts(&(struct tls_client_options){.insecure = true, .alpn = "h2"}, "http/1.1");
    server_name = "example.org";
    p->stack = stack_tls;
    pair_open(p);
    ck_assert_str_eq(tls_layer_alpn(p->a.layer), ""); /* nothing in common */
    contexts_free();
}

static struct layer *stack_on_client(struct peer *top, struct layer *raw)
{
    if (top == &top->pair->a)
        return stack_tls(top, raw);
    layer_listen(raw, &peer_sink, top);
    return raw;
}

static struct layer *stack_on_server(struct peer *top, struct layer *raw)
{
    if (top == &top->pair->b)
        return stack_tls(top, raw);
    layer_listen(raw, &peer_sink, top);
    return raw;
}

PAIR_TEST(a_server_without_tls)
{
    contexts(&(struct tls_client_options){.insecure = true}, NULL);
    p->stack = stack_on_client;
    pair_connect(p);
    UNTIL(p, p->b.heard[HEARD_DATA]);
    layer_write(p->b.layer, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    UNTIL(p, p->a.ends[LAYER_ERROR]);
    ck_assert_msg(strstr(p->a.why.text, "does not speak TLS") != NULL, "%s", p->a.why.text);
    contexts_free();
}

PAIR_TEST(a_client_without_tls)
{
    contexts(&(struct tls_client_options){.insecure = true}, NULL);
    p->stack = stack_on_server;
    pair_connect(p);
    layer_write(p->a.layer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    UNTIL(p, p->b.ends[LAYER_ERROR]);
    ck_assert_msg(strstr(p->b.why.text, "wss:// in place of ws://") != NULL, "%s", p->b.why.text);
    contexts_free();
}

PAIR_TEST(a_peer_that_leaves_in_the_handshake)
{
    contexts(&(struct tls_client_options){.insecure = true}, NULL);
    p->stack = stack_on_client;
    pair_connect(p);
    UNTIL(p, p->b.heard[HEARD_DATA]);
    layer_finish(p->b.layer, FINISH_CLEAN);
    UNTIL(p, p->a.ends[LAYER_ERROR]);
    ck_assert_str_eq(p->a.why.text, "the peer closed the connection during the TLS handshake");
    contexts_free();
}

PAIR_TEST(refused_below)
{
    contexts(&(struct tls_client_options){.insecure = true}, NULL);
    p->at.port = loop_free_port(p->loop, NULL);
    expect_sentence(p, "connection refused");
    contexts_free();
}

START_TEST(files_that_are_none)
{
    struct diag why = {0};
    ck_assert_ptr_null(tls_client_new(&(struct tls_client_options){.ca_file = "none.pem"}, &why));
    ck_assert_msg(strstr(why.text, "cannot read certificates from none.pem") != NULL, "%s", why.text);
    ck_assert_int_eq(why.kind, DIAG_USAGE);
    ck_assert_ptr_null(tls_server_new(&(struct tls_server_options){.certificate_file = "none.pem"}, &why));
    ck_assert_msg(strstr(why.text, "cannot read a certificate from none.pem") != NULL, "%s", why.text);
    contexts(&(struct tls_client_options){.insecure = true}, NULL);
    write_file("ca.pem", tls_certificate_pem(server));
    ck_assert_ptr_null(tls_server_new(&(struct tls_server_options){.certificate_file = "ca.pem"}, &why));
    ck_assert_msg(strstr(why.text, "cannot read the key of ca.pem") != NULL, "%s", why.text);
    contexts_free();
    tls_context_free(NULL);
}
END_TEST

UNIT_MAIN("net/tls", records_byte_by_byte, a_flipped_bit_is_noticed,
          verified_by_each_of_its_names, a_mebibyte_both_ways,
          clean_finish_is_eof_and_half_open,
          abrupt_finish_is_a_cut, reset_under_tls, finish_before_open,
          paused_records_wait_and_the_end_waits_behind_them, release_in_each_callback,
          an_unknown_certificate, a_certificate_of_another, a_certificate_of_another_address,
          certificates_with_one_flaw, insecure_takes_any, a_server_without_tls, a_client_without_tls,
          a_peer_that_leaves_in_the_handshake, refused_below, files_that_are_none)
