/* aws_private.h - what the signing files and the credential files share among themselves. */
#ifndef ONPUT_AWS_PRIVATE_H
#define ONPUT_AWS_PRIVATE_H

#include "onput/clock.h"
#include "onput/credentials.h"
#include "onput/sigv4.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"

enum {
    SIGV4_MAX_HEADERS = 256,
    SIGV4_MAX_QUERY_PARTS = 1024,
    SIGV4_MAX_CANONICAL_BYTES = 256 * 1024,
};

/* ---- sigv4_canonical.c ---- */

/* Which headers go into a signature. */
struct canonical_options {
    bool encode_twice;   /* every service but s3 */
    bool drop_signature; /* leave X-Amz-Signature out of the query */
    struct text only;    /* "host;x-amz-date": exactly these; empty: all that may be signed */
};

/* Appends the canonical request; the list of signed headers is put into the arena. */
int canonical_request(const struct sigv4_request *request, const struct canonical_options *options,
                      struct arena *arena, struct buffer *out, struct text *out_signed_headers,
                      struct error *err);
/* The list of headers that sigv4_sign() would sign. */
int canonical_signed_headers(const struct sigv4_request *request, struct arena *arena,
                             struct text *out, struct error *err);

/* ---- sigv4_sign.c ---- */

/* Signs a canonical request: fills in trace->string_to_sign and trace->signature. */
void sign_canonical(const struct sigv4_scope *scope, struct text secret_key,
                    struct sigv4_trace *trace);
void trace_init(struct sigv4_trace *trace);
/* "20261121/us-east-1/s3/aws4_request" */
char *scope_text(const struct sigv4_scope *scope, struct arena *arena);

/* ---- sts.c ---- */

struct sts_result {
    struct sigv4_key key; /* texts in the arena */
    int64_t expires_ms;
};
int sts_assume_role(const struct credentials_sts_options *options, struct http_client *client,
                    const struct sigv4_key *signer, int64_t *clock_offset_ms, struct arena *arena,
                    struct sts_result *out, struct error *err);

#endif
