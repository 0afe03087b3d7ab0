/* RFC 6455 sections 4.1 and 4.2.2: the key and what is answered to it. SHA-1
 * over libcrypto's low-level context: its one-shot SHA1() fetches the
 * algorithm anew on every call, which costs twice as much as the hashing. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "handshake.h"

#include <openssl/sha.h>

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648 section 4. `out` holds 4 characters for each 3 bytes begun, and a NUL. */
static void base64(const uint8_t *bytes, size_t size, char *out)
{
    for (; size >= 3; bytes += 3, size -= 3) {
        const uint32_t group = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = alphabet[group >> 6 & 63];
        *out++ = alphabet[group & 63];
    }
    if (size) {
        const uint32_t group = (uint32_t)bytes[0] << 16 | (size == 2 ? (uint32_t)bytes[1] << 8 : 0);
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = size == 2 ? alphabet[group >> 6 & 63] : '=';
        *out++ = '=';
    }
    *out = '\0';
}

void ws_accept_key(const char *key, size_t key_size, char out[WS_ACCEPT_SIZE + 1])
{
    uint8_t digest[SHA_DIGEST_LENGTH];
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, key, key_size);
    SHA1_Update(&context, guid, sizeof guid - 1);
    SHA1_Final(digest, &context);
    base64(digest, sizeof digest, out);
}

void ws_key_make(const uint8_t nonce[16], char out[WS_KEY_SIZE + 1])
{
    base64(nonce, 16, out);
}
