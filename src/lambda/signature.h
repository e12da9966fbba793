/*
 * signature.h - whose signature a request carries. Pure: catalog, request and time go in, a user or
 * AWS's refusal comes out. identity.c answers it.
 */
#ifndef ONPUT_LAMBDA_SIGNATURE_H
#define ONPUT_LAMBDA_SIGNATURE_H

#include "lambda_private.h"
#include "onput/sigv4.h"

struct signature_verdict {
    const struct user *user; /* of the catalog; NULL: refused */
    enum lambda_error error;
    const char *reason;  /* for metrics and the log: "auth_missing" */
    const char *message; /* in the arena */
};

/*
 * All that can be said without the body: that there is a signature, for this region and service, of
 * our time, and whose it claims to be. The verdict's user is only claimed.
 */
struct signature_verdict signature_claimed(const struct sigv4_request *request,
                                           const struct catalog *catalog, int64_t now_ms,
                                           struct arena *arena);
/* All of it. request->payload_hash is that of the body as it came. */
struct signature_verdict signature_verify(const struct sigv4_request *request,
                                          const struct catalog *catalog, int64_t now_ms,
                                          struct arena *arena);

/*
 * signature_fault.c: why sigv4_parse_claim() did not understand the request, in AWS's words;
 * `fallback` is its own.
 */
struct signature_verdict signature_fault(const struct sigv4_request *request, const char *fallback,
                                         struct arena *arena);

#endif
