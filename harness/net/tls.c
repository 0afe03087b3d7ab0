/* See tls.h: one TLS connection between two memory BIOs. Bytes from below go
 * into one, what OpenSSL answers is taken out of the other. */
#include "net/tls_context.h"

#include "net/loop.h"
#include "net/stage.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define RECORD_BYTES 16384u
#define WRITE_BYTES (256u << 10) /* encrypted at once */

struct tls {
    struct layer layer;
    SSL *ssl;
    BIO *in, *out;      /* owned by ssl */
    struct timer *kick; /* pump soon: not within the owner's call */
    struct buf early;   /* written before the handshake is done */
    struct diag why;    /* of below_end */
    enum layer_end below_end;
    bool below_ended; /* and the owner does not know yet */
    bool open;
    bool eof;     /* EOF or CUT was said */
    bool written; /* and not yet drained */
    enum layer_finish how;
    char name[256]; /* of the server; "" in the server role */
    char alpn[TLS_ALPN_MAX + 1];
};

static void flush(struct tls *t)
{
    char *bytes;
    long size = BIO_get_mem_data(t->out, &bytes);
    if (size > 0)
        layer_write(t->layer.below, bytes, (size_t)size);
    (void)BIO_reset(t->out);
}

/* ---- what went wrong, and the mend ---- */

static const struct {
    int code;
    const char *mend;
} certificate_mends[] = {
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "pass --ca FILE or --insecure"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "pass --ca FILE or --insecure"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "pass --ca FILE or --insecure"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "pass --ca FILE or --insecure"},
    {X509_V_ERR_HOSTNAME_MISMATCH, "connect by a name that it holds, or pass --insecure"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "connect by a name that it holds, or pass --insecure"},
    {0, "pass --insecure to take it all the same"},
};

static const struct {
    int reason;
    const char *mend;
} reason_mends[] = {
    {SSL_R_WRONG_VERSION_NUMBER, "; the peer does not speak TLS: try ws:// in place of wss://"},
    {SSL_R_HTTP_REQUEST, "; the peer does not speak TLS: it wants wss:// in place of ws://"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "; the peer does not trust our certificate"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "; the peer does not trust our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "; the peer does not trust our certificate"},
    {0, ""},
};

static void explain(const struct tls *t, struct diag *why)
{
    long verdict = SSL_get_verify_result(t->ssl);
    int reason = ERR_GET_REASON(ERR_peek_error());
    size_t i = 0;
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        while (certificate_mends[i].code != 0 && certificate_mends[i].code != verdict)
            i++;
        bool name = verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH;
        diag_set(why, DIAG_TROUBLE, "certificate verify failed: %s%s%s; %s",
                 X509_verify_cert_error_string(verdict), name ? " for " : "", name ? t->name : "",
                 certificate_mends[i].mend);
        ERR_clear_error();
        return;
    }
    while (reason_mends[i].reason != 0 && reason_mends[i].reason != reason)
        i++;
    diag_set(why, DIAG_TROUBLE, "%s: %s%s", t->open ? "TLS failed" : "TLS handshake failed", tls_reason(),
             reason_mends[i].mend);
}

static void fail(struct tls *t)
{
    struct diag why = {0};
    explain(t, &why);
    flush(t); /* the alert */
    layer_finish(t->layer.below, FINISH_ABRUPT);
    layer_say_ended(&t->layer, LAYER_ERROR, &why);
}

/* ---- OpenSSL's turn ---- */

static void encrypt(struct tls *t, const uint8_t *bytes, size_t size)
{
    ERR_clear_error();
    for (size_t done; size != 0; bytes += done, size -= done) {
        size_t n = size < WRITE_BYTES ? size : WRITE_BYTES;
        if (SSL_write_ex(t->ssl, bytes, n, &done) != 1)
            return; /* the connection is broken: the next read says why */
        flush(t);
    }
}

static void finish_now(struct tls *t)
{
    if (t->how == FINISH_CLEAN && t->open) {
        ERR_clear_error();
        SSL_shutdown(t->ssl);
        flush(t);
    }
    layer_finish(t->layer.below, t->how);
}

/* False: not yet, or never. */
static bool handshake(struct tls *t)
{
    const unsigned char *alpn;
    unsigned size;
    ERR_clear_error();
    int done = SSL_do_handshake(t->ssl);
    if (done != 1) {
        if (SSL_get_error(t->ssl, done) == SSL_ERROR_WANT_READ)
            flush(t);
        else
            fail(t);
        return false;
    }
    t->open = true;
    SSL_get0_alpn_selected(t->ssl, &alpn, &size);
    if (size != 0)
        memcpy(t->alpn, alpn, size);
    flush(t);
    encrypt(t, t->early.data, t->early.size);
    buf_free(&t->early);
    if (t->layer.finished)
        finish_now(t);
    return layer_say_opened(&t->layer);
}

static bool read_one(struct tls *t)
{
    uint8_t bytes[RECORD_BYTES];
    size_t size;
    ERR_clear_error();
    if (SSL_read_ex(t->ssl, bytes, sizeof bytes, &size) == 1)
        return layer_say_data(&t->layer, bytes, size);
    int error = SSL_get_error(t->ssl, 0);
    if (error == SSL_ERROR_ZERO_RETURN) {
        t->eof = true;
        layer_say_ended(&t->layer, LAYER_EOF, NULL);
    } else if (error == SSL_ERROR_WANT_READ) {
        flush(t); /* it may have answered a key update */
    } else {
        fail(t);
    }
    return false;
}

