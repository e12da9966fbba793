/*
 * deploy_private.h - what the deployment thread works on besides calls.
 *
 *   deploy.c         the thread
 *   package_sweep.c  packages that no function has
 *   package_fetch.c  a package out of a bucket
 */
#ifndef ONPUT_LAMBDA_DEPLOY_PRIVATE_H
#define ONPUT_LAMBDA_DEPLOY_PRIVATE_H

#include "onput/fd.h"

#include "lambda_private.h"

/* ---- package_sweep.c ---- */

/*
 * A process of an older version may still work with its files. It ends with its invocation, which
 * takes 15 minutes at most, so a package is removed when no row names it in two sweeps, an hour
 * apart. At start nothing runs yet, and once is enough.
 */
enum { PACKAGE_SWEEP_SECONDS = 3600 };
enum package_sweep_when { PACKAGE_SWEEP_START, PACKAGE_SWEEP_LATER };

struct package_sweep;
struct package_sweep *package_sweep_new(struct lambda_api *api, struct deployer *d);
void package_sweep_free(struct package_sweep *s);
void package_sweep_run(struct package_sweep *s, enum package_sweep_when when);

/* ---- package_fetch.c ---- */

/* The object that S3Bucket, S3Key and S3ObjectVersion name, from the function's store. False when
 * the call was answered. The caller releases *out. */
bool package_fetch(struct lambda_call *call, struct json_object *members, struct text store,
                   struct memfd *out);

#endif
