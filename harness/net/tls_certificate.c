/* Certificates that we make: one that stands for itself, and those of an authority of our own, which may have
 * exactly one flaw. RFC 5280; names as RFC 9525 reads them. */
#include "net/tls_context.h"

#include "net/stage.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUR_NAMES "DNS:localhost,IP:127.0.0.1,IP:::1"
#define OTHER_NAME "DNS:elsewhere.example"
#define HOUR 3600L
#define TEN_YEARS (10 * 365 * 24 * HOUR)

struct tls_authority {
    X509 *certificate;
    EVP_PKEY *key;
    struct buf pem;
};

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool name_it(X509_NAME *name, const char *common)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common, -1, -1, 0) == 1;
}

/* From an hour ago; expired: until an hour ago. */
static bool set_times(X509 *certificate, bool expired)
{
    return X509_gmtime_adj(X509_getm_notBefore(certificate), expired ? -24 * HOUR : -HOUR) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), expired ? -HOUR : TEN_YEARS) != NULL;
}

static bool set_identity(X509 *certificate, EVP_PKEY *key, const char *common)
{
    uint64_t serial;
    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1 &&
           X509_set_version(certificate, X509_VERSION_3) == 1 &&
           name_it(X509_get_subject_name(certificate), common) && X509_set_pubkey(certificate, key) == 1;
}

static bool is_address(const char *host)
{
    return strspn(host, "0123456789.") == strlen(host) || strchr(host, ':') != NULL;
}

static bool fill_server(X509 *certificate, EVP_PKEY *key, const struct tls_server_options *options)
{
    const struct tls_authority *authority = options->flaw == TLS_UNKNOWN ? NULL : options->authority;
    X509_NAME *issuer = X509_get_subject_name(authority == NULL ? certificate : authority->certificate);
    struct buf names;
    buf_init(&names, 0);
    buf_append_text(&names, options->flaw == TLS_OTHER_NAME ? OTHER_NAME : OUR_NAMES);
    if (options->name != NULL && options->flaw != TLS_OTHER_NAME)
        buf_printf(&names, ",%s:%s", is_address(options->name) ? "IP" : "DNS", options->name);
    bool ok = set_identity(certificate, key, options->flaw == TLS_OTHER_NAME ? "elsewhere.example" : "localhost") &&
              set_times(certificate, options->flaw == TLS_EXPIRED) && X509_set_issuer_name(certificate, issuer) == 1 &&
              add_extension(certificate, NID_subject_alt_name, buf_text(&names)) &&
              add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
              add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
              X509_sign(certificate, authority == NULL ? key : authority->key, EVP_sha256()) != 0;
    buf_free(&names);
    return ok;
}

bool tls_make_certificate(SSL_CTX *ssl, const struct tls_server_options *options, struct diag *why)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    bool ok = key != NULL && certificate != NULL && fill_server(certificate, key, options) &&
              SSL_CTX_use_certificate(ssl, certificate) == 1 && SSL_CTX_use_PrivateKey(ssl, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok || diag_set(why, DIAG_TROUBLE, "cannot make a certificate: %s", tls_reason());
}

void tls_write_pem(X509 *certificate, struct buf *out)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *bytes;
    if (text == NULL || PEM_write_bio_X509(text, certificate) != 1)
        net_no_memory();
    long size = BIO_get_mem_data(text, &bytes);
    if (!buf_append(out, bytes, (size_t)size))
        net_no_memory();
    BIO_free(text);
}

void tls_fingerprint(const struct tls_context *context, struct buf *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(SSL_CTX_get0_certificate(context->ssl), EVP_sha256(), digest, &size) != 1)
        net_no_memory();
    for (unsigned i = 0; i < size; i++)
        buf_printf(out, "%s%02X", i == 0 ? "" : ":", digest[i]);
}

/* ---- the authority ---- */

static bool fill_authority(const struct tls_authority *a)
{
    return set_identity(a->certificate, a->key, "wsgauntlet, of this run") && set_times(a->certificate, false) &&
           X509_set_issuer_name(a->certificate, X509_get_subject_name(a->certificate)) == 1 &&
           add_extension(a->certificate, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(a->certificate, NID_key_usage, "critical,keyCertSign") &&
           X509_sign(a->certificate, a->key, EVP_sha256()) != 0;
}

struct tls_authority *tls_authority_new(struct diag *why)
{
    struct tls_authority *a = net_alloc(sizeof *a);
    buf_init(&a->pem, 0);
    a->key = EVP_EC_gen("P-256");
    a->certificate = X509_new();
    if (a->key == NULL || a->certificate == NULL || !fill_authority(a)) {
        diag_set(why, DIAG_TROUBLE, "cannot make a certificate: %s", tls_reason());
        tls_authority_free(a);
        return NULL;
    }
    tls_write_pem(a->certificate, &a->pem);
    return a;
}

const char *tls_authority_pem(const struct tls_authority *authority)
{
    return buf_text(&authority->pem);
}

void tls_authority_free(struct tls_authority *authority)
{
    if (authority == NULL)
        return;
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    buf_free(&authority->pem);
    free(authority);
}
