/*
 * users.c - who may call the Lambda API: the users of a configuration with their ARNs and policies,
 * found by access key.
 *
 * They are in the order of the SHA-256 of their keys, so that the time of a look-up tells nothing
 * about keys: who does not know the hash cannot choose how much of it fits.
 */
#include "functions_private.h"

#include <stdlib.h>
#include <string.h>

#include "onput/hash.h"
#include "onput/memory.h"

struct keyed_user {
    uint8_t digest[SHA256_BYTES];
    struct user user;
};

struct users {
    struct keyed_user *rows;
    size_t count;
    struct arena arena;
};

static int compare_digests(const void *a, const void *b)
{
    const struct keyed_user *left = a;
    const struct keyed_user *right = b;
    return memcmp(left->digest, right->digest, sizeof(left->digest));
}

static void digest_key(struct text access_key, uint8_t out[SHA256_BYTES])
{
    sha256(access_key.ptr, access_key.len, out);
}

static int resolve(const struct config_user *config, struct text home_account, struct arena *arena,
                   struct user *out, struct error *err)
{
    struct text name = text_of(config->name);
    struct text account = config->account == NULL ? home_account : text_of(config->account);
    const char *who = config->root ? "root" : arena_printf(arena, "user/%s", config->name);
    struct user user = {.config = config, .name = name, .account = account};
    user.arn = text_of(arena_printf(arena, "arn:aws:iam::%.*s:%s", TEXT_ARGS(account), who));
    if (config->policy_json != NULL &&
        policy_parse(text_of(config->policy_json), POLICY_IDENTITY, &user.policy, err) != 0)
        return error_prefix(err, "users.%s.policy", config->name);
    *out = user;
    return 0;
}

int users_new(const struct config *config, struct text home_account, struct users **out,
              struct error *err)
{
    struct users *users = xcalloc(1, sizeof(*users));
    arena_init(&users->arena);
    users->rows = xcalloc(config->user_count + 1, sizeof(*users->rows));
    home_account = arena_text(&users->arena, home_account);
    for (size_t i = 0; i < config->user_count; i++) {
        struct keyed_user *row = &users->rows[i];
        if (resolve(&config->users[i], home_account, &users->arena, &row->user, err) != 0) {
            users_free(users);
            return -1;
        }
        digest_key(text_of(config->users[i].access_key), row->digest);
        users->count++;
    }
    qsort(users->rows, users->count, sizeof(*users->rows), compare_digests);
    *out = users;
    return 0;
}

const struct user *users_find(const struct users *users, struct text access_key)
{
    struct keyed_user wanted;
    digest_key(access_key, wanted.digest);
    const struct keyed_user *found =
        bsearch(&wanted, users->rows, users->count, sizeof(*users->rows), compare_digests);
    return found == NULL ? NULL : &found->user;
}

void users_free(struct users *users)
{
    if (users == NULL)
        return;
    for (size_t i = 0; i < users->count; i++)
        policy_free(users->rows[i].user.policy);
    free(users->rows);
    arena_release(&users->arena);
    free(users);
}
