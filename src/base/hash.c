/*
 * hash.c - see onput/hash.h. Digests through OpenSSL's EVP interface.
 *
 * Looking an algorithm up costs more than hashing a short text, so it is done once per process. A
 * digest that fails is no condition that a caller could handle: it means a broken libcrypto.
 */
#include "onput/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "onput/encoding.h"

enum { SHA256_BLOCK_BYTES = 64 };

static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_MD *fetched_sha256;
static EVP_MD *fetched_md5;

static void fetch_digests(void)
{
    fetched_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    fetched_md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    BUG_ON(fetched_sha256 == NULL || fetched_md5 == NULL);
}

static const EVP_MD *sha256_digest(void)
{
    BUG_ON(pthread_once(&fetch_once, fetch_digests) != 0);
    return fetched_sha256;
}

static EVP_MD_CTX *context_new(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    BUG_ON(context == NULL);
    return context;
}

void sha256(const void *bytes, size_t len, uint8_t out[SHA256_BYTES])
{
    BUG_ON(EVP_Digest(bytes, len, out, NULL, sha256_digest(), NULL) != 1);
}

char *sha256_hex(const void *bytes, size_t len, char out[SHA256_HEX_BYTES])
{
    uint8_t digest[SHA256_BYTES];

    sha256(bytes, len, digest);
    hex_encode(digest, sizeof(digest), out);
    return out;
}

/* One half of RFC 2104: H((key xor pad) || bytes). */
static void hmac_half(EVP_MD_CTX *context, const uint8_t key[SHA256_BLOCK_BYTES], uint8_t pad,
                      const void *bytes, size_t len, uint8_t out[SHA256_BYTES])
{
    uint8_t block[SHA256_BLOCK_BYTES];

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = key[i] ^ pad;
    BUG_ON(EVP_DigestInit_ex2(context, sha256_digest(), NULL) != 1);
    BUG_ON(EVP_DigestUpdate(context, block, sizeof(block)) != 1);
    BUG_ON(EVP_DigestUpdate(context, bytes, len) != 1);
    BUG_ON(EVP_DigestFinal_ex(context, out, NULL) != 1);
    OPENSSL_cleanse(block, sizeof(block));
}

void hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                 uint8_t out[SHA256_BYTES])
{
    uint8_t padded[SHA256_BLOCK_BYTES] = {0};
    uint8_t inner[SHA256_BYTES];
    EVP_MD_CTX *context = context_new();

    if (key_len > sizeof(padded))
        sha256(key, key_len, padded);
    else if (key_len > 0)
        memcpy(padded, key, key_len);
    hmac_half(context, padded, 0x36, bytes, len, inner);
    hmac_half(context, padded, 0x5c, inner, sizeof(inner), out);
    EVP_MD_CTX_free(context);
    OPENSSL_cleanse(padded, sizeof(padded));
    OPENSSL_cleanse(inner, sizeof(inner));
}

void md5(const void *bytes, size_t len, uint8_t out[MD5_BYTES])
{
    BUG_ON(pthread_once(&fetch_once, fetch_digests) != 0);
    BUG_ON(EVP_Digest(bytes, len, out, NULL, fetched_md5, NULL) != 1);
}

/* struct sha256_stream is only a name for OpenSSL's context: no memory of our own is needed. */
struct sha256_stream *sha256_stream_new(void)
{
    EVP_MD_CTX *context = context_new();

    BUG_ON(EVP_DigestInit_ex2(context, sha256_digest(), NULL) != 1);
    return (struct sha256_stream *)context;
}

void sha256_stream_add(struct sha256_stream *s, const void *bytes, size_t len)
{
    BUG_ON(EVP_DigestUpdate((EVP_MD_CTX *)s, bytes, len) != 1);
}

void sha256_stream_end(struct sha256_stream *s, uint8_t out[SHA256_BYTES])
{
    BUG_ON(EVP_DigestFinal_ex((EVP_MD_CTX *)s, out, NULL) != 1);
    EVP_MD_CTX_free((EVP_MD_CTX *)s);
}

bool secret_equal(struct text a, struct text b)
{
    uint8_t hashed_a[SHA256_BYTES];
    uint8_t hashed_b[SHA256_BYTES];

    sha256(a.ptr, a.len, hashed_a);
    sha256(b.ptr, b.len, hashed_b);
    return CRYPTO_memcmp(hashed_a, hashed_b, sizeof(hashed_a)) == 0;
}
