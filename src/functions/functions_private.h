/*
 * functions_private.h - how a catalog is put together.
 *
 *   base      what a configuration gives: stores, users, roles; shared by all catalogs of it
 *   record    one function: its rows and what they resolve to; shared by catalogs that do not
 *             change it
 *   catalog   a base and its records in the order of their names
 *
 * All three are immutable and reference-counted.
 */
#ifndef ONPUT_FUNCTIONS_PRIVATE_H
#define ONPUT_FUNCTIONS_PRIVATE_H

#include <stdatomic.h>

#include "onput/catalog.h"
#include "onput/function_row.h"
#include "onput/json.h"

enum {
    ROW_MAX_BYTES = 256 * 1024,
    RECORD_MAX_ROWS = 1000, /* versions, aliases, policies and the rest of one function */
    CATALOG_MAX_RECORDS = 10000,
    FUNCTION_NAME_MAX = 64,
};

/* ---- base.c ---- */

struct base {
    atomic_int references;
    struct config *config;
    struct store *stores;
    struct users *users;
    const struct clock *clock;
    struct metrics *metrics;
    struct text region, account; /* of the functions */
    char *packages;              /* directory of their code; absolute */
};

/* Takes *config over, also on failure. */
MUST_CHECK int base_new(struct config *config, const struct clock *clock, struct metrics *metrics,
                        struct base **out, struct error *err);
struct base *base_ref(struct base *b);
void base_unref(struct base *b);                                             /* NULL-safe */
const struct config_role *base_role(const struct base *b, struct text name); /* or NULL */
const struct config_function *base_declared(const struct base *b,
                                            struct text function); /* or NULL */

/* users.c: who may call the Lambda API. Immutable; `config` must outlive it. */
struct users;
/* A user without an account belongs to `home_account`. */
MUST_CHECK int users_new(const struct config *config, struct text home_account, struct users **out,
                         struct error *err);
const struct user *users_find(const struct users *u, struct text access_key); /* or NULL */
void users_free(struct users *u);                                             /* NULL-safe */

/* ---- row_list.c: rows of one function, in the order of record_rows(); texts live elsewhere ----
 */

struct row_list {
    struct row *rows;
    size_t count;
    size_t capacity;
};

void row_list_release(struct row_list *l);
void row_list_copy(struct row_list *l, const struct row_list *from); /* shares the texts */
const struct row *row_list_find(const struct row_list *l, enum row_kind kind,
                                struct text qualifier); /* or NULL */
size_t row_list_kind(const struct row_list *l, enum row_kind kind, const struct row **out);
void row_list_put(struct row_list *l, struct row row); /* in place of the one it had */
void row_list_remove(struct row_list *l, enum row_kind kind, struct text qualifier);

/* ---- slots.c ---- */

struct slots;
struct slots *slots_new(void);
struct slots *slots_ref(struct slots *s);
void slots_unref(struct slots *s); /* NULL-safe */
bool slots_take(struct slots *s, int64_t limit);
void slots_give(struct slots *s);

/* ---- record.c ---- */

struct record_policy {
    struct text qualifier;
    struct policy *policy;
};

struct record_alias {
    struct text name;
    const struct function *version;
    const struct function *other; /* takes its weight's share of the calls */
    double other_weight;          /* 0 without another */
};

struct record_url {
    struct text id;
    struct text qualifier;
};

struct function_record {
    atomic_int references;
    struct base *base; /* NULL when it is not usable */
    struct text name;
    struct row_list rows; /* texts in the arena */
    /* Rows are kept, but make no function: it is in no catalog. */
    bool is_usable;
    bool is_damaged; /* not even all rows could be read */

    struct function *functions; /* $LATEST first, as the rows */
    size_t function_count;
    struct record_policy *policies;
    size_t policy_count;
    struct policy *unqualified; /* one of them, or no_policy */
    struct text unqualified_json;
    struct policy *no_policy; /* when the unqualified function has none */
    struct record_alias *aliases;
    size_t alias_count;
    struct record_url *urls;
    size_t url_count;
    int64_t reserved; /* -1: no limit */
    struct slots *slots;
    struct arena arena;
};