/* All that came before has been handed on: now the end of the layer below is ours. */
static void say_below_end(struct tls *t)
{
    t->below_ended = false;
    if (t->below_end == LAYER_RESET || t->below_end == LAYER_ERROR) {
        layer_say_ended(&t->layer, t->below_end, &t->why);
    } else if (!t->open) {
        struct diag why = {0};
        diag_set(&why, DIAG_TROUBLE, "the peer closed the connection during the TLS handshake");
        layer_say_ended(&t->layer, LAYER_ERROR, &why);
    } else if (!t->eof) {
        t->eof = true;
        layer_say_ended(&t->layer, LAYER_CUT, NULL);
    }
}

static void pump(struct tls *t)
{
    if (t->layer.over)
        return;
    layer_enter(&t->layer);
    if (t->open || handshake(t))
        while (!t->layer.paused && !t->eof && read_one(t))
            continue;
    if (t->below_ended && !t->layer.paused && !t->layer.over)
        say_below_end(t);
    layer_leave(&t->layer);
}

static void on_kick(void *arg)
{
    struct tls *t = arg;
    t->kick = NULL;
    pump(t);
}

static void kick(struct tls *t)
{
    if (t->kick == NULL)
        t->kick = timer_start(t->layer.loop, 0, on_kick, t);
}

/* ---- from below ---- */

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct tls *t = owner;
    if (t->eof)
        return; /* behind close_notify there is nothing */
    if (BIO_write(t->in, bytes, (int)size) != (int)size)
        net_no_memory();
    pump(t);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct tls *t = owner;
    t->below_ended = true;
    t->below_end = end;
    t->why = *why;
    pump(t);
}

static void on_drained(void *owner)
{
    struct tls *t = owner;
    if (!t->open || !t->written)
        return;
    t->written = false;
    layer_say_drained(&t->layer);
}

/* `opened` of the layer below is no news: it keeps our first flight until then. */
static const struct layer_sink ears = {.data = on_data, .ended = on_ended, .drained = on_drained};

/* ---- from above ---- */

static void tls_write(struct layer *layer, const uint8_t *bytes, size_t size)
{
    struct tls *t = (struct tls *)layer;
    t->written = true;
    if (t->open)
        encrypt(t, bytes, size);
    else if (!buf_append(&t->early, bytes, size))
        net_no_memory();
}

static void tls_finish(struct layer *layer, enum layer_finish how)
{
    struct tls *t = (struct tls *)layer;
    t->how = how;
    if (t->open)
        finish_now(t);
}

static void tls_reset(struct layer *layer)
{
    layer_reset(layer->below);
}

static void tls_pause(struct layer *layer, bool paused)
{
    layer_pause(layer->below, paused);
    if (!paused)
        kick((struct tls *)layer); /* records may wait in the BIO */
}

static size_t tls_queued(const struct layer *layer)
{
    return ((const struct tls *)layer)->early.size + layer_queued(layer->below);
}

static void tls_release(struct layer *layer)
{
    struct tls *t = (struct tls *)layer;
    timer_stop(t->kick);
    buf_free(&t->early);
    SSL_free(t->ssl);
    t->kick = NULL;
    t->ssl = NULL;
}

static const struct layer_ops tls_ops = {
    .name = "tls",
    .write = tls_write,
    .finish = tls_finish,
    .reset = tls_reset,
    .pause = tls_pause,
    .queued = tls_queued,
    .release = tls_release,
};

/* Whom we talk to: told in SNI when it is a name, and checked in the certificate. */
static void expect_server(struct tls *t, const char *name)
{
    X509_VERIFY_PARAM *check = SSL_get0_param(t->ssl);
    assert(name != NULL && name[0] != 0);
    snprintf(t->name, sizeof t->name, "%s", name);
    if (X509_VERIFY_PARAM_set1_ip_asc(check, t->name) == 1)
        return;
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_host(check, t->name, 0) != 1 ||
        SSL_set_tlsext_host_name(t->ssl, t->name) != 1)
        net_no_memory();
}

struct layer *tls_layer(struct tls_context *context, struct layer *below, const char *server_name,
                        const struct layer_sink *sink, void *owner)
{
    struct tls *t = net_alloc(sizeof *t);
    layer_stack(&t->layer, &tls_ops, below, &ears, sink, owner);
    buf_init(&t->early, 0);
    t->ssl = SSL_new(context->ssl);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (t->ssl == NULL || t->in == NULL || t->out == NULL)
        net_no_memory();
    SSL_set_bio(t->ssl, t->in, t->out);
    if (context->server) {
        SSL_set_accept_state(t->ssl);
    } else {
        SSL_set_connect_state(t->ssl);
        expect_server(t, server_name);
        kick(t);
    }
    return &t->layer;
}

const char *tls_layer_server_name(const struct layer *layer)
{
    while (layer != NULL && layer->ops != &tls_ops)
        layer = layer->below;
    const char *name = layer == NULL ? NULL : SSL_get_servername(((const struct tls *)layer)->ssl,
                                                                 TLSEXT_NAMETYPE_host_name);
    return name == NULL ? "" : name;
}

const char *tls_layer_alpn(const struct layer *layer)
{
    return ((const struct tls *)layer)->alpn;
}
