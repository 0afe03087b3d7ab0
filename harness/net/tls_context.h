/* The inside of a tls_context, for the TLS layer. */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include "base/buf.h"
#include "net/tls.h"

#include <openssl/ssl.h>

#define TLS_ALPN_MAX 255u

struct tls_context {
    SSL_CTX *ssl;
    bool server;
    struct buf pem;
    uint8_t alpn[1 + TLS_ALPN_MAX]; /* as on the wire: length, name */
};

/* Makes a key and a certificate for the options and uses them. */
bool tls_make_certificate(SSL_CTX *ssl, const struct tls_server_options *options, struct diag *why);
void tls_write_pem(X509 *certificate, struct buf *out);
/* The first reason in OpenSSL's error queue, in its words; empties the queue. */
const char *tls_reason(void);

#endif
