/*
 * functions_private.h - how a catalog is put together.
 */
#ifndef ONPUT_FUNCTIONS_PRIVATE_H
#define ONPUT_FUNCTIONS_PRIVATE_H

#include <stdatomic.h>

#include "onput/catalog.h"

struct catalog {
    atomic_int references;
    struct config *config;
    struct store *stores;
    struct function *functions;
    /* role_credentials[function * store_count + store]; NULL: the store's own */
    struct credentials **role_credentials;
    struct arena arena;
    const struct clock *clock;
};

/* users.c: who may call the Lambda API. Immutable; `config` must outlive it. */
struct users;
/* A user without an account belongs to `home_account`. */
MUST_CHECK int users_new(const struct config *config, struct text home_account, struct users **out,
                         struct error *err);
const struct user *users_find(const struct users *u, struct text access_key); /* or NULL */
void users_free(struct users *u);                                             /* NULL-safe */

/* permissions.c: the resource policy of a function. */
MUST_CHECK int permissions_build(struct catalog *c, struct function *f, struct error *err);

/* roles.c: what a function's role may do, and with which credentials. */
MUST_CHECK int role_build_policy(struct catalog *c, struct function *f, struct error *err);
MUST_CHECK int role_build_credentials(struct catalog *c, size_t function, size_t store,
                                      struct error *err);
const struct config_role *role_find(const struct config *config, const char *name);

/* implied_role.c: the identity policy of a function without a role; nothing when nothing can
 * trigger it. */
void implied_role_write(const struct config *config, const struct config_function *f,
                        struct buffer *out);

/* output_key.c */
/* The parts of a rendition's key that do not depend on the object, before and behind everything
 * that does. */
void output_fixed_ends(const struct config_function *f, const struct rendition *rendition,
                       struct arena *arena, struct text *out_prefix, struct text *out_suffix);

/* loop_guard.c */
MUST_CHECK int loop_guard_check(const struct config *config, struct error *err);

#endif
