/*
 * catalog.h - what the configuration declares, resolved: stores, functions, roles, notifications.
 *
 * A catalog is an immutable snapshot with a reference count. The holder keeps the current one;
 * SIGHUP puts a new one in. Whoever works with a catalog holds a reference for the length of that
 * work, so pointers into it stay valid.
 *
 * catalog_new() refuses what cannot work: an output that can trigger its own function, a
 * notification to an unknown function, a role without credentials, a permission that is no
 * permission.
 */
#ifndef ONPUT_CATALOG_H
#define ONPUT_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "onput/arena.h"
#include "onput/buffer.h"
#include "onput/config.h"
#include "onput/credentials.h"
#include "onput/error.h"
#include "onput/event.h"
#include "onput/metrics.h"
#include "onput/policy.h"
#include "onput/storage.h"

/* One object store, as its configuration (borrowed from the catalog) plus the live connection
 * state. */
struct store {
    const struct config_store *config;
    struct text name;
    struct storage *storage;
    struct credentials *credentials;
};

struct function {
    const struct config_function *config;
    struct text name;
    struct text arn;       /* arn:aws:lambda:<region>:<account>:function:<name> */
    struct policy *policy; /* resource policy made of the permissions; never NULL */
    struct text policy_json;
    struct policy *role_policy; /* identity policy of its role; never NULL */
    struct text role_policy_json;
};

struct catalog;

/* Takes a reference of nothing: the catalog owns a copy of what it needs of *config, by taking it
 * over. */
MUST_CHECK int catalog_new(struct config *config, const struct clock *clock,
                           struct metrics *metrics, struct catalog **out, struct error *err);
struct catalog *catalog_ref(struct catalog *c);
void catalog_unref(struct catalog *c); /* NULL-safe */

const struct config *catalog_config(const struct catalog *c);
size_t catalog_stores(const struct catalog *c, const struct store **out);
size_t catalog_functions(const struct catalog *c, const struct function **out);
const struct store *catalog_store(const struct catalog *c, struct text name);       /* or NULL */
const struct function *catalog_function(const struct catalog *c, struct text name); /* or NULL */

/* The functions that the store's notifications choose for the event; each at most once. */
enum { CATALOG_MAX_TARGETS = 16 };
size_t catalog_route(const struct catalog *c, const struct store *store, const struct event *event,
                     const struct function *out[CATALOG_MAX_TARGETS]);

/* May `store` invoke `function` for a change in `bucket`? Pure; the request is s3.amazonaws.com
 * with SourceArn and SourceAccount. */
struct policy_decision catalog_may_invoke(const struct catalog *c, const struct store *store,
                                          const struct function *function, struct text bucket);
/* What to paste into the configuration so that it may. */
void catalog_suggest_permission(const struct store *store, const struct function *function,
                                struct text bucket, struct buffer *out);

/* May the function's role do `action` ("s3:GetObject") on that object? ERROR_DENIED says what the
 * role lacks. */
MUST_CHECK int catalog_role_may(const struct function *function, const char *action,
                                struct text bucket, struct text key, struct error *err);
/* Credentials for the function's S3 calls on `store`: its role's, temporary ones where configured,
 * or the store's own. */
struct credentials *catalog_role_credentials(const struct catalog *c,
                                             const struct function *function,
                                             const struct store *store);

/* ---- output keys ---- */

/* Bucket and key of one rendition of an object; both in the arena. */
MUST_CHECK int catalog_output(const struct function *function, struct text bucket, struct text key,
                              const struct rendition *rendition, enum image_format format,
                              struct arena *arena, struct storage_object *out, struct error *err);

/* ---- the current one ---- */

struct catalog_holder;
struct catalog_holder *catalog_holder_new(struct catalog *first); /* takes the caller's reference */
void catalog_holder_free(struct catalog_holder *h);
struct catalog *catalog_holder_get(struct catalog_holder *h); /* a reference of yours: unref it */
void catalog_holder_set(struct catalog_holder *h, struct catalog *next); /* takes the reference */

#endif
