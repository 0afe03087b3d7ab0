/* What TLS connections share: which certificates are trusted, which one is
 * shown, which protocol is spoken. The only place of net that asks what day it is. */
#include "net/tls_context.h"

#include "base/file.h"

#include "net/stage.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

const char *tls_reason(void)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);
    ERR_clear_error();
    return reason == NULL ? "unknown reason" : reason;
}

void tls_context_free(struct tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    buf_free(&context->pem);
    free(context);
}

const char *tls_certificate_pem(const struct tls_context *context)
{
    return buf_text(&context->pem);
}

bool tls_certificate_save(const struct tls_context *context, const char *path, struct diag *why)
{
    const char *pem = tls_certificate_pem(context);
    return path == NULL || (file_writable(path, why) && file_write(path, pem, strlen(pem), why));
}

bool tls_certificate_unused(const char *file, const char *key, const char *out, const char *how, struct diag *why)
{
    const char *named = out != NULL ? "--cert-out" : file != NULL ? "--cert" : key != NULL ? "--key" : NULL;
    return named == NULL ||
           diag_set(why, DIAG_USAGE, "%s goes with %s: there is no certificate without TLS", named, how);
}

/* The peer may want other protocols: then none is chosen, and it decides whether to go on. */
static int choose_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_size,
                       const unsigned char *offered, unsigned offered_size, void *arg)
{
    (void)ssl;
    const struct tls_context *context = arg;
    int found = SSL_select_next_proto((unsigned char **)chosen, chosen_size, context->alpn,
                                      context->alpn[0] + 1u, offered, offered_size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static bool set_alpn(struct tls_context *context, const char *name, struct diag *why)
{
    size_t size = name == NULL ? 0 : strlen(name);
    if (size == 0)
        return true;
    if (size > TLS_ALPN_MAX)
        return diag_set(why, DIAG_USAGE, "the ALPN protocol name is longer than %u bytes", TLS_ALPN_MAX);
    context->alpn[0] = (uint8_t)size;
    memcpy(context->alpn + 1, name, size);
    if (context->server)
        SSL_CTX_set_alpn_select_cb(context->ssl, choose_alpn, context);
    else if (SSL_CTX_set_alpn_protos(context->ssl, context->alpn, (unsigned)size + 1) != 0)
        net_no_memory();
    return true;
}

static struct tls_context *context_new(bool server)
{
    struct tls_context *context = net_alloc(sizeof *context);
    context->server = server;
    context->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (context->ssl == NULL)
        net_no_memory();
    buf_init(&context->pem, 0);
    SSL_CTX_set_min_proto_version(context->ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(context->ssl, SSL_OP_NO_RENEGOTIATION);
    /* Each connection stands alone: nothing is resumed, no tickets travel. */
    SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context->ssl, 0);
    return context;
}

static bool set_trust(SSL_CTX *ssl, const struct tls_client_options *options, struct diag *why)
{
    if (options->insecure)
        return true;
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    if (options->ca_file == NULL)
        return SSL_CTX_set_default_verify_paths(ssl) == 1 ||
               diag_set(why, DIAG_TROUBLE, "cannot load the system's certificates: %s", tls_reason());
    return SSL_CTX_load_verify_file(ssl, options->ca_file) == 1 ||
           diag_set(why, DIAG_USAGE, "cannot read certificates from %s: %s", options->ca_file, tls_reason());
}

struct tls_context *tls_client_new(const struct tls_client_options *options, struct diag *why)
{
    struct tls_context *context = context_new(false);
    ERR_clear_error();
    if (set_trust(context->ssl, options, why) && set_alpn(context, options->alpn, why))
        return context;
    tls_context_free(context);
    return NULL;
}

/* ---- the server's certificate ---- */

static bool use_files(SSL_CTX *ssl, const struct tls_server_options *options, struct diag *why)
{
    const char *key = options->key_file == NULL ? options->certificate_file : options->key_file;
    if (SSL_CTX_use_certificate_chain_file(ssl, options->certificate_file) != 1)
        return diag_set(why, DIAG_USAGE, "cannot read a certificate from %s: %s",
                        options->certificate_file, tls_reason());
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
        return diag_set(why, DIAG_USAGE, "cannot read the key of %s from %s: %s",
                        options->certificate_file, key, tls_reason());
    return true;
}

bool tls_key_pem(const struct tls_context *context, struct buf *out)
{
    BIO *text = BIO_new(BIO_s_mem());
    EVP_PKEY *key = SSL_CTX_get0_privatekey(context->ssl);
    char *bytes;
    bool fine = text != NULL && key != NULL && PEM_write_bio_PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) == 1;
    long size = fine ? BIO_get_mem_data(text, &bytes) : 0;
    fine = fine && buf_append(out, bytes, (size_t)size);
    BIO_free(text);
    return fine;
}

struct tls_context *tls_server_new(const struct tls_server_options *options, struct diag *why)
{
    struct tls_context *context = context_new(true);
    ERR_clear_error();
    bool ok = options->certificate_file == NULL ? tls_make_certificate(context->ssl, options, why)
                                                : use_files(context->ssl, options, why);
    if (ok && set_alpn(context, options->alpn, why)) {
        tls_write_pem(SSL_CTX_get0_certificate(context->ssl), &context->pem);
        return context;
    }
    tls_context_free(context);
    return NULL;
}
