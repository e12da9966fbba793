/*
 * credentials.h - where access keys come from: static ones, or temporary ones from STS.
 *
 * A provider is shared by threads. credentials_get() returns a copy that stays valid whatever the
 * provider does next; temporary ones are fetched again when 80 % of their life is over, or after
 * credentials_invalidate() (a store answered ExpiredToken or InvalidAccessKeyId).
 *
 * AssumeRole sends POST / with a form body, signed for service "sts", with an inline session
 * policy. A store that refuses it with 403 (MinIO does for service-account keys) is an ERROR_DENIED
 * whose message says what kind of key is needed.
 */
#ifndef ONPUT_CREDENTIALS_H
#define ONPUT_CREDENTIALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "onput/clock.h"
#include "onput/error.h"
#include "onput/http_client.h"
#include "onput/sigv4.h"

struct credentials; /* a provider */

struct credentials_static_options {
    const char *access_key;
    const char *secret_key;
    const char *session_token; /* NULL when there is none */
};
struct credentials *credentials_new_static(const struct credentials_static_options *options);

struct credentials_sts_options {
    const char *endpoint; /* "http://127.0.0.1:9000" */
    const char *region;
    const char *role_arn; /* NULL: MinIO ignores it; Ceph and AWS need it */
    const char *session_name;
    const char *session_policy; /* JSON, <= 2048 bytes, or NULL */
    int duration_s;             /* 0: 3600 */
    struct credentials *source; /* signs the call; stays the caller's and outlives this provider */
    const struct clock *clock;
    const char *ca_file;
};
struct credentials *credentials_new_sts(const struct credentials_sts_options *options);

void credentials_free(struct credentials *c); /* NULL-safe; wipes secrets */

/* Texts of *out live in the arena. `client` is used only when a fresh set must be fetched. */
MUST_CHECK int credentials_get(struct credentials *c, struct http_client *client,
                               struct arena *arena, struct sigv4_key *out, struct error *err);
void credentials_invalidate(struct credentials *c);

enum credentials_state {
    CREDENTIALS_FRESH,
    CREDENTIALS_AGEING, /* they still live, but it is time to fetch others */
    CREDENTIALS_NONE,   /* none, or none of use */
};
/*
 * What there is, without asking anybody; *out (arena) and *out_expires_ms (wall time; INT64_MAX:
 * never) are set unless there are none.
 */
enum credentials_state credentials_peek(struct credentials *c, struct arena *arena,
                                        struct sigv4_key *out, int64_t *out_expires_ms);
/* Do they come from STS, and end some day? */
bool credentials_are_temporary(const struct credentials *c);

#endif