struct record_parts {
    struct text name;
    const struct row_list *rows; /* copied */
    /* Rows that stood before: those versions and aliases need not resolve. May be NULL. */
    const struct row_list *old;
    const struct function_record *previous; /* hands its slots on; may be NULL */
};

MUST_CHECK int record_new(struct base *base, const struct record_parts *parts,
                          struct function_record **out, struct error *err);
struct function_record *record_new_unusable(const struct record_parts *parts, bool is_damaged);
/* May the version or alias be left out because of `err`? Logs it then. */
bool record_tolerates(const struct function_record *r, const struct row_list *old,
                      const struct row *row, const struct error *err);
/* Can $LATEST be started? The second looks at files only. */
MUST_CHECK int record_check_start(const struct function_record *r, struct error *err);
MUST_CHECK int record_can_start(const struct function_record *r, struct error *err);
struct function_record *record_ref(struct function_record *r);
void record_unref(struct function_record *r); /* NULL-safe */

/* record_list.c: records in the order of their names, with a reference on each. */
struct record_list {
    struct function_record **records;
    size_t count;
    size_t capacity;
};

void record_list_release(struct record_list *l);
void record_list_copy(struct record_list *l, const struct record_list *from);
struct function_record *record_list_find(const struct record_list *l,
                                         struct text name); /* or NULL */
/* Takes the reference; in place of the one of that name. */
void record_list_put(struct record_list *l, struct function_record *r);
void record_list_remove(struct record_list *l, struct text name);

/* catalog.c: of the usable ones among `records`. */
struct catalog *catalog_make(struct base *base, const struct record_list *records);

/* ---- from rows to a function ---- */

/* settings.c: what Runtime, Handler, Timeout and Environment say. Texts go to the arena. */
MUST_CHECK int settings_read(const struct base *base, struct text name, struct json_object *row,
                             struct arena *arena, struct config_function *out, struct error *err);

/* custom_row.c: functions in processes of their own. */
/* What CreateFunction would be given of a declared one. */
void custom_row_members(const struct config_function *f, struct json_object *given);
/* Sets the private members of the row of any declared function. */
void custom_row_mark(const struct config_function *f, struct json_object *row);
MUST_CHECK int custom_row_read(const struct base *base, const char *name, struct json_object *row,
                               struct arena *arena, struct config_function *out, struct error *err);
/* The caller frees it. */
char *absolute_path(const char *path);

/* function_row.c: CodeSha256 of what is no package. */
void function_row_put_hash(struct json_object *row);

/* permissions.c: the resource policies of a record. */
MUST_CHECK int permissions_build(struct function_record *r, struct error *err);

/* roles.c: what the function's role may do, and with which credentials. `role_arn` as in the row.
 */
MUST_CHECK int role_build(struct function_record *r, struct function *f, struct text role_arn,
                          struct error *err);

/* revision.c: see function_revision(). */
struct text revision_make(const struct config_function *f, struct text role, struct arena *arena);

/* implied_role.c: the identity policy of a function without a role; nothing when nothing can
 * trigger it. */
void implied_role_write(const struct function_record *r, const struct config_function *f,
                        struct buffer *out);

/* aliases.c: aliases and URLs. */
MUST_CHECK int aliases_build(struct function_record *r, const struct row_list *old,
                             struct error *err);

/* output_key.c */
/* The parts of a rendition's key that do not depend on the object, before and behind everything
 * that does. */
void output_fixed_ends(const struct config_function *f, const struct rendition *rendition,
                       struct arena *arena, struct text *out_prefix, struct text *out_suffix);

/* loop_guard.c */
MUST_CHECK int loop_guard_check(const struct config *config, const struct config_function *f,
                                struct error *err);

/* declared.c: what the configuration says of a function, put over `rows`; texts go to the arena. */
MUST_CHECK int declared_put(const struct base *base, const struct config_function *f,
                            struct row_list *rows, struct arena *arena, struct error *err);
/* Is the function one of the configuration's (or was it, when these rows were written)? */
bool declared_is(const struct row_list *rows);

#endif
