/*
 * hash.h - SHA-256, HMAC-SHA-256, MD5 and constant-time comparison over OpenSSL's libcrypto.
 */
#ifndef ONPUT_HASH_H
#define ONPUT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/text.h"

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 65, MD5_BYTES = 16, MD5_HEX_BYTES = 33 };

void sha256(const void *bytes, size_t len, uint8_t out[SHA256_BYTES]);
char *sha256_hex(const void *bytes, size_t len, char out[SHA256_HEX_BYTES]);
void hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                 uint8_t out[SHA256_BYTES]);
/* For S3 eTags, not for security. */
void md5(const void *bytes, size_t len, uint8_t out[MD5_BYTES]);

/* A running SHA-256; sha256_stream_end() frees it. */
struct sha256_stream;
struct sha256_stream *sha256_stream_new(void);
void sha256_stream_add(struct sha256_stream *s, const void *bytes, size_t len);
void sha256_stream_end(struct sha256_stream *s, uint8_t out[SHA256_BYTES]);

/* Equal without revealing where they differ; lengths do not leak either (both sides are hashed). */
bool secret_equal(struct text a, struct text b);

#endif
