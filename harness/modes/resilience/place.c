/* See place.h. */
#include "modes/resilience/place.h"

#include "base/file.h"
#include "engine/proxy/address.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_address(struct place *place, const struct place_options *options, struct diag *why)
{
    const char *host = options->host == NULL ? "" : options->host;
    size_t size = strlen(host);
    bool brackets = size > 2 && host[0] == '[' && host[size - 1] == ']';
    if (size >= sizeof place->at.host)
        return diag_set(why, DIAG_USAGE, "the address to listen on is too long");
    snprintf(place->at.host, sizeof place->at.host, "%.*s", (int)(brackets ? size - 2 : size), host + brackets);
    place->at.port = options->port;
    return true;
}

/* A client that is started has to find it in a file, and a person may want to keep it. */
static bool write_ca(struct place *place, const struct place_options *options, struct diag *why)
{
    const char *pem = place->authority != NULL ? tls_authority_pem(place->authority) : tls_certificate_pem(place->tls);
    if (options->certificate_out != NULL && !file_writable(options->certificate_out, why))
        return false;
    if (options->certificate_out != NULL)
        buf_append_text(&place->ca_file, options->certificate_out);
    else if (file_make_temporary(&place->folder, why))
        buf_printf(&place->ca_file, "%s/ca.pem", buf_text(&place->folder));
    return place->ca_file.size != 0 && file_write(buf_text(&place->ca_file), pem, strlen(pem), why);
}

bool place_prepare(struct place *place, const struct place_options *options, struct diag *why)
{
    buf_init(&place->ca_file, 0);
    buf_init(&place->fingerprint, 0);
    buf_init(&place->folder, 0);
    if (!find_address(place, options, why))
        return false;
    if (!options->tls)
        return tls_certificate_unused(options->certificate_file, options->key_file, options->certificate_out, "--tls",
                                      why);
    if (options->certificate_file == NULL && (place->authority = tls_authority_new(why)) == NULL)
        return false;
    const char *host = place->at.host;
    bool named = *host != 0 && strcmp(host, "0.0.0.0") != 0 && strcmp(host, "::") != 0;
    place->tls = tls_server_new(&(struct tls_server_options){.certificate_file = options->certificate_file,
                                                             .key_file = options->key_file, .alpn = "http/1.1",
                                                             .authority = place->authority,
                                                             .name = named ? host : NULL}, why);
    if (place->tls == NULL)
        return false;
    tls_fingerprint(place->tls, &place->fingerprint);
    return write_ca(place, options, why);
}

void place_url(const struct net_address *at, bool secure, struct buf *out)
{
    struct net_address there = *at;
    if (strcmp(there.host, "0.0.0.0") == 0 || strcmp(there.host, "::") == 0)
        there.host[0] = 0;
    proxy_address_print(&there, secure, true, out);
    buf_append_byte(out, '/');
}

void place_free(struct place *place)
{
    if (place->folder.size != 0) {
        unlink(buf_text(&place->ca_file));
        rmdir(buf_text(&place->folder));
    }
    tls_context_free(place->tls);
    tls_authority_free(place->authority);
    buf_free(&place->ca_file);
    buf_free(&place->fingerprint);
    buf_free(&place->folder);
}
