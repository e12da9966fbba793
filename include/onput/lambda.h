/*
 * lambda.h - the Lambda API of the AWS CLI and SDKs, and the front of function URLs.
 *
 * A table in src/lambda/operations.c has a row per operation: method, path, what runs it, IAM
 * action, members of the request with their constraints. Every call goes the same way:
 * signature → shape → function identifier → authorisation → the operation. Reading operations
 * answer from the current catalog on the HTTP thread; changing ones run as jobs of the registry's
 * thread, one after the other; invocations run on the invoker or are queued by the intake. Code is
 * fetched, checked and unpacked on a thread of its own before the registry's job.
 *
 * Callers are the configuration's users; the account's root may do everything, a user what its
 * policy or the function's resource policy allows. Nobody is let in while no user is configured.
 *
 * Calling sequence: fill a struct lambda_api, lambda_open(), lambda_routes(), serve them; drain the
 * server; lambda_close(), which answers what still waits; then close the registry.
 *
 * Source: AWS Lambda API reference, 2015-03-31; AWS "Function URLs" (payload format 2.0).
 */
#ifndef ONPUT_LAMBDA_H
#define ONPUT_LAMBDA_H

#include <stdatomic.h>
#include <stddef.h>

#include "onput/error.h"
#include "onput/http_server.h"
#include "onput/intake.h"
#include "onput/invoker.h"
#include "onput/metrics.h"
#include "onput/package_store.h"
#include "onput/registry.h"

/* Room for the host of the option lambda.function_url, as a pattern. */
enum { LAMBDA_URL_HOST_BYTES = 2048 };

/* What the operations work with. Everything outlives the server. */
struct deployer;
struct lambda_api {
    struct registry *registry;
    struct intake *intake;
    struct invoker *invoker;
    struct package_store *packages;
    struct metrics *metrics;
    const struct clock *clock;
    atomic_int port; /* of the listener, for the URLs of functions; set when it is known */
    char url_host[LAMBDA_URL_HOST_BYTES]; /* written by lambda_routes(), which point into it */
    struct deployer *deployer;            /* of lambda_open() */
};

/*
 * Starts the thread for code, which first removes the packages that no function has. Everything in
 * *api but port, url_host and deployer is set before.
 */
MUST_CHECK int lambda_open(struct lambda_api *api, struct error *err);
/* Ends it; what waits for it is answered. Safe on a zeroed struct. */
void lambda_close(struct lambda_api *api);

/* The rows for the listener, with their own ctx; the caller frees the table after the server. */
struct http_route *lambda_routes(struct lambda_api *api, size_t *out_count);

#endif
