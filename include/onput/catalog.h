/*
 * catalog.h - stores, users, roles and functions, resolved and ready to use.
 *
 * A catalog is an immutable snapshot with a reference count; the holder keeps the current one.
 * Whoever works with a catalog holds a reference for the length of that work, so pointers into it
 * stay valid. Snapshots share what did not change: a reload replaces everything, a change through
 * the API replaces one function's record (see registry.h).
 *
 * A function is kept as *rows*, one for each resource in the form in which the Lambda API shows it;
 * a record is the rows of one function and what they resolve to. What the configuration declares
 * becomes rows, too.
 *
 * Building one refuses what cannot work: an output that can trigger its own function, a
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

/* One version of a function, ready to run. */
struct function {
    const struct function_record *record; /* that it belongs to */
    const struct config_function *config; /* its settings, whoever made them */
    struct text name;
    struct text version;   /* "$LATEST", "1", ... */
    struct text arn;       /* arn:aws:lambda:<region>:<account>:function:<name> */
    struct policy *policy; /* resource policy of the unqualified function; never NULL */
    struct text policy_json;
    struct policy *role_policy; /* identity policy of its role; never NULL */
    struct text role_policy_json;
    struct credentials *const *credentials; /* see catalog_role_credentials() */
    struct text revision;                   /* function_revision() */
};

struct catalog;

/*
 * A catalog of what the configuration declares and nothing else: for `onput check` and tests. Takes
 * *config over, also on failure.
 */
MUST_CHECK int catalog_new(struct config *config, const struct clock *clock,
                           struct metrics *metrics, struct catalog **out, struct error *err);
/*
 * Can the commands of its functions be started here? The error names the function. registry_open()
 * and registry_reload() ask this of declared functions. May run interpreters for a moment.
 */
MUST_CHECK int catalog_check_start(const struct catalog *c, struct error *err);
struct catalog *catalog_ref(struct catalog *c);
void catalog_unref(struct catalog *c); /* NULL-safe */

const struct config *catalog_config(const struct catalog *c);
size_t catalog_stores(const struct catalog *c, const struct store **out);
/* Their stores are the same ones, connections and all: no reload came between them. */
bool catalog_same_stores(const struct catalog *a, const struct catalog *b);
/* The $LATEST versions in the order of their names. */
size_t catalog_functions(const struct catalog *c, const struct function **out);
const struct store *catalog_store(const struct catalog *c, struct text name); /* or NULL */
/* The $LATEST version, or NULL. */
const struct function *catalog_function(const struct catalog *c, struct text name);

/* Where functions live: of the configuration's lambda section, else the first store's. */
struct text catalog_region(const struct catalog *c);
struct text catalog_account(const struct catalog *c);

/* ---- callers of the Lambda API ---- */

struct user {
    const struct config_user *config;
    struct text name;
    struct text account;
    struct text arn;       /* arn:aws:iam::<account>:user/<name>, or :root */
    struct policy *policy; /* identity policy; NULL when there is none */
};

/* Whose access key that is, or NULL. */
const struct user *catalog_user(const struct catalog *c, struct text access_key);

/* ---- records ---- */

enum row_kind {
    ROW_FUNCTION,      /* qualifier: "$LATEST" or a version's number */
    ROW_ALIAS,         /* qualifier: the alias */
    ROW_POLICY,        /* "", a version or an alias */
    ROW_INVOKE_CONFIG, /* "$LATEST", a version or an alias */
    ROW_CONCURRENCY,   /* "" */
    ROW_URL,           /* "" or an alias */
    ROW_TAGS,          /* "" */
    ROW_KIND_COUNT     /* numbers are stored: never renumber */
};

/* Members whose names begin with "_" are onput's own and never shown. */
struct row {
    enum row_kind kind;
    struct text qualifier;
    struct text json; /* one object, compact */
};

struct function_record;

/* All functions, in the order of their names. */
size_t catalog_records(const struct catalog *c, const struct function_record *const **out);
const struct function_record *catalog_record(const struct catalog *c,
                                             struct text name); /* or NULL */
struct text record_name(const struct function_record *r);
const struct row *record_row(const struct function_record *r, enum row_kind kind,
                             struct text qualifier); /* or NULL */
/* All rows of a kind: aliases in byte order, versions as $LATEST, 1, 2, ..., 10. */
size_t record_rows(const struct function_record *r, enum row_kind kind, const struct row **out);
/* The resource policy of a qualifier; "$LATEST" is "". NULL when it has none. */
const struct policy *record_policy(const struct function_record *r, struct text qualifier);
/*
 * The version that a qualifier stands for: "" and "$LATEST", a number, or an alias, whose weights
 * are applied to `random` (any 64-bit value). NULL when there is none.
 */
const struct function *record_resolve(const struct function_record *r, struct text qualifier,
                                      uint64_t random);
/* The same for "name" or "name:qualifier", as queue rows carry it. */
const struct function *catalog_resolve(const struct catalog *c, struct text reference,
                                       uint64_t random);
/* The function behind a function URL's id; *out_qualifier is "" or the alias. NULL: none. */
const struct function_record *catalog_url(const struct catalog *c, struct text url_id,
                                          struct text *out_qualifier);

/*
 * Slots: how many invocations of a function run at this moment, whichever way they came in and
 * however many snapshots there were meanwhile. The limit is its reserved concurrency; a function
 * without one has slots without end. function_slot_take() says false when all are taken. Threads:
 * any.
 */
bool function_slot_take(const struct function *function);
void function_slot_give(const struct function *function);
/* -1: no limit */
int64_t function_slot_limit(const struct function *function);

/* The functions that the store's notifications choose for the event; each at most once. */
enum { CATALOG_MAX_TARGETS = 16 };
size_t catalog_route(const struct catalog *c, const struct store *store, const struct event *event,
                     const struct function *out[CATALOG_MAX_TARGETS]);

/* May `store` invoke `function` for a change in `bucket`? Pure; the request is s3.amazonaws.com
 * with SourceArn and SourceAccount. */
struct policy_decision catalog_may_invoke(const struct store *store,
                                          const struct function *function, struct text bucket);
/* The command of the AWS CLI that lets it. */
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

/*
 * The same for code that is not ours: never the store's own, so NULL when the role has neither keys
 * nor a store with STS.
 */
struct credentials *catalog_lent_credentials(const struct catalog *c,
                                             const struct function *function,
                                             const struct store *store);
/* The store that a function's process is told about, or NULL when there is none. */
const struct store *catalog_function_store(const struct catalog *c,
                                           const struct function *function);
/* What changes when the code or the settings of this version do; not with the configuration's
 * stores and roles. */
struct text function_revision(const struct function *function);

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
