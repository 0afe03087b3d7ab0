/* TLS as a layer: OpenSSL over memory BIOs. Certificates are verified unless told otherwise. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/buf.h"
#include "net/layer.h"

struct tls_context; /* an SSL_CTX; shared by connections */

struct tls_client_options {
    const char *ca_file; /* PEM, used instead of the system's store; NULL: the system's */
    bool insecure;       /* take any certificate */
    const char *alpn;    /* one protocol, "http/1.1"; NULL: none */
};
struct tls_context *tls_client_new(const struct tls_client_options *options, struct diag *why);

/* Who signs the certificates of one run; a client that trusts it trusts them all. */
struct tls_authority;
struct tls_authority *tls_authority_new(struct diag *why);
const char *tls_authority_pem(const struct tls_authority *authority);
void tls_authority_free(struct tls_authority *authority);

/* Why a certificate is not to be taken, although nothing else is wrong with it. */
enum tls_flaw {
    TLS_FLAWLESS,
    TLS_EXPIRED,    /* an hour ago */
    TLS_OTHER_NAME, /* it is another host's */
    TLS_UNKNOWN,    /* nobody that the client trusts has signed it */
};

struct tls_server_options {
    const char *certificate_file; /* PEM chain; NULL: a fresh one for localhost, 127.0.0.1 and ::1 */
    const char *key_file;
    const char *alpn;
    const struct tls_authority *authority; /* who signs the fresh one; NULL: it does itself */
    enum tls_flaw flaw;                    /* of the fresh one */
    const char *name;                      /* another host or address of the fresh one; may be NULL */
};
struct tls_context *tls_server_new(const struct tls_server_options *options, struct diag *why);
/* PEM text of the server's certificate (for --ca of a client); owned by the context. */
const char *tls_certificate_pem(const struct tls_context *context);
/* The same into a file, for --cert-out; NULL: into none. A place that cannot be written is wrong usage. */
bool tls_certificate_save(const struct tls_context *context, const char *path, struct diag *why);
/* For a server without TLS: a certificate that is named all the same (each may be NULL) is wrong usage, and `how` says
 * what would give it TLS: "--tls". */
bool tls_certificate_unused(const char *file, const char *key, const char *out, const char *how, struct diag *why);
/* Appends the SHA-256 of the server's certificate: "AB:CD:...". */
void tls_fingerprint(const struct tls_context *context, struct buf *out);
/* Appends the server's private key as PEM, for a testee that we start with this certificate. */
bool tls_key_pem(const struct tls_context *context, struct buf *out);
void tls_context_free(struct tls_context *context);

/* Puts TLS on top of `below` and owns it (it may be not yet open). `opened`
 * comes when the TLS handshake is done. server_name: SNI and the name that is
 * verified (an IP address is verified as such and not sent); NULL in the server role. */
struct layer *tls_layer(struct tls_context *context, struct layer *below, const char *server_name,
                        const struct layer_sink *sink, void *owner);
/* Server: the name that the client asked for (SNI), of the TLS layer in this stack; "" when there is none. */
const char *tls_layer_server_name(const struct layer *layer);
/* What ALPN chose; "" when nothing. */
const char *tls_layer_alpn(const struct layer *layer);

#endif
