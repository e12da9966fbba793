/*
 * encoding.h - hex, base64, percent-encoding, XML and JSON text escaping, random bytes, UUIDs.
 *
 * Decoders are strict: a malformed input is an error and nothing is appended.
 */
#ifndef ONPUT_ENCODING_H
#define ONPUT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/attributes.h"
#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/text.h"

void hex_encode(const void *bytes, size_t len, char *out); /* 2 * len + 1 bytes, lower case */
void buffer_append_hex(struct buffer *b, const void *bytes, size_t len);
MUST_CHECK int hex_decode(struct text t, struct buffer *out, struct error *err);

void buffer_append_base64(struct buffer *b, const void *bytes, size_t len); /* with padding */
/* Padding is required, and bits that belong to no byte must be zero. */
MUST_CHECK int base64_decode(struct text t, struct buffer *out, struct error *err);

/*
 * RFC 3986 unreserved bytes stay, everything else becomes %XX in upper case. This is AWS's
 * UriEncode; `keep_slash` leaves "/" alone, as the path of an S3 object wants it.
 */
void buffer_append_uri(struct buffer *b, struct text t, bool keep_slash);
/* %XX to bytes; `plus_is_space` for application/x-www-form-urlencoded. A bad escape is an error. */
MUST_CHECK int uri_decode(struct text t, bool plus_is_space, struct buffer *out, struct error *err);

/* &amp; &lt; &gt; &quot; &apos;, control characters as &#n;. */
void buffer_append_xml(struct buffer *b, struct text t);
/* The inside of a JSON string; invalid UTF-8 becomes U+FFFD; control characters (DEL and C1 too)
 * and U+2028/9 are escaped. */
void buffer_append_json_escaped(struct buffer *b, struct text t);

/* Bytes of the kernel's generator; aborts when there is none. */
void random_bytes(void *out, size_t len);
uint64_t random_u64(void);
enum { UUID_TEXT_BYTES = 37 };
char *uuid_v4(char out[UUID_TEXT_BYTES]);

#endif
